//! Todos on the wire, with the workshop's field names.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use validator::{Validate, ValidationError};

use super::access::Member;
use super::idempotency::Idempotent;
use super::input::{Body, Path, no_control};
use super::problem::{Problem, ProblemBody};
use crate::domain::todos;
use crate::entity::todo::Model as Todo;
use crate::kernel::{OrgId, TodoId, UserId};
use crate::state::AppState;

/// The longest task, in characters.
const TASK_MAX: usize = 500;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_todos, create_todo)).routes(routes!(update_todo, delete_todo))
}

/// A todo.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TodoView {
    id: TodoId,
    task: String,
    completed: bool,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// Null while it is open.
    #[serde(with = "time::serde::rfc3339::option")]
    completed_at: Option<OffsetDateTime>,
    /// When it last became what it is.
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
    user_id: UserId,
    org_id: OrgId,
}

impl From<Todo> for TodoView {
    fn from(Todo { id, org_id, user_id, task, created_at, completed_at, updated_at }: Todo) -> Self {
        Self { id, task, completed: completed_at.is_some(), created_at, completed_at, updated_at, user_id, org_id }
    }
}

/// A list of todos.
#[derive(Debug, Serialize, ToSchema)]
struct TodoList {
    todos: Vec<TodoView>,
}

/// A todo to be made.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTodo {
    /// 1 to 500 characters, white space around it not counted.
    #[validate(custom(function = "is_task"))]
    #[schema(example = "Follow the white rabbit")]
    task: String,
}

/// What a todo shall say, and whether it is done.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct TodoUpdate {
    /// As for a new one.
    #[validate(custom(function = "is_task"))]
    task: String,
    completed: bool,
}

/// A validator of what a todo says.
///
/// # Errors
/// When it says nothing, too much, or has control characters.
pub(super) fn is_task(task: &str) -> Result<(), ValidationError> {
    no_control(task)?;
    if (1..=TASK_MAX).contains(&task.trim().chars().count()) {
        return Ok(());
    }
    Err(ValidationError::new("length").with_message(format!("A task has 1 to {TASK_MAX} characters.").into()))
}

/// One's own todos, oldest first.
#[utoipa::path(get, path = "/api/todos", operation_id = "list_todos", security(("session" = [])), tag = "todos",
    responses(
        (status = 200, description = "The todos", body = TodoList),
        (status = 401, description = "Nobody is signed in", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn list_todos(
    State(state): State<AppState>,
    Member { op, principal }: Member,
) -> Result<Json<TodoList>, Problem> {
    let tx = state.begin_read(&op).await?;
    let todos = todos::list(&tx, op.scope, principal.user).await?;
    drop(tx);
    Ok(Json(TodoList { todos: todos.into_iter().map(Into::into).collect() }))
}

/// Adds a todo. Sent again with the same `Idempotency-Key` and task within 24 hours, it is answered as it was and adds
/// nothing.
#[utoipa::path(post, path = "/api/todos", operation_id = "create_todo", security(("session" = [])), tag = "todos", request_body = NewTodo,
    params(("Idempotency-Key" = Option<String>, Header, description = "Names this request", example = "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"")),
    responses(
        (status = 201, description = "Added", body = TodoView),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn create_todo(
    State(state): State<AppState>,
    Member { op, principal }: Member,
    Idempotent(key): Idempotent,
    Body(new): Body<NewTodo>,
) -> Result<Response, Problem> {
    let tx = state.begin(&op).await?;
    let todo = todos::create(&tx, &op, principal.user, new.task.trim().to_owned(), key.as_ref()).await?;
    tx.commit().await?;
    let location = [(header::LOCATION, format!("/api/todos/{}", todo.id))];
    Ok((StatusCode::CREATED, location, Json(TodoView::from(todo))).into_response())
}

/// Changes a todo of one's own.
#[utoipa::path(put, path = "/api/todos/{id}", operation_id = "update_todo", security(("session" = [])), tag = "todos", params(("id" = TodoId, Path)),
    request_body = TodoUpdate,
    responses(
        (status = 200, description = "Changed", body = TodoView),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn update_todo(
    State(state): State<AppState>,
    Member { op, principal }: Member,
    Path(id): Path<TodoId>,
    Body(update): Body<TodoUpdate>,
) -> Result<Json<TodoView>, Problem> {
    let tx = state.begin(&op).await?;
    let task = update.task.trim().to_owned();
    let todo = todos::update(&tx, &op, principal.user, id, task, update.completed).await?;
    tx.commit().await?;
    Ok(Json(todo.into()))
}

/// Removes a todo of one's own.
#[utoipa::path(delete, path = "/api/todos/{id}", operation_id = "delete_todo", security(("session" = [])), tag = "todos",
    params(("id" = TodoId, Path)),
    responses(
        (status = 204, description = "Removed"),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn delete_todo(
    State(state): State<AppState>,
    Member { op, principal }: Member,
    Path(id): Path<TodoId>,
) -> Result<StatusCode, Problem> {
    let tx = state.begin(&op).await?;
    todos::delete(&tx, &op, principal.user, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
