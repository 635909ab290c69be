//! Five seconds of signing in, using and revoking at once, through the whole API. No cookie that was given out before a
//! revocation was asked for may work after its 204.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use api::domain::api_keys::Scope;
use serde_json::json;
use tokio::sync::Mutex;

use crate::support::{Browser, PASSWORD, TestApp};

const TRINITY: &str = "trinity@whiterabbit.fake";
const LASTING: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_seconds_leave_no_survivor() {
    let app = Arc::new(TestApp::new().await);
    let org = app.company("whiterabbit.fake").await;
    app.member(org, TRINITY).await;
    let key = app.holding(&app.key(org, &[Scope::Revoke]).await);
    let given: Arc<Mutex<Vec<Browser>>> = Arc::default();
    let (issued, refused, written) =
        (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let over = Arc::new(AtomicBool::new(false));
    let people: Vec<_> = (0..6)
        .map(|_| {
            let (app, given, over) = (app.clone(), given.clone(), over.clone());
            let (issued, refused, written) = (issued.clone(), refused.clone(), written.clone());
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    let mut browser = app.anonymous();
                    match browser.sign_in(TRINITY, PASSWORD).await.status.as_u16() {
                        200 => issued.fetch_add(1, Ordering::Relaxed),
                        // Right password, but a revocation came in between.
                        401 => {
                            refused.fetch_add(1, Ordering::Relaxed);
                            continue;
                        }
                        other => panic!("a sign-in got {other}"),
                    };
                    given.lock().await.push(browser.clone());
                    match browser.post("/api/todos", json!({ "task": "t" })).await.status.as_u16() {
                        201 => written.fetch_add(1, Ordering::Relaxed),
                        401 => 0,
                        other => panic!("a write got {other}"),
                    };
                }
            })
        })
        .collect();

    let mut revocations = 0_u64;
    let mut checks = Vec::new();
    let until = Instant::now() + LASTING;
    while Instant::now() < until {
        let before = std::mem::take(&mut *given.lock().await);
        assert_eq!(key.revoke(TRINITY).await.status, 204);
        revocations += 1;
        checks.push(tokio::spawn(survivors_of(before)));
    }
    over.store(true, Ordering::Relaxed);
    for person in people {
        person.await.expect("joined");
    }
    assert_eq!(key.revoke(TRINITY).await.status, 204);
    checks.push(tokio::spawn(survivors_of(std::mem::take(&mut *given.lock().await))));
    let (mut checked, mut survivors) = (0_u64, 0_u64);
    for check in checks {
        let (of, alive) = check.await.expect("joined");
        checked += of;
        survivors += alive;
    }
    println!(
        "{} signed in, {} lost the race, {} writes, {revocations} revocations, {checked} cookies checked, {survivors} survivors",
        issued.load(Ordering::Relaxed),
        refused.load(Ordering::Relaxed),
        written.load(Ordering::Relaxed),
    );
    assert_eq!(survivors, 0);
    assert_eq!(checked, issued.load(Ordering::Relaxed));
    assert!(revocations > 10 && checked > 50, "too little happened to prove anything");
    assert_eq!(app.count("select count(*) from sign_ins where ended_at is null").await, 0);
    let leads_somewhere =
        "select count(*) from tower_sessions t join sign_ins s on s.id = t.sign_in_id and s.ended_at is null";
    assert_eq!(app.count(leads_somewhere).await, 0);
}

/// How many cookies there are, and how many still work.
async fn survivors_of(browsers: Vec<Browser>) -> (u64, u64) {
    let (mut checked, mut survivors) = (0, 0);
    for mut browser in browsers {
        checked += 1;
        survivors += u64::from(browser.get("/api/todos").await.status != 401);
    }
    (checked, survivors)
}
