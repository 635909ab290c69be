//! How a key looks: `cfw_<id>_<secret><checksum>`.
//!
//! The prefix lets scanners find leaked keys, the id finds the row, and the checksum tells a mistyped key from a wrong
//! one without asking the database. Everything is base 62, so that a double click selects a part whole.

use secrecy::{ExposeSecret, SecretString};

use crate::kernel::{ApiKeyId, Chance};

pub(super) const PREFIX: &str = "cfw_";
/// 128 bits in base 62.
const WORD: usize = 22;
/// So much of the id is shown of a key that must be told from others. The first letters of keys that were made within a
/// day are the same.
const VISIBLE: usize = 8;
/// 32 bits in base 62.
const CHECKSUM: usize = 6;

/// A key in the clear.
#[derive(Debug)]
pub struct PlainKey(SecretString);

impl PlainKey {
    /// A new key with 256 bits of chance in it.
    pub(super) fn new(id: ApiKeyId, chance: &Chance) -> Self {
        let secret = [u128::from_be_bytes(chance.bytes()), u128::from_be_bytes(chance.bytes())];
        let body = format!("{}_{}{}", start(id), word(secret[0]), word(secret[1]));
        Self(format!("{body}{}", checksum(&body)).into())
    }

    /// The id that `text` names, when it has the form of a key.
    pub fn id_of(text: &str) -> Option<ApiKeyId> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let (body, sum) = text.split_at_checked(text.len().checked_sub(CHECKSUM)?)?;
        if id.len() != WORD || secret.len() != 2 * WORD + CHECKSUM || sum != checksum(body) {
            return None;
        }
        base62::decode(id).ok().map(|id| ApiKeyId::from(uuid::Uuid::from_u128(id)))
    }

    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    pub(super) fn last_four(&self) -> &str {
        let text = self.expose();
        &text[text.len() - 4..]
    }

    pub(super) fn into_secret(self) -> SecretString {
        self.0
    }
}

/// Everything of a key before its secret.
pub(super) fn start(id: ApiKeyId) -> String {
    format!("{PREFIX}{}", word(id.uuid().as_u128()))
}

/// How a list shows that a key begins.
pub(super) fn visible_start(id: ApiKeyId) -> String {
    start(id)[..PREFIX.len() + VISIBLE].to_owned()
}

fn word(number: u128) -> String {
    format!("{:0>WORD$}", base62::encode(number))
}

fn checksum(body: &str) -> String {
    format!("{:0>CHECKSUM$}", base62::encode(crc32fast::hash(body.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::OffsetDateTime;

    #[test]
    fn a_key_names_its_id_and_notices_a_slip() {
        let chance = Chance::os();
        let id = ApiKeyId::new(OffsetDateTime::UNIX_EPOCH, &chance);
        let key = PlainKey::new(id, &chance);
        let text = key.expose();
        assert_eq!(text.len(), 4 + WORD + 1 + 2 * WORD + CHECKSUM);
        assert_eq!(PlainKey::id_of(text), Some(id));
        assert!(!format!("{key:?}").contains(text));
        for (at, letter) in text.char_indices().skip(PREFIX.len()) {
            let other = if letter == 'x' { 'y' } else { 'x' };
            let slip = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            assert_eq!(PlainKey::id_of(&slip), None, "{slip}");
        }
    }

    #[test]
    fn anything_else_is_no_key() {
        for text in
            ["", "131313", "cfw_", "cfw__", "cfw_é_", "Bearer", &"x".repeat(4000), "cfw_0000000000000000000000_é"]
        {
            assert_eq!(PlainKey::id_of(text), None, "{text}");
        }
    }
}
