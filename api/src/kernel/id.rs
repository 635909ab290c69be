//! A type for each kind of id, so that a todo's id cannot be passed where a user's is asked for.

use std::fmt;
use std::str::FromStr;

use sea_orm::{DbErr, DeriveValueType, TryFromU64};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Chance;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)+) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, DeriveValueType, ToSchema,
        )]
        #[serde(transparent)]
        #[schema(value_type = Uuid)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id: a UUIDv7 (RFC 9562 §5.7), so ids sort by the time they were made.
            pub fn new(now: OffsetDateTime, chance: &Chance) -> Self {
                Self(uuid_v7(now, chance))
            }

            /// The bare UUID.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        /// sea-orm asks this of every primary key; ours are never numbers.
        impl TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// A tenant.
    OrgId,
    /// A person in an org.
    UserId,
    /// A todo.
    TodoId,
    /// One person's being signed in on one browser. What a session cookie leads to.
    SignInId,
    /// A group of an org's people.
    GroupId,
    /// A role or an entitlement that an org can give.
    EntitlementId,
    /// An org's API key.
    ApiKeyId,
    /// An org's connection to an OpenID provider.
    SsoConnectionId,
    /// A row of the audit log.
    AuditEventId,
    /// One request, in logs, problems and audit rows alike.
    RequestId,
}

fn uuid_v7(now: OffsetDateTime, chance: &Chance) -> Uuid {
    let millis = u64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &chance.bytes()).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn an_id_is_a_uuid_v7_of_its_moment() {
        let chance = Chance::new(|bytes| bytes.fill(7));
        let early = TodoId::new(datetime!(2026-01-01 0:00 UTC), &chance);
        let late = TodoId::new(datetime!(2026-01-01 0:00:01 UTC), &chance);
        assert_eq!(early.uuid().get_version_num(), 7);
        assert!(early < late);
        assert_eq!(early.to_string().parse::<TodoId>(), Ok(early));
    }
}
