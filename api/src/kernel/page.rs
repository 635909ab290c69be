//! Parts of long lists.

use time::OffsetDateTime;
use uuid::Uuid;

/// A place in a list that is ordered by a moment and then by an id: right behind the thing that has both. It stays where
/// it is, whatever comes and goes around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The thing's moment.
    pub at: OffsetDateTime,
    /// Its id.
    pub id: Uuid,
}

/// Which part of such a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartOf {
    /// From there on; from the beginning unless given.
    pub after: Option<Place>,
    /// At most so many.
    pub limit: u64,
}

/// A part of it.
#[derive(Clone, Debug)]
pub struct Part<T> {
    /// In order.
    pub items: Vec<T>,
    /// Behind the last of them, when there are more.
    pub next: Option<Place>,
}

impl<T> Part<T> {
    /// Of what was found when one more than `limit` was looked for.
    pub fn of(mut found: Vec<T>, limit: u64, place: impl Fn(&T) -> Place) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().map(place).filter(|_| more);
        Self { items: found, next }
    }
}
