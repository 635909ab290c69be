//! `POST /api/org/todos`.

use api::domain::api_keys::Scope;
use serde_json::json;
use time::Duration;

use super::{NEO, Story, TRINITY, story};

#[tokio::test]
async fn a_todo_is_made_for_somebody_by_address() {
    let Story { app, org, trinity, key } = story().await;
    let body = json!({ "email": " Trinity@WhiteRabbit.FAKE ", "task": "  Follow the white rabbit " });
    let made = key.post("/api/org/todos", body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let id = made.body["id"].as_str().expect("an id");
    assert_eq!(made.header("location"), format!("/api/todos/{id}"));
    assert_eq!(
        made.body,
        json!({ "id": id, "task": "Follow the white rabbit", "completed": false, "completedAt": null,
                "createdAt": "2100-01-01T12:00:00Z", "updatedAt": "2100-01-01T12:00:00Z",
                "userId": trinity, "orgId": org.id })
    );
    let hers = app.signed_in(TRINITY).await.get("/api/todos").await;
    assert_eq!(hers.body, json!({ "todos": [made.body] }));
    assert_eq!(app.signed_in(NEO).await.get("/api/todos").await.body, json!({ "todos": [] }));
    assert_eq!(key.get("/api/org/todos").await.body["todos"], json!([made.body]));
}

#[tokio::test]
async fn somebody_unknown_or_deactivated_gets_none() {
    let Story { app, key, .. } = story().await;
    let matrix = app.company("matrix.fake").await;
    app.member(matrix, "smith@matrix.fake").await;
    app.force(&format!("update users set active = false where email = '{NEO}'")).await;
    for (email, code) in
        [("nobody@whiterabbit.fake", "unknown_person"), ("smith@matrix.fake", "unknown_person"), (NEO, "deactivated")]
    {
        let reply = key.post("/api/org/todos", json!({ "email": email, "task": "t" })).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (422, code), "{email}");
        assert!(reply.body["detail"].as_str().is_some_and(|text| text.ends_with('.')), "{reply:?}");
    }
    assert_eq!(app.count("select count(*) from todos").await, 0);
}

#[tokio::test]
async fn what_is_malformed_is_refused_with_a_sentence() {
    let Story { app, key, .. } = story().await;
    for (body, sentence) in [
        (json!({}), "The body is malformed: missing field `email`."),
        (json!({ "email": TRINITY }), "The body is malformed: missing field `task`."),
        (json!({ "email": "trinity", "task": "t" }), "The member \"email\" is not an e-mail address."),
        (json!({ "email": TRINITY, "task": " " }), "A task has 1 to 500 characters."),
        (json!({ "email": TRINITY, "task": "x".repeat(501) }), "A task has 1 to 500 characters."),
        (json!({ "email": TRINITY, "task": "a\u{0}b" }), "Control characters are not allowed."),
        (
            json!({ "email": { "not": "" }, "task": "t" }),
            "The body is malformed in \"email\": wrong, expected a string.",
        ),
        (
            json!({ "email": TRINITY, "task": "t", "orgId": "x" }),
            "The body is malformed in \"orgId\": unknown field `orgId`, expected `email` or `task`.",
        ),
    ] {
        let reply = key.post("/api/org/todos", body.clone()).await;
        assert_eq!((reply.status.as_u16(), reply.body["detail"].as_str()), (400, Some(sentence)), "{body}");
    }
    for name in ["", "two words", "\"half"] {
        assert_eq!(key.add_once(name, TRINITY, "t").await.status, 400, "{name:?}");
    }
    assert_eq!(app.count("select count(*) from todos").await, 0);
}

#[tokio::test]
async fn a_request_that_comes_twice_adds_one_todo_and_is_answered_the_same() {
    let Story { app, key, .. } = story().await;
    let first = key.add_once("\"k-1\"", TRINITY, "Feed the rabbit").await;
    assert_eq!(first.status, 201, "{first:?}");
    app.clock.advance(Duration::hours(23));
    for (name, email) in [("\"k-1\"", TRINITY), ("k-1", "TRINITY@whiterabbit.fake")] {
        let again = key.add_once(name, email, "Feed the rabbit ").await;
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        assert_eq!(again.header("location"), first.header("location"));
    }
    for (email, task) in [(TRINITY, "Feed the cat"), (NEO, "Feed the rabbit")] {
        let other = key.add_once("k-1", email, task).await;
        assert_eq!((other.status.as_u16(), other.code()), (422, "idempotency_key_reused"), "{email} {task}");
    }
    assert_eq!(app.count("select count(*) from todos").await, 1);
    assert_eq!(api::app::sweep::sweep(&app.state).await.expect("swept"), 0);
    app.clock.advance(Duration::hours(2));
    assert_eq!(api::app::sweep::sweep(&app.state).await.expect("swept"), 1, "and after a day it is forgotten");
}

/// What one caller calls a request is no other caller's business: not another key's, nor the person's own.
#[tokio::test]
async fn another_caller_s_name_for_a_request_is_another() {
    let Story { app, org, key, .. } = story().await;
    let other = app.holding(&app.key(org, &[Scope::TodosWrite]).await);
    assert_eq!(key.add_once("k", TRINITY, "by one key").await.status, 201);
    assert_eq!(other.add_once("k", TRINITY, "by another").await.status, 201);
    let mut trinity = app.signed_in(TRINITY).await;
    assert_eq!(trinity.add_once("k", "by herself").await.status, 201);
    assert_eq!(trinity.add_once("k", "by herself").await.status, 201);
    assert_eq!(app.count("select count(*) from todos").await, 3);
}

#[tokio::test]
async fn of_the_same_request_sent_twenty_times_at_once_one_counts() {
    let Story { app, key, .. } = story().await;
    let sent = (0..20).map(|_| key.add_once("k", TRINITY, "t"));
    let replies = futures_util::future::join_all(sent).await;
    assert!(replies.iter().all(|reply| reply.status == 201 && reply.body == replies[0].body), "{replies:?}");
    assert_eq!(app.count("select count(*) from todos").await, 1);
}
