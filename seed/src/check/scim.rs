//! Part 3: SCIM.

use api::domain::api_keys::Scope;
use api::domain::users;
use api::entity::user::Model as User;
use api::kernel::UserId;
use reqwest::Method;
use serde_json::{Value, json};

use super::directory::{Directory, at_provider, connected, imported, reaches_us, text};
use super::look::{answers, cookie, so};
use super::{Found, Look, Step, Wrong, steps};
use crate::demo::WORKSHOP_KEY;
use crate::world::parse_email;

/// The part's checks.
pub const STEPS: &[Step] = steps![
    "3.1–3.3" => begun,
    "3.4–3.5" => key_decides,
    "3.6" => made,
    "3.7" => not_twice,
    "3.8" => listed,
    "3.9" => found,
    "3.10" => by_id,
    "3.11" => changed,
    "3.12" => removed,
    "3.13" => trinity_out,
    "3.14" => address,
    "3.15" => key_at_provider,
    "3.16" => import,
    "3.17" => assigned,
    "3.18" => unassigned,
    "3.19" => assigned_again,
    "3.20" => renamed,
    "3.21" => for_many,
];

const PORTAL: Directory =
    Directory { company: "portal.example", key: WORKSHOP_KEY, begin: "`seed workshop scim` begins anew." };
const SOMNUS: &str = "somnus@portal.example";
const TRINITY: &str = "trinity@portal.example";
const TOM: &str = "tom.anderson@portal.example";
/// What the directory calls the person of steps 3.6 to 3.12.
const TEST_USER: &str = "00ujl29u0le5T6Aj10h7";
const MAKE: &str = "send the POST of step 3.6; if they were removed since, do 3.6 and what follows once more.";
const FAULT: &str = "this is a fault of the API.";

async fn begun(look: &Look<'_>) -> Found {
    for (email, external_id) in [(SOMNUS, "22"), (TRINITY, "23")] {
        PORTAL.knows(look, email, external_id).await?;
    }
    look.workshop_key(PORTAL.company, PORTAL.key, Scope::Scim).await?;
    Ok(format!("Somnus and Trinity are in {}, whose key {} is its directory's.", PORTAL.company, PORTAL.key))
}

async fn key_decides(look: &Look<'_>) -> Found {
    for place in ["/scim/v2/Users", "/scim/v2/Users?access_token=131313", "/scim/v2/Users?access_token[not]=x"] {
        let reply = look.get(place).await?;
        answers(&reply, 401, "this is a fault of the API: anybody can read a company's people.")?;
        let is_scim = reply.json()["schemas"][0] == "urn:ietf:params:scim:api:messages:2.0:Error";
        so(is_scim && reply.json()["status"] == "401", "The refusal is not SCIM's (RFC 7644 §3.12).", FAULT)?;
        so(!reply.headers.contains_key("set-cookie"), "The answer sets a cookie.", FAULT)?;
    }
    let people = PORTAL.list(look, "/Users").await?;
    let there = look.people(look.company(PORTAL.company).await?).await?.len();
    let what = format!("The key reads {} people, and {} has {there}.", people.len(), PORTAL.company);
    so(people.len() == there, what, FAULT)?;
    Ok(format!("Without a key it is 401 in SCIM's words, and with it one reads {there} people, all Portal's."))
}

/// The person of step 3.6 as SCIM has them.
async fn test_user(look: &Look<'_>) -> Result<Value, Wrong> {
    let known = PORTAL.find(look, "externalId", TEST_USER).await?;
    known.ok_or_else(|| Wrong::new(format!("Portal has nobody whom its directory calls {TEST_USER}."), MAKE))
}

async fn made(look: &Look<'_>) -> Found {
    let user = test_user(look).await?;
    let location = user["meta"]["location"].as_str().unwrap_or_default();
    let wanted = look.world.api_url(&format!("/scim/v2/Users/{}", text(&user["id"])))?;
    so(location == wanted, format!("Their meta.location is {location}, and should be {wanted}."), FAULT)?;
    let model = PORTAL.person(look, &user).await?;
    so(model.password_hash.is_none(), format!("{} got a password by SCIM.", model.email), FAULT)?;
    Ok(format!("{} is at {location}, and has no password here.", text(&user["userName"])))
}

/// Whoever is there already cannot be made: so this asks for nothing that could come about.
async fn not_twice(look: &Look<'_>) -> Found {
    let user = test_user(look).await?;
    let again = json!({ "schemas": user["schemas"], "userName": user["userName"], "name": user["name"] });
    let reply = PORTAL.call(look, Method::POST, "/Users", Some(&again)).await?;
    answers(&reply, 409, FAULT)?;
    so(reply.json()["scimType"] == "uniqueness", "The 409 does not say uniqueness (RFC 7644 §3.12).", FAULT)?;
    let namesakes = PORTAL.filtered(look, "userName", text(&user["userName"])).await?;
    so(namesakes == 1, format!("{namesakes} people are called {}.", text(&user["userName"])), PORTAL.begin)?;
    Ok(format!("{} cannot be made twice.", text(&user["userName"])))
}

