//! PATCH (RFC 7644 §3.5.2): what its operations make of a resource, or of a copy of it, since all of them hold or none.

use serde_json::Value;

use super::filter::{Filter, Path};
use super::matching::{described, matches};
use super::person::inside;
use super::schema::{Attribute, Found, Kind, Mutability, ResourceType, Schema};
use super::value::{self, Attributes, is_kept, object, put};
use crate::domain::users::fold;
use crate::kernel::{Error, Result};

const MESSAGE: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// The most operations that one request can have.
const MOST: usize = 1000;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "RFC 7644 §3.5.2 has the names")]
pub enum Verb {
    Add,
    Replace,
    Remove,
}

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// What it does.
    pub verb: Verb,
    /// Where; without it, wherever the members of the value say.
    pub path: Option<String>,
    /// With what.
    pub value: Option<Value>,
}

/// The operations of a request. Neither its members' names nor the verbs are compared with regard to case: Entra writes
/// `Add`.
///
/// # Errors
/// Invalid, when it is no PATCH.
pub fn operations(body: &Attributes) -> Result<Vec<Operation>> {
    let invalid = |sentence: &str| Error::invalid_as("invalid_syntax", sentence.to_owned());
    let is_message = |urn: &Value| urn.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(MESSAGE));
    match member(body, "schemas") {
        None => {}
        Some(Value::Array(urns)) if urns.iter().any(is_message) => {}
        Some(_) => return Err(invalid(&format!("The member \"schemas\" must name {MESSAGE}."))),
    }
    let Some(Value::Array(operations)) = member(body, "Operations") else {
        return Err(invalid("The member \"Operations\" must be a list."));
    };
    if operations.len() > MOST {
        return Err(invalid(&format!("There must be at most {MOST} operations.")));
    }
    let read = |operation: &Value| {
        let operation = operation.as_object().ok_or_else(|| invalid("An operation must be an object."))?;
        let verb = match member(operation, "op").and_then(Value::as_str).map(str::to_ascii_lowercase).as_deref() {
            Some("add") => Verb::Add,
            Some("replace") => Verb::Replace,
            Some("remove") => Verb::Remove,
            _ => return Err(invalid("The member \"op\" of an operation must be add, replace or remove.")),
        };
        let path = match member(operation, "path") {
            None | Some(Value::Null) => None,
            Some(Value::String(path)) => Some(path.trim().to_owned()).filter(|path| !path.is_empty()),
            Some(_) => return Err(Error::invalid_as("invalid_path", "The member \"path\" must be a text.")),
        };
        Ok(Operation { verb, path, value: member(operation, "value").cloned() })
    };
    operations.iter().map(read).collect()
}

