//! The tables' shapes, one file each, and no behaviour. The rules behind them stand in the migrations.

pub mod api_key;
pub mod audit_event;
pub mod entitlement;
pub mod group;
pub mod login_attempt;
pub mod org;
pub mod org_domain;
pub mod sign_in;
pub mod sso_connection;
pub mod todo;
pub mod user;
