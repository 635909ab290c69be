//! Global Token Revocation (draft-parecki-oauth-global-token-revocation-05): an org says "sign this person out".

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use validator::{Validate, ValidationErrors};

use super::access::{OrgKey, Revoke};
use super::input::{Body, Object};
use super::problem::{Problem, ProblemBody};
use crate::domain::api_keys;
use crate::domain::revocation::{self, Cause, Door, Order, Outcome, Reach, Subject};
use crate::kernel::{Email, Error, Op};
use crate::state::AppState;

/// RFC 9493 sets no bound; OpenID Connect Core §2 bounds `sub` at 255, and our own ids are shorter.
const MEMBER_MAX: usize = 2048;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(revoke_global_tokens))
}

/// The draft's request: one member (§3.2).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RevocationRequest {
    #[schema(value_type = SubjectIdentifier)]
    sub_id: Object<SubjectIdentifier>,
}

impl Validate for RevocationRequest {
    fn validate(&self) -> Result<(), ValidationErrors> {
        Ok(())
    }
}

/// A person, by a Subject Identifier of RFC 9493. Exactly the members of its format, none empty (§3).
#[derive(Clone, Deserialize, ToSchema)]
#[serde(tag = "format", rename_all = "snake_case", deny_unknown_fields)]
enum SubjectIdentifier {
    /// By address (§3.2.2).
    Email {
        #[schema(example = "trinity@whiterabbit.fake")]
        email: String,
    },
    /// By our id of the person (§3.2.4).
    Opaque { id: String },
    /// By an issuer and its name for the person (§3.2.3).
    IssSub { iss: String, sub: String },
}

impl TryFrom<SubjectIdentifier> for Subject {
    type Error = Error;

    fn try_from(subject: SubjectIdentifier) -> Result<Self, Error> {
        match subject {
            SubjectIdentifier::Email { email } => Email::parse(&email)
                .map(Self::Email)
                .ok_or_else(|| Error::invalid("The member \"email\" is not an e-mail address.")),
            SubjectIdentifier::Opaque { id } => Ok(Self::Opaque(member("id", id)?)),
            SubjectIdentifier::IssSub { iss, sub } => {
                Ok(Self::IssSub { iss: member("iss", iss)?, sub: member("sub", sub)? })
            }
        }
    }
}

fn member(name: &str, value: String) -> Result<String, Error> {
    if value.is_empty() || value.len() > MEMBER_MAX || value.chars().any(char::is_control) {
        return Err(Error::invalid(format!("The member \"{name}\" is empty, too long, or has control characters.")));
    }
    Ok(value)
}

/// Ends every sign-in of one person of the key's org, on every device, at once.
///
/// Checked in this order: the key (401), its scope (403), the request (400), the person (404); then 204, also for
/// somebody who is not signed in. A person of another org is answered as one who does not exist.
#[utoipa::path(post, path = "/global-token-revocation", operation_id = "revoke_global_tokens", tag = "revocation",
    request_body = RevocationRequest, security(("org_key" = ["revoke"])),
    responses(
        (status = 204, description = "Every sign-in of the person has ended"),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn revoke_global_tokens(
    State(state): State<AppState>,
    OrgKey { op, id, .. }: OrgKey<Revoke>,
    body: Result<Body<RevocationRequest>, Problem>,
) -> Result<StatusCode, Problem> {
    let subject = match body.and_then(|Body(request)| Ok(Subject::try_from(request.sub_id.0)?)) {
        Ok(subject) => subject,
        Err(problem) => return Err(refuse(&state, &op, problem).await?),
    };
    let tx = state.begin(&op).await?;
    let order = Order { subject, reach: Reach::All, cause: Cause::Demanded, door: Door::GlobalTokenRevocation };
    let outcome = revocation::revoke(&tx, &op, &order).await?;
    api_keys::touch(&tx, &op, id).await?;
    tx.commit().await?;
    match outcome {
        Outcome::Ended(_) => Ok(StatusCode::NO_CONTENT),
        Outcome::NoSuchSubject => Err(Error::not_found("person in this org").into()),
    }
}

async fn refuse(state: &AppState, op: &Op, problem: Problem) -> Result<Problem, Problem> {
    let tx = state.begin(op).await?;
    revocation::record_refusal(&tx, op, Door::GlobalTokenRevocation, problem.code()).await?;
    tx.commit().await?;
    Ok(problem)
}
