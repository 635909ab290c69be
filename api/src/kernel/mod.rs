//! What everything else is made of: ids, time, chance, errors, e-mail addresses, and who is asking.
//!
//! Nothing here does I/O or knows HTTP. The rule it guards: time and chance are arguments, so only this room may ask
//! the system for either (`clippy.toml` bans it elsewhere).

pub mod chance;
pub mod clock;
pub mod email;
pub mod error;
pub mod id;
pub mod op;
pub mod page;
pub mod sealer;

pub use chance::Chance;
pub use clock::{Clock, Wait};
pub use email::{Domain, Email};
pub use error::{Error, Field, Kind, Result};
pub use id::{
    ApiKeyId, AuditEventId, EntitlementId, GroupId, OrgId, RequestId, SignInId, SsoConnectionId, TodoId, UserId,
};
pub use op::{Actor, Client, Op, OrgScope, Role};
pub use page::{Part, PartOf, Place};
pub use sealer::Sealer;
