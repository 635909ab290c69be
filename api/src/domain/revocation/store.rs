//! The SQL of ending sign-ins: the only file that writes `ended_at` or a generation.

use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{Announcement, Cause, Order, Outcome, Reach, Receipt, Subject, Token};
use crate::domain::Tx;
use crate::domain::orgs::Policy;
use crate::kernel::{Op, OrgScope, Result, SignInId, UserId};

/// Ends the sign-ins that `$chosen` chooses, for the cause that stands in `$cause`; by their own ends where that is null.
/// They are locked in one order by everybody, or two that end some of the same would wait for each other. The ID token
/// stays only for a person who leaves and may go on to their provider with it. Says of each whether it was open.
macro_rules! ending {
    ($chosen:expr, $cause:literal) => {
        concat!(
            "with chosen as (select s.id from sign_ins s ",
            $chosen,
            " order by s.id for no key update) \
             update sign_ins s set ended_at = case when ",
            $cause,
            "::text is null then ends_at(s, o) else $2 end, ended_cause = coalesce(",
            $cause,
            ", over_by(s, o)), id_token = case when ",
            $cause,
            " = 'signed_out' then s.id_token end \
             from chosen, orgs o where s.id = chosen.id and o.id = s.org_id \
             returning s.id, ends_at(s, o) > $2 as live"
        )
    };
}

/// The open ones of what `$chosen` chooses. What is shown beforehand and what is ended must not differ.
macro_rules! finding {
    ($chosen:expr) => {
        concat!(
            "select s.id from sign_ins s join orgs o on o.id = s.org_id ",
            $chosen,
            " and ends_at(s, o) > $2 order by s.id"
        )
    };
}

/// One person's: `$4` only that one, `$5` all but that one.
macro_rules! of_person {
    () => {
        "where s.org_id = $1 and s.user_id = $3 and s.ended_at is null \
           and ($4::uuid is null or s.id = $4) and ($5::uuid is null or s.id <> $5)"
    };
}

macro_rules! of_org {
    () => {
        "where s.org_id = $1 and s.ended_at is null"
    };
}

/// What is over by a policy with these two times, in seconds.
macro_rules! over {
    () => {
        "where s.org_id = $1 and s.ended_at is null \
           and (least(s.expires_at, s.created_at + make_interval(secs => $3)) <= $2 \
             or s.last_seen_at + make_interval(secs => $4) <= $2)"
    };
}

/// Public for the test of its plan.
pub const END_SIGN_INS: &str = ending!(of_person!(), "$6");
const FIND_SIGN_INS: &str = finding!(of_person!());
const END_ORG_SIGN_INS: &str = ending!(of_org!(), "$3");
const FIND_ORG_SIGN_INS: &str = finding!(of_org!());
const END_OVER: &str = ending!(over!(), "$5");
const FIND_OVER: &str = finding!(over!());

/// What one issuer's session opened, which may have been several people, one after the other; and of the person `$5`
/// there what is of no session.
const END_PROVIDER_SESSION: &str = ending!(
    "where s.org_id = $1 and s.ended_at is null and s.idp_iss = $3 \
       and (s.idp_sid = $4 or (s.idp_sid is null and s.idp_sub = $5))",
    "$6"
);

/// Deletes the records that lead to these sign-ins, and keeps which cookie it was. Public for the test of its plan.
pub const DELETE_RECORDS: &str = "with gone as ( \
         delete from tower_sessions where sign_in_id = any($1) returning id, sign_in_id) \
     update sign_ins s set session_digest = gone.id from gone where s.id = gone.sign_in_id";

/// Waits for whoever writes as this person, or as anybody of this org, and has those who come later wait behind.
pub(super) async fn take_turn(tx: &Tx, of: Uuid) -> Result<()> {
    tx.execute(statement("select pg_advisory_xact_lock(turn_of($1))", [of.into()])).await?;
    Ok(())
}

/// The mark only moves on: of two demands the one that began first may be carried out last. The number is drawn under the
/// row's lock, so that its order is the order of the revocations.
pub(super) async fn raise_generation(tx: &Tx, op: &Op, user: UserId) -> Result<()> {
    let sql = "update users \
               set generation = generation + 1, revoked_seq = nextval('revocation_seq'), \
                   reauth_since = greatest(reauth_since, $3) \
               where org_id = $1 and id = $2";
    tx.execute(statement(sql, [op.scope.org().into(), user.into(), op.now.into()])).await?;
    Ok(())
}

/// The same for everybody of the org.
pub(super) async fn raise_org_generation(tx: &Tx, op: &Op) -> Result<()> {
    let sql = "update orgs \
               set generation = generation + 1, revoked_seq = nextval('revocation_seq'), \
                   reauth_since = greatest(reauth_since, $2) \
               where id = $1";
    tx.execute(statement(sql, [op.scope.org().into(), op.now.into()])).await?;
    Ok(())
}

