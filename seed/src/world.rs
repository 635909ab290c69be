//! The database, and acting in it as the operator.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use api::app::start;
use api::config::{self, Limits, ProviderReach, Urls, database_url};
use api::domain::users::Passwords;
use api::domain::{Tx, orgs, sessions};
use api::kernel::{Actor, Chance, Client, Clock, Domain, Email, Op, OrgId, OrgScope, RequestId, Sealer};
use api::oidc::Providers;
use reqwest::Method;
use sea_orm::{DatabaseConnection, TransactionTrait};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use crate::browser::{Browser, Reply};

/// What `make demo` leaves behind for us.
#[derive(Deserialize)]
struct Demo {
    database_url: SecretString,
    database_owner_url: SecretString,
    secrets_key: Option<String>,
    /// The checkout that it runs in.
    #[serde(skip)]
    top: PathBuf,
    api_url: String,
    web_url: String,
    idp_url: String,
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
    settings: Settings,
    job: &'static str,
}

/// Where everything is: what the environment says, else the running demo, unless the environment names another database.
pub struct Settings(Option<Demo>);

impl Settings {
    /// From the environment, and from the demo that runs in this folder or one above it.
    pub fn find() -> Result<Self> {
        let set = |name| std::env::var_os(name).is_some_and(|url| !url.is_empty());
        if set("DATABASE_URL") || set("DATABASE_OWNER_URL") { Ok(Self(None)) } else { running_demo().map(Self) }
    }

    /// A variable of the environment, else what the running demo has in its place.
    pub fn get(&self, name: &str) -> Option<String> {
        let set = std::env::var(name).ok().filter(|text| !text.trim().is_empty());
        set.or_else(|| {
            let demo = self.0.as_ref()?;
            match name {
                "DATABASE_URL" => Some(demo.database_url.expose_secret().to_owned()),
                "DATABASE_OWNER_URL" => Some(demo.database_owner_url.expose_secret().to_owned()),
                "CURFEW_SECRETS_KEY" => demo.secrets_key.clone(),
                "CURFEW_API_URL" => Some(demo.api_url.clone()),
                "CURFEW_PUBLIC_URL" => Some(demo.web_url.clone()),
                "CURFEW_IDP_URL" => Some(demo.idp_url.clone()),
                _ => None,
            }
        })
    }

    /// What we are called.
    pub fn urls(&self) -> Result<Urls> {
        Urls::read(&|name| self.get(name))
    }

    /// Where the demo's identity provider is, if there is one.
    pub fn idp_url(&self) -> Option<String> {
        self.get("CURFEW_IDP_URL").map(|url| url.trim_end_matches('/').to_owned())
    }
}

impl World {
    /// Opens the database that `DATABASE_OWNER_URL` names, else the running demo's.
    pub async fn open() -> Result<Self> {
        let settings = Settings::find()?;
        if settings.get("DATABASE_OWNER_URL").is_none() {
            bail!("There is no running demo: start it with `make demo`, or set DATABASE_OWNER_URL.");
        }
        let url = database_url(&|name| settings.get(name), "DATABASE_OWNER_URL")?;
        let db = start::connect(&url, 4).await.context("Cannot connect to the database: is it running?")?;
        let (chance, clock) = (Chance::os(), Clock::system());
        let request_id = RequestId::new(clock.now(), &chance);
        Ok(Self { db, passwords: Passwords::new(chance.clone()), chance, clock, request_id, settings, job: "seed" })
    }

    /// The same, whose acts the audit log tells apart from the rest of `seed`'s.
    #[must_use]
    pub fn with_job(self, job: &'static str) -> Self {
        Self { job, ..self }
    }

    /// Encrypts what the database must not know, as the API does.
    pub fn sealer(&self) -> Result<Sealer> {
        config::sealer(&|name| self.settings.get(name))
    }

    /// Companies' OpenID providers, as the API reaches them.
    pub fn providers(&self) -> Result<Providers> {
        let reach = ProviderReach::read(&|name| self.settings.get(name))?;
        Ok(Providers::new(&reach, Limits::default(), self.clock.clone(), self.chance.clone())?)
    }

    /// A path of the API, as the world calls it.
    pub fn api_url(&self, path: &str) -> Result<String> {
        Ok(self.settings.urls()?.api.join(path)?.to_string())
    }

    /// A path of the pages, as the world calls it.
    pub fn public_url(&self, path: &str) -> Result<String> {
        Ok(self.settings.urls()?.public.join(path)?.to_string())
    }

    /// Where the demo's identity provider is, if there is one.
    pub fn idp_url(&self) -> Option<String> {
        self.settings.idp_url()
    }

    /// Asks the administration of the demo's identity provider, below `/admin/api/<company>/`. None where the provider
    /// has no such company.
    pub async fn idp(
        &self,
        idp: &str,
        method: Method,
        company: &str,
        act: &str,
        json: &Value,
    ) -> Result<Option<Reply>> {
        let place = format!("{}/admin/api/{company}/{act}", idp.trim_end_matches('/'));
        let reply = self.browser()?.call(method, &place, &[], Some(json)).await;
        let reply = reply.context("The demo's identity provider is away: `make down` and `make up` start it again")?;
        match reply.status.as_u16() {
            200..300 => Ok(Some(reply)),
            404 => Ok(None),
            _ => bail!("The demo's identity provider refuses: {}", reply.refusal()),
        }
    }

    /// The top of the checkout in which the demo runs, if there is one.
    pub fn top(&self) -> Option<&Path> {
        self.settings.0.as_ref().map(|demo| demo.top.as_path())
    }

    /// What the workshop's pages call the API, the pages and the identity provider, and what they are called here.
    pub fn addresses(&self) -> Result<Vec<(&'static str, String)>> {
        let urls = self.settings.urls()?;
        let idp =
            self.idp_url().context("The workshop needs the demo's identity provider: start it with `make up`.")?;
        let plain = |url: &url::Url| url.as_str().trim_end_matches('/').to_owned();
        Ok(vec![
            ("http://localhost:3333", plain(&urls.api)),
            ("http://localhost:3000", plain(&urls.public)),
            ("http://127.0.0.1:4000", idp),
        ])
    }

    /// A browser of its own, that calls the API by its address.
    pub fn browser(&self) -> Result<Browser> {
        Browser::new(self.settings.urls()?.api)
    }

    /// Random bytes.
    pub fn chance(&self) -> &Chance {
        &self.chance
    }

    /// The operator's act in one org.
    pub fn op(&self, org: OrgId) -> Op {
        Op {
            scope: OrgScope::proven(org),
            actor: Actor::System { job: self.job },
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

fn running_demo() -> Result<Option<Demo>> {
    let here = std::env::current_dir()?;
    let found = here.ancestors().find(|dir| dir.join(".curfew/demo.json").is_file());
    let Some(top) = found else { return Ok(None) };
    let file = top.join(".curfew/demo.json");
    let text = std::fs::read_to_string(&file).with_context(|| format!("Cannot read {}.", file.display()))?;
    let demo: Demo = serde_json::from_str(&text).with_context(|| format!("{} is damaged.", file.display()))?;
    Ok(Some(Demo { top: top.to_owned(), ..demo }))
}

/// A domain as typed.
pub fn parse_domain(text: &str) -> Result<Domain> {
    Domain::parse(text).with_context(|| format!("\"{text}\" is not a domain name such as whiterabbit.fake."))
}

/// An address as typed.
pub fn parse_email(text: &str) -> Result<Email> {
    Email::parse(text).with_context(|| format!("\"{text}\" is not an e-mail address."))
}
