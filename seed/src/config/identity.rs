//! What is written and read again is what it was.

use std::collections::BTreeMap;
use std::path::PathBuf;

use api::domain::api_keys::Scope;
use api::domain::orgs::Policy;
use api::domain::users;
use api::kernel;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;

use super::diff::pair;
use super::read::{ROLES, read};
use super::shape::{self, Company, Key, Kind, Proof, Provider, Role, Scopes};
use super::write::write;

fn name() -> impl Strategy<Value = String> {
    // Whatever has no control characters and no blanks at its ends.
    "[^\\p{C}\\s][^\\p{C}]{0,20}[^\\p{C}\\s]"
}

fn domain() -> impl Strategy<Value = String> {
    "[a-z0-9]{1,8}(-[a-z0-9]{1,4})?\\.example"
}

fn policy() -> impl Strategy<Value = Policy> {
    (60..=300, 300..=2_592_000, 60..=86_400, any::<bool>()).prop_map(|(idle, absolute, age, ends)| Policy {
        idle_timeout: idle,
        absolute_lifetime: absolute,
        privileged_auth_age: age,
        ends_provider_session: ends,
    })
}

fn provider() -> impl Strategy<Value = Provider> {
    (domain(), name(), option::of("[A-Z_][A-Z0-9_]{0,9}"), any::<[bool; 3]>()).prop_map(
        |(host, client_id, variable, flags)| {
            let proof = variable.map_or(Proof::PrivateKey, |variable| Proof::Secret { variable });
            let [provisions, prompt_only, requires_logout_typ] = flags;
            Provider {
                issuer: format!("https://{host}/"),
                client_id,
                proof,
                provisions,
                prompt_only,
                requires_logout_typ,
            }
        },
    )
}

fn role() -> impl Strategy<Value = (Kind, Role)> {
    let grants = (0..ROLES.len()).prop_map(|n| ROLES[n].1);
    (any::<bool>(), name(), "\\PC{0,30}", option::of(grants)).prop_map(|(is_role, name, description, grants)| {
        let kind = if is_role { Kind::Role } else { Kind::Entitlement };
        let grants = if is_role { grants.or(Some(kernel::Role::Member)) } else { grants };
        (kind, Role { name, description, grants })
    })
}

fn key() -> impl Strategy<Value = Key> {
    let scopes = btree_set(0..Scope::ALL.len(), 1..=5);
    (name(), scopes, option::of(60..=63_072_000_i64), "[a-z/]{1,9}").prop_map(|(name, scopes, lifetime, file)| {
        let scopes: Vec<_> = scopes.into_iter().map(|n| Scope::ALL[n]).collect();
        Key { name, scopes: Scopes::of(&scopes), lifetime, file }
    })
}

fn company() -> impl Strategy<Value = Company> {
    let parts = (vec(role(), 0..4), vec(key(), 0..4));
    let providers = (option::of(provider()), option::of(provider()));
    (domain(), name(), btree_set(domain(), 0..3), policy(), providers, parts).prop_map(
        |(slug, name, mut domains, policy, (general, own), (roles, mut keys))| {
            domains.remove(&slug);
            let mut providers = BTreeMap::new();
            providers.extend(general.map(|provider| (None, provider)));
            providers.extend(own.map(|provider| (domains.first().cloned().or(Some(slug.clone())), provider)));
            let named = roles.into_iter().map(|(kind, role)| ((kind, users::fold(&role.name)), role));
            let mut roles: BTreeMap<_, _> = named.collect();
            if roles.is_empty() {
                roles = shape::usual_roles();
            }
            keys.sort();
            keys.dedup_by(|one, other| one.file == other.file);
            for (n, key) in keys.iter_mut().enumerate() {
                key.file = format!("{n}/{}", key.file);
            }
            keys.sort();
            Company { slug, name, domains, policy, providers, roles, keys }
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(companies in btree_map(domain(), company(), 0..3)) {
        // One company for each slug, and no domain twice.
        let distinct = |(n, (_, company)): (usize, (String, Company))| Company {
            slug: format!("of-{n}.{}", company.slug),
            domains: company.domains.iter().map(|domain| format!("in-{n}.{domain}")).collect(),
            providers: company.providers.into_iter().map(|(domain, provider)| {
                let domain = domain.map(|domain| if domain == company.slug { format!("of-{n}.{domain}") } else { format!("in-{n}.{domain}") });
                (domain, provider)
            }).collect(),
            keys: company.keys.into_iter().map(|key| Key { file: format!("{n}/{}", key.file), ..key }).collect(),
            ..company
        };
        let mut companies: Vec<_> = companies.into_iter().enumerate().map(distinct).collect();
        companies.sort_by(|one, other| one.slug.cmp(&other.slug));
        let text = write(&companies);
        let (declared, problems) = read(&[(PathBuf::from("f.toml"), text.clone())]);
        prop_assert!(problems.is_empty(), "{:?}\n{}", problems, text);
        let again: Vec<_> = declared.into_iter().map(|declared| declared.company).collect();
        prop_assert_eq!(&again, &companies, "{}", text);
        prop_assert_eq!(write(&again), text);
    }
}

#[test]
fn lengths_variables_and_files_have_one_spelling() {
    let spelled = [(86_400, "1d"), (7_776_000, "90d"), (43_200, "12h"), (5400, "90m"), (61, "61s"), (0, "0d")];
    for (seconds, text) in spelled {
        assert_eq!(shape::Length(seconds).to_string(), text);
    }
    let domains = ["a-b.example", "a.b.example", "a--b.example", "a-b.c.example"];
    let variables: std::collections::BTreeSet<_> = domains.iter().map(|domain| shape::variable(domain, None)).collect();
    assert_eq!(variables.len(), domains.len(), "{variables:?}");
    assert_eq!(shape::variable("a.example", Some("b-c.example")), "OIDC_CLIENT_SECRET_A_EXAMPLE___B__C_EXAMPLE");
    assert_eq!(shape::key_file("a.example", "Friday's  report!", 1), "keys/a.example/fridays-report.key");
    assert_eq!(shape::key_file("a.example", "../../", 2), "keys/a.example/key-2.key");
}

#[test]
fn of_keys_of_one_name_equals_are_paired_before_others() {
    let key = |name: &str, scope| Key {
        name: name.to_owned(),
        scopes: Scopes::of(&[scope]),
        lifetime: None,
        file: String::new(),
    };
    let is = [key("k", Scope::Revoke), key("k", Scope::Scim), key("l", Scope::Scim)];
    let wanted = [key("k", Scope::Scim), key("k", Scope::UsersRead), key("m", Scope::Scim)];
    // The one for the directory stays, the other is replaced, and of other names one goes and one comes.
    let pairs = [(Some(1), Some(0)), (Some(0), Some(1)), (None, Some(2)), (Some(2), None)];
    assert_eq!(pair(&is, &wanted), pairs);
}
