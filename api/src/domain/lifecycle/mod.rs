//! Whether a person may come in. Every door that deactivates or removes somebody does it here, and by that signs them
//! out: the two commit together or not at all.
//!
//! Nothing else undoes it. Who is deactivated comes in again after [`reactivate`] alone, and nothing old comes alive then;
//! who is removed is kept, so that no provider brings them back by a sign-in. Only the operator erases.

mod store;

use serde_json::json;

use super::Tx;
use super::audit::{self, Event};
use super::orgs::{self, Hold};
use super::revocation::{self, Cause, Door, Order, Reach, Subject};
use super::users;
use super::{groups, roles};
use crate::entity::user::Model as User;
use crate::kernel::{Error, Op, Result, Role, UserId};

/// Signs a person out everywhere, and lets them in no more. Of somebody who is deactivated already, nothing.
///
/// # Errors
/// Not found; a conflict when they are the org's last owner; the database's.
pub async fn deactivate(tx: &Tx, op: &Op, id: UserId, door: Door) -> Result<()> {
    let user = hold(tx, op, id).await?;
    if !user.active {
        return Ok(());
    }
    put_out(tx, op, &user, door).await?;
    audit::record(tx, op, Event::UserDeactivated, Some(id), json!({ "door": door.as_str() })).await
}

/// Lets a person in again, who then must prove who they are: nothing that was ended comes alive.
///
/// # Errors
/// Not found; the database's.
pub async fn reactivate(tx: &Tx, op: &Op, id: UserId) -> Result<()> {
    let user = hold(tx, op, id).await?;
    if user.active {
        return Ok(());
    }
    store::update_active(tx, op, id, true).await?;
    audit::record(tx, op, Event::UserReactivated, Some(id), json!({})).await
}

/// Removes a person: they are signed out, and there for nobody any more. What they did here stays the org's.
///
/// # Errors
/// As for [`deactivate`].
pub async fn remove(tx: &Tx, op: &Op, id: UserId, door: Door) -> Result<()> {
    let user = hold(tx, op, id).await?;
    put_out(tx, op, &user, door).await?;
    groups::leave_all(tx, op, id).await?;
    store::update_removed(tx, op, id).await?;
    audit::record(tx, op, Event::UserRemoved, Some(id), json!({ "door": door.as_str() })).await
}

/// Erases a person, also one who was removed before, and what they wrote here, as if they had never come; the audit log goes on naming their id. Their
/// provider can bring them back.
///
/// # Errors
/// Not found; a conflict when they are the org's last owner; the database's.
pub async fn erase(tx: &Tx, op: &Op, id: UserId) -> Result<()> {
    orgs::hold(tx, op.scope, Hold::Alone).await?;
    // Who was removed before is out, and there for no finder.
    if let Some(user) = users::find_locked(tx, op.scope, id).await? {
        put_out(tx, op, &user, Door::Operator).await?;
    }
    if !store::delete_user(tx, op.scope, id).await? {
        return Err(Error::not_found("person"));
    }
    audit::record(tx, op, Event::UserErased, Some(id), json!({})).await
}

/// Erases an org: everybody is signed out, and then nothing is left of it, neither its keys nor its audit log.
///
/// # Errors
/// Not found; the database's.
pub async fn erase_org(tx: &Tx, op: &Op) -> Result<()> {
    orgs::hold(tx, op.scope, Hold::Alone).await?;
    let (subject, reach, cause) = (Subject::Org, Reach::All, Cause::Deactivated);
    revocation::revoke(tx, op, &Order { subject, reach, cause, door: Door::Operator }).await?;
    if store::delete_org(tx, op.scope).await? { Ok(()) } else { Err(Error::not_found("org")) }
}

async fn hold(tx: &Tx, op: &Op, id: UserId) -> Result<User> {
    orgs::hold(tx, op.scope, Hold::Alone).await?;
    users::find_locked(tx, op.scope, id).await?.ok_or_else(|| Error::not_found("person"))
}

async fn put_out(tx: &Tx, op: &Op, user: &User, door: Door) -> Result<()> {
    store::update_active(tx, op, user.id, false).await?;
    if user.active && user.role == Role::Owner {
        roles::keep_owner(tx, op.scope).await?;
    }
    let (subject, reach) = (Subject::User(user.id), Reach::All);
    revocation::revoke(tx, op, &Order { subject, reach, cause: Cause::Deactivated, door }).await?;
    Ok(())
}
