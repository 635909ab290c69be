//! Requests that change something under a cookie must come from our own pages.
//!
//! Browsers send cookies along with requests that other sites' pages make. SameSite keeps most of them out, but not
//! those of sibling hosts, and signing somebody in unnoticed needs no cookie at all.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;

use super::problem::Problem;
use crate::config::Urls;
use crate::kernel::Error;
use crate::state::AppState;

/// Refuses unsafe requests (RFC 9110 §9.2.1) of other origins, as a layer.
///
/// # Errors
/// Cross-origin.
pub async fn require(State(state): State<AppState>, request: Request, next: Next) -> Result<Response, Problem> {
    if !request.method().is_safe() && !is_own(request.headers(), &state.config.urls) {
        return Err(Error::cross_origin().into());
    }
    Ok(next.run(request).await)
}

/// What the browser says of the page decides. `Sec-Fetch-Site` cannot be set by a page; a browser without it, or a
/// plain-http origin for which browsers leave it out, still sends `Origin`. Neither means it is no browser, and so has
/// no cookie that somebody else could misuse.
fn is_own(headers: &HeaderMap, urls: &Urls) -> bool {
    match (headers.get("sec-fetch-site"), headers.get("origin")) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => origin.to_str().is_ok_and(|origin| urls.is_own_origin(origin)),
        (None, None) => true,
    }
}
