//! `GET /api/org/todos`.

use std::collections::{BTreeMap, BTreeSet};

use api::domain::{todos, users};
use api::kernel::{OrgId, Role};
use serde_json::{Value, json};
use time::Duration;

use super::{NEO, Story, TRINITY, all, ask_unless, knows_what_is_known, refuses_damaged_cursors, story, things};
use crate::support::Reply;

fn tasks(reply: &Reply) -> Vec<&str> {
    things(reply, "todos").iter().map(|todo| todo["task"].as_str().expect("a task")).collect()
}

#[tokio::test]
async fn the_list_has_everybody_s_todos_with_the_workshop_s_field_names() {
    let Story { app, org, trinity, key } = story().await;
    assert_eq!(key.get("/api/org/todos").await.body, json!({ "todos": [], "next": null }));
    let hers = app.signed_in(TRINITY).await.post("/api/todos", json!({ "task": "hers" })).await.body;
    app.clock.advance(Duration::MINUTE);
    app.signed_in(NEO).await.post("/api/todos", json!({ "task": "his" })).await;
    let done = json!({ "task": "hers", "completed": true });
    app.clock.advance(Duration::MINUTE);
    let path = format!("/api/todos/{}", hers["id"].as_str().expect("an id"));
    app.signed_in(TRINITY).await.put(&path, done).await;
    let reply = key.get("/api/org/todos").await;
    assert_eq!(tasks(&reply), ["his", "hers"], "in the order in which they changed");
    assert_eq!(
        reply.body["todos"][1],
        json!({
            "id": hers["id"], "task": "hers", "completed": true, "userId": trinity, "orgId": org.id,
            "createdAt": "2100-01-01T12:00:00Z", "completedAt": "2100-01-01T12:02:00Z",
            "updatedAt": "2100-01-01T12:02:00Z",
        })
    );
    assert_eq!(reply.body["next"], Value::Null);
    assert_eq!(reply.header("cache-control"), "private, no-cache");
}

/// Also where many have changed at the same moment: each comes once, whatever the parts are.
#[tokio::test]
async fn parts_of_any_size_make_the_whole_list_also_with_ties() {
    let Story { app, key, .. } = story().await;
    let mut trinity = app.signed_in(TRINITY).await;
    for n in 0..23 {
        trinity.post("/api/todos", json!({ "task": n.to_string() })).await;
        if n % 10 == 0 {
            app.clock.advance(Duration::SECOND);
        }
    }
    let whole = all(&key, "/api/org/todos", "todos", 200).await;
    assert_eq!(whole.iter().collect::<BTreeSet<_>>().len(), 23);
    let sql = "select id::text from todos order by updated_at, id";
    let in_order: Vec<String> = sqlx::query_scalar(sql).fetch_all(app.behind()).await.expect("ids");
    assert_eq!(whole, in_order);
    for limit in [1, 2, 3, 7, 22, 23, 24] {
        assert_eq!(all(&key, "/api/org/todos", "todos", limit).await, whole, "{limit} at a time");
    }
    trinity.post("/api/todos", json!({ "task": "one more" })).await;
    for _ in 0..80 {
        trinity.post("/api/todos", json!({ "task": "more" })).await;
    }
    let part = key.get("/api/org/todos").await;
    assert_eq!(things(&part, "todos").len(), 100, "unless asked otherwise");
    for limit in ["0", "201", "x", "-1", "", "1&limit=2"] {
        let reply = key.get(&format!("/api/org/todos?limit={limit}")).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (400, "invalid_request"), "{limit}");
    }
}

