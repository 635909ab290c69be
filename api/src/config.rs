//! Everything that can be set from outside, read once, at start. A variable that cannot be understood stops the start
//! with a sentence that names it.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use ipnet::IpNet;
use secrecy::SecretString;
use tracing_subscriber::EnvFilter;
use url::{Host, Url};

use crate::kernel::Sealer;

/// Where a variable's value comes from: the environment, or a test's table.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The settings of `api serve`.
#[derive(Clone, Debug)]
pub struct Config {
    /// The database as the runtime role.
    pub database: Database,
    /// Listening, and who is asking.
    pub http: Http,
    /// What others call us.
    pub urls: Urls,
    /// `CURFEW_SECRETS_KEY`: encrypts what the database keeps for us and must not know.
    pub sealer: Sealer,
    /// Which addresses companies' OpenID providers may have.
    pub providers: ProviderReach,
    /// How long things may take.
    pub limits: Limits,
    /// What is logged, and how.
    pub log: Log,
}

/// How long things may take. Not to be set from outside.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From a request's headers to the end of its body.
    pub body: Duration,
    /// From a request's headers to its answer.
    pub request: Duration,
    /// For one statement, in the database.
    pub statement: Duration,
    /// For a lock, in the database. Shorter than a request, so that one who waits in vain is told so.
    pub lock: Duration,
    /// For one answer of a company's OpenID provider.
    pub provider_answer: Duration,
    /// For all that one sign-in has to ask the provider.
    pub provider: Duration,
    /// From one sign of life of an open stream to the next, so that proxies keep it and we notice that nobody is there.
    pub heartbeat: Duration,
    /// For a stream that has heard nothing, until it looks: an announcement may be lost.
    pub unasked: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let [body, request, statement, lock, heartbeat, unasked] = [10, 20, 10, 5, 15, 30].map(Duration::from_secs);
        let [provider_answer, provider] = [3000, 4500].map(Duration::from_millis);
        Self { body, request, statement, lock, provider_answer, provider, heartbeat, unasked }
    }
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub struct Log {
    /// `CURFEW_LOG`.
    pub format: LogFormat,
    /// `CURFEW_LOG_FILTER`: in the syntax of tracing's `EnvFilter`; `info` unless set.
    pub filter: String,
}

/// How to reach PostgreSQL.
#[derive(Clone, Debug)]
pub struct Database {
    /// `DATABASE_URL`: as `curfew_app`, which owns nothing and bypasses nothing.
    pub url: SecretString,
    /// `CURFEW_DATABASE_CONNECTIONS`: how many connections at most; 16 unless set.
    pub connections: u32,
}

/// Where we listen and what we serve.
#[derive(Clone, Debug)]
pub struct Http {
    /// `CURFEW_LISTEN`, or `--listen`: addresses with ports, separated by commas; `127.0.0.1:3333` unless set.
    pub listen: Vec<SocketAddr>,
    /// `CURFEW_WEB`, or `--web`: the folder with the built pages; none are served unless set.
    pub web: Option<PathBuf>,
    /// `CURFEW_TRUSTED_PROXIES`: networks whose `X-Forwarded-For` is believed, separated by commas; none unless set.
    pub trusted_proxies: Vec<IpNet>,
}

/// Our own URLs. Redirects, audiences and the same-origin check are formed from these, never from a Host header.
#[derive(Clone, Debug)]
pub struct Urls {
    /// `CURFEW_PUBLIC_URL`: where the pages are; `http://localhost:3000` unless set.
    pub public: Url,
    /// `CURFEW_API_URL`: where the API is, on the same host; `http://localhost:3333` unless set.
    pub api: Url,
}

/// Which addresses companies' OpenID providers may have, beside public ones.
#[derive(Clone, Debug)]
pub struct ProviderReach {
    /// Whether they may be on this very machine, also without TLS: when we ourselves are called by its name.
    pub this_machine: bool,
    /// `CURFEW_PROVIDER_NETWORKS`: private networks, separated by commas; none unless set.
    pub networks: Vec<IpNet>,
}

/// `CURFEW_LOG`: how log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people; the default.
    Text,
    /// For machines.
    Json,
}

impl Config {
    /// Reads every variable of `api serve`.
    ///
    /// # Errors
    /// A sentence that names the variable.
    pub fn read(lookup: Lookup<'_>) -> Result<Self> {
        Ok(Self {
            database: Database::read(lookup)?,
            http: Http::read(lookup)?,
            urls: Urls::read(lookup)?,
            sealer: sealer(lookup)?,
            providers: ProviderReach::read(lookup)?,
            limits: Limits::default(),
            log: Log::read(lookup)?,
        })
    }
}

