//! The steps of a sign-in at a provider. Between two transactions stands the network: the first takes the attempt, so
//! that nobody else can; the second decides who it was, under locks.

use std::time::Duration;

use axum::response::{IntoResponse, Redirect, Response};
use http::header;
use secrecy::SecretString;
use url::Position;

use super::browser::LeavingBrowser;
use crate::config::Urls;
use crate::domain::sessions;
use crate::domain::sso::{self, Attempt, ClientAuthMethod, Connection, Leaving, Recognised};
use crate::http::access::Company;
use crate::http::client::RequestInfo;
use crate::http::login::{self, AuthSession};
use crate::http::problem::Problem;
use crate::kernel::{Actor, Email, Error, Kind, OrgScope, Result};
use crate::oidc::{self, Answer, ClientAuth, Registration, Secrets};
use crate::state::AppState;

/// The longest path to go to afterwards, in bytes.
const NEXT: usize = 2000;

/// Where a browser is going, by way of the provider.
pub(super) struct Destination {
    pub(super) return_to: String,
    pub(super) login_hint: Option<String>,
    pub(super) prompted: bool,
    pub(super) max_age: Option<i32>,
    pub(super) from_own_page: bool,
}

/// A browser that came back with an answer we believe.
pub(super) struct Back {
    recognised: Recognised,
    attempt: Attempt,
}

/// Only a path of our own pages, whatever a browser's parser would make of it (RFC 9700 §4.11).
pub(super) fn return_path(urls: &Urls, wanted: Option<&str>) -> String {
    let own = wanted.filter(|path| path.len() <= NEXT && path.starts_with('/') && !path.starts_with("//"));
    let own = own.filter(|path| !path.contains(|c: char| c == '\\' || c.is_control()));
    let url = own.and_then(|path| urls.public.join(path).ok()).filter(|url| url.origin() == urls.public.origin());
    match url {
        // "/.//host" has become "//host" by now.
        Some(url) if !url.path().starts_with("//") => url[Position::BeforePath..Position::AfterQuery].to_owned(),
        _ => "/".to_owned(),
    }
}

/// The connection for somebody with this address, or for anybody.
pub(super) async fn find_connection(state: &AppState, company: &Company, hint: Option<&Email>) -> Result<Connection> {
    let scope = company.op.scope;
    let tx = state.begin_in(scope).await?;
    let found = sso::find_connection(&tx, scope, hint.map(Email::domain)).await?;
    found.ok_or_else(|| Error::not_found("company with a sign-in service of its own"))
}

/// Sends the browser to the provider, and remembers that it left. The provider is asked first: one that is away leaves
/// nothing to remember.
pub(super) async fn leave(
    state: &AppState,
    company: &Company,
    connection: &Connection,
    destination: Destination,
    browser: &LeavingBrowser,
) -> Result<Response> {
    let op = &company.op;
    let Destination { return_to, login_hint, prompted, max_age, from_own_page } = destination;
    let wanted = if prompted { Some(0) } else { max_age.and_then(|seconds| u64::try_from(seconds).ok()) };
    let (registration, secrets) = (registration(state, company, connection)?, Secrets::new(&op.chance));
    let url = state
        .providers
        .authorization_url(&registration, &secrets, login_hint.as_deref(), wanted.map(Duration::from_secs))
        .await?;
    let secret = browser.secret_or_new(&op.chance);
    let cookie = browser.keep(&secret)?;
    let Secrets { state: state_parameter, nonce, pkce_verifier } = secrets;
    let leaving = Leaving {
        state: state_parameter,
        browser: secret,
        nonce,
        pkce_verifier,
        return_to,
        login_hint,
        prompted,
        max_age,
        from_own_page,
    };
    let tx = state.begin_in(op.scope).await?;
    sso::begin_attempt(&tx, op, connection, leaving).await?;
    tx.commit().await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(url.as_str())).into_response())
}

