//! What people do here. A person sees and changes their own todos only; another's do not exist. Whoever holds a key of
//! the org sees everybody's, in the order in which they changed.

mod store;

use sea_orm::ConnectionTrait;
use time::{Duration, OffsetDateTime};

use crate::domain::{Tx, users};
use crate::entity::todo::Model as Todo;
use crate::kernel::{Email, Error, Op, OrgScope, Part, PartOf, Place, Result, TodoId, UserId};

/// The person's todos, oldest first.
///
/// # Errors
/// The database's.
pub async fn list(tx: &Tx, scope: OrgScope, owner: UserId) -> Result<Vec<Todo>> {
    store::list_todos(tx, scope, owner).await
}

/// A part of everybody's todos in the org, in the order in which they last changed; of those only that changed at `since`
/// or later, if that is given. A todo that changes while somebody reads on comes again behind what they have seen.
///
/// # Errors
/// The database's.
pub async fn list_changed(tx: &Tx, scope: OrgScope, since: Option<OffsetDateTime>, part: PartOf) -> Result<Part<Todo>> {
    let found = store::list_changed(tx, scope, since, part).await?;
    Ok(Part::of(found, part.limit, |todo| Place { at: todo.updated_at, id: todo.id.uuid() }))
}

/// Adds an open todo of `owner`'s. With a `key` that the caller has used before it adds none, and gives the one that was
/// added then, as it was (draft-ietf-httpapi-idempotency-key-header-07 §2.6).
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
        updated_at: op.now,
    };
    let Some(key) = key else { return store::insert_todo(tx, todo).await };
    // Of two with the same key, the second waits here for the first.
    if store::insert_request(tx, op, key, &todo).await? {
        return store::insert_todo(tx, todo).await;
    }
    let made = store::find_request(tx, op, key).await?;
    let made = made.ok_or_else(|| Error::internal("a request that is there and cannot be found"))?;
    let is_same = (&made.task, made.user_id) == (&todo.task, todo.user_id);
    if is_same { Ok(made) } else { Err(key_reused()) }
}

/// Adds an open todo of whoever in the org has this address, as [`create`] does.
///
/// # Errors
/// Unprocessable, when nobody has it or who has it is deactivated; as for [`create`].
pub async fn create_for(tx: &Tx, op: &Op, email: &Email, task: String, key: Option<&IdempotencyKey>) -> Result<Todo> {
    let Some(owner) = users::find_by_email(tx, op.scope, email).await? else {
        return Err(Error::unprocessable("unknown_person", "Nobody of this org has this e-mail address."));
    };
    if !owner.active {
        return Err(Error::unprocessable("deactivated", "The person with this e-mail address is deactivated."));
    }
    create(tx, op, owner.id, task, key).await
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

/// Marks a person's todos as changed, because they are about to be another org's: whoever reads that one's by their
/// changes has not seen them.
///
/// # Errors
/// The database's.
pub async fn mark_changed(tx: &Tx, op: &Op, owner: UserId) -> Result<()> {
    store::update_all_changed(tx, op, owner).await
}

/// Removes a todo.
///
/// # Errors
/// Not found unless it is the person's own; the database's.
pub async fn delete(tx: &Tx, op: &Op, owner: UserId, id: TodoId) -> Result<()> {
    let deleted = store::delete_todo(tx, op.scope, owner, id).await?;
    if deleted { Ok(()) } else { Err(Error::not_found("todo")) }
}
