//! People, made and changed as a whole.

use serde_json::json;

use super::{Directory, ENTERPRISE, id, refusal, world};
use crate::support::TestApp;

/// What Okta sends for somebody new.
fn tom() -> serde_json::Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "tom.anderson@portal.example",
        "name": { "givenName": "Tom", "familyName": "Anderson" },
        "emails": [{ "primary": true, "value": "tom.anderson@portal.example", "type": "work" }],
        "displayName": "Tom Anderson",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": true,
    })
}

#[tokio::test]
async fn somebody_new_is_given_back_whole() {
    let (_app, _, directory) = world().await;
    let reply = directory.post("/Users", tom()).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    assert_eq!(reply.header("content-type"), "application/scim+json");
    let tom = &reply.body;
    let location = format!("http://localhost:3333/scim/v2/Users/{}", id(&reply));
    assert_eq!(reply.header("location"), location);
    assert_eq!(tom["meta"]["location"], location);
    assert_eq!(tom["meta"]["version"], reply.header("etag"));
    assert_eq!(tom["meta"]["resourceType"], "User");
    assert_eq!(tom["meta"]["created"], "2100-01-01T12:00:00Z");
    assert_eq!(tom["schemas"], json!(["urn:ietf:params:scim:schemas:core:2.0:User"]));
    assert_eq!(tom["userName"], "tom.anderson@portal.example");
    assert_eq!(tom["externalId"], "00ujl29u0le5T6Aj10h7");
    assert_eq!(tom["name"], json!({ "givenName": "Tom", "familyName": "Anderson" }));
    assert_eq!(tom["emails"], json!([{ "primary": true, "value": "tom.anderson@portal.example", "type": "work" }]));
    assert_eq!((&tom["active"], &tom["locale"]), (&json!(true), &json!("en-US")));
    assert_eq!([&tom["groups"], &tom["roles"], &tom["entitlements"]], [&json!([]), &json!([]), &json!([])]);
    assert!(tom.get("password").is_none(), "{tom}");
    let read = directory.get(&format!("/Users/{}", id(&reply))).await;
    assert_eq!((read.status.as_u16(), &read.body), (200, tom));
    assert_eq!(read.header("etag"), reply.header("etag"));
}

#[tokio::test]
async fn a_password_is_never_kept_nor_logged() {
    let (app, _, directory) = world().await;
    let captured = crate::support::Captured::start("trace");
    let reply = directory.post("/Users", tom()).await;
    directory
        .patch(&format!("/Users/{}", id(&reply)), json!([{ "op": "replace", "path": "password", "value": "s3cret-1" }]))
        .await;
    let patched = directory
        .patch(&format!("/Users/{}", id(&reply)), json!([{ "op": "replace", "value": { "password": "s3cret-2" } }]))
        .await;
    assert_eq!(patched.status, 200);
    let logged = captured.text();
    assert_eq!(app.count("select count(*) from users where password_hash is not null").await, 0);
    for secret in ["1mz050nq", "s3cret"] {
        let tables = "select count(*) from users u, audit_events a where u::text || a::text like";
        assert_eq!(app.count(&format!("{tables} '%{secret}%'")).await, 0);
        assert!(!logged.contains(secret));
    }
    assert!(logged.contains("/scim/v2/Users") && !logged.contains("tom.anderson"), "nor an address");
}

#[tokio::test]
async fn one_user_name_one_external_id_one_address_per_org() {
    let (_app, _, directory) = world().await;
    assert_eq!(directory.post("/Users", tom()).await.status, 201);
    let mut again = tom();
    assert_eq!(refusal(&directory.post("/Users", again.clone()).await), (409, "uniqueness"));
    again["userName"] = json!("TOM.anderson@PORTAL.example");
    again["externalId"] = json!("another");
    again["emails"][0]["value"] = json!("another@portal.example");
    assert_eq!(refusal(&directory.post("/Users", again.clone()).await), (409, "uniqueness"), "in any case");
    again["userName"] = json!("another");
    assert_eq!(directory.post("/Users", again.clone()).await.status, 201, "all three differ");
    again["userName"] = json!("third");
    again["emails"][0]["value"] = json!("third@portal.example");
    assert_eq!(refusal(&directory.post("/Users", again.clone()).await), (409, "uniqueness"), "the external id");
    again["externalId"] = json!("ANOTHER");
    assert_eq!(directory.post("/Users", again.clone()).await.status, 201, "which has regard to case");
    again["userName"] = json!("fourth");
    again["externalId"] = json!("fourth");
    again["emails"][0]["value"] = json!("Third@Portal.example");
    assert_eq!(refusal(&directory.post("/Users", again).await), (409, "uniqueness"), "the address, in any case");
    let second = directory.id_of("another").await;
    let taken = json!([{ "op": "replace", "path": "userName", "value": "tom.anderson@portal.example" }]);
    assert_eq!(refusal(&directory.patch(&format!("/Users/{second}"), taken).await), (409, "uniqueness"));
}

