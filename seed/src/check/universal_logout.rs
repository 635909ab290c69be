//! Part 6: Universal Logout.

use std::fs;

use api::domain::api_keys::Scope;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::look::{answers, cookie, so};
use super::oidc::{COMPANY, app_there, connected, moved, provider};
use super::{Found, Look, Step, Wrong, steps};
use crate::demo::{TRINITY, WORKSHOP_KEY};

/// The part's checks.
pub const STEPS: &[Step] = steps![
    "6.1" => begun,
    "6.2" => app_there,
    "6.3" => record,
    "6.4" => trinity_there,
    "6.5" => moved_and_in,
    "6.6–6.7" => without_key,
    "6.8–6.9" => wrong_key,
    "6.10" => with_key,
    "6.11" => ended,
    "6.12" => dead,
    "6.13–6.14" => told,
    "6.15" => kept,
    "6.16" => no_tokens,
    "6.17" => alive,
];

const REVOKE: &str = "/global-token-revocation";
const BEGIN: &str = "`seed workshop universal-logout`.";
/// Nobody has this address, so that asking with it changes nothing.
const NOBODY: &str = "nobody-at-all@whiterabbit.fake";

async fn begun(look: &Look<'_>) -> Found {
    let idp = provider(look)?;
    answers(&look.get(&format!("{idp}/health")).await?, 204, "`make down` and `make up` start the provider again.")?;
    answers(&look.get("/health/ready").await?, 204, "the API's log is .curfew/api.log.")?;
    look.company(COMPANY).await.map_err(|wrong| Wrong::new(wrong.what, BEGIN))?;
    Ok(format!("The API and the provider answer, and {COMPANY} is there."))
}

async fn record(look: &Look<'_>) -> Found {
    let connection = connected(look).await?;
    let key = look.workshop_key(COMPANY, WORKSHOP_KEY, Scope::Revoke).await?;
    let scopes = key.scopes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Ok(format!("{connection} The key {WORKSHOP_KEY} is good for: {scopes}."))
}

async fn trinity_there(look: &Look<'_>) -> Found {
    let people = look.get(&format!("{}/admin/api/{COMPANY}/people", provider(look)?)).await?;
    answers(&people, 200, "`make down` and `make up` start the provider again.")?;
    let there = people.json().as_array().is_some_and(|all| all.iter().any(|one| one["email"] == TRINITY.email));
    so(there, "The provider does not have Trinity.", format!("add her on its page, or begin anew: {BEGIN}"))?;
    Ok("Trinity is one of the provider's people.".to_owned())
}

async fn moved_and_in(look: &Look<'_>) -> Found {
    moved(look).await?;
    let trinity = look.employee(COMPANY, TRINITY.email).await?;
    let by_provider = look.sign_ins(&trinity).await?.iter().filter(|sign_in| sign_in.idp_iss.is_some()).count();
    so(by_provider > 0, "Trinity has not signed in at her provider yet.", "sign in as her, as above.")?;
    Ok("Trinity is in her company, and signs in at its provider.".to_owned())
}

async fn ask(look: &Look<'_>, key: Option<&str>, email: &str) -> Result<crate::browser::Reply, Wrong> {
    let body = json!({ "sub_id": { "format": "email", "email": email } });
    look.call(Method::POST, REVOKE, key, Some(&body)).await
}

async fn without_key(look: &Look<'_>) -> Found {
    refused(look, None, "Without a key").await
}

async fn wrong_key(look: &Look<'_>) -> Found {
    refused(look, Some("999"), "With a wrong key").await
}

async fn refused(look: &Look<'_>, key: Option<&str>, how: &str) -> Found {
    let reply = ask(look, key, NOBODY).await?;
    let mend = "this is a fault of the API: anybody can sign people out.";
    answers(&reply, 401, mend)?;
    so(reply.headers.contains_key("www-authenticate"), "The 401 does not say what it wants (RFC 9110 §11.6.1).", mend)?;
    Ok(format!("{how} it is 401, and WWW-Authenticate says what is wanted."))
}

