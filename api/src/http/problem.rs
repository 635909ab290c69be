//! Errors as RFC 9457 problem details: the only file that knows which failure has which status.
//!
//! A handler's error travels outwards as a response extension; [`render`] writes the body at the edge, where the
//! request's id is known, and gives back the cause for the request's log line.

use std::cell::RefCell;
use std::error::Error as StdError;
use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use time::Duration;
use url::Url;
use utoipa::ToSchema;

use super::{problem_page, scim};
use crate::kernel::{Error, Field, Kind, RequestId};

/// The media type of RFC 9457 §3.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// How long a client should wait before it asks again, in seconds. An integer: Okta ignores dates here.
const RETRY_SECONDS: &str = "2";

/// What a client gets when something fails.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Always `about:blank`: `code` tells problems apart (RFC 9457 §4.2.1).
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// A stable code for programs.
    pub(super) code: String,
    /// A sentence for the person.
    pub(super) detail: String,
    /// The request, as in our logs.
    pub(super) request_id: RequestId,
    /// What is wrong with which field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldBody>,
    /// With `insufficient_user_authentication`: how recent an authentication is wanted, in seconds (RFC 9470 §3).
    #[serde(skip_serializing_if = "Option::is_none")]
    max_age: Option<i64>,
}

/// What is wrong with one field.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FieldProblem)]
pub struct FieldBody {
    /// Its name.
    field: String,
    /// A stable code.
    code: &'static str,
    /// A sentence for the person.
    message: String,
}

/// A failure on its way to the client.
#[derive(Clone, Debug)]
pub struct Problem(Arc<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    status: StatusCode,
    code: &'static str,
    detail: String,
    fields: Vec<Field>,
    challenge: Option<String>,
    max_age: Option<i64>,
    cause: Option<String>,
}

impl Problem {
    /// A failure of the transport, about which the domain knows nothing.
    pub fn transport(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self::from_inner(Inner {
            status,
            code,
            detail: detail.into(),
            fields: vec![],
            challenge: None,
            max_age: None,
            cause: None,
        })
    }

    /// The same with a `WWW-Authenticate` challenge (RFC 9110 §11.6.1).
    #[must_use]
    pub fn with_challenge(self, challenge: String) -> Self {
        Self::from_inner(Inner { challenge: Some(challenge), ..Arc::unwrap_or_clone(self.0) })
    }

    /// The same, saying how recent an authentication is wanted.
    #[must_use]
    pub fn with_max_age(self, max_age: Duration) -> Self {
        Self::from_inner(Inner { max_age: Some(max_age.whole_seconds()), ..Arc::unwrap_or_clone(self.0) })
    }

