//! Making keys, replacing them, and ending them.

use secrecy::SecretString;
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::plain::{self, PlainKey};
use super::{Scope, digest, names, store};
use crate::domain::audit::{self, Event};
use crate::domain::{Tx, users};
use crate::entity::api_key::Model as ApiKey;
use crate::kernel::{ApiKeyId, Error, Op, OrgScope, Result, UserId};

/// The longest that a key with an end may last.
pub const LIFETIME_MAX: Duration = Duration::days(730);
/// The shortest.
pub const LIFETIME_MIN: Duration = Duration::MINUTE;
/// The longest that a key may go on beside the one that took its place.
pub const OVERLAP_MAX: Duration = Duration::days(7);
/// The longest name, in characters.
pub const NAME_MAX: usize = 100;

/// A key to be made. Its bounds are checked by [`mint`], for the command line too.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// What people call it: 1 to 100 characters, none of them a control character.
    pub name: String,
    /// What it may be used for: at least one, and none twice.
    pub scopes: Vec<Scope>,
    /// How long it lasts, in whole seconds; for good unless given.
    pub lifetime: Option<Duration>,
}

impl NewKey {
    fn checked(self) -> Result<Self> {
        let name = self.name.trim().to_owned();
        if !(1..=NAME_MAX).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            return Err(Error::invalid(format!(
                "A key's name has 1 to {NAME_MAX} characters, and no control characters."
            )));
        }
        if self.scopes.is_empty() || self.scopes.iter().enumerate().any(|(n, s)| self.scopes[..n].contains(s)) {
            return Err(Error::invalid("A key has at least one scope, and none of them twice."));
        }
        if self.lifetime.is_some_and(|lifetime| !(LIFETIME_MIN..=LIFETIME_MAX).contains(&lifetime)) {
            return Err(Error::invalid("A key lasts for a minute at least and for 730 days at most, or for good."));
        }
        Ok(Self { name, ..self })
    }
}

/// A key that has just been made.
#[derive(Debug)]
pub struct MintedKey {
    /// What is kept of it.
    pub key: KeptKey,
    /// The key itself. This is the only time that it can be read.
    pub text: SecretString,
}

/// What is known of a key, without any secret.
#[derive(Clone, Debug)]
pub struct KeptKey {
    /// The key.
    pub id: ApiKeyId,
    /// What people call it.
    pub name: String,
    /// How it begins, as far as anybody may see it; the workshop's begins with nothing of the kind.
    pub prefix: Option<String>,
    /// How it ends.
    pub last_four: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// How long such a key lasts; one without an end has none.
    pub lifetime: Option<Duration>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// Who made it.
    pub made_by: MadeBy,
    /// When it was last used, give or take a minute.
    pub last_used_at: Option<OffsetDateTime>,
    /// When it ends, or ended, by itself.
    pub expires_at: Option<OffsetDateTime>,
    /// When somebody ended it.
    pub revoked_at: Option<OffsetDateTime>,
    /// The key that took its place.
    pub rotated_to: Option<ApiKeyId>,
}

impl KeptKey {
    fn of(key: ApiKey, people: &[(UserId, String)]) -> Self {
        Self {
            id: key.id,
            name: key.name,
            prefix: (!key.workshop).then(|| plain::visible_start(key.id)),
            last_four: key.last_four,
            scopes: key.scopes.iter().filter_map(|scope| scope.parse().ok()).collect(),
            lifetime: key.lifetime.map(|seconds| Duration::seconds(seconds.into())),
            created_at: key.created_at,
            made_by: MadeBy::of(key.created_by, people),
            last_used_at: key.last_used_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            rotated_to: key.rotated_to,
        }
    }

    /// Whether it counts no more at `now`.
    pub fn is_over(&self, now: OffsetDateTime) -> bool {
        self.revoked_at.is_some() || self.expires_at.is_some_and(|at| at <= now)
    }

    /// Whether `text` names it: its id or how that begins, how the key begins, how it ends, both as a list shows them, or
    /// the whole key.
    fn is_named(&self, text: &str) -> bool {
        let start = plain::start(self.id);
        if let Some((before, after)) = text.split_once('…') {
            return start.starts_with(before) && self.last_four == after;
        }
        let is_whole = PlainKey::id_of(text) == Some(self.id);
        let begins = self.prefix.is_some() && text.len() > plain::PREFIX.len() && start.starts_with(text);
        is_whole || begins || self.last_four == text || self.id.to_string().starts_with(&text.to_ascii_lowercase())
    }
}

