//! Providers, and people with an address bar, that mean no good. Nobody is signed in, a page says so, within 5 seconds.

use std::time::{Duration, Instant};

use api::config::Config;
use serde_json::{Value, json};

use super::{TRINITY, World, leave, page};
use crate::support::{Account, Answer, Script, Signing};

type Change = Box<dyn FnOnce(&mut Script)>;

/// A change of one claim of the ID token.
fn claim(name: &'static str, value: Value) -> Change {
    Box::new(move |script| script.claims = Some(Box::new(move |claims| claims[name] = value.clone())))
}

fn without(name: &'static str) -> Change {
    Box::new(move |script| {
        script.claims = Some(Box::new(move |claims| drop(claims.as_object_mut().expect("an object").remove(name))));
    })
}

fn header(name: &'static str, value: Value) -> Change {
    Box::new(move |script| script.header = Some(Box::new(move |header| header[name] = value.clone())))
}

fn signing(signing: Signing) -> Change {
    Box::new(move |script| script.signing = signing)
}

/// So many seconds from now.
fn seconds(name: &'static str, from_now: i64) -> Change {
    Box::new(move |script| {
        script.claims = Some(Box::new(move |claims| {
            claims[name] = json!(claims["iat"].as_i64().expect("seconds") + from_now);
        }));
    })
}

fn token(answer: impl Fn(Value) -> Answer + Send + 'static) -> Change {
    Box::new(move |script| script.token = Some(Box::new(answer)))
}

fn userinfo(answer: impl Fn(Value) -> Answer + Send + 'static) -> Change {
    Box::new(move |script| {
        script.thin = true;
        script.userinfo = Some(Box::new(answer));
    })
}

fn with(mut document: Value, member: &str, value: Value) -> Answer {
    document[member] = value;
    Answer::Json(document)
}

fn json_text(text: &str) -> Answer {
    Answer::Status(200, "application/json", text.to_owned())
}

const INVALID: (u16, &str) = (502, "provider_invalid");
const AWAY: (u16, &str) = (502, "provider_unreachable");

/// ID tokens that are refused.
fn tokens() -> Vec<(&'static str, Change)> {
    vec![
        ("another nonce", claim("nonce", json!("another"))),
        ("no nonce", without("nonce")),
        ("another audience", claim("aud", json!("another"))),
        ("no audience", without("aud")),
        ("an untrusted audience beside us", claim("aud", json!(["curfew", "another"]))),
        ("an empty audience", claim("aud", json!([]))),
        ("another authorized party", claim("azp", json!("another"))),
        ("another issuer", claim("iss", json!("https://evil.example"))),
        (
            "the issuer with a slash more",
            Box::new(|script: &mut Script| {
                script.claims = Some(Box::new(|claims| {
                    claims["iss"] = json!(format!("{}/", claims["iss"].as_str().expect("an issuer")));
                }));
            }),
        ),
        ("no issuer", without("iss")),
        ("another access token's at_hash", claim("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA"))),
        ("alg none", signing(Signing::None)),
        ("HMAC with the client's secret", signing(Signing::ClientSecret)),
        ("HMAC with the public key", signing(Signing::PublicKey)),
        ("a key that is not published", signing(Signing::ForeignKey)),
        ("a payload changed after signing", signing(Signing::Tampered)),
        ("a key by another name", header("kid", json!("another"))),
        (
            "a key of its own in the header",
            Box::new(|script: &mut Script| {
                script.signing = Signing::ForeignKey;
                script.header = Some(Box::new(|header| header["jwk"] = crate::support::jwk(1)));
            }),
        ),
        ("typ of an access token", header("typ", json!("at+jwt"))),
        ("typ of a logout token", header("typ", json!("logout+jwt"))),
        ("typ of a security event", header("typ", json!("secevent+jwt"))),
        ("typ of a global token revocation", header("typ", json!("global-token-revocation+jwt"))),
        ("an extension we must understand", header("crit", json!(["exp"]))),
        ("a nested JWT", header("cty", json!("JWT"))),
        ("expired", seconds("exp", -61)),
        ("no expiry", without("exp")),
        ("an expiry that is text", claim("exp", json!("soon"))),
        ("an expiry beyond the calendar", claim("exp", json!(1e300))),
        ("issued long ago", seconds("iat", -601)),
        ("issued in the future", seconds("iat", 61)),
        ("authenticated in the future", seconds("auth_time", 61)),
        ("auth_time beyond the calendar", claim("auth_time", json!(-1e300))),
        ("no subject", without("sub")),
        ("an empty subject", claim("sub", json!(""))),
        ("a subject of 256 characters", claim("sub", json!("x".repeat(256)))),
        ("a subject with NUL", claim("sub", json!("a\0b"))),
        ("a subject that is no text", claim("sub", json!(1))),
        ("a session with NUL", claim("sid", json!("a\0b"))),
        ("a session that is no text", claim("sid", json!(["a"]))),
    ]
}

