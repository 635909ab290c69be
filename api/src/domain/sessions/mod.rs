//! Sign-ins: one row for each person on each browser. The cookie only leads here, and whether it still means anything
//! is asked at every request, twice: when the request arrives, and in the transaction that does its work. One SQL function,
//! `is_open`, says whether a sign-in is one, by what has been done to it and by the org's policy.
//!
//! Ending a sign-in is not here. That is `revocation`'s, alone.

mod store;

use std::fmt;

use sea_orm::ConnectionTrait;
use secrecy::SecretString;
use serde_json::json;
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

use super::Tx;
use super::audit::{self, Event};
use super::orgs::{self, Hold};
use super::users::Candidate;
use crate::entity::org::{Model as Org, OrgKind};
use crate::entity::sign_in::Model as SignIn;
use crate::entity::user::Model as User;
use crate::kernel::{Error, Op, OrgScope, Result, Role, Sealer, SignInId, UserId};

pub use store::SessionRecords;

/// Use of a sign-in is written down at most this often; or each quarter of the time that it may be unused, where that is
/// shorter.
const TOUCHED_EVERY: Duration = Duration::minutes(1);

/// A signed-in person, as one request sees them.
#[derive(Clone)]
pub struct Principal {
    /// The sign-in that the cookie led to.
    pub sign_in: SignInId,
    /// The person's org.
    pub scope: OrgScope,
    /// Whether it is a company.
    pub org_kind: OrgKind,
    /// What the org is called.
    pub org_name: String,
    /// A company's first domain.
    pub org_slug: Option<String>,
    /// The person.
    pub user: UserId,
    /// What they are called.
    pub name: String,
    /// Their address, as they write it.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// Whether their company's provider signed them in.
    pub by_provider: bool,
    /// When they last did something, as far as it was written down.
    pub last_seen_at: OffsetDateTime,
    /// When the sign-in ends, however much it is used.
    pub expires_at: OffsetDateTime,
    /// The org's, after which a sign-in ends that is not used.
    pub idle_timeout: Duration,
    /// When they proved who they are, if that is known.
    authenticated_at: Option<OffsetDateTime>,
    /// The org's, within which they must have, for a privileged act.
    privileged_auth_age: Duration,
    generations: [u8; 16],
}

impl Principal {
    /// The person's and the org's generation. A cookie remembers these, and is stale when either has been raised.
    pub fn generations(&self) -> &[u8; 16] {
        &self.generations
    }

    /// When the sign-in ends unless it is used.
    pub fn idle_expires_at(&self) -> OffsetDateTime {
        self.last_seen_at + self.idle_timeout
    }

    /// When it ends unless it is used, by either of its ends.
    pub fn ends_at(&self) -> OffsetDateTime {
        self.expires_at.min(self.idle_expires_at())
    }

    /// How recently the person must have proved who they are for a privileged act, if they have not by `now`.
    pub fn wanted_auth_age(&self, now: OffsetDateTime) -> Option<Duration> {
        let is_recent = self.authenticated_at.is_some_and(|at| now - at <= self.privileged_auth_age);
        (!is_recent).then_some(self.privileged_auth_age)
    }
}

/// axum-login prints the principal when debugging, so it shows ids only.
impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Principal").field("sign_in", &self.sign_in).field("user", &self.user).finish_non_exhaustive()
    }
}

/// Whose sign-in this is, while it is open and its person and org are active. Asked before a tenant is known.
///
/// # Errors
/// The database's.
pub async fn find_principal(
    db: &impl ConnectionTrait,
    sign_in: SignInId,
    now: OffsetDateTime,
) -> Result<Option<Principal>> {
    store::lookup_sign_in(db, sign_in, now).await
}

/// Writes down that the person has done something, at most every so often for each sign-in.
///
/// # Errors
/// The database's.
pub async fn touch(db: &impl ConnectionTrait, principal: &mut Principal, now: OffsetDateTime) -> Result<()> {
    if now - principal.last_seen_at < TOUCHED_EVERY.min(principal.idle_timeout / 4) {
        return Ok(());
    }
    principal.last_seen_at = now;
    store::touch(db, principal.scope, principal.sign_in, now).await
}

