//! Claiming a domain: its people move from their personal orgs into the company that owns it.

use anyhow::{Result, bail};
use api::domain::orgs::{self, Hold};
use api::domain::revocation::{self, Cause, Door, Order, Reach, Subject};
use api::domain::users::{self, DomainMove};
use api::domain::{sessions, todos};
use api::kernel::{Email, OrgId};

use crate::world::{World, parse_domain};

/// `seed oidc-migrate`.
pub async fn run(world: &World, domain: &str, dry_run: bool) -> Result<()> {
    let domain = parse_domain(domain)?;
    let company = world.company(domain.as_str()).await?;
    let moves = users::list_domain_moves(&world.db, domain.as_str()).await?;
    let (blocked, movable): (Vec<_>, Vec<_>) = moves.into_iter().partition(|person| person.blocked);
    let (moving, merging) = if dry_run { ("Would move", "Would merge") } else { ("Moved", "Merged") };
    let mut merged = 0;
    for person in &movable {
        if !dry_run {
            move_person(world, company, domain.as_str(), person).await?;
        }
        let DomainMove { email, todos, .. } = person;
        if person.merges_into.is_some() {
            merged += 1;
            println!("{merging} {email}, who is in the company already: {todos} todos follow.");
        } else {
            println!("{moving} {email} with {todos} todos. Their password is gone: the company signs them in.");
        }
    }
    for person in &blocked {
        println!(
            "Conflict: {} is in the company already, deactivated, so the one without a company stays.",
            person.email
        );
    }
    println!("{moving} {} people, {} of them merged, {} conflicts.", movable.len(), merged, blocked.len());
    if !blocked.is_empty() {
        bail!("Some people could not move: activate them in the company, and run this again.");
    }
    Ok(())
}

/// Moves one person, if they are there without a company.
pub async fn move_one(world: &World, company: OrgId, email: &Email) -> Result<()> {
    let domain = email.domain().as_str();
    let moves = users::list_domain_moves(&world.db, domain).await?;
    let same = |person: &DomainMove| Email::parse(&person.email).is_some_and(|other| other.folded() == email.folded());
    match moves.iter().find(|person| same(person) && !person.blocked) {
        Some(person) => move_person(world, company, domain, person).await,
        None => Ok(()),
    }
}

/// In one transaction: the person is signed out everywhere, leaves their org, which closes, and is in the company; or
/// whoever is them there already gets their todos.
async fn move_person(world: &World, company: OrgId, domain: &str, person: &DomainMove) -> Result<()> {
    let op = world.op(person.from);
    let tx = world.begin(&op).await?;
    let order =
        Order { subject: Subject::User(person.user), reach: Reach::All, cause: Cause::Moved, door: Door::Operator };
    // Locks are taken in the order org, person, sign-ins; and the company is about to have one more.
    let there = world.op(company);
    sessions::enter(&tx, there.scope).await?;
    orgs::hold(&tx, there.scope, Hold::Alone).await?;
    sessions::enter(&tx, op.scope).await?;
    orgs::close(&tx, op.scope).await?;
    revocation::revoke(&tx, &op, &order).await?;
    todos::mark_changed(&tx, &op, person.user).await?;
    if let Some(target) = person.merges_into {
        users::merge_into_company(&tx, person.user, domain).await?;
        sessions::enter(&tx, there.scope).await?;
        users::record_merged(&tx, &there, target, person.from, person.todos).await?;
    } else {
        users::move_to_company(&tx, person.user, domain).await?;
        sessions::enter(&tx, there.scope).await?;
        users::record_moved(&tx, &there, person.user, person.from).await?;
    }
    Ok(tx.commit().await?)
}
