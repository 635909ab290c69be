//! How we prove to a provider that we are the client it knows: by a secret, or by signing with a key of our own
//! (`private_key_jwt`, OpenID Connect Core 1.0 §9), which RFC 9700 §2.5 prefers.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use p256::SecretKey;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey, LineEnding};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};
use url::Url;

use crate::kernel::{Chance, Error, Result};

/// RFC 7523 §2.2.
pub(super) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ASSERTION_LIVES: Duration = Duration::seconds(60);

/// How we authenticate at a provider's token endpoint.
#[derive(Clone, Debug)]
pub enum ClientAuth {
    /// With the secret it gave us.
    Secret(SecretString),
    /// With a private key that it knows the public half of, as PKCS #8 in PEM.
    PrivateKey(SecretString),
}

/// A new P-256 key, as PKCS #8 in PEM.
///
/// # Errors
/// Internal.
pub fn new_private_key(chance: &Chance) -> Result<SecretString> {
    loop {
        // Nearly every number is a key; RFC 5915 leaves out zero and what is beyond the curve's order.
        if let Ok(key) = SecretKey::from_slice(&chance.bytes::<32>()) {
            let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|e| Error::internal(e.to_string()))?;
            return Ok(pem.as_str().into());
        }
    }
}

/// The public half as a JSON Web Key (RFC 7517), for the provider's administrator. Its `kid` is its thumbprint
/// (RFC 7638).
///
/// # Errors
/// Internal, when it is no key of ours.
pub fn public_jwk(private_key: &SecretString) -> Result<Value> {
    let point = parse(private_key)?.public_key().to_encoded_point(false);
    let coordinate = |bytes: Option<&[u8]>| URL_SAFE_NO_PAD.encode(bytes.unwrap_or_default());
    let (x, y) = (coordinate(point.x().map(AsRef::as_ref)), coordinate(point.y().map(AsRef::as_ref)));
    let thumbprint = Sha256::digest(format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#));
    let kid = URL_SAFE_NO_PAD.encode(thumbprint);
    Ok(json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid, "x": x, "y": y }))
}

#[derive(Serialize)]
struct Assertion<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    jti: String,
    iat: i64,
    exp: i64,
}

/// One use's proof (RFC 7523 §3). The audience is the very address it is sent to.
pub(super) fn assertion(
    private_key: &SecretString,
    client_id: &str,
    token_endpoint: &Url,
    now: OffsetDateTime,
    chance: &Chance,
) -> Result<String> {
    let mut header = Header::new(Algorithm::ES256);
    header.kid = public_jwk(private_key)?["kid"].as_str().map(str::to_owned);
    let claims = Assertion {
        iss: client_id,
        sub: client_id,
        aud: token_endpoint.as_str(),
        jti: URL_SAFE_NO_PAD.encode(chance.bytes::<16>()),
        iat: now.unix_timestamp(),
        exp: (now + ASSERTION_LIVES).unix_timestamp(),
    };
    let key = EncodingKey::from_ec_pem(private_key.expose_secret().as_bytes()).map_err(Error::internal)?;
    jsonwebtoken::encode(&header, &claims, &key).map_err(Error::internal)
}

fn parse(private_key: &SecretString) -> Result<SecretKey> {
    SecretKey::from_pkcs8_pem(private_key.expose_secret()).map_err(|e| Error::internal(e.to_string()))
}
