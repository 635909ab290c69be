//! What directories really send. The sequences, and how they are written, are in `sequences/`; every file is replayed
//! request by request, each sequence in an org of its own, and everything that is not as expected is reported at once.

mod expect;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use api::domain::api_keys::Scope;
use api::domain::roles;
use api::entity::entitlement::EntitlementKind;
use axum::body::Body;
use http::Request;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use time::Duration;

use crate::support::{Org, Reply, TestApp, send};
use expect::{check, compare, says_nothing};

const BASE: &str = "/scim/v2";
const MEDIA_TYPE: &str = "application/scim+json";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const SENDERS: [&str; 6] = ["okta", "entra", "onelogin", "google", "rfc7644", "others"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sequence {
    name: String,
    source: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    given: Given,
    steps: Vec<Step>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Given {
    people: Vec<Value>,
    groups: BTreeMap<String, Vec<String>>,
    roles: Vec<String>,
    entitlements: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    request: String,
    #[serde(default)]
    headers: BTreeMap<String, Option<String>>,
    body: Option<Value>,
    status: u16,
    expect: Option<Value>,
    #[serde(default)]
    remember: BTreeMap<String, String>,
}

#[tokio::test]
async fn okta() {
    replay("okta").await;
}

#[tokio::test]
async fn entra() {
    replay("entra").await;
}

#[tokio::test]
async fn onelogin() {
    replay("onelogin").await;
}

#[tokio::test]
async fn google() {
    replay("google").await;
}

#[tokio::test]
async fn rfc7644() {
    replay("rfc7644").await;
}

#[tokio::test]
async fn others() {
    replay("others").await;
}

#[test]
fn every_sequence_belongs_to_a_sender_and_expects_something() {
    let mut names = Vec::new();
    for (file, sequences) in sequences("") {
        assert!(SENDERS.contains(&sender(&file)), "nobody replays {file}");
        for Sequence { name, source, steps, .. } in sequences {
            assert!(source.contains("https://"), "{name}: where does it stand?");
            for step in steps {
                let answers = !matches!(step.status, 204 | 304);
                assert_eq!(step.expect.is_some(), answers, "{name}: {}: what is expected?", step.request);
                assert!(!step.expect.is_some_and(|expect| says_nothing(&expect)), "{name}: {}: {{}}", step.request);
            }
            names.push(name);
        }
    }
    println!("{} sequences", names.len());
    assert!(names.len() >= 60, "only {} sequences", names.len());
    names.sort_unstable();
    names.windows(2).for_each(|pair| assert_ne!(pair[0], pair[1], "two of one name"));
}

fn sender(file: &str) -> &str {
    file.split(['-', '.']).next().unwrap_or_default()
}

/// By file; without a sender, everybody's.
fn sequences(of: &str) -> Vec<(String, Vec<Sequence>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/scim/sequences");
    let entries = fs::read_dir(folder).expect("the folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut files = Vec::new();
    for path in paths.filter(|path| path.extension().is_some_and(|extension| extension == "json")) {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        if of.is_empty() || sender(&name) == of {
            let text = fs::read_to_string(&path).expect("a file");
            let sequences = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
            files.push((name, sequences));
        }
    }
    files.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    files
}

async fn replay(of: &str) {
    let app = TestApp::new().await;
    let (mut replayed, mut steps, mut wrong) = (0, 0, Vec::new());
    for sequence in sequences(of).into_iter().flat_map(|(_, sequences)| sequences) {
        let org = app.company(&format!("number{replayed}.example")).await;
        let mut player = Player::new(&app, org).await;
        player.play(&sequence).await;
        replayed += 1;
        steps += player.sent;
        if !player.wrong.is_empty() {
            let Sequence { name, source, note, .. } = &sequence;
            wrong.push(format!("# {name}\n  {source}\n  {note}\n{}", player.wrong.join("\n")));
        }
    }
    println!("{of}: {replayed} sequences in {steps} requests, {} not as expected", wrong.len());
    assert!(replayed > 0, "there are no sequences of {of}");
    assert!(wrong.is_empty(), "{} of {replayed} sequences:\n\n{}\n", wrong.len(), wrong.join("\n\n"));
}

/// Replays one sequence.
struct Player<'a> {
    app: &'a TestApp,
    org: Org,
    key: SecretString,
    known: BTreeMap<String, String>,
    sent: usize,
    wrong: Vec<String>,
}

impl<'a> Player<'a> {
    async fn new(app: &'a TestApp, org: Org) -> Self {
        let key = app.key(org, &[Scope::Scim]).await;
        Self { app, org, key, known: BTreeMap::new(), sent: 0, wrong: Vec::new() }
    }

    async fn play(&mut self, sequence: &Sequence) {
        for step in self.given(&sequence.given).await {
            self.take(&step).await;
        }
        for step in &sequence.steps {
            self.take(step).await;
        }
    }

    /// Defines what can be given, and says how the rest comes to be.
    async fn given(&self, given: &Given) -> Vec<Step> {
        let op = self.app.op(self.org.id);
        let tx = self.app.begin(&op).await;
        for name in &given.entitlements {
            let defined = roles::define(&tx, &op, EntitlementKind::Entitlement, name, "", None).await;
            defined.expect("an entitlement");
        }
        tx.commit().await.expect("committed");
        let mut steps = Vec::new();
        for (path, names) in [("Roles", &given.roles), ("Entitlements", &given.entitlements)] {
            for name in names {
                let request = format!("GET /{path}?filter=displayName%20eq%20%22{name}%22");
                let expect = json!({ "totalResults": 1, "Resources": [{ "displayName": name }] });
                steps.push(Step::quick(request, None, 200, expect, name, "/Resources/0/id"));
            }
        }
        for person in &given.people {
            let body = match person.as_str() {
                Some(address) => {
                    let emails = json!([{ "value": address, "type": "work", "primary": true }]);
                    json!({ "schemas": [USER], "userName": address, "emails": emails })
                }
                None => person.clone(),
            };
            let name = body["userName"].as_str().expect("a userName").to_owned();
            let expect = json!({ "userName": name });
            steps.push(Step::quick("POST /Users".into(), Some(body), 201, expect, &name, "/id"));
        }
        for (name, people) in &given.groups {
            let members: Vec<_> = people.iter().map(|person| json!({ "value": format!("{{{{{person}}}}}") })).collect();
            let body = json!({ "schemas": [GROUP], "displayName": name, "members": members });
            let expect = json!({ "displayName": name });
            steps.push(Step::quick("POST /Groups".into(), Some(body), 201, expect, name, "/id"));
        }
        steps
    }

    async fn take(&mut self, step: &Step) {
        // Whoever comes later is listed later.
        self.app.clock.advance(Duration::seconds(1));
        self.sent += 1;
        let wrong = match self.ask(step).await {
            Err(unknown) => format!("\n      {unknown}"),
            Ok((reply, mut wrong)) => {
                check(&step.request, step.status, &reply, &mut wrong);
                for (name, pointer) in &step.remember {
                    match reply.body.pointer(pointer).and_then(Value::as_str) {
                        Some(value) => drop(self.known.insert(name.clone(), value.to_owned())),
                        None => wrong.push(format!("there is no {pointer} to remember")),
                    }
                }
                if wrong.is_empty() {
                    return;
                }
                format!("\n      {}\n      answered {}", wrong.join("\n      "), reply.body)
            }
        };
        self.wrong.push(format!("  {}. {}{wrong}", self.sent, step.request));
    }

    /// The reply, and what in it is not as this step expects.
    async fn ask(&self, step: &Step) -> Result<(Reply, Vec<String>), String> {
        let (method, path) = step.request.split_once(' ').expect("a method and a path");
        let path = self.fill(path)?;
        let mut request =
            Request::builder().method(method).uri(format!("{BASE}{path}")).header("host", "localhost:3333");
        let authorization = format!("Bearer {}", self.key.expose_secret());
        let mut headers = BTreeMap::from([("authorization", authorization), ("accept", MEDIA_TYPE.to_owned())]);
        if step.body.is_some() {
            headers.insert("content-type", MEDIA_TYPE.to_owned());
        }
        let named: Vec<_> = step.headers.iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
        for (name, value) in &named {
            match value {
                Some(value) => drop(headers.insert(name, self.fill(value)?)),
                None => drop(headers.remove(name.as_str())),
            }
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let body = match &step.body {
            None => Body::empty(),
            Some(Value::String(raw)) => Body::from(raw.clone()),
            Some(json) => Body::from(self.fill_json(json)?.to_string()),
        };
        let reply = send(&self.app.router, request.body(body).map_err(|e| format!("{path}: {e}"))?).await;
        let mut wrong = Vec::new();
        if let Some(expect) = &step.expect {
            compare(&self.fill_json(expect)?, Some(&reply.body), "", &mut wrong);
        }
        Ok((reply, wrong))
    }

    fn fill(&self, text: &str) -> Result<String, String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, (name, after))) =
            rest.split_once("{{").and_then(|(before, rest)| Some((before, rest.split_once("}}")?)))
        {
            filled += before;
            filled += self.known.get(name).ok_or_else(|| format!("{name} is not known"))?;
            rest = after;
        }
        Ok(filled + rest)
    }

    fn fill_json(&self, json: &Value) -> Result<Value, String> {
        Ok(match json {
            Value::String(text) => Value::String(self.fill(text)?),
            Value::Array(elements) => elements.iter().map(|e| self.fill_json(e)).collect::<Result<_, _>>()?,
            Value::Object(members) => {
                let filled = members.iter().map(|(name, member)| Ok((name.clone(), self.fill_json(member)?)));
                Value::Object(filled.collect::<Result<_, String>>()?)
            }
            other => other.clone(),
        })
    }
}

impl Step {
    fn quick(request: String, body: Option<Value>, status: u16, expect: Value, name: &str, id: &str) -> Self {
        let remember = BTreeMap::from([(name.to_owned(), id.to_owned())]);
        Self { request, headers: BTreeMap::new(), body, status, expect: Some(expect), remember }
    }
}
