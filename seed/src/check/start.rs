//! Part 1: getting going.

use serde_json::json;

use super::look::{answers, cookie, so};
use super::{Found, Look, Step, steps};
use crate::demo::{BOBBY, TRINITY};
use crate::workshop::Part;

/// The part's checks.
pub const STEPS: &[Step] = steps![
    "1.1–1.3" => running,
    "1.4" => two_people,
    "1.5–1.6" => pages,
    "1.7" => signed_in,
    "1.8" => todos,
    "1.9" => api_alone,
    "1.10" => shown,
];

async fn running(look: &Look<'_>) -> Found {
    answers(
        &look.get("/health/ready").await?,
        204,
        "look into .curfew/api.log; `make down` and `make up` begin anew.",
    )?;
    let page = std::path::Path::new("docs/workshop").join(Part::Start.file());
    let text = std::fs::read_to_string(&page).map_err(|_| {
        super::Wrong::new(format!("There is no {} here.", page.display()), "`cd` to the checkout's top.")
    })?;
    let same = text == Part::Start.text();
    so(
        same,
        "The pages here are not the ones that `seed` was built with.",
        "`make down` and `make up` build it again.",
    )?;
    Ok("The API is ready, and this is the checkout that it was built from.".to_owned())
}

async fn two_people(look: &Look<'_>) -> Found {
    for person in [BOBBY, TRINITY] {
        let found = look.person(person.email).await?;
        so(found.password_hash.is_some(), format!("{} has no password.", person.email), "`seed workshop start`.")?;
    }
    let company = look.company("whiterabbit.fake").await;
    so(
        company.is_err(),
        "There is a company already that owns whiterabbit.fake.",
        "`seed workshop start` begins anew.",
    )?;
    Ok("Bobby and Trinity are there, with passwords and without a company.".to_owned())
}

async fn pages(look: &Look<'_>) -> Found {
    let place = look.world.public_url("/")?;
    let mend = "`make up` builds the pages and serves them.";
    let page = look.get(&place).await?;
    answers(&page, 200, mend)?;
    so(page.text.contains("<div id=\"app\">"), format!("What {place} answers is not the product's page."), mend)?;
    Ok(format!("The product's page is at {place}."))
}

async fn signed_in(look: &Look<'_>) -> Found {
    let bobby = look.person(BOBBY.email).await?;
    let open: Vec<_> = look.sign_ins(&bobby).await?.into_iter().filter(|sign_in| look.is_open(sign_in)).collect();
    so(!open.is_empty(), "Bobby is not signed in anywhere.", "sign in on the page, or with `seed sign-in` as above.")?;
    Ok(format!("Bobby is signed in, by password, in {} browser(s).", open.len()))
}

async fn todos(look: &Look<'_>) -> Found {
    let bobby = look.person(BOBBY.email).await?;
    let todos = look.todos(&bobby).await?;
    let mend = "add one and complete it, on the page or with the commands above.";
    so(!todos.is_empty(), "Bobby has no todo.", mend)?;
    let done = todos.iter().filter(|todo| todo.completed_at.is_some()).count();
    so(done > 0, format!("None of Bobby's {} todos is completed.", todos.len()), mend)?;
    Ok(format!("Bobby has {} todos, {done} of them completed.", todos.len()))
}

async fn api_alone(look: &Look<'_>) -> Found {
    let mend = "the API's log is .curfew/api.log.";
    answers(&look.get("/api/docs/").await?, 200, mend)?;
    let question = json!({ "username": BOBBY.email });
    let check = look.call(reqwest::Method::POST, "/api/openid/check", None, Some(&question)).await?;
    answers(&check, 200, mend)?;
    Ok("The API answers by itself, and shows its documentation at /api/docs.".to_owned())
}

/// What the command line shows must be what the API serves: both look into one database.
async fn shown(look: &Look<'_>) -> Found {
    let bobby = look.person(BOBBY.email).await?;
    let me = look.get_as(&cookie("bobby")?, "/api/users/me").await?;
    answers(&me, 200, "sign in once more, as in step 1.7.")?;
    let same = me.json()["id"] == bobby.id.to_string();
    let mend = "DATABASE_OWNER_URL, if you have set it, must name the API's database.";
    so(same, "The API has another Bobby than the database that `seed` looks into.", mend)?;
    Ok("What `seed show` shows is what the API serves.".to_owned())
}
