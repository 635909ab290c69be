//! All of a company or nothing, whatever comes in between.

use std::process::{Child, Command, Output, Stdio};

use secrecy::ExposeSecret;
use sqlx::{Connection, PgConnection};

use crate::common::KEY;
use crate::world::{GARDEN, SECRET, World};

/// `seed apply`, under way.
fn start(world: &World, file: &str) -> Child {
    let url = world.seed.0.url("curfew_owner");
    let mut command = Command::new(env!("CARGO_BIN_EXE_seed"));
    command.args(["apply", file, "--no-check", "--yes"]).env_clear();
    command.env("DATABASE_OWNER_URL", url.expose_secret()).envs([KEY, SECRET]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it started")
}

/// Holds a table against everybody else's writes.
async fn held(world: &World, table: &str) -> PgConnection {
    let url = world.seed.0.url("postgres");
    let mut holder = PgConnection::connect(url.expose_secret()).await.expect("connected");
    for sql in ["begin".to_owned(), format!("lock table {table} in share mode")] {
        sqlx::query(&sql).execute(&mut holder).await.expect("held");
    }
    holder
}

/// Until so many wait for a lock.
async fn waiting(world: &World, many: i64) {
    let sql = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    while world.seed.count(sql).await < many {
        tokio::task::yield_now().await;
    }
}

fn ended(child: Child) -> Output {
    child.wait_with_output().expect("it ended")
}

#[tokio::test]
async fn killed_in_the_middle_and_run_again_it_comes_to_the_same_end() {
    for table in ["org_domains", "sso_connections", "entitlements", "api_keys"] {
        let world = World::new().await;
        let file = world.file("garden.toml", GARDEN);
        let holder = held(&world, table).await;
        let mut child = start(&world, &file);
        waiting(&world, 1).await;
        // SIGKILL.
        child.kill().expect("killed");
        ended(child);
        drop(holder.close().await);
        assert_eq!(world.seed.count("select count(*) from orgs").await, 0, "nothing of it, at {table}");
        world.apply(GARDEN);
        world.is_so(GARDEN);
        let left: Vec<_> =
            std::fs::read_dir(&world.folder).expect("a folder").map(|f| f.expect("a file").file_name()).collect();
        assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".new")), "{left:?}");
    }
}

/// The moment between the database's commit and the file's name cannot be met from outside, so it is made.
#[tokio::test]
async fn a_key_that_counts_and_has_no_file_yet_gets_it_and_another_goes() {
    let world = World::new().await;
    world.apply(GARDEN);
    let path = world.folder.join("report.key");
    let beside = world.folder.join("report.key.new");
    let key = std::fs::read_to_string(&path).expect("a key");
    std::fs::rename(&path, &beside).expect("as it was before");
    world.apply(GARDEN);
    assert_eq!(std::fs::read_to_string(&path).expect("a key"), key);
    assert!(!beside.exists());
    for stale in ["cfw_nonsense\n", "", "notes of mine\n", &key[..20]] {
        world.file("report.key.new", stale);
        world.apply(GARDEN);
        assert!(!beside.exists(), "what counts for nothing goes: {stale:?}");
        assert_eq!(std::fs::read_to_string(&path).expect("a key"), key);
    }
}

#[tokio::test]
async fn two_at_once_do_it_once() {
    let world = World::new().await;
    let file = world.file("garden.toml", GARDEN);
    // First the making of it, then a change of it. Both have planned before either may write.
    let again = GARDEN.replace("15m", "20m").replace("\"revoke\"]", "\"revoke\", \"scim\"]");
    for text in [GARDEN, &again] {
        world.file("garden.toml", text);
        let holder = held(&world, "audit_events").await;
        let both = [start(&world, &file), start(&world, &file)];
        waiting(&world, 2).await;
        drop(holder.close().await);
        let told = both.map(|child| {
            let output = ended(child);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).expect("text")
        });
        let quicker = told.iter().filter(|told| told.contains("somebody was quicker")).count();
        assert_eq!(quicker, 1, "{told:?}");
        world.is_so(text);
    }
    assert_eq!(world.seed.count("select count(*) from orgs").await, 1);
    let counting = "select count(*) from api_keys where revoked_at is null";
    assert_eq!(world.seed.count(counting).await, 2);
    assert_eq!(world.seed.count("select count(*) from api_keys").await, 3, "the one that changed was replaced once");
    let key = std::fs::read_to_string(world.folder.join("keys/sign-out.key")).expect("a key");
    let named = world.seed.run(&["key", "revoke", "garden.example", key.trim()]);
    assert!(named.contains("(Sign-out) is revoked"), "the file has the one that counts: {named}");
}

#[tokio::test]
async fn what_fails_in_one_company_leaves_that_one_as_it_was() {
    let world = World::new().await;
    let text = "[[org]]\nslug = \"a.example\"\n[[org]]\nslug = \"b.example\"\n\
                [[org.key]]\nname = \"k\"\nscopes = [\"scim\"]\nfile = \"k.key\"\n[[org]]\nslug = \"c.example\"\n";
    let file = world.file("f.toml", text);
    // At its very end.
    world.sql("alter table audit_events add constraint no_key check (event <> 'api_key.minted')").await;
    let (told, code) = world.says(&["apply", &file, "--yes"], &[]);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("a.example: added org\n") && !told.contains("b.example: added"), "{told}");
    assert!(told.contains("seed: b.example: nothing was changed in this company.\n  because: "), "{told}");
    let slugs: Vec<String> =
        sqlx::query_scalar("select slug from orgs").fetch_all(&world.seed.0.superuser).await.expect("slugs");
    assert_eq!(slugs, ["a.example"]);
    assert!(!world.folder.join("k.key").exists() && !world.folder.join("k.key.new").exists());
    world.sql("alter table audit_events drop constraint no_key").await;
    world.apply(text);
    world.is_so(text);
}

/// Somebody changes the company between the plan and the lock.
#[tokio::test]
async fn what_was_not_planned_is_not_done() {
    let world = World::new().await;
    world.apply(GARDEN);
    let file = world.file("garden.toml", &GARDEN.replace("15m", "20m"));
    let url = world.seed.0.url("postgres");
    let mut other = PgConnection::connect(url.expose_secret()).await.expect("connected");
    for sql in ["begin", "update orgs set name = 'Jungle'"] {
        sqlx::query(sql).execute(&mut other).await.expect(sql);
    }
    let child = start(&world, &file);
    waiting(&world, 1).await;
    sqlx::query("commit").execute(&mut other).await.expect("committed");
    let output = ended(child);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("It has changed since this was planned. Look at the plan again."), "{told}");
    assert_eq!(world.seed.count("select count(*) from orgs where name = 'Jungle' and idle_timeout = 900").await, 1);
}
