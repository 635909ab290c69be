//! A database per test, cloned from a migrated template.

use std::path::Path;
use std::str::FromStr;

use secrecy::SecretString;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, Executor, PgConnection, PgPool};

const VARIABLE: &str = "CURFEW_TEST_DATABASE_URL";

/// A database of one's own. Dropped with it, unless the test failed: then it can be looked at.
pub struct TestDatabase {
    pub name: String,
    pub superuser: PgPool,
}

impl TestDatabase {
    pub async fn new() -> Self {
        let template = template().await;
        let unique: [u8; 8] = api::kernel::Chance::os().bytes();
        let name = format!("curfew_test_{:016x}", u64::from_be_bytes(unique));
        let mut server = server().await;
        let create = format!("create database {name} template {template} owner curfew_owner");
        server.execute(create.as_str()).await.expect("a clone of the template");
        let superuser = PgPoolOptions::new().max_connections(4).connect_lazy_with(options().database(&name));
        Self { name, superuser }
    }

    /// As `role`, whose password is the superuser's.
    pub fn url(&self, role: &str) -> SecretString {
        url_of(role, &self.name)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let drop = format!("drop database {} with (force)", self.name);
        let cleaner = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async { server().await.execute(drop.as_str()).await })
        });
        let _ = cleaner.join();
    }
}

fn options() -> PgConnectOptions {
    let url = std::env::var(VARIABLE).unwrap_or_else(|_| {
        panic!("{VARIABLE} is not set: run the tests with `make test`, or `dev/test rust <filter>`")
    });
    PgConnectOptions::from_str(&url).expect("a database URL")
}

async fn server() -> PgConnection {
    PgConnection::connect_with(&options()).await.expect("the test server")
}

fn url_of(role: &str, database: &str) -> SecretString {
    let text = std::env::var(VARIABLE).expect("checked before");
    let mut url = url::Url::parse(&text).expect("a URL");
    url.set_username(role).expect("a URL with a host");
    url.set_path(database);
    String::from(url).into()
}

/// Made once per shape of the database, by whichever test comes first.
async fn template() -> String {
    let name = format!("curfew_template_{:08x}", shape());
    let mut server = server().await;
    server.execute("select pg_advisory_lock(hashtext('curfew template'))").await.expect("the lock");
    let exists: bool = sqlx::query_scalar("select exists (select 1 from pg_database where datname = $1)")
        .bind(&name)
        .fetch_one(&mut server)
        .await
        .expect("an answer");
    if !exists {
        let unfinished = format!("{name}_unfinished");
        server.execute(format!("drop database if exists {unfinished}").as_str()).await.expect("dropped");
        server.execute(format!("create database {unfinished} owner curfew_owner").as_str()).await.expect("created");
        let owner = api::app::start::connect(&url_of("curfew_owner", &unfinished), 2).await.expect("the owner");
        migration::migrate(&owner).await.expect("migrated");
        owner.close().await.expect("closed");
        server.execute(format!("alter database {unfinished} rename to {name}").as_str()).await.expect("renamed");
    }
    server.close().await.expect("closed");
    name
}

fn shape() -> u32 {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migration/src");
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("a folder").map(|f| f.expect("a file").path()).collect();
    files.sort();
    let mut hash = crc32fast::Hasher::new();
    for file in files {
        hash.update(&std::fs::read(file).expect("readable"));
    }
    hash.finalize()
}
