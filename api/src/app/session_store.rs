//! The session layer's store: the well-kept one for PostgreSQL, with three differences.
//!
//! It stores a digest of the cookie, never the cookie, so that whoever reads the table can sign in as nobody. Its save
//! updates only, so that a request in flight cannot put back what a revocation has deleted. And a record belongs to a
//! sign-in, so that a visitor who is nobody leaves no row.

use std::fmt;

use axum_login::tower_sessions::session::{Id, Record};
use axum_login::tower_sessions::session_store::{self, Error};
use sea_orm::DatabaseConnection;
use tower_sessions_sqlx_store::PostgresStore;

use crate::domain::sessions::{self, SessionRecords};
use crate::http::login::DATA_KEY;
use crate::http::problem::keep;
use crate::kernel::{self, Clock, SignInId};
use crate::state::AppState;

/// The store.
#[derive(Clone)]
pub(super) struct SessionStore {
    postgres: PostgresStore,
    records: SessionRecords,
    db: DatabaseConnection,
    clock: Clock,
}

impl SessionStore {
    pub(super) fn new(state: &AppState) -> Self {
        let pool = state.db.get_postgres_connection_pool();
        let postgres = PostgresStore::new(pool.clone())
            .with_schema_name("public")
            .and_then(|store| store.with_table_name("tower_sessions"))
            .expect("these are plain identifiers");
        Self { postgres, records: SessionRecords::new(pool.clone()), db: state.db.clone(), clock: state.clock.clone() }
    }
}

impl fmt::Debug for SessionStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionStore")
    }
}

#[async_trait::async_trait]
impl tower_sessions::SessionStore for SessionStore {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        let sign_in = sign_in_of(record).ok_or_else(|| Error::Backend("a session without a sign-in".into()))?;
        // The sign-in says when it ends, and may have ended already; its record is of no use after that.
        let now = self.clock.now();
        let principal = sessions::find_principal(&self.db, sign_in, now).await;
        let principal = principal.map_err(|error| Error::Backend(keep(error).to_string()))?;
        let expires_at = principal.map_or(now, |principal| principal.expires_at);
        loop {
            let (id, data) = encode(record)?;
            if self.records.insert(&id, &data, expires_at, sign_in).await.map_err(backend)? {
                return Ok(());
            }
            record.id = Id::default();
        }
    }

    async fn save(&self, record: &Record) -> session_store::Result<()> {
        let (id, data) = encode(record)?;
        self.records.update(&id, &data).await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        match self.postgres.load(&digest(*id)).await {
            Ok(Some(record)) => Ok(Some(Record { id: *id, ..record })),
            // Written by another version of us. It means nobody.
            Err(Error::Decode(_)) => Ok(None),
            other => other.map_err(kept),
        }
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        self.postgres.delete(&digest(*id)).await.map_err(kept)
    }
}

fn digest(Id(id): Id) -> Id {
    Id(sessions::digest(id))
}

fn encode(record: &Record) -> session_store::Result<(String, Vec<u8>)> {
    let stored = Record { id: digest(record.id), ..record.clone() };
    let data = rmp_serde::to_vec(&stored).map_err(|e| Error::Encode(e.to_string()))?;
    Ok((stored.id.to_string(), data))
}

/// axum-login keeps the user's id, which is our sign-in's, under its key.
fn sign_in_of(record: &Record) -> Option<SignInId> {
    record.data.get(DATA_KEY)?.get("user_id")?.as_str()?.parse().ok()
}

fn backend(error: sqlx::Error) -> Error {
    let told = Error::Backend(error.to_string());
    keep(error.into());
    told
}

/// What the crate's store failed with. It is text by now, and can only have come from the database.
fn kept(error: Error) -> Error {
    if let Error::Backend(cause) = &error {
        keep(kernel::Error::unavailable(cause.clone()));
    }
    error
}
