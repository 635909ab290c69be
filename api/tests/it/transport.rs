//! What every answer has, and what happens where nothing is.

use axum::body::Body;
use http::{Method, Request};
use serde_json::json;

use crate::support::{TestApp, send};

#[tokio::test]
async fn every_failure_is_a_problem_with_the_request_s_id() {
    let app = TestApp::new().await;
    for (method, path, status, code) in [
        (Method::GET, "/", 404, "not_found"),
        (Method::GET, "/api/nowhere", 404, "not_found"),
        (Method::POST, "/nowhere", 404, "not_found"),
        (Method::GET, "/api/signin", 405, "method_not_allowed"),
        (Method::GET, "/global-token-revocation", 405, "method_not_allowed"),
        (Method::GET, "/api/todos", 401, "sign_in_required"),
    ] {
        let reply = app.anonymous().call(&method, path, None).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (status, code), "{method} {path}");
        assert_eq!(reply.header("content-type"), "application/problem+json");
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(reply.header("x-request-id"), reply.body["request_id"].as_str().expect("an id"));
        assert_eq!(reply.body["status"], json!(status));
        assert_eq!(reply.body["type"], "about:blank");
        assert!(reply.body["detail"].as_str().expect("a sentence").ends_with('.'));
    }
    assert_eq!(app.anonymous().get("/global-token-revocation").await.header("allow"), "POST");
}

#[tokio::test]
async fn every_answer_is_protected() {
    let app = TestApp::new().await;
    for path in ["/health/live", "/api/docs/", "/api/openapi.json", "/nowhere"] {
        let reply = app.anonymous().get(path).await;
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert!(reply.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(reply.header("referrer-policy"), "no-referrer", "{path}");
    }
}

#[tokio::test]
async fn a_body_says_that_it_is_json_and_is_small() {
    let app = TestApp::new().await;
    for (content_type, body, status, code) in [
        (None, r#"{"username":"a@b.example","password":"x"}"#.to_owned(), 415, "unsupported_media_type"),
        (Some("text/plain"), r#"{"username":"a@b.example","password":"x"}"#.to_owned(), 415, "unsupported_media_type"),
        (Some("application/x-www-form-urlencoded"), "username=a".to_owned(), 415, "unsupported_media_type"),
        (Some("application/json"), String::new(), 400, "invalid_request"),
        (Some("application/json"), "{".to_owned(), 400, "invalid_request"),
        (Some("application/json"), r#"{"username":"a","password":"x"} x"#.to_owned(), 400, "invalid_request"),
        (Some("application/json"), format!("\"{}\"", "x".repeat(3_000_000)), 413, "too_large"),
        (
            Some("Application/JSON; charset=utf-8"),
            r#"{"username":"a","password":"x"}"#.to_owned(),
            401,
            "sign_in_failed",
        ),
    ] {
        let mut request = Request::builder().method("POST").uri("/api/signin");
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let reply = send(&app.router, request.body(Body::from(body)).expect("a request")).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (status, code), "{content_type:?}");
    }
}

#[tokio::test]
async fn pages_are_served_and_only_pages() {
    let web = std::env::temp_dir().join(format!("curfew-web-{}", std::process::id()));
    std::fs::create_dir_all(web.join("assets")).expect("a folder");
    std::fs::write(web.join("index.html"), "<!doctype html><title>Curfew</title>").expect("a file");
    std::fs::write(web.join("assets/app-1a2b.js"), "export {}").expect("a file");
    let app = TestApp::with(|config| config.http.web = Some(web.clone())).await;
    let get = |path: &str, accept: &str| {
        let request = Request::builder().uri(path).header("accept", accept).body(Body::empty()).expect("a request");
        let router = app.router.clone();
        async move { send(&router, request).await }
    };
    for path in ["/", "/signin", "/a/page/of/the/router"] {
        let reply = get(path, "text/html,*/*").await;
        assert_eq!((reply.status.as_u16(), reply.header("cache-control")), (200, "no-cache"), "{path}");
        assert!(reply.body.as_str().expect("HTML").contains("<title>Curfew</title>"), "{path}");
    }
    let asset = get("/assets/app-1a2b.js", "*/*").await;
    assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable");
    for (path, accept) in [
        ("/assets/gone.js", "*/*"),
        ("/api/nowhere", "text/html"),
        (&format!("/{}", "x".repeat(300)), "*/*"),
        ("/../Cargo.toml", "*/*"),
        ("/%2e%2e/Cargo.toml", "*/*"),
        ("/signin", "application/json"),
    ] {
        let reply = get(path, accept).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (404, "not_found"), "{path}");
    }
    std::fs::remove_dir_all(web).expect("removed");
}