/// Each change goes behind everything, even where the clock stands still.
#[tokio::test]
async fn what_changes_while_the_parts_are_read_comes_again_and_nothing_is_missed() {
    let Story { app, key, .. } = story().await;
    let mut trinity = app.signed_in(TRINITY).await;
    let mut paths = BTreeMap::new();
    for n in 0..6 {
        let made = trinity.post("/api/todos", json!({ "task": n.to_string() })).await;
        paths.insert(made.body["id"].as_str().expect("an id").to_owned(), made.header("location").to_owned());
    }
    let mut seen: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut cursor = String::new();
    for turn in 0.. {
        let part = key.get(&format!("/api/org/todos?limit=2{cursor}")).await;
        for todo in things(&part, "todos") {
            let id = todo["id"].as_str().expect("an id").to_owned();
            seen.entry(id).or_default().push(todo["task"].as_str().expect("a task").to_owned());
        }
        let Some(next) = part.body["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
        if turn == 0 {
            // One that has been seen, and one that is to come; and one goes away at which the reader stands.
            let ids: Vec<_> = seen.keys().cloned().collect();
            let to_come = paths.keys().rfind(|id| !seen.contains_key(*id)).expect("one");
            for id in [&ids[0], to_come] {
                trinity.put(&paths[id], json!({ "task": "changed", "completed": false })).await;
            }
            trinity.delete(&paths[&ids[1]]).await;
        }
    }
    assert_eq!(seen.len(), 6, "none is missed: {seen:?}");
    let again: Vec<_> = seen.values().filter(|tasks| tasks.len() > 1).collect();
    assert_eq!(again.len(), 1, "{seen:?}");
    assert_eq!(again[0][1], "changed");
    let latest = seen.values().filter(|tasks| tasks.last().is_some_and(|task| task == "changed")).count();
    assert_eq!(latest, 2, "and both changes are seen: {seen:?}");
}

#[tokio::test]
async fn only_what_changed_since_a_moment_is_given_that_moment_included() {
    let Story { app, key, .. } = story().await;
    let mut trinity = app.signed_in(TRINITY).await;
    for task in ["twelve", "one", "two"] {
        trinity.post("/api/todos", json!({ "task": task })).await;
        app.clock.advance(Duration::MINUTE);
    }
    for (since, expected) in [
        ("2100-01-01T12:00:00Z", &["twelve", "one", "two"][..]),
        ("2100-01-01T12:00:00.000001Z", &["one", "two"]),
        ("2100-01-01T12:01:00Z", &["one", "two"]),
        ("2100-01-01T13:01:00%2B01:00", &["one", "two"]),
        ("2100-01-01t12:02:00z", &["two"]),
        ("2100-01-01T12:02:01Z", &[]),
        ("0000-01-01T00:00:00Z", &["twelve", "one", "two"]),
        ("0000-01-01T00:00:00%2B23:59", &["twelve", "one", "two"]),
        ("9999-12-31T23:59:59Z", &[]),
    ] {
        let reply = key.get(&format!("/api/org/todos?updated_since={since}")).await;
        assert_eq!(tasks(&reply), expected, "{since}");
        let ids = all(&key, &format!("/api/org/todos?updated_since={since}"), "todos", 1).await;
        assert_eq!(ids.len(), expected.len(), "{since} in parts");
    }
    for since in [
        "",
        "yesterday",
        "2100-01-01",
        "2100-01-01T12:00:00",
        "2100-01-01T13:00:00+01:00",
        "1",
        "9999-12-31T23:59:59-23:59",
    ] {
        let reply = key.get(&format!("/api/org/todos?updated_since={since}")).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (400, "invalid_request"), "{since}");
        assert!(reply.body["detail"].as_str().is_some_and(|text| text.contains("RFC 3339")), "{reply:?}");
    }
}

#[tokio::test]
async fn a_damaged_cursor_is_refused_with_a_sentence() {
    let Story { app, key, .. } = story().await;
    for task in ["one", "two"] {
        app.signed_in(TRINITY).await.post("/api/todos", json!({ "task": task })).await;
    }
    refuses_damaged_cursors(&key, "/api/org/todos", "/api/org/users").await;
    refuses_damaged_cursors(&key, "/api/org/users", "/api/org/todos").await;
}

#[tokio::test]
async fn what_is_known_already_is_not_sent_again() {
    let Story { app, key, .. } = story().await;
    let mut trinity = app.signed_in(TRINITY).await;
    let made = trinity.post("/api/todos", json!({ "task": "one" })).await;
    knows_what_is_known(&key, "/api/org/todos").await;
    let path = made.header("location").to_owned();
    for change in ["POST", "PUT", "DELETE"] {
        let before = key.get("/api/org/todos").await;
        match change {
            "POST" => trinity.post("/api/todos", json!({ "task": "two" })).await,
            "PUT" => trinity.put(&path, json!({ "task": "one", "completed": true })).await,
            _ => trinity.delete(&path).await,
        };
        let after = ask_unless(&key, "/api/org/todos", &[before.header("etag")]).await;
        assert_eq!(after.status, 200, "{change}");
        assert_ne!(after.header("etag"), before.header("etag"), "{change}");
    }
    let refused = ask_unless(&key, "/api/org/todos?limit=0", &["*"]).await;
    assert_eq!(refused.status, 400, "a refusal is no answer that anybody knows");
}

/// A person comes into the company with todos that are older than anything its program has asked for.
#[tokio::test]
async fn todos_that_come_with_their_person_from_another_org_are_changes_here() {
    let Story { app, org, key, .. } = story().await;
    let bob = app.person(None, "bob@whiterabbit.fake", Role::Owner).await;
    app.force("update org_domains set verified_by = null, verified_at = null").await;
    app.signed_in("bob@whiterabbit.fake").await.post("/api/todos", json!({ "task": "his own" })).await;
    app.force("update org_domains set verified_by = 'operator', verified_at = now()").await;
    app.clock.advance(Duration::hours(1));
    let since = "/api/org/todos?updated_since=2100-01-01T13:00:00Z";
    assert_eq!(tasks(&key.get(since).await), [""; 0]);
    let from: uuid::Uuid = sqlx::query_scalar("select org_id from users where id = $1")
        .bind(bob.uuid())
        .fetch_one(app.behind())
        .await
        .expect("an org");
    let op = app.op(OrgId::from(from));
    let tx = app.begin_as_owner(&op).await;
    todos::mark_changed(&tx, &op, bob).await.expect("marked");
    users::move_to_company(&tx, bob, "whiterabbit.fake").await.expect("moved");
    tx.commit().await.expect("committed");
    let reply = key.get(since).await;
    assert_eq!(tasks(&reply), ["his own"]);
    assert_eq!(reply.body["todos"][0]["orgId"], json!(org.id));
}
