//! A signed demand counts once; and a provider's session that ended opens nothing afterwards.

use serde_json::json;
use time::Duration;

use super::tokens::{Story, trinity};
use crate::openid::{destination, leave, page};
use crate::support::{Account, Answer};

#[tokio::test]
async fn the_same_token_with_the_same_body_is_answered_the_same_and_does_nothing() {
    let mut story = Story::new().await;
    let token = story.demand("jti").text();
    assert_eq!(story.send_demand("whiterabbit.fake", &token, trinity()).await.status, 204);
    story.world.app.clock.advance(Duration::seconds(10));
    story.account.auth_time = None;
    story.browser = story.world.signed_in(&mut story.account).await;
    assert_eq!(story.send_demand("whiterabbit.fake", &token, trinity()).await.status, 204, "a retry");
    assert!(story.is_in().await, "whoever came back in since then stays in");
    let other = json!({ "format": "opaque", "id": "x" });
    let reply = story.send_demand("whiterabbit.fake", &token, other).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (401, "token_refused"), "with another body");

    let nobody = json!({ "format": "email", "email": "nobody@whiterabbit.fake" });
    let token = story.demand("jti-2").text();
    for _ in 0..2 {
        assert_eq!(story.send_demand("whiterabbit.fake", &token, nobody.clone()).await.status, 404);
    }
    assert_eq!(story.send_demand("whiterabbit.fake", &token, trinity()).await.status, 401);
    assert!(story.is_in().await);
    assert_eq!(story.world.app.count("select count(*) from spent_tokens").await, 2);

    story.world.app.clock.advance(Duration::minutes(7));
    api::app::sweep::sweep(&story.world.app.state).await.expect("swept");
    assert_eq!(story.world.app.count("select count(*) from spent_tokens").await, 0);
    assert_eq!(story.send_demand("whiterabbit.fake", &token, nobody).await.status, 401, "expired by then");
}

#[tokio::test]
async fn a_malformed_request_spends_no_token() {
    let mut story = Story::new().await;
    let token = story.demand("jti").text();
    for body in [json!({ "format": "email" }), json!({ "format": "phone_number", "phone_number": "+1" }), json!(1)] {
        assert_eq!(story.send_demand("whiterabbit.fake", &token, body).await.status, 400);
    }
    assert!(story.is_in().await);
    assert_eq!(story.send_demand("whiterabbit.fake", &token, trinity()).await.status, 204);
}

#[tokio::test]
async fn of_the_same_token_sent_twenty_times_at_once_one_counts() {
    let story = Story::new().await;
    let token = story.demand("jti").text();
    let all = (0..20).map(|_| story.send_demand("whiterabbit.fake", &token, trinity()));
    let statuses = futures_util::future::join_all(all).await;
    assert!(statuses.iter().all(|reply| reply.status == 204), "{statuses:?}");
    let revoked = "select count(*) from audit_events where event = 'revocation.succeeded'";
    assert_eq!(story.world.app.count(revoked).await, 1);
}

#[tokio::test]
async fn a_logout_token_that_comes_again_ends_no_later_sign_in() {
    let mut story = Story::new().await;
    let token = story.logout("jti").text();
    assert_eq!(story.send_logout("whiterabbit.fake", &token).await.status, 200);
    story.world.app.clock.advance(Duration::seconds(10));
    story.account.auth_time = None;
    story.browser = story.world.signed_in(&mut story.account).await;
    assert_eq!(story.send_logout("whiterabbit.fake", &token).await.status, 200);
    assert!(story.is_in().await);
    // The same id in another token.
    let mut another = story.logout("jti");
    another.claims["sid"] = json!("a-session");
    assert_eq!(story.send_logout("whiterabbit.fake", &another.text()).await.status, 400);
    assert!(story.is_in().await);
}

/// The provider's session ends while the browser is on its way back with it.
#[tokio::test]
async fn a_session_that_ended_before_its_callback_does_not_come_alive() {
    let story = Story::new().await;
    let world = &story.world;
    let mut late = Account { sid: Some("late".to_owned()), auth_time: None, ..Account::new("neo@whiterabbit.fake") };
    let mut browser = world.app.anonymous();
    let back = world.provider.sign_in(&leave(&mut browser, "").await, &mut late);
    let mut logout = story.logout("jti");
    logout.claims["sid"] = json!("late");
    logout.claims["sub"] = json!(late.sub);
    assert_eq!(story.send_logout("whiterabbit.fake", &logout.text()).await.status, 200, "nobody is signed in with it");
    world.app.clock.advance(Duration::seconds(1));
    let reply = browser.get(&back).await;
    assert!(destination(&reply).contains("prompt=login"), "{reply:?}");
    assert!(!world.is_in(&mut browser).await);
    // A new proof, and be it in a session of the same name, is good.
    world.app.clock.advance(Duration::seconds(5));
    let again = world.provider.sign_in(destination(&reply), &mut late);
    assert_eq!(destination(&browser.get(&again).await), "http://localhost:3000/");
    // And remembered no longer than anything could come of it.
    world.app.clock.advance(Duration::hours(13));
    api::app::sweep::sweep(&world.app.state).await.expect("swept");
    assert_eq!(world.app.count("select count(*) from ended_sids").await, 0);
}

