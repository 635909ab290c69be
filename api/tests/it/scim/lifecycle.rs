//! Somebody whom the directory deactivates or removes is out, everywhere, at once, and stays out.

use serde_json::{Value, json};
use time::Duration;

use super::{Directory, refusal};
use crate::openid::{TRINITY, World, destination, leave, page};
use crate::support::{Account, Browser, PASSWORD, Reply, Told};

/// Trinity, signed in by her provider on one browser with a stream, and half-way through on another.
struct Story {
    world: World,
    directory: Directory,
    path: String,
    account: Account,
    browser: Browser,
    half: Browser,
    authorize: String,
}

impl Story {
    async fn new() -> Self {
        let world = World::new().await;
        let mut account = Account::new(TRINITY);
        let browser = world.signed_in(&mut account).await;
        let directory = Directory::of(&world.app, world.org).await;
        let path = format!("/Users/{}", directory.id_of(TRINITY).await);
        let mut half = world.app.anonymous();
        let authorize = leave(&mut half, "").await;
        Self { world, directory, path, account, browser, half, authorize }
    }

    async fn is_in(&mut self) -> bool {
        self.world.is_in(&mut self.browser).await
    }

    /// Comes back from the provider, where her session lives.
    async fn comes_back(&mut self) -> Reply {
        let back = self.world.provider.sign_in(&self.authorize, &mut self.account);
        self.half.get(&back).await
    }

    async fn signs_in_anew(&mut self) -> Reply {
        self.authorize = leave(&mut self.half, "").await;
        self.comes_back().await
    }

    async fn events(&self) -> Vec<(String, Value)> {
        let sql = "select event, detail from audit_events where actor_kind = 'org_key' order by id";
        sqlx::query_as(sql).fetch_all(self.world.app.behind()).await.expect("rows")
    }
}

#[tokio::test]
async fn deactivated_in_every_shape_she_is_out_at_once() {
    let patch = |operation: Value| (true, json!([operation]));
    for (is_patch, body) in [
        (false, json!({ "userName": TRINITY, "active": false })),
        patch(json!({ "op": "replace", "value": { "active": false } })),
        patch(json!({ "op": "Replace", "path": "active", "value": "False" })),
        patch(json!({ "op": "replace", "path": "active", "value": false })),
        patch(json!({ "op": "replace", "path": "active", "value": [false] })),
        patch(json!({ "op": "Add", "value": { "active": "false", "displayName": "T" } })),
        patch(
            json!({ "op": "REPLACE", "path": "urn:ietf:params:scim:schemas:core:2.0:User:active", "value": "FALSE" }),
        ),
    ] {
        let mut story = Story::new().await;
        let _listening = story.world.app.listen().await;
        let mut stream = story.browser.watch().await.expect("a stream");
        assert_eq!(stream.next().await, Told::Alive);
        story.world.app.clock.advance(Duration::seconds(10));
        let reply = if is_patch {
            story.directory.patch(&story.path, body.clone()).await
        } else {
            story.directory.put(&story.path, body.clone()).await
        };
        assert_eq!((reply.status.as_u16(), &reply.body["active"]), (200, &json!(false)), "{body}");
        assert_eq!(stream.end().await, Told::Ended, "{body}: the stream");
        assert!(!story.is_in().await, "{body}: the cookie");
        assert_eq!(page(&story.comes_back().await), "deactivated", "{body}");
        assert_eq!(page(&story.signs_in_anew().await), "deactivated", "{body}: anew");
        let events = story.events().await;
        let revoked = events.iter().find(|(event, _)| event == "revocation.succeeded").expect("a record");
        assert_eq!((&revoked.1["cause"], &revoked.1["door"]), (&json!("deactivated"), &json!("scim")), "{body}");
        assert_eq!(revoked.1["sign_ins_ended"], 1);
        assert!(events.iter().any(|(event, _)| event == "user.deactivated"), "{body}");
    }
}

#[tokio::test]
async fn reactivated_she_proves_who_she_is_and_nothing_old_comes_alive() {
    let mut story = Story::new().await;
    story.world.app.clock.advance(Duration::seconds(10));
    let set = |active: bool| json!([{ "op": "replace", "value": { "active": active } }]);
    assert_eq!(story.directory.patch(&story.path, set(false)).await.status, 200);
    assert_eq!(story.directory.patch(&story.path, set(true)).await.status, 200);
    assert!(!story.is_in().await, "the cookie stays dead");
    assert_eq!(story.comes_back().await.status, 303, "to the provider again");
    assert!(!story.world.is_in(&mut story.half.clone()).await, "so does what was half-way, and her old session there");
    story.world.app.clock.advance(Duration::seconds(10));
    let mut browser = story.world.signed_in(&mut Account::new(TRINITY)).await;
    assert!(story.world.is_in(&mut browser).await, "with a new proof she is in");
}