impl Database {
    fn read(lookup: Lookup<'_>) -> Result<Self> {
        Ok(Self {
            url: database_url(lookup, "DATABASE_URL")?,
            connections: parsed(lookup, "CURFEW_DATABASE_CONNECTIONS", "a number from 1 to 1000", |text| {
                text.parse().ok().filter(|n| (1..=1000).contains(n))
            })?
            .unwrap_or(16),
        })
    }
}

impl Http {
    fn read(lookup: Lookup<'_>) -> Result<Self> {
        let listen =
            parsed(lookup, "CURFEW_LISTEN", "addresses such as 127.0.0.1:3333, separated by commas", |text| {
                text.split(',').map(|part| part.trim().parse().ok()).collect::<Option<Vec<_>>>()
            })?;
        Ok(Self {
            listen: listen.unwrap_or_else(|| vec![SocketAddr::from(([127, 0, 0, 1], 3333))]),
            web: value(lookup, "CURFEW_WEB").map(PathBuf::from),
            trusted_proxies: networks(lookup, "CURFEW_TRUSTED_PROXIES")?,
        })
    }

    /// Whether nobody outside this machine can reach us directly.
    pub fn listens_on_loopback_only(&self) -> bool {
        self.listen.iter().all(|address| address.ip().is_loopback())
    }
}

impl Urls {
    /// Reads both.
    ///
    /// # Errors
    /// A sentence that names the variable.
    pub fn read(lookup: Lookup<'_>) -> Result<Self> {
        let urls = Self {
            public: url(lookup, "CURFEW_PUBLIC_URL", "http://localhost:3000")?,
            api: url(lookup, "CURFEW_API_URL", "http://localhost:3333")?,
        };
        // A cookie is for one host, so pages and API must share it. Ports do not matter to cookies.
        if urls.public.host() != urls.api.host() || urls.public.scheme() != urls.api.scheme() {
            bail!("CURFEW_PUBLIC_URL and CURFEW_API_URL must have the same scheme and host.");
        }
        if urls.public.scheme() == "http" && !is_loopback(urls.public.host()) {
            bail!("CURFEW_PUBLIC_URL must begin with https:// unless its host is this machine (localhost).");
        }
        Ok(urls)
    }

    /// Whether browsers reach us over TLS, so that cookies can insist on it.
    pub fn secure(&self) -> bool {
        self.public.scheme() == "https"
    }

    /// Whether `origin`, as a browser sends it, is one of ours.
    pub fn is_own_origin(&self, origin: &str) -> bool {
        [&self.public, &self.api].iter().any(|url| url.origin().ascii_serialization() == origin)
    }
}

impl ProviderReach {
    /// Reads what concerns providers.
    ///
    /// # Errors
    /// A sentence that names the variable.
    pub fn read(lookup: Lookup<'_>) -> Result<Self> {
        let this_machine = is_loopback(Urls::read(lookup)?.public.host());
        Ok(Self { this_machine, networks: networks(lookup, "CURFEW_PROVIDER_NETWORKS")? })
    }
}

impl Log {
    fn read(lookup: Lookup<'_>) -> Result<Self> {
        let format = parsed(lookup, "CURFEW_LOG", "text or json", |text| match text {
            "text" => Some(LogFormat::Text),
            "json" => Some(LogFormat::Json),
            _ => None,
        })?;
        let filter = parsed(lookup, "CURFEW_LOG_FILTER", "a filter such as info,api=debug", |text| {
            text.parse::<EnvFilter>().is_ok().then(|| text.to_owned())
        })?;
        // What the session layer warns of, any visitor can cause with a made-up cookie; and the spans of these crates
        // repeat ours.
        let filter =
            filter.unwrap_or_else(|| "info,axum_login=error,tower_sessions=error,tower_sessions_core=error".to_owned());
        Ok(Self { format: format.unwrap_or(LogFormat::Text), filter })
    }
}

/// A PostgreSQL URL that must be there: `DATABASE_URL`, or `DATABASE_OWNER_URL` for migrations and `seed`.
///
/// # Errors
/// A sentence that names the variable.
pub fn database_url(lookup: Lookup<'_>, name: &str) -> Result<SecretString> {
    let text = value(lookup, name).with_context(|| format!("{name} is not set: it is the URL of the database."))?;
    // The text may hold a password, so the sentence does not repeat it.
    match Url::parse(&text) {
        Ok(url) if ["postgres", "postgresql"].contains(&url.scheme()) => Ok(text.into()),
        _ => bail!("{name} must be a URL that begins with postgres://."),
    }
}

