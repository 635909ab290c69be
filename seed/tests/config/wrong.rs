//! What is wrong with a file is said all at once, each with its place, and nothing is done.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::world::World;

/// What is said of a file, without the sentence above.
fn wrong(world: &World, text: &str) -> Vec<String> {
    let file = world.file("f.toml", text);
    let (told, code) = world.says(&["plan", &file, "--no-check"], &[]);
    assert_eq!(code, 1, "{told}");
    let (head, rest) = told.split_once('\n').unwrap_or((&told, ""));
    let many = if rest.lines().count() == 1 {
        "One thing is".to_owned()
    } else {
        format!("{} things are", rest.lines().count())
    };
    assert_eq!(head, format!("seed: {many} wrong, and nothing was done."), "{told}");
    let (_, code) = world.says(&["apply", &file, "--no-check", "--yes"], &[]);
    assert_eq!(code, 1);
    rest.lines().map(|line| line.trim_start().replace("f.toml:", "")).collect()
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once() {
    let world = World::new().await;
    world.seed.run(&["org", "add", "matrix.fake"]);
    let text = r#"colour = "green"
[[org]]
slug = "garden.example"
name = ""
domains = ["garden.example", "not a domain", "matrix.fake"]
[org.policy]
idle_timeout = "soon"
absolute_lifetime = "1s"
privileged_auth_age = 5
[[org.sso]]
domain = "bees.example"
issuer = "idp.example"
client_id = " "
client_secret_env = "UNSET_SECRET"
provisions = "yes"
[[org.sso]]
issuer = "https://idp.example"
client_id = "c"
client_secret_env = "s3cr3t!"
[[org.role]]
name = "Gardener"
grants = "gardener"
[[org.role]]
name = "Weeder"
[[org.role]]
name = "GARDENER"
grants = "member"
kind = "title"
[[org.key]]
name = "k"
scopes = ["todos:read", "todos:read", "everything"]
lifetime = "1s"
file = "a.key"
[[org.key]]
scopes = []
file = "a.key"
[[org]]
name = "Nameless"
[[org]]
slug = "garden.example"
"#;
    let expected = [
        "1:1: There is no `colour` here; there are org.",
        "4:8: A company's name has 1 to 255 characters, and no control characters.",
        "5:12: The slug is one of the company's domains already: leave it out here.",
        "5:30: \"not a domain\" is not a domain name such as whiterabbit.fake.",
        "5:46: matrix.fake is a domain of matrix.fake: take it from there first, and apply that.",
        "7:16: \"soon\" is no length of time such as 30m, 12h or 90d.",
        "8:21: The absolute lifetime must be 300 to 2592000 seconds.",
        "9:23: `privileged_auth_age` must be a text in quotes.",
        "11:10: bees.example is none of the domains of garden.example: declare it in `domains`.",
        "12:10: \"idp.example\" is no issuer: it must be a URL such as https://example.okta.com.",
        "13:13: The client ID cannot be empty.",
        "14:21: The environment has no UNSET_SECRET: set it to the client secret.",
        "15:14: `provisions` must be true or false.",
        "19:21: `client_secret_env` is the name of a variable of the environment, never the secret.",
        "22:10: There is no role \"gardener\" to grant; there are owner, admin, auditor, member.",
        "23:1: Say what the role lets people do, with `grants`; or make it `kind = \"entitlement\"`.",
        "28:8: There is no kind \"title\"; there are role and entitlement.",
        "31:25: The scope \"todos:read\" is here twice.",
        "31:39: \"everything\" is no scope; there are revoke, scim, todos:read, todos:write, users:read.",
        "32:12: A key lasts for a minute at least and for 730 days at most, or for good.",
        "34:1: Say what the key is good for in `scopes`: some of [\"revoke\", \"scim\", \"todos:read\", \"todos:write\", \"users:read\"].",
        "34:1: `name` is missing here.",
        "37:1: `slug` is missing here.",
        "40:8: The domain garden.example is declared already, at 3:8.",
    ];
    assert_eq!(wrong(&world, text), expected);
    assert_eq!(world.seed.count("select count(*) from orgs").await, 1);
}

#[tokio::test]
async fn what_is_no_toml_is_said_with_its_place() {
    let world = World::new().await;
    let told = wrong(&world, "[[org]]\nslug = \"garden.example\n[[org]]\nslug = two.example\n");
    assert!(told.len() >= 2 && told[0].starts_with("2:") && told[0].contains("This is no TOML"), "{told:?}");
    assert!(told.iter().any(|line| line.starts_with("4:")), "not the first thing alone: {told:?}");
    let told = wrong(&world, "org = \"garden.example\"\n");
    assert_eq!(told, ["1:7: `org` must be tables: begin each with [[org]]."]);
    let told = wrong(&world, "[[org]]\nslug = \"a.example\"\npolicy = 1\nsso = 2\n");
    assert_eq!(
        told,
        [
            "3:10: `policy` must be a table: begin it with [org.policy].",
            "4:7: `sso` must be tables: begin each with [[org.sso]]."
        ]
    );
}

#[tokio::test]
async fn two_things_are_not_one() {
    let world = World::new().await;
    let twice = r#"[[org]]
slug = "a.example"
[[org.sso]]
issuer = "https://a.example"
client_id = "a"
client_auth = "private_key_jwt"
[[org.sso]]
issuer = "https://b.example"
client_id = "b"
client_auth = "private_key_jwt"
[[org.role]]
name = "One"
grants = "owner"
[[org.role]]
name = "ONE"
grants = "admin"
[[org.key]]
name = "k"
scopes = ["scim"]
file = "same.key"
[[org.key]]
name = "l"
scopes = ["scim"]
file = "same.key"
[[org]]
slug = "b.example"
domains = ["a.example"]
"#;
    let expected = [
        "7:1: Another [[org.sso]] is for the same people: give it, or the other, a `domain`.",
        "14:1: There is another \"One\" above: names differ by more than their case.",
        "24:8: Another key is written to same.key already: each has a file of its own.",
        "27:12: The domain a.example is declared already, at 2:8.",
    ];
    assert_eq!(wrong(&world, twice), expected);
}

#[tokio::test]
async fn a_key_overwrites_nothing_but_a_key() {
    let world = World::new().await;
    let text = "[[org]]\nslug = \"a.example\"\n[[org.key]]\nname = \"k\"\nscopes = [\"scim\"]\nfile = \"diary.txt\"\n";
    world.file("diary.txt", "Dear diary,\n");
    let told = wrong(&world, text);
    assert_eq!(told.len(), 1);
    assert!(
        told[0].starts_with("6:8: ")
            && told[0].ends_with("diary.txt is there and holds no key: move it away, or name another file."),
        "{told:?}"
    );
    world.file("diary.txt", "cfw_an_old_key\n");
    world.apply(text);
    assert_ne!(std::fs::read_to_string(world.folder.join("diary.txt")).expect("a key"), "cfw_an_old_key\n");
}

/// The usual slip is a slash at the end.
#[tokio::test]
async fn an_issuer_that_calls_itself_otherwise_is_refused_and_one_that_is_known_is_not_asked_again() {
    let world = World::new().await;
    let (issuer, serving) = provider();
    let text = format!(
        "[[org]]\nslug = \"a.example\"\n[[org.sso]]\nissuer = \"{issuer}\"\nclient_id = \"c\"\nclient_auth = \"private_key_jwt\"\n"
    );
    let file = world.file("f.toml", &text);
    let (told, code) = world.says(&["apply", &file, "--yes"], &[]);
    assert_eq!(code, 1, "{told}");
    assert!(
        told.contains("f.toml:4:10: The issuer did not pass the check (Validation error: unexpected issuer URI"),
        "{told}"
    );
    assert!(told.contains(&format!("`{issuer}/` (expected `{issuer}`)")), "it shows both: {told}");
    serving.join().expect("it was asked");
    let (told, code) = world.says(&["plan", &file], &[]);
    assert_eq!(code, 1, "nobody is there any more: {told}");
    assert_eq!(world.seed.count("select count(*) from orgs").await, 0);
    world.says(&["apply", &file, "--yes", "--no-check"], &[]);
    let (told, code) = world.says(&["plan", &file], &[]);
    assert_eq!(code, 0, "nobody needs to be asked where nothing changes: {told}");
}

/// Answers one request with a discovery document whose issuer ends in a slash.
fn provider() -> (String, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let issuer = format!("http://{}", listener.local_addr().expect("an address"));
    let document = format!(
        "{{\"issuer\":\"{issuer}/\",\"authorization_endpoint\":\"{issuer}/a\",\"jwks_uri\":\"{issuer}/k\",\
         \"response_types_supported\":[\"code\"],\"subject_types_supported\":[\"public\"],\
         \"id_token_signing_alg_values_supported\":[\"RS256\"]}}"
    );
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a request");
        let _ = stream.read(&mut [0; 2048]);
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
        write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{document}", document.len()).expect("answered");
    });
    (issuer, serving)
}
