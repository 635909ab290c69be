//! The workshop's people and companies.

use anyhow::Result;
use api::domain::api_keys::{self, Scope};
use api::domain::{orgs, users};
use api::kernel::{OrgId, Role};

use crate::world::{World, parse_domain, parse_email};
use crate::{oidc_migrate, people};

/// Somebody the workshop's texts name.
struct Person {
    name: &'static str,
    email: &'static str,
    password: &'static str,
    role: Option<Role>,
}

const BOBBY: Person =
    Person { name: "Bobby Tables", email: "bob@tables.fake", password: "correct horse battery staple", role: None };
const TRINITY: Person =
    Person { name: "Trinity Anderson", email: "trinity@whiterabbit.fake", password: "Zion", role: None };
const MORPHEUS: Person = Person {
    name: "Morpheus",
    email: "morpheus@whiterabbit.fake",
    password: "Nebuchadnezzar",
    role: Some(Role::Owner),
};
const SMITH: Person =
    Person { name: "Agent Smith", email: "smith@matrix.fake", password: "Mr. Anderson", role: Some(Role::Owner) };

/// The published article's key.
const WORKSHOP_KEY: &str = "131313";

/// `seed workshop start`.
pub async fn workshop_start(world: &World) -> Result<()> {
    for person in [BOBBY, TRINITY] {
        ensure(world, None, &person).await?;
        println!("{:<18} {:<28} password: {}", person.name, person.email, person.password);
    }
    Ok(())
}

/// `seed demo`.
pub async fn demo(world: &World, workshop_keys: bool) -> Result<()> {
    let white_rabbit = company(world, "whiterabbit.fake", "White Rabbit").await?;
    let matrix = company(world, "matrix.fake", "Matrix").await?;
    for (company, person) in
        [(Some(white_rabbit), MORPHEUS), (Some(white_rabbit), TRINITY), (Some(matrix), SMITH), (None, BOBBY)]
    {
        ensure(world, company, &person).await?;
        println!("{:<18} {:<28} password: {}", person.name, person.email, person.password);
    }
    if workshop_keys {
        let op = world.op(white_rabbit);
        let tx = world.begin(&op).await?;
        api_keys::ensure_workshop_key(&tx, &op, WORKSHOP_KEY, &[Scope::Revoke]).await?;
        tx.commit().await?;
        println!("The key {WORKSHOP_KEY} of whiterabbit.fake works on this machine only.");
    }
    Ok(())
}

async fn company(world: &World, domain: &str, name: &str) -> Result<OrgId> {
    if let Some(org) = orgs::find_by_domain(&world.db, &parse_domain(domain)?).await? {
        return Ok(org);
    }
    people::add_org(world, domain, Some(name.to_owned())).await?;
    world.company(domain).await
}

/// Makes a person unless they are there. Somebody who was there without a company moves into it, and keeps the password
/// that the texts name.
async fn ensure(world: &World, company: Option<OrgId>, person: &Person) -> Result<()> {
    let email = parse_email(person.email)?;
    if let Some(company) = company {
        oidc_migrate::move_one(world, company, &email).await?;
    }
    match users::find_candidate(&world.db, &email).await? {
        Some(known) if known.password_hash.is_some() => Ok(()),
        Some(known) => people::give_password(world, known.org, &email, person.password.into()).await,
        None => people::make(world, company, email, person.name, Some(person.password.into()), person.role).await,
    }
}
