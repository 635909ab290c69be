//! Part 5: Workflows.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use api::domain::api_keys::Scope;
use reqwest::Method;
use serde_json::Value;

use super::look::{answers, so};
use super::{Found, Look, Step, Wrong, steps};
use crate::demo::{BOBBY, TRINITY, WORKSHOP_KEY};

/// The part's checks.
pub const STEPS: &[Step] = steps![
    "5.1–5.2" => begun,
    "5.3" => company,
    "5.4" => todos,
    "5.5" => endpoint,
    "5.6–5.7" => read,
    "5.8" => asked,
    "5.9" => mail,
    "5.10" => script,
    "5.11" => lines,
];

const COMPANY: &str = "matrix.fake";
const BEGIN: &str = "`seed workshop workflows`.";
const TODOS: &str = "/api/org/todos";

async fn begun(look: &Look<'_>) -> Found {
    answers(&look.get("/health/ready").await?, 204, "the API's log is .curfew/api.log.")?;
    look.employee(COMPANY, BOBBY.email).await.map_err(|wrong| Wrong::new(wrong.what, BEGIN))?;
    Ok(format!("The API is ready, and {COMPANY} is there."))
}

async fn company(look: &Look<'_>) -> Found {
    for (person, external_id) in [(BOBBY, "1000002"), (TRINITY, "1000001")] {
        let found = look.employee(COMPANY, person.email).await?;
        so(
            found.external_id.as_deref() == Some(external_id),
            format!("{} is not known to the directory as {external_id}.", person.name),
            BEGIN,
        )?;
    }
    look.workshop_key(COMPANY, WORKSHOP_KEY, Scope::TodosRead).await?;
    Ok(format!("Bobby and Trinity are in {COMPANY}, whose key {WORKSHOP_KEY} reads todos."))
}

async fn todos(look: &Look<'_>) -> Found {
    let todos = look.todos(&look.employee(COMPANY, BOBBY.email).await?).await?;
    let done = todos.iter().filter(|todo| todo.completed_at.is_some()).count();
    let mend = "add two as Bobby, and complete one.";
    so(todos.len() >= 2 && done > 0, format!("Bobby has {} todos, {done} of them completed.", todos.len()), mend)?;
    Ok(format!("Bobby has {} todos, {done} of them completed.", todos.len()))
}

async fn endpoint(look: &Look<'_>) -> Found {
    let reply = look.get(TODOS).await?;
    answers(&reply, 401, "this is a fault of the API: anybody can read todos.")?;
    so(!reply.headers.contains_key("set-cookie"), "The answer sets a cookie.", "this is a fault of the API.")?;
    Ok("Without a key it is 401, and no cookie is set.".to_owned())
}

async fn report(look: &Look<'_>) -> Result<Vec<Value>, Wrong> {
    look.workshop_key(COMPANY, WORKSHOP_KEY, Scope::TodosRead).await?;
    let reply = look.call(Method::GET, TODOS, Some(WORKSHOP_KEY), None).await?;
    answers(&reply, 200, "the API honours this key on loopback only: call it by localhost, without a proxy.")?;
    so(!reply.headers.contains_key("set-cookie"), "The answer sets a cookie.", "this is a fault of the API.")?;
    Ok(reply.json()["todos"].as_array().cloned().unwrap_or_default())
}

async fn read(look: &Look<'_>) -> Found {
    let todos = report(look).await?;
    so(!todos.is_empty(), "The company has no todos.", "add some, as in step 5.4.")?;
    for name in ["id", "task", "completed", "userId", "orgId"] {
        so(todos[0].get(name).is_some(), format!("A todo has no {name}."), "this is a fault of the API.")?;
    }
    Ok(format!("The key reads {} todos, under the article's names.", todos.len()))
}

async fn asked(look: &Look<'_>) -> Found {
    let key = look.workshop_key(COMPANY, WORKSHOP_KEY, Scope::TodosRead).await?;
    let used = key.last_used_at.map(crate::show::moment);
    let used = used.ok_or_else(|| Wrong::new("The key was never used.", "read the todos with it (5.7)."))?;
    Ok(format!("The key was last used at {used}."))
}

fn written() -> Result<String, Wrong> {
    let file = ".curfew/workshop/mail.txt";
    fs::read_to_string(file).map_err(|_| Wrong::new(format!("There is no {file}."), "run the command above."))
}

async fn mail(look: &Look<'_>) -> Found {
    let mail = written()?;
    let todos = report(look).await?;
    let missing = todos.iter().filter_map(|todo| todo["task"].as_str()).find(|task| !mail.contains(task));
    so(missing.is_none(), format!("The mail lacks \"{}\".", missing.unwrap_or_default()), "compose it once more.")?;
    Ok(format!("The mail has all {} todos.", todos.len()))
}

async fn script(look: &Look<'_>) -> Found {
    look.company(COMPANY).await?;
    let mend = "run the commands above.";
    let mode = |name: &str| {
        let file = format!(".curfew/workshop/{name}");
        let found = fs::metadata(&file).map_err(|_| Wrong::new(format!("There is no {file}."), mend));
        found.map(|found| found.permissions().mode() & 0o777)
    };
    so(mode("report.key")?.trailing_zeros() >= 6, "Others can read .curfew/workshop/report.key.", "`chmod 600` it.")?;
    so(mode("report.sh")? & 0o100 != 0, ".curfew/workshop/report.sh cannot be run.", "`chmod 700` it.")?;
    let script = fs::read_to_string(".curfew/workshop/report.sh").unwrap_or_default();
    so(!script.contains("cfw_"), "The key stands in the script itself.", "have the script read it from the file.")?;
    Ok("The script can be run, and the key is in a file for you alone.".to_owned())
}

async fn lines(look: &Look<'_>) -> Found {
    let mail = written()?;
    for todo in report(look).await? {
        let state = if todo["completed"] == true { "done" } else { "open" };
        let line = format!("> {} ({state})", todo["task"].as_str().unwrap_or_default());
        let what = format!("The mail lacks the line \"{line}\".");
        so(mail.lines().any(|each| each == line), what, "run the report once more: todos have changed since.")?;
    }
    Ok("The mail has a line for each todo, and says whether it is done.".to_owned())
}
