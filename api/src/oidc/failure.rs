//! What can go wrong with a provider, said to the person in front of the browser. They cannot mend it, so each sentence
//! says who can; what exactly went wrong is for the log, under the request's id.

use crate::kernel::Error;

use super::fetch::FetchError;

type Source = Box<dyn std::error::Error + Send + Sync>;

pub(super) const UNREACHABLE: &str = "provider_unreachable";

/// Nothing comes back from there.
pub(super) fn unreachable(source: impl Into<Source>) -> Error {
    Error::upstream(
        UNREACHABLE,
        "Your company's sign-in service does not answer. Try again in a moment; if it stays like this, tell your administrator.",
        source,
    )
}

/// What comes back cannot be trusted or understood.
pub(super) fn invalid(source: impl Into<Source>) -> Error {
    Error::upstream(
        "provider_invalid",
        "Your company's sign-in service answered with something that we cannot trust, so nobody was signed in. Tell your administrator.",
        source,
    )
}

/// It does not accept us.
pub(super) fn client_refused(source: impl Into<Source>) -> Error {
    Error::upstream(
        "client_refused",
        "Your company's sign-in service does not accept this app. Tell your administrator: the app's client ID or its secret is wrong there or here.",
        source,
    )
}

/// It did not sign the person in, and says so. Its own description is not repeated: anybody can write one into a link.
pub(super) fn denied() -> Error {
    Error::forbidden(
        "access_denied",
        "Your company's sign-in service did not let you in. If you cancelled, start again; otherwise ask your administrator whether you may use this app.",
    )
}

/// It wants to see the person, and was not asked to or could not.
pub(super) fn needs_the_person() -> Error {
    Error::forbidden(
        "provider_needs_you",
        "Your company's sign-in service wants to ask you something first. Start again, and answer it there.",
    )
}

/// The answer comes from another provider than the one that was asked (RFC 9207 §2.4).
pub(super) fn wrong_issuer() -> Error {
    Error::invalid_as("wrong_issuer", "This answer does not come from your company's sign-in service. Start again.")
}

pub(super) fn of_fetch(error: FetchError) -> Error {
    match error {
        FetchError::Away(_) => unreachable(error),
        FetchError::Forbidden(_) | FetchError::TooLarge => invalid(error),
    }
}

pub(super) fn answered(status: u16, what: String) -> Error {
    if status >= 500 { unreachable(what) } else { invalid(what) }
}
