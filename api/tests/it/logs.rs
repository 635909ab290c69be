//! What the log says of a request, and what it never says.

use std::io::Write;
use std::sync::{Arc, Mutex};

use api::domain::api_keys::Scope;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tracing_subscriber::EnvFilter;

use crate::support::{PASSWORD, TestApp};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Even when somebody turns debugging on for everything.
#[tokio::test]
async fn one_line_for_each_request_and_no_secret_in_any() {
    let captured = Captured::default();
    let writer = captured.clone();
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(EnvFilter::new("debug"))
        .with_writer(move || writer.clone())
        .init();
    let app = TestApp::new().await;
    let org = app.company("whiterabbit.fake").await;
    app.member(org, "trinity@whiterabbit.fake").await;
    let plain_key = app.key(org, &[Scope::Revoke]).await;
    let mut trinity = app.signed_in("trinity@whiterabbit.fake").await;
    let cookie = trinity.cookies["curfew"].clone();
    trinity.post("/api/todos", json!({ "task": "the-task-itself" })).await;
    trinity.get("/nowhere?token=secret-in-a-query").await;
    app.anonymous().sign_in("trinity@whiterabbit.fake", "a-wrong-password").await;
    let change = json!({ "currentPassword": PASSWORD, "newPassword": "a-new-long-password" });
    trinity.post("/api/account/password", change).await;
    app.holding(&plain_key).revoke("trinity@whiterabbit.fake").await;
    app.holding(&"cfw_wrong-key".to_owned().into()).revoke("trinity@whiterabbit.fake").await;

    let log = String::from_utf8(captured.0.lock().expect("not poisoned").clone()).expect("text");
    for secret in [
        PASSWORD,
        "a-wrong-password",
        "a-new-long-password",
        "$argon2",
        &cookie,
        plain_key.expose_secret(),
        "wrong-key",
        "trinity@",
        "the-task-itself",
        "secret-in-a-query",
    ] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "the log has {secret}");
    }
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let served: Vec<_> = lines.iter().filter(|line| line["status"].is_number()).collect();
    assert_eq!(served.len(), 7, "one line for each request");
    let line = served.iter().find(|line| line["http.route"] == "/global-token-revocation").expect("a line");
    assert_eq!(line["status"], 204);
    assert_eq!(line["span"]["org.id"], json!(org.id.to_string()));
    assert_eq!(line["span"]["actor.kind"], "org_key");
}
