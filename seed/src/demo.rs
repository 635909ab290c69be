//! The workshop's people and companies.

use anyhow::{Context, Result};
use api::domain::api_keys::{self, NewKey, Scope};
use api::domain::{orgs, users};
use api::kernel::{OrgId, Role};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::sso::{self, SetOidc};
use crate::world::{World, parse_domain, parse_email};
use crate::{oidc_migrate, people};

/// Somebody the workshop's texts name.
#[derive(Clone, Copy)]
pub struct Person {
    /// What they are called.
    pub name: &'static str,
    /// Their address.
    pub email: &'static str,
    /// Their password here.
    pub password: Option<&'static str>,
    /// What they may do in their company.
    pub role: Option<Role>,
}

/// Nobody's employee.
pub const BOBBY: Person = Person {
    name: "Bobby Tables",
    email: "bob@tables.fake",
    password: Some("correct horse battery staple"),
    role: None,
};
/// Whom the article signs out.
pub const TRINITY: Person =
    Person { name: "Trinity Anderson", email: "trinity@whiterabbit.fake", password: Some("Zion"), role: None };
const MORPHEUS: Person = Person {
    name: "Morpheus",
    email: "morpheus@whiterabbit.fake",
    password: Some("Nebuchadnezzar"),
    role: Some(Role::Owner),
};
/// Whom the demo has, and no part of the workshop.
pub const SMITH: Person =
    Person { name: "Agent Smith", email: "smith@matrix.fake", password: Some("Mr. Anderson"), role: Some(Role::Owner) };

/// The published articles' key.
pub const WORKSHOP_KEY: &str = "131313";

/// The two whom the first part has.
pub async fn two_people(world: &World) -> Result<()> {
    for person in [BOBBY, TRINITY] {
        ensure(world, None, &person).await?;
        println!("{:<18} {:<28} password: {}", person.name, person.email, person.password.unwrap_or_default());
    }
    Ok(())
}

/// `seed demo`. With the address of the local provider, the companies' people have their passwords there.
pub async fn demo(world: &World, workshop_keys: bool, idp: Option<&str>) -> Result<()> {
    let white_rabbit = company(world, "whiterabbit.fake", "White Rabbit").await?;
    let matrix = company(world, "matrix.fake", "Matrix").await?;
    for (company, person) in
        [(Some(white_rabbit), MORPHEUS), (Some(white_rabbit), TRINITY), (Some(matrix), SMITH), (None, BOBBY)]
    {
        let at_provider = company.is_some() && idp.is_some();
        let person = Person { password: person.password.filter(|_| !at_provider), ..person };
        ensure(world, company, &person).await?;
        println!("{:<18} {:<28} password: {}", person.name, person.email, person.password.unwrap_or("at the provider"));
    }
    if let Some(idp) = idp {
        for slug in ["whiterabbit.fake", "matrix.fake"] {
            sso::set(world, local_provider(idp, slug)).await?;
            connect_directory(world, idp, slug).await?;
        }
    }
    if workshop_keys {
        give_key(world, white_rabbit, WORKSHOP_KEY, Scope::Revoke).await?;
        println!("The key {WORKSHOP_KEY} of whiterabbit.fake works on this machine only.");
    }
    Ok(())
}

/// What the key is called by which the local provider tells us who belongs to a company.
const DIRECTORY_KEY: &str = "demo identity provider";

/// Has the local provider tell us who belongs to a company. It forgets its key when it ends, and then gets another.
async fn connect_directory(world: &World, idp: &str, company: &str) -> Result<()> {
    let tested = world.idp(idp, Method::POST, company, "test-scim", &json!({})).await;
    if tested.is_ok_and(|reply| reply.is_some_and(|reply| reply.json()["status"] == 200)) {
        return Ok(());
    }
    let op = world.op(world.company(company).await?);
    let tx = world.begin(&op).await?;
    for old in api_keys::list(&tx, op.scope).await? {
        if old.name == DIRECTORY_KEY && old.revoked_at.is_none() {
            api_keys::revoke(&tx, &op, old.id).await?;
        }
    }
    let new = NewKey { name: DIRECTORY_KEY.to_owned(), scopes: vec![Scope::Scim], lifetime: None };
    let minted = api_keys::mint(&tx, &op, new).await?;
    tx.commit().await?;
    let key = json!({ "token": minted.text.expose_secret() });
    let put = world.idp(idp, Method::PUT, company, "scim", &key).await?;
    put.map(|_| ()).with_context(|| format!("The local provider does not have the company {company}."))
}

/// Gives a company a key that everybody knows.
pub async fn give_key(world: &World, company: OrgId, text: &str, scope: Scope) -> Result<()> {
    let op = world.op(company);
    let tx = world.begin(&op).await?;
    api_keys::ensure_workshop_key(&tx, &op, text, &[scope]).await?;
    Ok(tx.commit().await?)
}

/// The demo's provider in idp/ has an issuer and a client for each company.
pub fn local_provider(idp: &str, slug: &str) -> SetOidc {
    SetOidc {
        org: slug.to_owned(),
        issuer: format!("{}/{slug}", idp.trim_end_matches('/')),
        client_id: "curfew".to_owned(),
        client_secret: Some(format!("demo-secret-of-{slug}").into()),
        private_key_jwt: false,
        domain: None,
        no_provisioning: false,
        prompt_only: false,
        require_logout_typ: false,
        no_check: false,
    }
}

/// Makes a company unless it is there.
pub async fn company(world: &World, domain: &str, name: &str) -> Result<OrgId> {
    if let Some(org) = orgs::find_by_domain(&world.db, &parse_domain(domain)?).await? {
        return Ok(org);
    }
    people::add_org(world, domain, Some(name.to_owned())).await?;
    world.company(domain).await
}

/// Makes a person unless they are there. Somebody who was there without a company moves into it, and keeps the password
/// that the texts name.
pub async fn ensure(world: &World, company: Option<OrgId>, person: &Person) -> Result<()> {
    let email = parse_email(person.email)?;
    if let Some(company) = company {
        oidc_migrate::move_one(world, company, &email).await?;
    }
    match (users::find_candidate(&world.db, &email).await?, person.password) {
        (Some(known), Some(password)) if known.password_hash.is_none() => {
            people::give_password(world, known.org, &email, password.into()).await
        }
        (Some(_), _) => Ok(()),
        (None, password) => {
            people::make(world, company, email, person.name, password.map(Into::into), person.role, None).await
        }
    }
}
