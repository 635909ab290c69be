//! After a forced sign-out a provider's own living session lets nobody back in.

use std::collections::HashMap;

use api::domain::api_keys::Scope;
use serde_json::json;
use time::Duration;
use url::Url;

use super::{TRINITY, World, attempt, destination, leave, page};
use crate::support::{Account, Browser, Caller, Reply};

const MORPHEUS: &str = "morpheus@whiterabbit.fake";

struct Story {
    world: World,
    key: Caller,
}

impl Story {
    async fn new() -> Self {
        let world = World::new().await;
        let key = world.app.holding(&world.app.key(world.org, &[Scope::Revoke]).await);
        Self { world, key }
    }

    async fn sign_her_out(&self) {
        assert_eq!(self.key.revoke(TRINITY).await.status, 204);
    }

    /// To the provider and back.
    async fn round(&self, browser: &mut Browser, authorize: &str, account: &mut Account) -> Reply {
        browser.get(&self.world.provider.sign_in(authorize, account)).await
    }

    /// The same from the start, with whatever session the provider has.
    async fn silently(&self, browser: &mut Browser, query: &str, account: &mut Account) -> Reply {
        let authorize = leave(browser, query).await;
        self.round(browser, &authorize, account).await
    }

    /// Signs in with the session that the provider still has, is sent there again, and types the password.
    async fn back_in(&self, browser: &mut Browser, account: &mut Account) {
        let silent = self.silently(browser, "?next=%2Fa", account).await;
        let again = asked_again(&silent);
        assert_eq!(destination(&self.round(browser, &again, account).await), "http://localhost:3000/a");
        assert!(self.world.is_in(browser).await);
    }

    async fn open_sign_ins(&self) -> i64 {
        self.world.app.count("select count(*) from sign_ins where ended_at is null").await
    }
}

/// The authorization request of a browser that must prove once more whose it is.
fn asked_again(reply: &Reply) -> String {
    let url = destination(reply);
    let query: HashMap<String, String> = Url::parse(url).expect("a URL").query_pairs().into_owned().collect();
    assert_eq!(query.get("prompt").map(String::as_str), Some("login"), "{url}");
    assert_eq!(query.get("max_age").map(String::as_str), Some("0"), "{url}");
    url.to_owned()
}

#[tokio::test]
async fn the_provider_must_ask_again_although_its_session_lives() {
    let story = Story::new().await;
    let world = &story.world;
    let mut account = Account::new(TRINITY);
    let mut browser = world.signed_in(&mut account).await;
    // Without a sign-out its session is good, as often as one likes.
    world.app.clock.advance(Duration::minutes(5));
    world.sign_in(&mut browser, &mut account).await;
    assert!(world.is_in(&mut browser).await);

    story.sign_her_out().await;
    assert!(!world.is_in(&mut browser).await);
    world.app.clock.advance(Duration::seconds(1));
    let silent = story.silently(&mut browser, "?next=%2Fa%3Fb%3D1", &mut account).await;
    let again = asked_again(&silent);
    assert_eq!(story.open_sign_ins().await, 0, "the session there opened nothing here");
    assert!(!world.is_in(&mut browser).await);
    world.app.clock.advance(Duration::seconds(20));
    let reply = story.round(&mut browser, &again, &mut account).await;
    assert_eq!(destination(&reply), "http://localhost:3000/a?b=1", "and back to where she was going");
    assert!(world.is_in(&mut browser).await);
    // From then on the new authentication is good.
    world.app.clock.advance(Duration::minutes(5));
    assert_eq!(destination(&world.sign_in(&mut browser, &mut account).await), "http://localhost:3000/");
}

/// Each browser has a session of its own at the provider.
#[tokio::test]
async fn every_browser_of_hers_must_prove_it_also_after_the_first_is_back() {
    let story = Story::new().await;
    let world = &story.world;
    let (mut at_desk, mut on_phone) = (Account::new(TRINITY), Account::new(TRINITY));
    let mut desk = world.signed_in(&mut at_desk).await;
    world.app.clock.advance(Duration::minutes(1));
    let mut phone = world.signed_in(&mut on_phone).await;
    world.app.clock.advance(Duration::seconds(1));
    story.sign_her_out().await;
    assert!(!world.is_in(&mut desk).await && !world.is_in(&mut phone).await);
    world.app.clock.advance(Duration::seconds(3));
    story.back_in(&mut desk, &mut at_desk).await;
    assert!(!world.is_in(&mut phone).await);
    world.app.clock.advance(Duration::minutes(29));
    story.back_in(&mut phone, &mut on_phone).await;
    assert!(world.is_in(&mut desk).await, "and the first stays in");
}

