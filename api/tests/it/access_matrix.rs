//! Every operation of the API, tried by everybody. An operation without a row fails the test.

use std::collections::BTreeSet;

use api::domain::api_keys::Scope;
use api::kernel::Role;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Browser, Caller, Org, TestApp};

/// What each of them gets. The statuses of one who may not say nothing about what exists.
struct Row {
    operation: &'static str,
    anonymous: u16,
    /// A signed-in person, on what is theirs.
    member: u16,
    /// Another person of the same org, on what is not theirs.
    colleague: u16,
    /// The same of an owner of the org.
    owner: u16,
    /// And of an auditor.
    auditor: u16,
    /// The same of a person of another org.
    other_org: u16,
    /// A key of the org with the operation's scope, or with one that is not asked for.
    key: u16,
    /// One with every other.
    key_without_scope: u16,
    /// One of another org, with all of them.
    key_of_other_org: u16,
}

#[rustfmt::skip]
const ROWS: [Row; 65] = [
    Row { operation: "sign_in",              anonymous: 200, member: 200, colleague: 200, owner: 200, auditor: 200, other_org: 200, key: 200, key_without_scope: 200, key_of_other_org: 200 },
    Row { operation: "sign_out",             anonymous: 200, member: 200, colleague: 200, owner: 200, auditor: 200, other_org: 200, key: 200, key_without_scope: 200, key_of_other_org: 200 },
    Row { operation: "get_me",               anonymous: 401, member: 200, colleague: 200, owner: 200, auditor: 200, other_org: 200, key: 401, key_without_scope: 401, key_of_other_org: 401 },
    Row { operation: "change_password",      anonymous: 401, member: 403, colleague: 403, owner: 403, auditor: 403, other_org: 403, key: 401, key_without_scope: 401, key_of_other_org: 401 },
    Row { operation: "check_openid",          anonymous: 200, member: 200, colleague: 200, owner: 200, auditor: 200, other_org: 200, key: 200, key_without_scope: 200, key_of_other_org: 200 },
    Row { operation: "start_openid",          anonymous: 404, member: 404, colleague: 404, owner: 404, auditor: 404, other_org: 404, key: 404, key_without_scope: 404, key_of_other_org: 404 },
    Row { operation: "finish_openid",         anonymous: 400, member: 400, colleague: 400, owner: 400, auditor: 400, other_org: 400, key: 400, key_without_scope: 400, key_of_other_org: 400 },
    Row { operation: "list_sessions",           anonymous: 401, member: 200, colleague: 200, owner: 200, auditor: 200, other_org: 200, key: 401, key_without_scope: 401, key_of_other_org: 401 },
    // The id in the path is a todo's, which is nobody's session.
    Row { operation: "end_session",             anonymous: 401, member: 404, colleague: 404, owner: 404, auditor: 404, other_org: 404, key: 401, key_without_scope: 401, key_of_other_org: 401 },
    Row { operation: "revoke_sessions",         anonymous: 401, member: 204, colleague: 204, owner: 204, auditor: 204, other_org: 204, key: 401, key_without_scope: 401, key_of_other_org: 401 },
    Row { operation: "get_draft_key",           anonymous: 401, member: 200, colleague: 200, owner: 200, auditor: 200, other_org: 200, key: 401, key_without_scope: 401, key_of_other_org: 401 },
    Row { operation: "watch_session",           anonymous: 401, member: 200, colleague: 200, owner: 200, auditor: 200, other_org: 200, key: 401, key_without_scope: 401, key_of_other_org: 401 },
    Row { operation: "list_org_sessions",       anonymous: 401, member: 403, colleague: 403, owner: 200, auditor: 200, other_org: 403, key: 401, key_without_scope: 401, key_of_other_org: 401 },
    // The id in the path is a todo's, which is nobody.
    Row { operation: "revoke_user",             anonymous: 401, member: 403, colleague: 403, owner: 404, auditor: 403, other_org: 403, key: 401, key_without_scope: 401, key_of_other_org: 401 },
    Row { operation: "revoke_org",              anonymous: 401, member: 403, colleague: 403, owner: 204, auditor: 403, other_org: 403, key: 401, key_without_scope: 401, key_of_other_org: 401 },
    Row { operation: "list_org_roles",          anonymous: 401, member: 403, colleague: 403, owner: 200, auditor: 200, other_org: 403, key: 401, key_without_scope: 401, key_of_other_org: 401 },
    Row { operation: "list_org_groups",         anonymous: 401, member: 403, colleague: 403, owner: 200, auditor: 200, other_org: 403, key: 401, key_without_scope: 401, key_of_other_org: 401 },
    // The id in the path is a todo's, which is nobody and no group.
    Row { operation: "set_user_roles",          anonymous: 401, member: 403, colleague: 403, owner: 404, auditor: 403, other_org: 403, key: 401, key_without_scope: 401, key_of_other_org: 401 },
    Row { operation: "set_group_roles",         anonymous: 401, member: 403, colleague: 403, owner: 404, auditor: 403, other_org: 403, key: 401, key_without_scope: 401, key_of_other_org: 401 },
    Row { operation: "get_policy",              anonymous: 401, member: 403, colleague: 403, owner: 200, auditor: 200, other_org: 403, key: 401, key_without_scope: 401, key_of_other_org: 401 },
    Row { operation: "set_policy",              anonymous: 401, member: 403, colleague: 403, owner: 200, auditor: 403, other_org: 403, key: 401, key_without_scope: 401, key_of_other_org: 401 },
    Row { operation: "list_keys",                anonymous: 401, member: 403, colleague: 403, owner: 200, auditor: 200, other_org: 403, key: 401, key_without_scope: 401, key_of_other_org: 401 },
    Row { operation: "mint_key",                 anonymous: 401, member: 403, colleague: 403, owner: 201, auditor: 403, other_org: 403, key: 401, key_without_scope: 401, key_of_other_org: 401 },
    // The id in the path is a todo's, which is no key.
    Row { operation: "rotate_key",               anonymous: 401, member: 403, colleague: 403, owner: 404, auditor: 403, other_org: 403, key: 401, key_without_scope: 401, key_of_other_org: 401 },
    Row { operation: "revoke_key",               anonymous: 401, member: 403, colleague: 403, owner: 404, auditor: 403, other_org: 403, key: 401, key_without_scope: 401, key_of_other_org: 401 },
    Row { operation: "list_org_todos",           anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 200, key_without_scope: 403, key_of_other_org: 200 },
    Row { operation: "create_org_todo",          anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 201, key_without_scope: 403, key_of_other_org: 422 },
    Row { operation: "list_org_users",           anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 200, key_without_scope: 403, key_of_other_org: 200 },
    Row { operation: "list_todos",           anonymous: 401, member: 200, colleague: 200, owner: 200, auditor: 200, other_org: 200, key: 401, key_without_scope: 401, key_of_other_org: 401 },
    Row { operation: "create_todo",          anonymous: 401, member: 201, colleague: 201, owner: 201, auditor: 201, other_org: 201, key: 401, key_without_scope: 401, key_of_other_org: 401 },
    Row { operation: "update_todo",          anonymous: 401, member: 200, colleague: 404, owner: 404, auditor: 404, other_org: 404, key: 401, key_without_scope: 401, key_of_other_org: 401 },
    Row { operation: "delete_todo",          anonymous: 401, member: 204, colleague: 404, owner: 404, auditor: 404, other_org: 404, key: 401, key_without_scope: 401, key_of_other_org: 401 },
    Row { operation: "revoke_global_tokens", anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 204, key_without_scope: 403, key_of_other_org: 404 },
    // The ids in the paths below are a todo's, which is nothing of a directory's.
    Row { operation: "list_scim_users", anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 200, key_without_scope: 403, key_of_other_org: 200 },
    Row { operation: "search_scim_users", anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 200, key_without_scope: 403, key_of_other_org: 200 },
    Row { operation: "create_scim_user", anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 201, key_without_scope: 403, key_of_other_org: 201 },
    Row { operation: "get_scim_user", anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 404, key_without_scope: 403, key_of_other_org: 404 },
    Row { operation: "replace_scim_user", anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 404, key_without_scope: 403, key_of_other_org: 404 },
    Row { operation: "patch_scim_user", anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 404, key_without_scope: 403, key_of_other_org: 404 },
    Row { operation: "delete_scim_user", anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 404, key_without_scope: 403, key_of_other_org: 404 },
    Row { operation: "list_scim_groups", anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 200, key_without_scope: 403, key_of_other_org: 200 },
    Row { operation: "search_scim_groups", anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 200, key_without_scope: 403, key_of_other_org: 200 },
    Row { operation: "create_scim_group", anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 201, key_without_scope: 403, key_of_other_org: 201 },
    Row { operation: "get_scim_group", anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 404, key_without_scope: 403, key_of_other_org: 404 },
    Row { operation: "replace_scim_group", anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 404, key_without_scope: 403, key_of_other_org: 404 },
    Row { operation: "patch_scim_group", anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 404, key_without_scope: 403, key_of_other_org: 404 },
    Row { operation: "delete_scim_group", anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 404, key_without_scope: 403, key_of_other_org: 404 },
    Row { operation: "search_scim", anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 200, key_without_scope: 403, key_of_other_org: 200 },
    Row { operation: "get_scim_config", anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 200, key_without_scope: 403, key_of_other_org: 200 },
    Row { operation: "list_scim_resource_types", anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 200, key_without_scope: 403, key_of_other_org: 200 },
    Row { operation: "list_scim_schemas", anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 200, key_without_scope: 403, key_of_other_org: 200 },
    Row { operation: "list_scim_roles", anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 200, key_without_scope: 403, key_of_other_org: 200 },
    Row { operation: "list_scim_entitlements", anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 200, key_without_scope: 403, key_of_other_org: 200 },
    Row { operation: "get_scim_resource_type", anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 404, key_without_scope: 403, key_of_other_org: 404 },
    Row { operation: "get_scim_schema", anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 404, key_without_scope: 403, key_of_other_org: 404 },
    Row { operation: "get_scim_role", anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 404, key_without_scope: 403, key_of_other_org: 404 },
    Row { operation: "get_scim_entitlement", anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 404, key_without_scope: 403, key_of_other_org: 404 },
    Row { operation: "get_signed_out",          anonymous: 200, member: 200, colleague: 200, owner: 200, auditor: 200, other_org: 200, key: 200, key_without_scope: 200, key_of_other_org: 200 },
    Row { operation: "revoke_org_tokens",       anonymous: 401, member: 401, colleague: 401, owner: 401, auditor: 401, other_org: 401, key: 401, key_without_scope: 401, key_of_other_org: 401 },
    Row { operation: "logout_by_back_channel",  anonymous: 415, member: 415, colleague: 415, owner: 415, auditor: 415, other_org: 415, key: 415, key_without_scope: 415, key_of_other_org: 415 },
    Row { operation: "logout_by_front_channel", anonymous: 200, member: 200, colleague: 200, owner: 200, auditor: 200, other_org: 200, key: 200, key_without_scope: 200, key_of_other_org: 200 },
    Row { operation: "get_metadata",            anonymous: 200, member: 200, colleague: 200, owner: 200, auditor: 200, other_org: 200, key: 200, key_without_scope: 200, key_of_other_org: 200 },
    Row { operation: "get_org_metadata",        anonymous: 200, member: 200, colleague: 200, owner: 200, auditor: 200, other_org: 200, key: 200, key_without_scope: 200, key_of_other_org: 200 },
    Row { operation: "get_liveness",         anonymous: 204, member: 204, colleague: 204, owner: 204, auditor: 204, other_org: 204, key: 204, key_without_scope: 204, key_of_other_org: 204 },
    Row { operation: "get_readiness",        anonymous: 204, member: 204, colleague: 204, owner: 204, auditor: 204, other_org: 204, key: 204, key_without_scope: 204, key_of_other_org: 204 },
];

