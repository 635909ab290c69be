//! What the operator erases is gone, and nothing beside it.

use std::collections::BTreeMap;

use api::domain::api_keys::{self, NewKey, Scope};
use api::domain::revocation::Door;
use api::domain::{groups, lifecycle, orgs, roles, users};
use api::kernel::{Domain, UserId};
use serde_json::json;

use crate::openid::{World, leave};
use crate::revocation::tokens::Story;
use crate::scim::Directory;
use crate::support::TestApp;

/// How many rows each table with an org has of this one.
async fn rows(app: &TestApp, slug: &str) -> BTreeMap<String, i64> {
    let tables = "select table_name::text from information_schema.columns \
                  where table_schema = 'public' and column_name = 'org_id' order by 1";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(app.behind()).await.expect("tables");
    let mut rows = BTreeMap::new();
    for table in tables {
        let count = format!("select count(*) from {table} where org_id = (select id from orgs where slug = '{slug}')");
        rows.insert(table, app.count(&count).await);
    }
    rows
}

/// A company in which everything there is has happened to Trinity.
async fn lived_in() -> (Story, UserId) {
    let mut story = Story::new().await;
    let app = &story.world.app;
    assert_eq!(story.browser.add_once("a-key", "a task").await.status, 201);
    leave(&mut app.anonymous(), "").await;
    let mut token = story.logout("jti");
    token.claims["sid"] = json!("another-session");
    assert_eq!(story.send_logout("whiterabbit.fake", &token.text()).await.status, 200);
    let id = story.browser.get("/api/users/me").await.body["id"].as_str().expect("an id").to_owned();
    let directory = Directory::of(app, story.world.org).await;
    directory.group("Crew", &[&id]).await;
    let emails = json!([{ "op": "add", "path": "emails", "value": [{ "value": "t@nebuchadnezzar.fake" }] }]);
    assert_eq!(directory.patch(&format!("/Users/{id}"), emails).await.status, 200);
    let user: UserId = id.parse().expect("an id");
    let op = app.op(story.world.org.id);
    let tx = app.begin(&op).await;
    roles::make(&tx, &op, user, api::kernel::Role::Admin).await.expect("a role");
    let (group, role) = (
        groups::list(&tx, op.scope).await.expect("groups").remove(0),
        roles::list(&tx, op.scope, None).await.expect("roles").remove(0),
    );
    roles::give_group(&tx, &op, group.id, &[role.id]).await.expect("given");
    tx.commit().await.expect("committed");
    (story, user)
}

async fn erase_org(world: &World) {
    let op = world.app.op(world.org.id);
    let tx = world.app.begin_as_owner(&op).await;
    lifecycle::erase_org(&tx, &op).await.expect("erased");
    tx.commit().await.expect("committed");
}

#[tokio::test]
async fn of_an_org_nothing_is_left_and_of_another_everything() {
    let (mut story, _) = lived_in().await;
    let app = &story.world.app;
    let before = rows(app, "whiterabbit.fake").await;
    let empty: Vec<_> = before.iter().filter(|(_, rows)| **rows == 0).collect();
    assert!(empty.is_empty(), "this test has to fill these too: {empty:?}");
    let matrix = app.company("matrix.fake").await;
    app.member(matrix, "smith@matrix.fake").await;
    let mut smith = app.signed_in("smith@matrix.fake").await;
    let others = rows(app, "matrix.fake").await;
    let id = story.world.org.id;
    erase_org(&story.world).await;
    assert!(!story.is_in().await);
    for table in before.keys() {
        assert_eq!(story.world.app.count(&format!("select count(*) from {table} where org_id = '{id}'")).await, 0);
    }
    let app = &story.world.app;
    assert_eq!(app.count("select count(*) from orgs").await, 1);
    assert_eq!(app.count("select count(*) from tower_sessions").await, 1, "Smith's");
    assert_eq!(rows(app, "matrix.fake").await, others);
    assert_eq!(smith.get("/api/users/me").await.status, 200);
    // Its name is free again.
    app.company("whiterabbit.fake").await;
}

