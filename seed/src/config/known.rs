//! Companies as the database has them.

use std::collections::BTreeMap;

use anyhow::Result;
use api::domain::api_keys::{self, KeptKey};
use api::domain::orgs::{self, OrgRow, Policy};
use api::domain::sso::{self, ClientAuthMethod, Connection};
use api::domain::{Tx, roles, sessions};
use api::entity::org::OrgKind;
use api::kernel::{EntitlementId, Op, OrgId};
use sea_orm::TransactionTrait;
use time::Duration;

use super::shape::{self, Company, Key, Proof, Provider, Role, RoleName, Scopes};
use crate::world::World;

/// A company that is there, and what is behind it.
#[derive(Debug)]
pub struct Known {
    /// The org.
    pub id: OrgId,
    /// What can be said of it.
    pub company: Company,
    /// Behind its providers.
    pub connections: BTreeMap<Option<String>, Connection>,
    /// Behind its roles.
    pub role_ids: BTreeMap<RoleName, EntitlementId>,
    /// Behind its keys, one for each.
    pub keys: Vec<KeptKey>,
    /// Its keys that are over, the newest first.
    pub over: Vec<KeptKey>,
}

/// The companies there are, by their slugs. A closed one is none.
pub async fn companies(world: &World) -> Result<BTreeMap<String, OrgId>> {
    let company = |org: OrgRow| (org.kind == OrgKind::Company && org.active).then_some((org.slug?, org.id));
    Ok(orgs::list_all(&world.db).await?.into_iter().filter_map(company).collect())
}

/// These companies, all at one moment. (One transaction for all of them spares two round trips for each.)
pub async fn read(world: &World, ids: &[OrgId]) -> Result<Vec<Known>> {
    let tx = world.db.begin().await?;
    let mut all = Vec::new();
    for id in ids {
        let op = world.op(*id);
        sessions::enter(&tx, op.scope).await?;
        all.extend(find(&tx, &op).await?);
    }
    Ok(all)
}

/// The company that `op` is about; `None` when there is none.
pub async fn find(tx: &Tx, op: &Op) -> Result<Option<Known>> {
    let scope = op.scope;
    let Some(org) = orgs::find(tx, scope).await?.filter(|org| org.active) else { return Ok(None) };
    let Some(slug) = org.slug.clone() else { return Ok(None) };
    let mut company = Company::bare(&slug, &org.name);
    company.policy = Policy::of(&org);
    let domains = orgs::list_domains(tx, scope).await?.into_iter().map(|row| row.domain);
    company.domains = domains.filter(|domain| *domain != slug).collect();
    let mut connections = BTreeMap::new();
    for connection in sso::list_connections(tx, scope).await? {
        company.providers.insert(connection.domain.clone(), provider(&slug, &connection));
        connections.insert(connection.domain.clone(), connection);
    }
    let mut role_ids = BTreeMap::new();
    for role in roles::list(tx, scope, None).await? {
        let key = (role.kind.into(), role.name_folded);
        role_ids.insert(key.clone(), role.id);
        company.roles.insert(key, Role { name: role.name, description: role.description, grants: role.grants });
    }
    // The workshop's is the demo's business, and one that another has replaced is on its way out.
    let own = api_keys::list(tx, scope).await?.into_iter().filter(|key| key.prefix.is_some());
    let (over, counting): (Vec<_>, Vec<_>) = own.partition(|key| key.is_over(op.now));
    let mut keys: Vec<_> = counting.into_iter().filter(|key| key.rotated_to.is_none()).collect();
    keys.sort_by_cached_key(|key| (said(key), key.created_at, key.id.uuid()));
    let numbers = shape::numbered(keys.iter().map(|key| key.name.as_str()));
    let file =
        |(key, (name, n)): (&KeptKey, (String, usize))| Key { file: shape::key_file(&slug, &name, n), ..said(key) };
    company.keys = keys.iter().zip(numbers).map(file).collect();
    Ok(Some(Known { id: org.id, company, connections, role_ids, keys, over }))
}

fn provider(slug: &str, connection: &Connection) -> Provider {
    let proof = match connection.client_auth {
        ClientAuthMethod::ClientSecret => {
            Proof::Secret { variable: shape::variable(slug, connection.domain.as_deref()) }
        }
        ClientAuthMethod::PrivateKeyJwt => Proof::PrivateKey,
    };
    Provider {
        issuer: connection.issuer.clone(),
        client_id: connection.client_id.clone(),
        proof,
        provisions: connection.provisions,
        prompt_only: connection.prompt_only,
        requires_logout_typ: connection.requires_logout_typ,
    }
}

fn said(key: &KeptKey) -> Key {
    let (name, scopes) = (key.name.clone(), Scopes::of(&key.scopes));
    Key { name, scopes, lifetime: key.lifetime.map(Duration::whole_seconds), file: String::new() }
}
