//! Who may do this: extractors that prove access and give the request's [`Op`]. A handler that takes `Member` has a
//! signed-in person; one that takes `Admin` has somebody who runs the org and has just proved who they are; one that
//! takes `OrgKey<Revoke>` has a key of an org with that scope. There is nothing left to check
//! in the body, and so nothing to forget.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderName, header};
use url::Url;

use super::client::RequestInfo;
use super::cookies;
use super::input::{DryRun, Path, Query};
use super::login::{self, AuthSession};
use super::problem::Problem;
use crate::config::{Config, is_loopback};
use crate::domain::api_keys::{self, Scope};
use crate::domain::orgs;
use crate::domain::sessions::{self, Principal};
use crate::kernel::{Actor, Domain, Error, Op, OrgScope, Role};
use crate::state::AppState;

/// On a request that nobody's hand has caused, so that it does not keep the session from ending for want of use.
const BACKGROUND: HeaderName = HeaderName::from_static("curfew-background");

/// A signed-in person, who has just done something.
#[derive(Debug)]
pub struct Member {
    /// Their request.
    pub op: Op,
    /// Who they are.
    pub principal: Principal,
}

impl FromRequestParts<AppState> for Member {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let Watcher { op, mut principal } = Watcher::from_request_parts(parts, state).await?;
        if !parts.headers.contains_key(BACKGROUND) {
            sessions::touch(&state.db, &mut principal, op.now).await?;
        }
        Ok(Self { op, principal })
    }
}

/// A signed-in person whose tab only waits to be told something.
#[derive(Debug)]
pub struct Watcher {
    /// Their request.
    pub op: Op,
    /// Who they are.
    pub principal: Principal,
}

impl FromRequestParts<AppState> for Watcher {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let request = RequestInfo::from_request_parts(parts, state).await?;
        let auth = parts.extensions.get::<AuthSession>();
        let auth = auth.ok_or_else(|| Error::internal("a handler for people stands outside the session layer"))?;
        match auth.user.clone() {
            Some(principal) => Ok(Self { op: login::op_of(state, &request, &principal), principal }),
            // A cookie that leads nowhere was, most likely, somebody's once.
            None if had_session(&parts.headers, state) => Err(Error::session_ended().into()),
            None => Err(Error::sign_in_required().into()),
        }
    }
}

/// Somebody who may see what administrators see.
#[derive(Debug)]
pub struct Auditor {
    /// Their request.
    pub op: Op,
    /// Who they are.
    pub principal: Principal,
}

impl FromRequestParts<AppState> for Auditor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let Member { op, principal } = Member::from_request_parts(parts, state).await?;
        match principal.role {
            Role::Owner | Role::Admin | Role::Auditor => Ok(Self { op, principal }),
            Role::Member => Err(Error::not_allowed().into()),
        }
    }
}

/// Somebody who runs the org. For the act itself they proved who they are as recently as the org wants it; to ask what it
/// would do they need not have, so that they see it before they are asked for proof.
#[derive(Debug)]
pub struct Admin {
    /// Their request.
    pub op: Op,
    /// Who they are.
    pub principal: Principal,
    /// Whether they only ask. A handler must not do it then.
    pub dry_run: bool,
}

impl FromRequestParts<AppState> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let Member { op, principal } = administrator(parts, state).await?;
        let Query(DryRun { dry_run }) = Query::from_request_parts(parts, state).await?;
        if !dry_run {
            proven_lately(&principal, &op)?;
        }
        Ok(Self { op, principal, dry_run })
    }
}

/// Somebody who runs the org and has proved who they are as recently as the org wants it, for an act about which nobody can
/// ask beforehand: here `dry_run` means nothing.
#[derive(Debug)]
pub struct ProvenAdmin {
    /// Their request.
    pub op: Op,
}

impl FromRequestParts<AppState> for ProvenAdmin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let Member { op, principal } = administrator(parts, state).await?;
        proven_lately(&principal, &op)?;
        Ok(Self { op })
    }
}

async fn administrator(parts: &mut Parts, state: &AppState) -> Result<Member, Problem> {
    let member = Member::from_request_parts(parts, state).await?;
    match member.principal.role {
        Role::Owner | Role::Admin => Ok(member),
        Role::Auditor | Role::Member => Err(Error::not_allowed().into()),
    }
}

fn proven_lately(principal: &Principal, op: &Op) -> Result<(), Problem> {
    let too_old = |age| Err(Problem::from(Error::authentication_too_old()).with_max_age(age));
    principal.wanted_auth_age(op.now).map_or(Ok(()), too_old)
}

/// The session cookie's name.
pub fn cookie_name(secure: bool) -> String {
    cookies::name("curfew", secure)
}

