//! What a company can give its people, and to whom it is given.

use anyhow::{Context, Result, bail};
use api::domain::orgs::{self, Hold};
use api::domain::roles::{self, Given};
use api::domain::{Tx, groups, users};
use api::entity::entitlement::{EntitlementKind, Model as Entitlement};
use api::kernel::Op;
use clap::{Args, Subcommand};

use crate::RoleArg;
use crate::show::Table;
use crate::world::{World, parse_email};

/// What there is to do with roles.
#[derive(Subcommand)]
pub enum RoleCommand {
    /// What a company can give its people, and what that lets them do.
    List {
        /// The company's domain.
        org: String,
    },
    /// Let a company give one more role, under a name of its own.
    Add(AddRole),
    /// Take a role from everybody who has it, and from what the company can give.
    Remove {
        /// The company's domain.
        org: String,
        /// The role's name.
        name: String,
    },
    /// Give a person, or everybody in a group, these roles and no others.
    Set(SetRoles),
}

/// A role to be made.
#[derive(Args)]
pub struct AddRole {
    /// The company's domain.
    org: String,
    /// What the company calls it.
    name: String,
    /// What it lets people do. Only an entitlement may let them do nothing.
    #[arg(long)]
    grants: Option<RoleArg>,
    /// For whoever gives it.
    #[arg(long, default_value = "")]
    description: String,
    /// Make it what a directory calls an entitlement.
    #[arg(long)]
    entitlement: bool,
}

/// Who shall have which roles.
#[derive(Args)]
pub struct SetRoles {
    /// The company's domain.
    org: String,
    /// The roles' names; with none, all are taken away.
    names: Vec<String>,
    /// The person, by address.
    #[arg(long, required_unless_present = "group", conflicts_with = "group")]
    to: Option<String>,
    /// The group, by name, as the company's directory has it.
    #[arg(long)]
    group: Option<String>,
}

/// `seed role …`.
pub async fn run(world: &World, command: RoleCommand) -> Result<()> {
    match command {
        RoleCommand::List { org } => list(world, &org).await,
        RoleCommand::Add(add) => define(world, add).await,
        RoleCommand::Remove { org, name } => remove(world, &org, &name).await,
        RoleCommand::Set(set) => give(world, set).await,
    }
}

async fn list(world: &World, org: &str) -> Result<()> {
    let op = world.op(world.company(org).await?);
    let tx = world.begin(&op).await?;
    let mut table = Table::new(["name", "kind", "grants", "id", "description"]);
    for role in roles::list(&tx, op.scope, None).await? {
        let kind = format!("{:?}", role.kind).to_lowercase();
        let grants = role.grants.map_or_else(|| "-".to_owned(), |grants| format!("{grants:?}").to_lowercase());
        table.add([role.name, kind, grants, role.id.to_string(), role.description]);
    }
    table.print();
    Ok(())
}

async fn define(world: &World, AddRole { org, name, grants, description, entitlement }: AddRole) -> Result<()> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 255 || name.chars().any(char::is_control) {
        bail!("A role's name has 1 to 255 characters.");
    }
    if !entitlement && grants.is_none() {
        bail!("Say what the role lets people do, with --grants; or make it an --entitlement.");
    }
    if description.chars().count() > 1000 {
        bail!("A description has at most 1000 characters.");
    }
    let kind = if entitlement { EntitlementKind::Entitlement } else { EntitlementKind::Role };
    let op = world.op(world.company(&org).await?);
    let tx = world.begin(&op).await?;
    let made = roles::define(&tx, &op, kind, name, &description, grants.map(Into::into)).await?;
    tx.commit().await?;
    println!("{org} can give \"{}\" now.", made.name);
    Ok(())
}

async fn remove(world: &World, org: &str, name: &str) -> Result<()> {
    let op = world.op(world.company(org).await?);
    let tx = world.begin(&op).await?;
    let role = named(&tx, &op, name).await?;
    roles::undefine(&tx, &op, role.id).await?;
    tx.commit().await?;
    println!("Nobody has \"{}\" any more, and {org} cannot give it.", role.name);
    Ok(())
}

async fn give(world: &World, SetRoles { org, names, to, group }: SetRoles) -> Result<()> {
    let op = world.op(world.company(&org).await?);
    let tx = world.begin(&op).await?;
    // Before anybody's row is.
    orgs::hold(&tx, op.scope, Hold::Alone).await?;
    let mut given = Vec::new();
    for name in &names {
        given.push(named(&tx, &op, name).await?);
    }
    let whom = if let Some(email) = to {
        let email = parse_email(&email)?;
        let user = users::find_by_email_locked(&tx, op.scope, &email).await?;
        let user = user.with_context(|| format!("Nobody in that company has the address {}.", email.as_written()))?;
        for kind in [EntitlementKind::Role, EntitlementKind::Entitlement] {
            let of_kind = given.iter().filter(|role| role.kind == kind);
            let of_kind: Vec<_> = of_kind.map(|role| Given { id: role.id, primary: false }).collect();
            roles::give(&tx, &op, user.id, kind, &of_kind).await?;
        }
        email.as_written().to_owned()
    } else {
        let name = group.unwrap_or_default();
        let group = groups::list(&tx, op.scope).await?.into_iter().find(|group| group.display_name == name);
        let group = group.with_context(|| format!("The company has no group \"{name}\"."))?;
        roles::give_group(&tx, &op, group.id, &given.iter().map(|role| role.id).collect::<Vec<_>>()).await?;
        format!("everybody in \"{name}\"")
    };
    tx.commit().await?;
    let names = given.iter().map(|role| role.name.as_str()).collect::<Vec<_>>().join(", ");
    println!("Of what {org} can give, {whom} has: {}.", if names.is_empty() { "nothing" } else { &names });
    Ok(())
}

async fn named(tx: &Tx, op: &Op, name: &str) -> Result<Entitlement> {
    let all = roles::list(tx, op.scope, None).await?;
    let folded = users::fold(name);
    let found = all.iter().find(|role| role.name_folded == folded).cloned();
    found.with_context(|| {
        let names = all.iter().map(|role| role.name.as_str()).collect::<Vec<_>>().join(", ");
        format!("The company has no role \"{name}\"; it has: {names}.")
    })
}
