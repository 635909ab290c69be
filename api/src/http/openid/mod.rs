//! Signing in at one's company's OpenID provider: the question which company, the way out, and the way back.
//!
//! Both ways are pages to a browser, so their failures are too: see `problem_page`.

mod browser;
mod flow;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use validator::Validate;

use super::access::Company;
use super::client::RequestInfo;
use super::input::{Body, Query};
use super::login::AuthSession;
use super::problem::{Problem, ProblemBody};
use crate::domain::sso;
use crate::kernel::Email;
use crate::oidc::Answer;
use crate::state::AppState;

use browser::LeavingBrowser;
use flow::Destination;

/// In seconds.
const YEAR: i32 = 365 * 24 * 60 * 60;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(check_openid)).routes(routes!(start_openid)).routes(routes!(finish_openid))
}

/// Somebody who is about to sign in.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct OpenidCheck {
    /// What they typed as their name.
    #[schema(example = "trinity@whiterabbit.fake")]
    username: String,
}

/// Where they sign in.
#[derive(Serialize, ToSchema)]
struct OpenidCheckResult {
    /// The company whose provider they are to be sent to, by its slug; null for those who sign in with a password.
    #[schema(required = true, example = "whiterabbit.fake")]
    org_id: Option<String>,
}

/// Asks whether somebody signs in at their company's provider. Only the domain of their address matters, so the answer
/// says nothing about whether we know them.
#[utoipa::path(post, path = "/api/openid/check", operation_id = "check_openid", tag = "openid", request_body = OpenidCheck,
    responses(
        (status = 200, description = "The company, or null", body = OpenidCheckResult),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn check_openid(
    State(state): State<AppState>,
    Body(OpenidCheck { username }): Body<OpenidCheck>,
) -> Result<Json<OpenidCheckResult>, Problem> {
    let org_id = match Email::parse(&username) {
        Some(email) => sso::find_company(&state.db, email.domain()).await?,
        None => None,
    };
    Ok(Json(OpenidCheckResult { org_id }))
}

/// Who leaves, and where to when they are back.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Start {
    /// The person's address, to be passed on to the provider.
    login_hint: Option<String>,
    /// The path of ours to go to afterwards; `/` unless it is one.
    next: Option<String>,
    /// How recently, in seconds, the person must have proved who they are (OpenID Connect Core 1.0 §3.1.2.1).
    #[param(minimum = 0, maximum = 31_536_000)]
    max_age: Option<i32>,
}

/// Sends a browser to the company's provider. To be navigated to, not fetched; a provider's own tile may lead here too.
#[utoipa::path(get, path = "/openid/start/{slug}", operation_id = "start_openid", tag = "openid",
    params(("slug" = String, Path, description = "The company's slug"), Start),
    responses(
        (status = 303, description = "To the provider"),
        (status = "4XX", description = "Refused, as a page", content_type = "text/html"),
        (status = 502, description = "The provider is away or not what it should be, as a page", content_type = "text/html"),
    ))]
async fn start_openid(
    State(state): State<AppState>,
    company: Company,
    Query(start): Query<Start>,
    browser: LeavingBrowser,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let hint = start.login_hint.as_deref().and_then(Email::parse);
    let connection = flow::find_connection(&state, &company, hint.as_ref()).await?;
    let destination = Destination {
        return_to: flow::return_path(&state.config.urls, start.next.as_deref()),
        login_hint: hint.map(|email| email.as_written().to_owned()),
        prompted: false,
        max_age: start.max_age.map(|seconds| seconds.clamp(0, YEAR)),
        from_own_page: headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin"),
    };
    Ok(flow::leave(&state, &company, &connection, destination, &browser).await?)
}

/// What the provider sends back with the browser (RFC 6749 §4.1.2, RFC 9207 §2). Its `error_description` is not read.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Callback {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// Where the provider sends the browser back to. Signs the person in, and sends them to where they were going; or back
/// to the provider once, when they must prove again who they are.
#[utoipa::path(get, path = "/openid/callback/{slug}", operation_id = "finish_openid", tag = "openid",
    params(("slug" = String, Path, description = "The company's slug"), Callback),
    responses(
        (status = 303, description = "Signed in, or to the provider once more"),
        (status = "4XX", description = "Not signed in, as a page", content_type = "text/html"),
        (status = 502, description = "The provider is away or cannot be trusted, as a page", content_type = "text/html"),
    ))]
async fn finish_openid(
    State(state): State<AppState>,
    company: Company,
    Query(Callback { state: returned, code, error, iss }): Query<Callback>,
    request: RequestInfo,
    browser: LeavingBrowser,
    mut auth: AuthSession,
) -> Result<Response, Problem> {
    let answer = Answer { code, error, iss };
    let returned = returned.map(SecretString::from);
    let signed_in = auth.user.as_ref().map(|principal| principal.scope);
    match flow::come_back(&state, &company, &request, returned.as_ref(), &browser, signed_in, &answer).await {
        Ok(back) => flow::arrive(&state, &company, &request, &browser, &mut auth, back).await,
        Err(error) => Err(flow::refuse(&state, &company, error).await),
    }
}
