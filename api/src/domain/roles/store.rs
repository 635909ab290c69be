//! The SQL of what an org can give: the only file that writes a role.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult,
    IntoActiveModel, QueryFilter, QueryOrder, QueryTrait, Select, Statement, Value,
};

use super::{Change, Given, Preview};
use crate::domain::Tx;
use crate::entity::entitlement::{Column, EntitlementKind, Entity, Model};
use crate::kernel::{EntitlementId, GroupId, Op, OrgScope, Result, Role, UserId};

#[expect(clippy::disallowed_methods, reason = "the scoped finder")]
fn of_org(scope: OrgScope) -> Select<Entity> {
    Entity::find().filter(Column::OrgId.eq(scope.org()))
}

pub(super) async fn insert_entitlement(tx: &Tx, entitlement: Model) -> Result<Model> {
    Ok(entitlement.into_active_model().insert(tx).await?)
}

pub(super) async fn list_entitlements(tx: &Tx, scope: OrgScope, kind: Option<EntitlementKind>) -> Result<Vec<Model>> {
    let all = of_org(scope).apply_if(kind, |all, kind| all.filter(Column::Kind.eq(kind)));
    Ok(all.order_by_asc(Column::NameFolded).order_by_asc(Column::Id).all(tx).await?)
}

pub(super) async fn update_entitlement(
    tx: &Tx,
    scope: OrgScope,
    id: EntitlementId,
    name: &str,
    name_folded: &str,
    description: &str,
    grants: Option<Role>,
) -> Result<bool> {
    let updated = Entity::update_many()
        .col_expr(Column::Name, Expr::value(name))
        .col_expr(Column::NameFolded, Expr::value(name_folded))
        .col_expr(Column::Description, Expr::value(description))
        .col_expr(Column::Grants, Expr::value(grants))
        .filter(Column::OrgId.eq(scope.org()))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(updated.rows_affected > 0)
}

/// As `granted_role` and [`update_roles`] have it, with other grants in place of those that `$2` names.
pub(super) async fn preview(tx: &Tx, scope: OrgScope, grants: &[(EntitlementId, Option<Role>)]) -> Result<Preview> {
    let sql = "with given as ( \
                   select user_id, entitlement_id from user_entitlements where org_id = $1 \
                   union \
                   select m.user_id, g.entitlement_id from group_entitlements g \
                   join group_members m on m.org_id = g.org_id and m.group_id = g.group_id where g.org_id = $1), \
               granting as ( \
                   select e.id, case when asked.id is null then e.grants else nullif(asked.grants, '') end as grants \
                   from entitlements e left join unnest($2, $3) as asked (id, grants) on asked.id = e.id \
                   where e.org_id = $1), \
               after as ( \
                   select u.role as was, u.active, coalesce(( \
                       select g.grants from given join granting g on g.id = given.entitlement_id \
                       where given.user_id = u.id and g.grants is not null \
                       order by array_position(array['owner', 'admin', 'auditor', 'member'], g.grants) limit 1), \
                       'member') as role \
                   from users u where u.org_id = $1 and u.org_kind = 'company' and u.removed_at is null) \
               select count(*) filter (where was <> role) as changed, \
                   count(*) filter (where was = 'owner' and active) > 0 \
                   and count(*) filter (where role = 'owner' and active) = 0 as loses_owner from after";
    let ids: Vec<_> = grants.iter().map(|(id, _)| id.uuid()).collect();
    let grants: Vec<_> = grants.iter().map(|(_, role)| role.map(|role| role.to_value()).unwrap_or_default()).collect();
    let row = tx.query_one(statement(sql, [scope.org().into(), ids.into(), grants.into()])).await?;
    let Some(row) = row else { return Ok(Preview { changed: 0, loses_owner: false }) };
    Ok(Preview { changed: row.try_get("", "changed")?, loses_owner: row.try_get("", "loses_owner")? })
}

pub(super) async fn delete_entitlement(tx: &Tx, scope: OrgScope, id: EntitlementId) -> Result<bool> {
    let deleted =
        Entity::delete_many().filter(Column::OrgId.eq(scope.org())).filter(Column::Id.eq(id)).exec(tx).await?;
    Ok(deleted.rows_affected > 0)
}

/// Everybody who has it, by themselves or by a group.
pub(super) async fn list_holders(tx: &Tx, scope: OrgScope, id: EntitlementId) -> Result<Vec<UserId>> {
    let sql = "select user_id as id from user_entitlements where org_id = $1 and entitlement_id = $2 \
               union select m.user_id from group_entitlements g \
               join group_members m on m.org_id = g.org_id and m.group_id = g.group_id \
               where g.org_id = $1 and g.entitlement_id = $2";
    list(tx, sql, [scope.org().into(), id.into()]).await
}

