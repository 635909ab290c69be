//! The SQL of ending sign-ins: the only file that writes `ended_at` or a generation.

use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

use super::{Order, Reach};
use crate::domain::Tx;
use crate::kernel::{Op, Result, SignInId, UserId};

/// Ends one person's open sign-ins: `$5` only that one, `$6` all but that one. Public for the test of its plan.
pub const END_SIGN_INS: &str = "update sign_ins set ended_at = $3, ended_cause = $4 \
     where org_id = $1 and user_id = $2 and ended_at is null \
       and ($5::uuid is null or id = $5) and ($6::uuid is null or id <> $6) \
     returning id, expires_at > $3 as live";

/// Deletes the records that lead to these sign-ins. Public for the test of its plan.
pub const DELETE_RECORDS: &str = "delete from tower_sessions where sign_in_id = any($1)";

/// The number is drawn under the row's lock, so that its order is the order of the revocations.
pub(super) async fn raise_generation(tx: &Tx, op: &Op, user: UserId) -> Result<()> {
    let sql = "update users \
               set generation = generation + 1, revoked_seq = nextval('revocation_seq'), reauth_since = $3 \
               where org_id = $1 and id = $2";
    let values: [Value; 3] = [op.scope.org().into(), user.into(), op.now.into()];
    tx.execute(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    Ok(())
}

/// Ends them all, also what has expired by our clock and may not have by another's. Says of each whether it had not.
pub(super) async fn end_sign_ins(tx: &Tx, op: &Op, user: UserId, order: &Order) -> Result<Vec<(SignInId, bool)>> {
    let (only, but) = match order.reach {
        Reach::All => (None, None),
        Reach::One(sign_in) => (Some(sign_in), None),
        Reach::AllBut(sign_in) => (None, Some(sign_in)),
    };
    let values: [Value; 6] = [
        op.scope.org().into(),
        user.into(),
        op.now.into(),
        order.cause.as_str().into(),
        only.map(SignInId::uuid).into(),
        but.map(SignInId::uuid).into(),
    ];
    let rows = tx.query_all(Statement::from_sql_and_values(DbBackend::Postgres, END_SIGN_INS, values)).await?;
    rows.into_iter().map(|row| Ok((row.try_get("", "id")?, row.try_get("", "live")?))).collect()
}

pub(super) async fn delete_session_records(tx: &Tx, sign_ins: &[(SignInId, bool)]) -> Result<()> {
    if sign_ins.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = sign_ins.iter().map(|(id, _)| id.uuid()).collect();
    tx.execute(Statement::from_sql_and_values(DbBackend::Postgres, DELETE_RECORDS, [ids.into()])).await?;
    Ok(())
}