async fn listed(look: &Look<'_>) -> Found {
    test_user(look).await?;
    let whole = PORTAL.list(look, "/Users").await?;
    let mut parts = Vec::new();
    for start in 1..=whole.len() {
        parts.extend(PORTAL.list(look, &format!("/Users?startIndex={start}&count=1")).await?);
    }
    so(parts == whole, "Read one by one, they are others than read at once.", FAULT)?;
    Ok(format!("There are {}, the same one by one as all at once.", names(&whole)))
}

async fn found(look: &Look<'_>) -> Found {
    PORTAL.knows(look, TRINITY, "23").await?;
    for (name, wanted) in [(TRINITY, 1), ("TRINITY@PORTAL.EXAMPLE", 1), ("nobody@portal.example", 0)] {
        let count = PORTAL.filtered(look, "userName", name).await?;
        so(count == wanted, format!("The filter for {name} finds {count}, and should find {wanted}."), FAULT)?;
    }
    let reply = PORTAL.call(look, Method::GET, "/Users?filter=shoeSize+gt+44", None).await?;
    answers(&reply, 400, "this is a fault of the API: everybody is taken for the one who was asked for.")?;
    so(reply.json()["scimType"] == "invalidFilter", "The 400 does not say invalidFilter.", FAULT)?;
    Ok("Trinity is found by her user name, nobody is nobody, and what cannot be served is refused.".to_owned())
}

async fn by_id(look: &Look<'_>) -> Found {
    let user = test_user(look).await?;
    let reply = PORTAL.call(look, Method::GET, &format!("/Users/{}", text(&user["id"])), None).await?;
    answers(&reply, 200, FAULT)?;
    so(reply.json() == user, "By id they are another than in the list.", FAULT)?;
    for nobody in ["1", "12abc"] {
        answers(&PORTAL.call(look, Method::GET, &format!("/Users/{nobody}"), None).await?, 404, FAULT)?;
    }
    Ok(format!("{} is there by id, and who is not is 404.", text(&user["userName"])))
}

async fn changed(look: &Look<'_>) -> Found {
    let user = test_user(look).await?;
    let given = text(&user["name"]["givenName"]);
    so(given == "NewTest", format!("Their given name is {given}."), "send the PUT of this step.")?;
    so(user["active"] == true, "They are deactivated.", "send the PUT with \"active\": true.")?;
    Ok(format!("{} is called {given} now, and may still come in.", text(&user["userName"])))
}

async fn removed(look: &Look<'_>) -> Found {
    let op = look.op(look.company(PORTAL.company).await?);
    let tx = look.world.begin(&op).await?;
    let mut known = Vec::new();
    for email in ["test.user@portal.example", "newtest.user@portal.example"] {
        known.extend(users::list_namesakes(&tx, op.scope, &parse_email(email)?).await?);
    }
    drop(tx);
    let last =
        known.iter().max_by_key(|each| each.id).ok_or_else(|| Wrong::new("Nobody was made in step 3.6.", MAKE))?;
    let mend = "send the DELETE of this step.";
    so(known.iter().all(|each| each.removed), "The person of step 3.6 has not been removed.", mend)?;
    let reply = PORTAL.call(look, Method::GET, &format!("/Users/{}", last.id), None).await?;
    answers(&reply, 404, FAULT)?;
    so(PORTAL.find(look, "externalId", TEST_USER).await?.is_none(), "They are still found by a filter.", FAULT)?;
    Ok("The person of step 3.6 is gone, by id and from every list.".to_owned())
}

async fn trinity_out(look: &Look<'_>) -> Found {
    let trinity = look.employee(PORTAL.company, TRINITY).await?;
    so(!trinity.active, "Trinity may still come in.", "send the PATCH of this step; 3.16 lets her in again.")?;
    let ended = deactivated(look, &trinity).await?;
    answers(&look.get_as(&cookie("trinity")?, "/api/users/me").await?, 401, FAULT)?;
    Ok(format!("Trinity is deactivated; that ended {ended} of her sign-ins, and her cookie is 401."))
}

/// How many of somebody's sign-ins were ended by their deactivation, of which one must have been.
async fn deactivated(look: &Look<'_>, person: &User) -> Result<usize, Wrong> {
    let all = look.sign_ins(person).await?;
    if !person.active {
        let open = all.iter().any(|sign_in| look.is_open(sign_in));
        so(!open, format!("{} is deactivated, and still signed in.", person.email), FAULT)?;
    }
    let by_it = all.iter().filter(|sign_in| sign_in.ended_cause.as_deref() == Some("deactivated")).count();
    let mend = "sign in as them first, with this step's `seed sign-in`, and deactivate them then.";
    so(by_it > 0, format!("None of {}'s sign-ins was ended by a deactivation.", person.email), mend)?;
    Ok(by_it)
}

