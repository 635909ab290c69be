//! The one way a sign-in ends.
//!
//! A sign-in has two locks, and a revocation turns both in the caller's transaction: the person's generation is raised,
//! which makes every cookie that remembers an older one stale, and the sign-in's row is ended, which leaves the cookie
//! leading nowhere. Either alone keeps a cookie out. Deleting the session layer's records afterwards is housekeeping.
//!
//! This room's `store.rs` is the only file that writes `ended_at` or a generation; the architecture test checks it.

mod order;
mod store;

use serde_json::json;

use super::Tx;
use super::audit::{self, Event};
use super::users;
use crate::entity::user::Model as User;
use crate::kernel::{Op, Result, UserId};

pub use order::{Cause, Door, Order, Outcome, Reach, Receipt, Subject};
pub use store::{DELETE_RECORDS, END_SIGN_INS};

/// Carries out an order, in this order: find the person within `op.scope` and lock their row; for [`Reach::All`] raise
/// their generation; end the sign-ins; record it. Both outcomes are to be committed, for the demand itself is a fact.
///
/// Raising must come before ending: a sign-in that is being opened either is seen and ended here, or sees the raised
/// generation and is not opened.
///
/// # Errors
/// The database's; then nothing has happened.
pub async fn revoke(tx: &Tx, op: &Op, order: &Order) -> Result<Outcome> {
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

/// Records that a demand was refused, at most once per door, reason and minute. In a transaction of its own.
///
/// # Errors
/// The database's.
pub async fn record_refusal(tx: &Tx, op: &Op, door: Door, reason: &str) -> Result<()> {
    let reason = format!("{}:{reason}", door.as_str());
    audit::record_once_a_minute(tx, op, Event::RevocationRefused, None, &reason).await
}

async fn resolve(tx: &Tx, op: &Op, subject: &Subject) -> Result<Option<User>> {
    match subject {
        Subject::User(id) => users::find_locked(tx, op.scope, *id).await,
        Subject::Email(email) => users::find_by_email_locked(tx, op.scope, email).await,
        // The opaque id of RFC 9493 §3.2.4 is ours, so anything that is no id of ours names nobody.
        Subject::Opaque(id) => match id.parse::<UserId>() {
            Ok(id) => users::find_locked(tx, op.scope, id).await,
            Err(_) => Ok(None),
        },
        Subject::IssSub { iss, sub } => match users::find_by_identity(tx, op.scope, iss, sub).await? {
            Some(id) => users::find_locked(tx, op.scope, id).await,
            None => Ok(None),
        },
    }
}
