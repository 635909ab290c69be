//! Signing in: the axum-login backend, and the one way a cookie comes to mean somebody.

use axum_login::{AuthUser, AuthnBackend};
use secrecy::SecretString;

use super::client::RequestInfo;
use super::problem::{Problem, keep};
use crate::domain::audit::{self, Event};
use crate::domain::revocation::{self, Cause, Door, Order, Reach, Subject};
use crate::domain::sessions::{self, Principal};
use crate::domain::users::{self, Candidate};
use crate::kernel::{Actor, Email, Error, Op, OrgScope, Result, SignInId};
use crate::state::AppState;

/// Whoever the cookie of this request leads to.
pub type AuthSession = axum_login::AuthSession<Backend>;

/// The key under which axum-login keeps its data in the session. The number changes with the data's shape: an old
/// cookie then means nobody, where it would otherwise be an error.
pub const DATA_KEY: &str = "curfew.1";

/// Answers axum-login's questions.
#[derive(Clone, Debug)]
pub struct Backend(AppState);

impl Backend {
    /// Over the API's state.
    pub fn new(state: AppState) -> Self {
        Self(state)
    }
}

/// A name and a password, and who sent them.
#[derive(Clone)]
pub struct PasswordAttempt {
    /// The e-mail address as typed.
    pub username: String,
    /// The password as typed.
    pub password: SecretString,
    /// The request.
    pub request: RequestInfo,
}

impl AuthUser for Principal {
    /// Not the person but the sign-in: ending its row ends the cookie.
    type Id = SignInId;

    fn id(&self) -> SignInId {
        self.sign_in
    }

    fn session_auth_hash(&self) -> &[u8] {
        self.generations()
    }
}

impl AuthnBackend for Backend {
    type User = Principal;
    type Credentials = PasswordAttempt;
    type Error = Error;

    /// Checks a password and opens a sign-in. `None` for a stranger, a wrong password, somebody whom their company's
    /// provider signs in, and somebody whose access was revoked meanwhile, all alike.
    async fn authenticate(&self, attempt: PasswordAttempt) -> Result<Option<Principal>> {
        let state = &self.0;
        let candidate = match Email::parse(&attempt.username) {
            Some(email) => users::find_candidate(&state.db, &email).await?,
            None => None,
        };
        let candidate = candidate.filter(|candidate| !candidate.by_provider);
        let hash = candidate.as_ref().and_then(|c| c.password_hash.clone());
        let matches = state.passwords.verify(hash, attempt.password).await?;
        match candidate {
            Some(candidate) if matches => open(state, &attempt.request, &candidate).await,
            Some(candidate) => {
                record_failure(state.clone(), &attempt.request, &candidate);
                Ok(None)
            }
            None => Ok(None),
        }
    }

    async fn get_user(&self, sign_in: &SignInId) -> Result<Option<Principal>> {
        sessions::find_principal(&self.0.db, *sign_in, self.0.clock.now()).await.map_err(keep)
    }
}

async fn open(state: &AppState, request: &RequestInfo, candidate: &Candidate) -> Result<Option<Principal>> {
    let op = request.op(state, OrgScope::proven(candidate.org), Actor::System { job: "sign_in" });
    let tx = state.begin_in(op.scope).await?;
    let Some(sign_in) = sessions::open(&tx, &op, candidate).await? else { return Ok(None) };
    tx.commit().await?;
    sessions::find_principal(&state.db, sign_in, op.now).await
}

/// Beside the answer, not before it: a person we know must not be told from a stranger by how long it takes.
fn record_failure(state: AppState, request: &RequestInfo, candidate: &Candidate) {
    let op = request.op(&state, OrgScope::proven(candidate.org), Actor::System { job: "sign_in" });
    let user = candidate.user;
    tokio::spawn(async move {
        let recorded = async {
            let tx = state.begin_in(op.scope).await?;
            audit::record_once_a_minute(&tx, &op, Event::SignInFailed, Some(user), "wrong_password").await?;
            Ok::<_, Error>(tx.commit().await?)
        };
        if let Err(error) = recorded.await {
            tracing::warn!(?error, "a failed sign-in could not be recorded");
        }
    });
}

/// Makes this browser's cookie mean `principal`, whose sign-in is committed already.
///
/// The session is emptied and its id replaced here, because axum-login replaces it only where nobody was signed in
/// before: an id that somebody planted would live on. Whoever was signed in before in this browser is signed out.
///
/// # Errors
/// The database's.
pub async fn establish(
    auth: &mut AuthSession,
    state: &AppState,
    request: &RequestInfo,
    principal: &Principal,
) -> Result<(), Problem> {
    if let Some(previous) = auth.user.clone() {
        end(state, &op_of(state, request, &previous), &previous, Cause::Replaced).await?;
    }
    if auth.session.id().is_some() {
        auth.session.flush().await?;
        auth.session.cycle_id().await?;
    }
    auth.login(principal).await?;
    Ok(())
}

/// Ends this browser's sign-in and clears its cookie. Nobody being signed in is no failure.
///
/// # Errors
/// The database's.
pub async fn leave(auth: &mut AuthSession, state: &AppState, request: &RequestInfo) -> Result<(), Problem> {
    if let Some(principal) = auth.user.clone() {
        end(state, &op_of(state, request, &principal), &principal, Cause::SignedOut).await?;
    }
    if auth.session.id().is_some() {
        auth.logout().await?;
    }
    Ok(())
}

/// The request on behalf of a signed-in person.
pub fn op_of(state: &AppState, request: &RequestInfo, principal: &Principal) -> Op {
    let Principal { user, role, sign_in, scope, .. } = *principal;
    request.op(state, scope, Actor::User { id: user, role, sign_in })
}

async fn end(state: &AppState, op: &Op, principal: &Principal, cause: Cause) -> Result<(), Problem> {
    let order = Order {
        subject: Subject::User(principal.user),
        reach: Reach::One(principal.sign_in),
        cause,
        door: Door::Account,
    };
    // Not `begin`: a sign-in that has ended meanwhile is what was asked for.
    let tx = state.begin_in(op.scope).await?;
    revocation::revoke(&tx, op, &order).await?;
    Ok(tx.commit().await?)
}
