//! Where random bytes come from.

use std::fmt;
use std::sync::Arc;

/// A source of random bytes. Production uses the operating system's; a test may hand in its own.
#[derive(Clone)]
pub struct Chance(Arc<Fill>);

type Fill = dyn Fn(&mut [u8]) + Send + Sync;

impl Chance {
    /// The operating system's generator.
    ///
    /// # Panics
    /// When the operating system has no randomness to give. Nothing safe can be done without it.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system for chance")]
    pub fn os() -> Self {
        Self::new(|bytes| getrandom::fill(bytes).expect("the operating system gives random bytes"))
    }

    /// A source of one's own: `fill` writes every byte of the slice it is given.
    pub fn new(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.0)(&mut bytes);
        bytes
    }
}

impl fmt::Debug for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chance")
    }
}