#[tokio::test]
async fn a_put_replaces_and_leaves_what_it_does_not_speak_of_and_we_act_upon() {
    let (_app, _, directory) = world().await;
    let made = directory.post("/Users", tom()).await;
    let path = format!("/Users/{}", id(&made));
    let put = json!({ "userName": "leo@portal.example", "name": { "givenName": "Leo" }, "title": "The One" });
    let leo = directory.put(&path, put).await;
    assert_eq!(leo.status, 200);
    let leo = leo.body;
    assert_eq!((&leo["userName"], &leo["title"]), (&json!("leo@portal.example"), &json!("The One")));
    assert_eq!(leo["name"], json!({ "givenName": "Leo" }));
    for gone in ["displayName", "locale", "externalId"] {
        assert!(leo.get(gone).is_none(), "{gone}");
    }
    assert_eq!(
        leo["emails"],
        json!([{ "primary": true, "value": "leo@portal.example", "type": "work" }]),
        "his one address"
    );
    assert_eq!((&leo["id"], &leo["active"]), (&made.body["id"], &json!(true)));
    // A whole object that was read goes back unchanged, read-only attributes and all.
    let read = directory.get(&path).await;
    let back = directory.put(&path, read.body.clone()).await;
    assert_eq!((back.status.as_u16(), &back.body), (200, &read.body), "nothing changed, so nothing is newer");
}

#[tokio::test]
async fn whoever_came_another_way_is_there_too() {
    let (app, org, directory) = world().await;
    app.person(Some(org), "owner@portal.example", api::kernel::Role::Owner).await;
    let mut browser = app.signed_in("owner@portal.example").await;
    assert_eq!(browser.get("/api/users/me").await.status, 200);
    let owner = directory.get(&format!("/Users/{}", directory.id_of("OWNER@portal.example").await)).await.body;
    assert_eq!(owner["emails"], json!([{ "value": "owner@portal.example", "type": "work", "primary": true }]));
    assert_eq!((&owner["active"], &owner["displayName"]), (&json!(true), &json!("owner@portal.example")));
    assert_eq!(owner["roles"][0]["display"], "Owner");
}

#[tokio::test]
async fn a_name_of_several_words_has_its_parts() {
    let (app, org, directory) = world().await;
    app.named(org, "trinity@portal.example", "Trinity Ann Anderson").await;
    app.named(org, "somnus@portal.example", "Somnus").await;
    let name =
        async |who: &str| directory.get(&format!("/Users/{}", directory.id_of(who).await)).await.body["name"].clone();
    let trinity = json!({ "formatted": "Trinity Ann Anderson", "givenName": "Trinity Ann", "familyName": "Anderson" });
    assert_eq!(name("trinity@portal.example").await, trinity);
    assert_eq!(name("somnus@portal.example").await, json!({ "formatted": "Somnus", "givenName": "Somnus" }));
}

