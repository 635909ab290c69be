//! Making companies and people.

use anyhow::{Context, Result, bail};
use api::domain::orgs::{self, Hold};
use api::domain::revocation::{self, Cause, Door, Order, Reach, Subject};
use api::domain::sso;
use api::domain::users::{self, NewUser};
use api::domain::{lifecycle, roles};
use api::entity::org::OrgKind;
use api::kernel::{Email, OrgId, Role};
use api::oidc;
use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use crate::RoleArg;
use crate::world::{World, parse_domain, parse_email};

/// `seed org add`.
pub async fn add_org(world: &World, domain: &str, name: Option<String>) -> Result<()> {
    let domain = parse_domain(domain)?;
    let op = world.op(world.new_org());
    let tx = world.begin(&op).await?;
    let org = orgs::add_company(&tx, &op, name.as_deref().unwrap_or(domain.as_str()), &domain).await?;
    roles::define_usual(&tx, &op).await?;
    tx.commit().await?;
    println!("Made the company {} ({domain}).", org.name);
    Ok(())
}

/// `seed org add-domain`.
pub async fn add_domain(world: &World, org: &str, domain: &str) -> Result<()> {
    let domain = parse_domain(domain)?;
    let op = world.op(world.company(org).await?);
    let tx = world.begin(&op).await?;
    orgs::add_domain(&tx, &op, &domain).await?;
    tx.commit().await?;
    println!("{org} has the domain {domain} too.");
    Ok(())
}

/// `seed org erase`.
pub async fn erase_org(world: &World, org: &str, confirm: &str) -> Result<()> {
    if parse_domain(org)? != parse_domain(confirm)? {
        bail!("Nothing was erased: --confirm has to name {org} once more.");
    }
    let op = world.op(world.company(org).await?);
    let tx = world.begin(&op).await?;
    lifecycle::erase_org(&tx, &op).await?;
    tx.commit().await?;
    println!("Erased {org}. Whoever was signed in to it is out.");
    Ok(())
}

/// `seed user add`.
#[derive(Args)]
pub struct AddUser {
    /// The e-mail address.
    email: String,
    /// What they are called.
    #[arg(long)]
    name: String,
    /// Without one they cannot sign in by password.
    #[arg(long)]
    password: Option<SecretString>,
    /// What they may do; member in a company, owner without one.
    #[arg(long)]
    role: Option<RoleArg>,
    /// The company, by its domain, where the address is not of one of its domains.
    #[arg(long)]
    org: Option<String>,
    /// The company's OpenID provider, where its name for the person is known beforehand.
    #[arg(long, requires = "sub")]
    iss: Option<String>,
    /// That name.
    #[arg(long, requires = "iss")]
    sub: Option<String>,
}

/// `seed user add`.
pub async fn add_user(world: &World, add: AddUser) -> Result<()> {
    let AddUser { email, name, password, role, org, iss, sub } = add;
    let email = parse_email(&email)?;
    if name.trim().is_empty() {
        bail!("A person must have a name: --name cannot be empty.");
    }
    let company = match &org {
        Some(org) => Some(world.company(org).await?),
        None => orgs::find_by_domain(&world.db, email.domain()).await?,
    };
    let identity = iss.zip(sub);
    if identity.is_some() && company.is_none() {
        bail!("Only people of a company can have --iss and --sub: name the company with --org.");
    }
    if let Some((iss, _)) = &identity {
        oidc::parse_issuer(iss)?;
    }
    if identity.as_ref().is_some_and(|(_, sub)| sub.is_empty() || sub.len() > 255) {
        bail!("A subject has 1 to 255 characters.");
    }
    if role.is_some() && company.is_none() {
        bail!("Only people of a company have roles: name the company with --org.");
    }
    make(world, company, email.clone(), &name, password, role.map(Into::into), identity).await?;
    let place = match (&org, company) {
        (Some(org), _) => format!("in {org}"),
        (None, Some(_)) => "in the company that owns the domain".to_owned(),
        (None, None) => "without a company".to_owned(),
    };
    println!("Made {name} <{}>, {place}.", email.as_written());
    Ok(())
}

/// `seed user unlink`.
pub async fn unlink(world: &World, email: &str, org: Option<&str>) -> Result<()> {
    let email = parse_email(email)?;
    let org = world.company(org.unwrap_or(email.domain().as_str())).await?;
    let forgotten = forget(world, org, &email).await?;
    println!(
        "Forgot {forgotten} identities of {} and signed them out; their next sign-in makes a new link.",
        email.as_written()
    );
    Ok(())
}

/// Forgets which accounts at their provider a person of `org` has, and ends the sign-ins made by them. Gives how many there
/// were.
pub async fn forget(world: &World, org: OrgId, email: &Email) -> Result<u64> {
    let op = world.op(org);
    let tx = world.begin(&op).await?;
    let user = users::find_by_email_locked(&tx, op.scope, email).await?;
    let user = user.with_context(|| format!("Nobody in that company has the address {}.", email.as_written()))?;
    let forgotten = sso::unlink(&tx, &op, user.id).await?;
    // What the old account opened could not be ended by it any more.
    let (subject, reach) = (Subject::User(user.id), Reach::All);
    revocation::revoke(&tx, &op, &Order { subject, reach, cause: Cause::Demanded, door: Door::Operator }).await?;
    tx.commit().await?;
    Ok(forgotten)
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
    identity: Option<(String, String)>,
) -> Result<()> {
    let password_hash = match password {
        Some(password) => Some(hash(world, password).await?),
        None => None,
    };
    let op = world.op(company.unwrap_or_else(|| world.new_org()));
    let tx = world.begin(&op).await?;
    let kind = if company.is_some() {
        // Before anybody's row is: whoever else makes somebody here does so, too.
        orgs::hold(&tx, op.scope, Hold::Alone).await?;
        OrgKind::Company
    } else {
        orgs::add_personal(&tx, &op, name).await?;
        OrgKind::Personal
    };
    let new = NewUser { email, name: name.to_owned(), password_hash };
    let user = users::add(&tx, &op, kind, new).await?;
    if let (Some(role), Some(_)) = (role, company) {
        roles::make(&tx, &op, user.id, role).await?;
    }
    if let Some((issuer, subject)) = identity {
        sso::link(&tx, &op, user.id, &issuer, &subject).await?;
    }
    Ok(tx.commit().await?)
}