/// Other answers of the provider that are refused.
fn answers() -> Vec<(&'static str, Change, (u16, &'static str))> {
    vec![
        (
            "no ID token",
            token(|t| Answer::Json(json!({ "access_token": t["access_token"], "token_type": "Bearer" }))),
            INVALID,
        ),
        ("an ID token that is none", token(|t| with(t, "id_token", json!("a.b.c"))), INVALID),
        ("a token response that is no JSON", token(|_| json_text("<html>")), INVALID),
        ("a token response that is a redirect", token(|_| Answer::Redirect("https://evil.example".into())), INVALID),
        (
            "our client refused",
            token(|_| Answer::Status(401, "application/json", r#"{"error":"invalid_client"}"#.into())),
            (502, "client_refused"),
        ),
        (
            "the code refused",
            token(|_| Answer::Status(400, "application/json", r#"{"error":"invalid_grant"}"#.into())),
            (400, "sign_in_expired"),
        ),
        (
            "an error nobody knows",
            token(|_| Answer::Status(400, "application/json", r#"{"error":"<script>"}"#.into())),
            INVALID,
        ),
        ("an error without JSON", token(|_| Answer::Status(500, "text/html", "<h1>sorry".into())), INVALID),
        ("a token response without end", token(|_| Answer::Endless), INVALID),
        ("UserInfo about somebody else", userinfo(|u| with(u, "sub", json!("another"))), INVALID),
        ("UserInfo without a subject", userinfo(|_| Answer::Json(json!({ "email": TRINITY }))), INVALID),
        ("UserInfo that is no JSON", userinfo(|_| json_text("nonsense")), INVALID),
        ("UserInfo that is a page", userinfo(|_| Answer::Status(200, "text/html", "<h1>".into())), INVALID),
        ("UserInfo refused", userinfo(|_| Answer::Status(403, "application/json", "{}".into())), INVALID),
        ("UserInfo that fails", userinfo(|_| Answer::Status(503, "text/plain", "away".into())), AWAY),
        ("UserInfo without end", userinfo(|_| Answer::Endless), INVALID),
        ("UserInfo that redirects", userinfo(|_| Answer::Redirect("https://evil.example".into())), INVALID),
        (
            "an access token that is no header",
            Box::new(|script: &mut Script| {
                script.thin = true;
                script.claims =
                    Some(Box::new(|claims| drop(claims.as_object_mut().expect("an object").remove("at_hash"))));
                script.token = Some(Box::new(|t| with(t, "access_token", json!("a\r\nX-Evil: 1"))));
            }),
            INVALID,
        ),
    ]
}

/// Signs in at a provider that was good until the browser left, and looks at what comes of it.
async fn refused(world: &World, what: &'static str, change: Change, expected: (u16, &'static str)) {
    let mut browser = world.app.anonymous();
    *world.provider.script() = Script::default();
    // Another minute, in which a refusal is recorded anew.
    world.app.clock.advance(time::Duration::minutes(2));
    let authorize = leave(&mut browser, "").await;
    change(&mut world.provider.script());
    let back = world.provider.sign_in(&authorize, &mut Account::new(TRINITY));
    let audited = "select count(*) from audit_events where event = 'sign_in.failed'";
    let before = world.app.count(audited).await;
    let began = Instant::now();
    let reply = browser.get(&back).await;
    assert!(began.elapsed() < Duration::from_secs(5), "{what}: {:?}", began.elapsed());
    assert_eq!((reply.status.as_u16(), page(&reply).as_str()), expected, "{what}: {reply:?}");
    assert!(!browser.cookies.contains_key("curfew") && !world.is_in(&mut browser).await, "{what}");
    assert_eq!(world.sign_ins().await, 0, "{what}");
    assert_eq!(world.app.count("select count(*) from identities").await, 0, "{what}: nothing is linked");
    assert_eq!(world.app.count(audited).await, before + 1, "{what}: recorded for the administrator");
}

#[tokio::test]
async fn id_tokens_that_are_not_for_us_or_not_genuine() {
    let world = World::new().await;
    world.app.member(world.org, TRINITY).await;
    let all = tokens();
    assert!(all.len() >= 30);
    for (what, change) in all {
        refused(&world, what, change, INVALID).await;
    }
    // The same provider, without a change, lets her in.
    *world.provider.script() = Script::default();
    world.signed_in(&mut Account::new(TRINITY)).await;
}

#[tokio::test]
async fn answers_that_cannot_be_trusted() {
    let world = World::new().await;
    for (what, change, expected) in answers() {
        refused(&world, what, change, expected).await;
    }
}

/// Limits that are over soon, for what would take as long as it may.
fn impatient(config: &mut Config) {
    config.limits.provider_answer = Duration::from_millis(200);
    config.limits.provider = Duration::from_millis(500);
}

#[tokio::test]
async fn answers_that_never_come() {
    let world = World::with(impatient).await;
    for (what, change) in [
        ("a token endpoint that hangs", token(|_| Answer::Hang)),
        ("a token response that drips", token(|_| Answer::Drip)),
        ("UserInfo that hangs", userinfo(|_| Answer::Hang)),
        ("UserInfo that drips", userinfo(|_| Answer::Drip)),
    ] {
        refused(&world, what, change, AWAY).await;
    }
}

/// With the limits as they are: each answer just in time, until there is no more time for the next.
#[tokio::test]
async fn a_sign_in_is_over_within_five_seconds_however_slow_the_provider() {
    let world = World::new().await;
    let slow = |value| Answer::Late(Duration::from_millis(2_500), value);
    let change = userinfo(slow);
    let both = Box::new(move |script: &mut Script| {
        change(script);
        script.token = Some(Box::new(slow));
    });
    refused(&world, "each answer late", both, AWAY).await;
}

/// Discovery documents and key sets, met on the way out.
#[tokio::test]
async fn discoveries_that_cannot_be_trusted_or_never_end() {
    type Hostile = (&'static str, fn(Value) -> Answer, (u16, &'static str));
    let discovery: [Hostile; 13] = [
        ("another issuer", |d| with(d, "issuer", json!("https://evil.example")), INVALID),
        ("no issuer", |_| json_text("{}"), INVALID),
        ("no JSON", |_| json_text("<html>"), INVALID),
        ("a page", |_| Answer::Status(200, "text/html", "<h1>".into()), INVALID),
        ("not found", |_| Answer::Status(404, "text/plain", "no".into()), INVALID),
        ("failing", |_| Answer::Status(500, "text/plain", "no".into()), AWAY),
        ("a redirect", |_| Answer::Redirect("https://evil.example".into()), INVALID),
        ("hanging", |_| Answer::Hang, AWAY),
        ("without end", |_| Answer::Endless, INVALID),
        ("dripping", |_| Answer::Drip, AWAY),
        (
            "an authorization endpoint that is a script",
            |d| with(d, "authorization_endpoint", json!("javascript:alert(1)")),
            INVALID,
        ),
        (
            "an authorization endpoint inside",
            |d| with(d, "authorization_endpoint", json!("http://10.0.0.1/authorize")),
            INVALID,
        ),
        ("keys inside our network", |d| with(d, "jwks_uri", json!("http://169.254.169.254/latest")), INVALID),
    ];
    let keys: [Hostile; 5] = [
        ("keys that are no JSON", |_| json_text("keys"), INVALID),
        ("keys without end", |_| Answer::Endless, INVALID),
        ("keys that hang", |_| Answer::Hang, AWAY),
        ("keys that drip", |_| Answer::Drip, AWAY),
        ("keys that redirect", |_| Answer::Redirect("https://evil.example".into()), INVALID),
    ];
    let world = World::with(impatient).await;
    for (is_keys, (what, hostile, expected)) in
        discovery.map(|each| (false, each)).into_iter().chain(keys.map(|each| (true, each)))
    {
        *world.provider.script() = Script::default();
        // Nothing is remembered that long.
        world.app.clock.advance(time::Duration::hours(25));
        let change: Option<Box<dyn Fn(Value) -> Answer + Send>> = Some(Box::new(hostile));
        if is_keys {
            world.provider.script().keys = change;
        } else {
            world.provider.script().discovery = change;
        }
        let began = Instant::now();
        let reply = world.app.anonymous().get("/openid/start/whiterabbit.fake").await;
        assert!(began.elapsed() < Duration::from_secs(5), "{what}: {:?}", began.elapsed());
        assert_eq!((reply.status.as_u16(), page(&reply).as_str()), expected, "{what}: {reply:?}");
        assert_eq!(world.app.count("select count(*) from login_attempts").await, 0, "{what}");
    }
    *world.provider.script() = Script::default();
    world.app.clock.advance(time::Duration::hours(2));
    leave(&mut world.app.anonymous(), "").await;
}

/// Whoever answers there would sign her in, were it asked: the address alone keeps us away.
#[tokio::test]
async fn an_endpoint_that_we_may_not_ask_is_not_asked() {
    let world = World::new().await;
    let with_a_name = world.provider.issuer("t").replace("http://", "http://somebody@");
    world.provider.script().discovery =
        Some(Box::new(move |d| with(d, "token_endpoint", json!(format!("{with_a_name}/token")))));
    let reply = world.sign_in(&mut world.app.anonymous(), &mut Account::new(TRINITY)).await;
    assert_eq!((reply.status.as_u16(), page(&reply).as_str()), INVALID);
    assert!(!world.provider.script().asked.contains_key("token"));
}

/// A token or UserInfo endpoint in our own network, named by the provider, is not asked.
#[tokio::test]
async fn endpoints_inside_our_network_are_not_asked() {
    for endpoint in ["token_endpoint", "userinfo_endpoint"] {
        let world = World::new().await;
        world.provider.script().thin = true;
        world.provider.script().discovery = Some(Box::new(move |d| with(d, endpoint, json!("http://192.168.0.1/x"))));
        let reply = world.sign_in(&mut world.app.anonymous(), &mut Account::new(TRINITY)).await;
        assert_eq!((reply.status.as_u16(), page(&reply).as_str()), INVALID, "{endpoint}");
        assert_eq!(world.sign_ins().await, 0);
    }
}

/// What stands in the address bar when the browser comes back.
#[tokio::test]
async fn answers_in_the_address_bar() {
    let world = World::new().await;
    let mut browser = world.app.anonymous();
    let iss = url::form_urlencoded::byte_serialize(world.provider.issuer("t").as_bytes()).collect::<String>();
    let path = "/openid/callback/whiterabbit.fake";
    for (query, status, code) in [
        ("error=access_denied&state=STATE&iss=ISS", 403, "access_denied"),
        ("error=login_required&state=STATE&iss=ISS", 403, "provider_needs_you"),
        ("error=unauthorized_client&state=STATE&iss=ISS", 502, "provider_invalid"),
        ("error=temporarily_unavailable&state=STATE&iss=ISS", 502, "provider_unreachable"),
        ("error=%3Cscript%3E&error_description=%3Cscript%3Ealert(1)&state=STATE&iss=ISS", 502, "provider_invalid"),
        ("error=access_denied&state=STATE&iss=https://evil.example", 400, "wrong_issuer"),
        ("code=CODE&state=STATE&iss=https://evil.example", 400, "wrong_issuer"),
        ("code=CODE&state=STATE&iss=ISS%2F", 400, "wrong_issuer"),
        ("code=CODE&state=STATE", 400, "wrong_issuer"),
        ("code=CODE&error=access_denied&state=STATE&iss=ISS", 400, "sign_in_expired"),
        ("state=STATE&iss=ISS", 400, "sign_in_expired"),
        ("code=&state=STATE&iss=ISS", 400, "sign_in_expired"),
        ("code=made-up&state=STATE&iss=ISS", 400, "sign_in_expired"),
        ("code=CODE&iss=ISS", 400, "sign_in_expired"),
        ("code=CODE&state=another&iss=ISS", 400, "sign_in_expired"),
        ("code=CODE&state=STATE&state=STATE&iss=ISS", 400, "invalid_request"),
        ("code=CODE&code=CODE&state=STATE&iss=ISS", 400, "invalid_request"),
        ("code=CODE&state=%FF%00&iss=ISS", 400, "sign_in_expired"),
        ("", 400, "sign_in_expired"),
    ] {
        let authorize = leave(&mut browser, "").await;
        let back = world.provider.sign_in(&authorize, &mut Account::new(TRINITY));
        let part = |name: &str| back.split(&format!("{name}=")).nth(1).and_then(|r| r.split('&').next()).expect(name);
        let query = query.replace("STATE", part("state")).replace("CODE", part("code")).replace("ISS", &iss);
        let reply = browser.get(&format!("{path}?{query}")).await;
        assert_eq!((reply.status.as_u16(), page(&reply).as_str()), (status, code), "{query}");
        assert!(!reply.body.to_string().contains("<script"), "{query}");
    }
    assert_eq!(world.sign_ins().await, 0);
    assert_eq!(world.provider.script().asked["token"], 1, "only the made-up code was sent to the provider");
}

/// L12: a callback without a code starts nothing.
#[tokio::test]
async fn a_callback_without_anything_is_a_page_and_no_new_sign_in() {
    let world = World::new().await;
    let reply = world.app.anonymous().get("/openid/callback/whiterabbit.fake").await;
    assert_eq!((reply.status.as_u16(), page(&reply).as_str()), (400, "sign_in_expired"));
    assert_eq!(world.app.count("select count(*) from login_attempts").await, 0);
    assert!(world.provider.script().asked.is_empty());
}
