//! The table `groups`.
#![expect(missing_docs, reason = "the columns are explained where they are made, in the migration")]

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::kernel::{GroupId, OrgId};

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "groups")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: GroupId,
    pub org_id: OrgId,
    pub display_name: String,
    pub display_name_folded: String,
    pub external_id: Option<String>,
    pub revision: i64,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

/// No relations are declared: joins stand in the stores.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
