//! What the org can give, one by one.

use super::filter::{Comparison, Filter, Literal, Name};
use super::schema::ResourceType;
use super::{Query, Record, search};
use crate::domain::Tx;
use crate::kernel::{Error, OrgScope, Result};

/// A role or an entitlement.
///
/// # Errors
/// Not found; the database's.
pub async fn find_entitlement(tx: &Tx, scope: OrgScope, kind: &'static ResourceType, id: &str) -> Result<Record> {
    let name = Name { schema: None, attribute: "id".to_owned(), sub: None };
    let filter = Filter::Compare(name, Comparison::Eq, Literal::Text(id.to_owned()));
    let query = Query { filter: Some(filter), ..Query::default() };
    let found = search(tx, scope, &[kind], &query, false).await?.records.pop();
    found.map(|(_, record)| record).ok_or_else(|| Error::not_found("role or entitlement"))
}
