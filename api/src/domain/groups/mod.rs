//! Groups of an org's people, as its directory has them. What being in one lets somebody do is `roles`' to say, so
//! whoever changes members has the roles of those looked at again: every function here that does gives them.

mod store;

use serde_json::json;

use super::Tx;
use super::audit::{self, Event};
use super::users::fold;
use crate::entity::group::Model as Group;
use crate::kernel::{Error, GroupId, Op, OrgScope, Result, UserId};

/// How many of those who came and left at once are named in the audit log.
const NAMED: usize = 100;

/// Makes a group without anybody in it.
///
/// # Errors
/// A conflict when the name or the external id is taken; the database's.
pub async fn add(tx: &Tx, op: &Op, name: &str, external_id: Option<String>) -> Result<Group> {
    let group = Group {
        id: GroupId::new(op.now, &op.chance),
        org_id: op.scope.org(),
        display_name: name.to_owned(),
        display_name_folded: fold(name),
        external_id,
        revision: 1,
        created_at: op.now,
        updated_at: op.now,
    };
    let group = store::insert_group(tx, group).await.map_err(taken)?;
    audit::record(tx, op, Event::GroupCreated, None, json!({ "group": group.id })).await?;
    Ok(group)
}

/// A group.
///
/// # Errors
/// The database's.
pub async fn find(tx: &Tx, scope: OrgScope, id: GroupId) -> Result<Option<Group>> {
    store::find_group(tx, scope, id).await
}

/// The org's groups, the oldest first.
///
/// # Errors
/// The database's.
pub async fn list(tx: &Tx, scope: OrgScope) -> Result<Vec<Group>> {
    store::list_groups(tx, scope).await
}

/// Makes a name and an external id a group's.
///
/// # Errors
/// A conflict when either is taken; the database's.
pub async fn rename(tx: &Tx, op: &Op, id: GroupId, name: &str, external_id: Option<&str>) -> Result<()> {
    store::update_group(tx, op, id, name, &fold(name), external_id).await.map_err(taken)?;
    audit::record(tx, op, Event::GroupUpdated, None, json!({ "group": id, "renamed": true })).await
}

fn taken(error: Error) -> Error {
    error
        .on_constraint("groups_org_name", || {
            Error::conflict("group_name_taken", "A group with this name is already there.")
        })
        .on_constraint("groups_org_external_id", || {
            Error::conflict("external_id_taken", "A group with this external id is already there.")
        })
}

/// What shall become of a group's members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Membership {
    /// These come in, too.
    Add(Vec<UserId>),
    /// These leave, those who are in it.
    Remove(Vec<UserId>),
    /// These are in it and nobody else.
    Set(Vec<UserId>),
}

/// Changes who is in a group. Gives those who came or left.
///
/// # Errors
/// Invalid, when somebody is not of the org; the database's.
pub async fn change_members(tx: &Tx, op: &Op, id: GroupId, change: &Membership) -> Result<Vec<UserId>> {
    let (come, gone) = match change {
        Membership::Add(users) => (come(tx, op, id, users).await?, Vec::new()),
        Membership::Remove(users) => (Vec::new(), store::delete_members(tx, op.scope, id, users).await?),
        Membership::Set(users) => {
            let gone = store::delete_others(tx, op.scope, id, users).await?;
            (come(tx, op, id, users).await?, gone)
        }
    };
    let changed = [come.clone(), gone.clone()].concat();
    if !changed.is_empty() {
        store::touch_group(tx, op, id).await?;
        let some = |users: &[UserId]| users[..users.len().min(NAMED)].to_vec();
        let detail = json!({ "group": id, "came": come.len(), "left": gone.len(),
            "who_came": some(&come), "who_left": some(&gone) });
        audit::record(tx, op, Event::GroupUpdated, None, detail).await?;
    }
    Ok(changed)
}

async fn come(tx: &Tx, op: &Op, id: GroupId, users: &[UserId]) -> Result<Vec<UserId>> {
    if let Some(stranger) = store::find_stranger(tx, op.scope, users).await? {
        let sentence = format!("There is nobody with the id {stranger}, so they cannot be in a group.");
        return Err(Error::invalid_as("invalid_value", sentence));
    }
    store::insert_members(tx, op, id, users).await
}

/// Takes somebody who is removed out of every group.
///
/// # Errors
/// The database's.
pub async fn leave_all(tx: &Tx, op: &Op, user: UserId) -> Result<()> {
    store::delete_memberships(tx, op, user).await
}

/// Removes a group. Gives who was in it.
///
/// # Errors
/// Not found; the database's.
pub async fn remove(tx: &Tx, op: &Op, id: GroupId) -> Result<Vec<UserId>> {
    let gone = store::delete_others(tx, op.scope, id, &[]).await?;
    if !store::delete_group(tx, op.scope, id).await? {
        return Err(Error::not_found("group"));
    }
    audit::record(tx, op, Event::GroupRemoved, None, json!({ "group": id, "left": gone.len() })).await?;
    Ok(gone)
}
