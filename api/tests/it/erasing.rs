//! What the operator erases is gone, and nothing beside it.

use std::collections::BTreeMap;

use api::domain::{groups, lifecycle, roles};
use api::kernel::UserId;
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
