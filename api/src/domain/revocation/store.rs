//! The SQL of ending sign-ins: the only file that writes `ended_at` or a generation.

use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use time::OffsetDateTime;

use super::{Order, Outcome, Reach, Receipt, Subject, Token};
use crate::domain::Tx;
use crate::kernel::{Op, OrgScope, Result, SignInId, UserId};

/// One person's open sign-ins: `$3` only that one, `$4` all but that one. What is shown beforehand and what is ended must
/// not differ.
macro_rules! chosen {
    () => {
        "where org_id = $1 and user_id = $2 and ended_at is null \
           and ($3::uuid is null or id = $3) and ($4::uuid is null or id <> $4)"
    };
}

/// Ends one person's open sign-ins. The ID token stays only for a person who
/// leaves and may go on to their provider with it. Public for the test of its plan.
pub const END_SIGN_INS: &str = concat!(
    "update sign_ins set ended_at = $5, ended_cause = $6, id_token = case when $6 = 'signed_out' then id_token end ",
    chosen!(),
    " returning id, expires_at > $5 as live"
);
const FIND_SIGN_INS: &str = concat!("select id from sign_ins ", chosen!());

/// Ends what one issuer's session opened, which may have been several people, one after the other; and of the person `$6`
/// there what is of no session.
const END_PROVIDER_SESSION: &str = "update sign_ins set ended_at = $2, ended_cause = $3, id_token = null \
     where org_id = $1 and ended_at is null and idp_iss = $4 \
       and (idp_sid = $5 or (idp_sid is null and idp_sub = $6)) \
     returning id, expires_at > $2 as live";

/// Deletes the records that lead to these sign-ins, and keeps which cookie it was. Public for the test of its plan.
pub const DELETE_RECORDS: &str = "with gone as ( \
         delete from tower_sessions where sign_in_id = any($1) returning id, sign_in_id) \
     update sign_ins s set session_digest = gone.id from gone where s.id = gone.sign_in_id";

