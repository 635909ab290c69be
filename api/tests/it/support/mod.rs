//! An application per test, on the same `app::build` as production, with a database of its own and a clock that moves
//! only by hand.

mod actors;
mod captured;
mod database;
mod provider;
mod proxy;
mod stream;

use std::net::SocketAddr;
use std::sync::Arc;

use api::app;
use api::app::{listener, start};
use api::config::{Config, Database, Http, Limits, Log, LogFormat, ProviderReach, Urls};
use api::domain::api_keys::{self, NewKey, Scope};
use api::domain::orgs::Policy;
use api::domain::revocation::{self, Door};
use api::domain::sso::{self, ClientAuthMethod, ConnectionSettings};
use api::domain::users::{self, NewUser, Passwords};
use api::domain::{Tx, orgs, roles, sessions};
use api::entity::org::OrgKind;
use api::kernel::{
    Actor, Chance, Client, Clock, Domain, Email, Op, OrgId, OrgScope, RequestId, Role, Sealer, UserId, Wait,
};
use api::oidc::Providers;
use api::state::{AppState, Live};
use argon2::password_hash::PasswordHasher;
use axum::Router;
use sea_orm::TransactionTrait;
use secrecy::{ExposeSecret, SecretString};
use sqlx::PgPool;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use actors::{Browser, Caller, Reply, send};
pub use captured::Captured;
pub use database::TestDatabase;
pub use provider::{Account, Answer, CLIENT_SECRET, Provider, Script, Signing, jwk, sign};
pub use proxy::Proxy;
pub use stream::{Stream, Told};

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery staple";

/// A clock that moves by hand. It starts far ahead: the session crate compares expiry with the real clock, and must find
/// nothing expired.
#[derive(Clone)]
pub struct TestClock(watch::Sender<OffsetDateTime>);

impl TestClock {
    fn new() -> Self {
        Self(watch::Sender::new(datetime!(2100-01-01 12:00 UTC)))
    }

    pub fn now(&self) -> OffsetDateTime {
        *self.0.borrow()
    }

    pub fn advance(&self, by: Duration) {
        self.0.send_modify(|now| *now += by);
    }

    fn clock(&self) -> Clock {
        let (this, that) = (self.clone(), self.clone());
        let until = move |moment| -> Wait {
            let mut times = that.0.subscribe();
            Box::pin(async move { drop(times.wait_for(|now| *now >= moment).await) })
        };
        Clock::new(move || this.now(), until)
    }
}

/// A company made for a test.
#[derive(Clone, Copy, Debug)]
pub struct Org {
    pub id: OrgId,
}

/// A second process on the database of a [`TestApp`].
pub struct Twin {
    router: Router,
    pub state: AppState,
}

impl Twin {
    /// A browser of the other process's, here.
    pub fn with(&self, browser: &Browser) -> Browser {
        let mut here = Browser::new(self.router.clone());
        here.cookies = browser.cookies.clone();
        here
    }

    /// A program at the other process.
    pub fn holding(&self, key: &SecretString) -> Caller {
        Caller::new(self.router.clone(), key.expose_secret())
    }

    pub async fn listen(&self) -> Listening {
        Listening(listener::start(self.state.clone()).await)
    }

    pub async fn signed_in(&self, email: &str) -> Browser {
        let mut browser = Browser::new(self.router.clone());
        assert_eq!(browser.sign_in(email, PASSWORD).await.status, 200);
        browser
    }
}

/// Listens until it is dropped.
#[must_use]
pub struct Listening(JoinHandle<()>);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A running application.
pub struct TestApp {
    pub state: AppState,
    pub router: Router,
    pub clock: TestClock,
    pub database: TestDatabase,
}

impl TestApp {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With whiterabbit.fake and, in it, trinity@whiterabbit.fake.
    pub async fn with_trinity() -> (Self, Org) {
        let app = Self::new().await;
        let org = app.company("whiterabbit.fake").await;
        app.member(org, "trinity@whiterabbit.fake").await;
        (app, org)
    }

