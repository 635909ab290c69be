//! The one way a sign-in ends.
//!
//! A sign-in has two locks, and a revocation turns both in the caller's transaction: the person's generation is raised,
//! which makes every cookie that remembers an older one stale, and the sign-in's row is ended, which leaves the cookie
//! leading nowhere. Either alone keeps a cookie out. Deleting the session layer's records afterwards is housekeeping.
//!
//! A demand that a provider has signed counts once, and a session that ended there opens nothing any more here.
//!
//! This room's `store.rs` is the only file that writes `ended_at` or a generation; the architecture test checks it.

mod order;
mod store;

use sea_orm::ConnectionTrait;
use serde_json::json;
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

use super::Tx;
use super::audit::{self, Event};
use super::orgs::{self, Hold};
use super::{sessions, users};
use crate::entity::sign_in::Model as SignIn;
use crate::entity::user::Model as User;
use crate::kernel::{Error, Op, OrgScope, Result, UserId};

pub use order::{Cause, Door, Order, Outcome, Reach, Receipt, Subject, Token};
pub use store::{DELETE_RECORDS, END_SIGN_INS};

/// How long an ended session of a provider's is remembered: until every sign-in that it could have opened is over.
const SID_REMEMBERED: Duration = sessions::ABSOLUTE_LIFETIME;

/// Carries out an order, in this order: find the person within `op.scope` and lock their row; for [`Reach::All`] raise
/// their generation; end the sign-ins; record it. Both outcomes are to be committed, for the demand itself is a fact.
///
/// Raising must come before ending: a sign-in that is being opened either is seen and ended here, or sees the raised
/// generation and is not opened.
///
/// # Errors
/// The database's; then nothing has happened.
pub async fn revoke(tx: &Tx, op: &Op, order: &Order) -> Result<Outcome> {
    if let (Reach::ProviderSession, Subject::ProviderSession { iss, sid, .. }) = (order.reach, &order.subject) {
        // A browser may be on its way back with this very session: who opens a sign-in holds the org too.
        orgs::hold(tx, op.scope, Hold::Alone).await?;
        store::remember_sid(tx, op, iss, sid, op.now + SID_REMEMBERED).await?;
    }
    let Some(user) = resolve(tx, op, &order.subject).await? else {
        let detail = json!({ "door": order.door.as_str(), "subject": order.subject.format() });
        audit::record(tx, op, Event::RevocationMissed, None, detail).await?;
        return Ok(Outcome::NoSuchSubject);
    };
    if order.reach == Reach::All {
        store::raise_generation(tx, op, user.id).await?;
    }
    let ended = store::end_sign_ins(tx, op, user.id, order).await?;
    store::delete_session_records(tx, &ended).await?;
    let live = ended.iter().filter(|(_, live)| *live).count();
    let detail = json!({
        "door": order.door.as_str(),
        "cause": order.cause.as_str(),
        "reach": order.reach.as_str(),
        "sign_ins_ended": live,
    });
    audit::record(tx, op, Event::Revoked, Some(user.id), detail).await?;
    Ok(Outcome::Ended(Receipt { sign_ins: live }))
}

/// What an order about one person would end that is open now, the newest first. It is chosen by the very condition by
/// which [`revoke`] ends it. Nothing is ended, and nothing recorded.
///
/// # Errors
/// The database's.
pub async fn preview(tx: &Tx, op: &Op, order: &Order) -> Result<Vec<SignIn>> {
    let Some(user) = resolve(tx, op, &order.subject).await? else { return Ok(Vec::new()) };
    let chosen = store::find_sign_ins(tx, op, user.id, order).await?;
    let open = sessions::list_open(tx, op.scope, user.id, op.now).await?;
    Ok(open.into_iter().filter(|sign_in| chosen.contains(&sign_in.id)).collect())
}

