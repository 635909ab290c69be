//! Who somebody is whom a provider vouches for, and whether that is enough to let them in.

use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::{Attempt, Claims, Connection, attempt_connection, refusal, serves, store};
use crate::domain::Tx;
use crate::domain::audit::{self, Event};
use crate::domain::orgs::{self, Hold};
use crate::domain::revocation;
use crate::domain::sessions::{self, ProviderSession};
use crate::domain::users::{self, NewUser};
use crate::entity::org::{Model as Org, OrgKind};
use crate::entity::user::Model as User;
use crate::kernel::{Domain, Email, Error, Op, OrgScope, Result, Sealer, SignInId, UserId};

/// Providers count whole seconds.
const ROUNDING: Duration = Duration::seconds(1);
/// The longest name that is kept, in characters.
const NAME: usize = 200;
/// Anybody can have a Google account for any address, so the account's organisation counts there.
const GOOGLE: &str = "https://accounts.google.com";

/// What came of a browser's return.
#[derive(Debug)]
pub enum Recognised {
    /// The person has a sign-in.
    SignedIn(SignInId),
    /// They were signed out since they last proved who they are, and are to do so once more at this provider.
    MustProve(Connection),
}

/// Finds, links or makes the person, and opens a sign-in for them unless they must prove once more who they are.
///
/// # Errors
/// Forbidden, with a sentence for them, when they are not to come in; invalid, when the connection has changed since
/// they left; the database's.
pub async fn recognise(tx: &Tx, op: &Op, sealer: &Sealer, attempt: &Attempt, claims: &Claims) -> Result<Recognised> {
    // Locks are taken in the order org, person. To make or link somebody, the org must be ours alone.
    let is_known = users::find_by_identity(tx, op.scope, &claims.issuer, &claims.subject).await?.is_some();
    let hold = if is_known { Hold::Shared } else { Hold::Alone };
    let org = orgs::hold(tx, op.scope, hold).await?.ok_or_else(refusal::expired)?;
    let connection = attempt_connection(tx, op.scope, attempt).await?;
    if claims.issuer != connection.issuer {
        return Err(refusal::expired());
    }
    let user = match users::find_by_identity(tx, op.scope, &claims.issuer, &claims.subject).await? {
        Some(id) => {
            let user = users::find_locked(tx, op.scope, id).await?.ok_or_else(refusal::deactivated)?;
            still_served(tx, op.scope, &connection, &user).await?;
            user
        }
        None if is_known => return Err(refusal::expired()),
        None => by_email(tx, op, &org, &connection, claims).await?,
    };
    if !user.active {
        return Err(refusal::deactivated());
    }
    let signed_out = LastSignOut::of(&org, &user);
    match proof(tx, op, &user, signed_out, &connection, attempt, claims).await? {
        Proof::Missing if attempt.prompted && attempt.seq > signed_out.seq => Err(refusal::not_asked_again()),
        Proof::Missing => Ok(Recognised::MustProve(connection)),
        proof => {
            let by = ProviderSession {
                issuer: claims.issuer.clone(),
                subject: claims.subject.clone(),
                sid: claims.sid.clone(),
                auth_time: claims.auth_time,
                authenticated_at: authenticated_at(op, &connection, attempt, claims),
                reauth_unproven: proof == Proof::Prompted,
                id_token: claims.id_token.clone(),
            };
            Ok(Recognised::SignedIn(sessions::open_by_provider(tx, op, sealer, &org, &user, by).await?))
        }
    }
}

/// What there is to show that the person proved who they are after their last forced sign-out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// `auth_time`, or that they were never signed out.
    Given,
    /// Only that the provider was told to prompt.
    Prompted,
    Missing,
}

/// The last time that the person was signed out by force, alone or with everybody of the org.
#[derive(Clone, Copy)]
struct LastSignOut {
    seq: i64,
    at: Option<OffsetDateTime>,
}

impl LastSignOut {
    fn of(org: &Org, user: &User) -> Self {
        Self { seq: org.revoked_seq.max(user.revoked_seq), at: org.reauth_since.max(user.reauth_since) }
    }
}

