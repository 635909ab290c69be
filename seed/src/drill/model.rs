//! Which doors there are, what somebody can hold, and what must become of it.

use std::time::Duration;

use api::domain::revocation::Door;
use clap::ValueEnum;
use clap::builder::PossibleValue;

/// A way to demand a sign-out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    Key,
    TokenAtTheSharedAddress,
    TokenAtTheCompanysAddress,
    LogoutTokenWithSub,
    LogoutTokenWithSid,
    Frame,
    DirectoryPuts,
    DirectoryPatches,
    DirectoryDeletes,
    AdminEndsPerson,
    SignOut,
    OneSession,
    OtherSessions,
    AllSessions,
    OperatorUnlinks,
    AdminRevokesKey,
    AdminReplacesKey,
    OperatorRevokesKey,
    AdminEndsEverybody,
    ShorterPolicy,
    OwnPassword,
    OperatorSetsPassword,
    ProviderRequired,
    DomainRemoved,
    Moved,
}

/// Where a door is fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// In the company itself: it reaches the drill's own people only.
    Company,
    /// In a company that is made for the drill alone: it reaches everybody, or is about passwords, which a company with a
    /// provider has none of.
    OwnCompany,
}

/// How the people of a door's row sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Provider,
    Password,
    /// Nobody does: the door is about a key.
    Nobody,
}

/// What can be held. "This" is the browser that the door is about, the others have sessions of their own at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Held {
    /// The cookie of this browser.
    Cookie,
    /// Its open stream.
    Stream,
    /// A sign-in that is on its way back to it.
    OnItsWay,
    /// A new proof of who one is that is on its way back to it.
    NewProof,
    /// A sign-in that is begun afterwards, by the provider's session of before.
    SignInByOldProof,
    /// The others' cookies.
    OtherCookie,
    /// Their streams.
    OtherStream,
    /// Sign-ins that are on their way back to them.
    OtherOnItsWay,
    /// The password.
    Password,
    /// A key of the company's.
    ApiKey,
}

use Held::{Cookie, NewProof, OnItsWay, OtherCookie, OtherOnItsWay, OtherStream, SignInByOldProof, Stream};

const BY_PROVIDER: &[Held] =
    &[Cookie, Stream, OnItsWay, NewProof, SignInByOldProof, OtherCookie, OtherStream, OtherOnItsWay];
const BY_PASSWORD: &[Held] = &[Cookie, Stream, OtherCookie, OtherStream, Held::Password];
/// What the others hold.
const OTHERS: &[Held] = &[OtherCookie, OtherStream, OtherOnItsWay];
/// What is newer than any of one's sign-outs but a demand.
const WAYS_IN: &[Held] = &[OnItsWay, NewProof, SignInByOldProof, OtherOnItsWay];
/// Leaving by oneself is no demand: other browsers and the provider's sessions are as good as before.
const ALL_BUT_THIS: &[Held] = &[OtherCookie, OtherStream, OtherOnItsWay, OnItsWay, NewProof, SignInByOldProof];

impl Held {
    pub const ALL: [Self; 10] = [
        Cookie,
        Stream,
        OnItsWay,
        NewProof,
        SignInByOldProof,
        OtherCookie,
        OtherStream,
        OtherOnItsWay,
        Self::Password,
        Self::ApiKey,
    ];

    /// As the table's head and the reports say it.
    pub const fn name(self) -> &'static str {
        match self {
            Cookie => "cookie",
            Stream => "stream",
            OnItsWay => "on-its-way",
            NewProof => "new-proof",
            SignInByOldProof => "old-proof",
            OtherCookie => "others-cookie",
            OtherStream => "others-stream",
            OtherOnItsWay => "others-on-way",
            Self::Password => "password",
            Self::ApiKey => "key",
        }
    }
}

/// What a door is.
pub struct Row {
    /// Its name, for `--only` and the reports.
    pub name: &'static str,
    /// Which of the server's it is; none for a key's end, which ends no sign-in.
    pub door: Option<Door>,
    pub place: Where,
    pub by: By,
    /// What lives on, by what the door means.
    pub kept: &'static [Held],
    /// What is not tried, because it would prove nothing.
    pub untried: &'static [Held],
}

impl Way {
    pub const ALL: [Self; 25] = [
        Self::Key,
        Self::TokenAtTheSharedAddress,
        Self::TokenAtTheCompanysAddress,
        Self::LogoutTokenWithSub,
        Self::LogoutTokenWithSid,
        Self::Frame,
        Self::DirectoryPuts,
        Self::DirectoryPatches,
        Self::DirectoryDeletes,
        Self::AdminEndsPerson,
        Self::SignOut,
        Self::OneSession,
        Self::OtherSessions,
        Self::AllSessions,
        Self::OperatorUnlinks,
        Self::AdminRevokesKey,
        Self::AdminReplacesKey,
        Self::OperatorRevokesKey,
        Self::AdminEndsEverybody,
        Self::OwnPassword,
        Self::OperatorSetsPassword,
        Self::ProviderRequired,
        Self::DomainRemoved,
        Self::Moved,
        // Last, because everybody of that company is signed in for a short time from then on.
        Self::ShorterPolicy,
    ];

