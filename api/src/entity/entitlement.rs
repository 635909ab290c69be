//! The table `entitlements`.
#![expect(missing_docs, reason = "the columns are explained where they are made, in the migration")]

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::kernel::{EntitlementId, OrgId, Role};

/// What sort of thing it is to a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum EntitlementKind {
    /// A role, which always grants one of ours.
    #[sea_orm(string_value = "role")]
    Role,
    /// Anything else, which may.
    #[sea_orm(string_value = "entitlement")]
    Entitlement,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "entitlements")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EntitlementId,
    pub org_id: OrgId,
    pub kind: EntitlementKind,
    pub name: String,
    pub name_folded: String,
    pub description: String,
    pub grants: Option<Role>,
    pub created_at: OffsetDateTime,
}

/// No relations are declared: joins stand in the stores.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
