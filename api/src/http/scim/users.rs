//! People, at `/scim/v2/Users` (RFC 7644 §3).

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::query::{ListParams, SearchBody, Shown, ShownParams, Wanted, searched};
use super::wire::{IfMatch, IfNoneMatch, ScimBody, Writer};
use crate::domain::scim::schema::USERS;
use crate::domain::scim::{self, operations};
use crate::http::access::{OrgKey, Scim};
use crate::http::input::Path;
use crate::http::problem::Problem;
use crate::state::AppState;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_scim_users, create_scim_user))
        .routes(routes!(search_scim_users))
        .routes(routes!(get_scim_user, replace_scim_user, patch_scim_user, delete_scim_user))
}

/// A part of the org's people, the oldest first (§3.4.2).
#[utoipa::path(get, path = "/scim/v2/Users", operation_id = "list_scim_users", tag = "scim", security(("org_key" = ["scim"])),
    params(ListParams, ShownParams),
    responses(
        (status = 200, description = "A part of a list", body = Object, content_type = "application/scim+json"),
        (status = "4XX", description = "Refused", body = Object, content_type = "application/scim+json"),
    ))]
async fn list_scim_users(
    State(state): State<AppState>,
    OrgKey { op, .. }: OrgKey<Scim>,
    Wanted(query): Wanted,
    Shown(shown): Shown,
) -> Result<Response, Problem> {
    super::list(&state, &op, &[&USERS], &query, &shown).await
}

/// The same by POST (§3.4.3).
#[utoipa::path(post, path = "/scim/v2/Users/.search", operation_id = "search_scim_users", tag = "scim", security(("org_key" = ["scim"])),
    request_body(content = SearchBody, content_type = "application/scim+json"),
    responses(
        (status = 200, description = "A part of a list", body = Object, content_type = "application/scim+json"),
        (status = "4XX", description = "Refused", body = Object, content_type = "application/scim+json"),
    ))]
async fn search_scim_users(
    State(state): State<AppState>,
    OrgKey { op, .. }: OrgKey<Scim>,
    ScimBody(body): ScimBody,
) -> Result<Response, Problem> {
    let (query, shown) = searched(&body)?;
    super::list(&state, &op, &[&USERS], &query, &shown).await
}

/// Makes a person (§3.3).
#[utoipa::path(post, path = "/scim/v2/Users", operation_id = "create_scim_user", tag = "scim", security(("org_key" = ["scim"])),
    params(ShownParams),
    request_body(content = Object, content_type = "application/scim+json"),
    responses(
        (status = 201, description = "Made", body = Object, content_type = "application/scim+json"),
        (status = "4XX", description = "Refused", body = Object, content_type = "application/scim+json"),
    ))]
async fn create_scim_user(
    State(state): State<AppState>,
    OrgKey { op, .. }: OrgKey<Scim>,
    Shown(shown): Shown,
    ScimBody(body): ScimBody,
) -> Result<Response, Problem> {
    let tx = state.begin(&op).await?;
    let made = scim::create_user(&tx, &op, &body).await?;
    tx.commit().await?;
    Ok(Writer::new(&state, &shown).made(&USERS, made))
}

/// A person (§3.4.1).
#[utoipa::path(get, path = "/scim/v2/Users/{id}", operation_id = "get_scim_user", tag = "scim", security(("org_key" = ["scim"])),
    params(("id" = String, Path, description = "Our id"), ShownParams),
    responses(
        (status = 200, description = "There", body = Object, content_type = "application/scim+json"),
        (status = 304, description = "The client has this version already"),
        (status = "4XX", description = "Refused", body = Object, content_type = "application/scim+json"),
    ))]
async fn get_scim_user(
    State(state): State<AppState>,
    OrgKey { op, .. }: OrgKey<Scim>,
    Path(id): Path<String>,
    Shown(shown): Shown,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let tx = state.begin_read(&op).await?;
    let found = scim::find_user(&tx, op.scope, &id).await?;
    drop(tx);
    Ok(Writer::new(&state, &shown).one(&USERS, found, &known))
}

/// Makes a person what the request says (§3.5.1).
#[utoipa::path(put, path = "/scim/v2/Users/{id}", operation_id = "replace_scim_user", tag = "scim", security(("org_key" = ["scim"])),
    params(("id" = String, Path, description = "Our id"), ShownParams),
    request_body(content = Object, content_type = "application/scim+json"),
    responses(
        (status = 200, description = "Replaced", body = Object, content_type = "application/scim+json"),
        (status = "4XX", description = "Refused", body = Object, content_type = "application/scim+json"),
    ))]
async fn replace_scim_user(
    State(state): State<AppState>,
    OrgKey { op, .. }: OrgKey<Scim>,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
    Shown(shown): Shown,
    ScimBody(body): ScimBody,
) -> Result<Response, Problem> {
    let tx = state.begin(&op).await?;
    let now = scim::replace_user(&tx, &op, &id, &expected, &body).await?;
    tx.commit().await?;
    Ok(Writer::new(&state, &shown).written(&USERS, now))
}

/// Changes a person, all of it or nothing (§3.5.2).
#[utoipa::path(patch, path = "/scim/v2/Users/{id}", operation_id = "patch_scim_user", tag = "scim", security(("org_key" = ["scim"])),
    params(("id" = String, Path, description = "Our id"), ShownParams),
    request_body(content = Object, content_type = "application/scim+json"),
    responses(
        (status = 200, description = "Changed", body = Object, content_type = "application/scim+json"),
        (status = "4XX", description = "Refused", body = Object, content_type = "application/scim+json"),
    ))]
async fn patch_scim_user(
    State(state): State<AppState>,
    OrgKey { op, .. }: OrgKey<Scim>,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
    Shown(shown): Shown,
    ScimBody(body): ScimBody,
) -> Result<Response, Problem> {
    let operations = operations(&body)?;
    let tx = state.begin(&op).await?;
    let now = scim::patch_user(&tx, &op, &id, &expected, &operations).await?;
    tx.commit().await?;
    Ok(Writer::new(&state, &shown).written(&USERS, now))
}

/// Removes a person (§3.6).
#[utoipa::path(delete, path = "/scim/v2/Users/{id}", operation_id = "delete_scim_user", tag = "scim", security(("org_key" = ["scim"])),
    params(("id" = String, Path, description = "Our id")),
    responses(
        (status = 204, description = "Removed"),
        (status = "4XX", description = "Refused", body = Object, content_type = "application/scim+json"),
    ))]
async fn delete_scim_user(
    State(state): State<AppState>,
    OrgKey { op, .. }: OrgKey<Scim>,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Problem> {
    let tx = state.begin(&op).await?;
    scim::remove_user(&tx, &op, &id, &expected).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