/// Opens a sign-in for somebody whose password has just been checked, unless anything that the check relied on has
/// changed since `candidate` was read: the password, either generation, being active, or that no provider signs the
/// person in. A revocation that came in between therefore wins.
///
/// # Errors
/// The database's.
pub async fn open(tx: &Tx, op: &Op, candidate: &Candidate) -> Result<Option<SignInId>> {
    let id = SignInId::new(op.now, &op.chance);
    // In a statement of its own: the next one then sees what whoever held the org before us did to its connections.
    orgs::hold(tx, op.scope, Hold::Shared).await?;
    if !store::insert_sign_in(tx, op, id, candidate).await? {
        return Ok(None);
    }
    audit::record(tx, op, Event::SignedIn, Some(candidate.user), json!({ "sign_in": id, "by": "password" })).await?;
    Ok(Some(id))
}

/// By which of a provider's names for people somebody has signed in, and how.
#[derive(Clone, Debug)]
pub struct ProviderSession {
    /// The issuer.
    pub issuer: String,
    /// Its name for the person.
    pub subject: String,
    /// Its session.
    pub sid: Option<String>,
    /// When the person proved who they are, as far as it says so.
    pub auth_time: Option<OffsetDateTime>,
    /// When that was by our clock; also when only our having asked for it must do for proof.
    pub authenticated_at: Option<OffsetDateTime>,
    /// Whether they had to prove it again, and that we asked for it must do for proof.
    pub reauth_unproven: bool,
    /// Its ID token, which it wants to see when the person leaves there too.
    pub id_token: SecretString,
}

/// Opens a sign-in for somebody whom a provider vouches for. `user` must be locked and their `org` held, so that neither a
/// revocation nor another end of their access comes in between.
///
/// # Errors
/// The database's.
pub async fn open_by_provider(
    tx: &Tx,
    op: &Op,
    sealer: &Sealer,
    org: &Org,
    user: &User,
    by: ProviderSession,
) -> Result<SignInId> {
    let id = SignInId::new(op.now, &op.chance);
    let mut detail = json!({ "sign_in": id, "by": "oidc", "issuer": by.issuer });
    if by.reauth_unproven {
        detail["reauth_unproven"] = true.into();
    }
    let id_token = sealer.seal(&op.chance, &id_token_place(id), &by.id_token)?;
    let expires_at = op.now + Duration::seconds(org.absolute_lifetime.into());
    store::insert_provider_sign_in(tx, op, id, user.id, by, id_token, expires_at).await?;
    audit::record(tx, op, Event::SignedIn, Some(user.id), detail).await?;
    Ok(id)
}

/// Whose open sign-in a provider's session opened; or, where the provider named no session then, the person `subject`'s.
///
/// # Errors
/// The database's.
pub async fn find_by_sid(
    tx: &Tx,
    scope: OrgScope,
    issuer: &str,
    sid: &str,
    subject: Option<&str>,
) -> Result<Option<UserId>> {
    store::find_by_sid(tx, scope, issuer, sid, subject).await
}

/// A person's open sign-ins, the newest first.
///
/// # Errors
/// The database's.
pub async fn list_open(tx: &Tx, scope: OrgScope, user: UserId, now: OffsetDateTime) -> Result<Vec<SignIn>> {
    store::list_open(tx, scope, user, now).await
}

/// A part of an org's open sign-ins.
#[derive(Debug)]
pub struct Page {
    /// How many there are in all.
    pub total: i64,
    /// The newest first, each with whose it is.
    pub sign_ins: Vec<(SignIn, User)>,
    /// The last of them, when there are more.
    pub next: Option<SignInId>,
}

/// Which part.
#[derive(Clone, Copy, Debug)]
pub struct PageOf {
    /// After this one; from the newest unless given.
    pub before: Option<SignInId>,
    /// At most so many.
    pub limit: u64,
}

/// The org's open sign-ins, of those in `only` if given.
///
/// # Errors
/// The database's.
pub async fn page(tx: &Tx, op: &Op, only: Option<Vec<SignInId>>, part: PageOf) -> Result<Page> {
    let only = only.map(|ids| ids.into_iter().map(SignInId::uuid).collect::<Vec<_>>());
    let mut sign_ins = store::list_page(tx, op, only.clone(), part).await?;
    let total = store::count_open(tx, op, only).await?;
    let limit = usize::try_from(part.limit).unwrap_or(usize::MAX);
    let more = sign_ins.len() > limit;
    sign_ins.truncate(limit);
    let next = sign_ins.last().map(|(last, _)| last.id).filter(|_| more);
    Ok(Page { total, sign_ins, next })
}

