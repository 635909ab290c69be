//! What the session cookie is, and when there is one.

use serde_json::json;

use crate::support::{PASSWORD, TestApp};

#[tokio::test]
async fn over_http_it_is_http_only_and_lax() {
    let (app, _) = TestApp::with_trinity().await;
    let reply = app.anonymous().sign_in("trinity@whiterabbit.fake", PASSWORD).await;
    let (name, rest) = reply.cookie().and_then(|cookie| cookie.split_once('=')).expect("a cookie");
    let (value, attributes) = rest.split_once(';').expect("attributes");
    assert_eq!((name, value.len(), attributes), ("curfew", 22, " HttpOnly; SameSite=Lax; Path=/"));
}

#[tokio::test]
async fn over_https_it_is_bound_to_the_host_and_also_cleared_so() {
    let app = TestApp::with(|config| {
        config.urls.public = "https://app.example".parse().expect("a URL");
        config.urls.api = "https://app.example".parse().expect("a URL");
    })
    .await;
    let org = app.company("whiterabbit.fake").await;
    app.member(org, "trinity@whiterabbit.fake").await;
    let mut browser = app.anonymous();
    let reply = browser.sign_in("trinity@whiterabbit.fake", PASSWORD).await;
    let cookie = reply.cookie().expect("a cookie");
    assert!(cookie.starts_with("__Host-curfew="), "{cookie}");
    assert!(cookie.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/"), "{cookie}");
    assert_eq!(reply.header("strict-transport-security"), "max-age=31536000; includeSubDomains");
    let cleared = browser.post("/api/signout", json!({})).await;
    let cookies: Vec<_> = cleared.headers.get_all("set-cookie").iter().map(|c| c.to_str().expect("text")).collect();
    let cookie = cookies.iter().find(|cookie| cookie.starts_with("__Host-curfew=")).expect("a cookie");
    assert!(cookie.starts_with("__Host-curfew=;") && cookie.contains("Max-Age=0"), "{cookie}");
    assert!(cookie.ends_with("; Secure"), "a browser keeps a __Host- cookie otherwise: {cookie}");
}

#[tokio::test]
async fn visitors_leave_no_row_and_get_no_cookie() {
    let app = TestApp::new().await;
    for path in ["/api/users/me", "/api/todos", "/api/docs/", "/api/openapi.json", "/nowhere"] {
        assert_eq!(app.anonymous().get(path).await.cookie(), None, "{path}");
    }
    assert_eq!(app.anonymous().sign_in("nobody@whiterabbit.fake", PASSWORD).await.cookie(), None);
    assert_eq!(app.anonymous().post("/api/signout", json!({})).await.cookie(), None);
    assert_eq!(app.count("select count(*) from tower_sessions").await, 0);
}

/// Session fixation: an id that somebody knows before the sign-in must mean nothing after it.
#[tokio::test]
async fn every_sign_in_has_a_new_id() {
    let (app, org) = TestApp::with_trinity().await;
    app.member(org, "mallory@whiterabbit.fake").await;

    let mut planted = app.anonymous();
    planted.cookies.insert("curfew".to_owned(), "AAAAAAAAAAAAAAAAAAAAAA".to_owned());
    let mut attacker = planted.clone();
    assert_eq!(planted.sign_in("trinity@whiterabbit.fake", PASSWORD).await.status, 200);
    assert_ne!(planted.cookies, attacker.cookies, "an id of the visitor's choice is not taken");
    assert_eq!(attacker.get("/api/users/me").await.status, 401);

    // The attacker signs in, plants that cookie, and the victim signs in over it.
    let mut attacker = app.signed_in("mallory@whiterabbit.fake").await;
    let mut victim = attacker.clone();
    assert_eq!(victim.sign_in("trinity@whiterabbit.fake", PASSWORD).await.status, 200);
    assert_eq!(victim.get("/api/users/me").await.body["email"], "trinity@whiterabbit.fake");
    assert_eq!(attacker.get("/api/users/me").await.code(), "session_ended");
    assert_eq!(app.count("select count(*) from sign_ins where ended_cause = 'replaced'").await, 1);

    // The same after somebody's sign-in has ended elsewhere: axum-login keeps the id here.
    app.force("update users set active = false where email_folded like 'trinity%'").await;
    let mut over_dead = victim.clone();
    assert_eq!(over_dead.sign_in("mallory@whiterabbit.fake", PASSWORD).await.status, 200);
    assert_ne!(over_dead.cookies, victim.cookies);
}

#[tokio::test]
async fn the_database_holds_a_digest_of_the_cookie() {
    let (app, _) = TestApp::with_trinity().await;
    let browser = app.signed_in("trinity@whiterabbit.fake").await;
    let cookie = &browser.cookies["curfew"];
    assert_eq!(app.count("select count(*) from tower_sessions").await, 1);
    assert_eq!(app.count(&format!("select count(*) from tower_sessions where id = '{cookie}'")).await, 0);
    let stored: String = sqlx::query_scalar("select id from tower_sessions").fetch_one(app.behind()).await.expect("id");
    let mut thief = app.anonymous();
    thief.cookies.insert("curfew".to_owned(), stored);
    assert_eq!(thief.get("/api/users/me").await.status, 401, "what is stored opens nothing");
}

#[tokio::test]
async fn a_session_of_another_shape_means_nobody() {
    let (app, _) = TestApp::with_trinity().await;
    let mut browser = app.signed_in("trinity@whiterabbit.fake").await;
    app.force("update tower_sessions set data = '\\x00ff'").await;
    assert_eq!(browser.get("/api/users/me").await.code(), "session_ended");
    assert_eq!(browser.sign_in("trinity@whiterabbit.fake", PASSWORD).await.status, 200);
}
