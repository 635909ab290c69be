//! What is expected of an answer: by its step, and of every answer.

use http::header;
use serde_json::{Map, Value, json};

use super::MEDIA_TYPE;
use crate::support::Reply;

const PUBLIC: &str = "http://localhost:3333/scim/v2/";
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
const OPERATORS: [&str; 7] = ["$absent", "$any", "$empty", "$not", "$match", "$size", "$contains"];

/// Whether nothing could be other than this expects.
pub fn says_nothing(expect: &Value) -> bool {
    match expect {
        Value::Object(members) => members.is_empty() || members.values().any(says_nothing),
        Value::Array(elements) => elements.iter().any(says_nothing),
        _ => false,
    }
}

/// What in `actual` is not as `expected`.
pub fn compare(expected: &Value, actual: Option<&Value>, at: &str, wrong: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(rules), _) if !rules.is_empty() && rules.keys().all(|key| OPERATORS.contains(&key.as_str())) => {
            let broken = rules.iter().filter(|(rule, operand)| !holds(rule, operand, actual));
            wrong.extend(broken.map(|(rule, operand)| format!("{at} is {}, not {rule} {operand}", shown(actual))));
        }
        (Value::Object(members), Some(Value::Object(found))) => {
            for (name, member) in members {
                compare(member, found.get(name), &format!("{at}/{name}"), wrong);
            }
        }
        (Value::Array(elements), Some(Value::Array(found))) if elements.len() == found.len() => {
            for (index, (element, found)) in elements.iter().zip(found).enumerate() {
                compare(element, Some(found), &format!("{at}/{index}"), wrong);
            }
        }
        _ if Some(expected) == actual => {}
        _ => wrong.push(format!("{at} is {}, not {expected}", shown(actual))),
    }
}

fn holds(rule: &str, operand: &Value, actual: Option<&Value>) -> bool {
    let list = actual.and_then(Value::as_array);
    match (rule, operand) {
        ("$absent", Value::Bool(true)) => actual.is_none(),
        ("$any", Value::Bool(true)) => actual.is_some_and(|value| !value.is_null()),
        ("$empty", Value::Bool(true)) => actual.is_none() || list.is_some_and(Vec::is_empty),
        ("$not", _) => !fits(operand, actual),
        ("$match", Value::String(pattern)) => actual.and_then(Value::as_str).is_some_and(|text| is_like(text, pattern)),
        ("$size", Value::Number(_)) => list.is_some_and(|list| json!(list.len()) == *operand),
        ("$contains", Value::Array(all)) => {
            list.is_some_and(|list| all.iter().all(|one| list.iter().any(|found| fits(one, Some(found)))))
        }
        _ => panic!("what would {rule} {operand} be?"),
    }
}

fn fits(expected: &Value, actual: Option<&Value>) -> bool {
    let mut wrong = Vec::new();
    compare(expected, actual, "", &mut wrong);
    wrong.is_empty()
}

/// Whether the text is the pattern, in which `*` is anything.
fn is_like(text: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => text == pattern,
        Some((start, rest)) => text
            .strip_prefix(start)
            .is_some_and(|text| text.char_indices().any(|(i, _)| is_like(&text[i..], rest)) || is_like("", rest)),
    }
}

fn shown(actual: Option<&Value>) -> String {
    actual.map_or_else(|| "absent".to_owned(), Value::to_string)
}