/// The same for a signed demand, once: another time with the same `request` it is answered as it was, and nothing is
/// done. `None` when it was spent on another request.
///
/// # Errors
/// As for [`revoke`].
pub async fn revoke_once(tx: &Tx, op: &Op, order: &Order, token: &Token, request: &[u8]) -> Result<Option<Outcome>> {
    let digest = |bytes: &[u8]| Sha256::digest(bytes).to_vec();
    let (jti, request) = (digest(token.jti.as_bytes()), digest(request));
    store::hold_token(tx, op.scope, &token.issuer, &jti).await?;
    if let Some((spent_on, outcome)) = store::find_spent(tx, op.scope, &token.issuer, &jti).await? {
        return Ok((spent_on == request).then_some(outcome));
    }
    let outcome = revoke(tx, op, order).await?;
    if token.without_expiry {
        audit::record(tx, op, Event::TokenWithoutExpiry, None, json!({ "issuer": token.issuer })).await?;
    }
    store::insert_spent(tx, op.scope, token, jti, request, outcome).await?;
    Ok(Some(outcome))
}

/// The number of a provider's session's end there, if we were told.
///
/// # Errors
/// The database's.
pub async fn find_ended_sid(tx: &Tx, scope: OrgScope, issuer: &str, sid: &str) -> Result<Option<i64>> {
    store::find_ended_sid(tx, scope, issuer, sid).await
}

/// Forgets spent tokens and ended sessions that no longer matter, a bounded number at a time; the answer is how many.
///
/// # Errors
/// The database's.
pub async fn sweep(db: &impl ConnectionTrait, now: OffsetDateTime) -> Result<u64> {
    store::sweep(db, now).await
}

/// Records that a demand was refused, at most once per door, reason and minute. In a transaction of its own.
///
/// # Errors
/// The database's.
pub async fn record_refusal(tx: &Tx, op: &Op, door: Door, reason: &str) -> Result<()> {
    let reason = format!("{}:{reason}", door.as_str());
    audit::record_once_a_minute(tx, op, Event::RevocationRefused, None, &reason).await
}

/// The person a subject means, locked.
async fn resolve(tx: &Tx, op: &Op, subject: &Subject) -> Result<Option<User>> {
    let Subject::Aliases(aliases) = subject else { return resolve_one(tx, op, subject).await };
    let mut found: Option<User> = None;
    for alias in aliases {
        let user = resolve_one(tx, op, alias).await?;
        if let (Some(one), Some(other)) = (&found, &user)
            && one.id != other.id
        {
            return Err(Error::invalid("The aliases name two different people."));
        }
        found = found.or(user);
    }
    Ok(found)
}

async fn resolve_one(tx: &Tx, op: &Op, subject: &Subject) -> Result<Option<User>> {
    match subject {
        Subject::User(id) => users::find_locked(tx, op.scope, *id).await,
        Subject::Email(email) => users::find_by_email_locked(tx, op.scope, email).await,
        // The opaque id of RFC 9493 §3.2.4 is ours, so anything that is no id of ours names nobody.
        Subject::Opaque(id) => match id.parse::<UserId>() {
            Ok(id) => users::find_locked(tx, op.scope, id).await,
            Err(_) => Ok(None),
        },
        Subject::IssSub { iss, sub } => match by_issuer(tx, op, iss, sub).await? {
            Some(id) => users::find_locked(tx, op.scope, id).await,
            None => Ok(None),
        },
        Subject::ProviderSession { iss, sid, sub } => {
            match sessions::find_by_sid(tx, op.scope, iss, sid, sub.as_deref()).await? {
                Some(id) => users::find_locked(tx, op.scope, id).await,
                None => Ok(None),
            }
        }
        // RFC 9493 §3.2.8: they are not nested.
        Subject::Aliases(_) => Ok(None),
    }
}

/// The provider's name for somebody, else ours, which is what it was given where it manages the people here. Okta's own
/// examples write the issuer with a slash at the end where its ID tokens have none.
async fn by_issuer(tx: &Tx, op: &Op, iss: &str, sub: &str) -> Result<Option<UserId>> {
    let bare = iss.strip_suffix('/').unwrap_or(iss);
    let spellings = [bare.to_owned(), format!("{bare}/")];
    for issuer in &spellings {
        if let Some(user) = users::find_by_identity(tx, op.scope, issuer, sub).await? {
            return Ok(Some(user));
        }
    }
    let is_own = orgs::has_issuer(tx, op.scope, &spellings).await?;
    Ok(sub.parse::<UserId>().ok().filter(|_| is_own))
}
