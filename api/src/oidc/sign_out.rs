//! The two directions of a sign-out: a provider demands one of us by a signed token, and we send a browser there to end
//! the provider's own session.

use openidconnect::IssuerUrl;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::demands::{self, Logout, Refused};
use super::signed::Signed;
use super::{Providers, failure, is_name};
use crate::domain::revocation::Token;
use crate::kernel::{Error, Result};

/// No issuer or client of ours has a longer name.
const LONGEST: usize = 2000;

/// Why a demand is not carried out.
#[derive(Debug)]
pub enum Rejection {
    /// The token is not good.
    Refused(Refused),
    /// Nobody can say whether it is: its issuer's keys are not to be had.
    Unknown(Error),
}

impl From<Refused> for Rejection {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// Which provider may demand, and as whose client we are known there.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The issuer.
    pub issuer: &'a IssuerUrl,
    /// Our name there.
    pub client_id: &'a str,
}

/// The issuer and the client id that a revocation token says it is from and about. Nothing of it has been verified: it
/// only says whose keys to try.
///
/// # Errors
/// Malformed.
pub fn stated_origin(token: &str) -> Result<(String, String), Refused> {
    let (issuer, client_id) = demands::stated_origin(&Signed::parse(token)?)?;
    let are_names = is_name(&issuer, LONGEST) && is_name(&client_id, LONGEST);
    if are_names { Ok((issuer, client_id)) } else { Err(Refused::Issuer) }
}

/// The issuer that a logout token says it is from, unverified.
///
/// # Errors
/// Malformed.
pub fn stated_issuer(token: &str) -> Result<String, Refused> {
    demands::stated_issuer(&Signed::parse(token)?)
        .and_then(|issuer| if is_name(&issuer, LONGEST) { Ok(issuer) } else { Err(Refused::Issuer) })
}

impl Providers {
    /// Verifies a token of Okta's Universal Logout that was sent to our endpoint at `audience`.
    ///
    /// # Errors
    /// See [`Rejection`].
    pub async fn revocation_demand(&self, token: &str, from: Origin<'_>, audience: &str) -> Result<Token, Rejection> {
        let signed = Signed::parse(token)?;
        self.verify_signed(&signed, from.issuer).await?;
        Ok(demands::revocation(&signed, from.issuer.as_str(), from.client_id, audience, self.clock.now())?)
    }

    /// Verifies a logout token (OpenID Connect Back-Channel Logout 1.0 §2.6).
    ///
    /// # Errors
    /// See [`Rejection`].
    pub async fn logout_demand(&self, token: &str, from: Origin<'_>, requires_typ: bool) -> Result<Logout, Rejection> {
        let signed = Signed::parse(token)?;
        self.verify_signed(&signed, from.issuer).await?;
        Ok(demands::logout(&signed, from.issuer.as_str(), from.client_id, requires_typ, self.clock.now())?)
    }

    async fn verify_signed(&self, signed: &Signed<'_>, issuer: &IssuerUrl) -> Result<(), Rejection> {
        let checked = tokio::time::timeout(self.limit, async {
            let provider = self.known.find(issuer).await.map_err(Rejection::Unknown)?;
            match signed.verify(&provider.keys) {
                Err(Refused::UnknownKey) => {
                    let renewed = self.known.with_new_keys(issuer).await.map_err(Rejection::Unknown)?;
                    Ok(signed.verify(&renewed.keys)?)
                }
                other => Ok(other?),
            }
        });
        checked.await.unwrap_or_else(|elapsed| Err(Rejection::Unknown(failure::unreachable(elapsed))))
    }

    /// Where to send a browser so that the provider ends its session with the person (OpenID Connect RP-Initiated
    /// Logout 1.0 §2), and back to `return_to` with `state`. `None` where the provider has no such place.
    ///
    /// # Errors
    /// Upstream, when the provider is away.
    pub async fn end_session_url(
        &self,
        at: Origin<'_>,
        id_token_hint: &SecretString,
        return_to: &Url,
        state: &str,
    ) -> Result<Option<Url>> {
        let found = tokio::time::timeout(self.limit, self.known.find(at.issuer)).await;
        let provider = found.map_err(failure::unreachable)??;
        let Some(mut url) = provider.metadata.additional_metadata().end_session_endpoint.clone() else {
            return Ok(None);
        };
        if !self.fetch.may_go(&url) {
            return Err(failure::invalid("its end-session endpoint is not one that we send people to"));
        }
        url.query_pairs_mut()
            .append_pair("id_token_hint", id_token_hint.expose_secret())
            .append_pair("client_id", at.client_id)
            .append_pair("post_logout_redirect_uri", return_to.as_str())
            .append_pair("state", state);
        Ok(Some(url))
    }
}
