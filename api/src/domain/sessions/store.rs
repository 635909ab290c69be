//! The SQL of sign-ins and of the session layer's records.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect, Statement,
};
use secrecy::ExposeSecret;
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{Ended, PageOf, Principal, ProviderSession};
use crate::domain::Tx;
use crate::domain::users::Candidate;
use crate::entity::org::OrgKind;
use crate::entity::sign_in::{Column, Entity, Model};
use crate::entity::user;
use crate::kernel::{Op, OrgId, OrgScope, Result, Role, SignInId, UserId};

/// How many rows one sweep removes at most, so that it never holds much for long.
const SWEEP: i32 = 10_000;

fn statement(sql: &str, values: impl IntoIterator<Item = sea_orm::Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

pub(super) async fn lookup_sign_in(
    db: &impl ConnectionTrait,
    sign_in: SignInId,
    now: OffsetDateTime,
) -> Result<Option<Principal>> {
    #[derive(FromQueryResult)]
    struct Row {
        org_id: OrgId,
        org_kind: OrgKind,
        org_name: String,
        org_slug: Option<String>,
        org_generation: i64,
        idle_timeout: i32,
        privileged_auth_age: i32,
        user_id: UserId,
        user_name: String,
        user_email: String,
        user_role: Role,
        user_generation: i64,
        by_provider: bool,
        authenticated_at: Option<OffsetDateTime>,
        last_seen_at: OffsetDateTime,
        expires_at: OffsetDateTime,
    }
    let lookup = statement("select * from lookup_sign_in($1, $2)", [sign_in.into(), now.into()]);
    let row = Row::find_by_statement(lookup).one(db).await?;
    Ok(row.map(|row| {
        let mut generations = [0; 16];
        generations[..8].copy_from_slice(&row.user_generation.to_be_bytes());
        generations[8..].copy_from_slice(&row.org_generation.to_be_bytes());
        Principal {
            sign_in,
            scope: OrgScope::proven(row.org_id),
            org_kind: row.org_kind,
            org_name: row.org_name,
            org_slug: row.org_slug,
            user: row.user_id,
            name: row.user_name,
            email: row.user_email,
            role: row.user_role,
            by_provider: row.by_provider,
            last_seen_at: row.last_seen_at,
            expires_at: row.expires_at,
            idle_timeout: Duration::seconds(row.idle_timeout.into()),
            authenticated_at: row.authenticated_at,
            privileged_auth_age: Duration::seconds(row.privileged_auth_age.into()),
            generations,
        }
    }))
}

pub(super) async fn touch(
    db: &impl ConnectionTrait,
    scope: OrgScope,
    sign_in: SignInId,
    now: OffsetDateTime,
) -> Result<()> {
    let sql = "select touch_sign_in($1, $2, $3)";
    db.execute(statement(sql, [scope.org().into(), sign_in.into(), now.into()])).await?;
    Ok(())
}

/// Compares and inserts in one statement. `for share` makes it wait for a revocation under way and then look again; a
/// plain foreign key would let it slip through.
pub(super) async fn insert_sign_in(tx: &Tx, op: &Op, id: SignInId, candidate: &Candidate) -> Result<bool> {
    let sql = "insert into sign_ins \
               (id, org_id, user_id, auth_time, authenticated_at, created_at, last_seen_at, expires_at, ip, agent) \
               select $1, u.org_id, u.id, $2, $2, $2, $2, $2 + make_interval(secs => o.absolute_lifetime), $3, $4 \
               from users u join orgs o on o.id = u.org_id \
               where u.org_id = $5 and u.id = $6 and u.active and o.active \
                 and not has_provider(o.id, split_part(u.email_folded, '@', 2)) \
                 and u.generation = $7 and o.generation = $8 and u.password_hash is not distinct from $9 \
               for share of o, u";
    let inserted = tx
        .execute(statement(
            sql,
            [
                id.into(),
                op.now.into(),
                op.client.ip.map(|ip| ip.to_string()).into(),
                op.client.agent.clone().into(),
                op.scope.org().into(),
                candidate.user.into(),
                candidate.generation.into(),
                candidate.org_generation.into(),
                candidate.password_hash.as_ref().map(|hash| hash.expose_secret().to_owned()).into(),
            ],
        ))
        .await?;
    Ok(inserted.rows_affected() == 1)
}

pub(super) async fn insert_provider_sign_in(
    tx: &Tx,
    op: &Op,
    id: SignInId,
    user: UserId,
    by: ProviderSession,
    id_token: Vec<u8>,
    expires_at: OffsetDateTime,
) -> Result<()> {
    let ProviderSession { issuer, subject, sid, auth_time, authenticated_at, reauth_unproven: _, id_token: _ } = by;
    let row = Model {
        id,
        org_id: op.scope.org(),
        user_id: user,
        auth_time,
        authenticated_at,
        created_at: op.now,
        last_seen_at: op.now,
        expires_at,
        ended_at: None,
        ended_cause: None,
        ip: op.client.ip.map(|ip| ip.to_string()),
        agent: op.client.agent.clone(),
        idp_iss: Some(issuer),
        idp_sub: Some(subject),
        idp_sid: sid,
        id_token: Some(id_token),
        session_digest: None,
    };
    row.into_active_model().insert(tx).await?;
    Ok(())
}

pub(super) async fn find_by_sid(
    tx: &Tx,
    scope: OrgScope,
    issuer: &str,
    sid: &str,
    subject: Option<&str>,
) -> Result<Option<UserId>> {
    let sql = "select user_id from sign_ins \
               where org_id = $1 and idp_iss = $2 and ended_at is null \
                 and (idp_sid = $3 or (idp_sid is null and idp_sub = $4)) \
               order by created_at desc limit 1";
    let row = tx.query_one(statement(sql, [scope.org().into(), issuer.into(), sid.into(), subject.into()])).await?;
    Ok(row.map(|row| row.try_get("", "user_id")).transpose()?)
}

#[expect(clippy::disallowed_methods, reason = "the scoped finder")]
pub(super) async fn list_open(tx: &Tx, scope: OrgScope, user: UserId, now: OffsetDateTime) -> Result<Vec<Model>> {
    let sql = "select s.* from sign_ins s join orgs o on o.id = s.org_id \
               where s.org_id = $1 and s.user_id = $2 and is_open(s, o, $3) order by s.created_at desc, s.id desc";
    let values = [scope.org().into(), user.into(), now.into()];
    Ok(Entity::find().from_raw_sql(statement(sql, values)).all(tx).await?)
}

/// The org's open sign-ins: `$3` only those.
macro_rules! open_in_org {
    () => {
        "from sign_ins s join orgs o on o.id = s.org_id \
         where s.org_id = $1 and is_open(s, o, $2) and ($3::uuid[] is null or s.id = any($3)) "
    };
}

/// One more than asked for, to know whether there are more.
#[expect(clippy::disallowed_methods, reason = "the scoped finders")]
pub(super) async fn list_page(
    tx: &Tx,
    op: &Op,
    only: Option<Vec<Uuid>>,
    PageOf { before, limit }: PageOf,
) -> Result<Vec<(Model, user::Model)>> {
    let sql = concat!(
        "select s.* ",
        open_in_org!(),
        "and ($4::uuid is null or (s.created_at, s.id) < \
            (select b.created_at, b.id from sign_ins b where b.org_id = $1 and b.id = $4)) \
         order by s.created_at desc, s.id desc limit $5"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let values = [op.scope.org().into(), op.now.into(), only.into(), before.map(SignInId::uuid).into(), limit.into()];
    let sign_ins = Entity::find().from_raw_sql(statement(sql, values)).all(tx).await?;
    let people = user::Entity::find()
        .filter(user::Column::OrgId.eq(op.scope.org()))
        .filter(user::Column::Id.is_in(sign_ins.iter().map(|sign_in| sign_in.user_id)))
        .all(tx)
        .await?;
    let whose = |id| people.iter().find(|person| person.id == id).cloned();
    Ok(sign_ins.into_iter().filter_map(|s| whose(s.user_id).map(|person| (s, person))).collect())
}

pub(super) async fn count_open(tx: &Tx, op: &Op, only: Option<Vec<Uuid>>) -> Result<i64> {
    let sql = concat!("select count(*) as total ", open_in_org!());
    let row = tx.query_one(statement(sql, [op.scope.org().into(), op.now.into(), only.into()])).await?;
    Ok(row.map(|row| row.try_get("", "total")).transpose()?.unwrap_or_default())
}

#[expect(clippy::disallowed_methods, reason = "the scoped finder")]
pub(super) async fn find_sign_in(tx: &Tx, scope: OrgScope, id: SignInId) -> Result<Option<Model>> {
    Ok(Entity::find().filter(Column::OrgId.eq(scope.org())).filter(Column::Id.eq(id)).one(tx).await?)
}

pub(super) async fn lookup_ended(
    db: &impl ConnectionTrait,
    session_digest: &str,
    now: OffsetDateTime,
) -> Result<Option<Ended>> {
    let sql = "select * from lookup_ended($1, $2)";
    let row = db.query_one(statement(sql, [session_digest.into(), now.into()])).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Ended {
        org_name: row.try_get("", "org_name")?,
        at: row.try_get("", "ended_at")?,
        cause: row.try_get("", "ended_cause")?,
        by_provider: row.try_get("", "by_provider")?,
    }))
}

