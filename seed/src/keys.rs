//! A company's API keys.

use std::io::Write;

use anyhow::{Context, Result, bail};
use api::domain::api_keys::{self, KeptKey, NewKey, Scope};
use clap::{Args, Subcommand};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::show::{Table, moment};
use crate::world::World;

/// `seed key`.
#[derive(Subcommand)]
pub enum KeyCommand {
    /// Make a key for a company and print it, once.
    Mint(Mint),
    /// Show a company's keys, without their secrets, the newest first.
    List {
        /// The company's domain.
        org: String,
        /// As JSON, with the API's names.
        #[arg(long)]
        json: bool,
    },
    /// Make a key that takes another one's place, and print it, once. It has the other's name and scopes, and as long a
    /// life again.
    Rotate {
        /// The company's domain.
        org: String,
        /// The old key: how it begins or ends as `seed key list` shows it, or its id.
        key: String,
        /// So long the old key goes on, as 1h or 7days; with 0 it ends at once.
        #[arg(long, value_parser = length)]
        overlap: Duration,
    },
    /// End a key at once.
    Revoke {
        /// The company's domain.
        org: String,
        /// The key: how it begins or ends as `seed key list` shows it, or its id.
        key: String,
    },
}

/// `seed key mint`.
#[derive(Args)]
pub struct Mint {
    /// The company's domain.
    org: String,
    /// What it may be used for; may be given several times.
    #[arg(long = "scope", required = true)]
    scopes: Vec<Scope>,
    /// What people call it.
    #[arg(long, default_value = "made by seed")]
    name: String,
    /// After so long it ends by itself, as 90d or 12h; unless given, it does not.
    #[arg(long, value_parser = length)]
    expires: Option<Duration>,
}

/// Carries out what `seed key` was told. A key goes to standard output alone, so that a script can catch it.
pub async fn run(world: &World, command: KeyCommand) -> Result<()> {
    match command {
        KeyCommand::Mint(mint) => self::mint(world, mint).await,
        KeyCommand::List { org, json } => list(world, &org, json).await,
        KeyCommand::Rotate { org, key, overlap } => rotate(world, &org, &key, overlap).await,
        KeyCommand::Revoke { org, key } => revoke(world, &org, &key).await,
    }
}

async fn mint(world: &World, Mint { org, scopes, name, expires }: Mint) -> Result<()> {
    let op = world.op(world.company(&org).await?);
    let tx = world.begin(&op).await?;
    let minted = api_keys::mint(&tx, &op, NewKey { name, scopes, lifetime: expires }).await?;
    tx.commit().await?;
    println!("{}", minted.text.expose_secret());
    Ok(())
}

async fn list(world: &World, org: &str, as_json: bool) -> Result<()> {
    let op = world.op(world.company(org).await?);
    let tx = world.begin(&op).await?;
    let keys = api_keys::list(&tx, op.scope).await?;
    if as_json {
        let keys: Vec<_> = keys.iter().map(json_of).collect();
        println!("{}", serde_json::to_string_pretty(&keys)?);
        return Ok(());
    }
    let mut table = Table::new(["key", "name", "scopes", "made", "by", "last used", "ends"]);
    for key in keys {
        table.add([
            shown(&key),
            key.name.clone(),
            key.scopes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            moment(key.created_at),
            key.made_by.name.clone().unwrap_or_else(|| "(somebody who left)".to_owned()),
            key.last_used_at.map_or_else(|| "never".to_owned(), moment),
            end(&key, op.now),
        ]);
    }
    table.print();
    Ok(())
}

async fn rotate(world: &World, org: &str, key: &str, overlap: Duration) -> Result<()> {
    let op = world.op(world.company(org).await?);
    let tx = world.begin(&op).await?;
    let old = api_keys::find_by_text(&tx, op.scope, key).await?;
    let (old, minted) = api_keys::rotate(&tx, &op, old.id, overlap).await?;
    tx.commit().await?;
    println!("{}", minted.text.expose_secret());
    // For whoever looks, and not for the script that catches the key.
    let told = format!("{} ({}): {}.", shown(&old), old.name, end(&old, op.now));
    Ok(writeln!(std::io::stderr(), "The old key {told}")?)
}

async fn revoke(world: &World, org: &str, key: &str) -> Result<()> {
    let op = world.op(world.company(org).await?);
    let tx = world.begin(&op).await?;
    let key = api_keys::find_by_text(&tx, op.scope, key).await?;
    let at = api_keys::revoke(&tx, &op, key.id).await?;
    tx.commit().await?;
    let name = format!("The key {} ({})", shown(&key), key.name);
    if key.revoked_at.is_some() {
        println!("{name} was revoked already, {}.", moment(at));
    } else {
        println!("{name} is revoked. It opens nothing any more.");
    }
    Ok(())
}

/// As somebody who holds it can recognise it.
fn shown(key: &KeptKey) -> String {
    format!("{}…{}", key.prefix.as_deref().unwrap_or_default(), key.last_four)
}

fn end(key: &KeptKey, now: OffsetDateTime) -> String {
    match (key.revoked_at, key.expires_at) {
        (Some(at), _) => format!("revoked {}", moment(at)),
        (None, Some(at)) if at <= now => format!("ended {}", moment(at)),
        (None, Some(at)) => format!("ends {}", moment(at)),
        (None, None) => "does not end".to_owned(),
    }
}

fn json_of(key: &KeptKey) -> Value {
    let moment = |at: OffsetDateTime| at.format(&Rfc3339).unwrap_or_default();
    let optional = |at: Option<OffsetDateTime>| at.map(moment);
    json!({
        "id": key.id, "name": key.name, "prefix": key.prefix, "lastFour": key.last_four, "scopes": key.scopes,
        "createdAt": moment(key.created_at), "createdBy": { "id": key.made_by.user, "name": key.made_by.name },
        "lastUsedAt": optional(key.last_used_at), "expiresAt": optional(key.expires_at),
        "revokedAt": optional(key.revoked_at), "rotatedTo": key.rotated_to,
    })
}

/// Whole seconds.
fn length(text: &str) -> Result<Duration> {
    let text = if text == "0" { "0s" } else { text };
    let length = humantime::parse_duration(text).context("this is no length of time such as 1h, 12h or 90d")?;
    if length.subsec_nanos() != 0 {
        bail!("this is no whole number of seconds");
    }
    i64::try_from(length.as_secs()).map(Duration::seconds).context("this is too long")
}
