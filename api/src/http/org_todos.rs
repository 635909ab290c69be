//! An org's todos, for its own programs: everybody's, by a key of the org.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use validator::Validate;

use super::access::{OrgKey, TodosRead, TodosWrite};
use super::etag;
use super::idempotency::Idempotent;
use super::input::{Body, Query};
use super::parts::{List, PartParams};
use super::problem::{Problem, ProblemBody};
use super::todos::{TodoView, is_task};
use crate::domain::todos;
use crate::kernel::{Email, Error};
use crate::state::AppState;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_org_todos, create_org_todo))
}

/// A part of an org's todos.
#[derive(Debug, Serialize, ToSchema)]
struct OrgTodoList {
    todos: Vec<TodoView>,
    /// The `cursor` of the next part; null when this is the last.
    #[schema(required = true)]
    next: Option<String>,
}

/// Of the todos, only some.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Since {
    /// Those that changed at this moment (RFC 3339) or later. Let it overlap by a minute with what was asked before: a
    /// change may be committed after a later one.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-11-20T09:00:00Z")]
    updated_since: Option<String>,
}

impl Since {
    fn checked(&self) -> Result<Option<OffsetDateTime>, Error> {
        let Some(text) = &self.updated_since else { return Ok(None) };
        // Somewhere else it may still be the year 9999 when here it is none that we can write.
        let moment = OffsetDateTime::parse(text, &Rfc3339).ok().and_then(|at| at.checked_to_offset(UtcOffset::UTC));
        moment.map(Some).ok_or_else(|| {
            Error::invalid(
                "updated_since must be a moment such as 2026-11-20T09:00:00Z (RFC 3339). In an address a + is written %2B.",
            )
        })
    }
}

/// Everybody's todos, in the order in which they last changed. A todo that changes while the parts are read comes again,
/// and none is missed; one that is removed comes no more. With the `ETag` of the answer before in `If-None-Match`, the
/// answer is 304 while it is the same.
#[utoipa::path(get, path = "/api/org/todos", operation_id = "list_org_todos", security(("org_key" = ["todos:read"])), tag = "org api",
    params(PartParams, Since, ("If-None-Match" = Option<String>, Header, description = "The tag of what is known already")),
    responses(
        (status = 200, description = "A part of them", body = OrgTodoList, headers(("ETag" = String, description = "Its weak tag"))),
        (status = 304, description = "What is known already"),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn list_org_todos(
    State(state): State<AppState>,
    OrgKey { op, .. }: OrgKey<TodosRead>,
    request: HeaderMap,
    Query(part): Query<PartParams>,
    Query(since): Query<Since>,
) -> Result<Response, Problem> {
    let (part, since) = (part.checked(List::Todos)?, since.checked()?);
    let tx = state.begin_read(&op).await?;
    let part = todos::list_changed(&tx, op.scope, since, part).await?;
    drop(tx);
    let next = part.next.map(|place| List::Todos.cursor(place));
    let todos = part.items.into_iter().map(Into::into).collect();
    etag::json(&request, &OrgTodoList { todos, next })
}

/// A todo to be made for somebody of the org.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewOrgTodo {
    /// Whose it is to be.
    #[schema(example = "trinity@whiterabbit.fake")]
    email: String,
    /// 1 to 500 characters, white space around it not counted.
    #[validate(custom(function = "is_task"))]
    #[schema(example = "Follow the white rabbit")]
    task: String,
}

/// Adds a todo to somebody's of the org. Sent again with the same `Idempotency-Key`, person and task within 24 hours, it is
/// answered as it was and adds nothing.
#[utoipa::path(post, path = "/api/org/todos", operation_id = "create_org_todo", security(("org_key" = ["todos:write"])), tag = "org api",
    request_body = NewOrgTodo,
    params(("Idempotency-Key" = Option<String>, Header, description = "Names this request", example = "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"")),
    responses(
        (status = 201, description = "Added", body = TodoView),
        (status = 422, description = "Nobody of the org has this address, or who has it is deactivated", body = ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn create_org_todo(
    State(state): State<AppState>,
    OrgKey { op, .. }: OrgKey<TodosWrite>,
    Idempotent(key): Idempotent,
    Body(new): Body<NewOrgTodo>,
) -> Result<Response, Problem> {
    let no_address = || Error::invalid("The member \"email\" is not an e-mail address.");
    let email = Email::parse(&new.email).ok_or_else(no_address)?;
    let tx = state.begin(&op).await?;
    let todo = todos::create_for(&tx, &op, &email, new.task.trim().to_owned(), key.as_ref()).await?;
    tx.commit().await?;
    let location = [(header::LOCATION, format!("/api/todos/{}", todo.id))];
    Ok((StatusCode::CREATED, location, Json(TodoView::from(todo))).into_response())
}
