//! One's own account: signing in, who one is, and one's password.

use axum::Json;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use validator::{Validate, ValidationError, ValidationErrors};

use super::access::Member;
use super::client::RequestInfo;
use super::input::Body;
use super::login::{self, AuthSession, PasswordAttempt};
use super::problem::{Problem, ProblemBody};
use crate::domain::revocation::{self, Cause, Door, Order, Reach, Subject};
use crate::domain::users;
use crate::entity::org;
use crate::kernel::{Error, OrgId, Role, SignInId, UserId};
use crate::state::AppState;

/// NIST SP 800-63B-4 §3.1.1.2: a password that is the only factor has at least this many characters.
const PASSWORD_MIN: usize = 15;
/// A bound on the work of hashing. The same paragraph asks to accept at least 64.
const PASSWORD_MAX: usize = 256;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(sign_in))
        .routes(routes!(get_me))
        .routes(routes!(change_password))
        .routes(routes!(get_draft_key))
}

/// A name and a password.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Credentials {
    /// The e-mail address.
    #[schema(example = "trinity@whiterabbit.fake")]
    username: String,
    /// The password.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// Who has signed in.
#[derive(Serialize, ToSchema)]
struct SignedIn {
    /// What they are called.
    name: String,
}

/// Signs in with a password. The answer sets the session cookie.
#[utoipa::path(post, path = "/api/signin", operation_id = "sign_in", tag = "account", request_body = Credentials,
    responses(
        (status = 200, description = "Signed in", body = SignedIn),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn sign_in(
    State(state): State<AppState>,
    request: RequestInfo,
    mut auth: AuthSession,
    Body(Credentials { username, password }): Body<Credentials>,
) -> Result<Json<SignedIn>, Problem> {
    let attempt = PasswordAttempt { username, password, request: request.clone() };
    let principal = auth.authenticate(attempt).await?.ok_or_else(Error::sign_in_failed)?;
    login::establish(&mut auth, &state, &request, &principal).await?;
    Ok(Json(SignedIn { name: principal.name }))
}

/// A signed-in person, to themselves.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Me {
    id: UserId,
    /// The address as they write it.
    email: String,
    name: String,
    role: Role,
    org_id: OrgId,
    org_name: String,
    org_kind: OrgKind,
    /// A company's; null for a personal org.
    #[schema(required = true, example = "whiterabbit.fake")]
    org_slug: Option<String>,
    sign_in_method: SignInMethod,
    session: OwnSession,
}

/// What sort of org.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum OrgKind {
    /// A company.
    Company,
    /// One person without a company.
    Personal,
}

/// The session of this browser, and when it ends by itself.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OwnSession {
    id: SignInId,
    /// However much it is used.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
    /// Unless it is used. Up to a minute early, for use is written down once a minute.
    #[serde(with = "time::serde::rfc3339")]
    idle_expires_at: OffsetDateTime,
    /// The org's, after which one ends that is not used.
    idle_timeout_seconds: i64,
}

/// How somebody signed in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SignInMethod {
    /// With a password of ours.
    Password,
    /// At their company's OpenID provider.
    Oidc,
}

impl SignInMethod {
    /// By a provider or not.
    pub fn of(by_provider: bool) -> Self {
        if by_provider { Self::Oidc } else { Self::Password }
    }
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/users/me", operation_id = "get_me", security(("session" = [])), tag = "account",
    responses(
        (status = 200, description = "The person", body = Me),
        (status = 401, description = "Nobody is signed in", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn get_me(Member { principal: me, .. }: Member) -> Json<Me> {
    let session = OwnSession {
        id: me.sign_in,
        expires_at: me.expires_at,
        idle_expires_at: me.idle_expires_at(),
        idle_timeout_seconds: me.idle_timeout.whole_seconds(),
    };
    Json(Me {
        id: me.user,
        email: me.email,
        name: me.name,
        role: me.role,
        org_id: me.scope.org(),
        org_name: me.org_name,
        org_kind: match me.org_kind {
            org::OrgKind::Company => OrgKind::Company,
            org::OrgKind::Personal => OrgKind::Personal,
        },
        org_slug: me.org_slug,
        sign_in_method: SignInMethod::of(me.by_provider),
        session,
    })
}

/// A key for what a person has typed and not yet sent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DraftKey {
    /// Whose it is.
    user_id: UserId,
    /// 32 bytes, in base64url.
    #[schema(example = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA")]
    key: String,
}

/// The key under which this person's browsers keep what they have typed, so that nobody else can read it there. It is
/// the same for the same person, and nobody else is given it.
#[utoipa::path(get, path = "/api/account/draft-key", operation_id = "get_draft_key", security(("session" = [])), tag = "account",
    responses(
        (status = 200, description = "The key", body = DraftKey),
        (status = 401, description = "Nobody is signed in", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn get_draft_key(State(state): State<AppState>, Member { principal, .. }: Member) -> Json<DraftKey> {
    let purpose = format!("drafts of users/{}", principal.user);
    Json(DraftKey { user_id: principal.user, key: URL_SAFE_NO_PAD.encode(state.config.sealer.derive(&purpose)) })
}

/// The old password and the new one.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PasswordChange {
    #[schema(value_type = String, format = Password)]
    current_password: SecretString,
    /// 15 to 256 characters.
    #[schema(value_type = String, format = Password)]
    new_password: SecretString,
}

/// By hand, because what the derive does to a field it also repeats in the error.
impl Validate for PasswordChange {
    fn validate(&self) -> Result<(), ValidationErrors> {
        let mut errors = ValidationErrors::new();
        let length = self.new_password.expose_secret().chars().count();
        if !(PASSWORD_MIN..=PASSWORD_MAX).contains(&length) {
            let message = format!("The new password must have {PASSWORD_MIN} to {PASSWORD_MAX} characters.");
            errors.add("newPassword", ValidationError::new("length").with_message(message.into()));
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

/// Changes one's password and ends one's other sign-ins. This browser stays signed in, under a new cookie.
#[utoipa::path(post, path = "/api/account/password", operation_id = "change_password", security(("session" = [])), tag = "account",
    request_body = PasswordChange,
    responses(
        (status = 204, description = "Changed"),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn change_password(
    State(state): State<AppState>,
    Member { op, principal }: Member,
    auth: AuthSession,
    Body(change): Body<PasswordChange>,
) -> Result<StatusCode, Problem> {
    let tx = state.begin_read(&op).await?;
    let stored = users::find(&tx, op.scope, principal.user).await?.and_then(|user| user.password_hash);
    drop(tx);
    if !state.passwords.verify(stored.map(Into::into), change.current_password).await? {
        let tx = state.begin(&op).await?;
        users::record_wrong_password(&tx, &op, principal.user).await?;
        tx.commit().await?;
        return Err(Error::wrong_password().into());
    }
    let hash = state.passwords.hash(change.new_password).await?;
    let tx = state.begin_holding_person(&op).await?;
    users::set_password(&tx, &op, principal.user, hash).await?;
    let reach = Reach::AllBut(principal.sign_in);
    let subject = Subject::User(principal.user);
    revocation::revoke(&tx, &op, &Order { subject, reach, cause: Cause::PasswordChanged, door: Door::Account }).await?;
    tx.commit().await?;
    auth.session.cycle_id().await?;
    Ok(StatusCode::NO_CONTENT)
}
