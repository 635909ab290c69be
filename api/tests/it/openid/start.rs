//! `GET /openid/start/{slug}`

use std::collections::HashMap;

use url::Url;

use super::{World, destination, leave, page};
use crate::support::{Account, Answer};

fn query(url: &str) -> HashMap<String, String> {
    Url::parse(url).expect("a URL").query_pairs().into_owned().collect()
}

#[tokio::test]
async fn the_request_has_state_nonce_and_pkce_and_our_configured_address() {
    let world = World::new().await;
    let mut browser = world.app.anonymous();
    let url = leave(&mut browser, "?login_hint=Trinity%40whiterabbit.fake").await;
    assert!(url.starts_with(&format!("{}/authorize?", world.provider.issuer("t"))), "{url}");
    let asked = query(&url);
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["client_id"], "curfew");
    assert_eq!(asked["redirect_uri"], "http://localhost:3333/openid/callback/whiterabbit.fake");
    assert_eq!(asked["scope"], "openid profile email");
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["login_hint"], "Trinity@whiterabbit.fake");
    for secret in ["state", "nonce", "code_challenge"] {
        assert_eq!(asked[secret].len(), 43, "256 bits of {secret}");
    }
    assert!(!asked.contains_key("prompt"));
    assert_eq!(asked["max_age"], "31536000", "so that auth_time is told");
    let again = query(&leave(&mut browser, "").await);
    for secret in ["state", "nonce", "code_challenge"] {
        assert_ne!(asked[secret], again[secret]);
    }
    let stored =
        "select count(*) from login_attempts where position(convert_to($q$STATE$q$, 'utf8') in state_digest) > 0";
    assert_eq!(world.app.count(&stored.replace("STATE", &asked["state"])).await, 0, "only a digest is stored");
}

#[tokio::test]
async fn the_cookie_that_stays_behind_is_bound_to_the_browser() {
    let world = World::new().await;
    let mut browser = world.app.anonymous();
    let reply = browser.get("/openid/start/whiterabbit.fake").await;
    let cookie = reply.cookie().expect("a cookie").to_owned();
    assert!(cookie.starts_with("curfew-leaving=") && !cookie.contains("Secure"), "{cookie}");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let again = browser.get("/openid/start/whiterabbit.fake").await;
    assert_eq!(again.cookie(), Some(cookie.as_str()), "tabs share it");
    browser.cookies.insert("curfew-leaving".to_owned(), "planted".to_owned());
    let own = browser.get("/openid/start/whiterabbit.fake").await;
    assert!(!own.cookie().expect("a cookie").contains("planted"));

    let secure = World::with(|config| {
        config.urls.public = "https://app.example".parse().expect("a URL");
        config.urls.api = "https://app.example".parse().expect("a URL");
    })
    .await;
    let reply = secure.app.anonymous().get("/openid/start/whiterabbit.fake").await;
    let cookie = reply.cookie().expect("a cookie");
    assert!(cookie.starts_with("__Host-curfew-leaving=") && cookie.contains("Secure"), "{cookie}");
    assert_eq!(query(destination(&reply))["redirect_uri"], "https://app.example/openid/callback/whiterabbit.fake");
}

#[tokio::test]
async fn a_company_that_is_not_there_or_has_no_provider_is_a_page() {
    let world = World::new().await;
    world.app.company("matrix.fake").await;
    for slug in ["nowhere.fake", "matrix.fake", "1", "..", "%00", "whiterabbit.fake%2F.."] {
        let reply = world.app.anonymous().get(&format!("/openid/start/{slug}")).await;
        assert_eq!((reply.status.as_u16(), page(&reply).as_str()), (404, "not_found"), "{slug}");
    }
    let upper = world.app.anonymous().get("/openid/start/WhiteRabbit.FAKE").await;
    assert_eq!(query(destination(&upper))["redirect_uri"], "http://localhost:3333/openid/callback/whiterabbit.fake");
    assert_eq!(world.app.count("select count(*) from login_attempts").await, 1);
}

#[tokio::test]
async fn afterwards_one_is_where_one_was_going_and_never_elsewhere() {
    let world = World::new().await;
    for (next, arrives) in [
        ("?next=%2Faccount%2Fpassword%3Fa%3D1", "http://localhost:3000/account/password?a=1"),
        ("", "http://localhost:3000/"),
        ("?next=https%3A%2F%2Fevil.example", "http://localhost:3000/"),
        ("?next=%2F%2Fevil.example", "http://localhost:3000/"),
        ("?next=%2F%5Cevil.example", "http://localhost:3000/"),
        ("?next=%2F%0A%2Fevil.example", "http://localhost:3000/"),
    ] {
        let mut browser = world.app.anonymous();
        let authorize = leave(&mut browser, next).await;
        let back = world.provider.sign_in(&authorize, &mut Account::new("neo@whiterabbit.fake"));
        assert_eq!(destination(&browser.get(&back).await), arrives, "{next}");
    }
    let twice = world.app.anonymous().get("/openid/start/whiterabbit.fake?next=%2F&next=%2Fa").await;
    assert_eq!((twice.status.as_u16(), page(&twice).as_str()), (400, "invalid_request"));
}

#[tokio::test]
async fn discovery_is_asked_once_an_hour_and_a_failure_is_remembered_for_a_moment() {
    let world = World::new().await;
    let asked = || world.provider.script().asked.get("discovery").copied().unwrap_or_default();
    for _ in 0..3 {
        leave(&mut world.app.anonymous(), "").await;
    }
    assert_eq!(asked(), 1);
    world.app.clock.advance(time::Duration::minutes(61));
    leave(&mut world.app.anonymous(), "").await;
    assert_eq!(asked(), 2);

    // One that cannot be asked again is believed for a day.
    world.app.clock.advance(time::Duration::minutes(61));
    world.provider.script().discovery = Some(Box::new(|_| Answer::Status(503, "text/plain", "away".to_owned())));
    for _ in 0..3 {
        leave(&mut world.app.anonymous(), "").await;
    }
    assert_eq!(asked(), 3, "and not asked at every sign-in");
    world.app.clock.advance(time::Duration::hours(24));
    for _ in 0..3 {
        let reply = world.app.anonymous().get("/openid/start/whiterabbit.fake").await;
        assert_eq!((reply.status.as_u16(), page(&reply).as_str()), (502, "provider_unreachable"));
    }
    assert_eq!(asked(), 4, "those who come after a failure are told the same");
    world.provider.script().discovery = None;
    world.app.clock.advance(time::Duration::seconds(6));
    leave(&mut world.app.anonymous(), "").await;
    assert_eq!(asked(), 5);
}

#[tokio::test]
async fn many_at_once_ask_the_provider_once() {
    let world = World::new().await;
    let all = (0..20).map(|_| {
        let mut browser = world.app.anonymous();
        async move { browser.get("/openid/start/whiterabbit.fake").await.status }
    });
    let statuses = futures_util::future::join_all(all).await;
    assert!(statuses.iter().all(|status| *status == 303), "{statuses:?}");
    assert_eq!(world.provider.script().asked["discovery"], 1);
}
