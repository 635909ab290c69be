//! What an org's people may do: its roles, and whom its administrators give them to.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use validator::Validate;

use super::access::{Admin, Auditor};
use super::input::{Body, DryRun, Path};
use super::problem::{Problem, ProblemBody};
use crate::domain::roles::{self, Given};
use crate::domain::{groups, users};
use crate::entity::entitlement::{EntitlementKind, Model as Entitlement};
use crate::entity::group::Model as Group;
use crate::kernel::{EntitlementId, Error, GroupId, Role, UserId};
use crate::state::AppState;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_org_roles))
        .routes(routes!(list_org_groups))
        .routes(routes!(set_user_roles))
        .routes(routes!(set_group_roles))
}

/// Something that the org can give.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrgRole)]
struct RoleView {
    id: EntitlementId,
    name: String,
    description: String,
    /// `false` for what a directory calls an entitlement.
    is_role: bool,
    /// What it lets somebody do; null when it means nothing to us.
    #[schema(required = true)]
    grants: Option<Role>,
}

impl From<Entitlement> for RoleView {
    fn from(Entitlement { id, name, description, kind, grants, .. }: Entitlement) -> Self {
        Self { id, name, description, is_role: kind == EntitlementKind::Role, grants }
    }
}

/// Everything that the org can give.
#[derive(Debug, Serialize, ToSchema)]
struct OrgRoleList {
    roles: Vec<RoleView>,
}

/// A group of the org's, as its directory has it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OrgGroup)]
struct GroupView {
    id: GroupId,
    display_name: String,
}

/// The org's groups.
#[derive(Debug, Serialize, ToSchema)]
struct OrgGroupList {
    groups: Vec<GroupView>,
}

/// What is given, by id; what is not named is taken away.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RolesToGive)]
struct RolesBody {
    roles: Vec<EntitlementId>,
}

/// What somebody may do now.
#[derive(Debug, Serialize, ToSchema)]
struct PersonRole {
    id: UserId,
    /// The most that anything given to them, or to a group they are in, grants.
    role: Role,
}

/// What a group gives now.
#[derive(Debug, Serialize, ToSchema)]
struct GroupRoles {
    id: GroupId,
    roles: Vec<EntitlementId>,
}

/// What the org can give its people.
#[utoipa::path(get, path = "/api/org/roles", operation_id = "list_org_roles", security(("session" = [])), tag = "org",
    responses(
        (status = 200, description = "All of it", body = OrgRoleList),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn list_org_roles(
    State(state): State<AppState>,
    Auditor { op, .. }: Auditor,
) -> Result<Json<OrgRoleList>, Problem> {
    let tx = state.begin_read(&op).await?;
    let all = roles::list(&tx, op.scope, None).await?;
    drop(tx);
    Ok(Json(OrgRoleList { roles: all.into_iter().map(Into::into).collect() }))
}

/// The groups that the org's directory keeps, the oldest first.
#[utoipa::path(get, path = "/api/org/groups", operation_id = "list_org_groups", security(("session" = [])), tag = "org",
    responses(
        (status = 200, description = "All of them", body = OrgGroupList),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn list_org_groups(
    State(state): State<AppState>,
    Auditor { op, .. }: Auditor,
) -> Result<Json<OrgGroupList>, Problem> {
    let tx = state.begin_read(&op).await?;
    let all = groups::list(&tx, op.scope).await?;
    drop(tx);
    let view = |Group { id, display_name, .. }| GroupView { id, display_name };
    Ok(Json(OrgGroupList { groups: all.into_iter().map(view).collect() }))
}

/// Gives somebody of the org these roles, and takes their others away. Who is an owner is for owners to say, and there is
/// always one.
#[utoipa::path(put, path = "/api/org/users/{id}/roles", operation_id = "set_user_roles", security(("session" = [])), tag = "org",
    params(("id" = UserId, Path), DryRun), request_body = RolesBody,
    responses(
        (status = 200, description = "Given; with dry_run, what they could do then", body = PersonRole),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn set_user_roles(
    State(state): State<AppState>,
    Admin { op, dry_run, .. }: Admin,
    Path(id): Path<UserId>,
    Body(body): Body<RolesBody>,
) -> Result<Json<PersonRole>, Problem> {
    let given: Vec<_> = body.roles.into_iter().map(|id| Given { id, primary: false }).collect();
    let tx = state.begin_holding_org(&op).await?;
    let nobody = || Error::not_found("person");
    users::find_locked(&tx, op.scope, id).await?.ok_or_else(nobody)?;
    roles::give(&tx, &op, id, EntitlementKind::Role, &given).await?;
    let now = users::find(&tx, op.scope, id).await?.ok_or_else(nobody)?;
    if !dry_run {
        tx.commit().await?;
    }
    Ok(Json(PersonRole { id, role: now.role }))
}

/// Gives these to everybody who is in a group, as long as they are, and nothing else.
#[utoipa::path(put, path = "/api/org/groups/{id}/roles", operation_id = "set_group_roles", security(("session" = [])), tag = "org",
    params(("id" = GroupId, Path), DryRun), request_body = RolesBody,
    responses(
        (status = 200, description = "Given; with dry_run nothing is", body = GroupRoles),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn set_group_roles(
    State(state): State<AppState>,
    Admin { op, dry_run, .. }: Admin,
    Path(id): Path<GroupId>,
    Body(body): Body<RolesBody>,
) -> Result<Json<GroupRoles>, Problem> {
    let tx = state.begin_holding_org(&op).await?;
    groups::find(&tx, op.scope, id).await?.ok_or_else(|| Error::not_found("group"))?;
    roles::give_group(&tx, &op, id, &body.roles).await?;
    let roles = roles::list_given_group(&tx, op.scope, id).await?;
    if !dry_run {
        tx.commit().await?;
    }
    Ok(Json(GroupRoles { id, roles }))
}
