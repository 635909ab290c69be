//! The built pages, and what every answer says about how it may be used.

use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tower::ServiceExt;
use tower_http::services::{ServeDir, ServeFile};

/// Only our own files, no inline script, and nobody may frame us.
const CSP: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; \
                   base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Serves the files of `web`, and its `index.html` for every page that the browser's router knows. Everything else, such
/// as a path below `/api` that does not exist, stays not found.
pub fn serve(web: &Path) -> Router {
    let files = ServeDir::new(web);
    let index = ServeFile::new(web.join("index.html"));
    Router::new()
        .fallback(async move |request: Request| {
            let is_page = is_page(&request);
            match files.oneshot(request).await {
                Ok(found) if !is_missing(found.status()) => found.into_response(),
                _ if is_page => index.oneshot(Request::new(Body::empty())).await.into_response(),
                _ => StatusCode::NOT_FOUND.into_response(),
            }
        })
        .layer(middleware::from_fn(caching))
}

/// A name that the file system refuses, as too long, is an internal error to the file service. It names no file.
fn is_missing(status: StatusCode) -> bool {
    [StatusCode::NOT_FOUND, StatusCode::INTERNAL_SERVER_ERROR].contains(&status)
}

fn is_page(request: &Request) -> bool {
    let accepts_html = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok());
    let is_api =
        ["/api/", "/health/", "/openid/", "/orgs/", "/scim/"].iter().any(|root| request.uri().path().starts_with(root));
    [Method::GET, Method::HEAD].contains(request.method())
        && accepts_html.is_some_and(|accept| accept.contains("text/html"))
        && !is_api
}

/// Files with a hash in their name never change; everything else is asked for again.
async fn caching(request: Request, next: Next) -> Response {
    let hashed = request.uri().path().starts_with("/assets/");
    let mut response = next.run(request).await;
    let immutable = hashed && response.status().is_success();
    let caching = if immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    response
}

/// Adds the headers that every answer has (OWASP ASVS 5.0 §3.4). What is not a page's file is never stored, unless its
/// handler says otherwise.
pub fn protect(headers: &mut HeaderMap, secure: bool) {
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(CSP));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    if secure {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
