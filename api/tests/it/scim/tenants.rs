//! Two companies whose directories use the same names for everything: nothing crosses, on any route.

use std::collections::BTreeSet;

use api::kernel::Role;
use http::Method;
use serde_json::{Value, json};

use super::{Directory, escape, id};
use crate::support::{Org, TestApp, TestDatabase};

/// One company's directory, and the ids of what it made.
struct Side {
    org: Org,
    directory: Directory,
    user: String,
    group: String,
    role: String,
    entitlement: String,
}

impl Side {
    async fn new(app: &TestApp, domain: &str) -> Self {
        let org = app.company(domain).await;
        let directory = Directory::of(app, org).await;
        app.person(Some(org), "owner@same.example", Role::Owner).await;
        let made = directory.post("/Users", same_user()).await;
        let user = id(&made);
        let group = json!({ "displayName": "Same", "externalId": "G1", "members": [{ "value": user }] });
        let group = id(&directory.post("/Groups", group).await);
        let op = app.op(org.id);
        let tx = app.begin(&op).await;
        let kind = api::entity::entitlement::EntitlementKind::Entitlement;
        let made = api::domain::roles::define(&tx, &op, kind, "same", "", None).await.expect("made");
        tx.commit().await.expect("committed");
        let roles = directory.get("/Roles?filter=displayName%20eq%20%22Admin%22").await.body;
        let role = roles["Resources"][0]["id"].as_str().expect("a role").to_owned();
        Self { org, directory, user, group, role, entitlement: made.id.to_string() }
    }

    /// Everything that its directory can see.
    async fn seen(&self) -> Value {
        let mut seen = Vec::new();
        for path in ["/Users", "/Groups", "/Roles", "/Entitlements"] {
            seen.push(self.directory.get(path).await.body);
        }
        seen.push(self.directory.post("/.search", json!({})).await.body);
        Value::Array(seen)
    }
}

fn same_user() -> Value {
    json!({ "userName": "same@same.example", "externalId": "E1", "displayName": "Same",
        "phoneNumbers": [{ "value": "1", "type": "work" }] })
}

async fn nothing_crosses(app: &TestApp) {
    let (ours, theirs) = (Side::new(app, "ours.example").await, Side::new(app, "theirs.example").await);
    let (before, there) = (ours.seen().await, theirs.seen().await);
    let name = |side: &Side| [&side.user, &side.group, &side.role, &side.entitlement].map(Clone::clone);
    let all_of = |seen: &Value, ids: [String; 4]| ids.iter().filter(|id| seen.to_string().contains(*id)).count();
    assert_eq!((all_of(&before, name(&ours)), all_of(&before, name(&theirs))), (4, 0));
    assert_eq!((all_of(&there, name(&theirs)), all_of(&there, name(&ours))), (4, 0));

    every_route_with_foreign_ids(&ours, &theirs).await;
    foreign_ids_in_bodies(&ours, &theirs).await;
    the_same_names_in_filters(&ours, &theirs).await;
    assert_eq!(ours.seen().await, before, "nothing of ours has changed");
    assert_eq!(theirs.seen().await, there, "nor of theirs");

    // What is done on one side is done there alone.
    let off = json!([{ "op": "replace", "value": { "active": false } }]);
    assert_eq!(theirs.directory.patch(&format!("/Users/{}", theirs.user), off).await.status, 200);
    assert_eq!(theirs.directory.delete(&format!("/Groups/{}", theirs.group)).await.status, 204);
    let owner = theirs.directory.id_of("owner@same.example").await;
    let make = json!([{ "op": "replace", "path": "roles", "value": [{ "value": "Owner" }] }]);
    assert_eq!(theirs.directory.patch(&format!("/Users/{}", theirs.user), make).await.status, 200);
    let on = json!([{ "op": "replace", "value": { "active": true } }]);
    assert_eq!(theirs.directory.patch(&format!("/Users/{}", theirs.user), on).await.status, 200);
    assert_eq!(theirs.directory.delete(&format!("/Users/{owner}")).await.status, 204);
    assert_eq!(ours.seen().await, before);
    assert_eq!(theirs.directory.post("/Users", json!({ "userName": "owner@same.example" })).await.status, 201);
    let rows =
        format!("select count(*) from audit_events where org_id = '{}' and event like 'user.%activated'", ours.org.id);
    assert_eq!(app.count(&rows).await, 0);
}

/// Every operation of the API's document that is a directory's and has an id in its path.
async fn every_route_with_foreign_ids(ours: &Side, theirs: &Side) {
    let document = serde_json::to_value(api::app::document()).expect("JSON");
    let mut tried = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        let Some(path) = path.strip_prefix("/scim/v2").filter(|path| path.ends_with("/{id}")) else { continue };
        for method in methods.as_object().expect("methods").keys() {
            let method: Method = method.to_uppercase().parse().expect("a method");
            let body = match method {
                Method::PUT if path.starts_with("/Groups") => Some(json!({ "displayName": "Taken", "members": [] })),
                Method::PUT => Some(json!({ "userName": "taken@same.example", "active": false })),
                Method::PATCH => Some(json!({ "Operations": [{ "op": "replace",
                    "value": { "active": false, "displayName": "Taken", "members": [] } }] })),
                _ => None,
            };
            for foreign in [&theirs.user, &theirs.group, &theirs.role, &theirs.entitlement] {
                let path = path.replace("{id}", foreign);
                let reply = ours.directory.call(method.clone(), &path, body.clone()).await;
                assert_eq!(reply.status, 404, "{method} {path}: {reply:?}");
                tried.insert(format!("{method} {}", path.split('/').nth(1).expect("a name")));
            }
        }
    }
    assert_eq!(tried.len(), 12, "{tried:?}");
}