/// Providers count whole seconds, and their clocks differ from ours. Neither lets a session in that she had used here.
#[tokio::test]
async fn a_session_used_here_a_moment_before_the_sign_out_does_not_pass_for_a_new_one() {
    let story = Story::new().await;
    let mut account = Account::new(TRINITY);
    let mut browser = story.world.signed_in(&mut account).await;
    story.world.app.clock.advance(Duration::milliseconds(300));
    story.sign_her_out().await;
    let silent = story.silently(&mut browser, "", &mut account).await;
    let again = asked_again(&silent);
    // Asked again within the same second: the answer cannot be told from the old one, so it does not count.
    let same = story.round(&mut browser, &again, &mut account).await;
    assert_eq!(page(&same), "not_asked_again");
    story.world.app.clock.advance(Duration::seconds(1));
    story.back_in(&mut browser, &mut account).await;
}

/// How long ago somebody proved who they are is told by the provider's clock alone.
#[tokio::test]
async fn a_provider_s_clock_may_be_wrong_by_minutes() {
    for wrong_by in [-240_i64, -5, 5, 55] {
        let story = Story::new().await;
        let world = &story.world;
        world.provider.script().claims = Some(Box::new(move |claims| {
            for name in ["iat", "exp", "auth_time"] {
                claims[name] = serde_json::json!(claims[name].as_i64().expect("a time") + wrong_by);
            }
        }));
        let mut used = Account::new(TRINITY);
        let mut browser = world.signed_in(&mut used).await;
        // Another session of hers at the provider, never used here, half a minute before the sign-out.
        let mut unused = Account { sid: Some("unused".to_owned()), ..Account::new(TRINITY) };
        world.app.clock.advance(Duration::hours(1));
        unused.auth_time = Some(world.app.clock.now());
        world.app.clock.advance(Duration::seconds(30));
        story.sign_her_out().await;
        world.app.clock.advance(Duration::seconds(2));
        for account in [&mut used, &mut unused] {
            let mut browser = browser.clone();
            asked_again(&story.silently(&mut browser, "", account).await);
        }
        story.back_in(&mut browser, &mut used).await;
    }
}

/// Providers need not say `auth_time` unless they are asked for it (OpenID Connect Core 1.0 §2).
#[tokio::test]
async fn a_provider_that_says_auth_time_only_when_asked_does_not_ask_for_ever() {
    let story = Story::new().await;
    let world = &story.world;
    world.provider.script().auth_time_when_asked = true;
    let mut account = Account::new(TRINITY);
    let mut browser = world.signed_in(&mut account).await;
    world.app.clock.advance(Duration::minutes(1));
    story.sign_her_out().await;
    world.app.clock.advance(Duration::seconds(2));
    story.back_in(&mut browser, &mut account).await;
    world.app.clock.advance(Duration::hours(1));
    assert_eq!(destination(&world.sign_in(&mut browser, &mut account).await), "http://localhost:3000/");
}

/// Two demands, of which the one that began first is carried out last.
#[tokio::test]
async fn the_mark_never_moves_back() {
    use api::domain::revocation::{self, Cause, Door, Order, Reach, Subject};
    use api::kernel::Email;
    let story = Story::new().await;
    let world = &story.world;
    let mut account = Account::new(TRINITY);
    let slow = world.app.op(world.org.id);
    world.app.clock.advance(Duration::seconds(3));
    let mut browser = world.signed_in(&mut account).await;
    world.app.clock.advance(Duration::seconds(2));
    story.sign_her_out().await;
    let tx = world.app.begin(&slow).await;
    let order = Order {
        subject: Subject::Email(Email::parse(TRINITY).expect("an address")),
        reach: Reach::All,
        cause: Cause::Demanded,
        door: Door::GlobalTokenRevocation,
    };
    revocation::revoke(&tx, &slow, &order).await.expect("revoked");
    tx.commit().await.expect("committed");
    asked_again(&story.silently(&mut browser, "", &mut account).await);
}

