//! What checks look with.

use anyhow::Result;
use api::domain::api_keys::{self, KeptKey, Scope};
use api::domain::{orgs, sessions, todos, users};
use api::entity::org::OrgKind;
use api::entity::sign_in::Model as SignIn;
use api::entity::todo::Model as Todo;
use api::entity::user::Model as User;
use api::kernel::{Op, OrgId};
use reqwest::Method;
use serde_json::Value;

use super::Wrong;
use crate::browser::{Browser, Reply};
use crate::world::{World, parse_domain, parse_email};

/// The world, and a browser in which nobody is signed in.
pub struct Look<'a> {
    /// The database, and where everything is.
    pub world: &'a World,
    browser: Browser,
}

impl<'a> Look<'a> {
    /// At this world.
    ///
    /// # Errors
    /// Without addresses.
    pub fn new(world: &'a World) -> Result<Self> {
        Ok(Self { world, browser: world.browser()? })
    }

    /// A path of the API, or a whole address.
    ///
    /// # Errors
    /// When nobody answers there.
    pub async fn get(&self, place: &str) -> Result<Reply, Wrong> {
        self.call(Method::GET, place, None, None).await
    }

    /// The same with a cookie of somebody's.
    ///
    /// # Errors
    /// When nobody answers there.
    pub async fn get_as(&self, cookie: &str, place: &str) -> Result<Reply, Wrong> {
        self.send(Method::GET, place, &[("cookie", cookie)], None).await
    }

    /// With a key and JSON, where given. Only what changes nothing.
    ///
    /// # Errors
    /// When nobody answers there.
    pub async fn call(
        &self,
        method: Method,
        place: &str,
        key: Option<&str>,
        json: Option<&Value>,
    ) -> Result<Reply, Wrong> {
        let bearer = key.map(|key| format!("Bearer {key}"));
        let headers: Vec<_> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
        self.send(method, place, &headers, json).await
    }

    async fn send(
        &self,
        method: Method,
        place: &str,
        headers: &[(&str, &str)],
        json: Option<&Value>,
    ) -> Result<Reply, Wrong> {
        self.browser.call(method, place, headers, json).await.map_err(|error| {
            let mend = "start the demo with `make up`; if it runs, its logs are .curfew/api.log and .curfew/idp.log.";
            Wrong::new(format!("{error}."), mend)
        })
    }

    /// What a token endpoint says is wrong with a request (RFC 6749 §5.2) of a client that gives its secret by HTTP Basic.
    ///
    /// # Errors
    /// When nobody answers there.
    pub async fn token_error(
        &self,
        endpoint: &str,
        client: (&str, &str),
        form: &[(&str, &str)],
    ) -> Result<String, Wrong> {
        let reply = self.browser.ask_token_endpoint(endpoint, client, form).await?;
        Ok(reply.json()["error"].as_str().unwrap_or_default().to_owned())
    }

    /// The company that owns a domain.
    ///
    /// # Errors
    /// When there is none.
    pub async fn company(&self, domain: &str) -> Result<OrgId, Wrong> {
        let found = orgs::find_by_domain(&self.world.db, &parse_domain(domain)?).await?;
        found.ok_or_else(|| {
            Wrong::new(format!("No company owns the domain {domain}."), format!("`seed org add {domain}`."))
        })
    }

    /// Everybody in an org.
    ///
    /// # Errors
    /// The database's.
    pub async fn people(&self, org: OrgId) -> Result<Vec<User>, Wrong> {
        let op = self.world.op(org);
        let tx = self.world.begin(&op).await?;
        Ok(users::list(&tx, op.scope).await?)
    }

    /// Somebody of a company's.
    ///
    /// # Errors
    /// When they are not there.
    pub async fn employee(&self, company: &str, email: &str) -> Result<User, Wrong> {
        let org = self.company(company).await?;
        let folded = parse_email(email)?.folded().to_owned();
        let found = self.people(org).await?.into_iter().find(|user| user.email_folded == folded);
        found.ok_or_else(|| {
            Wrong::new(format!("{email} is not in {company}."), "do the step that makes or moves them once more.")
        })
    }

