//! An OpenID provider that does what a test tells it to. It is strict with us, and as hostile as is wished: every answer
//! of it can be changed.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderMap, StatusCode, header};
use rsa::RsaPrivateKey;
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::DecodePrivateKey;
use rsa::sha2::{Digest, Sha256, Sha512};
use rsa::signature::{SignatureEncoding, Signer};
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::net::TcpListener;
use url::Url;

use super::TestClock;

pub const CLIENT_SECRET: &str = "the client's secret: + and % in it";
const ACCESS_TOKEN: &str = "an-access-token";
const KEYS: [&str; 2] = [include_str!("keys/rsa1.pem"), include_str!("keys/rsa2.pem")];

/// Somebody who is known there, and perhaps has a session in their browser.
#[derive(Clone, Debug)]
pub struct Account {
    pub sub: String,
    pub email: Option<String>,
    pub email_verified: Option<bool>,
    pub name: Option<String>,
    pub sid: Option<String>,
    /// When they last typed their password there.
    pub auth_time: Option<OffsetDateTime>,
}

impl Account {
    pub fn new(email: &str) -> Self {
        Self {
            sub: format!("sub-of-{email}"),
            email: Some(email.to_owned()),
            email_verified: None,
            name: Some("A Name".to_owned()),
            sid: Some("a-session".to_owned()),
            auth_time: None,
        }
    }
}

/// How an ID token is signed.
#[derive(Clone, Copy, Debug, Default)]
pub enum Signing {
    #[default]
    Rs256,
    Rs512,
    /// With a key that is not published.
    ForeignKey,
    /// With no signature, and `alg` says so.
    None,
    /// With the client's secret, as HS256.
    ClientSecret,
    /// With the public key's text, as HS256.
    PublicKey,
    /// Rightly, and then the payload was changed.
    Tampered,
}

/// What an endpoint answers.
pub enum Answer {
    Json(Value),
    Status(u16, &'static str, String),
    Redirect(String),
    /// After a while.
    Late(Duration, Value),
    /// Nothing, ever.
    Hang,
    /// A body without end.
    Endless,
    /// A byte now and then.
    Drip,
}

type Change = Box<dyn Fn(Value) -> Answer + Send>;
type Mutation = Box<dyn Fn(&mut Value) + Send>;

/// What differs from a good provider.
#[expect(clippy::struct_excessive_bools, reason = "each is something that a provider may do")]
#[derive(Default)]
pub struct Script {
    pub discovery: Option<Change>,
    pub keys: Option<Change>,
    pub token: Option<Change>,
    pub userinfo: Option<Change>,
    pub claims: Option<Mutation>,
    pub header: Option<Mutation>,
    pub signing: Signing,
    /// Which of its keys signs, and which are published; the first unless set.
    pub key: usize,
    pub published: Option<Vec<usize>>,
    /// Whether e-mail and name are at UserInfo only.
    pub thin: bool,
    pub ignores_prompt: bool,
    pub no_auth_time: bool,
    /// Only where the request has a `max_age`.
    pub auth_time_when_asked: bool,
    /// How many times each endpoint was asked.
    pub asked: BTreeMap<&'static str, usize>,
    /// What the token endpoint was sent last.
    pub last_token_request: HashMap<String, String>,
    grants: HashMap<String, Grant>,
    codes: usize,
}

struct Grant {
    query: HashMap<String, String>,
    account: Account,
}

/// A provider on a port of its own, with as many issuers as are asked for.
#[derive(Clone)]
pub struct Provider {
    pub origin: String,
    script: Arc<Mutex<Script>>,
    clock: TestClock,
}

impl Provider {
    pub async fn start(clock: &TestClock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let provider = Self { origin, script: Arc::default(), clock: clock.clone() };
        let router = Router::new()
            .route("/{tenant}/.well-known/openid-configuration", get(discovery))
            .route("/{tenant}/keys", get(keys))
            .route("/{tenant}/token", post(token))
            .route("/{tenant}/userinfo", get(userinfo))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        provider
    }

