//! `GET /api/live`: a tab hears at once that its session has ended.

use api::domain::api_keys::Scope;
use api::state::STREAMS_PER_PERSON;
use serde_json::json;
use time::Duration;

use crate::support::{Proxy, TestApp, TestDatabase, Told};

const TRINITY: &str = "trinity@whiterabbit.fake";

#[tokio::test]
async fn it_tells_the_person_s_streams_on_every_process_and_ends() {
    let (app, org) = TestApp::with_trinity().await;
    app.member(org, "neo@whiterabbit.fake").await;
    let twin = app.twin().await;
    let _listening = (app.listen().await, twin.listen().await);
    let (here, there) = (app.signed_in(TRINITY).await, twin.signed_in(TRINITY).await);
    let neo = app.signed_in("neo@whiterabbit.fake").await;
    let mut streams = [here.watch().await.expect("a stream"), there.watch().await.expect("a stream")];
    let mut others = neo.watch().await.expect("a stream");
    for stream in streams.iter_mut().chain([&mut others]) {
        assert_eq!(stream.next().await, Told::Alive, "it has looked after it began to listen");
    }
    let key = app.holding(&app.key(org, &[Scope::Revoke]).await);
    assert_eq!(key.revoke(TRINITY).await.status, 204);
    for stream in &mut streams {
        assert_eq!((stream.end().await, stream.next().await), (Told::Ended, Told::Nothing));
    }
    assert!(others.is_quiet());
    assert_eq!(here.watch().await.expect_err("refused").code(), "session_ended");
    drop(others);
    assert_eq!(app.state.live.count() + twin.state.live.count(), 0);
}

/// It is told before it has begun to listen: the sign-in is read again after that.
#[tokio::test]
async fn what_ended_while_the_stream_began_is_not_missed() {
    let (app, org) = TestApp::with_trinity().await;
    let mut stream = app.signed_in(TRINITY).await.watch().await.expect("a stream");
    // Nobody listens at all here, and the stream has not been asked for anything yet.
    app.holding(&app.key(org, &[Scope::Revoke]).await).revoke(TRINITY).await;
    assert_eq!(stream.next().await, Told::Ended);
}

/// Each of the two locks alone ends a stream.
#[tokio::test]
async fn an_ended_row_and_a_raised_generation_each_end_it() {
    for lock in [
        "update sign_ins set ended_at = now(), ended_cause = 'demanded'",
        "update users set generation = generation + 1",
        "update orgs set generation = generation + 1",
        "update users set active = false",
    ] {
        let (app, _) = TestApp::with_trinity().await;
        let mut stream = app.signed_in(TRINITY).await.watch().await.expect("a stream");
        assert_eq!(stream.next().await, Told::Alive);
        app.force(lock).await;
        app.state.live.tell_all();
        assert_eq!(stream.next().await, Told::Ended, "{lock}");
    }
}

#[tokio::test]
async fn it_ends_at_the_session_s_own_end_and_is_no_use_of_it() {
    let (app, _) = TestApp::with_trinity().await;
    let mut browser = app.signed_in(TRINITY).await;
    let mut stream = browser.watch().await.expect("a stream");
    assert_eq!(stream.next().await, Told::Alive);
    app.clock.advance(Duration::minutes(20));
    browser.get("/api/todos").await;
    app.clock.advance(Duration::minutes(10));
    assert_eq!(stream.next().await, Told::Alive, "at the deadline it looks, and the session was used meanwhile");
    app.clock.advance(Duration::minutes(20));
    assert_eq!(stream.next().await, Told::Ended);
}

#[tokio::test]
async fn a_listener_whose_connection_was_killed_hears_again_and_looks_at_every_stream() {
    let (app, org) = TestApp::with_trinity().await;
    let _listening = app.listen().await;
    let mut stream = app.signed_in(TRINITY).await.watch().await.expect("a stream");
    assert_eq!(stream.next().await, Told::Alive);
    // Nobody announces this, as if the announcement had been lost. It is found when the listener is back.
    app.force("update sign_ins set ended_at = now(), ended_cause = 'demanded'").await;
    assert!(stream.is_quiet());
    let kill = "select pg_terminate_backend(pid) from pg_stat_activity \
                where datname = current_database() and query ilike 'listen%'";
    assert_eq!(app.force(kill).await, 1);
    assert_eq!(stream.end().await, Told::Ended);
    let mut again = app.signed_in(TRINITY).await.watch().await.expect("a stream");
    assert_eq!(again.next().await, Told::Alive);
    app.holding(&app.key(org, &[Scope::Revoke]).await).revoke(TRINITY).await;
    assert_eq!(again.end().await, Told::Ended, "and this is heard");
}

