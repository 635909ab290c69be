//! A key that is ended while something is under way by it. Nothing here waits for time to pass: each race is stopped at its
//! worst moment and then let go.

use api::domain::api_keys::{self, Scope};
use api::domain::todos;
use api::kernel::{Actor, ApiKeyId, Email, Op, Role};
use axum::body::Body;
use futures_util::stream;
use http::{Request, header};
use serde_json::{Value, json};
use time::Duration;
use tokio::sync::oneshot;

use super::{Story, TRINITY, opens, path, story};
use crate::support::Caller;

/// What a program asks for by this key, as it writes.
fn by(story: &Story, key: &Value) -> Op {
    let id: ApiKeyId = key["id"].as_str().expect("an id").parse().expect("an id");
    Op { actor: Actor::OrgKey { id }, ..story.app.op(story.org.id) }
}

fn trinity() -> Email {
    Email::parse(TRINITY).expect("an address")
}

/// A write that has begun is waited for: the 204 comes after it, and it is the last one.
#[tokio::test]
async fn the_204_waits_for_a_write_under_way_and_it_is_the_last_one() {
    for act in ["revoke", "rotate"] {
        let mut story = story().await;
        let (made, key) = story.minted(json!({})).await;
        let op = by(&story, &made);
        let tx = story.app.state.begin(&op).await.expect("let in");
        let (mut admin, id) = (story.admin.clone(), made["id"].clone());
        let ending = tokio::spawn(async move {
            match act {
                "revoke" => admin.delete(&path(&id, "")).await.status,
                _ => admin.post(&path(&id, "/rotate"), json!({ "overlapSeconds": 0 })).await.status,
            }
        });
        story.app.until_somebody_waits().await;
        todos::create_for(&tx, &op, &trinity(), "just in time".to_owned(), None).await.expect("written");
        assert!(!ending.is_finished(), "{act}");
        tx.commit().await.expect("committed");
        assert!(ending.await.expect("joined").is_success(), "{act}");
        assert_eq!(story.app.state.begin(&op).await.expect_err("the last one").code(), "key_refused", "{act}");
        assert!(!opens(&key).await);
        assert_eq!(story.app.count("select count(*) from todos").await, 1);
    }
}

/// Who comes while somebody waits to end the key waits behind them. Else whoever writes by a stolen key without a pause
/// could keep it from being ended.
#[tokio::test]
async fn a_stream_of_writes_by_a_key_does_not_keep_it_from_being_ended() {
    let mut story = story().await;
    let (made, key) = story.minted(json!({})).await;
    let writing = story.app.state.begin(&by(&story, &made)).await.expect("let in");
    let (mut admin, id) = (story.admin.clone(), made["id"].clone());
    let ending = tokio::spawn(async move { admin.delete(&path(&id, "")).await.status });
    story.app.until_somebody_waits().await;
    let body = json!({ "email": TRINITY, "task": "one more" });
    let next = tokio::spawn(async move { key.post("/api/org/todos", body).await });
    story.app.until_waiting(2).await;
    writing.commit().await.expect("committed");
    assert_eq!(ending.await.expect("joined"), 204, "without waiting for the next");
    assert_eq!(next.await.expect("joined").code(), "key_refused");
    assert_eq!(story.app.count("select count(*) from todos").await, 0);
}

/// Another org's administrator, who tries its id, neither waits for it nor keeps it waiting.
#[tokio::test]
async fn who_tries_another_company_s_key_does_not_touch_it() {
    let mut story = story().await;
    let made = story.minted(json!({})).await.0;
    let matrix = story.app.company("matrix.fake").await;
    story.app.person(Some(matrix), "smith@matrix.fake", Role::Owner).await;
    let mut smith = story.app.signed_in("smith@matrix.fake").await;
    let writing = story.app.state.begin(&by(&story, &made)).await.expect("let in");
    assert_eq!(smith.delete(&path(&made["id"], "")).await.status, 404);
    writing.commit().await.expect("committed");
}

/// The other way round: it is being ended when the write comes, which waits, looks again, and writes nothing.
#[tokio::test]
async fn a_write_during_a_revocation_waits_and_writes_nothing() {
    let mut story = story().await;
    let (made, key) = story.minted(json!({})).await;
    let op = story.app.op(story.org.id);
    let revoking = story.app.begin(&op).await;
    let id: ApiKeyId = made["id"].as_str().expect("an id").parse().expect("an id");
    // It is let in first: only the transaction that writes meets the revocation.
    assert!(opens(&key).await);
    api_keys::revoke(&revoking, &op, id).await.expect("revoked");
    let body = json!({ "email": TRINITY, "task": "too late" });
    let writing = tokio::spawn(async move { key.post("/api/org/todos", body).await });
    story.app.until_somebody_waits().await;
    revoking.commit().await.expect("committed");
    let reply = writing.await.expect("joined");
    assert_eq!((reply.status.as_u16(), reply.code()), (401, "key_refused"));
    assert_eq!(reply.header("www-authenticate"), "Bearer error=\"invalid_token\"");
    assert_eq!(story.app.count("select count(*) from todos").await, 0);
}

