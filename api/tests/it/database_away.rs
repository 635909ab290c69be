//! The database goes away, and comes back.

use std::time::Duration;

use api::domain::api_keys::Scope;
use serde_json::json;

use crate::support::{Captured, PASSWORD, Proxy, TestApp, TestDatabase};

#[tokio::test]
async fn everything_says_503_and_recovers() {
    let database = TestDatabase::new().await;
    let wire = Proxy::to(&database).await;
    let url = wire.url(&database.url("curfew_app"));
    let app = TestApp::over(database, url, |config| config.database.connections = 2).await;
    let org = app.company("whiterabbit.fake").await;
    app.member(org, "trinity@whiterabbit.fake").await;
    let key = app.holding(&app.key(org, &[Scope::Revoke]).await);
    let mut trinity = app.signed_in("trinity@whiterabbit.fake").await;
    let before = trinity.clone();

    wire.cut();
    let replies = [
        ("a session to be looked up", trinity.get("/api/todos").await),
        ("a write", trinity.post("/api/todos", json!({ "task": "lost?" })).await),
        ("signing in", app.anonymous().sign_in("trinity@whiterabbit.fake", PASSWORD).await),
        ("signing out", trinity.post("/api/signout", json!({})).await),
        ("a revocation", key.revoke("trinity@whiterabbit.fake").await),
        ("readiness", app.anonymous().get("/health/ready").await),
    ];
    for (what, reply) in &replies {
        assert_eq!((reply.status.as_u16(), reply.code()), (503, "unavailable"), "{what}: {reply:?}");
        assert_eq!(reply.header("retry-after"), "2", "{what}");
        assert_eq!(reply.header("content-type"), "application/problem+json", "{what}");
        assert!(reply.cookie().is_none_or(|cookie| !cookie.contains("Max-Age=0")), "{what}: nobody was signed out");
    }
    assert_eq!(app.anonymous().get("/health/live").await.status, 204);

    wire.mend();
    let mut tries = 0;
    while app.anonymous().get("/health/ready").await.status != 204 {
        tries += 1;
        assert!(tries < 10, "a pool of two must recover after its two dead connections");
    }
    let mut trinity = before;
    assert_eq!(trinity.get("/api/todos").await.body, json!({ "todos": [] }), "still in, and nothing half done");
    assert_eq!(key.revoke("trinity@whiterabbit.fake").await.status, 204);
    assert_eq!(trinity.get("/api/todos").await.status, 401);
}

/// It neither answers nor hangs up.
#[tokio::test]
async fn a_silent_database_is_503_too() {
    let database = TestDatabase::new().await;
    let wire = Proxy::to(&database).await;
    let url = wire.url(&database.url("curfew_app"));
    let app = TestApp::over(database, url, |config| {
        config.database.connections = 2;
        config.limits.request = Duration::from_millis(300);
    })
    .await;
    let org = app.company("whiterabbit.fake").await;
    app.member(org, "trinity@whiterabbit.fake").await;
    let mut trinity = app.signed_in("trinity@whiterabbit.fake").await;
    wire.silence_at("BEGIN");
    let reply = trinity.get("/api/todos").await;
    assert_eq!((reply.status.as_u16(), reply.code(), reply.header("retry-after")), (503, "unavailable", "2"));
    wire.mend();
    assert_eq!(trinity.get("/api/todos").await.status, 200);
}

/// Somebody who holds a lock for ever, such as a process that was stopped, holds a revocation up for a while only.
#[tokio::test]
async fn a_lock_that_is_never_given_back_is_503_too() {
    let app = TestApp::with(|config| config.limits.lock = Duration::from_millis(200)).await;
    let org = app.company("whiterabbit.fake").await;
    app.member(org, "trinity@whiterabbit.fake").await;
    let key = app.holding(&app.key(org, &[Scope::Revoke]).await);
    let mut held = app.behind().begin().await.expect("a transaction");
    sqlx::query("select 1 from users for share").execute(&mut *held).await.expect("held");
    let reply = key.revoke("trinity@whiterabbit.fake").await;
    assert_eq!((reply.status.as_u16(), reply.code(), reply.header("retry-after")), (503, "unavailable", "2"));
    held.rollback().await.expect("given back");
    assert_eq!(key.revoke("trinity@whiterabbit.fake").await.status, 204);
}

/// A client that leaves while its transaction is being opened must not leave the transaction behind: whoever had the
/// connection next would work inside it.
#[tokio::test]
async fn a_client_that_leaves_during_begin_leaves_nothing_open() {
    let database = TestDatabase::new().await;
    let wire = Proxy::to(&database).await;
    let url = wire.url(&database.url("curfew_app"));
    let app = TestApp::over(database, url, |config| config.database.connections = 1).await;
    let org = app.company("whiterabbit.fake").await;
    app.member(org, "trinity@whiterabbit.fake").await;
    let mut trinity = app.signed_in("trinity@whiterabbit.fake").await;
    let mut leaves = trinity.clone();
    wire.silence_at("BEGIN");
    let leaving = tokio::spawn(async move { leaves.get("/api/todos").await });
    wire.until_silent().await;
    leaving.abort();
    assert!(leaving.await.expect_err("it left").is_cancelled());
    wire.mend();

    // It opens no transaction of its own, which would end the one that was left.
    assert_eq!(trinity.get("/api/users/me").await.status, 200);
    let open = "select count(*) from pg_stat_activity \
                where datname = current_database() and usename = 'curfew_app' and state like 'idle in transaction%'";
    assert_eq!(app.count(open).await, 0);
    app.signed_in("trinity@whiterabbit.fake").await;
    assert_eq!(
        app.count("select count(*) from tower_sessions").await,
        2,
        "written, not waiting in somebody's transaction"
    );
}

/// What is our own fault is not passed off as the database being away, also below the session layer.
#[tokio::test]
async fn a_fault_of_our_own_is_500_and_says_why_in_the_log() {
    let (app, _) = TestApp::with_trinity().await;
    let mut trinity = app.signed_in("trinity@whiterabbit.fake").await;
    let log = Captured::start("info");
    app.force("revoke execute on function lookup_sign_in from curfew_app").await;
    let reply = trinity.get("/api/todos").await;
    assert_eq!((reply.status.as_u16(), reply.code()), (500, "internal"));
    assert!(!reply.body.to_string().contains("permission denied"));
    let line = log.lines().into_iter().find(|line| line["status"] == 500).expect("a line");
    assert!(line["cause"].as_str().expect("a cause").contains("permission denied"), "{line}");
}
