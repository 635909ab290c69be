//! The SQL of people.

use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect, Select, Statement,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{Address, Candidate, Description, DomainMove, Namesake, fold};
use crate::domain::Tx;
use crate::entity::org::OrgKind;
use crate::entity::user::{Column, Entity, Model};
use crate::kernel::{Email, Op, OrgId, OrgScope, PartOf, Result, Role, UserId};

/// Removed people are not there.
#[expect(clippy::disallowed_methods, reason = "the scoped finder")]
fn of_org(scope: OrgScope) -> Select<Entity> {
    Entity::find().filter(Column::OrgId.eq(scope.org())).filter(Column::RemovedAt.is_null())
}

pub(super) async fn insert_user(
    tx: &Tx,
    op: &Op,
    org_kind: OrgKind,
    description: &Description,
    password_hash: Option<SecretString>,
) -> Result<Model> {
    let Description { user_name, external_id, email, emails, name, profile } = description;
    let user = Model {
        id: UserId::new(op.now, &op.chance),
        org_id: op.scope.org(),
        org_kind,
        email: email.as_written().to_owned(),
        email_folded: email.folded().to_owned(),
        name: name.clone(),
        role: if org_kind == OrgKind::Personal { Role::Owner } else { Role::Member },
        active: true,
        password_hash: password_hash.map(|hash| hash.expose_secret().to_owned()),
        generation: 0,
        revoked_seq: 0,
        reauth_since: None,
        created_at: op.now,
        user_name: user_name.clone(),
        user_name_folded: fold(user_name),
        external_id: external_id.clone(),
        profile: Value::Object(profile.clone()),
        updated_at: op.now,
        removed_at: None,
    };
    let user = user.into_active_model().insert(tx).await?;
    insert_emails(tx, op, user.id, emails).await?;
    Ok(user)
}

