//! Random operations against a plain model of RFC 7644 §3.5.2, which knows a handful of attributes and nothing else: it
//! is written from the RFC and not from the code.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, json};

use super::super::schema::USERS;
use super::*;

/// `title`, `name` by its parts, `emails`, and a department in the extension.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    title: Option<String>,
    name: BTreeMap<String, String>,
    emails: Vec<Email>,
    department: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Email {
    value: Option<String>,
    kind: Option<String>,
    primary: Option<bool>,
}

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

impl Model {
    fn json(&self) -> Attributes {
        let mut all = Map::new();
        put(&mut all, "title", self.title.clone().map(Value::from));
        put(&mut all, "name", object(self.name.iter().map(|(part, text)| (part.clone(), json!(text))).collect()));
        let emails: Vec<_> = self.emails.iter().map(Email::json).collect();
        put(&mut all, "emails", (!emails.is_empty()).then_some(Value::Array(emails)));
        let department = self.department.as_ref().map(|department| json!({ "department": department }));
        put(&mut all, ENTERPRISE, department);
        all
    }

    /// Of several that say so, the one that was just written is primary (§3.5.2: "the existing value is set to false").
    fn one_primary(&mut self, just: &[usize]) {
        let primary = |at: &usize| self.emails[*at].primary == Some(true);
        let chosen = just.iter().copied().find(primary).or_else(|| (0..self.emails.len()).find(primary));
        for (at, email) in self.emails.iter_mut().enumerate() {
            if email.primary == Some(true) && Some(at) != chosen {
                email.primary = Some(false);
            }
        }
    }
}

impl Email {
    fn json(&self) -> Value {
        let mut all = Map::new();
        put(&mut all, "value", self.value.clone().map(Value::from));
        put(&mut all, "type", self.kind.clone().map(Value::from));
        put(&mut all, "primary", self.primary.map(Value::from));
        Value::Object(all)
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn merge(&mut self, other: &Self) {
        self.value = other.value.clone().or(self.value.take());
        self.kind = other.kind.clone().or(self.kind.take());
        self.primary = other.primary.or(self.primary);
    }
}

/// What one operation does, in words; how it is spelled is chosen apart.
#[derive(Clone, Debug)]
enum Act {
    Title(Verb, Option<String>),
    NamePart(Verb, &'static str, Option<String>),
    Name(Verb, BTreeMap<String, String>),
    Emails(Verb, Vec<Email>),
    RemoveListed(Vec<Email>),
    Chosen(Verb, String, Email),
    ChosenValue(Verb, String, String),
    Department(Verb, String),
    Extension,
}

/// Whether the model could do it; else what RFC 7644 calls the failure.
fn model(model: &mut Model, act: &Act) -> Result<(), &'static str> {
    match act {
        Act::Title(Verb::Remove, _) | Act::Title(_, None) => model.title = None,
        Act::Title(_, title) => model.title.clone_from(title),
        Act::NamePart(Verb::Remove, part, _) | Act::NamePart(_, part, None) => drop(model.name.remove(*part)),
        Act::NamePart(_, part, Some(text)) => drop(model.name.insert((*part).to_owned(), text.clone())),
        Act::Name(Verb::Remove, _) => model.name.clear(),
        // §3.5.2.3: "Sub-attributes that are not specified SHALL be left unchanged."
        Act::Name(_, parts) => model.name.extend(parts.clone()),
        Act::Emails(Verb::Remove, _) => model.emails.clear(),
        Act::Emails(Verb::Replace, emails) => {
            model.emails = one_primary_of(emails);
        }
        Act::Emails(Verb::Add, emails) => {
            let mut written = Vec::new();
            for email in one_primary_of(emails) {
                // §3.5.2.1: "If the value already exists, no changes SHOULD be made"; a value is one of its type.
                let same = |there: &Email| match (&there.value, &email.value) {
                    (Some(one), Some(other)) => {
                        fold(one) == fold(other) && folded(there.kind.as_ref()) == folded(email.kind.as_ref())
                    }
                    _ => *there == email,
                };
                if let Some(at) = model.emails.iter().position(same) {
                    model.emails[at].merge(&email);
                    written.push(at);
                } else {
                    model.emails.push(email);
                    written.push(model.emails.len() - 1);
                }
            }
            model.one_primary(&written);
        }
        Act::RemoveListed(listed) => {
            let says = |email: &Email, gone: &Email| match &gone.value {
                Some(value) => folded(email.value.as_ref()) == Some(fold(value)),
                None => {
                    gone.kind.as_ref().is_none_or(|_| gone.kind == email.kind)
                        && gone.primary.is_none_or(|primary| primary == email.primary.unwrap_or(false))
                }
            };
            let listed = one_primary_of(listed);
            model.emails.retain(|email| !listed.iter().any(|gone| says(email, gone)));
        }
        Act::Chosen(verb, kind, email) => {
            return chosen(model, *verb, kind, false, |old| {
                if *verb == Verb::Add { old.merge(email) } else { *old = email.clone() }
            });
        }
        Act::ChosenValue(verb, kind, value) => return chosen_value(model, *verb, kind, value),
        Act::Department(Verb::Remove, _) | Act::Extension => model.department = None,
        Act::Department(_, department) => model.department = Some(department.clone()),
    }
    Ok(())
}

/// As a client's list is read: what is empty is none, and one is primary.
fn one_primary_of(emails: &[Email]) -> Vec<Email> {
    let emails = emails.iter().filter(|email| !email.is_empty()).cloned().collect();
    let mut sent = Model { emails, ..Model::default() };
    sent.one_primary(&[]);
    sent.emails
}

fn folded(text: Option<&String>) -> Option<String> {
    text.map(|text| fold(text))
}

fn is_kind(email: &Email, kind: &str) -> bool {
    email.kind.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(kind))
}

