//! The API's command line.

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use api::app::report::report;
use api::app::{self, listener, serve, start, sweep};
use api::config::{Config, Log, LogFormat, database_url};
use clap::{Parser, Subcommand};

/// Curfew's API. Settings come from the environment: see docs/CONFIGURATION.md.
#[derive(Parser)]
#[command(name = "api", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API, and with --web the pages too.
    Serve {
        /// An address to listen on, such as 127.0.0.1:3333; may be given several times. Otherwise `CURFEW_LISTEN`.
        #[arg(long)]
        listen: Vec<SocketAddr>,
        /// The folder with the built pages. Otherwise `CURFEW_WEB`.
        #[arg(long)]
        web: Option<PathBuf>,
    },
    /// Bring the database to the newest shape, as the owner that `DATABASE_OWNER_URL` names.
    Migrate,
    /// Print the API's OpenAPI document.
    Openapi,
    /// Remove expired rows once.
    Sweep,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report("api", &error);
            ExitCode::FAILURE
        }
    }
}

/// What is not text is no value of ours, and must not pass for a variable that is not set.
fn environment(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

async fn run(command: Command) -> Result<()> {
    match command {
        Command::Serve { listen, web } => {
            let mut config = Config::read(&environment)?;
            log_to_stderr(&config.log);
            if !listen.is_empty() {
                config.http.listen = listen;
            }
            config.http.web = web.or(config.http.web);
            serve_until_stopped(config).await
        }
        Command::Migrate => {
            let url = database_url(&environment, "DATABASE_OWNER_URL")?;
            let owner = start::connect(&url, 2)
                .await
                .context("Cannot connect to the database that DATABASE_OWNER_URL names.")?;
            migration::migrate(&owner).await.context("The database could not be brought to the newest shape.")
        }
        Command::Openapi => {
            let mut json = app::document().to_pretty_json()?;
            json.push('\n');
            Ok(std::io::stdout().write_all(json.as_bytes())?)
        }
        Command::Sweep => {
            let config = Config::read(&environment)?;
            log_to_stderr(&config.log);
            let state = start::state(config).await?;
            let swept = sweep::sweep(&state).await?;
            tracing::info!(swept, "removed expired rows");
            Ok(())
        }
    }
}

async fn serve_until_stopped(config: Config) -> Result<()> {
    if let Some(web) = config.http.web.as_ref().filter(|web| !web.join("index.html").is_file()) {
        anyhow::bail!("{} has no index.html: build the pages first, with `npm run build` in web/.", web.display());
    }
    let listen = config.http.listen.clone();
    let state = start::state(config).await?;
    let sweeping = tokio::spawn(sweep::forever(state.clone()));
    let listening = listener::start(state.clone()).await;
    // Streams would never end by themselves.
    serve::serve(app::build(&state), &listen, || state.live.close()).await?;
    sweeping.abort();
    listening.abort();
    state.db.close().await?;
    Ok(())
}

fn log_to_stderr(log: &Log) {
    let color = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt().with_env_filter(&log.filter).with_writer(std::io::stderr).with_ansi(color);
    match log.format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
}
