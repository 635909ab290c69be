//! Firing a door: as somebody outside does it where there is an address for it, else as the operator's command line does.

use anyhow::{Context, Result, bail};
use api::domain::orgs::{self, Policy};
use api::domain::revocation::{self, Door};
use api::domain::{api_keys, sso};
use api::kernel::Domain;
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use time::Duration;

use super::cast::Cast;
use super::held::Signaller;
use super::model::{Way, Where};
use super::provider::hex;
use super::stage::{Person, Place, Stage, connection};
use crate::browser::{Browser, Reply};
use crate::{oidc_migrate, people};

/// The least that a policy may be, in seconds.
const SHORT: i32 = 60;
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Fires `way`, and says when it is sent and answered. What has to be prepared is before that.
///
/// # Errors
/// When it is refused.
pub async fn fire(stage: &Stage, cast: &Cast, way: Way, signal: &Signaller) -> Result<()> {
    let place = match way.row().place {
        Where::Company => &stage.company,
        Where::OwnCompany => &stage.own,
    };
    let shot = Shot { stage, cast, place, signal };
    match way {
        Way::Key | Way::TokenAtTheSharedAddress | Way::TokenAtTheCompanysAddress => shot.revocation(way).await,
        Way::LogoutTokenWithSub | Way::LogoutTokenWithSid | Way::Frame => shot.logout(way).await,
        Way::DirectoryPuts | Way::DirectoryPatches | Way::DirectoryDeletes => shot.directory(way).await,
        Way::AdminEndsPerson => {
            let path = format!("/api/org/users/{}/revoke", shot.person()?.id);
            shot.by(shot.admin()?, Method::POST, &path, &[], Some(json!({}))).await
        }
        Way::AdminEndsEverybody => shot.by(shot.admin()?, Method::POST, "/api/org/revoke", &[], Some(json!({}))).await,
        Way::AdminRevokesKey => {
            let path = format!("/api/org/keys/{}", shot.key()?);
            shot.by(shot.admin()?, Method::DELETE, &path, &[], None).await
        }
        Way::AdminReplacesKey => {
            let path = format!("/api/org/keys/{}/rotate", shot.key()?);
            shot.by(shot.admin()?, Method::POST, &path, &[], Some(json!({ "overlapSeconds": 0 }))).await
        }
        Way::SignOut | Way::OneSession | Way::OtherSessions | Way::AllSessions | Way::OwnPassword => {
            shot.own(way).await
        }
        Way::OperatorUnlinks
        | Way::OperatorRevokesKey
        | Way::ShorterPolicy
        | Way::OperatorSetsPassword
        | Way::ProviderRequired
        | Way::DomainRemoved
        | Way::Moved => shot.operator(way).await,
    }
}

struct Shot<'a> {
    stage: &'a Stage,
    cast: &'a Cast,
    place: &'a Place,
    signal: &'a Signaller,
}

