//! Companies that sign their people in with OpenID providers of their own: which provider, the sign-ins on their way
//! there and back, and who somebody is whom a provider vouches for.
//!
//! No network is here: `oidc` talks to providers, and hands over [`Claims`] that it has checked. The rules this room
//! guards: only issuer and subject name a person; an e-mail address links only within the org's verified domains; and
//! after a forced sign-out a provider's own living session lets nobody back in.

mod attempt;
mod connection;
mod recognise;
mod refusal;
mod store;

use secrecy::SecretString;
use time::OffsetDateTime;

pub use attempt::{Attempt, Leaving, attempt_connection, begin_attempt, sweep, take_attempt};
pub use connection::{
    ConnectionSettings, credential, credential_place, find_by_client, find_company, find_connection, list_connections,
    remove_connection, reseal_credential, serves, set_connection, sign_out_replaced,
};
pub use recognise::{Recognised, link, recognise, record_failure, unlink};
pub use refusal::{expired, somebody_else};

pub use crate::entity::sso_connection::{ClientAuthMethod, Model as Connection};

/// What a provider says about the person who came back, signature and all else checked.
#[derive(Clone)]
pub struct Claims {
    /// Who says so.
    pub issuer: String,
    /// Its name for the person.
    pub subject: String,
    /// Its session with them.
    pub sid: Option<String>,
    /// When they last proved who they are, by the provider's clock.
    pub auth_time: Option<OffsetDateTime>,
    /// When it said so, by the same.
    pub issued_at: OffsetDateTime,
    /// Their address there.
    pub email: Option<String>,
    /// Whether it knows that they read that address's mail.
    pub email_verified: Option<bool>,
    /// What they are called.
    pub name: Option<String>,
    /// Google's claim for the Workspace organisation of an account.
    pub hosted_domain: Option<String>,
    /// The ID token that says so.
    pub id_token: SecretString,
}

/// Addresses and names stay out of logs.
impl std::fmt::Debug for Claims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Claims").field("issuer", &self.issuer).field("subject", &self.subject).finish_non_exhaustive()
    }
}
