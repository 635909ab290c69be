//! What somebody may do, by roles, entitlements and groups; and that an org keeps an owner.

use api::domain::roles;
use api::entity::entitlement::EntitlementKind;
use api::kernel::Role;
use serde_json::{Value, json};

use super::{Directory, id, refusal, world};
use crate::support::{Org, TestApp};

/// Whether somebody may see what administrators see, and do what they do.
async fn may(app: &TestApp, email: &str) -> (bool, bool) {
    let mut browser = app.signed_in(email).await;
    let sees = browser.get("/api/org/sessions").await.status == 200;
    let acts = browser.post("/api/org/revoke?dry_run=true", json!({})).await.status == 200;
    (sees, acts)
}

impl Directory {
    async fn role(&self, name: &str) -> String {
        let all = self.get("/Roles").await.body;
        let all = all["Resources"].as_array().expect("a list");
        let found = all.iter().find(|role| role["displayName"] == name).expect("a role");
        found["id"].as_str().expect("an id").to_owned()
    }

    async fn roles_of(&self, path: &str) -> Vec<String> {
        let body = self.get(path).await.body;
        let all = body["roles"].as_array().expect("a list");
        all.iter().map(|role| role["display"].as_str().expect("a name").to_owned()).collect()
    }
}

/// One that grants `grants` to whom it is given.
async fn entitlement(app: &TestApp, org: Org, name: &str, grants: Option<Role>) -> String {
    let op = app.op(org.id);
    let tx = app.begin(&op).await;
    let made = roles::define(&tx, &op, EntitlementKind::Entitlement, name, "", grants).await.expect("made");
    tx.commit().await.expect("committed");
    made.id.to_string()
}

#[tokio::test]
async fn roles_are_discovered_as_okta_does() {
    let (app, org, directory) = world().await;
    entitlement(&app, org, "is_tall", None).await;
    let roles = directory.get("/Roles").await.body;
    assert_eq!(roles["totalResults"], 4);
    let names: Vec<_> =
        roles["Resources"].as_array().expect("a list").iter().map(|r| r["displayName"].clone()).collect();
    assert_eq!(names.len(), 4);
    for name in ["Owner", "Admin", "Auditor", "Member"] {
        assert!(names.contains(&json!(name)));
    }
    let role = &roles["Resources"][0];
    assert_eq!(role["schemas"], json!(["urn:okta:scim:schemas:core:1.0:Role"]));
    let path = format!("/Roles/{}", role["id"].as_str().expect("an id"));
    assert_eq!(&directory.get(&path).await.body, role);
    let filtered = directory.get("/Roles?filter=displayName%20eq%20%22auditor%22").await.body;
    assert_eq!(filtered["totalResults"], 1);
    let entitlements = directory.get("/Entitlements").await.body;
    assert_eq!(entitlements["Resources"][0]["displayName"], "is_tall");
    assert_eq!(entitlements["Resources"][0]["type"], "Entitlement");
    let entitlement = id_of(&entitlements["Resources"][0]);
    assert_eq!(directory.get(&format!("/Entitlements/{entitlement}")).await.status, 200);
    assert_eq!(refusal(&directory.get(&format!("/Roles/{entitlement}")).await).0, 404);
    assert_eq!(refusal(&directory.get("/Roles/x").await).0, 404);
}