/// When the person proved who they are. How long ago it was is told by the provider's clock alone, so that it does not
/// matter what that clock says. Without its word, having asked it to prompt does where the operator says that it must.
fn authenticated_at(op: &Op, connection: &Connection, attempt: &Attempt, claims: &Claims) -> Option<OffsetDateTime> {
    match claims.auth_time {
        Some(at) => Some(op.now.min(op.now - (claims.issued_at - at))),
        None => (connection.prompt_only && attempt.prompted).then_some(op.now),
    }
}

async fn proof(
    tx: &Tx,
    op: &Op,
    user: &User,
    signed_out: LastSignOut,
    connection: &Connection,
    attempt: &Attempt,
    claims: &Claims,
) -> Result<Proof> {
    // The browser left for the provider before the revocation.
    if attempt.seq <= signed_out.seq {
        return Ok(Proof::Missing);
    }
    // So did the session that they come with, before it ended there.
    if let Some(sid) = &claims.sid
        && let Some(ended) = revocation::find_ended_sid(tx, op.scope, &claims.issuer, sid).await?
        && attempt.seq <= ended
    {
        return Ok(Proof::Missing);
    }
    let authenticated_at = authenticated_at(op, connection, attempt, claims);
    // OpenID Connect Core 1.0 §3.1.3.7, 13: the age that was asked for is checked.
    let is_recent =
        |age: i32| authenticated_at.is_some_and(|at| op.now - at <= Duration::seconds(age.into()) + ROUNDING);
    if attempt.max_age.is_some_and(|age| !is_recent(age)) {
        return Ok(Proof::Missing);
    }
    if signed_out.at.is_none() && attempt.max_age.is_none() {
        return Ok(Proof::Given);
    }
    let (Some(proved_at), Some(at)) = (authenticated_at, claims.auth_time) else {
        return Ok(if authenticated_at.is_some() { Proof::Prompted } else { Proof::Missing });
    };
    let Some(since) = signed_out.at else { return Ok(Proof::Given) };
    let is_given = proved_at + ROUNDING >= since && is_newer(tx, op.scope, user.id, &claims.issuer, since, at).await?;
    Ok(if is_given { Proof::Given } else { Proof::Missing })
}

/// Whether `at` is later than every authentication that the person had used here when they were signed out. Providers
/// count whole seconds, so the sign-out's own moment cannot tell a session that is a moment older.
async fn is_newer(
    tx: &Tx,
    scope: OrgScope,
    user: UserId,
    issuer: &str,
    since: OffsetDateTime,
    at: OffsetDateTime,
) -> Result<bool> {
    let latest = sessions::latest_auth_time(tx, scope, user, issuer, since).await?;
    Ok(latest.is_none_or(|latest| at > latest))
}

/// Somebody known may have got a provider of their own since, with their domain. Guests of other domains are the org's
/// business.
async fn still_served(tx: &Tx, scope: OrgScope, connection: &Connection, user: &User) -> Result<()> {
    let Some(email) = Email::parse(&user.email) else { return Ok(()) };
    let is_own = orgs::list_domains(tx, scope).await?.iter().any(|own| own.domain == email.domain().as_str());
    if is_own && !serves(tx, scope, connection, email.domain()).await? {
        return Err(refusal::another_connection(email.domain()));
    }
    Ok(())
}

