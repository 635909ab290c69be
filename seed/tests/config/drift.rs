//! What is changed by hand shows, and is taken back.

use crate::world::{GARDEN, World};

/// By the command line, by an administrator through the API, or worse.
enum Hand {
    Seed(&'static [&'static str]),
    Sql(&'static str),
}

#[tokio::test]
async fn every_change_by_hand_shows_and_is_taken_back() {
    const ORG: &str = "garden.example";
    let set_oidc =
        ["org", "set-oidc", ORG, "--issuer", "https://idp.example/garden", "--client-id", "curfew", "--no-check"];
    let hands = [
        (Hand::Sql("update orgs set name = 'Jungle'"), "name: \"Jungle\" -> \"The Garden\""),
        (Hand::Seed(&["org", "add-domain", ORG, "weeds.example"]), "    - domain \"weeds.example\""),
        (Hand::Sql("delete from org_domains where domain = 'flowers.example'"), "    + domain \"flowers.example\""),
        (Hand::Seed(&["org", "policy", ORG, "--idle", "1h"]), "idle_timeout: 1h -> 15m"),
        (Hand::Seed(&["org", "policy", ORG, "--absolute", "9h"]), "absolute_lifetime: 9h -> 8h"),
        (Hand::Seed(&["org", "policy", ORG, "--privileged-age", "1h"]), "privileged_auth_age: 1h -> 15m"),
        (
            Hand::Seed(&["org", "policy", ORG, "--end-provider-session", "false"]),
            "ends_provider_session: false -> true",
        ),
        (Hand::Seed(&["org", "unset-oidc", ORG]), "    + sso\n"),
        (Hand::Seed(&["org", "unset-oidc", ORG, "--domain", "birds.example"]), "    + sso \"birds.example\"\n"),
        (
            Hand::Sql("update sso_connections set issuer = 'https://evil.example' where domain is null"),
            "issuer: \"https://evil.example\" -> \"https://idp.example/garden\"",
        ),
        (
            Hand::Sql("update sso_connections set client_id = 'x' where domain is null"),
            "client_id: \"x\" -> \"curfew\"",
        ),
        (
            Hand::Sql("update sso_connections set provisions = true where domain is not null"),
            "provisions: true -> false",
        ),
        (
            Hand::Sql("update sso_connections set prompt_only = false where domain is not null"),
            "prompt_only: false -> true",
        ),
        (
            Hand::Sql("update sso_connections set requires_logout_typ = false where domain is not null"),
            "requires_logout_typ: false -> true",
        ),
        (Hand::Seed(&["role", "remove", ORG, "Gardener"]), "    + role \"Gardener\""),
        (Hand::Seed(&["role", "add", ORG, "Poacher", "--grants", "owner"]), "    - role \"Poacher\""),
        (Hand::Sql("update entitlements set grants = 'owner' where name = 'Gardener'"), "grants: owner -> member"),
        (Hand::Sql("update entitlements set grants = 'owner' where name = 'has_key'"), "grants: owner -> (none)"),
        (
            Hand::Sql("update entitlements set description = '' where name = 'Gardener'"),
            "description: (none) -> 'Waters \"everything\".'",
        ),
        (Hand::Seed(&["role", "remove", ORG, "has_key"]), "    + entitlement \"has_key\""),
        (
            Hand::Sql("update api_keys set revoked_at = now() where name = 'Sign-out'"),
            "    + key \"Sign-out\"\n        scopes = [\"revoke\"]\n        # the last one was revoked 20",
        ),
        (
            Hand::Sql(
                "update api_keys set expires_at = now() - interval '1 day' where name like 'Friday%' and revoked_at is null",
            ),
            "        # the last one ended 20",
        ),
        (
            Hand::Seed(&["key", "mint", ORG, "--scope", "scim", "--name", "Poacher's"]),
            "    - key \"Poacher's\"\n        # it ends at once; never used",
        ),
        (
            Hand::Sql("update api_keys set scopes = '{scim}' where name = 'Sign-out' and revoked_at is null"),
            "    -/+ key \"Sign-out\"\n        scopes: [\"scim\"] -> [\"revoke\"]",
        ),
        (
            Hand::Sql("update api_keys set lifetime = null where name like 'Friday%' and revoked_at is null"),
            "        lifetime: (none) -> 90d",
        ),
    ];
    let world = World::new().await;
    world.apply(GARDEN);
    for (hand, shown) in hands {
        match hand {
            Hand::Seed(line) => drop(world.seed.run(line)),
            Hand::Sql(sql) => world.sql(sql).await,
        }
        let told = world.planned(GARDEN);
        assert!(told.contains(shown), "{shown} in {told}");
        world.apply(GARDEN);
        world.is_so(GARDEN);
    }
    // A secret that is another than the environment's, which can be read nowhere.
    world.seed.run(&[&set_oidc[..], &["--client-secret", "another"]].concat());
    let told = world.planned(GARDEN);
    assert!(told.contains("    ~ sso\n        client_secret: (changed)\n"), "{told}");
    assert!(!told.contains("another") && !told.contains("hush"), "{told}");
    world.apply(GARDEN);
    world.is_so(GARDEN);
    // And one that is the same, encrypted anew.
    world.seed.run(&["reseal"]);
    world.is_so(GARDEN);
}

#[tokio::test]
async fn a_key_that_another_has_replaced_by_hand_is_no_drift() {
    let world = World::new().await;
    world.apply(GARDEN);
    let keys: serde_json::Value =
        serde_json::from_str(&world.seed.run(&["key", "list", "garden.example", "--json"])).expect("JSON");
    for key in keys.as_array().expect("keys") {
        let line = ["key", "rotate", "garden.example", key["id"].as_str().expect("an id"), "--overlap", "1h"];
        world.seed.run(&line);
    }
    world.is_so(GARDEN);
    assert_eq!(world.seed.count("select count(*) from api_keys where revoked_at is null").await, 4);
}

#[tokio::test]
async fn the_workshop_s_key_is_no_file_s_business() {
    let world = World::new().await;
    world.seed.run(&["demo", "--workshop-keys"]);
    let export = world.export();
    assert!(export.contains("whiterabbit.fake") && !export.contains("the workshop's key"), "{export}");
    world.is_so(&export);
}