#[tokio::test]
async fn of_a_person_only_their_id_is_left_in_the_audit_log() {
    let (mut story, user) = lived_in().await;
    let app = &story.world.app;
    let op = app.op(story.world.org.id);
    let people = "select people from orgs where slug = 'whiterabbit.fake'";
    assert_eq!(app.count(people).await, 1);
    let tx = app.begin_as_owner(&op).await;
    lifecycle::erase(&tx, &op, user).await.expect("erased");
    tx.commit().await.expect("committed");
    assert!(!story.is_in().await);
    let app = &story.world.app;
    let of = "select table_name::text from information_schema.columns \
              where table_schema = 'public' and column_name = 'user_id' and table_name <> 'audit_events'";
    let tables: Vec<String> = sqlx::query_scalar(of).fetch_all(app.behind()).await.expect("tables");
    assert!(tables.len() > 5, "{tables:?}");
    for table in tables {
        assert_eq!(app.count(&format!("select count(*) from {table} where user_id = '{user}'")).await, 0, "{table}");
    }
    assert_eq!(app.count(&format!("select count(*) from users where id = '{user}'")).await, 0);
    assert_eq!(app.count(people).await, 0);
    let event = format!("select count(*) from audit_events where event = 'user.erased' and user_id = '{user}'");
    assert_eq!(app.count(&event).await, 1);
    // Nothing keeps them from coming anew.
    story.account.auth_time = None;
    story.browser = story.world.signed_in(&mut story.account.clone()).await;
    assert!(story.is_in().await);
}

#[tokio::test]
async fn the_last_owner_is_not_erased() {
    let (app, org) = TestApp::with_trinity().await;
    let owner = app.person(Some(org), "morpheus@whiterabbit.fake", api::kernel::Role::Owner).await;
    let op = app.op(org.id);
    let tx = app.begin_as_owner(&op).await;
    let refused = lifecycle::erase(&tx, &op, owner).await.expect_err("refused");
    assert_eq!(refused.code(), "last_owner");
}

/// Their directory had taken them off its list, so that no finder sees them.
#[tokio::test]
async fn somebody_who_was_removed_can_be_erased_and_a_domain_taken_away() {
    let (app, org) = TestApp::with_trinity().await;
    let op = app.op(org.id);
    let domain = Domain::parse("white.fake").expect("a domain");
    let tx = app.begin_as_owner(&op).await;
    orgs::add_domain(&tx, &op, &domain).await.expect("added");
    tx.commit().await.expect("committed");
    let neo = app.person(Some(org), "Neo@White.fake", api::kernel::Role::Member).await;
    let tx = app.begin_as_owner(&op).await;
    lifecycle::remove(&tx, &op, neo, Door::Operator).await.expect("removed");
    assert_eq!(users::list_ids_at(&tx, op.scope, &domain).await.expect("people"), [neo]);
    lifecycle::erase(&tx, &op, neo).await.expect("erased");
    assert_eq!(users::list_ids_at(&tx, op.scope, &domain).await.expect("people"), []);
    let again = lifecycle::erase(&tx, &op, neo).await.expect_err("nobody");
    assert_eq!(again.code(), "not_found");
    orgs::remove_domain(&tx, &op, &domain).await.expect("taken away");
    let again = orgs::remove_domain(&tx, &op, &domain).await.expect_err("none");
    assert_eq!(again.code(), "not_found");
    tx.commit().await.expect("committed");
    assert_eq!(app.count("select count(*) from org_domains where domain = 'white.fake'").await, 0);
    assert_eq!(app.count("select count(*) from audit_events where event = 'org.domain_removed'").await, 1);
}

#[tokio::test]
async fn keys_are_erased_by_their_name_and_no_others() {
    let (app, org) = TestApp::with_trinity().await;
    let op = app.op(org.id);
    let mint = async |tx: &api::domain::Tx, name: &str| {
        let new = NewKey { name: name.to_owned(), scopes: vec![Scope::Revoke], lifetime: None };
        api_keys::mint(tx, &op, new).await.expect("a key")
    };
    let tx = app.begin_as_owner(&op).await;
    let replaced = mint(&tx, "ours").await;
    api_keys::rotate(&tx, &op, replaced.key.id, time::Duration::ZERO).await.expect("another in its place");
    let theirs = mint(&tx, "theirs").await;
    assert_eq!(api_keys::erase_named(&tx, &op, "ours").await.expect("erased"), 2);
    assert_eq!(api_keys::erase_named(&tx, &op, "ours").await.expect("nothing"), 0);
    tx.commit().await.expect("committed");
    assert_eq!(app.count("select count(*) from api_keys").await, 1);
    assert_eq!(app.count("select count(*) from audit_events where event = 'api_key.erased'").await, 2);
    let nobody = serde_json::json!({ "format": "email", "email": "nobody@whiterabbit.fake" });
    assert_eq!(app.holding(&replaced.text).revoke_subject(nobody.clone()).await.status, 401);
    assert_eq!(app.holding(&theirs.text).revoke_subject(nobody).await.status, 404);
}
