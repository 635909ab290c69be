//! `seed key`, run as a person runs it.

mod common;

use common::Seed;
use serde_json::{Value, json};

const ORG: &str = "whiterabbit.fake";

async fn seed() -> Seed {
    let seed = Seed::new().await;
    seed.run(&["org", "add", ORG]);
    seed
}

fn mint(seed: &Seed, more: &[&str]) -> String {
    let line = [&["key", "mint", ORG, "--scope", "todos:read"], more].concat();
    seed.run(&line).trim_end().to_owned()
}

fn list(seed: &Seed) -> Vec<Value> {
    serde_json::from_str(&seed.run(&["key", "list", ORG, "--json"])).expect("JSON")
}

/// The table's lines, with single spaces.
fn table(seed: &Seed) -> Vec<String> {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    seed.run(&["key", "list", ORG]).lines().map(words).collect()
}

#[tokio::test]
async fn a_key_is_printed_once_and_shown_nowhere() {
    let seed = Seed::new().await;
    seed.run(&["org", "add", "whiterabbit.fake"]);
    let key = seed.run(&["key", "mint", "whiterabbit.fake", "--scope", "revoke", "--scope", "users:read"]);
    let key = key.trim_end();
    assert!(key.starts_with("cfw_") && !key.contains(char::is_whitespace), "{key}");
    let stored =
        "select count(*) from api_keys where scopes = '{revoke,users:read}' and octet_length(secret_digest) = 32";
    assert_eq!(seed.count(stored).await, 1);
    for what in ["orgs", "users", "todos", "sessions", "connections"] {
        let shown = seed.run(&["show", what]);
        assert!(!shown.contains(key) && !shown.contains("$argon2"), "{shown}");
    }
    assert!(seed.refused(&["key", "mint", "nowhere.fake", "--scope", "revoke"]).starts_with("seed: No company owns"));
    let output = seed.output(&["key", "mint", "whiterabbit.fake", "--scope", "everything"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("there are revoke, scim, todos:read"), "{output:?}");
}

#[tokio::test]
async fn keys_are_listed_the_newest_first_and_by_json_with_the_api_s_names() {
    let seed = seed().await;
    assert_eq!(table(&seed), ["key name scopes made by last used ends", "(none)"]);
    assert_eq!(list(&seed), [Value::Null; 0]);
    let first = mint(&seed, &["--name", "the first"]);
    let second = mint(&seed, &["--name", "the second", "--scope", "users:read", "--expires", "90d"]);
    let lines = table(&seed);
    assert_eq!(lines.len(), 3);
    let shown = |text: &str| format!("{}…{}", &text[..12], &text[text.len() - 4..]);
    assert!(lines[1].starts_with(&format!("{} the second todos:read users:read 2", shown(&second))), "{lines:?}");
    assert!(lines[1].contains(" seed never ends 2"), "{lines:?}");
    assert!(lines[2].starts_with(&shown(&first)) && lines[2].ends_with(" seed never does not end"), "{lines:?}");
    let keys = list(&seed);
    assert_eq!(keys[1]["prefix"], first[..12]);
    let mut names: Vec<_> = keys[0].as_object().expect("an object").keys().cloned().collect();
    names.sort();
    let expected = [
        "createdAt",
        "createdBy",
        "expiresAt",
        "id",
        "lastFour",
        "lastUsedAt",
        "name",
        "prefix",
        "revokedAt",
        "rotatedTo",
        "scopes",
    ];
    assert_eq!(names, expected);
    assert_eq!(keys[0]["createdBy"], json!({ "id": null, "name": "seed" }));
    for text in [&first, &second] {
        let all = seed.run(&["key", "list", ORG, "--json"]) + &seed.run(&["key", "list", ORG]);
        assert!(!all.contains(&text[12..text.len() - 4]), "{all}");
    }
    let refused = seed.refused(&["key", "list", "nowhere.fake"]);
    assert!(refused.starts_with("seed: No company owns the domain nowhere.fake"), "{refused}");
}

#[tokio::test]
async fn a_length_of_time_is_whole_and_within_bounds() {
    let seed = seed().await;
    for (length, sentence) in [
        ("59s", "seed: A key lasts for a minute at least and for 730 days at most, or for good."),
        ("731d", "seed: A key lasts for a minute at least and for 730 days at most, or for good."),
    ] {
        assert_eq!(seed.refused(&["key", "mint", ORG, "--scope", "revoke", "--expires", length]), sentence);
    }
    for length in ["soon", "1500ms", "-1h", ""] {
        let output = seed.output(&["key", "mint", ORG, "--scope", "revoke", &format!("--expires={length}")]);
        assert_eq!(output.status.code(), Some(2), "{length}: {output:?}");
    }
    assert_eq!(seed.count("select count(*) from api_keys").await, 0);
    let twice = seed.refused(&["key", "mint", ORG, "--scope", "revoke", "--scope", "revoke"]);
    assert_eq!(twice, "seed: A key has at least one scope, and none of them twice.");
    let named = seed.refused(&["key", "mint", ORG, "--scope", "revoke", "--name", " "]);
    assert_eq!(named, "seed: A key's name has 1 to 100 characters, and no control characters.");
}

#[tokio::test]
async fn a_key_is_replaced_and_only_the_new_one_is_printed_where_a_script_catches_it() {
    let seed = seed().await;
    let old = mint(&seed, &["--name", "the report", "--expires", "90d"]);
    let output = seed.output(&["key", "rotate", ORG, &old[old.len() - 4..], "--overlap", "1h"]);
    assert!(output.status.success(), "{output:?}");
    let new = String::from_utf8(output.stdout).expect("text").trim_end().to_owned();
    assert!(new.starts_with("cfw_") && !new.contains(char::is_whitespace) && new != old, "{new}");
    let told = String::from_utf8(output.stderr).expect("text");
    let shown = format!("The old key {}…{} (the report): ends 2", &old[..12], &old[old.len() - 4..]);
    assert!(told.starts_with(&shown), "{told}");
    let keys = list(&seed);
    assert_eq!((&keys[0]["name"], &keys[1]["rotatedTo"]), (&json!("the report"), &keys[0]["id"]));
    let lasting = "select count(*) from api_keys where lifetime = 90 * 86400 and expires_at - created_at = case \
                   when rotated_to is null then interval '90 days' end";
    assert_eq!(seed.count(lasting).await, 1, "as long again");

    let refused = seed.refused(&["key", "rotate", ORG, &old, "--overlap", "1h"]);
    assert_eq!(refused, "seed: Another key has taken this one's place already. Replace that one.");
    let output = seed.output(&["key", "rotate", ORG, &new[..20], "--overlap", "0"]);
    let told = String::from_utf8(output.stderr).expect("text");
    assert!(output.status.success() && told.contains(": revoked 2"), "{told}");
    let long = seed.refused(&["key", "rotate", ORG, &new, "--overlap", "8d"]);
    assert!(long.starts_with("seed: The old key may go on for 0 to 604800 seconds"), "{long}");
    assert_eq!(seed.output(&["key", "rotate", ORG, &new]).status.code(), Some(2), "how long is to be said");
    assert_eq!(seed.count("select count(*) from audit_events where event = 'api_key.rotated'").await, 2);
}

#[tokio::test]
async fn a_key_is_revoked_by_whatever_names_it_alone() {
    let seed = seed().await;
    let keys: Vec<_> = (0..5).map(|n| mint(&seed, &["--name", &format!("key {n}")])).collect();
    let ids: Vec<_> = list(&seed).iter().rev().map(|key| key["id"].as_str().expect("an id").to_owned()).collect();
    let four = |n: usize| keys[n][keys[n].len() - 4..].to_owned();
    let told = [
        seed.run(&["key", "revoke", ORG, &four(0)]),
        seed.run(&["key", "revoke", ORG, &ids[1]]),
        seed.run(&["key", "revoke", ORG, &keys[2]]),
        seed.run(&["key", "revoke", ORG, &keys[3][..26]]),
        seed.run(&["key", "revoke", ORG, &format!("{}…{}", &keys[4][..12], four(4))]),
    ];
    for (n, told) in told.iter().enumerate() {
        let name = format!("The key {}…{} (key {n})", &keys[n][..12], four(n));
        assert_eq!(*told, format!("{name} is revoked. It opens nothing any more.\n"));
        let again = seed.run(&["key", "revoke", ORG, &ids[n]]);
        assert!(again.starts_with(&format!("{name} was revoked already, 2")), "{again}");
    }
    assert_eq!(seed.count("select count(*) from api_keys where revoked_at is null").await, 0);
    assert_eq!(seed.count("select count(*) from audit_events where event = 'api_key.revoked'").await, 5);
    assert!(table(&seed)[1].contains(" never revoked 2"), "{:?}", table(&seed));
}

#[tokio::test]
async fn what_names_no_key_or_several_is_refused() {
    let seed = seed().await;
    let key = mint(&seed, &[]);
    mint(&seed, &[]);
    seed.run(&["org", "add", "matrix.fake"]);
    for (org, text) in [(ORG, "zzzz"), (ORG, ""), (ORG, "cfw_"), ("matrix.fake", &key), (ORG, "…")] {
        let refused = seed.refused(&["key", "revoke", org, text]);
        assert_eq!(refused, "seed: There is no such key of this company.", "{text}");
    }
    let several = seed.refused(&["key", "revoke", ORG, "0"]);
    assert_eq!(several, "seed: 2 keys of this company begin or end so. Give more of the one you mean.");
    assert_eq!(seed.refused(&["key", "rotate", ORG, "cfw_0", "--overlap", "0"]), several);
    assert_eq!(seed.count("select count(*) from api_keys where revoked_at is not null").await, 0);
}