/// A request is let in by its headers, and its body arrives after the end: of a key that was revoked, was replaced, or
/// ended by itself; also where it would end sign-ins.
#[tokio::test]
async fn a_write_whose_body_comes_after_the_end_writes_nothing() {
    let revocation = json!({ "sub_id": { "format": "email", "email": TRINITY } }).to_string();
    let todo = json!({ "email": TRINITY, "task": "too late" }).to_string();
    for (url, text) in [("/api/org/todos", todo), ("/global-token-revocation", revocation)] {
        for act in ["revoke", "rotate", "expire"] {
            let mut story = story().await;
            let more = json!({ "scopes": ["todos:write", "revoke", "todos:read"], "expiresInDays": 1 });
            let (made, key) = story.minted(more).await;
            let (body, arrives) = oneshot::channel::<String>();
            let (reading, is_read) = oneshot::channel();
            let stream = stream::once(async move {
                reading.send(()).expect("somebody listens");
                arrives.await
            });
            let request = Request::post(url).header(header::CONTENT_TYPE, "application/json");
            let request = request.body(Body::from_stream(stream)).expect("a request");
            let in_flight = tokio::spawn(async move { key.send(request).await });
            is_read.await.expect("the handler was let in and reads");
            match act {
                "revoke" => assert_eq!(story.admin.delete(&path(&made["id"], "")).await.status, 204),
                "rotate" => assert_eq!(story.rotated(&made["id"], 0).await.status, 201),
                _ => story.app.clock.advance(Duration::DAY),
            }
            body.send(text.clone()).expect("sent");
            let reply = in_flight.await.expect("joined");
            assert_eq!((reply.status.as_u16(), reply.code()), (401, "key_refused"), "{url} after {act}");
            assert_eq!(story.app.count("select count(*) from todos").await, 0);
            assert_eq!(story.app.count("select count(*) from users where generation > 0").await, 0);
        }
    }
}

/// A key that is much used can be used: noting that it was does not wait for those who write by it.
#[tokio::test]
async fn a_use_is_written_down_while_something_is_written_by_the_key() {
    let mut story = story().await;
    let (made, key) = story.minted(json!({})).await;
    let op = by(&story, &made);
    let writing = story.app.state.begin(&op).await.expect("let in");
    let also_writing = story.app.state.begin(&op).await.expect("let in too");
    story.app.clock.advance(Duration::minutes(2));
    assert!(opens(&key).await);
    assert_eq!(story.listed(&made["id"]).await["lastUsedAt"], "2100-01-01T12:02:00Z");
    assert_eq!(key.post("/api/org/todos", json!({ "email": TRINITY, "task": "t" })).await.status, 201);
    for tx in [writing, also_writing] {
        tx.commit().await.expect("committed");
    }
}

#[tokio::test]
async fn of_two_who_replace_a_key_at_once_one_does() {
    let mut story = story().await;
    let made = story.minted(json!({})).await.0;
    let (mut one, mut two) = (story.admin.clone(), story.admin.clone());
    let (path, body) = (path(&made["id"], "/rotate"), json!({ "overlapSeconds": 3600 }));
    let (one, two) = tokio::join!(one.post(&path, body.clone()), two.post(&path, body.clone()));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    assert_eq!(story.app.count("select count(*) from api_keys where rotated_to is not null").await, 1);
    assert_eq!(story.app.count("select count(*) from api_keys").await, 2);
}

/// The key comes before any row. A program signs the administrator out by the very key that they are ending: were
/// their sign-in held first, each would wait for the other.
#[tokio::test]
async fn a_key_that_signs_out_who_ends_it_waits_for_nobody_who_waits_for_it() {
    let mut story = story().await;
    let made = story.minted(json!({ "scopes": ["revoke"] })).await.0;
    let op = by(&story, &made);
    let signing_out = story.app.state.begin(&op).await.expect("let in");
    let (mut admin, id) = (story.admin.clone(), made["id"].clone());
    let ending = tokio::spawn(async move { admin.delete(&path(&id, "")).await.status });
    story.app.until_somebody_waits().await;
    let mut other = story.app.behind().begin().await.expect("a transaction");
    let hers = "select 1 from sign_ins for no key update nowait";
    sqlx::query(hers).execute(&mut *other).await.expect("the administrator waits with nothing in hand");
    other.rollback().await.expect("let go");
    signing_out.commit().await.expect("committed");
    assert_eq!(ending.await.expect("joined"), 204);
}

/// An administrator who has been signed out meanwhile ends nothing.
#[tokio::test]
async fn an_administrator_who_is_signed_out_while_they_wait_ends_nothing() {
    let mut story = story().await;
    let (made, key) = story.minted(json!({})).await;
    let op = by(&story, &made);
    let writing = story.app.state.begin(&op).await.expect("let in");
    let revoker: Caller = story.app.holding(&story.app.key(story.org, &[Scope::Revoke]).await);
    let (mut admin, id) = (story.admin.clone(), made["id"].clone());
    let ending = tokio::spawn(async move { admin.delete(&path(&id, "")).await });
    story.app.until_somebody_waits().await;
    assert_eq!(revoker.revoke(super::MORPHEUS).await.status, 204);
    writing.commit().await.expect("committed");
    let reply = ending.await.expect("joined");
    assert_eq!((reply.status.as_u16(), reply.code()), (401, "session_ended"));
    assert!(opens(&key).await);
}