const SUBJECT: &str = "subject@whiterabbit.fake";

/// A body that is right for the operation, so that nothing but access can refuse it.
fn body(operation: &str) -> Option<Value> {
    match operation {
        "sign_in" => Some(json!({ "username": SUBJECT, "password": crate::support::PASSWORD })),
        "change_password" => Some(json!({ "currentPassword": "wrong", "newPassword": "long enough, surely" })),
        "check_openid" => Some(json!({ "username": SUBJECT })),
        "revoke_sessions" => Some(json!({ "reach": "others" })),
        "set_policy" => Some(json!({ "idleTimeoutSeconds": 1800, "absoluteLifetimeSeconds": 43_200,
            "privilegedAuthAgeSeconds": 900, "endsProviderSession": false })),
        "set_user_roles" | "set_group_roles" => Some(json!({ "roles": [] })),
        "mint_key" => Some(json!({ "name": "n", "scopes": ["revoke"] })),
        "rotate_key" => Some(json!({ "overlapSeconds": 60 })),
        "create_org_todo" => Some(json!({ "email": SUBJECT, "task": "t" })),
        "create_todo" => Some(json!({ "task": "t" })),
        "update_todo" => Some(json!({ "task": "t", "completed": true })),
        "create_scim_user" | "replace_scim_user" => Some(json!({ "userName": "new@whiterabbit.fake" })),
        "create_scim_group" | "replace_scim_group" => Some(json!({ "displayName": "new" })),
        "patch_scim_user" | "patch_scim_group" => {
            Some(json!({ "Operations": [{ "op": "replace", "value": { "title": "t" } }] }))
        }
        id if id.starts_with("search_scim") => Some(json!({ "count": 1 })),
        "revoke_global_tokens" => Some(json!({ "sub_id": { "format": "email", "email": SUBJECT } })),
        _ => None,
    }
}

