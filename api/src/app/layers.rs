//! What every request passes through, in the order it passes.

use std::any::Any;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum_login::AuthManagerLayerBuilder;
use http::header::SET_COOKIE;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;
use tower_sessions::SessionManagerLayer;
use tower_sessions::cookie::SameSite;
use tracing::{Instrument, Span, field};

use super::session_store::SessionStore;
use crate::http::access::cookie_name;
use crate::http::client::RequestInfo;
use crate::http::problem::{self, Problem, Shape};
use crate::http::{leaving, login, pages, problem_page, same_origin, scim};
use crate::kernel::{Error, RequestId};
use crate::state::AppState;

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
    routes
        .route_layer(auth)
        .route_layer(middleware::from_fn_with_state(state.clone(), leaving::let_the_dead_stay))
        .route_layer(middleware::from_fn_with_state(state.clone(), same_origin::require))
}

/// For everything. Read from the bottom: the last layer added is passed first.
pub(super) fn around_everything(app: Router, state: &AppState) -> Router {
    app.layer(CatchPanicLayer::custom(panicked))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, state.config.limits.request))
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
    let shape = match request.uri().path() {
        path if path.starts_with(scim::ROOT) => Shape::Scim,
        _ if problem_page::wanted(&route) => Shape::Page(&state.config.urls.public),
        _ => Shape::Problem,
    };
    let mut line = Line { method, route, began, span: span.clone(), written: false };
    let response = problem::keeping(next.run(request)).instrument(span).await;
    let (mut response, failure) = problem::render(response, id, shape);
    finish(&mut response, id, state.config.urls.secure());
    line.write(response.status(), failure.as_ref());
    response
}

/// A request's log line. It is written also when the client leaves before the answer, which drops the request.
struct Line {
    method: Method,
    route: String,
    began: Instant,
    span: Span,
    written: bool,
}

impl Line {
    fn write(&mut self, status: StatusCode, failure: Option<&Problem>) {
        self.written = true;
        let (method, route, status) = (self.method.as_str(), &self.route, status.as_u16());
        let took = self.took();
        let (code, cause) = (failure.map(Problem::code), failure.and_then(Problem::cause));
        let _within = self.span.enter();
        // `error` means that somebody must act.
        match status {
            // A company's provider is its own to mend.
            502 => tracing::warn!(http.method = method, http.route = route, status, took_us = took, cause, "upstream"),
            503 => tracing::warn!(http.method = method, http.route = route, status, took_us = took, cause, "away"),
            500.. => tracing::error!(http.method = method, http.route = route, status, took_us = took, cause, "failed"),
            _ => tracing::info!(http.method = method, http.route = route, status, took_us = took, code, "served"),
        }
    }

    fn took(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.written {
            let _within = self.span.enter();
            let (method, route, took) = (self.method.as_str(), &self.route, self.took());
            tracing::info!(http.method = method, http.route = route, took_us = took, "the client left");
        }
    }
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

#[expect(clippy::needless_pass_by_value, reason = "the layer's signature")]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text =
        panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
    Problem::from(Error::internal(text.unwrap_or_else(|| "a panic".to_owned()))).into_response()
}
