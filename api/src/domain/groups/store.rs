//! The SQL of groups.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    Select, Statement, Value,
};

use crate::domain::Tx;
use crate::entity::group::{Column, Entity, Model};
use crate::kernel::{GroupId, Op, OrgScope, Result, UserId};

#[expect(clippy::disallowed_methods, reason = "the scoped finder")]
fn of_org(scope: OrgScope) -> Select<Entity> {
    Entity::find().filter(Column::OrgId.eq(scope.org()))
}

pub(super) async fn insert_group(tx: &Tx, group: Model) -> Result<Model> {
    Ok(group.into_active_model().insert(tx).await?)
}

pub(super) async fn find_group(tx: &Tx, scope: OrgScope, id: GroupId) -> Result<Option<Model>> {
    Ok(of_org(scope).filter(Column::Id.eq(id)).one(tx).await?)
}

pub(super) async fn list_groups(tx: &Tx, scope: OrgScope) -> Result<Vec<Model>> {
    Ok(of_org(scope).order_by_asc(Column::CreatedAt).order_by_asc(Column::Id).all(tx).await?)
}

pub(super) async fn update_group(
    tx: &Tx,
    op: &Op,
    id: GroupId,
    name: &str,
    folded: &str,
    external_id: Option<&str>,
) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::DisplayName, Expr::value(name))
        .col_expr(Column::DisplayNameFolded, Expr::value(folded))
        .col_expr(Column::ExternalId, Expr::value(external_id))
        .filter(Column::OrgId.eq(op.scope.org()))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    touch_group(tx, op, id).await
}

/// The group is another one now, to whoever has read it.
pub(super) async fn touch_group(tx: &Tx, op: &Op, id: GroupId) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Revision, Expr::col(Column::Revision).add(1))
        .col_expr(Column::UpdatedAt, Expr::value(op.now))
        .filter(Column::OrgId.eq(op.scope.org()))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

pub(super) async fn delete_group(tx: &Tx, scope: OrgScope, id: GroupId) -> Result<bool> {
    let deleted =
        Entity::delete_many().filter(Column::OrgId.eq(scope.org())).filter(Column::Id.eq(id)).exec(tx).await?;
    Ok(deleted.rows_affected > 0)
}

/// One of these who is nobody of the org's.
pub(super) async fn find_stranger(tx: &Tx, scope: OrgScope, users: &[UserId]) -> Result<Option<UserId>> {
    let sql = "select asked.id from unnest($2) as asked (id) where not exists ( \
                   select 1 from users u where u.org_id = $1 and u.id = asked.id and u.removed_at is null) limit 1";
    let row = tx.query_one(statement(sql, [scope.org().into(), ids(users)])).await?;
    Ok(row.map(|row| row.try_get("", "id")).transpose()?)
}

pub(super) async fn insert_members(tx: &Tx, op: &Op, group: GroupId, users: &[UserId]) -> Result<Vec<UserId>> {
    let sql = "insert into group_members (org_id, group_id, user_id, created_at) \
               select distinct $1, $2, asked.id, $4 from unnest($3) as asked (id) \
               on conflict (org_id, group_id, user_id) do nothing returning user_id";
    let values = [op.scope.org().into(), group.into(), ids(users), op.now.into()];
    list(tx, sql, values).await
}

pub(super) async fn delete_members(tx: &Tx, scope: OrgScope, group: GroupId, users: &[UserId]) -> Result<Vec<UserId>> {
    let sql = "delete from group_members where org_id = $1 and group_id = $2 and user_id = any($3) returning user_id";
    list(tx, sql, [scope.org().into(), group.into(), ids(users)]).await
}

/// All but these.
pub(super) async fn delete_others(tx: &Tx, scope: OrgScope, group: GroupId, users: &[UserId]) -> Result<Vec<UserId>> {
    let sql = "delete from group_members where org_id = $1 and group_id = $2 and user_id <> all($3) returning user_id";
    list(tx, sql, [scope.org().into(), group.into(), ids(users)]).await
}

pub(super) async fn delete_memberships(tx: &Tx, op: &Op, user: UserId) -> Result<()> {
    let sql = "with gone as ( \
                   delete from group_members where org_id = $1 and user_id = $2 returning group_id) \
               update groups g set revision = revision + 1, updated_at = $3 from gone \
               where g.org_id = $1 and g.id = gone.group_id";
    tx.execute(statement(sql, [op.scope.org().into(), user.into(), op.now.into()])).await?;
    Ok(())
}

async fn list(tx: &Tx, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<Vec<UserId>> {
    let rows = tx.query_all(statement(sql, values)).await?;
    rows.into_iter().map(|row| Ok(row.try_get("", "user_id")?)).collect()
}

fn ids(users: &[UserId]) -> Value {
    users.iter().map(|id| id.uuid()).collect::<Vec<_>>().into()
}

fn statement(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}
