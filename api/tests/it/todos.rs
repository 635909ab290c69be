//! `/api/todos` and `/api/todos/{id}`.

use serde_json::{Value, json};
use time::Duration;

use crate::support::{Browser, TestApp};

async fn trinity() -> (TestApp, Browser) {
    let (app, _) = TestApp::with_trinity().await;
    let browser = app.signed_in("trinity@whiterabbit.fake").await;
    (app, browser)
}

#[tokio::test]
async fn a_todo_lives_with_the_workshop_s_field_names() {
    let (app, mut trinity) = trinity().await;
    let me = trinity.get("/api/users/me").await.body;
    let made = trinity.post("/api/todos", json!({ "task": "  Follow the white rabbit " })).await;
    assert_eq!(made.status, 201);
    let id = made.body["id"].as_str().expect("an id").to_owned();
    assert_eq!(made.header("location"), format!("/api/todos/{id}"));
    let mut expected = json!({
        "id": id, "task": "Follow the white rabbit", "completed": false, "createdAt": "2100-01-01T12:00:00Z",
        "completedAt": null, "updatedAt": "2100-01-01T12:00:00Z", "userId": me["id"], "orgId": me["orgId"],
    });
    assert_eq!(made.body, expected);
    assert_eq!(trinity.get("/api/todos").await.body, json!({ "todos": [expected] }));

    app.clock.advance(Duration::minutes(5));
    let path = format!("/api/todos/{id}");
    let done = trinity.put(&path, json!({ "task": "Knock, knock", "completed": true })).await;
    expected["task"] = json!("Knock, knock");
    expected["completed"] = json!(true);
    expected["completedAt"] = json!("2100-01-01T12:05:00Z");
    expected["updatedAt"] = json!("2100-01-01T12:05:00Z");
    assert_eq!((done.status.as_u16(), &done.body), (200, &expected));
    app.clock.advance(Duration::minutes(5));
    let again = trinity.put(&path, json!({ "task": "Knock, knock", "completed": true })).await;
    assert_eq!(again.body["completedAt"], "2100-01-01T12:05:00Z", "doing what is done leaves its time alone");
    assert_eq!(again.body["updatedAt"], "2100-01-01T12:10:00Z");
    let open = trinity.put(&path, json!({ "task": "Knock, knock", "completed": false })).await;
    assert_eq!(open.body["completedAt"], Value::Null);

    assert_eq!(trinity.delete(&path).await.status, 204);
    assert_eq!(trinity.delete(&path).await.status, 404);
    assert_eq!(trinity.get("/api/todos").await.body, json!({ "todos": [] }));
}

#[tokio::test]
async fn somebody_without_a_company_has_todos_too() {
    let app = TestApp::new().await;
    app.person(None, "bob@tables.fake", api::kernel::Role::Owner).await;
    let mut bob = app.signed_in("bob@tables.fake").await;
    assert_eq!(bob.post("/api/todos", json!({ "task": "Robert'); drop table todos; --" })).await.status, 201);
    assert_eq!(bob.get("/api/todos").await.body["todos"][0]["task"], "Robert'); drop table todos; --");
}

#[tokio::test]
async fn todos_come_oldest_first() {
    let (app, mut trinity) = trinity().await;
    for task in ["one", "two", "three"] {
        trinity.post("/api/todos", json!({ "task": task })).await;
        app.clock.advance(Duration::SECOND);
    }
    let list = trinity.get("/api/todos").await.body;
    let tasks: Vec<_> = list["todos"].as_array().expect("a list").iter().map(|todo| &todo["task"]).collect();
    assert_eq!(tasks, ["one", "two", "three"]);
}

