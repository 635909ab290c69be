//! The table `sign_ins`.
#![expect(missing_docs, reason = "the columns are explained where they are made, in the migration")]

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::kernel::{OrgId, SignInId, UserId};

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_ins")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SignInId,
    pub org_id: OrgId,
    pub user_id: UserId,
    pub auth_time: Option<OffsetDateTime>,
    pub authenticated_at: Option<OffsetDateTime>,
    pub created_at: OffsetDateTime,
    pub last_seen_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
    pub ended_at: Option<OffsetDateTime>,
    pub ended_cause: Option<String>,
    pub ip: Option<String>,
    pub agent: Option<String>,
    pub idp_iss: Option<String>,
    pub idp_sub: Option<String>,
    pub idp_sid: Option<String>,
    pub id_token: Option<Vec<u8>>,
    pub session_digest: Option<String>,
}

/// No relations are declared: joins stand in the stores.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
