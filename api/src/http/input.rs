//! Reading what was sent. What is malformed gets a sentence that says what is wrong with it, and never reaches a room.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody, PathRejection};
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequest, Request};
use http::request::Parts;
use http::{StatusCode, header};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::IntoParams;
use validator::{Validate, ValidationErrors};

use super::problem::Problem;
use crate::kernel::{Error, Field};
use crate::state::AppState;

/// The largest body we read, in bytes. Nothing that is asked of us needs more.
pub const BODY_LIMIT: usize = 64 * 1024;

/// A JSON object of exactly `T`'s members, each at most once.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + Validate> FromRequest<AppState> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        if !has_media_type(&request, "application/json") {
            return Err(Problem::transport(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "The body must be JSON, and Content-Type must say so: application/json.",
            ));
        }
        let bytes = read(request, state, BODY_LIMIT).await?;
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        let Object(value) = serde_path_to_error::deserialize::<_, Object<T>>(&mut json).map_err(|e| malformed(&e))?;
        json.end().map_err(|_| Error::invalid("There is something behind the JSON object."))?;
        value.validate().map_err(|e| Error::invalid_fields(fields(&e)))?;
        Ok(Self(value))
    }
}

/// No body at all is fine too.
impl<T: DeserializeOwned + Validate> OptionalFromRequest<AppState> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Option<Self>, Problem> {
        if !request.headers().contains_key(header::CONTENT_TYPE) {
            return Ok(None);
        }
        <Self as FromRequest<AppState>>::from_request(request, state).await.map(Some)
    }
}

/// A form (`application/x-www-form-urlencoded`), of whose fields those that `T` does not know are ignored.
#[derive(Debug)]
pub struct Form<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        if !has_media_type(&request, "application/x-www-form-urlencoded") {
            return Err(Problem::transport(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "The body must be a form, and Content-Type must say so: application/x-www-form-urlencoded.",
            ));
        }
        let bytes = read(request, state, BODY_LIMIT).await?;
        let malformed = |_| Error::invalid("The form is malformed, or a field of it is missing or there twice.");
        Ok(Self(serde_urlencoded::from_bytes(&bytes).map_err(malformed)?))
    }
}

/// A JSON object and nothing else. What is derived for a struct or a tagged enum would take an array for one.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

/// A part of the path. What is not of its form names nothing, so the answer is 404.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(_)) => Err(Error::not_found("thing").into()),
            Err(error) => Err(Error::internal(error).into()),
        }
    }
}

/// The query's parameters, of which those that `T` does not know are ignored.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // Also when a parameter is there twice (RFC 6749 §3.1).
        let malformed = |_| Error::invalid("The address has a parameter that is malformed or there twice.");
        Ok(Self(axum::extract::Query::from_request_parts(parts, state).await.map_err(malformed)?.0))
    }
}

/// Whether to do it.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DryRun {
    /// With `true` nothing ends, and the answer is what would.
    #[serde(default)]
    pub dry_run: bool,
}

/// The body of a request whose route takes so many bytes.
pub(super) async fn read(request: Request, state: &AppState, limit: usize) -> Result<Bytes, Problem> {
    let arriving = Bytes::from_request(request, state);
    let arrived = tokio::time::timeout(state.config.limits.body, arriving).await;
    arrived.map_err(|_| late())?.map_err(|rejection| unread(&rejection, limit))
}

/// RFC 9110 §8.3.1: the type is compared without regard to case, and parameters do not matter to us.
pub(super) fn has_media_type(request: &Request, wanted: &str) -> bool {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(wanted)
}

fn late() -> Problem {
    Problem::transport(StatusCode::REQUEST_TIMEOUT, "timeout", "The body did not arrive in time.")
}

fn unread(rejection: &BytesRejection, limit: usize) -> Problem {
    match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => Problem::transport(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            format!("The body is larger than {limit} bytes."),
        ),
        _ => Error::invalid("The body did not arrive whole.").into(),
    }
}

/// Says where the JSON is wrong and how, without repeating any value of it: values may be secrets.
fn malformed(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let inner = error.inner();
    if !inner.is_data() {
        let sentence = format!("The body is not JSON: line {}, column {}.", inner.line(), inner.column());
        return Error::invalid(sentence).into();
    }
    let text = inner.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    let what = if ["missing field", "unknown field", "duplicate field"].iter().any(|start| text.starts_with(start)) {
        text.to_owned()
    } else {
        // "invalid type: string \"…\", expected an object": what stands before the last "expected" repeats the value.
        let expected = text.rsplit_once(", expected ").map(|(_, expected)| format!("wrong, expected {expected}"));
        expected.unwrap_or_else(|| "this value is not valid".to_owned())
    };
    let path = error.path().to_string();
    let place = if path == "." { String::new() } else { format!(" in \"{path}\"") };
    Error::invalid(format!("The body is malformed{place}: {what}.")).into()
}

/// Our own list of what is wrong. The crate's error repeats the values it refused, passwords included.
fn fields(errors: &ValidationErrors) -> Vec<Field> {
    let mut fields: Vec<_> = errors
        .field_errors()
        .into_iter()
        .flat_map(|(name, errors)| errors.iter().map(move |error| (name.to_string(), error)))
        .map(|(field, error)| Field {
            field,
            code: "invalid",
            message: error.message.clone().unwrap_or(Cow::Borrowed("This is not valid.")),
        })
        .collect();
    fields.sort_by(|a, b| a.field.cmp(&b.field));
    fields
}

/// A validator for text that people read: no control characters, NUL among them, which PostgreSQL cannot store.
///
/// # Errors
/// When there is one.
pub fn no_control(text: &str) -> Result<(), validator::ValidationError> {
    if text.chars().any(|c| c.is_control() && !['\n', '\r', '\t'].contains(&c)) {
        return Err(
            validator::ValidationError::new("control").with_message("Control characters are not allowed.".into())
        );
    }
    Ok(())
}
