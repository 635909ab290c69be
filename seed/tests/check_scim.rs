//! `seed check` of the workshop's parts on a company's directory: what it says of mistakes that it finds without the API.
//! Those that need it are in dev/workshop.d.

mod common;

use common::Seed;

/// The check of `step` must fail, with one sentence on what is wrong and another on how to mend it.
#[track_caller]
fn finds(seed: &Seed, step: &str, what: &str, mend: &str) {
    let output = seed.output(&["check", step]);
    let said = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(1), "{said}");
    let (wrong, mended) = said.trim_end().split_once("\n        Mend it: ").expect("what, and how to mend it");
    assert_eq!(wrong, format!("✗ {step:<6} {what}"));
    assert!(mended.contains(mend) && mended.lines().count() == 1, "{mended}");
}

#[track_caller]
fn passes(seed: &Seed, step: &str) {
    let said = seed.run(&["check", step]);
    assert!(said.starts_with(&format!("✓ {step}")), "{said}");
}

async fn sql(seed: &Seed, sql: &str) {
    sqlx::query(sql).execute(&seed.0.superuser).await.expect(sql);
}

#[tokio::test]
async fn the_parts_begin_as_their_checks_want_them() {
    let seed = Seed::new().await;
    finds(&seed, "3.3", "No company owns the domain portal.example.", "seed workshop scim");
    seed.run(&["workshop", "scim"]);
    passes(&seed, "3.3");
    finds(&seed, "7.1", "No company owns the domain gridco.example.", "seed workshop entitlements");
    seed.run(&["workshop", "entitlements"]);
    passes(&seed, "7.1");
    passes(&seed, "7.3");
}

#[tokio::test]
async fn a_check_changes_nothing_and_there_are_no_others() {
    let seed = Seed::new().await;
    seed.run(&["workshop", "scim"]);
    let written = "select count(*) from audit_events";
    let before = seed.count(written).await;
    passes(&seed, "3.3");
    finds(&seed, "3.13", "Trinity may still come in.", "send the PATCH");
    assert_eq!(seed.count(written).await, before);
    assert!(seed.refused(&["check", "3.22"]).starts_with("seed: There is no step 3.22"));
}

#[tokio::test]
async fn who_is_missing_or_known_by_another_name_is_found() {
    let seed = Seed::new().await;
    seed.run(&["workshop", "scim"]);
    sql(&seed, "update users set external_id = '24' where email = 'trinity@portal.example'").await;
    let other = "trinity@portal.example is 24 to the directory, and should be 23.";
    finds(&seed, "3.3", other, "seed workshop scim");
    sql(&seed, "update users set removed_at = now(), active = false where email = 'somnus@portal.example'").await;
    finds(&seed, "3.3", "somnus@portal.example is not in portal.example.", "seed workshop scim");
}

#[tokio::test]
async fn a_key_that_is_no_directory_s_is_found() {
    let seed = Seed::new().await;
    seed.run(&["workshop", "scim"]);
    sql(&seed, "update api_keys set scopes = '{revoke}'").await;
    let lacks = "The key 131313 of portal.example is not good for scim: its scopes are revoke.";
    for step in ["3.3", "3.6", "3.8", "3.21"] {
        finds(&seed, step, lacks, "seed workshop");
    }
    seed.run(&["key", "revoke", "portal.example", "1313"]);
    for step in ["3.3", "3.9"] {
        finds(&seed, step, "The key 131313 of portal.example has been revoked.", "seed workshop");
    }
    seed.run(&["workshop", "entitlements"]);
    sql(&seed, "delete from api_keys").await;
    finds(&seed, "7.5", "gridco.example does not have the key 123123.", "seed workshop entitlements");
}

#[tokio::test]
async fn who_is_active_or_was_never_signed_in_is_found() {
    let seed = Seed::new().await;
    seed.run(&["workshop", "scim"]);
    finds(&seed, "3.13", "Trinity may still come in.", "send the PATCH");
    sql(&seed, "update users set active = false where email = 'trinity@portal.example'").await;
    let never = "None of trinity@portal.example's sign-ins was ended by a deactivation.";
    finds(&seed, "3.13", never, "sign in as them first");
    let sign_in = "insert into sign_ins (id, org_id, user_id, auth_time, created_at, last_seen_at, expires_at) \
                   select gen_random_uuid(), org_id, id, now(), now(), now(), now() + interval '1 hour' from users \
                   where email = 'trinity@portal.example'";
    sql(&seed, sign_in).await;
    let open = "trinity@portal.example is deactivated, and still signed in.";
    finds(&seed, "3.13", open, "a fault of the API");
    sql(&seed, "update sign_ins set ended_at = now(), ended_cause = 'demanded'").await;
    finds(&seed, "3.13", never, "sign in as them first");
}

#[tokio::test]
async fn whom_nobody_made_or_removed_is_found() {
    let seed = Seed::new().await;
    seed.run(&["workshop", "scim"]);
    finds(&seed, "3.12", "Nobody was made in step 3.6.", "send the POST of step 3.6");
    seed.run(&["user", "add", "test.user@portal.example", "--name", "Test User"]);
    finds(&seed, "3.12", "The person of step 3.6 has not been removed.", "send the DELETE");
}

#[tokio::test]
async fn a_role_that_is_not_there_or_lets_people_do_something_else_is_found() {
    let seed = Seed::new().await;
    seed.run(&["workshop", "entitlements"]);
    seed.run(&["role", "remove", "gridco.example", "Todo Auditor"]);
    finds(&seed, "7.3", "gridco.example cannot give the role Todo Auditor.", "seed workshop entitlements");
    seed.run(&["role", "add", "gridco.example", "Todo Auditor", "--grants", "owner"]);
    let other = "The role Todo Auditor lets people do something else than it should, Auditor.";
    finds(&seed, "7.3", other, "seed workshop entitlements");
}

#[tokio::test]
async fn without_a_provider_it_is_said_so() {
    let seed = Seed::new().await;
    seed.run(&["workshop", "scim"]);
    for step in ["3.14", "3.15", "3.16", "3.17", "7.4"] {
        finds(&seed, step, "The demo's identity provider is not there.", "make up");
    }
}
