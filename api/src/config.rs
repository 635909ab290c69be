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
}

impl Default for Limits {
    fn default() -> Self {
        let [body, request, statement, lock] = [10, 20, 10, 5].map(Duration::from_secs);
        Self { body, request, statement, lock }
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
        let trusted_proxies =
            parsed(lookup, "CURFEW_TRUSTED_PROXIES", "networks such as 10.0.0.0/8, separated by commas", |text| {
                text.split(',').map(|part| network(part.trim())).collect::<Option<Vec<_>>>()
            })?;
        Ok(Self {
            listen: listen.unwrap_or_else(|| vec![SocketAddr::from(([127, 0, 0, 1], 3333))]),
            web: value(lookup, "CURFEW_WEB").map(PathBuf::from),
            trusted_proxies: trusted_proxies.unwrap_or_default(),
        })
    }

    /// Whether nobody outside this machine can reach us directly.
    pub fn listens_on_loopback_only(&self) -> bool {
        self.listen.iter().all(|address| address.ip().is_loopback())
    }
}

impl Urls {
    fn read(lookup: Lookup<'_>) -> Result<Self> {
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
            let set = set.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
            set.or_else(|| (name == "DATABASE_URL").then(|| "postgres://curfew_app@127.0.0.1/curfew".to_owned()))
        };
        Config::read(&lookup)
    }

    #[test]
    fn with_nothing_but_a_database_the_defaults_are_the_workshop_s() {
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
