//! A wire to the database that can be cut.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::TestDatabase;

/// Forwards connections to the test server, until cut; and again, once mended.
#[derive(Clone)]
pub struct Proxy {
    port: u16,
    whole: Arc<watch::Sender<bool>>,
}

impl Proxy {
    pub async fn to(database: &TestDatabase) -> Self {
        let options = database.superuser.connect_options();
        let server = (options.get_host().to_owned(), options.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (whole, state) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(forward(client, server.clone(), state.clone()));
            }
        });
        Self { port, whole: Arc::new(whole) }
    }

    /// The same database, by way of this wire.
    pub fn url(&self, direct: &SecretString) -> SecretString {
        let mut url = url::Url::parse(direct.expose_secret()).expect("a URL");
        url.set_port(Some(self.port)).expect("a URL with a host");
        String::from(url).into()
    }

    pub fn cut(&self) {
        self.whole.send_replace(false);
    }

    pub fn mend(&self) {
        self.whole.send_replace(true);
    }
}

async fn forward(mut client: TcpStream, server: (String, u16), mut whole: watch::Receiver<bool>) {
    if !*whole.borrow_and_update() {
        return;
    }
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
        _ = whole.wait_for(|whole| !whole) => {}
    }
}