/// A member by its name, in any case.
pub fn member<'a>(body: &'a Attributes, name: &str) -> Option<&'a Value> {
    body.get(name).or_else(|| body.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// What the operations make of a resource.
///
/// # Errors
/// Invalid, when one of them cannot be carried out.
pub fn apply(kind: &ResourceType, mut resource: Attributes, operations: &[Operation]) -> Result<Attributes> {
    for Operation { verb, path, value } in operations {
        match path {
            Some(path) => at_path(kind, &mut resource, *verb, path, value.as_ref())?,
            None => without_path(kind, &mut resource, *verb, value.as_ref())?,
        }
    }
    Ok(resource)
}

/// Members are names of attributes, or whole paths, as Entra sends them with its flag; those that lead nowhere are
/// ignored, as in a whole resource.
fn without_path(kind: &ResourceType, resource: &mut Attributes, verb: Verb, value: Option<&Value>) -> Result<()> {
    if verb == Verb::Remove {
        return Err(Error::invalid_as("no_target", "An operation that removes must have a path."));
    }
    let Some(Value::Object(members)) = value else {
        let sentence = "An operation without a path must have an object as its value.";
        return Err(Error::invalid_as("invalid_value", sentence));
    };
    for (name, value) in members {
        match (kind.extension(name), value) {
            (Some(extension), Value::Object(own)) => merge_extension(resource, extension, own)?,
            (Some(_), _) => {}
            (None, _) => {
                let Ok(path) = Path::parse(name) else { continue };
                let Some(found) = kind.find(&path.name).filter(|found| is_kept(found.last())) else { continue };
                Target::of(found, path)?.change(resource, verb, Some(value), Unmatched::Make)?;
            }
        }
    }
    Ok(())
}

fn at_path(
    kind: &ResourceType,
    resource: &mut Attributes,
    verb: Verb,
    path: &str,
    value: Option<&Value>,
) -> Result<()> {
    if let Some(extension) = kind.extension(path) {
        return match (verb, value) {
            (Verb::Remove, _) | (_, Some(Value::Null)) => {
                resource.remove(extension.id);
                Ok(())
            }
            (_, Some(Value::Object(own))) => merge_extension(resource, extension, own),
            _ => Err(Error::invalid_as("invalid_value", "The value for an extension must be an object.")),
        };
    }
    let unknown = || Error::invalid_as("invalid_path", format!("A {} has no such attribute as the path.", kind.name));
    let path = Path::parse(path)?;
    let found = kind.find(&path.name).ok_or_else(unknown)?;
    let target = Target::of(found, path)?;
    match target.part.unwrap_or(target.attribute).mutability {
        Mutability::ReadOnly => {
            return Err(Error::invalid_as("mutability", format!("\"{}\" cannot be written.", target.attribute.name)));
        }
        // A password, or what names the schemas: accepted, and not kept.
        _ if !is_kept(target.attribute) => return Ok(()),
        _ => {}
    }
    if verb != Verb::Remove && value.is_none() {
        return Err(Error::invalid_as("invalid_value", "An operation that adds or replaces must have a value."));
    }
    // Entra replaces `emails[type eq "work"].value` of somebody who has none.
    let is_made = verb == Verb::Add || target.part.is_some();
    let unmatched = if is_made { Unmatched::Make } else { Unmatched::Refuse };
    target.change(resource, verb, value, unmatched)
}

fn merge_extension(resource: &mut Attributes, extension: &'static Schema, own: &Attributes) -> Result<()> {
    for (name, value) in own {
        let Ok(path) = Path::parse(&format!("{}:{name}", extension.id)) else { continue };
        let found = super::schema::find(extension.attributes, &path.name.attribute);
        let Some(attribute) = found.filter(|attribute| is_kept(attribute)) else { continue };
        let sub = path.name.sub.as_deref().and_then(|sub| attribute.part(sub));
        let found = Found { extension: Some(extension), attribute, sub };
        Target::of(found, path)?.change(resource, Verb::Replace, Some(value), Unmatched::Make)?;
    }
    Ok(())
}

/// What becomes of an operation whose filter chooses no value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unmatched {
    /// The value that the filter describes is made.
    Make,
    /// It is refused (RFC 7644 §3.5.2.3).
    Refuse,
}

/// What a path leads to.
struct Target {
    extension: Option<&'static Schema>,
    attribute: &'static Attribute,
    filter: Option<Filter>,
    part: Option<&'static Attribute>,
}

impl Target {
    fn of(Found { extension, attribute, sub }: Found, Path { name, filter, sub: behind }: Path) -> Result<Self> {
        let wrong = || Error::invalid_as("invalid_path", format!("There is no such part of \"{name}\"."));
        let part = match &behind {
            Some(name) => Some(attribute.part(name).ok_or_else(wrong)?),
            None => sub,
        };
        if filter.is_some() && (attribute.kind != Kind::Complex || sub.is_some()) {
            return Err(Error::invalid_as("invalid_path", format!("\"{name}\" has no values to choose from.")));
        }
        Ok(Self { extension, attribute, filter, part })
    }

