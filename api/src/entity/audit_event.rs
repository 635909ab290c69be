//! The table `audit_events`.
#![expect(missing_docs, reason = "the columns are explained where they are made, in the migration")]

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::kernel::{AuditEventId, OrgId, RequestId, UserId};

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditEventId,
    pub org_id: OrgId,
    pub at: OffsetDateTime,
    pub event: String,
    pub actor_kind: String,
    pub actor_id: String,
    pub user_id: Option<UserId>,
    pub request_id: RequestId,
    pub ip: Option<String>,
    pub agent: Option<String>,
    pub detail: Json,
    pub once: Option<String>,
}

/// No relations are declared: joins stand in the stores.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
