//! A company's directory, as the parts on SCIM and on entitlements look at it: here by its key, and at the demo's
//! provider.

use api::domain::api_keys::Scope;
use api::entity::user::Model as User;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::look::{answers, so};
use super::oidc::provider;
use super::{Found, Look, Wrong};
use crate::browser::Reply;

/// A company of the workshop's with a directory.
pub struct Directory {
    /// Its domain.
    pub company: &'static str,
    /// The key that everybody knows.
    pub key: &'static str,
    /// What makes all of it anew.
    pub begin: &'static str,
}

impl Directory {
    /// A path below `/scim/v2`, with the company's key, which must be good for that.
    ///
    /// # Errors
    /// When there is no such key, or nobody answers.
    pub async fn call(
        &self,
        look: &Look<'_>,
        method: Method,
        path: &str,
        json: Option<&Value>,
    ) -> Result<Reply, Wrong> {
        look.workshop_key(self.company, self.key, Scope::Scim)
            .await
            .map_err(|wrong| Wrong::new(wrong.what, self.begin))?;
        let reply = look.call(method, &format!("/scim/v2{path}"), Some(self.key), json).await?;
        let loopback = "the API honours this key on loopback only: call it by localhost, without a proxy.";
        so(reply.status != StatusCode::UNAUTHORIZED, format!("The API refuses the key {}.", self.key), loopback)?;
        Ok(reply)
    }

    /// What a list there has, all of which must have come.
    ///
    /// # Errors
    /// When it is no list.
    pub async fn list(&self, look: &Look<'_>, path: &str) -> Result<Vec<Value>, Wrong> {
        let reply = self.call(look, Method::GET, path, None).await?;
        answers(&reply, 200, "the API's log is .curfew/api.log.")?;
        let list = reply.json();
        let resources = list["Resources"].as_array().cloned().unwrap_or_default();
        let as_told = list["itemsPerPage"] == resources.len() && list["totalResults"].is_u64();
        so(as_told, format!("{} is not SCIM's list (RFC 7644 §3.4.2).", reply.url), "this is a fault of the API.")?;
        Ok(resources)
    }

    /// How many people a filter `attribute eq "value"` finds.
    ///
    /// # Errors
    /// As for [`Directory::list`].
    pub async fn filtered(&self, look: &Look<'_>, attribute: &str, value: &str) -> Result<usize, Wrong> {
        Ok(self.list(look, &filter(attribute, value)).await?.len())
    }

    /// The first of them.
    ///
    /// # Errors
    /// As for [`Directory::list`].
    pub async fn find(&self, look: &Look<'_>, attribute: &str, value: &str) -> Result<Option<Value>, Wrong> {
        Ok(self.list(look, &filter(attribute, value)).await?.into_iter().next())
    }

    /// The row of somebody whom SCIM has shown.
    ///
    /// # Errors
    /// When the database does not have them.
    pub async fn person(&self, look: &Look<'_>, shown: &Value) -> Result<User, Wrong> {
        let people = look.people(look.company(self.company).await?).await?;
        let found = people.into_iter().find(|user| shown["id"] == user.id.to_string());
        let mend = "DATABASE_OWNER_URL, if you have set it, must name the API's database.";
        found.ok_or_else(|| Wrong::new("The API has other people than the database that `seed` looks into.", mend))
    }

    /// Somebody must be there, under this name of the directory's.
    ///
    /// # Errors
    /// When they are not, or under another name.
    pub async fn knows(&self, look: &Look<'_>, email: &str, external_id: &str) -> Result<(), Wrong> {
        let person = look.employee(self.company, email).await.map_err(|wrong| Wrong::new(wrong.what, self.begin))?;
        let known_as = person.external_id.as_deref().unwrap_or("nothing");
        let what = format!("{email} is {known_as} to the directory, and should be {external_id}.");
        so(known_as == external_id, what, self.begin)
    }

    /// What the provider has told us of late, the newest first.
    ///
    /// # Errors
    /// When it does not say.
    pub async fn sent(&self, look: &Look<'_>) -> Result<Vec<Value>, Wrong> {
        let reply = self.provider(look, Method::GET, "sent").await?;
        answers(&reply, 200, RESTART)?;
        Ok(reply.json().as_array().cloned().unwrap_or_default())
    }

