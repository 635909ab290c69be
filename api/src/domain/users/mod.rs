//! People. Each belongs to exactly one org. What they may do is `roles`' to say, and whether they may come in
//! `lifecycle`'s. Somebody who was removed is not there for anybody.

mod description;
mod password;
mod store;

use sea_orm::ConnectionTrait;
use secrecy::SecretString;
use serde_json::json;

use super::Tx;
use super::audit::{self, Event};
use crate::entity::org::OrgKind;
use crate::entity::user::Model as User;
use crate::kernel::{Domain, Email, Error, Op, OrgId, OrgScope, Part, PartOf, Place, Result, UserId};

pub use description::{Address, Description, fold};
pub use password::Passwords;

/// A person to be made.
#[derive(Debug)]
pub struct NewUser {
    /// Their address. Among people of one org, and among people without a company, it is unique.
    pub email: Email,
    /// What they are called.
    pub name: String,
    /// From [`Passwords::hash`]; without one there is no signing in by password.
    pub password_hash: Option<SecretString>,
}

/// Somebody who may be signing in by password, as read before the password is checked.
#[derive(Debug)]
pub struct Candidate {
    /// Their org.
    pub org: OrgId,
    /// The org's generation as read.
    pub org_generation: i64,
    /// The person.
    pub user: UserId,
    /// The person's generation as read.
    pub generation: i64,
    /// What the password is checked against.
    pub password_hash: Option<SecretString>,
    /// Whether their company signs them in with its provider, so that no password does.
    pub by_provider: bool,
}

/// A person who would move into the company that owns their address's domain.
#[derive(Debug)]
pub struct DomainMove {
    /// The person.
    pub user: UserId,
    /// The personal org they would leave.
    pub from: OrgId,
    /// Their address.
    pub email: String,
    /// The person with the same address whom the company has already, so that the two are merged.
    pub merges_into: Option<UserId>,
    /// Whether that person is deactivated, so that they cannot be.
    pub blocked: bool,
    /// How many todos would come along.
    pub todos: i64,
}

/// Makes a person in `op.scope`: a member, or the owner of their personal org.
///
/// # Errors
/// A conflict when the address is taken; the database's.
pub async fn add(tx: &Tx, op: &Op, org_kind: OrgKind, new: NewUser) -> Result<User> {
    let NewUser { email, name, password_hash } = new;
    insert(tx, op, org_kind, &Description::of(email, &name), password_hash).await
}

/// Makes a member of the company `op.scope` whom its directory describes.
///
/// # Errors
/// A conflict when user name, external id or address is taken; the database's.
pub async fn add_described(tx: &Tx, op: &Op, description: &Description) -> Result<User> {
    insert(tx, op, OrgKind::Company, description, None).await
}

async fn insert(
    tx: &Tx,
    op: &Op,
    org_kind: OrgKind,
    description: &Description,
    password_hash: Option<SecretString>,
) -> Result<User> {
    // What providers called somebody of the same name who was removed refuses them no more.
    let released = store::release_identities(tx, op.scope, description).await?;
    let user = store::insert_user(tx, op, org_kind, description, password_hash).await.map_err(taken)?;
    audit::record(tx, op, Event::UserCreated, Some(user.id), json!({ "role": user.role })).await?;
    if released > 0 {
        audit::record(tx, op, Event::IdentityUnlinked, Some(user.id), json!({ "released": released })).await?;
    }
    Ok(user)
}

/// Makes what the directory says hold of a person. Which provider's name for somebody means them does not change by it.
///
/// # Errors
/// Not found; a conflict when user name, external id or address is taken; the database's.
pub async fn describe(tx: &Tx, op: &Op, id: UserId, description: &Description) -> Result<()> {
    if !store::update_description(tx, op, id, description).await.map_err(taken)? {
        return Err(Error::not_found("person"));
    }
    audit::record(tx, op, Event::UserUpdated, Some(id), json!({})).await
}

fn taken(error: Error) -> Error {
    let email = || Error::conflict("email_taken", "Somebody with this e-mail address is already there.");
    error
        .on_constraint("users_org_email", email)
        .on_constraint("users_personal_email", email)
        .on_constraint("users_org_user_name", || {
            Error::conflict("user_name_taken", "Somebody with this user name is already there.")
        })
        .on_constraint("users_org_external_id", || {
            Error::conflict("external_id_taken", "Somebody with this external id is already there.")
        })
}

/// Somebody who goes by an address, or went by it.
#[derive(Clone, Copy, Debug)]
pub struct Namesake {
    /// Who.
    pub id: UserId,
    /// Whether they may come in.
    pub active: bool,
    /// Whether they were removed.
    pub removed: bool,
}

/// Everybody in the org who goes by this address, as the one we know them by, as another of theirs, or as their user
/// name; the removed among them.
///
/// # Errors
/// The database's.
pub async fn list_namesakes(tx: &Tx, scope: OrgScope, email: &Email) -> Result<Vec<Namesake>> {
    store::list_namesakes(tx, scope, email).await
}

/// The org's people, oldest first.
///
/// # Errors
/// The database's.
pub async fn list(tx: &Tx, scope: OrgScope) -> Result<Vec<User>> {
    store::list_users(tx, scope).await
}

/// Everybody in the org whose address is of this domain, the removed among them.
///
/// # Errors
/// The database's.
pub async fn list_ids_at(tx: &Tx, scope: OrgScope, domain: &Domain) -> Result<Vec<UserId>> {
    store::list_ids_at(tx, scope, domain.as_str()).await
}

