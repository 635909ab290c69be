//! Everything that is tested through the whole API, in one binary. Files are named after URLs where they test one.
#![expect(clippy::print_stdout, reason = "a test may say what it counted")]

mod access_matrix;
mod account;
mod architecture;
mod cookies;
mod database_away;
mod erasing;
mod leaving;
mod live;
mod logs;
mod migrations;
mod openapi;
mod openid;
mod org_api;
mod org_keys;
mod org_sessions;
mod policy;
mod program;
mod revocation;
mod same_origin;
mod scim;
mod sessions;
mod support;
mod sweep;
mod tenancy;
mod todos;
mod transport;
