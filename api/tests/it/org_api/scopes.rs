//! What a key opens: every operation that takes one, with a key of every scope; and that a key is nothing else.

use std::collections::BTreeSet;

use api::domain::api_keys::Scope;
use axum::body::Body;
use http::{HeaderValue, Method, Request, header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use crate::support::{Browser, Reply, TestApp, send};

/// An operation that takes a key, and the scopes that open it.
struct Operation {
    id: String,
    method: Method,
    path: String,
    scopes: BTreeSet<String>,
}

/// From the document, so that none can be forgotten.
fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(api::app::document()).expect("JSON");
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let security = operation["security"].as_array().cloned().unwrap_or_default();
            let Some(scopes) = security.iter().find_map(|way| way["org_key"].as_array()) else { continue };
            let id = operation["operationId"].as_str().expect("an id").to_owned();
            let scopes: BTreeSet<_> = scopes.iter().map(|s| s.as_str().expect("a scope").to_owned()).collect();
            assert!(!scopes.is_empty(), "{id} says that it takes a key, and not of which scope");
            let path = fill(path);
            found.push(Operation { id, method: method.to_uppercase().parse().expect("a method"), path, scopes });
        }
    }
    assert!(found.len() >= 4, "only {} operations take a key, so this test sees nothing", found.len());
    found
}

/// With something in the place of each parameter that is nobody's.
fn fill(path: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { Uuid::from_u128(7).to_string() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

fn request(method: &Method, path: &str, key: Option<&SecretString>) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "localhost:3333")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from("{}"))
        .expect("a request");
    if let Some(key) = key {
        request.headers_mut().insert(header::AUTHORIZATION, bearer(key));
    }
    request
}

fn bearer(key: &SecretString) -> HeaderValue {
    format!("Bearer {}", key.expose_secret()).parse().expect("a header")
}

/// Whoever has the cookies is nobody, with the key in hand and without it.
async fn is_nobody(browser: &mut Browser, key: &SecretString) -> bool {
    let with_key = browser.send(request(&Method::GET, "/api/users/me", Some(key))).await;
    with_key.status == 401 && browser.get("/api/users/me").await.status == 401 && browser.cookies.is_empty()
}

