//! Whatever two files say: after the one and then the other, the database is as the other says.

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::world::{SECRET, World};

const SLUGS: [&str; 3] = ["a.example", "b-c.example", "xn--bcher-kva.example"];

fn length(least: i64, most: i64) -> impl Strategy<Value = String> {
    (least..=most).prop_map(|seconds| format!("\"{seconds}s\""))
}

fn name() -> impl Strategy<Value = String> {
    // Names differ by more than their case here, and have what TOML must escape.
    prop_oneof![Just("one"), Just("Two \\\\ \\\"quoted\\\""), Just("drei ü"), Just("# four"), Just("'five'")]
        .prop_map(str::to_owned)
}

fn policy() -> impl Strategy<Value = String> {
    (length(60, 300), length(300, 9999), option::of(length(60, 86_400)), any::<bool>()).prop_map(|(idle, absolute, age, ends)| {
        let age = age.map(|age| format!("privileged_auth_age = {age}\n")).unwrap_or_default();
        format!("[org.policy]\nidle_timeout = {idle}\nabsolute_lifetime = {absolute}\n{age}ends_provider_session = {ends}\n")
    })
}

fn sso() -> impl Strategy<Value = String> {
    (0..3, any::<bool>(), any::<[bool; 3]>()).prop_map(|(n, by_secret, [provisions, prompt_only, typ])| {
        let proof = if by_secret {
            format!("client_secret_env = \"{}\"", SECRET.0)
        } else {
            "client_auth = \"private_key_jwt\"".to_owned()
        };
        format!(
            "[[org.sso]]\nissuer = \"https://{n}.example\"\nclient_id = \"c{n}\"\n{proof}\nprovisions = {provisions}\n\
             prompt_only = {prompt_only}\nrequires_logout_typ = {typ}\n"
        )
    })
}

fn role() -> impl Strategy<Value = String> {
    let grants = prop_oneof![Just("owner"), Just("admin"), Just("auditor"), Just("member")];
    (grants, any::<bool>(), name()).prop_map(|(grants, is_role, description)| {
        let kind = if is_role { "role" } else { "entitlement" };
        format!("kind = \"{kind}\"\ngrants = \"{grants}\"\ndescription = \"{description}\"\n")
    })
}

fn key() -> impl Strategy<Value = String> {
    let scopes = btree_set(prop_oneof![Just("revoke"), Just("scim"), Just("todos:read"), Just("users:read")], 1..4);
    (name(), scopes, option::of(length(60, 63_072_000))).prop_map(|(name, scopes, lifetime)| {
        let lifetime = lifetime.map(|lifetime| format!("lifetime = {lifetime}\n")).unwrap_or_default();
        let scopes: Vec<_> = scopes.into_iter().collect();
        format!("[[org.key]]\nname = \"{name}\"\nscopes = {scopes:?}\n{lifetime}")
    })
}

/// One company, whose other domains have a number so that they are its own.
fn company(n: usize) -> impl Strategy<Value = String> {
    let providers = (option::of(sso()), option::of(sso()));
    (
        option::of(name()),
        btree_set(0..3, 0..3),
        option::of(policy()),
        providers,
        btree_map(name(), role(), 0..4),
        vec(key(), 0..4),
    )
        .prop_map(move |(name, domains, policy, (general, own), roles, keys)| {
            let domains: Vec<_> = domains.into_iter().map(|m| format!("d{m}.of-{n}.example")).collect();
            let own = own
                .zip(domains.first())
                .map(|(own, domain)| own.replace("[[org.sso]]", &format!("[[org.sso]]\ndomain = \"{domain}\"")));
            let mut text = format!("[[org]]\nslug = \"{}\"\ndomains = {domains:?}\n", SLUGS[n]);
            text += &name.map(|name| format!("name = \"{name}\"\n")).unwrap_or_default();
            text += &[policy, general, own].into_iter().flatten().collect::<String>();
            for (name, role) in roles {
                text.extend([format!("[[org.role]]\nname = \"{name}\"\n{role}")]);
            }
            for (k, key) in keys.into_iter().enumerate() {
                text.extend([format!("{key}file = \"{n}-{k}.key\"\n")]);
            }
            text
        })
}

/// All three companies, so that the one file is the whole of what the other says, too.
fn file() -> impl Strategy<Value = String> {
    (company(0), company(1), company(2)).prop_map(|(a, b, c)| a + &b + &c)
}

#[tokio::test]
async fn after_two_files_the_database_is_as_the_second_says() {
    let mut runner = TestRunner::deterministic();
    for _ in 0..12 {
        let (before, after) = (file(), file()).new_tree(&mut runner).expect("two files").current();
        let (both, alone) = (World::new().await, World::new().await);
        both.apply(&before);
        both.is_so(&before);
        both.apply(&after);
        both.is_so(&after);
        alone.apply(&after);
        let export = both.export();
        assert_eq!(export, alone.export(), "by whatever way\n{before}\n---\n{after}");
        // The export says the same as the file: read again, it leaves nothing to do.
        let variables: Vec<_> = export
            .lines()
            .filter_map(|line| line.strip_prefix("client_secret_env = "))
            .map(|name| (name.trim_matches('"'), SECRET.1))
            .collect();
        let file = both.file("export.toml", &export);
        let (told, code) = both.says(&["plan", &file, "--no-check"], &variables);
        assert_eq!(code, 0, "{told}\n{export}");
    }
}
