//! Making companies and people.

use anyhow::{Context, Result, bail};
use api::domain::orgs;
use api::domain::revocation::{self, Cause, Door, Order, Reach, Subject};
use api::domain::users::{self, NewUser};
use api::entity::org::OrgKind;
use api::kernel::{Email, OrgId, Role};
use secrecy::{ExposeSecret, SecretString};

use crate::world::{World, parse_domain, parse_email};

/// `seed org add`.
pub async fn add_org(world: &World, domain: &str, name: Option<String>) -> Result<()> {
    let domain = parse_domain(domain)?;
    let op = world.op(world.new_org());
    let tx = world.begin(&op).await?;
    let org = orgs::add_company(&tx, &op, name.as_deref().unwrap_or(domain.as_str()), &domain).await?;
    tx.commit().await?;
    println!("Made the company {} ({domain}).", org.name);
    Ok(())
}

/// `seed user add`.
pub async fn add_user(
    world: &World,
    email: &str,
    name: &str,
    password: Option<SecretString>,
    role: Option<Role>,
) -> Result<()> {
    let email = parse_email(email)?;
    if name.trim().is_empty() {
        bail!("A person must have a name: --name cannot be empty.");
    }
    let company = orgs::find_by_domain(&world.db, email.domain()).await?;
    make(world, company, email.clone(), name, password, role).await?;
    let place = if company.is_some() { "in the company that owns the domain" } else { "without a company" };
    println!("Made {name} <{}>, {place}.", email.as_written());
    Ok(())
}

/// `seed user password`.
pub async fn set_password(world: &World, email: &str, password: SecretString) -> Result<()> {
    let email = parse_email(email)?;
    let known = users::find_candidate(&world.db, &email).await?;
    let org = known.with_context(|| format!("Nobody has the address {}.", email.as_written()))?.org;
    give_password(world, org, &email, password).await?;
    println!("Set the password of {} and ended their sign-ins.", email.as_written());
    Ok(())
}

/// Gives a person of `org` a password and ends the sign-ins made before it.
pub async fn give_password(world: &World, org: OrgId, email: &Email, password: SecretString) -> Result<()> {
    let hash = hash(world, password).await?;
    let op = world.op(org);
    let tx = world.begin(&op).await?;
    let user = users::find_by_email_locked(&tx, op.scope, email).await?;
    let user = user.with_context(|| format!("{} has just left the org.", email.as_written()))?;
    users::set_password(&tx, &op, user.id, hash).await?;
    let order = Order {
        subject: Subject::User(user.id),
        reach: Reach::All,
        cause: Cause::PasswordChanged,
        door: Door::Operator,
    };
    revocation::revoke(&tx, &op, &order).await?;
    Ok(tx.commit().await?)
}

async fn hash(world: &World, password: SecretString) -> Result<SecretString> {
    if password.expose_secret().is_empty() {
        bail!("A password cannot be empty: leave --password out, and there is no signing in by password.");
    }
    Ok(world.passwords.hash(password).await?)
}

/// Makes a person in `company`, or in a personal org of their own.
pub async fn make(
    world: &World,
    company: Option<OrgId>,
    email: Email,
    name: &str,
    password: Option<SecretString>,
    role: Option<Role>,
) -> Result<()> {
    let password_hash = match password {
        Some(password) => Some(hash(world, password).await?),
        None => None,
    };
    let op = world.op(company.unwrap_or_else(|| world.new_org()));
    let tx = world.begin(&op).await?;
    let (kind, usual) = if company.is_some() {
        (OrgKind::Company, Role::Member)
    } else {
        orgs::add_personal(&tx, &op, name).await?;
        (OrgKind::Personal, Role::Owner)
    };
    let new = NewUser { email, name: name.to_owned(), role: role.unwrap_or(usual), password_hash };
    users::add(&tx, &op, kind, new).await?;
    Ok(tx.commit().await?)
}
