//! `seed drill`, run as a person runs it, against a server of the test's own: as it is, and broken on purpose.

mod common;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use api::app::{self, listener, start};
use api::config::Config;
use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use common::{KEY, Seed};
use secrecy::ExposeSecret;
use serde_json::Value;

const ORG: &str = "whiterabbit.fake";
const PASSWORD: &str = "as good as any other";

/// A server over a test's database, and the program beside it.
struct Drill {
    seed: Seed,
    url: String,
}

impl Drill {
    async fn new() -> Self {
        Self::over(|router| router).await
    }

    /// A server that `change` may break.
    async fn over(change: impl FnOnce(Router) -> Router + Send + 'static) -> Self {
        let seed = Seed::new().await;
        seed.run(&["org", "add", ORG]);
        seed.run(&["user", "add", &format!("trinity@{ORG}"), "--name", "Trinity", "--password", PASSWORD]);
        let database = seed.0.url("curfew_app").expose_secret().to_owned();
        let (ready, listening) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.expect("a runtime").block_on(async move {
                let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
                let url = format!("http://localhost:{}", socket.local_addr().expect("an address").port());
                let lookup = |name: &str| match name {
                    "DATABASE_URL" => Some(database.clone()),
                    "CURFEW_PUBLIC_URL" | "CURFEW_API_URL" => Some(url.clone()),
                    name => (name == KEY.0).then(|| KEY.1.to_owned()),
                };
                let state = start::state(Config::read(&lookup).expect("settings")).await.expect("a server");
                let _listening = listener::start(state.clone()).await;
                let service = change(app::build(&state)).into_make_service_with_connect_info::<SocketAddr>();
                ready.send(url).expect("the test waits");
                axum::serve(socket, service).await.expect("served");
            });
        });
        Self { seed, url: listening.recv().expect("it listens") }
    }

    fn command(&self, line: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seed"));
        let owner = self.seed.0.url("curfew_owner");
        command.arg("drill").args(line).env_clear().envs([KEY]).env("DATABASE_OWNER_URL", owner.expose_secret());
        command.envs([("CURFEW_PUBLIC_URL", &self.url), ("CURFEW_API_URL", &self.url)]);
        command
    }

    fn run(&self, line: &[&str]) -> Output {
        self.command(line).output().expect("it ran")
    }

    /// The drill without an end, once it has fired a door.
    fn running(&self) -> Child {
        let line = [ORG, "--only", "sign-out", "--rounds", "60000"];
        let mut child = self.command(&line).stderr(Stdio::piped()).spawn().expect("it started");
        let mut told = String::new();
        BufReader::new(child.stderr.as_mut().expect("its progress")).read_line(&mut told).expect("progress");
        assert!(told.contains("sign-out"), "{told}");
        child
    }

    async fn left(&self) -> i64 {
        let everywhere = "select (select count(*) from org_domains where domain like '%drill-%.invalid') \
             + (select count(*) from orgs where name like 'drill-%.invalid') \
             + (select count(*) from users where name like 'drill-%.invalid') \
             + (select count(*) from api_keys where name like 'drill-%.invalid') \
             + (select count(*) from sso_connections)";
        self.seed.count(everywhere).await
    }

    /// Every row of every table but of those that only say what has happened.
    async fn rows(&self) -> BTreeMap<String, Option<String>> {
        let tables = "select table_name::text from information_schema.tables where table_schema = 'public' \
                      and table_type = 'BASE TABLE' \
                      and table_name not in ('audit_events', 'spent_tokens', 'ended_sids') order by 1";
        let superuser = &self.seed.0.superuser;
        let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(superuser).await.expect("tables");
        assert!(tables.len() > 12, "{tables:?}");
        let mut rows = BTreeMap::new();
        for table in tables {
            let all = format!("select string_agg(t::text, e'\\n' order by t::text) from {table} t");
            rows.insert(table, sqlx::query_scalar(&all).fetch_one(superuser).await.expect("rows"));
        }
        rows
    }
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

/// What answers in place of the server, for some requests.
fn broken(
    router: Router,
    instead: impl Fn(&Request, &Response) -> Option<Response> + Clone + Send + Sync + 'static,
) -> Router {
    router.layer(middleware::from_fn(move |request: Request, next: Next| {
        let instead = instead.clone();
        async move {
            // What the server reads of a request is gone by then.
            let mut copy = Request::new(axum::body::Body::empty());
            (*copy.method_mut(), *copy.uri_mut()) = (request.method().clone(), request.uri().clone());
            copy.headers_mut().clone_from(request.headers());
            debug_assert!(request.extensions().get::<ConnectInfo<SocketAddr>>().is_some());
            let response = next.run(request).await;
            instead(&copy, &response).unwrap_or(response)
        }
    }))
}

