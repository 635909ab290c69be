//! `/api/org`: where an org's people are signed in, and an administrator who signs them out.

use std::collections::BTreeSet;

use api::domain::api_keys::Scope;
use api::domain::orgs::Policy;
use api::kernel::{Role, UserId};
use http::Method;
use serde_json::{Value, json};
use time::Duration;

use crate::openid::{TRINITY, World, leave};
use crate::support::{Account, Browser, Org, TestApp};

const MORPHEUS: &str = "morpheus@whiterabbit.fake";
const NEO: &str = "neo@whiterabbit.fake";

async fn world() -> (TestApp, Org, UserId) {
    let app = TestApp::new().await;
    let org = app.company("whiterabbit.fake").await;
    app.person(Some(org), MORPHEUS, Role::Owner).await;
    let trinity = app.member(org, TRINITY).await;
    app.member(org, NEO).await;
    (app, org, trinity)
}

async fn is_in(browser: &mut Browser) -> bool {
    browser.get("/api/users/me").await.status == 200
}

fn ids(page: &Value) -> Vec<String> {
    let sessions = page["sessions"].as_array().expect("a list");
    sessions.iter().map(|each| each["id"].as_str().expect("an id").to_owned()).collect()
}

/// All parts of a list, after looking at each: the total is right, and nothing comes twice.
async fn all(browser: &mut Browser, method: &Method, path: &str, body: Option<&Value>, limit: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut before = String::new();
    loop {
        let with = if path.contains('?') { '&' } else { '?' };
        let page = browser.call(method, &format!("{path}{with}limit={limit}{before}"), body.cloned()).await;
        assert_eq!(page.status, 200, "{page:?}");
        let part = ids(&page.body);
        assert!(part.len() <= limit);
        found.extend(part);
        if let Some(next) = page.body["next"].as_str() {
            before = format!("&before={next}");
            continue;
        }
        assert_eq!(page.body["total"], found.len(), "{path}");
        assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), found.len(), "{path}");
        return found;
    }
}

#[tokio::test]
async fn an_auditor_sees_who_is_signed_in_newest_first_and_part_by_part() {
    let (app, org, trinity) = world().await;
    app.person(Some(org), "auditor@whiterabbit.fake", Role::Auditor).await;
    let other = app.company("matrix.fake").await;
    app.member(other, "smith@matrix.fake").await;
    app.signed_in("smith@matrix.fake").await;
    app.signed_in(TRINITY).await;
    app.clock.advance(Duration::minutes(2));
    app.signed_in(NEO).await.post("/api/signout", json!({})).await;
    let mut auditor = app.signed_in("auditor@whiterabbit.fake").await;
    let page = auditor.get("/api/org/sessions").await;
    assert_eq!((&page.body["total"], &page.body["next"]), (&json!(2), &json!(null)), "{page:?}");
    let session = page.body["sessions"][1].clone();
    assert_eq!(
        session,
        json!({ "id": session["id"], "current": false, "createdAt": "2100-01-01T12:00:00Z",
                "lastUsedAt": "2100-01-01T12:00:00Z", "expiresAt": "2100-01-02T00:00:00Z",
                "idleExpiresAt": "2100-01-01T12:30:00Z", "ip": null, "agent": null, "signInMethod": "password",
                "person": { "id": trinity, "name": TRINITY, "email": TRINITY } })
    );
    for _ in 0..5 {
        app.signed_in(TRINITY).await;
    }
    let whole = all(&mut auditor, &Method::GET, "/api/org/sessions", None, 200).await;
    assert_eq!(whole.len(), 7);
    for limit in [1, 2, 3, 7] {
        assert_eq!(all(&mut auditor, &Method::GET, "/api/org/sessions", None, limit).await, whole);
    }
    for query in ["limit=0", "limit=201", "limit=x", "before=x"] {
        assert_eq!(auditor.get(&format!("/api/org/sessions?{query}")).await.status, 400, "{query}");
    }
    let revoke = auditor.post("/api/org/revoke", json!({})).await;
    assert_eq!((revoke.status.as_u16(), revoke.code()), (403, "not_allowed"));
    assert_eq!(auditor.get("/api/org/policy").await.status, 200);
}

