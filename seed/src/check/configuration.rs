//! Part 4: configuration as code.

use std::os::unix::fs::PermissionsExt;

use api::domain::api_keys::{self, KeptKey};
use api::domain::orgs::Policy;
use api::domain::{orgs, roles, sso};
use api::kernel::{Op, OrgId};
use reqwest::Method;

use super::look::{answers, so};
use super::{Found, Look, Step, Wrong, steps};
use crate::config;
use crate::world::parse_domain;

/// The part's checks.
pub const STEPS: &[Step] = steps![
    "4.1–4.3" => exported,
    "4.4" => first_company,
    "4.5" => role_and_key,
    "4.6" => nothing_from_wrong_files,
    "4.7" => provider,
    "4.8" => secret,
    "4.9" => other_spelling,
    "4.10" => brought_in,
    "4.11" => drift,
    "4.12" => destroyed,
];

const GARDEN: &str = "garden.example";
const FILE: &str = ".curfew/workshop/garden.toml";
const KEY_FILE: &str = ".curfew/workshop/garden.key";

async fn exported(look: &Look<'_>) -> Found {
    let file = ".curfew/workshop/before.toml";
    let text = read(file, "do the commands above once more.")?;
    so(text.starts_with("# Companies"), format!("{file} is no export."), "`seed export` makes one.")?;
    let there = orgs::find_by_domain(&look.world.db, &parse_domain(GARDEN)?).await?;
    so(there.is_none(), "The garden is there already.", "`seed workshop configuration` begins anew.")?;
    Ok("The database can be described, and has no garden yet.".to_owned())
}

async fn first_company(look: &Look<'_>) -> Found {
    let garden = look.company(GARDEN).await.map_err(apply_it)?;
    let policy = policy(look, garden).await?;
    let so_long = policy.idle_timeout == 15 * 60 && policy.absolute_lifetime == 8 * 3600;
    so(so_long, "The garden's policy is not the file's.", format!("`seed apply {FILE}`."))?;
    Ok("The garden is there, and its sessions last 15 minutes unused and 8 hours in all.".to_owned())
}

async fn role_and_key(look: &Look<'_>) -> Found {
    let garden = look.company(GARDEN).await.map_err(apply_it)?;
    let op = look.op(garden);
    let roles = roles::list(&look.world.begin(&op).await?, op.scope, None).await?;
    let names: Vec<_> = roles.iter().map(|role| role.name.as_str()).collect();
    let mend = format!("write {FILE} as above, and `seed apply {FILE}`.");
    so(names == ["Gardener", "Owner"], format!("The garden can give {}.", names.join(", ")), &mend)?;
    let metadata = std::fs::metadata(KEY_FILE)
        .map_err(|_| Wrong::new(format!("There is no {KEY_FILE}."), "revoke the garden's key, and apply once more."))?;
    let mode = metadata.permissions().mode() & 0o777;
    so(mode == 0o600, format!("{KEY_FILE} has the mode {mode:o}."), format!("`chmod 600 {KEY_FILE}`."))?;
    let text = read(KEY_FILE, &mend)?;
    let reply = look.call(Method::GET, "/api/org/todos", Some(text.trim()), None).await?;
    answers(&reply, 200, "revoke the garden's key with `seed key revoke`, and apply once more.")?;
    Ok(format!("The garden can give {}, and the key in {KEY_FILE} opens its todos.", names.join(" and ")))
}

async fn nothing_from_wrong_files(look: &Look<'_>) -> Found {
    let garden = look.company(GARDEN).await.map_err(apply_it)?;
    let op = look.op(garden);
    let connections = sso::list_connections(&look.world.begin(&op).await?, op.scope).await?;
    let mend = "`seed org unset-oidc garden.example`, and look whether you have applied a wrong file.";
    so(connections.is_empty(), "The garden has a provider already.", mend)?;
    Ok("Of what was wrong, nothing came into the database.".to_owned())
}

async fn provider(look: &Look<'_>) -> Found {
    let connection = connection(look).await?;
    Ok(format!("The people of birds.example sign in at {}.", connection.issuer))
}

async fn secret(look: &Look<'_>) -> Found {
    let kept = sso::credential(&connection(look).await?, &look.world.sealer()?)?;
    for file in [FILE, ".curfew/workshop/applied.txt"] {
        let text = read(file, "do the commands of 4.7 once more.")?;
        let hidden = !text.contains(secrecy::ExposeSecret::expose_secret(&kept));
        so(hidden, format!("The client secret stands in {file}."), "take it out: it belongs into the environment.")?;
    }
    Ok("The secret is in the database, encrypted, and in no file.".to_owned())
}

async fn other_spelling(look: &Look<'_>) -> Found {
    as_the_file(look, ".curfew/workshop/another-name.toml").await?;
    Ok("Another name and another spelling change nothing.".to_owned())
}

async fn brought_in(look: &Look<'_>) -> Found {
    as_the_file(look, ".curfew/workshop/exported.toml").await?;
    Ok("The export says what is.".to_owned())
}

async fn drift(look: &Look<'_>) -> Found {
    as_the_file(look, FILE).await?;
    let garden = look.company(GARDEN).await.map_err(apply_it)?;
    let op = look.op(garden);
    let keys = api_keys::list(&look.world.begin(&op).await?, op.scope).await?;
    let (over, counting): (Vec<&KeptKey>, Vec<_>) = keys.iter().partition(|key| key.is_over(op.now));
    let mend = "do the commands above: by hand first, and then by `seed apply`.";
    so(!over.is_empty() && counting.len() == 1, "No key of the garden's was revoked and made anew.", mend)?;
    Ok("What was changed by hand is as the file says again; the key is another one.".to_owned())
}

async fn destroyed(look: &Look<'_>) -> Found {
    let there = orgs::find_by_domain(&look.world.db, &parse_domain(GARDEN)?).await?;
    so(there.is_none(), "The garden is still there.", "`seed org erase garden.example --confirm garden.example`.")?;
    Ok("The garden is gone, with all that was its.".to_owned())
}

async fn policy(look: &Look<'_>, org: OrgId) -> Result<Policy, Wrong> {
    let op: Op = look.op(org);
    Ok(orgs::policy(&look.world.begin(&op).await?, op.scope).await?)
}

async fn connection(look: &Look<'_>) -> Result<sso::Connection, Wrong> {
    let op = look.op(look.company(GARDEN).await.map_err(apply_it)?);
    let mut all = sso::list_connections(&look.world.begin(&op).await?, op.scope).await?;
    all.retain(|connection| connection.domain.as_deref() == Some("birds.example"));
    all.pop().ok_or_else(|| apply_it(Wrong::new("The people of birds.example have no provider.", "")))
}

/// There must be nothing to do.
async fn as_the_file(look: &Look<'_>, file: &str) -> Result<(), Wrong> {
    let many = config::count_changes(look.world, file).await.map_err(|error| {
        Wrong::new(format!("{error:#}."), format!("`seed plan {file}` in the terminal in which the variables are set."))
    })?;
    so(
        many == 0,
        format!("The database differs from {file} in {many} things."),
        format!("`seed plan {file}` says in which; `seed apply {FILE}` takes them back."),
    )
}

fn read(file: &str, mend: &str) -> Result<String, Wrong> {
    std::fs::read_to_string(file).map_err(|_| Wrong::new(format!("There is no {file} here."), mend))
}

/// The same, mended by the file and not by hand.
fn apply_it(wrong: Wrong) -> Wrong {
    wrong.mended(format!("`seed apply {FILE}`."))
}
