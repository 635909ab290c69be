//! A sign-in has two locks. Each is tried with the other one open, so that neither rests on the other.

use api::domain::api_keys::Scope;

use crate::support::TestApp;

async fn trinity() -> (TestApp, crate::support::Browser) {
    let (app, org) = TestApp::with_trinity().await;
    app.key(org, &[Scope::Revoke]).await;
    let mut browser = app.signed_in("trinity@whiterabbit.fake").await;
    assert_eq!(browser.get("/api/users/me").await.status, 200);
    (app, browser)
}

#[tokio::test]
async fn an_ended_row_with_a_current_hash_is_out() {
    let (app, mut trinity) = trinity().await;
    app.force("update sign_ins set ended_at = now(), ended_cause = 'demanded'").await;
    assert_eq!(app.count("select generation from users").await, 0, "the hash is current");
    assert_eq!(trinity.get("/api/users/me").await.code(), "session_ended");
}

#[tokio::test]
async fn a_live_row_with_a_stale_hash_is_out() {
    for raise in ["update users set generation = generation + 1", "update orgs set generation = generation + 1"] {
        let (app, mut trinity) = trinity().await;
        app.force(raise).await;
        assert_eq!(app.count("select count(*) from sign_ins where ended_at is null").await, 1, "the row is live");
        assert_eq!(trinity.get("/api/users/me").await.code(), "session_ended", "{raise}");
    }
}

/// The session layer's record proves nothing: put back whole, it still leads to an ended row and carries a stale hash.
#[tokio::test]
async fn a_record_that_comes_back_is_out() {
    let (app, mut trinity) = trinity().await;
    app.force("create table kept as select * from tower_sessions").await;
    let org: uuid::Uuid = sqlx::query_scalar("select org_id from users").fetch_one(app.behind()).await.expect("an org");
    let key = app.key(crate::support::Org { id: api::kernel::OrgId::from(org) }, &[Scope::Revoke]).await;
    let mut copy = trinity.clone();
    assert_eq!(app.holding(&key).revoke("trinity@whiterabbit.fake").await.status, 204);
    assert_eq!(app.force("insert into tower_sessions select * from kept").await, 1);
    assert_eq!(trinity.get("/api/users/me").await.code(), "session_ended");

    // And again with either lock opened by hand.
    app.force("insert into tower_sessions select * from kept on conflict do nothing").await;
    app.force("update sign_ins set ended_at = null, ended_cause = null").await;
    assert_eq!(copy.clone().get("/api/users/me").await.code(), "session_ended", "the hash alone keeps it out");
    app.force("insert into tower_sessions select * from kept on conflict do nothing").await;
    app.force("update sign_ins set ended_at = now(), ended_cause = 'demanded'").await;
    app.force("update users set generation = 0").await;
    assert_eq!(copy.clone().get("/api/users/me").await.code(), "session_ended", "the row alone keeps it out");

    // With both opened it would be in: the two locks are all there is.
    app.force("insert into tower_sessions select * from kept on conflict do nothing").await;
    app.force("update sign_ins set ended_at = null, ended_cause = null").await;
    assert_eq!(copy.get("/api/users/me").await.status, 200);
}
