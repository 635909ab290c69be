//! Every door, tried against every kind of credential a person can hold, on two processes. A door without a row fails.

use std::collections::BTreeSet;

use api::domain::api_keys::Scope;
use api::domain::revocation::Door;
use serde_json::json;
use time::Duration;

use super::tokens::{Story, trinity};
use crate::openid::{destination, leave};
use crate::scim::Directory;
use crate::support::{Account, Browser, TestApp, TestDatabase, Told};

/// A way to demand a sign-out, as somebody outside does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Key,
    TokenAtTheSharedAddress,
    TokenAtTheCompanysAddress,
    LogoutTokenWithSub,
    LogoutTokenWithSid,
    Frame,
    DirectoryPuts,
    DirectoryPatches,
    DirectoryDeletes,
    AdminEndsPerson,
    AdminEndsEverybody,
    ShorterPolicy,
    SignOut,
    OneSession,
    OtherSessions,
    AllSessions,
    NewConnection,
}

/// What a person can hold. What is on its way is tried with a proof of who they are that is older than the sign-out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    /// The cookie of the browser that the door is about, at this process.
    Cookie,
    /// The same cookie, at another process.
    CookieElsewhere,
    /// The cookie of another browser of theirs, with another session at the provider, at another process.
    OtherBrowser,
    /// An open stream of the first browser's, at this process.
    Stream,
    /// Another tab's of it, at another process.
    StreamElsewhere,
    /// One of the other browser's, at another process.
    OtherStream,
    /// A sign-in that is on its way back with the same session.
    HalfFinished,
    /// A sign-in that is on its way back with the other session.
    OtherHalfFinished,
}

const HELD: [Held; 8] = [
    Held::Cookie,
    Held::CookieElsewhere,
    Held::OtherBrowser,
    Held::Stream,
    Held::StreamElsewhere,
    Held::OtherStream,
    // Last: who comes in takes the place of who was there.
    Held::HalfFinished,
    Held::OtherHalfFinished,
];
/// What the other browser holds.
const OTHERS: &[Held] = &[Held::OtherBrowser, Held::OtherHalfFinished, Held::OtherStream];
/// What is on its way. Only a demand is newer than that.
const ON_THEIR_WAY: &[Held] = &[Held::HalfFinished, Held::OtherHalfFinished];

struct Row {
    way: Way,
    door: Door,
    /// What lives on.
    survives: &'static [Held],
}

const ROWS: [Row; 17] = [
    Row { way: Way::Key, door: Door::GlobalTokenRevocation, survives: &[] },
    Row { way: Way::TokenAtTheSharedAddress, door: Door::GlobalTokenRevocation, survives: &[] },
    Row { way: Way::TokenAtTheCompanysAddress, door: Door::GlobalTokenRevocation, survives: &[] },
    Row { way: Way::LogoutTokenWithSub, door: Door::BackChannelLogout, survives: &[] },
    // One session of the provider's has ended, and the other has not.
    Row { way: Way::LogoutTokenWithSid, door: Door::BackChannelLogout, survives: OTHERS },
    Row { way: Way::Frame, door: Door::FrontChannelLogout, survives: OTHERS },
    Row { way: Way::DirectoryPuts, door: Door::Scim, survives: &[] },
    Row { way: Way::DirectoryPatches, door: Door::Scim, survives: &[] },
    Row { way: Way::DirectoryDeletes, door: Door::Scim, survives: &[] },
    Row { way: Way::AdminEndsPerson, door: Door::Admin, survives: &[] },
    Row { way: Way::AdminEndsEverybody, door: Door::Admin, survives: &[] },
    // What is too old ends. Nobody has said that she is not to sign in.
    Row { way: Way::ShorterPolicy, door: Door::Admin, survives: ON_THEIR_WAY },
    // Leaving by oneself is no demand: the provider's sessions are as good as before.
    Row {
        way: Way::SignOut,
        door: Door::Account,
        survives: &[Held::OtherBrowser, Held::OtherStream, Held::HalfFinished, Held::OtherHalfFinished],
    },
    Row {
        way: Way::OneSession,
        door: Door::Account,
        survives: &[Held::OtherBrowser, Held::OtherStream, Held::HalfFinished, Held::OtherHalfFinished],
    },
    Row {
        way: Way::OtherSessions,
        door: Door::Account,
        survives: &[
            Held::Cookie,
            Held::CookieElsewhere,
            Held::Stream,
            Held::StreamElsewhere,
            Held::HalfFinished,
            Held::OtherHalfFinished,
        ],
    },
    // But this is: all means every way in.
    Row { way: Way::AllSessions, door: Door::Account, survives: &[] },
    // Whoever came by a provider is not touched by the company's choosing one: only passwords are.
    Row { way: Way::NewConnection, door: Door::Operator, survives: &HELD },
];

#[test]
fn every_door_has_a_row() {
    let doors: BTreeSet<_> = ROWS.iter().map(|row| format!("{:?}", row.door)).collect();
    assert_eq!(doors, Door::ALL.iter().map(|door| format!("{door:?}")).collect());
}

