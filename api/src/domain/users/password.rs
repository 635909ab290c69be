//! Hashing and checking passwords: Argon2id, off the async threads, two at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::kernel::{Chance, Error, Result};

/// Each check takes 19 MiB and a core for a while, so a burst of sign-ins must not take the machine.
const AT_ONCE: usize = 2;
/// More than this many waiting are turned away, rather than kept until their clients have given up.
const WAITING: usize = 64;

/// What a stranger's password is checked against, so that the answer takes as long as for somebody we know.
static STRANGER: LazyLock<Option<String>> =
    LazyLock::new(|| Argon2::default().hash_password_with_salt(b"nobody", &[0; 16]).ok().map(|hash| hash.to_string()));

/// The one place passwords are hashed and checked. Clones share their limit.
#[derive(Clone, Debug)]
pub struct Passwords {
    cores: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    chance: Chance,
}

impl Passwords {
    /// `chance` gives the salts.
    pub fn new(chance: Chance) -> Self {
        Self { cores: Arc::new(Semaphore::new(AT_ONCE)), waiting: Arc::default(), chance }
    }

    /// A password's hash as a PHC string: Argon2id, version 19, with the crate's default cost.
    ///
    /// # Errors
    /// Too many, when many others are waiting.
    pub async fn hash(&self, password: SecretString) -> Result<SecretString> {
        let salt: [u8; 16] = self.chance.bytes();
        self.on_a_core(move || {
            Argon2::default()
                .hash_password_with_salt(password.expose_secret().as_bytes(), &salt)
                .map(|hash| SecretString::from(hash.to_string()))
                .map_err(|e| Error::internal(e.to_string()))
        })
        .await?
    }

    /// Whether `password` is the one behind `hash`. Without a hash the answer is no, and takes as long.
    ///
    /// # Errors
    /// Too many, when many others are waiting.
    pub async fn verify(&self, hash: Option<SecretString>, password: SecretString) -> Result<bool> {
        self.on_a_core(move || {
            let matches = PasswordHash::new(hash_to_check(hash.as_ref())).is_ok_and(|hash| {
                Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash).is_ok()
            });
            hash.is_some() && matches
        })
        .await
    }

    async fn on_a_core<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let permit = self.permit().await?;
        // The permit goes along: when the client leaves, the work goes on and still counts.
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        })
        .await
        .map_err(Error::internal)
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit> {
        let place = Place::take(&self.waiting).ok_or_else(Error::too_many)?;
        let permit = Arc::clone(&self.cores).acquire_owned().await.map_err(Error::internal);
        drop(place);
        permit
    }
}

fn hash_to_check(hash: Option<&SecretString>) -> &str {
    hash.map(ExposeSecret::expose_secret).or(STRANGER.as_deref()).unwrap_or_default()
}

/// A place in the queue, given back also when the client leaves.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Option<Self> {
        let place = Self(waiting);
        (waiting.fetch_add(1, Ordering::Relaxed) < WAITING).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let passwords = Passwords::new(Chance::os());
        let hash = passwords.hash("Zion".into()).await.expect("a hash");
        assert!(hash.expose_secret().starts_with("$argon2id$v=19$"));
        assert!(passwords.verify(Some(hash.clone()), "Zion".into()).await.expect("an answer"));
        assert!(!passwords.verify(Some(hash), "zion".into()).await.expect("an answer"));
        assert!(!passwords.verify(None, "nobody".into()).await.expect("an answer"));
    }

    /// The cost of a check stands in the hash.
    #[tokio::test]
    async fn a_stranger_costs_as_much_as_somebody_we_know() {
        let cost =
            |hash: &str| PasswordHash::new(hash).map(|hash| (hash.algorithm, hash.version, hash.params.to_string()));
        let known = Passwords::new(Chance::os()).hash("Zion".into()).await.expect("a hash");
        assert_eq!(cost(hash_to_check(None)).expect("a hash"), cost(known.expose_secret()).expect("a hash"));
    }

    #[tokio::test]
    async fn two_at_once_a_bounded_queue_and_the_rest_turned_away() {
        let passwords = Passwords::new(Chance::os());
        let held: Vec<_> = [passwords.permit().await, passwords.permit().await].into_iter().collect();
        assert_eq!(passwords.cores.available_permits(), 0);
        let queue: Vec<_> = (0..WAITING)
            .map(|_| {
                let passwords = passwords.clone();
                tokio::spawn(async move { passwords.permit().await.map(drop) })
            })
            .collect();
        while passwords.waiting.load(Ordering::Relaxed) < WAITING {
            tokio::task::yield_now().await;
        }
        let refused = passwords.permit().await.expect_err("the queue is full");
        assert_eq!(refused.code(), "too_many_requests");
        drop(held);
        for waiter in queue {
            waiter.await.expect("joined").expect("admitted");
        }
        assert_eq!(passwords.waiting.load(Ordering::Relaxed), 0);
    }
}
