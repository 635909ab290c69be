//! x

use super::Step;

/// The part's checks.
pub const STEPS: &[Step] = &[];
