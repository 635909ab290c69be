//! What a provider says about itself (OpenID Connect Discovery 1.0), and its keys, kept for a while.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode,
    CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::{
    AdditionalProviderMetadata, DiscoveryError, IssuerUrl, JsonWebKeySet, ProviderMetadata as Metadata_,
};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;
use url::Url;

use super::failure;
use super::fetch::{Fetch, FetchError};
use crate::kernel::{Clock, Error, Result};

/// How long a discovery document and its keys are believed.
const FRESH: Duration = Duration::hours(1);
/// How long it is believed when the provider cannot be asked again.
const STALE: Duration = Duration::hours(24);
/// How many keys of one provider are tried at most.
const KEYS: usize = 20;
/// A key we do not know makes us look for new ones, but not more often than this: anybody can make up a key's name.
const KEYS_AT_MOST_EVERY: Duration = Duration::minutes(1);
/// Whoever comes this soon after a failure is told the same, and does not wait for it again.
const FAILED: Duration = Duration::seconds(5);

/// What we read of a discovery document beside the crate's own members.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct More {
    /// RFC 9207 §3.
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
    /// OpenID Connect RP-Initiated Logout 1.0 §2.1.
    pub(super) end_session_endpoint: Option<Url>,
}

impl AdditionalProviderMetadata for More {}

pub(super) type Metadata = Metadata_<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// One provider, as it was a short while ago.
#[derive(Clone, Debug)]
pub(super) struct Provider {
    pub(super) metadata: Metadata,
    pub(super) keys: CoreJsonWebKeySet,
    read_at: OffsetDateTime,
    keys_read_at: OffsetDateTime,
}

/// Every provider that somebody has asked for. The issuers are those of connections, so there are not many.
#[derive(Clone, Debug)]
pub(super) struct Known {
    fetch: Fetch,
    clock: Clock,
    limit: std::time::Duration,
    slots: Arc<std::sync::Mutex<HashMap<IssuerUrl, Arc<Mutex<Slot>>>>>,
}

/// Held while the provider is asked, so that many who come at once ask once.
#[derive(Debug, Default)]
struct Slot {
    provider: Option<Arc<Provider>>,
    failed_at: Option<OffsetDateTime>,
    keys_failed_at: Option<OffsetDateTime>,
}

impl Known {
    /// `limit` is for all that is to be read of one provider.
    pub(super) fn new(fetch: Fetch, clock: Clock, limit: std::time::Duration) -> Self {
        Self { fetch, clock, limit, slots: Arc::default() }
    }

    /// The provider that calls itself `issuer`. One that cannot be asked again is believed as it was for a day: what it
    /// demands of us should not fail for that.
    pub(super) async fn find(&self, issuer: &IssuerUrl) -> Result<Arc<Provider>> {
        let slot = self.slot(issuer);
        let mut slot = slot.lock().await;
        let now = self.clock.now();
        let age = slot.provider.as_ref().map(|known| now - known.read_at);
        if let Some(provider) = slot.provider.clone().filter(|_| age.is_some_and(|age| age < FRESH)) {
            return Ok(provider);
        }
        let stale = slot.provider.clone().filter(|_| age.is_some_and(|age| age < STALE));
        if slot.failed_at.is_some_and(|at| now - at < FAILED) {
            return stale.ok_or_else(|| failure::unreachable("it failed a moment ago"));
        }
        // Before it is asked, and taken back when it answers: whoever asks may leave in the middle.
        slot.failed_at = Some(now);
        let discovered = tokio::time::timeout(self.limit, self.discover(issuer, now)).await;
        match discovered.unwrap_or_else(|elapsed| Err(failure::unreachable(elapsed))) {
            Ok(provider) => {
                let provider = Arc::new(provider);
                *slot = Slot { provider: Some(Arc::clone(&provider)), ..Slot::default() };
                Ok(provider)
            }
            Err(error) => {
                slot.failed_at = Some(self.clock.now());
                stale.ok_or(error)
            }
        }
    }

    /// The same with the newest keys, unless they have been asked for a moment ago (OpenID Connect Core 1.0 §10.1.1).
    /// Nobody else waits for them: anybody can make up a key's name.
    pub(super) async fn with_new_keys(&self, issuer: &IssuerUrl) -> Result<Arc<Provider>> {
        let known = self.find(issuer).await?;
        let slot = self.slot(issuer);
        {
            let mut slot = slot.lock().await;
            let now = self.clock.now();
            let known = slot.provider.clone().unwrap_or_else(|| Arc::clone(&known));
            if now - known.keys_read_at < KEYS_AT_MOST_EVERY {
                return Ok(known);
            }
            if slot.keys_failed_at.is_some_and(|at| now - at < FAILED) {
                return Err(failure::unreachable("its keys are being asked for, or could not be had a moment ago"));
            }
            slot.keys_failed_at = Some(now);
        }
        let keys = JsonWebKeySet::fetch_async(known.metadata.jwks_uri(), &self.fetch).await.map_err(told)?;
        let keys_read_at = self.clock.now();
        let provider = Arc::new(Provider { keys: bounded(&keys), keys_read_at, ..Provider::clone(&known) });
        let mut slot = slot.lock().await;
        *slot = Slot { provider: Some(Arc::clone(&provider)), ..Slot::default() };
        Ok(provider)
    }

    async fn discover(&self, issuer: &IssuerUrl, now: OffsetDateTime) -> Result<Provider> {
        // The crate compares the document's issuer with the one we asked, letter by letter (Discovery 1.0 §4.3).
        let metadata = Metadata::discover_async(issuer.clone(), &self.fetch).await.map_err(told)?;
        if !self.fetch.may_go(metadata.authorization_endpoint().url()) {
            return Err(failure::invalid("its authorization endpoint is not one that we send people to"));
        }
        let keys = bounded(metadata.jwks());
        Ok(Provider { metadata, keys, read_at: now, keys_read_at: now })
    }

    fn slot(&self, issuer: &IssuerUrl) -> Arc<Mutex<Slot>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(issuer.clone()).or_default())
    }
}

/// A provider has a few keys, two of them while it changes them. Trying hundreds would be work for nothing.
fn bounded(keys: &CoreJsonWebKeySet) -> CoreJsonWebKeySet {
    JsonWebKeySet::new(keys.keys().iter().take(KEYS).cloned().collect())
}

fn told(error: DiscoveryError<FetchError>) -> Error {
    match error {
        DiscoveryError::Request(error) => failure::of_fetch(error),
        DiscoveryError::Response(status, _, what) => failure::answered(status.as_u16(), what),
        // The sentence names both issuers: a slash at the end is the usual difference.
        other => failure::invalid(other),
    }
}

/// An issuer identifier: a URL without query and fragment (OpenID Connect Discovery 1.0 §3).
///
/// # Errors
/// Invalid, when it is none.
pub fn parse_issuer(text: &str) -> Result<IssuerUrl> {
    let refused =
        || Error::invalid(format!("\"{text}\" is no issuer: it must be a URL such as https://example.okta.com."));
    let url = Url::parse(text).map_err(|_| refused())?;
    let is_issuer = ["http", "https"].contains(&url.scheme()) && url.query().is_none() && url.fragment().is_none();
    if !is_issuer || !url.username().is_empty() || text.len() > 2000 {
        return Err(refused());
    }
    IssuerUrl::new(text.to_owned()).map_err(|_| refused())
}
