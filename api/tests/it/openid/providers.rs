//! Good providers differ. Each of these signs people in.

use api::domain::sso::ClientAuthMethod;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use time::Duration;

use super::{TRINITY, World, destination, leave, page};
use crate::support::{Account, Answer, Script, Signing};

async fn lets_in(change: impl FnOnce(&mut Script)) {
    let world = World::new().await;
    change(&mut world.provider.script());
    let mut browser = world.signed_in(&mut Account::new(TRINITY)).await;
    assert_eq!(browser.get("/api/users/me").await.body["email"], TRINITY);
}

#[tokio::test]
async fn aud_as_an_array() {
    lets_in(|script| script.claims = Some(Box::new(|claims| claims["aud"] = json!(["curfew"])))).await;
}

#[tokio::test]
async fn auth_time_as_a_float() {
    let world = World::new().await;
    world.provider.script().claims = Some(Box::new(|claims| {
        claims["auth_time"] = json!(claims["auth_time"].as_f64().expect("a number") + 0.25);
    }));
    world.signed_in(&mut Account::new(TRINITY)).await;
    assert_eq!(world.app.count("select count(*) from sign_ins where auth_time = '2100-01-01 12:00:00.25Z'").await, 1);
}

#[tokio::test]
async fn no_kid() {
    lets_in(|script| {
        script.header = Some(Box::new(|header| drop(header.as_object_mut().expect("an object").remove("kid"))));
    })
    .await;
}

#[tokio::test]
async fn no_kid_among_several_keys() {
    lets_in(|script| {
        script.published = Some(vec![1, 0]);
        script.header = Some(Box::new(|header| drop(header.as_object_mut().expect("an object").remove("kid"))));
    })
    .await;
}

#[tokio::test]
async fn rs512() {
    lets_in(|script| script.signing = Signing::Rs512).await;
}

#[tokio::test]
async fn no_sid() {
    let world = World::new().await;
    world.signed_in(&mut Account { sid: None, ..Account::new(TRINITY) }).await;
    assert_eq!(world.app.count("select count(*) from sign_ins where idp_sid is null").await, 1);
}

#[tokio::test]
async fn no_auth_time() {
    let world = World::new().await;
    world.provider.script().no_auth_time = true;
    world.signed_in(&mut Account::new(TRINITY)).await;
    assert_eq!(world.app.count("select count(*) from sign_ins where auth_time is null").await, 1);
}

#[tokio::test]
async fn no_typ_and_azp_that_is_us() {
    lets_in(|script| {
        script.header = Some(Box::new(|header| drop(header.as_object_mut().expect("an object").remove("typ"))));
        script.claims = Some(Box::new(|claims| claims["azp"] = json!("curfew")));
    })
    .await;
}

#[tokio::test]
async fn no_at_hash_and_members_nobody_knows() {
    lets_in(|script| {
        script.claims = Some(Box::new(|claims| {
            claims.as_object_mut().expect("an object").remove("at_hash");
            claims["groups"] = json!({ "deeply": ["nested", 1, null] });
            claims["email_verified"] = json!("true");
        }));
    })
    .await;
}

/// Auth0's ID tokens say when the profile was changed, as text.
#[tokio::test]
async fn updated_at_as_text() {
    lets_in(|script| script.claims = Some(Box::new(|claims| claims["updated_at"] = json!("2099-12-31T23:59:59.000Z"))))
        .await;
}

#[tokio::test]
async fn no_kid_across_a_change_of_keys() {
    let world = World::new().await;
    let mut account = Account::new(TRINITY);
    world.signed_in(&mut account).await;
    world.provider.script().key = 1;
    world.provider.script().header =
        Some(Box::new(|header| drop(header.as_object_mut().expect("an object").remove("kid"))));
    world.app.clock.advance(Duration::seconds(61));
    world.signed_in(&mut account).await;
    assert_eq!(world.provider.script().asked["keys"], 2);
}

/// UserInfo that fails keeps nobody out whose address is known already.
#[tokio::test]
async fn no_name_and_no_userinfo() {
    let world = World::new().await;
    world.provider.script().userinfo = Some(Box::new(|_| Answer::Status(503, "text/plain", "away".to_owned())));
    let mut browser = world.signed_in(&mut Account { name: None, ..Account::new(TRINITY) }).await;
    assert_eq!(browser.get("/api/users/me").await.body["name"], "trinity");
}

#[tokio::test]
async fn no_iss_in_the_answer_unless_it_is_promised() {
    let world = World::new().await;
    world.provider.script().discovery = Some(Box::new(|mut document| {
        document.as_object_mut().expect("an object").remove("authorization_response_iss_parameter_supported");
        Answer::Json(document)
    }));
    let mut browser = world.app.anonymous();
    let back = world.provider.sign_in(&leave(&mut browser, "").await, &mut Account::new(TRINITY));
    let without = back.split("&iss=").next().expect("a path");
    assert_eq!(destination(&browser.get(without).await), "http://localhost:3000/");
}

#[tokio::test]
async fn an_issuer_with_a_slash_at_the_end() {
    let world = World::new().await;
    let issuer = world.provider.issuer("t/");
    world.app.connect(world.org, &issuer).await;
    let slashed = issuer.clone();
    world.provider.script().discovery = Some(Box::new(move |mut document| {
        document["issuer"] = json!(slashed);
        Answer::Json(document)
    }));
    let slashed = issuer.clone();
    world.provider.script().claims = Some(Box::new(move |claims| claims["iss"] = json!(slashed)));
    let mut browser = world.app.anonymous();
    let back = world.provider.sign_in(&leave(&mut browser, "").await, &mut Account::new(TRINITY));
    let back = format!("{back}%2F");
    assert_eq!(destination(&browser.get(&back).await), "http://localhost:3000/");
    assert_eq!(world.app.count("select count(*) from identities where issuer like '%/t/'").await, 1, "kept as spelt");
}

