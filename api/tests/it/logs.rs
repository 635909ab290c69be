//! What the log says of a request, and what it never says.

use api::config::Config;
use api::domain::api_keys::Scope;
use api::kernel::Role;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::support::{Captured, PASSWORD, Proxy, TestApp, TestDatabase};

/// Even when somebody turns debugging on for everything.
#[tokio::test]
async fn no_secret_is_ever_logged() {
    let app = TestApp::new().await;
    let log = Captured::start("debug");
    let org = app.company("whiterabbit.fake").await;
    app.member(org, "trinity@whiterabbit.fake").await;
    app.person(Some(org), "morpheus@whiterabbit.fake", Role::Owner).await;
    let plain_key = app.key(org, &[Scope::Revoke]).await;
    let mut trinity = app.signed_in("trinity@whiterabbit.fake").await;
    let cookie = trinity.cookies["curfew"].clone();
    trinity.post("/api/todos", json!({ "task": "the-task-itself" })).await;
    trinity.get("/nowhere/in-a-path?token=in-a-query").await;
    app.anonymous().sign_in("trinity@whiterabbit.fake", "a-wrong-password").await;
    let change = json!({ "currentPassword": PASSWORD, "newPassword": "a-new-long-password" });
    trinity.post("/api/account/password", change).await;
    app.holding(&plain_key).revoke("trinity@whiterabbit.fake").await;
    app.holding(&"cfw_wrong-key".to_owned().into()).revoke("trinity@whiterabbit.fake").await;

    let mut morpheus = app.signed_in("morpheus@whiterabbit.fake").await;
    let minted = morpheus.post("/api/org/keys", json!({ "name": "n", "scopes": ["todos:read"] })).await;
    let minted = minted.body["key"].as_str().expect("a key").to_owned();
    let reader = app.holding(&minted.clone().into());
    assert_eq!(reader.get("/api/org/todos?access_token=in-a-query").await.status, 200);

    let log = log.text();
    assert!(log.lines().any(|line| line.contains("DEBUG")), "debugging is on");
    for secret in [
        PASSWORD,
        "a-wrong-password",
        "a-new-long-password",
        "$argon2",
        &cookie,
        plain_key.expose_secret(),
        &minted[30..],
        "wrong-key",
        "trinity@",
        "the-task-itself",
        "in-a-path",
        "in-a-query",
    ] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "the log has {secret}");
    }
}

/// With the filter that `api serve` has when nobody sets one.
#[tokio::test]
async fn each_request_is_one_line_and_nothing_else_is() {
    let database = TestDatabase::new().await;
    let wire = Proxy::to(&database).await;
    let url = wire.url(&database.url("curfew_app"));
    let set = [
        ("DATABASE_URL", "postgres://x@127.0.0.1/x"),
        ("CURFEW_SECRETS_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
    ];
    let lookup = |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
    let filter = Config::read(&lookup).expect("a configuration").log.filter;
    let app = TestApp::over(database, url, |_| {}).await;
    let org = app.company("whiterabbit.fake").await;
    app.member(org, "trinity@whiterabbit.fake").await;
    let key = app.key(org, &[Scope::Revoke]).await;
    let log = Captured::start(&filter);

    let mut trinity = app.signed_in("trinity@whiterabbit.fake").await;
    trinity.get("/nowhere").await;
    app.holding(&key).revoke("trinity@whiterabbit.fake").await;
    trinity.get("/api/todos").await;
    let mut made_up = app.anonymous();
    made_up.cookies.insert("curfew".to_owned(), "made up".to_owned());
    made_up.get("/api/todos").await;
    let mut leaves = app.signed_in("trinity@whiterabbit.fake").await;
    wire.silence_at("BEGIN");
    let leaving = tokio::spawn(async move { leaves.get("/api/todos").await });
    wire.until_silent().await;
    leaving.abort();
    assert!(leaving.await.is_err());

    let lines = log.lines();
    let told: Vec<_> = lines.iter().map(|line| (line["http.route"].as_str(), line["status"].as_u64())).collect();
    assert_eq!(
        told,
        [
            (Some("/api/signin"), Some(200)),
            (Some("-"), Some(404)),
            (Some("/global-token-revocation"), Some(204)),
            (Some("/api/todos"), Some(401)),
            (Some("/api/todos"), Some(401)),
            (Some("/api/signin"), Some(200)),
            (Some("/api/todos"), None),
        ]
    );
    assert_eq!(lines[6]["message"], "the client left");
    assert_eq!(lines[2]["span"]["org.id"], json!(org.id.to_string()));
    assert_eq!(lines[2]["span"]["actor.kind"], "org_key");
}
