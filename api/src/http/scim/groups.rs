//! Groups, at `/scim/v2/Groups` (RFC 7644 §3).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::query::{ListParams, SearchBody, Shown, ShownParams, Wanted, searched};
use super::wire::{IfMatch, IfNoneMatch, ScimBody, Writer};
use crate::domain::scim::schema::GROUPS;
use crate::domain::scim::{self, operations};
use crate::http::access::{OrgKey, Scim};
use crate::http::input::Path;
use crate::http::problem::Problem;
use crate::state::AppState;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_scim_groups, create_scim_group))
        .routes(routes!(search_scim_groups))
        .routes(routes!(get_scim_group, replace_scim_group, patch_scim_group, delete_scim_group))
}

/// A part of the org's groups, the oldest first (§3.4.2).
#[utoipa::path(get, path = "/scim/v2/Groups", operation_id = "list_scim_groups", tag = "scim", security(("org_key" = ["scim"])),
    params(ListParams, ShownParams),
    responses(
        (status = 200, description = "A part of a list", body = Object, content_type = "application/scim+json"),
        (status = "4XX", description = "Refused", body = Object, content_type = "application/scim+json"),
    ))]
async fn list_scim_groups(
    State(state): State<AppState>,
    OrgKey { op, .. }: OrgKey<Scim>,
    Wanted(query): Wanted,
    Shown(shown): Shown,
) -> Result<Response, Problem> {
    super::list(&state, &op, &[&GROUPS], &query, &shown).await
}

/// The same by POST (§3.4.3).
#[utoipa::path(post, path = "/scim/v2/Groups/.search", operation_id = "search_scim_groups", tag = "scim", security(("org_key" = ["scim"])),
    request_body(content = SearchBody, content_type = "application/scim+json"),
    responses(
        (status = 200, description = "A part of a list", body = Object, content_type = "application/scim+json"),
        (status = "4XX", description = "Refused", body = Object, content_type = "application/scim+json"),
    ))]
async fn search_scim_groups(
    State(state): State<AppState>,
    OrgKey { op, .. }: OrgKey<Scim>,
    ScimBody(body): ScimBody,
) -> Result<Response, Problem> {
    let (query, shown) = searched(&body)?;
    super::list(&state, &op, &[&GROUPS], &query, &shown).await
}

/// Makes a group (§3.3).
#[utoipa::path(post, path = "/scim/v2/Groups", operation_id = "create_scim_group", tag = "scim", security(("org_key" = ["scim"])),
    params(ShownParams),
    request_body(content = Object, content_type = "application/scim+json"),
    responses(
        (status = 201, description = "Made", body = Object, content_type = "application/scim+json"),
        (status = "4XX", description = "Refused", body = Object, content_type = "application/scim+json"),
    ))]
async fn create_scim_group(
    State(state): State<AppState>,
    OrgKey { op, .. }: OrgKey<Scim>,
    Shown(shown): Shown,
    ScimBody(body): ScimBody,
) -> Result<Response, Problem> {
    let tx = state.begin(&op).await?;
    let made = scim::create_group(&tx, &op, &body).await?;
    tx.commit().await?;
    Ok(Writer::new(&state, &shown).made(&GROUPS, made))
}

/// A group (§3.4.1).
#[utoipa::path(get, path = "/scim/v2/Groups/{id}", operation_id = "get_scim_group", tag = "scim", security(("org_key" = ["scim"])),
    params(("id" = String, Path, description = "Our id"), ShownParams),
    responses(
        (status = 200, description = "There", body = Object, content_type = "application/scim+json"),
        (status = 304, description = "The client has this version already"),
        (status = "4XX", description = "Refused", body = Object, content_type = "application/scim+json"),
    ))]
async fn get_scim_group(
    State(state): State<AppState>,
    OrgKey { op, .. }: OrgKey<Scim>,
    Path(id): Path<String>,
    Shown(shown): Shown,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let tx = state.begin_read(&op).await?;
    let found = scim::find_group(&tx, op.scope, &id, shown.wants_members()).await?;
    drop(tx);
    Ok(Writer::new(&state, &shown).one(&GROUPS, found, &known))
}

/// Makes a group what the request says (§3.5.1).
#[utoipa::path(put, path = "/scim/v2/Groups/{id}", operation_id = "replace_scim_group", tag = "scim", security(("org_key" = ["scim"])),
    params(("id" = String, Path, description = "Our id"), ShownParams),
    request_body(content = Object, content_type = "application/scim+json"),
    responses(
        (status = 200, description = "Replaced", body = Object, content_type = "application/scim+json"),
        (status = "4XX", description = "Refused", body = Object, content_type = "application/scim+json"),
    ))]
async fn replace_scim_group(
    State(state): State<AppState>,
    OrgKey { op, .. }: OrgKey<Scim>,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
    Shown(shown): Shown,
    ScimBody(body): ScimBody,
) -> Result<Response, Problem> {
    let tx = state.begin(&op).await?;
    let now = scim::replace_group(&tx, &op, &id, &expected, &body).await?;
    tx.commit().await?;
    Ok(Writer::new(&state, &shown).written(&GROUPS, now))
}

/// Changes a group, all of it or nothing (§3.5.2). Its members can be many, so it is given back only on request.
#[utoipa::path(patch, path = "/scim/v2/Groups/{id}", operation_id = "patch_scim_group", tag = "scim", security(("org_key" = ["scim"])),
    params(("id" = String, Path, description = "Our id"), ShownParams),
    request_body(content = Object, content_type = "application/scim+json"),
    responses(
        (status = 200, description = "Changed, where attributes are asked for", body = Object, content_type = "application/scim+json"),
        (status = 204, description = "Changed"),
        (status = "4XX", description = "Refused", body = Object, content_type = "application/scim+json"),
    ))]
async fn patch_scim_group(
    State(state): State<AppState>,
    OrgKey { op, .. }: OrgKey<Scim>,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
    Shown(shown): Shown,
    ScimBody(body): ScimBody,
) -> Result<Response, Problem> {
    let operations = operations(&body)?;
    let answers = shown.is_asked_for();
    let tx = state.begin(&op).await?;
    let with_members = answers && shown.wants_members();
    let now = scim::patch_group(&tx, &op, &id, &expected, &operations, with_members).await?;
    tx.commit().await?;
    if answers {
        return Ok(Writer::new(&state, &shown).written(&GROUPS, now));
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Removes a group (§3.6).
#[utoipa::path(delete, path = "/scim/v2/Groups/{id}", operation_id = "delete_scim_group", tag = "scim", security(("org_key" = ["scim"])),
    params(("id" = String, Path, description = "Our id")),
    responses(
        (status = 204, description = "Removed"),
        (status = "4XX", description = "Refused", body = Object, content_type = "application/scim+json"),
    ))]
async fn delete_scim_group(
    State(state): State<AppState>,
    OrgKey { op, .. }: OrgKey<Scim>,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Problem> {
    let tx = state.begin(&op).await?;
    scim::remove_group(&tx, &op, &id, &expected).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
