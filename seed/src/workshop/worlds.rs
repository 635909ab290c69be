//! The worlds that the workshop's parts begin with: the companies, people and keys that its texts name.

use anyhow::{Context, Result};
use api::domain::api_keys::Scope;
use api::domain::orgs::{self, Hold};
use api::domain::users::{self, Description};
use api::domain::{lifecycle, roles};
use api::entity::entitlement::EntitlementKind;
use api::entity::org::OrgKind;
use api::kernel::{OrgId, Role};
use reqwest::Method;
use secrecy::SecretString;
use serde_json::json;

use super::Part;
use crate::demo::{self, BOBBY, Person, SMITH, TRINITY, WORKSHOP_KEY};
use crate::world::{World, parse_domain, parse_email};
use crate::{oidc_migrate, people, sso};

/// Whoever has such an address, and whatever company such a domain, is the workshop's to erase: nobody in life can
/// (RFC 2606 §2 and §3; `fake` is no top-level domain).
const COMPANIES: [&str; 5] = ["whiterabbit.fake", "matrix.fake", "portal.example", "gridco.example", "garden.example"];
const PEOPLE: [&str; 2] = [BOBBY.email, TRINITY.email];

/// Whether something of the workshop's is there, and not the demo, which alone has Smith.
pub async fn is_begun(world: &World) -> Result<bool> {
    if users::find_candidate(&world.db, &parse_email(SMITH.email)?).await?.is_some() {
        return Ok(false);
    }
    for company in COMPANIES {
        if orgs::find_by_domain(&world.db, &parse_domain(company)?).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(users::find_candidate(&world.db, &parse_email(BOBBY.email)?).await?.is_some())
}

/// Erases what earlier parts have made, and has the demo's provider begin anew.
pub async fn clear(world: &World) -> Result<()> {
    for company in COMPANIES {
        if let Some(org) = orgs::find_by_domain(&world.db, &parse_domain(company)?).await? {
            erase(world, org).await?;
        }
    }
    for org in orgs::list_all(&world.db).await?.into_iter().filter(|org| org.kind == OrgKind::Personal) {
        let op = world.op(org.id);
        let tx = world.begin(&op).await?;
        let people = users::list(&tx, op.scope).await?;
        drop(tx);
        // A personal org without anybody is what somebody who moved has left behind.
        if people.iter().all(|person| PEOPLE.contains(&person.email_folded.as_str())) {
            erase(world, org.id).await?;
        }
    }
    if let Some(idp) = world.idp_url() {
        for company in COMPANIES {
            world.idp(&idp, Method::POST, company, "reset", &json!({})).await?;
        }
    }
    Ok(())
}

async fn erase(world: &World, org: OrgId) -> Result<()> {
    let op = world.op(org);
    let tx = world.begin(&op).await?;
    lifecycle::erase_org(&tx, &op).await?;
    Ok(tx.commit().await?)
}

/// Makes a part's world where there is nothing of it.
pub(super) async fn make(world: &World, part: Part) -> Result<()> {
    match part {
        Part::Start | Part::Oidc => demo::two_people(world).await,
        Part::Configuration => Ok(()),
        Part::Scim => scim(world).await,
        Part::Workflows => workflows(world).await,
        Part::UniversalLogout => universal_logout(world).await,
        Part::FromTheProvider => {
            universal_logout(world).await?;
            oidc_migrate::run(world, "whiterabbit.fake", false).await
        }
        Part::Entitlements => entitlements(world).await,
    }
}

async fn scim(world: &World) -> Result<()> {
    let portal = demo::company(world, "portal.example", "Portal").await?;
    demo::give_key(world, portal, WORKSHOP_KEY, Scope::Scim).await?;
    let somnus = Person { name: "Somnus", email: "somnus@portal.example", ..BOBBY };
    let trinity = Person { name: "Trinity", email: "trinity@portal.example", ..TRINITY };
    employ(world, portal, somnus, "22").await?;
    employ(world, portal, trinity, "23").await
}

/// With the domains of both, so that they can sign in as its people.
async fn workflows(world: &World) -> Result<()> {
    let matrix = demo::company(world, "matrix.fake", "Matrix").await?;
    for domain in ["tables.fake", "whiterabbit.fake"] {
        people::add_domain(world, "matrix.fake", domain).await?;
    }
    demo::give_key(world, matrix, WORKSHOP_KEY, Scope::TodosRead).await?;
    employ(world, matrix, BOBBY, "1000002").await?;
    employ(world, matrix, TRINITY, "1000001").await
}

/// Whose provider is the demo's.
async fn universal_logout(world: &World) -> Result<()> {
    demo::two_people(world).await?;
    let white_rabbit = demo::company(world, "whiterabbit.fake", "White Rabbit").await?;
    let idp = world.idp_url().context("This part needs the demo's identity provider: start it with `make up`.")?;
    sso::set(world, demo::local_provider(&idp, "whiterabbit.fake")).await?;
    demo::give_key(world, white_rabbit, WORKSHOP_KEY, Scope::Revoke).await
}

/// What Gridco has to give to people, and what that lets them do here.
const ROLES: [(&str, &str, Role); 3] = [
    ("Todo-er", "Keeps todos.", Role::Member),
    ("Todo Auditor", "Sees what administrators see.", Role::Auditor),
    ("Manager", "Runs the company's account.", Role::Admin),
];

async fn entitlements(world: &World) -> Result<()> {
    let op = world.op(world.new_org());
    let tx = world.begin(&op).await?;
    orgs::add_company(&tx, &op, "Gridco", &parse_domain("gridco.example")?).await?;
    for (name, description, grants) in ROLES {
        roles::define(&tx, &op, EntitlementKind::Role, name, description, Some(grants)).await?;
    }
    tx.commit().await?;
    let gridco = op.scope.org();
    demo::give_key(world, gridco, "123123", Scope::Scim).await?;
    let somnus = Person { name: "Somnus Henderson", email: "somnus.henderson@gridco.example", ..BOBBY };
    let trinity = Person { email: "trinity@gridco.example", role: Some(Role::Member), ..TRINITY };
    employ(world, gridco, somnus, "31").await?;
    employ(world, gridco, trinity, "32").await
}

/// Makes somebody of a company whom its directory knows by an id of its own.
async fn employ(world: &World, company: OrgId, person: Person, external_id: &str) -> Result<()> {
    let Person { name, email, password, role } = person;
    let external_id = Some(external_id.to_owned());
    let description = Description { external_id, ..Description::of(parse_email(email)?, name) };
    let hash = world.passwords.hash(SecretString::from(password.unwrap_or_default())).await?;
    let op = world.op(company);
    let tx = world.begin(&op).await?;
    orgs::hold(&tx, op.scope, Hold::Alone).await?;
    let user = users::add_described(&tx, &op, &description).await?;
    users::set_password(&tx, &op, user.id, hash).await?;
    if let Some(role) = role {
        roles::make(&tx, &op, user.id, role).await?;
    }
    tx.commit().await?;
    println!("{name:<18} {email:<32} password: {}", password.unwrap_or_default());
    Ok(())
}
