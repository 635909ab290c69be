//! The table `login_attempts`.
#![expect(missing_docs, reason = "the columns are explained where they are made, in the migration")]

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::kernel::{OrgId, SsoConnectionId};

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "login_attempts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub state_digest: Vec<u8>,
    pub org_id: OrgId,
    pub connection_id: SsoConnectionId,
    pub browser_digest: Vec<u8>,
    pub issuer: String,
    pub client_id: String,
    pub nonce: String,
    pub pkce_verifier: String,
    pub return_to: String,
    pub login_hint: Option<String>,
    pub prompted: bool,
    pub max_age: Option<i32>,
    pub from_own_page: bool,
    pub seq: i64,
    pub created_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
}

/// No relations are declared: joins stand in the stores.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
