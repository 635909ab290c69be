//! A plan as people and programs read it.

use std::fmt::Write as _;
use std::io::IsTerminal;

use serde_json::{Value, json};

use super::diff::{Act, CLIENT_SECRET, Change, Effect, Field};
use super::plan::Plan;
use super::shape::Thing;

/// So many companies that no file names are named.
const NAMED: usize = 3;

/// Signs in front of what changes, in colour where somebody sees them.
#[derive(Clone, Copy, Debug)]
pub struct Signs {
    coloured: bool,
}

impl Signs {
    /// In colour at a terminal, unless `NO_COLOR` says otherwise.
    pub fn of_terminal() -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|text| !text.is_empty());
        Self { coloured: std::io::stdout().is_terminal() && !unwanted }
    }

    fn sign(self, act: Act) -> String {
        let (sign, colour) = match act {
            Act::Add => ("+", 32),
            Act::Change => ("~", 33),
            Act::Replace => ("-/+", 35),
            Act::Remove => ("-", 31),
        };
        if self.coloured { format!("\u{1b}[{colour}m{sign}\u{1b}[0m") } else { sign.to_owned() }
    }
}

/// How many things are made, become others, and end.
pub fn counts(plan: &Plan) -> [usize; 3] {
    let of = |acts: [Act; 2]| plan.changes().filter(|change| acts.contains(&change.act)).count();
    [of([Act::Add, Act::Replace]), of([Act::Change, Act::Change]), of([Act::Remove, Act::Replace])]
}

/// The plan as text, with its counts.
pub fn text(plan: &Plan, signs: Signs) -> String {
    let mut text = String::new();
    for company in plan.companies.iter().filter(|company| !company.changes.is_empty()) {
        let act = if company.id.is_some() { Act::Change } else { Act::Add };
        let _ = writeln!(text, "{} {}", signs.sign(act), company.slug);
        for change in &company.changes {
            text.push_str(&of_change(change, signs));
        }
        text.push('\n');
    }
    let [added, changed, removed] = counts(plan);
    if plan.changes().next().is_none() {
        text.push_str("No changes: the database is as the file says.\n");
    } else {
        let _ = writeln!(text, "Plan: {added} to add, {changed} to change, {removed} to remove.");
    }
    if !plan.unnamed.is_empty() {
        let _ = writeln!(text, "Not in the file, so left as they are: {}.", unnamed(&plan.unnamed));
    }
    text
}

fn unnamed(slugs: &[String]) -> String {
    let named = slugs.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let more = slugs.len().saturating_sub(NAMED);
    if more == 0 { named } else { format!("{named} and {more} more") }
}

fn of_change(change: &Change, signs: Signs) -> String {
    let mut text = String::new();
    // A company's own line is the one above.
    let indent = if change.thing == Thing::Company { "    " } else { "      " };
    if change.thing != Thing::Company {
        let _ = writeln!(text, "    {} {}", signs.sign(change.act), change.title());
    }
    if change.act != Act::Remove {
        for field in &change.fields {
            let _ = writeln!(text, "{indent}  {}", of_field(change.act, field));
        }
    }
    if change.act == Act::Replace {
        let _ = writeln!(text, "{indent}  # a key never changes: a new one is made");
    }
    for effect in &change.effects {
        let _ = writeln!(text, "{indent}  # {}", of_effect(effect));
    }
    text
}

fn of_field(act: Act, Field { name, old, new }: &Field) -> String {
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
    match act {
        // Neither secret is shown.
        _ if *name == CLIENT_SECRET => format!("{name}: {}", shown(new)),
        Act::Add => format!("{name} = {}", shown(new)),
        _ => format!("{name}: {} -> {}", shown(old), shown(new)),
    }
}

fn of_effect(effect: &Effect) -> String {
    let Effect { sentence, of } = effect;
    match of {
        None => sentence.clone(),
        Some(("people", 1)) => format!("{sentence}: 1 person"),
        Some(("sessions", 1)) => format!("{sentence}: 1 session"),
        Some((unit, many)) => format!("{sentence}: {many} {unit}"),
    }
}

/// The plan for programs.
pub fn json(plan: &Plan) -> Value {
    let act = |act| match act {
        Act::Add => "add",
        Act::Change => "change",
        Act::Replace => "replace",
        Act::Remove => "remove",
    };
    let field = |field: &Field| json!({ "field": field.name, "old": field.old, "new": field.new });
    let effect = |effect: &Effect| {
        let mut value = json!({ "effect": effect.sentence });
        if let Some((unit, many)) = effect.of {
            value[unit] = many.into();
        }
        value
    };
    let change = |change: &Change| {
        json!({
            "act": act(change.act), "thing": change.thing.kind(),
            "name": change.called.as_deref().or(change.thing.name()),
            "fields": change.fields.iter().map(field).collect::<Vec<_>>(),
            "effects": change.effects.iter().map(effect).collect::<Vec<_>>(),
        })
    };
    let changed = plan.companies.iter().filter(|company| !company.changes.is_empty());
    let companies = changed.map(
        |company| json!({ "org": company.slug, "changes": company.changes.iter().map(change).collect::<Vec<_>>() }),
    );
    let [added, changed, removed] = counts(plan);
    json!({
        "orgs": companies.collect::<Vec<_>>(), "unnamed": plan.unnamed,
        "add": added, "change": changed, "remove": removed,
    })
}
