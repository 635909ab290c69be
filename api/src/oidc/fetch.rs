//! Asking a provider over HTTP. Its addresses come from its own discovery document, so what it may make us do is bounded:
//! which hosts, how long, how much, and no redirects (OWASP ASVS 5.0 §13.2.4).

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect;
use url::{Host, Url};

use crate::config::{Limits, ProviderReach, is_loopback};

/// The most that is read of one answer. Discovery documents and key sets have a few KiB.
const LARGEST: usize = 512 * 1024;

/// The networks that are nobody's on the Internet (IANA's special-purpose address registries, RFC 6890). Of IPv6 only
/// global unicast is left to begin with.
const SPECIAL: [&str; 19] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
];
const GLOBAL_UNICAST: &str = "2000::/3";

/// Why nothing usable came back.
#[derive(Debug)]
pub(super) enum FetchError {
    /// The address is not one that we may ask.
    Forbidden(String),
    /// Nothing came, or not in time.
    Away(Box<dyn std::error::Error + Send + Sync>),
    /// More came than we read.
    TooLarge,
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forbidden(what) => write!(f, "we may not ask {what}"),
            Self::Away(_) => f.write_str("no answer"),
            Self::TooLarge => write!(f, "the answer is larger than {LARGEST} bytes"),
        }
    }
}

impl std::error::Error for FetchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Away(source) => Some(source.as_ref()),
            _ => None,
        }
    }
}

/// The HTTP client for all providers.
#[derive(Clone, Debug)]
pub(super) struct Fetch {
    client: reqwest::Client,
    reach: Reach,
    limit: Duration,
}

impl Fetch {
    pub(super) fn new(reach: &ProviderReach, limits: Limits) -> Result<Self, reqwest::Error> {
        let reach = Reach::new(reach);
        let client = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            // A proxy would resolve names in our place, and past our rules.
            .no_proxy()
            .dns_resolver(Arc::new(reach.clone()))
            .user_agent(concat!("Curfew/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, reach, limit: limits.provider_answer })
    }

    /// Whether a browser, too, may be sent there.
    pub(super) fn may_go(&self, url: &Url) -> bool {
        self.reach.allows_url(url)
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, FetchError> {
        let url = Url::parse(&request.uri().to_string()).map_err(|e| FetchError::Forbidden(e.to_string()))?;
        if !self.reach.allows_url(&url) {
            return Err(FetchError::Forbidden(url.origin().ascii_serialization()));
        }
        match tokio::time::timeout(self.limit, self.exchange(request)).await {
            Ok(done) => done,
            Err(elapsed) => Err(FetchError::Away(elapsed.into())),
        }
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, FetchError> {
        // Without the URL: a query could hold what is not for logs.
        let away = |e: reqwest::Error| FetchError::Away(e.without_url().into());
        let request = reqwest::Request::try_from(request).map_err(away)?;
        let mut answer = self.client.execute(request).await.map_err(away)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(away)? {
            if body.len() + chunk.len() > LARGEST {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = HttpResponse::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for Fetch {
    type Error = FetchError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, FetchError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}

/// Which addresses may be asked: public ones over https; private networks where they are configured; and this very
/// machine, also without TLS, where we ourselves are reached on it alone.
#[derive(Clone, Debug)]
struct Reach {
    loopback: bool,
    private: Arc<Vec<IpNet>>,
    special: Arc<Vec<IpNet>>,
    global: IpNet,
}

impl Reach {
    fn new(reach: &ProviderReach) -> Self {
        let network = |text: &str| text.parse().expect("the list above has networks");
        Self {
            loopback: reach.this_machine,
            private: Arc::new(reach.networks.clone()),
            special: Arc::new(SPECIAL.map(network).to_vec()),
            global: network(GLOBAL_UNICAST),
        }
    }

    fn allows_url(&self, url: &Url) -> bool {
        let named = match url.host() {
            Some(Host::Domain(name)) => !name.eq_ignore_ascii_case("localhost") || self.loopback,
            Some(Host::Ipv4(ip)) => self.allows(ip.into()),
            Some(Host::Ipv6(ip)) => self.allows(ip.into()),
            None => false,
        };
        let secure = url.scheme() == "https" || (url.scheme() == "http" && self.loopback && is_loopback(url.host()));
        named && secure && url.username().is_empty() && url.password().is_none()
    }

    fn allows(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        let is_public =
            !self.special.iter().any(|net| net.contains(&ip)) && (ip.is_ipv4() || self.global.contains(&ip));
        is_public || (self.loopback && ip.is_loopback()) || self.private.iter().any(|net| net.contains(&ip))
    }
}

/// Names are resolved here, so that the address that was checked is the one that is asked.
impl Resolve for Reach {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| reach.allows(address.ip())).collect();
            if allowed.is_empty() {
                return Err(FetchError::Forbidden(name.as_str().to_owned()).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(public: &str, private: &str) -> Reach {
        let set = [("CURFEW_PUBLIC_URL", public), ("CURFEW_API_URL", public), ("CURFEW_PROVIDER_NETWORKS", private)];
        let lookup = |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        Reach::new(&ProviderReach::read(&lookup).expect("settings"))
    }

    #[test]
    fn in_production_only_public_addresses_over_tls_are_asked() {
        let reach = reach("https://app.example", "");
        for url in ["https://idp.example/x", "https://8.8.8.8/", "https://[2606:4700::1]/"] {
            assert!(reach.allows_url(&Url::parse(url).expect("a URL")), "{url}");
        }
        for url in [
            "http://idp.example/",
            "https://localhost/",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://10.0.0.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://[fd00::1]/",
            "https://[fe80::1]/",
            "https://[64:ff9b::a00:1]/",
            "https://[2002:a00:1::]/",
            "https://user@idp.example/",
            "ftp://idp.example/",
            "javascript:alert(1)",
        ] {
            assert!(!reach.allows_url(&Url::parse(url).expect("a URL")), "{url}");
        }
    }

    #[test]
    fn private_networks_and_this_machine_only_where_they_are_meant() {
        let intranet = reach("https://app.example", "10.1.0.0/16");
        assert!(intranet.allows_url(&Url::parse("https://10.1.2.3/").expect("a URL")));
        assert!(!intranet.allows_url(&Url::parse("http://10.1.2.3/").expect("a URL")));
        assert!(!intranet.allows_url(&Url::parse("https://10.2.0.1/").expect("a URL")));
        let here = reach("http://localhost:3000", "");
        assert!(here.allows_url(&Url::parse("http://127.0.0.1:4000/x").expect("a URL")));
        assert!(!here.allows_url(&Url::parse("http://10.0.0.1/").expect("a URL")));
        assert!(!here.allows_url(&Url::parse("http://idp.example/").expect("a URL")));
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused_when_it_is_resolved() {
        let reach = reach("https://app.example", "");
        let refused = reach.resolve("localhost".parse().expect("a name")).await.err().expect("refused");
        assert!(refused.to_string().contains("may not ask localhost"), "{refused}");
    }
}
