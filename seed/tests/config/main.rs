//! `seed plan`, `apply` and `export`, run as a person runs them.

#[path = "../common/mod.rs"]
mod common;
mod drift;
mod effects;
mod interrupted;
mod plans;
mod random;
mod world;
mod wrong;
