//! How long a session lasts: unused, in all, and by each org's own policy. No test here waits: the clock moves by hand.

use api::domain::orgs::Policy;
use api::kernel::Role;
use http::Method;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::support::{Browser, Org, TestApp};

const TRINITY: &str = "trinity@whiterabbit.fake";
const MORPHEUS: &str = "morpheus@whiterabbit.fake";
const SHORT: Policy = Policy { idle_timeout: 600, absolute_lifetime: 3600, ..Policy::DEFAULT };

async fn world() -> (TestApp, Org) {
    let (app, org) = TestApp::with_trinity().await;
    app.person(Some(org), MORPHEUS, Role::Owner).await;
    (app, org)
}

async fn is_in(browser: &mut Browser) -> bool {
    browser.get_in_background("/api/users/me").await.status == 200
}

fn body(policy: Policy) -> Value {
    json!({
        "idleTimeoutSeconds": policy.idle_timeout, "absoluteLifetimeSeconds": policy.absolute_lifetime,
        "privilegedAuthAgeSeconds": policy.privileged_auth_age, "endsProviderSession": policy.ends_provider_session,
    })
}

async fn last_seen(app: &TestApp) -> OffsetDateTime {
    let sql = "select max(last_seen_at) from sign_ins";
    sqlx::query_scalar(sql).fetch_one(app.behind()).await.expect("a moment")
}

/// Why the browser is out, and since when.
async fn why(browser: &mut Browser) -> (Value, Value) {
    let told = browser.get("/api/signed-out").await.body;
    (told["ended"]["cause"].clone(), told["ended"]["at"].clone())
}

#[tokio::test]
async fn a_session_that_is_not_used_ends_after_half_an_hour() {
    let (app, _) = world().await;
    let mut browser = app.signed_in(TRINITY).await;
    app.clock.advance(Duration::minutes(30) - Duration::SECOND);
    assert!(is_in(&mut browser).await);
    app.clock.advance(Duration::SECOND);
    assert_eq!(browser.get("/api/users/me").await.code(), "session_ended");
    assert_eq!(browser.post("/api/todos", json!({ "task": "t" })).await.code(), "session_ended");
    assert_eq!(why(&mut browser).await, (json!("idle"), json!("2100-01-01T12:30:00Z")));
}

#[tokio::test]
async fn use_slides_and_nothing_slides_beyond_twelve_hours() {
    let (app, _) = world().await;
    let mut browser = app.signed_in(TRINITY).await;
    for _ in 0..(12 * 60 / 20 - 1) {
        app.clock.advance(Duration::minutes(20));
        assert_eq!(browser.get("/api/todos").await.status, 200, "a read is use too");
    }
    app.clock.advance(Duration::minutes(20) - Duration::SECOND);
    assert!(is_in(&mut browser).await);
    app.clock.advance(Duration::SECOND);
    assert_eq!(browser.get("/api/todos").await.code(), "session_ended");
    assert_eq!(why(&mut browser).await, (json!("expired"), json!("2100-01-02T00:00:00Z")));
}

/// The shortest that an org may set.
#[tokio::test]
async fn a_session_that_may_be_unused_for_a_minute_lasts_while_it_is_used() {
    let (app, org) = world().await;
    app.set_policy(org, Policy { idle_timeout: 60, ..Policy::DEFAULT }).await;
    let mut browser = app.signed_in(TRINITY).await;
    for _ in 0..20 {
        app.clock.advance(Duration::seconds(40));
        assert_eq!(browser.get("/api/todos").await.status, 200);
        // Just before it would be written down again.
        app.clock.advance(Duration::seconds(14));
        assert_eq!(browser.get("/api/todos").await.status, 200);
    }
    app.clock.advance(Duration::seconds(60));
    assert_eq!(browser.get("/api/todos").await.code(), "session_ended");
}