impl Shot<'_> {
    fn person(&self) -> Result<&Person> {
        self.cast.person.as_ref().context("Nobody plays here.")
    }

    fn browser(&self) -> Result<&Browser> {
        self.cast.browser.as_ref().context("Nobody is signed in here.")
    }

    fn admin(&self) -> Result<&Browser> {
        self.cast.admin.as_ref().map(|(_, browser)| browser).context("There is no administrator here.")
    }

    fn key(&self) -> Result<String> {
        self.cast.key.map(|id| id.to_string()).context("There is no key here.")
    }

    /// A request, from just before it is sent to its answer.
    async fn by(
        &self,
        browser: &Browser,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Result<()> {
        self.signal.sent();
        let reply = browser.call(method, path, headers, body.as_ref()).await?;
        self.signal.answered();
        accepted(&reply)
    }

    /// A request of somebody who has no cookie.
    async fn outside(&self, method: Method, path: &str, bearer: &str, body: Option<Value>) -> Result<()> {
        let browser = self.stranger().await?;
        let bearer = format!("Bearer {bearer}");
        self.by(&browser, method, path, &[("authorization", &bearer)], body).await
    }

    /// Connected already: how long that takes is not the door's.
    async fn stranger(&self) -> Result<Browser> {
        let browser = Browser::new(self.stage.addresses[0].clone())?;
        browser.get("/health/live").await?;
        Ok(browser)
    }

    async fn revocation(&self, way: Way) -> Result<()> {
        let shared = "/global-token-revocation".to_owned();
        let path = match way {
            Way::TokenAtTheCompanysAddress => format!("/orgs/{}{shared}", self.place.slug),
            _ => shared,
        };
        let bearer = if way == Way::Key {
            self.place.key.expose_secret().to_owned()
        } else {
            let claims = json!({ "sub": self.place.client_id, "aud": self.stage.world.api_url(&path)? });
            self.stage.provider.sign("global-token-revocation+jwt", claims)?
        };
        let subject = json!({ "sub_id": { "format": "email", "email": self.person()?.email.as_written() } });
        self.outside(Method::POST, &path, &bearer, Some(subject)).await
    }

    async fn logout(&self, way: Way) -> Result<()> {
        let account = self.cast.account.as_ref().context("Nobody has a session at the provider here.")?;
        let browser = self.stranger().await?;
        if way == Way::Frame {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("iss", self.stage.provider.issuer())
                .append_pair("sid", &account.sid)
                .finish();
            let path = format!("/orgs/{}/frontchannel-logout?{query}", self.place.slug);
            return self.by(&browser, Method::GET, &path, &[], None).await;
        }
        let mut claims = json!({ "aud": self.place.client_id, "sub": account.sub, "events": { LOGOUT_EVENT: {} } });
        if way == Way::LogoutTokenWithSid {
            claims["sid"] = json!(account.sid);
        }
        let token = self.stage.provider.sign("logout+jwt", claims)?;
        let page = self.stage.addresses[0].join(&format!("/orgs/{}/backchannel-logout", self.place.slug))?;
        self.signal.sent();
        let reply = browser.submit(&page, &[("logout_token", &token)]).await?;
        self.signal.answered();
        accepted(&reply)
    }

    async fn directory(&self, way: Way) -> Result<()> {
        let Person { id, email, .. } = self.person()?;
        let path = format!("/scim/v2/Users/{id}");
        let schema = |name: &str| json!([format!("urn:ietf:params:scim:{name}")]);
        let (method, body) = match way {
            Way::DirectoryPuts => {
                let schemas = schema("schemas:core:2.0:User");
                (Method::PUT, Some(json!({ "schemas": schemas, "userName": email.as_written(), "active": false })))
            }
            Way::DirectoryPatches => {
                let operations = json!([{ "op": "replace", "value": { "active": false } }]);
                let schemas = schema("api:messages:2.0:PatchOp");
                (Method::PATCH, Some(json!({ "schemas": schemas, "Operations": operations })))
            }
            _ => (Method::DELETE, None),
        };
        self.outside(method, &path, self.place.key.expose_secret(), body).await
    }

    async fn own(&self, way: Way) -> Result<()> {
        let browser = self.browser()?;
        let (method, path, body) = match way {
            Way::SignOut => (Method::POST, "/api/signout".to_owned(), Some(json!({}))),
            Way::OneSession => {
                let me = browser.get("/api/users/me").await?.json();
                let id = me["session"]["id"].as_str().context("The API names no session.")?.to_owned();
                (Method::DELETE, format!("/api/sessions/{id}"), None)
            }
            Way::OwnPassword => {
                let new = hex(self.stage.world.chance().bytes::<12>());
                let body = json!({ "currentPassword": self.cast.password.expose_secret(), "newPassword": new });
                (Method::POST, "/api/account/password".to_owned(), Some(body))
            }
            Way::OtherSessions => (Method::POST, "/api/sessions/revoke".to_owned(), Some(json!({ "reach": "others" }))),
            _ => (Method::POST, "/api/sessions/revoke".to_owned(), Some(json!({ "reach": "all" }))),
        };
        self.by(browser, method, &path, &[], body).await
    }

    /// What `seed` itself does.
    async fn operator(&self, way: Way) -> Result<()> {
        let Stage { world, .. } = self.stage;
        let domain = || Ok::<_, anyhow::Error>(self.person()?.email.domain().clone());
        match way {
            Way::OperatorUnlinks => {
                let person = self.person()?;
                self.signal.sent();
                people::forget(world, person.org, &person.email).await?;
            }
            Way::OperatorSetsPassword => {
                let person = self.person()?;
                let new = SecretString::from(hex(world.chance().bytes::<12>()));
                self.signal.sent();
                people::give_password(world, person.org, &person.email, new).await?;
            }
            Way::OperatorRevokesKey => {
                let op = world.op(self.place.org);
                self.signal.sent();
                let tx = world.begin(&op).await?;
                api_keys::revoke(&tx, &op, self.cast.key.context("There is no key here.")?).await?;
                tx.commit().await?;
            }
            Way::ProviderRequired => self.require_provider(&domain()?).await?,
            Way::DomainRemoved => {
                let (op, domain) = (world.op(self.stage.own.org), domain()?);
                self.signal.sent();
                let tx = world.begin(&op).await?;
                revocation::remove_domain(&tx, &op, &domain, Door::Operator).await?;
                tx.commit().await?;
            }
            Way::Moved => {
                self.stage.add_domain(&self.stage.own, &domain()?).await?;
                self.signal.sent();
                oidc_migrate::move_one(world, self.stage.own.org, &self.person()?.email).await?;
            }
            _ => self.shorten().await?,
        }
        self.signal.answered();
        Ok(())
    }

    async fn require_provider(&self, domain: &Domain) -> Result<()> {
        let Stage { world, .. } = self.stage;
        let op = world.op(self.stage.own.org);
        let settings = connection(&self.stage.provider, &self.place.client_id, domain);
        self.signal.sent();
        let tx = world.begin(&op).await?;
        let replaced = sso::set_connection(&tx, &op, &world.sealer()?, settings).await?;
        tx.commit().await?;
        for user in replaced {
            let op = world.op(self.stage.own.org);
            let tx = world.begin(&op).await?;
            sso::sign_out_replaced(&tx, &op, user).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Nobody waits a minute here: the operator's clock is put ahead, as if the sign-ins had been unused for so long.
    async fn shorten(&self) -> Result<()> {
        let Stage { world, own, .. } = self.stage;
        let mut op = world.op(own.org);
        let tx = world.begin(&op).await?;
        if orgs::policy(&tx, op.scope).await? != Policy::DEFAULT {
            revocation::change_policy(&tx, &op, Policy::DEFAULT, Door::Operator).await?;
        }
        tx.commit().await?;
        op.now += Duration::seconds(i64::from(SHORT) + 1);
        let policy = Policy { idle_timeout: SHORT, ..Policy::DEFAULT }.checked()?;
        self.signal.sent();
        let tx = world.begin(&op).await?;
        revocation::change_policy(&tx, &op, policy, Door::Operator).await?;
        Ok(tx.commit().await?)
    }
}

fn accepted(reply: &Reply) -> Result<()> {
    if reply.status.is_success() { Ok(()) } else { bail!("The demand is refused: {}", reply.refusal()) }
}
