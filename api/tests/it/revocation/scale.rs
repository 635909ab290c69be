//! Revoking one person does not look at anybody else's sign-ins, however many there are.

use api::domain::api_keys::Scope;
use api::domain::revocation::{DELETE_RECORDS, END_SIGN_INS};
use secrecy::ExposeSecret;
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

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
    app.force(
        "insert into tower_sessions (id, data, expiry_date, sign_in_id) \
         select id::text, '', expires_at, id from sign_ins where user_id in (select id from users where email like 'neo%')",
    )
    .await;
    app.force("analyze").await;

    // The store's own statements, as the role that sends them, behind the same wall.
    let runtime = PgPool::connect(app.database.url("curfew_app").expose_secret()).await.expect("the runtime role");
    let mut tx = runtime.begin().await.expect("a transaction");
    let enter = "select set_config('curfew.org_id', $1, true)";
    sqlx::query(enter).bind(org.id.to_string()).execute(&mut *tx).await.expect("a tenant");
    let explain = |sql: &str| format!("explain (analyze, format json) {sql}");
    let end = explain(END_SIGN_INS);
    let ended = sqlx::query_scalar::<_, Value>(&end).bind(org.id.uuid()).bind(app.clock.now()).bind(trinity.uuid());
    let ended = ended.bind(None::<Uuid>).bind(None::<Uuid>).bind("demanded");
    let plan = ended.fetch_one(&mut *tx).await.expect("a plan");
    assert_eq!(scan(&plan), ("sign_ins_person", 1), "{plan:#}");

    let ids: Vec<Uuid> = sqlx::query_scalar("select id from sign_ins where ended_at is not null")
        .fetch_all(&mut *tx)
        .await
        .expect("ids");
    let delete = explain(DELETE_RECORDS);
    let plan = sqlx::query_scalar::<_, Value>(&delete).bind(ids).fetch_one(&mut *tx).await.expect("a plan");
    assert_eq!(scan(&plan), ("tower_sessions_sign_in", 1), "{plan:#}");
    tx.rollback().await.expect("rolled back");

    let key = app.holding(&app.key(org, &[Scope::Revoke]).await);
    assert_eq!(key.revoke("trinity@whiterabbit.fake").await.status, 204);
    assert_eq!(app.count("select count(*) from sign_ins where ended_at is null").await, 100_000, "nobody else's");
}

/// Which index a plan finds its rows by, and how many.
fn scan(plan: &Value) -> (&str, u64) {
    let mut node = &plan[0]["Plan"];
    while node["Plans"].is_array() {
        node = &node["Plans"][0];
    }
    (node["Index Name"].as_str().unwrap_or("none"), node["Actual Rows"].as_u64().unwrap_or_default())
}
