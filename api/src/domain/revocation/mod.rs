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
use super::orgs::{self, Hold, Policy};
use super::sessions::{self, Page, PageOf};
use super::users;
use crate::entity::org::Model as Org;
use crate::entity::sign_in::Model as SignIn;
use crate::entity::user::Model as User;
use crate::kernel::{Domain, Error, Op, OrgScope, Result, SignInId, UserId};

pub use order::{Announcement, Cause, Door, Order, Outcome, Reach, Receipt, Subject, Token};
pub use store::{DELETE_RECORDS, END_SIGN_INS};

/// How long an ended session of a provider's is remembered: longer than any browser takes that is on its way with it.
const SID_REMEMBERED: Duration = Duration::hours(12);

/// Carries out an order, in this order: find the person within `op.scope` and lock their row; for [`Reach::All`] raise
/// their generation; end the sign-ins; record it; announce it. Both outcomes are to be committed, for the demand itself
/// is a fact. For [`Subject::Org`] the org takes the person's place, and everybody is meant whatever the reach.
///
/// Raising must come before ending: a sign-in that is being opened either is seen and ended here, or sees the raised
/// generation and is not opened.
///
/// # Errors
/// The database's; then nothing has happened.
pub async fn revoke(tx: &Tx, op: &Op, order: &Order) -> Result<Outcome> {
    if order.subject == Subject::Org {
        return revoke_org(tx, op, order).await;
    }
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
    store::take_turn(tx, user.id.uuid()).await?;
    if order.reach == Reach::All {
        store::raise_generation(tx, op, user.id).await?;
    }
    let ended = store::end_sign_ins(tx, op, user.id, order).await?;
    // One session of a provider's may have been several people's, one after the other.
    let is_one_s = order.reach != Reach::ProviderSession;
    let told = if is_one_s { Announcement::User(user.id) } else { Announcement::Org(op.scope.org()) };
    Ok(Outcome::Ended(finish(tx, op, order, Some(user.id), &ended, told).await?))
}

async fn revoke_org(tx: &Tx, op: &Op, order: &Order) -> Result<Outcome> {
    store::take_turn(tx, op.scope.org().uuid()).await?;
    // Waits for whoever is opening a sign-in, for they hold the org; who comes after sees the raised generation.
    store::raise_org_generation(tx, op).await?;
    let ended = store::end_org_sign_ins(tx, op, order.cause).await?;
    let told = Announcement::Org(op.scope.org());
    Ok(Outcome::Ended(finish(tx, op, order, None, &ended, told).await?))
}

/// What every end of sign-ins has to leave behind.
async fn finish(
    tx: &Tx,
    op: &Op,
    order: &Order,
    user: Option<UserId>,
    ended: &[(SignInId, bool)],
    told: Announcement,
) -> Result<Receipt> {
    store::delete_session_records(tx, ended).await?;
    let sign_ins = ended.iter().filter(|(_, live)| *live).count();
    let detail = json!({
        "door": order.door.as_str(),
        "cause": order.cause.as_str(),
        "reach": order.reach.as_str(),
        "sign_ins_ended": sign_ins,
    });
    audit::record(tx, op, Event::Revoked, user, detail).await?;
    if !ended.is_empty() {
        store::announce(tx, told).await?;
    }
    Ok(Receipt { sign_ins })
}

/// Makes `policy` hold from now on, and ends at once what is over by it. Nothing that was over before comes alive by a
/// longer one: it is ended first, and no sign-in's absolute end is ever put off.
///
/// # Errors
/// The database's.
pub async fn change_policy(tx: &Tx, op: &Op, policy: Policy, door: Door) -> Result<Receipt> {
    // Alone: a sign-in that is being opened has its end by one policy or by the other.
    orgs::hold(tx, op.scope, Hold::Alone).await?;
    store::take_turn(tx, op.scope.org().uuid()).await?;
    store::hold_sign_ins(tx, op).await?;
    let before = orgs::policy(tx, op.scope).await?;
    let over = store::end_over(tx, op, before, None).await?;
    store::delete_session_records(tx, &over).await?;
    orgs::set_policy(tx, op, policy).await?;
    store::shorten_sign_ins(tx, op, policy).await?;
    let (subject, reach, cause) = (Subject::Org, Reach::All, Cause::PolicyChanged);
    let ended = store::end_over(tx, op, policy, Some(cause)).await?;
    // All of them were open: what was not has been ended above.
    let ended: Vec<_> = ended.into_iter().map(|(id, _)| (id, true)).collect();
    let order = Order { subject, reach, cause, door };
    finish(tx, op, &order, None, &ended, Announcement::Org(op.scope.org())).await
}

/// Has the org alone, its row and its turn, for who will change several things of it in one transaction: people's sign-ins
/// and, after them, the org's policy. Whoever writes in the org has its turn before a person's, so it must be had first.
/// `None` when it is closed.
///
/// # Errors
/// The database's.
pub async fn hold_org(tx: &Tx, op: &Op) -> Result<Option<Org>> {
    let org = orgs::hold(tx, op.scope, Hold::Alone).await?;
    store::take_turn(tx, op.scope.org().uuid()).await?;
    Ok(org)
}

/// Takes a domain from the org that `op` has alone, and signs out whoever has an address of it: it vouches for them no
/// more. They stay the org's people. Gives how many that are.
///
/// # Errors
/// As for [`orgs::remove_domain`].
pub async fn remove_domain(tx: &Tx, op: &Op, domain: &Domain, door: Door) -> Result<usize> {
    hold_org(tx, op).await?;
    orgs::remove_domain(tx, op, domain).await?;
    let people = users::list_of_domain(tx, op.scope, domain).await?;
    for user in &people {
        let order = Order { subject: Subject::User(*user), reach: Reach::All, cause: Cause::Demanded, door };
        revoke(tx, op, &order).await?;
    }
    Ok(people.len())
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

/// The same for an administrator: about one person or the whole org, with whose each is, part by part. `None` when there
/// is no such person.
///
/// # Errors
/// The database's.
pub async fn preview_page(tx: &Tx, op: &Op, order: &Order, part: PageOf) -> Result<Option<Page>> {
    let chosen = if order.subject == Subject::Org {
        store::find_org_sign_ins(tx, op).await?
    } else {
        let Some(user) = resolve(tx, op, &order.subject).await? else { return Ok(None) };
        store::find_sign_ins(tx, op, user.id, order).await?
    };
    sessions::page(tx, op, Some(chosen), part).await.map(Some)
}

/// What [`change_policy`] would end that is open now.
///
/// # Errors
/// The database's.
pub async fn preview_policy(tx: &Tx, op: &Op, policy: Policy, part: PageOf) -> Result<Page> {
    let chosen = store::find_over(tx, op, policy).await?;
    sessions::page(tx, op, Some(chosen), part).await
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

/// Says to every process that somebody is there, so that who listens hears something now and then.
///
/// # Errors
/// The database's.
pub async fn say_hello(db: &impl ConnectionTrait) -> Result<()> {
    store::say_hello(db).await
}

/// The number of a provider's session's end there, if we were told.
///
/// # Errors
/// The database's.
pub async fn find_ended_sid(tx: &Tx, scope: OrgScope, issuer: &str, sid: &str) -> Result<Option<i64>> {
    store::find_ended_sid(tx, scope, issuer, sid).await
}

/// Forgets spent tokens and ended sessions that no longer matter, and writes down which sign-ins are over, a bounded
/// number at a time; the answer is how many.
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
        // RFC 9493 §3.2.8: they are not nested. And everybody is nobody in particular.
        Subject::Aliases(_) | Subject::Org => Ok(None),
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