/// Takes the attempt, asks the provider what its answer means, and decides who that is.
///
/// # Errors
/// Those of [`sso::recognise`] and of [`oidc::Providers::claims`]; invalid, when there is no such attempt.
pub(super) async fn come_back(
    state: &AppState,
    company: &Company,
    request: &RequestInfo,
    returned: Option<&SecretString>,
    browser: &LeavingBrowser,
    signed_in: Option<OrgScope>,
    answer: &Answer,
) -> Result<Back> {
    let (Some(returned), Some(secret)) = (returned, &browser.secret) else { return Err(sso::expired()) };
    let (attempt, connection) = take(state, company, returned, secret).await?;
    // Another site can send a browser on this way; it must not swap one company's person for another's by it.
    if !attempt.from_own_page && signed_in.is_some_and(|scope| scope != company.op.scope) {
        return Err(sso::somebody_else());
    }
    let secrets =
        Secrets { state: returned.clone(), nonce: attempt.nonce.clone(), pkce_verifier: attempt.pkce_verifier.clone() };
    let registration = registration(state, company, &connection)?;
    let claims = state.providers.claims(&registration, answer, &secrets).await?;
    let op = request.op(state, company.op.scope, Actor::Idp { issuer: claims.issuer.clone() });
    let tx = state.begin_in(op.scope).await?;
    let recognised = sso::recognise(&tx, &op, &state.config.sealer, &attempt, &claims).await?;
    tx.commit().await?;
    Ok(Back { recognised, attempt })
}

/// To where the person was going, signed in; or to the provider once more.
pub(super) async fn arrive(
    state: &AppState,
    company: &Company,
    request: &RequestInfo,
    browser: &LeavingBrowser,
    auth: &mut AuthSession,
    back: Back,
) -> Result<Response, Problem> {
    let Back { recognised, attempt: Attempt { return_to, login_hint, max_age, from_own_page, .. } } = back;
    match recognised {
        Recognised::SignedIn(sign_in) => {
            let principal = sessions::find_principal(&state.db, sign_in, state.clock.now()).await?;
            login::establish(auth, state, request, &principal.ok_or_else(Error::session_ended)?).await?;
            let home = state.config.urls.public.join(&return_to).map_err(Error::internal)?;
            Ok(Redirect::to(home.as_str()).into_response())
        }
        Recognised::MustProve(connection) => {
            let destination = Destination { return_to, login_hint, prompted: true, max_age, from_own_page };
            Ok(leave(state, company, &connection, destination, browser).await?)
        }
    }
}

/// Records why somebody was not signed in, for their administrator.
pub(super) async fn refuse(state: &AppState, company: &Company, error: Error) -> Problem {
    if ![Kind::Unavailable, Kind::Internal].contains(&error.kind()) {
        let recorded = async {
            let tx = state.begin_in(company.op.scope).await?;
            sso::record_failure(&tx, &company.op, error.code()).await?;
            Ok::<_, Error>(tx.commit().await?)
        };
        if let Err(error) = recorded.await {
            tracing::warn!(?error, "a failed sign-in could not be recorded");
        }
    }
    error.into()
}

async fn take(
    state: &AppState,
    company: &Company,
    returned: &SecretString,
    secret: &SecretString,
) -> Result<(Attempt, Connection)> {
    let scope = company.op.scope;
    let tx = state.begin_in(scope).await?;
    let attempt = sso::take_attempt(&tx, &company.op, returned, secret).await?.ok_or_else(sso::expired)?;
    let connection = sso::attempt_connection(&tx, scope, &attempt).await;
    // The attempt is spent, whatever became of the connection.
    tx.commit().await?;
    Ok((attempt, connection?))
}

/// Who we are at the connection's provider.
fn registration(state: &AppState, company: &Company, connection: &Connection) -> Result<Registration> {
    let Connection { id, issuer, client_id, client_auth, client_credential, .. } = connection;
    let credential = state.config.sealer.open(&sso::credential_place(*id), client_credential)?;
    let callback = format!("/openid/callback/{}", company.slug);
    Ok(Registration {
        issuer: oidc::parse_issuer(issuer)?,
        client_id: client_id.clone(),
        auth: match client_auth {
            ClientAuthMethod::ClientSecret => ClientAuth::Secret(credential),
            ClientAuthMethod::PrivateKeyJwt => ClientAuth::PrivateKey(credential),
        },
        redirect_uri: state.config.urls.api.join(&callback).map_err(Error::internal)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;

    #[test]
    fn only_a_path_of_our_own_is_gone_to_afterwards() {
        let url = |text: &str| Url::parse(text).expect("a URL");
        let urls = Urls { public: url("https://app.example"), api: url("https://app.example") };
        for (wanted, path) in [
            ("/", "/"),
            ("/account/password", "/account/password"),
            ("/?show=open", "/?show=open"),
            ("/a#b", "/a"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/\t/evil.example", "/"),
            ("/.//evil.example", "/"),
            ("/..//evil.example", "/"),
            ("https://evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("", "/"),
            ("account", "/"),
        ] {
            assert_eq!(return_path(&urls, Some(wanted)), path, "{wanted:?}");
        }
        assert_eq!(return_path(&urls, None), "/");
        assert_eq!(return_path(&urls, Some(&format!("/{}", "a".repeat(NEXT)))), "/");
    }
}
