//! The database goes away, and comes back.

use api::domain::api_keys::Scope;
use serde_json::json;

use crate::support::{PASSWORD, Proxy, TestApp, TestDatabase};

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
