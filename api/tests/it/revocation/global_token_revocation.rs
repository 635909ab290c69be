//! `POST /global-token-revocation`.

use api::config::Config;
use api::domain::api_keys::Scope;
use axum::body::Body;
use http::{Request, header};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use time::Duration;

use crate::support::{Caller, Org, TestApp, send};

struct Story {
    app: TestApp,
    org: Org,
    key: Caller,
}

async fn story() -> Story {
    let (app, org) = TestApp::with_trinity().await;
    app.member(org, "neo@whiterabbit.fake").await;
    let key = app.holding(&app.key(org, &[Scope::Revoke]).await);
    Story { app, org, key }
}

/// The published article's story, on every method.
#[tokio::test]
async fn after_the_204_every_browser_of_the_person_is_out() {
    let Story { app, key, .. } = story().await;
    let mut browsers = Vec::new();
    for _ in 0..3 {
        browsers.push(app.signed_in("trinity@whiterabbit.fake").await);
    }
    let mut neo = app.signed_in("neo@whiterabbit.fake").await;
    let todo = browsers[0].post("/api/todos", json!({ "task": "t" })).await.body;
    let path = format!("/api/todos/{}", todo["id"].as_str().expect("an id"));

    let reply = key.revoke("Trinity@WhiteRabbit.FAKE").await;
    assert_eq!((reply.status.as_u16(), &reply.body), (204, &Value::Null));
    assert_eq!(reply.header("content-type"), "", "a 204 has no body to describe");

    for browser in &mut browsers {
        assert_eq!(browser.clone().get("/api/todos").await.code(), "session_ended");
        assert_eq!(browser.clone().post("/api/todos", json!({ "task": "t" })).await.code(), "session_ended");
        assert_eq!(browser.clone().put(&path, json!({ "task": "t", "completed": true })).await.code(), "session_ended");
        assert_eq!(browser.clone().delete(&path).await.code(), "session_ended");
        assert_eq!(browser.clone().get("/api/users/me").await.code(), "session_ended");
    }
    assert_eq!(neo.get("/api/todos").await.status, 200, "nobody else");
    assert_eq!(app.count("select count(*) from todos where completed_at is null").await, 1, "nothing was written");
    assert_eq!(app.count("select count(*) from tower_sessions").await, 1);
    let mut again = app.signed_in("trinity@whiterabbit.fake").await;
    assert_eq!(again.get("/api/todos").await.status, 200, "she may prove herself again");

    let (detail, actor): (Value, String) =
        sqlx::query_as("select detail, actor_kind from audit_events where event = 'revocation.succeeded'")
            .fetch_one(app.behind())
            .await
            .expect("one row");
    assert_eq!(actor, "org_key");
    assert_eq!(
        detail,
        json!({ "door": "global_token_revocation", "cause": "demanded", "reach": "all", "sign_ins_ended": 3 })
    );
}

/// Sign-ins are in the database, so it does not matter which process knows of them, or whether that one still runs.
#[tokio::test]
async fn every_process_sees_it_and_a_restart_forgets_nothing() {
    let Story { app, key, .. } = story().await;
    let mut here = app.signed_in("trinity@whiterabbit.fake").await;
    let other = app.twin().await;
    let mut there = other.signed_in("trinity@whiterabbit.fake").await;
    assert_eq!(there.at(&app).get("/api/todos").await.status, 200, "a sign-in is good at every process");
    assert_eq!(key.revoke("trinity@whiterabbit.fake").await.status, 204);
    assert_eq!(there.get("/api/todos").await.code(), "session_ended");
    assert_eq!(here.get("/api/todos").await.code(), "session_ended");
}

#[tokio::test]
async fn somebody_who_is_not_signed_in_or_not_active_is_204_too() {
    let Story { app, key, .. } = story().await;
    for _ in 0..2 {
        assert_eq!(key.revoke("trinity@whiterabbit.fake").await.status, 204);
    }
    app.force("update users set active = false").await;
    assert_eq!(key.revoke("trinity@whiterabbit.fake").await.status, 204);
    let rows = "select count(*) from audit_events where event = 'revocation.succeeded'";
    assert_eq!(app.count(rows).await, 3, "the demand itself is a fact");
    assert_eq!(app.count("select generation from users where email like 'trinity%'").await, 3);
}

#[tokio::test]
async fn a_person_is_named_by_address_or_by_our_id() {
    let Story { app, key, .. } = story().await;
    let mut trinity = app.signed_in("trinity@whiterabbit.fake").await;
    let id = trinity.get("/api/users/me").await.body["id"].clone();
    assert_eq!(key.revoke_subject(json!({ "format": "opaque", "id": id })).await.status, 204);
    assert_eq!(trinity.get("/api/todos").await.status, 401);
}

