//! Tenants. A company has domains; a personal org holds one person without a company.

mod policy;
mod store;

use sea_orm::ConnectionTrait;
use serde_json::json;
use time::OffsetDateTime;

use super::Tx;
use super::audit::{self, Event};
use crate::entity::org::{Model as Org, OrgKind};
use crate::entity::org_domain::Model as OrgDomain;
use crate::kernel::{Domain, Error, Op, OrgId, OrgScope, Result};

pub use policy::Policy;

/// An org as a list shows it.
#[derive(Clone, Debug)]
pub struct OrgRow {
    /// Its id.
    pub id: OrgId,
    /// Company or personal.
    pub kind: OrgKind,
    /// What people call it.
    pub name: String,
    /// A company's first domain.
    pub slug: Option<String>,
    /// Whether anybody may sign in.
    pub active: bool,
    /// Since when.
    pub created_at: OffsetDateTime,
}

/// Makes the company that `op.scope` names. Its domain, vouched for by the operator, becomes its slug.
///
/// # Errors
/// A conflict when another org has the domain or the slug; the database's.
pub async fn add_company(tx: &Tx, op: &Op, name: &str, domain: &Domain) -> Result<Org> {
    let taken = || Error::conflict("domain_taken", format!("An org already has the domain {domain}."));
    let org = store::insert_org(tx, op, OrgKind::Company, name, Some(domain.as_str().to_owned()))
        .await
        .map_err(|e| e.on_constraint("orgs_slug", taken))?;
    audit::record(tx, op, Event::OrgCreated, None, json!({ "kind": "company" })).await?;
    add_domain(tx, op, domain).await?;
    Ok(org)
}

/// Calls an org something else.
///
/// # Errors
/// The database's.
pub async fn rename(tx: &Tx, op: &Op, name: &str) -> Result<()> {
    store::update_name(tx, op.scope, name).await?;
    audit::record(tx, op, Event::OrgRenamed, None, json!({ "name": name })).await
}

/// Makes the personal org that `op.scope` names.
///
/// # Errors
/// The database's.
pub async fn add_personal(tx: &Tx, op: &Op, name: &str) -> Result<Org> {
    let org = store::insert_org(tx, op, OrgKind::Personal, name, None).await?;
    audit::record(tx, op, Event::OrgCreated, None, json!({ "kind": "personal" })).await?;
    Ok(org)
}

/// Gives a company one more domain, vouched for by the operator.
///
/// # Errors
/// A conflict when another org has it, or this one already; the database's.
pub async fn add_domain(tx: &Tx, op: &Op, domain: &Domain) -> Result<()> {
    let taken = || Error::conflict("domain_taken", format!("An org already has the domain {domain}."));
    store::insert_domain(tx, op, domain.as_str()).await.map_err(|e| e.on_constraint("org_domains_pkey", taken))?;
    audit::record(tx, op, Event::DomainAdded, None, json!({ "domain": domain.as_str() })).await
}

/// Takes a domain from a company, whose first, its slug, it keeps. What it means for the people who have addresses of it
/// is `revocation`'s to carry out.
///
/// # Errors
/// A conflict when it is the slug, or has a provider of its own; not found; the database's.
pub async fn remove_domain(tx: &Tx, op: &Op, domain: &Domain) -> Result<()> {
    if slug(tx, op.scope).await?.as_deref() == Some(domain.as_str()) {
        let sentence = format!("{domain} is the company's first domain, which stands in its addresses: it stays.");
        return Err(Error::conflict("domain_is_slug", sentence));
    }
    let in_use = || {
        let sentence = format!("The people of {domain} have a provider of their own. Remove that first.");
        Error::conflict("domain_has_provider", sentence)
    };
    let removed = store::delete_domain(tx, op.scope, domain.as_str()).await;
    if !removed.map_err(|e| e.on_constraint("sso_connections_domain", in_use))? {
        return Err(Error::not_found("domain of this company"));
    }
    audit::record(tx, op, Event::DomainRemoved, None, json!({ "domain": domain.as_str() })).await
}

/// The org, unless there is none.
///
/// # Errors
/// The database's.
pub async fn find(tx: &Tx, scope: OrgScope) -> Result<Option<Org>> {
    store::find_org(tx, scope).await
}

/// The org's domains.
///
/// # Errors
/// The database's.
pub async fn list_domains(tx: &Tx, scope: OrgScope) -> Result<Vec<OrgDomain>> {
    store::list_domains(tx, scope).await
}

/// The company that owns this verified domain. Asked before a tenant is known.
///
/// # Errors
/// The database's.
pub async fn find_by_domain(db: &impl ConnectionTrait, domain: &Domain) -> Result<Option<OrgId>> {
    store::lookup_domain(db, domain.as_str()).await
}

/// A company's slug; none for a personal org.
///
/// # Errors
/// The database's.
pub async fn slug(tx: &Tx, scope: OrgScope) -> Result<Option<String>> {
    Ok(store::find_org(tx, scope).await?.and_then(|org| org.slug))
}

/// The company that a URL names by its slug. Asked before a tenant is known.
///
/// # Errors
/// The database's.
pub async fn find_by_slug(db: &impl ConnectionTrait, slug: &str) -> Result<Option<OrgId>> {
    store::lookup_slug(db, slug).await
}

/// How strongly an org's row is held until the transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Others may hold it so too, and nobody can change how the org's people sign in.
    Shared,
    /// By nobody else.
    Alone,
}

/// The org, held, unless it is closed. To be called before any person's row is locked.
///
/// # Errors
/// The database's.
pub async fn hold(tx: &Tx, scope: OrgScope, hold: Hold) -> Result<Option<Org>> {
    Ok(store::find_held(tx, scope, hold).await?.filter(|org| org.active))
}

/// The org's policy.
///
/// # Errors
/// Not found; the database's.
pub async fn policy(tx: &Tx, scope: OrgScope) -> Result<Policy> {
    let org = store::find_org(tx, scope).await?.ok_or_else(|| Error::not_found("org"))?;
    Ok(Policy::of(&org))
}

/// Writes the org's policy. What it means for sign-ins that are open is `revocation`'s to carry out.
///
/// # Errors
/// The database's.
pub async fn set_policy(tx: &Tx, op: &Op, policy: Policy) -> Result<()> {
    store::update_policy(tx, op.scope, policy).await?;
    let detail = json!({
        "idle_timeout": policy.idle_timeout, "absolute_lifetime": policy.absolute_lifetime,
        "privileged_auth_age": policy.privileged_auth_age, "ends_provider_session": policy.ends_provider_session,
    });
    audit::record(tx, op, Event::PolicySet, None, detail).await
}

/// Whether the org signs its people in at an issuer of one of these spellings.
///
/// # Errors
/// The database's.
pub async fn has_issuer(tx: &Tx, scope: OrgScope, spellings: &[String; 2]) -> Result<bool> {
    store::has_issuer(tx, scope, spellings).await
}

/// Every org. For the operator: the runtime role may not.
///
/// # Errors
/// The database's.
pub async fn list_all(owner: &impl ConnectionTrait) -> Result<Vec<OrgRow>> {
    store::list_orgs(owner).await
}

/// Closes an org for good: nobody in it can sign in.
///
/// # Errors
/// The database's.
pub async fn close(tx: &Tx, scope: OrgScope) -> Result<()> {
    store::update_inactive(tx, scope).await
}
