//! `seed check`: whether a step of the workshop worked, and if not, how to mend it.
//!
//! A check looks at the world that the follower has made, through the API wherever that can be, and changes nothing in
//! it. Each part's checks are in a file of its name; a test holds them and the pages' headings to one another.

mod configuration;
mod directory;
mod entitlements;
mod from_the_provider;
mod look;
mod oidc;
mod scim;
mod start;
mod universal_logout;
mod workflows;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Result, bail, ensure};
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::workshop::{self, Part};
use crate::world::World;

pub use look::Look;

/// `seed check`.
#[derive(Args)]
pub struct Check {
    /// Steps, by their numbers in the pages, as 6.9; or `all`: goes through the whole workshop in your stead, every part
    /// from its starting state, and ends with the demo's.
    #[arg(required = true)]
    steps: Vec<String>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// What is wrong, in a sentence, and what mends it.
#[derive(Debug)]
pub struct Wrong {
    what: String,
    mend: String,
}

impl Wrong {
    /// A sentence each.
    pub fn new(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { what: what.into(), mend: mend.into() }
    }

    /// The same, with another way to mend it.
    pub fn mended(self, mend: impl Into<String>) -> Self {
        Self { mend: mend.into(), ..self }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n        Mend it: {}", self.what, self.mend)
    }
}

/// What could not even be looked at.
impl From<anyhow::Error> for Wrong {
    fn from(error: anyhow::Error) -> Self {
        Self::new(crate::sentence(&error), "`seed doctor` says what is not as it should be.")
    }
}

impl From<api::kernel::Error> for Wrong {
    fn from(error: api::kernel::Error) -> Self {
        anyhow::Error::from(error).into()
    }
}

/// What was seen, in a sentence.
pub type Found = Result<String, Wrong>;

type Looking<'a> = Pin<Box<dyn Future<Output = Found> + 'a>>;

/// A step's check. `ids` are as its heading has them.
pub struct Step {
    ids: &'static str,
    look: for<'a> fn(&'a Look<'a>) -> Looking<'a>,
}

/// `steps!["1.4" => two_people, …]`: a part's.
macro_rules! steps {
    ($($ids:literal => $look:path),+ $(,)?) => {
        &[$($crate::check::Step { ids: $ids, look: |look| Box::pin($look(look)) }),+]
    };
}
use steps;

fn all_steps() -> impl Iterator<Item = &'static Step> {
    let parts: [&'static [Step]; 8] = [
        start::STEPS,
        oidc::STEPS,
        scim::STEPS,
        configuration::STEPS,
        workflows::STEPS,
        universal_logout::STEPS,
        from_the_provider::STEPS,
        entitlements::STEPS,
    ];
    parts.into_iter().flatten()
}

/// The ids that a heading such as `2.2–2.4` covers, of the same part.
fn covered(ids: &str) -> Vec<String> {
    let Some((first, last)) = ids.split_once('–') else { return vec![ids.to_owned()] };
    let (part, from) = first.split_once('.').unwrap_or((first, ""));
    let to = last.split_once('.').map_or(last, |(_, number)| number);
    match (from.parse::<u32>(), to.parse::<u32>()) {
        (Ok(from), Ok(to)) => (from..=to).map(|number| format!("{part}.{number}")).collect(),
        _ => vec![ids.to_owned()],
    }
}

fn find(id: &str) -> Option<&'static Step> {
    all_steps().find(|step| step.ids == id || covered(step.ids).iter().any(|covered| covered == id))
}