    pub fn issuer(&self, tenant: &str) -> String {
        format!("{}/{tenant}", self.origin)
    }

    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The person is sent here, types their password where they are asked to, and is sent back: to this path and query.
    pub fn sign_in(&self, authorize: &str, account: &mut Account) -> String {
        let url = Url::parse(authorize).expect("a URL");
        let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
        let mut script = self.script();
        let asked_again = query.get("prompt").is_some_and(|prompt| prompt == "login") && !script.ignores_prompt;
        if account.auth_time.is_none() || asked_again {
            account.auth_time = Some(self.clock.now());
        }
        script.codes += 1;
        let code = format!("code-{}", script.codes);
        let back = Url::parse(&query["redirect_uri"]).expect("a URL");
        let issuer = authorize.split("/authorize?").next().expect("an issuer");
        let path = url::form_urlencoded::Serializer::new(format!("{}?", back.path()))
            .append_pair("code", &code)
            .append_pair("state", &query["state"])
            .append_pair("iss", issuer)
            .finish();
        script.grants.insert(code, Grant { query, account: account.clone() });
        path
    }

    fn count(&self, endpoint: &'static str) {
        *self.script().asked.entry(endpoint).or_default() += 1;
    }

    fn id_token(&self, tenant: &str, grant: &Grant) -> String {
        let now = self.clock.now().unix_timestamp();
        let script = self.script();
        let Account { sub, email, email_verified, name, sid, auth_time } = &grant.account;
        let at_hash = URL_SAFE_NO_PAD.encode(&Sha256::digest(ACCESS_TOKEN)[..16]);
        let mut claims = json!({
            "iss": self.issuer(tenant), "sub": sub, "aud": grant.query["client_id"], "exp": now + 300, "iat": now,
            "nonce": grant.query["nonce"], "at_hash": at_hash, "sid": sid,
        });
        if !script.thin {
            claims["email"] = json!(email);
            claims["name"] = json!(name);
            claims["email_verified"] = json!(email_verified);
        }
        let asked = grant.query.contains_key("max_age") || !script.auth_time_when_asked;
        if !script.no_auth_time && asked {
            claims["auth_time"] = json!(auth_time.map(OffsetDateTime::unix_timestamp));
        }
        claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        if let Some(change) = &script.claims {
            change(&mut claims);
        }
        let alg = match script.signing {
            Signing::Rs512 => "RS512",
            Signing::None => "none",
            Signing::ClientSecret | Signing::PublicKey => "HS256",
            _ => "RS256",
        };
        let mut header = json!({ "alg": alg, "typ": "JWT", "kid": format!("key-{}", script.key) });
        if alg == "RS512" {
            claims.as_object_mut().expect("an object").remove("at_hash");
        }
        if let Some(change) = &script.header {
            change(&mut header);
        }
        sign(&header, &claims, script.signing, script.key)
    }
}

fn private_key(index: usize) -> RsaPrivateKey {
    RsaPrivateKey::from_pkcs8_pem(KEYS[index]).expect("a key")
}

pub fn sign(header: &Value, claims: &Value, signing: Signing, key: usize) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let rs256 = |key| SigningKey::<Sha256>::new(private_key(key)).sign(message.as_bytes()).to_vec();
    let hs256 = |secret: &[u8]| {
        let key = jsonwebtoken::EncodingKey::from_secret(secret);
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, jsonwebtoken::Algorithm::HS256);
        URL_SAFE_NO_PAD.decode(signature.expect("a signature")).expect("base64")
    };
    let signature = match signing {
        Signing::Rs256 | Signing::Tampered => rs256(key),
        Signing::Rs512 => SigningKey::<Sha512>::new(private_key(key)).sign(message.as_bytes()).to_vec(),
        Signing::ForeignKey => rs256(1 - key),
        Signing::None => Vec::new(),
        Signing::ClientSecret => hs256(CLIENT_SECRET.as_bytes()),
        Signing::PublicKey => hs256(jwk(key)["n"].as_str().expect("a modulus").as_bytes()),
    };
    let message = if matches!(signing, Signing::Tampered) {
        let mut changed = claims.clone();
        changed["sub"] = json!("somebody-else");
        format!("{}.{}", part(header), part(&changed))
    } else {
        message
    };
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

pub fn jwk(index: usize) -> Value {
    let key = private_key(index);
    let number = |n: &rsa::BigUint| URL_SAFE_NO_PAD.encode(n.to_bytes_be());
    json!({ "kty": "RSA", "use": "sig", "kid": format!("key-{index}"), "n": number(key.n()), "e": number(key.e()) })
}

