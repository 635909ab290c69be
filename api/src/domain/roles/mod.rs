//! What an org can give its people, and what that lets them do.
//!
//! An org has roles and entitlements under names of its own. Each may grant one of our [`Role`]s, and a person's role is
//! the most that anything given to them, or to a group they are in, grants: `users.role`, which the extractors ask, is
//! written here alone. The rule this room guards: an org that has an owner keeps one.

mod store;

use serde_json::json;

use super::Tx;
use super::audit::{self, Event};
use super::orgs::{self, Hold};
use super::users::fold;
use crate::entity::entitlement::{EntitlementKind, Model as Entitlement};
use crate::kernel::{Actor, EntitlementId, Error, GroupId, Op, OrgScope, Result, Role, UserId};

/// What every company begins with: name, description, and what it grants.
pub const USUAL: [(&str, &str, Role); 4] = [
    ("Owner", "Everything, and always at least one person.", Role::Owner),
    ("Admin", "Runs the org.", Role::Admin),
    ("Auditor", "Sees what administrators see.", Role::Auditor),
    ("Member", "Uses the product.", Role::Member),
];

/// Something given to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    /// What.
    pub id: EntitlementId,
    /// Whether the directory calls it the first of its kind.
    pub primary: bool,
}

/// Lets the org give something of this name.
///
/// # Errors
/// A conflict when the name is taken; the database's.
pub async fn define(
    tx: &Tx,
    op: &Op,
    kind: EntitlementKind,
    name: &str,
    description: &str,
    grants: Option<Role>,
) -> Result<Entitlement> {
    let entitlement = Entitlement {
        id: EntitlementId::new(op.now, &op.chance),
        org_id: op.scope.org(),
        kind,
        name: name.to_owned(),
        name_folded: fold(name),
        description: description.to_owned(),
        grants,
        created_at: op.now,
    };
    let taken = || Error::conflict("entitlement_taken", format!("The org has \"{name}\" already."));
    let made = store::insert_entitlement(tx, entitlement).await;
    let made = made.map_err(|e| e.on_constraint("entitlements_org_name", taken))?;
    audit::record(tx, op, Event::EntitlementDefined, None, json!({ "entitlement": made.id, "grants": grants })).await?;
    Ok(made)
}

/// Lets a new company give what every company begins with.
///
/// # Errors
/// As for [`define`].
pub async fn define_usual(tx: &Tx, op: &Op) -> Result<()> {
    for (name, description, grants) in USUAL {
        define(tx, op, EntitlementKind::Role, name, description, Some(grants)).await?;
    }
    Ok(())
}

/// Makes something that the org can give be called and described so, and grant this: whoever has it may do that at once.
///
/// # Errors
/// Not found; a conflict when the name is taken, or nobody would be owner any more; the database's.
pub async fn redefine(
    tx: &Tx,
    op: &Op,
    id: EntitlementId,
    name: &str,
    description: &str,
    grants: Option<Role>,
) -> Result<()> {
    orgs::hold(tx, op.scope, Hold::Alone).await?;
    let taken = || Error::conflict("entitlement_taken", format!("The org has \"{name}\" already."));
    let changed = store::update_entitlement(tx, op.scope, id, name, &fold(name), description, grants).await;
    if !changed.map_err(|e| e.on_constraint("entitlements_org_name", taken))? {
        return Err(Error::not_found("role"));
    }
    let detail = json!({ "entitlement": id, "name": name, "grants": grants });
    audit::record(tx, op, Event::EntitlementChanged, None, detail).await?;
    let holders = store::list_holders(tx, op.scope, id).await?;
    look_again(tx, op, &holders).await
}

/// What would become of the org's people if what it can give granted something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preview {
    /// How many may do something else then.
    pub changed: i64,
    /// Whether nobody would be owner any more who is it now.
    pub loses_owner: bool,
}

/// What would become of the org's people if these granted that; `None` is for what is removed, too. Nothing is changed.
///
/// # Errors
/// The database's.
pub async fn preview(tx: &Tx, scope: OrgScope, grants: &[(EntitlementId, Option<Role>)]) -> Result<Preview> {
    store::preview(tx, scope, grants).await
}

/// What the org can give, by name.
///
/// # Errors
/// The database's.
pub async fn list(tx: &Tx, scope: OrgScope, kind: Option<EntitlementKind>) -> Result<Vec<Entitlement>> {
    store::list_entitlements(tx, scope, kind).await
}

/// Takes something from everybody who has it, and from what the org can give.
///
/// # Errors
/// Not found; a conflict when nobody would be owner any more; the database's.
pub async fn undefine(tx: &Tx, op: &Op, id: EntitlementId) -> Result<()> {
    orgs::hold(tx, op.scope, Hold::Alone).await?;
    let holders = store::list_holders(tx, op.scope, id).await?;
    if !store::delete_entitlement(tx, op.scope, id).await? {
        return Err(Error::not_found("role"));
    }
    audit::record(tx, op, Event::EntitlementRemoved, None, json!({ "entitlement": id })).await?;
    look_again(tx, op, &holders).await
}

