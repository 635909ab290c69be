//! A browser without a window: it keeps cookies, goes where it is sent, and signs in as a person does, with a password
//! here or at their company's provider.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::header::{HeaderMap, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, StatusCode};
use reqwest_cookie_store::CookieStoreMutex;
use serde_json::{Value, json};
use url::Url;

/// For one answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// A browser gives up after about as many.
const REDIRECTS: usize = 20;

/// What came back.
#[derive(Debug)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// What answered, after all redirects that were followed.
    pub url: Url,
    /// Its body.
    pub text: String,
}

impl Reply {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// What a refusal says of itself, in a sentence.
    pub fn refusal(&self) -> String {
        let heading = || self.text.split("<h1").nth(1)?.split(['<', '>']).nth(1);
        let body = self.json();
        let said = match body["detail"].as_str().or_else(heading) {
            Some(said) => said.to_owned(),
            None => self.text.chars().take(200).collect(),
        };
        format!("{} {said}", self.status).trim_end().to_owned()
    }
}

/// A browser of its own, with cookies of its own. A copy is another tab of it.
#[derive(Clone)]
pub struct Browser {
    client: Client,
    cookies: Arc<CookieStoreMutex>,
    api: Url,
}

impl Browser {
    /// One that calls the API by this address, also for paths alone. It asks no proxy, and goes where it is sent only when
    /// told to.
    ///
    /// # Errors
    /// Without TLS.
    pub fn new(api: Url) -> Result<Self> {
        let cookies = Arc::new(CookieStoreMutex::default());
        let client = Client::builder().no_proxy().redirect(Policy::none()).timeout(PATIENCE);
        let client = client.cookie_provider(Arc::clone(&cookies)).build().context("HTTP is not to be had")?;
        Ok(Self { client, cookies, api })
    }

