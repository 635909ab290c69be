//! Part 6b: Universal Logout from the provider.

use reqwest::{Method, Url};
use serde_json::json;

use super::look::{answers, cookie, so};
use super::oidc::{COMPANY, connected, provider};
use super::{Found, Look, Step, Wrong, steps};
use crate::demo::TRINITY;

/// The part's checks.
pub const STEPS: &[Step] = steps![
    "6b.1" => token,
    "6b.2" => reached,
    "6b.3" => told,
    "6b.4" => signed_in,
    "6b.5" => sent,
    "6b.6" => out,
    "6b.7" => catalogue,
];

const ENDPOINT: &str = "/orgs/whiterabbit.fake/global-token-revocation";
/// `{"alg":"none","typ":"global-token-revocation+jwt"}` and `{"iss":"x"}`, without a signature.
const UNSIGNED: &str = "eyJhbGciOiJub25lIiwidHlwIjoiZ2xvYmFsLXRva2VuLXJldm9jYXRpb24rand0In0.eyJpc3MiOiJ4In0.";

async fn token(look: &Look<'_>) -> Found {
    let connection = connected(look).await?;
    let body = json!({ "sub_id": { "format": "email", "email": TRINITY.email } });
    let reply = look.call(Method::POST, ENDPOINT, Some(UNSIGNED), Some(&body)).await?;
    answers(&reply, 401, "this is a fault of the API: it believes what nobody has signed.")?;
    Ok(format!("{connection} A token that nobody has signed is refused."))
}

async fn reached(look: &Look<'_>) -> Found {
    let address = look.world.api_url(ENDPOINT)?;
    answers(&look.call(Method::POST, &address, None, None).await?, 401, "CURFEW_API_URL must be where the API is.")?;
    Ok(format!("{address} answers, and wants a token."))
}

/// What it would send is signed for this address, so both must call the API the same.
async fn told(look: &Look<'_>) -> Found {
    let reply = look.get(&format!("{}/admin/api/{COMPANY}/scim", provider(look)?)).await?;
    answers(&reply, 200, "`make down` and `make up` start the provider again.")?;
    let there = reply.json()["baseUrl"].as_str().and_then(|url| Url::parse(url).ok()).map(|url| url.origin());
    let here = Url::parse(&look.world.api_url("/")?).map_err(anyhow::Error::from)?.origin();
    let what = "The provider calls the API by another address than the API itself.";
    so(there == Some(here), what, "start both with the same CURFEW_API_URL, as `make up` does.")?;
    Ok("The provider and the API agree on the API's address.".to_owned())
}

async fn signed_in(look: &Look<'_>) -> Found {
    let trinity = look.employee(COMPANY, TRINITY.email).await?;
    let newest = look.sign_ins(&trinity).await?.into_iter().next();
    let newest = newest.filter(|sign_in| sign_in.idp_sid.is_some());
    so(newest.is_some(), "Trinity has not signed in at her provider.", "sign in as her, as above.")?;
    Ok("Trinity has signed in at her provider.".to_owned())
}

async fn sent(look: &Look<'_>) -> Found {
    let sent = look.get(&format!("{}/admin/api/{COMPANY}/sent", provider(look)?)).await?.json();
    let last = sent.as_array().into_iter().flatten().find(|entry| entry["what"] == "Universal Logout").cloned();
    let mend = "press \"Universal Logout\" beside Trinity on the provider's page.";
    let last = last.ok_or_else(|| Wrong::new("The provider has sent no Universal Logout.", mend))?;
    if let Some(trouble) = last["trouble"].as_str() {
        return Err(Wrong::new(trouble, "start the API: `make up`."));
    }
    let what = format!("The API refused the provider's Universal Logout with {}.", last["status"]);
    so(last["status"] == 204, what, "its log says why; compare issuer and client: `seed show connections`.")?;
    Ok(format!("The provider's demand was answered 204 after {} ms.", last["ms"]))
}

async fn out(look: &Look<'_>) -> Found {
    let trinity = look.employee(COMPANY, TRINITY.email).await?;
    let demanded = look.sign_ins(&trinity).await?.into_iter().any(|one| one.ended_cause.as_deref() == Some("demanded"));
    so(demanded, "None of Trinity's sign-ins was ended by a demand.", "send it once more (6b.5).")?;
    let me = look.get_as(&cookie("trinity")?, "/api/users/me").await?;
    answers(&me, 401, "send it once more (6b.5): she has signed in since.")?;
    Ok("Trinity is out, and her cookie is 401.".to_owned())
}

/// The company's own address takes no key: Okta's catalogue knows signed tokens alone.
async fn catalogue(look: &Look<'_>) -> Found {
    let body = json!({ "sub_id": { "format": "email", "email": "nobody-at-all@whiterabbit.fake" } });
    let reply = look.call(Method::POST, ENDPOINT, Some(crate::demo::WORKSHOP_KEY), Some(&body)).await?;
    answers(&reply, 401, "this is a fault of the API.")?;
    Ok("The company's own address takes its provider's tokens, and no key.".to_owned())
}