/// Somebody whom the provider's name for them does not lead to yet. An e-mail address leads to a person only where the
/// org owns its domain; what the provider thinks of it counts for less (OpenID Connect Core 1.0 §5.7).
async fn by_email(tx: &Tx, op: &Op, org: &Org, connection: &Connection, claims: &Claims) -> Result<User> {
    let email = claims.email.as_deref().and_then(Email::parse).ok_or_else(refusal::email_missing)?;
    if claims.email_verified == Some(false) {
        return Err(refusal::email_unverified());
    }
    let own = orgs::list_domains(tx, op.scope).await?;
    let is_own = |name: &str| own.iter().any(|d| d.verified_at.is_some() && d.domain == name);
    if !is_own(email.domain().as_str()) {
        return Err(refusal::email_of_another_domain(email.domain(), &org.name));
    }
    let hosted = claims.hosted_domain.as_deref().and_then(Domain::parse);
    if claims.issuer == GOOGLE && !hosted.is_some_and(|domain| is_own(domain.as_str())) {
        return Err(refusal::email_unverified());
    }
    if !serves(tx, op.scope, connection, email.domain()).await? {
        return Err(refusal::another_connection(email.domain()));
    }
    let user = match users::find_by_email_locked(tx, op.scope, &email).await? {
        Some(user) => Some(user),
        None => by_another_name(tx, op, &email).await?,
    };
    let user = match user {
        Some(user) if !user.active => return Err(refusal::deactivated()),
        // At this provider; what another one called them, which signs them in no more, does not matter.
        Some(user) if store::has_identity(tx, op.scope, user.id, &claims.issuer).await? => {
            return Err(refusal::linked_elsewhere());
        }
        Some(user) => user,
        None if !connection.provisions => return Err(refusal::no_account(&org.name)),
        None => {
            let name = name_of(claims, &email);
            let new = NewUser { email, name, password_hash: None };
            users::add(tx, op, OrgKind::Company, new).await?
        }
    };
    link(tx, op, user.id, &claims.issuer, &claims.subject).await?;
    Ok(user)
}

/// Whoever the company's directory knows by the address, though we know them by another: so that nobody has two accounts,
/// and whoever is off in one stays off.
async fn by_another_name(tx: &Tx, op: &Op, email: &Email) -> Result<Option<User>> {
    let namesakes = users::list_namesakes(tx, op.scope, email).await?;
    let there: Vec<_> = namesakes.iter().filter(|namesake| !namesake.removed).collect();
    match there[..] {
        // Their company took them off its list; only it puts them on again.
        [] if !namesakes.is_empty() => Err(refusal::deactivated()),
        [] => Ok(None),
        [one] => users::find_locked(tx, op.scope, one.id).await,
        _ if there.iter().any(|namesake| !namesake.active) => Err(refusal::deactivated()),
        _ => Err(refusal::several_people()),
    }
}

/// What the provider calls them, else the part of the address before the `@`.
fn name_of(claims: &Claims, email: &Email) -> String {
    let name = claims.name.as_deref().unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).take(NAME).collect();
    match name.trim() {
        "" => email.as_written().split('@').next().unwrap_or_default().to_owned(),
        name => name.to_owned(),
    }
}

/// Makes a person known by a provider's name for them.
///
/// # Errors
/// A conflict, when somebody of the org is known by it already; the database's.
pub async fn link(tx: &Tx, op: &Op, user: UserId, issuer: &str, subject: &str) -> Result<()> {
    let taken =
        || Error::conflict("identity_taken", "Somebody of this org is known by this issuer and subject already.");
    store::insert_identity(tx, op, user, issuer, subject)
        .await
        .map_err(|e| e.on_constraint("identities_pkey", taken))?;
    audit::record(tx, op, Event::IdentityLinked, Some(user), json!({ "issuer": issuer })).await
}

/// Forgets every provider's name for a person, so that their next sign-in links them anew. Gives how many there were.
///
/// # Errors
/// The database's.
pub async fn unlink(tx: &Tx, op: &Op, user: UserId) -> Result<u64> {
    let forgotten = store::delete_identities(tx, op.scope, user).await?;
    audit::record(tx, op, Event::IdentityUnlinked, Some(user), json!({ "identities": forgotten })).await?;
    Ok(forgotten)
}

/// Records that a sign-in by provider failed, at most once a minute for each `code`.
///
/// # Errors
/// The database's.
pub async fn record_failure(tx: &Tx, op: &Op, code: &str) -> Result<()> {
    audit::record_once_a_minute(tx, op, Event::SignInFailed, None, code).await
}
