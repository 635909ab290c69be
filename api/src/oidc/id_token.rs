//! Whether an ID token is one, and for us (OpenID Connect Core 1.0 §3.1.3.7). The crate checks signature, issuer,
//! audience, expiry, nonce, `typ` and `crit`; what it leaves to its users is checked here.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use openidconnect::core::{
    CoreGenderClaim, CoreJsonWebKey, CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm as Alg,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AdditionalClaims, ClaimsVerificationError, ClientId, IdToken, IdTokenClaims,
    IdTokenVerifier, IssuerUrl, JsonWebKeySet, Nonce, SignatureVerificationError,
};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

/// Signatures with a public key only: with a MAC, whoever knows the client secret could sign people in (§3.1.3.7, 8).
pub(super) const ALGORITHMS: [Alg; 9] = [
    Alg::RsaSsaPkcs1V15Sha256,
    Alg::RsaSsaPkcs1V15Sha384,
    Alg::RsaSsaPkcs1V15Sha512,
    Alg::RsaSsaPssSha256,
    Alg::RsaSsaPssSha384,
    Alg::RsaSsaPssSha512,
    Alg::EcdsaP256Sha256,
    Alg::EcdsaP384Sha384,
    Alg::EdDsa,
];

/// How far a provider's clock may be from ours.
const SKEW: Duration = Duration::seconds(60);
/// We have just asked for the token, so it was issued just now (§3.1.3.7, 10).
const ISSUED_WITHIN: Duration = Duration::minutes(10);

/// Claims beside the standard's.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct More {
    /// The provider's session (OpenID Connect Back-Channel Logout 1.0 §2.1).
    pub(super) sid: Option<String>,
    /// The Google Workspace organisation.
    pub(super) hd: Option<String>,
}

impl AdditionalClaims for More {}

pub(super) type Token = IdToken<More, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, Alg>;
pub(super) type Verified = IdTokenClaims<More, CoreGenderClaim>;

/// What a token must match.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a IssuerUrl,
    pub(super) client_id: &'a ClientId,
    pub(super) nonce: &'a Nonce,
    pub(super) access_token: &'a AccessToken,
    pub(super) now: OffsetDateTime,
}

/// Why a token is refused.
#[derive(Debug)]
pub(super) enum Refused {
    /// None of the keys we have is the one it names. There may be newer ones.
    UnknownKey,
    /// Its signature is not by the key that was tried.
    Signature,
    /// It is not for us, not for now, or not genuine.
    Bad(Box<dyn std::error::Error + Send + Sync>),
}

/// Checks a token against `keys`.
pub(super) fn verify(token: &Token, keys: &CoreJsonWebKeySet, expected: &Expected<'_>) -> Result<Verified, Refused> {
    let mut refused = Refused::UnknownKey;
    let names_its_key = has_kid(token);
    // One key at a time: providers with several keys do not always say which one they used.
    for key in keys.keys() {
        match verify_with(token, key, expected) {
            Ok(claims) => return Ok(claims),
            Err(Refused::UnknownKey) => {}
            // Without a name it may be that of a key that we have not seen yet.
            Err(Refused::Signature) if !names_its_key => {}
            Err(bad) => refused = bad,
        }
    }
    Err(refused)
}

fn has_kid(token: &Token) -> bool {
    let text = token.to_string();
    let header = text.split('.').next().and_then(|header| URL_SAFE_NO_PAD.decode(header).ok());
    header
        .is_some_and(|header| serde_json::from_slice::<serde_json::Value>(&header).is_ok_and(|h| h["kid"].is_string()))
}

fn verify_with(token: &Token, key: &CoreJsonWebKey, expected: &Expected<'_>) -> Result<Verified, Refused> {
    let Expected { issuer, client_id, nonce, access_token, now } = expected;
    let keys = JsonWebKeySet::new(vec![key.clone()]);
    let earliest = chrono_of(*now - SKEW);
    let (issued_from, issued_until) = (chrono_of(*now - ISSUED_WITHIN), chrono_of(*now + SKEW));
    let verifier = IdTokenVerifier::new_public_client((*client_id).clone(), (*issuer).clone(), keys)
        .set_allowed_algs(ALGORITHMS)
        .set_time_fn(move || earliest)
        .set_issue_time_verifier_fn(move |issued| {
            if (issued_from..=issued_until).contains(&issued) { Ok(()) } else { Err("not issued just now".to_owned()) }
        })
        .set_auth_time_verifier_fn(move |at| {
            if at.is_none_or(|at| at <= issued_until) { Ok(()) } else { Err("auth_time is in the future".to_owned()) }
        });
    let claims = token.claims(&verifier, *nonce).map_err(|error| match error {
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => {
            Refused::UnknownKey
        }
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::CryptoError(_)) => {
            Refused::Signature
        }
        other => bad(other),
    })?;
    // §3.1.3.7, 5
    if claims.authorized_party().is_some_and(|azp| azp != *client_id) {
        return Err(bad("azp is another client"));
    }
    // §3.1.3.8
    if let Some(stated) = claims.access_token_hash() {
        let algorithm = token.signing_alg().map_err(bad)?;
        let computed = AccessTokenHash::from_token(access_token, algorithm, key).map_err(bad)?;
        if computed != *stated {
            return Err(bad("at_hash is another access token's"));
        }
    }
    Ok(claims.clone())
}

fn bad(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Refused {
    Refused::Bad(error.into())
}

fn chrono_of(time: OffsetDateTime) -> DateTime<chrono::Utc> {
    DateTime::from_timestamp(time.unix_timestamp(), time.nanosecond()).unwrap_or(DateTime::<chrono::Utc>::MAX_UTC)
}

/// The crate's time as ours, or none when it is beyond our calendar.
pub(super) fn time_of(time: DateTime<chrono::Utc>) -> Option<OffsetDateTime> {
    let seconds = OffsetDateTime::from_unix_timestamp(time.timestamp()).ok()?;
    seconds.replace_nanosecond(time.timestamp_subsec_nanos().min(999_999_999)).ok()
}
