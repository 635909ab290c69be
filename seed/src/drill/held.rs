//! What the drill's people hold: each thing can be proven alive, and watched until it is refused.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use reqwest::{Client, Response, StatusCode};
use serde_json::json;
use tokio::sync::watch;
use url::Url;

use super::model::{Fate, Held};
use super::provider::{Account, Provider};
use crate::browser::Browser;

/// Between two questions about one credential. Times are as exact as this and one answer.
pub const PAUSE: Duration = Duration::from_millis(5);
/// A stream that was not to end says so within this, once everything else is dead.
const HUSH: Duration = Duration::from_millis(100);
/// One question's.
const PATIENCE: Duration = Duration::from_secs(20);

/// How far a door is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    Before,
    Sent,
    Answered,
}

/// What everybody who watches knows of the door.
#[derive(Clone)]
pub struct Signal {
    phase: watch::Receiver<Phase>,
    sent: Arc<OnceLock<Instant>>,
    deadline: Duration,
}

/// Says how far the door is.
pub struct Signaller(watch::Sender<Phase>, Arc<OnceLock<Instant>>);

impl Signal {
    /// One for one door.
    pub fn new(deadline: Duration) -> (Signaller, Self) {
        let (sender, phase) = watch::channel(Phase::Before);
        let sent = Arc::default();
        (Signaller(sender, Arc::clone(&sent)), Self { phase, sent, deadline })
    }

    async fn wait(&mut self, phase: Phase) -> Instant {
        // Nobody says more when the door could not be fired; then all this is dropped.
        let _said = self.phase.wait_for(|now| *now >= phase).await;
        self.sent.get().copied().unwrap_or_else(Instant::now)
    }

    fn is_over(&self) -> bool {
        self.sent.get().is_some_and(|sent| sent.elapsed() > self.deadline)
    }

    /// What a refusal means that was here at `at`; before it, the thing was seen alive at `seen`.
    fn dead(&self, at: Instant, seen: Option<Instant>) -> Fate {
        match self.sent.get() {
            Some(sent) => Fate::Dead { after: at - *sent, unseen: at - seen.unwrap_or(*sent).min(at) },
            None => Fate::Unknown("It was refused before the demand.".to_owned()),
        }
    }
}

impl Signaller {
    /// The demand is about to be sent.
    pub fn sent(&self) {
        let _first = self.1.set(Instant::now());
        self.0.send_replace(Phase::Sent);
    }

    /// It has been answered.
    pub fn answered(&self) {
        self.0.send_replace(Phase::Answered);
    }
}

/// What an answer says of a credential.
pub enum Answer {
    Alive,
    Refused,
    /// Nothing: the server did not answer, or not as a server that is well.
    Trouble(String),
}

/// A browser that has left for the provider and is not back.
pub struct Attempt {
    pub browser: Browser,
    pub provider: Provider,
    /// Where it was sent.
    pub authorize: String,
    pub account: Account,
    /// Whether the person proves there who they are just before they come back. They left before that all the same.
    pub proof: bool,
}

impl Attempt {
    /// Sends a new browser to the provider. With `proof`, as somebody who must prove who they are.
    ///
    /// # Errors
    /// When it is not sent there.
    pub async fn begin(at: &Url, provider: &Provider, slug: &str, account: &Account, proof: bool) -> Result<Self> {
        let browser = Browser::new(at.clone())?;
        let hint: String = url::form_urlencoded::byte_serialize(account.email.as_bytes()).collect();
        let age = if proof { "&max_age=300" } else { "" };
        let reply = browser.get(&format!("/openid/start/{slug}?login_hint={hint}{age}")).await?;
        let to = reply.headers.get("location").and_then(|to| to.to_str().ok());
        let Some(to) = to.filter(|to| provider.is_at(to)) else {
            bail!(
                "{} does not send people to the drill's provider, {}: {}",
                origin(at),
                provider.issuer(),
                reply.refusal()
            );
        };
        Ok(Self { authorize: to.to_owned(), browser, provider: provider.clone(), account: account.clone(), proof })
    }

    /// Comes back, and says whether that signed anybody in.
    pub async fn finish(&self) -> Answer {
        let auth_time = if self.proof { self.provider.now() } else { self.account.auth_time };
        let account = Account { auth_time, ..self.account.clone() };
        let back = match self.provider.answer(&self.authorize, &account) {
            Ok(back) => back,
            Err(error) => return Answer::Trouble(format!("{error:#}")),
        };
        match self.browser.get(&back).await {
            Ok(reply) if reply.status.is_redirection() => {
                let to = reply.headers.get("location").and_then(|to| to.to_str().ok()).unwrap_or_default();
                if self.provider.is_at(to) { Answer::Refused } else { Answer::Alive }
            }
            Ok(reply) if reply.status.is_client_error() => Answer::Refused,
            Ok(reply) => Answer::Trouble(reply.refusal()),
            Err(error) => Answer::Trouble(format!("{error:#}")),
        }
    }
}