/// The key of what the database stores encrypted: `CURFEW_SECRETS_KEY`.
///
/// # Errors
/// A sentence that names the variable, and never repeats it.
pub fn sealer(lookup: Lookup<'_>) -> Result<Sealer> {
    const HOW: &str = "`openssl rand -base64 32` makes one, and it must stay the same as long as the database does";
    let text = value(lookup, "CURFEW_SECRETS_KEY");
    let text = text.with_context(|| format!("CURFEW_SECRETS_KEY is not set: {HOW}."))?;
    Sealer::parse(&text).with_context(|| format!("CURFEW_SECRETS_KEY must be 32 bytes in base64: {HOW}."))
}

fn value(lookup: Lookup<'_>, name: &str) -> Option<String> {
    lookup(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn parsed<T>(lookup: Lookup<'_>, name: &str, what: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
    let Some(text) = value(lookup, name) else { return Ok(None) };
    parse(&text).map(Some).with_context(|| format!("{name} must be {what}, but is \"{text}\"."))
}

fn url(lookup: Lookup<'_>, name: &str, otherwise: &str) -> Result<Url> {
    let what = "a URL with http or https, a host, and no path";
    let url = parsed(lookup, name, what, |text| {
        let url = Url::parse(text).ok()?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        (["http", "https"].contains(&url.scheme()) && url.has_host() && bare).then_some(url)
    })?;
    url.map_or_else(|| Url::parse(otherwise).context("the default is a URL"), Ok)
}

fn networks(lookup: Lookup<'_>, name: &str) -> Result<Vec<IpNet>> {
    let what = "networks such as 10.0.0.0/8, separated by commas";
    let networks = parsed(lookup, name, what, |text| text.split(',').map(|part| network(part.trim())).collect())?;
    Ok(networks.unwrap_or_default())
}

fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// Whether a host is this machine.
pub fn is_loopback<S: AsRef<str>>(host: Option<Host<S>>) -> bool {
    match host {
        Some(Host::Domain(name)) => name.as_ref().eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<Config> {
        let lookup = |name: &str| {
            let required = [
                ("DATABASE_URL", "postgres://curfew_app@127.0.0.1/curfew"),
                ("CURFEW_SECRETS_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
            ];
            set.iter().chain(&required).find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned())
        };
        Config::read(&lookup)
    }

    #[test]
    fn with_a_database_and_a_key_the_defaults_are_the_workshop_s() {
        let config = read(&[]).expect("a configuration");
        assert_eq!(config.urls.public.as_str(), "http://localhost:3000/");
        assert_eq!(config.urls.api.as_str(), "http://localhost:3333/");
        assert!(config.http.listens_on_loopback_only());
        assert!(!config.urls.secure());
    }

    #[test]
    fn what_cannot_be_understood_is_named_in_one_sentence() {
        for (name, text) in [
            ("DATABASE_URL", ""),
            ("DATABASE_URL", "mysql://x"),
            ("DATABASE_URL", "127.0.0.1:5432"),
            ("CURFEW_DATABASE_CONNECTIONS", "0"),
            ("CURFEW_DATABASE_CONNECTIONS", "many"),
            ("CURFEW_LISTEN", "3333"),
            ("CURFEW_LISTEN", "127.0.0.1:3333,"),
            ("CURFEW_TRUSTED_PROXIES", "10.0.0.0/99"),
            ("CURFEW_PROVIDER_NETWORKS", "intranet"),
            ("CURFEW_SECRETS_KEY", ""),
            ("CURFEW_SECRETS_KEY", "dG9vIHNob3J0"),
            ("CURFEW_PUBLIC_URL", "localhost:3000"),
            ("CURFEW_PUBLIC_URL", "https://app.example/path"),
            ("CURFEW_PUBLIC_URL", "https://user@app.example"),
            ("CURFEW_PUBLIC_URL", "http://app.example"),
            ("CURFEW_API_URL", "https://elsewhere.example"),
            ("CURFEW_LOG", "loud"),
            ("CURFEW_LOG_FILTER", "[[[=loud"),
            ("CURFEW_LISTEN", "\u{fffd}:1"),
        ] {
            let set =
                [(name, text), ("CURFEW_API_URL", if name == "CURFEW_API_URL" { text } else { "http://app.example" })];
            let set = if name == "CURFEW_PUBLIC_URL" { &set[..] } else { &set[..1] };
            let sentence = read(set).expect_err(text).to_string();
            assert!(sentence.contains(name) && sentence.ends_with('.') && !sentence.contains('\n'), "{sentence}");
        }
    }
}