fn had_session(headers: &HeaderMap, state: &AppState) -> bool {
    cookies::read(headers, &cookie_name(state.config.urls.secure())).is_some()
}

/// A company that the path names by its slug. Nobody has proven anything by that: what follows must.
#[derive(Debug)]
pub struct Company {
    /// The request, on behalf of nobody yet.
    pub op: Op,
    /// Its slug.
    pub slug: Domain,
}

impl FromRequestParts<AppState> for Company {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let request = RequestInfo::from_request_parts(parts, state).await?;
        let Path(slug) = Path::<String>::from_request_parts(parts, state).await?;
        let unknown = || Error::not_found("company");
        let slug = Domain::parse(&slug).ok_or_else(unknown)?;
        let org = orgs::find_by_slug(&state.db, slug.as_str()).await?.ok_or_else(unknown)?;
        Ok(Self { op: request.op(state, OrgScope::proven(org), Actor::System { job: "provider" }), slug })
    }
}

/// A scope as a type, so that a handler's signature names it.
pub trait KeyScope: Send + Sync + 'static {
    /// The scope.
    const SCOPE: Scope;
}

/// Ending sign-ins, and nothing else (draft-parecki-oauth-global-token-revocation §6.1).
#[derive(Debug)]
pub struct Revoke;

impl KeyScope for Revoke {
    const SCOPE: Scope = Scope::Revoke;
}

/// The directory: everybody of the org, and what they may do (RFC 7644).
#[derive(Debug)]
pub struct Scim;

impl KeyScope for Scim {
    const SCOPE: Scope = Scope::Scim;
}

/// Reading everybody's todos.
#[derive(Debug)]
pub struct TodosRead;

impl KeyScope for TodosRead {
    const SCOPE: Scope = Scope::TodosRead;
}

/// Adding todos to anybody's. It reads none.
#[derive(Debug)]
pub struct TodosWrite;

impl KeyScope for TodosWrite {
    const SCOPE: Scope = Scope::TodosWrite;
}

/// Reading who the org's people are.
#[derive(Debug)]
pub struct UsersRead;

impl KeyScope for UsersRead {
    const SCOPE: Scope = Scope::UsersRead;
}

/// A key of an org, good for `S`. The org is the key's; no request can name another.
#[derive(Debug)]
pub struct OrgKey<S> {
    /// The request.
    pub op: Op,
    scope: PhantomData<S>,
}

impl<S: KeyScope> FromRequestParts<AppState> for OrgKey<S> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let request = RequestInfo::from_request_parts(parts, state).await?;
        let token = bearer(&parts.headers)?;
        let now = state.clock.now();
        let key = api_keys::prove(&state.db, token, is_local(parts, state), now).await?;
        let op = request.op(state, key.scope, Actor::OrgKey { id: key.id });
        api_keys::touch(&state.db, &key, op.now).await?;
        if key.allows(S::SCOPE) {
            return Ok(Self { op, scope: PhantomData });
        }
        let tx = state.begin(&op).await?;
        api_keys::record_missing_scope(&tx, &op, S::SCOPE).await?;
        tx.commit().await?;
        // RFC 6750 §3.1
        let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{}\"", S::SCOPE);
        Err(Problem::from(Error::scope_missing(S::SCOPE.as_str())).with_challenge(challenge))
    }
}

/// Exactly one credential, in the header (RFC 6750 §2.1). Never in the body or the query: those end up in logs.
pub(super) fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    // RFC 6750 §3: a request without authentication information gets a challenge without an error code.
    let missing = || Problem::from(Error::key_refused()).with_challenge("Bearer".to_owned());
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (given.next(), given.next()) else { return Err(missing()) };
    let value = value.to_str().map_err(|_| Error::key_refused())?;
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        _ => Err(missing()),
    }
}

/// Whether the request can only have come from this machine: we listen on loopback and call ourselves so, it was
/// addressed to loopback, and no proxy is configured or has left its mark. The published article's key counts under
/// these conditions alone. A proxy that leaves no mark and calls us by a loopback name could not be told apart.
fn is_local(parts: &Parts, state: &AppState) -> bool {
    const MARKS: [&str; 6] = ["forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"];
    let left_by_proxy = |name: &str| name.starts_with("x-forwarded") || MARKS.contains(&name);
    let Config { http, urls, .. } = &*state.config;
    let host = parts.headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let host = host.or_else(|| parts.uri.authority().map(http::uri::Authority::as_str));
    let host = host.and_then(|host| Url::parse(&format!("http://{host}")).ok());
    http.listens_on_loopback_only()
        && http.trusted_proxies.is_empty()
        && is_loopback(urls.public.host())
        && host.is_some_and(|url| is_loopback(url.host()) && url.username().is_empty() && url.path() == "/")
        && !parts.headers.keys().any(|name| left_by_proxy(name.as_str()))
}