fn id_of(resource: &Value) -> String {
    resource["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_role_that_is_given_counts_at_the_next_request_and_no_longer_than_it_is() {
    let (app, org, directory) = world().await;
    app.member(org, "neo@portal.example").await;
    let path = format!("/Users/{}", directory.id_of("neo@portal.example").await);
    let auditor = directory.role("Auditor").await;
    assert_eq!(may(&app, "neo@portal.example").await, (false, false));
    let give = |roles: Value| json!({ "userName": "neo@portal.example", "roles": roles });
    let put = directory.put(&path, give(json!([{ "value": auditor, "display": "Auditor" }]))).await;
    assert_eq!(put.body["roles"], json!([{ "value": auditor, "display": "Auditor", "type": "Role" }]));
    assert_eq!(may(&app, "neo@portal.example").await, (true, false));
    directory.put(&path, json!({ "userName": "neo@portal.example", "displayName": "Neo" })).await;
    assert_eq!(may(&app, "neo@portal.example").await, (true, false), "a PUT without roles takes none away");
    directory.patch(&path, json!([{ "op": "Add", "path": "roles", "value": [{ "value": "admin" }] }])).await;
    assert_eq!(directory.roles_of(&path).await, ["Admin", "Auditor"]);
    assert_eq!(may(&app, "neo@portal.example").await, (true, true), "by name, in any case, and the most counts");
    directory.patch(&path, json!([{ "op": "remove", "path": "roles[display eq \"ADMIN\"]" }])).await;
    for listed in [
        json!({ "value": "ADMIN" }),
        json!({ "value": r#"{"id":"x","value":"Admin"}"#, "type": "WindowsAzureActiveDirectoryRole", "primary": false }),
    ] {
        directory.patch(&path, json!([{ "op": "Add", "path": "roles", "value": [{ "value": "Admin" }] }])).await;
        assert_eq!(directory.roles_of(&path).await, ["Admin", "Auditor"]);
        directory.patch(&path, json!([{ "op": "Remove", "path": "roles", "value": [listed] }])).await;
        assert_eq!(directory.roles_of(&path).await, ["Auditor"], "{listed}");
    }
    assert_eq!(may(&app, "neo@portal.example").await, (true, false));
    directory.put(&path, give(json!([]))).await;
    assert_eq!(may(&app, "neo@portal.example").await, (false, false));
    assert_eq!(app.count("select count(*) from audit_events where event = 'user.role_changed'").await, 8);
}

/// Entra's way to give one role: the primary one is another from now on.
#[tokio::test]
async fn of_a_single_role_another_takes_the_place() {
    let (_app, _, directory) = world().await;
    let path = format!("/Users/{}", directory.person("neo@portal.example").await);
    let single = |name: &str| json!([{ "op": "Add", "path": "roles[primary eq \"True\"].value", "value": name }]);
    for name in ["Auditor", "Member", "Auditor"] {
        let reply = directory.patch(&path, single(name)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(directory.roles_of(&path).await, [name]);
        assert_eq!(reply.body["roles"][0]["primary"], true);
    }
    let complex = r#"{"id":"06b07648","value":"Admin","displayName":"Admin"}"#;
    directory.patch(&path, json!([{ "op": "Add", "path": "roles", "value": [{ "value": complex }] }])).await;
    assert_eq!(directory.roles_of(&path).await, ["Admin", "Auditor"]);
    let unknown = directory.patch(&path, single("King")).await;
    assert_eq!(refusal(&unknown), (400, "invalidValue"));
}

#[tokio::test]
async fn an_entitlement_may_grant_a_role_and_may_not() {
    let (app, org, directory) = world().await;
    app.member(org, "neo@portal.example").await;
    let path = format!("/Users/{}", directory.id_of("neo@portal.example").await);
    let tall = entitlement(&app, org, "is_tall", None).await;
    let reports = entitlement(&app, org, "Reports", Some(Role::Auditor)).await;
    let give = |ids: &[&str]| {
        json!([{ "op": "replace", "path": "entitlements",
        "value": ids.iter().map(|id| json!({ "value": id })).collect::<Vec<_>>() }])
    };
    let reply = directory.patch(&path, give(&[&tall])).await;
    assert_eq!(reply.body["entitlements"], json!([{ "value": tall, "display": "is_tall", "type": "Entitlement" }]));
    assert_eq!(may(&app, "neo@portal.example").await, (false, false));
    directory.patch(&path, give(&[&tall, &reports])).await;
    assert_eq!(may(&app, "neo@portal.example").await, (true, false));
    let auditor = directory.role("Auditor").await;
    assert_eq!(refusal(&directory.patch(&path, give(&[&auditor])).await), (400, "invalidValue"), "that is a role");
}

#[tokio::test]
async fn being_in_a_group_gives_what_the_group_gives_as_long_as_it_does() {
    let (app, org, directory) = world().await;
    app.person(Some(org), "owner@portal.example", Role::Owner).await;
    app.member(org, "neo@portal.example").await;
    let neo = directory.id_of("neo@portal.example").await;
    let (admins, auditor) = (directory.group("Admins", &[]).await, directory.role("Auditor").await);
    let mut owner = app.signed_in("owner@portal.example").await;
    let given = owner.put(&format!("/api/org/groups/{admins}/roles"), json!({ "roles": [auditor] })).await;
    assert_eq!(given.status, 200, "{given:?}");
    let patch = async |operation: Value| {
        assert_eq!(directory.patch(&format!("/Groups/{admins}"), json!([operation])).await.status, 204);
    };
    patch(json!({ "op": "add", "path": "members", "value": [{ "value": neo }] })).await;
    assert_eq!(may(&app, "neo@portal.example").await, (true, false));
    assert_eq!(
        directory.roles_of(&format!("/Users/{neo}")).await,
        Vec::<String>::new(),
        "given to the group, not to him"
    );
    patch(json!({ "op": "remove", "path": format!("members[value eq \"{neo}\"]") })).await;
    assert_eq!(may(&app, "neo@portal.example").await, (false, false));
    patch(json!({ "op": "replace", "path": "members", "value": [{ "value": neo }] })).await;
    assert_eq!(may(&app, "neo@portal.example").await, (true, false));
    let admin = directory.role("Admin").await;
    owner.put(&format!("/api/org/groups/{admins}/roles"), json!({ "roles": [admin] })).await;
    assert_eq!(may(&app, "neo@portal.example").await, (true, true), "given to the group while he is in it");
    assert_eq!(directory.delete(&format!("/Groups/{admins}")).await.status, 204);
    assert_eq!(may(&app, "neo@portal.example").await, (false, false));
}

#[tokio::test]
async fn the_last_owner_stays_one_by_every_door() {
    let (app, org, directory) = world().await;
    app.person(Some(org), "owner@portal.example", Role::Owner).await;
    app.member(org, "neo@portal.example").await;
    let (owner, neo) = (directory.id_of("owner@portal.example").await, directory.id_of("neo@portal.example").await);
    let path = format!("/Users/{owner}");
    let mut browser = app.signed_in("owner@portal.example").await;
    let put = |more: Value| {
        let mut body = json!({ "userName": "owner@portal.example" });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        body
    };
    let refused = async |what: &str| {
        let replies = [
            directory.patch(&path, json!([{ "op": "replace", "value": { "active": false } }])).await,
            directory.put(&path, put(json!({ "active": "False" }))).await,
            directory.put(&path, put(json!({ "roles": [] }))).await,
            directory.put(&path, put(json!({ "roles": [{ "value": "Admin" }] }))).await,
            directory.patch(&path, json!([{ "op": "remove", "path": "roles" }])).await,
            directory.delete(&path).await,
        ];
        for reply in replies {
            assert_eq!(refusal(&reply).0, 409, "{what}");
            assert!(reply.body["detail"].as_str().is_some_and(|detail| detail.contains("last owner")), "{reply:?}");
        }
    };
    refused("alone").await;
    let by_hand = browser.put(&format!("/api/org/users/{owner}/roles"), json!({ "roles": [] })).await;
    assert_eq!((by_hand.status.as_u16(), by_hand.code()), (409, "last_owner"));
    assert_eq!(browser.get("/api/users/me").await.status, 200, "and is signed out by none of it");
    // An owner who cannot come in is none.
    let make = json!([{ "op": "add", "path": "roles", "value": [{ "value": "Owner" }] }]);
    assert_eq!(directory.patch(&format!("/Users/{neo}"), make).await.status, 200);
    let off = json!([{ "op": "replace", "value": { "active": false } }]);
    assert_eq!(directory.patch(&format!("/Users/{neo}"), off).await.status, 200);
    refused("beside one who is deactivated").await;
    let on = json!([{ "op": "replace", "value": { "active": true } }]);
    assert_eq!(directory.patch(&format!("/Users/{neo}"), on).await.status, 200);
    assert_eq!(directory.delete(&path).await.status, 204, "beside another one it goes");
}

/// By a group, which may be all that makes the last owner one.
#[tokio::test]
async fn the_last_owner_by_a_group_stays_one() {
    let (app, org, directory) = world().await;
    app.person(Some(org), "owner@portal.example", Role::Owner).await;
    app.member(org, "neo@portal.example").await;
    let neo = directory.id_of("neo@portal.example").await;
    let group = directory.group("Owners", &[&neo]).await;
    let mut owner = app.signed_in("owner@portal.example").await;
    let path = format!("/api/org/groups/{group}/roles");
    assert_eq!(owner.put(&path, json!({ "roles": [directory.role("Owner").await] })).await.status, 200);
    let first = directory.id_of("owner@portal.example").await;
    assert_eq!(directory.delete(&format!("/Users/{first}")).await.status, 204);
    let group = format!("/Groups/{group}");
    for reply in [
        directory.patch(&group, json!([{ "op": "remove", "path": format!("members[value eq \"{neo}\"]") }])).await,
        directory.patch(&group, json!([{ "op": "remove", "path": "members" }])).await,
        directory.put(&group, json!({ "displayName": "Owners", "members": [] })).await,
        directory.delete(&group).await,
    ] {
        assert_eq!(refusal(&reply).0, 409, "{reply:?}");
    }
    let mut neo = app.signed_in("neo@portal.example").await;
    assert_eq!(neo.put(&path, json!({ "roles": [] })).await.code(), "last_owner");
    assert_eq!(app.count("select count(*) from users where role = 'owner' and active").await, 1);
}

/// Two that each would leave the other one to be the last.
#[tokio::test]
async fn of_two_owners_removed_at_once_one_stays() {
    for _ in 0..5 {
        let (app, org, directory) = world().await;
        let mut paths = Vec::new();
        for email in ["a@portal.example", "b@portal.example"] {
            app.person(Some(org), email, Role::Owner).await;
            paths.push(format!("/Users/{}", directory.id_of(email).await));
        }
        let off = || json!([{ "op": "replace", "value": { "active": false } }]);
        let (one, other) = tokio::join!(directory.patch(&paths[0], off()), directory.delete(&paths[1]));
        let mut statuses = [one.status.is_success(), other.status.is_success()];
        statuses.sort_unstable();
        assert_eq!(statuses, [false, true]);
        assert_eq!(app.count("select count(*) from users where role = 'owner' and active").await, 1);
    }
}

#[tokio::test]
async fn an_administrator_gives_roles_but_only_an_owner_that_of_an_owner() {
    let (app, org, directory) = world().await;
    for (email, role) in [
        ("owner@portal.example", Role::Owner),
        ("admin@portal.example", Role::Admin),
        ("neo@portal.example", Role::Member),
    ] {
        app.person(Some(org), email, role).await;
    }
    let role = async |name: &str| directory.role(name).await;
    let (owner_role, auditor) = (role("Owner").await, role("Auditor").await);
    let neo = format!("/api/org/users/{}/roles", directory.id_of("neo@portal.example").await);
    let admin_s = format!("/api/org/users/{}/roles", directory.id_of("admin@portal.example").await);
    let owner_s = format!("/api/org/users/{}/roles", directory.id_of("owner@portal.example").await);
    let mut admin = app.signed_in("admin@portal.example").await;
    let mut owner = app.signed_in("owner@portal.example").await;
    let given = admin.put(&neo, json!({ "roles": [auditor] })).await;
    assert_eq!((given.status.as_u16(), &given.body["role"]), (200, &json!("auditor")), "{given:?}");
    assert_eq!(may(&app, "neo@portal.example").await, (true, false));
    for path in [&neo, &admin_s] {
        assert_eq!(admin.put(path, json!({ "roles": [owner_role] })).await.code(), "owners_only");
    }
    assert_eq!(admin.put(&owner_s, json!({ "roles": [] })).await.code(), "owners_only");
    let group = directory.group("g", &[]).await;
    let group = format!("/api/org/groups/{group}/roles");
    assert_eq!(admin.put(&group, json!({ "roles": [owner_role] })).await.code(), "owners_only");
    assert_eq!(owner.put(&neo, json!({ "roles": [owner_role, auditor] })).await.status, 200);
    assert_eq!(owner.put(&owner_s, json!({ "roles": [] })).await.status, 200, "there is another one now");
    assert_eq!(owner.get("/api/org/roles").await.status, 403, "who is an owner no more at the next request");
    let listed = admin.get("/api/org/roles").await.body;
    assert_eq!(listed["roles"].as_array().map(Vec::len), Some(4));
    for (path, body, status) in [
        (&neo, json!({ "roles": [id(&given)] }), 400),
        (&neo, json!({ "roles": "x" }), 400),
        (&neo, json!({}), 400),
        (&"/api/org/users/00000000-0000-7000-8000-000000000000/roles".to_owned(), json!({ "roles": [] }), 404),
        (&"/api/org/groups/00000000-0000-7000-8000-000000000000/roles".to_owned(), json!({ "roles": [] }), 404),
    ] {
        assert_eq!(admin.put(path, body.clone()).await.status, status, "{path} {body}");
    }
    assert_eq!(admin.get("/api/org/groups").await.body["groups"][0]["displayName"], "g");
    let mut neo_himself = app.signed_in("neo@portal.example").await;
    assert_eq!(neo_himself.put(&neo, json!({ "roles": [] })).await.code(), "last_owner", "he is the owner by now");
}

/// The role that an administrator had when the request arrived is no longer theirs when it is their turn.
#[tokio::test]
async fn who_is_no_administrator_any_more_does_nothing_as_one() {
    let everybody = ("/api/org/revoke", json!({}));
    for (path, body) in [everybody, ("/api/org/keys", json!({ "name": "mine", "scopes": ["scim"] }))] {
        let (app, org, directory) = world().await;
        app.person(Some(org), "owner@portal.example", Role::Owner).await;
        app.person(Some(org), "admin@portal.example", Role::Admin).await;
        let mut admin = app.signed_in("admin@portal.example").await;
        let user = format!("/Users/{}", directory.id_of("admin@portal.example").await);
        let mut holder = app.behind().begin().await.expect("a transaction");
        sqlx::query("select 1 from orgs for no key update").execute(&mut *holder).await.expect("held");
        let demote = directory.put(&user, json!({ "userName": "admin@portal.example", "roles": [] }));
        let act = async {
            app.until_waiting(1).await;
            let acting = admin.post(path, body);
            let release = async {
                app.until_waiting(2).await;
                holder.commit().await.expect("released");
            };
            tokio::join!(acting, release).0
        };
        let (demoted, acted) = tokio::join!(demote, act);
        assert_eq!(demoted.status, 200, "{demoted:?}");
        assert_eq!((acted.status.as_u16(), acted.code()), (403, "not_allowed"), "{path}");
        assert_eq!(app.count("select count(*) from orgs where generation > 0").await, 0);
        assert_eq!(app.count("select count(*) from api_keys where name = 'mine'").await, 0);
    }
}