/// One thing that somebody holds.
pub enum Thing {
    /// A cookie, at one process.
    Cookie { at: Url, cookies: String },
    /// An open stream at one process, by that cookie.
    Stream { at: Url, cookies: String, stream: Response },
    /// A sign-in that is on its way and comes back right after the demand; and with `--race` another one by the same
    /// session, which comes back together with it.
    OnItsWay { late: Attempt, early: Option<Attempt> },
    /// What begins only when the demand has been answered.
    Later { at: Url, provider: Provider, slug: String, account: Account },
    /// A password that was good.
    Password { at: Url, email: String, password: String },
    /// A key, at one process.
    Key { at: Url, key: String },
}

/// A thing, and what sort it is.
pub struct Holding {
    pub held: Held,
    pub thing: Thing,
}

/// Opens a stream, and hears from it.
///
/// # Errors
/// When it is refused.
pub async fn open_stream(client: &Client, at: &Url, cookies: String) -> Result<Thing> {
    let place = at.join("/api/live")?;
    let mut stream = client.get(place).header("cookie", &cookies).send().await.context("no stream")?;
    if !stream.status().is_success() {
        bail!("{} gives no stream: {}", origin(at), stream.status());
    }
    let first = tokio::time::timeout(PATIENCE, stream.chunk()).await.context("The stream says nothing")??;
    if !first.is_some_and(|first| first.starts_with(b":")) {
        bail!("{} begins a stream otherwise than with a sign of life.", origin(at));
    }
    Ok(Thing::Stream { at: at.clone(), cookies, stream })
}

/// As people call it.
pub fn origin(at: &Url) -> String {
    at.origin().ascii_serialization()
}

async fn ask_cookie(client: &Client, at: &Url, cookies: &str) -> Answer {
    let Ok(place) = at.join("/api/users/me") else { return Answer::Trouble("no address".to_owned()) };
    // Nobody's hand has caused it: it must not keep the session from ending for want of use.
    answer(client.get(place).header("cookie", cookies).header("curfew-background", "drill").timeout(PATIENCE)).await
}

async fn ask_key(client: &Client, at: &Url, key: &str) -> Answer {
    let Ok(place) = at.join("/scim/v2/Users?count=0&filter=userName%20eq%20%22nobody%22") else {
        return Answer::Trouble("no address".to_owned());
    };
    answer(client.get(place).bearer_auth(key).timeout(PATIENCE)).await
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => return Answer::Trouble(format!("{}", anyhow::Error::from(error.without_url()))),
    };
    let status = response.status();
    // Read, so that the connection can be used again.
    let read = response.bytes().await;
    match (status, read) {
        (StatusCode::UNAUTHORIZED, _) => Answer::Refused,
        (status, Ok(_)) if status.is_success() => Answer::Alive,
        (status, _) => Answer::Trouble(status.to_string()),
    }
}

async fn ask_password(at: &Url, email: &str, password: &str) -> Answer {
    let asked = async {
        let browser = Browser::new(at.clone())?;
        browser.post("/api/signin", &json!({ "username": email, "password": password })).await
    };
    match asked.await {
        Ok(reply) if reply.status.is_success() => Answer::Alive,
        Ok(reply) if reply.status == StatusCode::UNAUTHORIZED => Answer::Refused,
        Ok(reply) => Answer::Trouble(reply.refusal()),
        Err(error) => Answer::Trouble(format!("{error:#}")),
    }
}

async fn sign_in_anew(at: &Url, provider: &Provider, slug: &str, account: &Account) -> Answer {
    match Attempt::begin(at, provider, slug, account, false).await {
        Ok(attempt) => attempt.finish().await,
        Err(error) => Answer::Trouble(format!("{error:#}")),
    }
}

impl Thing {
    /// Whether it is good right now. What can be used once only is not asked.
    pub async fn is_alive(&self, client: &Client) -> Answer {
        match self {
            Self::Cookie { at, cookies } | Self::Stream { at, cookies, .. } => ask_cookie(client, at, cookies).await,
            Self::Key { at, key } => ask_key(client, at, key).await,
            Self::Password { at, email, password } => ask_password(at, email, password).await,
            Self::Later { at, provider, slug, account } => sign_in_anew(at, provider, slug, account).await,
            Self::OnItsWay { .. } => Answer::Alive,
        }
    }

