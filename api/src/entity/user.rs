//! The table `users`.
#![expect(missing_docs, reason = "the columns are explained where they are made, in the migration")]

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use super::org::OrgKind;
use crate::kernel::{OrgId, Role, UserId};

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    pub org_id: OrgId,
    pub org_kind: OrgKind,
    pub email: String,
    pub email_folded: String,
    pub name: String,
    pub role: Role,
    pub active: bool,
    pub password_hash: Option<String>,
    pub generation: i64,
    pub revoked_seq: i64,
    pub reauth_since: Option<OffsetDateTime>,
    pub created_at: OffsetDateTime,
    pub user_name: String,
    pub user_name_folded: String,
    pub external_id: Option<String>,
    pub profile: Json,
    pub updated_at: OffsetDateTime,
    pub removed_at: Option<OffsetDateTime>,
}

/// No relations are declared: joins stand in the stores.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