#[tokio::test]
async fn what_is_malformed_is_refused_with_a_sentence() {
    let (_app, mut trinity) = trinity().await;
    for (body, sentence) in [
        (json!({}), "The body is malformed: missing field `task`."),
        (json!({ "task": "" }), "A task has 1 to 500 characters."),
        (json!({ "task": "   " }), "A task has 1 to 500 characters."),
        (json!({ "task": "x".repeat(501) }), "A task has 1 to 500 characters."),
        (json!({ "task": "a\u{0}b" }), "Control characters are not allowed."),
        (json!({ "task": 5 }), "The body is malformed in \"task\": wrong, expected a string."),
        (json!({ "task": null }), "The body is malformed in \"task\": wrong, expected a string."),
        (
            json!({ "task": "x", "userId": "me" }),
            "The body is malformed in \"userId\": unknown field `userId`, expected `task`.",
        ),
        (json!([{ "task": "x" }]), "The body is malformed: wrong, expected an object."),
        (json!("x"), "The body is malformed: wrong, expected an object."),
    ] {
        let reply = trinity.post("/api/todos", body.clone()).await;
        assert_eq!((reply.status.as_u16(), reply.body["detail"].as_str()), (400, Some(sentence)), "{body}");
    }
    assert_eq!(
        trinity.post("/api/todos", json!({ "task": "ü".repeat(500) })).await.status,
        201,
        "characters, not bytes"
    );
}

#[tokio::test]
async fn what_is_no_id_names_nothing() {
    let (_app, mut trinity) = trinity().await;
    for id in ["1", "12abc", "NaN", "%00", "'%20or%201=1--", "00000000-0000-0000-0000-000000000000"] {
        let path = format!("/api/todos/{id}");
        assert_eq!(trinity.delete(&path).await.status, 404, "{id}");
        assert_eq!(trinity.put(&path, json!({ "task": "x", "completed": true })).await.status, 404, "{id}");
    }
    assert_eq!(trinity.get("/api/users/me").await.status, 200, "and the server lives");
}

#[tokio::test]
async fn a_request_that_comes_twice_adds_one_todo_and_is_answered_the_same() {
    let (app, mut trinity) = trinity().await;
    let first = trinity.add_once("\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", "Feed the rabbit").await;
    assert_eq!(first.status, 201);
    let path = first.header("location").to_owned();
    app.clock.advance(Duration::hours(23));
    let mut trinity = app.signed_in("trinity@whiterabbit.fake").await;
    // With its quotes or without, and whatever has become of the todo.
    for key in ["\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", "8e03978e-40d5-43dd-bc93-6894a57f9324"] {
        let again = trinity.add_once(key, "Feed the rabbit ").await;
        assert_eq!((again.status, &again.body, again.header("location")), (first.status, &first.body, path.as_str()));
    }
    assert_eq!(trinity.delete(&path).await.status, 204);
    let again = trinity.add_once("8e03978e-40d5-43dd-bc93-6894a57f9324", "Feed the rabbit").await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(app.count("select count(*) from todos").await, 0, "what was removed does not come back");
    let other = trinity.add_once("8e03978e-40d5-43dd-bc93-6894a57f9324", "Feed the cat").await;
    assert_eq!((other.status.as_u16(), other.code()), (422, "idempotency_key_reused"));
    for key in ["", "\"\"", "two words", &"k".repeat(65), "\"half"] {
        assert_eq!(trinity.add_once(key, "t").await.status, 400, "{key:?}");
    }
    assert_eq!(app.count("select count(*) from todos").await, 0);
}

#[tokio::test]
async fn of_the_same_request_sent_twenty_times_at_once_one_counts() {
    let (app, trinity) = trinity().await;
    let sent = (0..20).map(|_| {
        let mut tab = trinity.clone();
        async move { tab.add_once("k", "t").await }
    });
    let replies = futures_util::future::join_all(sent).await;
    assert!(replies.iter().all(|reply| reply.status == 201 && reply.body == replies[0].body), "{replies:?}");
    assert_eq!(app.count("select count(*) from todos").await, 1);
}

/// A key is one person's.
#[tokio::test]
async fn somebody_else_s_key_is_another() {
    let (app, mut trinity) = trinity().await;
    app.person(None, "bob@tables.fake", api::kernel::Role::Owner).await;
    let mut bob = app.signed_in("bob@tables.fake").await;
    assert_eq!(trinity.add_once("k", "hers").await.status, 201);
    assert_eq!(bob.add_once("k", "his").await.status, 201);
    assert_eq!(app.count("select count(*) from todos").await, 2);
}