#[tokio::test]
async fn use_is_written_down_at_most_once_a_minute() {
    let (app, _) = world().await;
    let mut browser = app.signed_in(TRINITY).await;
    let begun = app.clock.now();
    app.clock.advance(Duration::seconds(59));
    browser.get("/api/todos").await;
    assert_eq!(last_seen(&app).await, begun);
    app.clock.advance(Duration::SECOND);
    let version = "select xmin::text::bigint from sign_ins";
    let before = app.count(version).await;
    browser.get("/api/todos").await;
    assert_eq!(last_seen(&app).await, app.clock.now());
    let written = app.count(version).await;
    assert_ne!(written, before);
    // Ten tabs at once, of which each may have read the row as it was.
    for _ in 0..10 {
        browser.get("/api/todos").await;
    }
    assert_eq!(app.count(version).await, written);
    app.clock.advance(Duration::minutes(1));
    let tabs = (0..10).map(|_| {
        let mut tab = browser.clone();
        async move { tab.get("/api/todos").await.status }
    });
    assert!(futures_util::future::join_all(tabs).await.iter().all(|status| *status == 200));
    let events = "select count(*) from sign_ins where last_seen_at = '2100-01-01 12:02Z'";
    assert_eq!(app.count(events).await, 1);
}

/// Each polls and holds a stream, and nobody touches any of them.
#[tokio::test]
async fn ten_tabs_in_the_background_do_expire() {
    let (app, _) = world().await;
    let browser = app.signed_in(TRINITY).await;
    let mut streams = Vec::new();
    for _ in 0..29 {
        app.clock.advance(Duration::minutes(1));
        for _ in 0..10 {
            assert_eq!(browser.clone().get_in_background("/api/todos").await.status, 200);
        }
        if streams.len() < 10 {
            streams.push(browser.watch().await.unwrap_or_else(|refused| panic!("{refused:?}")));
        }
    }
    app.clock.advance(Duration::minutes(1));
    for stream in &mut streams {
        assert_eq!(stream.end().await, crate::support::Told::Ended);
    }
    assert_eq!(browser.clone().get_in_background("/api/todos").await.code(), "session_ended");
}

#[tokio::test]
async fn a_shorter_policy_ends_at_once_what_is_over_by_it_and_a_dry_run_says_what() {
    let (app, _) = world().await;
    let (mut old, mut unused) = (app.signed_in(TRINITY).await, app.signed_in(TRINITY).await);
    for _ in 0..3 {
        app.clock.advance(Duration::minutes(20));
        old.get("/api/users/me").await;
        unused.get("/api/users/me").await;
    }
    let mut young = app.signed_in(TRINITY).await;
    app.clock.advance(Duration::minutes(5));
    let mut admin = app.signed_in(MORPHEUS).await;
    app.clock.advance(Duration::minutes(5));
    old.get("/api/users/me").await;
    // By the new policy: the first is too old, the second too old and unused, the third unused for ten minutes.
    let shown = admin.put("/api/org/policy?dry_run=true", body(SHORT)).await;
    assert_eq!((shown.status.as_u16(), &shown.body["total"]), (200, &json!(3)), "{shown:?}");
    for browser in [&mut old, &mut unused, &mut young] {
        assert!(is_in(browser).await, "it was dry");
    }
    assert_eq!(admin.get("/api/org/policy").await.body, body(Policy::DEFAULT));
    let set = admin.put("/api/org/policy", body(SHORT)).await;
    assert_eq!((set.status.as_u16(), set.body), (200, body(SHORT)));
    for browser in [&mut old, &mut unused, &mut young] {
        assert_eq!(browser.get("/api/users/me").await.code(), "session_ended");
        assert_eq!(why(browser).await, (json!("policy_changed"), json!("2100-01-01T13:10:00Z")));
    }
    assert!(is_in(&mut admin).await, "five minutes old, and just used");
    let recorded = "select count(*) from audit_events where event = 'org.policy_set' and actor_kind = 'user'";
    assert_eq!(app.count(recorded).await, 1);
}