async fn fire(story: &mut Story, way: Way) {
    let world = &story.world;
    let status = match way {
        Way::Key => {
            let key = world.app.holding(&world.app.key(world.org, &[Scope::Revoke]).await);
            key.revoke_subject(trinity()).await.status
        }
        Way::TokenAtTheSharedAddress => {
            let mut token = story.demand("jti");
            token.claims["aud"] = json!("http://localhost:3333/global-token-revocation");
            let caller = world.app.holding(&token.text().into());
            caller.revoke_subject(trinity()).await.status
        }
        Way::TokenAtTheCompanysAddress => {
            story.send_demand("whiterabbit.fake", &story.demand("jti").text(), trinity()).await.status
        }
        Way::LogoutTokenWithSub => story.send_logout("whiterabbit.fake", &story.logout("jti").text()).await.status,
        Way::LogoutTokenWithSid => {
            let mut token = story.logout("jti");
            token.claims["sid"] = json!("a-session");
            story.send_logout("whiterabbit.fake", &token.text()).await.status
        }
        Way::Frame => {
            let iss: String = url::form_urlencoded::byte_serialize(world.provider.issuer("t").as_bytes()).collect();
            let path = format!("/orgs/whiterabbit.fake/frontchannel-logout?iss={iss}&sid=a-session");
            world.app.anonymous().get(&path).await.status
        }
        Way::DirectoryPuts | Way::DirectoryPatches | Way::DirectoryDeletes => {
            let directory = Directory::of(&world.app, world.org).await;
            let path = format!("/Users/{}", directory.id_of(crate::openid::TRINITY).await);
            let reply = match way {
                Way::DirectoryPuts => {
                    directory.put(&path, json!({ "userName": crate::openid::TRINITY, "active": false })).await
                }
                Way::DirectoryPatches => {
                    directory.patch(&path, json!([{ "op": "replace", "value": { "active": false } }])).await
                }
                _ => directory.delete(&path).await,
            };
            reply.status
        }
        Way::AdminEndsPerson => {
            let path = format!(
                "/api/org/users/{}/revoke",
                story.browser.get("/api/users/me").await.body["id"].as_str().expect("an id")
            );
            story.admin().await.post(&path, json!({})).await.status
        }
        Way::AdminEndsEverybody => story.admin().await.post("/api/org/revoke", json!({})).await.status,
        Way::ShorterPolicy => {
            world.app.clock.advance(Duration::minutes(1));
            let policy = json!({ "idleTimeoutSeconds": 60, "absoluteLifetimeSeconds": 300,
                "privilegedAuthAgeSeconds": 900, "endsProviderSession": false });
            story.admin().await.put("/api/org/policy", policy).await.status
        }
        Way::OneSession => {
            let sessions = story.browser.get("/api/sessions").await.body;
            let own = sessions["sessions"].as_array().and_then(|all| all.iter().find(|each| each["current"] == true));
            let id = own.expect("this one")["id"].as_str().expect("an id");
            story.browser.delete(&format!("/api/sessions/{id}")).await.status
        }
        Way::OtherSessions => story.browser.post("/api/sessions/revoke", json!({ "reach": "others" })).await.status,
        Way::AllSessions => story.browser.post("/api/sessions/revoke", json!({ "reach": "all" })).await.status,
        Way::SignOut => story.browser.post("/api/signout", json!({})).await.status,
        Way::NewConnection => {
            world.app.connect(world.org, &world.provider.issuer("t")).await;
            http::StatusCode::OK
        }
    };
    assert!(status.is_success(), "{way:?}: {status}");
}

/// Comes back from the provider with a session that it had before, and says whether that opened anything.
async fn comes_in(story: &Story, browser: &mut Browser, authorize: &str, account: &mut Account) -> bool {
    let back = story.world.provider.sign_in(authorize, account);
    let reply = browser.get(&back).await;
    reply.status == 303 && destination(&reply) == "http://localhost:3000/"
}

