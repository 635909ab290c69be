//! Leaving by oneself: here, and at the company's provider too if one wants; and what a browser that is out is told.

use axum::Json;
use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{AppendHeaders, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tower_sessions::session::Id;
use url::Url;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use validator::Validate;

use super::access::cookie_name;
use super::client::RequestInfo;
use super::input::{Body, Query};
use super::login::{self, AuthSession};
use super::problem::Problem;
use super::{cookies, demand};
use crate::domain::orgs;
use crate::domain::sessions::{self, Ended, Principal};
use crate::kernel::{Error, Op};
use crate::oidc::{self, Origin};
use crate::state::AppState;

/// What a browser that left by itself remembers for a while.
const LEFT: &str = "curfew-left";
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(sign_out)).routes(routes!(get_signed_out))
}

/// How far to leave.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignOut {
    /// Whether to end the session at the company's provider too.
    #[serde(default)]
    provider: bool,
}

/// Where to go from here.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SignOutResult {
    /// The provider's page that ends its session, for the browser to be sent to; null when all is done.
    #[schema(required = true)]
    continue_at: Option<String>,
}

/// Signs out of this browser. Also fine when nobody is signed in. The session here has ended when this answers, whatever
/// becomes of the provider's.
#[utoipa::path(post, path = "/api/signout", operation_id = "sign_out", tag = "account", request_body(content = Option<SignOut>),
    responses((status = 200, description = "Signed out", body = SignOutResult)))]
async fn sign_out(
    State(state): State<AppState>,
    request: RequestInfo,
    mut auth: AuthSession,
    body: Option<Body<SignOut>>,
) -> Result<Response, Problem> {
    let too = body.is_some_and(|Body(SignOut { provider })| provider);
    let who = auth.user.clone();
    login::leave(&mut auth, &state, &request).await?;
    let Some(principal) = who else { return Ok(Json(SignOutResult { continue_at: None }).into_response()) };
    let op = login::op_of(&state, &request, &principal);
    let going = going(&state, &op, &principal, too).await.unwrap_or_else(|error| {
        tracing::warn!(?error, "a provider's session could not be ended");
        None
    });
    let left = Left::new(&state, &principal, going.as_ref().map(|going| going.state.clone()));
    let cookie = left.keep(&state)?;
    // Nothing of it is to be seen again. Not the cookies: the provider's may be of the same host.
    let headers = AppendHeaders([(CLEAR_SITE_DATA, "\"cache\"")]);
    let result = SignOutResult { continue_at: going.map(|going| going.url.to_string()) };
    Ok(([(header::SET_COOKIE, cookie)], headers, Json(result)).into_response())
}

struct Going {
    url: Url,
    state: String,
}

/// To the provider, by the person's choice or the company's.
async fn going(state: &AppState, op: &Op, principal: &Principal, too: bool) -> Result<Option<Going>, Error> {
    let tx = state.begin_in(op.scope).await?;
    let sign_in = sessions::find(&tx, op.scope, principal.sign_in).await?;
    let always = orgs::policy(&tx, op.scope).await?.ends_provider_session;
    drop(tx);
    let Some((issuer, sealed)) = sign_in.and_then(|s| s.idp_iss.zip(s.id_token)) else { return Ok(None) };
    // The one for their address; a guest has none of their own.
    let mut connections = demand::connections(state, op).await?;
    connections.retain(|c| c.issuer == issuer);
    let domain = principal.email.rsplit('@').next();
    let own = connections.iter().position(|c| c.domain.as_deref() == domain).unwrap_or_default();
    let connection = connections.into_iter().nth(own).filter(|_| too || always);
    let Some(connection) = connection else { return Ok(None) };
    let hint = state.config.sealer.open(&sessions::id_token_place(principal.sign_in), &sealed)?;
    let issuer = oidc::parse_issuer(&connection.issuer)?;
    let at = Origin { issuer: &issuer, client_id: &connection.client_id };
    let return_to = state.config.urls.public.join("/signed-out").map_err(Error::internal)?;
    let returned = URL_SAFE_NO_PAD.encode(op.chance.bytes::<16>());
    let url = state.providers.end_session_url(at, &hint, &return_to, &returned).await?;
    Ok(url.map(|url| Going { url, state: returned }))
}

/// What a browser that left by itself is told afterwards. It is for its eyes only, so nobody is harmed by a made-up one.
#[derive(Deserialize, Serialize)]
struct Left {
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// The company whose provider had signed the person in.
    company: Option<String>,
    provider: Provider,
}

/// How far the browser has come in leaving the provider too.
#[derive(Clone, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Provider {
    /// It did not go there.
    Untouched,
    /// It went, and is to bring this `state` back.
    Sent(String),
    /// It is back.
    Left,
}

impl Left {
    fn new(state: &AppState, principal: &Principal, returned: Option<String>) -> Self {
        let company = principal.by_provider.then(|| principal.org_name.clone());
        Self { at: state.clock.now(), company, provider: returned.map_or(Provider::Untouched, Provider::Sent) }
    }

    /// The browser is back from the provider with the `state` that it left with. Remembered, because the page that it is
    /// back at may be loaded again.
    fn is_back(&mut self, returned: Option<&str>) -> bool {
        let is_back = matches!(&self.provider, Provider::Sent(state) if Some(state.as_str()) == returned);
        if is_back {
            self.provider = Provider::Left;
        }
        is_back
    }

    fn keep(&self, state: &AppState) -> Result<HeaderValue, Error> {
        let secure = state.config.urls.secure();
        let json = serde_json::to_vec(self).map_err(Error::internal)?;
        cookies::keep(cookies::name(LEFT, secure), URL_SAFE_NO_PAD.encode(json), secure)
    }

