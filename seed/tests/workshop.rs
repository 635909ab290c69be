//! The workshop's worlds, its checks and the doctor, as far as they need no API: the rest is `dev/test workshop`.

mod common;

use common::Seed;
use serde_json::Value;

const PARTS: [&str; 5] = ["start", "scim", "configuration", "workflows", "entitlements"];

async fn keys(seed: &Seed) -> Vec<(String, Vec<String>)> {
    let sql = "select o.slug, k.scopes from api_keys k join orgs o on o.id = k.org_id where k.workshop";
    sqlx::query_as(sql).fetch_all(&seed.0.superuser).await.expect(sql)
}

#[tokio::test]
async fn each_part_begins_anew_whatever_was_before_and_touches_nobody_else() {
    let seed = Seed::new().await;
    seed.run(&["org", "add", "zion.example", "--name", "Zion"]);
    seed.run(&["user", "add", "neo@zion.example", "--name", "Neo", "--password", "There is no spoon"]);
    seed.run(&["user", "add", "alone@nowhere.example", "--name", "Alone", "--password", "x"]);
    seed.run(&["key", "mint", "zion.example", "--scope", "revoke"]);
    for part in PARTS.iter().chain(PARTS.iter().rev()) {
        seed.run(&["workshop", part]);
    }
    let others = "select count(*) from users where email in ('neo@zion.example', 'alone@nowhere.example') and active";
    assert_eq!(seed.count(others).await, 2);
    assert_eq!(seed.count("select count(*) from api_keys where not workshop").await, 1);
    // The last was the first part.
    assert_eq!(seed.count("select count(*) from orgs where kind = 'company'").await, 1);
    assert_eq!(seed.count("select count(*) from users where org_kind = 'personal'").await, 3);
    assert_eq!(keys(&seed).await, []);
}

#[tokio::test]
async fn the_key_of_the_articles_moves_with_the_parts() {
    let seed = Seed::new().await;
    for (part, company, scope) in [
        ("scim", "portal.example", "scim"),
        ("workflows", "matrix.fake", "todos:read"),
        ("entitlements", "gridco.example", "scim"),
    ] {
        seed.run(&["workshop", part]);
        assert_eq!(keys(&seed).await, [(company.to_owned(), vec![scope.to_owned()])], "{part}");
    }
    let roles = "select count(*) from entitlements where name in ('Todo-er', 'Todo Auditor', 'Manager')";
    assert_eq!(seed.count(roles).await, seed.count("select count(*) from entitlements").await);
    let trinity = "select count(*) from user_entitlements g join entitlements e on e.id = g.entitlement_id \
                   join users u on u.id = g.user_id where e.name = 'Todo-er' and u.external_id = '32'";
    assert_eq!(seed.count(trinity).await, 1);
}

#[tokio::test]
async fn people_who_moved_or_merged_are_cleared_away_too() {
    let seed = Seed::new().await;
    for _ in 0..2 {
        seed.run(&["workshop", "start"]);
        seed.run(&["org", "add", "whiterabbit.fake"]);
        // Who is in the company already is merged, the other one stays behind without a password.
        seed.run(&["user", "add", "trinity@whiterabbit.fake", "--name", "Trinity", "--org", "whiterabbit.fake"]);
        seed.run(&["oidc-migrate", "whiterabbit.fake"]);
    }
    seed.run(&["workshop", "start"]);
    assert_eq!(seed.count("select count(*) from orgs").await, 2);
    assert_eq!(seed.count("select count(*) from users where password_hash is not null").await, 2);
}