#[tokio::test]
async fn nobody_and_too_many_are_refused() {
    let (app, _) = TestApp::with_trinity().await;
    assert_eq!(app.anonymous().watch().await.expect_err("refused").code(), "sign_in_required");
    let browser = app.signed_in(TRINITY).await;
    let mut streams = Vec::new();
    for _ in 0..STREAMS_PER_PERSON {
        streams.push(browser.watch().await.expect("a stream"));
    }
    let refused = browser.watch().await.expect_err("refused");
    assert_eq!((refused.status.as_u16(), refused.code()), (429, "too_many_streams"));
    streams.pop();
    assert!(browser.watch().await.is_ok(), "a tab was closed");
}

#[tokio::test]
async fn it_ends_when_the_process_is_about_to_stop() {
    let (app, _) = TestApp::with_trinity().await;
    let browser = app.signed_in(TRINITY).await;
    let mut stream = browser.watch().await.expect("a stream");
    assert_eq!(stream.next().await, Told::Alive);
    app.state.live.close();
    assert_eq!(stream.next().await, Told::Nothing, "and nothing is said about the session");
    assert_eq!(browser.watch().await.expect("a stream").next().await, Told::Nothing);
    assert_eq!(app.signed_in(TRINITY).await.post("/api/sessions/revoke", json!({ "reach": "all" })).await.status, 204);
}

#[tokio::test]
async fn a_database_that_is_away_ends_no_stream() {
    let (app, _) = TestApp::with_trinity().await;
    let mut stream = app.signed_in(TRINITY).await.watch().await.expect("a stream");
    assert_eq!(stream.next().await, Told::Alive);
    app.force("alter function lookup_sign_in(uuid, timestamptz) rename to away").await;
    app.state.live.tell_all();
    assert_eq!(stream.next().await, Told::Alive, "nobody can say");
    app.force("update sign_ins set ended_at = now(), ended_cause = 'demanded'").await;
    app.force("alter function away(uuid, timestamptz) rename to lookup_sign_in").await;
    assert_eq!(stream.end().await, Told::Ended, "it goes on asking");
}

#[tokio::test]
async fn where_no_announcement_arrives_a_stream_looks_now_and_then() {
    let app = TestApp::with(|config| config.limits.unasked = std::time::Duration::from_millis(20)).await;
    let org = app.company("whiterabbit.fake").await;
    app.member(org, TRINITY).await;
    let mut stream = app.signed_in(TRINITY).await.watch().await.expect("a stream");
    assert_eq!((stream.next().await, stream.next().await), (Told::Alive, Told::Alive));
    app.holding(&app.key(org, &[Scope::Revoke]).await).revoke(TRINITY).await;
    assert_eq!(stream.end().await, Told::Ended);
}

/// Comments, so that a proxy keeps the connection and that we notice a browser which has gone.
#[tokio::test]
async fn it_shows_signs_of_life() {
    let app = TestApp::with(|config| config.limits.heartbeat = std::time::Duration::from_millis(20)).await;
    let org = app.company("whiterabbit.fake").await;
    app.member(org, TRINITY).await;
    let mut stream = app.signed_in(TRINITY).await.watch().await.expect("a stream");
    for _ in 0..5 {
        assert_eq!(stream.next().await, Told::Alive);
    }
}

/// The database neither answers nor hangs up: the stream goes on showing signs of life, and can be ended.
#[tokio::test]
async fn a_silent_database_silences_no_stream() {
    let database = TestDatabase::new().await;
    let wire = Proxy::to(&database).await;
    let url = wire.url(&database.url("curfew_app"));
    let quick = std::time::Duration::from_millis(50);
    let app = TestApp::over(database, url, |config| config.limits.heartbeat = quick).await;
    let org = app.company("whiterabbit.fake").await;
    app.member(org, TRINITY).await;
    let mut stream = app.signed_in(TRINITY).await.watch().await.expect("a stream");
    assert_eq!(stream.next().await, Told::Alive);
    wire.silence_at("lookup_sign_in");
    app.state.live.tell_all();
    for _ in 0..3 {
        assert_eq!(stream.next().await, Told::Alive);
    }
    app.state.live.close();
    assert_eq!(stream.end().await, Told::Nothing);
}
