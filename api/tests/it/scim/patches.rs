//! PATCH, over the wire. What its operations make of a resource is tried beside the code, against a model; here, that it
//! is kept, and that all of it holds or nothing.

use serde_json::{Value, json};

use super::{ENTERPRISE, id, refusal, world};

#[tokio::test]
async fn entra_s_update_in_one_operation_is_kept_whole() {
    let (_app, _, directory) = world().await;
    let made = directory
        .post(
            "/Users",
            json!({ "userName": "a@portal.example", "emails": [{ "value": "a@portal.example", "type": "home" }] }),
        )
        .await;
    let path = format!("/Users/{}", id(&made));
    // With the flag aadOptscim062020: no path, and whole paths as members.
    let value = json!({
        "displayName": "Pvlo", "title": "Eng", "name.givenName": "Gjorgji", "name.familyName": "P",
        "emails[type eq \"work\"].value": "work@portal.example", "addresses[type eq \"work\"].postalCode": "50",
        "externalId": "x-1", "unknown": 1, "unknown.part": 2, "[": 3,
        (format!("{ENTERPRISE}:employeeNumber")): "846-123",
        (ENTERPRISE): { "department": "D", "manager": "26118915" },
    });
    let patched = directory.patch(&path, json!([{ "op": "Replace", "value": value }])).await;
    assert_eq!(patched.status, 200, "{patched:?}");
    let now = directory.get(&path).await.body;
    assert_eq!(now, patched.body);
    assert_eq!(now["name"], json!({ "givenName": "Gjorgji", "familyName": "P" }));
    assert_eq!(
        now["emails"],
        json!([
        { "value": "a@portal.example", "type": "home" }, { "value": "work@portal.example", "type": "work" }])
    );
    assert_eq!(now["addresses"], json!([{ "type": "work", "postalCode": "50" }]));
    assert_eq!(
        now[ENTERPRISE],
        json!({ "employeeNumber": "846-123", "department": "D", "manager": { "value": "26118915" } })
    );
}

#[tokio::test]
async fn all_of_it_holds_or_nothing() {
    let (app, _, directory) = world().await;
    let path = format!("/Users/{}", directory.person("a@portal.example").await);
    let before = directory.get(&path).await.body;
    let good = json!({ "op": "replace", "value": { "title": "new", "active": false, "userName": "b@portal.example" } });
    for (bad, expected) in [
        (json!({ "op": "replace", "path": "unknown", "value": 1 }), (400, "invalidPath")),
        (json!({ "op": "replace", "path": "name.unknown", "value": 1 }), (400, "invalidPath")),
        (json!({ "op": "replace", "path": "urn:unknown:title", "value": 1 }), (400, "invalidPath")),
        (json!({ "op": "replace", "path": "title[", "value": 1 }), (400, "invalidPath")),
        (json!({ "op": "replace", "path": "title[value eq \"x\"]", "value": 1 }), (400, "invalidPath")),
        (json!({ "op": "remove", "path": "manager[value eq \"x\"]" }), (400, "noTarget")),
        (json!({ "op": "replace", "path": "emails[unknown eq \"x\"].value", "value": 1 }), (400, "invalidFilter")),
        (
            json!({ "op": "replace", "path": "emails[type sw \"x\"].value", "value": "c@portal.example" }),
            (400, "noTarget"),
        ),
        (json!({ "op": "remove", "path": "emails[type eq \"x\"]" }), (400, "noTarget")),
        (
            json!({ "op": "replace", "path": "emails[type eq \"x\"]", "value": { "value": "c@portal.example" } }),
            (400, "noTarget"),
        ),
        (json!({ "op": "remove", "path": "manager[value eq \"x\"]" }), (400, "noTarget")),
        (json!({ "op": "remove" }), (400, "noTarget")),
        (json!({ "op": "replace", "path": "title", "value": 5 }), (400, "invalidValue")),
        (json!({ "op": "replace", "path": "active", "value": "no" }), (400, "invalidValue")),
        (json!({ "op": "replace", "path": "title" }), (400, "invalidValue")),
        (json!({ "op": "replace", "value": "x" }), (400, "invalidValue")),
        (json!({ "op": "replace" }), (400, "invalidValue")),
        (json!({ "op": "replace", "path": "emails", "value": [{ "value": "no address" }] }), (400, "invalidValue")),
        (json!({ "op": "replace", "path": "id", "value": "x" }), (400, "mutability")),
        (json!({ "op": "replace", "path": "meta.created", "value": "x" }), (400, "mutability")),
        (json!({ "op": "add", "path": "groups", "value": [{ "value": "x" }] }), (400, "mutability")),
        (json!({ "op": "remove", "path": "userName" }), (400, "mutability")),
        (json!({ "op": "remove", "path": "active" }), (400, "mutability")),
        (json!({ "op": "replace", "path": "userName", "value": null }), (400, "mutability")),
        (json!({ "op": "replace", "path": "userName", "value": " " }), (400, "invalidValue")),
        (json!({ "op": "copy", "path": "title", "value": "x" }), (400, "invalidSyntax")),
        (json!({ "path": "title", "value": "x" }), (400, "invalidSyntax")),
        (json!("replace"), (400, "invalidSyntax")),
        (json!({ "op": "replace", "path": 5, "value": "x" }), (400, "invalidPath")),
    ] {
        let reply = directory.patch(&path, json!([good, bad])).await;
        assert_eq!(refusal(&reply), expected, "{bad}: {reply:?}");
        assert_eq!(directory.get(&path).await.body, before, "{bad}");
    }
    assert_eq!(
        app.count("select count(*) from audit_events where event in ('user.updated', 'user.deactivated')").await,
        0
    );
    assert_eq!(directory.patch(&path, json!([good])).await.status, 200);
}

#[tokio::test]
async fn what_is_no_patch_is_said_so() {
    let (_app, _, directory) = world().await;
    let path = format!("/Users/{}", directory.person("a@portal.example").await);
    for body in [
        json!({}),
        json!({ "Operations": {} }),
        json!({ "schemas": ["urn:unknown"], "Operations": [{ "op": "replace", "value": {} }] }),
        json!({ "schemas": "x", "Operations": [{ "op": "replace", "value": {} }] }),
        json!({ "Operations": vec![json!({ "op": "replace", "value": {} }); 1001] }),
    ] {
        let reply = directory.call(http::Method::PATCH, &path, Some(body.clone())).await;
        assert_eq!(refusal(&reply), (400, "invalidSyntax"), "{body}");
    }
    let lower = json!({ "operations": [{ "OP": "REPLACE", "Path": "TITLE", "Value": "t" }] });
    let reply = directory.call(http::Method::PATCH, &path, Some(lower)).await;
    assert_eq!((reply.status.as_u16(), &reply.body["title"]), (200, &Value::from("t")), "names have no case");
}
