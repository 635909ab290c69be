//! `GET /openid/callback/{slug}`: coming back.

use serde_json::json;
use time::Duration;

use super::{TRINITY, World, destination, leave, page};
use crate::support::Account;

#[tokio::test]
async fn somebody_new_comes_in_and_is_known_the_next_time() {
    let world = World::new().await;
    let mut account = Account::new("Neo@WhiteRabbit.fake");
    let mut browser = world.signed_in(&mut account).await;
    let me = browser.get("/api/users/me").await.body;
    assert_eq!(me["email"], "Neo@WhiteRabbit.fake");
    assert_eq!((&me["name"], &me["role"]), (&json!("A Name"), &json!("member")));
    assert_eq!((&me["orgName"], &me["signInMethod"]), (&json!("whiterabbit.fake"), &json!("oidc")));
    assert_eq!(browser.post("/api/todos", json!({ "task": "t" })).await.status, 201);
    let row = "select count(*) from sign_ins where idp_sub = 'sub-of-Neo@WhiteRabbit.fake' and idp_sid = 'a-session' \
               and idp_iss like 'http://127.0.0.1:%/t' and auth_time = '2100-01-01 12:00Z' and org_id = ";
    assert_eq!(world.app.count(&format!("{row} '{}'", world.org.id)).await, 1);

    account.email = Some("another@elsewhere.fake".to_owned());
    let mut elsewhere = world.signed_in(&mut account).await;
    assert_eq!(elsewhere.get("/api/users/me").await.body["id"], me["id"], "issuer and subject name the person");
    assert_eq!(world.app.count("select count(*) from users").await, 1);
    assert_eq!(world.app.count("select count(*) from audit_events where event = 'identity.linked'").await, 1);
    let signed_in = "select count(*) from audit_events where event = 'sign_in.succeeded' and actor_kind = 'idp' \
                     and actor_id like 'http://127.0.0.1:%/t' and detail->>'by' = 'oidc'";
    assert_eq!(world.app.count(signed_in).await, 2);
}

#[tokio::test]
async fn an_attempt_is_for_one_use_within_ten_minutes_in_one_browser() {
    let world = World::new().await;
    let mut account = Account::new(TRINITY);
    let mut browser = world.app.anonymous();

    let back = world.provider.sign_in(&leave(&mut browser, "").await, &mut account);
    let mut stranger = world.app.anonymous();
    assert_eq!(page(&stranger.get(&back).await), "sign_in_expired", "another browser, with no cookie");
    leave(&mut stranger, "").await;
    assert_eq!(page(&stranger.get(&back).await), "sign_in_expired", "another browser, with one of its own");
    assert_eq!(destination(&browser.get(&back).await), "http://localhost:3000/", "its own browser still can");
    assert_eq!(page(&browser.get(&back).await), "sign_in_expired", "a second time");
    assert_eq!(world.sign_ins().await, 1);
    assert_eq!(world.provider.script().asked["token"], 1, "nobody else's code was redeemed");

    let mut late = world.app.anonymous();
    let back = world.provider.sign_in(&leave(&mut late, "").await, &mut account);
    world.app.clock.advance(Duration::minutes(10));
    assert_eq!(page(&late.get(&back).await), "sign_in_expired");
    assert_eq!(world.sign_ins().await, 1);
    world.app.clock.advance(Duration::seconds(1));
    api::app::sweep::sweep(&world.app.state).await.expect("swept");
    assert_eq!(world.app.count("select count(*) from login_attempts").await, 0);
}

#[tokio::test]
async fn of_two_who_come_with_the_same_answer_one_comes_in() {
    let world = World::new().await;
    let mut browser = world.app.anonymous();
    let back = world.provider.sign_in(&leave(&mut browser, "").await, &mut Account::new(TRINITY));
    let all = (0..8).map(|_| {
        let (mut browser, back) = (browser.clone(), back.clone());
        async move { browser.get(&back).await.status.as_u16() }
    });
    let mut statuses = futures_util::future::join_all(all).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 400, 400, 400, 400, 400, 400, 400]);
    assert_eq!(world.sign_ins().await, 1);
}

