//! The contract.

use crate::support::TestApp;

#[test]
fn the_committed_document_is_fresh() {
    let committed = include_str!("../../openapi.json");
    let fresh = api::app::document().to_pretty_json().expect("JSON") + "\n";
    assert!(committed == fresh, "api/openapi.json is stale: run `make gen`");
}

#[tokio::test]
async fn the_document_and_its_page_are_served_without_any_other_host() {
    let app = TestApp::new().await;
    let served = app.anonymous().get("/api/openapi.json").await;
    assert_eq!(served.body, serde_json::to_value(api::app::document()).expect("JSON"));
    let page = app.anonymous().get("/api/docs/").await;
    assert_eq!(page.status, 200);
    let html = page.body.as_str().expect("HTML");
    assert!(html.contains("swagger-ui"), "{html}");
    assert!(!html.contains("http://") && !html.contains("https://") && !html.contains("<script>"), "{html}");
    for asset in ["swagger-ui-bundle.js", "swagger-ui.css", "swagger-initializer.js"] {
        assert_eq!(app.anonymous().get(&format!("/api/docs/{asset}")).await.status, 200, "{asset}");
    }
    assert!(page.header("content-security-policy").contains("script-src 'self'"));
}
