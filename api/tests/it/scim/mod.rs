//! The company's directory, at `/scim/v2`.

mod filters;
mod groups;
mod lifecycle;
mod patches;
mod people;
mod replay;
mod roles;
mod scale;
mod tenants;
mod wire;

use api::domain::api_keys::Scope;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Caller, Org, Reply, TestApp};

pub const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// A directory with the key of one company.
#[derive(Clone)]
pub struct Directory {
    pub caller: Caller,
}

impl Directory {
    pub async fn of(app: &TestApp, org: Org) -> Self {
        Self { caller: app.holding(&app.key(org, &[Scope::Scim]).await) }
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        self.caller.call(&method, &format!("/scim/v2{path}"), body).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.call(Method::POST, path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.call(Method::PUT, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.call(Method::DELETE, path, None).await
    }

    pub async fn patch(&self, path: &str, operations: Value) -> Reply {
        let body = json!({ "schemas": [PATCH], "Operations": operations });
        self.call(Method::PATCH, path, Some(body)).await
    }

    /// The names of those whom a filter means, in order.
    pub async fn found(&self, filter: &str) -> Vec<String> {
        let reply = self.get(&format!("/Users?filter={}", escape(filter))).await;
        assert_eq!(reply.status, 200, "{filter}: {reply:?}");
        let all = reply.body["Resources"].as_array().expect("a list");
        assert_eq!(reply.body["totalResults"], all.len(), "{filter}");
        all.iter().map(|one| one["userName"].as_str().expect("a name").to_owned()).collect()
    }

    /// Makes somebody, and gives their id.
    pub async fn person(&self, user_name: &str) -> String {
        self.made("/Users", json!({ "userName": user_name })).await
    }

    pub async fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<_> = members.iter().map(|id| json!({ "value": id })).collect();
        self.made("/Groups", json!({ "displayName": name, "members": members })).await
    }

    async fn made(&self, path: &str, body: Value) -> String {
        let reply = self.post(path, body).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        id(&reply)
    }

    /// The id of somebody who is there.
    pub async fn id_of(&self, user_name: &str) -> String {
        let reply = self.get(&format!("/Users?filter={}", escape(&format!("userName eq \"{user_name}\"")))).await;
        reply.body["Resources"][0]["id"].as_str().expect("somebody").to_owned()
    }
}

pub fn id(reply: &Reply) -> String {
    reply.body["id"].as_str().expect("an id").to_owned()
}

pub fn escape(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// With a company, and the directory of it.
pub async fn world() -> (TestApp, Org, Directory) {
    let app = TestApp::new().await;
    let org = app.company("portal.example").await;
    let directory = Directory::of(&app, org).await;
    (app, org, directory)
}

/// What a failure says of itself.
pub fn refusal(reply: &Reply) -> (u16, &str) {
    assert_eq!(reply.header("content-type"), "application/scim+json", "{reply:?}");
    assert_eq!(reply.body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]), "{reply:?}");
    assert_eq!(reply.body["status"], reply.status.as_u16().to_string(), "{reply:?}");
    assert!(reply.body["detail"].as_str().is_some_and(|detail| detail.ends_with('.')), "{reply:?}");
    (reply.status.as_u16(), reply.body["scimType"].as_str().unwrap_or_default())
}
