//! The company's directory, at `/scim/v2`: SCIM 2.0 (RFC 7643, RFC 7644). The org is the key's.
//!
//! A handler here is as short as any: what the requests mean is `domain::scim`'s to say. `docs/SCIM.md` says what a
//! directory finds, and how ours differs from the letter.

pub mod catalog;
pub mod discovery;
pub mod groups;
pub mod problem;
pub mod projection;
pub mod query;
pub mod users;
pub mod wire;

use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{OrgKey, Scim};
use super::problem::Problem;
use crate::domain::scim::schema::{GROUPS, ResourceType, USERS};
use crate::domain::scim::{self, Query};
use crate::kernel::Op;
use crate::state::AppState;
use projection::Projection;
use query::{SearchBody, searched};
use wire::{BODY_LIMIT, ScimBody, Writer};

/// Where everything here is.
pub const ROOT: &str = "/scim/";

/// The routes of this folder.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(users::routes())
        .merge(groups::routes())
        .merge(catalog::routes())
        .merge(discovery::routes())
        .routes(routes!(search_scim))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
}

/// Looks among people and groups at once (RFC 7644 §3.4.3). Of those that do not have what the filter asks about, there
/// are none.
#[utoipa::path(post, path = "/scim/v2/.search", operation_id = "search_scim", tag = "scim", security(("org_key" = ["scim"])),
    request_body(content = SearchBody, content_type = "application/scim+json"),
    responses(
        (status = 200, description = "A part of a list", body = Object, content_type = "application/scim+json"),
        (status = "4XX", description = "Refused", body = Object, content_type = "application/scim+json"),
    ))]
async fn search_scim(
    State(state): State<AppState>,
    key: OrgKey<Scim>,
    ScimBody(body): ScimBody,
) -> Result<Response, Problem> {
    let (query, projection) = searched(&body)?;
    list(&state, &key.op, &[&USERS, &GROUPS], &query, &projection).await
}

/// A part of a list, as it is given.
async fn list(
    state: &AppState,
    op: &Op,
    kinds: &[&'static ResourceType],
    query: &Query,
    projection: &Projection,
) -> Result<Response, Problem> {
    let tx = state.begin_read(op).await?;
    let found = scim::search(&tx, op.scope, kinds, query, projection.wants_members()).await?;
    drop(tx);
    Ok(Writer::new(state, projection).list(found, query))
}
