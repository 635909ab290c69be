//! Parts of long lists on the wire: how many things, and a cursor for where to go on.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use time::OffsetDateTime;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::kernel::{Error, PartOf, Place};

/// The largest part of a list that is given at once, and what is given unless asked otherwise.
const LIMIT_MAX: u64 = 200;
const LIMIT: u64 = 100;
/// The list, the moment, the id and the checksum of a cursor, in bytes.
const CURSOR: usize = 1 + 8 + 16 + 4;

/// How many things are asked for.
///
/// # Errors
/// Invalid, when it is too many or none.
pub fn limit(asked: Option<u64>) -> Result<u64, Error> {
    let limit = asked.unwrap_or(LIMIT);
    if (1..=LIMIT_MAX).contains(&limit) {
        return Ok(limit);
    }
    Err(Error::invalid(format!("The limit must be 1 to {LIMIT_MAX}.")))
}

/// Which part of a list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PartParams {
    /// The `next` of the part before; the first part without one.
    cursor: Option<String>,
    /// At most so many; 100 unless given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

impl PartParams {
    /// The part of `list` that is asked for.
    ///
    /// # Errors
    /// Invalid, when the limit is out of bounds or the cursor is none of that list's.
    pub fn checked(&self, list: List) -> Result<PartOf, Error> {
        let place = |cursor: &String| list.place(cursor).ok_or_else(damaged);
        Ok(PartOf { after: self.cursor.as_ref().map(place).transpose()?, limit: limit(self.limit)? })
    }
}

fn damaged() -> Error {
    Error::invalid("The cursor is damaged, or another list's. Take the \"next\" of the part before, as it is.")
}

/// A list that is given in parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// An org's todos.
    Todos = 1,
    /// An org's people.
    Users = 2,
}

impl List {
    /// Where to go on, for the wire: it means something to us alone. It is no secret, and opens nothing.
    pub fn cursor(self, Place { at, id }: Place) -> String {
        let micros = i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX);
        let mut bytes = vec![self as u8];
        bytes.extend(micros.to_be_bytes());
        bytes.extend(id.as_bytes());
        bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Where a cursor of this list says to go on, unless it is damaged.
    fn place(self, cursor: &str) -> Option<Place> {
        let bytes: [u8; CURSOR] = URL_SAFE_NO_PAD.decode(cursor).ok()?.try_into().ok()?;
        let (body, checksum) = bytes.split_last_chunk()?;
        let (list, body) = body.split_first()?;
        let (micros, id) = body.split_first_chunk()?;
        if *list != self as u8 || crc32fast::hash(&bytes[..CURSOR - 4]) != u32::from_be_bytes(*checksum) {
            return None;
        }
        let nanos = i128::from(i64::from_be_bytes(*micros)) * 1_000;
        let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?;
        // Nothing of ours is as old as what PostgreSQL has no moment for.
        (at >= OffsetDateTime::UNIX_EPOCH).then_some(Place { at, id: Uuid::from_slice(id).ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const PLACE: Place = Place { at: datetime!(2026-11-20 09:00:00.123456 UTC), id: Uuid::from_u128(7) };

    #[test]
    fn a_cursor_leads_back_to_its_place_in_its_own_list() {
        let cursor = List::Todos.cursor(PLACE);
        assert!(cursor.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)), "{cursor}");
        assert_eq!(List::Todos.place(&cursor), Some(PLACE));
        assert_eq!(List::Users.place(&cursor), None);
    }

    #[test]
    fn a_slip_anywhere_is_noticed() {
        let cursor = List::Todos.cursor(PLACE);
        for (at, letter) in cursor.char_indices() {
            for other in ['A', 'x', '='] {
                let slip = format!("{}{other}{}", &cursor[..at], &cursor[at + 1..]);
                assert_eq!(List::Todos.place(&slip), (letter == other).then_some(PLACE), "{slip}");
            }
        }
        for text in ["", "next", &cursor[1..], &format!("{cursor}A"), &format!("{cursor}="), " "] {
            assert_eq!(List::Todos.place(text), None, "{text}");
        }
        let before = Place { at: datetime!(-9999-01-01 0:00 UTC), ..PLACE };
        assert_eq!(List::Todos.place(&List::Todos.cursor(before)), None, "PostgreSQL has no such moment");
        let last = Place { at: datetime!(9999-12-31 23:59:59.999999 UTC), ..PLACE };
        assert_eq!(List::Todos.place(&List::Todos.cursor(last)), Some(last));
    }
}
