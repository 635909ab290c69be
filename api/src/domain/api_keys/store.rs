//! The SQL of API keys.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, IntoActiveModel,
    QueryFilter, Statement,
};
use time::{Duration, OffsetDateTime};

use super::{Scope, StoredKey, names};
use crate::domain::Tx;
use crate::entity::api_key::{Column, Entity, Model};
use crate::kernel::{ApiKeyId, Op, OrgId, Result};

#[expect(clippy::too_many_arguments, reason = "one per column that differs")]
pub(super) async fn insert_key(
    tx: &Tx,
    op: &Op,
    id: ApiKeyId,
    name: &str,
    scopes: &[Scope],
    digest: &[u8],
    last_four: &str,
    workshop: bool,
) -> Result<()> {
    let key = Model {
        id,
        org_id: op.scope.org(),
        name: name.to_owned(),
        scopes: names(scopes),
        secret_digest: digest.to_vec(),
        last_four: last_four.to_owned(),
        workshop,
        created_at: op.now,
        created_by: op.actor.id(),
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
    };
    key.into_active_model().insert(tx).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Row {
    id: ApiKeyId,
    org_id: OrgId,
    scopes: Vec<String>,
    secret_digest: Vec<u8>,
    expires_at: Option<OffsetDateTime>,
    revoked_at: Option<OffsetDateTime>,
}

impl From<Row> for StoredKey {
    fn from(Row { id, org_id, scopes, secret_digest, expires_at, revoked_at }: Row) -> Self {
        Self { id, org: org_id, scopes, secret_digest, expires_at, revoked_at }
    }
}

pub(super) async fn lookup_key(db: &impl ConnectionTrait, id: ApiKeyId) -> Result<Option<StoredKey>> {
    let sql = "select $1 as id, k.* from lookup_api_key($1) k";
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [id.into()]);
    Ok(Row::find_by_statement(statement).one(db).await?.map(Into::into))
}

pub(super) async fn lookup_workshop_key(db: &impl ConnectionTrait, digest: &[u8]) -> Result<Option<StoredKey>> {
    let sql = "select * from lookup_workshop_key($1)";
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [digest.into()]);
    Ok(Row::find_by_statement(statement).one(db).await?.map(Into::into))
}

pub(super) async fn update_last_used(tx: &Tx, op: &Op, id: ApiKeyId) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::LastUsedAt, Expr::value(op.now))
        .filter(Column::OrgId.eq(op.scope.org()))
        .filter(Column::Id.eq(id))
        .filter(Column::LastUsedAt.is_null().or(Column::LastUsedAt.lt(op.now - Duration::MINUTE)))
        .exec(tx)
        .await?;
    Ok(())
}
