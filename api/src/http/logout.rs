//! A provider tells that its own session with somebody has ended: by a signed token from server to server, or by a frame
//! in the person's browser.

use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use url::Url;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::Company;
use super::client::RequestInfo;
use super::demand;
use super::input::{Form, Query};
use super::problem::{Problem, ProblemBody};
use crate::domain::revocation::{self, Cause, Door, Order, Reach, Subject};
use crate::domain::sessions;
use crate::domain::sso::Connection;
use crate::kernel::{Actor, Error, Op};
use crate::oidc::{self, DemandRefused, Logout, Origin, Rejection};
use crate::state::AppState;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(logout_by_back_channel)).routes(routes!(logout_by_front_channel))
}

/// OpenID Connect Back-Channel Logout 1.0 §2.5: other parameters are ignored.
#[derive(Deserialize, ToSchema)]
struct LogoutRequest {
    logout_token: String,
}

/// Ends the sign-ins that the provider's session opened, or with a token that names no session, all of the person's
/// (OpenID Connect Back-Channel Logout 1.0 §2.7). Nobody being signed in is no failure.
#[utoipa::path(post, path = "/orgs/{slug}/backchannel-logout", operation_id = "logout_by_back_channel", tag = "revocation",
    params(("slug" = String, Path, description = "The company's slug")),
    request_body(content = LogoutRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "They have ended"),
        (status = 400, description = "The token is not good", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The provider's keys cannot be had", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn logout_by_back_channel(
    State(state): State<AppState>,
    company: Company,
    request: RequestInfo,
    Form(LogoutRequest { logout_token }): Form<LogoutRequest>,
) -> Result<StatusCode, Problem> {
    let logout = match verify(&state, &company.op, &logout_token).await {
        Ok(logout) => logout,
        Err(Rejection::Refused(reason)) => return Err(refuse(&state, &company.op, reason).await?),
        Err(Rejection::Unknown(error)) => return Err(Error::keys_unavailable(error).into()),
    };
    let Logout { token, sub, sid } = logout;
    let op = request.op(&state, company.op.scope, Actor::Idp { issuer: token.issuer.clone() });
    let tx = state.begin(&op).await?;
    let order = order(&token.issuer, sub, sid, Door::BackChannelLogout)?;
    let done = revocation::revoke_once(&tx, &op, &order, &token, logout_token.as_bytes()).await?;
    if done.is_none() {
        drop(tx);
        return Err(refuse(&state, &company.op, DemandRefused::Replayed).await?);
    }
    tx.commit().await?;
    Ok(StatusCode::OK)
}

async fn verify(state: &AppState, op: &Op, token: &str) -> Result<Logout, Rejection> {
    let connections = demand::connections(state, op).await.map_err(Rejection::Unknown)?;
    let stated = oidc::stated_issuer(token)?;
    // One issuer may know the org by several clients.
    for connection in connections.iter().filter(|c| c.issuer == stated) {
        let issuer = oidc::parse_issuer(&connection.issuer).map_err(Rejection::Unknown)?;
        let from = Origin { issuer: &issuer, client_id: &connection.client_id };
        match state.providers.logout_demand(token, from, connection.requires_logout_typ).await {
            Err(Rejection::Refused(DemandRefused::Issuer)) => {}
            other => return other,
        }
    }
    Err(DemandRefused::Issuer.into())
}

fn order(issuer: &str, sub: Option<String>, sid: Option<String>, door: Door) -> Result<Order, Error> {
    let iss = issuer.to_owned();
    let (subject, reach) = match (sub, sid) {
        (sub, Some(sid)) => (Subject::ProviderSession { iss, sid, sub }, Reach::ProviderSession),
        (Some(sub), None) => (Subject::IssSub { iss, sub }, Reach::All),
        (None, None) => return Err(Error::internal("a logout token without sub and sid")),
    };
    Ok(Order { subject, reach, cause: Cause::ProviderSignedOut, door })
}

/// §2.8: 400, whatever is wrong with it.
async fn refuse(state: &AppState, op: &Op, reason: DemandRefused) -> Result<Problem, Problem> {
    demand::refuse(state, op, Door::BackChannelLogout, reason).await?;
    Ok(Error::invalid_as("token_refused", reason.sentence()).into())
}

/// OpenID Connect Front-Channel Logout 1.0 §2: both or neither; without them we would not know whose.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct FrontChannel {
    iss: Option<String>,
    sid: Option<String>,
}

/// The page that a provider loads in a frame while it ends its session. It has no credential and gets no cookie, so it
/// acts only on a session that has a sign-in open here, whose name nobody else knows.
#[utoipa::path(get, path = "/orgs/{slug}/frontchannel-logout", operation_id = "logout_by_front_channel", tag = "revocation",
    params(("slug" = String, Path, description = "The company's slug"), FrontChannel),
    responses((status = 200, description = "An empty page, whether there was such a session or not", content_type = "text/html")))]
async fn logout_by_front_channel(
    State(state): State<AppState>,
    company: Company,
    Query(FrontChannel { iss, sid }): Query<FrontChannel>,
) -> Result<Response, Problem> {
    let op = &company.op;
    let connections = demand::connections(&state, op).await?;
    let sid = sid.filter(|sid| oidc::is_sid(sid));
    if let (Some(iss), Some(sid)) = (iss.filter(|iss| connections.iter().any(|c| c.issuer == *iss)), sid) {
        let tx = state.begin(op).await?;
        if sessions::find_by_sid(&tx, op.scope, &iss, &sid, None).await?.is_some() {
            let order = order(&iss, None, Some(sid), Door::FrontChannelLogout)?;
            revocation::revoke(&tx, op, &order).await?;
            tx.commit().await?;
        }
    }
    Ok((
        [(header::CONTENT_SECURITY_POLICY, framed_by(&connections)?)],
        Html("<!doctype html><title>Signed out</title>"),
    )
        .into_response())
}

/// Only the company's own providers may show the page in a frame.
fn framed_by(connections: &[Connection]) -> Result<HeaderValue, Error> {
    let origins =
        connections.iter().filter_map(|c| Url::parse(&c.issuer).ok()).map(|url| url.origin().ascii_serialization());
    let origins = origins.collect::<Vec<_>>().join(" ");
    let ancestors = if origins.is_empty() { "'none'" } else { &origins };
    HeaderValue::try_from(format!("default-src 'none'; frame-ancestors {ancestors}")).map_err(Error::internal)
}