async fn foreign_ids_in_bodies(ours: &Side, theirs: &Side) {
    let (user, group) = (format!("/Users/{}", ours.user), format!("/Groups/{}", ours.group));
    let come = json!([{ "op": "add", "path": "members", "value": [{ "value": theirs.user }] }]);
    let replies = [
        ours.directory.patch(&group, come).await,
        ours.directory
            .patch(&group, json!([{ "op": "replace", "value": { "members": [{ "value": theirs.user }] } }]))
            .await,
        ours.directory.put(&group, json!({ "displayName": "Same", "members": [{ "value": theirs.user }] })).await,
        ours.directory.post("/Groups", json!({ "displayName": "New", "members": [{ "value": theirs.user }] })).await,
        ours.directory
            .patch(&user, json!([{ "op": "add", "path": "roles", "value": [{ "value": theirs.role }] }]))
            .await,
        ours.directory
            .patch(&user, json!([{ "op": "add", "path": "entitlements", "value": [{ "value": theirs.entitlement }] }]))
            .await,
        ours.directory
            .post("/Users", json!({ "userName": "new@same.example", "roles": [{ "value": theirs.role }] }))
            .await,
    ];
    for reply in replies {
        assert_eq!(super::refusal(&reply), (400, "invalidValue"), "{reply:?}");
    }
    // To take away who is not there is no failure, and takes nobody away.
    let gone = json!([{ "op": "remove", "path": format!("members[value eq \"{}\"]", theirs.user) }]);
    assert_eq!(ours.directory.patch(&group, gone).await.status, 204);
}

async fn the_same_names_in_filters(ours: &Side, theirs: &Side) {
    for (path, filter, expected) in [
        ("/Users", r#"userName eq "same@same.example""#.to_owned(), 1),
        ("/Users", r#"externalId eq "E1""#.to_owned(), 1),
        ("/Users", r#"emails.value eq "same@same.example""#.to_owned(), 1),
        ("/Users", r#"emails[type eq "work" and value sw "same"]"#.to_owned(), 1),
        ("/Users", r#"phoneNumbers[value eq "1"]"#.to_owned(), 1),
        ("/Users", r#"groups.display eq "Same""#.to_owned(), 1),
        ("/Users", r#"roles.display eq "Owner""#.to_owned(), 1),
        ("/Users", "userName pr or not (userName pr)".to_owned(), 2),
        ("/Users", format!("id eq \"{}\"", theirs.user), 0),
        ("/Users", format!("groups.value eq \"{}\"", theirs.group), 0),
        ("/Users", format!("roles.value eq \"{}\"", theirs.role), 0),
        ("/Groups", r#"displayName eq "Same""#.to_owned(), 1),
        ("/Groups", r#"externalId eq "G1" or members pr"#.to_owned(), 1),
        ("/Groups", format!("members.value eq \"{}\"", theirs.user), 0),
        ("/Groups", format!("id eq \"{}\"", theirs.group), 0),
        ("/Roles", r#"displayName eq "Admin""#.to_owned(), 1),
        ("/Entitlements", r#"displayName eq "same" or id pr"#.to_owned(), 1),
        ("/Entitlements", format!("id eq \"{}\"", theirs.entitlement), 0),
    ] {
        let reply = ours.directory.get(&format!("{path}?filter={}", escape(&filter))).await;
        assert_eq!(reply.body["totalResults"], expected, "{path} {filter}: {reply:?}");
        if path == "/Users" || path == "/Groups" {
            let searched = ours.directory.post(&format!("{path}/.search"), json!({ "filter": filter })).await;
            assert_eq!(searched.body, reply.body, "{filter}");
        }
    }
}

#[tokio::test]
async fn nothing_crosses_between_directories() {
    nothing_crosses(&TestApp::new().await).await;
}

/// The stores' own filters, with PostgreSQL's wall down: a superuser passes every policy.
#[tokio::test]
async fn nothing_crosses_between_directories_where_row_level_security_is_bypassed() {
    let database = TestDatabase::new().await;
    let url = database.url("postgres");
    nothing_crosses(&TestApp::over(database, url, |_| {}).await).await;
}

/// An administrator's routes, with the other company's people, groups and roles.
#[tokio::test]
async fn an_administrator_gives_nothing_across() {
    let app = TestApp::new().await;
    let (ours, theirs) = (Side::new(&app, "ours.example").await, Side::new(&app, "theirs.example").await);
    app.person(Some(ours.org), "boss@ours.example", Role::Owner).await;
    let mut boss = app.signed_in("boss@ours.example").await;
    let own = format!("/api/org/users/{}/roles", ours.user);
    for (path, role, status) in [
        (&format!("/api/org/users/{}/roles", theirs.user), &ours.role, 404),
        (&format!("/api/org/groups/{}/roles", theirs.group), &ours.role, 404),
        (&format!("/api/org/groups/{}/roles", ours.group), &theirs.role, 400),
        (&own, &theirs.role, 400),
        (&own, &ours.role, 200),
    ] {
        assert_eq!(boss.put(path, json!({ "roles": [role] })).await.status, status, "{path}");
    }
    for path in ["/api/org/roles", "/api/org/groups"] {
        let seen = boss.get(path).await.body.to_string();
        assert!(!seen.contains(&theirs.role) && !seen.contains(&theirs.group) && !seen.contains(&theirs.entitlement));
    }
}
