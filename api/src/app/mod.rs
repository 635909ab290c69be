//! Puts the house together: the same for `main` and for the tests. It knows every room and decides nothing.

mod layers;
pub mod listener;
pub mod report;
mod router;
pub mod serve;
mod session_store;
pub mod start;
pub mod sweep;

pub use layers::with_session;
pub use router::{build, document};