    /// With other settings.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let database = TestDatabase::new().await;
        let url = database.url("curfew_app");
        Self::over(database, url, change).await
    }

    /// On an existing database, reached by `url`.
    pub async fn over(database: TestDatabase, url: SecretString, adjust: impl FnOnce(&mut Config)) -> Self {
        let mut config = config(url);
        adjust(&mut config);
        let db = start::connect_bounded(&config).await.expect("a database");
        let clock = TestClock::new();
        let chance = Chance::os();
        let passwords = Passwords::new(chance.clone());
        let providers = Providers::new(&config.providers, config.limits, clock.clock(), chance.clone());
        let providers = providers.expect("providers");
        let state = AppState {
            db,
            clock: clock.clock(),
            chance,
            passwords,
            providers,
            live: Live::default(),
            config: Arc::new(config),
        };
        Self { router: app::build(&state), state, clock, database }
    }

    /// Another process of the same application.
    pub async fn twin(&self) -> Twin {
        let db = start::connect_bounded(&self.state.config).await.expect("a database");
        let passwords = Passwords::new(self.state.chance.clone());
        let (config, clock, chance) = (&self.state.config, self.clock.clock(), self.state.chance.clone());
        let providers = Providers::new(&config.providers, config.limits, clock, chance).expect("providers");
        let live = Live::default();
        let state = AppState { db, passwords, providers, live, ..self.state.clone() };
        Twin { router: app::build(&state), state }
    }

    /// Listens to what is announced, as `api serve` does.
    pub async fn listen(&self) -> Listening {
        Listening(listener::start(self.state.clone()).await)
    }

    /// The superuser's pool: for looking behind the wall, and for breaking things on purpose.
    pub fn behind(&self) -> &PgPool {
        &self.database.superuser
    }

    /// Somebody with no credential, on a fresh browser.
    pub fn anonymous(&self) -> Browser {
        Browser::new(self.router.clone())
    }

    /// A program with this bearer token.
    pub fn holding(&self, key: &SecretString) -> Caller {
        Caller::new(self.router.clone(), key.expose_secret())
    }

    /// A browser on which this person signs in by password.
    pub async fn signed_in(&self, email: &str) -> Browser {
        let mut browser = self.anonymous();
        let reply = browser.sign_in(email, PASSWORD).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        browser
    }

    pub async fn company(&self, domain: &str) -> Org {
        let id = OrgId::new(self.clock.now(), &self.state.chance);
        let op = self.op(id);
        let tx = self.begin(&op).await;
        orgs::add_company(&tx, &op, domain, &Domain::parse(domain).expect("a domain")).await.expect("a company");
        roles::define_usual(&tx, &op).await.expect("roles");
        tx.commit().await.expect("committed");
        Org { id }
    }

    /// A member with [`PASSWORD`].
    pub async fn member(&self, org: Org, email: &str) -> UserId {
        self.person(Some(org), email, Role::Member).await
    }

    /// A member of this name with [`PASSWORD`].
    pub async fn named(&self, org: Org, email: &str, name: &str) -> UserId {
        self.person_named(Some(org), email, name, Role::Member).await
    }

    /// Somebody with [`PASSWORD`]; without an org, in a personal one.
    pub async fn person(&self, org: Option<Org>, email: &str, role: Role) -> UserId {
        self.person_named(org, email, email, role).await
    }

    async fn person_named(&self, org: Option<Org>, email: &str, name: &str, role: Role) -> UserId {
        let id = org.map_or_else(|| OrgId::new(self.clock.now(), &self.state.chance), |org| org.id);
        let op = self.op(id);
        let tx = self.begin(&op).await;
        let kind = if org.is_some() { OrgKind::Company } else { OrgKind::Personal };
        if org.is_none() {
            orgs::add_personal(&tx, &op, email).await.expect("a personal org");
        }
        let email = Email::parse(email).expect("an address");
        let new = NewUser { email, name: name.to_owned(), password_hash: Some(cheap_hash(PASSWORD)) };
        let user = users::add(&tx, &op, kind, new).await.expect("a person");
        if org.is_some() && role != Role::Member {
            roles::make(&tx, &op, user.id, role).await.expect("a role");
        }
        tx.commit().await.expect("committed");
        user.id
    }

    /// The org signs in at `issuer` from now on.
    pub async fn connect(&self, org: Org, issuer: &str) {
        self.connect_as(org, issuer, |_| {}).await;
    }

    /// The same, with other settings.
    pub async fn connect_as(&self, org: Org, issuer: &str, adjust: impl FnOnce(&mut ConnectionSettings)) {
        let mut settings = ConnectionSettings {
            domain: None,
            issuer: issuer.to_owned(),
            client_id: "curfew".to_owned(),
            client_auth: ClientAuthMethod::ClientSecret,
            credential: provider::CLIENT_SECRET.into(),
            provisions: true,
            prompt_only: false,
            requires_logout_typ: false,
        };
        adjust(&mut settings);
        let op = self.op(org.id);
        let tx = self.begin_as_owner(&op).await;
        let replaced = sso::set_connection(&tx, &op, &self.state.config.sealer, settings).await.expect("a connection");
        tx.commit().await.expect("committed");
        for user in replaced {
            let tx = self.begin_as_owner(&op).await;
            sso::sign_out_replaced(&tx, &op, user).await.expect("signed out");
            tx.commit().await.expect("committed");
        }
    }

    /// A transaction as the operator.
    pub async fn begin_as_owner(&self, op: &Op) -> Tx {
        let owner = start::connect(&self.database.url("curfew_owner"), 1).await.expect("the owner");
        let tx = owner.begin().await.expect("a transaction");
        sessions::enter(&tx, op.scope).await.expect("a tenant");
        tx
    }

    /// The org's sign-ins last as `policy` says from now on.
    pub async fn set_policy(&self, org: Org, policy: Policy) {
        let op = self.op(org.id);
        let tx = self.begin(&op).await;
        revocation::change_policy(&tx, &op, policy, Door::Operator).await.expect("a policy");
        tx.commit().await.expect("committed");
    }

    pub async fn domain(&self, org: Org, domain: &str) {
        let op = self.op(org.id);
        let tx = self.begin(&op).await;
        orgs::add_domain(&tx, &op, &Domain::parse(domain).expect("a domain")).await.expect("added");
        tx.commit().await.expect("committed");
    }

    pub async fn key(&self, org: Org, scopes: &[Scope]) -> SecretString {
        self.key_lasting(org, scopes, None).await
    }

    /// One that ends by itself.
    pub async fn key_lasting(&self, org: Org, scopes: &[Scope], lifetime: Option<Duration>) -> SecretString {
        let op = self.op(org.id);
        let tx = self.begin(&op).await;
        let new = NewKey { name: "a test's".to_owned(), scopes: scopes.to_vec(), lifetime };
        let minted = api_keys::mint(&tx, &op, new).await.expect("a key");
        tx.commit().await.expect("committed");
        minted.text
    }

    pub async fn workshop_key(&self, org: Org) {
        let op = self.op(org.id);
        let tx = self.begin(&op).await;
        api_keys::ensure_workshop_key(&tx, &op, "131313", &[Scope::Revoke]).await.expect("a key");
        tx.commit().await.expect("committed");
    }

    pub fn op(&self, org: OrgId) -> Op {
        Op {
            scope: OrgScope::proven(org),
            actor: Actor::System { job: "test" },
            now: self.clock.now(),
            chance: self.state.chance.clone(),
            request_id: RequestId::new(self.clock.now(), &self.state.chance),
            client: Client::default(),
        }
    }

    pub async fn begin(&self, op: &Op) -> Tx {
        let tx = self.state.db.begin().await.expect("a transaction");
        sessions::enter(&tx, op.scope).await.expect("a tenant");
        tx
    }

    /// One number, as the superuser sees it.
    pub async fn count(&self, sql: &str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(self.behind()).await.expect(sql)
    }

    /// Something done behind the application's back.
    pub async fn force(&self, sql: &str) -> u64 {
        sqlx::query(sql).execute(self.behind()).await.expect(sql).rows_affected()
    }

    /// Waits until some connection to this database waits for a lock.
    pub async fn until_somebody_waits(&self) {
        self.until_waiting(1).await;
    }

    /// The same for so many.
    pub async fn until_waiting(&self, many: i64) {
        let waiting = "select count(*) from pg_stat_activity \
                       where datname = current_database() and wait_event_type = 'Lock'";
        for _ in 0..2_000 {
            if self.count(waiting).await >= many {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("nobody waits for a lock");
    }
}

/// A hash at the lowest cost Argon2 allows, so that tests which sign in often are quick. The code under test takes the
/// cost from the hash.
pub fn cheap_hash(password: &str) -> SecretString {
    let params = argon2::Params::new(8, 1, 1, None).expect("parameters");
    let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    argon2.hash_password_with_salt(password.as_bytes(), &[7; 16]).expect("a hash").to_string().into()
}

fn config(url: SecretString) -> Config {
    Config {
        database: Database { url, connections: 8 },
        http: Http { listen: vec![SocketAddr::from(([127, 0, 0, 1], 3333))], web: None, trusted_proxies: vec![] },
        urls: Urls {
            public: "http://localhost:3000".parse().expect("a URL"),
            api: "http://localhost:3333".parse().expect("a URL"),
        },
        sealer: Sealer::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").expect("a key"),
        providers: ProviderReach { this_machine: true, networks: vec![] },
        limits: Limits::default(),
        log: Log { format: LogFormat::Text, filter: String::new() },
    }
}