fn operations() -> Vec<(String, Method, String)> {
    let document = serde_json::to_value(api::app::document()).expect("JSON");
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let id = operation["operationId"].as_str().expect("an operation id").to_owned();
            let method = method.to_uppercase().parse().expect("a method");
            operations.push((id, method, path.clone()));
        }
    }
    operations
}

#[test]
fn every_operation_has_a_row() {
    let documented: BTreeSet<_> = operations().into_iter().map(|(id, _, _)| id).collect();
    let in_matrix: BTreeSet<_> = ROWS.iter().map(|row| row.operation.to_owned()).collect();
    assert_eq!(documented, in_matrix);
}

#[tokio::test]
async fn everybody_gets_what_the_matrix_says() {
    let app = TestApp::new().await;
    let (org, other) = (app.company("whiterabbit.fake").await, app.company("matrix.fake").await);
    for email in [SUBJECT, "trinity@whiterabbit.fake", "neo@whiterabbit.fake"] {
        app.member(org, email).await;
    }
    app.person(Some(org), "morpheus@whiterabbit.fake", Role::Owner).await;
    app.person(Some(org), "oracle@whiterabbit.fake", Role::Auditor).await;
    app.member(other, "smith@matrix.fake").await;
    let foreign = app.holding(&app.key(other, &Scope::ALL).await);
    let mut wrong = Vec::new();

    for (id, method, path) in operations() {
        let row = ROWS.iter().find(|row| row.operation == id).expect("a row");
        for (who, email, expected) in [
            ("member", "trinity@whiterabbit.fake", row.member),
            ("colleague", "neo@whiterabbit.fake", row.colleague),
            ("owner", "morpheus@whiterabbit.fake", row.owner),
            ("auditor", "oracle@whiterabbit.fake", row.auditor),
            ("other_org", "smith@matrix.fake", row.other_org),
        ] {
            // Each try is on a todo of its own, so that what succeeded before changes nothing.
            let path = path.replace("{id}", &trinitys_todo(&app).await).replace("{slug}", "whiterabbit.fake");
            let got = as_browser(app.signed_in(email).await, &method, &path, &id).await;
            if got != expected {
                wrong.push(format!("{id} as {who}: {got}, not {expected}"));
            }
        }
        let path = path.replace("{id}", &trinitys_todo(&app).await).replace("{slug}", "whiterabbit.fake");
        let (key, weak) = keys(&app, org, &id).await;
        for (who, key, expected) in [
            ("key", &key, row.key),
            ("key_without_scope", &weak, row.key_without_scope),
            ("key_of_other_org", &foreign, row.key_of_other_org),
        ] {
            let got = as_key(key, &method, &path, &id).await;
            if got != expected {
                wrong.push(format!("{id} as {who}: {got}, not {expected}"));
            }
        }
        let got = as_browser(app.anonymous(), &method, &path, &id).await;
        if got != row.anonymous {
            wrong.push(format!("{id} as anonymous: {got}, not {}", row.anonymous));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A key with the scope that the operation's description names, and one with every other.
async fn keys(app: &TestApp, org: Org, operation: &str) -> (Caller, Caller) {
    let document = serde_json::to_value(api::app::document()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths").values();
    let all = paths.flat_map(|methods| methods.as_object().expect("methods").values());
    let described = all.filter(|each| each["operationId"] == operation).find_map(|each| {
        let schemes = each["security"].as_array()?;
        schemes.iter().find_map(|scheme| scheme["org_key"][0].as_str()?.parse::<Scope>().ok())
    });
    let scope = described.unwrap_or(Scope::Revoke);
    let others: Vec<_> = Scope::ALL.into_iter().filter(|other| *other != scope).collect();
    (app.holding(&app.key(org, &[scope]).await), app.holding(&app.key(org, &others).await))
}

async fn trinitys_todo(app: &TestApp) -> String {
    let mut trinity = app.signed_in("trinity@whiterabbit.fake").await;
    let todo = trinity.post("/api/todos", json!({ "task": "hers" })).await;
    todo.body["id"].as_str().expect("an id").to_owned()
}

async fn as_browser(mut browser: Browser, method: &Method, path: &str, operation: &str) -> u16 {
    browser.call(method, path, body(operation)).await.status.as_u16()
}

async fn as_key(key: &Caller, method: &Method, path: &str, operation: &str) -> u16 {
    let reply = key.call(method, path, body(operation)).await;
    let about_cookie = operation == "sign_in" || reply.cookie().is_none();
    assert!(about_cookie, "a key was given a cookie by {operation}");
    reply.status.as_u16()
}