/// Ends them all, also what is over by our clock and may not be by another's.
pub(super) async fn end_sign_ins(tx: &Tx, op: &Op, user: UserId, order: &Order) -> Result<Vec<(SignInId, bool)>> {
    let cause = order.cause.as_str().into();
    if let (Reach::ProviderSession, Subject::ProviderSession { iss, sid, sub }) = (order.reach, &order.subject) {
        let [org, now] = here_and_now(op);
        let values = [org, now, iss.clone().into(), sid.clone().into(), sub.clone().into(), cause];
        return end(tx, END_PROVIDER_SESSION, values).await;
    }
    let [org, now, user, only, but] = choice(op, user, order.reach);
    end(tx, END_SIGN_INS, [org, now, user, only, but, cause]).await
}

/// What [`end_sign_ins`] would end of one person's.
pub(super) async fn find_sign_ins(tx: &Tx, op: &Op, user: UserId, order: &Order) -> Result<Vec<SignInId>> {
    find(tx, FIND_SIGN_INS, choice(op, user, order.reach)).await
}

/// Everybody's.
pub(super) async fn end_org_sign_ins(tx: &Tx, op: &Op, cause: Cause) -> Result<Vec<(SignInId, bool)>> {
    let [org, now] = here_and_now(op);
    end(tx, END_ORG_SIGN_INS, [org, now, cause.as_str().into()]).await
}

/// What [`end_org_sign_ins`] would end.
pub(super) async fn find_org_sign_ins(tx: &Tx, op: &Op) -> Result<Vec<SignInId>> {
    find(tx, FIND_ORG_SIGN_INS, here_and_now(op)).await
}

/// Locks everything that is open in the org, in the one order, for who will change it bit by bit.
pub(super) async fn hold_sign_ins(tx: &Tx, op: &Op) -> Result<()> {
    let sql = "select count(*) from ( \
                   select 1 from sign_ins where org_id = $1 and ended_at is null order by id for no key update) held";
    tx.query_one(statement(sql, [op.scope.org().into()])).await?;
    Ok(())
}

/// What is over by `policy`; without a cause it ended by itself, when it did.
pub(super) async fn end_over(tx: &Tx, op: &Op, policy: Policy, cause: Option<Cause>) -> Result<Vec<(SignInId, bool)>> {
    let [org, now] = here_and_now(op);
    let [absolute, idle] = times(policy);
    end(tx, END_OVER, [org, now, absolute, idle, cause.map(Cause::as_str).into()]).await
}

/// What [`end_over`] would end that is open.
pub(super) async fn find_over(tx: &Tx, op: &Op, policy: Policy) -> Result<Vec<SignInId>> {
    let [org, now] = here_and_now(op);
    let [absolute, idle] = times(policy);
    find(tx, FIND_OVER, [org, now, absolute, idle]).await
}

/// Brings the ends nearer that a policy allows no more. It puts none off.
pub(super) async fn shorten_sign_ins(tx: &Tx, op: &Op, policy: Policy) -> Result<()> {
    let sql = "update sign_ins s set expires_at = s.created_at + make_interval(secs => $2) \
               where s.org_id = $1 and s.ended_at is null \
                 and s.expires_at > s.created_at + make_interval(secs => $2)";
    let [absolute, _] = times(policy);
    tx.execute(statement(sql, [op.scope.org().into(), absolute])).await?;
    Ok(())
}

/// Tells every process, once this has been committed.
pub(super) async fn announce(tx: &Tx, told: Announcement) -> Result<()> {
    let values = [Announcement::CHANNEL.into(), told.to_string().into()];
    tx.execute(statement("select pg_notify($1, $2)", values)).await?;
    Ok(())
}

/// Means nothing to who hears it.
pub(super) async fn say_hello(db: &impl ConnectionTrait) -> Result<()> {
    let values = [Announcement::CHANNEL.into(), "hello".into()];
    db.execute(statement("select pg_notify($1, $2)", values)).await?;
    Ok(())
}

