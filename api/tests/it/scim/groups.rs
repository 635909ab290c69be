//! Groups, and who is in them.

use http::Method;
use serde_json::{Value, json};

use super::{Directory, escape, id, refusal, world};
use crate::support::TestApp;

/// With three people, by their ids.
async fn three() -> (TestApp, Directory, [String; 3]) {
    let (app, _, directory) = world().await;
    let mut ids = [const { String::new() }; 3];
    for (at, id) in ids.iter_mut().enumerate() {
        *id = directory.person(&format!("p{at}@portal.example")).await;
    }
    (app, directory, ids)
}

impl Directory {
    /// Who is in a group, as digits.
    async fn members(&self, group: &str) -> String {
        let body = self.get(&format!("/Groups/{group}")).await.body;
        let mut names: Vec<_> = body["members"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| {
                assert_eq!(
                    one["$ref"],
                    format!("http://localhost:3333/scim/v2/Users/{}", one["value"].as_str().expect("an id"))
                );
                one["display"].as_str().expect("a name")[1..2].to_owned()
            })
            .collect();
        names.sort();
        names.concat()
    }

    async fn patch_group(&self, group: &str, operations: Value) -> u16 {
        self.patch(&format!("/Groups/{group}"), operations).await.status.as_u16()
    }
}