#[tokio::test]
async fn what_is_wrong_is_said_and_nothing_is_made() {
    let (app, _, directory) = world().await;
    let people = "select count(*) from users";
    let wrong = |member: &str, value: serde_json::Value| {
        let mut body = tom();
        body[member] = value;
        body
    };
    for (body, expected) in [
        (json!({}), (400, "invalidValue")),
        (json!({ "userName": "" }), (400, "invalidValue")),
        (json!({ "userName": "tom" }), (400, "invalidValue")),
        (wrong("userName", json!(5)), (400, "invalidValue")),
        (wrong("userName", json!("x".repeat(256))), (400, "invalidValue")),
        (wrong("userName", json!("a\u{0}b")), (400, "invalidValue")),
        (wrong("active", json!("yes")), (400, "invalidValue")),
        (wrong("active", json!(0)), (400, "invalidValue")),
        (wrong("emails", json!([{ "value": "nobody" }])), (400, "invalidValue")),
        (wrong("emails", json!([{ "value": "tom@portal.example" }, { "value": "nobody" }])), (400, "invalidValue")),
        (wrong("name", json!("Tom Anderson")), (400, "invalidValue")),
        (wrong("displayName", json!(["one", "two"])), (400, "invalidValue")),
        (wrong("roles", json!([{ "value": "King" }])), (400, "invalidValue")),
        (wrong("externalId", json!("x".repeat(256))), (400, "invalidValue")),
        (wrong("phoneNumbers", json!(vec![json!({ "value": "1" }); 101])), (400, "invalidValue")),
        (json!([]), (400, "invalidSyntax")),
        (json!("Tom"), (400, "invalidSyntax")),
    ] {
        assert_eq!(refusal(&directory.post("/Users", body.clone()).await), expected, "{body}");
    }
    assert_eq!(app.count(people).await, 0);
}

#[tokio::test]
async fn the_address_we_know_them_by_is_the_first_of_their_addresses() {
    let (app, _, directory) = world().await;
    let emails = json!([
        { "value": "home@portal.example", "type": "home" },
        { "value": "work@portal.example", "type": "Work" },
        { "value": "other@portal.example", "type": "other", "primary": "True" },
    ]);
    let made = directory.post("/Users", json!({ "userName": "neo", "emails": emails })).await;
    let path = format!("/Users/{}", id(&made));
    let known = async || {
        let sql = "select email from users";
        sqlx::query_scalar::<_, String>(sql).fetch_one(app.behind()).await.expect("an address")
    };
    assert_eq!(known().await, "other@portal.example");
    directory.patch(&path, json!([{ "op": "remove", "path": "emails[type eq \"other\"]" }])).await;
    assert_eq!(known().await, "work@portal.example");
    directory.patch(&path, json!([{ "op": "remove", "path": "emails[type eq \"work\"]" }])).await;
    assert_eq!(known().await, "home@portal.example");
    let last = directory.patch(&path, json!([{ "op": "remove", "path": "emails" }])).await;
    assert_eq!(refusal(&last), (400, "invalidValue"), "the user name is no address");
    assert_eq!(known().await, "home@portal.example");
}

