//! Keys that belong to an org. A key opens what its scopes name, never acts as a person, and is shown once.
//!
//! What a key is good for is asked at every request, and once more in the transaction that writes, which holds the key:
//! whoever ends it waits for what is being written by it. A key is held before any row is locked.

mod keep;
mod plain;
mod store;

use std::fmt;
use std::str::FromStr;

use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use super::Tx;
use super::audit::{self, Event};
use crate::kernel::{ApiKeyId, Error, Op, OrgId, OrgScope, Result};

pub use keep::{
    KeptKey, LIFETIME_MAX, LIFETIME_MIN, MadeBy, MintedKey, NAME_MAX, NewKey, OVERLAP_MAX, ensure_workshop_key,
    erase_named, find_by_text, hold, list, mint, revoke, rotate,
};
pub use plain::PlainKey;

/// Use of a key is written down at most this often.
const TOUCHED_EVERY: Duration = Duration::MINUTE;

/// What a key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = KeyScope)]
pub enum Scope {
    /// Ending people's sign-ins, and nothing else.
    #[serde(rename = "revoke")]
    Revoke,
    /// The directory.
    #[serde(rename = "scim")]
    Scim,
    /// Reading the org's todos.
    #[serde(rename = "todos:read")]
    TodosRead,
    /// Writing the org's todos.
    #[serde(rename = "todos:write")]
    TodosWrite,
    /// Reading the org's people.
    #[serde(rename = "users:read")]
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
    last_used_at: Option<OffsetDateTime>,
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
    last_used_at: Option<OffsetDateTime>,
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
    let StoredKey { id, org, scopes, last_used_at, .. } = matching.ok_or_else(Error::key_refused)?;
    Ok(ProvenKey { id, scope: OrgScope::proven(org), scopes, last_used_at })
}

/// Notes that a key was used, at most once a minute. It waits for nobody who writes by the key.
///
/// # Errors
/// The database's.
pub async fn touch(db: &impl ConnectionTrait, key: &ProvenKey, now: OffsetDateTime) -> Result<()> {
    if key.last_used_at.is_some_and(|at| now - at < TOUCHED_EVERY) {
        return Ok(());
    }
    store::touch(db, key.scope, key.id, now).await
}

/// Makes `tx` see the rows of a key's org, on behalf of the key, which must still count. It goes on counting until the
/// transaction ends: whoever ends it waits, and so nothing is written by a key that has been reported ended.
///
/// # Errors
/// Refused; the database's.
pub async fn enter(tx: &Tx, scope: OrgScope, id: ApiKeyId, now: OffsetDateTime) -> Result<()> {
    let counts = store::enter(tx, scope, id, now).await?;
    if counts { Ok(()) } else { Err(Error::key_refused()) }
}

/// Records that the key `op.actor` was used for something that it is not good for, at most once a minute for each scope.
///
/// # Errors
/// The database's.
pub async fn record_missing_scope(tx: &Tx, op: &Op, wanted: Scope) -> Result<()> {
    let what = format!("{wanted}:{}", op.actor.id());
    audit::record_once(tx, op, Event::KeyScopeMissing, None, json!({ "scope": wanted }), &what).await
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn names(scopes: &[Scope]) -> Vec<String> {
    scopes.iter().map(ToString::to_string).collect()
}
