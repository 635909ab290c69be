//! Whether one value of a multi-valued attribute is like a filter: what the brackets in a PATCH's path choose.

use std::cmp::Ordering;

use serde_json::Value;

use super::filter::{Comparison, Filter, Literal, Name};
use super::schema::{Attribute, Kind};
use super::value::{Attributes, boolean};
use crate::domain::users::fold;
use crate::kernel::{Error, Result};

/// Whether `value`, one of `attribute`'s, is like `filter`, whose names are its parts.
///
/// # Errors
/// Invalid, when the filter asks what cannot be asked of it.
pub fn matches(filter: &Filter, attribute: &'static Attribute, value: &Attributes) -> Result<bool> {
    match filter {
        Filter::Or(any) => any.iter().try_fold(false, |is, one| Ok(is | matches(one, attribute, value)?)),
        Filter::And(all) => all.iter().try_fold(true, |is, one| Ok(is & matches(one, attribute, value)?)),
        Filter::Not(filter) => Ok(!matches(filter, attribute, value)?),
        Filter::Present(name) => Ok(value.contains_key(part(attribute, name)?.name)),
        Filter::Compare(name, comparison, literal) => {
            let part = part(attribute, name)?;
            let literal = literal_of(part, *comparison, literal)?;
            Ok(compares(part, value.get(part.name), *comparison, &literal))
        }
        Filter::Values(name, _) => Err(not_servable(name)),
    }
}

/// The value that such a filter describes, when it is nothing but what its parts shall be.
pub fn described(filter: &Filter, attribute: &'static Attribute) -> Option<Attributes> {
    match filter {
        Filter::And(all) => all.iter().try_fold(Attributes::new(), |mut all, one| {
            all.extend(described(one, attribute)?);
            Some(all)
        }),
        Filter::Compare(name, Comparison::Eq, literal) => {
            let part = part(attribute, name).ok()?;
            let value = match literal_of(part, Comparison::Eq, literal).ok()? {
                Literal::Text(text) => text.into(),
                Literal::Bool(yes) => yes.into(),
                Literal::Number(_) | Literal::Null => return None,
            };
            Some(Attributes::from_iter([(part.name.to_owned(), value)]))
        }
        _ => None,
    }
}

fn part(attribute: &'static Attribute, name: &Name) -> Result<&'static Attribute> {
    let found = if name.schema.is_none() && name.sub.is_none() { attribute.part(&name.attribute) } else { None };
    found.ok_or_else(|| not_servable(name))
}

/// What an attribute is compared with, when it can be: order and parts of texts mean nothing to a boolean (RFC 7644
/// §3.4.2.2).
///
/// # Errors
/// Invalid, when it cannot be.
pub fn literal_of(attribute: &Attribute, comparison: Comparison, literal: &Literal) -> Result<Literal> {
    let equality = matches!(comparison, Comparison::Eq | Comparison::Ne);
    let good = match (attribute.kind, literal) {
        (Kind::Complex, _) => None,
        (_, Literal::Null) => equality.then_some(Literal::Null),
        (Kind::Boolean, Literal::Bool(yes)) => equality.then_some(Literal::Bool(*yes)),
        (Kind::Boolean, Literal::Text(text)) => boolean(text).filter(|_| equality).map(Literal::Bool),
        (Kind::Text | Kind::Reference | Kind::Binary | Kind::DateTime, Literal::Text(text)) => {
            Some(Literal::Text(text.clone()))
        }
        _ => None,
    };
    good.ok_or_else(|| {
        let sentence = format!("The attribute \"{}\" cannot be compared so.", attribute.name);
        Error::invalid_as("invalid_filter", sentence)
    })
}

fn compares(attribute: &Attribute, value: Option<&Value>, comparison: Comparison, literal: &Literal) -> bool {
    // A boolean that nobody has set is not so.
    let unset = Value::Bool(false);
    let value = value.or_else(|| (attribute.kind == Kind::Boolean && *literal != Literal::Null).then_some(&unset));
    let Some(value) = value else {
        return matches!((comparison, literal), (Comparison::Eq, Literal::Null))
            || (comparison == Comparison::Ne && *literal != Literal::Null);
    };
    match (value, literal) {
        (Value::Bool(one), Literal::Bool(other)) => (one == other) == (comparison == Comparison::Eq),
        (Value::String(one), Literal::Text(other)) if attribute.case_exact => texts(one, comparison, other),
        (Value::String(one), Literal::Text(other)) => texts(&fold(one), comparison, &fold(other)),
        _ => comparison == Comparison::Ne,
    }
}

fn texts(one: &str, comparison: Comparison, other: &str) -> bool {
    let order = one.cmp(other);
    match comparison {
        Comparison::Eq => order == Ordering::Equal,
        Comparison::Ne => order != Ordering::Equal,
        Comparison::Co => one.contains(other),
        Comparison::Sw => one.starts_with(other),
        Comparison::Ew => one.ends_with(other),
        Comparison::Gt => order == Ordering::Greater,
        Comparison::Ge => order != Ordering::Less,
        Comparison::Lt => order == Ordering::Less,
        Comparison::Le => order != Ordering::Greater,
    }
}

/// What a filter asks about something that is not there, or cannot be asked.
pub fn not_servable(name: &Name) -> Error {
    Error::invalid_as("invalid_filter", format!("A filter cannot ask about \"{name}\" here."))
}