async fn address(look: &Look<'_>) -> Found {
    reaches_us(look, &PORTAL).await
}

async fn key_at_provider(look: &Look<'_>) -> Found {
    connected(look, &PORTAL).await
}

async fn import(look: &Look<'_>) -> Found {
    imported(look, &PORTAL, &[SOMNUS, TRINITY]).await?;
    let trinity = look.employee(PORTAL.company, TRINITY).await?;
    so(trinity.active, "Trinity is still deactivated.", "send her PUT of this step, with \"active\": true.")?;
    Ok("The provider has imported and confirmed both, and Trinity may come in again.".to_owned())
}

/// Tom as he is here, and as the directory has him.
async fn tom(look: &Look<'_>) -> Result<(User, Value), Wrong> {
    let there = at_provider(look, &PORTAL, TOM).await?;
    let here = look.employee(PORTAL.company, TOM).await.map_err(|wrong| {
        Wrong::new(wrong.what, "press Assign beside Tom on the provider's page, or send the request of step 3.17.")
    })?;
    let known_as = here.external_id.as_deref().unwrap_or_default();
    let what = format!("The directory calls Tom {}, and here his external id is {known_as}.", text(&there["sub"]));
    so(there["sub"] == known_as, what, "remove whom you made by hand, and assign him on the provider's page.")?;
    Ok((here, there))
}

async fn assigned(look: &Look<'_>) -> Found {
    let (tom, _) = tom(look).await?;
    so(tom.active, "Tom is deactivated.", "press Assign beside him once more.")?;
    so(tom.password_hash.is_none(), "Tom has a password here.", PORTAL.begin)?;
    Ok(format!("{} was made by his company's directory, and has no password here.", tom.name))
}

async fn unassigned(look: &Look<'_>) -> Found {
    let (tom, _) = tom(look).await?;
    so(!tom.active, "Tom may still come in.", "press Unassign beside him.")?;
    let ended = deactivated(look, &tom).await?;
    answers(&look.get_as(&cookie("tom")?, "/api/users/me").await?, 401, FAULT)?;
    Ok(format!("Tom is deactivated; that ended {ended} of his sign-ins, and his cookie is 401."))
}

async fn assigned_again(look: &Look<'_>) -> Found {
    let (tom, _) = tom(look).await?;
    so(tom.active, "Tom is still deactivated.", "press Assign beside him.")?;
    deactivated(look, &tom).await?;
    answers(&look.get_as(&cookie("tom")?, "/api/users/me").await?, 401, FAULT)?;
    let again = look.get_as(&cookie("tom-again")?, "/api/users/me").await?;
    answers(&again, 200, "sign in as Tom once more, with the command above.")?;
    Ok("Tom may come in again, and has; his cookie from before is still 401.".to_owned())
}

async fn renamed(look: &Look<'_>) -> Found {
    let (tom, there) = tom(look).await?;
    let mend = "rename him on the provider's page, to Leo Anderson.";
    so(text(&there["name"]).starts_with("Leo"), format!("The directory calls him {}.", text(&there["name"])), mend)?;
    let what = format!("The directory calls him {}, and here he is {}.", text(&there["name"]), tom.name);
    so(there["name"] == tom.name.as_str(), what, mend)?;
    let open = look.sign_ins(&tom).await?.iter().any(|sign_in| look.is_open(sign_in));
    so(open, "He is not signed in any more.", "sign in as him, as in step 3.19: a new name ends nothing.")?;
    Ok(format!("He is {} here as well, and still signed in.", tom.name))
}

async fn for_many(look: &Look<'_>) -> Found {
    let people = PORTAL.list(look, "/Users").await?;
    so(!people.is_empty(), "Portal has nobody.", PORTAL.begin)?;
    for person in &people {
        let is_uuid = text(&person["id"]).parse::<UserId>().is_ok();
        so(is_uuid, format!("The id {} is no UUID.", person["id"]), FAULT)?;
        so(person["meta"]["version"].is_string(), format!("{} has no version.", person["userName"]), FAULT)?;
    }
    let config = PORTAL.call(look, Method::GET, "/ServiceProviderConfig", None).await?;
    answers(&config, 200, FAULT)?;
    so(config.json()["etag"]["supported"] == true, "The service does not offer entity tags.", FAULT)?;
    Ok(format!("All {} ids are UUIDs, and everybody has a version to compare with.", people.len()))
}

fn names(people: &[Value]) -> String {
    people.iter().map(|person| text(&person["userName"])).collect::<Vec<_>>().join(", ")
}
