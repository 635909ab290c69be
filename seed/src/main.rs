//! Builds the workshop's world, and shows it. Everything goes through the API's own domain functions, so that what is
//! seeded cannot differ from what a request would have made.
#![expect(clippy::print_stdout, reason = "a command line speaks on standard output")]

mod demo;
mod keys;
mod oidc_migrate;
mod people;
mod show;
mod world;

use std::process::ExitCode;

use anyhow::Result;
use api::app::report::report;
use api::domain::api_keys::Scope;
use api::kernel::Role;
use clap::{Parser, Subcommand, ValueEnum};
use secrecy::SecretString;

use world::World;

/// Seeds a Curfew database: the running demo's, or the one that `DATABASE_OWNER_URL` names.
#[derive(Parser)]
#[command(name = "seed", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Set up the world of one part of the workshop.
    Workshop {
        #[command(subcommand)]
        part: Part,
    },
    /// Two companies and a person without one. May be run again.
    Demo {
        /// Also make the published article's key 131313 for whiterabbit.fake. The API honours it on loopback only.
        #[arg(long)]
        workshop_keys: bool,
    },
    /// Companies.
    Org {
        #[command(subcommand)]
        command: OrgCommand,
    },
    /// People.
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// API keys.
    Key {
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Move the people of a domain, and their todos, from their personal orgs into the company that owns it.
    OidcMigrate {
        /// The company's domain.
        domain: String,
        /// Only say what would happen.
        #[arg(long)]
        dry_run: bool,
    },
    /// Look into the database, without any secret.
    Show {
        /// What to show.
        what: What,
    },
}

#[derive(Subcommand)]
enum Part {
    /// Bobby and Trinity, with passwords and without a company.
    Start,
}

#[derive(Subcommand)]
enum OrgCommand {
    /// Make a company.
    Add {
        /// Its domain, which becomes its slug.
        domain: String,
        /// What people call it; the domain unless set.
        #[arg(long)]
        name: Option<String>,
    },
}

#[derive(Subcommand)]
enum UserCommand {
    /// Make a person: in the company that owns the domain of the address, else without a company.
    Add {
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
    },
    /// Give a person a new password. Their sign-ins end.
    Password {
        /// The e-mail address.
        email: String,
        /// The new password.
        #[arg(long)]
        password: SecretString,
    },
}

#[derive(Subcommand)]
enum KeyCommand {
    /// Make a key for a company and print it, once.
    Mint {
        /// The company's domain.
        org: String,
        /// What it may be used for; may be given several times.
        #[arg(long = "scope", required = true)]
        scopes: Vec<Scope>,
        /// What people call it.
        #[arg(long, default_value = "made by seed")]
        name: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum RoleArg {
    Owner,
    Admin,
    Auditor,
    Member,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Owner => Self::Owner,
            RoleArg::Admin => Self::Admin,
            RoleArg::Auditor => Self::Auditor,
            RoleArg::Member => Self::Member,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    Orgs,
    Users,
    Todos,
    Sessions,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report("seed", &error);
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<()> {
    let world = World::open().await?;
    match command {
        Command::Workshop { part: Part::Start } => demo::workshop_start(&world).await,
        Command::Demo { workshop_keys } => demo::demo(&world, workshop_keys).await,
        Command::Org { command: OrgCommand::Add { domain, name } } => people::add_org(&world, &domain, name).await,
        Command::User { command: UserCommand::Add { email, name, password, role } } => {
            people::add_user(&world, &email, &name, password, role.map(Into::into)).await
        }
        Command::User { command: UserCommand::Password { email, password } } => {
            people::set_password(&world, &email, password).await
        }
        Command::Key { command: KeyCommand::Mint { org, scopes, name } } => {
            keys::mint(&world, &org, &scopes, &name).await
        }
        Command::OidcMigrate { domain, dry_run } => oidc_migrate::run(&world, &domain, dry_run).await,
        Command::Show { what: What::Orgs } => show::orgs(&world).await,
        Command::Show { what: What::Users } => show::users(&world).await,
        Command::Show { what: What::Todos } => show::todos(&world).await,
        Command::Show { what: What::Sessions } => show::sessions(&world).await,
    }
}
