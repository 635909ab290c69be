//! Plan, apply, plan; export, apply, export.

use std::os::unix::fs::PermissionsExt;

use crate::world::{GARDEN, SECRET, World};

#[tokio::test]
async fn a_plan_is_applied_and_then_there_is_nothing_to_do() {
    let world = World::new().await;
    world.seed.run(&["org", "add", "whiterabbit.fake"]);
    let expected = r#"+ garden.example
      name = "The Garden"
    + domain "birds.example"
    + domain "flowers.example"
    + policy
        idle_timeout = 15m
        absolute_lifetime = 8h
        ends_provider_session = true
    + sso
        issuer = "https://idp.example/garden"
        client_id = "curfew"
        client_auth = client_secret
        provisions = true
        prompt_only = false
        requires_logout_typ = false
    + sso "birds.example"
        issuer = "https://birds.example"
        client_id = "nest"
        client_auth = private_key_jwt
        provisions = false
        prompt_only = true
        requires_logout_typ = true
    + role "Gardener"
        grants = member
        description = 'Waters "everything".'
    + role "Owner"
        grants = owner
    + entitlement "has_key"
    + key "Friday's report"
        scopes = ["todos:read", "users:read"]
        lifetime = 90d
    + key "Sign-out"
        scopes = ["revoke"]

Plan: 11 to add, 0 to change, 0 to remove.
Not in the file, so left as they are: whiterabbit.fake.
"#;
    assert_eq!(world.planned(GARDEN), expected);
    assert_eq!(world.seed.count("select count(*) from orgs").await, 1, "a plan writes nothing");

    let told = world.apply(GARDEN);
    assert!(told.starts_with(expected), "{told}");
    assert!(told.contains("garden.example: added key \"Friday's report\", and wrote it to report.key\n"), "{told}");
    assert!(told.contains("http://localhost:3333/openid/callback/garden.example"), "{told}");
    assert!(told.contains("\"kty\": \"EC\"") && !told.contains("PRIVATE"), "{told}");
    assert!(told.ends_with("Applied: 11 added, 0 changed, 0 removed.\n"), "{told}");
    world.is_so(GARDEN);
    assert_eq!(world.seed.count("select count(*) from orgs where kind = 'company'").await, 2);
    let audited = "select count(*) from audit_events e join orgs o on o.id = e.org_id where o.slug = 'garden.example'";
    assert_eq!(world.seed.count(audited).await, 1 + 3 + 1 + 2 + 3 + 2 + 1, "every act, and the end of what was over");
    let again = world.apply(GARDEN);
    assert!(again.starts_with("No changes"), "{again}");
    assert_eq!(world.seed.count(audited).await, 13, "nothing was done");
}

#[tokio::test]
async fn a_key_is_written_for_its_owner_alone_and_opens_what_it_says() {
    let world = World::new().await;
    let told = world.apply(GARDEN);
    for (name, mode) in [("report.key", 0o600), ("keys/sign-out.key", 0o600), ("keys", 0o700)] {
        let found = std::fs::metadata(world.folder.join(name)).expect(name).permissions().mode();
        assert_eq!(found & 0o777, mode, "{name}");
    }
    let key = std::fs::read_to_string(world.folder.join("report.key")).expect("a key");
    assert!(key.starts_with("cfw_") && key.lines().count() == 1, "{key}");
    assert!(!told.contains(key.trim()) && !world.export().contains(key.trim()));
    let named = world.seed.run(&["key", "revoke", "garden.example", key.trim()]);
    assert!(named.contains("(Friday's report) is revoked"), "the database knows this very key: {named}");
}

