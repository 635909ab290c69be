//! Curfew: a multi-tenant SaaS backend whose customers can sign their people out, everywhere, at once.
//!
//! One sentence: a door turns a protocol into an order, a room decides and writes inside one transaction, and the audit
//! log remembers who asked. Imports point down only:
//!
//! ```text
//! app      build · router · layers · serve · sweep      knows everything, decides nothing
//! http     who is asking → what they sent → begin → one domain call → commit → reply
//! state    what a handler may ask for, and the way into a tenant
//! oidc     companies' OpenID providers, over the network
//! domain   audit orgs users groups roles todos api_keys sessions revocation lifecycle sso scim      decides and writes;
//!          only store.rs speaks SQL
//! entity   the tables' shapes
//! config   everything that can be set from outside
//! kernel   ids · time · chance · errors · who is asking      no I/O
//! ```
//!
//! Start at [`app`], whose router is the table of contents of the API, and follow `POST /global-token-revocation`: from
//! `http::revocation`, whose signature says who may call it, to [`domain::revocation::revoke`], the one way a sign-in
//! ends. `docs/ARCHITECTURE.md` is the map; `tests/it/architecture.rs` keeps the walls.

pub mod app;
pub mod config;
pub mod domain;
pub mod entity;
pub mod http;
pub mod kernel;
pub mod oidc;
pub mod state;
