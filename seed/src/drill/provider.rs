//! The OpenID provider of the drill's people. It has no page: whom it signs in is decided in this process alone, so nobody
//! else who reaches its address can sign in by it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use api::kernel::{Chance, Clock};
use api::oidc;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

/// Somebody's session there, in one browser.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its name for the person.
    pub sub: String,
    /// Their address.
    pub email: String,
    /// Its name for the session.
    pub sid: String,
    /// When they last proved who they are, in seconds.
    pub auth_time: i64,
}

/// A running provider. Clones are the same one.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    issuer: String,
    client_secret: String,
    key: EncodingKey,
    jwk: Value,
    clock: Clock,
    chance: Chance,
    grants: Mutex<HashMap<String, Grant>>,
}

struct Grant {
    client: String,
    nonce: String,
    account: Account,
}

impl Provider {
    /// One that listens on `listen`, under a path of the run's own. `issuer` is where the API finds it; there, unless
    /// given.
    ///
    /// # Errors
    /// When it cannot listen there.
    pub async fn start(listen: SocketAddr, issuer: Option<&str>, run: &str, chance: &Chance) -> Result<Self> {
        let listener = TcpListener::bind(listen).await.with_context(|| format!("Cannot listen on {listen}"))?;
        let origin = match issuer {
            Some(issuer) => issuer.trim_end_matches('/').to_owned(),
            None => format!("http://{}", listener.local_addr()?),
        };
        let pem = oidc::new_private_key(chance)?;
        let provider = Self(Arc::new(Inner {
            issuer: format!("{origin}/{run}"),
            client_secret: hex(chance.bytes::<16>()),
            key: EncodingKey::from_ec_pem(pem.expose_secret().as_bytes())?,
            jwk: oidc::public_jwk(&pem)?,
            clock: Clock::system(),
            chance: chance.clone(),
            grants: Mutex::default(),
        }));
        let router = Router::new()
            .route("/{run}/.well-known/openid-configuration", get(discovery))
            .route("/{run}/keys", get(keys))
            .route("/{run}/token", post(token))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(provider)
    }

    /// What it calls itself.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// What its clients prove themselves with.
    pub fn client_secret(&self) -> &str {
        &self.0.client_secret
    }

    /// Whether a browser that was sent to `place` was sent here.
    pub fn is_at(&self, place: &str) -> bool {
        place.starts_with(&format!("{}/authorize?", self.0.issuer))
    }

    /// What a browser that was sent here brings back: a path and query of the API.
    ///
    /// # Errors
    /// When it was not sent here.
    pub fn answer(&self, authorize: &str, account: &Account) -> Result<String> {
        let url = Url::parse(authorize)?;
        let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
        let asked = |name: &str| query.get(name).cloned().with_context(|| format!("the API leaves out {name}"));
        let back = Url::parse(&asked("redirect_uri")?)?;
        let code = hex(self.0.chance.bytes::<16>());
        let path = url::form_urlencoded::Serializer::new(format!("{}?", back.path()))
            .append_pair("code", &code)
            .append_pair("state", &asked("state")?)
            .append_pair("iss", self.issuer())
            .finish();
        let grant = Grant { client: asked("client_id")?, nonce: asked("nonce")?, account: account.clone() };
        self.grants().insert(code, grant);
        Ok(path)
    }

    /// A signed token of this kind. `jti` and the times are added.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn sign(&self, typ: &str, mut claims: Value) -> Result<String> {
        let now = self.now();
        claims["iss"] = json!(self.issuer());
        claims["iat"] = json!(now);
        claims["exp"] = json!(now + 300);
        claims["jti"] = json!(hex(self.0.chance.bytes::<16>()));
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(typ.to_owned());
        header.kid = self.0.jwk["kid"].as_str().map(str::to_owned);
        Ok(jsonwebtoken::encode(&header, &claims, &self.0.key)?)
    }

    /// Its time, in seconds.
    pub fn now(&self) -> i64 {
        self.0.clock.now().unix_timestamp()
    }

    fn grants(&self) -> MutexGuard<'_, HashMap<String, Grant>> {
        self.0.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes as text.
pub fn hex<const N: usize>(bytes: [u8; N]) -> String {
    bytes.iter().fold(String::with_capacity(2 * N), |text, byte| text + &format!("{byte:02x}"))
}

async fn discovery(State(provider): State<Provider>) -> Json<Value> {
    let issuer = provider.issuer();
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn keys(State(provider): State<Provider>) -> Json<Value> {
    Json(json!({ "keys": [provider.0.jwk] }))
}

async fn token(
    State(provider): State<Provider>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Json<Value>, StatusCode> {
    let grant = provider.grants().remove(form.get("code").map_or("", String::as_str));
    let Grant { client, nonce, account } = grant.ok_or(StatusCode::BAD_REQUEST)?;
    let expected = format!("Basic {}", STANDARD.encode(format!("{client}:{}", provider.client_secret())));
    let given = headers.get(header::AUTHORIZATION).and_then(|given| given.to_str().ok());
    if given != Some(&expected) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let Account { sub, email, sid, auth_time } = account;
    let claims =
        json!({ "sub": sub, "email": email, "sid": sid, "auth_time": auth_time, "aud": client, "nonce": nonce });
    let id_token = provider.sign("JWT", claims).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let access = hex(provider.0.chance.bytes::<16>());
    Ok(Json(json!({ "access_token": access, "token_type": "Bearer", "expires_in": 60, "id_token": id_token })))
}
