//! What describes this service (RFC 7644 §4). The same for every org; a key is needed all the same, for it is nobody
//! else's business.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::query::Unfiltered;
use super::wire::{address, body, list};
use crate::config::Urls;
use crate::domain::scim::PART_MAX;
use crate::domain::scim::schema::{Attribute, Kind, Mutability, ResourceType, Schema};
use crate::http::access::{OrgKey, Scim};
use crate::http::input::Path;
use crate::http::problem::Problem;
use crate::kernel::Error;
use crate::state::AppState;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_scim_config))
        .routes(routes!(list_scim_resource_types))
        .routes(routes!(get_scim_resource_type))
        .routes(routes!(list_scim_schemas))
        .routes(routes!(get_scim_schema))
}

/// What of SCIM is served (RFC 7643 §5).
#[utoipa::path(get, path = "/scim/v2/ServiceProviderConfig", operation_id = "get_scim_config", tag = "scim", security(("org_key" = ["scim"])),
    responses(
        (status = 200, description = "What is served", body = Object, content_type = "application/scim+json"),
        (status = "4XX", description = "Refused", body = Object, content_type = "application/scim+json"),
    ))]
async fn get_scim_config(State(state): State<AppState>, _: OrgKey<Scim>, _: Unfiltered) -> Response {
    let no = json!({ "supported": false });
    let yes = json!({ "supported": true });
    let location = address(&state.config.urls, "/ServiceProviderConfig", "");
    body(&json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "documentationUri": "https://datatracker.ietf.org/doc/html/rfc7644",
        "patch": yes,
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": PART_MAX },
        "changePassword": no,
        "sort": no,
        "etag": yes,
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "API key",
            "description": "A key of the org's with the scope scim, as a bearer token.",
            "specUri": "https://datatracker.ietf.org/doc/html/rfc6750",
            "primary": true,
        }],
        "meta": { "resourceType": "ServiceProviderConfig", "location": location.trim_end_matches('/') },
    }))
}

/// The sorts of resources there are (RFC 7643 §6).
#[utoipa::path(get, path = "/scim/v2/ResourceTypes", operation_id = "list_scim_resource_types", tag = "scim", security(("org_key" = ["scim"])),
    responses(
        (status = 200, description = "All of them", body = Object, content_type = "application/scim+json"),
        (status = "4XX", description = "Refused", body = Object, content_type = "application/scim+json"),
    ))]
async fn list_scim_resource_types(State(state): State<AppState>, _: OrgKey<Scim>, _: Unfiltered) -> Response {
    let all: Vec<_> = ResourceType::ALL.iter().map(|kind| resource_type(&state.config.urls, kind)).collect();
    whole(&all)
}

/// One of them, by name.
#[utoipa::path(get, path = "/scim/v2/ResourceTypes/{id}", operation_id = "get_scim_resource_type", tag = "scim", security(("org_key" = ["scim"])),
    params(("id" = String, Path, description = "Such as User")),
    responses(
        (status = 200, description = "There", body = Object, content_type = "application/scim+json"),
        (status = "4XX", description = "Refused", body = Object, content_type = "application/scim+json"),
    ))]
async fn get_scim_resource_type(
    State(state): State<AppState>,
    _: OrgKey<Scim>,
    Path(id): Path<String>,
    _: Unfiltered,
) -> Result<Response, Problem> {
    let kind = ResourceType::ALL.into_iter().find(|kind| kind.name == id);
    let kind = kind.ok_or_else(|| Error::not_found("resource type"))?;
    Ok(body(&resource_type(&state.config.urls, kind)))
}

/// What these resources have (RFC 7643 §7).
#[utoipa::path(get, path = "/scim/v2/Schemas", operation_id = "list_scim_schemas", tag = "scim", security(("org_key" = ["scim"])),
    responses(
        (status = 200, description = "All of them", body = Object, content_type = "application/scim+json"),
        (status = "4XX", description = "Refused", body = Object, content_type = "application/scim+json"),
    ))]
async fn list_scim_schemas(State(state): State<AppState>, _: OrgKey<Scim>, _: Unfiltered) -> Response {
    let all: Vec<_> = schemas().map(|known| schema(&state.config.urls, known)).collect();
    whole(&all)
}

/// One of them, by its URN.
#[utoipa::path(get, path = "/scim/v2/Schemas/{id}", operation_id = "get_scim_schema", tag = "scim", security(("org_key" = ["scim"])),
    params(("id" = String, Path, description = "Such as urn:ietf:params:scim:schemas:core:2.0:User")),
    responses(
        (status = 200, description = "There", body = Object, content_type = "application/scim+json"),
        (status = "4XX", description = "Refused", body = Object, content_type = "application/scim+json"),
    ))]
async fn get_scim_schema(
    State(state): State<AppState>,
    _: OrgKey<Scim>,
    Path(id): Path<String>,
    _: Unfiltered,
) -> Result<Response, Problem> {
    let known = schemas().find(|known| known.id.eq_ignore_ascii_case(&id));
    Ok(body(&schema(&state.config.urls, known.ok_or_else(|| Error::not_found("schema"))?)))
}

fn whole(resources: &[Value]) -> Response {
    body(&list(i64::try_from(resources.len()).unwrap_or(i64::MAX), 1, resources))
}

fn schemas() -> impl Iterator<Item = &'static Schema> {
    ResourceType::ALL.into_iter().flat_map(|kind| std::iter::once(kind.schema).chain(kind.extensions.iter().copied()))
}

fn resource_type(urls: &Urls, kind: &ResourceType) -> Value {
    let extensions = kind.extensions.iter().map(|known| json!({ "schema": known.id, "required": false }));
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": kind.name,
        "name": kind.name,
        "endpoint": kind.endpoint,
        "description": kind.description,
        "schema": kind.schema.id,
        "schemaExtensions": extensions.collect::<Vec<_>>(),
        "meta": { "resourceType": "ResourceType", "location": address(urls, "/ResourceTypes", kind.name) },
    })
}

fn schema(urls: &Urls, Schema { id, name, description, attributes, .. }: &Schema) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": id,
        "name": name,
        "description": description,
        "attributes": attributes.iter().map(attribute).collect::<Vec<_>>(),
        "meta": { "resourceType": "Schema", "location": address(urls, "/Schemas", id) },
    })
}

fn attribute(known: &Attribute) -> Value {
    let kind = match known.kind {
        Kind::Text => "string",
        Kind::Boolean => "boolean",
        Kind::DateTime => "dateTime",
        Kind::Reference => "reference",
        Kind::Binary => "binary",
        Kind::Complex => "complex",
    };
    let (mutability, returned) = match known.mutability {
        Mutability::ReadWrite => ("readWrite", "default"),
        Mutability::ReadOnly => ("readOnly", "default"),
        Mutability::WriteOnly => ("writeOnly", "never"),
    };
    let mut shown = json!({
        "name": known.name,
        "type": kind,
        "multiValued": known.multi_valued,
        "description": known.description,
        "required": known.required,
        "caseExact": known.case_exact,
        "mutability": mutability,
        "returned": returned,
        "uniqueness": if known.unique { "server" } else { "none" },
    });
    if !known.sub.is_empty() {
        shown["subAttributes"] = known.sub.iter().map(attribute).collect();
    }
    if !known.refers_to.is_empty() {
        shown["referenceTypes"] = json!(known.refers_to);
    }
    shown
}
