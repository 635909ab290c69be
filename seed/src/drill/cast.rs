//! The people of one door, with everything that they hold proven alive.

use anyhow::{Context, Result, bail};
use api::kernel::{ApiKeyId, Role};
use reqwest::Client;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::held::{Answer, Attempt, Holding, Thing, open_stream, origin};
use super::model::{By, Held, Way, Where};
use super::provider::{Account, hex};
use super::stage::{Person, Place, Stage};
use crate::browser::Browser;

/// How long ago people proved who they are, in seconds: before any sign-out of theirs.
const OLD_PROOF: i64 = 10;
/// In the drill's own company, where everybody may just have been signed out, they must have done so since.
const JUST_NOW: i64 = 0;

/// Who plays in one door.
pub struct Cast {
    /// Whose sign-ins the door is about.
    pub person: Option<Person>,
    /// Their session at the provider, in this browser.
    pub account: Option<Account>,
    /// This browser.
    pub browser: Option<Browser>,
    /// Their password.
    pub password: SecretString,
    /// An administrator of the company's, who has just proved who they are.
    pub admin: Option<(Person, Browser)>,
    /// The key that the door is about.
    pub key: Option<ApiKeyId>,
    /// Whether sign-ins come back together with the demand, too.
    race: bool,
    /// All that is held.
    pub holdings: Vec<Holding>,
}

impl Cast {
    /// Makes them, signs them in with `browsers` browsers, and sees that each thing they hold is good.
    ///
    /// # Errors
    /// When something cannot be had, or is not good.
    pub async fn assemble(stage: &Stage, client: &Client, way: Way, browsers: usize, race: bool) -> Result<Self> {
        let row = way.row();
        let place = match row.place {
            Where::Company => &stage.company,
            Where::OwnCompany => &stage.own,
        };
        let mut cast = Self {
            person: None,
            account: None,
            browser: None,
            password: hex(stage.world.chance().bytes::<12>()).into(),
            admin: None,
            key: None,
            race,
            holdings: Vec::new(),
        };
        match row.by {
            By::Provider => cast.by_provider(stage, client, place, way, browsers).await?,
            By::Password => cast.by_password(stage, client, place, way, browsers).await?,
            By::Nobody => {
                let (id, key) = stage.mint(place).await?;
                cast.key = Some(id);
                for at in &stage.addresses {
                    let thing = Thing::Key { at: at.clone(), key: key.expose_secret().to_owned() };
                    cast.hold(Held::ApiKey, thing);
                }
            }
        }
        if matches!(way, Way::AdminEndsPerson | Way::AdminEndsEverybody | Way::AdminRevokesKey | Way::AdminReplacesKey)
        {
            let admin = stage.person(place, Some(Role::Admin)).await?;
            let account = stage.account(&admin, JUST_NOW);
            cast.admin = Some((admin, sign_in(stage, &stage.addresses[0], place, &account).await?));
        }
        cast.holdings.retain(|holding| !row.untried.contains(&holding.held));
        for Holding { held, thing } in &cast.holdings {
            // A sign-in that begins later would be one more, and take part.
            if matches!(thing, Thing::Later { .. } | Thing::Password { .. }) {
                continue;
            }
            match thing.is_alive(client).await {
                Answer::Alive => {}
                Answer::Refused => bail!("{} of {} is refused before the demand.", held.name(), row.name),
                Answer::Trouble(text) => bail!("{} of {} cannot be proven alive: {text}", held.name(), row.name),
            }
        }
        Ok(cast)
    }

    fn hold(&mut self, held: Held, thing: Thing) {
        self.holdings.push(Holding { held, thing });
    }

    async fn by_provider(
        &mut self,
        stage: &Stage,
        client: &Client,
        place: &Place,
        way: Way,
        browsers: usize,
    ) -> Result<()> {
        let person = stage.person(place, None).await?;
        let age = if way.row().place == Where::Company { OLD_PROOF } else { JUST_NOW };
        for n in 0..browsers {
            let account = stage.account(&person, age);
            let is_this = n == 0;
            let at = &stage.addresses[n % stage.addresses.len()];
            let browser = sign_in(stage, at, place, &account).await?;
            self.signed_in(stage, client, &browser, is_this).await?;
            let way_back = if is_this { Held::OnItsWay } else { Held::OtherOnItsWay };
            self.leave(stage, place, &account, way_back).await?;
            if is_this {
                self.leave(stage, place, &account, Held::NewProof).await?;
                for at in &stage.addresses {
                    let (provider, slug) = (stage.provider.clone(), place.slug.clone());
                    let thing = Thing::Later { at: at.clone(), provider, slug, account: account.clone() };
                    self.hold(Held::SignInByOldProof, thing);
                }
                (self.browser, self.account) = (Some(browser), Some(account));
            }
        }
        self.person = Some(person);
        Ok(())
    }

    async fn by_password(
        &mut self,
        stage: &Stage,
        client: &Client,
        place: &Place,
        way: Way,
        browsers: usize,
    ) -> Result<()> {
        // One more, so that what is done about a domain is about this person alone.
        let domain = stage.mark.domain(&format!("p{}", hex(stage.world.chance().bytes::<4>())))?;
        // Who moves has been without a company until then.
        let company = (way != Way::Moved).then_some(place.org);
        if company.is_some() {
            stage.add_domain(&stage.own, &domain).await?;
        }
        let person = stage.person_with(&self.password, &domain, company).await?;
        let email = person.email.as_written().to_owned();
        for n in 0..browsers {
            let at = &stage.addresses[n % stage.addresses.len()];
            let browser = Browser::new(at.clone())?;
            browser.sign_in(&email, self.password.expose_secret()).await.with_context(|| origin(at))?;
            self.signed_in(stage, client, &browser, n == 0).await?;
            if n == 0 {
                self.browser = Some(browser);
            }
        }
        for at in &stage.addresses {
            let password = self.password.expose_secret().to_owned();
            self.hold(Held::Password, Thing::Password { at: at.clone(), email: email.clone(), password });
        }
        self.person = Some(person);
        Ok(())
    }

    async fn signed_in(&mut self, stage: &Stage, client: &Client, browser: &Browser, is_this: bool) -> Result<()> {
        let (cookie, stream) =
            if is_this { (Held::Cookie, Held::Stream) } else { (Held::OtherCookie, Held::OtherStream) };
        let cookies = browser.cookies()?;
        for at in &stage.addresses {
            self.hold(cookie, Thing::Cookie { at: at.clone(), cookies: cookies.clone() });
            let thing = open_stream(client, at, cookies.clone()).await?;
            self.hold(stream, thing);
        }
        Ok(())
    }

    /// At each process, because that is where it comes back to.
    async fn leave(&mut self, stage: &Stage, place: &Place, account: &Account, held: Held) -> Result<()> {
        for at in &stage.addresses {
            let leave = || Attempt::begin(at, &stage.provider, &place.slug, account, held == Held::NewProof);
            let early = if self.race { Some(leave().await?) } else { None };
            self.hold(held, Thing::OnItsWay { late: leave().await?, early });
        }
        Ok(())
    }
}

async fn sign_in(stage: &Stage, at: &Url, place: &Place, account: &Account) -> Result<Browser> {
    let attempt = Attempt::begin(at, &stage.provider, &place.slug, account, false).await?;
    match attempt.finish().await {
        Answer::Alive => Ok(attempt.browser),
        Answer::Refused => bail!("{} refuses a sign-in by the drill's provider.", origin(at)),
        Answer::Trouble(text) => bail!("{} could not sign in by the drill's provider: {text}", origin(at)),
    }
}
