//! The small cookies beside the session's: short-lived, for this host alone, and no business of scripts.

use http::{HeaderMap, HeaderValue, header};
use tower_sessions::cookie::{Cookie, SameSite, time::Duration};

use crate::kernel::{Error, Result};

/// As long as somebody may take at their provider.
const LIVES: Duration = Duration::minutes(10);

/// A cookie's name. Under https the prefix makes browsers insist that it came from this host alone, over TLS
/// (RFC 6265bis §4.1.3.2).
pub fn name(bare: &str, secure: bool) -> String {
    if secure { format!("__Host-{bare}") } else { bare.to_owned() }
}

/// What a request brought under this name.
pub fn read(headers: &HeaderMap, name: &str) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let found = cookies.flat_map(Cookie::split_parse).flatten().find(|cookie| cookie.name() == name);
    found.map(|cookie| cookie.value().to_owned())
}

/// The `Set-Cookie` that keeps `value` for ten minutes.
///
/// # Errors
/// Internal, when the value is none for a cookie.
pub fn keep(name: String, value: String, secure: bool) -> Result<HeaderValue> {
    let cookie = Cookie::build((name, value))
        .path("/")
        .max_age(LIVES)
        .secure(secure)
        .http_only(true)
        // The way back from a provider is a navigation from another site.
        .same_site(SameSite::Lax);
    HeaderValue::try_from(cookie.to_string()).map_err(Error::internal)
}
