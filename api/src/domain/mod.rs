//! What is true, and what may be done about it. Rooms decide and write inside a transaction that the door opened.
//!
//! Each room is a `mod.rs` of rules and a `store.rs`, the only file that speaks SQL. They see each other in one
//! direction only, from right to left of `audit · orgs · users · groups · roles · todos · api_keys · sessions ·
//! revocation · lifecycle · (sso, scim)`.

pub mod api_keys;
pub mod audit;
pub mod groups;
pub mod lifecycle;
pub mod orgs;
pub mod revocation;
pub mod roles;
pub mod scim;
pub mod sessions;
pub mod sso;
pub mod todos;
pub mod users;

/// A transaction in which one org's rows are visible. The door opens and commits it, rooms never do.
pub type Tx = sea_orm::DatabaseTransaction;