async fn end(tx: &Tx, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<Vec<(SignInId, bool)>> {
    let rows = tx.query_all(statement(sql, values)).await?;
    rows.into_iter().map(|row| Ok((row.try_get("", "id")?, row.try_get("", "live")?))).collect()
}

async fn find(tx: &Tx, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<Vec<SignInId>> {
    let rows = tx.query_all(statement(sql, values)).await?;
    rows.into_iter().map(|row| Ok(row.try_get("", "id")?)).collect()
}

fn here_and_now(op: &Op) -> [Value; 2] {
    [op.scope.org().into(), op.now.into()]
}

/// As PostgreSQL's `make_interval` takes seconds.
fn times(policy: Policy) -> [Value; 2] {
    [f64::from(policy.absolute_lifetime).into(), f64::from(policy.idle_timeout).into()]
}

fn choice(op: &Op, user: UserId, reach: Reach) -> [Value; 5] {
    let (only, but) = match reach {
        Reach::One(sign_in) => (Some(sign_in.uuid()), None),
        Reach::AllBut(sign_in) => (None, Some(sign_in.uuid())),
        Reach::All | Reach::ProviderSession => (None, None),
    };
    let [org, now] = here_and_now(op);
    [org, now, user.into(), only.into(), but.into()]
}

pub(super) async fn delete_session_records(tx: &Tx, sign_ins: &[(SignInId, bool)]) -> Result<()> {
    if sign_ins.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = sign_ins.iter().map(|(id, _)| id.uuid()).collect();
    tx.execute(statement(DELETE_RECORDS, [ids.into()])).await?;
    Ok(())
}

/// How many rows one sweep removes at most of each kind, so that it never holds much for long.
const SWEEP: i32 = 10_000;
/// What is over by one process's clock may not be by another's.
const CLOCKS_DIFFER: Duration = Duration::minutes(1);

fn statement(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// Two requests with one token take turns.
pub(super) async fn hold_token(tx: &Tx, scope: OrgScope, issuer: &str, jti: &[u8]) -> Result<()> {
    let sql = "select pg_advisory_xact_lock(hashtextextended(concat($1::text, $2::text, encode($3, 'hex')), 0))";
    tx.execute(statement(sql, [scope.org().to_string().into(), issuer.into(), jti.to_vec().into()])).await?;
    Ok(())
}

/// What a token was spent on, and what came of it.
pub(super) async fn find_spent(
    tx: &Tx,
    scope: OrgScope,
    issuer: &str,
    jti: &[u8],
) -> Result<Option<(Vec<u8>, Outcome)>> {
    let sql = "select request_digest, outcome from spent_tokens where org_id = $1 and issuer = $2 and jti_digest = $3";
    let row = tx.query_one(statement(sql, [scope.org().into(), issuer.into(), jti.to_vec().into()])).await?;
    let Some(row) = row else { return Ok(None) };
    let outcome = match row.try_get::<String>("", "outcome")?.as_str() {
        "ended" => Outcome::Ended(Receipt { sign_ins: 0 }),
        _ => Outcome::NoSuchSubject,
    };
    Ok(Some((row.try_get("", "request_digest")?, outcome)))
}

pub(super) async fn insert_spent(
    tx: &Tx,
    scope: OrgScope,
    token: &Token,
    jti: Vec<u8>,
    request: Vec<u8>,
    outcome: Outcome,
) -> Result<()> {
    let sql = "insert into spent_tokens (org_id, issuer, jti_digest, request_digest, outcome, expires_at) \
               values ($1, $2, $3, $4, $5, $6)";
    let outcome = match outcome {
        Outcome::Ended(_) => "ended",
        Outcome::NoSuchSubject => "no_such_subject",
    };
    let values: [Value; 6] = [
        scope.org().into(),
        token.issuer.clone().into(),
        jti.into(),
        request.into(),
        outcome.into(),
        token.expires_at.into(),
    ];
    tx.execute(statement(sql, values)).await?;
    Ok(())
}

pub(super) async fn remember_sid(tx: &Tx, op: &Op, issuer: &str, sid: &str, until: OffsetDateTime) -> Result<()> {
    let sql = "insert into ended_sids (org_id, issuer, sid, seq, expires_at) \
               values ($1, $2, $3, nextval('revocation_seq'), $4) \
               on conflict (org_id, issuer, sid) do update set seq = excluded.seq, expires_at = excluded.expires_at";
    let values = [op.scope.org().into(), issuer.into(), sid.into(), until.into()];
    tx.execute(statement(sql, values)).await?;
    Ok(())
}

pub(super) async fn find_ended_sid(tx: &Tx, scope: OrgScope, issuer: &str, sid: &str) -> Result<Option<i64>> {
    let sql = "select seq from ended_sids where org_id = $1 and issuer = $2 and sid = $3";
    let row = tx.query_one(statement(sql, [scope.org().into(), issuer.into(), sid.into()])).await?;
    Ok(row.map(|row| row.try_get("", "seq")).transpose()?)
}

pub(super) async fn sweep(db: &impl ConnectionTrait, before: OffsetDateTime) -> Result<u64> {
    let mut all = 0;
    for (sql, before) in [
        ("select sweep_over($1, $2) as swept", before - CLOCKS_DIFFER),
        ("select sweep_provider_sign_outs($1, $2) as swept", before),
    ] {
        let row = db.query_one(statement(sql, [before.into(), SWEEP.into()])).await?;
        let swept: i64 = row.map(|row| row.try_get("", "swept")).transpose()?.unwrap_or(0);
        all += swept.unsigned_abs();
    }
    Ok(all)
}
