//! The streams that are open at this process, each of which one tab of a browser holds to hear when its sign-in has
//! ended. What is told here is a doubt and nothing else: a stream that hears it asks the database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit, watch};

use crate::domain::revocation::Announcement;
use crate::kernel::{Error, OrgId, Result, UserId};

/// How many streams one person may have at one process: one for each browser that they use.
pub const STREAMS_PER_PERSON: usize = 16;
/// How many streams ask the database at once. Requests need its connections too.
const ASKING: usize = 4;

/// The open streams. Clones share them.
#[derive(Clone, Debug)]
pub struct Live(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    people: Mutex<HashMap<UserId, Person>>,
    /// True from when the process is about to stop.
    closing: watch::Sender<bool>,
    asking: Semaphore,
}

#[derive(Debug)]
struct Person {
    org: OrgId,
    doubt: watch::Sender<()>,
}

/// One open stream's place. Given back when dropped.
#[derive(Debug)]
pub struct Subscription {
    live: Live,
    user: UserId,
    doubt: watch::Receiver<()>,
    closing: watch::Receiver<bool>,
}

/// What a stream hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Its sign-in may have ended.
    Doubt,
    /// The process is about to stop.
    Closing,
}

impl Default for Live {
    fn default() -> Self {
        Self(Arc::new(Inner {
            people: Mutex::default(),
            closing: watch::Sender::new(false),
            asking: Semaphore::new(ASKING),
        }))
    }
}

impl Live {
    /// A place for one more stream of a person's. From now on it hears whatever is told; what was told before is to be
    /// asked for.
    ///
    /// # Errors
    /// Too many, when the person has [`STREAMS_PER_PERSON`] already.
    pub fn subscribe(&self, org: OrgId, user: UserId) -> Result<Subscription> {
        let mut people = self.people();
        let person = people.entry(user).or_insert_with(|| Person { org, doubt: watch::Sender::new(()) });
        if person.doubt.receiver_count() >= STREAMS_PER_PERSON {
            return Err(Error::too_many_streams());
        }
        let (doubt, closing) = (person.doubt.subscribe(), self.0.closing.subscribe());
        Ok(Subscription { live: self.clone(), user, doubt, closing })
    }

    /// Tells the streams that it concerns.
    pub fn tell(&self, told: Announcement) {
        let people = self.people();
        match told {
            Announcement::User(user) => people.get(&user).into_iter().for_each(Person::tell),
            Announcement::Org(org) => people.values().filter(|person| person.org == org).for_each(Person::tell),
        }
    }

    /// Tells every stream, because something may have gone unheard.
    pub fn tell_all(&self) {
        self.people().values().for_each(Person::tell);
    }

    /// Ends every stream, and from now on each as soon as it begins: they would keep the process from stopping.
    pub fn close(&self) {
        self.0.closing.send_replace(true);
    }

    /// How many streams are open.
    pub fn count(&self) -> usize {
        self.people().values().map(|person| person.doubt.receiver_count()).sum()
    }

    /// A turn at asking the database.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.0.asking.acquire().await.ok()
    }

    fn people(&self) -> MutexGuard<'_, HashMap<UserId, Person>> {
        self.0.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Person {
    fn tell(&self) {
        self.doubt.send_replace(());
    }
}

impl Subscription {
    /// Waits for the next thing to be heard. Several doubts at once are one.
    pub async fn hear(&mut self) -> Heard {
        tokio::select! {
            biased;
            () = self.closing() => Heard::Closing,
            _ = self.doubt.changed() => Heard::Doubt,
        }
    }

    /// Ends when the process is about to stop.
    pub fn closing(&self) -> impl Future<Output = ()> + use<> {
        let mut closing = self.closing.clone();
        async move { drop(closing.wait_for(|closing| *closing).await) }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut people = self.live.people();
        // This one's own receiver is still there.
        if people.get(&self.user).is_some_and(|person| person.doubt.receiver_count() <= 1) {
            people.remove(&self.user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Chance, Clock};

    fn user() -> UserId {
        UserId::new(Clock::system().now(), &Chance::os())
    }

    fn org() -> OrgId {
        OrgId::new(Clock::system().now(), &Chance::os())
    }

    fn heard(stream: &mut Subscription) -> bool {
        let heard = stream.doubt.has_changed().expect("its sender lives");
        stream.doubt.mark_unchanged();
        heard
    }

    #[test]
    fn a_stream_hears_what_concerns_it_and_nothing_else() {
        let (live, ours, theirs, trinity, neo, smith) = (Live::default(), org(), org(), user(), user(), user());
        let mut streams = [(ours, trinity), (ours, trinity), (ours, neo), (theirs, smith)]
            .map(|(o, u)| live.subscribe(o, u).expect("a place"));
        let mut told = |tell: &dyn Fn(&Live)| {
            tell(&live);
            streams.iter_mut().map(heard).collect::<Vec<_>>()
        };
        assert_eq!(told(&|live| live.tell(Announcement::User(trinity))), [true, true, false, false]);
        assert_eq!(told(&|live| live.tell(Announcement::Org(ours))), [true, true, true, false]);
        assert_eq!(told(&|live| live.tell(Announcement::User(user()))), [false; 4]);
        assert_eq!(told(&Live::tell_all), [true; 4]);
    }

    #[test]
    fn a_person_has_so_many_streams_and_a_place_is_given_back() {
        let (live, org, trinity) = (Live::default(), org(), user());
        let mut streams: Vec<_> =
            (0..STREAMS_PER_PERSON).map(|_| live.subscribe(org, trinity).expect("a place")).collect();
        assert_eq!(live.subscribe(org, trinity).expect_err("full").code(), "too_many_streams");
        assert!(live.subscribe(org, user()).is_ok(), "somebody else's are their own");
        streams.pop();
        streams.push(live.subscribe(org, trinity).expect("the place that was given back"));
        drop(streams);
        assert_eq!(live.count(), 0);
        assert!(live.people().is_empty(), "nothing is kept of somebody who has none");
    }

    #[tokio::test]
    async fn when_it_closes_old_and_new_streams_end() {
        let live = Live::default();
        let mut before = live.subscribe(org(), user()).expect("a place");
        live.close();
        assert_eq!(before.hear().await, Heard::Closing);
        assert_eq!(live.subscribe(org(), user()).expect("a place").hear().await, Heard::Closing);
    }
}