    /// The browser has another cookie for it now.
    pub fn renew(&mut self, new: String) {
        if let Self::Cookie { cookies, .. } | Self::Stream { cookies, .. } = self {
            *cookies = new;
        }
    }

    /// Watches it from before the demand until it is refused, or the time is up.
    pub async fn watch(self, client: Client, mut signal: Signal) -> Fate {
        match self {
            Self::Cookie { at, cookies } => poll(&signal, || ask_cookie(&client, &at, &cookies)).await,
            Self::Key { at, key } => poll(&signal, || ask_key(&client, &at, &key)).await,
            Self::Stream { at, cookies, stream } => listen(&client, &signal, &at, cookies, stream).await,
            Self::OnItsWay { late, early } => come_back(&client, &mut signal, late, early).await,
            later @ (Self::Later { .. } | Self::Password { .. }) => {
                signal.wait(Phase::Answered).await;
                match later.is_alive(&client).await {
                    Answer::Refused => signal.dead(Instant::now(), None),
                    Answer::Alive => Fate::Alive,
                    Answer::Trouble(text) => Fate::Unknown(text),
                }
            }
        }
    }

    /// Looks, once everything else is dead, whether it is as good as before.
    pub async fn outlives(self, client: &Client) -> Fate {
        let answer = match self {
            Self::Stream { at, cookies, mut stream } => {
                while let Ok(Ok(Some(said))) = tokio::time::timeout(HUSH, stream.chunk()).await {
                    if has_ended(&said) {
                        return Fate::Lost;
                    }
                }
                ask_cookie(client, &at, &cookies).await
            }
            Self::OnItsWay { late, .. } => late.finish().await,
            other => other.is_alive(client).await,
        };
        match answer {
            Answer::Alive => Fate::Kept,
            Answer::Refused => Fate::Lost,
            Answer::Trouble(text) => Fate::Unknown(text),
        }
    }
}

async fn poll<F: Future<Output = Answer>>(signal: &Signal, ask: impl Fn() -> F) -> Fate {
    let mut seen = None;
    loop {
        let trouble = match ask().await {
            Answer::Refused => return signal.dead(Instant::now(), seen),
            Answer::Alive => {
                seen = Some(Instant::now());
                None
            }
            Answer::Trouble(text) => Some(text),
        };
        if signal.is_over() {
            return trouble.map_or(Fate::Alive, Fate::Unknown);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn has_ended(said: &[u8]) -> bool {
    String::from_utf8_lossy(said).lines().any(|line| line == "event: ended")
}

/// Until the stream says that the session has ended. Where it breaks off it is opened again, as a browser does it.
async fn listen(client: &Client, signal: &Signal, at: &Url, cookies: String, mut stream: Response) -> Fate {
    loop {
        match tokio::time::timeout(PAUSE, stream.chunk()).await {
            Ok(Ok(Some(said))) if has_ended(&said) => return signal.dead(Instant::now(), None),
            Err(_) if signal.is_over() => return Fate::Alive,
            Ok(Ok(Some(_))) | Err(_) => {}
            Ok(Ok(None) | Err(_)) => match ask_cookie(client, at, &cookies).await {
                Answer::Refused => return signal.dead(Instant::now(), None),
                _ if signal.is_over() => {
                    return Fate::Unknown("The stream broke off, and nobody can say why.".to_owned());
                }
                _ => {
                    tokio::time::sleep(PAUSE).await;
                    if let Ok(Thing::Stream { stream: new, .. }) = open_stream(client, at, cookies.clone()).await {
                        stream = new;
                    }
                }
            },
        }
    }
}

/// The late one must not come in. The early one may be quicker than the demand; then what it opened must die.
async fn come_back(client: &Client, signal: &mut Signal, late: Attempt, early: Option<Attempt>) -> Fate {
    signal.wait(Phase::Sent).await;
    let opened = match &early {
        Some(early) => early.finish().await,
        None => Answer::Refused,
    };
    signal.wait(Phase::Answered).await;
    let refused = match late.finish().await {
        Answer::Refused => signal.dead(Instant::now(), None),
        Answer::Alive => return Fate::Alive,
        Answer::Trouble(text) => return Fate::Unknown(text),
    };
    match (opened, early) {
        (Answer::Trouble(text), _) => Fate::Unknown(text),
        (Answer::Alive, Some(early)) => {
            let Ok(cookies) = early.browser.cookies() else { return refused };
            refused.worse(poll(signal, || ask_cookie(client, early.browser.address(), &cookies)).await)
        }
        _ => refused,
    }
}