/// Gives a person these of a kind, and takes from them what else they had of it.
///
/// # Errors
/// Invalid, when the org has no such thing to give; forbidden, when an administrator who is no owner makes or unmakes
/// one; a conflict when nobody would be owner any more; the database's.
pub async fn give(tx: &Tx, op: &Op, user: UserId, kind: EntitlementKind, given: &[Given]) -> Result<()> {
    orgs::hold(tx, op.scope, Hold::Alone).await?;
    let all = list(tx, op.scope, Some(kind)).await?;
    let had = store::list_given(tx, op.scope, user, kind).await?;
    let ids: Vec<_> = given.iter().map(|given| given.id).collect();
    may_change(op, &all, &had, &ids)?;
    if store::replace_given(tx, op, user, kind, given).await? {
        audit::record(tx, op, Event::EntitlementsSet, Some(user), json!({ "now": ids })).await?;
    }
    look_again(tx, op, &[user]).await
}

/// Gives a person the org's oldest role that grants `role`, and takes their other roles from them.
///
/// # Errors
/// A conflict when the org has no such role, or nobody would be owner any more; the database's.
pub async fn make(tx: &Tx, op: &Op, user: UserId, role: Role) -> Result<()> {
    let granting =
        list(tx, op.scope, Some(EntitlementKind::Role)).await?.into_iter().filter(|e| e.grants == Some(role));
    let Some(granting) = granting.min_by_key(|e| (e.created_at, e.id)) else {
        return Err(Error::conflict("no_such_role", format!("The org has no role that makes somebody {role:?}.")));
    };
    give(tx, op, user, EntitlementKind::Role, &[Given { id: granting.id, primary: false }]).await
}

/// Gives these, of whatever kind, to everybody who is in a group, as long as they are.
///
/// # Errors
/// As for [`give`].
pub async fn give_group(tx: &Tx, op: &Op, group: GroupId, given: &[EntitlementId]) -> Result<()> {
    orgs::hold(tx, op.scope, Hold::Alone).await?;
    let all = list(tx, op.scope, None).await?;
    let had = store::list_given_group(tx, op.scope, group).await?;
    may_change(op, &all, &had, given)?;
    store::replace_given_group(tx, op.scope, group, given).await?;
    audit::record(tx, op, Event::EntitlementsSet, None, json!({ "group": group, "now": given })).await?;
    look_again(tx, op, &store::list_members(tx, op.scope, group).await?).await
}

/// What a group gives to whoever is in it.
///
/// # Errors
/// The database's.
pub async fn list_given_group(tx: &Tx, scope: OrgScope, group: GroupId) -> Result<Vec<EntitlementId>> {
    store::list_given_group(tx, scope, group).await
}

/// What is given must be the org's to give, and who is an owner is for owners to say.
fn may_change(op: &Op, all: &[Entitlement], had: &[EntitlementId], given: &[EntitlementId]) -> Result<()> {
    if let Some(unknown) = given.iter().find(|id| !all.iter().any(|e| e.id == **id)) {
        return Err(Error::invalid_as("invalid_value", format!("The org has no role {unknown}.")));
    }
    let changes = |e: &&Entitlement| had.contains(&e.id) != given.contains(&e.id);
    let owners_change = all.iter().filter(changes).any(|e| e.grants == Some(Role::Owner));
    match op.actor {
        Actor::User { role, .. } if owners_change && role != Role::Owner => {
            Err(Error::forbidden("owners_only", "Only an owner can make somebody an owner, or take that from them."))
        }
        _ => Ok(()),
    }
}

/// Has these people be what is granted to them now. To be called when they came into a group or left one.
///
/// # Errors
/// A conflict when nobody would be owner any more; the database's.
pub async fn look_again(tx: &Tx, op: &Op, users: &[UserId]) -> Result<()> {
    let changed = store::update_roles(tx, op, users).await?;
    let owner_lost = changed.iter().any(|change| change.from == Role::Owner && change.active);
    for change in changed {
        let detail = json!({ "from": change.from, "to": change.to });
        audit::record(tx, op, Event::RoleChanged, Some(change.user), detail).await?;
    }
    if owner_lost { keep_owner(tx, op.scope).await } else { Ok(()) }
}

/// Refuses what would leave the org without anybody who can act as its owner. To be called after an owner was lost, in
/// the transaction that has the org alone.
///
/// # Errors
/// A conflict; the database's.
pub async fn keep_owner(tx: &Tx, scope: OrgScope) -> Result<()> {
    if store::has_owner(tx, scope).await? {
        return Ok(());
    }
    Err(Error::conflict("last_owner", "This is the last owner of the org. Make somebody else an owner first."))
}

/// One person's role that is another now.
struct Change {
    user: UserId,
    from: Role,
    to: Role,
    active: bool,
}
