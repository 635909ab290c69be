//! The SQL of orgs and their domains.

use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect, Select, Statement,
};

use super::{Hold, OrgRow, Policy};
use crate::domain::Tx;
use crate::entity::org::{Column, Entity, Model, OrgKind};
use crate::entity::org_domain;
use crate::kernel::{Op, OrgId, OrgScope, Result};

pub(super) async fn insert_org(tx: &Tx, op: &Op, kind: OrgKind, name: &str, slug: Option<String>) -> Result<Model> {
    let org = Model {
        id: op.scope.org(),
        kind,
        name: name.to_owned(),
        slug,
        active: true,
        generation: 0,
        revoked_seq: 0,
        reauth_since: None,
        idle_timeout: Policy::DEFAULT.idle_timeout,
        absolute_lifetime: Policy::DEFAULT.absolute_lifetime,
        privileged_auth_age: Policy::DEFAULT.privileged_auth_age,
        ends_provider_session: Policy::DEFAULT.ends_provider_session,
        created_at: op.now,
    };
    Ok(org.into_active_model().insert(tx).await?)
}

pub(super) async fn insert_domain(tx: &Tx, op: &Op, domain: &str) -> Result<()> {
    let row = org_domain::Model {
        org_id: op.scope.org(),
        domain: domain.to_owned(),
        verified_by: Some("operator".to_owned()),
        verified_at: Some(op.now),
        created_at: op.now,
    };
    row.into_active_model().insert(tx).await?;
    Ok(())
}

pub(super) async fn delete_domain(tx: &Tx, scope: OrgScope, domain: &str) -> Result<bool> {
    let deleted = org_domain::Entity::delete_many()
        .filter(org_domain::Column::OrgId.eq(scope.org()))
        .filter(org_domain::Column::Domain.eq(domain))
        .exec(tx)
        .await?;
    Ok(deleted.rows_affected > 0)
}

#[expect(clippy::disallowed_methods, reason = "the scoped finder")]
pub(super) async fn list_domains(tx: &Tx, scope: OrgScope) -> Result<Vec<org_domain::Model>> {
    Ok(org_domain::Entity::find()
        .filter(org_domain::Column::OrgId.eq(scope.org()))
        .order_by_asc(org_domain::Column::CreatedAt)
        .all(tx)
        .await?)
}

pub(super) async fn lookup_domain(db: &impl ConnectionTrait, domain: &str) -> Result<Option<OrgId>> {
    let sql = "select org_id from lookup_domain($1)";
    let row = db.query_one(Statement::from_sql_and_values(DbBackend::Postgres, sql, [domain.into()])).await?;
    Ok(row.map(|row| row.try_get("", "org_id")).transpose()?)
}

pub(super) async fn lookup_slug(db: &impl ConnectionTrait, slug: &str) -> Result<Option<OrgId>> {
    let sql = "select org_id from lookup_slug($1)";
    let row = db.query_one(Statement::from_sql_and_values(DbBackend::Postgres, sql, [slug.into()])).await?;
    Ok(row.map(|row| row.try_get("", "org_id")).transpose()?)
}

#[expect(clippy::disallowed_methods, reason = "the scoped finder")]
fn itself(scope: OrgScope) -> Select<Entity> {
    Entity::find().filter(Column::Id.eq(scope.org()))
}

pub(super) async fn find_org(tx: &Tx, scope: OrgScope) -> Result<Option<Model>> {
    Ok(itself(scope).one(tx).await?)
}

pub(super) async fn find_held(tx: &Tx, scope: OrgScope, hold: Hold) -> Result<Option<Model>> {
    let lock = match hold {
        Hold::Shared => LockType::Share,
        Hold::Alone => LockType::NoKeyUpdate,
    };
    Ok(itself(scope).lock(lock).one(tx).await?)
}

pub(super) async fn update_name(tx: &Tx, scope: OrgScope, name: &str) -> Result<()> {
    Entity::update_many().col_expr(Column::Name, Expr::value(name)).filter(Column::Id.eq(scope.org())).exec(tx).await?;
    Ok(())
}

pub(super) async fn update_policy(tx: &Tx, scope: OrgScope, policy: Policy) -> Result<()> {
    let Policy { idle_timeout, absolute_lifetime, privileged_auth_age, ends_provider_session } = policy;
    Entity::update_many()
        .col_expr(Column::IdleTimeout, Expr::value(idle_timeout))
        .col_expr(Column::AbsoluteLifetime, Expr::value(absolute_lifetime))
        .col_expr(Column::PrivilegedAuthAge, Expr::value(privileged_auth_age))
        .col_expr(Column::EndsProviderSession, Expr::value(ends_provider_session))
        .filter(Column::Id.eq(scope.org()))
        .exec(tx)
        .await?;
    Ok(())
}

pub(super) async fn has_issuer(tx: &Tx, scope: OrgScope, [one, other]: &[String; 2]) -> Result<bool> {
    let sql = "select 1 from sso_connections where org_id = $1 and issuer in ($2, $3) limit 1";
    let values = [scope.org().into(), one.into(), other.into()];
    Ok(tx.query_one(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?.is_some())
}

pub(super) async fn list_orgs(owner: &impl ConnectionTrait) -> Result<Vec<OrgRow>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: OrgId,
        kind: OrgKind,
        name: String,
        slug: Option<String>,
        active: bool,
        created_at: time::OffsetDateTime,
    }
    let statement = Statement::from_string(DbBackend::Postgres, "select * from list_orgs()");
    let rows = Row::find_by_statement(statement).all(owner).await?;
    Ok(rows
        .into_iter()
        .map(|Row { id, kind, name, slug, active, created_at }| OrgRow { id, kind, name, slug, active, created_at })
        .collect())
}

pub(super) async fn update_inactive(tx: &Tx, scope: OrgScope) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Active, Expr::value(false))
        .filter(Column::Id.eq(scope.org()))
        .exec(tx)
        .await?;
    Ok(())
}
