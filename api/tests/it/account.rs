//! `/api/signin`, `/api/signout`, `/api/users/me`, `/api/account/password`.

use api::kernel::Role;
use serde_json::json;
use time::Duration;

use crate::support::{PASSWORD, TestApp};

#[tokio::test]
async fn signing_in_gives_the_name_and_a_session() {
    let app = TestApp::new().await;
    let org = app.company("whiterabbit.fake").await;
    let id = app.member(org, "trinity@whiterabbit.fake").await;
    let mut browser = app.anonymous();
    let reply = browser.sign_in(" Trinity@WhiteRabbit.FAKE ", PASSWORD).await;
    assert_eq!((reply.status.as_u16(), &reply.body), (200, &json!({ "name": "trinity@whiterabbit.fake" })));
    let me = browser.get("/api/users/me").await;
    let session = me.body["session"]["id"].clone();
    assert_eq!(
        me.body,
        json!({ "id": id, "email": "trinity@whiterabbit.fake", "name": "trinity@whiterabbit.fake", "role": "member",
                "orgId": org.id, "orgName": "whiterabbit.fake", "orgKind": "company", "orgSlug": "whiterabbit.fake",
                "signInMethod": "password",
                "session": { "id": session, "expiresAt": "2100-01-02T00:00:00Z",
                             "idleExpiresAt": "2100-01-01T12:30:00Z", "idleTimeoutSeconds": 1800 } })
    );
    assert_eq!(app.count("select count(*) from audit_events where event = 'sign_in.succeeded'").await, 1);
}

#[tokio::test]
async fn a_wrong_password_and_a_stranger_get_the_same_answer() {
    let (app, _) = TestApp::with_trinity().await;
    let mut answers = Vec::new();
    for (email, password) in [
        ("trinity@whiterabbit.fake", "wrong"),
        ("trinity@whiterabbit.fake", ""),
        ("nobody@whiterabbit.fake", PASSWORD),
        ("nobody@nowhere.fake", PASSWORD),
        ("not an address", PASSWORD),
        ("trinity@whiterabbit.fake\u{0}", PASSWORD),
    ] {
        let mut reply = app.anonymous().sign_in(email, password).await;
        assert_eq!(reply.cookie(), None);
        reply.body["request_id"] = json!(null);
        answers.push((reply.status.as_u16(), reply.body));
    }
    assert_eq!(answers[0].0, 401);
    assert_eq!(answers[0].1["code"], "sign_in_failed");
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:#?}");
}

#[tokio::test]
async fn nobody_signs_in_who_is_inactive_or_whose_org_is() {
    let (app, _) = TestApp::with_trinity().await;
    let mut signed_in = app.signed_in("trinity@whiterabbit.fake").await;
    for (off, on) in [
        ("update users set active = false", "update users set active = true"),
        ("update orgs set active = false", "update orgs set active = true"),
    ] {
        app.force(off).await;
        assert_eq!(app.anonymous().sign_in("trinity@whiterabbit.fake", PASSWORD).await.status, 401, "{off}");
        assert_eq!(signed_in.get("/api/users/me").await.status, 401, "{off}");
        app.force(on).await;
    }
}

#[tokio::test]
async fn somebody_deleted_meanwhile_is_nobody() {
    let (app, _) = TestApp::with_trinity().await;
    let mut trinity = app.signed_in("trinity@whiterabbit.fake").await;
    app.force("delete from users").await;
    assert_eq!(trinity.get("/api/users/me").await.code(), "session_ended");
    assert_eq!(trinity.post("/api/todos", json!({ "task": "t" })).await.status, 401);
    assert_eq!(app.count("select count(*) from sign_ins").await, 0);
}

#[tokio::test]
async fn the_domain_decides_the_org_and_only_a_verified_one() {
    let app = TestApp::new().await;
    app.person(None, "bob@tables.fake", Role::Owner).await;
    assert_eq!(app.signed_in("bob@tables.fake").await.get("/api/users/me").await.body["role"], "owner");
    let company = app.company("tables.fake").await;
    app.member(company, "bob@tables.fake").await;
    let mut bob = app.signed_in("bob@tables.fake").await;
    assert_eq!(bob.get("/api/users/me").await.body["orgId"], json!(company.id));
    app.force("update org_domains set verified_at = null, verified_by = null").await;
    let mut bob = app.signed_in("bob@tables.fake").await;
    assert_eq!(bob.get("/api/users/me").await.body["role"], "owner", "an unverified domain routes nobody");
}

#[tokio::test]
async fn signing_out_ends_this_browser_only() {
    let (app, _) = TestApp::with_trinity().await;
    let mut here = app.signed_in("trinity@whiterabbit.fake").await;
    let mut there = app.signed_in("trinity@whiterabbit.fake").await;
    let mut stolen = here.clone();
    assert_eq!(here.post("/api/signout", json!({})).await.status, 200);
    assert!(!here.cookies.contains_key("curfew"), "the cookie is cleared");
    assert_eq!(here.get("/api/users/me").await.code(), "sign_in_required");
    assert_eq!(stolen.get("/api/users/me").await.code(), "session_ended");
    assert_eq!(there.get("/api/users/me").await.status, 200);
    assert_eq!(stolen.post("/api/signout", json!({})).await.status, 200, "leaving twice is no failure");
    assert_eq!(app.count("select count(*) from sign_ins where ended_cause = 'signed_out'").await, 1);
    assert_eq!(app.count("select count(*) from tower_sessions").await, 1);
}