async fn with_key(look: &Look<'_>) -> Found {
    look.workshop_key(COMPANY, WORKSHOP_KEY, Scope::Revoke).await?;
    let reply = ask(look, Some(WORKSHOP_KEY), NOBODY).await?;
    let mend = match reply.status {
        StatusCode::UNAUTHORIZED => "the API honours this key on loopback only: call it by localhost, without a proxy.",
        StatusCode::FORBIDDEN => "the key lacks the scope revoke: `seed workshop universal-logout`.",
        _ => "the API's log is .curfew/api.log.",
    };
    answers(&reply, 404, mend)?;
    let trinity = look.employee(COMPANY, TRINITY.email).await?;
    so(
        trinity.reauth_since.is_some(),
        "Nobody has signed Trinity out yet.",
        "send the request above, with her address.",
    )?;
    Ok("The key finds whom it may, and nobody else; Trinity was signed out by it.".to_owned())
}

async fn ended(look: &Look<'_>) -> Found {
    let trinity = look.employee(COMPANY, TRINITY.email).await?;
    let all = look.sign_ins(&trinity).await?;
    let demanded = all.iter().filter(|sign_in| sign_in.ended_cause.as_deref() == Some("demanded")).count();
    let mend = "sign in as Trinity (6.5), then send the request of 6.10.";
    so(demanded > 0, "None of Trinity's sign-ins was ended by a demand.", mend)?;
    Ok(format!("{demanded} of Trinity's {} sign-ins ended because her company demanded it.", all.len()))
}

async fn dead(look: &Look<'_>) -> Found {
    ended(look).await?;
    let trinity = look.employee(COMPANY, TRINITY.email).await?;
    let todos = look.todos(&trinity).await?;
    so(
        !todos.is_empty(),
        "Trinity has added no task while she was signed in.",
        "do the step's commands in their order.",
    )?;
    so(
        todos.iter().all(|todo| todo.task != "Too late"),
        "Trinity's second task came in after she was signed out.",
        "this is a fault of the API.",
    )?;
    let me = look.get_as(&cookie("trinity")?, "/api/users/me").await?;
    answers(&me, 401, "send the request of 6.10 once more: she has signed in again.")?;
    Ok("What she added while she was in is there, what she sent afterwards is not, and her cookie is 401.".to_owned())
}

async fn told(look: &Look<'_>) -> Found {
    let file = ".curfew/workshop/stream.txt";
    let stream = fs::read_to_string(file).unwrap_or_default();
    let mend = "do the commands above in their order; the stream is opened before the demand is sent.";
    so(stream.contains("event: ended"), format!("The stream kept in {file} was not told of the end."), mend)?;
    answers(&look.get_as(&cookie("trinity")?, "/api/live").await?, 401, mend)?;
    Ok("The open stream said that it had ended, and no other can be opened.".to_owned())
}

/// Drafts are encrypted with a key that the API gives to nobody but their person.
async fn kept(look: &Look<'_>) -> Found {
    answers(&look.get("/api/account/draft-key").await?, 401, "this is a fault of the API.")?;
    Ok("The key to what was typed is given to nobody who is not signed in.".to_owned())
}

/// Every way in that the API describes is a cookie, a key, or a token that a provider signs for one demand.
async fn no_tokens(look: &Look<'_>) -> Found {
    let contract = look.get("/api/openapi.json").await?;
    answers(&contract, 200, "the API's log is .curfew/api.log.")?;
    let contract = contract.json();
    let schemes = &contract["components"]["securitySchemes"];
    let names: Vec<_> = schemes.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let known = names.iter().all(|name| ["session", "org_key", "provider_token"].contains(name));
    so(
        known,
        format!("The API knows other credentials: {}.", names.join(", ")),
        "the page of this step has to say more.",
    )?;
    so(
        !contract["paths"].as_object().is_some_and(|paths| paths.keys().any(|path| path.ends_with("/token"))),
        "The API gives tokens.",
        "the page of this step has to say more.",
    )?;
    Ok(format!("There is nothing to be refreshed: the credentials are {}.", names.join(", ")))
}

async fn alive(look: &Look<'_>) -> Found {
    let mend = "the API's log is .curfew/api.log.";
    let wrong: [(Value, u16); 3] = [
        (json!({}), 400),
        (json!({ "sub_id": { "format": "email" } }), 400),
        (json!({ "sub_id": { "format": "iss_sub", "iss": "https://elsewhere.example", "sub": "x" } }), 404),
    ];
    for (body, status) in wrong {
        answers(&look.call(Method::POST, REVOKE, Some(WORKSHOP_KEY), Some(&body)).await?, status, mend)?;
    }
    answers(&look.get("/health/ready").await?, 204, mend)?;
    Ok("What is malformed is 400, who is not there is 404, and the API lives.".to_owned())
}