#[tokio::test]
async fn a_shorter_policy_shortens_what_stays_open() {
    let (app, org) = world().await;
    let mut browser = app.signed_in(TRINITY).await;
    app.set_policy(org, SHORT).await;
    let session = browser.get("/api/users/me").await.body["session"].clone();
    assert_eq!(session["expiresAt"], "2100-01-01T13:00:00Z");
    assert_eq!(session["idleExpiresAt"], "2100-01-01T12:10:00Z");
    app.clock.advance(Duration::minutes(10));
    assert!(!is_in(&mut browser).await);
}

#[tokio::test]
async fn a_longer_policy_revives_nothing_and_puts_no_end_off() {
    let (app, org) = world().await;
    app.set_policy(org, SHORT).await;
    let mut unused = app.signed_in(TRINITY).await;
    app.clock.advance(Duration::minutes(11));
    let mut used = app.signed_in(TRINITY).await;
    app.set_policy(org, Policy { idle_timeout: 3000, absolute_lifetime: 36_000, ..Policy::DEFAULT }).await;
    assert_eq!(unused.get("/api/users/me").await.code(), "session_ended");
    assert_eq!(why(&mut unused).await, (json!("idle"), json!("2100-01-01T12:10:00Z")), "when it was over");
    app.clock.advance(Duration::minutes(49));
    assert!(is_in(&mut used).await, "it may be unused for longer");
    used.get("/api/users/me").await;
    app.clock.advance(Duration::minutes(11));
    assert!(!is_in(&mut used).await, "but ends when it would have");
    let mut new = app.signed_in(TRINITY).await;
    app.clock.advance(Duration::minutes(49));
    assert!(is_in(&mut new).await);
}

#[tokio::test]
async fn a_policy_out_of_bounds_is_refused_by_field() {
    let (app, _) = world().await;
    let mut admin = app.signed_in(MORPHEUS).await;
    for (change, field) in [
        (json!({ "idleTimeoutSeconds": 59 }), "idleTimeoutSeconds"),
        (json!({ "idleTimeoutSeconds": 50_000 }), "idleTimeoutSeconds"),
        (json!({ "absoluteLifetimeSeconds": 2_592_001 }), "absoluteLifetimeSeconds"),
        (json!({ "privilegedAuthAgeSeconds": 0 }), "privilegedAuthAgeSeconds"),
    ] {
        let mut wanted = body(Policy::DEFAULT);
        wanted.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
        let reply = admin.put("/api/org/policy", wanted).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (400, "invalid_fields"), "{change}");
        assert_eq!(reply.body["errors"][0]["field"], field);
    }
    assert_eq!(admin.get("/api/org/policy").await.body, body(Policy::DEFAULT));
}

/// By password: another sign-in is a new proof.
#[tokio::test]
async fn a_privileged_act_wants_a_recent_authentication() {
    let (app, _) = world().await;
    app.signed_in(TRINITY).await;
    let mut admin = app.signed_in(MORPHEUS).await;
    let acts = [
        (Method::POST, "/api/org/revoke".to_owned(), None),
        (Method::POST, format!("/api/org/users/{}/revoke", uuid::Uuid::nil()), None),
        (Method::PUT, "/api/org/policy".to_owned(), Some(body(SHORT))),
    ];
    app.clock.advance(Duration::minutes(15));
    assert_eq!(admin.put("/api/org/policy", body(Policy::DEFAULT)).await.status, 200, "it is not too old yet");
    app.clock.advance(Duration::SECOND);
    for (method, path, wanted) in &acts {
        let reply = admin.call(method, path, wanted.clone()).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (403, "insufficient_user_authentication"), "{path}");
        assert_eq!(reply.body["max_age"], 900);
        // What it would do is to be seen before.
        let dry = admin.call(method, &format!("{path}?dry_run=true"), wanted.clone()).await;
        assert_eq!(dry.status, if path.contains("users") { 404 } else { 200 }, "{dry:?}");
    }
    assert_eq!(app.count("select count(*) from sign_ins where ended_at is not null").await, 0);
    admin.sign_in(MORPHEUS, crate::support::PASSWORD).await;
    assert_eq!(admin.put("/api/org/policy", body(SHORT)).await.status, 200);
}