#[tokio::test]
async fn a_thin_id_token_is_completed_from_userinfo() {
    let world = World::new().await;
    world.provider.script().thin = true;
    let mut browser = world.signed_in(&mut Account::new(TRINITY)).await;
    let me = browser.get("/api/users/me").await.body;
    assert_eq!((&me["email"], &me["name"]), (&json!(TRINITY), &json!("A Name")));
    assert_eq!(world.provider.script().asked["userinfo"], 1);
    world.provider.script().thin = false;
    world.signed_in(&mut Account::new(TRINITY)).await;
    assert_eq!(world.provider.script().asked["userinfo"], 1, "not asked when the ID token says all");
}

#[tokio::test]
async fn a_new_key_is_fetched_when_a_token_names_it_but_at_most_once_a_minute() {
    let world = World::new().await;
    let mut account = Account::new(TRINITY);
    world.signed_in(&mut account).await;
    let keys = || world.provider.script().asked["keys"];
    assert_eq!(keys(), 1);
    world.provider.script().key = 1;
    assert_eq!(page(&world.sign_in(&mut world.app.anonymous(), &mut account).await), "provider_invalid");
    assert_eq!(keys(), 1, "the keys were read less than a minute ago");
    world.app.clock.advance(Duration::seconds(61));
    world.signed_in(&mut account).await;
    assert_eq!(keys(), 2);

    // Anybody can make up a key's name; the provider does not hear of it each time.
    world.provider.script().header = Some(Box::new(|header| header["kid"] = json!("made-up")));
    for _ in 0..3 {
        assert_eq!(page(&world.sign_in(&mut world.app.anonymous(), &mut account).await), "provider_invalid");
    }
    assert_eq!(keys(), 2);
    world.app.clock.advance(Duration::seconds(61));
    for _ in 0..3 {
        assert_eq!(page(&world.sign_in(&mut world.app.anonymous(), &mut account).await), "provider_invalid");
    }
    assert_eq!(keys(), 3);
}

fn methods(script: &mut Script, supported: &'static [&'static str]) {
    script.discovery = Some(Box::new(move |mut document| {
        document["token_endpoint_auth_methods_supported"] = json!(supported);
        Answer::Json(document)
    }));
}

#[tokio::test]
async fn the_secret_goes_as_the_provider_takes_it() {
    for (supported, in_body) in [
        (&["client_secret_basic", "client_secret_post"][..], false),
        (&["client_secret_basic"][..], false),
        (&["client_secret_post"][..], true),
        (&["private_key_jwt", "client_secret_post"][..], true),
    ] {
        let world = World::new().await;
        methods(&mut world.provider.script(), supported);
        world.signed_in(&mut Account::new(TRINITY)).await;
        let sent = world.provider.script().last_token_request.clone();
        assert_eq!(sent.contains_key("client_secret"), in_body, "{supported:?}");
    }
}

#[tokio::test]
async fn with_a_key_of_our_own_we_sign_each_request() {
    let world = World::new().await;
    methods(&mut world.provider.script(), &["private_key_jwt"]);
    let private_key = api::oidc::new_private_key(&world.app.state.chance).expect("a key");
    let public = api::oidc::public_jwk(&private_key).expect("a JWK");
    let key = private_key.clone();
    world
        .app
        .connect_as(world.org, &world.provider.issuer("t"), |settings| {
            settings.client_auth = ClientAuthMethod::PrivateKeyJwt;
            settings.credential = key;
        })
        .await;
    world.signed_in(&mut Account::new(TRINITY)).await;
    let sent = world.provider.script().last_token_request.clone();
    assert_eq!(sent["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    assert!(!sent.contains_key("client_secret"));
    let assertion = &sent["client_assertion"];
    let claims = verified(assertion, &public);
    let token_endpoint = format!("{}/token", world.provider.issuer("t"));
    assert_eq!((&claims["iss"], &claims["sub"]), (&json!("curfew"), &json!("curfew")));
    assert_eq!(claims["aud"], json!(token_endpoint));
    assert_eq!(claims["exp"].as_i64().expect("exp") - claims["iat"].as_i64().expect("iat"), 60);
    assert!(public.get("d").is_none() && !private_key.expose_secret().contains(public["x"].as_str().expect("x")));
    world.signed_in(&mut Account::new(TRINITY)).await;
    let again = world.provider.script().last_token_request["client_assertion"].clone();
    assert_ne!(verified(&again, &public)["jti"], claims["jti"]);
}

/// The claims of a JWT that `jwk` verifies.
fn verified(jwt: &str, jwk: &Value) -> Value {
    let jwk = serde_json::from_value(jwk.clone()).expect("a JWK");
    let key = jsonwebtoken::DecodingKey::from_jwk(&jwk).expect("a key");
    let (message, signature) = jwt.rsplit_once('.').expect("a JWT");
    let good = jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, jsonwebtoken::Algorithm::ES256);
    assert!(good.expect("a signature"), "signed with the key whose public half is registered");
    let payload = URL_SAFE_NO_PAD.decode(message.split('.').nth(1).expect("a payload")).expect("base64");
    serde_json::from_slice(&payload).expect("JSON")
}