    fn change(&self, resource: &mut Attributes, verb: Verb, value: Option<&Value>, unmatched: Unmatched) -> Result<()> {
        let attribute = self.attribute;
        let is_empty = |value: &Value| match value {
            Value::Array(values) => values.iter().all(Value::is_null),
            value => value.is_null(),
        };
        let gone = verb == Verb::Remove || value.is_some_and(is_empty);
        // RFC 7644 §3.5.2.2: what must have a value keeps one.
        if gone && self.part.is_none() && (attribute.required || attribute.name == "active") {
            return Err(Error::invalid_as("mutability", format!("\"{}\" cannot be removed.", attribute.name)));
        }
        let Some(extension) = self.extension else { return self.within(resource, verb, value, unmatched) };
        let own = resource.remove(extension.id);
        let mut own =
            own.and_then(|own| if let Value::Object(own) = own { Some(own) } else { None }).unwrap_or_default();
        self.within(&mut own, verb, value, unmatched)?;
        put(resource, extension.id, object(own));
        Ok(())
    }

    fn within(&self, map: &mut Attributes, verb: Verb, value: Option<&Value>, unmatched: Unmatched) -> Result<()> {
        let sent = value.unwrap_or(&Value::Null);
        let name = self.attribute.name;
        if !self.attribute.multi_valued {
            let was = map.remove(name);
            let now = match (&self.filter, self.part) {
                (Some(filter), part) => {
                    let mut values: Vec<_> = was.into_iter().collect();
                    self.chosen(&mut values, filter, part, verb, sent, unmatched)?;
                    values.pop()
                }
                (None, None) => single(self.attribute, was, verb, sent)?,
                (None, Some(part)) => with_part(part, was, verb, sent)?,
            };
            put(map, name, now);
            return Ok(());
        }
        let mut values = match map.remove(name) {
            Some(Value::Array(values)) => values,
            _ => Vec::new(),
        };
        match (&self.filter, self.part) {
            (Some(filter), part) => self.chosen(&mut values, filter, part, verb, sent, unmatched)?,
            (None, Some(part)) => every(&mut values, part, verb, sent)?,
            (None, None) => self.all(&mut values, verb, value)?,
        }
        value::bounded(self.attribute, &values)?;
        put(map, name, (!values.is_empty()).then_some(Value::Array(values)));
        Ok(())
    }

    /// Without a filter: the whole list.
    fn all(&self, values: &mut Vec<Value>, verb: Verb, value: Option<&Value>) -> Result<()> {
        let sent = match value.map(|value| value::value_of(self.attribute, value)).transpose()?.flatten() {
            Some(Value::Array(sent)) => sent,
            _ => Vec::new(),
        };
        match verb {
            Verb::Replace => *values = sent,
            Verb::Add => {
                let mut touched = Vec::new();
                for value in sent {
                    touched.push(self.add(values, value));
                }
                value::one_primary(values, &touched);
            }
            // Entra lists what is to go as the value; RFC 7644 §3.5.2.2 knows no value here, and all would go.
            Verb::Remove if value.is_some_and(|value| !value.is_null()) => {
                values.retain(|value| !sent.iter().any(|gone| self.says(value, gone)));
            }
            Verb::Remove => values.clear(),
        }
        Ok(())
    }

