//! What is to be done so that a company is as a file says.

use std::collections::{BTreeMap, BTreeSet};

use api::domain::orgs::Policy;

use super::known::Known;
use super::read::role_text;
use super::shape::{self, Company, Key, Length, Provider, Role, Thing};
use super::write::{listed, quoted};

/// What is done with a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It is made.
    Add,
    /// It becomes another.
    Change,
    /// It ends, and another takes its place.
    Replace,
    /// It ends.
    Remove,
}

/// A field that is another then. What it is, as the file would say it; nothing where there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in the file.
    pub name: &'static str,
    /// What it is.
    pub old: Option<String>,
    /// What it is to be.
    pub new: Option<String>,
}

/// The one field whose values are never said.
pub const CLIENT_SECRET: &str = "client_secret";

/// What else comes of a change, and for how many, where that can be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// A sentence without its full stop.
    pub sentence: String,
    /// Of whom: `people` or `sessions`.
    pub of: Option<(&'static str, i64)>,
}

/// One thing of a company that is to be otherwise.
#[derive(Clone, Debug)]
pub struct Change {
    /// What.
    pub thing: Thing,
    /// As people call it, where that is not its name.
    pub called: Option<String>,
    /// What is done with it.
    pub act: Act,
    /// What of it.
    pub fields: Vec<Field>,
    /// What else comes of it.
    pub effects: Vec<Effect>,
}

impl Change {
    fn new(thing: Thing, act: Act, fields: Vec<Field>) -> Self {
        Self { thing, called: None, act, fields, effects: Vec::new() }
    }

    /// Whether it is the same but for what else comes of it, which moves on by itself.
    pub fn is(&self, other: &Self) -> bool {
        (&self.thing, self.act, &self.fields) == (&other.thing, other.act, &other.fields)
    }

    /// What it is called, as `key "Friday's report"`.
    pub fn title(&self) -> String {
        let name = self.called.as_deref().or(self.thing.name());
        name.map_or_else(|| self.thing.kind().to_owned(), |name| format!("{} {}", self.thing.kind(), quoted(name)))
    }
}

/// Everything that is to be done so that what is known becomes what is wanted, sorted by what it is about. `secrets`
/// names the providers whose secret is another than the one that is kept.
pub fn diff(wanted: &Company, known: Option<&Known>, secrets: &BTreeSet<Option<String>>) -> Vec<Change> {
    let none = Company::bare(&wanted.slug, &wanted.name);
    let is = known.map_or(&none, |known| &known.company);
    let mut changes = Vec::new();
    let name = |old: Option<&str>| Field { name: "name", old: old.map(quoted), new: Some(quoted(&wanted.name)) };
    if known.is_none() {
        changes.push(Change::new(Thing::Company, Act::Add, vec![name(None)]));
    } else if is.name != wanted.name {
        changes.push(Change::new(Thing::Company, Act::Change, vec![name(Some(&is.name))]));
    }
    for domain in wanted.domains.symmetric_difference(&is.domains) {
        let act = if wanted.domains.contains(domain) { Act::Add } else { Act::Remove };
        changes.push(Change::new(Thing::Domain(domain.clone()), act, Vec::new()));
    }
    let mut fields = differing(Some(policy_fields(is.policy)), Some(policy_fields(wanted.policy)));
    if !fields.is_empty() && known.is_none() {
        for field in &mut fields {
            field.old = None;
        }
        changes.push(Change::new(Thing::Policy, Act::Add, fields));
    } else if !fields.is_empty() {
        changes.push(Change::new(Thing::Policy, Act::Change, fields));
    }
    changes.extend(of_providers(&is.providers, &wanted.providers, secrets));
    changes.extend(of_roles(&is.roles, &wanted.roles));
    changes.extend(of_keys(&is.keys, &wanted.keys));
    changes
}