fn answer(change: Option<&Change>, good: Value) -> Response {
    match change.map_or(Answer::Json(good.clone()), |change| change(good)) {
        Answer::Json(value) => axum::Json(value).into_response(),
        Answer::Status(status, media_type, text) => {
            let status = StatusCode::from_u16(status).expect("a status");
            (status, [(header::CONTENT_TYPE, media_type)], text).into_response()
        }
        Answer::Redirect(to) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Answer::Late(after, value) => body(futures_util::stream::once(async move {
            tokio::time::sleep(after).await;
            Ok(value.to_string().into_bytes())
        })),
        Answer::Hang => body(futures_util::stream::pending()),
        Answer::Endless => body(futures_util::stream::repeat_with(|| Ok(vec![b' '; 64 * 1024]))),
        Answer::Drip => body(futures_util::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            Some((Ok(b" ".to_vec()), ()))
        })),
    }
}

fn body(stream: impl futures_util::Stream<Item = Result<Vec<u8>, std::io::Error>> + Send + 'static) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], Body::from_stream(stream)).into_response()
}

async fn discovery(State(provider): State<Provider>, Path(tenant): Path<String>) -> Response {
    provider.count("discovery");
    let issuer = provider.issuer(&tenant);
    let good = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "authorization_response_iss_parameter_supported": true,
    });
    answer(provider.script().discovery.as_ref(), good)
}

async fn keys(State(provider): State<Provider>, Path(_): Path<String>) -> Response {
    provider.count("keys");
    let script = provider.script();
    let published = script.published.clone().unwrap_or_else(|| vec![script.key]);
    let good = json!({ "keys": published.into_iter().map(jwk).collect::<Vec<_>>() });
    answer(script.keys.as_ref(), good)
}

/// RFC 6749 §5.2: what it says when it refuses us.
fn refused(error: &str) -> Response {
    (StatusCode::BAD_REQUEST, axum::Json(json!({ "error": error }))).into_response()
}

async fn token(
    State(provider): State<Provider>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    provider.count("token");
    let grant = {
        let mut script = provider.script();
        script.last_token_request.clone_from(&form);
        script.grants.remove(form.get("code").map_or("", String::as_str))
    };
    if !is_authentic(&headers, &form) {
        return refused("invalid_client");
    }
    let Some(grant) = grant else { return refused("invalid_grant") };
    let verifier = form.get("code_verifier").map_or("", String::as_str);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    let is_theirs = form.get("redirect_uri") == grant.query.get("redirect_uri")
        && grant.query["code_challenge"] == challenge
        && grant.query["code_challenge_method"] == "S256";
    if !is_theirs {
        return refused("invalid_grant");
    }
    let id_token = provider.id_token(&tenant, &grant);
    let good = json!({ "access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 300, "id_token": id_token });
    // Where UserInfo finds the person again.
    provider.script().grants.insert(ACCESS_TOKEN.to_owned(), grant);
    answer(provider.script().token.as_ref(), good)
}

/// By Basic (RFC 6749 §2.3.1: form-encoded first), in the body, or by an assertion, whose signature is not looked at.
fn is_authentic(headers: &HeaderMap, form: &HashMap<String, String>) -> bool {
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let basic = format!("Basic {}", STANDARD.encode(format!("curfew:{}", encode(CLIENT_SECRET))));
    match headers.get(header::AUTHORIZATION) {
        Some(given) => given.to_str().is_ok_and(|given| given == basic) && !form.contains_key("client_secret"),
        None => {
            form.get("client_id").is_some_and(|id| id == "curfew")
                && (form.get("client_secret").is_some_and(|secret| secret == CLIENT_SECRET)
                    || form.contains_key("client_assertion"))
        }
    }
}

async fn userinfo(State(provider): State<Provider>, Path(_): Path<String>, headers: HeaderMap) -> Response {
    provider.count("userinfo");
    let script = provider.script();
    let presented = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = presented.strip_prefix("Bearer ").unwrap_or_default();
    let Some(grant) = script.grants.get(token) else { return StatusCode::UNAUTHORIZED.into_response() };
    let Account { sub, email, email_verified, name, .. } = &grant.account;
    let mut good = json!({ "sub": sub, "email": email, "name": name, "email_verified": email_verified });
    good.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    answer(script.userinfo.as_ref(), good)
}