#[tokio::test]
async fn every_door_ends_what_it_says_on_every_process() {
    let mut wrong = Vec::new();
    for Row { way, survives, .. } in &ROWS {
        let mut story = Story::new().await;
        let twin = story.world.app.twin().await;
        let _listening = (story.world.app.listen().await, twin.listen().await);
        let (other, mut other_account) = story.elsewhere("another-session").await;
        let mut account = story.account.clone();
        let mut half = story.browser.clone();
        let mut other_half = other.clone();
        let authorize = leave(&mut half, "").await;
        let other_authorize = leave(&mut other_half, "").await;
        let cookie = story.browser.clone();
        let mut streams = Vec::new();
        for browser in [cookie.clone(), twin.with(&cookie), twin.with(&other)] {
            let mut stream = browser.watch().await.expect("a stream");
            assert_eq!(stream.next().await, Told::Alive);
            streams.push(stream);
        }
        story.world.app.clock.advance(Duration::seconds(10));
        fire(&mut story, *way).await;
        for held in HELD {
            let lives = match held {
                Held::Cookie => story.world.is_in(&mut cookie.clone()).await,
                Held::CookieElsewhere => story.world.is_in(&mut twin.with(&cookie)).await,
                Held::OtherBrowser => story.world.is_in(&mut twin.with(&other)).await,
                Held::HalfFinished => comes_in(&story, &mut half, &authorize, &mut account).await,
                Held::OtherHalfFinished => {
                    comes_in(&story, &mut other_half, &other_authorize, &mut other_account).await
                }
                Held::Stream | Held::StreamElsewhere | Held::OtherStream => {
                    let stream = &mut streams[held as usize - Held::Stream as usize];
                    if survives.contains(&held) {
                        // It looks, whether or not it was told anything.
                        story.world.app.state.live.tell_all();
                        twin.state.live.tell_all();
                        stream.next().await == Told::Alive
                    } else {
                        stream.end().await != Told::Ended
                    }
                }
            };
            if lives != survives.contains(&held) {
                wrong.push(format!("{way:?} × {held:?}: {}", if lives { "alive" } else { "dead" }));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn a_token_for_one_company_is_nothing_at_another_s_address() {
    let mut story = Story::new().await;
    let world = &story.world;
    let matrix = world.app.company("matrix.fake").await;
    world.app.connect(matrix, &world.provider.issuer("m")).await;
    let mut smith = Account::new("smith@matrix.fake");
    let mut his = world.app.anonymous();
    let authorize = destination(&his.get("/openid/start/matrix.fake").await).to_owned();
    assert!(comes_in(&story, &mut his, &authorize, &mut smith).await);
    let him = json!({ "format": "email", "email": "smith@matrix.fake" });
    // As it is, and with the other company's audience in it.
    let mut token = story.demand("jti");
    assert_eq!(story.send_demand("matrix.fake", &token.text(), him.clone()).await.status, 401);
    token.claims["aud"] = json!("http://localhost:3333/orgs/matrix.fake/global-token-revocation");
    assert_eq!(story.send_demand("matrix.fake", &token.text(), him.clone()).await.status, 401);
    let mut logout = story.logout("jti");
    logout.claims["sub"] = json!(smith.sub);
    assert_eq!(story.send_logout("matrix.fake", &logout.text()).await.status, 400);
    assert!(world.is_in(&mut his).await);
    // At its own address it finds nobody of that name.
    assert_eq!(story.send_demand("whiterabbit.fake", &story.demand("jti-2").text(), him).await.status, 404);
    assert_eq!(story.send_logout("whiterabbit.fake", &logout.text()).await.status, 200, "nobody there is no failure");
    assert!(story.world.is_in(&mut his).await && story.is_in().await);
    assert_eq!(story.send_demand("nowhere.fake", &story.demand("jti-3").text(), trinity()).await.status, 404);
}

/// Two orgs with the same issuer and client: only the address tells which of them is meant.
#[tokio::test]
async fn at_the_shared_address_issuer_and_client_must_name_one_org() {
    let mut story = Story::new().await;
    let shared = "http://localhost:3333/global-token-revocation";
    let demand = |story: &Story, jti: &str| {
        let mut token = story.demand(jti);
        token.claims["aud"] = json!(shared);
        story.world.app.holding(&token.text().into())
    };
    let matrix = story.world.app.company("matrix.fake").await;
    story.world.app.connect(matrix, &story.world.provider.issuer("t")).await;
    let reply = demand(&story, "jti-1").revoke_subject(trinity()).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (401, "token_refused"));
    assert!(story.is_in().await);
    story
        .world
        .app
        .force("delete from sso_connections where org_id <> (select id from orgs where slug = 'whiterabbit.fake')")
        .await;
    assert_eq!(demand(&story, "jti-2").revoke_subject(trinity()).await.status, 204);
    assert!(!story.is_in().await);
}

#[tokio::test]
async fn a_key_is_no_credential_at_the_company_s_own_address() {
    let mut story = Story::new().await;
    let key = story.world.app.key(story.world.org, &Scope::ALL).await;
    let caller = story.world.app.holding(&key);
    let body = Some(json!({ "sub_id": trinity() }));
    let path = "/orgs/whiterabbit.fake/global-token-revocation";
    assert_eq!(caller.call(&http::Method::POST, path, body).await.status, 401);
    assert!(story.is_in().await);
}

/// Only the tenant's own filters stand between two companies here.
#[tokio::test]
async fn a_sid_ends_nobody_elsewhere_where_row_level_security_is_bypassed() {
    let database = TestDatabase::new().await;
    let url = database.url("postgres");
    let app = TestApp::over(database, url, |_| {}).await;
    let world = crate::openid::World::of(app).await;
    let matrix = world.app.company("matrix.fake").await;
    world.app.connect_as(matrix, &world.provider.issuer("t"), |settings| settings.client_id = "other".into()).await;
    let mut account = Account::new(crate::openid::TRINITY);
    let browser = world.signed_in(&mut account).await;
    let mut story = Story { world, account, browser };
    let mut token = story.logout("jti");
    token.claims["aud"] = json!("other");
    token.claims["sid"] = json!("a-session");
    assert_eq!(story.send_logout("matrix.fake", &token.text()).await.status, 200);
    assert!(story.is_in().await, "the same issuer and session of another org's client");
}
