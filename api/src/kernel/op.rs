//! Who is asking for what, built once per request and passed to everything that writes.

use std::net::IpAddr;

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::{ApiKeyId, Chance, OrgId, RequestId, SignInId, UserId};

/// Permission to touch one org's rows. Every store function starts from one.
///
/// Holding one means that the request is this org's to answer, because a cookie, a key or an address has been looked up:
/// the architecture test keeps a list of the few files that may call [`OrgScope::proven`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrgScope(OrgId);

impl OrgScope {
    /// The caller has looked up that this request concerns this org and no other.
    pub fn proven(org: OrgId) -> Self {
        Self(org)
    }

    /// The org.
    pub fn org(self) -> OrgId {
        self.0
    }
}

/// What a person may do in their org.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything, and always at least one of them.
    #[sea_orm(string_value = "owner")]
    Owner,
    /// Runs the org.
    #[sea_orm(string_value = "admin")]
    Admin,
    /// Reads what admins read.
    #[sea_orm(string_value = "auditor")]
    Auditor,
    /// Uses the product.
    #[sea_orm(string_value = "member")]
    Member,
}

/// Who is asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A signed-in person.
    User {
        /// The person.
        id: UserId,
        /// What they may do.
        role: Role,
        /// By which sign-in.
        sign_in: SignInId,
    },
    /// A holder of one of the org's keys.
    OrgKey {
        /// The key.
        id: ApiKeyId,
    },
    /// An org's OpenID provider, whose signature we have checked.
    Idp {
        /// The issuer.
        issuer: String,
    },
    /// Ourselves, or the operator at the command line.
    System {
        /// The job's name.
        job: &'static str,
    },
}

impl Actor {
    /// What sort of actor, as the audit log and the logs say it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::User { .. } => "user",
            Self::OrgKey { .. } => "org_key",
            Self::Idp { .. } => "idp",
            Self::System { .. } => "system",
        }
    }

    /// Which one.
    pub fn id(&self) -> String {
        match self {
            Self::User { id, .. } => id.to_string(),
            Self::OrgKey { id } => id.to_string(),
            Self::Idp { issuer } => issuer.clone(),
            Self::System { job } => (*job).to_owned(),
        }
    }
}

/// Where the request came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// The nearest address that is not one of our own proxies.
    pub ip: Option<IpAddr>,
    /// The `User-Agent`, shortened to 256 characters.
    pub agent: Option<String>,
}

/// One request, as everything that writes sees it.
#[derive(Clone, Debug)]
pub struct Op {
    /// Whose rows.
    pub scope: OrgScope,
    /// Who is asking.
    pub actor: Actor,
    /// The request's one moment.
    pub now: OffsetDateTime,
    /// The request's source of chance, for ids and secrets.
    pub chance: Chance,
    /// The request.
    pub request_id: RequestId,
    /// Where it came from.
    pub client: Client,
}
