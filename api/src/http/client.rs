//! What is known of a request before anybody is: its id, its moment, and where it came from.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;
use http::{Extensions, HeaderMap, header};
use ipnet::IpNet;
use tracing::Span;

use super::problem::Problem;
use crate::kernel::{Actor, Client, Error, Op, OrgScope, RequestId};
use crate::state::AppState;

/// The longest `User-Agent` that is kept, in characters.
const AGENT: usize = 256;

/// One request. Made by the outermost layer, and an extractor for everybody below.
#[derive(Clone, Debug)]
pub struct RequestInfo {
    /// Its id, in the answer's `X-Request-Id`, in problems, logs and audit rows.
    pub id: RequestId,
    /// Where it came from.
    pub client: Client,
    span: Span,
}

impl RequestInfo {
    /// Of a request with these headers and extensions, to be logged under `span`.
    pub fn new(id: RequestId, headers: &HeaderMap, extensions: &Extensions, trusted: &[IpNet], span: Span) -> Self {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip().to_canonical());
        let agent = headers.get(header::USER_AGENT).map(|value| {
            String::from_utf8_lossy(value.as_bytes()).chars().filter(|c| !c.is_control()).take(AGENT).collect()
        });
        Self { id, client: Client { ip: peer.map(|peer| client_ip(peer, headers, trusted)), agent }, span }
    }

    /// Builds the request's [`Op`], and puts who is asking on the log line.
    pub fn op(&self, state: &AppState, scope: OrgScope, actor: Actor) -> Op {
        self.span.record("org.id", scope.org().to_string());
        self.span.record("actor.kind", actor.kind());
        self.span.record("actor.id", actor.id());
        Op {
            scope,
            actor,
            now: state.clock.now(),
            chance: state.chance.clone(),
            request_id: self.id,
            client: self.client.clone(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestInfo {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or_else(|| Error::internal("the outermost layer is missing").into())
    }
}

/// The nearest address that is not one of our proxies. `X-Forwarded-For` is read from the right, because each proxy
/// adds what it saw at the end; what stands left of the first stranger may be made up.
fn client_ip(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_ours = |ip: &IpAddr| trusted.iter().any(|network| network.contains(ip));
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    let mut nearest = peer;
    for hop in forwarded.into_iter().rev() {
        if !is_ours(&nearest) {
            break;
        }
        let Ok(ip) = hop.trim().parse::<IpAddr>() else { break };
        nearest = ip.to_canonical();
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_proxies_are_believed() {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().expect("a network")];
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        for (peer, forwarded, expected) in [
            ("203.0.113.9", None, "203.0.113.9"),
            ("203.0.113.9", Some("1.2.3.4"), "203.0.113.9"),
            ("10.0.0.1", Some("1.2.3.4"), "1.2.3.4"),
            ("10.0.0.1", Some("6.6.6.6, 1.2.3.4, 10.0.0.2"), "1.2.3.4"),
            ("10.0.0.1", Some("6.6.6.6, ::ffff:1.2.3.4"), "1.2.3.4"),
            ("10.0.0.1", Some("nonsense"), "10.0.0.1"),
            ("10.0.0.1", None, "10.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(value) = forwarded {
                headers.insert("x-forwarded-for", value.parse().expect("a header"));
            }
            assert_eq!(client_ip(ip(peer), &headers, &trusted), ip(expected), "{peer} {forwarded:?}");
        }
    }
}
