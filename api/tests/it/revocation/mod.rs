//! Forced sign-out: the door, each lock alone, and the races.

mod global_token_revocation;
mod locks;
mod races;
mod scale;
mod stress;
