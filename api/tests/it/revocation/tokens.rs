//! Tokens that a provider signs to demand a sign-out, and their many wrong variants.

use api::kernel::Role;
use serde_json::{Value, json};
use time::Duration;

use super::variants::{Change, claim, either, header, of_demands, of_logouts, seconds, signed, texts, without};
use crate::openid::{TRINITY, World};
use crate::support::{Account, Browser, Reply, Signing, send, sign};

/// A world in which Trinity is signed in, and a provider that may demand she is not.
pub struct Story {
    pub world: World,
    pub account: Account,
    pub browser: Browser,
}

impl Story {
    pub async fn new() -> Self {
        let world = World::new().await;
        let mut account = Account::new(TRINITY);
        let browser = world.signed_in(&mut account).await;
        Self { world, account, browser }
    }

    /// The same in another browser of hers, with another session at the provider.
    pub async fn elsewhere(&self, sid: &str) -> (Browser, Account) {
        let mut account = Account { sid: Some(sid.to_owned()), auth_time: None, ..self.account.clone() };
        let browser = self.world.signed_in(&mut account).await;
        (browser, account)
    }

    /// An owner of the company's, who has just signed in.
    pub async fn admin(&self) -> Browser {
        self.world.app.person(Some(self.world.org), "morpheus@whiterabbit.fake", Role::Owner).await;
        self.world.signed_in(&mut Account::new("morpheus@whiterabbit.fake")).await
    }

    pub async fn is_in(&mut self) -> bool {
        self.world.is_in(&mut self.browser).await
    }

    fn now(&self) -> i64 {
        self.world.app.clock.now().unix_timestamp()
    }

    /// What Okta sends.
    pub fn demand(&self, jti: &str) -> Token {
        let now = self.now();
        Token {
            header: json!({ "alg": "RS256", "typ": "global-token-revocation+jwt", "kid": "key-0" }),
            claims: json!({
                "jti": jti, "iss": self.world.provider.issuer("t"), "sub": "curfew",
                "aud": "http://localhost:3333/orgs/whiterabbit.fake/global-token-revocation",
                "iat": now, "nbf": now - 300, "exp": now + 300,
            }),
            signing: Signing::Rs256,
        }
    }

    /// What Keycloak and others send.
    pub fn logout(&self, jti: &str) -> Token {
        let now = self.now();
        Token {
            header: json!({ "alg": "RS256", "typ": "logout+jwt", "kid": "key-0" }),
            claims: json!({
                "jti": jti, "iss": self.world.provider.issuer("t"), "aud": "curfew", "iat": now, "exp": now + 120,
                "sub": self.account.sub, "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
            }),
            signing: Signing::Rs256,
        }
    }

    pub async fn send_demand(&self, slug: &str, token: &str, sub_id: Value) -> Reply {
        let request = http::Request::post(format!("/orgs/{slug}/global-token-revocation"))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {token}"))
            .body(json!({ "sub_id": sub_id }).to_string().into());
        send(&self.world.app.router, request.expect("a request")).await
    }

    pub async fn send_logout(&self, slug: &str, token: &str) -> Reply {
        let request = http::Request::post(format!("/orgs/{slug}/backchannel-logout"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("logout_token={token}&more=ignored").into());
        send(&self.world.app.router, request.expect("a request")).await
    }

    pub async fn refusals(&self) -> i64 {
        self.world.app.count("select count(*) from audit_events where event = 'revocation.refused'").await
    }
}

pub fn trinity() -> Value {
    json!({ "format": "email", "email": TRINITY })
}

pub struct Token {
    pub header: Value,
    pub claims: Value,
    pub signing: Signing,
}

impl Token {
    pub fn text(&self) -> String {
        sign(&self.header, &self.claims, self.signing, 0)
    }
}

#[tokio::test]
async fn okta_s_token_in_every_wrong_variant_is_401_and_she_stays_in() {
    let mut story = Story::new().await;
    let variants = either().into_iter().chain(of_demands()).collect::<Vec<_>>();
    assert!(variants.len() >= 40);
    for (index, (what, change)) in variants.into_iter().enumerate() {
        let mut token = story.demand(&format!("jti-{index}"));
        change(&mut token);
        let reply = story.send_demand("whiterabbit.fake", &token.text(), trinity()).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (401, "token_refused"), "{what}: {reply:?}");
        assert_eq!(reply.header("www-authenticate"), "Bearer error=\"invalid_token\"", "{what}");
    }
    for (what, text) in texts(&story.demand("jti").text()) {
        let reply = story.send_demand("whiterabbit.fake", &text, trinity()).await;
        assert_eq!(reply.status, 401, "{what}: {reply:?}");
    }
    assert!(story.is_in().await);
    assert_eq!(story.world.app.count("select count(*) from spent_tokens").await, 0);
    let reasons = "select count(distinct detail->>'reason') from audit_events where event = 'revocation.refused'";
    let rows = story.refusals().await;
    assert_eq!(rows, story.world.app.count(reasons).await, "one row for each reason in a minute");
    assert!(rows >= 8, "{rows} reasons");

