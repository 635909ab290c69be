//! What the wire says: who is asking, what they sent, and what they get back. Nothing is decided here.
//!
//! A handler extracts, begins, makes one call into the domain, commits and replies. Its signature is its authorisation:
//! see [`access`].

pub mod access;
pub mod account;
pub mod client;
pub mod cookies;
pub mod demand;
pub mod etag;
pub mod health;
pub mod idempotency;
pub mod input;
pub mod leaving;
pub mod live;
pub mod login;
pub mod logout;
pub mod openapi;
pub mod openid;
pub mod org_keys;
pub mod org_policy;
pub mod org_roles;
pub mod org_sessions;
pub mod org_todos;
pub mod org_users;
pub mod pages;
pub mod parts;
pub mod problem;
pub mod problem_page;
pub mod revocation;
pub mod same_origin;
pub mod scim;
pub mod sessions;
pub mod todos;