    /// Somebody without a company.
    ///
    /// # Errors
    /// When they are not there.
    pub async fn person(&self, email: &str) -> Result<User, Wrong> {
        let folded = parse_email(email)?.folded().to_owned();
        for org in orgs::list_all(&self.world.db).await? {
            if org.kind == OrgKind::Personal
                && let Some(user) = self.people(org.id).await?.into_iter().find(|user| user.email_folded == folded)
            {
                return Ok(user);
            }
        }
        Err(Wrong::new(format!("Nobody without a company has the address {email}."), "`seed workshop start`."))
    }

    /// Somebody's sign-ins, the newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn sign_ins(&self, user: &User) -> Result<Vec<SignIn>, Wrong> {
        let op = self.world.op(user.org_id);
        let tx = self.world.begin(&op).await?;
        let mut all = sessions::list(&tx, op.scope).await?;
        all.retain(|sign_in| sign_in.user_id == user.id);
        all.sort_by_key(|sign_in| std::cmp::Reverse(sign_in.created_at));
        Ok(all)
    }

    /// Somebody's todos.
    ///
    /// # Errors
    /// The database's.
    pub async fn todos(&self, user: &User) -> Result<Vec<Todo>, Wrong> {
        let op = self.op(user.org_id);
        let tx = self.world.begin(&op).await?;
        Ok(todos::list(&tx, op.scope, user.id).await?)
    }

    /// Whether a sign-in counts.
    pub fn is_open(&self, sign_in: &SignIn) -> bool {
        sign_in.ended_at.is_none() && sign_in.expires_at > self.op(sign_in.org_id).now
    }

    /// A company's key that everybody knows, by how it ends; it must be good for `scope`.
    ///
    /// # Errors
    /// When it is not there, ended, or good for something else.
    pub async fn workshop_key(&self, company: &str, text: &str, scope: Scope) -> Result<KeptKey, Wrong> {
        let op = self.op(self.company(company).await?);
        let tx = self.world.begin(&op).await?;
        let keys = api_keys::list(&tx, op.scope).await?;
        let mend = "`seed workshop` with this part's name makes it anew, or mint a key of your own: `seed key mint`.";
        let key = keys.into_iter().find(|key| key.prefix.is_none() && text.ends_with(&key.last_four));
        let key = key.ok_or_else(|| Wrong::new(format!("{company} does not have the key {text}."), mend))?;
        if key.revoked_at.is_some() {
            return Err(Wrong::new(format!("The key {text} of {company} has been revoked."), mend));
        }
        if !key.scopes.contains(&scope) {
            let has = key.scopes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let what = format!("The key {text} of {company} is not good for {scope}: its scopes are {has}.");
            return Err(Wrong::new(what, mend));
        }
        Ok(key)
    }

    /// The operator's look into one org.
    pub fn op(&self, org: OrgId) -> Op {
        self.world.op(org)
    }
}

/// What was seen, if it is so; else what is wrong.
///
/// # Errors
/// When it is not so.
pub fn so(is_so: bool, what: impl Into<String>, mend: impl Into<String>) -> Result<(), Wrong> {
    if is_so { Ok(()) } else { Err(Wrong::new(what, mend)) }
}

/// An answer's status must be this one.
///
/// # Errors
/// When it is another.
pub fn answers(reply: &Reply, status: u16, mend: impl Into<String>) -> Result<(), Wrong> {
    let what = format!("{} answers {}, and should answer {status}.", reply.url, reply.refusal());
    so(reply.status == status, what, mend)
}

/// What `seed sign-in` has kept of somebody's, in the workshop's folder: the session cookie, as a header has it.
///
/// # Errors
/// When it has kept nothing.
pub fn cookie(name: &str) -> Result<String, Wrong> {
    let file = format!(".curfew/workshop/{name}.cookies");
    let cookies = std::fs::read_to_string(&file).map_err(|_| {
        Wrong::new(format!("There are no cookies in {file}."), "sign in with the `seed sign-in` of this page.")
    })?;
    let fields = cookies.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let session = fields.filter(|fields| fields.len() == 7).find(|fields| fields[5].ends_with("curfew"));
    Ok(session.map(|fields| format!("{}={}", fields[5], fields[6])).unwrap_or_default())
}