#[tokio::test]
async fn several_tabs_sign_in_at_once() {
    let world = World::new().await;
    let mut browser = world.app.anonymous();
    let first = leave(&mut browser, "?next=%2Ffirst").await;
    let second = leave(&mut browser, "?next=%2Fsecond").await;
    let mut account = Account::new(TRINITY);
    let (first, second) = (world.provider.sign_in(&first, &mut account), world.provider.sign_in(&second, &mut account));
    assert_eq!(destination(&browser.get(&second).await), "http://localhost:3000/second");
    assert_eq!(destination(&browser.get(&first).await), "http://localhost:3000/first");
    assert!(world.is_in(&mut browser).await);
    let replaced = "select count(*) from sign_ins where ended_cause = 'replaced'";
    assert_eq!(world.app.count(replaced).await, 1, "one browser has one sign-in");
}

#[tokio::test]
async fn new_people_who_come_at_once_are_made_once() {
    let world = World::new().await;
    let all = (0..6).map(|_| async {
        let mut browser = world.app.anonymous();
        let authorize = leave(&mut browser, "").await;
        let back = world.provider.sign_in(&authorize, &mut Account::new("neo@whiterabbit.fake"));
        browser.get(&back).await.status.as_u16()
    });
    assert_eq!(futures_util::future::join_all(all).await, [303; 6]);
    assert_eq!(world.app.count("select count(*) from users").await, 1);
    assert_eq!(world.app.count("select count(*) from identities").await, 1);
}

/// The session's id is replaced, whoever was signed in before in this browser is signed out, and a planted cookie stays
/// worthless.
#[tokio::test]
async fn a_sign_in_takes_over_nothing_of_the_browser_s_earlier_session() {
    let world = World::new().await;
    world.app.person(None, "bob@tables.fake", api::kernel::Role::Owner).await;
    let mut browser = world.app.signed_in("bob@tables.fake").await;
    let planted = browser.clone();
    world.sign_in(&mut browser, &mut Account::new(TRINITY)).await;
    assert_eq!(browser.get("/api/users/me").await.body["email"], TRINITY);
    assert_ne!(browser.cookies["curfew"], planted.cookies["curfew"]);
    assert!(!world.is_in(&mut planted.clone()).await);
}

#[tokio::test]
async fn a_connection_that_changed_meanwhile_opens_nothing() {
    let world = World::new().await;
    for change in ["issuer = issuer || '/'", "client_id = 'another'"] {
        let mut browser = world.app.anonymous();
        let back = world.provider.sign_in(&leave(&mut browser, "").await, &mut Account::new(TRINITY));
        let before = world.app.database.superuser.clone();
        world.app.force(&format!("update sso_connections set {change}")).await;
        assert_eq!(page(&browser.get(&back).await), "sign_in_expired", "{change}");
        sqlx::query("update sso_connections set issuer = rtrim(issuer, '/'), client_id = 'curfew'")
            .execute(&before)
            .await
            .expect("as it was");
    }
    let mut browser = world.app.anonymous();
    let back = world.provider.sign_in(&leave(&mut browser, "").await, &mut Account::new(TRINITY));
    world.app.force("delete from sso_connections").await;
    assert_eq!(page(&browser.get(&back).await), "sign_in_expired");
    assert_eq!(world.sign_ins().await, 0);
}

/// The table holds the client's secret encrypted, bound to its row.
#[tokio::test]
async fn the_client_s_secret_is_encrypted_at_rest() {
    let world = World::new().await;
    let stored: Vec<u8> = sqlx::query_scalar("select client_credential from sso_connections")
        .fetch_one(world.app.behind())
        .await
        .expect("one");
    let part = &crate::support::CLIENT_SECRET.as_bytes()[..8];
    assert!(stored.len() > 60 && !stored.windows(part.len()).any(|window| window == part));
    leave(&mut world.app.anonymous(), "").await;
    world.app.force("update sso_connections set client_credential = set_byte(client_credential, 40, 0)").await;
    let reply = world.app.anonymous().get("/openid/start/whiterabbit.fake").await;
    assert_eq!((reply.status.as_u16(), page(&reply).as_str()), (500, "internal"));
}

#[tokio::test]
async fn with_the_database_away_it_is_a_page_too() {
    let world = World::new().await;
    let mut browser = world.app.anonymous();
    let back = world.provider.sign_in(&leave(&mut browser, "").await, &mut Account::new(TRINITY));
    world.app.state.db.clone().close().await.expect("closed");
    for path in ["/openid/start/whiterabbit.fake", back.as_str()] {
        let reply = browser.get(path).await;
        assert_eq!((reply.status.as_u16(), page(&reply).as_str()), (503, "unavailable"), "{path}");
    }
}
