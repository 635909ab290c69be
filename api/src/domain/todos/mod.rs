//! What people do here. A person sees and changes their own todos only; another's do not exist.

mod store;

use sea_orm::ConnectionTrait;
use time::{Duration, OffsetDateTime};

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

/// Adds an open todo. With a `key` that the person has used before it adds none, and gives the one that was added then,
/// as it was (draft-ietf-httpapi-idempotency-key-header-07 §2.6).
///
/// # Errors
/// Unprocessable, when the key was used for another task; the database's.
pub async fn create(tx: &Tx, op: &Op, owner: UserId, task: String, key: Option<&IdempotencyKey>) -> Result<Todo> {
    let todo = Todo {
        id: TodoId::new(op.now, &op.chance),
        org_id: op.scope.org(),
        user_id: owner,
        task,
        created_at: op.now,
        completed_at: None,
    };
    let Some(key) = key else { return store::insert_todo(tx, todo).await };
    // Of two with the same key, the second waits here for the first.
    if store::insert_request(tx, key, &todo).await? {
        return store::insert_todo(tx, todo).await;
    }
    let made = store::find_request(tx, op, owner, key).await?;
    let made = made.ok_or_else(|| Error::internal("a request that is there and cannot be found"))?;
    if made.task == todo.task { Ok(made) } else { Err(key_reused()) }
}

fn key_reused() -> Error {
    Error::unprocessable("idempotency_key_reused", "This Idempotency-Key was used for another todo. Nothing was added.")
}

/// How long a key is remembered.
pub const REMEMBERED: Duration = Duration::hours(24);

/// A name that whoever sends a request gives it, so that the same one may be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// 1 to 64 letters, digits and marks of those that stand in ids of all kinds.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        ((1..=64).contains(&text.len()) && text.chars().all(fits)).then(|| Self(text.to_owned()))
    }
}

/// Forgets keys that were used before `before`, a bounded number at a time; the answer is how many.
///
/// # Errors
/// The database's.
pub async fn sweep(db: &impl ConnectionTrait, before: OffsetDateTime) -> Result<u64> {
    store::sweep_requests(db, before).await
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
