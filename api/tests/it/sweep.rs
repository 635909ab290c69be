//! What nobody can use any more goes.

use api::app::sweep;
use time::Duration;

use crate::support::TestApp;

#[tokio::test]
async fn expired_rows_go_and_live_ones_stay() {
    let (app, _) = TestApp::with_trinity().await;
    app.signed_in("trinity@whiterabbit.fake").await;
    assert_eq!(sweep::sweep(&app.state).await.expect("swept"), 0);

    app.clock.advance(Duration::hours(13));
    let mut fresh = app.signed_in("trinity@whiterabbit.fake").await;
    assert_eq!(sweep::sweep(&app.state).await.expect("swept"), 1, "the expired session record");
    assert_eq!(app.count("select count(*) from sign_ins").await, 2, "the sign-in stays for its owner to see");
    assert_eq!(fresh.get("/api/users/me").await.status, 200);

    app.clock.advance(Duration::days(40));
    assert_eq!(sweep::sweep(&app.state).await.expect("swept"), 3);
    assert_eq!(app.count("select count(*) from sign_ins").await, 0);
    assert_eq!(app.count("select count(*) from tower_sessions").await, 0);
}

/// What is over is written down with its own moment and cause, and its browser is told the same as before.
#[tokio::test]
async fn what_is_over_is_written_down_and_nobody_is_signed_out_by_it() {
    let (app, _) = TestApp::with_trinity().await;
    let mut unused = app.signed_in("trinity@whiterabbit.fake").await;
    app.clock.advance(Duration::minutes(29));
    let mut used = app.signed_in("trinity@whiterabbit.fake").await;
    app.clock.advance(Duration::minutes(2) - Duration::SECOND);
    assert_eq!(sweep::sweep(&app.state).await.expect("swept"), 0, "clocks may differ");
    let before = unused.get("/api/signed-out").await.body;
    app.clock.advance(Duration::SECOND);
    assert_eq!(sweep::sweep(&app.state).await.expect("swept"), 1);
    let over = "select count(*) from sign_ins where ended_at = '2100-01-01 12:30Z' and ended_cause = 'idle'";
    assert_eq!(app.count(over).await, 1);
    assert_eq!(app.count("select count(*) from tower_sessions").await, 1);
    assert_eq!(unused.get("/api/signed-out").await.body, before);
    assert_eq!(before["ended"]["cause"], "idle");
    assert_eq!(used.get("/api/users/me").await.status, 200);
}
