//! The SQL of todos.

use sea_orm::sea_query::{Alias, Expr, Func};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, Select};

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
        Expr::value(None::<time::OffsetDateTime>).cast_as(Alias::new("timestamptz"))
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