#[tokio::test]
async fn the_enterprise_extension_comes_and_goes() {
    let (_app, _, directory) = world().await;
    let mut body = tom();
    body[ENTERPRISE] = json!({ "department": "Ops", "manager": { "value": "26118915" }, "unknown": 1 });
    let made = directory.post("/Users", body).await;
    assert_eq!(made.body[ENTERPRISE], json!({ "department": "Ops", "manager": { "value": "26118915" } }));
    assert_eq!(made.body["schemas"], json!(["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE]));
    let path = format!("/Users/{}", id(&made));
    let without = directory.patch(&path, json!([{ "op": "remove", "path": ENTERPRISE }])).await;
    assert!(without.body.get(ENTERPRISE).is_none());
    assert_eq!(without.body["schemas"], json!(["urn:ietf:params:scim:schemas:core:2.0:User"]));
}

/// Of two at once one is made, and of two changes neither is lost.
#[tokio::test]
async fn two_at_once_take_turns() {
    let (app, org, directory) = world().await;
    let (one, other) = tokio::join!(directory.post("/Users", tom()), directory.post("/Users", tom()));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    let path = format!("/Users/{}", directory.id_of("tom.anderson@portal.example").await);
    let second = Directory::of(&app, org).await;
    for round in 0..10 {
        let (title, nick) = (format!("title {round}"), format!("nick {round}"));
        let (one, other) = tokio::join!(
            directory.patch(&path, json!([{ "op": "replace", "path": "title", "value": title }])),
            second.patch(&path, json!([{ "op": "replace", "path": "nickName", "value": nick }])),
        );
        assert_eq!((one.status.as_u16(), other.status.as_u16()), (200, 200));
        let now = directory.get(&path).await.body;
        assert_eq!((&now["title"], &now["nickName"]), (&json!(title), &json!(nick)));
    }
}

#[tokio::test]
async fn what_is_gone_is_gone_and_its_names_are_free() {
    let (_app, _, directory) = world().await;
    let made = directory.post("/Users", tom()).await;
    let path = format!("/Users/{}", id(&made));
    assert_eq!(directory.delete(&path).await.status, 204);
    assert_eq!(refusal(&directory.get(&path).await).0, 404);
    assert_eq!(refusal(&directory.delete(&path).await).0, 404);
    assert_eq!(
        refusal(&directory.patch(&path, json!([{ "op": "replace", "value": { "active": true } }])).await).0,
        404
    );
    assert_eq!(directory.get("/Users").await.body["totalResults"], 0);
    let again = directory.post("/Users", tom()).await;
    assert_eq!(again.status, 201);
    assert_ne!(id(&again), id(&made), "an id is never given again");
}

#[tokio::test]
async fn nobody_is_found_by_what_is_no_id() {
    let (app, _, directory) = world().await;
    let spelled = directory.person("neo@portal.example").await;
    let spellings = [spelled.replace('-', ""), format!("urn:uuid:{spelled}"), format!("%7B{spelled}%7D")];
    let others = ["1", "12abc", "00000000-0000-7000-8000-000000000000", "%00", "null"];
    for id in others.into_iter().chain(spellings.iter().map(String::as_str)) {
        assert_eq!(refusal(&directory.get(&format!("/Users/{id}")).await).0, 404, "{id}");
        assert_eq!(refusal(&directory.delete(&format!("/Groups/{id}")).await).0, 404, "{id}");
    }
    drop::<TestApp>(app);
}

#[tokio::test]
async fn somebody_without_a_company_has_no_directory() {
    let app = TestApp::new().await;
    app.person(None, "bob@tables.example", api::kernel::Role::Owner).await;
    let org: uuid::Uuid = sqlx::query_scalar("select id from orgs").fetch_one(app.behind()).await.expect("an org");
    let directory = Directory::of(&app, crate::support::Org { id: org.into() }).await;
    assert_eq!(refusal(&directory.post("/Users", tom()).await).0, 403);
    let bob = format!("/Users/{}", directory.id_of("bob@tables.example").await);
    assert_eq!(refusal(&directory.delete(&bob).await).0, 403);
    assert_eq!(refusal(&directory.post("/Groups", json!({ "displayName": "g" })).await).0, 403);
    assert_eq!(app.count("select count(*) from users where active").await, 1);
}

/// Also when the operator makes them, and not the directory.
#[tokio::test]
async fn who_is_made_anew_is_not_refused_for_who_was_removed() {
    let (app, org, directory) = world().await;
    app.member(org, "neo@portal.example").await;
    app.force(
        "insert into identities (org_id, issuer, subject, user_id, created_at) \
         select org_id, 'https://idp.example', 'neo', id, now() from users",
    )
    .await;
    let neo = format!("/Users/{}", directory.id_of("neo@portal.example").await);
    assert_eq!(directory.delete(&neo).await.status, 204);
    assert_eq!(app.count("select count(*) from identities").await, 1, "kept, to refuse him by");
    app.member(org, "trinity@portal.example").await;
    assert_eq!(app.count("select count(*) from identities").await, 1, "it is nobody else's business");
    app.member(org, "Neo@portal.example").await;
    assert_eq!(app.count("select count(*) from identities").await, 0);
}

/// The number is kept beside the people, so every way in and out must raise or lower it.
#[tokio::test]
async fn how_many_there_are_is_always_right() {
    let (app, org, directory) = world().await;
    let other = app.company("tables.example").await;
    app.member(other, "smith@tables.example").await;
    let wrong = "select count(*) from orgs o where people <> ( \
                 select count(*) from users u where u.org_id = o.id and u.removed_at is null)";
    let total = async || directory.get("/Users?count=0").await.body["totalResults"].as_i64();
    assert_eq!((total().await, app.count(wrong).await), (Some(0), 0));
    app.member(org, "neo@portal.example").await;
    let tom = format!("/Users/{}", id(&directory.post("/Users", tom()).await));
    assert_eq!((total().await, app.count(wrong).await), (Some(2), 0));
    assert_eq!(directory.patch(&tom, json!([{ "op": "replace", "value": { "active": false } }])).await.status, 200);
    assert_eq!((total().await, app.count(wrong).await), (Some(2), 0));
    assert_eq!(directory.delete(&tom).await.status, 204);
    assert_eq!((total().await, app.count(wrong).await), (Some(1), 0));
    app.person(None, "bob@portal.example", api::kernel::Role::Owner).await;
    assert_eq!(app.count(wrong).await, 0);
    assert_eq!(app.force("select move_user(id, 'portal.example') from users where org_kind = 'personal'").await, 1);
    assert_eq!((total().await, app.count(wrong).await), (Some(2), 0));
    assert_eq!(app.force("delete from users where email_folded like 'bob%' or email_folded like 'neo%'").await, 2);
    assert_eq!((total().await, app.count(wrong).await), (Some(0), 0));
    let failed =
        directory.post("/Users", json!({ "userName": "x@portal.example", "roles": [{ "value": "King" }] })).await;
    assert_eq!((failed.status.as_u16(), total().await, app.count(wrong).await), (400, Some(0), 0));
}

/// Where somebody's one address is their user name, it is another one with it.
#[tokio::test]
async fn an_address_that_is_the_user_name_follows_it() {
    let (app, _, directory) = world().await;
    let path = format!("/Users/{}", directory.person("old@portal.example").await);
    let known = async || {
        let sql = "select email_folded from users order by created_at, id limit 1";
        sqlx::query_scalar::<_, String>(sql).fetch_one(app.behind()).await.expect("an address")
    };
    let put = directory.put(&path, json!({ "userName": "new@portal.example" })).await;
    assert_eq!((put.status.as_u16(), known().await.as_str()), (200, "new@portal.example"));
    assert_eq!(put.body["emails"], json!([{ "value": "new@portal.example", "type": "work", "primary": true }]));
    let newer = json!([{ "op": "Replace", "path": "userName", "value": "new.er@portal.example" }]);
    assert_eq!(directory.patch(&path, newer).await.status, 200);
    assert_eq!(known().await, "new.er@portal.example");
    directory.patch(&path, json!([{ "op": "replace", "path": "userName", "value": "nobody" }])).await;
    assert_eq!(known().await, "new.er@portal.example", "that is no address");
    app.clock.advance(time::Duration::seconds(1));
    assert_eq!(directory.post("/Users", json!({ "userName": "old@portal.example" })).await.status, 201, "it is free");
    // Another one stays.
    let given = json!({ "userName": "a", "emails": [{ "value": "given@portal.example" }] });
    let path = format!("/Users/{}", id(&directory.post("/Users", given).await));
    let put = directory.put(&path, json!({ "userName": "b@portal.example" })).await;
    assert_eq!(put.body["emails"], json!([{ "value": "given@portal.example" }]));
}

#[tokio::test]
async fn lists_are_bounded_also_across_operations_and_requests() {
    let (_app, _, directory) = world().await;
    let path = format!("/Users/{}", directory.person("neo@portal.example").await);
    let add = |from: usize| {
        let values: Vec<_> = (from..from + 60).map(|n| json!({ "value": n.to_string() })).collect();
        json!({ "op": "add", "path": "ims", "value": values })
    };
    assert_eq!(refusal(&directory.patch(&path, json!([add(0), add(60)])).await), (400, "invalidValue"));
    assert_eq!(directory.patch(&path, json!([add(0), add(0)])).await.status, 200, "the same again is no more");
    assert_eq!(refusal(&directory.patch(&path, json!([add(60)])).await), (400, "invalidValue"));
    assert_eq!(directory.get(&path).await.body["ims"].as_array().map(Vec::len), Some(60));
}

#[tokio::test]
async fn a_domain_of_another_alphabet_is_found_as_it_is_written() {
    let (_app, _, directory) = world().await;
    assert_eq!(directory.post("/Users", json!({ "userName": "Tri@B\u{fc}cher.example" })).await.status, 201);
    for filter in [
        "userName eq \"tri@B\u{dc}CHER.example\"",
        "emails.value eq \"TRI@b\u{fc}cher.example\"",
        "emails eq \"tri@xn--bcher-kva.example\"",
    ] {
        assert_eq!(directory.found(filter).await.len(), 1, "{filter}");
    }
}
