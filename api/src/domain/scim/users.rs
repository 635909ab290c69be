//! What a directory does with people.

use super::patch::{self, Operation};
use super::schema::USERS;
use super::value::{self, Attributes};
use super::{Expected, Record, hold_company, id, person, store};
use crate::domain::revocation::Door;
use crate::domain::{Tx, lifecycle, roles, users};
use crate::entity::entitlement::EntitlementKind;
use crate::kernel::{Error, Op, OrgScope, Result, UserId};

/// A person.
///
/// # Errors
/// Not found; the database's.
pub async fn find_user(tx: &Tx, scope: OrgScope, user: &str) -> Result<Record> {
    find(tx, scope, id(user, "person")?).await
}

async fn find(tx: &Tx, scope: OrgScope, id: UserId) -> Result<Record> {
    store::find_person(tx, scope, id).await?.ok_or_else(|| Error::not_found("person"))
}

/// Makes a person (RFC 7644 §3.3).
///
/// # Errors
/// Forbidden, in the org of somebody without a company; invalid, when the request lacks something or names what the org
/// has not; a conflict when somebody is there already;
/// the database's.
pub async fn create_user(tx: &Tx, op: &Op, body: &Attributes) -> Result<Record> {
    hold_company(tx, op).await?;
    let sent = value::read(&USERS, body)?;
    let user = users::add_described(tx, op, &person::described(&sent)?).await?.id;
    give(tx, op, user, &Attributes::new(), &sent).await?;
    if sent.get("active") == Some(&false.into()) {
        lifecycle::deactivate(tx, op, user, Door::Scim).await?;
    }
    find(tx, op.scope, user).await
}

/// Makes a person what the request says (RFC 7644 §3.5.1). What `person::KEPT` names stays unless it speaks of it.
///
/// # Errors
/// As for [`create_user`]; not found; another version; a conflict when nobody would be owner any more.
pub async fn replace_user(tx: &Tx, op: &Op, user: &str, expected: &Expected, body: &Attributes) -> Result<Record> {
    let before = hold(tx, op, user, expected).await?;
    let after = person::replaced(&before.attributes, body, value::read(&USERS, body)?);
    save(tx, op, before, after).await
}

/// Carries out a PATCH (RFC 7644 §3.5.2), all of it or nothing.
///
/// # Errors
/// As for [`replace_user`].
pub async fn patch_user(tx: &Tx, op: &Op, user: &str, expected: &Expected, operations: &[Operation]) -> Result<Record> {
    let before = hold(tx, op, user, expected).await?;
    let after = patch::apply(&USERS, before.attributes.clone(), operations)?;
    save(tx, op, before, after).await
}

/// Removes a person (RFC 7644 §3.6).
///
/// # Errors
/// Not found; another version; a conflict when nobody would be owner any more; the database's.
pub async fn remove_user(tx: &Tx, op: &Op, user: &str, expected: &Expected) -> Result<()> {
    let before = hold(tx, op, user, expected).await?;
    lifecycle::remove(tx, op, before.id.into(), Door::Scim).await
}

async fn hold(tx: &Tx, op: &Op, user: &str, expected: &Expected) -> Result<Record> {
    let id = id(user, "person")?;
    hold_company(tx, op).await?;
    let before = find(tx, op.scope, id).await?;
    expected.check(&before)?;
    Ok(before)
}

async fn save(tx: &Tx, op: &Op, before: Record, after: Attributes) -> Result<Record> {
    let user = UserId::from(before.id);
    let after = person::following(&before.attributes, after);
    let (was, is) = (person::described(&before.attributes)?, person::described(&after)?);
    if was != is {
        users::describe(tx, op, user, &is).await?;
    }
    give(tx, op, user, &before.attributes, &after).await?;
    match (before.attributes.get("active"), after.get("active")) {
        (was, is) if was == is => {}
        (_, Some(is)) if *is == false => lifecycle::deactivate(tx, op, user, Door::Scim).await?,
        (_, Some(is)) if *is == true => lifecycle::reactivate(tx, op, user).await?,
        // Not to speak of it says nothing.
        _ => {}
    }
    find(tx, op.scope, user).await
}

/// Gives what is given now and was not before.
async fn give(tx: &Tx, op: &Op, user: UserId, before: &Attributes, after: &Attributes) -> Result<()> {
    for kind in [EntitlementKind::Role, EntitlementKind::Entitlement] {
        let name = person::member(kind);
        let (was, is) = (before.get(name), after.get(name));
        let none = |all: Option<&serde_json::Value>| all.is_none_or(|all| all.as_array().is_none_or(Vec::is_empty));
        if was == is || none(was) && none(is) {
            continue;
        }
        let all = roles::list(tx, op.scope, Some(kind)).await?;
        let given = person::given(after, kind, &all)?;
        roles::give(tx, op, user, kind, &given).await?;
    }
    Ok(())
}
