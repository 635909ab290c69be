//! Lists: whom a filter means, and which part of them is given.

use api::kernel::Role;
use http::Method;
use serde_json::json;
use time::Duration;

use super::{Directory, ENTERPRISE, escape, refusal, world};
use crate::support::TestApp;

/// Four people, of whom one is deactivated, in two groups.
async fn people() -> (TestApp, Directory) {
    let (app, org, directory) = world().await;
    let made = async |body: serde_json::Value| {
        app.clock.advance(Duration::seconds(1));
        super::id(&directory.post("/Users", body).await)
    };
    let ann = made(json!({
        "userName": "Ann@portal.example", "externalId": "E1", "title": "Boss", "displayName": "Ann O'Malley",
        "name": { "givenName": "Ann", "familyName": "O'Malley" }, "userType": "Employee",
        "emails": [{ "value": "ann@portal.example", "type": "work", "primary": true }, { "value": "ann@home.example", "type": "home" }],
        "phoneNumbers": [{ "value": "+1 555", "type": "mobile" }],
        (ENTERPRISE): { "department": "Ops", "manager": { "value": "M1" } },
    })).await;
    let bob = made(json!({
        "userName": "bob@portal.example", "externalId": "e1", "title": "boss 100%_", "userType": "Intern",
        "emails": [{ "value": "bob@portal.example", "type": "other" }],
        "phoneNumbers": [{ "value": "+1 777", "type": "work", "primary": true }],
    }))
    .await;
    made(json!({ "userName": "cyd@portal.example", "active": "False" })).await;
    app.clock.advance(Duration::seconds(1));
    app.person(Some(org), "dan@portal.example", Role::Owner).await;
    directory.group("Zion", &[&ann, &bob]).await;
    app.clock.advance(Duration::seconds(1));
    directory.group("Nebuchadnezzar", &[&ann]).await;
    (app, directory)
}