/// Whoever opens a sign-in holds the org, and so does whoever ends a session of the provider's: one waits for the other.
#[tokio::test]
async fn a_logout_during_the_callback_finds_what_it_opened() {
    use api::domain::sso;
    let story = Story::new().await;
    let world = &story.world;
    let op = world.app.op(world.org.id);
    let attempt = crate::openid::attempt(world).await;
    let tx = world.app.begin(&op).await;
    let claims = sso::Claims {
        issuer: world.provider.issuer("t"),
        subject: story.account.sub.clone(),
        sid: Some("fresh".to_owned()),
        auth_time: Some(world.app.clock.now()),
        email: None,
        email_verified: None,
        name: None,
        hosted_domain: None,
        issued_at: world.app.clock.now(),
        id_token: "an ID token".into(),
    };
    let recognised = sso::recognise(&tx, &op, &world.app.state.config.sealer, &attempt, &claims).await;
    assert!(matches!(recognised, Ok(sso::Recognised::SignedIn(_))), "{recognised:?}");
    let mut logout = story.logout("jti");
    logout.claims["sid"] = json!("fresh");
    let logout = logout.text();
    let (reply, ()) = tokio::join!(story.send_logout("whiterabbit.fake", &logout), async {
        world.app.until_somebody_waits().await;
        tx.commit().await.expect("committed");
    });
    assert_eq!(reply.status, 200);
    let open = "select count(*) from sign_ins where idp_sid = 'fresh' and ended_at is null";
    assert_eq!(world.app.count(open).await, 0);
    assert_eq!(world.app.count("select count(*) from sign_ins where idp_sid = 'fresh'").await, 1);
}

/// Some providers name the session in the logout token only.
#[tokio::test]
async fn a_logout_token_with_a_sid_ends_what_came_without_one() {
    let mut story = Story::new().await;
    story.account = Account { sid: None, ..story.account };
    story.browser = story.world.signed_in(&mut story.account).await;
    let (mut other, _) = story.elsewhere("another-session").await;
    let mut logout = story.logout("jti");
    logout.claims["sid"] = json!("of-which-nothing-was-said");
    assert_eq!(story.send_logout("whiterabbit.fake", &logout.text()).await.status, 200);
    assert!(!story.is_in().await);
    assert!(story.world.is_in(&mut other).await, "the one of another session stays in");
}

/// PostgreSQL cannot store NUL, and nobody has proven anything yet.
#[tokio::test]
async fn nul_from_anybody_is_no_failure_of_ours() {
    let story = Story::new().await;
    let iss: String = url::form_urlencoded::byte_serialize(story.world.provider.issuer("t").as_bytes()).collect();
    let frame = format!("/orgs/whiterabbit.fake/frontchannel-logout?iss={iss}&sid=%00");
    assert_eq!(story.world.app.anonymous().get(&frame).await.status, 200);
    for name in ["iss", "sub"] {
        let mut token = story.demand("jti");
        token.claims[name] = json!("a\0b");
        assert_eq!(story.world.app.holding(&token.text().into()).revoke_subject(trinity()).await.status, 401);
        assert_eq!(story.send_demand("whiterabbit.fake", &token.text(), trinity()).await.status, 401);
        assert_eq!(story.send_logout("whiterabbit.fake", &token.text()).await.status, 400);
    }
}

#[tokio::test]
async fn keys_may_change_without_a_restart() {
    let mut story = Story::new().await;
    story.world.provider.script().key = 1;
    let mut token = story.demand("jti");
    token.header["kid"] = json!("key-1");
    let text = crate::support::sign(&token.header, &token.claims, token.signing, 1);
    assert_eq!(story.send_demand("whiterabbit.fake", &text, trinity()).await.status, 401, "looked for a minute ago");
    story.world.app.clock.advance(Duration::seconds(61));
    assert_eq!(story.send_demand("whiterabbit.fake", &text, trinity()).await.status, 204);
    assert!(!story.is_in().await);
    assert_eq!(story.world.provider.script().asked["keys"], 2);
}

type Hostile = fn(serde_json::Value) -> Answer;