pub(super) async fn list_given(
    tx: &Tx,
    scope: OrgScope,
    user: UserId,
    kind: EntitlementKind,
) -> Result<Vec<EntitlementId>> {
    let sql = "select e.id from user_entitlements g join entitlements e on e.org_id = g.org_id and e.id = g.entitlement_id \
               where g.org_id = $1 and g.user_id = $2 and e.kind = $3 order by e.id";
    list(tx, sql, [scope.org().into(), user.into(), kind.to_value().into()]).await
}

/// Whether that is another list than before.
pub(super) async fn replace_given(
    tx: &Tx,
    op: &Op,
    user: UserId,
    kind: EntitlementKind,
    given: &[Given],
) -> Result<bool> {
    let here = || -> [Value; 2] { [op.scope.org().into(), user.into()] };
    let ids: Vec<_> = given.iter().map(|given| given.id.uuid()).collect();
    let primary: Vec<_> = given.iter().filter(|given| given.primary).map(|given| given.id.uuid()).collect();
    let sql = "delete from user_entitlements g using entitlements e \
               where g.org_id = $1 and g.user_id = $2 and e.org_id = g.org_id and e.id = g.entitlement_id \
                 and e.kind = $3 and not g.entitlement_id = any($4)";
    let [org, who] = here();
    let gone = tx.execute(statement(sql, [org, who, kind.to_value().into(), ids.clone().into()])).await?;
    let sql = "insert into user_entitlements (org_id, user_id, entitlement_id, is_primary) \
               select distinct $1, $2, asked.id, asked.id = any($4) from unnest($3) as asked (id) \
               on conflict (org_id, user_id, entitlement_id) do update set is_primary = excluded.is_primary \
               where user_entitlements.is_primary <> excluded.is_primary";
    let [org, who] = here();
    let come = tx.execute(statement(sql, [org, who, ids.into(), primary.into()])).await?;
    let changed = gone.rows_affected() + come.rows_affected() > 0;
    if changed {
        let sql = "update users set updated_at = $3 where org_id = $1 and id = $2";
        let [org, who] = here();
        tx.execute(statement(sql, [org, who, op.now.into()])).await?;
    }
    Ok(changed)
}

pub(super) async fn list_given_group(tx: &Tx, scope: OrgScope, group: GroupId) -> Result<Vec<EntitlementId>> {
    let sql = "select entitlement_id as id from group_entitlements where org_id = $1 and group_id = $2 order by 1";
    list(tx, sql, [scope.org().into(), group.into()]).await
}

pub(super) async fn replace_given_group(
    tx: &Tx,
    scope: OrgScope,
    group: GroupId,
    given: &[EntitlementId],
) -> Result<()> {
    let ids: Vec<_> = given.iter().map(|id| id.uuid()).collect();
    for sql in [
        "delete from group_entitlements where org_id = $1 and group_id = $2 and not entitlement_id = any($3)",
        "insert into group_entitlements (org_id, group_id, entitlement_id) \
         select distinct $1, $2, asked.id from unnest($3) as asked (id) on conflict do nothing",
    ] {
        tx.execute(statement(sql, [scope.org().into(), group.into(), ids.clone().into()])).await?;
    }
    Ok(())
}

pub(super) async fn list_members(tx: &Tx, scope: OrgScope, group: GroupId) -> Result<Vec<UserId>> {
    let sql = "select user_id as id from group_members where org_id = $1 and group_id = $2";
    list(tx, sql, [scope.org().into(), group.into()]).await
}

/// Those whose role is another one now. They are locked in one order by everybody.
pub(super) async fn update_roles(tx: &Tx, op: &Op, users: &[UserId]) -> Result<Vec<Change>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: UserId,
        was: Role,
        role: Role,
        active: bool,
    }
    let sql = "with asked as ( \
                   select u.id, u.role as was, granted_role(u.org_id, u.id) as role from users u \
                   where u.org_id = $1 and u.id = any($2) and u.org_kind = 'company' and u.removed_at is null \
                   order by u.id for no key update) \
               update users u set role = asked.role, updated_at = $3 from asked \
               where u.org_id = $1 and u.id = asked.id and asked.was <> asked.role \
               returning u.id, asked.was, u.role, u.active";
    let ids: Vec<_> = users.iter().map(|id| id.uuid()).collect();
    let statement = statement(sql, [op.scope.org().into(), ids.into(), op.now.into()]);
    let rows = Row::find_by_statement(statement).all(tx).await?;
    Ok(rows.into_iter().map(|Row { id, was, role, active }| Change { user: id, from: was, to: role, active }).collect())
}

pub(super) async fn has_owner(tx: &Tx, scope: OrgScope) -> Result<bool> {
    let sql = "select 1 from users where org_id = $1 and role = 'owner' and active limit 1";
    Ok(tx.query_one(statement(sql, [scope.org().into()])).await?.is_some())
}

async fn list<T: sea_orm::TryGetable>(tx: &Tx, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<Vec<T>> {
    let rows = tx.query_all(statement(sql, values)).await?;
    rows.into_iter().map(|row| Ok(row.try_get("", "id")?)).collect()
}

fn statement(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}
