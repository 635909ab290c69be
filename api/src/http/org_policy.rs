//! How long an org's sign-ins last.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use validator::Validate;

use super::access::{Admin, Auditor};
use super::input::{Body, DryRun, Query};
use super::org_sessions::{OrgSessionPage, Part};
use super::problem::{Problem, ProblemBody};
use crate::domain::orgs::{self, Policy};
use crate::domain::revocation::{self, Door};
use crate::state::AppState;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_policy, set_policy))
}

/// An org's session policy. The room checks its bounds, for the command line too.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = SessionPolicy)]
struct PolicyBody {
    /// How long a session lasts that is not used; not longer than the next.
    #[schema(minimum = 60, maximum = 86_400, example = 1800)]
    idle_timeout_seconds: i32,
    /// How long one lasts, however much it is used.
    #[schema(minimum = 300, maximum = 2_592_000, example = 43200)]
    absolute_lifetime_seconds: i32,
    /// How recently somebody must have proved who they are, for a privileged act.
    #[schema(minimum = 60, maximum = 86_400, example = 900)]
    privileged_auth_age_seconds: i32,
    /// Whether signing out here always ends the session at the company's provider too.
    ends_provider_session: bool,
}

impl From<Policy> for PolicyBody {
    fn from(policy: Policy) -> Self {
        let Policy { idle_timeout, absolute_lifetime, privileged_auth_age, ends_provider_session } = policy;
        Self {
            idle_timeout_seconds: idle_timeout,
            absolute_lifetime_seconds: absolute_lifetime,
            privileged_auth_age_seconds: privileged_auth_age,
            ends_provider_session,
        }
    }
}

impl From<PolicyBody> for Policy {
    fn from(body: PolicyBody) -> Self {
        Self {
            idle_timeout: body.idle_timeout_seconds,
            absolute_lifetime: body.absolute_lifetime_seconds,
            privileged_auth_age: body.privileged_auth_age_seconds,
            ends_provider_session: body.ends_provider_session,
        }
    }
}

/// What became of a wish for another policy.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum PolicyResult {
    /// It holds.
    Set(PolicyBody),
    /// With `dry_run`: what would end at once.
    Preview(OrgSessionPage),
}

/// How long the org's sessions last.
#[utoipa::path(get, path = "/api/org/policy", operation_id = "get_policy", security(("session" = [])), tag = "org",
    responses(
        (status = 200, description = "The policy", body = PolicyBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn get_policy(State(state): State<AppState>, Auditor { op, .. }: Auditor) -> Result<Json<PolicyBody>, Problem> {
    let tx = state.begin_read(&op).await?;
    let policy = orgs::policy(&tx, op.scope).await?;
    drop(tx);
    Ok(Json(policy.into()))
}

/// Sets how long the org's sessions last. What is over by it ends at once; what was over before stays so, and no open
/// session's absolute end is put off.
#[utoipa::path(put, path = "/api/org/policy", operation_id = "set_policy", security(("session" = [])), tag = "org",
    params(DryRun, Part), request_body = PolicyBody,
    responses(
        (status = 200, description = "The policy; with dry_run what would end at once", body = PolicyResult),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn set_policy(
    State(state): State<AppState>,
    Admin { op, principal, dry_run }: Admin,
    Query(part): Query<Part>,
    Body(wanted): Body<PolicyBody>,
) -> Result<Json<PolicyResult>, Problem> {
    let policy = Policy::from(wanted).checked()?;
    if dry_run {
        let part = part.checked()?;
        let tx = state.begin_read(&op).await?;
        let page = revocation::preview_policy(&tx, &op, policy, part).await?;
        return Ok(Json(PolicyResult::Preview(OrgSessionPage::of(page, &principal))));
    }
    let tx = state.begin_holding_org(&op).await?;
    revocation::change_policy(&tx, &op, policy, Door::Admin).await?;
    tx.commit().await?;
    Ok(Json(PolicyResult::Set(policy.into())))
}
