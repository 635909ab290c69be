//! Part 2: OpenID Connect.

use api::app::start;
use api::domain::sso::{self, ClientAuthMethod, Connection};
use reqwest::{Method, Url};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::look::{answers, so};
use super::{Found, Look, Step, Wrong, steps};
use crate::demo::{BOBBY, TRINITY};

/// The part's checks.
pub const STEPS: &[Step] = steps![
    "2.1" => begun,
    "2.2–2.3" => tables,
    "2.4–2.7" => one_field,
    "2.8–2.10" => out_and_back,
    "2.11" => app_there,
    "2.12" => connected,
    "2.13" => signed_in,
    "2.14" => came,
    "2.15" => more_people,
    "2.16" => moved,
];

/// The company of this part and of those about signing out.
pub const COMPANY: &str = "whiterabbit.fake";
const SET: &str = "`seed org set-oidc whiterabbit.fake` as in step 2.12.";

async fn begun(look: &Look<'_>) -> Found {
    look.person(BOBBY.email).await?;
    let idp = provider(look)?;
    answers(&look.get(&format!("{idp}/health")).await?, 204, "`make down` and `make up` start the provider again.")?;
    Ok(format!("Bobby is there, and the provider answers at {idp}."))
}

async fn tables(look: &Look<'_>) -> Found {
    start::refuse_other_shape(&look.world.db).await.map_err(|e| Wrong::new(e.to_string(), "`api migrate`."))?;
    Ok("The database has every migration of this program.".to_owned())
}

async fn one_field(look: &Look<'_>) -> Found {
    let [known, unknown, elsewhere] = [TRINITY.email, "nobody@whiterabbit.fake", "x@nowhere.fake"];
    let (known, unknown) = (question(look, known).await?, question(look, unknown).await?);
    let mend = "this is a fault of the API: somebody can find out who has an account.";
    so(known == unknown, "The answers for somebody known and somebody unknown differ.", mend)?;
    let elsewhere = question(look, elsewhere).await?;
    so(elsewhere["org_id"].is_null(), "An unknown domain leads to a company.", "`seed show orgs` says who owns it.")?;
    Ok("Only the domain decides: who is known there cannot be told.".to_owned())
}

async fn question(look: &Look<'_>, email: &str) -> Result<Value, Wrong> {
    let reply = look.call(Method::POST, "/api/openid/check", None, Some(&json!({ "username": email }))).await?;
    answers(&reply, 200, "the API's log is .curfew/api.log.")?;
    Ok(reply.json())
}

async fn out_and_back(look: &Look<'_>) -> Found {
    let reply = look.get("/openid/start/nowhere.fake").await?;
    answers(&reply, 404, "this is a fault of the API.")?;
    so(
        reply.text.contains("data-code="),
        "The API has no page for a company that is not there.",
        "this is a fault of the API.",
    )?;
    Ok("A company that is not there is a page that says so.".to_owned())
}

pub async fn app_there(look: &Look<'_>) -> Found {
    let idp = provider(look)?;
    let issuer = format!("{idp}/{COMPANY}");
    let document = look.get(&format!("{issuer}/.well-known/openid-configuration")).await?;
    answers(&document, 200, "`make down` and `make up` start the provider again.")?;
    let authorize = document.json()["authorization_endpoint"].as_str().unwrap_or_default().to_owned();
    let callback = look.world.api_url(&format!("/openid/callback/{COMPANY}"))?;
    let request = Url::parse_with_params(
        &authorize,
        [
            ("response_type", "code"),
            ("client_id", "curfew"),
            ("scope", "openid"),
            ("redirect_uri", &callback),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
        ],
    );
    accepts(look, request.map_err(anyhow::Error::from)?.as_str()).await?;
    Ok(format!("The provider knows the client curfew, and takes people back to {callback}."))
}

pub async fn connected(look: &Look<'_>) -> Found {
    let connection = connection(look, COMPANY).await?;
    let issuer = api::oidc::parse_issuer(&connection.issuer)?;
    look.world.providers()?.check(&issuer).await.map_err(|error| {
        let what = format!("The issuer {} does not pass: {error}", connection.issuer);
        Wrong::new(what, format!("{SET} It must be spelt as its own discovery document spells it."))
    })?;
    let reply = look.get(&format!("/openid/start/{COMPANY}")).await?;
    answers(&reply, 303, SET)?;
    let there = reply.headers.get("location").and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned();
    for parameter in ["state=", "nonce=", "code_challenge=", "code_challenge_method=S256"] {
        so(there.contains(parameter), format!("The way out has no {parameter}"), "this is a fault of the API.")?;
    }
    accepts(look, &there).await?;
    secret_is_right(look, &connection).await?;
    so(
        question(look, TRINITY.email).await?["org_id"] == COMPANY,
        format!("People of {COMPANY} are not sent to its provider."),
        SET,
    )?;
    Ok(format!("{COMPANY} signs in at {}, with state, nonce and PKCE.", connection.issuer))
}