#[tokio::test]
async fn everything_dies_and_nobody_who_was_there_is_touched() {
    let drill = Drill::new().await;
    let client = reqwest::Client::builder().cookie_store(true).build().expect("a client");
    let place = |path: &str| format!("{}{path}", drill.url);
    let real = serde_json::json!({ "username": format!("trinity@{ORG}"), "password": PASSWORD });
    assert_eq!(client.post(place("/api/signin")).json(&real).send().await.expect("an answer").status(), 200);
    drill.seed.run(&["key", "mint", ORG, "--scope", "revoke", "--name", "the company's own"]);
    drill.seed.run(&["user", "add", "bobby@tables.fake", "--name", "Bobby", "--password", PASSWORD]);
    let mut stream = client.get(place("/api/live")).send().await.expect("a stream");
    assert!(stream.chunk().await.expect("a part").is_some());
    let before = drill.rows().await;
    let audit = "select count(*) from audit_events where user_id in (select id from users)";
    let about_them = drill.seed.count(audit).await;

    let output = drill.run(&[ORG, "--browsers", "2", "--json", "-"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let found = json(&output);
    assert_eq!(
        (&found["nothing_lived"], found["alive"].as_i64(), found["lost"].as_i64()),
        (&Value::Bool(true), Some(0), Some(0))
    );
    let results = found["results"].as_array().expect("results");
    // 25 doors: 15 with everything, two without a new sign-in, three about keys, five with passwords; and two for all.
    assert_eq!(results.len(), 15 * 8 + 2 * 7 + 3 + 5 * 5, "{found}");
    assert!(results.iter().all(|cell| cell["fate"] == "kept" || cell["ms"].as_f64().is_some_and(|ms| ms > 0.0)));

    assert_eq!(drill.rows().await, before, "byte by byte");
    assert_eq!(drill.seed.count(audit).await, about_them, "nothing was done to anybody");
    assert_eq!(drill.seed.count("select count(*) from audit_events where actor_id = 'drill'").await.min(1), 1);
    while let Ok(said) = tokio::time::timeout(std::time::Duration::from_millis(50), stream.chunk()).await {
        assert_eq!(said.expect("it goes on").as_deref(), Some(&b": \n\n"[..]), "a sign of life and nothing else");
    }
    assert_eq!(client.get(place("/api/users/me")).send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn what_lives_is_named_and_the_exit_is_1() {
    let drill = Drill::over(|router| {
        broken(router, |request, response| {
            let lives = request.uri().path() == "/api/users/me" && response.status() == StatusCode::UNAUTHORIZED;
            lives.then(|| StatusCode::OK.into_response())
        })
    })
    .await;
    let folder = std::env::temp_dir().join(&drill.seed.0.name);
    let junit = folder.with_extension("xml");
    let file = junit.to_str().expect("a name");
    let output = drill.run(&[ORG, "--only", "key", "--browsers", "2", "--deadline", "300ms", "--junit", file]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(table.contains("ALIVE: cookie after key, in round 1.\nALIVE: others-cookie after key"), "{table}");
    assert!(!table.contains("Nothing lived") && !table.contains("ALIVE: stream"), "{table}");
    let xml = std::fs::read_to_string(&junit).expect("a report");
    std::fs::remove_file(&junit).expect("removed");
    assert!(xml.contains("tests=\"8\"") && xml.contains("failures=\"2\"") && xml.contains("ALIVE: cookie"), "{xml}");
    assert_eq!(drill.left().await, 0);
}

#[tokio::test]
async fn a_way_back_in_is_found_too() {
    let drill = Drill::over(|router| {
        broken(router, |request, response| {
            // Sent to the provider once more: as if that had not been asked.
            let back = request.uri().path().starts_with("/openid/callback/");
            let refused = response
                .headers()
                .get("location")
                .is_some_and(|to| to.to_str().is_ok_and(|to| to.contains("/authorize?")));
            (back && refused).then(|| (StatusCode::SEE_OTHER, [("location", "http://localhost/")]).into_response())
        })
    })
    .await;
    let output = drill.run(&[ORG, "--only", "token", "--browsers", "2", "--json", "-"]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    let found = json(&output);
    let alive = found["results"].as_array().expect("results").iter().filter(|cell| cell["fate"] == "alive");
    let alive: Vec<_> = alive.map(|cell| cell["credential"].as_str().expect("a name")).collect();
    assert_eq!(alive, ["on-its-way", "new-proof", "old-proof", "others-on-way"]);
}

#[tokio::test]
async fn what_should_have_lived_is_missed() {
    let fired = Arc::new(AtomicBool::new(false));
    let drill = Drill::over(move |router| {
        broken(router, move |request, _| match request.uri().path() {
            "/api/sessions/revoke" => {
                fired.store(true, Ordering::SeqCst);
                None
            }
            "/api/users/me" => fired.load(Ordering::SeqCst).then(|| StatusCode::UNAUTHORIZED.into_response()),
            _ => None,
        })
    })
    .await;
    let output = drill.run(&[ORG, "--only", "other-sessions", "--browsers", "2"]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(table.contains("LOST: cookie after other-sessions, in round 1, which does not mean it."), "{table}");
}

#[tokio::test]
async fn a_server_that_is_not_well_proves_nothing() {
    let fired = Arc::new(AtomicBool::new(false));
    let drill = Drill::over(move |router| {
        broken(router, move |request, _| {
            fired.fetch_or(request.uri().path() == "/global-token-revocation", Ordering::SeqCst);
            let away = fired.load(Ordering::SeqCst) && request.uri().path() == "/api/users/me";
            away.then(|| StatusCode::SERVICE_UNAVAILABLE.into_response())
        })
    })
    .await;
    let output = drill.run(&[ORG, "--only", "key", "--browsers", "2", "--deadline", "300ms"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("seed: Nobody can say whether cookie is dead after key: 503"), "{}", told(&output));
    assert_eq!(drill.left().await, 0);
}

#[tokio::test]
async fn told_to_end_it_leaves_nothing() {
    let drill = Drill::new().await;
    let before = drill.rows().await;
    for signal in ["INT", "TERM"] {
        let child = drill.running();
        assert!(drill.left().await > 0);
        let sent = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().expect("kill ran");
        assert!(sent.success());
        let output = child.wait_with_output().expect("it ended");
        assert_eq!(output.status.code(), Some(2));
        assert!(told(&output).ends_with("seed: The drill was told to end.\n"), "{}", told(&output));
        assert_eq!(drill.left().await, 0);
        assert_eq!(drill.rows().await, before);
    }
}

#[tokio::test]
async fn nobody_looking_on_is_no_reason_to_leave_anything() {
    let drill = Drill::new().await;
    let mut command = drill.command(&[ORG, "--only", "key,sign-out", "--browsers", "2"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it started");
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().expect("it ended").code(), Some(0));
    assert_eq!(drill.left().await, 0);
}

#[tokio::test]
async fn what_was_killed_is_found_by_the_next_and_what_runs_is_left_alone() {
    let drill = Drill::new().await;
    let before = drill.rows().await;
    let mut running = drill.running();
    let beside = drill.run(&[ORG, "--only", "key,admin-everybody", "--browsers", "2"]);
    assert_eq!(beside.status.code(), Some(0), "{}", told(&beside));
    assert!(!told(&beside).contains("Took away"), "{}", told(&beside));
    assert!(drill.left().await > 0);
    assert_eq!(running.try_wait().expect("asked"), None, "it goes on");
    running.kill().expect("killed");
    running.wait().expect("it ended");
    assert!(drill.left().await > 0);
    let next = drill.run(&[ORG, "--only", "sign-out", "--browsers", "2"]);
    assert_eq!(next.status.code(), Some(0), "{}", told(&next));
    assert!(told(&next).starts_with("Took away what an earlier drill had left: drill-"), "{}", told(&next));
    assert_eq!((drill.left().await, drill.rows().await), (0, before));
    assert_eq!(drill.seed.refused(&["org", "unset-oidc", ORG]), "seed: There is no such connection.");
    let clean = drill.run(&["--clean"]);
    assert_eq!((clean.status.code(), told(&clean)), (Some(0), "Took away what 0 drills had left.\n".to_owned()));
}

#[tokio::test]
async fn what_cannot_be_carried_out_is_a_sentence_and_2() {
    let drill = Drill::new().await;
    let refused = |output: Output| {
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        told(&output)
    };
    let nowhere = refused(drill.run(&["nowhere.fake"]));
    assert!(nowhere.starts_with("seed: No company owns the domain nowhere.fake"), "{nowhere}");
    let away = refused(drill.run(&[ORG, "--at", "http://127.0.0.1:1"]));
    assert!(away.starts_with("seed: http://127.0.0.1:1 does not answer"), "{away}");
    let mut public = drill.command(&[ORG, "--at", &drill.url]);
    public.envs([("CURFEW_PUBLIC_URL", "https://app.example"), ("CURFEW_API_URL", "https://app.example")]);
    let unreachable = refused(public.output().expect("it ran"));
    assert!(
        unreachable.starts_with("seed: The API may not ask the drill's provider at http://127.0.0.1:"),
        "{unreachable}"
    );
    assert!(unreachable.contains("--listen and --issuer"), "{unreachable}");
    refused(drill.run(&[ORG, "--only", "no-such-door"]));
    assert_eq!(drill.left().await, 0);
}
