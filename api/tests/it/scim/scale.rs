//! What a directory asks for by a name is found by an index, also among many.

use api::domain::scim::schema::USERS;
use api::domain::scim::{Filter, Wanted};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::Value;

use super::world;
use crate::support::TestApp;

/// Every step of a plan that reads rows: how, of which table, and how many it read.
fn reads(plan: &Value, found: &mut Vec<(String, String, u64)>) {
    if let Some(table) = plan["Relation Name"].as_str() {
        let rows = plan["Actual Rows"].as_u64().unwrap_or_default() * plan["Actual Loops"].as_u64().unwrap_or(1);
        let removed = plan["Rows Removed by Filter"].as_u64().unwrap_or_default();
        found.push((plan["Node Type"].as_str().unwrap_or_default().to_owned(), table.to_owned(), rows + removed));
    }
    for inner in plan["Plans"].as_array().into_iter().flatten() {
        reads(inner, found);
    }
}

async fn plan(
    app: &TestApp,
    wanted: &Wanted,
    org: api::kernel::OrgId,
    skip: i64,
    limit: i64,
) -> Vec<(String, String, u64)> {
    // As the runtime role, behind the same wall: what is not leakproof is never asked of an index there.
    let tx = app.begin(&app.op(org)).await;
    let Statement { sql, values, db_backend } = wanted.part_statement(skip, limit);
    let explain = Statement { sql: format!("explain (analyze, format json) {sql}"), values, db_backend };
    let row = tx.query_one(explain).await.expect("a plan").expect("a row");
    let plan: Value = row.try_get("", "QUERY PLAN").expect("JSON");
    let mut found = Vec::new();
    reads(&plan[0]["Plan"], &mut found);
    assert!(!found.is_empty(), "{plan:#}");
    found
}

#[tokio::test]
async fn names_are_found_by_an_index_among_20_000() {
    let (app, org, _) = world().await;
    let people = format!(
        "insert into users (id, org_id, org_kind, email, email_folded, user_name, user_name_folded, external_id, name, role, \
         created_at, updated_at) \
         select gen_random_uuid(), '{}', 'company', e, e, e, e, e, e, 'member', now(), now() \
         from (select 'p' || n || '@portal.example' as e from generate_series(1, 20000) n) p",
        org.id
    );
    assert_eq!(app.force(&people).await, 20_000);
    app.force(
        "insert into user_emails (org_id, user_id, position, value, value_folded, is_primary) \
         select org_id, id, 0, email, email, true from users",
    )
    .await;
    app.force("analyze").await;
    let wanted = |filter: &str| {
        let filter = Filter::parse(filter).expect("a filter");
        Wanted::new(&USERS, app.op(org.id).scope, Some(&filter)).expect("it can be served")
    };
    for filter in [
        r#"userName eq "P7@portal.example""#,
        r#"externalId eq "p7@portal.example""#,
        r#"emails.value eq "p7@portal.example""#,
        r#"emails[type eq "work" or value eq "p7@portal.example"].value eq "p7@portal.example""#,
        r#"userName eq "p7@portal.example" and active eq true"#,
    ] {
        let reads = plan(&app, &wanted(filter), org.id, 0, 100).await;
        assert!(reads.iter().all(|(_, _, rows)| *rows <= 4), "{filter}: {reads:?}");
    }
    let all = Wanted::new(&USERS, app.op(org.id).scope, None).expect("everybody");
    let first = plan(&app, &all, org.id, 0, 200).await;
    assert!(first.iter().all(|(_, _, rows)| *rows <= 200), "{first:?}");
}
