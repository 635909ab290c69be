//! An org's API keys, for its administrators.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use validator::Validate;

use super::access::{Auditor, ProvenAdmin};
use super::input::{Body, Path};
use super::problem::{Problem, ProblemBody};
use crate::domain::api_keys::{self, KeptKey, MadeBy, MintedKey, NewKey, Scope};
use crate::kernel::{ApiKeyId, UserId};
use crate::state::AppState;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_keys, mint_key)).routes(routes!(revoke_key)).routes(routes!(rotate_key))
}

/// What is known of a key. It cannot be used by that.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct KeyView {
    id: ApiKeyId,
    /// What people call it.
    name: String,
    /// How the key begins; null for the workshop's, whose beginning says nothing.
    #[schema(required = true, example = "cfw_0d3fGh12")]
    prefix: Option<String>,
    /// How it ends.
    #[schema(example = "a1B2")]
    last_four: String,
    scopes: Vec<Scope>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    created_by: MadeByView,
    /// Null until it is used; written down at most once a minute.
    #[serde(with = "time::serde::rfc3339::option")]
    last_used_at: Option<OffsetDateTime>,
    /// Null when it does not end by itself.
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
    /// Null unless somebody has ended it.
    #[serde(with = "time::serde::rfc3339::option")]
    revoked_at: Option<OffsetDateTime>,
    /// The key that took its place.
    #[schema(required = true)]
    rotated_to: Option<ApiKeyId>,
}

/// Who made a key.
#[derive(Serialize, ToSchema)]
struct MadeByView {
    /// The person; null when it was a job of ours.
    #[schema(required = true)]
    id: Option<UserId>,
    /// Their name, or null when they are not here any more; or the job's.
    #[schema(required = true)]
    name: Option<String>,
}

impl From<KeptKey> for KeyView {
    fn from(key: KeptKey) -> Self {
        let MadeBy { user, name } = key.made_by;
        Self {
            id: key.id,
            name: key.name,
            prefix: key.prefix,
            last_four: key.last_four,
            scopes: key.scopes,
            created_at: key.created_at,
            created_by: MadeByView { id: user, name },
            last_used_at: key.last_used_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            rotated_to: key.rotated_to,
        }
    }
}

/// An org's keys, the newest first.
#[derive(Serialize, ToSchema)]
struct KeyList {
    keys: Vec<KeyView>,
}

/// A key that has just been made.
#[derive(Serialize, ToSchema)]
struct MintedKeyView {
    #[serde(flatten)]
    view: KeyView,
    /// The key itself. It is shown this once, and stored nowhere.
    key: String,
}

fn minted(MintedKey { key, text }: MintedKey) -> Response {
    let head = [
        (header::LOCATION, HeaderValue::try_from(format!("/api/org/keys/{}", key.id)).ok()),
        (header::CACHE_CONTROL, Some(HeaderValue::from_static("no-store"))),
    ];
    let head: http::HeaderMap = head.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let body = MintedKeyView { view: key.into(), key: text.expose_secret().to_owned() };
    (StatusCode::CREATED, head, Json(body)).into_response()
}

/// The org's keys, also those that are over, the newest first.
#[utoipa::path(get, path = "/api/org/keys", operation_id = "list_keys", security(("session" = [])), tag = "org",
    responses(
        (status = 200, description = "The keys", body = KeyList),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn list_keys(State(state): State<AppState>, Auditor { op, .. }: Auditor) -> Result<Json<KeyList>, Problem> {
    let tx = state.begin_read(&op).await?;
    let keys = api_keys::list(&tx, op.scope).await?;
    drop(tx);
    Ok(Json(KeyList { keys: keys.into_iter().map(Into::into).collect() }))
}

/// A key to be made. The room checks its bounds, for the command line too.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewKeyBody {
    /// What people are to call it.
    #[schema(min_length = 1, max_length = 100, example = "Friday's report")]
    name: String,
    /// What it may be used for; none twice.
    #[schema(min_items = 1)]
    scopes: Vec<Scope>,
    /// After so many days it ends by itself; unless given, it does not.
    #[validate(range(min = 1, max = 730, message = "A key lasts for 1 to 730 days, or for good."))]
    #[schema(minimum = 1, maximum = 730)]
    expires_in_days: Option<i64>,
}

/// Makes a key. What it says is shown this once.
#[utoipa::path(post, path = "/api/org/keys", operation_id = "mint_key", security(("session" = [])), tag = "org", request_body = NewKeyBody,
    responses(
        (status = 201, description = "Made", body = MintedKeyView),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn mint_key(
    State(state): State<AppState>,
    ProvenAdmin { op }: ProvenAdmin,
    Body(NewKeyBody { name, scopes, expires_in_days }): Body<NewKeyBody>,
) -> Result<Response, Problem> {
    let new = NewKey { name, scopes, lifetime: expires_in_days.map(Duration::days) };
    let tx = state.begin_holding_org(&op).await?;
    let key = api_keys::mint(&tx, &op, new).await?;
    tx.commit().await?;
    Ok(minted(key))
}

/// How a key is to be replaced.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rotation {
    /// So long the old key goes on, for whatever still has it; with 0 it ends at once.
    #[validate(range(min = 0, max = 604_800, message = "The old key may go on for 0 to 604800 seconds."))]
    #[schema(minimum = 0, maximum = 604_800, example = 3600)]
    overlap_seconds: i64,
}

/// Makes a key that takes this one's place: with its name and scopes, and as long a life again. What it says is shown this
/// once. The old one is never made to last longer by it.
#[utoipa::path(post, path = "/api/org/keys/{id}/rotate", operation_id = "rotate_key", security(("session" = [])), tag = "org",
    params(("id" = ApiKeyId, Path)), request_body = Rotation,
    responses(
        (status = 201, description = "Made", body = MintedKeyView),
        (status = 409, description = "It has ended, or has been replaced", body = ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn rotate_key(
    State(state): State<AppState>,
    ProvenAdmin { op }: ProvenAdmin,
    Path(id): Path<ApiKeyId>,
    Body(Rotation { overlap_seconds }): Body<Rotation>,
) -> Result<Response, Problem> {
    let tx = state.begin_holding_key(&op, id).await?;
    let (_, key) = api_keys::rotate(&tx, &op, id, Duration::seconds(overlap_seconds)).await?;
    tx.commit().await?;
    Ok(minted(key))
}

/// Ends a key at once: after the 204 nothing is written by it any more. One that has ended stays so.
#[utoipa::path(delete, path = "/api/org/keys/{id}", operation_id = "revoke_key", security(("session" = [])), tag = "org",
    params(("id" = ApiKeyId, Path)),
    responses(
        (status = 204, description = "It opens nothing any more"),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn revoke_key(
    State(state): State<AppState>,
    ProvenAdmin { op }: ProvenAdmin,
    Path(id): Path<ApiKeyId>,
) -> Result<StatusCode, Problem> {
    let tx = state.begin_holding_key(&op, id).await?;
    api_keys::revoke(&tx, &op, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
