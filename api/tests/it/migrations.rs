//! Bringing a database to its shape.

use api::app::start;

use crate::support::TestDatabase;

#[tokio::test]
async fn several_at_once_on_an_empty_database_all_succeed() {
    let database = TestDatabase::new().await;
    sqlx::query("drop schema public cascade").execute(&database.superuser).await.expect("dropped");
    sqlx::query("create schema public authorization pg_database_owner")
        .execute(&database.superuser)
        .await
        .expect("made");
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
