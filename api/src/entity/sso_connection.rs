//! The table `sso_connections`.
#![expect(missing_docs, reason = "the columns are explained where they are made, in the migration")]

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use super::org::OrgKind;
use crate::kernel::{OrgId, SsoConnectionId};

/// How we prove who we are at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum ClientAuthMethod {
    /// By the secret that it gave us.
    #[sea_orm(string_value = "client_secret")]
    ClientSecret,
    /// By signing with a key of ours.
    #[sea_orm(string_value = "private_key_jwt")]
    PrivateKeyJwt,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sso_connections")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SsoConnectionId,
    pub org_id: OrgId,
    pub org_kind: OrgKind,
    pub domain: Option<String>,
    pub issuer: String,
    pub client_id: String,
    pub client_auth: ClientAuthMethod,
    pub client_credential: Vec<u8>,
    pub provisions: bool,
    pub prompt_only: bool,
    pub requires_logout_typ: bool,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

/// No relations are declared: joins stand in the stores.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
