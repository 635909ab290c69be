//! The SQL of todos.

use sea_orm::sea_query::{Alias, Expr, Func};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    Select, Statement, Value,
};
use time::OffsetDateTime;

use super::IdempotencyKey;
use crate::domain::Tx;
use crate::entity::todo::{Column, Entity, Model};
use crate::kernel::{Op, OrgScope, Result, TodoId, UserId};

#[expect(clippy::disallowed_methods, reason = "the scoped finder")]
fn of_owner(scope: OrgScope, owner: UserId) -> Select<Entity> {
    Entity::find().filter(Column::OrgId.eq(scope.org())).filter(Column::UserId.eq(owner))
}

pub(super) async fn list_todos(tx: &Tx, scope: OrgScope, owner: UserId) -> Result<Vec<Model>> {
    Ok(of_owner(scope, owner).order_by_asc(Column::CreatedAt).order_by_asc(Column::Id).all(tx).await?)
}

pub(super) async fn insert_todo(tx: &Tx, todo: Model) -> Result<Model> {
    Ok(todo.into_active_model().insert(tx).await?)
}

/// Whether nobody has used the key before.
pub(super) async fn insert_request(tx: &Tx, IdempotencyKey(key): &IdempotencyKey, todo: &Model) -> Result<bool> {
    let sql = "insert into todo_requests (org_id, user_id, idempotency_key, todo_id, task, created_at) \
               values ($1, $2, $3, $4, $5, $6) on conflict (org_id, user_id, idempotency_key) do nothing";
    let values: [Value; 6] = [
        todo.org_id.into(),
        todo.user_id.into(),
        key.into(),
        todo.id.into(),
        todo.task.clone().into(),
        todo.created_at.into(),
    ];
    Ok(tx.execute(statement(sql, values)).await?.rows_affected() == 1)
}

/// The todo that was made with the key, as it was then.
pub(super) async fn find_request(
    tx: &Tx,
    op: &Op,
    owner: UserId,
    IdempotencyKey(key): &IdempotencyKey,
) -> Result<Option<Model>> {
    let sql = "select todo_id, task, created_at from todo_requests \
               where org_id = $1 and user_id = $2 and idempotency_key = $3";
    let row = tx.query_one(statement(sql, [op.scope.org().into(), owner.into(), key.into()])).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Model {
        id: row.try_get("", "todo_id")?,
        org_id: op.scope.org(),
        user_id: owner,
        task: row.try_get("", "task")?,
        created_at: row.try_get("", "created_at")?,
        completed_at: None,
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