#[tokio::test]
async fn nothing_but_the_word_active_undoes_it() {
    let mut story = Story::new().await;
    let off = json!([{ "op": "replace", "value": { "active": false } }]);
    assert_eq!(story.directory.patch(&story.path, off).await.status, 200);
    for body in [
        json!({ "userName": TRINITY }),
        json!({ "userName": TRINITY, "displayName": "Trinity", "active": null }),
        json!({ "userName": TRINITY, "active": [] }),
        json!({ "userName": TRINITY, "active": [null] }),
    ] {
        let put = story.directory.put(&story.path, body).await;
        assert_eq!((put.status.as_u16(), &put.body["active"]), (200, &json!(false)));
    }
    for operation in [
        json!({ "op": "replace", "path": "active", "value": [] }),
        json!({ "op": "replace", "path": "active", "value": [null] }),
        json!({ "op": "replace", "value": { "active": [] } }),
        json!({ "op": "add", "value": { "active": null } }),
    ] {
        let reply = story.directory.patch(&story.path, json!([operation])).await;
        assert_eq!(refusal(&reply), (400, "mutability"), "{operation}");
        assert_eq!(story.world.app.count("select count(*) from users where active").await, 0, "{operation}");
    }
    let rename = json!([{ "op": "replace", "path": "userName", "value": "t@whiterabbit.fake" }]);
    assert_eq!(story.directory.patch(&story.path, rename).await.body["active"], json!(false));
    assert_eq!(page(&story.signs_in_anew().await), "deactivated", "nor does a sign-in");
    assert_eq!(story.world.app.count("select count(*) from users where active").await, 0);
    assert_eq!(story.directory.put(&story.path, json!({ "userName": TRINITY, "active": "True" })).await.status, 200);
    assert_eq!(story.world.app.count("select count(*) from users where active").await, 1);
}

#[tokio::test]
async fn removed_she_is_out_and_no_provider_brings_her_back() {
    let mut story = Story::new().await;
    story.world.app.clock.advance(Duration::seconds(10));
    assert_eq!(story.directory.delete(&story.path).await.status, 204);
    assert!(!story.is_in().await);
    assert_eq!(page(&story.comes_back().await), "deactivated");
    // Neither under the provider's name for her nor, with another one, by her address.
    assert_eq!(page(&story.signs_in_anew().await), "deactivated");
    story.account.sub = "another".to_owned();
    assert_eq!(page(&story.signs_in_anew().await), "deactivated");
    assert_eq!(story.world.app.count("select count(*) from users where removed_at is null").await, 0);
    let known = json!({ "format": "email", "email": TRINITY });
    let key = story.world.app.holding(&story.world.app.key(story.world.org, &api::domain::api_keys::Scope::ALL).await);
    assert_eq!(key.revoke_subject(known).await.status, 404, "she is not there");
    // Made anew by the directory she is somebody else, and comes in.
    assert_eq!(story.directory.post("/Users", json!({ "userName": TRINITY })).await.status, 201);
    story.account = Account::new(TRINITY);
    assert_eq!(destination(&story.signs_in_anew().await), "http://localhost:3000/");
    assert!(story.world.is_in(&mut story.half.clone()).await);
}

#[tokio::test]
async fn what_she_did_stays_the_org_s() {
    let mut story = Story::new().await;
    story.browser.post("/api/todos", json!({ "task": "hers" })).await;
    assert_eq!(story.directory.delete(&story.path).await.status, 204);
    assert_eq!(story.world.app.count("select count(*) from todos").await, 1);
    assert_eq!(
        story.world.app.count("select count(*) from users where profile <> '{}'").await,
        0,
        "not her name's parts"
    );
}

#[tokio::test]
async fn a_password_opens_nothing_to_the_deactivated() {
    let (app, org, directory) = super::world().await;
    app.member(org, "neo@portal.example").await;
    let mut neo = app.signed_in("neo@portal.example").await;
    let path = format!("/Users/{}", directory.id_of("neo@portal.example").await);
    let reply = directory.patch(&path, json!([{ "op": "replace", "path": "active", "value": false }])).await;
    assert_eq!(reply.status, 200);
    assert_eq!(neo.get("/api/todos").await.status, 401);
    assert_eq!(app.anonymous().sign_in("neo@portal.example", PASSWORD).await.status, 401);
    assert_eq!(refusal(&directory.get("/Users/x").await).0, 404);
    let ended = neo.get("/api/signed-out").await.body;
    assert_eq!(ended["ended"]["cause"], "deactivated");
}