    /// What is there already is not added again (RFC 7644 §3.5.2.1); what more is said of it is. Gives where it is.
    fn add(&self, values: &mut Vec<Value>, sent: Value) -> usize {
        let part = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).map(str::to_owned);
        let fold_of = |of: &Value, name: &str| part(of, name).map(|text| self.fold(name, &text));
        let same = |there: &Value| match (fold_of(there, "value"), fold_of(&sent, "value")) {
            (Some(one), Some(other)) => one == other && fold_of(there, "type") == fold_of(&sent, "type"),
            _ => *there == sent,
        };
        let Some(at) = values.iter().position(same) else {
            values.push(sent);
            return values.len() - 1;
        };
        if let (Value::Object(there), Value::Object(sent)) = (&mut values[at], sent) {
            there.extend(sent);
        }
        at
    }

    /// Whether a value is what `gone` says of it: by its value, when that is said, else by everything that is.
    fn says(&self, value: &Value, gone: &Value) -> bool {
        let part = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).map(str::to_owned);
        let Some(said) = part(gone, "value") else {
            let (Value::Object(value), Value::Object(gone)) = (value, gone) else { return value == gone };
            let unset = Value::Bool(false);
            return gone.iter().all(|(name, part)| value.get(name).unwrap_or(&unset) == part);
        };
        let is_value = part(value, "value").is_some_and(|own| self.fold("value", &own) == self.fold("value", &said));
        let is_given = ["roles", "entitlements"].contains(&self.attribute.name);
        is_value || is_given && part(value, "display").is_some_and(|own| fold(&own) == fold(&inside(&said)))
    }

    /// As texts of one of its parts are compared.
    fn fold(&self, part: &str, text: &str) -> String {
        let exact = self.attribute.part(part).is_some_and(|part| part.case_exact);
        if exact { text.to_owned() } else { fold(text) }
    }

    fn chosen(
        &self,
        values: &mut Vec<Value>,
        filter: &Filter,
        part: Option<&'static Attribute>,
        verb: Verb,
        sent: &Value,
        unmatched: Unmatched,
    ) -> Result<()> {
        let mut chosen = Vec::new();
        for (at, value) in values.iter().enumerate() {
            let Value::Object(own) = value else { continue };
            if matches(filter, self.attribute, own)? {
                chosen.push(at);
            }
        }
        if chosen.is_empty() {
            // Asked of nothing, it is asked of an empty value, so that what cannot be asked is refused all the same.
            matches(filter, self.attribute, &Attributes::new())?;
            let made =
                described(filter, self.attribute).filter(|_| unmatched == Unmatched::Make && verb != Verb::Remove);
            let none =
                || Error::invalid_as("no_target", format!("No value of \"{}\" is like that.", self.attribute.name));
            chosen.push(values.len());
            values.push(Value::Object(made.ok_or_else(none)?));
        }
        for &at in &chosen {
            let was = Some(values[at].take());
            let now = match part {
                Some(part) => with_part(part, was, verb, sent)?,
                None if verb == Verb::Add => single(self.attribute, was, verb, sent)?,
                None if verb == Verb::Replace => value::one_of(self.attribute, sent)?,
                None => None,
            };
            values[at] = now.unwrap_or_default();
        }
        value::one_primary(values, &chosen);
        values.retain(|value| !value.is_null());
        Ok(())
    }
}

/// One value: set, or where it is complex its parts are, and the others stay (RFC 7644 §3.5.2.1, §3.5.2.3).
fn single(attribute: &'static Attribute, was: Option<Value>, verb: Verb, sent: &Value) -> Result<Option<Value>> {
    if verb == Verb::Remove || sent.is_null() {
        return Ok(None);
    }
    let (Some(Value::Object(mut was)), Value::Object(sent)) = (was, sent) else {
        return if attribute.multi_valued { value::one_of(attribute, sent) } else { value::value_of(attribute, sent) };
    };
    for (name, value) in sent {
        if let Some(part) = attribute.part(name).filter(|part| is_kept(part)) {
            put(&mut was, part.name, value::one_of(part, value)?);
        }
    }
    Ok(object(was))
}

fn with_part(part: &'static Attribute, was: Option<Value>, verb: Verb, sent: &Value) -> Result<Option<Value>> {
    let mut parts = match was {
        Some(Value::Object(parts)) => parts,
        _ => Attributes::new(),
    };
    let now = if verb == Verb::Remove { None } else { value::one_of(part, sent)? };
    put(&mut parts, part.name, now);
    Ok(object(parts))
}

/// A part of every value; of one that is made for it when there is none.
fn every(values: &mut Vec<Value>, part: &'static Attribute, verb: Verb, sent: &Value) -> Result<()> {
    if values.is_empty() {
        values.extend(with_part(part, None, verb, sent)?);
        return Ok(());
    }
    for value in values.iter_mut() {
        *value = with_part(part, Some(value.take()), verb, sent)?.unwrap_or_default();
    }
    values.retain(|value| !value.is_null());
    value::one_primary(values, &[]);
    Ok(())
}

#[cfg(test)]
#[path = "patch_tests.rs"]
mod tests;