type Said = Vec<(&'static str, Option<String>)>;

/// The fields in which two differ, of which one may not be there.
fn differing(old: Option<Said>, new: Option<Said>) -> Vec<Field> {
    let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
    let names: Vec<_> = if new.is_empty() { &old } else { &new }.iter().map(|(name, _)| *name).collect();
    let value =
        |of: &Said, asked: &str| of.iter().find(|(name, _)| *name == asked).and_then(|(_, value)| value.clone());
    let field = |name| Field { name, old: value(&old, name), new: value(&new, name) };
    names.into_iter().map(field).filter(|field| field.old != field.new).collect()
}

fn policy_fields(policy: Policy) -> Said {
    let length = |seconds: i32| Some(Length(seconds.into()).to_string());
    vec![
        ("idle_timeout", length(policy.idle_timeout)),
        ("absolute_lifetime", length(policy.absolute_lifetime)),
        ("privileged_auth_age", length(policy.privileged_auth_age)),
        ("ends_provider_session", Some(policy.ends_provider_session.to_string())),
    ]
}

fn provider_fields(provider: &Provider) -> Said {
    vec![
        ("issuer", Some(quoted(&provider.issuer))),
        ("client_id", Some(quoted(&provider.client_id))),
        ("client_auth", Some(provider.proof.as_str().to_owned())),
        ("provisions", Some(provider.provisions.to_string())),
        ("prompt_only", Some(provider.prompt_only.to_string())),
        ("requires_logout_typ", Some(provider.requires_logout_typ.to_string())),
    ]
}

fn of_providers(
    is: &BTreeMap<Option<String>, Provider>,
    wanted: &BTreeMap<Option<String>, Provider>,
    secrets: &BTreeSet<Option<String>>,
) -> Vec<Change> {
    let mut changes = Vec::new();
    for domain in both(is, wanted) {
        let (old, new) = (is.get(domain), wanted.get(domain));
        let mut fields = differing(old.map(provider_fields), new.map(provider_fields));
        if secrets.contains(domain) {
            fields.push(Field { name: CLIENT_SECRET, old: None, new: Some("(changed)".to_owned()) });
        }
        changes.extend(made_or_changed(Thing::Provider(domain.clone()), old.is_some(), new.is_some(), fields));
    }
    changes
}

fn of_roles(is: &BTreeMap<shape::RoleName, Role>, wanted: &BTreeMap<shape::RoleName, Role>) -> Vec<Change> {
    let said = |role: &Role| -> Said {
        vec![
            ("name", Some(quoted(&role.name))),
            ("grants", role.grants.map(|role| role_text(role).to_owned())),
            ("description", (!role.description.is_empty()).then(|| quoted(&role.description))),
        ]
    };
    let mut changes = Vec::new();
    for key in both(is, wanted) {
        let (old, new) = (is.get(key), wanted.get(key));
        let mut fields = differing(old.map(said), new.map(said));
        // Its title says it, where it does not change.
        fields.retain(|field| field.name != "name" || (field.old.is_some() && field.new.is_some()));
        let thing = Thing::Role(key.0, key.1.clone());
        let change = made_or_changed(thing, old.is_some(), new.is_some(), fields);
        changes.extend(change.map(|change| Change { called: old.or(new).map(|role| role.name.clone()), ..change }));
    }
    changes
}

fn of_keys(is: &[Key], wanted: &[Key]) -> Vec<Change> {
    let said = |key: &Key| -> Said {
        vec![
            ("scopes", Some(listed(key.scopes.list().iter().map(|scope| scope.as_str())))),
            ("lifetime", key.lifetime.map(|seconds| Length(seconds).to_string())),
        ]
    };
    let things = |keys: &[Key]| -> Vec<_> {
        let numbers = shape::numbered(keys.iter().map(|key| key.name.as_str()));
        numbers.into_iter().map(|(name, n)| Thing::Key(name, n)).collect()
    };
    let (old_things, new_things) = (things(is), things(wanted));
    let mut changes = Vec::new();
    for (old, new) in pair(is, wanted) {
        let thing = new.map(|new| &new_things[new]).or_else(|| old.map(|old| &old_things[old]));
        let fields = differing(old.map(|old| said(&is[old])), new.map(|new| said(&wanted[new])));
        let change = thing.and_then(|thing| made_or_changed(thing.clone(), old.is_some(), new.is_some(), fields));
        // A key's scopes and lifetime never change.
        let act = |act| if act == Act::Change { Act::Replace } else { act };
        changes.extend(change.map(|change| Change { act: act(change.act), ..change }));
    }
    changes.sort_by(|one, other| one.thing.cmp(&other.thing));
    changes
}

fn made_or_changed(thing: Thing, is: bool, wanted: bool, fields: Vec<Field>) -> Option<Change> {
    let act = match (is, wanted) {
        (false, _) => Act::Add,
        (true, false) => Act::Remove,
        (true, true) => Act::Change,
    };
    (act != Act::Change || !fields.is_empty()).then(|| Change::new(thing, act, fields))
}

fn both<'a, K: Ord, V>(one: &'a BTreeMap<K, V>, other: &'a BTreeMap<K, V>) -> BTreeSet<&'a K> {
    one.keys().chain(other.keys()).collect()
}

/// Which key is which, by their places in the two lists: those that are the same, and then of those of one name one for
/// another, in their order.
pub fn pair(is: &[Key], wanted: &[Key]) -> Vec<(Option<usize>, Option<usize>)> {
    let mut left: Vec<usize> = (0..is.len()).collect();
    let mut take = |fits: &dyn Fn(&Key) -> bool| {
        let at = left.iter().position(|at| fits(&is[*at]))?;
        Some(left.remove(at))
    };
    let mut pairs: Vec<_> = wanted.iter().map(|key| take(&|old| old.is(key))).collect();
    for (key, old) in wanted.iter().zip(&mut pairs) {
        *old = old.or_else(|| take(&|old| old.name == key.name));
    }
    let pairs = pairs.into_iter().enumerate().map(|(new, old)| (old, Some(new)));
    let mut pairs: Vec<_> = pairs.collect();
    pairs.extend(left.into_iter().map(|old| (Some(old), None)));
    pairs
}
