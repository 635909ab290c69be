//! Several companies, several providers, and no mix-up.

use api::domain::api_keys::Scope;
use api::kernel::Domain;
use serde_json::json;

use super::{TRINITY, World, destination, leave, page};
use crate::support::{Account, Browser, TestApp, TestDatabase};

/// Leaves for the provider of `slug`.
async fn leave_for(browser: &mut Browser, slug: &str, query: &str) -> String {
    let reply = browser.get(&format!("/openid/start/{slug}{query}")).await;
    destination(&reply).to_owned()
}

/// One host, two issuers (L9: the reference keeps one pending sign-in per host, and takes it at either callback).
#[tokio::test]
async fn two_companies_at_one_provider_s_host_are_not_mixed_up() {
    not_mixed_up(World::new().await).await;
}

/// The same by the stores' own filters alone.
#[tokio::test]
async fn nor_are_they_where_row_level_security_is_bypassed() {
    let database = TestDatabase::new().await;
    let url = database.url("postgres");
    not_mixed_up(World::of(TestApp::over(database, url, |_| {}).await).await).await;
}

async fn not_mixed_up(world: World) {
    let matrix = world.app.company("matrix.fake").await;
    world.app.connect(matrix, &world.provider.issuer("m")).await;
    let (mut trinity, mut smith) = (Account::new(TRINITY), Account::new("smith@matrix.fake"));
    let mut browser = world.app.anonymous();
    let hers = world.provider.sign_in(&leave(&mut browser, "").await, &mut trinity);
    let his = world.provider.sign_in(&leave_for(&mut browser, "matrix.fake", "").await, &mut smith);

    let crossed = hers.replace("/whiterabbit.fake?", "/matrix.fake?");
    assert_eq!(page(&browser.get(&crossed).await), "sign_in_expired", "her state at the other company's callback");
    let crossed = his.replace("/matrix.fake?", "/whiterabbit.fake?");
    assert_eq!(page(&browser.get(&crossed).await), "sign_in_expired");
    assert_eq!(world.sign_ins().await, 0);

    // Each state with the other's code and issuer.
    let state = |path: &str| path.split("state=").nth(1).and_then(|r| r.split('&').next()).expect("a state").to_owned();
    let mixed = hers.replace(&state(&hers), &state(&his)).replace("/whiterabbit.fake?", "/matrix.fake?");
    assert_eq!(page(&browser.get(&mixed).await), "wrong_issuer");

    assert_eq!(destination(&browser.get(&hers).await), "http://localhost:3000/");
    assert_eq!(browser.get("/api/users/me").await.body["orgName"], "whiterabbit.fake");
}

/// One issuer, two clients: the same person there is two here.
#[tokio::test]
async fn two_companies_with_one_issuer_have_people_of_their_own() {
    let world = World::new().await;
    let matrix = world.app.company("matrix.fake").await;
    world.app.domain(world.org, "shared-a.fake").await;
    world.app.connect_as(matrix, &world.provider.issuer("t"), |settings| settings.client_id = "other".into()).await;
    let mut account = Account::new(TRINITY);
    let mut browser = world.signed_in(&mut account).await;

    let mut elsewhere = world.app.anonymous();
    let authorize = leave_for(&mut elsewhere, "matrix.fake", "").await;
    assert!(authorize.contains("client_id=other"), "{authorize}");
    let back = world.provider.sign_in(&authorize, &mut account);
    // The provider refuses our secret for the other client: what it issued for one is nothing to the other.
    assert_eq!(page(&elsewhere.get(&back).await), "client_refused");
    // A code of the first client's, brought to the second's callback with its own state.
    let hers = world.provider.sign_in(&leave(&mut elsewhere, "").await, &mut account);
    assert_eq!(page(&elsewhere.get(&hers.replace("whiterabbit.fake?", "matrix.fake?")).await), "sign_in_expired");

    // The same issuer and subject, known to both: two people.
    let smith = world.app.member(matrix, "smith@matrix.fake").await;
    let op = world.app.op(matrix.id);
    let tx = world.app.begin(&op).await;
    let issuer = world.provider.issuer("t");
    api::domain::sso::link(&tx, &op, smith, &issuer, &account.sub).await.expect("linked");
    tx.commit().await.expect("committed");
    let key = world.app.holding(&world.app.key(matrix, &[Scope::Revoke]).await);
    let subject = json!({ "format": "iss_sub", "iss": issuer, "sub": account.sub });
    assert_eq!(key.revoke_subject(subject).await.status, 204);
    let raised = format!("select count(*) from users where generation = 1 and id = '{smith}'");
    assert_eq!(world.app.count(&raised).await, 1);
    assert!(world.is_in(&mut browser).await, "the one of the other company stays in");
}