#[tokio::test]
async fn an_administrator_signs_one_person_out_everywhere() {
    let (app, _, trinity) = world().await;
    let (mut desk, mut phone, mut neo) =
        (app.signed_in(TRINITY).await, app.signed_in(TRINITY).await, app.signed_in(NEO).await);
    let mut admin = app.signed_in(MORPHEUS).await;
    let path = format!("/api/org/users/{trinity}/revoke");
    let shown = admin.post(&format!("{path}?dry_run=true"), json!({})).await;
    assert_eq!((shown.status.as_u16(), &shown.body["total"]), (200, &json!(2)), "{shown:?}");
    assert!(is_in(&mut desk).await && is_in(&mut phone).await);
    assert_eq!(admin.post(&path, json!({})).await.status, 204);
    assert!(!is_in(&mut desk).await && !is_in(&mut phone).await);
    assert!(is_in(&mut neo).await && is_in(&mut admin).await);
    assert_eq!(desk.get("/api/signed-out").await.body["ended"]["cause"], "demanded");
    let recorded = "select count(*) from audit_events where event = 'revocation.succeeded' \
                    and actor_kind = 'user' and detail ->> 'door' = 'admin' and detail ->> 'sign_ins_ended' = '2'";
    assert_eq!(app.count(recorded).await, 1);
    assert_eq!(admin.post(&path, json!({})).await.status, 204, "nobody being signed in is no failure");
    for nobody in [uuid::Uuid::nil().to_string(), "x".to_owned()] {
        assert_eq!(admin.post(&format!("/api/org/users/{nobody}/revoke"), json!({})).await.status, 404);
        assert_eq!(admin.post(&format!("/api/org/users/{nobody}/revoke?dry_run=true"), json!({})).await.status, 404);
    }
}