#[tokio::test]
async fn a_group_is_made_read_found_and_removed() {
    let (_app, directory, [one, two, _]) = three().await;
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group", "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "displayName": "Tour Guides", "externalId": "8aa1a0c0", "members": [{ "value": one }, { "value": two, "$ref": null }],
    });
    let made = directory.post("/Groups", body.clone()).await;
    assert_eq!(made.status, 201, "{made:?}");
    let group = id(&made);
    assert_eq!(made.header("location"), format!("http://localhost:3333/scim/v2/Groups/{group}"));
    assert_eq!(made.body["members"].as_array().map(Vec::len), Some(2));
    assert_eq!(made.body["members"][0]["type"], "User");
    assert_eq!(directory.get(&format!("/Groups/{group}")).await.body, made.body);
    let of = directory.get(&format!("/Users/{one}")).await.body["groups"].clone();
    assert_eq!(
        of[0],
        json!({ "value": group, "display": "Tour Guides", "type": "direct",
        "$ref": format!("http://localhost:3333/scim/v2/Groups/{group}") })
    );
    let found = async |filter: &str| {
        directory.get(&format!("/Groups?filter={}", escape(filter))).await.body["totalResults"].as_i64()
    };
    for (filter, total) in [
        (r#"displayName eq "tour guides""#, 1),
        (r#"externalId eq "8aa1a0c0""#, 1),
        (r#"externalId eq "8AA1A0C0""#, 0),
        (&format!(r#"members.value eq "{one}""#), 1),
        (&format!(r#"members eq "{one}""#), 1),
        (&format!(r#"id eq "{group}" and members[value eq "{two}"]"#), 1),
        (r#"members.display sw "p1""#, 1),
        (r#"members.display eq "nobody""#, 0),
    ] {
        assert_eq!(found(filter).await, Some(total), "{filter}");
    }
    assert_eq!(refusal(&directory.post("/Groups", body).await), (409, "uniqueness"));
    let listed = directory.get("/Groups?excludedAttributes=members").await.body;
    assert!(listed["Resources"][0].get("members").is_none());
    assert_eq!(directory.get("/Groups").await.body["Resources"][0], made.body);
    assert_eq!(directory.delete(&format!("/Groups/{group}")).await.status, 204);
    assert_eq!(refusal(&directory.get(&format!("/Groups/{group}")).await).0, 404);
    assert_eq!(directory.get(&format!("/Users/{one}")).await.body["groups"], json!([]));
}

#[tokio::test]
async fn members_come_and_go_in_every_shape() {
    let (_app, directory, [a, b, c]) = three().await;
    let group = directory.group("g", &[]).await;
    let value = |id: &str| json!({ "value": id });
    let like = |id: &str| format!("members[value eq \"{id}\"]");
    for (operations, members) in [
        // Okta
        (json!([{ "op": "add", "path": "members", "value": [value(&a), value(&b)] }]), "01"),
        (json!([{ "op": "add", "path": "members", "value": [value(&a)] }]), "01"),
        (json!([{ "op": "remove", "path": like(&a) }]), "1"),
        (json!([{ "op": "remove", "path": like(&a) }]), "1"),
        (json!([{ "op": "replace", "path": "members", "value": [value(&c)] }]), "2"),
        (json!([{ "op": "replace", "value": { "id": group, "displayName": "renamed" } }]), "2"),
        // Entra
        (json!([{ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": a }] }]), "02"),
        (json!([{ "op": "Remove", "path": "members", "value": [{ "$ref": null, "value": a }] }]), "2"),
        (json!([{ "op": "Remove", "path": "members", "value": [value(&a)] }]), "2"),
        (json!([{ "op": "add", "value": { "members": [value(&a), value(&b)] } }]), "012"),
        (json!([{ "op": "remove", "path": format!("members[value eq \"{a}\" or value eq \"{b}\"]") }]), "2"),
        // One after the other, in one request
        (json!([{ "op": "add", "path": "members", "value": value(&a) }, { "op": "remove", "path": like(&c) }]), "0"),
        (
            json!([{ "op": "add", "path": "urn:ietf:params:scim:schemas:core:2.0:Group:members", "value": [value(&b)] }]),
            "01",
        ),
        (json!([{ "op": "remove", "path": "members[display sw \"p0\"]" }]), "1"),
        (json!([{ "op": "remove", "path": "members[not (value eq \"x\")]" }]), ""),
        (json!([{ "op": "replace", "value": { "members": [value(&a), value(&a), value(&b)] } }]), "01"),
        (json!([{ "op": "replace", "path": "members", "value": [] }]), ""),
        (json!([{ "op": "add", "path": "members", "value": [value(&a)] }, { "op": "remove", "path": "members" }]), ""),
    ] {
        assert_eq!(directory.patch_group(&group, operations.clone()).await, 204, "{operations}");
        assert_eq!(directory.members(&group).await, members, "{operations}");
    }
    assert_eq!(directory.get(&format!("/Groups/{group}")).await.body["displayName"], "renamed");
    let path = format!("/Groups/{group}?attributes=displayName");
    let shown = directory.patch(&path, json!([{ "op": "replace", "path": "displayName", "value": "shown" }])).await;
    assert_eq!((shown.status.as_u16(), &shown.body["displayName"]), (200, &json!("shown")));
}

#[tokio::test]
async fn all_of_a_patch_holds_or_nothing() {
    let (_app, directory, [a, b, _]) = three().await;
    let group = directory.group("g", &[&a]).await;
    let nobody = "00000000-0000-7000-8000-000000000000";
    let come = |id: &str| json!({ "op": "add", "path": "members", "value": [{ "value": id }] });
    let before = directory.get(&format!("/Groups/{group}")).await;
    for (second, expected) in [
        (come(nobody), (400, "invalidValue")),
        (come("x"), (400, "invalidValue")),
        (
            json!({ "op": "add", "path": "members", "value": [{ "value": group, "type": "Group" }] }),
            (400, "invalidValue"),
        ),
        (json!({ "op": "add", "path": "members" }), (400, "invalidValue")),
        (json!({ "op": "add", "path": "members.display", "value": "x" }), (400, "invalidPath")),
        (json!({ "op": "replace", "path": format!("members[value eq \"{a}\"]"), "value": {} }), (400, "invalidPath")),
        (json!({ "op": "remove", "path": "members[unknown eq \"x\"]" }), (400, "invalidFilter")),
        (json!({ "op": "remove", "path": "displayName" }), (400, "mutability")),
        (json!({ "op": "replace", "path": "displayName", "value": " " }), (400, "invalidValue")),
        (json!({ "op": "replace", "path": "id", "value": "x" }), (400, "mutability")),
        (json!({ "op": "replace", "path": "unknown", "value": "x" }), (400, "invalidPath")),
        (json!({ "op": "remove" }), (400, "noTarget")),
        (json!({ "op": "move", "path": "members" }), (400, "invalidSyntax")),
    ] {
        let reply = directory.patch(&format!("/Groups/{group}"), json!([come(&b), second])).await;
        assert_eq!(refusal(&reply), expected, "{second}");
        let after = directory.get(&format!("/Groups/{group}")).await;
        assert_eq!((&after.body, after.header("etag")), (&before.body, before.header("etag")), "{second}");
    }
}

#[tokio::test]
async fn a_put_replaces_members_where_it_speaks_of_them() {
    let (_app, directory, [a, b, _]) = three().await;
    let group = directory.group("g", &[&a]).await;
    let path = format!("/Groups/{group}");
    let put = directory.put(&path, json!({ "displayName": "h", "members": [{ "value": b }] })).await;
    assert_eq!((put.status.as_u16(), directory.members(&group).await.as_str()), (200, "1"));
    assert_eq!(directory.put(&path, json!({ "displayName": "i" })).await.status, 200);
    assert_eq!(directory.members(&group).await, "1", "a name alone puts nobody out");
    assert_eq!(directory.put(&path, json!({ "displayName": "i", "members": [] })).await.status, 200);
    assert_eq!(directory.members(&group).await, "");
    assert_eq!(refusal(&directory.put(&path, json!({ "members": [] })).await), (400, "invalidValue"));
}

#[tokio::test]
async fn every_change_makes_another_version_and_an_old_one_is_not_overwritten() {
    let (_app, directory, [a, _, _]) = three().await;
    let group = directory.group("g", &[]).await;
    let path = format!("/Groups/{group}");
    let read = async || directory.get(&path).await.header("etag").to_owned();
    let mut tags = vec![read().await];
    directory.patch_group(&group, json!([{ "op": "add", "path": "members", "value": [{ "value": a }] }])).await;
    tags.push(read().await);
    directory.patch_group(&group, json!([{ "op": "replace", "value": { "displayName": "h" } }])).await;
    tags.push(read().await);
    directory.delete(&format!("/Users/{a}")).await;
    tags.push(read().await);
    assert_eq!(directory.members(&group).await, "");
    let distinct: std::collections::BTreeSet<_> = tags.iter().collect();
    assert_eq!(distinct.len(), tags.len(), "{tags:?}");
    for (method, body) in [
        (Method::PUT, Some(json!({ "displayName": "i" }))),
        (Method::PATCH, Some(json!({ "Operations": [{ "op": "replace", "value": { "displayName": "i" } }] }))),
        (Method::DELETE, None),
    ] {
        let reply = directory.if_match(method.clone(), &path, body.clone(), &tags[0]).await;
        assert_eq!(refusal(&reply), (412, ""), "{method}");
        let reply = directory.if_match(method.clone(), &path, body, &read().await).await;
        assert!(reply.status.is_success(), "{method}: {reply:?}");
    }
}
