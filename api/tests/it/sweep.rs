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
