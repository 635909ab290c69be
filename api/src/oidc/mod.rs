//! Companies' OpenID providers, as their relying party: where to send a browser, and what its return means. All of the
//! network is here, and none of the rules about who somebody is to us: those are `domain::sso`'s.
//!
//! The rule it guards: an administrator names the issuer and nothing else. Every other address comes from the issuer's
//! own discovery document, so that no connection can mix two providers up (RFC 9700 §4.4).

mod client_auth;
mod demands;
mod failure;
mod fetch;
mod id_token;
mod provider;
mod sign_out;
mod signed;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::time::Duration;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod, CoreErrorResponseType,
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreRevocableToken,
    CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AccessToken, AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields, IssuerUrl, LocalizedClaim, LoginHint, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    StandardErrorResponse, StandardTokenResponse, SubjectIdentifier, TokenResponse, UserInfoClaims,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::task::JoinSet;
use url::Url;

use crate::config::{Limits, ProviderReach};
use crate::domain::sso::{self, Claims};
use crate::kernel::{Chance, Clock, Error, Result};

pub use client_auth::{ClientAuth, new_private_key, public_jwk};
pub use demands::{Logout, Refused as DemandRefused};
pub use provider::parse_issuer;
pub use sign_out::{Origin, Rejection, stated_issuer, stated_origin};

use fetch::{Fetch, FetchError};
use id_token::{Expected, Refused, Verified};
use provider::{Known, Provider};

/// OpenID Connect Core 1.0 §2: at most 255 ASCII characters.
const SUBJECT: usize = 255;
const YEAR: Duration = Duration::from_hours(365 * 24);
/// No standard bounds it; real ones have up to 344 characters.
const SID: usize = 1024;

type Fields = IdTokenFields<
    id_token::More,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Tokens = StandardTokenResponse<Fields, CoreTokenType>;
type TokenError = RequestTokenError<FetchError, StandardErrorResponse<CoreErrorResponseType>>;
type Client = openidconnect::Client<
    id_token::More,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Who we are to one provider.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The provider.
    pub issuer: IssuerUrl,
    /// Our name there.
    pub client_id: String,
    /// Our proof.
    pub auth: ClientAuth,
    /// Where it sends browsers back to, as registered there.
    pub redirect_uri: Url,
}

/// What one authorization request carries, and its answer is checked against.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// RFC 6749 §4.1.1.
    pub state: SecretString,
    /// OpenID Connect Core 1.0 §3.1.2.1.
    pub nonce: String,
    /// RFC 7636 §4.1.
    pub pkce_verifier: String,
}

impl Secrets {
    /// New ones, of 256 random bits each.
    pub fn new(chance: &Chance) -> Self {
        let random = || URL_SAFE_NO_PAD.encode(chance.bytes::<32>());
        Self { state: random().into(), nonce: random(), pkce_verifier: random() }
    }
}

/// What came back in the browser's address bar (RFC 6749 §4.1.2).
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The authorization code.
    pub code: Option<String>,
    /// Or why there is none.
    pub error: Option<String>,
    /// Who answers (RFC 9207).
    pub iss: Option<String>,
}

/// Every provider. Clones share what is known of them.
#[derive(Clone, Debug)]
pub struct Providers {
    fetch: Fetch,
    known: Known,
    clock: Clock,
    chance: Chance,
    limit: Duration,
}