/// Another site sends a browser through a provider of its choosing: nobody who is signed in is swapped by that.
#[tokio::test]
async fn a_sign_in_that_another_site_began_replaces_nobody_of_another_company() {
    let world = World::new().await;
    let evil = world.app.company("evil.fake").await;
    world.app.connect(evil, &world.provider.issuer("e")).await;
    let mut browser = world.signed_in(&mut Account::new(TRINITY)).await;
    let mut attacker = Account::new("attacker@evil.fake");
    let start = http::Request::get("/openid/start/evil.fake").header("cookie", cookies(&browser));
    let start = start.header("sec-fetch-site", "cross-site").body(axum::body::Body::empty()).expect("a request");
    let reply = crate::support::send(&world.app.router, start).await;
    let cookie = reply.cookie().and_then(|cookie| cookie.split(';').next()).and_then(|pair| pair.split_once('='));
    let (name, value) = cookie.expect("a cookie");
    browser.cookies.insert(name.to_owned(), value.to_owned());
    let back = world.provider.sign_in(destination(&reply), &mut attacker);
    assert_eq!(page(&browser.get(&back).await), "somebody_else");
    assert_eq!(browser.get("/api/users/me").await.body["email"], TRINITY);
    // Begun on our own page it is her own wish.
    let back = world.provider.sign_in(&leave_for(&mut browser, "evil.fake", "").await, &mut attacker);
    assert_eq!(destination(&browser.get(&back).await), "http://localhost:3000/");
}

fn cookies(browser: &Browser) -> String {
    browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

/// Audience and `azp` keep one client's token from another also at one issuer.
#[tokio::test]
async fn a_token_for_another_client_of_the_same_issuer_is_refused() {
    let world = World::new().await;
    world.provider.script().claims = Some(Box::new(|claims| claims["aud"] = json!("other")));
    let reply = world.sign_in(&mut world.app.anonymous(), &mut Account::new(TRINITY)).await;
    assert_eq!(page(&reply), "provider_invalid");
}

#[tokio::test]
async fn a_provider_that_claims_another_company_s_person_links_nothing() {
    let world = World::new().await;
    let matrix = world.app.company("matrix.fake").await;
    let smith = world.app.member(matrix, "smith@matrix.fake").await;
    // With the very subject by which Matrix knows him, too.
    let mut account = Account { email_verified: Some(true), ..Account::new("smith@matrix.fake") };
    let op = world.app.op(matrix.id);
    let tx = world.app.begin(&op).await;
    api::domain::sso::link(&tx, &op, smith, &world.provider.issuer("t"), &account.sub).await.expect("linked");
    tx.commit().await.expect("committed");
    let reply = world.sign_in(&mut world.app.anonymous(), &mut account).await;
    assert_eq!((reply.status.as_u16(), page(&reply).as_str()), (403, "email_of_another_domain"));
    assert_eq!(world.app.count("select count(*) from identities").await, 1);
    assert_eq!(world.app.count("select count(*) from users").await, 1);
    assert_eq!(world.sign_ins().await, 0);
}

#[tokio::test]
async fn a_domain_with_a_provider_of_its_own_is_served_by_no_other() {
    let world = World::new().await;
    world.app.domain(world.org, "white.fake").await;
    let only = Domain::parse("white.fake");
    world.app.connect_as(world.org, &world.provider.issuer("w"), |settings| settings.domain = only).await;
    let mut browser = world.app.anonymous();
    let theirs = leave_for(&mut browser, "whiterabbit.fake", "?login_hint=a%40white.fake").await;
    assert!(theirs.starts_with(&world.provider.issuer("w")), "{theirs}");
    let others = leave_for(&mut browser, "whiterabbit.fake", "?login_hint=trinity%40whiterabbit.fake").await;
    assert!(others.starts_with(&world.provider.issuer("t")), "{others}");
    let back = world.provider.sign_in(&others, &mut Account::new("a@white.fake"));
    assert_eq!(page(&browser.get(&back).await), "another_connection", "vouched for by the wrong one");
    let back = world.provider.sign_in(&theirs, &mut Account::new("a@white.fake"));
    assert_eq!(destination(&browser.get(&back).await), "http://localhost:3000/");
    let crossed = leave_for(&mut browser, "whiterabbit.fake", "?login_hint=a%40white.fake").await;
    let back = world.provider.sign_in(&crossed, &mut Account::new(TRINITY));
    assert_eq!(page(&browser.get(&back).await), "another_connection");
}

#[tokio::test]
async fn iss_and_sub_sign_somebody_out() {
    let world = World::new().await;
    let mut account = Account::new(TRINITY);
    let mut browser = world.signed_in(&mut account).await;
    let key = world.app.holding(&world.app.key(world.org, &[Scope::Revoke]).await);
    let issuer = world.provider.issuer("t");
    let id = browser.get("/api/users/me").await.body["id"].as_str().expect("an id").to_owned();
    for (iss, sub) in [
        (issuer.clone(), account.sub.to_uppercase()),
        (world.provider.issuer("m"), account.sub.clone()),
        (world.provider.issuer("m"), id.clone()),
    ] {
        let reply = key.revoke_subject(json!({ "format": "iss_sub", "iss": iss, "sub": sub })).await;
        assert_eq!(reply.status, 404, "{iss} {sub}");
    }
    assert!(world.is_in(&mut browser).await);
    // As the ID token spells it; with a slash more, as Okta's examples do; and by our own id of the person.
    for (iss, sub) in
        [(issuer.clone(), account.sub.clone()), (format!("{issuer}/"), account.sub.clone()), (issuer.clone(), id)]
    {
        let mut browser = world.signed_in(&mut account).await;
        let reply = key.revoke_subject(json!({ "format": "iss_sub", "iss": iss, "sub": sub })).await;
        assert_eq!(reply.status, 204, "{iss} {sub}");
        assert!(!world.is_in(&mut browser).await, "{iss} {sub}");
        world.app.clock.advance(time::Duration::minutes(1));
        account.auth_time = Some(world.app.clock.now());
    }
}
