//! `/api/org/keys`: an org's API keys, as its administrators keep them.

mod races;

use api::domain::api_keys::Scope;
use api::kernel::{Role, UserId};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use time::Duration;

use crate::support::{Browser, Caller, Org, PASSWORD, Reply, TestApp};

const MORPHEUS: &str = "morpheus@whiterabbit.fake";
const TRINITY: &str = "trinity@whiterabbit.fake";

struct Story {
    app: TestApp,
    org: Org,
    morpheus: UserId,
    admin: Browser,
}

async fn story() -> Story {
    let (app, org) = TestApp::with_trinity().await;
    let morpheus = app.person(Some(org), MORPHEUS, Role::Admin).await;
    let admin = app.signed_in(MORPHEUS).await;
    Story { app, org, morpheus, admin }
}

impl Story {
    /// Makes a key that reads and writes todos, and gives what was answered and who holds it.
    async fn minted(&mut self, more: Value) -> (Value, Caller) {
        let mut body = json!({ "name": "Friday's report", "scopes": ["todos:read", "todos:write"] });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let reply = self.admin.post("/api/org/keys", body).await;
        self.held(&reply)
    }

    async fn rotated(&mut self, id: &Value, overlap: i64) -> Reply {
        self.admin.post(&path(id, "/rotate"), json!({ "overlapSeconds": overlap })).await
    }

    fn held(&self, reply: &Reply) -> (Value, Caller) {
        assert_eq!(reply.status, 201, "{reply:?}");
        let text = reply.body["key"].as_str().expect("a key").to_owned();
        (reply.body.clone(), self.app.holding(&text.into()))
    }

    async fn listed(&mut self, id: &Value) -> Value {
        let list = self.admin.get("/api/org/keys").await.body;
        let found = list["keys"].as_array().expect("a list").iter().find(|key| key["id"] == *id);
        found.expect("the key").clone()
    }
}

fn path(id: &Value, act: &str) -> String {
    format!("/api/org/keys/{}{act}", id.as_str().expect("an id"))
}

async fn opens(key: &Caller) -> bool {
    let status = key.get("/api/org/todos").await.status.as_u16();
    assert!([200, 401].contains(&status), "{status}");
    status == 200
}

#[tokio::test]
async fn a_key_is_made_shown_once_and_listed_without_its_secret() {
    let mut story = story().await;
    let reply =
        story.admin.post("/api/org/keys", json!({ "name": " Friday's report ", "scopes": ["todos:read"] })).await;
    let (made, key) = story.held(&reply);
    let text = made["key"].as_str().expect("a key");
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("location"), path(&made["id"], ""));
    assert!(
        text.starts_with(made["prefix"].as_str().expect("a prefix"))
            && made["prefix"].as_str().map(str::len) == Some(12)
    );
    assert!(text.ends_with(made["lastFour"].as_str().expect("four letters")));
    assert!(opens(&key).await);
    let mut listed = story.listed(&made["id"]).await;
    assert_eq!(listed["lastUsedAt"], "2100-01-01T12:00:00Z");
    listed["lastUsedAt"] = Value::Null;
    let expected = json!({
        "id": made["id"], "name": "Friday's report", "prefix": made["prefix"], "lastFour": made["lastFour"],
        "scopes": ["todos:read"], "createdAt": "2100-01-01T12:00:00Z",
        "createdBy": { "id": story.morpheus, "name": MORPHEUS },
        "lastUsedAt": null, "expiresAt": null, "revokedAt": null, "rotatedTo": null,
    });
    assert_eq!(listed, expected);
    let mut told = made.clone();
    told.as_object_mut().expect("an object").remove("key");
    assert_eq!(told, expected);

    // Nowhere is it again: neither in the list, nor in the database.
    let secret = &text[30..];
    assert!(!story.admin.get("/api/org/keys").await.body.to_string().contains(secret));
    for table in ["api_keys", "audit_events"] {
        let found = format!("select count(*) from {table} t where t::text like '%{secret}%'");
        assert_eq!(story.app.count(&found).await, 0, "{table}");
    }
    let sql = "select detail from audit_events where event = 'api_key.minted' and actor_kind = 'user'";
    let audited: Value = sqlx::query_scalar(sql).fetch_one(story.app.behind()).await.expect("a row");
    assert_eq!(audited, json!({ "key": made["id"], "scopes": ["todos:read"], "lifetime": null }));
}

