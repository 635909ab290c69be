//! Who calls: a browser that keeps its cookie, and a program that holds a key. Both go through HTTP only.

use std::collections::BTreeMap;

use api::http::input::BODY_LIMIT;
use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{Stream, TestApp};

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// `Null` when there was no body.
    pub body: Value,
}

impl Reply {
    /// The problem's code, or the empty string.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The first cookie it sets, with attributes.
    pub fn cookie(&self) -> Option<&str> {
        self.headers.get(header::SET_COOKIE).and_then(|value| value.to_str().ok())
    }
}

/// Sends one request.
pub async fn send(router: &Router, request: Request<Body>) -> Reply {
    read(router.clone().oneshot(request).await.expect("infallible")).await
}

pub(super) async fn read(response: Response<Body>) -> Reply {
    let (parts, body) = response.into_parts();
    // Its end is not to be waited for.
    let is_stream = parts.headers.get(header::CONTENT_TYPE).is_some_and(|value| value == "text/event-stream");
    let body = if is_stream { Body::empty() } else { body };
    let bytes = to_bytes(body, 64 * BODY_LIMIT).await.expect("a body");
    let body = match &bytes[..] {
        [] => Value::Null,
        json => {
            serde_json::from_slice(json).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(json).into_owned()))
        }
    };
    Reply { status: parts.status, headers: parts.headers, body }
}

pub(super) fn request(method: &Method, path: &str, body: Option<Value>) -> Request<Body> {
    let builder = Request::builder().method(method).uri(path).header(header::HOST, "localhost:3333");
    match body {
        Some(json) => builder.header(header::CONTENT_TYPE, "application/json").body(Body::from(json.to_string())),
        None => builder.body(Body::empty()),
    }
    .expect("a request")
}

/// A browser. It keeps cookies as they are set, and says of each request that it comes from our own page.
#[derive(Clone)]
pub struct Browser {
    router: Router,
    pub cookies: BTreeMap<String, String>,
}

impl Browser {
    pub fn new(router: Router) -> Self {
        Self { router, cookies: BTreeMap::new() }
    }

    /// The same cookies in front of another process.
    pub fn at(&self, app: &TestApp) -> Self {
        Self { router: app.router.clone(), cookies: self.cookies.clone() }
    }

    pub async fn sign_in(&mut self, email: &str, password: &str) -> Reply {
        self.post("/api/signin", json!({ "username": email, "password": password })).await
    }

    pub async fn get(&mut self, path: &str) -> Reply {
        self.call(&Method::GET, path, None).await
    }

    pub async fn post(&mut self, path: &str, body: Value) -> Reply {
        self.call(&Method::POST, path, Some(body)).await
    }

    pub async fn put(&mut self, path: &str, body: Value) -> Reply {
        self.call(&Method::PUT, path, Some(body)).await
    }

    pub async fn delete(&mut self, path: &str) -> Reply {
        self.call(&Method::DELETE, path, None).await
    }

    /// A call that nobody's hand has caused.
    pub async fn get_in_background(&mut self, path: &str) -> Reply {
        let mut request = request(&Method::GET, path, None);
        request.headers_mut().insert("curfew-background", HeaderValue::from_static("?1"));
        self.send(request).await
    }

    /// Adds a todo by a request that names itself.
    pub async fn add_once(&mut self, key: &str, task: &str) -> Reply {
        let mut request = request(&Method::POST, "/api/todos", Some(json!({ "task": task })));
        request.headers_mut().insert("idempotency-key", key.parse().expect("a header"));
        self.send(request).await
    }

    /// Opens the stream by which this browser hears that its session has ended.
    pub async fn watch(&self) -> Result<Stream, Reply> {
        Stream::open(&self.router, self.headers()).await
    }

    pub async fn call(&mut self, method: &Method, path: &str, body: Option<Value>) -> Reply {
        self.send(request(method, path, body)).await
    }

    /// Sends a request with this browser's cookies, and keeps what comes back.
    pub async fn send(&mut self, mut request: Request<Body>) -> Reply {
        request.headers_mut().extend(self.headers());
        let reply = send(&self.router, request).await;
        self.keep(&reply);
        reply
    }

    /// What this browser adds to every request.
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            headers.insert(header::COOKIE, cookies.join("; ").parse().expect("a header"));
        }
        headers
    }

    fn keep(&mut self, reply: &Reply) {
        for cookie in reply.headers.get_all(header::SET_COOKIE) {
            let text = cookie.to_str().expect("text");
            let (name, value) = text.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            if text.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// A program that holds a key.
#[derive(Clone)]
pub struct Caller {
    router: Router,
    authorization: String,
}

impl Caller {
    pub fn new(router: Router, key: &str) -> Self {
        Self { router, authorization: format!("Bearer {key}") }
    }

    pub async fn call(&self, method: &Method, path: &str, body: Option<Value>) -> Reply {
        self.send(request(method, path, body)).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.call(&Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.call(&Method::POST, path, Some(body)).await
    }

    /// Adds a todo to somebody's by a request that names itself.
    pub async fn add_once(&self, key: &str, email: &str, task: &str) -> Reply {
        let mut request = request(&Method::POST, "/api/org/todos", Some(json!({ "email": email, "task": task })));
        request.headers_mut().insert("idempotency-key", key.parse().expect("a header"));
        self.send(request).await
    }

    pub async fn send(&self, mut request: Request<Body>) -> Reply {
        let value = self.authorization.parse().expect("a header");
        request.headers_mut().insert(header::AUTHORIZATION, value);
        send(&self.router, request).await
    }

    /// The published article's request.
    pub async fn revoke(&self, email: &str) -> Reply {
        self.revoke_subject(json!({ "format": "email", "email": email })).await
    }

    pub async fn revoke_subject(&self, sub_id: Value) -> Reply {
        self.call(&Method::POST, "/global-token-revocation", Some(json!({ "sub_id": sub_id }))).await
    }
}
