//! The SQL of connections, identities and attempts.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    Statement, Value,
};
use time::OffsetDateTime;

use super::{Attempt, Connection, ConnectionSettings};
use crate::domain::Tx;
use crate::entity::login_attempt;
use crate::entity::org::OrgKind;
use crate::entity::sso_connection::{Column, Entity, Model};
use crate::kernel::{Domain, Op, OrgId, OrgScope, Result, SsoConnectionId, UserId};

/// How many rows one sweep removes at most, so that it never holds much for long.
const SWEEP: i32 = 10_000;

fn statement(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

pub(super) async fn lookup_sso(db: &impl ConnectionTrait, domain: &str) -> Result<Option<String>> {
    let row = db.query_one(statement("select slug from lookup_sso($1)", [domain.into()])).await?;
    Ok(row.map(|row| row.try_get("", "slug")).transpose()?)
}

pub(super) async fn lookup_client(db: &impl ConnectionTrait, issuer: &str, client_id: &str) -> Result<Option<OrgId>> {
    let sql = "select org_id from lookup_client($1, $2)";
    let row = db.query_one(statement(sql, [issuer.into(), client_id.into()])).await?;
    Ok(row.map(|row| row.try_get("", "org_id")).transpose()?)
}

#[expect(clippy::disallowed_methods, reason = "the scoped finder")]
pub(super) async fn list_connections(tx: &Tx, scope: OrgScope) -> Result<Vec<Connection>> {
    Ok(Entity::find()
        .filter(Column::OrgId.eq(scope.org()))
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id)
        .all(tx)
        .await?)
}

pub(super) async fn find_by_domain(tx: &Tx, scope: OrgScope, domain: Option<&str>) -> Result<Option<Connection>> {
    Ok(list_connections(tx, scope).await?.into_iter().find(|c| c.domain.as_deref() == domain))
}

pub(super) async fn upsert_connection(
    tx: &Tx,
    op: &Op,
    id: SsoConnectionId,
    settings: &ConnectionSettings,
    client_credential: Vec<u8>,
) -> Result<()> {
    let ConnectionSettings { domain, issuer, client_id, client_auth, credential: _, .. } = settings;
    let row = Model {
        id,
        org_id: op.scope.org(),
        org_kind: OrgKind::Company,
        domain: domain.as_ref().map(Domain::to_string),
        issuer: issuer.clone(),
        client_id: client_id.clone(),
        client_auth: *client_auth,
        client_credential,
        provisions: settings.provisions,
        prompt_only: settings.prompt_only,
        requires_logout_typ: settings.requires_logout_typ,
        created_at: op.now,
        updated_at: op.now,
    };
    let all_but_keys = [
        Column::Issuer,
        Column::ClientId,
        Column::ClientAuth,
        Column::ClientCredential,
        Column::Provisions,
        Column::PromptOnly,
        Column::RequiresLogoutTyp,
        Column::UpdatedAt,
    ];
    Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::column(Column::Id).update_columns(all_but_keys).to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

pub(super) async fn update_credential(
    tx: &Tx,
    scope: OrgScope,
    id: SsoConnectionId,
    client_credential: Vec<u8>,
) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::ClientCredential, Expr::value(client_credential))
        .filter(Column::OrgId.eq(scope.org()))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

pub(super) async fn delete_connection(tx: &Tx, scope: OrgScope, id: SsoConnectionId) -> Result<()> {
    Entity::delete_many().filter(Column::OrgId.eq(scope.org())).filter(Column::Id.eq(id)).exec(tx).await?;
    Ok(())
}

pub(super) async fn has_identity(tx: &Tx, scope: OrgScope, user: UserId, issuer: &str) -> Result<bool> {
    let sql = "select 1 from identities where org_id = $1 and user_id = $2 and issuer = $3 limit 1";
    Ok(tx.query_one(statement(sql, [scope.org().into(), user.into(), issuer.into()])).await?.is_some())
}

pub(super) async fn insert_identity(tx: &Tx, op: &Op, user: UserId, issuer: &str, subject: &str) -> Result<()> {
    let sql = "insert into identities (org_id, issuer, subject, user_id, created_at) values ($1, $2, $3, $4, $5)";
    let values = [op.scope.org().into(), issuer.into(), subject.into(), user.into(), op.now.into()];
    tx.execute(statement(sql, values)).await?;
    Ok(())
}

pub(super) async fn delete_identities(tx: &Tx, scope: OrgScope, user: UserId) -> Result<u64> {
    let sql = "delete from identities where org_id = $1 and user_id = $2";
    Ok(tx.execute(statement(sql, [scope.org().into(), user.into()])).await?.rows_affected())
}

pub(super) async fn next_seq(tx: &Tx) -> Result<i64> {
    let row = tx.query_one(statement("select nextval('revocation_seq') as seq", [])).await?;
    Ok(row.map(|row| row.try_get("", "seq")).transpose()?.unwrap_or_default())
}

pub(super) async fn insert_attempt(tx: &Tx, attempt: Attempt) -> Result<()> {
    attempt.into_active_model().insert(tx).await?;
    Ok(())
}

/// Deleting is taking: of two that come with the same state, one gets the row.
pub(super) async fn delete_attempt(
    tx: &Tx,
    op: &Op,
    state_digest: Vec<u8>,
    browser_digest: Vec<u8>,
) -> Result<Option<Attempt>> {
    let taken = login_attempt::Entity::delete_many()
        .filter(login_attempt::Column::OrgId.eq(op.scope.org()))
        .filter(login_attempt::Column::StateDigest.eq(state_digest))
        .filter(login_attempt::Column::BrowserDigest.eq(browser_digest))
        .filter(login_attempt::Column::ExpiresAt.gt(op.now))
        .exec_with_returning(tx)
        .await?;
    Ok(taken.into_iter().next())
}

pub(super) async fn sweep_attempts(db: &impl ConnectionTrait, before: OffsetDateTime) -> Result<u64> {
    let sql = "select sweep_login_attempts($1, $2) as swept";
    let row = db.query_one(statement(sql, [before.into(), SWEEP.into()])).await?;
    let swept: i64 = row.map(|row| row.try_get("", "swept")).transpose()?.unwrap_or(0);
    Ok(swept.unsigned_abs())
}