/// The mark only moves on: of two demands the one that began first may be carried out last. The number is drawn under the row's lock, so that its order is the order of the revocations.
pub(super) async fn raise_generation(tx: &Tx, op: &Op, user: UserId) -> Result<()> {
    let sql = "update users \
               set generation = generation + 1, revoked_seq = nextval('revocation_seq'), \
                   reauth_since = greatest(reauth_since, $3) \
               where org_id = $1 and id = $2";
    let values: [Value; 3] = [op.scope.org().into(), user.into(), op.now.into()];
    tx.execute(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    Ok(())
}

/// Ends them all, also what has expired by our clock and may not have by another's. Says of each whether it had not.
pub(super) async fn end_sign_ins(tx: &Tx, op: &Op, user: UserId, order: &Order) -> Result<Vec<(SignInId, bool)>> {
    let (org, cause) = (op.scope.org(), order.cause.as_str());
    let ending = match (order.reach, &order.subject) {
        (Reach::ProviderSession, Subject::ProviderSession { iss, sid, sub }) => {
            let (iss, sid, sub) = (iss.clone(), sid.clone(), sub.clone());
            let values: [Value; 6] = [org.into(), op.now.into(), cause.into(), iss.into(), sid.into(), sub.into()];
            statement(END_PROVIDER_SESSION, values)
        }
        (reach, _) => {
            let [org, user, only, but] = choice(op, user, reach);
            statement(END_SIGN_INS, [org, user, only, but, op.now.into(), cause.into()])
        }
    };
    let rows = tx.query_all(ending).await?;
    rows.into_iter().map(|row| Ok((row.try_get("", "id")?, row.try_get("", "live")?))).collect()
}

/// What [`end_sign_ins`] would end of one person's.
pub(super) async fn find_sign_ins(tx: &Tx, op: &Op, user: UserId, order: &Order) -> Result<Vec<SignInId>> {
    let rows = tx.query_all(statement(FIND_SIGN_INS, choice(op, user, order.reach))).await?;
    rows.into_iter().map(|row| Ok(row.try_get("", "id")?)).collect()
}

fn choice(op: &Op, user: UserId, reach: Reach) -> [Value; 4] {
    let (only, but) = match reach {
        Reach::One(sign_in) => (Some(sign_in.uuid()), None),
        Reach::AllBut(sign_in) => (None, Some(sign_in.uuid())),
        Reach::All | Reach::ProviderSession => (None, None),
    };
    [op.scope.org().into(), user.into(), only.into(), but.into()]
}

pub(super) async fn delete_session_records(tx: &Tx, sign_ins: &[(SignInId, bool)]) -> Result<()> {
    if sign_ins.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = sign_ins.iter().map(|(id, _)| id.uuid()).collect();
    tx.execute(Statement::from_sql_and_values(DbBackend::Postgres, DELETE_RECORDS, [ids.into()])).await?;
    Ok(())
}

/// How many rows one sweep removes at most of each kind, so that it never holds much for long.
const SWEEP: i32 = 10_000;

fn statement(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// Two requests with one token take turns.
pub(super) async fn hold_token(tx: &Tx, scope: OrgScope, issuer: &str, jti: &[u8]) -> Result<()> {
    let sql = "select pg_advisory_xact_lock(hashtextextended(concat($1::text, $2::text, encode($3, 'hex')), 0))";
    tx.execute(statement(sql, [scope.org().to_string().into(), issuer.into(), jti.to_vec().into()])).await?;
    Ok(())
}

/// What a token was spent on, and what came of it.
pub(super) async fn find_spent(
    tx: &Tx,
    scope: OrgScope,
    issuer: &str,
    jti: &[u8],
) -> Result<Option<(Vec<u8>, Outcome)>> {
    let sql = "select request_digest, outcome from spent_tokens where org_id = $1 and issuer = $2 and jti_digest = $3";
    let row = tx.query_one(statement(sql, [scope.org().into(), issuer.into(), jti.to_vec().into()])).await?;
    let Some(row) = row else { return Ok(None) };
    let outcome = match row.try_get::<String>("", "outcome")?.as_str() {
        "ended" => Outcome::Ended(Receipt { sign_ins: 0 }),
        _ => Outcome::NoSuchSubject,
    };
    Ok(Some((row.try_get("", "request_digest")?, outcome)))
}

pub(super) async fn insert_spent(
    tx: &Tx,
    scope: OrgScope,
    token: &Token,
    jti: Vec<u8>,
    request: Vec<u8>,
    outcome: Outcome,
) -> Result<()> {
    let sql = "insert into spent_tokens (org_id, issuer, jti_digest, request_digest, outcome, expires_at) \
               values ($1, $2, $3, $4, $5, $6)";
    let outcome = match outcome {
        Outcome::Ended(_) => "ended",
        Outcome::NoSuchSubject => "no_such_subject",
    };
    let values: [Value; 6] = [
        scope.org().into(),
        token.issuer.clone().into(),
        jti.into(),
        request.into(),
        outcome.into(),
        token.expires_at.into(),
    ];
    tx.execute(statement(sql, values)).await?;
    Ok(())
}

pub(super) async fn remember_sid(tx: &Tx, op: &Op, issuer: &str, sid: &str, until: OffsetDateTime) -> Result<()> {
    let sql = "insert into ended_sids (org_id, issuer, sid, seq, expires_at) \
               values ($1, $2, $3, nextval('revocation_seq'), $4) \
               on conflict (org_id, issuer, sid) do update set seq = excluded.seq, expires_at = excluded.expires_at";
    let values = [op.scope.org().into(), issuer.into(), sid.into(), until.into()];
    tx.execute(statement(sql, values)).await?;
    Ok(())
}

pub(super) async fn find_ended_sid(tx: &Tx, scope: OrgScope, issuer: &str, sid: &str) -> Result<Option<i64>> {
    let sql = "select seq from ended_sids where org_id = $1 and issuer = $2 and sid = $3";
    let row = tx.query_one(statement(sql, [scope.org().into(), issuer.into(), sid.into()])).await?;
    Ok(row.map(|row| row.try_get("", "seq")).transpose()?)
}

pub(super) async fn sweep(db: &impl ConnectionTrait, before: OffsetDateTime) -> Result<u64> {
    let sql = "select sweep_provider_sign_outs($1, $2) as swept";
    let row = db.query_one(statement(sql, [before.into(), SWEEP.into()])).await?;
    let swept: i64 = row.map(|row| row.try_get("", "swept")).transpose()?.unwrap_or(0);
    Ok(swept.unsigned_abs())
}
