//! What a client asks for: in the address, or in the body of a search, the same.

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::projection::Projection;
use crate::domain::scim::{Attributes, Filter, Query, member};
use crate::http::input;
use crate::http::problem::Problem;
use crate::kernel::Error;

/// Which attributes are given (RFC 7644 §3.9).
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ShownParams {
    /// Only these, separated by commas.
    #[param(example = "userName,emails.value")]
    attributes: Option<String>,
    /// All but these.
    #[param(example = "members")]
    excluded_attributes: Option<String>,
}

/// Which part of which list (RFC 7644 §3.4.2).
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// What they must be like.
    #[param(example = "userName eq \"trinity@whiterabbit.fake\"")]
    filter: Option<String>,
    /// The number of the first, from 1.
    #[param(value_type = Option<i64>)]
    start_index: Option<String>,
    /// At most so many; 100 unless given, and never more than 200.
    #[param(value_type = Option<i64>)]
    count: Option<String>,
}

/// The attributes that a client wants of what it gets.
#[derive(Debug)]
pub struct Shown(pub Projection);

impl<S: Send + Sync> FromRequestParts<S> for Shown {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let input::Query(ShownParams { attributes, excluded_attributes }) =
            input::Query::from_request_parts(parts, state).await?;
        Ok(Self(Projection::new(names(attributes), names(excluded_attributes))))
    }
}

fn names(listed: Option<String>) -> Vec<String> {
    let listed = listed.unwrap_or_default();
    listed.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The part of a list that a client wants.
#[derive(Debug)]
pub struct Wanted(pub Query);

impl<S: Send + Sync> FromRequestParts<S> for Wanted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let input::Query(ListParams { filter, start_index, count }) =
            input::Query::from_request_parts(parts, state).await?;
        let number = |text: Option<String>, name| text.map(|text| number(text.trim().parse().ok(), name)).transpose();
        Ok(Self(Query {
            filter: filter.as_deref().map(Filter::parse).transpose()?,
            start_index: number(start_index, "startIndex")?,
            count: number(count, "count")?,
        }))
    }
}

/// A search by POST (RFC 7644 §3.4.3).
#[derive(ToSchema)]
#[schema(as = ScimSearchRequest, rename_all = "camelCase")]
#[expect(dead_code, reason = "for the API's document: the body is read with names in any case")]
pub struct SearchBody {
    schemas: Vec<String>,
    attributes: Option<Vec<String>>,
    excluded_attributes: Option<Vec<String>>,
    filter: Option<String>,
    start_index: Option<i64>,
    count: Option<i64>,
}

/// The same of a search by POST.
///
/// # Errors
/// Invalid, when a member is not what it should be.
pub fn searched(body: &Attributes) -> Result<(Query, Projection), Error> {
    let invalid = |name: &str| Error::invalid_as("invalid_value", format!("The member \"{name}\" is malformed."));
    let list = |name: &str| match member(body, name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(names(Some(text.clone()))),
        Some(Value::Array(all)) => {
            let texts = all.iter().map(|one| one.as_str().map(str::to_owned)).collect::<Option<_>>();
            texts.ok_or_else(|| invalid(name))
        }
        Some(_) => Err(invalid(name)),
    };
    let count = |name: &str| match member(body, name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => number(value.as_i64(), name).map(Some),
    };
    let filter = match member(body, "filter") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(Filter::parse(text)?),
        Some(_) => return Err(invalid("filter")),
    };
    let query = Query { filter, start_index: count("startIndex")?, count: count("count")? };
    Ok((query, Projection::new(list("attributes")?, list("excludedAttributes")?)))
}

fn number(number: Option<i64>, name: &str) -> Result<i64, Error> {
    number.ok_or_else(|| Error::invalid_as("invalid_value", format!("\"{name}\" must be a whole number.")))
}

/// On what describes us, where nothing is to be filtered (RFC 7644 §4).
#[derive(Debug)]
pub struct Unfiltered;

impl<S: Send + Sync> FromRequestParts<S> for Unfiltered {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let input::Query(ListParams { filter, .. }) = input::Query::from_request_parts(parts, state).await?;
        match filter {
            None => Ok(Self),
            Some(_) => Err(Error::forbidden("no_filter", "What describes this service cannot be filtered.").into()),
        }
    }
}