impl Providers {
    /// Those that `reach` allows.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(reach: &ProviderReach, limits: Limits, clock: Clock, chance: Chance) -> Result<Self> {
        let fetch = Fetch::new(reach, limits).map_err(Error::internal)?;
        let known = Known::new(fetch.clone(), clock.clone(), limits.provider_answer);
        Ok(Self { fetch, known, clock, chance, limit: limits.provider })
    }

    /// Asks whether there is a provider that calls itself `issuer`.
    ///
    /// # Errors
    /// Upstream, whose cause says what is wrong with it.
    pub async fn check(&self, issuer: &IssuerUrl) -> Result<()> {
        self.known.find(issuer).await.map(drop)
    }

    /// Where to send a browser so that the person signs in (OpenID Connect Core 1.0 §3.1.2.1), who must have proved who
    /// they are within `max_age`: with zero they are to do so now, whatever session the provider has with them.
    ///
    /// # Errors
    /// Upstream, when the provider is away or not what it should be.
    pub async fn authorization_url(
        &self,
        at: &Registration,
        secrets: &Secrets,
        login_hint: Option<&str>,
        max_age: Option<Duration>,
    ) -> Result<Url> {
        let found = tokio::time::timeout(self.limit, self.known.find(&at.issuer)).await;
        let provider = found.map_err(failure::unreachable)??;
        let Secrets { state, nonce, pkce_verifier } = secrets;
        let verifier = PkceCodeVerifier::new(pkce_verifier.clone());
        let (state, nonce) = (CsrfToken::new(state.expose_secret().to_owned()), Nonce::new(nonce.clone()));
        let client = client(&provider, at);
        let mut request = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || state, move || nonce)
            .add_scopes(["profile", "email"].map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        if let Some(hint) = login_hint {
            request = request.set_login_hint(LoginHint::new(hint.to_owned()));
        }
        // With a max_age, and be it a year, the answer must say when the person proved who they are (§3.1.2.1).
        request = request.set_max_age(max_age.unwrap_or(YEAR));
        if max_age == Some(Duration::ZERO) {
            request = request.add_prompt(CoreAuthPrompt::Login);
        }
        Ok(request.url().0)
    }

    /// What the provider says about whoever came back. Everything that it says is checked here.
    ///
    /// # Errors
    /// Forbidden, when it did not sign the person in; invalid, when the answer is not this provider's or its code is
    /// spent; upstream, when the provider is away, or says what cannot be trusted.
    pub async fn claims(&self, at: &Registration, answer: &Answer, secrets: &Secrets) -> Result<Claims> {
        let (this, at, answer, secrets) = (self.clone(), at.clone(), answer.clone(), secrets.clone());
        // In a task of its own: should the crate panic at what a provider sends, that is the provider's failure.
        let mut asking = JoinSet::new();
        asking.spawn(async move { this.ask(&at, &answer, &secrets).await });
        match tokio::time::timeout(self.limit, asking.join_next()).await {
            Ok(Some(Ok(claims))) => claims,
            Ok(Some(Err(panicked))) => Err(failure::invalid(panicked)),
            Ok(None) => Err(Error::internal("a task that was never begun")),
            Err(elapsed) => Err(failure::unreachable(elapsed)),
        }
    }

    async fn ask(&self, at: &Registration, answer: &Answer, secrets: &Secrets) -> Result<Claims> {
        let provider = self.known.find(&at.issuer).await?;
        // RFC 9207 §2.4: before anything is done with the answer, and also when it is an error.
        let promised = provider.metadata.additional_metadata().authorization_response_iss_parameter_supported;
        let is_theirs = answer.iss.as_ref().map_or(!promised, |iss| iss == at.issuer.as_str());
        if !is_theirs {
            return Err(failure::wrong_issuer());
        }
        let code = code_of(answer)?;
        let tokens = self.redeem(&provider, at, code, secrets).await?;
        let claims = self.verify(&provider, at, &tokens, secrets).await?;
        let token = tokens.id_token().map(ToString::to_string).unwrap_or_default();
        self.complete(&provider, at, tokens.access_token(), &claims, token.into()).await
    }

    async fn redeem(&self, provider: &Provider, at: &Registration, code: &str, secrets: &Secrets) -> Result<Tokens> {
        let client = client(provider, at);
        let request = client.exchange_code(AuthorizationCode::new(code.to_owned())).map_err(failure::invalid)?;
        let mut request = request.set_pkce_verifier(PkceCodeVerifier::new(secrets.pkce_verifier.clone()));
        if let ClientAuth::PrivateKey(key) = &at.auth {
            let endpoint = provider.metadata.token_endpoint().ok_or_else(|| failure::invalid("no token endpoint"))?;
            let proof = client_auth::assertion(key, &at.client_id, endpoint.url(), self.clock.now(), &self.chance)?;
            request = request
                .add_extra_param("client_assertion_type", client_auth::ASSERTION_TYPE)
                .add_extra_param("client_assertion", proof);
        }
        request.request_async(&self.fetch).await.map_err(of_token_endpoint)
    }

    /// With the keys we have, and where the token names another, once more with new ones.
    async fn verify(
        &self,
        provider: &Provider,
        at: &Registration,
        tokens: &Tokens,
        secrets: &Secrets,
    ) -> Result<Verified> {
        let token = tokens.id_token().ok_or_else(|| failure::invalid("no ID token"))?;
        let expected = Expected {
            issuer: &at.issuer,
            client_id: &ClientId::new(at.client_id.clone()),
            nonce: &Nonce::new(secrets.nonce.clone()),
            access_token: tokens.access_token(),
            now: self.clock.now(),
        };
        let mut verified = id_token::verify(token, &provider.keys, &expected);
        if matches!(verified, Err(Refused::UnknownKey)) {
            let renewed = self.known.with_new_keys(&at.issuer).await?;
            verified = id_token::verify(token, &renewed.keys, &expected);
        }
        verified.map_err(|refused| match refused {
            Refused::UnknownKey => failure::invalid("no key of the provider's is the one that signed"),
            Refused::Signature => failure::invalid("the signature is wrong"),
            Refused::Bad(error) => failure::invalid(error),
        })
    }

    /// Adds what UserInfo says where the ID token is thin, as Okta's is.
    async fn complete(
        &self,
        provider: &Provider,
        at: &Registration,
        access_token: &AccessToken,
        token: &Verified,
        id_token: SecretString,
    ) -> Result<Claims> {
        let (subject, sid) = (token.subject().as_str(), token.additional_claims().sid.as_deref());
        if !is_name(subject, SUBJECT) || !sid.is_none_or(|sid| is_name(sid, SID)) {
            return Err(failure::invalid("sub or sid is empty, too long, or has control characters"));
        }
        let mut claims = Claims {
            issuer: at.issuer.to_string(),
            subject: subject.to_owned(),
            sid: sid.map(str::to_owned),
            auth_time: token.auth_time().and_then(id_token::time_of),
            issued_at: id_token::time_of(token.issue_time()).unwrap_or_else(|| self.clock.now()),
            email: token.email().map(|email| email.to_string()),
            email_verified: token.email_verified(),
            name: text_of(token.name()),
            hosted_domain: token.additional_claims().hd.clone(),
            id_token,
        };
        let is_thin = claims.email.is_none() || claims.name.is_none();
        if is_thin && provider.metadata.userinfo_endpoint().is_some() {
            let info = match self.user_info(provider, at, access_token, token.subject()).await {
                Ok(info) => info,
                // A name alone is nothing to fail for.
                Err(error) if claims.email.is_some() && error.code() == failure::UNREACHABLE => return Ok(claims),
                Err(error) => return Err(error),
            };
            if claims.email.is_none() {
                claims.email = info.email().map(|email| email.to_string());
                claims.email_verified = info.email_verified();
            }
            claims.name = claims.name.or_else(|| text_of(info.name()));
        }
        Ok(claims)
    }

    async fn user_info(
        &self,
        provider: &Provider,
        at: &Registration,
        access_token: &AccessToken,
        subject: &SubjectIdentifier,
    ) -> Result<UserInfoClaims<id_token::More, CoreGenderClaim>> {
        // RFC 6750 §2.1. The crate panics at a token that is none.
        if !access_token.secret().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(failure::invalid("the access token is none"));
        }
        // §5.3.2: the crate compares the subject with the ID token's.
        let client = client(provider, at);
        let request = client.user_info(access_token.clone(), Some(subject.clone())).map_err(failure::invalid)?;
        request.request_async(&self.fetch).await.map_err(|error| match error {
            openidconnect::UserInfoError::Request(error) => failure::of_fetch(error),
            openidconnect::UserInfoError::Response(status, _, what) => failure::answered(status.as_u16(), what),
            // The crate's errors repeat what they do not understand, which may be anything about the person.
            openidconnect::UserInfoError::ClaimsVerification(_) => failure::invalid("UserInfo is somebody else's"),
            _ => failure::invalid("UserInfo cannot be understood"),
        })
    }
}

