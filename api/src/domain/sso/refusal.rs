//! Why somebody whom a provider vouches for is not signed in, said to them. They cannot mend most of it, so each
//! sentence says who can.

use crate::kernel::{Domain, Error};

/// The answer does not belong to a sign-in that is under way in this browser.
pub fn expired() -> Error {
    Error::invalid_as(
        "sign_in_expired",
        "This sign-in has expired, has been used already, or was begun in another browser. Start again.",
    )
}

/// The browser was sent here by another site, and somebody of another company is signed in.
pub fn somebody_else() -> Error {
    Error::forbidden(
        "somebody_else",
        "Somebody of another company is signed in in this browser, and you came here from another site. Sign out first, and start again.",
    )
}

pub(super) fn email_missing() -> Error {
    Error::forbidden(
        "email_missing",
        "Your company's sign-in service does not tell us your e-mail address, so we cannot know who you are here. Ask your administrator to release the claim \"email\" to this app.",
    )
}

pub(super) fn email_unverified() -> Error {
    Error::forbidden(
        "email_unverified",
        "Your company's sign-in service says that your e-mail address is not verified. Verify it there, or ask your administrator.",
    )
}

pub(super) fn email_of_another_domain(domain: &Domain, org: &str) -> Error {
    Error::forbidden(
        "email_of_another_domain",
        format!(
            "Your address at the sign-in service ends in {domain}, which is not a domain of {org}. Ask your administrator."
        ),
    )
}

pub(super) fn another_connection(domain: &Domain) -> Error {
    Error::forbidden(
        "another_connection",
        format!("People of {domain} sign in elsewhere in your company. Go back and enter your e-mail address."),
    )
}

pub(super) fn linked_elsewhere() -> Error {
    Error::forbidden(
        "linked_elsewhere",
        "Your account here belongs to another account at your company's sign-in service. Ask your administrator to connect the new one.",
    )
}

pub(super) fn several_people() -> Error {
    Error::forbidden(
        "several_people",
        "Your company's directory has your address for more than one person. Ask your administrator to take it from the others.",
    )
}

pub(super) fn no_account(org: &str) -> Error {
    Error::forbidden("no_account", format!("{org} has not made an account here for you. Ask your administrator."))
}

pub(super) fn deactivated() -> Error {
    Error::forbidden("deactivated", "Your account here is deactivated. Ask your administrator.")
}

pub(super) fn not_asked_again() -> Error {
    Error::forbidden(
        "not_asked_again",
        "You must prove again who you are, but your company's sign-in service did not ask you to. Sign out there and start again, or ask your administrator.",
    )
}
