//! Lists: which resources a filter means, and which part of them is given.

mod store;

pub use store::Wanted;

use std::collections::HashMap;

use uuid::Uuid;

use super::Record;
use super::filter::Filter;
use super::schema::ResourceType;
use crate::domain::Tx;
use crate::kernel::{Error, OrgScope, Result};

/// The most members of groups that a list has: the part is shorter then (RFC 7644 §3.4.2.4 lets it be).
const MEMBERS_MAX: i64 = 10_000;
/// The most resources that are given at once, and how many unless asked otherwise.
pub const PART_MAX: i64 = 200;
const PART: i64 = 100;

/// What is looked for (RFC 7644 §3.4.2).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// What they must be like.
    pub filter: Option<Filter>,
    /// The number of the first, counted from 1.
    pub start_index: Option<i64>,
    /// How many at most.
    pub count: Option<i64>,
}

impl Query {
    /// RFC 7644 §3.4.2.4: what is less than 1 is 1.
    pub fn start(&self) -> i64 {
        self.start_index.unwrap_or(1).max(1)
    }

    /// And less than none is none. We give no more than so many at once.
    pub fn limit(&self) -> i64 {
        self.count.unwrap_or(PART).clamp(0, PART_MAX)
    }
}

/// A part of a list.
#[derive(Debug)]
pub struct Found {
    /// How many there are in all.
    pub total: i64,
    /// These of them, the oldest first.
    pub records: Vec<(&'static ResourceType, Record)>,
}

/// How many of these resources can be given with their members: one at least.
fn whole(groups: &[Uuid], sizes: &HashMap<Uuid, i64>) -> usize {
    let mut members = 0;
    let fits = |group: &&Uuid| {
        members += sizes.get(group).copied().unwrap_or(0);
        members <= MEMBERS_MAX
    };
    groups.iter().take_while(fits).count().max(1)
}

/// A part of the resources of these types that a query means, those of the first type first. Of one that does not have
/// what the filter asks about, there are none, as long as another has it.
///
/// # Errors
/// Invalid, when the filter cannot be served; the database's.
pub async fn search(
    tx: &Tx,
    scope: OrgScope,
    kinds: &[&'static ResourceType],
    query: &Query,
    with_members: bool,
) -> Result<Found> {
    let mut found = Found { total: 0, records: Vec::new() };
    let mut refused: Option<Error> = None;
    let mut served = false;
    for kind in kinds {
        let wanted = match store::Wanted::new(kind, scope, query.filter.as_ref()) {
            Ok(wanted) => wanted,
            Err(error) => {
                refused = Some(error);
                continue;
            }
        };
        served = true;
        let before = i64::try_from(found.records.len()).unwrap_or(i64::MAX);
        let skip = (query.start() - 1 - found.total).max(0);
        let (total, records) = wanted.part(tx, skip, query.limit() - before).await?;
        found.total += total;
        found.records.extend(records.into_iter().map(|record| (*kind, record)));
    }
    if let (Some(error), false) = (refused, served) {
        return Err(error);
    }
    if with_members {
        let groups: Vec<_> = found.records.iter().map(|(_, record)| record.id).collect();
        let sizes = super::store::count_members(tx, scope, &groups).await?;
        found.records.truncate(whole(&groups, &sizes));
        super::add_members(tx, scope, &mut found.records).await?;
    }
    Ok(found)
}