/// Who made a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeBy {
    /// The person, if it was one.
    pub user: Option<UserId>,
    /// What they are called, unless they are not here any more; or the job's name.
    pub name: Option<String>,
}

impl MadeBy {
    fn of(created_by: String, people: &[(UserId, String)]) -> Self {
        match created_by.parse::<UserId>() {
            Ok(user) => {
                let name = people.iter().find(|(id, _)| *id == user).map(|(_, name)| name.clone());
                Self { user: Some(user), name }
            }
            Err(_) => Self { user: None, name: Some(created_by) },
        }
    }
}

/// Makes a key in `op.scope`.
///
/// # Errors
/// Invalid, when a bound of [`NewKey`] is not kept; the database's.
pub async fn mint(tx: &Tx, op: &Op, new: NewKey) -> Result<MintedKey> {
    let NewKey { name, scopes, lifetime } = new.checked()?;
    let id = ApiKeyId::new(op.now, &op.chance);
    let plain = PlainKey::new(id, &op.chance);
    let key = ApiKey {
        lifetime: lifetime.map(|lifetime| i32::try_from(lifetime.whole_seconds()).unwrap_or(i32::MAX)),
        expires_at: lifetime.map(|lifetime| op.now + lifetime),
        ..row(op, id, name, &scopes, plain.expose(), plain.last_four())
    };
    let detail = json!({ "key": id, "scopes": key.scopes, "lifetime": key.lifetime });
    let key = store::insert_key(tx, key).await?;
    audit::record(tx, op, Event::KeyMinted, None, detail).await?;
    Ok(MintedKey { key: described(tx, op.scope, key).await?, text: plain.into_secret() })
}

/// Makes the published article's key, `text`, in `op.scope`, unless it is there. Everybody knows it, so the API honours
/// it on loopback only.
///
/// # Errors
/// The database's.
pub async fn ensure_workshop_key(tx: &Tx, op: &Op, text: &str, scopes: &[Scope]) -> Result<()> {
    if store::lookup_workshop_key(tx, &digest(text)).await?.is_some() {
        return Ok(());
    }
    let id = ApiKeyId::new(op.now, &op.chance);
    let last_four = &text[text.len().saturating_sub(4)..];
    let key = row(op, id, "the workshop's key".to_owned(), scopes, text, last_four);
    store::insert_key(tx, ApiKey { workshop: true, ..key }).await?;
    audit::record(tx, op, Event::KeyMinted, None, json!({ "key": id, "scopes": names(scopes), "workshop": true })).await
}

fn row(op: &Op, id: ApiKeyId, name: String, scopes: &[Scope], text: &str, last_four: &str) -> ApiKey {
    ApiKey {
        id,
        org_id: op.scope.org(),
        name,
        scopes: names(scopes),
        secret_digest: digest(text).to_vec(),
        last_four: last_four.to_owned(),
        workshop: false,
        created_at: op.now,
        created_by: op.actor.id(),
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
        lifetime: None,
        rotated_to: None,
    }
}

/// The org's keys, also those that are over, the newest first.
///
/// # Errors
/// The database's.
pub async fn list(tx: &Tx, scope: OrgScope) -> Result<Vec<KeptKey>> {
    let keys = store::list_keys(tx, scope).await?;
    let makers = keys.iter().filter_map(|key| key.created_by.parse().ok()).collect();
    let people = users::list_names(tx, scope, makers).await?;
    Ok(keys.into_iter().map(|key| KeptKey::of(key, &people)).collect())
}

/// The one key of the org that an operator means by `text`: its id or how that begins, how the key begins, how it ends,
/// both as a list shows them, or the whole key.
///
/// # Errors
/// Not found; a conflict when there are several; the database's.
pub async fn find_by_text(tx: &Tx, scope: OrgScope, text: &str) -> Result<KeptKey> {
    let mut named = list(tx, scope).await?;
    named.retain(|key| !text.is_empty() && key.is_named(text));
    match (named.pop(), named.len()) {
        (Some(key), 0) => Ok(key),
        (None, _) => Err(Error::not_found("key of this company")),
        (Some(_), more) => Err(Error::conflict(
            "several_keys",
            format!("{} keys of this company begin or end so. Give more of the one you mean.", more + 1),
        )),
    }
}