/// Whether a text can be the name of a provider's session.
pub fn is_sid(text: &str) -> bool {
    is_name(text, SID)
}

fn is_name(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_control())
}

/// The crate's client. How it authenticates is as discovered (OpenID Connect Discovery 1.0 §3: Basic unless stated).
fn client(provider: &Provider, at: &Registration) -> Client {
    let methods = provider.metadata.token_endpoint_auth_methods_supported();
    let basic = methods.is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
    let (secret, auth_type) = match &at.auth {
        ClientAuth::Secret(secret) => {
            let secret = ClientSecret::new(secret.expose_secret().to_owned());
            (Some(secret), if basic { AuthType::BasicAuth } else { AuthType::RequestBody })
        }
        ClientAuth::PrivateKey(_) => (None, AuthType::RequestBody),
    };
    Client::from_provider_metadata(provider.metadata.clone(), ClientId::new(at.client_id.clone()), secret)
        .set_auth_type(auth_type)
        .set_redirect_uri(RedirectUrl::from_url(at.redirect_uri.clone()))
}

/// OpenID Connect Core 1.0 §3.1.2.6.
const NEEDS_THE_PERSON: [&str; 4] =
    ["login_required", "interaction_required", "consent_required", "account_selection_required"];

fn code_of(answer: &Answer) -> Result<&str> {
    match (&answer.error, &answer.code) {
        (None, Some(code)) if !code.is_empty() => Ok(code),
        (Some(error), None) if error == "access_denied" => Err(failure::denied()),
        (Some(error), None) if NEEDS_THE_PERSON.contains(&error.as_str()) => Err(failure::needs_the_person()),
        // OpenID Connect Core 1.0 §3.1.2.6. These may pass by themselves.
        (Some(error), None) if ["server_error", "temporarily_unavailable"].contains(&error.as_str()) => {
            Err(failure::unreachable("the provider says that it has an error"))
        }
        (Some(error), None) => {
            // The characters of an error code (RFC 6749 §4.1.2.1); anybody can write one into a link.
            let code: String = error.chars().filter(char::is_ascii_graphic).take(40).collect();
            Err(failure::invalid(format!("the provider answers our authorization request with the error {code}")))
        }
        _ => Err(sso::expired()),
    }
}

fn of_token_endpoint(error: TokenError) -> Error {
    match error {
        RequestTokenError::Request(error) => failure::of_fetch(error),
        RequestTokenError::ServerResponse(response) => match response.error() {
            // A code is for one use (RFC 6749 §4.1.2): somebody went back in their browser.
            CoreErrorResponseType::InvalidGrant => sso::expired(),
            CoreErrorResponseType::InvalidClient | CoreErrorResponseType::UnauthorizedClient => {
                failure::client_refused(response.error().as_ref().to_owned())
            }
            _ => failure::invalid("the token endpoint refuses our request"),
        },
        // The crate's errors hold the whole answer, tokens included, so only where it cannot be understood is kept.
        RequestTokenError::Parse(error, _) => {
            failure::invalid(format!("the token response cannot be understood at {}", error.path()))
        }
        RequestTokenError::Other(what) => failure::invalid(what),
    }
}

fn text_of<T: std::ops::Deref<Target = String>>(claim: Option<&LocalizedClaim<T>>) -> Option<String> {
    claim.and_then(|claim| claim.get(None)).map(|text| text.to_string()).filter(|text| !text.trim().is_empty())
}
