//! The database, and acting in it as the operator.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use api::app::start;
use api::config::{self, Limits, ProviderReach, Urls, database_url};
use api::domain::users::Passwords;
use api::domain::{Tx, orgs, sessions};
use api::kernel::{Actor, Chance, Client, Clock, Domain, Email, Op, OrgId, OrgScope, RequestId, Sealer};
use api::oidc::Providers;
use sea_orm::{DatabaseConnection, TransactionTrait};
use secrecy::SecretString;
use serde::Deserialize;

use crate::browser::Browser;

/// What `make demo` leaves behind for us.
#[derive(Deserialize)]
struct Demo {
    database_owner_url: SecretString,
    secrets_key: Option<String>,
    api_url: String,
    web_url: String,
}

/// An open database, as its owner.
pub struct World {
    /// The connection.
    pub db: DatabaseConnection,
    /// Hashes passwords.
    pub passwords: Passwords,
    chance: Chance,
    clock: Clock,
    request_id: RequestId,
    demo: Option<Demo>,
}

impl World {
    /// Opens the database that `DATABASE_OWNER_URL` names, else the running demo's.
    pub async fn open() -> Result<Self> {
        let (url, demo) = match database_url(&|name| std::env::var(name).ok(), "DATABASE_OWNER_URL") {
            Ok(url) => (url, None),
            Err(error) if std::env::var_os("DATABASE_OWNER_URL").is_some() => return Err(error),
            Err(_) => {
                let demo = running_demo()?;
                (demo.database_owner_url.clone(), Some(demo))
            }
        };
        let db = start::connect(&url, 4).await.context("Cannot connect to the database: is it running?")?;
        let (chance, clock) = (Chance::os(), Clock::system());
        let request_id = RequestId::new(clock.now(), &chance);
        Ok(Self { db, passwords: Passwords::new(chance.clone()), chance, clock, request_id, demo })
    }

    /// A variable of the environment, else what the running demo has in its place.
    fn setting(&self, name: &str) -> Option<String> {
        let set = std::env::var(name).ok().filter(|text| !text.trim().is_empty());
        set.or_else(|| {
            let demo = self.demo.as_ref()?;
            match name {
                "CURFEW_SECRETS_KEY" => demo.secrets_key.clone(),
                "CURFEW_API_URL" => Some(demo.api_url.clone()),
                "CURFEW_PUBLIC_URL" => Some(demo.web_url.clone()),
                _ => None,
            }
        })
    }

    /// Encrypts what the database must not know, as the API does.
    pub fn sealer(&self) -> Result<Sealer> {
        config::sealer(&|name| self.setting(name))
    }

    /// Companies' OpenID providers, as the API reaches them.
    pub fn providers(&self) -> Result<Providers> {
        let reach = ProviderReach::read(&|name| self.setting(name))?;
        Ok(Providers::new(&reach, Limits::default(), self.clock.clone(), self.chance.clone())?)
    }

    /// A path of the API, as the world calls it.
    pub fn api_url(&self, path: &str) -> Result<String> {
        Ok(Urls::read(&|name| self.setting(name))?.api.join(path)?.to_string())
    }

    /// A path of the pages, as the world calls it.
    pub fn public_url(&self, path: &str) -> Result<String> {
        Ok(Urls::read(&|name| self.setting(name))?.public.join(path)?.to_string())
    }

    /// A browser of its own, that calls the API by its address.
    pub fn browser(&self) -> Result<Browser> {
        Browser::new(Urls::read(&|name| self.setting(name))?.api)
    }

    /// Random bytes.
    pub fn chance(&self) -> &Chance {
        &self.chance
    }

    /// The operator's act in one org.
    pub fn op(&self, org: OrgId) -> Op {
        Op {
            scope: OrgScope::proven(org),
            actor: Actor::System { job: "seed" },
            now: self.clock.now(),
            chance: self.chance.clone(),
            request_id: self.request_id,
            client: Client::default(),
        }
    }

    /// An id for an org that is about to be made.
    pub fn new_org(&self) -> OrgId {
        OrgId::new(self.clock.now(), &self.chance)
    }

    /// A transaction in one org.
    pub async fn begin(&self, op: &Op) -> Result<Tx> {
        let tx = self.db.begin().await?;
        sessions::enter(&tx, op.scope).await?;
        Ok(tx)
    }

    /// The company that owns `domain`.
    pub async fn company(&self, domain: &str) -> Result<OrgId> {
        let domain = parse_domain(domain)?;
        let org = orgs::find_by_domain(&self.db, &domain).await?;
        org.with_context(|| format!("No company owns the domain {domain}: make one with `seed org add {domain}`."))
    }
}

fn running_demo() -> Result<Demo> {
    let here = std::env::current_dir()?;
    let found: Option<PathBuf> = here.ancestors().map(|dir| dir.join(".curfew/demo.json")).find(|file| file.is_file());
    let Some(file) = found else {
        bail!("There is no running demo: start it with `make demo`, or set DATABASE_OWNER_URL.");
    };
    let text = std::fs::read_to_string(&file).with_context(|| format!("Cannot read {}.", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is damaged.", file.display()))
}

/// A domain as typed.
pub fn parse_domain(text: &str) -> Result<Domain> {
    Domain::parse(text).with_context(|| format!("\"{text}\" is not a domain name such as whiterabbit.fake."))
}

/// An address as typed.
pub fn parse_email(text: &str) -> Result<Email> {
    Email::parse(text).with_context(|| format!("\"{text}\" is not an e-mail address."))
}