/// Also an administrator of another company, whose ids exist.
#[tokio::test]
async fn another_company_s_person_is_nobody_here() {
    let (app, _, trinity) = world().await;
    let matrix = app.company("matrix.fake").await;
    app.person(Some(matrix), "smith@matrix.fake", Role::Owner).await;
    let (mut hers, mut smith) = (app.signed_in(TRINITY).await, app.signed_in("smith@matrix.fake").await);
    for query in ["", "?dry_run=true"] {
        let reply = smith.post(&format!("/api/org/users/{trinity}/revoke{query}"), json!({})).await;
        assert_eq!(reply.status, 404, "{query}");
    }
    let hers_id = hers.get("/api/sessions").await.body["sessions"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(ids(&smith.get(&format!("/api/org/sessions?before={hers_id}")).await.body), [""; 0]);
    assert_eq!(smith.get("/api/org/sessions").await.body["total"], 1);
    assert_eq!(smith.post("/api/org/revoke", json!({})).await.status, 204);
    assert!(is_in(&mut hers).await);
    assert!(!is_in(&mut smith).await);
}

#[tokio::test]
async fn everybody_is_signed_out_at_once_also_the_administrator_and_those_on_their_way() {
    let world = World::new().await;
    let app = &world.app;
    app.person(Some(world.org), MORPHEUS, Role::Owner).await;
    let (mut at_desk, mut account) = (Account::new(TRINITY), Account::new(TRINITY));
    let mut hers = world.signed_in(&mut at_desk).await;
    let mut leaving = app.anonymous();
    let authorize = leave(&mut leaving, "").await;
    // He has no account at the provider, so a sign-in of the kind that a password opens is made for him.
    let mut his = world.signed_in(&mut Account::new(MORPHEUS)).await;
    app.clock.advance(Duration::seconds(2));
    assert_eq!(his.post("/api/org/revoke", json!({})).await.status, 204);
    assert!(!is_in(&mut hers).await && !is_in(&mut his).await);
    // A browser that had left before comes back to be asked again; and so does one with a session that lives there.
    let back = world.provider.sign_in(&authorize, &mut account);
    let asked = leaving.get(&back).await;
    assert!(asked.header("location").contains("prompt=login"), "{asked:?}");
    let silent = world.sign_in(&mut hers, &mut at_desk).await;
    assert!(silent.header("location").contains("prompt=login"), "{silent:?}");
    assert!(!is_in(&mut hers).await);
    app.clock.advance(Duration::seconds(2));
    let back = world.provider.sign_in(silent.header("location"), &mut at_desk);
    hers.get(&back).await;
    assert!(is_in(&mut hers).await, "after proving who she is");
    assert_eq!(app.count("select count(*) from users where generation > 0").await, 0, "the org's was raised");
}

/// It has the org, and so the administrator waits; what it opened is ended.
#[tokio::test]
async fn a_sign_in_being_opened_is_waited_for_and_ended_with_everybody_s() {
    let (app, ..) = world().await;
    let mut admin = app.signed_in(MORPHEUS).await;
    let mut hold = app.behind().begin().await.expect("a transaction");
    let user = "select id from users where email = 'trinity@whiterabbit.fake' for update";
    sqlx::query(user).execute(&mut *hold).await.expect("held");
    let mut hers = app.anonymous();
    let signing_in = tokio::spawn(async move { (hers.sign_in(TRINITY, crate::support::PASSWORD).await, hers) });
    app.until_waiting(1).await;
    let ending = tokio::spawn(async move { admin.post("/api/org/revoke", json!({})).await.status });
    app.until_waiting(2).await;
    hold.rollback().await.expect("let go");
    let (_, mut hers) = signing_in.await.expect("joined");
    assert_eq!(ending.await.expect("joined"), 204);
    assert!(!is_in(&mut hers).await);
    assert_eq!(app.count("select count(*) from sign_ins where ended_at is null").await, 0);
}

/// Two administrators who sign each other out and change the policy, the org's key, and a member, all at once: none waits
/// for another for ever, and nobody is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn administrators_who_end_each_other_at_once_do_not_lock_each_other_out() {
    let (app, org, trinity) = world().await;
    let second = app.person(Some(org), "oracle@whiterabbit.fake", Role::Admin).await;
    let key = app.holding(&app.key(org, &[Scope::Revoke]).await);
    let mut shorter = 43_200;
    for _ in 0..20 {
        let (one, two) = (app.signed_in(MORPHEUS).await, app.signed_in("oracle@whiterabbit.fake").await);
        let (three, four) = (app.signed_in(TRINITY).await, app.signed_in(TRINITY).await);
        // Some of hers are over, and some are to be shortened.
        app.force(
            "update sign_ins set last_seen_at = last_seen_at - interval '1 hour' \
             where ended_at is null and random() < 0.2",
        )
        .await;
        shorter -= 60;
        let policy = json!({ "idleTimeoutSeconds": 1800, "absoluteLifetimeSeconds": shorter,
            "privilegedAuthAgeSeconds": 900, "endsProviderSession": false });
        let post = |mut browser: Browser, path: String, body: Value| async move {
            browser.post(&path, body).await.status.as_u16()
        };
        let (sets_policy, ends_other, ends_all, ends_own, ends_as_member, demanded) = tokio::join!(
            async { one.clone().put("/api/org/policy", policy).await.status.as_u16() },
            post(one.clone(), format!("/api/org/users/{second}/revoke"), json!({})),
            post(two.clone(), "/api/org/revoke".to_owned(), json!({})),
            post(three.clone(), "/api/sessions/revoke".to_owned(), json!({ "reach": "all" })),
            post(four.clone(), format!("/api/org/users/{trinity}/revoke"), json!({})),
            async { key.revoke(TRINITY).await.status.as_u16() },
        );
        for status in [sets_policy, ends_other, ends_all, ends_own] {
            assert!([200, 204, 401].contains(&status), "{status}");
        }
        assert!([401, 403].contains(&ends_as_member), "a member may not: {ends_as_member}");
        assert_eq!(demanded, 204);
        assert!(!is_in(&mut three.clone()).await && !is_in(&mut four.clone()).await);
    }
}

