//! A person as SCIM has them, and as we do.

use serde_json::Value;

use super::value::{Attributes, put};
use crate::domain::roles::Given;
use crate::domain::users::{Address, Description, fold};
use crate::entity::entitlement::{EntitlementKind, Model as Entitlement};
use crate::kernel::{Email, Error, Result};

/// The longest name that is shown, in characters.
const NAME: usize = 200;
/// The longest user name, in characters.
const USER_NAME: usize = 255;
/// What has columns and tables of its own, and is in no profile.
const ELSEWHERE: [&str; 7] = ["userName", "externalId", "active", "emails", "groups", "roles", "entitlements"];
/// What a PUT that does not speak of it leaves as it is: that somebody is let in, what they may do, and where their mail
/// goes are not lost by being forgotten (RFC 7644 §3.5.1 leaves it to us).
pub(super) const KEPT: [&str; 4] = ["active", "roles", "entitlements", "emails"];

/// What the directory's words come to.
///
/// # Errors
/// Invalid, when they lack a user name or an address.
pub(super) fn described(attributes: &Attributes) -> Result<Description> {
    let user_name = text(attributes, "userName").map(str::trim).filter(|name| !name.is_empty());
    let user_name = user_name.ok_or_else(|| invalid("A person must have a userName."))?;
    if user_name.chars().count() > USER_NAME {
        return Err(invalid(format!("A userName has at most {USER_NAME} characters.")));
    }
    let (email, emails) = addresses(attributes, user_name)?;
    let mut profile = attributes.clone();
    for name in ELSEWHERE {
        profile.remove(name);
    }
    Ok(Description {
        user_name: user_name.to_owned(),
        external_id: super::external_id(attributes)?,
        email,
        emails,
        name: name(attributes, user_name),
        profile,
    })
}

/// The one that we know them by, and all of them.
fn addresses(attributes: &Attributes, user_name: &str) -> Result<(Email, Vec<Address>)> {
    let sent = attributes.get("emails").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut emails = Vec::new();
    for email in sent {
        let part = |name: &str| email.get(name).and_then(Value::as_str).map(str::to_owned);
        // Entra takes an address away by its value, and leaves its type; others send what is not filled in.
        let Some(value) = part("value").filter(|value| !value.trim().is_empty()) else { continue };
        if Email::parse(&value).is_none() {
            return Err(invalid("Each of \"emails\" must have an e-mail address as its value."));
        }
        emails.push(Address {
            value,
            kind: part("type"),
            display: part("display"),
            primary: email.get("primary") == Some(&true.into()),
        });
    }
    let first = || emails.iter().find(|email| email.kind.as_deref().is_some_and(|kind| fold(kind) == "work"));
    let known = emails.iter().find(|email| email.primary).or_else(first).or(emails.first());
    let known = known.map_or(user_name, |email| &email.value);
    let Some(email) = Email::parse(known) else {
        return Err(invalid("A person must have an e-mail address, among \"emails\" or as their userName."));
    };
    if emails.is_empty() {
        emails.push(Description::only(user_name.to_owned()));
    }
    Ok((email, emails))
}

fn name(attributes: &Attributes, user_name: &str) -> String {
    let part = |name: &str| attributes.get("name")?.get(name)?.as_str();
    let parts = [part("givenName"), part("familyName")].map(Option::unwrap_or_default).join(" ");
    let all = [text(attributes, "displayName"), part("formatted"), Some(parts.as_str()), Some(user_name)];
    let shown = all.into_iter().flatten().map(str::trim).find(|name| !name.is_empty());
    shown.unwrap_or_default().chars().filter(|c| !c.is_control()).take(NAME).collect()
}

fn text<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a str> {
    attributes.get(name).and_then(Value::as_str)
}

/// Of what the org can give of a kind, what the directory gives: by id, or by name in any case.
///
/// # Errors
/// Invalid, when the org has none of the sort.
pub(super) fn given(attributes: &Attributes, kind: EntitlementKind, all: &[Entitlement]) -> Result<Vec<Given>> {
    let sent = attributes.get(member(kind)).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut given: Vec<Given> = Vec::new();
    for one in sent {
        let said = |part: &str| one.get(part).and_then(Value::as_str).filter(|said| !said.is_empty());
        let named = |said: &str| {
            let is_it = |e: &&Entitlement| e.id.to_string() == fold(said) || e.name_folded == fold(said);
            all.iter().filter(|e| e.kind == kind).find(is_it)
        };
        let found = said("value").or(said("display")).and_then(|said| named(&inside(said)));
        let found = found.or_else(|| said("display").filter(|_| said("value").is_none()).and_then(named));
        let Some(found) = found else {
            return Err(invalid(format!("The org has none of these {} to give.", member(kind))));
        };
        let primary = one.get("primary") == Some(&true.into());
        match given.iter_mut().find(|given| given.id == found.id) {
            Some(again) => again.primary |= primary,
            None => given.push(Given { id: found.id, primary }),
        }
    }
    Ok(given)
}

/// Where the one address is the user name, it follows it, unless the request speaks of addresses. Not that of somebody who
/// is off: Entra renames whom it deletes, and by their address they are still to be refused.
pub(super) fn following(before: &Attributes, mut after: Attributes) -> Attributes {
    let name = |of: &Attributes| text(of, "userName").map(Address::fold);
    let only = |of: &Attributes| match of.get("emails").and_then(Value::as_array).map(Vec::as_slice) {
        Some([email]) => email.get("value").and_then(Value::as_str).map(Address::fold),
        _ => None,
    };
    let is_on = after.get("active") == Some(&true.into());
    let follows = is_on && before.get("emails") == after.get("emails") && only(before) == name(before);
    let new = text(&after, "userName").filter(|name| Email::parse(name).is_some()).map(str::to_owned);
    if let (true, Some(new)) = (follows && name(before) != name(&after), new) {
        after["emails"][0]["value"] = new.into();
    }
    after
}

/// Entra's `AppRoleAssignmentsComplex` puts a whole role, as JSON, where its value should be.
pub(super) fn inside(said: &str) -> String {
    let role = serde_json::from_str::<Attributes>(said).ok();
    let value = role.as_ref().and_then(|role| role.get("value").or_else(|| role.get("displayName"))?.as_str());
    value.unwrap_or(said).to_owned()
}

/// The attribute that has what is given of a kind.
pub(super) fn member(kind: EntitlementKind) -> &'static str {
    match kind {
        EntitlementKind::Role => "roles",
        EntitlementKind::Entitlement => "entitlements",
    }
}

/// What a PUT makes of a person.
pub(super) fn replaced(before: &Attributes, sent: &Attributes, mut after: Attributes) -> Attributes {
    for name in KEPT {
        let is_named = sent.iter().any(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_null());
        // An empty list of roles is one. There is no empty word about somebody's being let in.
        if !is_named || name == "active" && !after.contains_key(name) {
            put(&mut after, name, before.get(name).cloned());
        }
    }
    after
}

fn invalid(sentence: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::invalid_as("invalid_value", sentence)
}