#[tokio::test]
async fn each_operation_is_opened_by_its_scope_alone_and_no_answer_signs_anybody_in() {
    let (app, org) = TestApp::with_trinity().await;
    let mut wrong = Vec::new();
    for scope in Scope::ALL {
        let key = app.key(org, &[scope]).await;
        for Operation { id, method, path, scopes } in operations() {
            let mut browser = app.anonymous();
            let reply = browser.send(request(&method, &path, Some(&key))).await;
            let (status, is_open) = (reply.status.as_u16(), scopes.contains(scope.as_str()));
            if is_open == [401, 403].contains(&status) || (!is_open && status != 403) {
                wrong.push(format!("{id} with {scope}: {status}"));
            }
            // The directory's errors have their own form (RFC 7644 §3.12).
            if !is_open && !path.starts_with("/scim") {
                assert_eq!(reply.code(), "scope_missing", "{id} with {scope}");
                let wanted = scopes.first().expect("a scope");
                let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{wanted}\"");
                assert_eq!(reply.header("www-authenticate"), challenge, "{id}");
            }
            assert_eq!(reply.cookie(), None, "{id} with {scope} sets a cookie");
            assert!(is_nobody(&mut browser, &key).await, "{id} with {scope} signs somebody in");
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let sessions = "select (select count(*) from sign_ins) + (select count(*) from tower_sessions)";
    assert_eq!(app.count(sessions).await, 0);
}

/// The workshop's own fault: its key came from the query or the body too, as an object even, which chose the first org.
#[tokio::test]
async fn a_key_counts_in_one_header_alone() {
    let (app, org) = TestApp::with_trinity().await;
    let key = app.key(org, &Scope::ALL).await;
    let text = key.expose_secret();
    for Operation { id, method, path, .. } in operations() {
        let in_query =
            [format!("access_token={text}"), "access_token[not]=x".to_owned(), format!("api_key={text}&key={text}")];
        for query in in_query {
            let reply = send(&app.router, request(&method, &format!("{path}?{query}"), None)).await;
            assert_eq!(reply.status, 401, "{id}?{query}");
        }
        for body in [json!({ "access_token": text }), json!({ "access_token": { "not": "" } })] {
            let mut request = request(&method, &path, None);
            *request.body_mut() = Body::from(body.to_string());
            assert_eq!(send(&app.router, request).await.status, 401, "{id} with {body}");
        }
        let mut twice = request(&method, &path, Some(&key));
        twice.headers_mut().append(header::AUTHORIZATION, bearer(&key));
        assert_eq!(send(&app.router, twice).await.status, 401, "{id} with two");
        for (name, value) in [
            ("authorization", format!("Basic {text}")),
            ("authorization", text.to_owned()),
            ("authorization", format!("Bearer {text}, Bearer {text}")),
            ("authorization", format!("Bearer {text}x")),
            ("cookie", format!("curfew={text}")),
            ("x-api-key", text.to_owned()),
        ] {
            let mut request = request(&method, &path, None);
            request.headers_mut().insert(name, value.parse().expect("a header"));
            let reply = send(&app.router, request).await;
            assert_eq!(reply.status, 401, "{id} with {name}");
            assert!(reply.header("www-authenticate").starts_with("Bearer"), "{id} with {name}");
        }
    }
    assert_eq!(app.count("select count(*) from api_keys where last_used_at is not null").await, 0);
}

/// Somebody who is signed in, and so of the org, is nobody to the org API.
#[tokio::test]
async fn a_session_opens_nothing_that_wants_a_key() {
    let (app, _) = TestApp::with_trinity().await;
    let mut trinity = app.signed_in("trinity@whiterabbit.fake").await;
    for Operation { id, method, path, .. } in operations() {
        assert_eq!(trinity.send(request(&method, &path, None)).await.status, 401, "{id}");
    }
}

#[tokio::test]
async fn a_key_that_is_over_opens_nothing() {
    let (app, org) = TestApp::with_trinity().await;
    let key = app.key_lasting(org, &Scope::ALL, Some(Duration::hours(1))).await;
    let refused = |reply: &Reply| {
        let told = (reply.status.as_u16(), reply.header("www-authenticate").to_owned());
        told == (401, "Bearer error=\"invalid_token\"".to_owned())
    };
    let tried = async |is_open: bool, when: &str| {
        for Operation { id, method, path, .. } in operations() {
            let reply = send(&app.router, request(&method, &path, Some(&key))).await;
            assert_eq!(refused(&reply), !is_open, "{id} {when}: {reply:?}");
        }
    };
    tried(true, "at first").await;
    app.clock.advance(Duration::hours(1) - Duration::MICROSECOND);
    tried(true, "just before its end").await;
    app.clock.advance(Duration::MICROSECOND);
    tried(false, "at its end").await;
    for (off, on) in [
        ("update api_keys set revoked_at = now(), expires_at = null", "update api_keys set revoked_at = null"),
        ("update orgs set active = false", "update orgs set active = true"),
        ("update api_keys set secret_digest = decode(repeat('00', 32), 'hex')", ""),
    ] {
        app.force(off).await;
        tried(false, off).await;
        if !on.is_empty() {
            app.force(on).await;
            tried(true, on).await;
        }
    }
}

/// Of each key and scope there is a row a minute at most, and what was not allowed is no use of anything but the key.
#[tokio::test]
async fn a_missing_scope_is_recorded_once_a_minute_for_each_key_and_scope() {
    let (app, org) = TestApp::with_trinity().await;
    let weak = [app.key(org, &[Scope::Scim]).await, app.key(org, &[Scope::Scim]).await];
    for _ in 0..2 {
        for _ in 0..3 {
            for key in &weak {
                let key = app.holding(key);
                assert_eq!(key.get("/api/org/todos").await.code(), "scope_missing");
                assert_eq!(key.get("/api/org/users").await.code(), "scope_missing");
            }
        }
        app.clock.advance(Duration::MINUTE);
    }
    let sql = "select detail from audit_events \
               where event = 'api_key.scope_missing' and actor_kind = 'org_key' order by at, actor_id, detail";
    let rows: Vec<Value> = sqlx::query_scalar(sql).fetch_all(app.behind()).await.expect("rows");
    let each = [json!({ "scope": "todos:read" }), json!({ "scope": "users:read" })];
    assert_eq!(rows, [each.clone(), each.clone(), each.clone(), each].concat());
    let by = "select count(distinct actor_id) from audit_events where event = 'api_key.scope_missing'";
    assert_eq!(app.count(by).await, 2);
}

/// By any route, also one that the key is not good for; and in one statement that is sent once a minute.
#[tokio::test]
async fn every_use_is_written_down_at_most_once_a_minute() {
    let (app, org) = TestApp::with_trinity().await;
    let key = app.key(org, &[Scope::TodosRead]).await;
    let used = async || -> Option<time::OffsetDateTime> {
        sqlx::query_scalar("select last_used_at from api_keys").fetch_one(app.behind()).await.expect("a moment")
    };
    for Operation { id, method, path, .. } in operations() {
        send(&app.router, request(&method, &path, Some(&key))).await;
        let first = app.clock.now();
        assert_eq!(used().await, Some(first), "{id}");
        app.clock.advance(Duration::seconds(59));
        send(&app.router, request(&method, &path, Some(&key))).await;
        assert_eq!(used().await, Some(first), "{id}");
        app.clock.advance(Duration::seconds(1));
    }
    // Within the minute nothing is even tried.
    app.holding(&key).get("/api/org/todos").await;
    app.force("drop function touch_api_key(uuid, uuid, timestamptz)").await;
    app.clock.advance(Duration::seconds(59));
    assert_eq!(app.holding(&key).get("/api/org/todos").await.status, 200);
    app.clock.advance(Duration::seconds(1));
    assert_eq!(app.holding(&key).get("/api/org/todos").await.status, 500);
}
