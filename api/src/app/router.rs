//! The table of contents of the API. A route cannot exist without its description in the document.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::layers;
use crate::http::openapi::ApiDoc;
use crate::http::{
    account, health, input, leaving, live, logout, openid, org_keys, org_policy, org_roles, org_sessions, org_todos,
    org_users, pages, problem_page, revocation, scim, sessions, todos,
};
use crate::state::AppState;

/// What people in browsers call, under the session cookie.
fn under_cookie() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(account::routes())
        .merge(leaving::routes())
        .merge(live::routes())
        .merge(openid::routes())
        .merge(org_keys::routes())
        .merge(org_policy::routes())
        .merge(org_roles::routes())
        .merge(org_sessions::routes())
        .merge(sessions::routes())
        .merge(todos::routes())
}

/// What programs call, under an org's key or a provider's signature. No cookie is read or set here.
fn under_key() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(revocation::routes())
        .merge(logout::routes())
        .merge(org_todos::routes())
        .merge(org_users::routes())
        .merge(scim::routes())
}

/// The API's document.
pub fn document() -> Document {
    let all = OpenApiRouter::<AppState>::with_openapi(ApiDoc::openapi());
    all.merge(under_cookie()).merge(under_key()).merge(health::routes()).into_openapi()
}

/// The whole application.
pub fn build(state: &AppState) -> Router {
    let (under_cookie, _) = under_cookie().split_for_parts();
    let (open, _) = under_key().merge(health::routes()).split_for_parts();
    let docs =
        SwaggerUi::new("/api/docs").config(Config::new(["/api/openapi.json"])).url("/api/openapi.json", document());
    let mut app = layers::with_session(under_cookie, state)
        .merge(open)
        .merge(problem_page::style())
        .with_state(state.clone())
        .merge(docs)
        .layer(DefaultBodyLimit::max(input::BODY_LIMIT));
    if let Some(web) = &state.config.http.web {
        app = app.fallback_service(pages::serve(web));
    }
    layers::around_everything(app, state)
}
