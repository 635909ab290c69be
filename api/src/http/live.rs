//! The stream by which a tab hears at once that its sign-in has ended. It is comfort: what keeps a cookie out is asked
//! at every request. It never counts as use of the session.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::HeaderName;
use time::OffsetDateTime;
use tokio::time::Instant;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::Watcher;
use super::problem::{Problem, ProblemBody};
use crate::domain::sessions::{self, Principal};
use crate::kernel::Result;
use crate::state::{AppState, Heard, Subscription};

/// How soon it asks again when the database did not answer.
const AGAIN: Duration = Duration::from_secs(1);
/// Proxies of nginx's kind hold answers back unless told not to.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(watch_session))
}

/// Tells a browser when the session has ended with which it began: the event `ended`, and then the stream's end. Another
/// end means nothing: begin anew. One person has at most 16 at each process.
#[utoipa::path(get, path = "/api/live", operation_id = "watch_session", security(("session" = [])), tag = "sessions",
    responses(
        (status = 200, description = "The stream", body = String, content_type = "text/event-stream"),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn watch_session(State(state): State<AppState>, Watcher { principal, .. }: Watcher) -> Result<Response, Problem> {
    // First, so that nothing that happens from now on is missed; what has happened before is asked for by the stream.
    let subscription = state.live.subscribe(principal.scope.org(), principal.user)?;
    let watch = Watch::new(state, principal, subscription);
    let events = stream::unfold(watch, |mut watch| async {
        let event = watch.next().await?;
        Some((Ok::<_, Infallible>(event), watch))
    });
    Ok(([(BUFFERING, "no")], Sse::new(events)).into_response())
}

/// One open stream.
struct Watch {
    state: AppState,
    principal: Principal,
    subscription: Subscription,
    /// When the sign-in is over unless it is used.
    deadline: OffsetDateTime,
    ask_at: Instant,
    has_ended: bool,
}

impl Watch {
    fn new(state: AppState, principal: Principal, subscription: Subscription) -> Self {
        let deadline = principal.ends_at();
        Self { state, principal, subscription, deadline, ask_at: Instant::now(), has_ended: false }
    }

    /// The next thing to send; nothing when the stream is over.
    async fn next(&mut self) -> Option<Event> {
        if self.has_ended {
            return None;
        }
        let limits = self.state.config.limits;
        tokio::select! {
            biased;
            heard = self.subscription.hear() => if heard == Heard::Closing { return None },
            () = self.state.clock.until(self.deadline) => {}
            () = tokio::time::sleep_until(self.ask_at) => {}
            () = tokio::time::sleep(limits.heartbeat) => return Some(alive()),
        }
        // A database that has fallen silent must not silence the stream.
        let asked = tokio::select! {
            biased;
            () = self.subscription.closing() => return None,
            asked = tokio::time::timeout(limits.heartbeat, self.ask()) => asked,
        };
        match asked {
            Ok(Ok(Some(principal))) => {
                self.deadline = principal.ends_at();
                self.ask_at = Instant::now() + limits.unasked;
                Some(alive())
            }
            Ok(Ok(None)) => {
                self.has_ended = true;
                Some(Event::default().event("ended").data("{}"))
            }
            // Nobody can say.
            Ok(Err(_)) | Err(_) => {
                self.ask_at = Instant::now() + AGAIN;
                self.deadline = self.state.clock.now() + AGAIN;
                Some(alive())
            }
        }
    }

    /// Whether the sign-in still holds, by both of its locks.
    async fn ask(&self) -> Result<Option<Principal>> {
        let _turn = self.state.live.turn().await;
        let found = sessions::find_principal(&self.state.db, self.principal.sign_in, self.state.clock.now()).await?;
        Ok(found.filter(|now| now.generations() == self.principal.generations()))
    }
}

fn alive() -> Event {
    Event::default().comment("")
}
