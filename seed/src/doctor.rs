//! `seed doctor`: whether this machine and what runs on it are as the workshop needs them.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use api::app::start;
use api::kernel::Clock;
use reqwest::Url;
use sea_orm::DatabaseConnection;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use time::format_description::well_known::Rfc2822;
use time::{Duration, OffsetDateTime};

use crate::browser::Browser;
use crate::world::Settings;

/// Signed tokens are refused whose times are further away than this.
const CLOCKS: Duration = Duration::seconds(30);

/// One thing that was looked at.
#[derive(Serialize)]
struct Finding {
    what: &'static str,
    well: bool,
    seen: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<&'static str>,
}

/// Looks at everything, and says it all. A failure when something is not well.
pub async fn run(as_json: bool) -> Result<ExitCode> {
    let settings = Settings::find()?;
    let mut findings = tools();
    findings.extend(servers(&settings).await);
    findings.extend(database(&settings).await);
    if as_json {
        println!("{}", serde_json::to_string_pretty(&findings)?);
    } else {
        for Finding { what, well, seen, mend } in &findings {
            println!("{} {what:<18} {seen}", if *well { "✓" } else { "✗" });
            if let Some(mend) = mend {
                println!("  {:<18} Mend it: {mend}", "");
            }
        }
    }
    Ok(if findings.iter().all(|finding| finding.well) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn finding(what: &'static str, seen: Result<String>, mend: &'static str) -> Finding {
    match seen {
        Ok(seen) => Finding { what, well: true, seen, mend: None },
        Err(error) => Finding { what, well: false, seen: crate::sentence(&error), mend: Some(mend) },
    }
}

// --- tools ----------------------------------------------------------------------------------------

/// A program, how it is asked for its version, the least one that will do, and where it comes from.
const TOOLS: [(&str, &str, &[u32], &str); 6] = [
    ("cargo", "--version", &[1, 95], "install Rust, by rustup as a rule, and open a new terminal."),
    ("node", "--version", &[20, 19], "install Node.js, 20.19 or newer."),
    ("npm", "--version", &[], "install npm; it comes with Node.js."),
    ("curl", "--version", &[7, 82], "install curl, 7.82 or newer."),
    ("jq", "--version", &[], "install jq: the workshop's pages use it."),
    ("bash", "--version", &[3, 2], "install bash."),
];

fn tools() -> Vec<Finding> {
    TOOLS.map(|(program, flag, least, mend)| finding(program, tool(program, flag, least), mend)).into()
}

fn tool(program: &str, flag: &str, least: &[u32]) -> Result<String> {
    let output = Command::new(program).arg(flag).output().with_context(|| format!("{program} is not installed"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().next().unwrap_or_default().to_owned();
    anyhow::ensure!(output.status.success() && !line.is_empty(), "{program} does not start");
    let wanted = least.iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
    anyhow::ensure!(version(&line) >= least.to_vec(), "{line} is older than {wanted}");
    // What it was built with is nobody's concern here.
    Ok(line.split(['(', '[']).next().unwrap_or_default().trim_end().to_owned())
}

/// The first numbers in a line, such as `1.95.0`.
fn version(line: &str) -> Vec<u32> {
    let digits = line.trim_start_matches(|c: char| !c.is_ascii_digit());
    let end = digits.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(digits.len());
    digits[..end].split('.').map_while(|number| number.parse().ok()).collect()
}

// --- what listens ---------------------------------------------------------------------------------

async fn servers(settings: &Settings) -> Vec<Finding> {
    let mend = "`make down`, then `make up`. If a port is taken by something else, end that, or choose others with \
                CURFEW_PORT, CURFEW_WEB_PORT and CURFEW_IDP_PORT.";
    let urls = match settings.urls() {
        Ok(urls) => urls,
        Err(error) => return vec![finding("addresses", Err(error), "set CURFEW_API_URL and CURFEW_PUBLIC_URL right.")],
    };
    let mut findings = Vec::new();
    let mut look = async |what, base: Result<Url>, path: &str| {
        let seen = match base {
            Ok(base) => answer(&base, path).await,
            Err(error) => Err(error),
        };
        let (seen, clock) = match seen {
            Ok((seen, clock)) => (Ok(seen), Some(clock)),
            Err(error) => (Err(error), None),
        };
        findings.push(finding(what, seen, mend));
        clock
    };
    let api = look("API", Ok(urls.api), "/health/ready").await;
    look("pages", Ok(urls.public), "/").await;
    let idp = settings.idp_url().context("No demo runs here");
    let idp = look("identity provider", idp.and_then(|idp| Ok(Url::parse(&idp)?)), "/health").await;
    for (what, clock) in [("API's clock", api), ("provider's clock", idp)] {
        if let Some(away) = clock {
            findings.push(clock_finding(what, away));
        }
    }
    findings
}

/// What a server says, and how far its clock is ahead of ours.
async fn answer(base: &Url, path: &str) -> Result<(String, Duration)> {
    let reply = Browser::new(base.clone())?.get(path).await?;
    anyhow::ensure!(reply.status.is_success(), "{base} answers {}", reply.refusal());
    let date = reply.headers.get("date").and_then(|date| date.to_str().ok()).unwrap_or_default();
    let date = OffsetDateTime::parse(&date.replace("GMT", "+0000"), &Rfc2822);
    let away = date.map_or(Duration::ZERO, |date| date - Clock::system().now());
    Ok((format!("answers at {base}"), away))
}

fn clock_finding(what: &'static str, away: Duration) -> Finding {
    let seen = if away.abs() <= CLOCKS {
        Ok("agrees with this machine's".to_owned())
    } else {
        Err(anyhow::anyhow!("It is {} s away from this machine's", away.whole_seconds()))
    };
    finding(what, seen, "set the clocks by NTP: tokens are good for minutes only.")
}

// --- the database ---------------------------------------------------------------------------------

async fn database(settings: &Settings) -> Vec<Finding> {
    let mend = "`make down`, then `make up`; for a database of your own, docs/CONFIGURATION.md says what it needs.";
    let mut findings = Vec::new();
    let owner = connect(settings, "DATABASE_OWNER_URL").await;
    if let Ok((_, db)) = &owner {
        let shape = start::refuse_other_shape(db).await.map(|()| "is this program's".to_owned());
        findings.push(finding("its shape", shape, "`api migrate` brings it up to this program."));
        if let Ok(now) = start::now(db).await {
            findings.push(clock_finding("its clock", now - Clock::system().now()));
        }
    }
    findings.insert(0, finding("database, owner", owner.map(|(url, _)| url), mend));
    let runtime = connect(settings, "DATABASE_URL").await;
    let role = match &runtime {
        Ok((_, db)) => Some(start::refuse_powerful_role(db).await),
        Err(_) => None,
    };
    findings.push(finding("database, runtime", runtime.map(|(url, _)| url), mend));
    if let Some(role) = role {
        let role = role.map(|()| "owns nothing and bypasses nothing".to_owned());
        findings.push(finding("its role", role, "DATABASE_URL must name the role curfew_app."));
    }
    findings
}

/// The database, and its URL without the password.
async fn connect(settings: &Settings, name: &str) -> Result<(String, DatabaseConnection)> {
    let url = api::config::database_url(&|name| settings.get(name), name)?;
    let shown = without_password(&url)?;
    let db = start::connect(&url, 1).await.with_context(|| format!("{shown} cannot be connected to"))?;
    Ok((format!("{name} is {shown}"), db))
}

fn without_password(url: &SecretString) -> Result<String> {
    let mut url = Url::parse(url.expose_secret())?;
    if url.password().is_some() {
        let _shown_without = url.set_password(Some("…"));
    }
    Ok(url.as_str().replace("%E2%80%A6", "…"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_number_by_number() {
        for (line, least, well) in [
            ("cargo 1.95.0 (abc 2026-01-01)", &[1, 95][..], true),
            ("cargo 1.100.0", &[1, 95], true),
            ("cargo 1.94.9", &[1, 95], false),
            ("v20.19.0", &[20, 19], true),
            ("v20.18.3", &[20, 19], false),
            ("jq-1.6", &[], true),
            ("curl 8.5.0 (x86_64)", &[7, 82], true),
        ] {
            assert_eq!(version(line) >= least.to_vec(), well, "{line}");
        }
    }

    #[test]
    fn a_url_is_shown_without_its_password() {
        let shown = |url: &str| without_password(&SecretString::from(url)).expect("a URL");
        assert_eq!(shown("postgres://curfew_app:secret@localhost/curfew"), "postgres://curfew_app:…@localhost/curfew");
        assert_eq!(shown("postgres://curfew_app@localhost/curfew"), "postgres://curfew_app@localhost/curfew");
    }
}
