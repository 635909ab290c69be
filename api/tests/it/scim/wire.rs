//! What goes over the wire: media types, errors, entity tags, and what describes the service.

use api::domain::api_keys::Scope;
use axum::body::Body;
use http::{Method, Request, header};
use serde_json::{Value, json};

use super::{Directory, id, refusal, world};
use crate::support::{Reply, send};

impl Directory {
    pub async fn if_match(&self, method: Method, path: &str, body: Option<Value>, tag: &str) -> Reply {
        self.with_header(method, path, body, header::IF_MATCH.as_str(), tag).await
    }

    async fn with_header(&self, method: Method, path: &str, body: Option<Value>, name: &str, value: &str) -> Reply {
        let request = Request::builder().method(method).uri(format!("/scim/v2{path}")).header(name, value);
        let request =
            request.header(header::HOST, "localhost:3333").header(header::CONTENT_TYPE, "application/scim+json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.caller.send(request.body(body).expect("a request")).await
    }
}

#[tokio::test]
async fn every_failure_is_scim_s_own() {
    let (app, org, directory) = world().await;
    let weak = Directory { caller: app.holding(&app.key(org, &[Scope::Revoke, Scope::UsersRead]).await) };
    let wrong = Directory { caller: app.holding(&"non-token".into()) };
    assert_eq!(refusal(&weak.get("/Users").await).0, 403);
    let refused = wrong.get("/Users").await;
    assert_eq!(refusal(&refused).0, 401);
    assert!(refused.header("www-authenticate").starts_with("Bearer"));
    let bare = Request::builder().uri("/scim/v2/Users").body(Body::empty()).expect("a request");
    assert_eq!(refusal(&send(&app.router, bare).await).0, 401);
    assert_eq!(refusal(&directory.get("/Nothing").await).0, 404);
    assert_eq!(refusal(&directory.get("/Users/x/y").await).0, 404);
    for (method, path) in [
        (Method::PATCH, "/Users"),
        (Method::DELETE, "/Users"),
        (Method::POST, "/Users/1"),
        (Method::POST, "/Roles"),
        (Method::PUT, "/ServiceProviderConfig"),
        (Method::GET, "/Users/.search/x"),
    ] {
        let reply = directory.call(method.clone(), path, None).await;
        let status = refusal(&reply).0;
        assert!(status == 405 && reply.headers.contains_key("allow") || status == 404, "{method} {path}: {reply:?}");
    }
    let reply = directory.with_header(Method::POST, "/Users", Some(json!({})), "content-length", "5").await;
    assert_eq!(refusal(&reply).0, 400, "cut off");
    let text = Request::post("/scim/v2/Users").header(header::CONTENT_TYPE, "text/plain").body(Body::from("{}"));
    assert_eq!(refusal(&directory.caller.send(text.expect("a request")).await).0, 415);
    let large = json!({ "userName": "x".repeat(2 * 1024 * 1024) });
    assert_eq!(refusal(&directory.post("/Users", large).await).0, 413);
    let broken = Request::post("/scim/v2/Users").header(header::CONTENT_TYPE, "application/json").body(Body::from("{"));
    assert_eq!(refusal(&directory.caller.send(broken.expect("a request")).await), (400, "invalidSyntax"));
    // Elsewhere failures are what they were.
    let elsewhere = app.anonymous().get("/api/users/me").await;
    assert_eq!(elsewhere.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn a_key_s_answer_sets_no_cookie_whatever_it_is() {
    let (_app, _, directory) = world().await;
    let person = directory.person("p@portal.example").await;
    for path in ["/Users", &format!("/Users/{person}"), "/Groups", "/Nothing", "/Schemas", "/Users?filter=x"] {
        let reply = directory.get(path).await;
        assert!(reply.cookie().is_none(), "{path}");
        assert_eq!(reply.header("cache-control"), "no-store", "{path}");
    }
}

#[tokio::test]
async fn both_media_types_are_understood_and_one_is_spoken() {
    let (_app, _, directory) = world().await;
    for (at, media_type) in
        ["application/scim+json", "application/json", "Application/SCIM+JSON; charset=utf-8"].iter().enumerate()
    {
        let body = Body::from(json!({ "userName": format!("p{at}@portal.example") }).to_string());
        let request = Request::post("/scim/v2/Users").header(header::CONTENT_TYPE, *media_type).body(body);
        let reply = directory.caller.send(request.expect("a request")).await;
        assert_eq!((reply.status.as_u16(), reply.header("content-type")), (201, "application/scim+json"));
    }
}

#[tokio::test]
async fn entity_tags_tell_versions_apart() {
    let (_app, _, directory) = world().await;
    let path = format!("/Users/{}", directory.person("p@portal.example").await);
    let first = directory.get(&path).await.header("etag").to_owned();
    assert!(first.starts_with("W/\"") && first.ends_with('"'), "{first}");
    let known = async |tag: &str| directory.with_header(Method::GET, &path, None, "if-none-match", tag).await;
    let unchanged = known(&first).await;
    assert_eq!((unchanged.status.as_u16(), &unchanged.body, unchanged.header("etag")), (304, &Value::Null, &*first));
    assert_eq!(known(&format!("\"x\", {first}")).await.status, 304);
    assert_eq!(known("*").await.status, 304);
    assert_eq!(known("W/\"x\"").await.status, 200);
    let title = json!({ "Operations": [{ "op": "replace", "value": { "title": "t" } }] });
    let stale = directory.if_match(Method::PATCH, &path, Some(title.clone()), "W/\"x\"").await;
    assert_eq!(refusal(&stale), (412, ""));
    let changed = directory.if_match(Method::PATCH, &path, Some(title.clone()), &first).await;
    assert_eq!(changed.status, 200);
    let second = changed.header("etag").to_owned();
    assert_ne!(second, first);
    assert_eq!(known(&first).await.status, 200);
    assert_eq!(refusal(&directory.if_match(Method::DELETE, &path, None, &first).await).0, 412);
    let same = directory.if_match(Method::PATCH, &path, Some(title), "*").await;
    assert_eq!((same.status.as_u16(), same.header("etag")), (200, &*second), "nothing changed by it");
    // What others say of somebody is theirs, too: a group, and what they may do.
    let person = path.trim_start_matches("/Users/");
    directory.group("g", &[person]).await;
    assert_ne!(directory.get(&path).await.header("etag"), second);
    assert_eq!(directory.if_match(Method::DELETE, &path, None, "*").await.status, 204);
}

#[tokio::test]
async fn only_what_is_asked_for_is_given() {
    let (_app, _, directory) = world().await;
    let person = directory.person("p@portal.example").await;
    let shown = async |query: &str| {
        let body = directory.get(&format!("/Users/{person}?{query}")).await.body;
        body.as_object().expect("an object").keys().cloned().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(shown("attributes=userName,emails.value").await, "emails id schemas userName");
    assert_eq!(shown("attributes=meta.location").await, "id meta schemas");
    assert_eq!(shown("attributes=unknown").await, "id schemas");
    assert!(!shown("excludedAttributes=emails,groups,meta").await.contains("emails"));
    assert!(shown("excludedAttributes=id").await.contains("id"));
    let listed = directory.get("/Users?attributes=active").await.body["Resources"][0].clone();
    assert_eq!(listed.as_object().expect("an object").len(), 3);
    let made = directory.post("/Users?attributes=userName", json!({ "userName": "q@portal.example" })).await;
    assert_eq!(made.body.as_object().expect("an object").len(), 3);
    assert!(made.header("location").ends_with(&id(&made)));
}

#[tokio::test]
async fn the_service_describes_itself_truly() {
    let (_app, _, directory) = world().await;
    let config = directory.get("/ServiceProviderConfig").await.body;
    for (what, supported) in
        [("patch", true), ("filter", true), ("etag", true), ("bulk", false), ("sort", false), ("changePassword", false)]
    {
        assert_eq!(config[what]["supported"], supported, "{what}");
    }
    assert_eq!(config["filter"]["maxResults"], 200);
    assert_eq!(config["meta"]["location"], "http://localhost:3333/scim/v2/ServiceProviderConfig");
    let types = directory.get("/ResourceTypes").await.body;
    let names: Vec<_> = types["Resources"].as_array().expect("a list").iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["User", "Group", "Role", "Entitlement"]);
    for kind in types["Resources"].as_array().expect("a list") {
        let one = directory.get(&format!("/ResourceTypes/{}", kind["id"].as_str().expect("an id"))).await;
        assert_eq!((one.status.as_u16(), &one.body), (200, kind));
        let list = directory.get(kind["endpoint"].as_str().expect("a path")).await;
        assert_eq!(list.status, 200);
        let urn = kind["schema"].as_str().expect("a URN");
        assert_eq!(directory.get(&format!("/Schemas/{urn}")).await.body["id"], urn);
    }
    let schemas = directory.get("/Schemas").await.body;
    assert_eq!((&schemas["totalResults"], &schemas["itemsPerPage"]), (&json!(5), &json!(5)));
    let user = &schemas["Resources"][0];
    assert_eq!(user["id"], "urn:ietf:params:scim:schemas:core:2.0:User");
    let attribute = |name: &str| {
        let all = user["attributes"].as_array().expect("a list");
        all.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("{name}")).clone()
    };
    assert_eq!(attribute("userName")["uniqueness"], "server");
    assert_eq!(attribute("userName")["caseExact"], false);
    assert_eq!(attribute("password")["returned"], "never");
    assert_eq!(attribute("groups")["mutability"], "readOnly");
    assert_eq!(attribute("emails")["subAttributes"].as_array().map(Vec::len), Some(4));
    for path in ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"] {
        assert_eq!(refusal(&directory.get(&format!("{path}?filter=id%20pr")).await).0, 403, "RFC 7644 §4");
    }
    assert_eq!(refusal(&directory.get("/Schemas/urn:unknown").await).0, 404);
    assert_eq!(refusal(&directory.get("/ResourceTypes/Bot").await).0, 404);
}
