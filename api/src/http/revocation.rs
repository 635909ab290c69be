//! Global Token Revocation (draft-parecki-oauth-global-token-revocation-05): an org says "sign this person out", by a key
//! of its own, or by a token that its provider signed, as Okta's Universal Logout does.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use validator::Validate;

use super::access::Company;
use super::demand::{self, CompanyRevoker, Credential, Revoker};
use super::input::{Body, Object};
use super::problem::{Problem, ProblemBody};
use crate::config::Urls;
use crate::domain::revocation::{self, Cause, Door, Order, Outcome, Reach, Subject};
use crate::kernel::{Email, Error, Kind, Op};
use crate::oidc::DemandRefused;
use crate::state::AppState;

/// RFC 9493 sets no bound; OpenID Connect Core §2 bounds `sub` at 255, and our own ids are shorter.
const MEMBER_MAX: usize = 2048;
/// More names than any person has.
const ALIASES_MAX: usize = 10;
const DOOR: Door = Door::GlobalTokenRevocation;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(revoke_global_tokens))
        .routes(routes!(revoke_org_tokens))
        .routes(routes!(get_metadata))
        .routes(routes!(get_org_metadata))
}

/// The draft's request: one member (§3.2).
#[derive(Deserialize, Validate, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RevocationRequest {
    #[schema(value_type = SubjectIdentifier)]
    sub_id: Object<SubjectIdentifier>,
}

/// A person, by a Subject Identifier of RFC 9493. Exactly the members of its format, none empty (§3).
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(tag = "format", rename_all = "snake_case", deny_unknown_fields)]
enum SubjectIdentifier {
    /// By address (§3.2.2).
    Email {
        #[schema(example = "trinity@whiterabbit.fake")]
        email: String,
    },
    /// By our id of the person (§3.2.4).
    Opaque { id: String },
    /// By an issuer and its name for the person (§3.2.3), or ours.
    IssSub { iss: String, sub: String },
    /// By several of the others (§3.2.8), which must not name two people.
    Aliases {
        #[schema(no_recursion, value_type = Vec<SubjectIdentifier>)]
        identifiers: Vec<Object<SubjectIdentifier>>,
    },
}

impl TryFrom<SubjectIdentifier> for Subject {
    type Error = Error;

    fn try_from(subject: SubjectIdentifier) -> Result<Self, Error> {
        match subject {
            SubjectIdentifier::Aliases { identifiers } if (1..=ALIASES_MAX).contains(&identifiers.len()) => {
                identifiers.into_iter().map(|Object(alias)| plain(alias)).collect::<Result<_, _>>().map(Self::Aliases)
            }
            SubjectIdentifier::Aliases { .. } => {
                Err(Error::invalid(format!("There must be 1 to {ALIASES_MAX} aliases.")))
            }
            subject => plain(subject),
        }
    }
}

fn plain(subject: SubjectIdentifier) -> Result<Subject, Error> {
    match subject {
        SubjectIdentifier::Email { email } => Email::parse(&email)
            .map(Subject::Email)
            .ok_or_else(|| Error::invalid("The member \"email\" is not an e-mail address.")),
        SubjectIdentifier::Opaque { id } => Ok(Subject::Opaque(member("id", id)?)),
        SubjectIdentifier::IssSub { iss, sub } => {
            Ok(Subject::IssSub { iss: member("iss", iss)?, sub: member("sub", sub)? })
        }
        SubjectIdentifier::Aliases { .. } => Err(Error::invalid("Aliases cannot be nested.")),
    }
}

fn member(name: &str, value: String) -> Result<String, Error> {
    if value.is_empty() || value.len() > MEMBER_MAX || value.chars().any(char::is_control) {
        return Err(Error::invalid(format!("The member \"{name}\" is empty, too long, or has control characters.")));
    }
    Ok(value)
}

/// Ends every sign-in of one person of the caller's org, on every device, at once.
///
/// The caller holds a key of the org; or is its provider, with a token of Okta's Universal Logout whose `aud` is this
/// address, where issuer and client name exactly one org. Checked in this order: the credential (401), its scope (403),
/// the request (400), the person (404); then 204, also for somebody who is not signed in. A person of another org is
/// answered as one who does not exist.
#[utoipa::path(post, path = "/global-token-revocation", operation_id = "revoke_global_tokens", tag = "revocation",
    request_body = RevocationRequest, security(("org_key" = ["revoke"]), ("provider_token" = [])),
    responses(
        (status = 204, description = "Every sign-in of the person has ended"),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The provider's keys cannot be had", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn revoke_global_tokens(
    State(state): State<AppState>,
    caller: Revoker,
    body: Result<Body<RevocationRequest>, Problem>,
) -> Result<StatusCode, Problem> {
    carry_out(&state, caller, body).await
}

