//! Revoking one person does not look at anybody else's sign-ins, however many there are.

use api::domain::api_keys::Scope;
use serde_json::Value;

use crate::support::TestApp;

#[tokio::test]
async fn the_plan_touches_one_person_s_rows_among_100_000() {
    let app = TestApp::new().await;
    let org = app.company("whiterabbit.fake").await;
    let trinity = app.member(org, "trinity@whiterabbit.fake").await;
    app.member(org, "neo@whiterabbit.fake").await;
    app.signed_in("trinity@whiterabbit.fake").await;
    app.force(
        "insert into sign_ins (id, org_id, user_id, auth_time, created_at, last_seen_at, expires_at) \
         select gen_random_uuid(), org_id, id, now(), now(), now(), '2100-01-01 18:00Z' \
         from users, generate_series(1, 100000) where email like 'neo%'",
    )
    .await;
    app.force("analyze sign_ins").await;
    let explain = format!(
        "explain (analyze, buffers, format json) update sign_ins set ended_at = now(), ended_cause = 'demanded' \
         where org_id = '{}' and user_id = '{trinity}' and ended_at is null",
        org.id
    );
    let mut tx = app.behind().begin().await.expect("a transaction");
    let plan: Value = sqlx::query_scalar(&explain).fetch_one(&mut *tx).await.expect("a plan");
    tx.rollback().await.expect("rolled back");
    let scan = &plan[0]["Plan"]["Plans"][0];
    assert_eq!((&scan["Index Name"], &scan["Actual Rows"]), (&"sign_ins_live".into(), &1.into()), "{plan:#}");

    let key = app.holding(&app.key(org, &[Scope::Revoke]).await);
    assert_eq!(key.revoke("trinity@whiterabbit.fake").await.status, 204);
    assert_eq!(app.count("select count(*) from sign_ins where ended_at is null").await, 100_000, "nobody else's");
}
