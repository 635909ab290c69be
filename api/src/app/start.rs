//! What must be true before anybody is served. Each failure is one sentence.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;

use crate::config::{Config, Limits};
use crate::domain::users::Passwords;
use crate::kernel::{Chance, Clock};
use crate::oidc::Providers;
use crate::state::{AppState, Live};

/// A request waits this long for a connection before it is told to come back.
const ACQUIRE: Duration = Duration::from_secs(3);

/// Connects as the runtime role, and refuses a role that could pass the tenant wall or a database of another shape.
///
/// # Errors
/// A sentence for the operator.
pub async fn state(config: Config) -> Result<AppState> {
    let db = connect_bounded(&config).await.context(
        "Cannot connect to the database that DATABASE_URL names: is it running, and are name and password right?",
    )?;
    refuse_powerful_role(&db).await?;
    refuse_other_shape(&db).await?;
    let chance = Chance::os();
    let passwords = Passwords::new(chance.clone());
    let clock = Clock::system();
    let providers = Providers::new(&config.providers, config.limits, clock.clone(), chance.clone())
        .context("Cannot set up TLS.")?;
    Ok(AppState { db, clock, chance, passwords, providers, live: Live::default(), config: Arc::new(config) })
}

/// The pool that requests are served from: nothing in it waits for ever.
///
/// # Errors
/// The database's.
pub async fn connect_bounded(config: &Config) -> Result<DatabaseConnection> {
    let Limits { statement, lock, request, .. } = config.limits;
    let milliseconds = |limit: Duration| limit.as_millis().to_string();
    let settings = [
        ("statement_timeout", milliseconds(statement)),
        ("lock_timeout", milliseconds(lock)),
        // A process that stops in the middle of a transaction must not hold a revocation up.
        ("idle_in_transaction_session_timeout", milliseconds(request)),
    ];
    let mut options = options(&config.database.url, config.database.connections);
    options.map_sqlx_postgres_opts(move |postgres| postgres.options(settings.clone()));
    Ok(Database::connect(options).await?)
}

/// A pool of at most `connections` for the operator's work, which may take long.
///
/// # Errors
/// The database's.
pub async fn connect(url: &SecretString, connections: u32) -> Result<DatabaseConnection> {
    Ok(Database::connect(options(url, connections)).await?)
}

fn options(url: &SecretString, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url.expose_secret());
    options
        .max_connections(connections)
        .acquire_timeout(ACQUIRE)
        .connect_timeout(ACQUIRE)
        // A ping before every use would cost each request a round trip. A connection that died is noticed by its first
        // user, who is told to come back, and is replaced.
        .test_before_acquire(false)
        .sqlx_logging(false);
    options
}

/// Refuses a role that could pass the tenant wall.
///
/// # Errors
/// A sentence for the operator.
pub async fn refuse_powerful_role(db: &DatabaseConnection) -> Result<()> {
    let sql = "select current_user::text as name, \
               r.rolsuper or r.rolbypassrls or pg_has_role(current_user, 'curfew_lookup', 'member') or exists (select 1 from pg_class c join pg_namespace n \
                 on n.oid = c.relnamespace where n.nspname = 'public' and pg_has_role(c.relowner, 'member')) as powerful \
               from pg_roles r where r.rolname = current_user";
    let row = db.query_one(Statement::from_string(DbBackend::Postgres, sql)).await?;
    let row = row.ok_or_else(|| anyhow!("The database does not know the role we are connected as."))?;
    if row.try_get::<bool>("", "powerful")? {
        let name: String = row.try_get("", "name")?;
        bail!("DATABASE_URL connects as {name}, which owns the tables or passes row-level security: use curfew_app.");
    }
    Ok(())
}

/// The database's time.
///
/// # Errors
/// The database's.
pub async fn now(db: &DatabaseConnection) -> Result<OffsetDateTime> {
    let row = db.query_one(Statement::from_string(DbBackend::Postgres, "select now() as now")).await?;
    Ok(row.context("There is no time")?.try_get("", "now")?)
}

/// Refuses a database that another version of this program has made.
///
/// # Errors
/// A sentence for the operator.
pub async fn refuse_other_shape(db: &DatabaseConnection) -> Result<()> {
    let sql = "select version from seaql_migrations order by version";
    let done = db
        .query_all(Statement::from_string(DbBackend::Postgres, sql))
        .await
        .map_err(|_| anyhow!("The database is empty: run `api migrate` first."))?
        .iter()
        .map(|row| row.try_get::<String>("", "version"))
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(missing) = migration::names().iter().find(|name| !done.contains(name)) {
        bail!("The database is older than this program ({missing} is missing): run `api migrate` first.");
    }
    Ok(())
}