#[tokio::test]
async fn a_filter_means_whom_it_says() {
    let (_app, directory) = people().await;
    let ann = directory.id_of("ann@portal.example").await;
    let all = "abcd";
    for (filter, expected) in [
        (r#"userName eq "ann@portal.example""#, "a"),
        (r#"USERNAME Eq "ANN@PORTAL.EXAMPLE""#, "a"),
        (r#"urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ann@portal.example""#, "a"),
        (r#"userName eq "ann""#, ""),
        (r#"userName ne "ann@portal.example""#, "bcd"),
        (r#"userName sw "A""#, "a"),
        (r#"userName ew "PORTAL.example""#, all),
        (r#"userName co "NN@""#, "a"),
        (r#"userName gt "bob@portal.example""#, "cd"),
        (r#"userName ge "bob@portal.example" and userName lt "d""#, "bc"),
        ("userName pr", all),
        (r#"externalId eq "E1""#, "a"),
        (r#"externalId eq "e1""#, "b"),
        ("externalId pr", "ab"),
        ("externalId eq null", "cd"),
        ("externalId ne null", "ab"),
        (r#"externalId ne "E1""#, "bcd"),
        (&format!(r#"id eq "{ann}""#), "a"),
        (&format!(r#"id eq "{}""#, ann.to_uppercase()), "a"),
        (&format!(r#"id ne "{ann}""#), "bcd"),
        (r#"id eq "nobody""#, ""),
        ("active eq true", "abd"),
        ("active eq false", "c"),
        (r#"active eq "False""#, "c"),
        ("active ne true", "c"),
        ("not (active eq true)", "c"),
        ("not(active eq true)", "c"),
        (r#"title eq "BOSS""#, "a"),
        (r#"title sw "boss""#, "ab"),
        (r#"title co "%_""#, "b"),
        (r#"title co "%""#, "b"),
        (r#"title ne "boss""#, "bcd"),
        (r#"not (title eq "boss")"#, "bcd"),
        ("title pr", "ab"),
        (r#"displayName eq "ann o'malley""#, "a"),
        (r#"name.familyName co "O'M""#, "a"),
        ("name pr", "ad"),
        ("name.givenName pr and not (title pr)", "d"),
        (r#"emails eq "ann@home.example""#, "a"),
        (r#"emails.value eq "ANN@home.example""#, "a"),
        (r#"emails co "@home""#, "a"),
        (r#"emails.type eq "work""#, "acd"),
        (r#"emails.type ne "work""#, "b"),
        (r#"emails[type eq "work"].value eq "ann@portal.example""#, "a"),
        (r#"emails[type eq "work" and value eq "ann@home.example"]"#, ""),
        (r#"emails[type eq "home" or primary eq true]"#, "acd"),
        (r#"emails[not (type eq "work")]"#, "ab"),
        (r#"emails[primary eq "True"]"#, "acd"),
        ("emails[display pr]", ""),
        (r#"phoneNumbers[type eq "work" and primary eq true]"#, "b"),
        (r#"phoneNumbers co "555""#, "a"),
        (r#"phoneNumbers.type eq "mobile""#, "a"),
        ("phoneNumbers pr", "ab"),
        (&format!(r#"{ENTERPRISE}:department eq "ops""#), "a"),
        (&format!(r#"{ENTERPRISE}:manager.value eq "M1""#), "a"),
        (&format!(r#"{ENTERPRISE}:manager eq "m1""#), ""),
        (&format!("{ENTERPRISE}:manager pr"), "a"),
        (&format!(r#"schemas eq "{ENTERPRISE}""#), "a"),
        (r#"groups.display eq "zion""#, "ab"),
        (r#"groups[display sw "neb"]"#, "a"),
        ("groups pr", "ab"),
        (r#"roles.display eq "OWNER""#, "d"),
        ("roles pr", "d"),
        ("entitlements pr", ""),
        (r#"meta.resourceType eq "User""#, all),
        (r#"meta.created ge "2100-01-01T12:00:02Z""#, "bcd"),
        (r#"meta.lastModified gt "2100-01-01T13:00:03+01:00""#, "d"),
        (r#"userType eq "Employee" and (emails co "home.example" or emails.value co "nowhere")"#, "a"),
        (r#"userType ne "Employee" and not (emails co "bob" or externalId pr)"#, "cd"),
        (r#"title pr and userType eq "Employee" or userName sw "cyd""#, "ac"),
        (r#"(title pr or active eq false) and not (userType eq "Intern")"#, "ac"),
    ] {
        let found: String = directory.found(filter).await.iter().map(|name| name[..1].to_lowercase()).collect();
        assert_eq!(found, expected, "{filter}");
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_and_never_means_everybody() {
    let (_app, directory) = people().await;
    for filter in [
        "",
        "userName",
        "userName eq",
        r#"userName eq "x" or"#,
        r#"unknown eq "x""#,
        r#"urn:unknown:userName eq "x""#,
        r#"name.unknown eq "x""#,
        r#"name eq "x""#,
        r#"userName.value eq "x""#,
        "userName eq 5",
        "userName eq true",
        "active gt true",
        r#"active co "tr""#,
        r#"active eq "perhaps""#,
        r#"password eq "x""#,
        "password pr",
        r#"meta.lastModified co "2100""#,
        r#"meta.lastModified gt "yesterday""#,
        r#"userName[value eq "x"]"#,
        r#"emails[unknown eq "x"]"#,
        r#"emails[value.x eq "x"]"#,
        r#"emails.type[value eq "x"]"#,
        "userName co null",
        "'; drop table users; --",
        r#"userName eq "x" limit 1"#,
    ] {
        for path in ["/Users", "/Groups"] {
            let reply = directory.get(&format!("{path}?filter={}", escape(filter))).await;
            assert_eq!(refusal(&reply), (400, "invalidFilter"), "{path} {filter}");
            let reply = directory.post(&format!("{path}/.search"), json!({ "filter": filter })).await;
            assert_eq!(refusal(&reply), (400, "invalidFilter"), "{path} {filter}");
        }
    }
}

#[tokio::test]
async fn text_in_a_filter_is_text_and_nothing_else() {
    let (app, directory) = people().await;
    for text in ["' or '1'='1", "\\", "%", "_", "$1", "\"", "}{", "É", "\u{1F600}", "x'); delete from users; --"] {
        let literal = serde_json::Value::from(text).to_string();
        for attribute in
            ["userName", "externalId", "title", "emails.value", "phoneNumbers.value", "groups.display", "id"]
        {
            for comparison in ["eq", "co", "sw", "ew", "gt"] {
                let found = directory.found(&format!("{attribute} {comparison} {literal}")).await;
                let is_in_title = attribute == "title" && ["%", "_"].contains(&text);
                let by_order = comparison == "gt";
                assert!(found.is_empty() || is_in_title || by_order, "{attribute} {comparison} {literal}: {found:?}");
            }
        }
    }
    assert_eq!(app.count("select count(*) from users").await, 4);
}

#[tokio::test]
async fn parts_are_stable_whole_and_counted_by_the_letter() {
    let (app, _, directory) = world().await;
    for number in 0..25 {
        app.clock.advance(Duration::seconds(1));
        directory.person(&format!("p{number:02}@portal.example")).await;
    }
    let part = async |query: &str| {
        let body = directory.get(&format!("/Users?{query}")).await.body;
        let names = body["Resources"].as_array().expect("a list").iter();
        let names: Vec<_> = names.map(|one| one["userName"].as_str().expect("a name")[1..3].to_owned()).collect();
        assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:ListResponse"]));
        assert_eq!(body["itemsPerPage"], names.len());
        (body["totalResults"].as_i64(), body["startIndex"].as_i64(), names.join(" "))
    };
    for (query, start, names) in [
        ("startIndex=1&count=3", 1, "00 01 02"),
        ("startIndex=4&count=3", 4, "03 04 05"),
        ("startIndex=24&count=3", 24, "23 24"),
        ("startIndex=26&count=3", 26, ""),
        ("startIndex=1000000&count=3", 1_000_000, ""),
        ("startIndex=0&count=1", 1, "00"),
        ("startIndex=-5&count=1", 1, "00"),
        ("count=0", 1, ""),
        ("count=-1", 1, ""),
        ("startIndex=3&count=0", 3, ""),
    ] {
        assert_eq!(part(query).await, (Some(25), Some(start), names.to_owned()), "{query}");
    }
    let filtered = escape(r#"userName sw "p1""#);
    let (total, _, names) = part(&format!("filter={filtered}&startIndex=3&count=2")).await;
    assert_eq!((total, names.as_str()), (Some(10), "12 13"));
    assert_eq!(part("").await.2.split(' ').count(), 25);
    for bad in ["startIndex=x", "count=1.5", "count=", "startIndex=99999999999999999999"] {
        assert_eq!(refusal(&directory.get(&format!("/Users?{bad}")).await), (400, "invalidValue"), "{bad}");
    }
    assert_eq!(refusal(&directory.get("/Users?count=1&count=2").await), (400, "invalidSyntax"));
}

#[tokio::test]
async fn no_more_than_two_hundred_are_given_at_once() {
    let (app, org, directory) = world().await;
    let many = format!(
        "insert into users (id, org_id, org_kind, email, email_folded, user_name, user_name_folded, name, role, created_at, updated_at) \
         select gen_random_uuid(), '{}', 'company', e, e, e, e, e, 'member', now(), now() \
         from (select 'p' || n || '@portal.example' as e from generate_series(1, 250) n) p",
        org.id
    );
    assert_eq!(app.force(&many).await, 250);
    for (query, given) in [("count=1000", 200), ("count=200", 200), ("", 100), ("startIndex=201&count=1000", 50)] {
        let body = directory.get(&format!("/Users?{query}")).await.body;
        assert_eq!((&body["totalResults"], &body["itemsPerPage"]), (&json!(250), &json!(given)), "{query}");
    }
}

#[tokio::test]
async fn a_search_by_post_is_the_same() {
    let (_app, directory) = people().await;
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "attributes": ["userName"], "filter": "active eq true", "startIndex": 2, "count": 1,
    });
    let by_post = directory.post("/Users/.search", body).await;
    let query = format!("attributes=userName&filter={}&startIndex=2&count=1", escape("active eq true"));
    let by_get = directory.get(&format!("/Users?{query}")).await;
    assert_eq!((by_post.status.as_u16(), &by_post.body), (200, &by_get.body));
    assert_eq!(by_post.body["Resources"][0]["userName"], "bob@portal.example");
    assert_eq!(by_post.body["Resources"][0].as_object().expect("an object").len(), 3, "schemas, id, userName");
    for bad in [json!({ "count": "x" }), json!({ "attributes": [1] }), json!({ "startIndex": 1.5 })] {
        assert_eq!(refusal(&directory.post("/Users/.search", bad).await), (400, "invalidValue"));
    }
}

#[tokio::test]
async fn a_search_of_everything_finds_people_and_then_groups() {
    let (_app, directory) = people().await;
    let found = async |body: serde_json::Value| {
        let body = directory.post("/.search", body).await.body;
        let names = body["Resources"].as_array().expect("a list").iter();
        let name = |one: &serde_json::Value| {
            let name = if one["meta"]["resourceType"] == "Group" { &one["displayName"] } else { &one["userName"] };
            name.as_str().expect("a name")[..1].to_lowercase()
        };
        (body["totalResults"].as_i64().expect("a number"), names.map(name).collect::<String>())
    };
    assert_eq!(found(json!({})).await, (6, "abcdzn".to_owned()));
    assert_eq!(found(json!({ "startIndex": 4, "count": 2 })).await, (6, "dz".to_owned()));
    assert_eq!(found(json!({ "startIndex": 6 })).await, (6, "n".to_owned()));
    assert_eq!(found(json!({ "filter": "userName pr" })).await, (4, "abcd".to_owned()), "no group has one");
    assert_eq!(found(json!({ "filter": "members pr" })).await, (2, "zn".to_owned()));
    assert_eq!(
        found(json!({ "filter": "displayName sw \"z\" or displayName sw \"ann\"" })).await,
        (2, "az".to_owned())
    );
    let unknown = directory.post("/.search", json!({ "filter": "unknown pr" })).await;
    assert_eq!(refusal(&unknown), (400, "invalidFilter"));
    assert_eq!(refusal(&directory.call(Method::GET, "/.search", None).await).0, 405);
}