    fn read(headers: &HeaderMap, secure: bool) -> Option<Self> {
        let value = cookies::read(headers, &cookies::name(LEFT, secure))?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(value).ok()?).ok()
    }
}

/// The session layer takes a cookie away that means nobody any more. As a layer around it, this lets it stay, where the
/// person did not leave by themselves: the answer may come after another tab's, which has just been given a new cookie of
/// the same name. A dead one opens nothing, and by it the browser can be told what happened.
pub async fn let_the_dead_stay(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let secure = state.config.urls.secure();
    let mut response = next.run(request).await;
    let cookies: Vec<_> = response.headers().get_all(header::SET_COOKIE).iter().cloned().collect();
    let starts = |cookie: &HeaderValue, start: &str| cookie.as_bytes().starts_with(start.as_bytes());
    let left = format!("{}=", cookies::name(LEFT, secure));
    if !cookies.iter().any(|cookie| starts(cookie, &left)) {
        let removal = format!("{}=;", cookie_name(secure));
        response.headers_mut().remove(header::SET_COOKIE);
        for cookie in cookies.into_iter().filter(|cookie| !starts(cookie, &removal)) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}

fn session_digest(cookie: &str) -> Option<String> {
    let Id(id) = cookie.parse().ok()?;
    Some(Id(sessions::digest(id)).to_string())
}

/// What this browser brings that may have meant somebody once.
struct Traces {
    left: Option<Left>,
    session_digest: Option<String>,
}

impl FromRequestParts<AppState> for Traces {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let secure = state.config.urls.secure();
        let session = cookies::read(&parts.headers, &cookie_name(secure));
        let session_digest = session.and_then(|cookie| session_digest(&cookie));
        Ok(Self { left: Left::read(&parts.headers, secure), session_digest })
    }
}

/// The way back from the provider.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Returned {
    /// As the provider gave it back (OpenID Connect RP-Initiated Logout 1.0 §3).
    state: Option<String>,
}

/// What a browser that is out is told.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SignedOut {
    /// Whether it is not out at all. Then nothing else matters.
    signed_in: bool,
    /// What has ended here, and why.
    #[schema(required = true)]
    ended: Option<EndedView>,
    /// What became of the session at the company's provider.
    provider: ProviderSession,
    #[schema(required = true)]
    org_name: Option<String>,
}

/// The end of a sign-in.
#[derive(Serialize, ToSchema)]
struct EndedView {
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// Why.
    #[schema(value_type = EndedCause)]
    cause: String,
}

/// Why a sign-in has ended.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it is the contract's list of what the database's text can be")]
enum EndedCause {
    /// The person left.
    SignedOut,
    /// The person left everywhere.
    SignedOutEverywhere,
    /// The company demanded it.
    Demanded,
    /// The person's session at the company's provider ended.
    ProviderSignedOut,
    /// The company signs its people in at its provider from now on.
    ProviderRequired,
    /// The person changed their password.
    PasswordChanged,
    /// Somebody signed in again in the same browser.
    Replaced,
    /// The person moved into their company's org.
    Moved,
    /// It had not been used for as long as the org lets it be.
    Idle,
    /// It had lasted as long as the org lets it.
    Expired,
    /// The company lets sign-ins last for a shorter time.
    PolicyChanged,
    /// The company's directory deactivated or removed the person.
    Deactivated,
}

/// What became of a provider's session.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ProviderSession {
    /// There was none.
    None,
    /// It has ended.
    Ended,
    /// Nobody here knows.
    MayBeAlive,
}

/// What this browser was signed in to last, and why it is not any more. Nobody needs to be signed in to ask.
#[utoipa::path(get, path = "/api/signed-out", operation_id = "get_signed_out", tag = "account", params(Returned),
    responses((status = 200, description = "What is known", body = SignedOut)))]
async fn get_signed_out(
    State(state): State<AppState>,
    Query(returned): Query<Returned>,
    traces: Traces,
    auth: AuthSession,
) -> Result<Response, Problem> {
    let Traces { mut left, session_digest } = traces;
    let is_back = left.as_mut().is_some_and(|left| left.is_back(returned.state.as_deref()));
    let cookie = left.as_ref().filter(|_| is_back).map(|left| left.keep(&state)).transpose()?;
    let ended = match &session_digest {
        Some(digest) => sessions::find_ended(&state.db, digest, state.clock.now()).await?,
        None => None,
    };
    let told = Json(SignedOut { signed_in: auth.user.is_some(), ..tell(ended, left) });
    Ok((AppendHeaders(cookie.map(|cookie| (header::SET_COOKIE, cookie))), told).into_response())
}

/// The later of the two ends that this browser may know of.
fn tell(ended: Option<Ended>, left: Option<Left>) -> SignedOut {
    let is_later = |left: &Left| ended.as_ref().is_none_or(|ended| ended.at < left.at);
    let left = left.filter(is_later);
    match (left, ended) {
        (Some(left), _) => {
            let provider = provider(left.company.is_some(), left.provider == Provider::Left);
            let ended = Some(EndedView { at: left.at, cause: "signed_out".to_owned() });
            SignedOut { signed_in: false, ended, provider, org_name: left.company }
        }
        (None, Some(Ended { org_name, at, cause, by_provider })) => SignedOut {
            signed_in: false,
            provider: provider(by_provider, cause == "provider_signed_out"),
            ended: Some(EndedView { at, cause }),
            org_name,
        },
        (None, None) => SignedOut { signed_in: false, ended: None, provider: ProviderSession::None, org_name: None },
    }
}

fn provider(by_provider: bool, has_ended: bool) -> ProviderSession {
    match (by_provider, has_ended) {
        (false, _) => ProviderSession::None,
        (true, true) => ProviderSession::Ended,
        (true, false) => ProviderSession::MayBeAlive,
    }
}
