//! One's own sessions: where one is signed in, and signing out there.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use validator::Validate;

use super::access::Member;
use super::account::SignInMethod;
use super::input::{Body, DryRun, Path, Query};
use super::problem::{Problem, ProblemBody};
use crate::domain::revocation::{self, Cause, Door, Order, Outcome, Reach, Subject};
use crate::domain::sessions::{self, Principal};
use crate::entity::sign_in::Model as SignIn;
use crate::kernel::{Error, SignInId};
use crate::state::AppState;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_sessions)).routes(routes!(end_session)).routes(routes!(revoke_sessions))
}

/// One person's being signed in on one browser.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    id: SignInId,
    /// Whether it is this browser's.
    current: bool,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When it was last used, to the minute.
    #[serde(with = "time::serde::rfc3339")]
    last_used_at: OffsetDateTime,
    /// When it ends unless it is used.
    #[serde(with = "time::serde::rfc3339")]
    idle_expires_at: OffsetDateTime,
    /// When it ends, however much it is used.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
    /// From which address it was opened.
    ip: Option<String>,
    /// By which browser, as that calls itself.
    agent: Option<String>,
    sign_in_method: SignInMethod,
}

impl SessionView {
    /// A sign-in of `principal`'s org, as they see it.
    pub fn of(sign_in: SignIn, principal: &Principal) -> Self {
        let SignIn { id, created_at, last_seen_at, expires_at, ip, agent, idp_iss, .. } = sign_in;
        Self {
            id,
            current: id == principal.sign_in,
            created_at,
            last_used_at: last_seen_at,
            idle_expires_at: last_seen_at + principal.idle_timeout,
            expires_at,
            ip,
            agent,
            sign_in_method: SignInMethod::of(idp_iss.is_some()),
        }
    }
}

/// A list of sessions.
#[derive(Debug, Serialize, ToSchema)]
struct SessionList {
    sessions: Vec<SessionView>,
}

fn list(sign_ins: Vec<SignIn>, principal: &Principal) -> Json<SessionList> {
    Json(SessionList { sessions: sign_ins.into_iter().map(|each| SessionView::of(each, principal)).collect() })
}

/// Where one is signed in, the newest first.
#[utoipa::path(get, path = "/api/sessions", operation_id = "list_sessions", security(("session" = [])), tag = "sessions",
    responses(
        (status = 200, description = "The sessions", body = SessionList),
        (status = 401, description = "Nobody is signed in", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn list_sessions(
    State(state): State<AppState>,
    Member { op, principal }: Member,
) -> Result<Json<SessionList>, Problem> {
    let tx = state.begin_read(&op).await?;
    let open = sessions::list_open(&tx, op.scope, principal.user, op.now).await?;
    drop(tx);
    Ok(list(open, &principal))
}

/// Signs out of one of one's own sessions, be it this one.
#[utoipa::path(delete, path = "/api/sessions/{id}", operation_id = "end_session", security(("session" = [])), tag = "sessions",
    params(("id" = SignInId, Path)),
    responses(
        (status = 204, description = "It has ended"),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn end_session(
    State(state): State<AppState>,
    Member { op, principal }: Member,
    Path(id): Path<SignInId>,
) -> Result<StatusCode, Problem> {
    let tx = state.begin_holding_person(&op).await?;
    match revocation::revoke(&tx, &op, &order(&principal, Reach::One(id), Cause::SignedOut)).await? {
        Outcome::Ended(receipt) if receipt.sign_ins > 0 => tx.commit().await?,
        _ => return Err(Error::not_found("session").into()),
    }
    Ok(StatusCode::NO_CONTENT)
}

/// How far one's sign-out reaches.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum OwnReach {
    /// Every session but this one.
    Others,
    /// Every session, and every sign-in that is on its way. At one's company's provider one will be asked again.
    All,
}

/// Which of one's own sessions to end.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct SessionRevocation {
    reach: OwnReach,
}

/// Signs out of one's other sessions, or of all.
#[utoipa::path(post, path = "/api/sessions/revoke", operation_id = "revoke_sessions", security(("session" = [])), tag = "sessions",
    params(DryRun), request_body = SessionRevocation,
    responses(
        (status = 200, description = "With dry_run: what would end", body = SessionList),
        (status = 204, description = "They have ended"),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn revoke_sessions(
    State(state): State<AppState>,
    Member { op, principal }: Member,
    Query(DryRun { dry_run }): Query<DryRun>,
    Body(SessionRevocation { reach }): Body<SessionRevocation>,
) -> Result<Response, Problem> {
    let (reach, cause) = match reach {
        OwnReach::Others => (Reach::AllBut(principal.sign_in), Cause::SignedOut),
        OwnReach::All => (Reach::All, Cause::SignedOutEverywhere),
    };
    let order = order(&principal, reach, cause);
    let tx = state.begin_holding_person(&op).await?;
    if dry_run {
        return Ok(list(revocation::preview(&tx, &op, &order).await?, &principal).into_response());
    }
    revocation::revoke(&tx, &op, &order).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn order(principal: &Principal, reach: Reach, cause: Cause) -> Order {
    Order { subject: Subject::User(principal.user), reach, cause, door: Door::Account }
}
