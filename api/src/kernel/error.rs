//! What can go wrong, without a word about HTTP.
//!
//! Every error has a kind, a stable code for programs, a sentence for the person, and perhaps a cause for us. The cause
//! is reachable through [`std::error::Error::source`] only, so that it cannot be printed to a client by accident.
//! What more than one room says about failure stands here, so that the product speaks with one voice.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use sea_orm::{DbErr, RuntimeErr};

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure it is; `http::problem` alone turns it into a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It does not exist in the caller's org.
    NotFound,
    /// It contradicts what is already there.
    Conflict,
    /// It was meant for another version of what is there.
    Precondition,
    /// What was sent is malformed.
    Invalid,
    /// We do not know who is asking.
    Unauthenticated,
    /// We know, and it is not allowed.
    Forbidden,
    /// It is well formed, and cannot be carried out.
    Unprocessable,
    /// More than we are willing to do at once.
    TooMany,
    /// Somebody we rely on, such as a company's provider, failed or answered nonsense.
    Upstream,
    /// Something we need is away; the same request may work soon.
    Unavailable,
    /// Our own fault.
    Internal,
}

/// One thing that is wrong with one field of what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name on the wire.
    pub field: String,
    /// A stable code.
    pub code: &'static str,
    /// A sentence for the person.
    pub message: Cow<'static, str>,
}

/// A failure.
pub struct Error {
    kind: Kind,
    code: &'static str,
    sentence: Cow<'static, str>,
    fields: Vec<Field>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    fn new(kind: Kind, code: &'static str, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, code, sentence: sentence.into(), fields: Vec::new(), source: None }
    }

    fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// There is no such `thing` in the caller's org.
    pub fn not_found(thing: &str) -> Self {
        Self::new(Kind::NotFound, "not_found", format!("There is no such {thing}."))
    }

    /// `code` and `sentence` say what is already there.
    pub fn conflict(code: &'static str, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Conflict, code, sentence)
    }

    /// A write was meant for a version of the resource that is there no more.
    pub fn another_version() -> Self {
        Self::new(Kind::Precondition, "another_version", "This has changed since you read it. Read it again first.")
    }