/// A part of the org's people, oldest first.
///
/// # Errors
/// The database's.
pub async fn list_part(tx: &Tx, scope: OrgScope, part: PartOf) -> Result<Part<User>> {
    let found = store::list_part(tx, scope, part).await?;
    Ok(Part::of(found, part.limit, |user| Place { at: user.created_at, id: user.id.uuid() }))
}

/// What those of `ids` are called who are in the org.
///
/// # Errors
/// The database's.
pub async fn list_names(tx: &Tx, scope: OrgScope, ids: Vec<UserId>) -> Result<Vec<(UserId, String)>> {
    store::list_names(tx, scope, ids).await
}

/// The org's people who have addresses of `domain`, by id.
///
/// # Errors
/// The database's.
pub async fn list_of_domain(tx: &Tx, scope: OrgScope, domain: &Domain) -> Result<Vec<UserId>> {
    store::list_of_domain(tx, scope, domain.as_str()).await
}

/// Somebody by address.
///
/// # Errors
/// The database's.
pub async fn find_by_email(tx: &Tx, scope: OrgScope, email: &Email) -> Result<Option<User>> {
    store::find_by_email(tx, scope, email.folded()).await
}

/// The same, locked against every other change until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn find_by_email_locked(tx: &Tx, scope: OrgScope, email: &Email) -> Result<Option<User>> {
    store::find_by_email_locked(tx, scope, email.folded()).await
}

/// Whom a provider means by `subject` (OpenID Connect Core 1.0 §5.7). Both are compared letter by letter.
///
/// # Errors
/// The database's.
pub async fn find_by_identity(tx: &Tx, scope: OrgScope, issuer: &str, subject: &str) -> Result<Option<UserId>> {
    store::find_by_identity(tx, scope, issuer, subject).await
}

/// Somebody by id.
///
/// # Errors
/// The database's.
pub async fn find(tx: &Tx, scope: OrgScope, id: UserId) -> Result<Option<User>> {
    store::find_user(tx, scope, id).await
}

/// Somebody by id, locked against every other change until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn find_locked(tx: &Tx, scope: OrgScope, id: UserId) -> Result<Option<User>> {
    store::find_locked(tx, scope, id).await
}

/// Who may be signing in with this address: the person in the org that owns its verified domain, else the one without
/// a company. Asked before a tenant is known.
///
/// # Errors
/// The database's.
pub async fn find_candidate(db: &impl ConnectionTrait, email: &Email) -> Result<Option<Candidate>> {
    store::lookup_password(db, email).await
}

/// Records that a signed-in person gave a wrong current password, at most once a minute.
///
/// # Errors
/// The database's.
pub async fn record_wrong_password(tx: &Tx, op: &Op, id: UserId) -> Result<()> {
    audit::record_once_a_minute(tx, op, Event::SignInFailed, Some(id), "wrong_current_password").await
}

/// Sets a person's password.
///
/// # Errors
/// Not found; the database's.
pub async fn set_password(tx: &Tx, op: &Op, id: UserId, hash: SecretString) -> Result<()> {
    if !store::update_password(tx, op.scope, id, &hash).await? {
        return Err(Error::not_found("person"));
    }
    audit::record(tx, op, Event::PasswordChanged, Some(id), json!({})).await
}

/// Who would move into the company that owns `domain`. For the operator: the runtime role may not.
///
/// # Errors
/// The database's.
pub async fn list_domain_moves(owner: &impl ConnectionTrait, domain: &str) -> Result<Vec<DomainMove>> {
    store::list_domain_moves(owner, domain).await
}

/// Moves a person, with their todos, from their personal org into the company that owns the verified `domain` of their
/// address, and clears their password. For the operator: the runtime role may not.
///
/// # Errors
/// A conflict when the person cannot move there; the database's.
pub async fn move_to_company(owner: &Tx, id: UserId, domain: &str) -> Result<()> {
    let moved = store::move_user(owner, id, domain).await.map_err(taken)?;
    if moved { Ok(()) } else { Err(Error::conflict("cannot_move", "This person cannot move to that org.")) }
}

/// Gives the todos of a person without a company to whoever has the same address in the company that owns the verified
/// `domain`. The one without a company can do nothing any more. For the operator: the runtime role may not.
///
/// # Errors
/// A conflict when there is nobody to merge with; the database's.
pub async fn merge_into_company(owner: &Tx, id: UserId, domain: &str) -> Result<()> {
    if store::merge_user(owner, id, domain).await? {
        return Ok(());
    }
    Err(Error::conflict("cannot_merge", "There is nobody in that org to merge this person with."))
}

/// Records that a person of `op.scope` got the todos of one without a company, who was of the org `from`.
///
/// # Errors
/// The database's.
pub async fn record_merged(tx: &Tx, op: &Op, id: UserId, from: OrgId, todos: i64) -> Result<()> {
    audit::record(tx, op, Event::UserMerged, Some(id), json!({ "from": from, "todos": todos })).await
}

/// Records that a person came into `op.scope`.
///
/// # Errors
/// The database's.
pub async fn record_moved(tx: &Tx, op: &Op, id: UserId, from: OrgId) -> Result<()> {
    audit::record(tx, op, Event::UserMoved, Some(id), json!({ "from": from })).await
}
