//! Keys that belong to an org. A key opens what its scopes name, never acts as a person, and is shown once.

mod plain;
mod store;

use std::fmt;
use std::str::FromStr;

use sea_orm::ConnectionTrait;
use secrecy::SecretString;
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use time::OffsetDateTime;

use super::Tx;
use super::audit::{self, Event};
use crate::kernel::{ApiKeyId, Error, Op, OrgId, OrgScope, Result};

pub use plain::PlainKey;

/// What a key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Ending people's sign-ins, and nothing else.
    Revoke,
    /// The directory.
    Scim,
    /// Reading the org's todos.
    TodosRead,
    /// Writing the org's todos.
    TodosWrite,
    /// Reading the org's people.
    UsersRead,
}

impl Scope {
    /// Every scope there is.
    pub const ALL: [Self; 5] = [Self::Revoke, Self::Scim, Self::TodosRead, Self::TodosWrite, Self::UsersRead];

    /// Its name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revoke => "revoke",
            Self::Scim => "scim",
            Self::TodosRead => "todos:read",
            Self::TodosWrite => "todos:write",
            Self::UsersRead => "users:read",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or_else(|| {
            let all = Self::ALL.map(Self::as_str).join(", ");
            format!("\"{text}\" is no scope; there are {all}")
        })
    }
}

/// A key whose holder has shown its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenKey {
    /// The key.
    pub id: ApiKeyId,
    /// The org it belongs to.
    pub scope: OrgScope,
    scopes: Vec<String>,
}

impl ProvenKey {
    /// Whether the key is good for `scope`.
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|s| s == scope.as_str())
    }
}

/// What is stored of a key, found before its org is known.
struct StoredKey {
    id: ApiKeyId,
    org: OrgId,
    scopes: Vec<String>,
    secret_digest: Vec<u8>,
    expires_at: Option<OffsetDateTime>,
    revoked_at: Option<OffsetDateTime>,
}

/// Makes a key in `op.scope`. The answer is the only time it can be read.
///
/// # Errors
/// The database's.
pub async fn mint(tx: &Tx, op: &Op, name: &str, scopes: &[Scope]) -> Result<SecretString> {
    let id = ApiKeyId::new(op.now, &op.chance);
    let plain = PlainKey::new(id, &op.chance);
    store::insert_key(tx, op, id, name, scopes, &digest(plain.expose()), plain.last_four(), false).await?;
    audit::record(tx, op, Event::KeyMinted, None, json!({ "key": id, "scopes": names(scopes) })).await?;
    Ok(plain.into_secret())
}

/// Makes the published article's key, `text`, in `op.scope`, unless it is there. Everybody knows it, so the API honours
/// it on loopback only.
///
/// # Errors
/// The database's.
pub async fn ensure_workshop_key(tx: &Tx, op: &Op, text: &str, scopes: &[Scope]) -> Result<()> {
    let digest = digest(text);
    if store::lookup_workshop_key(tx, &digest).await?.is_some() {
        return Ok(());
    }
    let id = ApiKeyId::new(op.now, &op.chance);
    let last_four = &text[text.len().saturating_sub(4)..];
    store::insert_key(tx, op, id, "the workshop's key", scopes, &digest, last_four, true).await?;
    audit::record(tx, op, Event::KeyMinted, None, json!({ "key": id, "scopes": names(scopes), "workshop": true })).await
}

/// Whose key this is. `workshop_allowed` says whether the published article's key counts.
///
/// # Errors
/// Refused, the same for every reason; the database's.
pub async fn prove(
    db: &impl ConnectionTrait,
    text: &str,
    workshop_allowed: bool,
    now: OffsetDateTime,
) -> Result<ProvenKey> {
    let stored = match PlainKey::id_of(text) {
        Some(id) => store::lookup_key(db, id).await?,
        None if workshop_allowed => store::lookup_workshop_key(db, &digest(text)).await?,
        None => None,
    };
    let live = stored.filter(|key| key.revoked_at.is_none() && key.expires_at.is_none_or(|at| at > now));
    let matching = live.filter(|key| key.secret_digest.ct_eq(&digest(text)).into());
    let StoredKey { id, org, scopes, .. } = matching.ok_or_else(Error::key_refused)?;
    Ok(ProvenKey { id, scope: OrgScope::proven(org), scopes })
}

/// Notes that a key was used, at most once a minute.
///
/// # Errors
/// The database's.
pub async fn touch(tx: &Tx, op: &Op, id: ApiKeyId) -> Result<()> {
    store::update_last_used(tx, op, id).await
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn names(scopes: &[Scope]) -> Vec<String> {
    scopes.iter().map(ToString::to_string).collect()
}
