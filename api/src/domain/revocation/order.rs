//! What a door asks for, and what it is told.

use std::fmt;

use time::OffsetDateTime;

use crate::kernel::{Email, OrgId, SignInId, UserId};

/// Whose sign-ins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Everybody of the org.
    Org,
    /// Somebody known already.
    User(UserId),
    /// By address (RFC 9493 §3.2.2).
    Email(Email),
    /// By our id as text (RFC 9493 §3.2.4).
    Opaque(String),
    /// By an issuer and its name for the person (RFC 9493 §3.2.3).
    IssSub {
        /// The issuer.
        iss: String,
        /// Its name for the person.
        sub: String,
    },
    /// By several of these at once, which must not name two people (RFC 9493 §3.2.8).
    Aliases(Vec<Subject>),
    /// By a session of a provider's, and its name for the person if it gives one.
    ProviderSession {
        /// The issuer.
        iss: String,
        /// Its session.
        sid: String,
        /// Its name for the person.
        sub: Option<String>,
    },
}

impl Subject {
    pub(super) fn format(&self) -> &'static str {
        match self {
            Self::Org => "org",
            Self::User(_) => "user",
            Self::Email(_) => "email",
            Self::Opaque(_) => "opaque",
            Self::IssSub { .. } => "iss_sub",
            Self::Aliases(_) => "aliases",
            Self::ProviderSession { .. } => "provider_session",
        }
    }
}

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every one, and every one that is being opened.
    All,
    /// This one.
    One(SignInId),
    /// All but this one.
    AllBut(SignInId),
    /// Those that the provider's session opened, which the subject names; and any that it would still open.
    ProviderSession,
}

impl Reach {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::One(_) => "one",
            Self::AllBut(_) => "all_but_one",
            Self::ProviderSession => "provider_session",
        }
    }
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The org demanded it.
    Demanded,
    /// The person left.
    SignedOut,
    /// The person left everywhere.
    SignedOutEverywhere,
    /// The person signed in again in the same browser.
    Replaced,
    /// The person changed their password.
    PasswordChanged,
    /// The person moved into a company's org.
    Moved,
    /// Their company signs them in with its provider from now on.
    ProviderRequired,
    /// Their session at the company's provider ended.
    ProviderSignedOut,
    /// Their company's directory deactivated or removed them.
    Deactivated,
    /// Their company lets sign-ins last for a shorter time from now on.
    PolicyChanged,
}

impl Cause {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Demanded => "demanded",
            Self::SignedOut => "signed_out",
            Self::SignedOutEverywhere => "signed_out_everywhere",
            Self::Replaced => "replaced",
            Self::PasswordChanged => "password_changed",
            Self::Moved => "moved",
            Self::ProviderRequired => "provider_required",
            Self::ProviderSignedOut => "provider_signed_out",
            Self::Deactivated => "deactivated",
            Self::PolicyChanged => "policy_changed",
        }
    }
}

/// Through which door the demand came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// `POST /global-token-revocation`.
    GlobalTokenRevocation,
    /// `POST /orgs/{slug}/backchannel-logout`.
    BackChannelLogout,
    /// `GET /orgs/{slug}/frontchannel-logout`.
    FrontChannelLogout,
    /// The company's directory, at `/scim/v2`.
    Scim,
    /// An administrator of the org's, at `/api/org`.
    Admin,
    /// The person's own account.
    Account,
    /// The operator's command line.
    Operator,
}

impl Door {
    /// All there are.
    pub const ALL: [Self; 7] = [
        Self::GlobalTokenRevocation,
        Self::BackChannelLogout,
        Self::FrontChannelLogout,
        Self::Scim,
        Self::Admin,
        Self::Account,
        Self::Operator,
    ];

    /// Its name in the audit log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GlobalTokenRevocation => "global_token_revocation",
            Self::BackChannelLogout => "backchannel_logout",
            Self::FrontChannelLogout => "frontchannel_logout",
            Self::Scim => "scim",
            Self::Admin => "admin",
            Self::Account => "account",
            Self::Operator => "operator",
        }
    }
}

/// Whose sign-ins may have ended, as every process is told once that is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announcement {
    /// One person's.
    User(UserId),
    /// Those of everybody in the org.
    Org(OrgId),
}

impl Announcement {
    /// The channel of PostgreSQL's that it is sent through.
    pub const CHANNEL: &str = "curfew_sign_ins";

    /// What [`fmt::Display`] has written.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(' ')? {
            ("user", id) => id.parse().ok().map(Self::User),
            ("org", id) => id.parse().ok().map(Self::Org),
            _ => None,
        }
    }
}

impl fmt::Display for Announcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user {id}"),
            Self::Org(id) => write!(f, "org {id}"),
        }
    }
}

/// A demand to end sign-ins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Whose.
    pub subject: Subject,
    /// Which.
    pub reach: Reach,
    /// Why.
    pub cause: Cause,
    /// Through which door.
    pub door: Door,
}

/// A signed demand, which counts once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Who signed it.
    pub issuer: String,
    /// Its id.
    pub jti: String,
    /// When it cannot be used any more.
    pub expires_at: OffsetDateTime,
    /// Whether it did not say so itself, and was accepted for being new.
    pub without_expiry: bool,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// How many were open.
    pub sign_ins: usize,
}

/// What came of an order. Each door decides whether nobody is a failure or a quiet success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was carried out; also when nothing was open.
    Ended(Receipt),
    /// There is no such person in the org.
    NoSuchSubject,
}
