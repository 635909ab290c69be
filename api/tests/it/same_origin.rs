//! Unsafe requests under a cookie come from our own pages, or from no browser at all.

use axum::body::Body;
use http::{Method, Request, header};

use crate::support::{TestApp, send};

#[tokio::test]
async fn other_sites_cannot_act_for_somebody_signed_in() {
    let (app, _) = TestApp::with_trinity().await;
    let cookie = format!("curfew={}", app.signed_in("trinity@whiterabbit.fake").await.cookies["curfew"]);
    for (site, origin, allowed) in [
        (Some("same-origin"), Some("http://localhost:3333"), true),
        (Some("same-origin"), None, true),
        (Some("same-site"), Some("http://localhost:3000"), false),
        (Some("cross-site"), Some("https://evil.example"), false),
        (Some("cross-site"), None, false),
        (Some("none"), None, false),
        (Some("same-origin, cross-site"), None, false),
        (None, Some("http://localhost:3000"), true),
        (None, Some("http://localhost:3333"), true),
        (None, Some("http://localhost"), false),
        (None, Some("http://localhost:3000.evil.example"), false),
        (None, Some("https://evil.example"), false),
        (None, Some("null"), false),
        (None, None, true),
    ] {
        for (method, path, ok) in [
            (Method::POST, "/api/todos", 201),
            (Method::PUT, "/api/todos/00000000-0000-0000-0000-000000000000", 404),
            (Method::DELETE, "/api/todos/00000000-0000-0000-0000-000000000000", 404),
            (Method::POST, "/api/signin", 401),
            (Method::GET, "/api/todos", 200),
        ] {
            let body = match path {
                "/api/signin" => r#"{"username":"a@b.example","password":"x"}"#,
                "/api/todos" => r#"{"task":"x"}"#,
                _ => r#"{"task":"x","completed":true}"#,
            };
            let mut request = Request::builder()
                .method(&method)
                .uri(path)
                .header(header::COOKIE, &cookie)
                .header(header::CONTENT_TYPE, "application/json");
            for (name, value) in [("sec-fetch-site", site), ("origin", origin)] {
                if let Some(value) = value {
                    request = request.header(name, value);
                }
            }
            let reply = send(&app.router, request.body(Body::from(body)).expect("a request")).await;
            let expected = if allowed || method == Method::GET { ok } else { 403 };
            assert_eq!(reply.status.as_u16(), expected, "{method} {path} {site:?} {origin:?}");
            if expected == 403 {
                assert_eq!(reply.code(), "cross_origin");
            }
        }
    }
}
