//! What the org can give its people, as Okta discovers it ("Build a SCIM 2.0 server with entitlements").

use axum::extract::State;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::query::{ListParams, Shown, ShownParams, Wanted};
use super::wire::{IfNoneMatch, Writer};
use crate::domain::scim;
use crate::domain::scim::schema::{ENTITLEMENTS, ROLES, ResourceType};
use crate::http::access::{OrgKey, Scim};
use crate::http::input::Path;
use crate::http::problem::Problem;
use crate::kernel::Op;
use crate::state::AppState;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_scim_roles))
        .routes(routes!(get_scim_role))
        .routes(routes!(list_scim_entitlements))
        .routes(routes!(get_scim_entitlement))
}

/// The roles that the org can give.
#[utoipa::path(get, path = "/scim/v2/Roles", operation_id = "list_scim_roles", tag = "scim", security(("org_key" = ["scim"])),
    params(ListParams, ShownParams),
    responses(
        (status = 200, description = "A part of a list", body = Object, content_type = "application/scim+json"),
        (status = "4XX", description = "Refused", body = Object, content_type = "application/scim+json"),
    ))]
async fn list_scim_roles(
    State(state): State<AppState>,
    OrgKey { op, .. }: OrgKey<Scim>,
    Wanted(query): Wanted,
    Shown(shown): Shown,
) -> Result<Response, Problem> {
    super::list(&state, &op, &[&ROLES], &query, &shown).await
}

/// One of them.
#[utoipa::path(get, path = "/scim/v2/Roles/{id}", operation_id = "get_scim_role", tag = "scim", security(("org_key" = ["scim"])),
    params(("id" = String, Path, description = "Our id"), ShownParams),
    responses(
        (status = 200, description = "There", body = Object, content_type = "application/scim+json"),
        (status = "4XX", description = "Refused", body = Object, content_type = "application/scim+json"),
    ))]
async fn get_scim_role(
    State(state): State<AppState>,
    OrgKey { op, .. }: OrgKey<Scim>,
    Path(id): Path<String>,
    Shown(shown): Shown,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let record = find(&state, &op, &ROLES, &id).await?;
    Ok(Writer::new(&state, &shown).one(&ROLES, record, &known))
}

/// The entitlements that the org can give.
#[utoipa::path(get, path = "/scim/v2/Entitlements", operation_id = "list_scim_entitlements", tag = "scim", security(("org_key" = ["scim"])),
    params(ListParams, ShownParams),
    responses(
        (status = 200, description = "A part of a list", body = Object, content_type = "application/scim+json"),
        (status = "4XX", description = "Refused", body = Object, content_type = "application/scim+json"),
    ))]
async fn list_scim_entitlements(
    State(state): State<AppState>,
    OrgKey { op, .. }: OrgKey<Scim>,
    Wanted(query): Wanted,
    Shown(shown): Shown,
) -> Result<Response, Problem> {
    super::list(&state, &op, &[&ENTITLEMENTS], &query, &shown).await
}

/// One of them.
#[utoipa::path(get, path = "/scim/v2/Entitlements/{id}", operation_id = "get_scim_entitlement", tag = "scim", security(("org_key" = ["scim"])),
    params(("id" = String, Path, description = "Our id"), ShownParams),
    responses(
        (status = 200, description = "There", body = Object, content_type = "application/scim+json"),
        (status = "4XX", description = "Refused", body = Object, content_type = "application/scim+json"),
    ))]
async fn get_scim_entitlement(
    State(state): State<AppState>,
    OrgKey { op, .. }: OrgKey<Scim>,
    Path(id): Path<String>,
    Shown(shown): Shown,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let record = find(&state, &op, &ENTITLEMENTS, &id).await?;
    Ok(Writer::new(&state, &shown).one(&ENTITLEMENTS, record, &known))
}

async fn find(state: &AppState, op: &Op, kind: &'static ResourceType, id: &str) -> Result<scim::Record, Problem> {
    let tx = state.begin_read(op).await?;
    Ok(scim::find_entitlement(&tx, op.scope, kind, id).await?)
}