/// One sign-in.
///
/// # Errors
/// The database's.
pub async fn find(tx: &Tx, scope: OrgScope, id: SignInId) -> Result<Option<SignIn>> {
    store::find_sign_in(tx, scope, id).await
}

/// What became of a sign-in, as its browser is told.
#[derive(Clone, Debug)]
pub struct Ended {
    /// What its company is called, if it has one.
    pub org_name: Option<String>,
    /// When.
    pub at: OffsetDateTime,
    /// Why: the name of a [`super::revocation::Cause`], or by which of its own ends it was over.
    pub cause: String,
    /// Whether a provider had signed the person in.
    pub by_provider: bool,
}

/// What became of the sign-in that a cookie led to. Asked before a tenant is known.
///
/// # Errors
/// The database's.
pub async fn find_ended(db: &impl ConnectionTrait, session_digest: &str, now: OffsetDateTime) -> Result<Option<Ended>> {
    store::lookup_ended(db, session_digest, now).await
}

/// What is stored of a cookie, and tells nobody the cookie: 128 bits of SHA-256, as many as the cookie has.
pub fn digest(cookie: i128) -> i128 {
    let hash = Sha256::digest(cookie.to_le_bytes());
    let mut half = [0; 16];
    half.copy_from_slice(&hash[..16]);
    i128::from_le_bytes(half)
}

/// Where a sign-in's ID token stands, for the sealer.
pub fn id_token_place(id: SignInId) -> String {
    format!("sign_ins/{id}/id_token")
}

/// The latest authentication at `issuer` that a person had used here, in sign-ins that had ended by the moment `until`.
///
/// # Errors
/// The database's.
pub async fn latest_auth_time(
    tx: &Tx,
    scope: OrgScope,
    user: UserId,
    issuer: &str,
    until: OffsetDateTime,
) -> Result<Option<OffsetDateTime>> {
    store::latest_auth_time(tx, scope, user, issuer, until).await
}

/// The people who are signed in by a provider that is none of these; and those of `domain`, or of all domains, who are
/// signed in by password. By id.
///
/// # Errors
/// The database's.
pub async fn list_signed_in_otherwise(
    tx: &Tx,
    scope: OrgScope,
    issuers: &[String],
    domain: Option<&str>,
) -> Result<Vec<UserId>> {
    store::list_signed_in_otherwise(tx, scope, issuers, domain).await
}

/// Makes one org's rows visible in this transaction.
///
/// # Errors
/// The database's.
pub async fn enter(tx: &Tx, scope: OrgScope) -> Result<()> {
    store::enter(tx, scope).await
}

/// The same on behalf of a sign-in, which must still hold. With `for_writing` it goes on holding until the transaction
/// ends: a revocation waits, and so nothing is written by a sign-in that has been reported ended.
///
/// # Errors
/// The session has ended; the database's.
pub async fn enter_as(
    tx: &Tx,
    scope: OrgScope,
    sign_in: SignInId,
    now: OffsetDateTime,
    for_writing: bool,
) -> Result<()> {
    let holds = store::enter_as(tx, scope, sign_in, now, for_writing).await?;
    if holds { Ok(()) } else { Err(Error::session_ended()) }
}

/// The org's sign-ins, newest first, at most a thousand.
///
/// # Errors
/// The database's.
pub async fn list(tx: &Tx, scope: OrgScope) -> Result<Vec<SignIn>> {
    store::list_sign_ins(tx, scope).await
}

/// Removes what nobody can use any more: expired session records, and sign-ins that expired before `sign_ins_before`.
/// A bounded number at a time; the answer is how many went.
///
/// # Errors
/// The database's.
pub async fn sweep(db: &impl ConnectionTrait, now: OffsetDateTime, sign_ins_before: OffsetDateTime) -> Result<u64> {
    Ok(store::delete_expired_records(db, now).await? + store::sweep_sign_ins(db, sign_ins_before).await?)
}