#[tokio::test]
async fn a_provider_that_ignores_prompt_lets_nobody_back_in_and_is_asked_once() {
    let story = Story::new().await;
    let mut account = Account::new(TRINITY);
    let mut browser = story.world.signed_in(&mut account).await;
    story.world.provider.script().ignores_prompt = true;
    story.sign_her_out().await;
    story.world.app.clock.advance(Duration::minutes(1));
    let silent = story.silently(&mut browser, "", &mut account).await;
    let ignored = story.round(&mut browser, &asked_again(&silent), &mut account).await;
    assert_eq!((ignored.status.as_u16(), page(&ignored).as_str()), (403, "not_asked_again"));
    assert_eq!(story.open_sign_ins().await, 0);
}

#[tokio::test]
async fn a_provider_without_auth_time_lets_nobody_back_in_unless_its_prompt_may_do() {
    let story = Story::new().await;
    let world = &story.world;
    world.provider.script().no_auth_time = true;
    let mut account = Account::new(TRINITY);
    let mut browser = world.signed_in(&mut account).await;
    story.sign_her_out().await;
    world.app.clock.advance(Duration::minutes(1));
    let again = asked_again(&story.silently(&mut browser, "", &mut account).await);
    assert_eq!(page(&story.round(&mut browser, &again, &mut account).await), "not_asked_again");

    world.app.connect_as(world.org, &world.provider.issuer("t"), |settings| settings.prompt_only = true).await;
    assert_eq!(story.open_sign_ins().await, 0);
    story.back_in(&mut browser, &mut account).await;
    let unproven =
        "select count(*) from audit_events where event = 'sign_in.succeeded' and detail->>'reauth_unproven' = 'true'";
    assert_eq!(world.app.count(unproven).await, 1);
    assert_eq!(world.app.count("select count(*) from audit_events where event = 'sign_in.succeeded'").await, 2);
}

/// With `prompt_only`, an attempt that was not sent with `prompt=login` does not count; and where the provider does say
/// when, that decides.
#[tokio::test]
async fn prompt_only_believes_no_session_that_says_it_is_old() {
    let story = Story::new().await;
    let world = &story.world;
    world.app.connect_as(world.org, &world.provider.issuer("t"), |settings| settings.prompt_only = true).await;
    let mut account = Account::new(TRINITY);
    let mut browser = world.signed_in(&mut account).await;
    world.provider.script().ignores_prompt = true;
    world.app.clock.advance(Duration::minutes(1));
    story.sign_her_out().await;
    let again = asked_again(&story.silently(&mut browser, "", &mut account).await);
    assert_eq!(page(&story.round(&mut browser, &again, &mut account).await), "not_asked_again");
}

/// The browser left for the provider before the sign-out and comes back after it, with a password just typed.
#[tokio::test]
async fn a_sign_in_that_began_before_the_sign_out_opens_nothing() {
    let story = Story::new().await;
    let world = &story.world;
    let mut account = Account::new(TRINITY);
    world.signed_in(&mut account).await;
    let mut late = world.app.anonymous();
    let authorize = leave(&mut late, "").await;
    story.sign_her_out().await;
    world.app.clock.advance(Duration::minutes(1));
    account.auth_time = None;
    let reply = story.round(&mut late, &authorize, &mut account).await;
    let again = asked_again(&reply);
    assert_eq!(story.open_sign_ins().await, 0);
    // And once more while she types: it is the later sign-out that counts.
    story.sign_her_out().await;
    world.app.clock.advance(Duration::seconds(2));
    let again = asked_again(&story.round(&mut late, &again, &mut account).await);
    world.app.clock.advance(Duration::seconds(2));
    assert_eq!(destination(&story.round(&mut late, &again, &mut account).await), "http://localhost:3000/");
}

/// Somebody who was signed out by password, or had never been here, and comes through a provider for the first time.
#[tokio::test]
async fn the_mark_is_the_person_s_and_not_the_identity_s() {
    let story = Story::new().await;
    let world = &story.world;
    world.app.member(world.org, TRINITY).await;
    let mut account = Account::new(TRINITY);
    account.auth_time = Some(world.app.clock.now());
    world.app.clock.advance(Duration::minutes(1));
    story.sign_her_out().await;
    let mut browser = world.app.anonymous();
    world.app.clock.advance(Duration::seconds(1));
    story.back_in(&mut browser, &mut account).await;
}

