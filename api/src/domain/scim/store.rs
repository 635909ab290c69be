//! The SQL that reads people, groups and what can be given as SCIM has them.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Record;
use super::value::{Attributes, put};
use crate::domain::Tx;
use crate::kernel::{GroupId, OrgScope, Result, UserId};

/// A person with everything of theirs. To be followed by `from …`, where `u` is the person.
pub(super) const PERSON: &str = "select u.id, u.user_name, u.external_id, u.active, u.profile, u.created_at, u.updated_at, \
     (select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('value', e.value, 'type', e.type, \
          'display', e.display, 'primary', case when e.is_primary then true end)) order by e.position), '[]') \
      from user_emails e where e.org_id = u.org_id and e.user_id = u.id) as emails, \
     (select coalesce(jsonb_agg(jsonb_build_object('value', g.id, 'display', g.display_name, 'type', 'direct') \
          order by g.display_name_folded), '[]') \
      from group_members m join groups g on g.org_id = m.org_id and g.id = m.group_id \
      where m.org_id = u.org_id and m.user_id = u.id) as groups, \
     (select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('kind', t.kind, 'value', t.id, 'display', t.name, \
          'primary', case when x.is_primary then true end)) order by t.name_folded), '[]') \
      from user_entitlements x join entitlements t on t.org_id = x.org_id and t.id = x.entitlement_id \
      where x.org_id = u.org_id and x.user_id = u.id) as given";

#[derive(FromQueryResult)]
pub(super) struct Person {
    id: Uuid,
    user_name: String,
    external_id: Option<String>,
    active: bool,
    profile: Value,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    emails: Value,
    groups: Value,
    given: Value,
}

impl From<Person> for Record {
    fn from(person: Person) -> Self {
        let Person { id, user_name, external_id, active, profile, created_at, updated_at, emails, groups, given } =
            person;
        let mut attributes = match profile {
            Value::Object(profile) => profile,
            _ => Attributes::new(),
        };
        let of = |kind: &str, name: &str| {
            let all = given.as_array().map(Vec::as_slice).unwrap_or_default();
            let of_kind = all.iter().filter(|one| one["kind"] == kind).cloned().map(|mut one| {
                if let Value::Object(one) = &mut one {
                    one.remove("kind");
                    one.insert("type".to_owned(), name.into());
                }
                one
            });
            Value::Array(of_kind.collect())
        };
        put(&mut attributes, "userName", Some(user_name.into()));
        put(&mut attributes, "externalId", external_id.map(Value::from));
        put(&mut attributes, "active", Some(active.into()));
        put(&mut attributes, "emails", Some(emails));
        put(&mut attributes, "groups", Some(groups));
        put(&mut attributes, "roles", Some(of("role", "Role")));
        put(&mut attributes, "entitlements", Some(of("entitlement", "Entitlement")));
        let version = super::digest(&attributes);
        Self { id, attributes, created_at, updated_at, version }
    }
}

#[derive(FromQueryResult)]
pub(super) struct Group {
    id: Uuid,
    display_name: String,
    external_id: Option<String>,
    revision: i64,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

/// Without its members.
pub(super) const GROUP: &str = "select g.id, g.display_name, g.external_id, g.revision, g.created_at, g.updated_at";

impl From<Group> for Record {
    fn from(Group { id, display_name, external_id, revision, created_at, updated_at }: Group) -> Self {
        let mut attributes = Attributes::from_iter([("displayName".to_owned(), display_name.into())]);
        put(&mut attributes, "externalId", external_id.map(Value::from));
        Self { id, attributes, created_at, updated_at, version: revision.to_string() }
    }
}

#[derive(FromQueryResult)]
pub(super) struct Entitlement {
    id: Uuid,
    name: String,
    description: String,
    kind: String,
    created_at: OffsetDateTime,
}

pub(super) const ENTITLEMENT: &str = "select e.id, e.name, e.description, e.kind, e.created_at";

impl From<Entitlement> for Record {
    fn from(Entitlement { id, name, description, kind, created_at }: Entitlement) -> Self {
        let kind = if kind == "role" { "Role" } else { "Entitlement" };
        let attributes = [("displayName", name), ("description", description), ("type", kind.to_owned())];
        let attributes = attributes.map(|(name, text)| (name.to_owned(), text.into())).into_iter().collect();
        let version = super::digest(&attributes);
        Self { id, attributes, created_at, updated_at: created_at, version }
    }
}

pub(super) async fn find_person(tx: &Tx, scope: OrgScope, id: UserId) -> Result<Option<Record>> {
    let sql = format!("{PERSON} from users u where u.org_id = $1 and u.id = $2 and u.removed_at is null");
    let values = [scope.org().into(), id.into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    Ok(Person::find_by_statement(statement).one(tx).await?.map(Into::into))
}

pub(super) async fn find_group(tx: &Tx, scope: OrgScope, id: GroupId) -> Result<Option<Record>> {
    let sql = format!("{GROUP} from groups g where g.org_id = $1 and g.id = $2");
    let values = [scope.org().into(), id.into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    Ok(Group::find_by_statement(statement).one(tx).await?.map(Into::into))
}

/// How many are in each of these groups that has anybody.
pub(super) async fn count_members(tx: &Tx, scope: OrgScope, groups: &[Uuid]) -> Result<HashMap<Uuid, i64>> {
    let sql = "select group_id, count(*) as members from group_members \
               where org_id = $1 and group_id = any($2) group by group_id";
    let values = [scope.org().into(), groups.to_vec().into()];
    let rows = tx.query_all(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    rows.into_iter().map(|row| Ok((row.try_get("", "group_id")?, row.try_get("", "members")?))).collect()
}

/// Who is in these groups: one value for each group that has anybody.
pub(super) async fn list_members(tx: &Tx, scope: OrgScope, groups: &[Uuid]) -> Result<Vec<(Uuid, Value)>> {
    let sql = "select m.group_id, jsonb_agg(jsonb_build_object('value', u.id, 'display', u.name, 'type', 'User') \
                   order by m.created_at, u.id) as members \
               from group_members m join users u on u.org_id = m.org_id and u.id = m.user_id \
               where m.org_id = $1 and m.group_id = any($2) group by m.group_id";
    let values = [scope.org().into(), groups.to_vec().into()];
    let rows = tx.query_all(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    rows.into_iter().map(|row| Ok((row.try_get("", "group_id")?, row.try_get("", "members")?))).collect()
}

/// Nobody, as a list.
pub(super) fn nobody() -> Value {
    json!([])
}
