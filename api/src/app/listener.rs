//! One connection of this process's listens to what every process announces: that somebody's sign-ins have ended. Nothing
//! depends on it but how soon open tabs know.

use std::convert::Infallible;
use std::time::Duration;

use anyhow::{Context, Result};
use secrecy::ExposeSecret;
use sqlx::postgres::PgListener;
use tokio::task::JoinHandle;

use crate::domain::revocation::{self, Announcement};
use crate::state::AppState;

/// How often a process says that it is there, so that all of them hear something.
const HELLO: Duration = Duration::from_secs(5);
/// Who hears nothing for so long is not listening any more: the connection may be dead without anybody having said so.
const SILENCE: Duration = Duration::from_secs(12);
/// How soon to try again when there is no connection to be had.
const AGAIN: Duration = Duration::from_secs(1);

/// Listens for as long as we serve. When this returns we do, unless the database is away.
pub async fn start(state: AppState) -> JoinHandle<()> {
    let first = connect(&state).await;
    tokio::spawn(async move {
        tokio::join!(listen(&state, first), say_hello(&state));
    })
}

async fn listen(state: &AppState, first: Result<PgListener>) {
    let mut listening = first;
    loop {
        let error = match listening {
            Ok(listener) => {
                // Whatever was announced while nobody listened.
                state.live.tell_all();
                let Err(lost) = until_lost(state, listener).await;
                lost
            }
            Err(error) => {
                tokio::time::sleep(AGAIN).await;
                error
            }
        };
        tracing::warn!(error = format!("{error:#}"), "ended sign-ins were not heard of; listening anew");
        listening = connect(state).await;
    }
}

async fn connect(state: &AppState) -> Result<PgListener> {
    let connecting = async {
        let mut listener = PgListener::connect(state.config.database.url.expose_secret()).await?;
        // We want to know of a loss, and reconnect by ourselves.
        listener.eager_reconnect(false);
        listener.listen(Announcement::CHANNEL).await?;
        Ok::<_, sqlx::Error>(listener)
    };
    let connected = tokio::time::timeout(SILENCE, connecting).await.context("the database is silent")?;
    connected.context("cannot listen")
}

async fn until_lost(state: &AppState, mut listener: PgListener) -> Result<Infallible> {
    loop {
        let heard = tokio::time::timeout(SILENCE, listener.try_recv()).await.context("nothing was heard for long")?;
        let notification = heard?.context("the connection was lost")?;
        if let Some(told) = Announcement::parse(notification.payload()) {
            state.live.tell(told);
        }
    }
}

async fn say_hello(state: &AppState) {
    let mut turns = tokio::time::interval(HELLO);
    loop {
        turns.tick().await;
        // A database that is away is noticed by everybody else.
        let _ = revocation::say_hello(&state.db).await;
    }
}