/// Keys of the operator's have no person, the workshop's has no beginning, and who made one may have left.
#[tokio::test]
async fn keys_that_others_made_are_listed_too_the_newest_first() {
    let mut story = story().await;
    story.app.key(story.org, &[Scope::Revoke]).await;
    story.app.clock.advance(Duration::SECOND);
    story.app.workshop_key(story.org).await;
    story.app.clock.advance(Duration::SECOND);
    let ended = story.minted(json!({})).await.0;
    story
        .app
        .force(&format!("update api_keys set created_by = '{}' where name like 'Friday%'", uuid::Uuid::nil()))
        .await;
    story.admin.delete(&path(&ended["id"], "")).await;
    let list = story.admin.get("/api/org/keys").await.body;
    let keys = list["keys"].as_array().expect("a list");
    let told: Vec<_> = keys.iter().map(|key| (&key["name"], &key["createdBy"], key["prefix"].is_string())).collect();
    let test = json!({ "id": null, "name": "test" });
    assert_eq!(
        told,
        [
            (&json!("Friday's report"), &json!({ "id": uuid::Uuid::nil(), "name": null }), true),
            (&json!("the workshop's key"), &test, false),
            (&json!("a test's"), &test, true),
        ]
    );
    assert_eq!(keys[0]["revokedAt"], "2100-01-01T12:00:02Z");
    assert_eq!(keys[1]["lastFour"], "1313");
}

#[tokio::test]
async fn what_is_malformed_is_refused_and_makes_nothing() {
    let mut story = story().await;
    let good = json!({ "name": "n", "scopes": ["revoke"] });
    for (change, code) in [
        (json!({ "name": "" }), "invalid_request"),
        (json!({ "name": "  " }), "invalid_request"),
        (json!({ "name": "x".repeat(101) }), "invalid_request"),
        (json!({ "name": "a\nb" }), "invalid_request"),
        (json!({ "name": "a\u{7f}" }), "invalid_request"),
        (json!({ "name": null }), "invalid_request"),
        (json!({ "scopes": [] }), "invalid_request"),
        (json!({ "scopes": ["revoke", "revoke"] }), "invalid_request"),
        (json!({ "scopes": ["everything"] }), "invalid_request"),
        (json!({ "scopes": "revoke" }), "invalid_request"),
        (json!({ "expiresInDays": 0 }), "invalid_fields"),
        (json!({ "expiresInDays": 731 }), "invalid_fields"),
        (json!({ "expiresInDays": -1 }), "invalid_fields"),
        (json!({ "expiresInDays": 1.5 }), "invalid_request"),
        (json!({ "expiresAt": "2100-01-01T12:00:00Z" }), "invalid_request"),
    ] {
        let mut body = good.clone();
        body.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
        let reply = story.admin.post("/api/org/keys", body).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (400, code), "{change}");
    }
    assert_eq!(story.app.count("select count(*) from api_keys").await, 0);
    for days in [1, 730] {
        story.minted(json!({ "name": "ü".repeat(100), "expiresInDays": days })).await;
    }
    let made = story.minted(json!({})).await.0;
    for overlap in [json!(-1), json!(604_801), json!(null), json!("1h")] {
        let reply = story.admin.post(&path(&made["id"], "/rotate"), json!({ "overlapSeconds": overlap })).await;
        assert_eq!(reply.status, 400, "{overlap}");
    }
    assert_eq!(story.app.count("select count(*) from api_keys").await, 3);
}

