//! Which attributes a client wants to see (RFC 7644 §3.9).

use serde_json::{Map, Value};

use crate::domain::scim::schema::{GROUPS, ResourceType};
use crate::domain::scim::{Attributes, Name};

/// Those it wants alone, or those it does not want.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Projection {
    wanted: Vec<String>,
    unwanted: Vec<String>,
}

/// What is always given (RFC 7643 §3, and §7 `returned`).
const ALWAYS: [&str; 2] = ["schemas", "id"];

impl Projection {
    /// Of these names. No name asks for nothing in particular.
    pub fn new(wanted: Vec<String>, unwanted: Vec<String>) -> Self {
        Self { wanted, unwanted }
    }

    /// Whether the client asked for anything in particular.
    pub fn is_asked_for(&self) -> bool {
        !self.wanted.is_empty() || !self.unwanted.is_empty()
    }

    /// Whether the members of groups are to be read, who can be many.
    pub fn wants_members(&self) -> bool {
        let leads = |name: &String| Place::find(&GROUPS, name).filter(|place| place.attribute == "members");
        let is_unwanted = self.unwanted.iter().filter_map(leads).any(|place| place.part.is_none());
        (self.wanted.is_empty() || self.wanted.iter().any(|name| leads(name).is_some())) && !is_unwanted
    }

    /// What of a resource is to be given.
    pub fn apply(&self, kind: &ResourceType, resource: Attributes) -> Value {
        let mut shown = if self.wanted.is_empty() {
            resource
        } else {
            let always = |name: &&String| ALWAYS.contains(&name.as_str());
            let mut shown: Map<_, _> = resource
                .iter()
                .filter(|(name, _)| always(name))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            for place in self.wanted.iter().filter_map(|name| Place::find(kind, name)) {
                place.copy(&resource, &mut shown);
            }
            shown
        };
        for place in self.unwanted.iter().filter_map(|name| Place::find(kind, name)) {
            place.remove(&mut shown);
        }
        Value::Object(shown)
    }
}

/// Where in a resource a name leads.
struct Place {
    extension: Option<&'static str>,
    attribute: &'static str,
    part: Option<&'static str>,
}

impl Place {
    fn find(kind: &ResourceType, name: &str) -> Option<Self> {
        if let Some(extension) = kind.extension(name) {
            return Some(Self { extension: None, attribute: extension.id, part: None });
        }
        let found = kind.find(&Name::parse(name)?)?;
        let part = found.sub.map(|part| part.name);
        Some(Self { extension: found.extension.map(|schema| schema.id), attribute: found.attribute.name, part })
    }

    fn copy(&self, from: &Attributes, to: &mut Attributes) {
        let Some(extension) = self.extension else { return self.copy_own(from, to) };
        let Some(Value::Object(from)) = from.get(extension) else { return };
        let to = to.entry(extension).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(to) = to {
            self.copy_own(from, to);
        }
    }

    fn copy_own(&self, from: &Attributes, to: &mut Attributes) {
        let Some(value) = from.get(self.attribute) else { return };
        let Some(part) = self.part else {
            to.insert(self.attribute.to_owned(), value.clone());
            return;
        };
        match value {
            Value::Object(from) => copy_part(from, to.entry(self.attribute).or_insert_with(empty), part),
            Value::Array(values) => {
                let shown = to.entry(self.attribute).or_insert_with(|| vec![empty(); values.len()].into());
                let shown = shown.as_array_mut().into_iter().flatten();
                for (from, to) in values.iter().filter_map(Value::as_object).zip(shown) {
                    copy_part(from, to, part);
                }
            }
            _ => {}
        }
    }

    fn remove(&self, shown: &mut Attributes) {
        if ALWAYS.contains(&self.attribute) {
            return;
        }
        let shown = match self.extension {
            None => Some(shown),
            Some(extension) => shown.get_mut(extension).and_then(Value::as_object_mut),
        };
        let Some(shown) = shown else { return };
        match (self.part, shown.get_mut(self.attribute)) {
            (None, _) => drop(shown.remove(self.attribute)),
            (Some(part), Some(Value::Object(value))) => drop(value.remove(part)),
            (Some(part), Some(Value::Array(values))) => {
                values.iter_mut().filter_map(Value::as_object_mut).for_each(|value| drop(value.remove(part)));
            }
            _ => {}
        }
    }
}

fn empty() -> Value {
    Value::Object(Map::new())
}

fn copy_part(from: &Attributes, to: &mut Value, part: &str) {
    if let (Some(value), Value::Object(to)) = (from.get(part), to) {
        to.insert(part.to_owned(), value.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::scim::schema::USERS;
    use serde_json::json;

    const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

    fn shown(wanted: &[&str], unwanted: &[&str]) -> Value {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let resource = json!({
            "schemas": ["s"], "id": "1", "userName": "u", "name": { "givenName": "g", "familyName": "f" },
            "emails": [{ "value": "a", "type": "work" }, { "value": "b" }],
            (ENTERPRISE): { "department": "d", "division": "v" }, "meta": { "location": "l", "created": "c" },
        });
        let Value::Object(resource) = resource else { unreachable!("an object") };
        Projection::new(names(wanted), names(unwanted)).apply(&USERS, resource)
    }

    #[test]
    fn what_is_wanted_is_given_and_always_id_and_schemas() {
        let always = |more: Value| {
            let mut all = json!({ "schemas": ["s"], "id": "1" });
            all.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            all
        };
        assert_eq!(shown(&["USERNAME"], &[]), always(json!({ "userName": "u" })));
        assert_eq!(
            shown(&["name.familyName", "emails.value"], &[]),
            always(json!({ "name": { "familyName": "f" }, "emails": [{ "value": "a" }, { "value": "b" }] }))
        );
        let core = "urn:ietf:params:scim:schemas:core:2.0:User:userName";
        assert_eq!(shown(&[core, "nonsense", "["], &[]), always(json!({ "userName": "u" })));
        let department = format!("{ENTERPRISE}:department");
        assert_eq!(shown(&[&department], &[]), always(json!({ (ENTERPRISE): { "department": "d" } })));
        assert_eq!(shown(&[ENTERPRISE], &["name"]).get(ENTERPRISE), shown(&[], &[]).get(ENTERPRISE));
    }

    #[test]
    fn what_is_not_wanted_is_left_out_but_for_id_and_schemas() {
        let rest = shown(&[], &["id", "schemas", "meta", "name.givenName", "emails.type", ENTERPRISE]);
        assert_eq!(
            rest,
            json!({ "schemas": ["s"], "id": "1", "userName": "u", "name": { "familyName": "f" },
                "emails": [{ "value": "a" }, { "value": "b" }] })
        );
    }

    #[test]
    fn members_are_read_only_when_they_are_wanted() {
        let wants = |wanted: &[&str], unwanted: &[&str]| {
            let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            Projection::new(names(wanted), names(unwanted)).wants_members()
        };
        assert!(wants(&[], &[]) && wants(&["Members.value"], &[]) && wants(&[], &["members.display"]));
        assert!(!wants(&["displayName"], &[]) && !wants(&[], &["MEMBERS"]));
    }
}
