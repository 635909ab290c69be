//! The program `api`: how it starts, refuses to start, and stops.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use api::kernel::Role;
use secrecy::ExposeSecret;

use crate::support::{TestApp, TestDatabase};

const KEY: (&str, &str) = ("CURFEW_SECRETS_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");

fn api(args: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_api"));
    command.args(args).env_clear().envs([KEY]).envs(variables.iter().copied()).stdin(Stdio::null());
    command
}

/// One sentence, or one and its cause; no panic, no backtrace.
fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = String::from_utf8(output.stderr.clone()).expect("text");
    let sentences: Vec<_> = told.lines().filter(|line| line.starts_with("api: ")).collect();
    assert_eq!(sentences.len(), 1, "{told}");
    assert!(!told.contains("panicked"), "{told}");
    sentences[0].to_owned()
}

#[test]
fn a_bad_variable_is_named() {
    let url = ("DATABASE_URL", "postgres://curfew_app@127.0.0.1:1/curfew");
    for (variables, expected) in [
        (vec![], "api: DATABASE_URL is not set: it is the URL of the database."),
        (vec![("DATABASE_URL", "nonsense")], "api: DATABASE_URL must be a URL that begins with postgres://."),
        (
            vec![url, ("CURFEW_SECRETS_KEY", "")],
            "api: CURFEW_SECRETS_KEY is not set: `openssl rand -base64 32` makes one, and it must stay the same as long \
             as the database does.",
        ),
        (vec![url, ("CURFEW_LOG", "loud")], "api: CURFEW_LOG must be text or json, but is \"loud\"."),
        (
            vec![url, ("CURFEW_LISTEN", "3333")],
            "api: CURFEW_LISTEN must be addresses such as 127.0.0.1:3333, separated by commas, but is \"3333\".",
        ),
        (
            vec![url, ("CURFEW_API_URL", "http://elsewhere.example")],
            "api: CURFEW_PUBLIC_URL and CURFEW_API_URL must have the same scheme and host.",
        ),
    ] {
        let output = api(&["serve"], &variables).output().expect("it ran");
        assert_eq!(refusal(&output), expected);
    }
}

#[test]
fn no_database_is_one_sentence() {
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let url = format!("postgres://curfew_app:a-secret@{closed}/curfew");
    for (args, name) in [(["serve"], "DATABASE_URL"), (["migrate"], "DATABASE_OWNER_URL"), (["sweep"], "DATABASE_URL")]
    {
        let output = api(&args, &[(name, &url)]).output().expect("it ran");
        let sentence = refusal(&output);
        assert!(sentence.starts_with(&format!("api: Cannot connect to the database that {name} names")), "{sentence}");
        assert!(!String::from_utf8_lossy(&output.stderr).contains("a-secret"));
    }
}

#[tokio::test]
async fn it_refuses_roles_that_pass_the_wall_and_databases_of_another_shape() {
    let database = TestDatabase::new().await;
    for (role, expected) in [
        (
            "curfew_owner",
            "api: DATABASE_URL connects as curfew_owner, which owns the tables or passes row-level security: use curfew_app.",
        ),
        (
            "postgres",
            "api: DATABASE_URL connects as postgres, which owns the tables or passes row-level security: use curfew_app.",
        ),
    ] {
        let url = database.url(role);
        let output = api(&["serve"], &[("DATABASE_URL", url.expose_secret())]).output().expect("it ran");
        assert_eq!(refusal(&output), expected);
    }
    let url = database.url("curfew_app");
    let forget = "delete from seaql_migrations where version = (select max(version) from seaql_migrations)";
    sqlx::query(forget).execute(&database.superuser).await.expect("forgotten");
    let output = api(&["serve"], &[("DATABASE_URL", url.expose_secret())]).output().expect("it ran");
    assert!(refusal(&output).contains("The database is older than this program"));
    sqlx::query("drop table seaql_migrations").execute(&database.superuser).await.expect("dropped");
    let output = api(&["serve"], &[("DATABASE_URL", url.expose_secret())]).output().expect("it ran");
    assert_eq!(refusal(&output), "api: The database is empty: run `api migrate` first.");
}