pub(super) async fn latest_auth_time(
    tx: &Tx,
    scope: OrgScope,
    user: UserId,
    issuer: &str,
    until: OffsetDateTime,
) -> Result<Option<OffsetDateTime>> {
    let sql = "select max(auth_time) as latest from sign_ins \
               where org_id = $1 and user_id = $2 and idp_iss = $3 and ended_at <= $4";
    let values = [scope.org().into(), user.into(), issuer.into(), until.into()];
    let row = tx.query_one(statement(sql, values)).await?;
    Ok(row.map(|row| row.try_get("", "latest")).transpose()?.flatten())
}

pub(super) async fn list_signed_in_otherwise(
    tx: &Tx,
    scope: OrgScope,
    issuers: &[String],
    domain: Option<&str>,
) -> Result<Vec<UserId>> {
    let sql = "select distinct s.user_id from sign_ins s join users u on u.org_id = s.org_id and u.id = s.user_id \
               where s.org_id = $1 and s.ended_at is null \
                 and (s.idp_iss is null or s.idp_iss <> all($3)) and ($2::text is null or s.idp_iss is not null or split_part(u.email_folded, '@', 2) = $2) \
               order by s.user_id";
    let values = [scope.org().into(), domain.into(), issuers.to_vec().into()];
    let rows = tx.query_all(statement(sql, values)).await?;
    rows.into_iter().map(|row| Ok(row.try_get("", "user_id")?)).collect()
}