    /// What was sent is malformed; `sentence` says how.
    pub fn invalid(sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Invalid, "invalid_request", sentence)
    }

    /// The same, with a code of its own.
    pub fn invalid_as(code: &'static str, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Invalid, code, sentence)
    }

    /// `code` and `sentence` say why this is not allowed.
    pub fn forbidden(code: &'static str, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Forbidden, code, sentence)
    }

    /// `code` and `sentence` say who failed us and what the person can do; `source` is for us.
    pub fn upstream(
        code: &'static str,
        sentence: impl Into<Cow<'static, str>>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self::new(Kind::Upstream, code, sentence).because(source)
    }

    /// Some fields of what was sent are wrong.
    pub fn invalid_fields(fields: Vec<Field>) -> Self {
        let sentence = fields.first().map_or(Cow::Borrowed("The request is malformed."), |f| f.message.clone());
        Self { fields, ..Self::new(Kind::Invalid, "invalid_fields", sentence) }
    }

    /// Nobody is signed in.
    pub fn sign_in_required() -> Self {
        Self::new(Kind::Unauthenticated, "sign_in_required", "Sign in first.")
    }

    /// Somebody was signed in and is no more.
    pub fn session_ended() -> Self {
        Self::new(Kind::Unauthenticated, "session_ended", "You have been signed out. Sign in again to go on.")
    }

    /// The same for a wrong password and for an unknown person.
    pub fn sign_in_failed() -> Self {
        Self::new(Kind::Unauthenticated, "sign_in_failed", "The e-mail address or the password is wrong.")
    }

    /// No API key, or one that is not good.
    pub fn key_refused() -> Self {
        Self::new(Kind::Unauthenticated, "key_refused", "This needs a valid API key of your org as a bearer token.")
    }

    /// The key is good, but not for this.
    pub fn scope_missing(scope: &str) -> Self {
        Self::new(Kind::Forbidden, "scope_missing", format!("This API key does not have the scope \"{scope}\"."))
    }

    /// The current password that was given is not the person's.
    pub fn wrong_password() -> Self {
        Self::new(Kind::Forbidden, "wrong_password", "The current password is wrong.")
    }

    /// A request that changes something came from another site's page.
    pub fn cross_origin() -> Self {
        Self::new(Kind::Forbidden, "cross_origin", "This request came from another site, so nothing was done.")
    }

    /// Too much of the same at once.
    pub fn too_many() -> Self {
        Self::new(
            Kind::TooMany,
            "too_many_requests",
            "Too many people are signing in right now. Try again in a moment.",
        )
    }

    /// More streams than one person may have.
    pub fn too_many_streams() -> Self {
        Self::new(
            Kind::TooMany,
            "too_many_streams",
            "You are signed in with too many browsers for all of them to be told at once when a session ends.",
        )
    }

    /// Only some roles may do this, and not this person's.
    pub fn not_allowed() -> Self {
        Self::new(Kind::Forbidden, "not_allowed", "Only an administrator of your company can do this.")
    }

    /// The person proved who they are too long ago for this (RFC 9470 §3, whose term it is).
    pub fn authentication_too_old() -> Self {
        Self::new(
            Kind::Forbidden,
            "insufficient_user_authentication",
            "This needs you to confirm that it is you. Nothing was done.",
        )
    }

    /// `code` and `sentence` say why it cannot be carried out as it is.
    pub fn unprocessable(code: &'static str, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Unprocessable, code, sentence)
    }

    /// A provider's keys are not to be had, so nobody can say whether it signed a token.
    pub fn keys_unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(
            Kind::Unavailable,
            "keys_unavailable",
            "The keys of the token's issuer cannot be had right now, so it could not be checked. Try again in a moment.",
        )
        .because(source)
    }

    /// A signed token is not good; `sentence` says why.
    pub fn token_refused(sentence: &'static str) -> Self {
        Self::new(Kind::Unauthenticated, "token_refused", sentence)
    }

    /// The database is away.
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Kind::Unavailable, "unavailable", "The service is not available right now. Try again in a moment.")
            .because(source)
    }

    /// Our own fault.
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Kind::Internal, "internal", "Something went wrong on our side.").because(source)
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The stable code for programs.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The sentence for the person.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }

    /// What is wrong with which field.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// This error, unless it is a violation of the named constraint: then what `instead` says.
    #[must_use]
    pub fn on_constraint(self, name: &str, instead: impl FnOnce() -> Self) -> Self {
        let violated = self.source.as_deref().and_then(|s| s.downcast_ref::<DbErr>()).and_then(database_error);
        if violated.and_then(|e| e.constraint()) == Some(name) { instead() } else { self }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error").field("code", &self.code).field("source", &self.source).finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|s| s as _)
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if is_away(&error) { Self::unavailable(error) } else { Self::internal(error) }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        DbErr::Query(RuntimeErr::SqlxError(error)).into()
    }
}

fn sqlx_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(e))
        | DbErr::Exec(RuntimeErr::SqlxError(e))
        | DbErr::Query(RuntimeErr::SqlxError(e)) => Some(e),
        _ => None,
    }
}

fn database_error(error: &DbErr) -> Option<&dyn sqlx::error::DatabaseError> {
    sqlx_error(error)?.as_database_error()
}

/// Whether the database is away or too busy, so that the same request may work in a moment.
fn is_away(error: &DbErr) -> bool {
    if matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) {
        return true;
    }
    match sqlx_error(error) {
        Some(sqlx::Error::Database(e)) => {
            // PostgreSQL, appendix A: connection exceptions, resources, operator intervention, time-outs, conflicts
            // between transactions, and a server that was demoted to read-only under us.
            let code = e.code().unwrap_or_default();
            ["08", "53", "57"].iter().any(|class| code.starts_with(class))
                || ["40001", "40P01", "55P03", "25006"].contains(&code.as_ref())
        }
        Some(e) => matches!(
            e,
            sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
        ),
        None => false,
    }
}