    /// What the provider's administration says of the company.
    async fn provider(&self, look: &Look<'_>, method: Method, what: &str) -> Result<Reply, Wrong> {
        let place = format!("{}/admin/api/{}/{what}", provider(look)?, self.company);
        look.call(method.clone(), &place, None, (method == Method::POST).then(|| json!({})).as_ref()).await
    }
}

/// What stands in JSON as text; nothing when it is none.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn filter(attribute: &str, value: &str) -> String {
    let query = [("filter", format!("{attribute} eq \"{value}\"")), ("count", "100".to_owned())];
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    format!("/Users?{}", pairs.extend_pairs(query).finish())
}

const RESTART: &str = "`make down` and `make up` start the provider again.";

/// The provider must send to this API.
///
/// # Errors
/// When it sends elsewhere.
pub async fn reaches_us(look: &Look<'_>, directory: &Directory) -> Found {
    let reply = directory.provider(look, Method::GET, "scim").await?;
    answers(&reply, 200, RESTART)?;
    let theirs = reply.json()["baseUrl"].as_str().unwrap_or_default().to_owned();
    let ours = look.world.api_url("/scim/v2")?;
    so(theirs == ours, format!("The provider sends to {theirs}, and the API is at {ours}."), RESTART)?;
    Ok(format!("The provider sends to {ours}."))
}

/// The provider must have a key that the API takes for this very company's. Asking it to test its key has it read two
/// people, and changes nothing.
///
/// # Errors
/// When it has none, one that is refused, or another company's.
pub async fn connected(look: &Look<'_>, directory: &Directory) -> Found {
    let Directory { company, key, .. } = directory;
    reaches_us(look, directory).await?;
    let set = format!("set the key {key} on the provider's page, under {company}, Provisioning.");
    let reply = directory.provider(look, Method::GET, "scim").await?;
    so(reply.json()["connected"] == true, format!("The provider has no key for {company}."), set.as_str())?;
    let tested = directory.provider(look, Method::POST, "test-scim").await?;
    answers(&tested, 200, RESTART)?;
    let tested = tested.json();
    let said = tested["error"].as_str().unwrap_or_default();
    so(tested["status"] == 200, format!("The API refuses the provider's key: {said}"), set.as_str())?;
    let there = look.people(look.company(company).await?).await?.len();
    let what = format!("By its key the provider sees {} people, and {company} has {there}.", tested["totalResults"]);
    so(tested["totalResults"] == there, what, format!("it is another company's: {set}"))?;
    Ok(format!("The provider has a key of {company}'s, by which it sees {there} people."))
}

/// What the provider has imported of these, whom it must have confirmed as its own.
///
/// # Errors
/// When there was no import, or it refused somebody or did not know them.
pub async fn imported(look: &Look<'_>, directory: &Directory, people: &[&str]) -> Result<Vec<Value>, Wrong> {
    let reply = directory.provider(look, Method::GET, "import").await?;
    let again = "press Import on the provider's page once more.";
    so(reply.status != StatusCode::NOT_FOUND, "The provider has imported nobody.", again)?;
    answers(&reply, 200, RESTART)?;
    let imported = reply.json();
    let mut confirmed = Vec::new();
    for email in people {
        let found = imported["people"].as_array().and_then(|all| all.iter().find(|one| one["email"] == *email));
        let found = found.ok_or_else(|| Wrong::new(format!("The last import did not bring {email}."), again))?;
        let refused = found["refused"].as_str().unwrap_or_default();
        let mend = format!("give them what is missing, by the PUT of this page; then {again}");
        so(refused.is_empty(), format!("The provider refuses {email}: {refused}."), mend)?;
        let mend = "the provider has forgotten its people: begin the part anew with `seed workshop`.";
        so(found["sub"].is_string(), format!("The provider does not know {email} as one of its own."), mend)?;
        confirmed.push(found.clone());
    }
    Ok(confirmed)
}

/// Somebody as the provider has them.
///
/// # Errors
/// When it does not.
pub async fn at_provider(look: &Look<'_>, directory: &Directory, email: &str) -> Result<Value, Wrong> {
    let reply = directory.provider(look, Method::GET, "people").await?;
    answers(&reply, 200, RESTART)?;
    let people = reply.json();
    let found = people.as_array().and_then(|all| all.iter().find(|one| one["email"] == email)).cloned();
    found.ok_or_else(|| {
        Wrong::new(format!("The provider does not have {email}."), "add them on its page, with that address.")
    })
}
