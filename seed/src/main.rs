//! Builds the workshop's world, and shows it. Everything goes through the API's own domain functions, so that what is
//! seeded cannot differ from what a request would have made.
#![expect(clippy::print_stdout, reason = "a command line speaks on standard output")]

mod config;
mod demo;
mod keys;
mod oidc_migrate;
mod people;
mod policy;
mod roles;
mod show;
mod sso;
mod world;

use std::process::ExitCode;

use anyhow::Result;
use api::app::report::report;
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
        /// The address of the local OpenID provider, at which the companies' people then sign in.
        #[arg(long)]
        idp: Option<String>,
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
    /// What companies' people may do.
    Role {
        #[command(subcommand)]
        command: roles::RoleCommand,
    },
    /// API keys.
    Key {
        #[command(subcommand)]
        command: keys::KeyCommand,
    },
    /// Say what would have to be done so that companies are as files say: exits with 0 when nothing, with 2 when something,
    /// with 1 when the files are wrong.
    Plan(config::PlanArgs),
    /// Do it, after asking.
    Apply(config::ApplyArgs),
    /// Print companies as such a file, without any secret.
    Export(config::ExportArgs),
    /// Move the people of a domain, and their todos, from their personal orgs into the company that owns it.
    OidcMigrate {
        /// The company's domain.
        domain: String,
        /// Only say what would happen.
        #[arg(long)]
        dry_run: bool,
    },
    /// Encrypt every stored secret anew, with the first key of `CURFEW_SECRETS_KEY`. When nobody is signed in from before,
    /// the others can go.
    Reseal,
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
    /// Give a company one more domain.
    AddDomain {
        /// One of its domains.
        org: String,
        /// The new one. You vouch for it: its people can sign in to the company.
        domain: String,
    },
    /// Let a company's people sign in at its own OpenID provider from now on, and no more by password. Run again, it
    /// changes the provider.
    SetOidc(sso::SetOidc),
    /// How long sign-ins last: shows it, and changes what is given.
    Policy(policy::ChangePolicy),
    /// Let them sign in by password again.
    UnsetOidc {
        /// The company's domain.
        org: String,
        /// The one domain that has a provider of its own.
        #[arg(long)]
        domain: Option<String>,
    },
}

#[derive(Subcommand)]
enum UserCommand {
    /// Make a person: in the company that owns the domain of the address, else without a company.
    Add(people::AddUser),
    /// Forget which account at their provider a person has, as when it was made anew there.
    Unlink {
        /// The e-mail address.
        email: String,
        /// The company, where the address is not of one of its domains.
        #[arg(long)]
        org: Option<String>,
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
    Connections,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::try_parse().unwrap_or_else(|error| {
        let _ = error.print();
        // What `seed plan` says by 2 must not be said by a slip in its options.
        let is_plan = std::env::args().nth(1).is_some_and(|command| command == "plan");
        std::process::exit(if error.use_stderr() && is_plan { 1 } else { error.exit_code() })
    });
    match run(cli.command).await {
        Ok(code) => code,
        Err(error) => {
            report("seed", &error);
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<ExitCode> {
    let world = World::open().await?;
    match command {
        Command::Plan(args) => return config::plan(&world, args).await,
        Command::Apply(args) => return config::apply(&world, args).await,
        Command::Export(args) => return config::export(&world, args).await,
        Command::Workshop { part: Part::Start } => demo::workshop_start(&world).await,
        Command::Demo { workshop_keys, idp } => demo::demo(&world, workshop_keys, idp.as_deref()).await,
        Command::Org { command: OrgCommand::Add { domain, name } } => people::add_org(&world, &domain, name).await,
        Command::Org { command: OrgCommand::AddDomain { org, domain } } => {
            people::add_domain(&world, &org, &domain).await
        }
        Command::Org { command: OrgCommand::SetOidc(set) } => sso::set(&world, set).await,
        Command::Org { command: OrgCommand::Policy(change) } => policy::change(&world, change).await,
        Command::Org { command: OrgCommand::UnsetOidc { org, domain } } => {
            sso::unset(&world, &org, domain.as_deref()).await
        }
        Command::User { command: UserCommand::Add(add) } => people::add_user(&world, add).await,
        Command::User { command: UserCommand::Unlink { email, org } } => {
            people::unlink(&world, &email, org.as_deref()).await
        }
        Command::User { command: UserCommand::Password { email, password } } => {
            people::set_password(&world, &email, password).await
        }
        Command::Key { command } => keys::run(&world, command).await,
        Command::Role { command } => roles::run(&world, command).await,
        Command::OidcMigrate { domain, dry_run } => oidc_migrate::run(&world, &domain, dry_run).await,
        Command::Show { what: What::Orgs } => show::orgs(&world).await,
        Command::Show { what: What::Users } => show::users(&world).await,
        Command::Show { what: What::Todos } => show::todos(&world).await,
        Command::Show { what: What::Sessions } => show::sessions(&world).await,
        Command::Show { what: What::Connections } => show::connections(&world).await,
        Command::Reseal => sso::reseal(&world).await,
    }?;
    Ok(ExitCode::SUCCESS)
}
