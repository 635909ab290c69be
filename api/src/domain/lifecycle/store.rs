//! The SQL of who may come in: the only file that writes whether a person is active.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::domain::Tx;
use crate::kernel::{Op, OrgScope, Result, UserId};

pub(super) async fn update_active(tx: &Tx, op: &Op, id: UserId, active: bool) -> Result<()> {
    let sql = "update users set active = $3, updated_at = $4 where org_id = $1 and id = $2";
    let values = [op.scope.org().into(), id.into(), active.into(), op.now.into()];
    tx.execute(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    Ok(())
}

/// By their addresses, user name and external id they are still known, to be refused by; what else is said of them goes.
pub(super) async fn update_removed(tx: &Tx, op: &Op, id: UserId) -> Result<()> {
    let sql = "delete from user_entitlements where org_id = $1 and user_id = $2";
    let values = [op.scope.org().into(), id.into()];
    tx.execute(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    let sql = "update users set removed_at = $3, updated_at = $3, profile = '{}', password_hash = null, role = 'member' \
               where org_id = $1 and id = $2";
    let values = [op.scope.org().into(), id.into(), op.now.into()];
    tx.execute(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    Ok(())
}

/// What hangs on the person goes along, by its foreign keys. Says whether they were there.
pub(super) async fn delete_user(tx: &Tx, scope: OrgScope, id: UserId) -> Result<bool> {
    let sql = "delete from users where org_id = $1 and id = $2";
    let values = [scope.org().into(), id.into()];
    let deleted = tx.execute(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    Ok(deleted.rows_affected() > 0)
}

/// Each before what it refers to. What hangs on these goes along, by its foreign keys.
const TABLES: [&str; 9] = [
    "sso_connections",
    "api_keys",
    "users",
    "groups",
    "entitlements",
    "spent_tokens",
    "ended_sids",
    "audit_events",
    "org_domains",
];

/// Says whether it was there.
pub(super) async fn delete_org(tx: &Tx, scope: OrgScope) -> Result<bool> {
    let statement = |sql| Statement::from_sql_and_values(DbBackend::Postgres, sql, [scope.org().into()]);
    for table in TABLES {
        tx.execute(statement(format!("delete from {table} where org_id = $1"))).await?;
    }
    Ok(tx.execute(statement("delete from orgs where id = $1".to_owned())).await?.rows_affected() > 0)
}
