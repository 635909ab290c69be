//! What can be wrong with a token that demands a sign-out.

use serde_json::{Value, json};

use super::tokens::Token;
use crate::support::{Signing, jwk};

pub type Change = Box<dyn Fn(&mut Token)>;
pub type Variant = (&'static str, Change);

pub fn claim(name: &'static str, value: Value) -> Change {
    Box::new(move |token| token.claims[name] = value.clone())
}

/// So many seconds from when it was issued.
pub fn seconds(name: &'static str, from: &'static str, more: i64) -> Change {
    Box::new(move |token| token.claims[name] = json!(token.claims[from].as_i64().expect("seconds") + more))
}

pub fn without(name: &'static str) -> Change {
    Box::new(move |token| drop(token.claims.as_object_mut().expect("an object").remove(name)))
}

pub fn header(name: &'static str, value: Value) -> Change {
    Box::new(move |token| token.header[name] = value.clone())
}

pub fn signed(signing: Signing, alg: &'static str) -> Change {
    Box::new(move |token| {
        token.signing = signing;
        token.header["alg"] = json!(alg);
    })
}

/// With a key of the sender's own, which the header brings along.
fn brought(name: &'static str, value: Value) -> Change {
    Box::new(move |token| {
        token.signing = Signing::ForeignKey;
        token.header[name] = value.clone();
        token.header["kid"] = json!("key-1");
    })
}

/// What is wrong for either kind of token.
pub fn either() -> Vec<Variant> {
    vec![
        ("alg none", signed(Signing::None, "none")),
        ("alg none, in capitals", signed(Signing::None, "NONE")),
        ("alg none, and yet signed", signed(Signing::Rs256, "none")),
        ("HMAC with the public key", signed(Signing::PublicKey, "HS256")),
        ("HMAC with the client's secret", signed(Signing::ClientSecret, "HS256")),
        ("an algorithm nobody knows", header("alg", json!("RS1"))),
        ("an algorithm in lower case", header("alg", json!("rs256"))),
        ("an algorithm that is no text", header("alg", json!(["RS256"]))),
        ("another algorithm than signed with", header("alg", json!("RS512"))),
        ("an elliptic algorithm with an RSA key", header("alg", json!("ES256"))),
        ("no algorithm", Box::new(|token| drop(token.header.as_object_mut().expect("an object").remove("alg")))),
        ("a key that is not published", brought("x", json!(1))),
        ("a key of its own, embedded", brought("jwk", jwk(1))),
        ("a key of its own, by address", brought("jku", json!("https://evil.example/keys"))),
        ("a certificate of its own, by address", brought("x5u", json!("https://evil.example/cert"))),
        ("another's key under the right name", Box::new(|token| token.signing = Signing::ForeignKey)),
        ("a key by another name", header("kid", json!("another"))),
        ("an extension we must understand", header("crit", json!(["exp"]))),
        ("an empty list of extensions", header("crit", json!([]))),
        ("extensions that are null", header("crit", Value::Null)),
        ("changed after signing", Box::new(|token| token.signing = Signing::Tampered)),
        ("typ of an ID token's access token", header("typ", json!("at+jwt"))),
        ("typ of a security event", header("typ", json!("secevent+jwt"))),
        ("typ that is no text", header("typ", json!(1))),
        ("another issuer", claim("iss", json!("https://evil.example"))),
        (
            "the issuer with a slash",
            Box::new(|token| token.claims["iss"] = json!(format!("{}/", token.claims["iss"].as_str().expect("iss")))),
        ),
        ("no issuer", without("iss")),
        ("the issuer in an array", Box::new(|token| token.claims["iss"] = json!([token.claims["iss"]]))),
        ("another audience", claim("aud", json!("another"))),
        ("no audience", without("aud")),
        ("an empty audience", claim("aud", json!([]))),
        ("an audience that is a number", claim("aud", json!(1))),
        ("an audience of numbers", claim("aud", json!([1]))),
        (
            "expired",
            Box::new(|token| {
                let now = token.claims["iat"].as_i64().expect("seconds");
                token.claims["iat"] = json!(now - 200);
                token.claims["exp"] = json!(now - 60);
            }),
        ),
        ("an expiry before its issue", seconds("exp", "iat", -1)),
        ("an expiry with a fraction", claim("exp", json!(4_102_488_300.5))),
        ("an expiry that is text", claim("exp", json!("4102488300"))),
        ("an expiry in an array", claim("exp", json!([4_102_488_300_i64]))),
        ("an expiry that overflows", claim("exp", json!(i64::MAX))),
        ("an expiry beyond any number", claim("exp", json!(1e300))),
        ("a negative expiry", claim("exp", json!(-1))),
        ("living too long", seconds("exp", "iat", 601)),
        ("issued in the future", seconds("iat", "iat", 61)),
        ("no issue", without("iat")),
        ("an issue that is text", claim("iat", json!("now"))),
        ("an issue with a fraction", claim("iat", json!(4_102_488_000.25))),
        ("an issue that overflows", claim("iat", json!(u64::MAX))),
        ("no id", without("jti")),
        ("an empty id", claim("jti", json!(""))),
        ("an id that is a number", claim("jti", json!(1))),
        ("an id in an array", claim("jti", json!(["a"]))),
        ("an id without end", claim("jti", json!("x".repeat(2000)))),
        ("an id with NUL", claim("jti", json!("a\0b"))),
    ]
}

/// What is wrong for Okta's alone.
pub fn of_demands() -> Vec<Variant> {
    vec![
        ("no typ", Box::new(|token| drop(token.header.as_object_mut().expect("an object").remove("typ")))),
        ("typ of a plain JWT", header("typ", json!("JWT"))),
        ("typ of a logout token", header("typ", json!("logout+jwt"))),
        ("no expiry", without("exp")),
        ("another client", claim("sub", json!("another"))),
        ("no client", without("sub")),
        ("the client in an array", claim("sub", json!(["curfew"]))),
        ("not valid yet", seconds("nbf", "iat", 61)),
        ("valid from a time that is text", claim("nbf", json!("now"))),
        ("the audience of the shared address", claim("aud", json!("http://localhost:3333/global-token-revocation"))),
        (
            "the audience with a query",
            Box::new(|token| token.claims["aud"] = json!(format!("{}?a", token.claims["aud"].as_str().expect("aud")))),
        ),
        (
            "the audience with a slash",
            Box::new(|token| token.claims["aud"] = json!(format!("{}/", token.claims["aud"].as_str().expect("aud")))),
        ),
        (
            "the audience of another company",
            claim("aud", json!("http://localhost:3333/orgs/matrix.fake/global-token-revocation")),
        ),
        (
            "an ID token of the same issuer",
            Box::new(|token| {
                token.header["typ"] = json!("JWT");
                token.claims["sub"] = json!("sub-of-trinity@whiterabbit.fake");
                token.claims["aud"] = json!("curfew");
                token.claims["nonce"] = json!("n");
            }),
        ),
    ]
}

/// What is wrong for logout tokens alone.
pub fn of_logouts() -> Vec<Variant> {
    vec![
        ("typ of Okta's token", header("typ", json!("global-token-revocation+jwt"))),
        (
            "no expiry, and six minutes old",
            Box::new(|token| {
                token.claims.as_object_mut().expect("an object").remove("exp");
                token.claims["iat"] = json!(token.claims["iat"].as_i64().expect("iat") - 301);
            }),
        ),
        ("no events", without("events")),
        ("events that are empty", claim("events", json!({}))),
        (
            "another event",
            claim("events", json!({ "https://schemas.openid.net/secevent/caep/event-type/session-revoked": {} })),
        ),
        (
            "an event that is no object",
            claim("events", json!({ "http://schemas.openid.net/event/backchannel-logout": true })),
        ),
        (
            "an event that is null",
            claim("events", json!({ "http://schemas.openid.net/event/backchannel-logout": null })),
        ),
        ("events in an array", claim("events", json!(["http://schemas.openid.net/event/backchannel-logout"]))),
        ("a nonce", claim("nonce", json!("n"))),
        ("a nonce that is null", claim("nonce", Value::Null)),
        ("neither sub nor sid", without("sub")),
        ("an empty sub", claim("sub", json!(""))),
        ("a sub that is a number", claim("sub", json!(1))),
        ("a sub in an array", claim("sub", json!(["sub-of-trinity@whiterabbit.fake"]))),
        ("a sub of 256 characters", claim("sub", json!("x".repeat(256)))),
        ("an empty sid", claim("sid", json!(""))),
        ("a sid in an array", claim("sid", json!(["a-session"]))),
        ("a sid with NUL", claim("sid", json!("a\0b"))),
        ("the client beside nobody", claim("aud", json!(["another"]))),
        (
            "an ID token of the same issuer",
            Box::new(|token| {
                token.header["typ"] = json!("JWT");
                token.claims.as_object_mut().expect("an object").remove("events");
                token.claims["nonce"] = json!("n");
            }),
        ),
    ]
}

/// What is no token at all.
pub fn texts(good: &str) -> Vec<(&'static str, String)> {
    let parts: Vec<_> = good.split('.').collect();
    let part = |json: &str| base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, json);
    let twice = part(r#"{"alg":"RS256","alg":"none"}"#);
    vec![
        ("nothing", String::new()),
        ("no JWT", "a.b.c".to_owned()),
        ("a part less", parts[..2].join(".")),
        ("a part more", format!("{good}.x")),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("padding", format!("{}=.{}.{}", parts[0], parts[1], parts[2])),
        ("a header that is an array", format!("{}.{}.{}", part("[]"), parts[1], parts[2])),
        ("a header with a member twice", format!("{twice}.{}.{}", parts[1], parts[2])),
        ("claims that are an array", format!("{}.{}.{}", parts[0], part("[]"), parts[2])),
        ("claims that are no JSON", format!("{}.{}.{}", parts[0], part("claims"), parts[2])),
        ("without end", format!("{}.{}.{}", parts[0], "A".repeat(20_000), parts[2])),
    ]
}
