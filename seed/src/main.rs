//! Builds the workshop's world, and shows it. Everything goes through the API's own domain functions, so that what is
//! seeded cannot differ from what a request would have made.
#![expect(clippy::print_stdout, reason = "a command line speaks on standard output")]

mod browser;
mod check;
mod config;
mod demo;
mod doctor;
mod drill;
mod keys;
mod oidc_migrate;
mod people;
mod policy;
mod private;
mod roles;
mod show;
mod sso;
mod workshop;
mod world;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use api::app::report::report;
use api::kernel::Role;
use clap::{Parser, Subcommand, ValueEnum};
use secrecy::{ExposeSecret, SecretString};

use workshop::Part;
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
    /// Look at the tools, the ports, the clocks and the database, and say how to mend what is not as it should be.
    Doctor {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Prove that a sign-out reaches everything: people made for it hold every credential there is, each door is fired in
    /// turn, and it is measured how soon each is dead. Exit 1 when anything lives, 2 when it could not be carried out.
    Drill(drill::Drill),
    /// Say whether a step of the workshop worked, and if not, how to mend it.
    Check(check::Check),
    #[command(flatten)]
    Config(config::Command),
    #[command(flatten)]
    Act(Act),
}

/// What changes or shows the world.
#[derive(Subcommand)]
enum Act {
    /// Set up the world that a part of the workshop begins with, in place of what earlier parts have made.
    Workshop {
        /// The part.
        part: Part,
    },
    /// Two companies and a person without one. May be run again.
    Demo {
        /// First erase what the workshop's parts have made, and the demo itself.
        #[arg(long)]
        afresh: bool,
        /// But leave a part of the workshop that was begun as it is.
        #[arg(long, conflicts_with = "afresh")]
        keep_workshop: bool,
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
    /// Sign in without a window: at their company's provider where there is one, else by password.
    SignIn {
        /// The e-mail address.
        email: String,
        /// The password, here or at the provider.
        #[arg(long)]
        password: SecretString,
        /// Where to keep the cookies, for curl's --cookie.
        #[arg(long)]
        cookies: PathBuf,
    },
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
    /// Erase a company and all that is its: people, todos, keys, sessions, and its audit log.
    Erase {
        /// The company's domain.
        org: String,
        /// The same once more: nothing of this can be undone.
        #[arg(long)]
        confirm: String,
    },
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
    sigpipe::reset();
    let cli = Cli::try_parse().unwrap_or_else(|error| {
        let _told = error.print();
        // What `seed plan` says by 2, no slip in its options must say.
        let is_plan = std::env::args().nth(1).is_some_and(|command| command == "plan");
        std::process::exit(if error.use_stderr() && is_plan { 1 } else { error.exit_code() })
    });
    run(cli.command).await.unwrap_or_else(|error| {
        report("seed", &error);
        ExitCode::FAILURE
    })
}

/// What went wrong, and because of what, as a sentence.
fn sentence(error: &anyhow::Error) -> String {
    format!("{}.", format!("{error:#}").trim_end_matches('.'))
}

async fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Doctor { json } => doctor::run(json).await,
        Command::Drill(drill) => Ok(drill::run(drill).await),
        Command::Check(check) => check::run(&World::open().await?, check).await,
        Command::Config(command) => config::run(&World::open().await?, command).await,
        Command::Act(act) => carry_out(&World::open().await?, act).await.map(|()| ExitCode::SUCCESS),
    }
}

async fn carry_out(world: &World, act: Act) -> Result<()> {
    match act {
        Act::Workshop { part } => workshop::begin(world, part).await,
        Act::Demo { afresh, keep_workshop, workshop_keys, idp } => {
            if keep_workshop && workshop::is_begun(world).await? {
                println!("Kept the part of the workshop that was begun.");
                return Ok(());
            }
            if afresh {
                workshop::clear(world).await?;
            }
            demo::demo(world, workshop_keys, idp.as_deref()).await
        }
        Act::Org { command: OrgCommand::Add { domain, name } } => people::add_org(world, &domain, name).await,
        Act::Org { command: OrgCommand::AddDomain { org, domain } } => people::add_domain(world, &org, &domain).await,
        Act::Org { command: OrgCommand::Erase { org, confirm } } => people::erase_org(world, &org, &confirm).await,
        Act::Org { command: OrgCommand::SetOidc(set) } => sso::set(world, set).await,
        Act::Org { command: OrgCommand::Policy(change) } => policy::change(world, change).await,
        Act::Org { command: OrgCommand::UnsetOidc { org, domain } } => sso::unset(world, &org, domain.as_deref()).await,
        Act::User { command: UserCommand::Add(add) } => people::add_user(world, add).await,
        Act::User { command: UserCommand::Unlink { email, org } } => {
            people::unlink(world, &email, org.as_deref()).await
        }
        Act::User { command: UserCommand::Password { email, password } } => {
            people::set_password(world, &email, password).await
        }
        Act::Key { command } => keys::run(world, command).await,
        Act::Role { command } => roles::run(world, command).await,
        Act::SignIn { email, password, cookies } => sign_in(world, &email, &password, &cookies).await,
        Act::OidcMigrate { domain, dry_run } => oidc_migrate::run(world, &domain, dry_run).await,
        Act::Show { what: What::Orgs } => show::orgs(world).await,
        Act::Show { what: What::Users } => show::users(world).await,
        Act::Show { what: What::Todos } => show::todos(world).await,
        Act::Show { what: What::Sessions } => show::sessions(world).await,
        Act::Show { what: What::Connections } => show::connections(world).await,
        Act::Reseal => sso::reseal(world).await,
    }
}

async fn sign_in(world: &World, email: &str, password: &SecretString, cookies: &Path) -> Result<()> {
    let browser = world.browser()?;
    browser.sign_in(email, password.expose_secret()).await?;
    browser.keep_cookies(cookies)?;
    println!("Signed in as {email}. The cookies are in {}.", cookies.display());
    Ok(())
}
