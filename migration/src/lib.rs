//! The database's shape, one file per change, run in order by `api migrate`.
//!
//! Each change is a `.sql` file beside its name in the list below: row-level security, composite keys and functions
//! are the heart of this schema, and SQL says them best. A change that has been released is never edited.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement, TransactionTrait};

/// Runs the changes.
#[derive(Debug)]
pub struct Migrator;

macro_rules! changes {
    ($($name:literal),+ $(,)?) => {
        impl MigratorTrait for Migrator {
            fn migrations() -> Vec<Box<dyn MigrationTrait>> {
                vec![$(Box::new(Change { name: $name, sql: include_str!(concat!($name, ".sql")) })),+]
            }
        }
    };
}

changes![
    "m20261120_000001_tenancy",
    "m20261120_000002_todos",
    "m20261120_000003_api_keys",
    "m20261120_000004_sign_ins",
    "m20261120_000005_audit_events",
    "m20261120_000006_lookups",
    "m20261120_000007_sso",
    "m20261120_000008_upstream_sign_out",
    "m20261120_000009_session_policy",
    "m20261120_000010_directory",
    "m20261120_000011_org_api",
    "m20261120_000012_turns",
];

/// The changes' names, oldest first.
pub fn names() -> Vec<String> {
    Migrator::migrations().iter().map(|change| change.name().to_owned()).collect()
}

struct Change {
    name: &'static str,
    sql: &'static str,
}

impl MigrationName for Change {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Change {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.sql).await?;
        Ok(())
    }
}

/// Brings the database to the newest shape. Safe to run from several places at once: the second one waits.
///
/// `owner` is a connection as `curfew_owner`.
///
/// # Errors
/// The database's own, or a sentence when `roles.sql` has not been run.
pub async fn migrate(owner: &DatabaseConnection) -> Result<(), DbErr> {
    let missing = owner
        .query_one(Statement::from_string(
            DbBackend::Postgres,
            "select string_agg(r, ', ') as missing from unnest(array['curfew_app', 'curfew_lookup']) r \
             where not exists (select 1 from pg_roles where rolname = r)",
        ))
        .await?
        .map(|row| row.try_get::<Option<String>>("", "missing"))
        .transpose()?
        .flatten();
    if let Some(missing) = missing {
        return Err(DbErr::Custom(format!(
            "the database has no role {missing}: an administrator must run migration/roles.sql once"
        )));
    }
    // The migrator's own bookkeeping races when two start at once, so one of them waits here. The lock lives as long
    // as this transaction, and the changes go through a second connection.
    let gate = owner.begin().await?;
    gate.execute_unprepared("select pg_advisory_xact_lock(hashtext('curfew migrate'))").await?;
    Migrator::up(owner, None).await?;
    owner.execute_unprepared("grant select on seaql_migrations to curfew_app").await?;
    gate.commit().await
}