/// Carries out `seed check`: a failure when something is not well.
pub async fn run(world: &World, check: Check) -> Result<ExitCode> {
    // Where the pages' commands are typed, and what they write is.
    if let Some(top) = world.top() {
        std::env::set_current_dir(top)?;
    }
    let well = if check.steps == ["all"] { all(world, check.json)? } else { some(world, check).await? };
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn some(world: &World, check: Check) -> Result<bool> {
    let unknown: Vec<_> = check.steps.iter().filter(|id| find(id).is_none()).map(String::as_str).collect();
    if !unknown.is_empty() {
        bail!("There is no step {}: the steps are the headings in docs/workshop/, as 1.4 or 6.9.", unknown.join(", "));
    }
    let look = Look::new(world)?;
    let (mut results, mut well) = (Vec::new(), true);
    for id in &check.steps {
        let Some(step) = find(id) else { continue };
        let found = (step.look)(&look).await;
        well &= found.is_ok();
        if !check.json {
            println!("{}", line(id, found.as_ref()));
        }
        results.push(match found {
            Ok(seen) => json!({ "step": id, "passed": true, "seen": seen }),
            Err(Wrong { what, mend }) => json!({ "step": id, "passed": false, "wrong": what, "mend": mend }),
        });
    }
    if check.json {
        println!("{}", serde_json::to_string_pretty(&results)?);
    }
    Ok(well)
}

fn line(id: &str, found: Result<&String, &Wrong>) -> String {
    match found {
        Ok(seen) => format!("✓ {id:<6} {seen}"),
        Err(wrong) => format!("✗ {id:<6} {wrong}"),
    }
}

/// Goes through every page. The steps' own checks are in them.
fn all(world: &World, as_json: bool) -> Result<bool> {
    let addresses = world.addresses()?;
    let (began, mut results, mut failed) = (Instant::now(), Vec::new(), 0);
    for part in Part::value_variants() {
        let part_began = Instant::now();
        if !as_json {
            println!("docs/workshop/{}", part.file());
        }
        let walk = workshop::walk(*part, &addresses, &mut |step, wrong| {
            if !as_json {
                match wrong {
                    None => println!("  ✓ {step}"),
                    Some(wrong) => println!("  ✗ {step}: {wrong}"),
                }
            }
        })?;
        if !as_json {
            println!("  {:.1} s", part_began.elapsed().as_secs_f32());
        }
        for (step, wrong, took) in walk.steps {
            failed += usize::from(wrong.is_some());
            results.push(json!({ "step": step, "passed": wrong.is_none(), "wrong": wrong, "ms": took.as_millis() }));
        }
    }
    demo_again(world)?;
    if as_json {
        println!("{}", serde_json::to_string_pretty(&results)?);
    } else {
        let (passed, took) = (results.len() - failed, began.elapsed().as_secs_f32());
        println!("{passed} passed, {failed} failed, in {took:.0} s. The demo is as it was at the start.");
    }
    Ok(failed == 0)
}

/// By a program of its own, whose many words nobody has asked for.
fn demo_again(world: &World) -> Result<()> {
    let mut seed = Command::new(std::env::current_exe()?);
    seed.args(["demo", "--afresh", "--workshop-keys"]);
    if let Some(idp) = world.idp_url() {
        seed.args(["--idp", &idp]);
    }
    let output = seed.output()?;
    ensure!(output.status.success(), "The demo could not be made again: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::workshop::Page;

    #[test]
    fn every_step_of_the_series_has_one_heading_and_every_heading_its_check() {
        let last = [(1, 10), (2, 16), (3, 21), (4, 12), (5, 11), (6, 17), (7, 11)];
        let mut series: BTreeSet<_> =
            last.iter().flat_map(|(part, last)| (1..=*last).map(move |step| format!("{part}.{step}"))).collect();
        series.extend((1..=7).map(|step| format!("6b.{step}")));
        assert_eq!(series.len(), 105);
        let mut covered_by_pages = BTreeSet::new();
        for part in Part::value_variants() {
            for (ids, title) in Page::read(part.text()).steps {
                for id in covered(&ids) {
                    assert!(covered_by_pages.insert(id.clone()), "{id} has two headings");
                }
                let step = find(&ids).unwrap_or_else(|| panic!("{ids} {title} has no check"));
                assert_eq!(step.ids, ids, "{title}");
            }
        }
        assert_eq!(covered_by_pages, series);
        let checked: BTreeSet<_> = all_steps().flat_map(|step| covered(step.ids)).collect();
        assert_eq!(checked, series);
    }

    #[test]
    fn every_step_of_the_pages_ends_with_its_check() {
        for part in Part::value_variants() {
            let page = Page::read(part.text());
            for (ids, _) in &page.steps {
                let last = page.blocks.iter().rfind(|block| block.step == *ids);
                let last = last.unwrap_or_else(|| panic!("{ids} has nothing to run"));
                let id = covered(ids).pop().unwrap_or_default();
                assert_eq!(last.commands.lines().last(), Some(format!("seed check {id}").as_str()), "{ids}");
            }
        }
    }
}
