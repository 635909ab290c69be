//! The cookie that stays in a browser while its person is at the provider, so that only this browser can come back with
//! the answer (RFC 9700 §2.1). It is not the session's: nobody is signed in yet.

use axum::extract::FromRequestParts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use http::request::Parts;
use secrecy::{ExposeSecret, SecretString};

use crate::http::cookies;
use crate::http::problem::Problem;
use crate::kernel::{Chance, Result};
use crate::state::AppState;

const NAME: &str = "curfew-leaving";

/// What this browser brought, if it has left for a provider before.
#[derive(Debug)]
pub(super) struct LeavingBrowser {
    pub(super) secret: Option<SecretString>,
    secure: bool,
}

impl FromRequestParts<AppState> for LeavingBrowser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let secure = state.config.urls.secure();
        let value = cookies::read(&parts.headers, &cookies::name(NAME, secure));
        let is_ours = |value: &String| URL_SAFE_NO_PAD.decode(value).is_ok_and(|bytes| bytes.len() == 32);
        Ok(Self { secret: value.filter(is_ours).map(Into::into), secure })
    }
}

impl LeavingBrowser {
    /// Its secret, or a new one. Several tabs of one browser share it.
    pub(super) fn secret_or_new(&self, chance: &Chance) -> SecretString {
        self.secret.clone().unwrap_or_else(|| URL_SAFE_NO_PAD.encode(chance.bytes::<32>()).into())
    }

    /// The `Set-Cookie` that makes it stay.
    pub(super) fn keep(&self, secret: &SecretString) -> Result<HeaderValue> {
        cookies::keep(cookies::name(NAME, self.secure), secret.expose_secret().to_owned(), self.secure)
    }
}
