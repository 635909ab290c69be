//! Listening, and leaving in good order.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long requests in flight may take to end once we are told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Serves `app` on every address until SIGINT or SIGTERM, then calls `stopping` and lets requests in flight end.
///
/// # Errors
/// A sentence when an address cannot be listened on.
pub async fn serve(app: Router, addresses: &[SocketAddr], stopping: impl FnOnce()) -> Result<()> {
    // Before anybody can reach us, so that we never die of a signal we would have obeyed.
    let mut terminated = signal(SignalKind::terminate()).context("Cannot wait for SIGTERM.")?;
    let mut interrupted = signal(SignalKind::interrupt()).context("Cannot wait for SIGINT.")?;
    let mut listeners = Vec::new();
    for address in addresses {
        let listener = TcpListener::bind(address).await.map_err(|error| sentence(*address, &error))?;
        listeners.push(listener);
    }
    let (stop, stopped) = watch::channel(());
    let mut servers = JoinSet::new();
    for listener in listeners {
        tracing::info!(address = %listener.local_addr()?, "listening");
        // An end that a stream tells must not wait for the acknowledgement of the sign of life before it.
        let listener = listener.tap_io(|connection| {
            let _as_slow_as_before = connection.set_nodelay(true);
        });
        let service = app.clone().into_make_service_with_connect_info::<SocketAddr>();
        let mut stopped = stopped.clone();
        servers.spawn(async move {
            let until = async move {
                let _ = stopped.changed().await;
            };
            axum::serve(listener, service).with_graceful_shutdown(until).await
        });
    }
    tokio::select! {
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
    }
    tracing::info!("stopping");
    stopping();
    drop(stop);
    let all_ended = async { while servers.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, all_ended).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
    Ok(())
}

fn sentence(address: SocketAddr, error: &std::io::Error) -> anyhow::Error {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => anyhow::anyhow!("Cannot listen on {address}: the port is taken."),
        _ => anyhow::anyhow!("Cannot listen on {address}: {error}."),
    }
}