#[tokio::test]
async fn an_export_makes_the_same_on_an_empty_database_byte_by_byte() {
    let world = World::new().await;
    world.apply(GARDEN);
    world.seed.run(&["org", "add", "xn--bcher-kva.example", "--name", "Bücher"]);
    // Two keys of one name, one of them twice.
    for scope in ["scim", "revoke", "scim"] {
        world.seed.run(&["key", "mint", "garden.example", "--scope", scope, "--name", "Two, of one name"]);
    }
    let export = world.export();
    assert!(!export.contains(SECRET.1) && !export.contains("PRIVATE"), "{export}");
    let expected = r#"
[[org.sso]]
issuer = "https://idp.example/garden"
client_id = "curfew"
# The secret must be in this variable when the file is planned or applied.
client_secret_env = "OIDC_CLIENT_SECRET_GARDEN_EXAMPLE"

[[org.sso]]
domain = "birds.example"
issuer = "https://birds.example"
client_id = "nest"
client_auth = "private_key_jwt"
provisions = false
prompt_only = true
requires_logout_typ = true

[[org.role]]
name = "Gardener"
grants = "member"
description = 'Waters "everything".'

[[org.role]]
name = "Owner"
grants = "owner"

[[org.role]]
kind = "entitlement"
name = "has_key"

[[org.key]]
name = "Friday's report"
scopes = ["todos:read", "users:read"]
lifetime = "90d"
# Where the key is written to when it is made.
file = "keys/garden.example/fridays-report.key"
"#;
    assert!(export.contains(expected), "{export}");
    assert!(export.ends_with("\n[[org]]\nslug = \"xn--bcher-kva.example\"\nname = \"Bücher\"\n"), "{export}");

    let other = World::new().await;
    let file = other.file("all.toml", &export);
    let variable = ("OIDC_CLIENT_SECRET_GARDEN_EXAMPLE", "hush-hush");
    let (told, code) = other.says(&["apply", &file, "--no-check", "--yes"], &[variable]);
    assert_eq!(code, 0, "{told}");
    assert_eq!(other.export(), export);
    let (told, code) = other.says(&["plan", &file, "--no-check"], &[variable]);
    assert_eq!(code, 0, "{told}");
    let file = world.file("all.toml", &export);
    let (told, code) = world.says(&["plan", &file, "--no-check"], &[variable]);
    assert_eq!(code, 0, "it says what is where it comes from, too: {told}");
    let one = world.seed.run(&["export", "--org", "birds.example"]);
    assert!(one.contains("garden.example") && !one.contains("xn--bcher"), "{one}");
    assert!(world.seed.refused(&["export", "--org", "nowhere.fake"]).starts_with("seed: No company owns"));
}

#[tokio::test]
async fn what_differs_is_changed_and_what_is_left_out_goes() {
    let world = World::new().await;
    world.apply(GARDEN);
    let changed = r#"
[[org]]
slug = "Garden.Example"
domains = ["flowers.example", "bees.example"]

[[org.sso]]
issuer = "https://idp.example/garden"
client_id = "another"
client_secret_env = "GARDEN_SECRET"

[[org.role]]
name = "OWNER"
grants = "owner"

[[org.role]]
name = "Gardener"
grants = "auditor"

[[org.key]]
name = "Friday's report"
scopes = ["todos:read"]
lifetime = "90d"
file = "report.key"
"#;
    let before = std::fs::read_to_string(world.folder.join("report.key")).expect("a key");
    let expected = r#"~ garden.example
      name: "The Garden" -> "garden.example"
    + domain "bees.example"
    - domain "birds.example"
    ~ policy
        idle_timeout: 15m -> 30m
        absolute_lifetime: 8h -> 12h
        ends_provider_session: true -> false
    ~ sso
        client_id: "curfew" -> "another"
    - sso "birds.example"
        # passwords count again, where people have one
    ~ role "Gardener"
        grants: member -> auditor
        description: 'Waters "everything".' -> (none)
    ~ role "Owner"
        name: "Owner" -> "OWNER"
    - entitlement "has_key"
    -/+ key "Friday's report"
        scopes: ["todos:read", "users:read"] -> ["todos:read"]
        # a key never changes: a new one is made
        # the old key ends at once; never used
    - key "Sign-out"
        # it ends at once; never used

Plan: 2 to add, 5 to change, 5 to remove.
"#;
    assert_eq!(world.planned(changed), expected);
    let told = world.apply(changed);
    assert!(told.ends_with("Applied: 2 added, 5 changed, 5 removed.\n"), "{told}");
    world.is_so(changed);
    let after = std::fs::read_to_string(world.folder.join("report.key")).expect("a key");
    assert_ne!(before, after);
    let revoked = world.seed.run(&["key", "revoke", "garden.example", before.trim()]);
    assert!(revoked.contains("was revoked already"), "{revoked}");
    assert_eq!(world.seed.count("select count(*) from org_domains where domain = 'birds.example'").await, 0);
    assert_eq!(world.seed.count("select count(*) from audit_events where event = 'org.domain_removed'").await, 1);
    assert_eq!(world.seed.count("select count(*) from audit_events where event = 'entitlement.changed'").await, 2);
}

