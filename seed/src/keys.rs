//! Making API keys.

use anyhow::Result;
use api::domain::api_keys::{self, Scope};
use secrecy::ExposeSecret;

use crate::world::World;

/// `seed key mint`. The key goes to standard output alone, so that a script can catch it.
pub async fn mint(world: &World, org: &str, scopes: &[Scope], name: &str) -> Result<()> {
    let op = world.op(world.company(org).await?);
    let tx = world.begin(&op).await?;
    let key = api_keys::mint(&tx, &op, name, scopes).await?;
    tx.commit().await?;
    println!("{}", key.expose_secret());
    Ok(())
}