    /// A request with these headers, and perhaps with JSON. `place` is a path of the API or a whole address.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn call(
        &self,
        method: Method,
        place: &str,
        headers: &[(&str, &str)],
        json: Option<&Value>,
    ) -> Result<Reply> {
        let url = self.api.join(place).with_context(|| format!("{place} is no address"))?;
        let mut request = self.client.request(method, url.clone());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = if let Some(json) = json { request.json(json) } else { request };
        reply(request, &url).await
    }

    /// Asks for a page, or for what a page asks for, and does not go where it is sent.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn get(&self, place: &str) -> Result<Reply> {
        self.call(Method::GET, place, &[], None).await
    }

    /// Sends JSON, as a page does.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn post(&self, place: &str, json: &Value) -> Result<Reply> {
        self.call(Method::POST, place, &[], Some(json)).await
    }

    /// Opens a page, and goes on to wherever it is sent.
    ///
    /// # Errors
    /// When there is no answer, or no end of redirects.
    pub async fn open(&self, place: &str) -> Result<Reply> {
        // A page of ours leads there.
        let first = self.call(Method::GET, place, &[("sec-fetch-site", "same-origin")], None).await?;
        self.follow(first).await
    }

    /// Sends a form, and goes on to wherever it is sent.
    ///
    /// # Errors
    /// As for [`Browser::open`].
    pub async fn submit(&self, page: &Url, fields: &[(&str, &str)]) -> Result<Reply> {
        let request = self.client.post(page.clone()).header("origin", page.origin().ascii_serialization()).form(fields);
        let first = reply(request, page).await?;
        self.follow(first).await
    }

    /// Asks a provider's token endpoint as a client that gives its secret by HTTP Basic (RFC 6749 §2.3.1).
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn ask_token_endpoint(
        &self,
        endpoint: &str,
        (id, secret): (&str, &str),
        fields: &[(&str, &str)],
    ) -> Result<Reply> {
        let url = Url::parse(endpoint).with_context(|| format!("\"{endpoint}\" is no address"))?;
        let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let request = self.client.post(url.clone()).basic_auth(encoded(id), Some(encoded(secret))).form(fields);
        reply(request, &url).await
    }

    async fn follow(&self, mut reply: Reply) -> Result<Reply> {
        for _ in 0..REDIRECTS {
            let Some(next) = reply.headers.get(LOCATION).filter(|_| reply.status.is_redirection()) else {
                return Ok(reply);
            };
            let next = reply.url.join(next.to_str().unwrap_or_default()).context("It leads to no address")?;
            reply = self.get(next.as_str()).await?;
        }
        bail!("{} leads on and on.", reply.url)
    }

    /// Signs in as the page does: by the address it is found whether there is a provider, which then asks for the
    /// password.
    ///
    /// # Errors
    /// When it came to nothing, with what was said.
    pub async fn sign_in(&self, email: &str, password: &str) -> Result<()> {
        let check = self.post("/api/openid/check", &json!({ "username": email })).await?;
        if !check.status.is_success() {
            bail!("{}", check.refusal());
        }
        if let Some(company) = check.json()["org_id"].as_str() {
            self.sign_in_there(company, email, password).await?;
        } else {
            let reply = self.post("/api/signin", &json!({ "username": email, "password": password })).await?;
            if !reply.status.is_success() {
                bail!("{}", reply.refusal());
            }
        }
        let me = self.get("/api/users/me").await?;
        if me.status.is_success() { Ok(()) } else { bail!("Signed in, and yet nobody: {}", me.refusal()) }
    }

    async fn sign_in_there(&self, company: &str, email: &str, password: &str) -> Result<()> {
        let hint: String = url::form_urlencoded::byte_serialize(email.as_bytes()).collect();
        let mut page = self.open(&format!("/openid/start/{company}?login_hint={hint}&next=/health/live")).await?;
        for again in [false, true] {
            if page.status == StatusCode::OK && page.text.contains("type=\"password\"") {
                if again {
                    // It was right, and is asked for once more: a forced sign-out was in this very second, and a provider
                    // counts in whole ones, so that only a later one is seen to be later.
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                page = self.submit(&page.url, &[("email", email), ("password", password)]).await?;
            }
        }
        if page.text.contains("type=\"password\"") {
            bail!("{} does not know this e-mail address with this password.", page.url.origin().ascii_serialization());
        }
        if page.status.is_success() { Ok(()) } else { bail!("{}", page.refusal()) }
    }

    /// Where it calls the API.
    pub fn address(&self) -> &Url {
        &self.api
    }

    /// The cookies as the header of a request, for another address of the same API.
    ///
    /// # Errors
    /// When another tab was lost with them.
    pub fn cookies(&self) -> Result<String> {
        let store = self.cookies.lock().map_err(|_| anyhow::anyhow!("the cookies are lost"))?;
        let pairs: Vec<_> = store.iter_unexpired().map(|cookie| cookie.stripped().to_string()).collect();
        Ok(pairs.join("; "))
    }

    /// Writes the cookies to a file as curl reads it (`--cookie FILE`), for its owner's eyes only.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep_cookies(&self, file: &Path) -> Result<()> {
        let mut text = "# Netscape HTTP Cookie File\n".to_owned();
        let store = self.cookies.lock().map_err(|_| anyhow::anyhow!("the cookies are lost"))?;
        for cookie in store.iter_unexpired() {
            let domain = cookie.domain.as_cow().unwrap_or_default();
            let path: &str = &cookie.path;
            let secure = if cookie.secure().unwrap_or(false) { "TRUE" } else { "FALSE" };
            let (name, value) = cookie.name_value();
            writeln!(text, "#HttpOnly_{domain}\tFALSE\t{path}\t{secure}\t0\t{name}\t{value}")?;
        }
        drop(store);
        crate::private::write(file, &text)
    }
}

async fn reply(request: reqwest::RequestBuilder, url: &Url) -> Result<Reply> {
    let origin = url.origin().ascii_serialization();
    let no_answer = || format!("{origin} does not answer");
    let response = request.send().await.with_context(no_answer)?;
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.with_context(no_answer)?;
    Ok(Reply { status, headers, url: url.clone(), text })
}