#[tokio::test]
async fn a_private_key_is_made_once() {
    let world = World::new().await;
    world.apply(GARDEN);
    let key = "select count(distinct client_id) from sso_connections where client_auth = 'private_key_jwt'";
    assert_eq!(world.seed.count(key).await, 1);
    let told = world.apply(&GARDEN.replace("\"nest\"", "\"hive\""));
    assert!(told.contains("client_id: \"nest\" -> \"hive\""), "{told}");
    assert!(!told.contains("public key"), "the provider knows it already: {told}");
    let told =
        world.apply(&GARDEN.replace("client_auth = \"private_key_jwt\"", "client_secret_env = \"GARDEN_SECRET\""));
    assert!(told.contains("client_auth: private_key_jwt -> client_secret"), "{told}");
    assert!(world.apply(GARDEN).contains("The public key to register there"), "a new one");
}

#[tokio::test]
async fn a_plan_can_be_read_by_programs() {
    let world = World::new().await;
    let file = world.file("garden.toml", "[[org]]\nslug = \"garden.example\"\n[org.policy]\nidle_timeout = \"60s\"\n");
    let (told, code) = world.says(&["plan", &file, "--json"], &[]);
    let plan: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(
        (code, plan["add"].as_i64(), plan["change"].as_i64(), plan["remove"].as_i64()),
        (2, Some(6), Some(0), Some(0))
    );
    let changes = &plan["orgs"][0]["changes"];
    assert_eq!((&plan["orgs"][0]["org"], &changes[0]["act"]), (&"garden.example".into(), &"add".into()));
    assert_eq!(changes[1]["fields"][0]["field"], "idle_timeout");
    assert_eq!(changes[1]["fields"][0]["new"], "1m");
}

#[tokio::test]
async fn without_a_terminal_and_without_yes_nothing_is_done() {
    let world = World::new().await;
    let file = world.file("garden.toml", "[[org]]\nslug = \"garden.example\"\n");
    let (told, code) = world.says(&["apply", &file], &[]);
    assert_eq!(code, 1);
    assert!(told.contains("Say --yes, and it is done without asking."), "{told}");
    assert_eq!(world.seed.count("select count(*) from orgs").await, 0);
    world.says(&["apply", &file, "--yes"], &[]);
    let (told, code) = world.says(&["apply", &file], &[]);
    assert_eq!(code, 0, "there is nothing to ask about: {told}");
    // A slip must not look like something to do.
    assert_eq!(world.says(&["plan"], &[]).1, 1);
    assert_eq!(world.says(&["plan", "--jsno", &file], &[]).1, 1);
    assert_eq!(world.says(&["plan", "--help"], &[]).1, 0);
}

#[tokio::test]
async fn companies_may_stand_in_several_files() {
    let world = World::new().await;
    let one = world.file("one.toml", "[[org]]\nslug = \"one.example\"\n[[org]]\nslug = \"two.example\"\n");
    let other = world.file("other.toml", "[[org]]\nslug = \"three.example\"\ndomains = [\"four.example\"]\n");
    let (told, code) = world.says(&["apply", &one, &other, "--yes"], &[]);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("Plan: 16 to add"), "three companies, four roles each, and a domain: {told}");
    let all = world.file("all.toml", &world.export());
    assert_eq!(world.says(&["plan", &all], &[]).1, 0);
    let (told, _) = world.says(&["plan", &one], &[]);
    assert!(told.ends_with("Not in the file, so left as they are: three.example.\n"), "{told}");
}