/// Whoever ends or shortens several sign-ins locks them in the order of their ids, so that no two hold what the other waits
/// for. Somebody has the first here: then none of the later is held by who waits for it.
#[tokio::test]
async fn sign_ins_are_locked_in_one_order() {
    for act in ["policy", "everybody", "person", "key"] {
        let (app, org, trinity) = world().await;
        for _ in 0..6 {
            app.signed_in(TRINITY).await;
        }
        let mut admin = app.signed_in(MORPHEUS).await;
        let key = app.holding(&app.key(org, &[Scope::Revoke]).await);
        let hers = "select id from sign_ins where user_id = (select id from users where email = $1) order by id";
        let ids: Vec<uuid::Uuid> = sqlx::query_scalar(hers).bind(TRINITY).fetch_all(app.behind()).await.expect("ids");
        // The last is over, and the others are to be shortened by the policy.
        app.force(&format!("update sign_ins set last_seen_at = '2100-01-01 11:00Z' where id = '{}'", ids[5])).await;
        let mut other = app.behind().begin().await.expect("a transaction");
        let lock = "select 1 from sign_ins where id = $1 for no key update nowait";
        sqlx::query(lock).bind(ids[0]).execute(&mut *other).await.expect("the first");
        let acting = tokio::spawn(async move {
            let policy = json!({ "idleTimeoutSeconds": 1800, "absoluteLifetimeSeconds": 3600,
                "privilegedAuthAgeSeconds": 900, "endsProviderSession": false });
            let reply = match act {
                "policy" => admin.put("/api/org/policy", policy).await,
                "everybody" => admin.post("/api/org/revoke", json!({})).await,
                "person" => admin.post(&format!("/api/org/users/{trinity}/revoke"), json!({})).await,
                _ => key.revoke(TRINITY).await,
            };
            reply.status
        });
        app.until_somebody_waits().await;
        for later in &ids[1..] {
            sqlx::query(lock).bind(later).execute(&mut *other).await.unwrap_or_else(|held| panic!("{act}: {held}"));
        }
        other.rollback().await.expect("let go");
        assert!(acting.await.expect("joined").is_success(), "{act}");
    }
}

/// What is shown beforehand is what ends, for one person, for everybody and by another policy: two hundred populations, by
/// a generator with a fixed beginning.
#[tokio::test]
async fn a_dry_run_names_exactly_what_ends_and_ends_nothing() {
    let (app, org, trinity) = world().await;
    let mut seed = 0xcafe_u64;
    let mut chance = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((seed >> 33) % below).expect("small")
    };
    for population in 0..200 {
        app.force("delete from sign_ins").await;
        app.set_policy(org, Policy::DEFAULT).await;
        let mut admin = app.signed_in(MORPHEUS).await;
        for _ in 0..chance(9) {
            let whom = [TRINITY, NEO, MORPHEUS][chance(3)];
            let ended = ["null, null", "now(), 'demanded'"][chance(2)];
            let expires = ["11:00Z", "20:00Z"][chance(2)];
            let used = ["11:30Z", "11:31Z"][chance(2)];
            app.force(&format!(
                "insert into sign_ins (id, org_id, user_id, created_at, last_seen_at, expires_at, ended_at, ended_cause) \
                 select gen_random_uuid(), org_id, id, '2100-01-01 10:00Z', '2100-01-01 {used}', '2100-01-01 {expires}', \
                 {ended} from users where email = '{whom}'"
            ))
            .await;
        }
        // By the last use or by the age: what is over, what is just not, and what is neither.
        let (idle, absolute) = ([1739, 1740, 1741, 1800][chance(4)], [7199, 7200, 7201, 43_200][chance(4)]);
        let policy = json!({
            "idleTimeoutSeconds": idle, "absoluteLifetimeSeconds": absolute,
            "privilegedAuthAgeSeconds": 900, "endsProviderSession": false,
        });
        let (method, act, body) = match chance(3) {
            0 => (Method::POST, "/api/org/revoke".to_owned(), None),
            1 => (Method::POST, format!("/api/org/users/{trinity}/revoke"), None),
            _ => (Method::PUT, "/api/org/policy".to_owned(), Some(policy)),
        };
        let dry = format!("{act}?dry_run=true");
        let told: BTreeSet<_> =
            all(&mut admin, &method, &dry, body.as_ref(), 1 + chance(4)).await.into_iter().collect();
        let none = "select count(*) from sign_ins where ended_at = '2100-01-01 12:00Z'";
        assert_eq!(app.count(none).await, 0, "population {population}: nothing has ended");
        assert!(admin.call(&method, &act, body).await.status.is_success());
        // What is ended for being too old by the policy has its own end at that moment, or before.
        let sql = "select id::text from sign_ins where ended_cause = 'policy_changed' \
                   or (ended_at = '2100-01-01 12:00Z' and ended_cause = 'demanded' \
                       and expires_at > '2100-01-01 12:00Z' and last_seen_at > '2100-01-01 11:30Z')";
        let ended: Vec<String> = sqlx::query_scalar(sql).fetch_all(app.behind()).await.expect("ids");
        assert_eq!(told, ended.into_iter().collect(), "population {population}, {act}");
    }
}