#[tokio::test]
async fn an_unknown_person_is_404_and_the_server_lives() {
    let Story { app, key, .. } = story().await;
    let mut trinity = app.signed_in("trinity@whiterabbit.fake").await;
    for subject in [
        json!({ "format": "email", "email": "nobody@whiterabbit.fake" }),
        json!({ "format": "opaque", "id": "00000000-0000-0000-0000-000000000000" }),
        json!({ "format": "opaque", "id": "not one of our ids" }),
        json!({ "format": "iss_sub", "iss": "https://issuer.example/", "sub": "00u1" }),
    ] {
        let reply = key.revoke_subject(subject.clone()).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (404, "not_found"), "{subject}");
    }
    assert_eq!(trinity.get("/api/todos").await.status, 200, "nobody was signed out in their place");
    assert_eq!(app.count("select count(*) from audit_events where event = 'revocation.no_such_subject'").await, 4);
}

/// The credential is judged before anything else is looked at.
#[tokio::test]
async fn credential_then_scope_then_body_then_person() {
    let Story { app, org, key } = story().await;
    let url = "/global-token-revocation";
    let unread = || Body::from("x".repeat(3_000_000));
    let good = app.key(org, &[Scope::Revoke]).await;
    let good = good.expose_secret();
    let weak = app.key(org, &[Scope::Scim, Scope::TodosRead]).await;
    for (authorization, challenge) in [
        (None, "Bearer"),
        (Some("Basic dXNlcjpwYXNz".to_owned()), "Bearer"),
        (Some("Bearer".to_owned()), "Bearer"),
        (Some("Bearer ".to_owned()), "Bearer error=\"invalid_token\""),
        (Some("Bearer 131313".to_owned()), "Bearer error=\"invalid_token\""),
        (Some(format!("Bearer {good}x")), "Bearer error=\"invalid_token\""),
        (Some(format!("Bearer {}", good.to_lowercase())), "Bearer error=\"invalid_token\""),
        (Some(format!("Bearer {}", "x".repeat(5000))), "Bearer error=\"invalid_token\""),
    ] {
        let mut request = Request::post(url);
        if let Some(value) = &authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        let reply = send(&app.router, request.body(unread()).expect("a request")).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (401, "key_refused"), "{authorization:?}");
        assert_eq!(reply.header("www-authenticate").trim_end(), challenge, "{authorization:?}");
    }
    let reply = app.holding(&weak).send(Request::post(url).body(unread()).expect("a request")).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (403, "scope_missing"));
    assert_eq!(reply.header("www-authenticate"), "Bearer error=\"insufficient_scope\", scope=\"revoke\"");
    let reply = key.revoke_subject(json!({ "format": "email", "email": "nobody" })).await;
    assert_eq!(reply.status, 400);
}