/// The second transaction holds the person: a sign-out during it waits, and then ends what it opened.
#[tokio::test]
async fn a_sign_out_during_the_callback_finds_what_it_opened() {
    use api::domain::sso;
    let story = Story::new().await;
    let world = &story.world;
    let mut account = Account::new(TRINITY);
    world.signed_in(&mut account).await;
    world.app.clock.advance(Duration::seconds(10));
    // What the second transaction does up to its commit, by hand.
    let op = world.app.op(world.org.id);
    let tx = world.app.begin(&op).await;
    let attempt = attempt(world).await;
    let claims = sso::Claims {
        issuer: world.provider.issuer("t"),
        subject: account.sub.clone(),
        sid: None,
        auth_time: Some(world.app.clock.now()),
        email: None,
        email_verified: None,
        name: None,
        hosted_domain: None,
        issued_at: world.app.clock.now(),
        id_token: "an ID token".into(),
    };
    let recognised =
        sso::recognise(&tx, &op, &world.app.state.config.sealer, &attempt, &claims).await.expect("recognised");
    assert!(matches!(recognised, sso::Recognised::SignedIn(_)));
    let revoking = tokio::spawn({
        let key = story.key.clone();
        async move { key.revoke(TRINITY).await.status }
    });
    world.app.until_somebody_waits().await;
    tx.commit().await.expect("committed");
    assert_eq!(revoking.await.expect("revoked"), 204);
    assert_eq!(story.open_sign_ins().await, 0);
}

/// For a privileged act a person proves once more who they are, by the `max_age` that the act wants (OpenID Connect Core
/// 1.0 §3.1.2.1), and the new sign-in takes the old one's place.
#[tokio::test]
async fn a_privileged_act_goes_through_the_provider_with_max_age() {
    let story = Story::new().await;
    let world = &story.world;
    world.app.person(Some(world.org), MORPHEUS, api::kernel::Role::Owner).await;
    let mut account = Account::new(MORPHEUS);
    let mut browser = world.signed_in(&mut account).await;
    for _ in 0..2 {
        world.app.clock.advance(Duration::minutes(10));
        browser.get("/api/users/me").await;
    }
    let refused = browser.post("/api/org/revoke", json!({})).await;
    assert_eq!((refused.code(), &refused.body["max_age"]), ("insufficient_user_authentication", &json!(900)));
    let authorize = leave(&mut browser, "?max_age=900&next=%2Forg%2Fsessions").await;
    assert!(authorize.contains("max_age=900") && !authorize.contains("prompt="), "{authorize}");
    // A provider that takes no notice is asked once more, in other words, and then not believed.
    let again = asked_again(&story.round(&mut browser, &authorize, &mut account).await);
    world.provider.script().ignores_prompt = true;
    assert_eq!(page(&story.round(&mut browser, &again, &mut account).await), "not_asked_again");
    world.provider.script().ignores_prompt = false;
    assert_eq!(browser.post("/api/org/revoke", json!({})).await.code(), "insufficient_user_authentication");
    let authorize = leave(&mut browser, "?max_age=900&next=%2Forg%2Fsessions").await;
    let again = asked_again(&story.round(&mut browser, &authorize, &mut account).await);
    let back = story.round(&mut browser, &again, &mut account).await;
    assert_eq!(destination(&back), "http://localhost:3000/org/sessions");
    assert_eq!(story.open_sign_ins().await, 1, "the old one was replaced");
    assert_eq!(browser.post("/api/org/revoke", json!({})).await.status, 204);
}

/// Where only our having asked must do for proof, a privileged act says so too.
#[tokio::test]
async fn a_privileged_act_on_nothing_but_a_prompt_is_recorded_as_unproven() {
    let story = Story::new().await;
    let world = &story.world;
    world.app.person(Some(world.org), MORPHEUS, api::kernel::Role::Owner).await;
    world.app.connect_as(world.org, &world.provider.issuer("t"), |settings| settings.prompt_only = true).await;
    world.provider.script().no_auth_time = true;
    let mut account = Account::new(MORPHEUS);
    let mut browser = world.signed_in(&mut account).await;
    let refused = browser.post("/api/org/revoke", json!({})).await;
    assert_eq!(refused.code(), "insufficient_user_authentication", "nobody knows when he proved who he is");
    let unproven = "select count(*) from audit_events where detail->>'reauth_unproven' = 'true'";
    assert_eq!(world.app.count(unproven).await, 0);
    let authorize = leave(&mut browser, "?max_age=900").await;
    let again = asked_again(&story.round(&mut browser, &authorize, &mut account).await);
    story.round(&mut browser, &again, &mut account).await;
    assert_eq!(world.app.count(unproven).await, 1);
    assert_eq!(browser.post("/api/org/revoke", json!({})).await.status, 204);
}
