//! The SQL of the audit log.

use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use sea_orm::sea_query::OnConflict;
use serde_json::Value;

use crate::domain::Tx;
use crate::entity::audit_event::{ActiveModel, Column, Entity};
use crate::kernel::{AuditEventId, Op, Result, UserId};

pub(super) async fn insert_event(
    tx: &Tx,
    op: &Op,
    event: &str,
    user: Option<UserId>,
    detail: Value,
    once: Option<String>,
) -> Result<()> {
    let row = ActiveModel {
        id: Set(AuditEventId::new(op.now, &op.chance)),
        org_id: Set(op.scope.org()),
        at: Set(op.now),
        event: Set(event.to_owned()),
        actor_kind: Set(op.actor.kind().to_owned()),
        actor_id: Set(op.actor.id()),
        user_id: Set(user),
        request_id: Set(op.request_id),
        ip: Set(op.client.ip.map(|ip| ip.to_string())),
        agent: Set(op.client.agent.clone()),
        detail: Set(detail),
        once: Set(once),
    };
    Entity::insert(row)
        .on_conflict(OnConflict::columns([Column::OrgId, Column::Once]).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}
