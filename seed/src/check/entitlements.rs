//! Part 7: entitlements.

use api::domain::api_keys::Scope;
use api::domain::roles;
use api::entity::entitlement::{EntitlementKind, Model as Entitlement};
use api::entity::user::Model as User;
use api::kernel::Role;
use reqwest::Method;
use serde_json::json;

use super::directory::{Directory, connected, imported, text};
use super::look::{answers, cookie, so};
use super::{Found, Look, Step, Wrong, steps};

/// The part's checks.
pub const STEPS: &[Step] = steps![
    "7.1" => begun,
    "7.2" => key_needed,
    "7.3" => own_roles,
    "7.4" => import,
    "7.5" => role_list,
    "7.6" => sorts,
    "7.7" => trinity_s_role,
    "7.8" => discovered,
    "7.9" => somnus_s_role,
    "7.10" => something_else,
    "7.11" => tall,
];

const GRIDCO: Directory =
    Directory { company: "gridco.example", key: "123123", begin: "`seed workshop entitlements` begins anew." };
const SOMNUS: &str = "somnus.henderson@gridco.example";
const TRINITY: &str = "trinity@gridco.example";
const ROLE: &str = "urn:okta:scim:schemas:core:1.0:Role";
const ENTITLEMENT: &str = "urn:okta:scim:schemas:core:1.0:Entitlement";
/// The article's three, and what each lets people do here.
const ROLES: [(&str, Role); 3] = [("Todo-er", Role::Member), ("Todo Auditor", Role::Auditor), ("Manager", Role::Admin)];
const FAULT: &str = "this is a fault of the API.";

async fn begun(look: &Look<'_>) -> Found {
    for (email, external_id) in [(SOMNUS, "31"), (TRINITY, "32")] {
        GRIDCO.knows(look, email, external_id).await?;
    }
    look.workshop_key(GRIDCO.company, GRIDCO.key, Scope::Scim).await?;
    Ok(format!("Somnus and Trinity are in {}, whose key {} is its directory's.", GRIDCO.company, GRIDCO.key))
}

async fn key_needed(look: &Look<'_>) -> Found {
    for path in ["/Roles", "/Entitlements", "/ResourceTypes", "/Schemas"] {
        let reply = look.get(&format!("/scim/v2{path}")).await?;
        answers(&reply, 401, "this is a fault of the API: anybody can see what there is to be had.")?;
        answers(&GRIDCO.call(look, Method::GET, path, None).await?, 200, GRIDCO.begin)?;
    }
    Ok("What there is to give is shown for a key, and 401 without.".to_owned())
}

/// What the company can give.
async fn given_by_company(look: &Look<'_>) -> Result<Vec<Entitlement>, Wrong> {
    let op = look.op(look.company(GRIDCO.company).await?);
    let tx = look.world.begin(&op).await?;
    Ok(roles::list(&tx, op.scope, None).await?)
}

async fn own_roles(look: &Look<'_>) -> Found {
    let all = given_by_company(look).await?;
    for (name, grants) in ROLES {
        let found = all.iter().find(|each| each.kind == EntitlementKind::Role && each.name == name);
        let found = found
            .ok_or_else(|| Wrong::new(format!("{} cannot give the role {name}.", GRIDCO.company), GRIDCO.begin))?;
        let what = format!("The role {name} lets people do something else than it should, {grants:?}.");
        so(found.grants == Some(grants), what, GRIDCO.begin)?;
    }
    Ok(format!("{} can give Todo-er, Todo Auditor and Manager, and each grants something here.", GRIDCO.company))
}

async fn import(look: &Look<'_>) -> Found {
    let connection = connected(look, &GRIDCO).await?;
    imported(look, &GRIDCO, &[SOMNUS, TRINITY]).await?;
    Ok(format!("{connection} It has imported and confirmed them."))
}

/// A list of SCIM's must be what the company has of a kind.
async fn same_as_here(look: &Look<'_>, path: &str, kind: EntitlementKind, schema: &str) -> Result<Vec<String>, Wrong> {
    let shown = GRIDCO.list(look, path).await?;
    let all = given_by_company(look).await?;
    let mut here: Vec<_> = all.iter().filter(|each| each.kind == kind).map(|each| each.name.clone()).collect();
    let mut there: Vec<_> = shown.iter().map(|each| text(&each["displayName"]).to_owned()).collect();
    here.sort();
    there.sort();
    so(here == there, format!("{path} shows {}, and there is {}.", there.join(", "), here.join(", ")), FAULT)?;
    let known = shown.iter().all(|each| each["schemas"][0] == schema);
    so(known, format!("What {path} shows is not of the schema {schema}."), FAULT)?;
    Ok(there)
}

async fn role_list(look: &Look<'_>) -> Found {
    let names = same_as_here(look, "/Roles", EntitlementKind::Role, ROLE).await?;
    so(names.len() >= ROLES.len(), format!("There are {} roles.", names.len()), GRIDCO.begin)?;
    Ok(format!("/Roles lists {}.", names.join(", ")))
}

