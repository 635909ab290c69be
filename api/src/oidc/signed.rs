//! Tokens that a provider signs outside of a sign-in. Here only whether it did: what they claim is `demands`'.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeySet, CoreJwsSigningAlgorithm as Alg};
use openidconnect::{JsonWebKey, JsonWebKeyUse};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};

use super::demands::Refused;
use super::id_token::ALGORITHMS;

/// Longer than any real token, and little to look at.
const LONGEST: usize = 16 * 1024;

/// A JSON Web Signature in its compact form (RFC 7515 §3.1), not verified yet.
pub(super) struct Signed<'a> {
    header: Header,
    message: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// What is read of the header. Keys in it, or addresses of keys, are not (RFC 8725 §3.10).
#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    #[serde(default, deserialize_with = "is_there")]
    crit: bool,
}

/// Whether a member is there, whatever it is.
pub(super) fn is_there<'de, D: Deserializer<'de>>(member: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(member).map(|_| true)
}

impl<'a> Signed<'a> {
    pub(super) fn parse(token: &'a str) -> Result<Self, Refused> {
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Refused::Malformed);
        if token.len() > LONGEST {
            return Err(Refused::Malformed);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(Refused::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(Refused::Malformed)?;
        let header: Header = object(&decode(header)?)?;
        // RFC 7515 §4.1.11: we understand no extension.
        if header.crit {
            return Err(Refused::Malformed);
        }
        Ok(Self { header, message, payload: decode(payload)?, signature: decode(signature)? })
    }

    /// The `typ`, without the `application/` that may be left out (RFC 7515 §4.1.9), in lower case.
    pub(super) fn typ(&self) -> Option<String> {
        let typ = self.header.typ.as_ref()?.to_ascii_lowercase();
        Some(typ.strip_prefix("application/").map(str::to_owned).unwrap_or(typ))
    }

    /// The claims. Who made them is another question: see [`Self::verify`].
    pub(super) fn claims<T: DeserializeOwned>(&self) -> Result<T, Refused> {
        object(&self.payload)
    }

    /// Whether one of `keys` signed it, with an algorithm of ours. Without a `kid` each that fits is tried.
    pub(super) fn verify(&self, keys: &CoreJsonWebKeySet) -> Result<(), Refused> {
        let alg: Alg = serde_json::from_value(self.header.alg.clone().into()).map_err(|_| Refused::Algorithm)?;
        if !ALGORITHMS.contains(&alg) {
            return Err(Refused::Algorithm);
        }
        let named = |key: &&CoreJsonWebKey| match &self.header.kid {
            Some(kid) => key.key_id().is_some_and(|id| id.as_str() == kid),
            None => true,
        };
        let may_sign = |key: &&CoreJsonWebKey| key.key_use().is_none_or(JsonWebKeyUse::allows_signature);
        let mut candidates = keys.keys().iter().filter(named).filter(may_sign).peekable();
        if candidates.peek().is_none() {
            return Err(Refused::UnknownKey);
        }
        let good = |key: &CoreJsonWebKey| key.verify_signature(&alg, self.message.as_bytes(), &self.signature).is_ok();
        match (candidates.any(good), &self.header.kid) {
            (true, _) => Ok(()),
            (false, Some(_)) => Err(Refused::Signature),
            // It may be that of a key that we have not seen yet.
            (false, None) => Err(Refused::UnknownKey),
        }
    }
}

/// A JSON object and nothing else, each member at most once.
fn object<T: DeserializeOwned>(json: &[u8]) -> Result<T, Refused> {
    if json.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(Refused::Malformed);
    }
    serde_json::from_slice(json).map_err(|_| Refused::Malformed)
}
