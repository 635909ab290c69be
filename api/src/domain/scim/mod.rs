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
use crate::kernel::{Error, OrgScope, Result};

pub use catalog::find_entitlement;
pub use filter::{Filter, Name};
pub use groups::{create_group, find_group, patch_group, remove_group, replace_group};
pub use patch::{Operation, Verb, member, operations};
pub use search::{Found, PART_MAX, Query, Wanted, search};
pub use users::{create_user, find_user, patch_user, remove_user, replace_user};
pub use value::Attributes;

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
    /// Another text whenever it is another resource: what its entity tag is made of.
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

/// Which resource of a type an id means: what is no id of ours means none.
fn id<T: From<Uuid>>(text: &str, thing: &str) -> Result<T> {
    text.parse::<Uuid>().map(T::from).map_err(|_| Error::not_found(thing))
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
