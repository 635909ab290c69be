//! Values as clients send them, made into what RFC 7643 §2.3 says they are: names in its spelling, what nobody may write
//! and what it does not know left out, and a few things understood that providers send otherwise.

use serde_json::{Map, Value};

use super::schema::{Attribute, Kind, Mutability, ResourceType, Schema, find};
use crate::kernel::{Error, Result};

/// The longest text that is kept, in bytes.
const LONGEST: usize = 8 * 1024;
/// How many values an attribute of a person can have.
const MOST: usize = 100;

/// A resource, or a part of one.
pub type Attributes = Map<String, Value>;

/// What a whole resource in a request says, as POST and PUT send it (RFC 7644 §3.3, §3.5.1).
///
/// # Errors
/// Invalid, when a value is none of its attribute's.
pub fn read(kind: &ResourceType, body: &Attributes) -> Result<Attributes> {
    let mut read = read_attributes(|name| kind.own(name), body)?;
    for (urn, value) in body {
        if let (Some(extension), Value::Object(own)) = (kind.extension(urn), value) {
            put(&mut read, extension.id, object(read_extension(extension, own)?));
        }
    }
    Ok(read)
}

/// The same of the attributes of an extension.
///
/// # Errors
/// As for [`read`].
pub fn read_extension(extension: &'static Schema, own: &Attributes) -> Result<Attributes> {
    read_attributes(|name| find(extension.attributes, name), own)
}

fn read_attributes(known: impl Fn(&str) -> Option<&'static Attribute>, sent: &Attributes) -> Result<Attributes> {
    let mut read = Attributes::new();
    for (name, value) in sent {
        if let Some(attribute) = known(name).filter(|attribute| is_kept(attribute)) {
            put(&mut read, attribute.name, value_of(attribute, value)?);
        }
    }
    Ok(read)
}

/// Whether a client may write it, and what it writes is kept.
pub fn is_kept(attribute: &Attribute) -> bool {
    attribute.mutability == Mutability::ReadWrite && attribute.name != "schemas"
}

/// Sets a member, or removes it when there is nothing to set: what is null or empty has no value (RFC 7643 §2.5).
pub fn put(map: &mut Attributes, name: &str, value: Option<Value>) {
    match value {
        Some(value) => map.insert(name.to_owned(), value),
        None => map.remove(name),
    };
}

/// An object, if there is anything in it.
pub fn object(map: Attributes) -> Option<Value> {
    (!map.is_empty()).then_some(Value::Object(map))
}

/// All values of an attribute that a client sends.
///
/// # Errors
/// Invalid, when one is none of the attribute's.
pub fn value_of(attribute: &'static Attribute, sent: &Value) -> Result<Option<Value>> {
    let sent = match sent {
        Value::Array(values) => values.as_slice(),
        Value::Null => &[],
        one => std::slice::from_ref(one),
    };
    let mut values = Vec::new();
    for one in sent {
        values.extend(one_of(attribute, one)?);
    }
    if attribute.multi_valued {
        bounded(attribute, &values)?;
        one_primary(&mut values, &[]);
        return Ok((!values.is_empty()).then_some(Value::Array(values)));
    }
    match values.len() {
        // Entra sends a manager as a list of one.
        0 | 1 => Ok(values.pop()),
        _ => Err(wrong(attribute, "has one value only")),
    }
}

/// One value, or one of several.
///
/// # Errors
/// Invalid, when it is none of the attribute's.
pub fn one_of(attribute: &'static Attribute, sent: &Value) -> Result<Option<Value>> {
    match (attribute.kind, sent) {
        (_, Value::Null) => Ok(None),
        (Kind::Complex, Value::Object(parts)) => Ok(object(parts_of(attribute, parts)?)),
        // A bare text is the value, as Entra sends a manager's id.
        (Kind::Complex, Value::String(_)) => match attribute.part("value") {
            Some(part) => {
                Ok(one_of(part, sent)?.map(|value| Value::Object(Map::from_iter([(part.name.to_owned(), value)]))))
            }
            None => Err(wrong(attribute, "must be an object")),
        },
        (Kind::Complex, _) => Err(wrong(attribute, "must be an object")),
        (Kind::Boolean, Value::Bool(_)) => Ok(Some(sent.clone())),
        (Kind::Boolean, Value::String(text)) => match boolean(text) {
            Some(yes) => Ok(Some(yes.into())),
            None => Err(wrong(attribute, "must be true or false")),
        },
        (Kind::Boolean, _) => Err(wrong(attribute, "must be true or false")),
        (_, Value::String(text)) if text.len() > LONGEST => {
            Err(wrong(attribute, &format!("has at most {LONGEST} bytes")))
        }
        (_, Value::String(text)) if text.chars().any(|c| c.is_control() && !"\n\r\t".contains(c)) => {
            Err(wrong(attribute, "has control characters"))
        }
        (_, Value::String(_)) => Ok(Some(sent.clone())),
        _ => Err(wrong(attribute, "must be a text")),
    }
}

/// Those parts of a complex value that there are.
///
/// # Errors
/// Invalid, when one is none of the attribute's.
pub fn parts_of(attribute: &'static Attribute, sent: &Attributes) -> Result<Attributes> {
    read_attributes(|name| attribute.part(name), sent)
}

/// Entra writes booleans as `"True"` and `"False"`, unless its flag `aadOptscim062020` is set.
pub fn boolean(text: &str) -> Option<bool> {
    [("true", true), ("false", false)].into_iter().find(|(word, _)| text.eq_ignore_ascii_case(word)).map(|(_, yes)| yes)
}

/// Whether an attribute may have so many values. Members of a group are many, and are never all in one map.
///
/// # Errors
/// Invalid, when it may not.
pub fn bounded(attribute: &Attribute, values: &[Value]) -> Result<()> {
    if values.len() > MOST && attribute.name != "members" {
        return Err(wrong(attribute, &format!("has at most {MOST} values")));
    }
    Ok(())
}

/// At most one value is primary (RFC 7643 §2.4): the first of those that were just written and says so, else the first of
/// all.
pub fn one_primary(values: &mut [Value], written: &[usize]) {
    let is_primary = |value: &Value| value.get("primary") == Some(&Value::Bool(true));
    let just = written.iter().copied().find(|at| is_primary(&values[*at]));
    let Some(chosen) = just.or_else(|| values.iter().position(is_primary)) else { return };
    for (at, value) in values.iter_mut().enumerate() {
        if at != chosen && is_primary(value) {
            value["primary"] = false.into();
        }
    }
}

fn wrong(attribute: &Attribute, what: &str) -> Error {
    Error::invalid_as("invalid_value", format!("The attribute \"{}\" {what}.", attribute.name))
}