fn chosen(
    model: &mut Model,
    verb: Verb,
    kind: &str,
    is_part: bool,
    change: impl Fn(&mut Email),
) -> Result<(), &'static str> {
    let mut at: Vec<_> = (0..model.emails.len()).filter(|at| is_kind(&model.emails[*at], kind)).collect();
    if at.is_empty() {
        // §3.5.2.3: "If … no record match was made, the service provider SHALL indicate failure … noTarget". A part of a
        // value that is not there is made all the same, since Entra replaces it.
        if verb == Verb::Remove || verb == Verb::Replace && !is_part {
            return Err("no_target");
        }
        at.push(model.emails.len());
        model.emails.push(Email { kind: Some(kind.to_owned()), ..Email::default() });
    }
    for &at in &at {
        if verb == Verb::Remove { model.emails[at] = Email::default() } else { change(&mut model.emails[at]) }
    }
    model.one_primary(&at);
    model.emails.retain(|email| !email.is_empty());
    Ok(())
}

fn chosen_value(model: &mut Model, verb: Verb, kind: &str, value: &str) -> Result<(), &'static str> {
    if verb != Verb::Remove {
        return chosen(model, verb, kind, true, |email| email.value = Some(value.to_owned()));
    }
    if !model.emails.iter().any(|email| is_kind(email, kind)) {
        return Err("no_target");
    }
    model.emails.iter_mut().filter(|email| is_kind(email, kind)).for_each(|email| email.value = None);
    model.emails.retain(|email| !email.is_empty());
    Ok(())
}

