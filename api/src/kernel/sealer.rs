//! Secrets that must be read again, as a company's OIDC client secret, encrypted for the database.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::{Chance, Error, Result};

/// The first byte of everything sealed. Another layout or cipher takes another number.
const VERSION: u8 = 1;
const KEY_ID: usize = 4;
/// Long enough to be drawn at random for ever (draft-irtf-cfrg-xchacha §2).
const NONCE: usize = 24;

/// Encrypts and decrypts with XChaCha20-Poly1305. What is sealed: version, key id, nonce, ciphertext and tag.
#[derive(Clone)]
pub struct Sealer(Arc<Vec<Key>>);

struct Key {
    id: [u8; KEY_ID],
    cipher: XChaCha20Poly1305,
    derivation: Hkdf<Sha256>,
}

impl Sealer {
    /// Reads keys of 32 bytes in base64, separated by commas. The first seals; all open, so that one can be replaced.
    pub fn parse(text: &str) -> Option<Self> {
        let keys = text.split(',').map(|key| Key::parse(key.trim())).collect::<Option<Vec<_>>>()?;
        Some(Self(Arc::new(keys)))
    }

    /// Encrypts `plain` for one `place`, as `table/row/column`. It opens at no other.
    ///
    /// # Errors
    /// Internal, when the text is longer than the cipher allows.
    pub fn seal(&self, chance: &Chance, place: &str, plain: &SecretString) -> Result<Vec<u8>> {
        let key = self.0.first().ok_or_else(|| Error::internal("no key to seal with"))?;
        let nonce: [u8; NONCE] = chance.bytes();
        let payload = Payload { msg: plain.expose_secret().as_bytes(), aad: place.as_bytes() };
        let sealed = key.cipher.encrypt(XNonce::from_slice(&nonce), payload);
        let sealed = sealed.map_err(|_| Error::internal("cannot be sealed"))?;
        Ok([&[VERSION][..], &key.id, &nonce, &sealed].concat())
    }

    /// 32 bytes for one `purpose` (RFC 5869), the same as long as the first key is. They tell nothing of it, nor of those
    /// for another purpose.
    ///
    /// # Panics
    /// Never: there is a first key, and 32 bytes are not too many to derive.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut derived = [0; 32];
        let first = self.0.first().expect("a sealer has a key");
        first.derivation.expand(purpose.as_bytes(), &mut derived).expect("32 bytes are fewer than 255 hashes");
        derived
    }

    /// Decrypts what was sealed for `place`.
    ///
    /// # Errors
    /// Internal, when it was sealed for another place, with a key we do not have, or has been changed.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<SecretString> {
        let unreadable = |what: &str| Error::internal(format!("{place} cannot be decrypted: {what}"));
        let (version, rest) = sealed.split_first().ok_or_else(|| unreadable("it is empty"))?;
        if *version != VERSION || rest.len() < KEY_ID + NONCE {
            return Err(unreadable("it has another layout"));
        }
        let (id, rest) = rest.split_at(KEY_ID);
        let (nonce, ciphertext) = rest.split_at(NONCE);
        let key = self.0.iter().find(|key| key.id == id);
        let key = key.ok_or_else(|| unreadable("CURFEW_SECRETS_KEY does not have the key it was encrypted with"))?;
        let payload = Payload { msg: ciphertext, aad: place.as_bytes() };
        let plain = key.cipher.decrypt(XNonce::from_slice(nonce), payload);
        let plain = plain.map_err(|_| unreadable("it was changed, or belongs to another row"))?;
        String::from_utf8(plain).map(SecretString::from).map_err(|_| unreadable("it is no text"))
    }
}

impl Key {
    fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 32] = STANDARD.decode(text).ok()?.try_into().ok()?;
        let digest: [u8; 32] = Sha256::digest(bytes).into();
        let mut id = [0; KEY_ID];
        id.copy_from_slice(&digest[..KEY_ID]);
        Some(Self { id, cipher: XChaCha20Poly1305::new(&bytes.into()), derivation: Hkdf::new(None, &bytes) })
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const NEW: &str = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

    #[test]
    fn what_is_sealed_opens_at_its_place_only_and_only_unchanged() {
        let sealer = Sealer::parse(OLD).expect("a key");
        let hushed = sealer.seal(&Chance::os(), "t/1/c", &"hush".into()).expect("sealed");
        assert!(!hushed.windows(4).any(|window| window == b"hush"));
        assert_eq!(sealer.open("t/1/c", &hushed).expect("opened").expose_secret(), "hush");
        assert!(sealer.open("t/2/c", &hushed).is_err());
        for at in 0..hushed.len() {
            let mut changed = hushed.clone();
            changed[at] ^= 1;
            assert!(sealer.open("t/1/c", &changed).is_err(), "byte {at}");
        }
        for end in 0..hushed.len() {
            assert!(sealer.open("t/1/c", &hushed[..end]).is_err(), "cut at {end}");
        }
        assert_ne!(hushed, sealer.seal(&Chance::os(), "t/1/c", &"hush".into()).expect("sealed"), "another nonce");
    }

    #[test]
    fn keys_are_replaced_by_putting_the_new_one_first() {
        let old = Sealer::parse(OLD).expect("a key");
        let both = Sealer::parse(&format!("{NEW}, {OLD}")).expect("two keys");
        let new = Sealer::parse(NEW).expect("a key");
        let sealed = old.seal(&Chance::os(), "p", &"hush".into()).expect("sealed");
        let again = both.open("p", &sealed).expect("the old key still opens");
        let resealed = both.seal(&Chance::os(), "p", &again).expect("sealed");
        assert!(new.open("p", &resealed).is_ok());
        assert!(new.open("p", &sealed).expect_err("not its key").to_string().contains("our side"));
    }

    #[test]
    fn what_is_derived_is_of_its_purpose_and_of_the_first_key() {
        let [old, new, both] = [OLD, NEW, &format!("{NEW},{OLD}")].map(|text| Sealer::parse(text).expect("keys"));
        assert_eq!(old.derive("a"), old.derive("a"));
        assert_ne!(old.derive("a"), old.derive("b"));
        assert_ne!(old.derive("a"), new.derive("a"));
        assert_eq!(both.derive("a"), new.derive("a"));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "short", &OLD[..20], "not base64 at all!", &format!("{OLD},")] {
            assert!(Sealer::parse(text).is_none(), "{text}");
        }
    }
}