/// Another name or address at the directory is no other person to the provider.
#[tokio::test]
async fn a_new_address_leaves_the_provider_s_name_for_her_where_it_was() {
    let mut story = Story::new().await;
    let other = story.directory.person("smith@whiterabbit.fake").await;
    let swap = |to: &str| {
        json!([{ "op": "replace", "path": "userName", "value": to },
            { "op": "replace", "path": "emails", "value": [{ "value": to, "primary": true }] }])
    };
    assert_eq!(story.directory.patch(&story.path, swap("t@whiterabbit.fake")).await.status, 200);
    assert_eq!(story.directory.patch(&format!("/Users/{other}"), swap(TRINITY)).await.status, 200);
    assert!(story.is_in().await, "a rename signs nobody out");
    assert_eq!(destination(&story.signs_in_anew().await), "http://localhost:3000/");
    let me = story.half.get("/api/users/me").await.body;
    assert_eq!(story.path, format!("/Users/{}", me["id"].as_str().expect("an id")), "she is who she was");
    assert_eq!(me["email"], "t@whiterabbit.fake");
}

/// Who is deactivated while their sign-in is being opened is out, whichever comes first.
#[tokio::test]
async fn deactivated_while_she_comes_back_she_is_out() {
    for _ in 0..10 {
        let mut story = Story::new().await;
        let directory = story.directory.clone();
        let path = story.path.clone();
        let off = json!([{ "op": "replace", "value": { "active": false } }]);
        let (reply, _) = tokio::join!(directory.patch(&path, off), story.comes_back());
        assert_eq!(reply.status, 200);
        assert!(!story.world.is_in(&mut story.half.clone()).await);
    }
}

/// Entra's way: a user name at the company's domain, which the ID token says, and another address for mail.
#[tokio::test]
async fn whoever_is_known_by_another_name_is_one_person_in_life_and_after() {
    const MAIL: &str = "n.anderson@whiterabbit.fake";
    for said in [TRINITY, MAIL, "third@whiterabbit.fake"] {
        let world = World::new().await;
        let directory = Directory::of(&world.app, world.org).await;
        let body = json!({ "userName": TRINITY, "emails": [
            { "value": MAIL, "type": "work", "primary": true }, { "value": "third@whiterabbit.fake", "type": "other" }] });
        let path = format!("/Users/{}", super::id(&directory.post("/Users", body).await));
        let mut browser = world.signed_in(&mut Account::new(said)).await;
        let me = browser.get("/api/users/me").await.body;
        assert_eq!(format!("/Users/{}", me["id"].as_str().expect("an id")), path, "{said}");
        assert_eq!(directory.get("/Users").await.body["totalResults"], 1, "{said}");
        let off = json!([{ "op": "replace", "value": { "active": false } }]);
        assert_eq!(directory.patch(&path, off).await.status, 200);
        for removed in [false, true] {
            if removed {
                assert_eq!(directory.delete(&path).await.status, 204);
            }
            for name in [TRINITY, MAIL, "third@whiterabbit.fake"] {
                let mut account = Account::new(name);
                account.sub = format!("another-of-{name}-{removed}");
                let reply = world.sign_in(&mut world.app.anonymous(), &mut account).await;
                assert_eq!(page(&reply), "deactivated", "{said}, then {name}, removed: {removed}");
            }
        }
        assert_eq!(world.app.count("select count(*) from users").await, 1);
        assert_eq!(world.app.count("select count(*) from identities").await, 1, "no sign-in releases it");
    }
}

#[tokio::test]
async fn an_address_of_two_people_leads_to_neither() {
    let world = World::new().await;
    let directory = Directory::of(&world.app, world.org).await;
    for name in ["a@whiterabbit.fake", "b@whiterabbit.fake"] {
        let emails = json!([{ "value": name, "primary": true }, { "value": TRINITY, "type": "other" }]);
        assert_eq!(directory.post("/Users", json!({ "userName": name, "emails": emails })).await.status, 201);
    }
    let reply = world.sign_in(&mut world.app.anonymous(), &mut Account::new(TRINITY)).await;
    assert_eq!(page(&reply), "several_people");
    assert_eq!(world.app.count("select count(*) from users").await, 2);
}