/// A key in the query or the body ends up in logs, and a copied header may hold two.
#[tokio::test]
async fn a_key_is_read_from_one_header_only() {
    let Story { app, org, .. } = story().await;
    let key = app.key(org, &[Scope::Revoke]).await;
    let key = key.expose_secret();
    let body = r#"{"sub_id":{"format":"email","email":"trinity@whiterabbit.fake"}}"#;
    let json = || Request::post("/global-token-revocation").header(header::CONTENT_TYPE, "application/json");
    let twice = json().header(header::AUTHORIZATION, format!("Bearer {key}"));
    let twice = twice.header(header::AUTHORIZATION, format!("Bearer {key}")).body(Body::from(body));
    let query = Request::post(format!("/global-token-revocation?access_token={key}")).body(Body::from(body));
    let member = json().body(Body::from(format!(r#"{{"access_token":"{key}","sub_id":{{}}}}"#)));
    let filter = json().body(Body::from(r#"{"access_token":{"not":""}}"#));
    for request in [twice, query, member, filter] {
        assert_eq!(send(&app.router, request.expect("a request")).await.status, 401);
    }
}

#[tokio::test]
async fn what_is_malformed_is_the_right_4xx_and_signs_nobody_out() {
    let Story { app, key, .. } = story().await;
    let mut trinity = app.signed_in("trinity@whiterabbit.fake").await;
    let email = r#"{"format":"email","email":"trinity@whiterabbit.fake"}"#;
    let nested = |depth: usize| format!("{{\"sub_id\":{}{}{}}}", "{\"a\":".repeat(depth), "1", "}".repeat(depth));
    let bodies: Vec<String> = [
        "",
        "{}",
        "null",
        "[]",
        "5",
        "\"x\"",
        "{",
        "not json",
        r#"{"sub_id":null}"#,
        r#"{"sub_id":"trinity@whiterabbit.fake"}"#,
        r#"{"sub_id":[]}"#,
        r#"{"sub_id":5}"#,
        r#"{"sub_id":{}}"#,
        r#"{"sub_id":["email","trinity@whiterabbit.fake"]}"#,
        r#"{"sub_id":{"email":"trinity@whiterabbit.fake"}}"#,
        r#"{"sub_id":{"format":"email"}}"#,
        r#"{"sub_id":{"format":"email","email":null}}"#,
        r#"{"sub_id":{"format":"email","email":""}}"#,
        r#"{"sub_id":{"format":"email","email":["trinity@whiterabbit.fake"]}}"#,
        r#"{"sub_id":{"format":"email","email":{"not":""}}}"#,
        r#"{"sub_id":{"format":"email","email":"trinity"}}"#,
        r#"{"sub_id":{"format":"email","email":"trinity@whiterabbit.fake\u0000"}}"#,
        r#"{"sub_id":{"format":"email","email":"a\ud800@whiterabbit.fake"}}"#,
        r#"{"sub_id":{"format":"email","email":"trinity@whiterabbit.fake","id":"x"}}"#,
        r#"{"sub_id":{"format":"email","email":"trinity@whiterabbit.fake","email":"neo@whiterabbit.fake"}}"#,
        r#"{"sub_id":{"format":"email","format":"opaque","email":"trinity@whiterabbit.fake"}}"#,
        r#"{"sub_id":{"format":"Email","email":"trinity@whiterabbit.fake"}}"#,
        r#"{"sub_id":{"format":null,"email":"trinity@whiterabbit.fake"}}"#,
        r#"{"sub_id":{"format":"account","uri":"acct:trinity@whiterabbit.fake"}}"#,
        r#"{"sub_id":{"format":"aliases","identifiers":[]}}"#,
        r#"{"sub_id":{"format":"phone_number","phone_number":"+12065550100"}}"#,
        r#"{"sub_id":{"format":"opaque"}}"#,
        r#"{"sub_id":{"format":"opaque","id":""}}"#,
        r#"{"sub_id":{"format":"opaque","id":5}}"#,
        r#"{"sub_id":{"format":"opaque","id":"a\u0000b"}}"#,
        r#"{"sub_id":{"format":"iss_sub","iss":"https://issuer.example"}}"#,
        r#"{"sub_id":{"format":"iss_sub","iss":"","sub":"x"}}"#,
        r#"{"sub_id":{"format":"iss_sub","iss":"https://issuer.example","sub":""}}"#,
    ]
    .into_iter()
    .map(str::to_owned)
    .chain([
        format!(r#"{{"sub_id":{email},"sub_id":{email}}}"#),
        format!(r#"{{"sub_id":{email},"subject":{email}}}"#),
        format!(r#"{{"subject":{email}}}"#),
        format!(r#"{{"sub_id":{email}}}{{}}"#),
        format!("[{email}]"),
        format!("[{{\"sub_id\":{email}}}]"),
        nested(2_000),
        "[".repeat(2_000),
        format!(r#"{{"sub_id":{{"format":"opaque","id":"{}"}}}}"#, "x".repeat(3000)),
    ])
    .collect();
    for body in bodies {
        let request = Request::post("/global-token-revocation").header(header::CONTENT_TYPE, "application/json");
        let reply = key.send(request.body(Body::from(body.clone())).expect("a request")).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (400, "invalid_request"), "{body:.120}: {:?}", reply.body);
    }
    for (content_type, body, status) in [
        ("text/plain", format!(r#"{{"sub_id":{email}}}"#), 415),
        ("application/jsonp", format!(r#"{{"sub_id":{email}}}"#), 415),
        ("application/json", format!(r#"{{"sub_id":{}{email}}}"#, " ".repeat(3_000_000)), 413),
    ] {
        let request = Request::post("/global-token-revocation").header(header::CONTENT_TYPE, content_type);
        let reply = key.send(request.body(Body::from(body)).expect("a request")).await;
        assert_eq!(reply.status.as_u16(), status, "{content_type}");
    }
    let bytes: &[u8] = b"{\"sub_id\":{\"format\":\"email\",\"email\":\"\xff\xfe@whiterabbit.fake\"}}";
    let request = Request::post("/global-token-revocation").header(header::CONTENT_TYPE, "application/json");
    assert_eq!(key.send(request.body(Body::from(bytes)).expect("a request")).await.status, 400);

    assert_eq!(trinity.get("/api/todos").await.status, 200);
    assert_eq!(app.count("select count(*) from users where generation > 0").await, 0);
}

#[tokio::test]
async fn refusals_are_recorded_once_a_minute_for_each_reason() {
    let Story { app, org, key } = story().await;
    let weak = app.holding(&app.key(org, &[Scope::Scim]).await);
    for _ in 0..2 {
        for _ in 0..3 {
            key.revoke_subject(json!({ "format": "did" })).await;
            weak.revoke("trinity@whiterabbit.fake").await;
        }
        app.clock.advance(Duration::MINUTE);
    }
    let reasons: Vec<String> = sqlx::query_scalar(
        "select detail ->> 'reason' from audit_events where event = 'revocation.refused' order by at, 1",
    )
    .fetch_all(app.behind())
    .await
    .expect("rows");
    assert_eq!(reasons, ["global_token_revocation:invalid_request"; 2]);
    let missing =
        "select count(*) from audit_events where event = 'api_key.scope_missing' and detail ->> 'scope' = 'revoke'";
    assert_eq!(app.count(missing).await, 2);
}

#[tokio::test]
async fn a_key_dies_with_its_expiry_its_revocation_and_its_org() {
    let Story { app, key, .. } = story().await;
    let now = app.clock.now();
    for (off, on) in [
        ("update api_keys set revoked_at = now()", "update api_keys set revoked_at = null"),
        ("update api_keys set expires_at = '2100-01-01 12:00Z'", "update api_keys set expires_at = null"),
        ("update orgs set active = false", "update orgs set active = true"),
    ] {
        app.force(off).await;
        assert_eq!(key.revoke("trinity@whiterabbit.fake").await.status, 401, "{off} at {now}");
        app.force(on).await;
        assert_eq!(key.revoke("trinity@whiterabbit.fake").await.status, 204, "{on}");
    }
    assert_eq!(app.count("select count(*) from api_keys where last_used_at is not null").await, 1);
}

/// The published article's key is known to everybody, so it counts on this machine only.
#[tokio::test]
async fn the_workshop_s_key_works_on_loopback_only() {
    let request = |headers: &[(&'static str, &'static str)]| {
        let mut request = Request::post("/global-token-revocation")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, "Bearer 131313");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = r#"{"sub_id":{"format":"email","email":"trinity@whiterabbit.fake"}}"#;
        request.body(Body::from(body)).expect("a request")
    };
    let Story { app, org, .. } = story().await;
    assert_eq!(send(&app.router, request(&[("host", "localhost:3333")])).await.status, 401, "it does not exist yet");
    app.workshop_key(org).await;
    for host in ["localhost", "localhost:3333", "LOCALHOST:3333", "127.0.0.1:3333", "[::1]:3333", "[::1]"] {
        assert_eq!(send(&app.router, request(&[("host", host)])).await.status, 204, "{host}");
    }
    for headers in [
        &[("host", "app.example")][..],
        &[("host", "localhost.app.example:3333")],
        &[("host", "10.0.0.1:3333")],
        &[("host", "")],
        &[],
        &[("host", "localhost:3333"), ("x-forwarded-for", "127.0.0.1")],
        &[("host", "localhost:3333"), ("forwarded", "for=127.0.0.1")],
        &[("host", "localhost:3333"), ("x-real-ip", "127.0.0.1")],
        &[("host", "localhost:3333"), ("via", "1.1 proxy")],
        &[("host", "localhost:3333"), ("x-forwarded-server", "proxy")],
        &[("host", "user@localhost:3333")],
    ] {
        assert_eq!(send(&app.router, request(headers)).await.status, 401, "{headers:?}");
    }
    let mut database = app.database;
    for (what, adjust) in [
        ("a listener", (|c| c.http.listen.push("0.0.0.0:3000".parse().expect("an address"))) as fn(&mut Config)),
        ("a proxy", |c| c.http.trusted_proxies.push("127.0.0.0/8".parse().expect("a network"))),
        ("a name", |c| c.urls.public = "https://app.example".parse().expect("a URL")),
    ] {
        let url = database.url("curfew_app");
        let public = TestApp::over(database, url, adjust).await;
        assert_eq!(send(&public.router, request(&[("host", "localhost:3333")])).await.status, 401, "{what}");
        database = public.database;
    }
}