async fn insert_emails(tx: &Tx, op: &Op, user: UserId, emails: &[Address]) -> Result<()> {
    let sql = "insert into user_emails (org_id, user_id, position, value, value_folded, type, display, is_primary) \
               select $1, $2, e.n, e.value, e.folded, e.type, e.display, e.main \
               from jsonb_to_recordset($3) as e (n int, value text, folded text, type text, display text, main boolean)";
    let rows = emails.iter().enumerate().map(|(n, email)| {
        json!({ "n": n, "value": email.value, "folded": email.folded(), "type": email.kind,
            "display": email.display, "main": email.primary })
    });
    let values = [op.scope.org().into(), user.into(), Value::Array(rows.collect()).into()];
    tx.execute(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    Ok(())
}

pub(super) async fn update_description(
    tx: &Tx,
    op: &Op,
    id: UserId,
    Description { user_name, external_id, email, emails, name, profile }: &Description,
) -> Result<bool> {
    let updated = Entity::update_many()
        .col_expr(Column::UserName, Expr::value(user_name))
        .col_expr(Column::UserNameFolded, Expr::value(fold(user_name)))
        .col_expr(Column::ExternalId, Expr::value(external_id.clone()))
        .col_expr(Column::Email, Expr::value(email.as_written()))
        .col_expr(Column::EmailFolded, Expr::value(email.folded()))
        .col_expr(Column::Name, Expr::value(name))
        .col_expr(Column::Profile, Expr::value(Value::Object(profile.clone())))
        .col_expr(Column::UpdatedAt, Expr::value(op.now))
        .filter(Column::OrgId.eq(op.scope.org()))
        .filter(Column::Id.eq(id))
        .filter(Column::RemovedAt.is_null())
        .exec(tx)
        .await?;
    let sql = "delete from user_emails where org_id = $1 and user_id = $2";
    let values = [op.scope.org().into(), id.into()];
    tx.execute(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    insert_emails(tx, op, id, emails).await?;
    Ok(updated.rows_affected > 0)
}

pub(super) async fn release_identities(tx: &Tx, scope: OrgScope, description: &Description) -> Result<i64> {
    let Description { user_name, external_id, email, .. } = description;
    let values = [scope.org().into(), email.folded().into(), fold(user_name).into(), external_id.clone().into()];
    let sql = "select release_identities($1, $2, $3, $4) as released";
    let row = tx.query_one(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    Ok(row.map(|row| row.try_get("", "released")).transpose()?.unwrap_or(0))
}

pub(super) async fn list_ids_at(tx: &Tx, scope: OrgScope, domain: &str) -> Result<Vec<UserId>> {
    let sql = "select id from users where org_id = $1 and split_part(email_folded, '@', 2) = $2 order by id";
    let values = [scope.org().into(), domain.into()];
    let rows = tx.query_all(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    rows.into_iter().map(|row| Ok(row.try_get("", "id")?)).collect()
}

pub(super) async fn list_namesakes(tx: &Tx, scope: OrgScope, email: &Email) -> Result<Vec<Namesake>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: UserId,
        active: bool,
        removed: bool,
    }
    let sql = "select u.id, u.active, u.removed_at is not null as removed from users u where u.org_id = $1 and u.id in ( \
                   select id from users where org_id = $1 and email_folded = $2 \
                   union select id from users where org_id = $1 and user_name_folded in ($2, $3) \
                   union select user_id from user_emails where org_id = $1 and value_folded = $2)";
    let values = [scope.org().into(), email.folded().into(), fold(email.as_written()).into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    let rows = Row::find_by_statement(statement).all(tx).await?;
    Ok(rows.into_iter().map(|Row { id, active, removed }| Namesake { id, active, removed }).collect())
}

pub(super) async fn list_users(tx: &Tx, scope: OrgScope) -> Result<Vec<Model>> {
    Ok(of_org(scope).order_by_asc(Column::CreatedAt).order_by_asc(Column::Id).all(tx).await?)
}

/// One more than asked for, to know whether there are more.
pub(super) async fn list_part(tx: &Tx, scope: OrgScope, PartOf { after, limit }: PartOf) -> Result<Vec<Model>> {
    let mut found = of_org(scope);
    if let Some(after) = after {
        let place = Expr::tuple([Expr::col(Column::CreatedAt).into(), Expr::col(Column::Id).into()]);
        found = found.filter(place.gt(Expr::tuple([after.at.into(), after.id.into()])));
    }
    let in_order = found.order_by_asc(Column::CreatedAt).order_by_asc(Column::Id);
    Ok(in_order.limit(limit.saturating_add(1)).all(tx).await?)
}

pub(super) async fn list_names(tx: &Tx, scope: OrgScope, ids: Vec<UserId>) -> Result<Vec<(UserId, String)>> {
    let named = of_org(scope).filter(Column::Id.is_in(ids)).select_only().columns([Column::Id, Column::Name]);
    Ok(named.into_tuple().all(tx).await?)
}

pub(super) async fn find_by_email(tx: &Tx, scope: OrgScope, folded: &str) -> Result<Option<Model>> {
    Ok(of_org(scope).filter(Column::EmailFolded.eq(folded)).one(tx).await?)
}

pub(super) async fn find_user(tx: &Tx, scope: OrgScope, id: UserId) -> Result<Option<Model>> {
    Ok(of_org(scope).filter(Column::Id.eq(id)).one(tx).await?)
}

// `no key update` is as strong as a change of the row needs, and lets rows that refer to it be inserted meanwhile.

pub(super) async fn find_by_email_locked(tx: &Tx, scope: OrgScope, folded: &str) -> Result<Option<Model>> {
    Ok(of_org(scope).filter(Column::EmailFolded.eq(folded)).lock(LockType::NoKeyUpdate).one(tx).await?)
}

pub(super) async fn find_locked(tx: &Tx, scope: OrgScope, id: UserId) -> Result<Option<Model>> {
    Ok(of_org(scope).filter(Column::Id.eq(id)).lock(LockType::NoKeyUpdate).one(tx).await?)
}

pub(super) async fn find_by_identity(tx: &Tx, scope: OrgScope, issuer: &str, subject: &str) -> Result<Option<UserId>> {
    let sql = "select user_id from identities where org_id = $1 and issuer = $2 and subject = $3";
    let values = [scope.org().into(), issuer.into(), subject.into()];
    let row = tx.query_one(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    Ok(row.map(|row| row.try_get("", "user_id")).transpose()?)
}

pub(super) async fn lookup_password(db: &impl ConnectionTrait, email: &Email) -> Result<Option<Candidate>> {
    #[derive(FromQueryResult)]
    struct Row {
        org_id: OrgId,
        org_generation: i64,
        user_id: UserId,
        user_generation: i64,
        password_hash: Option<String>,
        by_provider: bool,
    }
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "select * from lookup_password($1, $2)",
        [email.folded().into(), email.domain().as_str().into()],
    );
    let row = Row::find_by_statement(statement).one(db).await?;
    Ok(row.map(|row| Candidate {
        org: row.org_id,
        org_generation: row.org_generation,
        user: row.user_id,
        generation: row.user_generation,
        password_hash: row.password_hash.map(SecretString::from),
        by_provider: row.by_provider,
    }))
}

pub(super) async fn update_password(tx: &Tx, scope: OrgScope, id: UserId, hash: &SecretString) -> Result<bool> {
    let updated = Entity::update_many()
        .col_expr(Column::PasswordHash, Expr::value(hash.expose_secret()))
        .filter(Column::OrgId.eq(scope.org()))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(updated.rows_affected > 0)
}

pub(super) async fn list_of_domain(tx: &Tx, scope: OrgScope, domain: &str) -> Result<Vec<UserId>> {
    let sql = "select id from users \
               where org_id = $1 and split_part(email_folded, '@', 2) = $2 and removed_at is null order by id";
    let values = [scope.org().into(), domain.into()];
    let rows = tx.query_all(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    rows.into_iter().map(|row| Ok(row.try_get("", "id")?)).collect()
}

pub(super) async fn list_domain_moves(owner: &impl ConnectionTrait, domain: &str) -> Result<Vec<DomainMove>> {
    #[derive(FromQueryResult)]
    struct Row {
        user_id: UserId,
        org_id: OrgId,
        email: String,
        merges_into: Option<UserId>,
        target_active: Option<bool>,
        todos: i64,
    }
    let sql = "select * from list_domain_moves($1)";
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [domain.into()]);
    let rows = Row::find_by_statement(statement).all(owner).await?;
    Ok(rows
        .into_iter()
        .map(|Row { user_id, org_id, email, merges_into, target_active, todos }| DomainMove {
            user: user_id,
            from: org_id,
            email,
            merges_into,
            blocked: target_active == Some(false),
            todos,
        })
        .collect())
}

pub(super) async fn move_user(owner: &Tx, id: UserId, domain: &str) -> Result<bool> {
    let sql = "select move_user($1, $2) as moved";
    let values = [id.into(), domain.into()];
    let row = owner.query_one(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    Ok(row.map(|row| row.try_get("", "moved")).transpose()?.unwrap_or(false))
}

pub(super) async fn merge_user(owner: &Tx, id: UserId, domain: &str) -> Result<bool> {
    let sql = "select merge_user($1, $2) as merged";
    let values = [id.into(), domain.into()];
    let row = owner.query_one(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    Ok(row.map(|row| row.try_get("", "merged")).transpose()?.unwrap_or(false))
}
