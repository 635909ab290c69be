//! A sign-in between our redirect to a provider and the browser's return.

use sea_orm::ConnectionTrait;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

use super::{Connection, refusal, store};
use crate::domain::Tx;
use crate::kernel::{Op, OrgScope, Result};

pub use crate::entity::login_attempt::Model as Attempt;

/// How long a person may take at their provider.
pub(super) const LIVES: Duration = Duration::minutes(10);

/// What a browser leaves with, and must come back with.
#[derive(Debug)]
pub struct Leaving {
    /// The `state` parameter.
    pub state: SecretString,
    /// The cookie that stays behind in the browser.
    pub browser: SecretString,
    /// Expected in the ID token.
    pub nonce: String,
    /// Wanted at the token endpoint.
    pub pkce_verifier: String,
    /// A path of ours to go to afterwards.
    pub return_to: String,
    /// Passed on to the provider.
    pub login_hint: Option<String>,
    /// Whether the provider is told to ask the person again.
    pub prompted: bool,
    /// How recently, in seconds, they must have proved who they are, if that matters.
    pub max_age: Option<i32>,
    /// Whether it began at a page of ours.
    pub from_own_page: bool,
}

/// Remembers a browser that leaves for the provider. The number it draws stands before that of every later revocation.
///
/// # Errors
/// The database's.
pub async fn begin_attempt(tx: &Tx, op: &Op, connection: &Connection, leaving: Leaving) -> Result<()> {
    let seq = store::next_seq(tx).await?;
    let Leaving { state, browser, nonce, pkce_verifier, return_to, login_hint, prompted, max_age, from_own_page } =
        leaving;
    let attempt = Attempt {
        state_digest: digest(&state),
        org_id: op.scope.org(),
        connection_id: connection.id,
        browser_digest: digest(&browser),
        issuer: connection.issuer.clone(),
        client_id: connection.client_id.clone(),
        nonce,
        pkce_verifier,
        return_to,
        login_hint,
        prompted,
        max_age,
        from_own_page,
        seq,
        created_at: op.now,
        expires_at: op.now + LIVES,
    };
    store::insert_attempt(tx, attempt).await
}

/// The attempt that this `state` and this browser's cookie belong to, which is spent by this. `None` when there is none,
/// in this org: all the ways in which that can be are one to whoever asks.
///
/// # Errors
/// The database's.
pub async fn take_attempt(tx: &Tx, op: &Op, state: &SecretString, browser: &SecretString) -> Result<Option<Attempt>> {
    store::delete_attempt(tx, op, digest(state), digest(browser)).await
}

/// The connection that the browser left by, provided that it is still the same provider's.
///
/// # Errors
/// Invalid, when it has changed since or is gone; the database's.
pub async fn attempt_connection(tx: &Tx, scope: OrgScope, attempt: &Attempt) -> Result<Connection> {
    let same = |c: &Connection| {
        c.id == attempt.connection_id && c.issuer == attempt.issuer && c.client_id == attempt.client_id
    };
    let connections = store::list_connections(tx, scope).await?;
    connections.into_iter().find(same).ok_or_else(refusal::expired)
}

/// Removes attempts that nobody can finish any more, a bounded number at a time; the answer is how many went.
///
/// # Errors
/// The database's.
pub async fn sweep(db: &impl ConnectionTrait, now: OffsetDateTime) -> Result<u64> {
    store::sweep_attempts(db, now).await
}

/// 256 random bits need no slow hash.
fn digest(secret: &SecretString) -> Vec<u8> {
    Sha256::digest(secret.expose_secret().as_bytes()).to_vec()
}
