//! A wire to the database that can be cut, and that can keep an answer to itself.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::TestDatabase;

/// What the wire does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Forwards.
    Whole,
    /// Drops what there is and lets nothing new through.
    Cut,
    /// Forwards, until somebody asks for this; then it is [`Mode::Silent`].
    UntilAsked(&'static str),
    /// Forwards questions, and keeps the answers.
    Silent,
}

/// Forwards connections to the test server as it is told.
#[derive(Clone)]
pub struct Proxy {
    port: u16,
    mode: Arc<watch::Sender<Mode>>,
}

impl Proxy {
    pub async fn to(database: &TestDatabase) -> Self {
        let options = database.superuser.connect_options();
        let server = (options.get_host().to_owned(), options.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let mode = Arc::new(watch::Sender::new(Mode::Whole));
        let told = mode.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(forward(client, server.clone(), told.clone()));
            }
        });
        Self { port, mode }
    }

    /// The same database, by way of this wire.
    pub fn url(&self, direct: &SecretString) -> SecretString {
        let mut url = url::Url::parse(direct.expose_secret()).expect("a URL");
        url.set_port(Some(self.port)).expect("a URL with a host");
        String::from(url).into()
    }

    pub fn cut(&self) {
        self.mode.send_replace(Mode::Cut);
    }

    pub fn mend(&self) {
        self.mode.send_replace(Mode::Whole);
    }

    /// From the next time that somebody sends this text, no answer comes back until mended.
    pub fn silence_at(&self, text: &'static str) {
        self.mode.send_replace(Mode::UntilAsked(text));
    }

    pub async fn until_silent(&self) {
        self.mode.subscribe().wait_for(|mode| *mode == Mode::Silent).await.expect("the wire is there");
    }
}

async fn forward(client: TcpStream, server: (String, u16), mode: Arc<watch::Sender<Mode>>) {
    if *mode.borrow() == Mode::Cut {
        return;
    }
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut cut = mode.subscribe();
    tokio::select! {
        () = questions(from_client, to_server, &mode) => {}
        () = answers(from_server, to_client, mode.subscribe()) => {}
        _ = cut.wait_for(|mode| *mode == Mode::Cut) => {}
    }
}

async fn questions(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mode: &watch::Sender<Mode>) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(some @ 1..) = from.read(&mut bytes).await {
        let asked = |text: &str| bytes[..some].windows(text.len()).any(|part| part == text.as_bytes());
        mode.send_if_modified(|mode| {
            let now = matches!(mode, Mode::UntilAsked(text) if asked(text));
            if now {
                *mode = Mode::Silent;
            }
            now
        });
        if to.write_all(&bytes[..some]).await.is_err() {
            return;
        }
    }
}

async fn answers(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut mode: watch::Receiver<Mode>) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(some @ 1..) = from.read(&mut bytes).await {
        if mode.wait_for(|mode| *mode != Mode::Silent).await.is_err() || to.write_all(&bytes[..some]).await.is_err() {
            return;
        }
    }
}
