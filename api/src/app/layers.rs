//! What every request passes through, in the order it passes.

use std::any::Any;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum_login::AuthManagerLayerBuilder;
use http::header::SET_COOKIE;
use http::{HeaderName, HeaderValue, StatusCode};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;
use tower_sessions::SessionManagerLayer;
use tower_sessions::cookie::SameSite;
use tracing::{Instrument, field};

use super::session_store::SessionStore;
use crate::http::access::cookie_name;
use crate::http::client::RequestInfo;
use crate::http::problem::{self, Problem};
use crate::http::{login, pages, same_origin};
use crate::kernel::{Error, RequestId};
use crate::state::AppState;

/// How long a request may take. Bodies that trickle in end here.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// For routes under the session cookie: same-origin first, then the session, then who it means.
pub fn with_session(routes: Router<AppState>, state: &AppState) -> Router<AppState> {
    let secure = state.config.urls.secure();
    let sessions = SessionManagerLayer::new(SessionStore::new(state))
        .with_name(cookie_name(secure))
        .with_secure(secure)
        .with_http_only(true)
        // Strict would withhold the cookie on the way back from an identity provider.
        .with_same_site(SameSite::Lax);
    let auth = AuthManagerLayerBuilder::new(login::Backend::new(state.clone()), sessions)
        .with_data_key(login::DATA_KEY)
        .build();
    routes.route_layer(auth).route_layer(middleware::from_fn_with_state(state.clone(), same_origin::require))
}

/// For everything. Read from the bottom: the last layer added is passed first.
pub(super) fn around_everything(app: Router, state: &AppState) -> Router {
    app.layer(CatchPanicLayer::custom(panicked))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST_TIMEOUT))
        .layer(middleware::from_fn_with_state(state.clone(), edge))
}

/// The outermost layer: names the request, renders failures, adds the headers of every answer, and writes the one log
/// line. The line has the route's pattern and not the path, which may hold what somebody typed.
async fn edge(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = RequestId::new(state.clock.now(), &state.chance);
    let span = tracing::info_span!(
        "request",
        request.id = %id,
        org.id = field::Empty,
        actor.kind = field::Empty,
        actor.id = field::Empty,
    );
    let trusted = &state.config.http.trusted_proxies;
    let info = RequestInfo::new(id, request.headers(), request.extensions(), trusted, span.clone());
    request.extensions_mut().insert(info);
    let method = request.method().clone();
    let route =
        request.extensions().get::<MatchedPath>().map_or_else(|| "-".to_owned(), |path| path.as_str().to_owned());
    let response = next.run(request).instrument(span.clone()).await;
    let (mut response, failure) = problem::render(response, id);
    finish(&mut response, id, state.config.urls.secure());
    span.in_scope(|| log(method.as_str(), &route, response.status(), began.elapsed(), failure.as_ref()));
    response
}

fn finish(response: &mut Response, id: RequestId, secure: bool) {
    if let Ok(id) = HeaderValue::try_from(id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    pages::protect(response.headers_mut(), secure);
    if secure {
        secure_removals(response);
    }
}

/// A browser keeps a `__Host-` cookie unless the one that clears it is as careful (RFC 6265bis §5.7), and the session
/// layer's is not.
fn secure_removals(response: &mut Response) {
    let cookies: Vec<_> = response.headers().get_all(SET_COOKIE).iter().cloned().collect();
    response.headers_mut().remove(SET_COOKIE);
    for cookie in cookies {
        let text = cookie.to_str().unwrap_or_default();
        let careful = text.split(';').any(|part| part.trim().eq_ignore_ascii_case("secure"));
        let cookie = if careful { Ok(cookie) } else { HeaderValue::try_from(format!("{text}; Secure")) };
        if let Ok(cookie) = cookie {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
}

fn log(method: &str, route: &str, status: StatusCode, took: Duration, failure: Option<&Problem>) {
    let status = status.as_u16();
    let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let code = failure.map(Problem::code);
    let cause = failure.and_then(Problem::cause);
    match status {
        500.. if status != 503 => {
            tracing::error!(http.method = method, http.route = route, status, took_us = took, code, cause, "failed");
        }
        503 => tracing::warn!(http.method = method, http.route = route, status, took_us = took, code, cause, "away"),
        _ => tracing::info!(http.method = method, http.route = route, status, took_us = took, code, "served"),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the layer's signature")]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text =
        panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
    Problem::from(Error::internal(text.unwrap_or_else(|| "a panic".to_owned()))).into_response()
}
