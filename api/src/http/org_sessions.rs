//! Where an org's people are signed in, and signing them out: one of them, or everybody.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{Admin, Auditor};
use super::input::{DryRun, Path, Query};
use super::parts;
use super::problem::{Problem, ProblemBody};
use super::sessions::SessionView;
use crate::domain::revocation::{self, Cause, Door, Order, Outcome, Reach, Subject};
use crate::domain::sessions::{self, Page, PageOf, Principal};
use crate::entity::user::Model as User;
use crate::kernel::{Error, SignInId, UserId};
use crate::state::AppState;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_org_sessions)).routes(routes!(revoke_user)).routes(routes!(revoke_org))
}

/// Somebody of the org.
#[derive(Debug, Serialize, ToSchema)]
struct PersonView {
    id: UserId,
    name: String,
    /// The address as they write it.
    email: String,
}

/// One person's being signed in on one browser, and whose it is.
#[derive(Debug, Serialize, ToSchema)]
struct OrgSessionView {
    #[serde(flatten)]
    session: SessionView,
    person: PersonView,
}

/// A part of a list of sessions, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrgSessionPage {
    /// How many there are in all.
    total: i64,
    sessions: Vec<OrgSessionView>,
    /// The `before` of the next part; null when this is the last.
    #[schema(required = true)]
    next: Option<SignInId>,
}

impl OrgSessionPage {
    /// A page as `principal` sees it.
    pub fn of(Page { total, sign_ins, next }: Page, principal: &Principal) -> Self {
        let view = |(sign_in, User { id, name, email, .. })| OrgSessionView {
            session: SessionView::of(sign_in, principal),
            person: PersonView { id, name, email },
        };
        Self { total, sessions: sign_ins.into_iter().map(view).collect(), next }
    }
}

/// Which part of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Part {
    /// After this one.
    before: Option<SignInId>,
    /// At most so many; 100 unless given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

impl Part {
    /// The part that is asked for.
    ///
    /// # Errors
    /// Invalid, when it is too large or empty.
    pub fn checked(&self) -> Result<PageOf, Error> {
        Ok(PageOf { before: self.before, limit: parts::limit(self.limit)? })
    }
}

/// Where the org's people are signed in, the newest first.
#[utoipa::path(get, path = "/api/org/sessions", operation_id = "list_org_sessions", security(("session" = [])), tag = "org",
    params(Part),
    responses(
        (status = 200, description = "A part of them", body = OrgSessionPage),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn list_org_sessions(
    State(state): State<AppState>,
    Auditor { op, principal }: Auditor,
    Query(part): Query<Part>,
) -> Result<Json<OrgSessionPage>, Problem> {
    let part = part.checked()?;
    let tx = state.begin_read(&op).await?;
    let page = sessions::page(&tx, &op, None, part).await?;
    drop(tx);
    Ok(Json(OrgSessionPage::of(page, &principal)))
}

/// Signs somebody of the org out, everywhere and at once. At their company's provider they will be asked again.
#[utoipa::path(post, path = "/api/org/users/{id}/revoke", operation_id = "revoke_user", security(("session" = [])), tag = "org",
    params(("id" = UserId, Path), DryRun, Part),
    responses(
        (status = 200, description = "With dry_run: what would end", body = OrgSessionPage),
        (status = 204, description = "They are signed out"),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn revoke_user(
    State(state): State<AppState>,
    admin: Admin,
    Path(id): Path<UserId>,
    Query(part): Query<Part>,
) -> Result<Response, Problem> {
    revoke(&state, &admin, Subject::User(id), &part).await
}

/// Signs everybody of the org out, oneself too.
#[utoipa::path(post, path = "/api/org/revoke", operation_id = "revoke_org", security(("session" = [])), tag = "org", params(DryRun, Part),
    responses(
        (status = 200, description = "With dry_run: what would end", body = OrgSessionPage),
        (status = 204, description = "Everybody is signed out"),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn revoke_org(
    State(state): State<AppState>,
    admin: Admin,
    Query(part): Query<Part>,
) -> Result<Response, Problem> {
    revoke(&state, &admin, Subject::Org, &part).await
}

async fn revoke(
    state: &AppState,
    Admin { op, principal, dry_run }: &Admin,
    subject: Subject,
    part: &Part,
) -> Result<Response, Problem> {
    let order = Order { subject, reach: Reach::All, cause: Cause::Demanded, door: Door::Admin };
    let nobody = || Error::not_found("person");
    if *dry_run {
        let part = part.checked()?;
        let tx = state.begin_read(op).await?;
        let page = revocation::preview_page(&tx, op, &order, part).await?.ok_or_else(nobody)?;
        return Ok(Json(OrgSessionPage::of(page, principal)).into_response());
    }
    let tx = state.begin_holding_org(op).await?;
    let outcome = revocation::revoke(&tx, op, &order).await?;
    tx.commit().await?;
    match outcome {
        Outcome::Ended(_) => Ok(StatusCode::NO_CONTENT.into_response()),
        Outcome::NoSuchSubject => Err(nobody().into()),
    }
}
