//! Signing in at one's company's OpenID provider.

mod callback;
mod check;
mod hostile;
mod people;
mod providers;
mod reauthentication;
mod start;
mod tenants;

use crate::support::{Account, Browser, Org, Provider, Reply, TestApp};
use api::config::Config;
use api::domain::sso::{self, Attempt, Leaving};
use secrecy::SecretString;

pub const TRINITY: &str = "trinity@whiterabbit.fake";

/// whiterabbit.fake, which signs in at a provider of its own.
pub struct World {
    pub app: TestApp,
    pub provider: Provider,
    pub org: Org,
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(adjust: impl FnOnce(&mut Config)) -> Self {
        Self::of(TestApp::with(adjust).await).await
    }

    pub async fn of(app: TestApp) -> Self {
        let provider = Provider::start(&app.clock).await;
        let org = app.company("whiterabbit.fake").await;
        app.connect(org, &provider.issuer("t")).await;
        Self { app, provider, org }
    }

    /// To the provider and back, as `account`.
    pub async fn sign_in(&self, browser: &mut Browser, account: &mut Account) -> Reply {
        let back = self.provider.sign_in(&leave(browser, "").await, account);
        browser.get(&back).await
    }

    /// A browser on which `account` is signed in.
    pub async fn signed_in(&self, account: &mut Account) -> Browser {
        let mut browser = self.app.anonymous();
        let reply = self.sign_in(&mut browser, account).await;
        assert_eq!(destination(&reply), "http://localhost:3000/", "{reply:?}");
        browser
    }

    pub async fn is_in(&self, browser: &mut Browser) -> bool {
        browser.get("/api/users/me").await.status == 200
    }

    pub async fn sign_ins(&self) -> i64 {
        self.app.count("select count(*) from sign_ins").await
    }
}

/// Leaves for the provider of whiterabbit.fake. Gives the authorization request.
pub async fn leave(browser: &mut Browser, query: &str) -> String {
    let reply = browser.get(&format!("/openid/start/whiterabbit.fake{query}")).await;
    assert_eq!(reply.status, 303, "{reply:?}");
    reply.header("location").to_owned()
}

/// A browser of whiterabbit.fake that is about to be back from the provider, as the second transaction gets it.
pub async fn attempt(world: &World) -> Attempt {
    let op = world.app.op(world.org.id);
    let tx = world.app.begin(&op).await;
    let connection = sso::find_connection(&tx, op.scope, None).await.expect("asked").expect("a connection");
    let (state, browser) = (SecretString::from("state"), SecretString::from("browser"));
    let leaving = Leaving {
        state: state.clone(),
        browser: browser.clone(),
        nonce: "nonce".to_owned(),
        pkce_verifier: "verifier".to_owned(),
        return_to: "/".to_owned(),
        login_hint: None,
        prompted: false,
        max_age: None,
        from_own_page: true,
    };
    sso::begin_attempt(&tx, &op, &connection, leaving).await.expect("begun");
    let taken = sso::take_attempt(&tx, &op, &state, &browser).await.expect("asked").expect("an attempt");
    tx.commit().await.expect("committed");
    taken
}

/// Where a browser is sent.
pub fn destination(reply: &Reply) -> &str {
    assert_eq!(reply.status, 303, "{reply:?}");
    reply.header("location")
}

/// The code of a problem that is shown as a page, after looking at what every such page must have.
pub fn page(reply: &Reply) -> String {
    let html = reply.body.as_str().unwrap_or_default();
    assert_eq!(reply.header("content-type"), "text/html; charset=utf-8", "{reply:?}");
    assert!(html.contains(reply.header("x-request-id")), "the page has the request's id");
    assert!(html.contains("href=\"http://localhost:3000/signin\""), "the page leads back");
    assert_eq!(reply.header("cache-control"), "no-store");
    let code = html.split("data-code=\"").nth(1).and_then(|rest| rest.split('"').next());
    code.expect("a code").to_owned()
}