async fn sorts(look: &Look<'_>) -> Found {
    let all = GRIDCO.list(look, "/ResourceTypes").await?;
    for (name, endpoint, schema) in [("Role", "/Roles", ROLE), ("Entitlement", "/Entitlements", ENTITLEMENT)] {
        let found =
            all.iter().any(|each| each["name"] == name && each["endpoint"] == endpoint && each["schema"] == schema);
        so(found, format!("/ResourceTypes does not lead to {endpoint}."), FAULT)?;
    }
    let names: Vec<_> = all.iter().map(|each| text(&each["name"])).collect();
    Ok(format!("/ResourceTypes leads to {}.", names.join(", ")))
}

/// Somebody of Gridco's, and the names of what SCIM says was given to them as `roles` or `entitlements`.
async fn has(look: &Look<'_>, email: &str, attribute: &str) -> Result<(User, Vec<String>), Wrong> {
    let user = look.employee(GRIDCO.company, email).await.map_err(|wrong| Wrong::new(wrong.what, GRIDCO.begin))?;
    let reply = GRIDCO.call(look, Method::GET, &format!("/Users/{}", user.id), None).await?;
    answers(&reply, 200, FAULT)?;
    let given = reply.json()[attribute].as_array().cloned().unwrap_or_default();
    Ok((user, given.iter().map(|each| text(&each["display"]).to_owned()).collect()))
}

async fn trinity_s_role(look: &Look<'_>) -> Found {
    let (trinity, roles) = has(look, TRINITY, "roles").await?;
    let what = format!("Trinity's roles are {}, and should be Todo-er.", or_none(&roles));
    so(roles == ["Todo-er"], what, "`seed role set gridco.example Todo-er --to trinity@gridco.example`.")?;
    let titled = trinity.profile.to_string().contains("\"Pilot\"");
    so(titled, "Trinity has no title yet.", "send the PUT of this step, which does not speak of roles.")?;
    Ok("Trinity is a Todo-er, and a PUT that did not say so has left it.".to_owned())
}

async fn discovered(look: &Look<'_>) -> Found {
    asked_for(look, "GET /Roles").await?;
    let (_, roles) = has(look, TRINITY, "roles").await?;
    let imported = imported(look, &GRIDCO, &[TRINITY]).await?;
    let what =
        format!("The provider takes Trinity's roles for {}, and they are {}.", imported[0]["roles"], or_none(&roles));
    so(imported[0]["roles"] == json!(roles), what, "press Import on its page once more.")?;
    Ok(format!("The provider knows what roles there are, and Trinity's: {}.", or_none(&roles)))
}

/// The provider must have sent this of late.
async fn asked_for(look: &Look<'_>, request: &str) -> Result<(), Wrong> {
    let sent = GRIDCO.sent(look).await?;
    let asked = sent.iter().any(|each| each["subject"] == request && each["status"] == 200);
    let what = format!("{request} is not among the last things that the provider has asked for.");
    so(asked, what, "press Find roles on its page, under Gridco, Provisioning.")
}

async fn somnus_s_role(look: &Look<'_>) -> Found {
    let (somnus, roles) = has(look, SOMNUS, "roles").await?;
    let what = format!("Somnus's roles are {}, and should be Todo-er.", or_none(&roles));
    so(roles == ["Todo-er"], what, "give him the role Todo-er on the provider's page, or by the request above.")?;
    so(somnus.role == Role::Member, format!("By it he may do what {:?} may.", somnus.role), FAULT)?;
    let cookie = cookie("somnus")?;
    answers(&look.get_as(&cookie, "/api/users/me").await?, 200, "sign in as Somnus, with the command above.")?;
    answers(&look.get_as(&cookie, "/api/org/sessions").await?, 403, FAULT)?;
    Ok("Somnus is a Todo-er: he is in, and does not see who else is.".to_owned())
}

async fn something_else(look: &Look<'_>) -> Found {
    let names = same_as_here(look, "/Entitlements", EntitlementKind::Entitlement, ENTITLEMENT).await?;
    let there = names.iter().any(|name| name == "is_tall");
    let mend = "`seed role add gridco.example is_tall --entitlement`.";
    so(there, format!("{} has nothing to give that is called is_tall.", GRIDCO.company), mend)?;
    let schemas = GRIDCO.list(look, "/Schemas").await?;
    for id in [ROLE, ENTITLEMENT] {
        so(schemas.iter().any(|schema| schema["id"] == id), format!("/Schemas does not have {id}."), FAULT)?;
    }
    Ok(format!("/Entitlements lists {}, and /Schemas says what such a thing has.", names.join(", ")))
}

async fn tall(look: &Look<'_>) -> Found {
    let (trinity, entitlements) = has(look, TRINITY, "entitlements").await?;
    let what = format!("Trinity's entitlements are {}, and should be is_tall.", or_none(&entitlements));
    so(entitlements == ["is_tall"], what, "give it to her on the provider's page, or by the request above.")?;
    let (_, roles) = has(look, TRINITY, "roles").await?;
    so(roles == ["Todo-er"], format!("Her roles are {} now.", or_none(&roles)), "give her Todo-er again, as in 7.9.")?;
    so(trinity.role == Role::Member, format!("She may do what {:?} may.", trinity.role), FAULT)?;
    asked_for(look, "GET /Entitlements").await?;
    Ok("Trinity is tall, and a Todo-er still.".to_owned())
}

fn or_none(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
