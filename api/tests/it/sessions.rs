//! `/api/sessions`: where one is signed in, and signing out there.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use time::Duration;

use crate::openid::{TRINITY, World};
use crate::support::{Account, Browser, TestApp};

const BOB: &str = "bob@tables.fake";

async fn list(browser: &mut Browser) -> Vec<Value> {
    let reply = browser.get("/api/sessions").await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.body["sessions"].as_array().expect("a list").clone()
}

fn ids(sessions: &[Value]) -> BTreeSet<String> {
    sessions.iter().map(|session| session["id"].as_str().expect("an id").to_owned()).collect()
}

async fn with_bob() -> TestApp {
    let app = TestApp::new().await;
    app.person(None, BOB, api::kernel::Role::Owner).await;
    app
}

#[tokio::test]
async fn one_sees_one_s_own_open_sessions_and_which_is_this() {
    let world = World::new().await;
    let mut account = Account::new(TRINITY);
    let mut desk = world.signed_in(&mut account).await;
    world.app.clock.advance(Duration::minutes(5));
    let mut phone = world.signed_in(&mut account).await;
    world.signed_in(&mut Account::new("neo@whiterabbit.fake")).await;
    let seen = list(&mut desk).await;
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert_eq!((&seen[0]["current"], &seen[1]["current"]), (&json!(false), &json!(true)), "the newest first");
    let id = seen[1]["id"].clone();
    assert_eq!(
        seen[1],
        json!({ "id": id, "current": true, "createdAt": "2100-01-01T12:00:00Z", "lastUsedAt": "2100-01-01T12:05:00Z",
                "expiresAt": "2100-01-02T00:00:00Z", "idleExpiresAt": "2100-01-01T12:35:00Z",
                "ip": null, "agent": null, "signInMethod": "oidc" })
    );
    desk.post("/api/signout", json!({})).await;
    assert_eq!(list(&mut phone).await.len(), 1, "what has ended is gone from it");
    world.app.clock.advance(Duration::minutes(29));
    let again = world.signed_in(&mut account).await;
    world.app.clock.advance(Duration::minutes(1));
    assert_eq!(list(&mut again.clone()).await.len(), 1, "and so is what is over for want of use");
}

#[tokio::test]
async fn one_ends_one_s_own_sessions_and_nobody_else_s() {
    let app = with_bob().await;
    app.person(None, "alice@tables.fake", api::kernel::Role::Owner).await;
    let (mut here, mut there) = (app.signed_in(BOB).await, app.signed_in(BOB).await);
    let mut alice = app.signed_in("alice@tables.fake").await;
    let others = list(&mut here).await.into_iter().find(|each| each["current"] == false).expect("the other one");
    let path = format!("/api/sessions/{}", others["id"].as_str().expect("an id"));
    assert_eq!(alice.delete(&path).await.status, 404);
    assert_eq!(there.get("/api/users/me").await.status, 200);
    assert_eq!(here.delete(&path).await.status, 204);
    assert_eq!(there.get("/api/users/me").await.status, 401);
    assert_eq!(here.delete(&path).await.status, 404, "it has ended already");
    for id in ["x", "00000000-0000-7000-8000-000000000000"] {
        assert_eq!(here.delete(&format!("/api/sessions/{id}")).await.status, 404, "{id}");
    }
    let own = list(&mut here).await.remove(0);
    assert_eq!(here.delete(&format!("/api/sessions/{}", own["id"].as_str().expect("an id"))).await.status, 204);
    assert_eq!(here.get("/api/users/me").await.status, 401, "this one too");
    assert_eq!(alice.get("/api/users/me").await.status, 200);
}

#[tokio::test]
async fn the_others_or_all_of_them_end_at_once() {
    let app = with_bob().await;
    let (mut here, mut there) = (app.signed_in(BOB).await, app.signed_in(BOB).await);
    assert_eq!(here.post("/api/sessions/revoke", json!({ "reach": "others" })).await.status, 204);
    assert_eq!(
        (here.get("/api/users/me").await.status, there.get("/api/users/me").await.status),
        (http::StatusCode::OK, http::StatusCode::UNAUTHORIZED)
    );
    let mut again = app.signed_in(BOB).await;
    assert_eq!(here.post("/api/sessions/revoke", json!({ "reach": "all" })).await.status, 204);
    for browser in [&mut here, &mut again] {
        assert_eq!(browser.get("/api/users/me").await.status, 401);
        assert_eq!(browser.get("/api/signed-out").await.body["ended"]["cause"], "signed_out_everywhere");
    }
    let mut anew = app.signed_in(BOB).await;
    for body in [json!({}), json!({ "reach": "some" }), json!({ "reach": "all", "more": 1 })] {
        assert_eq!(anew.post("/api/sessions/revoke", body).await.status, 400);
    }
}

/// What is shown beforehand is what ends: two hundred populations, by a generator with a fixed beginning.
#[tokio::test]
async fn a_dry_run_names_exactly_what_ends_and_ends_nothing() {
    let app = with_bob().await;
    let user = "select id from users where email = 'bob@tables.fake'";
    let mut seed = 0x5eed_u64;
    let mut chance = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for population in 0..200 {
        app.force("delete from sign_ins").await;
        let mut here = app.signed_in(BOB).await;
        for _ in 0..chance(6) {
            let last = ["'2100-01-01 11:30Z'", "'2100-01-01 11:31Z'"][usize::try_from(chance(2)).expect("small")];
            let ended = ["null, null", "now(), 'demanded'"][usize::try_from(chance(2)).expect("small")];
            let expires = ["'2100-01-01 11:00Z'", "'2100-01-01 20:00Z'"][usize::try_from(chance(2)).expect("small")];
            app.force(&format!(
                "insert into sign_ins (id, org_id, user_id, created_at, last_seen_at, expires_at, ended_at, ended_cause) \
                 select gen_random_uuid(), org_id, id, '2100-01-01 10:00Z', {last}, {expires}, {ended} from users where id = ({user})"
            ))
            .await;
        }
        let reach = ["others", "all"][usize::try_from(chance(2)).expect("small")];
        let open = ids(&list(&mut here).await);
        let told = here.post("/api/sessions/revoke?dry_run=true", json!({ "reach": reach })).await;
        assert_eq!(told.status, 200, "{told:?}");
        let told = ids(told.body["sessions"].as_array().expect("a list"));
        assert_eq!(ids(&list(&mut here).await), open, "population {population}: nothing has ended");
        let moment = "select count(*) from audit_events where event = 'revocation.succeeded'";
        let before = app.count(moment).await;
        assert_eq!(here.post("/api/sessions/revoke", json!({ "reach": reach })).await.status, 204);
        let sql = "select id::text from sign_ins where ended_at = '2100-01-01 12:00Z' \
                   and expires_at > '2100-01-01 12:00Z' and last_seen_at > '2100-01-01 11:30Z'";
        let ended: Vec<String> = sqlx::query_scalar(sql).fetch_all(app.behind()).await.expect("ids");
        assert_eq!(told, ended.into_iter().collect(), "population {population}, {reach}");
        assert_eq!(app.count(moment).await, before + 1);
    }
}
