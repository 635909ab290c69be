//! What people do here. A person sees and changes their own todos only; another's do not exist.

mod store;

use crate::domain::Tx;
use crate::entity::todo::Model as Todo;
use crate::kernel::{Error, Op, OrgScope, Result, TodoId, UserId};

/// The person's todos, oldest first.
///
/// # Errors
/// The database's.
pub async fn list(tx: &Tx, scope: OrgScope, owner: UserId) -> Result<Vec<Todo>> {
    store::list_todos(tx, scope, owner).await
}

/// Adds an open todo.
///
/// # Errors
/// The database's.
pub async fn create(tx: &Tx, op: &Op, owner: UserId, task: String) -> Result<Todo> {
    let todo = Todo {
        id: TodoId::new(op.now, &op.chance),
        org_id: op.scope.org(),
        user_id: owner,
        task,
        created_at: op.now,
        completed_at: None,
    };
    store::insert_todo(tx, todo).await
}

/// Sets what a todo says and whether it is done. Doing what is done already leaves its time alone.
///
/// # Errors
/// Not found unless it is the person's own; the database's.
pub async fn update(tx: &Tx, op: &Op, owner: UserId, id: TodoId, task: String, completed: bool) -> Result<Todo> {
    store::update_todo(tx, op, owner, id, task, completed).await?.ok_or_else(|| Error::not_found("todo"))
}

/// Removes a todo.
///
/// # Errors
/// Not found unless it is the person's own; the database's.
pub async fn delete(tx: &Tx, op: &Op, owner: UserId, id: TodoId) -> Result<()> {
    let deleted = store::delete_todo(tx, op.scope, owner, id).await?;
    if deleted { Ok(()) } else { Err(Error::not_found("todo")) }
}
