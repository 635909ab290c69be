//! The cookie that stays in a browser while its person is at the provider, so that only this browser can come back with
//! the answer (RFC 9700 §2.1). It is not the session's: nobody is signed in yet.

use axum::extract::FromRequestParts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use secrecy::{ExposeSecret, SecretString};
use tower_sessions::cookie::{Cookie, SameSite, time};

use crate::http::problem::Problem;
use crate::kernel::{Chance, Error, Result};
use crate::state::AppState;

/// As long as an attempt lives.
const LIVES: time::Duration = time::Duration::minutes(10);

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
        Ok(Self { secret: read(&parts.headers, name(secure)), secure })
    }
}

impl LeavingBrowser {
    /// Its secret, or a new one. Several tabs of one browser share it.
    pub(super) fn secret_or_new(&self, chance: &Chance) -> SecretString {
        self.secret.clone().unwrap_or_else(|| URL_SAFE_NO_PAD.encode(chance.bytes::<32>()).into())
    }

    /// The `Set-Cookie` that makes it stay.
    pub(super) fn keep(&self, secret: &SecretString) -> Result<HeaderValue> {
        let cookie = Cookie::build((name(self.secure), secret.expose_secret().to_owned()))
            .path("/")
            .max_age(LIVES)
            .secure(self.secure)
            .http_only(true)
            // The way back from the provider is a navigation from another site.
            .same_site(SameSite::Lax);
        HeaderValue::try_from(cookie.to_string()).map_err(Error::internal)
    }
}

fn name(secure: bool) -> &'static str {
    if secure { "__Host-curfew-leaving" } else { "curfew-leaving" }
}

/// A value of ours, or none.
fn read(headers: &HeaderMap, name: &str) -> Option<SecretString> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let ours = cookies.flat_map(Cookie::split_parse).flatten().find(|cookie| cookie.name() == name)?;
    let bytes = URL_SAFE_NO_PAD.decode(ours.value()).ok()?;
    (bytes.len() == 32).then(|| ours.value().to_owned().into())
}
