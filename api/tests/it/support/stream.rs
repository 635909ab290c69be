//! An open `GET /api/live`, read event by event.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, BodyDataStream};
use futures_util::{FutureExt, StreamExt};
use http::{HeaderMap, Method};
use tower::ServiceExt;

use super::actors::{Reply, read, request};

/// Longer than anything here takes, and shorter than anybody waits for a test that fails.
const PATIENCE: Duration = Duration::from_secs(10);

/// One that goes on after so many will not end.
const SIGNS_OF_LIFE: usize = 10;

/// A stream.
#[derive(Debug)]
pub struct Stream(BodyDataStream);

/// What comes through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// A comment: the sign-in has been looked at, and holds.
    Alive,
    /// The event `ended`.
    Ended,
    /// The end of the stream.
    Nothing,
}

impl Stream {
    pub(super) async fn open(router: &Router, headers: HeaderMap) -> Result<Self, Reply> {
        let mut request = request(&Method::GET, "/api/live", None);
        request.headers_mut().extend(headers);
        let response = router.clone().oneshot(request).await.expect("infallible");
        if response.status() != 200 {
            return Err(read(response).await);
        }
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let body: Body = response.into_body();
        Ok(Self(body.into_data_stream()))
    }

    /// What comes next.
    pub async fn next(&mut self) -> Told {
        let next = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("something comes in time");
        let Some(bytes) = next else { return Told::Nothing };
        match &bytes.expect("bytes")[..] {
            b"event: ended\ndata: {}\n\n" => Told::Ended,
            b": \n\n" | b":\n\n" => Told::Alive,
            other => panic!("an odd event: {:?}", String::from_utf8_lossy(other)),
        }
    }

    /// The first thing that is not a sign of life, if one comes.
    pub async fn end(&mut self) -> Told {
        for _ in 0..SIGNS_OF_LIFE {
            match self.next().await {
                Told::Alive => {}
                other => return other,
            }
        }
        Told::Alive
    }

    /// Whether nothing has come so far. It is asked, so it moves on as far as it can.
    pub fn is_quiet(&mut self) -> bool {
        self.0.next().now_or_never().is_none()
    }
}
