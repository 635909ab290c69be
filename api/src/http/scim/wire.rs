//! What goes over the wire: bodies, entity tags, and resources with their schemas and addresses.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::projection::Projection;
use crate::config::Urls;
use crate::domain::scim::schema::ResourceType;
use crate::domain::scim::{Attributes, Expected, Found, Query, Record};
use crate::http::problem::Problem;
use crate::http::{etag, input};
use crate::kernel::Error;
use crate::state::AppState;

/// RFC 7644 §8.1.
pub const MEDIA_TYPE: &str = "application/scim+json";
/// The largest body, in bytes: Okta pushes a group of thousands at once.
pub const BODY_LIMIT: usize = 2 * 1024 * 1024;

/// A JSON object. RFC 7644 §3.1: `application/json` is understood, too.
#[derive(Debug)]
pub struct ScimBody(pub Attributes);

impl FromRequest<AppState> for ScimBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        if ![MEDIA_TYPE, "application/json"].iter().any(|known| input::has_media_type(&request, known)) {
            return Err(Problem::transport(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "The body must be JSON, and Content-Type must say so: application/scim+json.",
            ));
        }
        let bytes = input::read(request, state, BODY_LIMIT).await?;
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(body)) => Ok(Self(body)),
            Ok(_) => Err(Error::invalid("The body must be a JSON object.").into()),
            Err(error) => {
                let sentence = format!("The body is not JSON: line {}, column {}.", error.line(), error.column());
                Err(Error::invalid(sentence).into())
            }
        }
    }
}

/// Which version a write is meant for, by `If-Match` (RFC 7644 §3.14). Its tags are weak, which RFC 9110 §13.1.1 would
/// never let match; what is meant is that they are the same text.
#[derive(Debug)]
pub struct IfMatch(pub Expected);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        if !parts.headers.contains_key(header::IF_MATCH) {
            return Ok(Self(Expected::Any));
        }
        let text = |tag: Vec<u8>| String::from_utf8(tag).ok();
        let named = etag::named(parts.headers.get_all(header::IF_MATCH));
        Ok(Self(named.map_or(Expected::Any, |tags| Expected::Versions(tags.into_iter().filter_map(text).collect()))))
    }
}

/// The tags that a client has already, by `If-None-Match`.
#[derive(Debug)]
pub struct IfNoneMatch(Vec<HeaderValue>);

impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(parts.headers.get_all(header::IF_NONE_MATCH).iter().cloned().collect()))
    }
}

impl IfNoneMatch {
    /// Whether the client has this one.
    pub fn has(&self, record: &Record) -> bool {
        etag::matches(&self.0, &tag(record))
    }
}

/// Writes resources as a client asked for them.
#[derive(Debug)]
pub struct Writer<'a> {
    urls: &'a Urls,
    projection: &'a Projection,
}

impl<'a> Writer<'a> {
    /// For a client that asked for `projection`.
    pub fn new(state: &'a AppState, projection: &'a Projection) -> Self {
        Self { urls: &state.config.urls, projection }
    }

    /// One resource, or that the client has it already (RFC 9110 §15.4.5).
    pub fn one(&self, kind: &ResourceType, record: Record, known: &IfNoneMatch) -> Response {
        let tag = [(header::ETAG, tag(&record))];
        if known.has(&record) {
            return (StatusCode::NOT_MODIFIED, tag).into_response();
        }
        (tag, body(&self.resource(kind, record))).into_response()
    }

    /// One that a write has left.
    pub fn written(&self, kind: &ResourceType, record: Record) -> Response {
        ([(header::ETAG, tag(&record))], body(&self.resource(kind, record))).into_response()
    }

    /// One that was made (RFC 7644 §3.3).
    pub fn made(&self, kind: &ResourceType, record: Record) -> Response {
        let location = [(header::LOCATION, location(self.urls, kind, &record.id.to_string()))];
        (StatusCode::CREATED, location, self.written(kind, record)).into_response()
    }

    /// A part of a list (RFC 7644 §3.4.2).
    pub fn list(&self, Found { total, records }: Found, query: &Query) -> Response {
        let resources: Vec<_> = records.into_iter().map(|(kind, record)| self.resource(kind, record)).collect();
        body(&list(total, query.start(), &resources))
    }

    fn resource(&self, kind: &ResourceType, record: Record) -> Value {
        let version = tag(&record).to_str().unwrap_or_default().to_owned();
        let Record { id, mut attributes, created_at, updated_at, .. } = record;
        let mut schemas = vec![kind.schema.id];
        schemas.extend(kind.extensions.iter().map(|known| known.id).filter(|urn| attributes.contains_key(*urn)));
        for (name, endpoint) in [("groups", "/Groups"), ("members", "/Users")] {
            for value in attributes.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten() {
                value["$ref"] = self.address(endpoint, value["value"].as_str().unwrap_or_default()).into();
            }
        }
        let mut resource = Map::new();
        resource.insert("schemas".to_owned(), json!(schemas));
        resource.insert("id".to_owned(), json!(id));
        resource.append(&mut attributes);
        let meta = json!({
            "resourceType": kind.name,
            "created": moment(created_at),
            "lastModified": moment(updated_at),
            "location": self.address(kind.endpoint, &id.to_string()),
            "version": version,
        });
        resource.insert("meta".to_owned(), meta);
        self.projection.apply(kind, resource)
    }

    fn address(&self, endpoint: &str, id: &str) -> String {
        address(self.urls, endpoint, id)
    }
}

/// Where a resource is.
pub fn location(urls: &Urls, kind: &ResourceType, id: &str) -> String {
    address(urls, kind.endpoint, id)
}

/// Below the base address, as configured.
pub fn address(urls: &Urls, endpoint: &str, id: &str) -> String {
    format!("{}/scim/v2{endpoint}/{id}", urls.api.as_str().trim_end_matches('/'))
}

/// A list that may be a part of one.
pub fn list(total: i64, start: i64, resources: &[Value]) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    })
}

/// A body of SCIM's type.
pub fn body(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, MEDIA_TYPE)], value.to_string()).into_response()
}

fn tag(record: &Record) -> HeaderValue {
    let tag = HeaderValue::try_from(format!("W/\"{}\"", record.version));
    tag.unwrap_or_else(|_| HeaderValue::from_static("W/\"\""))
}

fn moment(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}