/// What holds for every answer.
pub fn check(request: &str, expected: u16, reply: &Reply, wrong: &mut Vec<String>) {
    let mut must = |holds: bool, what: &str| {
        if !holds {
            wrong.push(what.to_owned());
        }
    };
    let status = reply.status.as_u16();
    must(status == expected, &format!("the status is {status}, not {expected}"));
    must(reply.cookie().is_none(), "it sets a cookie");
    must(reply.body.is_null() == matches!(status, 204 | 304), "there is a body where there must be none, or none");
    if !reply.body.is_null() {
        let media_type = reply.header(header::CONTENT_TYPE.as_str()).split(';').next();
        must(media_type == Some(MEDIA_TYPE), &format!("its media type is {media_type:?}"));
    }
    if status >= 400 {
        must(reply.body["schemas"] == json!([ERROR]), "it is no SCIM error");
        must(reply.body["status"] == json!(status.to_string()), "its status is not the status as text");
        must(reply.body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "it says nothing");
        must(status != 401 || reply.headers.contains_key(header::WWW_AUTHENTICATE), "401 without WWW-Authenticate");
        must(status != 405 || reply.headers.contains_key(header::ALLOW), "405 without Allow");
        return;
    }
    if status == 201 {
        must(reply.body["meta"]["location"] == json!(reply.header("location")), "Location is not meta.location");
    }
    let path = request.split_once(' ').map_or("", |(_, path)| path);
    if !["/Users", "/Groups", "/Roles", "/Entitlements"].iter().any(|start| path.starts_with(start)) {
        return;
    }
    let is_whole = !path.contains("ttributes=");
    if reply.body["schemas"] == json!([LIST]) {
        let Value::Object(list) = &reply.body else { return };
        let number = |name: &str| list.get(name).and_then(Value::as_u64);
        let resources = list.get("Resources").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        must(number("totalResults").is_some(), "totalResults is no whole number");
        must(number("startIndex").is_some_and(|start| start >= 1), "startIndex is no whole number from 1");
        must(number("itemsPerPage") == u64::try_from(resources.len()).ok(), "itemsPerPage is not how many there are");
        for resource in resources {
            check_resource(resource, is_whole, &mut must);
        }
    } else if status != 304 && status != 204 {
        check_resource(&reply.body, is_whole, &mut must);
        let tag = reply.header(header::ETAG.as_str());
        must(tag.is_empty() || !is_whole || reply.body["meta"]["version"] == json!(tag), "ETag is not meta.version");
    }
}

fn check_resource(resource: &Value, is_whole: bool, must: &mut impl FnMut(bool, &str)) {
    let none = Map::new();
    let members = resource.as_object().unwrap_or(&none);
    must(resource["schemas"].as_array().is_some_and(|schemas| !schemas.is_empty()), "a resource has no schemas");
    must(resource["id"].as_str().is_some_and(|id| !id.is_empty()), "a resource has no id");
    must(!members.contains_key("password"), "there is a password");
    must(!members.values().any(Value::is_null), "something is null rather than absent");
    if !is_whole {
        return;
    }
    let meta = &resource["meta"];
    must(meta["resourceType"].is_string(), "a resource has no meta.resourceType");
    must(meta["location"].as_str().is_some_and(|at| at.starts_with(PUBLIC)), "a resource's meta.location is elsewhere");
    if meta["resourceType"] == "User" {
        must(resource["userName"].is_string(), "a person has no userName");
        must(resource["active"].is_boolean(), "a person's active is no boolean");
        for list in ["groups", "roles", "entitlements"] {
            must(resource[list].is_array(), &format!("a person's {list} are not there"));
        }
    }
}

#[test]
fn what_is_not_as_expected_is_seen() {
    let answer = json!({ "a": 1, "list": [{ "b": "x y" }, { "b": "z", "c": true }] });
    for expect in [
        json!({ "a": 1 }),
        json!({ "list": [{}, { "c": true }] }),
        json!({ "list": { "$size": 2, "$contains": [{ "b": "z" }, { "b": { "$match": "x*" } }] } }),
        json!({ "list": { "$contains": [{ "c": { "$absent": true } }] } }),
        json!({ "a": { "$any": true }, "d": { "$absent": true, "$empty": true }, "list": { "$not": [] } }),
    ] {
        assert!(fits(&expect, Some(&answer)), "{expect}");
    }
    for expect in [
        json!({ "a": "1" }),
        json!({ "list": [{ "b": "x y" }] }),
        json!({ "list": [{ "b": "z" }, { "b": "x y" }] }),
        json!({ "list": { "$size": 1 } }),
        json!({ "list": { "$size": 2, "$contains": [{ "b": "z", "c": false }] } }),
        json!({ "list": { "$empty": true } }),
        json!({ "a": { "$absent": true } }),
        json!({ "a": { "$not": 1 } }),
        json!({ "d": { "$any": true } }),
        json!({ "list": [{ "b": { "$match": "x" } }, {}] }),
        json!({ "list": [{ "b": { "$match": "*z" } }, {}] }),
    ] {
        assert!(!fits(&expect, Some(&answer)), "{expect}");
    }
}