    let reply = story.send_demand("whiterabbit.fake", &story.demand("jti").text(), trinity()).await;
    assert_eq!(reply.status, 204, "and the one that is right: {reply:?}");
    assert!(!story.is_in().await);
}

#[tokio::test]
async fn a_logout_token_in_every_wrong_variant_is_400_and_she_stays_in() {
    let mut story = Story::new().await;
    let variants = either().into_iter().chain(of_logouts()).collect::<Vec<_>>();
    assert!(variants.len() >= 40);
    for (index, (what, change)) in variants.into_iter().enumerate() {
        let mut token = story.logout(&format!("jti-{index}"));
        change(&mut token);
        let reply = story.send_logout("whiterabbit.fake", &token.text()).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (400, "token_refused"), "{what}: {reply:?}");
        assert_eq!(reply.header("cache-control"), "no-store", "{what}");
    }
    for (what, text) in texts(&story.logout("jti").text()) {
        let reply = story.send_logout("whiterabbit.fake", &text).await;
        assert_eq!(reply.status, 400, "{what}: {reply:?}");
    }
    assert!(story.is_in().await);
    assert_eq!(story.world.app.count("select count(*) from spent_tokens").await, 0);
    assert_eq!(story.world.app.count("select count(*) from ended_sids").await, 0);
    let reasons = "select count(distinct detail->>'reason') from audit_events where event = 'revocation.refused'";
    assert_eq!(story.refusals().await, story.world.app.count(reasons).await, "one row for each reason in a minute");

    let reply = story.send_logout("whiterabbit.fake", &story.logout("jti").text()).await;
    assert_eq!((reply.status.as_u16(), reply.header("cache-control")), (200, "no-store"), "{reply:?}");
    assert!(!story.is_in().await);
}

/// Real providers leave out what the standard asks for.
#[tokio::test]
async fn tokens_that_differ_and_are_good() {
    let changes: Vec<(&str, bool, Change)> = vec![
        ("typ with its prefix", true, header("typ", json!("application/global-token-revocation+jwt"))),
        ("no kid", true, Box::new(|token| drop(token.header.as_object_mut().expect("an object").remove("kid")))),
        ("no nbf", true, without("nbf")),
        (
            "aud in an array",
            true,
            Box::new(|token| token.claims["aud"] = json!(["https://elsewhere.example", token.claims["aud"]])),
        ),
        ("claims nobody knows", true, claim("more", json!({ "a": [1, null] }))),
        ("RS512", true, signed(Signing::Rs512, "RS512")),
        ("a minute early", true, seconds("nbf", "iat", 59)),
        ("no typ", false, Box::new(|token| drop(token.header.as_object_mut().expect("an object").remove("typ")))),
        ("typ of a plain JWT", false, header("typ", json!("JWT"))),
        ("no kid", false, Box::new(|token| drop(token.header.as_object_mut().expect("an object").remove("kid")))),
        ("aud in an array", false, claim("aud", json!(["curfew", "another"]))),
        ("no expiry", false, without("exp")),
        (
            "sid alone",
            false,
            Box::new(|token| {
                token.claims.as_object_mut().expect("an object").remove("sub");
                token.claims["sid"] = json!("a-session");
            }),
        ),
        ("sub and sid", false, claim("sid", json!("a-session"))),
    ];
    let mut story = Story::new().await;
    for (index, (what, is_demand, change)) in changes.into_iter().enumerate() {
        story.world.app.clock.advance(Duration::minutes(2));
        story.account.auth_time = None;
        story.browser = story.world.signed_in(&mut story.account).await;
        let jti = format!("jti-{index}");
        let mut token = if is_demand { story.demand(&jti) } else { story.logout(&jti) };
        change(&mut token);
        let reply = if is_demand {
            story.send_demand("whiterabbit.fake", &token.text(), trinity()).await
        } else {
            story.send_logout("whiterabbit.fake", &token.text()).await
        };
        assert!(reply.status.is_success(), "{what}: {reply:?}");
        assert!(!story.is_in().await, "{what}");
    }
    let without_expiry = "select count(*) from audit_events where event = 'revocation.token_without_expiry'";
    assert_eq!(story.world.app.count(without_expiry).await, 1);
}

#[tokio::test]
async fn an_org_may_require_the_typ_of_a_logout_token() {
    let mut story = Story::new().await;
    let issuer = story.world.provider.issuer("t");
    story.world.app.connect_as(story.world.org, &issuer, |settings| settings.requires_logout_typ = true).await;
    for typ in [None, Some("JWT")] {
        let mut token = story.logout("jti");
        token.header.as_object_mut().expect("an object").remove("typ");
        if let Some(typ) = typ {
            token.header["typ"] = json!(typ);
        }
        assert_eq!(story.send_logout("whiterabbit.fake", &token.text()).await.status, 400, "{typ:?}");
    }
    assert!(story.is_in().await);
    assert_eq!(story.send_logout("whiterabbit.fake", &story.logout("jti").text()).await.status, 200);
}