#[tokio::test]
async fn a_part_that_was_begun_is_kept_where_the_demo_is_started_again() {
    let seed = Seed::new().await;
    let again = |seed: &Seed| seed.run(&["demo", "--keep-workshop", "--workshop-keys"]);
    for part in ["start", "scim", "workflows", "entitlements"] {
        seed.run(&["workshop", part]);
        assert_eq!(again(&seed), "Kept the part of the workshop that was begun.\n", "{part}");
    }
    seed.run(&["demo", "--afresh", "--workshop-keys"]);
    assert_eq!(keys(&seed).await, [("whiterabbit.fake".to_owned(), vec!["revoke".to_owned()])]);
    for _ in 0..2 {
        assert!(again(&seed).contains("smith@matrix.fake"), "the demo is made and made again");
    }
    assert_eq!(seed.count("select count(*) from users").await, 4);
}

#[tokio::test]
async fn a_company_is_erased_only_when_it_is_named_twice() {
    let seed = Seed::new().await;
    seed.run(&["org", "add", "zion.example"]);
    seed.run(&["user", "add", "neo@zion.example", "--name", "Neo"]);
    let refused = seed.refused(&["org", "erase", "zion.example", "--confirm", "zion.fake"]);
    assert_eq!(refused, "seed: Nothing was erased: --confirm has to name zion.example once more.");
    assert_eq!(seed.count("select count(*) from users").await, 1);
    let told = seed.run(&["org", "erase", "zion.example", "--confirm", "Zion.example"]);
    assert_eq!(told, "Erased zion.example. Whoever was signed in to it is out.\n");
    assert_eq!(seed.count("select count(*) from orgs").await, 0);
    assert!(seed.refused(&["org", "erase", "zion.example", "--confirm", "zion.example"]).contains("No company owns"));
}

#[tokio::test]
async fn a_check_says_what_is_wrong_with_a_key_and_what_mends_it() {
    let seed = Seed::new().await;
    seed.run(&["workshop", "workflows"]);
    assert!(seed.run(&["check", "5.3"]).starts_with("✓ 5.3 "));
    sqlx::query("update api_keys set scopes = '{scim}'").execute(&seed.0.superuser).await.expect("changed");
    let output = seed.output(&["check", "5.3", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let wrong = "The key 131313 of matrix.fake is not good for todos:read: its scopes are scim.";
    assert_eq!((&found[0]["passed"], &found[0]["wrong"]), (&Value::Bool(false), &wrong.into()));
    assert!(found[0]["mend"].as_str().is_some_and(|mend| mend.contains("seed workshop")), "{found}");
    let unknown = seed.refused(&["check", "9.9"]);
    assert!(unknown.starts_with("seed: There is no step 9.9"), "{unknown}");
}

#[tokio::test]
async fn the_doctor_names_what_is_not_there_and_shows_no_password() {
    let seed = Seed::new().await;
    let path = std::env::var("PATH").expect("a PATH");
    let output = seed.output_with(&["doctor", "--json"], &[("PATH", &path), ("CURFEW_API_URL", "http://localhost:9")]);
    assert_eq!(output.status.code(), Some(1), "nothing listens");
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    let of = |what: &str| found.iter().find(|one| one["what"] == what).unwrap_or_else(|| panic!("{what}: {found:#?}"));
    assert_eq!((&of("cargo")["well"], &of("its shape")["well"]), (&true.into(), &true.into()));
    let owner = of("database, owner")["seen"].as_str().expect("text");
    assert!(owner.starts_with("DATABASE_OWNER_URL is postgres://curfew_owner"), "{owner}");
    for (what, said) in [
        ("API", "http://localhost:9 does not answer"),
        ("identity provider", "No demo runs here"),
        ("database, runtime", "DATABASE_URL is not set"),
    ] {
        let one = of(what);
        assert!(one["seen"].as_str().is_some_and(|seen| seen.starts_with(said)), "{one}");
        assert!(one["mend"].as_str().is_some_and(|mend| !mend.is_empty()), "{one}");
    }
    let none = seed.output_with(&["doctor"], &[("PATH", "/nowhere")]);
    assert!(String::from_utf8_lossy(&none.stdout).contains("✗ cargo              cargo is not installed"), "{none:?}");
}
