//! Bringing a database to its shape.

use std::path::Path;

use api::app::start;
use sqlx::{Executor, PgPool};

use crate::support::TestDatabase;

async fn empty(superuser: &PgPool) {
    for sql in ["drop schema public cascade", "create schema public authorization pg_database_owner"] {
        superuser.execute(sql).await.expect(sql);
    }
}

#[tokio::test]
async fn several_at_once_on_an_empty_database_all_succeed() {
    let database = TestDatabase::new().await;
    empty(&database.superuser).await;
    let migrations: Vec<_> = (0..4)
        .map(|_| {
            let url = database.url("curfew_owner");
            tokio::spawn(async move {
                let owner = start::connect(&url, 2).await.expect("a connection");
                migration::migrate(&owner).await
            })
        })
        .collect();
    for migration in migrations {
        migration.await.expect("joined").expect("migrated");
    }
    let done: i64 = sqlx::query_scalar("select count(*) from seaql_migrations")
        .fetch_one(&database.superuser)
        .await
        .expect("a count");
    assert_eq!(usize::try_from(done), Ok(migration::names().len()));
}

/// Forced row-level security shows the owner no rows, so a change that writes some has to lift it first.
#[tokio::test]
async fn todos_and_requests_from_before_they_were_read_by_changes_are_carried_over() {
    let database = TestDatabase::new().await;
    empty(&database.superuser).await;
    let owner = start::connect(&database.url("curfew_owner"), 1).await.expect("a connection");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migration/src");
    for name in migration::names() {
        let change = std::fs::read_to_string(folder.join(format!("{name}.sql"))).expect("a change");
        owner.get_postgres_connection_pool().execute(change.as_str()).await.expect(&name);
        if name.ends_with("_session_policy") {
            let rows = "insert into orgs (id, kind, name, created_at) values (gen_random_uuid(), 'personal', 'Bob', now()); \
                        insert into users (id, org_id, org_kind, email, email_folded, name, role, created_at) \
                        select gen_random_uuid(), id, kind, 'bob@tables.fake', 'bob@tables.fake', 'Bob', 'owner', now() \
                        from orgs; \
                        insert into todos (id, org_id, user_id, task, created_at, completed_at) \
                        select gen_random_uuid(), org_id, id, 't', '2026-01-01 12:00Z', done from users, \
                        (values (null), ('2026-01-02 12:00Z'::timestamptz)) as d (done); \
                        insert into todo_requests (org_id, user_id, idempotency_key, todo_id, task, created_at) \
                        select org_id, id, 'k', gen_random_uuid(), 't', now() from users";
            database.superuser.execute(rows).await.expect("rows");
        }
    }
    let carried = "select (select count(*) from todos where updated_at = coalesce(completed_at, created_at)) \
                   + (select count(*) from todo_requests where caller = user_id::text)";
    let carried: i64 = sqlx::query_scalar(carried).fetch_one(&database.superuser).await.expect("a count");
    assert_eq!(carried, 3);
}