#[tokio::test]
async fn where_no_keys_can_be_had_it_is_503_and_she_stays_in() {
    let mut story = Story::new().await;
    let hostile: [(&str, Hostile); 4] = [
        ("hanging", |_| Answer::Hang),
        ("of two megabytes", |_| Answer::Status(200, "application/json", " ".repeat(2 * 1024 * 1024))),
        ("away", |_| Answer::Status(503, "text/plain", "away".to_owned())),
        ("no JSON", |_| Answer::Status(200, "text/html", "<h1>".to_owned())),
    ];
    for (index, (what, keys)) in hostile.into_iter().enumerate() {
        // Nothing is remembered any more, not of its keys and not of its last failure.
        story.world.app.clock.advance(Duration::hours(2));
        story.account.auth_time = None;
        story.world.provider.script().keys = None;
        story.browser = story.world.signed_in(&mut story.account).await;
        story.world.app.clock.advance(Duration::minutes(2));
        story.world.provider.script().keys = Some(Box::new(keys));
        let jti = format!("jti-{index}");
        let (mut demand, mut logout) = (story.demand(&jti), story.logout(&jti));
        demand.header["kid"] = json!("new");
        logout.header["kid"] = json!("new");
        let began = std::time::Instant::now();
        let reply = story.send_demand("whiterabbit.fake", &demand.text(), trinity()).await;
        assert!(began.elapsed() < std::time::Duration::from_secs(5), "{what}: {:?}", began.elapsed());
        assert_eq!((reply.status.as_u16(), reply.code()), (503, "keys_unavailable"), "{what}: {reply:?}");
        assert_eq!(reply.header("retry-after"), "2", "{what}");
        let reply = story.send_logout("whiterabbit.fake", &logout.text()).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (503, "keys_unavailable"), "{what}: {reply:?}");
        assert!(story.is_in().await, "{what}");
    }
    // With keys that we have, a provider in trouble can still demand.
    assert_eq!(story.send_demand("whiterabbit.fake", &story.demand("jti").text(), trinity()).await.status, 204);
}

#[tokio::test]
async fn a_frame_acts_on_a_session_that_is_known_and_only_the_provider_may_show_it() {
    let mut story = Story::new().await;
    let issuer = story.world.provider.issuer("t");
    let iss: String = url::form_urlencoded::byte_serialize(issuer.as_bytes()).collect();
    let path = "/orgs/whiterabbit.fake/frontchannel-logout";
    for query in [
        "",
        "?sid=a-session",
        &format!("?iss={iss}"),
        &format!("?iss={iss}&sid=another"),
        "?iss=https://evil.example&sid=a-session",
    ] {
        let reply = story.world.app.anonymous().get(&format!("{path}{query}")).await;
        assert_eq!(reply.status, 200, "{query}");
        assert!(story.is_in().await, "{query}");
    }
    assert_eq!(story.world.app.count("select count(*) from ended_sids").await, 0);
    let reply = story.world.app.anonymous().get(&format!("{path}?iss={iss}&sid=a-session")).await;
    let policy = reply.header("content-security-policy");
    assert_eq!(policy, format!("default-src 'none'; frame-ancestors {}", story.world.provider.origin));
    assert_eq!((reply.header("cache-control"), reply.cookie()), ("no-store", None));
    assert!(!story.is_in().await);
    let page = story.world.app.anonymous().get("/openid/callback/whiterabbit.fake").await;
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"), "{}", self::page(&page));
}

#[tokio::test]
async fn metadata_names_the_endpoints() {
    let story = Story::new().await;
    let shared = story.world.app.anonymous().get("/.well-known/oauth-authorization-server").await.body;
    assert_eq!(shared["issuer"], "http://localhost:3333");
    assert_eq!(shared["global_token_revocation_endpoint"], "http://localhost:3333/global-token-revocation");
    let path = "/.well-known/oauth-authorization-server/orgs/whiterabbit.fake";
    let own = story.world.app.anonymous().get(path).await.body;
    assert_eq!(own["issuer"], "http://localhost:3333/orgs/whiterabbit.fake");
    let endpoint = "http://localhost:3333/orgs/whiterabbit.fake/global-token-revocation";
    assert_eq!(own["global_token_revocation_endpoint"], endpoint);
    assert_eq!(own["global_token_revocation_endpoint_auth_methods_supported"], json!(["global-token-revocation+jwt"]));
    let nowhere = "/.well-known/oauth-authorization-server/orgs/nowhere.fake";
    assert_eq!(story.world.app.anonymous().get(nowhere).await.status, 404);
}

#[tokio::test]
async fn aliases_name_one_person_or_are_refused() {
    let mut story = Story::new().await;
    story.world.app.member(story.world.org, "neo@whiterabbit.fake").await;
    let neo = json!({ "format": "email", "email": "neo@whiterabbit.fake" });
    let nobody = json!({ "format": "email", "email": "nobody@whiterabbit.fake" });
    let by_issuer = json!({ "format": "iss_sub", "iss": story.world.provider.issuer("t"), "sub": story.account.sub });
    let mut jti = 0;
    for (identifiers, status) in [
        (json!([]), 400),
        (json!([trinity(), neo]), 400),
        (json!([{ "format": "aliases", "identifiers": [trinity()] }]), 400),
        (json!([trinity(), 1]), 400),
        (json!(vec![trinity(); 11]), 400),
        (json!([nobody]), 404),
        (json!([nobody, trinity(), by_issuer]), 204),
    ] {
        assert!(story.is_in().await);
        jti += 1;
        let token = story.demand(&format!("jti-{jti}")).text();
        let subject = json!({ "format": "aliases", "identifiers": identifiers });
        let reply = story.send_demand("whiterabbit.fake", &token, subject).await;
        assert_eq!(reply.status, status, "{reply:?}");
    }
    assert!(!story.is_in().await);
}
