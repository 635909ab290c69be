//! The company's directory runs the user list: SCIM 2.0 (RFC 7643, RFC 7644) without a word about HTTP.
//!
//! A resource is a map of attributes under the names of RFC 7643. A write reads the person or group as it is, makes of
//! that what the request says, and has the rooms whose it is make it so: `users` what they are called, `roles` what they
//! may do, `lifecycle` whether they may come in, which signs them out. The rules this room guards: all of a request holds
//! or none of it; and what a filter cannot be asked is refused, never left out.
//!
//! Every write has the org alone, so of two at once the second sees what the first did.

mod catalog;
mod filter;
mod groups;
mod matching;
mod patch;
mod person;
pub mod schema;
mod search;
mod store;
mod users;
mod value;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Tx;
use super::orgs::{self, Hold};
use crate::entity::org::OrgKind;
use crate::kernel::{Error, Op, OrgScope, Result};

pub use catalog::find_entitlement;
pub use filter::{Filter, Name};
pub use groups::{create_group, find_group, patch_group, remove_group, replace_group};
pub use patch::{Operation, Verb, member, operations};
pub use search::{Found, PART_MAX, Query, Wanted, search};
pub use users::{create_user, find_user, patch_user, remove_user, replace_user};
pub use value::Attributes;

/// The longest external id, in characters.
const EXTERNAL_ID: usize = 255;

/// A resource as it is stored.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its id.
    pub id: Uuid,
    /// What it has, but for what HTTP adds: its schemas, its id, its address.
    pub attributes: Attributes,
    /// Since when it is there.
    pub created_at: OffsetDateTime,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
    /// What its entity tag is made of: another text whenever it is another resource, but that a group's does not follow
    /// its members' names.
    pub version: String,
}

/// Which version of a resource a write is meant for (RFC 7644 §3.14).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Expected {
    /// Whichever there is.
    #[default]
    Any,
    /// One of these.
    Versions(Vec<String>),
}

impl Expected {
    fn check(&self, record: &Record) -> Result<()> {
        match self {
            Self::Versions(versions) if !versions.contains(&record.version) => Err(Error::another_version()),
            _ => Ok(()),
        }
    }
}

/// Has the company alone until the transaction ends, so that writes take turns.
async fn hold_company(tx: &Tx, op: &Op) -> Result<()> {
    match orgs::hold(tx, op.scope, Hold::Alone).await? {
        Some(org) if org.kind == OrgKind::Company => Ok(()),
        _ => Err(Error::forbidden("no_company", "Only a company has a directory.")),
    }
}

/// Which resource of a type an id means: what is no id of ours means none.
fn id<T: From<Uuid>>(text: &str, thing: &str) -> Result<T> {
    uuid(text).map(T::from).ok_or_else(|| Error::not_found(thing))
}

/// An id as we write it; UUIDs have other spellings, which are none of ours.
fn uuid(text: &str) -> Option<Uuid> {
    text.parse().ok().filter(|id: &Uuid| id.to_string().eq_ignore_ascii_case(text))
}

/// The directory's own id of a resource.
fn external_id(attributes: &Attributes) -> Result<Option<String>> {
    let id = attributes.get("externalId").and_then(Value::as_str).filter(|id| !id.is_empty());
    if id.is_some_and(|id| id.chars().count() > EXTERNAL_ID) {
        let sentence = format!("An externalId has at most {EXTERNAL_ID} characters.");
        return Err(Error::invalid_as("invalid_value", sentence));
    }
    Ok(id.map(str::to_owned))
}

fn digest(attributes: &Attributes) -> String {
    let text = Value::Object(attributes.clone()).to_string();
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    URL_SAFE_NO_PAD.encode(&digest[..12])
}

/// Puts into groups who is in them.
async fn add_members(tx: &Tx, scope: OrgScope, records: &mut [(&'static schema::ResourceType, Record)]) -> Result<()> {
    let groups: Vec<_> = records.iter().filter(|(kind, _)| kind.name == "Group").map(|(_, group)| group.id).collect();
    if groups.is_empty() {
        return Ok(());
    }
    let mut members: std::collections::HashMap<_, _> =
        store::list_members(tx, scope, &groups).await?.into_iter().collect();
    for (_, group) in records.iter_mut().filter(|(kind, _)| kind.name == "Group") {
        let members = members.remove(&group.id).unwrap_or_else(store::nobody);
        group.attributes.insert("members".to_owned(), members);
    }
    Ok(())
}
