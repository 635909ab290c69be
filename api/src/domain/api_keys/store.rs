//! The SQL of API keys.

use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, IntoActiveModel,
    QueryFilter, QueryOrder, Select, Statement, Value,
};
use time::OffsetDateTime;

use super::StoredKey;
use crate::domain::Tx;
use crate::entity::api_key::{ActiveModel, Column, Entity, Model};
use crate::kernel::{ApiKeyId, Op, OrgId, OrgScope, Result};

#[expect(clippy::disallowed_methods, reason = "the scoped finder")]
fn of_org(scope: OrgScope) -> Select<Entity> {
    Entity::find().filter(Column::OrgId.eq(scope.org()))
}

pub(super) async fn insert_key(tx: &Tx, key: Model) -> Result<Model> {
    Ok(key.into_active_model().insert(tx).await?)
}

pub(super) async fn list_keys(tx: &Tx, scope: OrgScope) -> Result<Vec<Model>> {
    Ok(of_org(scope).order_by_desc(Column::CreatedAt).order_by_desc(Column::Id).all(tx).await?)
}

/// What [`enter`] shares, alone.
pub(super) async fn hold(tx: &Tx, scope: OrgScope, id: ApiKeyId) -> Result<()> {
    let sql = "select pg_advisory_xact_lock(key_lock($1, $2))";
    tx.execute(statement(sql, [scope.org().into(), id.into()])).await?;
    Ok(())
}

pub(super) async fn find_key(tx: &Tx, scope: OrgScope, id: ApiKeyId) -> Result<Option<Model>> {
    Ok(of_org(scope).filter(Column::Id.eq(id)).one(tx).await?)
}

pub(super) async fn update_rotated(
    tx: &Tx,
    scope: OrgScope,
    id: ApiKeyId,
    to: ApiKeyId,
    expires_at: Option<OffsetDateTime>,
    revoked_at: Option<OffsetDateTime>,
) -> Result<()> {
    Entity::update_many()
        .set(ActiveModel {
            rotated_to: Set(Some(to)),
            expires_at: Set(expires_at),
            revoked_at: Set(revoked_at),
            ..Default::default()
        })
        .filter(Column::OrgId.eq(scope.org()))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

pub(super) async fn update_revoked(tx: &Tx, op: &Op, id: ApiKeyId) -> Result<()> {
    Entity::update_many()
        .set(ActiveModel { revoked_at: Set(Some(op.now)), ..Default::default() })
        .filter(Column::OrgId.eq(op.scope.org()))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// All at once: one may have taken another's place.
pub(super) async fn delete_keys(tx: &Tx, scope: OrgScope, ids: &[ApiKeyId]) -> Result<()> {
    let ids = ids.iter().copied();
    Entity::delete_many().filter(Column::OrgId.eq(scope.org())).filter(Column::Id.is_in(ids)).exec(tx).await?;
    Ok(())
}

pub(super) async fn enter(tx: &Tx, scope: OrgScope, id: ApiKeyId, now: OffsetDateTime) -> Result<bool> {
    let sql = "select enter_by_key($1, $2, $3) as counts";
    let row = tx.query_one(statement(sql, [scope.org().into(), id.into(), now.into()])).await?;
    Ok(row.map(|row| row.try_get("", "counts")).transpose()?.unwrap_or(false))
}

pub(super) async fn touch(db: &impl ConnectionTrait, scope: OrgScope, id: ApiKeyId, now: OffsetDateTime) -> Result<()> {
    let sql = "select touch_api_key($1, $2, $3)";
    db.execute(statement(sql, [scope.org().into(), id.into(), now.into()])).await?;
    Ok(())
}

fn statement(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

#[derive(FromQueryResult)]
struct Row {
    id: ApiKeyId,
    org_id: OrgId,
    scopes: Vec<String>,
    secret_digest: Vec<u8>,
    expires_at: Option<OffsetDateTime>,
    revoked_at: Option<OffsetDateTime>,
    last_used_at: Option<OffsetDateTime>,
}

impl From<Row> for StoredKey {
    fn from(row: Row) -> Self {
        let Row { id, org_id, scopes, secret_digest, expires_at, revoked_at, last_used_at } = row;
        Self { id, org: org_id, scopes, secret_digest, expires_at, revoked_at, last_used_at }
    }
}

pub(super) async fn lookup_key(db: &impl ConnectionTrait, id: ApiKeyId) -> Result<Option<StoredKey>> {
    let sql = "select $1 as id, k.* from lookup_api_key($1) k";
    Ok(Row::find_by_statement(statement(sql, [id.into()])).one(db).await?.map(Into::into))
}

pub(super) async fn lookup_workshop_key(db: &impl ConnectionTrait, digest: &[u8]) -> Result<Option<StoredKey>> {
    let sql = "select * from lookup_workshop_key($1)";
    Ok(Row::find_by_statement(statement(sql, [digest.into()])).one(db).await?.map(Into::into))
}