    /// What it is.
    pub fn row(self) -> Row {
        use Door::{Account, Admin, BackChannelLogout, FrontChannelLogout, GlobalTokenRevocation, Operator, Scim};
        let company = |name, door| Row {
            name,
            door: Some(door),
            place: Where::Company,
            by: By::Provider,
            kept: &[],
            untried: &[],
        };
        let own = |name, door| Row { place: Where::OwnCompany, by: By::Password, ..company(name, door) };
        let key = |name| Row { door: None, by: By::Nobody, ..company(name, Admin) };
        // One session of the provider's has ended, by the provider's own word: nothing comes of it there any more.
        let one_session = |name, door| Row { kept: OTHERS, untried: &[SignInByOldProof], ..company(name, door) };
        match self {
            Self::Key => company("key", GlobalTokenRevocation),
            Self::TokenAtTheSharedAddress => company("token", GlobalTokenRevocation),
            Self::TokenAtTheCompanysAddress => company("token-at-company", GlobalTokenRevocation),
            Self::LogoutTokenWithSub => company("logout-token-sub", BackChannelLogout),
            Self::LogoutTokenWithSid => one_session("logout-token-sid", BackChannelLogout),
            Self::Frame => one_session("logout-frame", FrontChannelLogout),
            Self::DirectoryPuts => company("scim-put", Scim),
            Self::DirectoryPatches => company("scim-patch", Scim),
            Self::DirectoryDeletes => company("scim-delete", Scim),
            Self::AdminEndsPerson => company("admin-person", Admin),
            Self::SignOut => Row { kept: ALL_BUT_THIS, ..company("sign-out", Account) },
            Self::OneSession => Row { kept: ALL_BUT_THIS, ..company("one-session", Account) },
            Self::OtherSessions => Row {
                kept: &[Cookie, Stream, OnItsWay, NewProof, SignInByOldProof, OtherOnItsWay],
                ..company("other-sessions", Account)
            },
            Self::AllSessions => company("all-sessions", Account),
            Self::OperatorUnlinks => company("operator-unlink", Operator),
            Self::AdminRevokesKey => key("key-revoked"),
            Self::AdminReplacesKey => key("key-replaced"),
            Self::OperatorRevokesKey => key("operator-key"),
            Self::AdminEndsEverybody => Row { by: By::Provider, ..own("admin-everybody", Admin) },
            // What is too old ends. Nobody has said that somebody is not to sign in.
            Self::ShorterPolicy => Row { by: By::Provider, kept: WAYS_IN, ..own("shorter-policy", Operator) },
            Self::OwnPassword => Row { kept: &[Cookie, Stream], ..own("own-password", Account) },
            Self::OperatorSetsPassword => own("operator-password", Operator),
            Self::ProviderRequired => own("provider-required", Operator),
            Self::DomainRemoved => own("domain-removed", Operator),
            Self::Moved => own("moved", Operator),
        }
    }

    /// What is held when it is fired, in the table's order.
    pub fn held(self) -> Vec<Held> {
        let row = self.row();
        let all = match row.by {
            By::Provider => BY_PROVIDER,
            By::Password => BY_PASSWORD,
            By::Nobody => &[Held::ApiKey],
        };
        all.iter().copied().filter(|held| !row.untried.contains(held)).collect()
    }
}

impl ValueEnum for Way {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.row().name))
    }
}

/// What became of one thing that was held.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// Refused: so long after the demand was sent the first refusal was here. Before that it was last seen alive `unseen`
    /// earlier.
    Dead { after: Duration, unseen: Duration },
    /// Still good when the time was up, or good for a new sign-in once the demand had been answered.
    Alive,
    /// As good as before, as it should be.
    Kept,
    /// Dead, and should not be.
    Lost,
    /// Nobody can say.
    Unknown(String),
}

impl Fate {
    /// Of two of one kind the one to be reported: what is wrong, else what took longer.
    pub fn worse(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::Dead { after: one, .. }, Self::Dead { after: two, .. }) => {
                if one >= two {
                    self
                } else {
                    other
                }
            }
            _ if self.badness() >= other.badness() => self,
            _ => other,
        }
    }

    fn badness(&self) -> u8 {
        match self {
            Self::Kept => 0,
            Self::Dead { .. } => 1,
            Self::Unknown(_) => 2,
            Self::Lost => 3,
            Self::Alive => 4,
        }
    }
}

/// Everything of one kind that was held when a door was fired.
#[derive(Clone, Debug)]
pub struct Cell {
    pub round: usize,
    pub way: Way,
    pub held: Held,
    /// How many of them, on all processes.
    pub tried: usize,
    /// What became of the worst.
    pub fate: Fate,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_door_is_fired() {
        let doors: BTreeSet<_> = Way::ALL.iter().filter_map(|way| way.row().door).map(|d| format!("{d:?}")).collect();
        assert_eq!(doors, Door::ALL.iter().map(|door| format!("{door:?}")).collect());
        let names: BTreeSet<_> = Way::ALL.iter().map(|way| way.row().name).collect();
        assert_eq!(names.len(), Way::ALL.len());
    }

    #[test]
    fn everything_there_is_must_die_somewhere() {
        for held in Held::ALL {
            let dies = Way::ALL.iter().any(|way| way.held().contains(&held) && !way.row().kept.contains(&held));
            assert!(dies, "{held:?}");
        }
    }

    #[test]
    fn of_several_the_worst_is_reported() {
        let dead = |after| Fate::Dead { after: Duration::from_millis(after), unseen: Duration::ZERO };
        assert_eq!(dead(1).worse(dead(2)), dead(2));
        assert_eq!(dead(1).worse(Fate::Alive), Fate::Alive);
        assert_eq!(Fate::Kept.worse(Fate::Lost), Fate::Lost);
        assert_eq!(Fate::Unknown(String::new()).worse(Fate::Alive), Fate::Alive);
    }
}