#[tokio::test]
async fn a_key_with_an_end_ends_and_the_one_in_its_place_lives_as_long_again() {
    let mut story = story().await;
    let (made, key) = story.minted(json!({ "expiresInDays": 30 })).await;
    assert_eq!(made["expiresAt"], "2100-01-31T12:00:00Z");
    story.app.clock.advance(Duration::days(29));
    story.admin = story.app.signed_in(MORPHEUS).await;
    let reply = story.rotated(&made["id"], 604_800).await;
    let (new, newer) = story.held(&reply);
    assert_eq!((&new["name"], &new["scopes"]), (&made["name"], &made["scopes"]));
    assert_eq!(new["expiresAt"], "2100-03-01T12:00:00Z");
    let old = story.listed(&made["id"]).await;
    assert_eq!((&old["expiresAt"], &old["rotatedTo"]), (&made["expiresAt"], &new["id"]), "never later");
    assert_eq!(old["revokedAt"], Value::Null);
    assert!(opens(&key).await && opens(&newer).await, "both, until the old one ends");
    story.app.clock.advance(Duration::DAY);
    assert!(!opens(&key).await && opens(&newer).await);
}

#[tokio::test]
async fn a_replaced_key_goes_on_for_the_overlap_and_without_one_ends_at_once() {
    let mut story = story().await;
    let (first, key) = story.minted(json!({})).await;
    let reply = story.rotated(&first["id"], 3600).await;
    let (second, other) = story.held(&reply);
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_ne!(first["key"], second["key"]);
    assert_eq!(second["expiresAt"], Value::Null, "it has no end of its own, as the first had none");
    assert_eq!(story.listed(&first["id"]).await["expiresAt"], "2100-01-01T13:00:00Z");
    story.app.clock.advance(Duration::minutes(59));
    assert!(opens(&key).await && opens(&other).await);
    story.app.clock.advance(Duration::MINUTE);
    assert!(!opens(&key).await && opens(&other).await);

    story.admin = story.app.signed_in(MORPHEUS).await;
    let reply = story.rotated(&second["id"], 0).await;
    let (third, newest) = story.held(&reply);
    assert!(!opens(&other).await && opens(&newest).await);
    let ended = story.listed(&second["id"]).await;
    assert_eq!(
        (&ended["expiresAt"], &ended["revokedAt"]),
        (&json!("2100-01-01T13:00:00Z"), &json!("2100-01-01T13:00:00Z"))
    );

    let sql = "select detail from audit_events where event = 'api_key.rotated' order by at";
    let audited: Vec<Value> = sqlx::query_scalar(sql).fetch_all(story.app.behind()).await.expect("rows");
    assert_eq!(audited[0], json!({ "key": first["id"], "to": second["id"], "overlap": 3600 }));
    assert_eq!(audited[1], json!({ "key": second["id"], "to": third["id"], "overlap": 0 }));
}

#[tokio::test]
async fn what_has_ended_or_been_replaced_cannot_be_replaced() {
    let mut story = story().await;
    let replaced = story.minted(json!({})).await.0;
    assert_eq!(story.rotated(&replaced["id"], 60).await.status, 201);
    let revoked = story.minted(json!({})).await.0;
    story.admin.delete(&path(&revoked["id"], "")).await;
    let expired = story.minted(json!({ "expiresInDays": 1 })).await.0;
    for (key, code) in [(&replaced, "key_replaced"), (&revoked, "key_over")] {
        let reply = story.rotated(&key["id"], 60).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (409, code));
    }
    story.app.clock.advance(Duration::DAY);
    story.admin = story.app.signed_in(MORPHEUS).await;
    let reply = story.rotated(&expired["id"], 60).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (409, "key_over"));
    assert_eq!(story.app.count("select count(*) from api_keys").await, 4);
}

