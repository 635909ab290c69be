//! `GET /api/org/users`.

use std::collections::BTreeSet;

use api::domain::api_keys::Scope;
use api::kernel::Role;
use serde_json::{Value, json};

use super::{NEO, Story, TRINITY, all, ask_unless, knows_what_is_known, story, things};

#[tokio::test]
async fn the_list_has_everybody_with_what_a_program_may_know() {
    let Story { app, org, trinity, key } = story().await;
    app.force(&format!("update users set active = false where email = '{NEO}'")).await;
    let reply = key.get("/api/org/users").await;
    let people = things(&reply, "users");
    assert_eq!(people.len(), 2);
    let hers = json!({ "id": trinity, "email": TRINITY, "name": TRINITY, "role": "member", "active": true,
                       "createdAt": "2100-01-01T12:00:00Z" });
    assert!(people.contains(&hers), "{people:?}");
    assert!(people.iter().any(|person| person["email"] == NEO && person["active"] == false), "{people:?}");
    assert_eq!(reply.body["next"], Value::Null);
    knows_what_is_known(&key, "/api/org/users").await;
    let tag = reply.header("etag");
    app.person(Some(org), "oracle@whiterabbit.fake", Role::Auditor).await;
    assert_eq!(ask_unless(&key, "/api/org/users", &[tag]).await.status, 200);
}

#[tokio::test]
async fn parts_of_any_size_make_the_whole_list_also_with_ties() {
    let Story { app, org, key, .. } = story().await;
    for n in 0..9 {
        app.member(org, &format!("person{n}@whiterabbit.fake")).await;
        if n % 4 == 0 {
            app.clock.advance(time::Duration::SECOND);
        }
    }
    let whole = all(&key, "/api/org/users", "users", 200).await;
    assert_eq!(whole.iter().collect::<BTreeSet<_>>().len(), 11);
    let sql = "select id::text from users order by created_at, id";
    let in_order: Vec<String> = sqlx::query_scalar(sql).fetch_all(app.behind()).await.expect("ids");
    assert_eq!(whole, in_order);
    for limit in [1, 2, 3, 10, 11, 12] {
        assert_eq!(all(&key, "/api/org/users", "users", limit).await, whole, "{limit} at a time");
    }
    for limit in ["0", "201", "x"] {
        assert_eq!(key.get(&format!("/api/org/users?limit={limit}")).await.status, 400, "{limit}");
    }
}

/// What would say more than who they are.
#[tokio::test]
async fn nothing_of_how_they_sign_in_is_told() {
    let Story { app, org, .. } = story().await;
    let key = app.holding(&app.key(org, &Scope::ALL).await);
    let text = key.get("/api/org/users").await.body.to_string();
    for secret in ["argon2", "password", "generation", "reauth"] {
        assert!(!text.contains(secret), "{text}");
    }
}
