//! `seed org policy`: how long a company's sign-ins last.

use std::time::Duration;

use anyhow::{Context, Result};
use api::domain::orgs::{self, Policy};
use api::domain::revocation::{self, Door};
use clap::{ArgAction, Args};

use crate::world::World;

/// What is given is changed, the rest stays.
#[derive(Args)]
pub struct ChangePolicy {
    /// The company's domain.
    org: String,
    /// End sign-ins that were not used for so long, as 30m or 1h.
    #[arg(long, value_parser = seconds)]
    idle: Option<i32>,
    /// End sign-ins that are so old, however much they are used.
    #[arg(long, value_parser = seconds)]
    absolute: Option<i32>,
    /// For privileged acts, people must have proved who they are within so long.
    #[arg(long, value_parser = seconds)]
    privileged_age: Option<i32>,
    /// Whether signing out here always ends the session at the company's provider too.
    #[arg(long, action = ArgAction::Set)]
    end_provider_session: Option<bool>,
}

/// Changes the policy where something is given, and shows it.
pub async fn change(world: &World, change: ChangePolicy) -> Result<()> {
    let op = world.op(world.company(&change.org).await?);
    let tx = world.begin(&op).await?;
    let before = orgs::policy(&tx, op.scope).await?;
    let wanted = Policy {
        idle_timeout: change.idle.unwrap_or(before.idle_timeout),
        absolute_lifetime: change.absolute.unwrap_or(before.absolute_lifetime),
        privileged_auth_age: change.privileged_age.unwrap_or(before.privileged_auth_age),
        ends_provider_session: change.end_provider_session.unwrap_or(before.ends_provider_session),
    };
    if wanted != before {
        let wanted = wanted.checked()?;
        let receipt = revocation::change_policy(&tx, &op, wanted, Door::Operator).await?;
        tx.commit().await?;
        println!("Changed. Sign-ins that ended at once by it: {}.", receipt.sign_ins);
    }
    println!("A sign-in ends when it is not used for {}.", in_words(wanted.idle_timeout));
    println!("It ends after {}, however much it is used.", in_words(wanted.absolute_lifetime));
    println!("For privileged acts one must have proved who one is within {}.", in_words(wanted.privileged_auth_age));
    let too = if wanted.ends_provider_session { "always ends" } else { "may leave" };
    println!("Signing out here {too} the session at the company's provider.");
    Ok(())
}

fn in_words(seconds: i32) -> String {
    humantime::format_duration(Duration::from_secs(seconds.unsigned_abs().into())).to_string()
}

/// Seconds, or what humantime knows.
fn seconds(text: &str) -> Result<i32> {
    let text = if text.chars().all(|c| c.is_ascii_digit()) { format!("{text}s") } else { text.to_owned() };
    let duration = humantime::parse_duration(&text).context("this is no length of time such as 30m, 12h or 7days")?;
    i32::try_from(duration.as_secs()).context("this is too long")
}
