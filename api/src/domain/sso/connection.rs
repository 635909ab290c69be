//! Which provider signs in whom.

use sea_orm::ConnectionTrait;
use serde_json::json;

use super::{ClientAuthMethod, Connection, store};
use crate::domain::Tx;
use crate::domain::audit::{self, Event};
use crate::domain::orgs::{self, Hold};
use crate::domain::revocation::{self, Cause, Door, Order, Reach, Subject};
use crate::domain::sessions;
use crate::kernel::{Chance, Domain, Error, Op, OrgId, OrgScope, Result, Sealer, SsoConnectionId, UserId};

use secrecy::SecretString;

/// What an org's operator says about a provider.
#[derive(Debug)]
pub struct ConnectionSettings {
    /// The one domain of the org that it is for; `None` for those that have no connection of their own.
    pub domain: Option<Domain>,
    /// As the provider spells it.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// How we prove it.
    pub client_auth: ClientAuthMethod,
    /// The secret, or our private key.
    pub credential: SecretString,
    /// Whether people whom we do not know yet are made on their first sign-in.
    pub provisions: bool,
    /// Whether, for want of an `auth_time`, having asked the provider to prompt must do after a forced sign-out.
    pub prompt_only: bool,
    /// Whether a logout token must say by its `typ` that it is one.
    pub requires_logout_typ: bool,
}

/// Where a connection's credential stands, for the sealer.
pub fn credential_place(id: SsoConnectionId) -> String {
    format!("sso_connections/{id}/client_credential")
}

/// The slug of the company that signs in the people of `domain` with a provider. Asked before a tenant is known.
///
/// # Errors
/// The database's.
pub async fn find_company(db: &impl ConnectionTrait, domain: &Domain) -> Result<Option<String>> {
    store::lookup_sso(db, domain.as_str()).await
}

/// The org that is this client at this issuer, unless it is more than one. Asked before a tenant is known.
///
/// # Errors
/// The database's.
pub async fn find_by_client(db: &impl ConnectionTrait, issuer: &str, client_id: &str) -> Result<Option<OrgId>> {
    store::lookup_client(db, issuer, client_id).await
}

/// The connection for people of `domain`: its own, else the org's. Without a domain the org's, else its oldest.
///
/// # Errors
/// The database's.
pub async fn find_connection(tx: &Tx, scope: OrgScope, domain: Option<&Domain>) -> Result<Option<Connection>> {
    let all = store::list_connections(tx, scope).await?;
    let own = domain.and_then(|domain| all.iter().find(|c| c.domain.as_deref() == Some(domain.as_str())));
    let org_s = || all.iter().find(|c| c.domain.is_none());
    Ok(own.or_else(org_s).or_else(|| all.first().filter(|_| domain.is_none())).cloned())
}

/// Whether `connection` is the one for people of `domain`.
///
/// # Errors
/// The database's.
pub async fn serves(tx: &Tx, scope: OrgScope, connection: &Connection, domain: &Domain) -> Result<bool> {
    Ok(find_connection(tx, scope, Some(domain)).await?.is_some_and(|found| found.id == connection.id))
}

/// The org's connections, oldest first.
///
/// # Errors
/// The database's.
pub async fn list_connections(tx: &Tx, scope: OrgScope) -> Result<Vec<Connection>> {
    store::list_connections(tx, scope).await
}

/// Makes `settings` hold from now on, in place of the connection that was there for the same domain. Gives whoever is
/// signed in by what does not sign them in any more, a password or another provider: they are for [`sign_out_replaced`],
/// one by one, after this has been committed. A company that requires its provider means everybody.
///
/// # Errors
/// Not found, when the domain is none of the org's; the database's.
pub async fn set_connection(tx: &Tx, op: &Op, sealer: &Sealer, settings: ConnectionSettings) -> Result<Vec<UserId>> {
    orgs::hold(tx, op.scope, Hold::Alone).await?.ok_or_else(|| Error::not_found("company"))?;
    let domain = settings.domain.as_ref().map(Domain::as_str);
    let before = store::find_by_domain(tx, op.scope, domain).await?;
    let id = before.as_ref().map_or_else(|| SsoConnectionId::new(op.now, &op.chance), |c| c.id);
    let credential = sealer.seal(&op.chance, &credential_place(id), &settings.credential)?;
    store::upsert_connection(tx, op, id, &settings, credential)
        .await
        .map_err(|e| e.on_constraint("sso_connections_domain", || Error::not_found("domain of this company")))?;
    let detail = json!({
        "connection": id, "domain": domain, "issuer": settings.issuer, "client_id": settings.client_id,
        "provisions": settings.provisions, "prompt_only": settings.prompt_only,
        "requires_logout_typ": settings.requires_logout_typ, "replaced": before.is_some(),
    });
    audit::record(tx, op, Event::SsoSet, None, detail).await?;
    let issuers: Vec<_> = list_connections(tx, op.scope).await?.into_iter().map(|c| c.issuer).collect();
    sessions::list_signed_in_otherwise(tx, op.scope, &issuers, domain).await
}

/// A connection's secret, or our private key.
///
/// # Errors
/// Internal, when it cannot be decrypted.
pub fn credential(connection: &Connection, sealer: &Sealer) -> Result<SecretString> {
    sealer.open(&credential_place(connection.id), &connection.client_credential)
}

/// Signs out somebody who was signed in by what does not sign them in any more. In a transaction of its own, so that one
/// person's sign-ins wait and not the whole company's.
///
/// # Errors
/// The database's.
pub async fn sign_out_replaced(tx: &Tx, op: &Op, user: UserId) -> Result<()> {
    let (reach, cause, door) = (Reach::All, Cause::ProviderRequired, Door::Operator);
    revocation::revoke(tx, op, &Order { subject: Subject::User(user), reach, cause, door }).await?;
    Ok(())
}

/// Removes the connection for `domain`, so that passwords count again. Who signed in through it stays signed in.
///
/// # Errors
/// Not found; the database's.
pub async fn remove_connection(tx: &Tx, op: &Op, domain: Option<&Domain>) -> Result<()> {
    orgs::hold(tx, op.scope, Hold::Alone).await?;
    let found = store::find_by_domain(tx, op.scope, domain.map(Domain::as_str)).await?;
    let found = found.ok_or_else(|| Error::not_found("connection"))?;
    store::delete_connection(tx, op.scope, found.id).await?;
    let detail = json!({ "connection": found.id, "domain": found.domain, "issuer": found.issuer });
    audit::record(tx, op, Event::SsoRemoved, None, detail).await
}

/// Encrypts a connection's credential again, with the sealer's newest key.
///
/// # Errors
/// Internal, when it cannot be decrypted; the database's.
pub async fn reseal_credential(
    tx: &Tx,
    scope: OrgScope,
    connection: &Connection,
    sealer: &Sealer,
    chance: &Chance,
) -> Result<()> {
    let plain = credential(connection, sealer)?;
    let resealed = sealer.seal(chance, &credential_place(connection.id), &plain)?;
    store::update_credential(tx, scope, connection.id, resealed).await
}