/// The same at an address of the company's own, for its provider alone: a token of Okta's Universal Logout, whose `aud`
/// is this address.
#[utoipa::path(post, path = "/orgs/{slug}/global-token-revocation", operation_id = "revoke_org_tokens", tag = "revocation",
    params(("slug" = String, Path, description = "The company's slug")),
    request_body = RevocationRequest, security(("provider_token" = [])),
    responses(
        (status = 204, description = "Every sign-in of the person has ended"),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The provider's keys cannot be had", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn revoke_org_tokens(
    State(state): State<AppState>,
    CompanyRevoker(caller): CompanyRevoker,
    body: Result<Body<RevocationRequest>, Problem>,
) -> Result<StatusCode, Problem> {
    carry_out(&state, caller, body).await
}

async fn carry_out(
    state: &AppState,
    Revoker { op, credential }: Revoker,
    body: Result<Body<RevocationRequest>, Problem>,
) -> Result<StatusCode, Problem> {
    let read = body.and_then(|Body(request)| {
        let json = serde_json::to_vec(&request).map_err(Error::internal)?;
        Ok((Subject::try_from(request.sub_id.0)?, json))
    });
    let (subject, request) = match read {
        Ok(read) => read,
        Err(problem) => return Err(refuse(state, &op, problem).await?),
    };
    let order = Order { subject, reach: Reach::All, cause: Cause::Demanded, door: DOOR };
    // The body may have taken its time.
    let op = Op { now: state.clock.now(), ..op };
    let tx = state.begin(&op).await?;
    let done = match &credential {
        Credential::Key => revocation::revoke(&tx, &op, &order).await.map(Some),
        Credential::Token(token) => revocation::revoke_once(&tx, &op, &order, token, &request).await,
    };
    match done {
        Ok(Some(outcome)) => {
            tx.commit().await?;
            answer(outcome)
        }
        Ok(None) => {
            drop(tx);
            Err(demand::refuse(state, &op, DOOR, DemandRefused::Replayed).await?)
        }
        Err(error) if error.kind() == Kind::Invalid => {
            drop(tx);
            Err(refuse(state, &op, error.into()).await?)
        }
        Err(error) => Err(error.into()),
    }
}

fn answer(outcome: Outcome) -> Result<StatusCode, Problem> {
    match outcome {
        Outcome::Ended(_) => Ok(StatusCode::NO_CONTENT),
        Outcome::NoSuchSubject => Err(Error::not_found("person in this org").into()),
    }
}

async fn refuse(state: &AppState, op: &Op, problem: Problem) -> Result<Problem, Problem> {
    let tx = state.begin(op).await?;
    revocation::record_refusal(&tx, op, DOOR, problem.code()).await?;
    tx.commit().await?;
    Ok(problem)
}

/// Authorization server metadata (RFC 8414 §2), as far as we are one: only its sign-outs are ours to serve.
#[derive(Serialize, ToSchema)]
struct Metadata {
    issuer: String,
    /// None: we issue no tokens.
    response_types_supported: Vec<String>,
    /// Where a demand goes (draft-parecki-oauth-global-token-revocation-05 §5).
    global_token_revocation_endpoint: String,
    /// `Bearer` is an API key; the other is Okta's signed token.
    global_token_revocation_endpoint_auth_methods_supported: Vec<&'static str>,
}

/// Where sign-outs are demanded, for all companies.
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server", operation_id = "get_metadata", tag = "revocation",
    responses((status = 200, description = "The metadata", body = Metadata)))]
async fn get_metadata(State(state): State<AppState>) -> Json<Metadata> {
    metadata(&state.config.urls, "", vec!["Bearer", "global-token-revocation+jwt"])
}

/// Where sign-outs are demanded, for one company (RFC 8414 §3.1: the issuer's path comes last).
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server/orgs/{slug}", operation_id = "get_org_metadata", tag = "revocation",
    params(("slug" = String, Path, description = "The company's slug")),
    responses(
        (status = 200, description = "The metadata", body = Metadata),
        (status = 404, description = "No such company", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn get_org_metadata(State(state): State<AppState>, company: Company) -> Json<Metadata> {
    metadata(&state.config.urls, &format!("/orgs/{}", company.slug), vec!["global-token-revocation+jwt"])
}

fn metadata(urls: &Urls, path: &str, methods: Vec<&'static str>) -> Json<Metadata> {
    let issuer = format!("{}{path}", urls.api.as_str().trim_end_matches('/'));
    Json(Metadata {
        global_token_revocation_endpoint: format!("{issuer}/global-token-revocation"),
        global_token_revocation_endpoint_auth_methods_supported: methods,
        response_types_supported: vec![],
        issuer,
    })
}