/// An act as an operation, in one of the spellings that there are for it.
fn spelled(act: &Act, spelling: usize) -> Operation {
    let core = "urn:ietf:params:scim:schemas:core:2.0:User:";
    let name = |plain: &str| match spelling % 3 {
        0 => plain.to_owned(),
        1 => format!("{core}{plain}"),
        _ => plain.to_uppercase(),
    };
    let emails = |emails: &[Email]| Value::Array(emails.iter().map(Email::json).collect());
    let like = |kind: &str| format!("emails[type eq \"{kind}\"]");
    let (verb, path, value) = match act {
        Act::Title(verb, title) => (*verb, name("title"), json!(title)),
        Act::NamePart(verb, part, text) => (*verb, name(&format!("name.{part}")), json!(text)),
        Act::Name(verb, parts) => (*verb, name("name"), json!(parts)),
        Act::Emails(verb, all) => (*verb, name("emails"), emails(all)),
        Act::RemoveListed(all) => (Verb::Remove, name("emails"), emails(all)),
        Act::Chosen(verb, kind, email) => (*verb, like(kind), email.json()),
        Act::ChosenValue(verb, kind, value) => (*verb, format!("{}.value", like(kind)), json!(value)),
        Act::Department(verb, department) => (*verb, format!("{ENTERPRISE}:department"), json!(department)),
        Act::Extension => (Verb::Remove, ENTERPRISE.to_owned(), Value::Null),
    };
    let by_filter = matches!(act, Act::Chosen(..) | Act::ChosenValue(..));
    if spelling >= 3 && verb != Verb::Remove && !by_filter {
        return Operation { verb, path: None, value: Some(json!({ (path): value })) };
    }
    let value = if verb == Verb::Remove && !matches!(act, Act::RemoveListed(_)) { None } else { Some(value) };
    Operation { verb, path: Some(path), value }
}

fn text() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "A", "c d", "é"]).prop_map(str::to_owned)
}

fn kind() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["work", "home", "Work"]).prop_map(str::to_owned)
}

fn email() -> impl Strategy<Value = Email> {
    (prop::option::of(text()), prop::option::of(kind()), prop::option::of(any::<bool>()))
        .prop_map(|(value, kind, primary)| Email { value, kind, primary })
}

fn some_emails() -> impl Strategy<Value = Vec<Email>> {
    prop::collection::vec(email(), 1..4)
}

fn act() -> impl Strategy<Value = Act> {
    let verb = || prop::sample::select(vec![Verb::Add, Verb::Replace, Verb::Remove]);
    let part = || prop::sample::select(vec!["givenName", "familyName"]);
    let parts = prop::collection::btree_map(part().prop_map(str::to_owned), text(), 1..3);
    let listed = some_emails().prop_filter("something", |all| all.iter().any(|email| !email.is_empty()));
    prop_oneof![
        (verb(), prop::option::of(text())).prop_map(|(verb, text)| Act::Title(verb, text)),
        (verb(), part(), prop::option::of(text())).prop_map(|(verb, part, text)| Act::NamePart(verb, part, text)),
        (verb(), parts).prop_map(|(verb, parts)| Act::Name(verb, parts)),
        (verb(), some_emails()).prop_map(|(verb, emails)| Act::Emails(verb, emails)),
        listed.prop_map(Act::RemoveListed),
        (verb(), kind(), email()).prop_map(|(verb, kind, email)| Act::Chosen(verb, kind, email)),
        (verb(), kind(), text()).prop_map(|(verb, kind, text)| Act::ChosenValue(verb, kind, text)),
        (verb(), text()).prop_map(|(verb, text)| Act::Department(verb, text)),
        Just(Act::Extension),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_patch_makes_of_a_resource_what_the_model_does(acts in prop::collection::vec((act(), 0..6_usize), 1..8)) {
        let mut expected = Model::default();
        let outcome = acts.iter().try_for_each(|(act, _)| model(&mut expected, act));
        let operations: Vec<_> = acts.iter().map(|(act, spelling)| spelled(act, *spelling)).collect();
        let got = apply(&USERS, Attributes::new(), &operations);
        match (outcome, got) {
            (Ok(()), Ok(got)) => prop_assert_eq!(got, expected.json(), "{:#?}", operations),
            (Err(code), Err(error)) => prop_assert_eq!(error.code(), code),
            (outcome, got) => prop_assert!(false, "{outcome:?}, but {got:?}: {operations:#?}"),
        }
    }

    /// Whatever is sent, an answer comes.
    #[test]
    fn no_operation_makes_it_panic(path in prop::option::of(any::<String>()), text in any::<String>(), verb in 0..3_usize) {
        let verb = [Verb::Add, Verb::Replace, Verb::Remove][verb];
        for value in [Value::Null, json!(text), json!([text]), json!({ text.clone(): text }), json!([[1]])] {
            let _ = apply(&USERS, Attributes::new(), &[Operation { verb, path: path.clone(), value: Some(value) }]);
        }
    }
}