/// Has a key alone until the transaction ends: it waits for what is being written by it, and who would write later waits
/// behind it. To be called before any row is locked: whoever writes by the key has it before anything else.
///
/// # Errors
/// The database's.
pub async fn hold(tx: &Tx, scope: OrgScope, id: ApiKeyId) -> Result<()> {
    store::hold(tx, scope, id).await
}

async fn find_held(tx: &Tx, scope: OrgScope, id: ApiKeyId) -> Result<ApiKey> {
    hold(tx, scope, id).await?;
    store::find_key(tx, scope, id).await?.ok_or_else(|| Error::not_found("key"))
}

/// Makes a key that takes another one's place: with its name and scopes, and as long a life again. The old one ends after
/// `overlap`, unless it ends before that by itself; without one it ends at once.
///
/// # Errors
/// Invalid, when `overlap` is out of bounds; not found; a conflict when the old one has ended or been replaced; the
/// database's.
pub async fn rotate(tx: &Tx, op: &Op, id: ApiKeyId, overlap: Duration) -> Result<(KeptKey, MintedKey)> {
    if !(Duration::ZERO..=OVERLAP_MAX).contains(&overlap) {
        return Err(Error::invalid("The old key may go on for 0 to 604800 seconds, which are seven days."));
    }
    let old = find_held(tx, op.scope, id).await?;
    let lifetime = old.lifetime.map(|seconds| Duration::seconds(seconds.into()));
    let old = described(tx, op.scope, old).await?;
    if old.rotated_to.is_some() {
        let sentence = "Another key has taken this one's place already. Replace that one.";
        return Err(Error::conflict("key_replaced", sentence));
    }
    if old.is_over(op.now) {
        return Err(Error::conflict("key_over", "This key has ended, so none can take its place. Make a new one."));
    }
    let new = NewKey { name: old.name.clone(), scopes: old.scopes.clone(), lifetime };
    let minted = mint(tx, op, new).await?;
    let ends = op.now + overlap;
    let expires_at = Some(old.expires_at.map_or(ends, |at| at.min(ends)));
    // By a mark and not by a moment: clocks differ.
    let revoked_at = overlap.is_zero().then_some(op.now);
    store::update_rotated(tx, op.scope, id, minted.key.id, expires_at, revoked_at).await?;
    let detail = json!({ "key": id, "to": minted.key.id, "overlap": overlap.whole_seconds() });
    audit::record(tx, op, Event::KeyRotated, None, detail).await?;
    Ok((KeptKey { expires_at, revoked_at, rotated_to: Some(minted.key.id), ..old }, minted))
}

/// Ends a key at once, and says when it was ended, which may have been before. It waits for what is being written by it.
///
/// # Errors
/// Not found; the database's.
pub async fn revoke(tx: &Tx, op: &Op, id: ApiKeyId) -> Result<OffsetDateTime> {
    if let Some(before) = find_held(tx, op.scope, id).await?.revoked_at {
        return Ok(before);
    }
    store::update_revoked(tx, op, id).await?;
    audit::record(tx, op, Event::KeyRevoked, None, json!({ "key": id })).await?;
    Ok(op.now)
}

async fn described(tx: &Tx, scope: OrgScope, key: ApiKey) -> Result<KeptKey> {
    let maker = key.created_by.parse().ok();
    let people = users::list_names(tx, scope, maker.into_iter().collect()).await?;
    Ok(KeptKey::of(key, &people))
}

/// Ends and erases every key that is called `name`, as if it had never been; the audit log goes on naming its id. Gives
/// how many there were.
///
/// # Errors
/// The database's.
pub async fn erase_named(tx: &Tx, op: &Op, name: &str) -> Result<usize> {
    let mut ids: Vec<_> = list(tx, op.scope).await?.into_iter().filter(|k| k.name == name).map(|k| k.id).collect();
    // Several are held in one order.
    ids.sort();
    for id in &ids {
        revoke(tx, op, *id).await?;
    }
    store::delete_keys(tx, op.scope, &ids).await?;
    for id in &ids {
        audit::record(tx, op, Event::KeyErased, None, json!({ "key": id })).await?;
    }
    Ok(ids.len())
}