async fn signed_in(look: &Look<'_>) -> Found {
    let neo = look.employee(COMPANY, "neo@whiterabbit.fake").await?;
    let sign_in = look.sign_ins(&neo).await?.into_iter().find(|sign_in| look.is_open(sign_in));
    let mend = "sign in as Neo, on the page or with `seed sign-in` as above.";
    let sign_in = sign_in.ok_or_else(|| Wrong::new("Neo is not signed in anywhere.", mend))?;
    let (Some(iss), Some(sub), Some(sid)) = (sign_in.idp_iss, sign_in.idp_sub, sign_in.idp_sid) else {
        return Err(Wrong::new("Neo is signed in by something else than his company's provider.", mend));
    };
    Ok(format!("Neo is signed in by {iss}, as {sub}, in its session {sid}."))
}

async fn came(look: &Look<'_>) -> Found {
    let neo = look.employee(COMPANY, "neo@whiterabbit.fake").await?;
    so(
        neo.password_hash.is_none(),
        "Neo has a password here.",
        "`seed workshop oidc`, and let the provider bring him.",
    )?;
    Ok("Neo was made on his first sign-in, and has no password here.".to_owned())
}

async fn more_people(look: &Look<'_>) -> Found {
    let people = look.people(look.company(COMPANY).await?).await?;
    let brought = people.iter().filter(|user| user.password_hash.is_none()).count();
    let mend = "make somebody at the provider, and sign in as them.";
    so(brought >= 2, format!("Only {brought} of {COMPANY}'s people came by its provider."), mend)?;
    Ok(format!("{brought} people came by the provider."))
}

pub async fn moved(look: &Look<'_>) -> Found {
    let mend = "`seed oidc-migrate whiterabbit.fake`.";
    let left = look.person(TRINITY.email).await.is_ok_and(|user| user.active);
    so(!left, "Trinity is still without a company.", mend)?;
    let trinity = look.employee(COMPANY, TRINITY.email).await?;
    so(trinity.password_hash.is_none(), "Trinity still has a password here.", mend)?;
    Ok("Trinity is in her company, which alone signs her in.".to_owned())
}

/// A code that nobody gave is refused as such only to a client that has proved who it is (RFC 6749 §5.2).
async fn secret_is_right(look: &Look<'_>, connection: &Connection) -> Result<(), Wrong> {
    if connection.client_auth != ClientAuthMethod::ClientSecret {
        return Ok(());
    }
    let place = sso::credential_place(connection.id);
    let secret = look.world.sealer()?.open(&place, &connection.client_credential)?;
    let discovered = look.get(&format!("{}/.well-known/openid-configuration", connection.issuer)).await?.json();
    let endpoint = discovered["token_endpoint"].as_str().unwrap_or_default();
    let callback = look.world.api_url(&format!("/openid/callback/{COMPANY}"))?;
    let form = [("grant_type", "authorization_code"), ("code", "nobody-gave-it"), ("redirect_uri", &callback)];
    let client = (connection.client_id.as_str(), secret.expose_secret());
    let error = look.token_error(endpoint, client, &form).await?;
    let what = format!("The provider does not accept the client secret of {}: {error}.", connection.client_id);
    so(
        error != "invalid_client",
        what,
        "copy the secret from the provider once more, and give it to `seed org set-oidc`.",
    )
}

/// Where the demo's provider is.
pub fn provider(look: &Look<'_>) -> Result<String, Wrong> {
    let missing = || Wrong::new("The demo's identity provider is not there.", "start the demo with `make up`.");
    look.world.idp_url().ok_or_else(missing)
}

/// A company's provider, for all of its people.
pub async fn connection(look: &Look<'_>, company: &str) -> Result<Connection, Wrong> {
    let op = look.op(look.company(company).await?);
    let tx = look.world.begin(&op).await?;
    let found = sso::find_connection(&tx, op.scope, None).await?;
    found.ok_or_else(|| Wrong::new(format!("{company} has no provider."), SET))
}

/// The provider must take this authorization request: it answers a wrong client or redirect URI itself, with a page.
async fn accepts(look: &Look<'_>, request: &str) -> Result<(), Wrong> {
    let reply = look.get(request).await?;
    let said = reply.text.replace(['<', '>'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
    let what = format!("The provider refuses the way there, with {}: {:.200}", reply.status, said);
    let callback = look.world.api_url(&format!("/openid/callback/{COMPANY}"))?;
    so(
        reply.status.as_u16() < 400,
        what,
        format!(
            "register {callback} as a redirect URI at the provider, and give set-oidc the client id that it shows."
        ),
    )
}
