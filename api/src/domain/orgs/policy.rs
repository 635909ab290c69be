//! How long an org's sign-ins last. Apps with privileged access want minutes, others days, so each org says for itself
//! (NIST SP 800-63B-4 §5.2 asks for limits that are documented; §2.2.3 for at most 24 hours and one unused at AAL2).

use std::ops::RangeInclusive;

use crate::entity::org::Model as Org;
use crate::kernel::{Error, Field, Result};

/// An org's policy. Times are in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long a sign-in lasts that is not used.
    pub idle_timeout: i32,
    /// How long one lasts, however much it is used.
    pub absolute_lifetime: i32,
    /// How recently somebody must have proved who they are, for a privileged act.
    pub privileged_auth_age: i32,
    /// Whether leaving here always ends the session at the company's provider too.
    pub ends_provider_session: bool,
}

impl Policy {
    /// A minute to a day.
    pub const IDLE_TIMEOUT: RangeInclusive<i32> = 60..=86_400;
    /// Five minutes to thirty days, the most that NIST SP 800-63B-4 §2.1.3 knows.
    pub const ABSOLUTE_LIFETIME: RangeInclusive<i32> = 300..=2_592_000;
    /// A minute to a day.
    pub const PRIVILEGED_AUTH_AGE: RangeInclusive<i32> = 60..=86_400;
    /// What an org has until it says otherwise.
    pub const DEFAULT: Self = Self {
        idle_timeout: 30 * 60,
        absolute_lifetime: 12 * 60 * 60,
        privileged_auth_age: 15 * 60,
        ends_provider_session: false,
    };

    /// The policy that stands in an org's row.
    pub fn of(org: &Org) -> Self {
        let Org { idle_timeout, absolute_lifetime, privileged_auth_age, ends_provider_session, .. } = *org;
        Self { idle_timeout, absolute_lifetime, privileged_auth_age, ends_provider_session }
    }

    /// This policy, if it is within the bounds and does not contradict itself.
    ///
    /// # Errors
    /// Invalid fields.
    pub fn checked(self) -> Result<Self> {
        let bounds = [
            ("idleTimeoutSeconds", "The idle timeout", self.idle_timeout, Self::IDLE_TIMEOUT),
            ("absoluteLifetimeSeconds", "The absolute lifetime", self.absolute_lifetime, Self::ABSOLUTE_LIFETIME),
            ("privilegedAuthAgeSeconds", "The age of a proof", self.privileged_auth_age, Self::PRIVILEGED_AUTH_AGE),
        ];
        let mut wrong: Vec<_> = bounds
            .into_iter()
            .filter(|(_, _, seconds, bounds)| !bounds.contains(seconds))
            .map(|(name, what, _, bounds)| {
                field(name, "range", format!("{what} must be {} to {} seconds.", bounds.start(), bounds.end()))
            })
            .collect();
        if wrong.is_empty() && self.idle_timeout > self.absolute_lifetime {
            let sentence = "The idle timeout cannot be longer than the absolute lifetime.".to_owned();
            wrong.push(field("idleTimeoutSeconds", "contradiction", sentence));
        }
        if wrong.is_empty() { Ok(self) } else { Err(Error::invalid_fields(wrong)) }
    }
}

fn field(name: &str, code: &'static str, message: String) -> Field {
    Field { field: name.to_owned(), code, message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_within_bounds_and_does_not_contradict_itself() {
        let with = |change: fn(&mut Policy)| {
            let mut policy = Policy::DEFAULT;
            change(&mut policy);
            let wrong = policy.checked().err().map(|e| e.fields().to_vec()).unwrap_or_default();
            wrong.into_iter().map(|field| (field.field, field.code)).collect::<Vec<_>>()
        };
        assert_eq!(with(|_| {}), []);
        for change in [|p: &mut Policy| p.idle_timeout = 59, |p: &mut Policy| p.idle_timeout = 86_401] {
            assert_eq!(with(change), [("idleTimeoutSeconds".to_owned(), "range")]);
        }
        for change in [|p: &mut Policy| p.absolute_lifetime = 299, |p: &mut Policy| p.absolute_lifetime = 2_592_001] {
            assert_eq!(with(change), [("absoluteLifetimeSeconds".to_owned(), "range")]);
        }
        for change in [|p: &mut Policy| p.privileged_auth_age = 59, |p: &mut Policy| p.privileged_auth_age = -1] {
            assert_eq!(with(change), [("privilegedAuthAgeSeconds".to_owned(), "range")]);
        }
        assert_eq!(with(|p| p.absolute_lifetime = 1799), [("idleTimeoutSeconds".to_owned(), "contradiction")]);
        assert_eq!(with(|p| p.absolute_lifetime = 1800), []);
    }
}
