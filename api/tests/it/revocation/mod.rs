//! Forced sign-out: the doors, each lock alone, and the races.

mod doors;
mod global_token_revocation;
mod locks;
mod once;
mod races;
mod scale;
mod stress;
pub mod tokens;
mod variants;
