//! `POST /api/openid/check`

use serde_json::{Value, json};

use super::{TRINITY, World};
use crate::support::TestApp;

async fn check(app: &TestApp, username: &str) -> Value {
    let reply = app.anonymous().post("/api/openid/check", json!({ "username": username })).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.body
}

#[tokio::test]
async fn the_domain_alone_decides_so_nobody_learns_who_is_known() {
    let World { app, org, .. } = World::new().await;
    app.member(org, TRINITY).await;
    for username in [TRINITY, "nobody@whiterabbit.fake", " Trinity@WHITERABBIT.fake "] {
        assert_eq!(check(&app, username).await, json!({ "org_id": "whiterabbit.fake" }), "{username}");
    }
    app.person(None, "bob@tables.fake", api::kernel::Role::Owner).await;
    let other = app.company("matrix.fake").await;
    app.member(other, "smith@matrix.fake").await;
    for username in ["bob@tables.fake", "smith@matrix.fake", "x@unknown.fake", "trinity", "", "x@sub.whiterabbit.fake"]
    {
        assert_eq!(check(&app, username).await, json!({ "org_id": null }), "{username}");
    }
}

#[tokio::test]
async fn every_verified_domain_of_the_company_leads_to_it_and_no_other() {
    let World { app, org, provider } = World::new().await;
    app.domain(org, "white.fake").await;
    assert_eq!(check(&app, "a@white.fake").await, json!({ "org_id": "whiterabbit.fake" }));
    app.force("update org_domains set verified_by = null, verified_at = null where domain = 'white.fake'").await;
    assert_eq!(check(&app, "a@white.fake").await, json!({ "org_id": null }), "a domain nobody has vouched for");
    assert_eq!(check(&app, TRINITY).await, json!({ "org_id": "whiterabbit.fake" }), "and the others are as they were");

    let matrix = app.company("matrix.fake").await;
    app.domain(matrix, "agents.fake").await;
    let only = api::kernel::Domain::parse("agents.fake");
    app.connect_as(matrix, &provider.issuer("m"), |settings| settings.domain = only).await;
    assert_eq!(check(&app, "smith@agents.fake").await, json!({ "org_id": "matrix.fake" }));
    assert_eq!(
        check(&app, "smith@matrix.fake").await,
        json!({ "org_id": null }),
        "the provider is for the other domain"
    );
    app.force("update orgs set active = false where slug = 'matrix.fake'").await;
    assert_eq!(check(&app, "smith@agents.fake").await, json!({ "org_id": null }));
}

#[tokio::test]
async fn what_is_malformed_is_said() {
    let World { app, .. } = World::new().await;
    for body in [json!({}), json!({ "username": 1 }), json!({ "username": "x", "more": 1 }), json!([])] {
        let reply = app.anonymous().post("/api/openid/check", body).await;
        assert_eq!(reply.status, 400, "{reply:?}");
    }
}

#[tokio::test]
async fn a_password_counts_for_nothing_where_the_provider_signs_in() {
    let World { app, org, .. } = World::new().await;
    app.member(org, TRINITY).await;
    let stranger = app.anonymous().sign_in("nobody@whiterabbit.fake", "x").await;
    let trinity = app.anonymous().sign_in(TRINITY, crate::support::PASSWORD).await;
    assert_eq!((trinity.status, trinity.code()), (stranger.status, stranger.code()));
    assert_eq!(trinity.status, 401);
    let op = app.op(org.id);
    let tx = app.begin_as_owner(&op).await;
    api::domain::sso::remove_connection(&tx, &op, None).await.expect("removed");
    tx.commit().await.expect("committed");
    app.signed_in(TRINITY).await;
}

#[tokio::test]
async fn requiring_the_provider_ends_the_sign_ins_by_password() {
    let app = TestApp::new().await;
    let provider = crate::support::Provider::start(&app.clock).await;
    let org = app.company("whiterabbit.fake").await;
    app.domain(org, "white.fake").await;
    app.member(org, TRINITY).await;
    app.member(org, "neo@white.fake").await;
    let (mut trinity, mut neo) = (app.signed_in(TRINITY).await, app.signed_in("neo@white.fake").await);
    let only = api::kernel::Domain::parse("white.fake");
    app.connect_as(org, &provider.issuer("t"), |settings| settings.domain = only).await;
    assert_eq!(neo.get("/api/users/me").await.status, 401);
    assert_eq!(trinity.get("/api/users/me").await.status, 200, "her domain still signs in by password");
    app.connect(org, &provider.issuer("t")).await;
    assert_eq!(trinity.get("/api/users/me").await.status, 401);
    assert_eq!(app.count("select count(*) from sign_ins where ended_cause = 'provider_required'").await, 2);
    assert_eq!(app.count("select count(*) from audit_events where event = 'sso.set'").await, 2);
}

/// The password is checked before the connection is there, and the sign-in is written after.
#[tokio::test]
async fn a_password_checked_before_the_provider_was_required_opens_nothing() {
    use api::domain::{sessions, users};
    use api::kernel::Email;
    let app = TestApp::new().await;
    let provider = crate::support::Provider::start(&app.clock).await;
    let org = app.company("whiterabbit.fake").await;
    app.member(org, TRINITY).await;
    let email = Email::parse(TRINITY).expect("an address");
    let candidate = users::find_candidate(&app.state.db, &email).await.expect("asked").expect("somebody");
    app.connect(org, &provider.issuer("t")).await;
    let op = app.op(org.id);
    let tx = app.begin(&op).await;
    assert!(sessions::open(&tx, &op, &candidate).await.expect("asked").is_none());
}
