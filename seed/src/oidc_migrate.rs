//! Claiming a domain: its people move from their personal orgs into the company that owns it.

use anyhow::{Result, bail};
use api::domain::revocation::{self, Cause, Door, Order, Reach, Subject};
use api::domain::users::{self, DomainMove};
use api::domain::{orgs, sessions};
use api::kernel::{Email, OrgId};

use crate::world::{World, parse_domain};

/// `seed oidc-migrate`.
pub async fn run(world: &World, domain: &str, dry_run: bool) -> Result<()> {
    let domain = parse_domain(domain)?;
    let company = world.company(domain.as_str()).await?;
    let moves = users::list_domain_moves(&world.db, domain.as_str()).await?;
    let (conflicts, movable): (Vec<_>, Vec<_>) = moves.into_iter().partition(|person| person.taken);
    let verb = if dry_run { "Would move" } else { "Moved" };
    for person in &movable {
        if !dry_run {
            move_person(world, company, domain.as_str(), person).await?;
        }
        println!(
            "{verb} {} with {} todos. Their password is gone: the company signs them in.",
            person.email, person.todos
        );
    }
    for person in &conflicts {
        println!("Conflict: {} is in the company already, so the one without a company stays.", person.email);
    }
    println!("{verb} {} people, {} conflicts.", movable.len(), conflicts.len());
    if !conflicts.is_empty() {
        bail!("Some people could not move: give one of each pair another address, and run this again.");
    }
    Ok(())
}

/// Moves one person, if they are there without a company.
pub async fn move_one(world: &World, company: OrgId, email: &Email) -> Result<()> {
    let domain = email.domain().as_str();
    let moves = users::list_domain_moves(&world.db, domain).await?;
    let same = |person: &DomainMove| Email::parse(&person.email).is_some_and(|other| other.folded() == email.folded());
    match moves.iter().find(|person| same(person) && !person.taken) {
        Some(person) => move_person(world, company, domain, person).await,
        None => Ok(()),
    }
}

/// In one transaction: the person is signed out everywhere, leaves their org, which closes, and is in the company.
async fn move_person(world: &World, company: OrgId, domain: &str, person: &DomainMove) -> Result<()> {
    let op = world.op(person.from);
    let tx = world.begin(&op).await?;
    let order =
        Order { subject: Subject::User(person.user), reach: Reach::All, cause: Cause::Moved, door: Door::Operator };
    // Locks are taken in the order org, person, sign-ins.
    orgs::close(&tx, op.scope).await?;
    revocation::revoke(&tx, &op, &order).await?;
    users::move_to_company(&tx, person.user, domain).await?;
    let op = world.op(company);
    sessions::enter(&tx, op.scope).await?;
    users::record_moved(&tx, &op, person.user, person.from).await?;
    Ok(tx.commit().await?)
}
