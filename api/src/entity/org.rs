//! The table `orgs`.
#![expect(missing_docs, reason = "the columns are explained where they are made, in the migration")]

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::kernel::OrgId;

/// What sort of org.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum OrgKind {
    /// A customer, with domains.
    #[sea_orm(string_value = "company")]
    Company,
    /// One person without a company.
    #[sea_orm(string_value = "personal")]
    Personal,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "orgs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OrgId,
    pub kind: OrgKind,
    pub name: String,
    pub slug: Option<String>,
    pub active: bool,
    pub generation: i64,
    pub revoked_seq: i64,
    pub reauth_since: Option<OffsetDateTime>,
    pub idle_timeout: i32,
    pub absolute_lifetime: i32,
    pub privileged_auth_age: i32,
    pub ends_provider_session: bool,
    pub created_at: OffsetDateTime,
}

/// No relations are declared: joins stand in the stores.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
