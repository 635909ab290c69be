//! Whether we are alive, and whether we can serve.

use axum::extract::State;
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::{Problem, ProblemBody};
use crate::kernel::Error;
use crate::state::AppState;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_liveness)).routes(routes!(get_readiness))
}

/// The process runs.
#[utoipa::path(get, path = "/health/live", operation_id = "get_liveness", tag = "health",
    responses((status = 204, description = "Alive")))]
async fn get_liveness() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// The database answers, so requests can be served.
#[utoipa::path(get, path = "/health/ready", operation_id = "get_readiness", tag = "health",
    responses(
        (status = 204, description = "Ready"),
        (status = 503, description = "The database is away", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn get_readiness(State(state): State<AppState>) -> Result<StatusCode, Problem> {
    state.db.ping().await.map_err(Error::unavailable)?;
    Ok(StatusCode::NO_CONTENT)
}
