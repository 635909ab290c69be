//! Proofs of a provider's demand: extractors and steps for tokens that a company's provider signs. What they yield is an
//! [`Op`] in that company, on behalf of its provider.

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::access::{Company, OrgKey, Revoke, bearer};
use super::client::RequestInfo;
use super::problem::Problem;
use crate::domain::revocation::{self, Door, Token};
use crate::domain::sso::{self, Connection};
use crate::kernel::{Actor, Error, Op, OrgScope};
use crate::oidc::{self, DemandRefused, Origin, Rejection};
use crate::state::AppState;

/// Where every company's provider may send its demands, below our own address.
const SHARED: &str = "/global-token-revocation";

/// By what somebody may end sign-ins.
#[derive(Debug)]
pub enum Credential {
    /// A key of the org.
    Key,
    /// A token that the org's provider signed, to be spent.
    Token(Token),
}

/// Somebody who may end the sign-ins of one org's people.
#[derive(Debug)]
pub struct Revoker {
    /// The request.
    pub op: Op,
    /// By what.
    pub credential: Credential,
}

/// With a key, or with a token whose issuer and client name exactly one org.
impl FromRequestParts<AppState> for Revoker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let token = bearer(&parts.headers)?.to_owned();
        // A JWT has two dots (RFC 7515 §3.1), and no key has one.
        if token.split('.').count() != 3 {
            let key = OrgKey::<Revoke>::from_request_parts(parts, state).await?;
            return Ok(Self { op: key.op, credential: Credential::Key });
        }
        let request = RequestInfo::from_request_parts(parts, state).await?;
        let (issuer, client_id) = oidc::stated_origin(&token).map_err(refused)?;
        let org = sso::find_by_client(&state.db, &issuer, &client_id).await?;
        let org = org.ok_or_else(|| refused(DemandRefused::Issuer))?;
        let op = request.op(state, OrgScope::proven(org), Actor::System { job: "provider" });
        prove(state, &request, op, &token, SHARED).await
    }
}

/// The same at the company's own address, with a token alone.
#[derive(Debug)]
pub struct CompanyRevoker(pub Revoker);

impl FromRequestParts<AppState> for CompanyRevoker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let company = Company::from_request_parts(parts, state).await?;
        let token = bearer(&parts.headers)?.to_owned();
        let request = RequestInfo::from_request_parts(parts, state).await?;
        let path = format!("/orgs/{}{SHARED}", company.slug);
        prove(state, &request, company.op, &token, &path).await.map(Self)
    }
}

async fn prove(state: &AppState, request: &RequestInfo, op: Op, token: &str, path: &str) -> Result<Revoker, Problem> {
    let audience = state.config.urls.api.join(path).map_err(Error::internal)?;
    let (connections, audience) = (connections(state, &op).await?, audience.as_str());
    let proven = match oidc::stated_origin(token) {
        Ok(stated) => match connections.iter().find(|c| (&c.issuer, &c.client_id) == (&stated.0, &stated.1)) {
            Some(connection) => {
                let issuer = oidc::parse_issuer(&connection.issuer)?;
                let from = Origin { issuer: &issuer, client_id: &connection.client_id };
                state.providers.revocation_demand(token, from, audience).await
            }
            None => Err(Rejection::Refused(DemandRefused::Issuer)),
        },
        Err(malformed) => Err(Rejection::Refused(malformed)),
    };
    match proven {
        Ok(token) => {
            let op = request.op(state, op.scope, Actor::Idp { issuer: token.issuer.clone() });
            Ok(Revoker { op, credential: Credential::Token(token) })
        }
        Err(Rejection::Refused(reason)) => Err(refuse(state, &op, Door::GlobalTokenRevocation, reason).await?),
        Err(Rejection::Unknown(error)) => Err(Error::keys_unavailable(error).into()),
    }
}

/// The org's connections, read in a transaction of their own: the network comes next.
pub(super) async fn connections(state: &AppState, op: &Op) -> Result<Vec<Connection>, Error> {
    let tx = state.begin_in(op.scope).await?;
    sso::list_connections(&tx, op.scope).await
}

/// Records that a token was refused, and says why.
pub(super) async fn refuse(state: &AppState, op: &Op, door: Door, reason: DemandRefused) -> Result<Problem, Problem> {
    let tx = state.begin_in(op.scope).await?;
    revocation::record_refusal(&tx, op, door, reason.as_str()).await?;
    tx.commit().await?;
    Ok(refused(reason))
}

/// RFC 6750 §3.1
fn refused(reason: DemandRefused) -> Problem {
    let problem = Problem::from(Error::token_refused(reason.sentence()));
    problem.with_challenge("Bearer error=\"invalid_token\"".to_owned())
}
