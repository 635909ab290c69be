//! The workshop: its pages, the world that each of its parts begins with, and going through it.

mod page;
mod walk;
mod worlds;

use anyhow::Result;
use clap::ValueEnum;

use crate::world::World;

#[cfg(test)]
pub use page::Page;
pub use walk::walk;
pub use worlds::{clear, is_begun};

/// A part of the workshop, in the order of the series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Bobby and Trinity, with passwords and without a company.
    Start,
    /// The same two, before White Rabbit signs its people in.
    Oidc,
    /// Portal, with two people and the key 131313 for its directory.
    Scim,
    /// Nothing of the company that is to be described in a file.
    Configuration,
    /// Matrix, with two people and the key 131313 for its reports.
    Workflows,
    /// White Rabbit with its provider and the key 131313 for signing people out; Trinity has not moved into it.
    UniversalLogout,
    /// The same, and Trinity has.
    FromTheProvider,
    /// Gridco, with its roles, two people and the key 123123 for its directory.
    Entitlements,
}

impl Part {
    /// Its page's name, below docs/workshop/.
    pub fn file(self) -> &'static str {
        match self {
            Self::Start => "1-start.md",
            Self::Oidc => "2-oidc.md",
            Self::Scim => "3-scim.md",
            Self::Configuration => "4-configuration.md",
            Self::Workflows => "5-workflows.md",
            Self::UniversalLogout => "6-universal-logout.md",
            Self::FromTheProvider => "6b-from-the-provider.md",
            Self::Entitlements => "7-entitlements.md",
        }
    }

    /// Its page, as it was when this program was built.
    pub fn text(self) -> &'static str {
        match self {
            Self::Start => include_str!("../../../docs/workshop/1-start.md"),
            Self::Oidc => include_str!("../../../docs/workshop/2-oidc.md"),
            Self::Scim => include_str!("../../../docs/workshop/3-scim.md"),
            Self::Configuration => include_str!("../../../docs/workshop/4-configuration.md"),
            Self::Workflows => include_str!("../../../docs/workshop/5-workflows.md"),
            Self::UniversalLogout => include_str!("../../../docs/workshop/6-universal-logout.md"),
            Self::FromTheProvider => include_str!("../../../docs/workshop/6b-from-the-provider.md"),
            Self::Entitlements => include_str!("../../../docs/workshop/7-entitlements.md"),
        }
    }
}

/// `seed workshop`: the world that a part begins with, whatever was there of the workshop's before.
pub async fn begin(world: &World, part: Part) -> Result<()> {
    worlds::clear(world).await?;
    worlds::make(world, part).await?;
    println!("Ready for docs/workshop/{}.", part.file());
    Ok(())
}