#[tokio::test]
async fn a_taken_port_and_missing_pages_are_one_sentence() {
    let database = TestDatabase::new().await;
    let url = database.url("curfew_app");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let variables = [("DATABASE_URL", url.expose_secret())];
    let output = api(&["serve", "--listen", &address], &variables).output().expect("it ran");
    assert_eq!(refusal(&output), format!("api: Cannot listen on {address}: the port is taken."));
    let output = api(&["serve", "--listen", &address, "--web", "/nowhere"], &variables).output().expect("it ran");
    assert!(refusal(&output).starts_with("api: /nowhere has no index.html"));
}

/// A request that is under way is answered; nobody new is let in.
#[tokio::test]
async fn it_stops_in_good_order_when_told_to() {
    let database = TestDatabase::new().await;
    let url = database.url("curfew_app");
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").to_string();
    for signal in ["TERM", "INT"] {
        let mut serving = api(&["serve", "--listen", &free], &[("DATABASE_URL", url.expose_secret())])
            .stderr(Stdio::null())
            .spawn()
            .expect("it started");
        let mut under_way = until("it listens", || TcpStream::connect(&free).ok());
        let body = r#"{"username":"nobody@nowhere.fake","password":"x"}"#;
        let (half, rest) = body.split_at(10);
        let head =
            "POST /api/signin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json";
        write!(under_way, "{head}\r\nContent-Length: {}\r\n\r\n{half}", body.len()).expect("sent");
        // Answered, so the connection before it has been accepted as well.
        let mut other = TcpStream::connect(&free).expect("a second connection");
        other.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("sent");
        other.read_to_end(&mut Vec::new()).expect("answered");

        let told = Command::new("kill").args(["-s", signal, &serving.id().to_string()]).status().expect("kill ran");
        assert!(told.success());
        until("nobody new is let in", || TcpStream::connect(&free).is_err().then_some(()));
        assert_eq!(serving.try_wait().expect("asked"), None, "it waits for the request");
        under_way.write_all(rest.as_bytes()).expect("sent");
        let mut answer = String::new();
        under_way.read_to_string(&mut answer).expect("answered");
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        assert_eq!(serving.wait().expect("it ended").code(), Some(0), "{signal}");
    }
}

/// A stream would never end by itself, and the process would wait for it.
#[tokio::test]
async fn it_ends_streams_when_told_to_stop() {
    let database = TestDatabase::new().await;
    let url = database.url("curfew_app");
    let app = TestApp::over(database, url.clone(), |_| {}).await;
    app.person(None, "bob@tables.fake", Role::Owner).await;
    let cookie = app.signed_in("bob@tables.fake").await.cookies["curfew"].clone();
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").to_string();
    let mut serving = api(&["serve", "--listen", &free], &[("DATABASE_URL", url.expose_secret())])
        .stderr(Stdio::piped())
        .spawn()
        .expect("it started");
    let mut stream = until("it listens", || TcpStream::connect(&free).ok());
    write!(stream, "GET /api/live HTTP/1.1\r\nHost: localhost\r\nCookie: curfew={cookie}\r\n\r\n").expect("sent");
    let mut begun = Vec::new();
    until("it has begun", || {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("a byte");
        begun.push(byte[0]);
        begun.ends_with(b"\r\n\r\n").then_some(())
    });
    assert!(begun.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&begun));
    let told = Command::new("kill").args(["-s", "TERM", &serving.id().to_string()]).status().expect("kill ran");
    assert!(told.success());
    stream.read_to_end(&mut begun).expect("its end");
    assert!(!String::from_utf8_lossy(&begun).contains("ended"), "nothing is said about the session");
    let mut log = String::new();
    serving.stderr.take().expect("its log").read_to_string(&mut log).expect("text");
    assert_eq!(serving.wait().expect("it ended").code(), Some(0));
    assert!(!log.contains("did not end in time"), "{log}");
}

fn until<T>(what: &str, mut tried: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(done) = tried() {
            return done;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::yield_now();
    }
}