/// At every process, for good, and as often as it is asked; the workshop's too.
#[tokio::test]
async fn a_revoked_key_opens_nothing_from_then_on() {
    let mut story = story().await;
    let (made, key) = story.minted(json!({})).await;
    let twin = story.app.twin().await;
    let elsewhere = twin.holding(&made["key"].as_str().expect("a key").to_owned().into());
    assert!(opens(&key).await && opens(&elsewhere).await);
    for _ in 0..2 {
        assert_eq!(story.admin.delete(&path(&made["id"], "")).await.status, 204);
        assert!(!opens(&key).await && !opens(&elsewhere).await);
        story.app.clock.advance(Duration::SECOND);
    }
    assert_eq!(story.listed(&made["id"]).await["revokedAt"], "2100-01-01T12:00:00Z", "the first time counts");
    let audited = "select count(*) from audit_events where event = 'api_key.revoked' and actor_kind = 'user'";
    assert_eq!(story.app.count(audited).await, 1);

    story.app.workshop_key(story.org).await;
    let workshop = story.app.holding(&"131313".to_owned().into());
    assert_eq!(workshop.revoke(TRINITY).await.status, 204);
    let keys = story.admin.get("/api/org/keys").await.body;
    let id = keys["keys"].as_array().expect("a list").iter().find(|key| key["lastFour"] == "1313").expect("it")["id"]
        .clone();
    assert_eq!(story.admin.delete(&path(&id, "")).await.status, 204);
    assert_eq!(workshop.revoke(TRINITY).await.status, 401);
    story.app.workshop_key(story.org).await;
    assert_eq!(workshop.revoke(TRINITY).await.status, 401, "and it is not made again");
}

/// Seeing keys is an auditor's too. What makes or ends one wants an administrator who has just proved who they are; nothing
/// is shown beforehand, so asking for that changes nothing.
#[tokio::test]
async fn keys_are_kept_by_administrators_who_have_just_proved_who_they_are() {
    let mut story = story().await;
    let made = story.minted(json!({})).await.0;
    story.app.person(Some(story.org), "auditor@whiterabbit.fake", Role::Auditor).await;
    story.app.clock.advance(Duration::minutes(16));
    let mut auditor = story.app.signed_in("auditor@whiterabbit.fake").await;
    let mut member = story.app.signed_in(TRINITY).await;
    assert_eq!(auditor.get("/api/org/keys").await.status, 200);
    assert_eq!(member.get("/api/org/keys").await.code(), "not_allowed");
    assert_eq!(story.admin.get("/api/org/keys").await.status, 200, "to look wants no proof");
    let new = json!({ "name": "n", "scopes": ["revoke"] });
    for query in ["", "?dry_run=true"] {
        for (browser, code) in [
            (&mut auditor, "not_allowed"),
            (&mut member, "not_allowed"),
            (&mut story.admin, "insufficient_user_authentication"),
        ] {
            let replies = [
                browser.post(&format!("/api/org/keys{query}"), new.clone()).await,
                browser.post(&path(&made["id"], &format!("/rotate{query}")), json!({ "overlapSeconds": 0 })).await,
                browser.delete(&path(&made["id"], query)).await,
            ];
            for reply in replies {
                assert_eq!((reply.status.as_u16(), reply.code()), (403, code), "{query}");
            }
        }
    }
    assert_eq!(
        story.app.count("select count(*) from api_keys where revoked_at is null and expires_at is null").await,
        1
    );
    story.admin.sign_in(MORPHEUS, PASSWORD).await;
    assert_eq!(story.admin.delete(&path(&made["id"], "")).await.status, 204);
}

#[tokio::test]
async fn another_company_s_key_is_none_of_ours() {
    let mut story = story().await;
    let (made, key) = story.minted(json!({})).await;
    let matrix = story.app.company("matrix.fake").await;
    story.app.person(Some(matrix), "smith@matrix.fake", Role::Owner).await;
    let theirs = story.app.key(matrix, &Scope::ALL).await;
    let mut smith = story.app.signed_in("smith@matrix.fake").await;
    for id in [made["id"].clone(), json!(uuid::Uuid::nil()), json!("x")] {
        assert_eq!(smith.delete(&path(&id, "")).await.status, 404, "{id}");
        let reply = smith.post(&path(&id, "/rotate"), json!({ "overlapSeconds": 0 })).await;
        assert_eq!(reply.status, 404, "{id}");
    }
    assert!(opens(&key).await);
    let list = smith.get("/api/org/keys").await.body;
    assert_eq!(list["keys"].as_array().map(Vec::len), Some(1), "{list}");
    assert!(theirs.expose_secret().ends_with(list["keys"][0]["lastFour"].as_str().expect("four letters")));
}
