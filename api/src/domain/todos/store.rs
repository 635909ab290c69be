//! The SQL of todos.

use sea_orm::sea_query::{Alias, Expr, Func, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Select, Statement, Value,
};
use time::OffsetDateTime;

use super::IdempotencyKey;
use crate::domain::Tx;
use crate::entity::todo::{Column, Entity, Model};
use crate::kernel::{Op, OrgScope, PartOf, Result, TodoId, UserId};

#[expect(clippy::disallowed_methods, reason = "the scoped finder")]
fn of_owner(scope: OrgScope, owner: UserId) -> Select<Entity> {
    Entity::find().filter(Column::OrgId.eq(scope.org())).filter(Column::UserId.eq(owner))
}

pub(super) async fn list_todos(tx: &Tx, scope: OrgScope, owner: UserId) -> Result<Vec<Model>> {
    Ok(of_owner(scope, owner).order_by_asc(Column::CreatedAt).order_by_asc(Column::Id).all(tx).await?)
}

/// One more than asked for, to know whether there are more.
#[expect(clippy::disallowed_methods, reason = "the scoped finder")]
pub(super) async fn list_changed(
    tx: &Tx,
    scope: OrgScope,
    since: Option<OffsetDateTime>,
    PartOf { after, limit }: PartOf,
) -> Result<Vec<Model>> {
    let mut found = Entity::find().filter(Column::OrgId.eq(scope.org()));
    if let Some(since) = since {
        found = found.filter(Column::UpdatedAt.gte(since));
    }
    if let Some(after) = after {
        let place = Expr::tuple([Expr::col(Column::UpdatedAt).into(), Expr::col(Column::Id).into()]);
        found = found.filter(place.gt(Expr::tuple([after.at.into(), after.id.into()])));
    }
    let in_order = found.order_by_asc(Column::UpdatedAt).order_by_asc(Column::Id);
    Ok(in_order.limit(limit.saturating_add(1)).all(tx).await?)
}

pub(super) async fn insert_todo(tx: &Tx, todo: Model) -> Result<Model> {
    Ok(todo.into_active_model().insert(tx).await?)
}

/// Whether the caller has not used the key before.
pub(super) async fn insert_request(
    tx: &Tx,
    op: &Op,
    IdempotencyKey(key): &IdempotencyKey,
    todo: &Model,
) -> Result<bool> {
    let sql = "insert into todo_requests (org_id, caller, user_id, idempotency_key, todo_id, task, created_at) \
               values ($1, $2, $3, $4, $5, $6, $7) on conflict (org_id, caller, idempotency_key) do nothing";
    let values: [Value; 7] = [
        todo.org_id.into(),
        op.actor.id().into(),
        todo.user_id.into(),
        key.into(),
        todo.id.into(),
        todo.task.clone().into(),
        todo.created_at.into(),
    ];
    Ok(tx.execute(statement(sql, values)).await?.rows_affected() == 1)
}

/// The todo that the caller made with the key, as it was then.
pub(super) async fn find_request(tx: &Tx, op: &Op, IdempotencyKey(key): &IdempotencyKey) -> Result<Option<Model>> {
    let sql = "select todo_id, user_id, task, created_at from todo_requests \
               where org_id = $1 and caller = $2 and idempotency_key = $3";
    let row = tx.query_one(statement(sql, [op.scope.org().into(), op.actor.id().into(), key.into()])).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Model {
        id: row.try_get("", "todo_id")?,
        org_id: op.scope.org(),
        user_id: row.try_get("", "user_id")?,
        task: row.try_get("", "task")?,
        created_at: row.try_get("", "created_at")?,
        completed_at: None,
        updated_at: row.try_get("", "created_at")?,
    }))
}

/// How many rows one sweep removes at most, so that it never holds much for long.
const SWEEP: i32 = 10_000;

pub(super) async fn sweep_requests(db: &impl ConnectionTrait, before: OffsetDateTime) -> Result<u64> {
    let row = db.query_one(statement("select sweep_todo_requests($1, $2) as swept", [before.into(), SWEEP.into()]));
    let swept: i64 = row.await?.map(|row| row.try_get("", "swept")).transpose()?.unwrap_or(0);
    Ok(swept.unsigned_abs())
}

fn statement(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// Always later than it was, also where clocks differ: a change is seen behind what it changes.
fn changed(op: &Op) -> SimpleExpr {
    let later = Expr::col(Column::UpdatedAt).add(Expr::cust("interval '1 microsecond'"));
    Func::greatest([Expr::value(op.now), later]).into()
}

pub(super) async fn update_all_changed(tx: &Tx, op: &Op, owner: UserId) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::UpdatedAt, changed(op))
        .filter(Column::OrgId.eq(op.scope.org()))
        .filter(Column::UserId.eq(owner))
        .exec(tx)
        .await?;
    Ok(())
}

pub(super) async fn update_todo(
    tx: &Tx,
    op: &Op,
    owner: UserId,
    id: TodoId,
    task: String,
    completed: bool,
) -> Result<Option<Model>> {
    let completed_at = if completed {
        Func::coalesce([Expr::col(Column::CompletedAt).into(), Expr::value(op.now)]).into()
    } else {
        Expr::value(None::<OffsetDateTime>).cast_as(Alias::new("timestamptz"))
    };
    let updated = Entity::update_many()
        .col_expr(Column::Task, Expr::value(task))
        .col_expr(Column::CompletedAt, completed_at)
        .col_expr(Column::UpdatedAt, changed(op))
        .filter(Column::OrgId.eq(op.scope.org()))
        .filter(Column::UserId.eq(owner))
        .filter(Column::Id.eq(id))
        .exec_with_returning(tx)
        .await?;
    Ok(updated.into_iter().next())
}

pub(super) async fn delete_todo(tx: &Tx, scope: OrgScope, owner: UserId, id: TodoId) -> Result<bool> {
    let deleted = Entity::delete_many()
        .filter(Column::OrgId.eq(scope.org()))
        .filter(Column::UserId.eq(owner))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(deleted.rows_affected > 0)
}