pub(super) async fn enter(tx: &Tx, scope: OrgScope) -> Result<()> {
    let sql = "select set_config('curfew.org_id', $1, true)";
    tx.execute(statement(sql, [scope.org().to_string().into()])).await?;
    Ok(())
}

pub(super) async fn enter_as(
    tx: &Tx,
    scope: OrgScope,
    sign_in: SignInId,
    now: OffsetDateTime,
    for_writing: bool,
) -> Result<bool> {
    let sql = "select enter_as($1, $2, $3, $4) as holds";
    let values = [scope.org().into(), sign_in.into(), now.into(), for_writing.into()];
    let row = tx.query_one(statement(sql, values)).await?;
    Ok(row.map(|row| row.try_get("", "holds")).transpose()?.unwrap_or(false))
}

#[expect(clippy::disallowed_methods, reason = "the scoped finder")]
pub(super) async fn list_sign_ins(tx: &Tx, scope: OrgScope) -> Result<Vec<Model>> {
    Ok(Entity::find()
        .filter(Column::OrgId.eq(scope.org()))
        .order_by_desc(Column::CreatedAt)
        .limit(1000)
        .all(tx)
        .await?)
}

pub(super) async fn delete_expired_records(db: &impl ConnectionTrait, now: OffsetDateTime) -> Result<u64> {
    let sql = "delete from tower_sessions where id in \
               (select id from tower_sessions where expiry_date < $1 order by expiry_date limit $2)";
    Ok(db.execute(statement(sql, [now.into(), SWEEP.into()])).await?.rows_affected())
}

pub(super) async fn sweep_sign_ins(db: &impl ConnectionTrait, before: OffsetDateTime) -> Result<u64> {
    let row = db.query_one(statement("select sweep_sign_ins($1, $2) as swept", [before.into(), SWEEP.into()])).await?;
    let swept: i64 = row.map(|row| row.try_get("", "swept")).transpose()?.unwrap_or(0);
    Ok(swept.unsigned_abs())
}

/// The two writes of the session layer that its own store does in another way.
///
/// That store's save is an upsert, so that a request in flight puts back a record which a revocation has just deleted.
/// Here a record is inserted once, for a sign-in, and afterwards only updated.
#[derive(Clone, Debug)]
pub struct SessionRecords(PgPool);

impl SessionRecords {
    /// Over the one pool.
    pub fn new(pool: PgPool) -> Self {
        Self(pool)
    }

    /// Inserts a record, or answers `false` when there is one with this id.
    ///
    /// # Errors
    /// The database's.
    pub async fn insert(
        &self,
        id: &str,
        data: &[u8],
        expires_at: OffsetDateTime,
        sign_in: SignInId,
    ) -> Result<bool, sqlx::Error> {
        let sql = "insert into tower_sessions (id, data, expiry_date, sign_in_id) values ($1, $2, $3, $4) \
                   on conflict (id) do nothing";
        let done = sqlx::query(sql).bind(id).bind(data).bind(expires_at).bind(sign_in.uuid()).execute(&self.0).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Updates a record that is there. One that has been deleted stays deleted.
    ///
    /// # Errors
    /// The database's.
    pub async fn update(&self, id: &str, data: &[u8]) -> Result<(), sqlx::Error> {
        sqlx::query("update tower_sessions set data = $2 where id = $1").bind(id).bind(data).execute(&self.0).await?;
        Ok(())
    }
}
