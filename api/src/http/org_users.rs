//! An org's people, for its own programs: by a key of the org.

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{OrgKey, UsersRead};
use super::etag;
use super::input::Query;
use super::parts::{List, PartParams};
use super::problem::{Problem, ProblemBody};
use crate::domain::users;
use crate::entity::user::Model as User;
use crate::kernel::{Role, UserId};
use crate::state::AppState;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_org_users))
}

/// Somebody of the org, as its programs see them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OrgUserView {
    id: UserId,
    /// The address as they write it.
    email: String,
    name: String,
    role: Role,
    /// Whether they may come in.
    active: bool,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl From<User> for OrgUserView {
    fn from(User { id, email, name, role, active, created_at, .. }: User) -> Self {
        Self { id, email, name, role, active, created_at }
    }
}

/// A part of an org's people.
#[derive(Debug, Serialize, ToSchema)]
struct OrgUserList {
    users: Vec<OrgUserView>,
    /// The `cursor` of the next part; null when this is the last.
    #[schema(required = true)]
    next: Option<String>,
}

/// The org's people, also those who are deactivated, oldest first.
#[utoipa::path(get, path = "/api/org/users", operation_id = "list_org_users", security(("org_key" = ["users:read"])), tag = "org api",
    params(PartParams, ("If-None-Match" = Option<String>, Header, description = "The tag of what is known already")),
    responses(
        (status = 200, description = "A part of them", body = OrgUserList, headers(("ETag" = String, description = "Its weak tag"))),
        (status = 304, description = "What is known already"),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn list_org_users(
    State(state): State<AppState>,
    OrgKey { op, .. }: OrgKey<UsersRead>,
    request: HeaderMap,
    Query(part): Query<PartParams>,
) -> Result<Response, Problem> {
    let part = part.checked(List::Users)?;
    let tx = state.begin_read(&op).await?;
    let part = users::list_part(&tx, op.scope, part).await?;
    drop(tx);
    let next = part.next.map(|place| List::Users.cursor(place));
    let users = part.items.into_iter().map(Into::into).collect();
    etag::json(&request, &OrgUserList { users, next })
}
