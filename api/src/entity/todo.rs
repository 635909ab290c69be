//! The table `todos`.
#![expect(missing_docs, reason = "the columns are explained where they are made, in the migration")]

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::kernel::{OrgId, TodoId, UserId};

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "todos")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TodoId,
    pub org_id: OrgId,
    pub user_id: UserId,
    pub task: String,
    pub created_at: OffsetDateTime,
    pub completed_at: Option<OffsetDateTime>,
    pub updated_at: OffsetDateTime,
}

/// No relations are declared: joins stand in the stores.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
