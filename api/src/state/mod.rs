//! What every handler may ask for, and the way into a tenant.

mod live;

use std::sync::Arc;

use sea_orm::{DatabaseConnection, TransactionTrait};

use crate::config::Config;
use crate::domain::api_keys;
use crate::domain::orgs::{self, Hold};
use crate::domain::users::{self, Passwords};
use crate::domain::{Tx, sessions};
use crate::kernel::{Actor, ApiKeyId, Chance, Clock, Error, Op, OrgScope, Result, Role, SignInId, UserId};
use crate::oidc::Providers;

pub use live::{Heard, Live, STREAMS_PER_PERSON, Subscription};

/// The parts of a running API. Clones share them.
#[derive(Clone, Debug)]
pub struct AppState {
    /// The one pool, as the runtime role.
    pub db: DatabaseConnection,
    /// The time.
    pub clock: Clock,
    /// Random bytes.
    pub chance: Chance,
    /// Checks passwords.
    pub passwords: Passwords,
    /// Companies' OpenID providers.
    pub providers: Providers,
    /// The streams that are open here.
    pub live: Live,
    /// What was set from outside.
    pub config: Arc<Config>,
}

impl AppState {
    /// Opens a transaction in `op`'s org, to write. For a person the sign-in must still hold, and for a program its key,
    /// and go on holding until the transaction ends.
    ///
    /// # Errors
    /// The session has ended; the key has; the database's.
    pub async fn begin(&self, op: &Op) -> Result<Tx> {
        self.begin_as(op, true).await
    }

    /// The same, to read. To be dropped, not committed: there is nothing to commit, and the rollback travels with the
    /// connection's way back to the pool, where a commit would be a round trip of its own.
    ///
    /// # Errors
    /// The session has ended; the database's.
    pub async fn begin_read(&self, op: &Op) -> Result<Tx> {
        self.begin_as(op, false).await
    }

    /// The same, for a person's act on their own sign-ins: it holds the person's row instead of the sign-in's, because
    /// two such acts that hold a sign-in each would wait for one another; and the org, which whoever ends everybody's has
    /// alone.
    ///
    /// # Errors
    /// The session has ended; the database's.
    pub async fn begin_holding_person(&self, op: &Op) -> Result<Tx> {
        let Actor::User { id, sign_in, .. } = op.actor else { return self.begin(op).await };
        let tx = self.begin_in(op.scope).await?;
        orgs::hold(&tx, op.scope, Hold::Shared).await?.ok_or_else(Error::session_ended)?;
        users::find_locked(&tx, op.scope, id).await?.ok_or_else(Error::session_ended)?;
        sessions::enter_as(&tx, op.scope, sign_in, op.now, false).await?;
        Ok(tx)
    }

    /// The same, for an administrator's act on the org: it holds the org, so that such acts take turns and none waits for
    /// another's administrator, and then the administrator.
    ///
    /// # Errors
    /// The session has ended; forbidden, when they may do something else by now; the database's.
    pub async fn begin_holding_org(&self, op: &Op) -> Result<Tx> {
        let Actor::User { id, role, sign_in } = op.actor else { return self.begin(op).await };
        let tx = self.begin_in(op.scope).await?;
        orgs::hold(&tx, op.scope, Hold::Alone).await?.ok_or_else(Error::session_ended)?;
        enter_administrator(&tx, op, id, role, sign_in).await?;
        Ok(tx)
    }

    /// The same, for an administrator's act on one of the org's keys: it has the key alone, and before anything else, as
    /// whoever writes by it shares it before anything else.
    ///
    /// # Errors
    /// The session has ended; the database's.
    pub async fn begin_holding_key(&self, op: &Op, key: ApiKeyId) -> Result<Tx> {
        let Actor::User { id, role, sign_in } = op.actor else { return self.begin(op).await };
        let tx = self.begin_in(op.scope).await?;
        api_keys::hold(&tx, op.scope, key).await?;
        enter_administrator(&tx, op, id, role, sign_in).await?;
        Ok(tx)
    }

    /// Opens a transaction in an org on nobody's behalf.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin_in(&self, scope: OrgScope) -> Result<Tx> {
        let tx = self.transaction().await?;
        sessions::enter(&tx, scope).await?;
        Ok(tx)
    }

    async fn begin_as(&self, op: &Op, for_writing: bool) -> Result<Tx> {
        let tx = self.transaction().await?;
        match op.actor {
            Actor::User { sign_in, .. } => {
                sessions::enter_as(&tx, op.scope, sign_in, op.now, for_writing).await?;
            }
            // By the clock and not by the request's moment: the key may have ended while its body arrived.
            Actor::OrgKey { id } if for_writing => api_keys::enter(&tx, op.scope, id, self.clock.now()).await?,
            _ => sessions::enter(&tx, op.scope).await?,
        }
        Ok(tx)
    }

    /// In a task of its own, which goes on when the client leaves: sqlx does not know of a transaction until BEGIN has
    /// been answered, and would give the connection back to the pool with the transaction open in it.
    async fn transaction(&self) -> Result<Tx> {
        let db = self.db.clone();
        let begun = tokio::spawn(async move { db.begin().await }).await.map_err(Error::internal)?;
        Ok(begun?)
    }
}

/// Holds an administrator, who may do something else by now: they may have waited.
async fn enter_administrator(tx: &Tx, op: &Op, id: UserId, role: Role, sign_in: SignInId) -> Result<()> {
    let now = users::find_locked(tx, op.scope, id).await?.ok_or_else(Error::session_ended)?;
    sessions::enter_as(tx, op.scope, sign_in, op.now, false).await?;
    if now.role == role { Ok(()) } else { Err(Error::not_allowed()) }
}
