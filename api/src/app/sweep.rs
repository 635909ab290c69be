//! Removing what nobody can use any more. Nothing depends on it but the size of the tables.

use std::time::Duration;

use time::Duration as Span;

use crate::domain::{revocation, sessions, sso, todos};
use crate::kernel::Result;
use crate::state::AppState;

/// How often `serve` sweeps.
const EVERY: Duration = Duration::from_mins(10);
/// Records that nothing has taken along go so long after they expired.
const RECORDS: Span = Span::hours(1);
/// Sign-ins are kept this long after they expired, so that a person can see where they were signed in.
const KEEP: Span = Span::days(30);

/// Sweeps until nothing is left to sweep. Gives how many rows went.
///
/// # Errors
/// The database's.
pub async fn sweep(state: &AppState) -> Result<u64> {
    let now = state.clock.now();
    let mut swept = 0;
    loop {
        // First what is over, which takes its records along and keeps what a browser is told of them.
        match revocation::sweep(&state.db, now).await?
            + sessions::sweep(&state.db, now - RECORDS, now - KEEP).await?
            + sso::sweep(&state.db, now).await?
            + todos::sweep(&state.db, now - todos::REMEMBERED).await?
        {
            0 => return Ok(swept),
            some => swept += some,
        }
    }
}

/// Sweeps now and then, for as long as we serve. A failure is tried again at the next turn.
pub async fn forever(state: AppState) {
    let mut turns = tokio::time::interval(EVERY);
    loop {
        turns.tick().await;
        match sweep(&state).await {
            Ok(0) => {}
            Ok(swept) => tracing::info!(swept, "removed expired rows"),
            Err(error) => tracing::warn!(?error, "expired rows could not be removed"),
        }
    }
}
