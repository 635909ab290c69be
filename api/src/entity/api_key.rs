//! The table `api_keys`.
#![expect(missing_docs, reason = "the columns are explained where they are made, in the migration")]

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::kernel::{ApiKeyId, OrgId};

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiKeyId,
    pub org_id: OrgId,
    pub name: String,
    pub scopes: Vec<String>,
    pub secret_digest: Vec<u8>,
    pub last_four: String,
    pub workshop: bool,
    pub created_at: OffsetDateTime,
    pub created_by: String,
    pub expires_at: Option<OffsetDateTime>,
    pub revoked_at: Option<OffsetDateTime>,
    pub last_used_at: Option<OffsetDateTime>,
    pub lifetime: Option<i32>,
    pub rotated_to: Option<ApiKeyId>,
}

/// No relations are declared: joins stand in the stores.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
