//! `/api/org/todos` and `/api/org/users`: what a company's programs read and write by a key.

mod create;
mod list;
mod scopes;
mod users;

use api::domain::api_keys::Scope;
use api::kernel::UserId;
use axum::body::Body;
use http::{Request, header};
use serde_json::Value;

use crate::support::{Caller, Org, Reply, TestApp};

const TRINITY: &str = "trinity@whiterabbit.fake";
const NEO: &str = "neo@whiterabbit.fake";

struct Story {
    app: TestApp,
    org: Org,
    trinity: UserId,
    key: Caller,
}

async fn story() -> Story {
    let app = TestApp::new().await;
    let org = app.company("whiterabbit.fake").await;
    let trinity = app.member(org, TRINITY).await;
    app.member(org, NEO).await;
    let key = app.holding(&app.key(org, &[Scope::TodosRead, Scope::TodosWrite, Scope::UsersRead]).await);
    Story { app, org, trinity, key }
}

fn things<'a>(reply: &'a Reply, of: &str) -> &'a Vec<Value> {
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.body[of].as_array().expect("a list")
}

/// All parts of a list, with the things' ids.
async fn all(key: &Caller, path: &str, of: &str, limit: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let with = if path.contains('?') { '&' } else { '?' };
        let part = key.get(&format!("{path}{with}limit={limit}{cursor}")).await;
        let things = things(&part, of);
        assert!(things.len() <= limit && (!things.is_empty() || found.is_empty()), "{part:?}");
        for thing in things {
            let id = thing["id"].as_str().expect("an id").to_owned();
            assert!(!found.contains(&id), "{id} comes twice");
            found.push(id);
        }
        match part.body["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

/// Asks unless what has one of these tags is what there is.
async fn ask_unless(key: &Caller, path: &str, tags: &[&str]) -> Reply {
    let mut request = Request::get(path);
    for tag in tags {
        request = request.header(header::IF_NONE_MATCH, *tag);
    }
    key.send(request.body(Body::empty()).expect("a request")).await
}

/// A damaged cursor, and a good one of another list.
async fn refuses_damaged_cursors(key: &Caller, path: &str, other: &str) {
    let of = async |path: &str| -> String {
        key.get(&format!("{path}?limit=1")).await.body["next"].as_str().expect("a cursor").to_owned()
    };
    let (good, foreign) = (of(path).await, of(other).await);
    let slip = format!("{}{}{}", &good[..9], if &good[9..10] == "A" { "B" } else { "A" }, &good[10..]);
    for cursor in [&foreign, &slip, &good[1..], "x", "", "%00", "null", &format!("{good}=")] {
        let reply = key.get(&format!("{path}?cursor={cursor}")).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (400, "invalid_request"), "{path} {cursor}");
        assert!(reply.body["detail"].as_str().is_some_and(|text| text.contains("cursor")), "{reply:?}");
    }
    assert_eq!(key.get(&format!("{path}?cursor={good}")).await.status, 200);
}

/// The tag goes with what there is, and what is known is not sent again.
async fn knows_what_is_known(key: &Caller, path: &str) {
    let first = key.get(path).await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    let (strong, listed) = (tag.trim_start_matches("W/").to_owned(), format!("\"other\", {tag}"));
    for tags in [&[tag.as_str()][..], &[&strong], &[&listed], &["\"other\"", &tag], &["*"]] {
        let again = ask_unless(key, path, tags).await;
        assert_eq!((again.status.as_u16(), &again.body), (304, &Value::Null), "{path} {tags:?}");
        assert_eq!((again.header("etag"), again.header("cache-control")), (&*tag, "private, no-cache"));
    }
    for tags in [&["\"other\""][..], &[""], &["W/\"\""], &[tag.trim_end_matches('"')]] {
        let again = ask_unless(key, path, tags).await;
        assert_eq!((again.status.as_u16(), &again.body), (200, &first.body), "{path} {tags:?}");
    }
}
