//! What happened and who asked, for the org to read. It is a table, not a log level: an act and its record commit
//! together or not at all.

mod store;

use serde_json::{Value, json};

use super::Tx;
use crate::kernel::{Op, Result, UserId};

/// What can be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// An org was made.
    OrgCreated,
    /// An org is called something else.
    OrgRenamed,
    /// A domain was given to an org.
    DomainAdded,
    /// A domain is an org's no more.
    DomainRemoved,
    /// A person was made.
    UserCreated,
    /// The company's directory said something else of a person.
    UserUpdated,
    /// A person may not come in any more.
    UserDeactivated,
    /// A person may come in again.
    UserReactivated,
    /// A person was removed.
    UserRemoved,
    /// The operator erased a person.
    UserErased,
    /// A person may do something else from now on.
    RoleChanged,
    /// Roles and entitlements were given to a person or a group, or taken away.
    EntitlementsSet,
    /// A role or an entitlement that the org can give was made.
    EntitlementDefined,
    /// One is called or described otherwise, or grants something else.
    EntitlementChanged,
    /// One was removed.
    EntitlementRemoved,
    /// A group was made.
    GroupCreated,
    /// A group's name or members changed.
    GroupUpdated,
    /// A group was removed.
    GroupRemoved,
    /// A person came from a personal org into this one.
    UserMoved,
    /// A person signed in.
    SignedIn,
    /// A person of this org gave a wrong password.
    SignInFailed,
    /// A person changed their password.
    PasswordChanged,
    /// The org's people sign in under another policy from now on.
    PolicySet,
    /// Sign-ins were ended, or would have been had there been any.
    Revoked,
    /// A demand to end sign-ins named nobody in this org.
    RevocationMissed,
    /// A demand to end sign-ins was refused.
    RevocationRefused,
    /// A signed demand that had no expiry was accepted for being new.
    TokenWithoutExpiry,
    /// An API key was made.
    KeyMinted,
    /// Another API key took one's place.
    KeyRotated,
    /// An API key was ended.
    KeyRevoked,
    /// The operator erased a key.
    KeyErased,
    /// An API key was used for what it is not good for.
    KeyScopeMissing,
    /// The org's people sign in with an OpenID provider from now on, or with other settings of it.
    SsoSet,
    /// They do so no more.
    SsoRemoved,
    /// A person is known by a provider's name for them from now on.
    IdentityLinked,
    /// A person is not known by a provider's name for them any more.
    IdentityUnlinked,
    /// A person without a company was found to be one of this org's, who got their todos.
    UserMerged,
}

impl Event {
    fn as_str(self) -> &'static str {
        match self {
            Self::OrgCreated => "org.created",
            Self::OrgRenamed => "org.renamed",
            Self::DomainAdded => "org.domain_added",
            Self::DomainRemoved => "org.domain_removed",
            Self::UserCreated => "user.created",
            Self::UserUpdated => "user.updated",
            Self::UserDeactivated => "user.deactivated",
            Self::UserReactivated => "user.reactivated",
            Self::UserRemoved => "user.removed",
            Self::UserErased => "user.erased",
            Self::RoleChanged => "user.role_changed",
            Self::EntitlementsSet => "entitlements.set",
            Self::EntitlementDefined => "entitlement.defined",
            Self::EntitlementChanged => "entitlement.changed",
            Self::EntitlementRemoved => "entitlement.removed",
            Self::GroupCreated => "group.created",
            Self::GroupUpdated => "group.updated",
            Self::GroupRemoved => "group.removed",
            Self::UserMoved => "user.moved",
            Self::SignedIn => "sign_in.succeeded",
            Self::SignInFailed => "sign_in.failed",
            Self::PasswordChanged => "user.password_changed",
            Self::PolicySet => "org.policy_set",
            Self::Revoked => "revocation.succeeded",
            Self::RevocationMissed => "revocation.no_such_subject",
            Self::RevocationRefused => "revocation.refused",
            Self::TokenWithoutExpiry => "revocation.token_without_expiry",
            Self::KeyMinted => "api_key.minted",
            Self::KeyRotated => "api_key.rotated",
            Self::KeyRevoked => "api_key.revoked",
            Self::KeyErased => "api_key.erased",
            Self::KeyScopeMissing => "api_key.scope_missing",
            Self::SsoSet => "sso.set",
            Self::SsoRemoved => "sso.removed",
            Self::IdentityLinked => "identity.linked",
            Self::IdentityUnlinked => "identity.unlinked",
            Self::UserMerged => "user.merged",
        }
    }
}

/// Records one event about `user`, or about the org when that is `None`. `detail` holds no secret and no address.
///
/// # Errors
/// The database's.
pub async fn record(tx: &Tx, op: &Op, event: Event, user: Option<UserId>, detail: Value) -> Result<()> {
    store::insert_event(tx, op, event.as_str(), user, detail, None).await
}

/// Records an event that a caller could repeat without end: at most one row per org, event, `reason` and minute.
///
/// # Errors
/// The database's.
pub async fn record_once_a_minute(tx: &Tx, op: &Op, event: Event, user: Option<UserId>, reason: &str) -> Result<()> {
    record_once(tx, op, event, user, json!({ "reason": reason }), reason).await
}

/// The same with a detail of its own: at most one row per org, event, `what` and minute.
///
/// # Errors
/// The database's.
pub async fn record_once(
    tx: &Tx,
    op: &Op,
    event: Event,
    user: Option<UserId>,
    detail: Value,
    what: &str,
) -> Result<()> {
    let minute = op.now.unix_timestamp().div_euclid(60);
    let whom = user.map(|u| u.to_string()).unwrap_or_default();
    let once = format!("{}:{what}:{whom}:{minute}", event.as_str());
    store::insert_event(tx, op, event.as_str(), user, detail, Some(once)).await
}
