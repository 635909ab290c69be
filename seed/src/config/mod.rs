//! Companies as a file says them: `seed plan`, `seed apply` and `seed export`.
//!
//! A file is the whole truth about the companies that it names, but for their people, and says nothing of others. It is
//! read ([`read`], [`company`], [`fields`]) into the same shape ([`shape`]) as the database is ([`known`]); what differs
//! is data ([`diff`]), which is told ([`tell`]) with what would come of it ([`mod@plan`]), and carried out
//! ([`mod@apply`]) by the API's own domain functions.

mod apply;
mod company;
mod diff;
mod fields;
#[cfg(test)]
mod identity;
mod key_file;
mod known;
mod plan;
mod read;
mod shape;
mod tell;
mod write;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, Subcommand};

use crate::world::{World, parse_domain};
use fields::Problem;
use plan::{Plan, Secrets};
use read::Declared;
use tell::Signs;

/// What [`ExitCode`] says that there is something to do.
const SOMETHING: u8 = 2;

/// What is done with files that say what companies are.
#[derive(Subcommand)]
pub enum Command {
    /// Say what would have to be done so that companies are as a file says: exits with 0 when nothing, with 2 when
    /// something, with 1 when the file is wrong.
    Plan(PlanArgs),
    /// Do it, after asking.
    Apply(ApplyArgs),
    /// Print companies as such a file, without any secret.
    Export(ExportArgs),
}

/// Carries out `seed plan`, `apply` or `export`.
pub async fn run(world: &World, command: Command) -> Result<ExitCode> {
    match command {
        Command::Plan(args) => plan(world, &args).await,
        Command::Apply(args) => apply(world, &args).await,
        Command::Export(args) => export(world, &args).await,
    }
}

/// The files that say what shall be.
#[derive(Args)]
pub struct Files {
    /// Files in TOML. Each company stands in one of them.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Do not ask providers whether they are there.
    #[arg(long)]
    no_check: bool,
}

/// `seed plan`.
#[derive(Args)]
pub struct PlanArgs {
    #[command(flatten)]
    files: Files,
    /// As JSON, for programs.
    #[arg(long)]
    json: bool,
}

/// `seed apply`.
#[derive(Args)]
pub struct ApplyArgs {
    #[command(flatten)]
    files: Files,
    /// Do it without asking.
    #[arg(long)]
    yes: bool,
}

/// `seed export`.
#[derive(Args)]
pub struct ExportArgs {
    /// Only this company, by its domain; may be given several times.
    #[arg(long = "org")]
    orgs: Vec<String>,
}

/// Says what would have to be done: 0 when nothing, 2 when something.
async fn plan(world: &World, args: &PlanArgs) -> Result<ExitCode> {
    let (_, plan, _) = planned(world, &args.files).await?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&tell::json(&plan))?);
    } else {
        print!("{}", tell::text(&plan, Signs::of_terminal()));
    }
    let nothing = plan.changes().next().is_none();
    Ok(if nothing { ExitCode::SUCCESS } else { SOMETHING.into() })
}

/// Does what would have to be done.
async fn apply(world: &World, args: &ApplyArgs) -> Result<ExitCode> {
    let (declared, plan, secrets) = planned(world, &args.files).await?;
    print!("{}", tell::text(&plan, Signs::of_terminal()));
    if plan.changes().next().is_some() {
        if !args.yes {
            confirm()?;
        }
        println!();
    }
    apply::apply(world, &declared, &plan, &secrets).await?;
    let [added, changed, removed] = tell::counts(&plan);
    if plan.changes().next().is_some() {
        println!("Applied: {added} added, {changed} changed, {removed} removed.");
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the file that says what is.
async fn export(world: &World, args: &ExportArgs) -> Result<ExitCode> {
    let there = known::companies(world).await?;
    let mut ids = Vec::new();
    for org in &args.orgs {
        ids.push(world.company(parse_domain(org)?.as_str()).await?);
    }
    // By slug, which is what makes two exports the same.
    let asked: Vec<_> = there.into_values().filter(|id| ids.is_empty() || ids.contains(id)).collect();
    let known = known::read(world, &asked).await?;
    let companies: Vec<_> = known.into_iter().map(|known| known.company).collect();
    print!("{}", write::write(&companies));
    Ok(ExitCode::SUCCESS)
}

/// How many things of the database are not as a file says.
pub async fn count_changes(world: &World, file: &str) -> Result<usize> {
    let files = Files { files: vec![file.into()], no_check: true };
    let (_, plan, _) = planned(world, &files).await?;
    Ok(plan.changes().count())
}

async fn planned(world: &World, args: &Files) -> Result<(Vec<Declared>, Plan, Secrets)> {
    let mut files = Vec::new();
    for path in &args.files {
        let text = std::fs::read_to_string(path).with_context(|| format!("Cannot read {}.", path.display()))?;
        files.push((path.clone(), text));
    }
    let (declared, mut problems) = read::read(&files);
    let (secrets, missing) = plan::secrets(&declared);
    problems.extend(missing);
    let (plan, found) = plan::plan(world, &declared, &secrets, problems.is_empty()).await?;
    problems.extend(found);
    if !args.no_check {
        problems.extend(plan::check_issuers(world, &declared, &plan).await?);
    }
    if problems.is_empty() { Ok((declared, plan, secrets)) } else { Err(wrong(problems)) }
}

fn wrong(mut problems: Vec<Problem>) -> anyhow::Error {
    problems.sort();
    problems.dedup();
    let many = if problems.len() == 1 { "One thing is".to_owned() } else { format!("{} things are", problems.len()) };
    let lines: Vec<_> = problems.iter().map(|problem| format!("\n  {problem}")).collect();
    anyhow!("{many} wrong, and nothing was done.{}", lines.concat())
}

fn confirm() -> Result<()> {
    if !std::io::stdin().is_terminal() {
        bail!("Nothing was done: there is no terminal to ask at. Say --yes, and it is done without asking.");
    }
    print!("\nShall this be done? Only \"yes\" will do: ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    if answer.trim() == "yes" { Ok(()) } else { bail!("Nothing was done.") }
}