#[tokio::test]
async fn changing_the_password_ends_the_other_sign_ins_and_renews_this_cookie() {
    let (app, _) = TestApp::with_trinity().await;
    let mut here = app.signed_in("trinity@whiterabbit.fake").await;
    let mut there = app.signed_in("trinity@whiterabbit.fake").await;
    let mut old_cookie = here.clone();
    let new = "follow the white rabbit";
    let reply = here.post("/api/account/password", json!({ "currentPassword": PASSWORD, "newPassword": new })).await;
    assert_eq!(reply.status, 204, "{reply:?}");
    assert_eq!(here.get("/api/users/me").await.status, 200);
    assert_eq!(there.get("/api/users/me").await.code(), "session_ended");
    assert_eq!(old_cookie.get("/api/users/me").await.code(), "session_ended", "the cookie was renewed");
    assert_eq!(app.anonymous().sign_in("trinity@whiterabbit.fake", PASSWORD).await.status, 401);
    assert_eq!(app.anonymous().sign_in("trinity@whiterabbit.fake", new).await.status, 200);
}

#[tokio::test]
async fn a_password_is_not_changed_without_the_old_one_or_to_a_short_one() {
    let (app, _) = TestApp::with_trinity().await;
    let mut here = app.signed_in("trinity@whiterabbit.fake").await;
    let path = "/api/account/password";
    let wrong = here.post(path, json!({ "currentPassword": "wrong", "newPassword": "follow the white rabbit" })).await;
    assert_eq!((wrong.status.as_u16(), wrong.code()), (403, "wrong_password"));
    assert_eq!(app.count("select count(*) from audit_events where event = 'sign_in.failed'").await, 1);
    for bad in ["short", &"x".repeat(257)] {
        let reply = here.post(path, json!({ "currentPassword": PASSWORD, "newPassword": bad })).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (400, "invalid_fields"));
        assert_eq!(reply.body["errors"][0]["field"], "newPassword");
        let text = reply.body.to_string();
        assert!(!text.contains(PASSWORD) && !text.contains(bad), "an answer never repeats a password: {text}");
    }
    assert_eq!(app.anonymous().sign_in("trinity@whiterabbit.fake", PASSWORD).await.status, 200);
}

/// Somebody else with the same address, in the company that claimed its domain later, is somebody else.
#[tokio::test]
async fn a_password_is_one_s_own_whoever_shares_the_address() {
    let app = TestApp::new().await;
    app.person(None, "cypher@whiterabbit.fake", Role::Owner).await;
    let mut personal = app.signed_in("cypher@whiterabbit.fake").await;
    let company = app.company("whiterabbit.fake").await;
    app.member(company, "cypher@whiterabbit.fake").await;
    let change = json!({ "currentPassword": PASSWORD, "newPassword": "ignorance is bliss" });
    assert_eq!(personal.post("/api/account/password", change).await.status, 204);
    let changed = "select count(*) from audit_events a join orgs o on o.id = a.org_id \
                   where event = 'user.password_changed' and o.kind = 'personal'";
    assert_eq!(app.count(changed).await, 1);
}

#[tokio::test]
async fn failed_sign_ins_are_recorded_once_a_minute() {
    let (app, _) = TestApp::with_trinity().await;
    let failures = "select count(*) from audit_events where event = 'sign_in.failed'";
    for (minute, expected) in [(0, 1), (1, 2)] {
        app.clock.advance(Duration::minutes(minute));
        for _ in 0..3 {
            app.anonymous().sign_in("trinity@whiterabbit.fake", "wrong").await;
        }
        // They are written beside the answers.
        while app.count(failures).await < expected {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(app.count(failures).await, 2);
}

#[tokio::test]
async fn everybody_has_a_draft_key_of_their_own_that_stays_the_same() {
    let (app, org) = TestApp::with_trinity().await;
    app.member(org, "neo@whiterabbit.fake").await;
    let (mut ids, mut keys) = (Vec::new(), Vec::new());
    for email in ["trinity@whiterabbit.fake", "neo@whiterabbit.fake", "trinity@whiterabbit.fake"] {
        let reply = app.signed_in(email).await.get("/api/account/draft-key").await;
        assert_eq!((reply.status.as_u16(), reply.header("cache-control")), (200, "no-store"));
        ids.push(reply.body["userId"].clone());
        keys.push(reply.body["key"].as_str().expect("a key").to_owned());
    }
    assert_eq!(keys[0].len(), 43);
    assert_eq!(keys[0], keys[2]);
    assert_ne!(keys[0], keys[1]);
    assert_eq!(ids[0], ids[2]);
    assert_ne!(ids[0], ids[1]);
}