    /// The HTTP status it will have.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The sentence for the person.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The cause, with its own causes, for us.
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    fn from_inner(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    fn of(error: &Error) -> Self {
        let status = match error.kind() {
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::Conflict => StatusCode::CONFLICT,
            Kind::Precondition => StatusCode::PRECONDITION_FAILED,
            Kind::Invalid => StatusCode::BAD_REQUEST,
            Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
            Kind::Forbidden => StatusCode::FORBIDDEN,
            Kind::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
            Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Kind::Upstream => StatusCode::BAD_GATEWAY,
            Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::from_inner(Inner {
            status,
            code: error.code(),
            detail: error.sentence().to_owned(),
            fields: error.fields().to_vec(),
            // RFC 6750 §3.1, wherever a key turns out not to count: when it is shown, or when it would write.
            challenge: (error.code() == "key_refused").then(|| "Bearer error=\"invalid_token\"".to_owned()),
            max_age: None,
            cause: chain(error),
        })
    }

    /// What a bare status means that axum or a layer answered with.
    fn of_bare(status: StatusCode) -> Self {
        let (status, code, detail) = match status {
            StatusCode::NOT_FOUND => (status, "not_found", "There is nothing here."),
            StatusCode::METHOD_NOT_ALLOWED => (status, "method_not_allowed", "This method is not allowed here."),
            StatusCode::SERVICE_UNAVAILABLE => return Error::unavailable("the request took too long").into(),
            StatusCode::INTERNAL_SERVER_ERROR => return Error::internal("a layer failed and did not say why").into(),
            _ => (status, "refused", "The request cannot be served."),
        };
        Self::transport(status, code, detail)
    }
}

tokio::task_local! {
    /// What failed below a layer that answers with a bare 500, as the session layers do.
    static UNSAID: RefCell<Option<Problem>>;
}

/// Serves a request such that [`keep`] works below.
pub async fn keeping(serving: impl Future<Output = Response>) -> Response {
    let served = async {
        let mut response = serving.await;
        let kept = UNSAID.with(RefCell::take);
        // Only a bare one: whoever answered otherwise knew what to say.
        if let Some(problem) = kept.filter(|_| response.status() == StatusCode::INTERNAL_SERVER_ERROR) {
            response.extensions_mut().get_or_insert(problem);
        }
        response
    };
    UNSAID.scope(RefCell::default(), served).await
}

/// Keeps what failed, for a layer above that drops the cause.
pub fn keep(error: Error) -> Error {
    let _ = UNSAID.try_with(|unsaid| unsaid.replace(Some(Problem::of(&error))));
    error
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::of(&error)
    }
}

impl<B: axum_login::AuthnBackend<Error = Error>> From<axum_login::Error<B>> for Problem {
    fn from(error: axum_login::Error<B>) -> Self {
        match error {
            axum_login::Error::Backend(error) => error.into(),
            axum_login::Error::Session(error) => Error::unavailable(error).into(),
        }
    }
}

impl From<tower_sessions::session::Error> for Problem {
    fn from(error: tower_sessions::session::Error) -> Self {
        Error::unavailable(error).into()
    }
}

impl From<sea_orm::DbErr> for Problem {
    fn from(error: sea_orm::DbErr) -> Self {
        Error::from(error).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// As what a failure is shown.
#[derive(Clone, Copy, Debug)]
pub enum Shape<'a> {
    /// RFC 9457's, for programs.
    Problem,
    /// A page, for a browser; it leads to where our pages are.
    Page(&'a Url),
    /// RFC 7644's, for a directory.
    Scim,
}

/// Writes the body of a failed response, if it has none of ours yet. Gives back the problem for the log, and its cause.
pub fn render(mut response: Response, request_id: RequestId, shape: Shape<'_>) -> (Response, Option<Problem>) {
    let status = response.status();
    let bare = status.is_client_error() || status.is_server_error();
    let Some(problem) =
        response.extensions_mut().remove::<Problem>().or_else(|| bare.then(|| Problem::of_bare(status)))
    else {
        return (response, None);
    };
    let body = ProblemBody {
        kind: "about:blank",
        title: problem.status().canonical_reason().unwrap_or_default().to_owned(),
        status: problem.status().as_u16(),
        code: problem.code().to_owned(),
        detail: problem.0.detail.clone(),
        request_id,
        errors: problem
            .0
            .fields
            .iter()
            .map(|f| FieldBody { field: f.field.clone(), code: f.code, message: f.message.clone().into_owned() })
            .collect(),
        max_age: problem.0.max_age,
    };
    let (media_type, text) = match shape {
        Shape::Page(public) => (problem_page::MEDIA_TYPE, problem_page::render(&body, public)),
        Shape::Scim => (scim::wire::MEDIA_TYPE, scim::problem::render(&problem)),
        Shape::Problem => (MEDIA_TYPE, serde_json::to_string(&body).unwrap_or_default()),
    };
    let mut out = Response::builder().status(problem.status()).header(CONTENT_TYPE, media_type).body(Body::from(text));
    if let Ok(out) = &mut out {
        // A sign-out that fails must still be able to clear the cookie, and a 405 names the methods there are.
        for name in [http::header::SET_COOKIE, ALLOW] {
            for value in response.headers().get_all(&name) {
                out.headers_mut().append(&name, value.clone());
            }
        }
        if [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS].contains(&problem.status()) {
            out.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
        }
        if let Some(Ok(challenge)) = problem.0.challenge.as_deref().map(HeaderValue::from_str) {
            out.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
    }
    (out.unwrap_or(response), Some(problem))
}

/// The causes below an error, outermost first. The error's own sentence is left out: it says nothing about the cause.
fn chain(error: &Error) -> Option<String> {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if causes.last() != Some(&text) {
            causes.push(text);
        }
        next = cause.source();
    }
    (!causes.is_empty()).then(|| causes.join(": "))
}
