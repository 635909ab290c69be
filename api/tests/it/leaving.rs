//! `/api/signout` and `/api/signed-out`

use std::collections::HashMap;

use api::domain::api_keys::Scope;
use api::domain::orgs::Policy;
use serde_json::{Value, json};
use url::Url;

use crate::openid::{TRINITY, World};
use crate::support::{Account, Answer, Browser, PASSWORD};

async fn told(browser: &mut Browser, query: &str) -> Value {
    let reply = browser.get(&format!("/api/signed-out{query}")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.body
}

fn with_end_session(world: &World) {
    let end_session = format!("{}/logout?tenant=t", world.provider.issuer("t"));
    world.provider.script().discovery = Some(Box::new(move |mut document| {
        document["end_session_endpoint"] = json!(end_session);
        Answer::Json(document)
    }));
}

#[tokio::test]
async fn leaving_here_ends_this_and_says_that_the_provider_s_may_live() {
    let world = World::new().await;
    with_end_session(&world);
    let mut browser = world.signed_in(&mut Account::new(TRINITY)).await;
    assert_eq!(told(&mut browser, "").await["signedIn"], true);
    let reply = browser.post("/api/signout", json!({ "provider": false })).await;
    assert_eq!((reply.status.as_u16(), &reply.body), (200, &json!({ "continueAt": null })));
    assert_eq!(reply.header("clear-site-data"), "\"cache\"");
    assert!(!world.is_in(&mut browser).await);
    assert_eq!(
        told(&mut browser, "").await,
        json!({ "signedIn": false, "ended": { "at": "2100-01-01T12:00:00Z", "cause": "signed_out" },
                "provider": "may_be_alive", "orgName": "whiterabbit.fake" })
    );
    let ended = "select count(*) from sign_ins where ended_cause = 'signed_out'";
    assert_eq!(world.app.count(ended).await, 1);
}

#[tokio::test]
async fn leaving_there_too_goes_by_the_provider_with_what_it_wants_to_see() {
    let world = World::new().await;
    with_end_session(&world);
    let mut browser = world.signed_in(&mut Account::new(TRINITY)).await;
    let stored: Vec<u8> =
        sqlx::query_scalar("select id_token from sign_ins").fetch_one(world.app.behind()).await.expect("one");
    assert!(!stored.windows(3).any(|window| window == b"eyJ"), "the ID token is encrypted");
    let reply = browser.post("/api/signout", json!({ "provider": true })).await;
    assert!(!world.is_in(&mut browser).await, "here it has ended before the browser goes there");
    let url = Url::parse(reply.body["continueAt"].as_str().expect("a URL")).expect("a URL");
    assert!(url.as_str().starts_with(&format!("{}/logout?tenant=t&", world.provider.issuer("t"))), "{url}");
    let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(query["client_id"], "curfew");
    assert_eq!(query["post_logout_redirect_uri"], "http://localhost:3000/signed-out");
    assert_eq!(query["id_token_hint"].split('.').count(), 3, "the ID token of this sign-in");
    let state = &query["state"];
    for wrong in ["", "?state=another"] {
        assert_eq!(told(&mut browser, wrong).await["provider"], "may_be_alive", "{wrong:?}");
    }
    // Back at the page, which may be loaded again without it.
    for query in [format!("?state={state}"), format!("?state={state}"), String::new(), "?state=another".to_owned()] {
        let back = told(&mut browser, &query).await;
        assert_eq!((&back["provider"], &back["ended"]["cause"]), (&json!("ended"), &json!("signed_out")), "{query:?}");
    }
    assert_eq!(told(&mut world.app.anonymous(), &format!("?state={state}")).await["ended"], Value::Null);
}

#[tokio::test]
async fn the_company_may_want_its_session_ended_always() {
    let world = World::new().await;
    with_end_session(&world);
    world.app.set_policy(world.org, Policy { ends_provider_session: true, ..Policy::DEFAULT }).await;
    let mut browser = world.signed_in(&mut Account::new(TRINITY)).await;
    let reply = browser.post("/api/signout", json!({})).await;
    assert!(reply.body["continueAt"].as_str().expect("a URL").contains("/logout?"), "{reply:?}");
}

/// What cannot be done at the provider keeps nobody signed in here.
#[tokio::test]
async fn leaving_works_whatever_is_wrong_with_the_provider() {
    for (what, document) in [
        ("no such endpoint", json!({})),
        ("an endpoint inside our network", json!({ "end_session_endpoint": "http://10.0.0.1/logout" })),
    ] {
        let world = World::new().await;
        world.provider.script().discovery = Some(Box::new(move |mut good| {
            good.as_object_mut().expect("an object").extend(document.as_object().expect("an object").clone());
            Answer::Json(good)
        }));
        let mut browser = world.signed_in(&mut Account::new(TRINITY)).await;
        let reply = browser.post("/api/signout", json!({ "provider": true })).await;
        assert_eq!((reply.status.as_u16(), &reply.body["continueAt"]), (200, &Value::Null), "{what}");
        assert!(!world.is_in(&mut browser).await, "{what}");
    }
    let world = World::new().await;
    let browser = world.signed_in(&mut Account::new(TRINITY)).await;
    // At a process that has not asked it before.
    let mut browser = world.app.twin().await.with(&browser);
    world.provider.script().discovery = Some(Box::new(|_| Answer::Status(503, "text/plain", "away".to_owned())));
    let reply = browser.post("/api/signout", json!({ "provider": true })).await;
    assert_eq!((reply.status.as_u16(), &reply.body["continueAt"]), (200, &Value::Null));
    assert!(!world.is_in(&mut browser).await);
    assert_eq!(told(&mut browser, "").await["provider"], "may_be_alive");
}

#[tokio::test]
async fn somebody_with_a_password_has_no_provider_to_leave() {
    let world = World::new().await;
    world.app.person(None, "bob@tables.fake", api::kernel::Role::Owner).await;
    let mut browser = world.app.signed_in("bob@tables.fake").await;
    let reply = browser.post("/api/signout", json!({ "provider": true })).await;
    assert_eq!(reply.body, json!({ "continueAt": null }));
    let told = told(&mut browser, "").await;
    assert_eq!((&told["provider"], &told["ended"]["cause"]), (&json!("none"), &json!("signed_out")));
    assert_eq!(told["orgName"], Value::Null, "a personal org is no company");
    assert_eq!(browser.sign_in("bob@tables.fake", PASSWORD).await.status, 200);
    assert_eq!(crate::leaving::told(&mut browser, "").await["signedIn"], true);
}

#[tokio::test]
async fn a_browser_whose_sign_in_was_ended_is_told_when_and_why() {
    let world = World::new().await;
    let mut account = Account::new(TRINITY);
    let mut browser = world.signed_in(&mut account).await;
    let mut elsewhere = world.signed_in(&mut account).await;
    world.app.clock.advance(time::Duration::seconds(131));
    let key = world.app.holding(&world.app.key(world.org, &[Scope::Revoke]).await);
    assert_eq!(key.revoke(TRINITY).await.status, 204);
    // One asks at once, the other has met a 401 before.
    assert_eq!(elsewhere.get("/api/users/me").await.status, 401);
    for browser in [&mut browser, &mut elsewhere] {
        assert_eq!(
            told(browser, "").await,
            json!({ "signedIn": false, "ended": { "at": "2100-01-01T12:02:11Z", "cause": "demanded" },
                    "provider": "may_be_alive", "orgName": "whiterabbit.fake" })
        );
    }
    // A made-up cookie, and none, are told nothing.
    let mut stranger = world.app.anonymous();
    assert_eq!(told(&mut stranger, "").await["ended"], Value::Null);
    stranger.cookies.insert("curfew".to_owned(), "AAAAAAAAAAAAAAAAAAAAAA".to_owned());
    stranger.cookies.insert("curfew-left".to_owned(), "nonsense".to_owned());
    assert_eq!(told(&mut stranger, "").await["ended"], Value::Null);
    // Back in, and out by oneself: the later end counts.
    world.app.clock.advance(time::Duration::minutes(1));
    account.auth_time = None;
    world.sign_in(&mut browser, &mut account).await;
    browser.post("/api/signout", json!({})).await;
    assert_eq!(told(&mut browser, "").await["ended"]["cause"], "signed_out");
}

/// Two tabs: one signs in, which ends what the browser was signed in to before; a request that the other one had sent
/// until then is answered after that, and the browser does what the last answer says.
#[tokio::test]
async fn an_answer_to_a_cookie_that_is_dead_takes_no_new_one_away() {
    let world = World::new().await;
    let mut account = Account::new(TRINITY);
    let mut browser = world.signed_in(&mut account).await;
    let mut other_tab = browser.clone();
    world.sign_in(&mut browser, &mut account).await;
    let late = other_tab.get("/api/users/me").await;
    assert_eq!(late.status, 401);
    let set: Vec<_> = late.headers.get_all("set-cookie").iter().collect();
    assert!(set.is_empty(), "{set:?}");
    // Who leaves by themselves has nothing left.
    browser.post("/api/signout", json!({})).await;
    assert!(!browser.cookies.contains_key("curfew"));
}

#[tokio::test]
async fn a_body_that_is_malformed_is_said_and_none_is_fine() {
    let world = World::new().await;
    let mut browser = world.signed_in(&mut Account::new(TRINITY)).await;
    assert_eq!(browser.post("/api/signout", json!({ "provider": "yes" })).await.status, 400);
    assert!(world.is_in(&mut browser).await);
    assert_eq!(browser.call(&http::Method::POST, "/api/signout", None).await.status, 200);
    assert!(!world.is_in(&mut browser).await);
}
