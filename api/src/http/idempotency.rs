//! Requests that name themselves, so that the same one may come again.

use axum::extract::FromRequestParts;
use http::HeaderName;
use http::request::Parts;

use super::problem::Problem;
use crate::domain::todos::IdempotencyKey;
use crate::kernel::Error;
use crate::state::AppState;

/// See [`Idempotent`].
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The request's own name, if it has one: a string of RFC 8941 (draft-ietf-httpapi-idempotency-key-header-07 §2.1), whose
/// quotes may be left out.
#[derive(Debug)]
pub struct Idempotent(pub Option<IdempotencyKey>);

impl FromRequestParts<AppState> for Idempotent {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Problem> {
        let mut given = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = given.next() else { return Ok(Self(None)) };
        let text = value.to_str().unwrap_or_default().trim();
        let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
        match (IdempotencyKey::parse(text), given.next()) {
            (Some(key), None) => Ok(Self(Some(key))),
            _ => Err(Error::invalid("The Idempotency-Key must be 1 to 64 letters, digits, or any of - _ . :").into()),
        }
    }
}
