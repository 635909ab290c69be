//! What a directory does with groups. A group's members are many, so a PATCH never reads them all: it comes down to who
//! comes and who goes.

use serde_json::Value;

use super::filter::{Comparison, Filter, Literal, Path};
use super::matching::matches;
use super::patch::{self, Operation, Verb, member};
use super::schema::GROUPS;
use super::value::{self, Attributes};
use super::{Expected, Record, external_id, hold_company, id, store, uuid};
use crate::domain::groups::{self, Membership};
use crate::domain::{Tx, roles};
use crate::kernel::{Error, GroupId, Op, OrgScope, Result, UserId};

/// The longest name of a group, in characters.
const NAME: usize = 255;

/// A group, and who is in it unless that is not wanted.
///
/// # Errors
/// Not found; the database's.
pub async fn find_group(tx: &Tx, scope: OrgScope, group: &str, with_members: bool) -> Result<Record> {
    find(tx, scope, id(group, "group")?, with_members).await
}

async fn find(tx: &Tx, scope: OrgScope, id: GroupId, with_members: bool) -> Result<Record> {
    let record = store::find_group(tx, scope, id).await?.ok_or_else(|| Error::not_found("group"))?;
    let mut records = [(&GROUPS, record)];
    if with_members {
        super::add_members(tx, scope, &mut records).await?;
    }
    let [(_, record)] = records;
    Ok(record)
}

/// Makes a group (RFC 7644 §3.3).
///
/// # Errors
/// Invalid, when it has no name or a member is nobody of the org's; a conflict when it is there already; the database's.
pub async fn create_group(tx: &Tx, op: &Op, body: &Attributes) -> Result<Record> {
    hold_company(tx, op).await?;
    let sent = value::read(&GROUPS, body)?;
    let (name, external_id) = named(&sent)?;
    let group = groups::add(tx, op, &name, external_id).await?.id;
    let members = strangers_refused(sent.get("members"))?;
    groups::change_members(tx, op, group, &Membership::Add(members)).await?;
    find(tx, op.scope, group, true).await
}

/// Makes a group what the request says (RFC 7644 §3.5.1); who is in it only when it speaks of them.
///
/// # Errors
/// As for [`create_group`]; not found; another version; a conflict when nobody would be owner any more.
pub async fn replace_group(tx: &Tx, op: &Op, group: &str, expected: &Expected, body: &Attributes) -> Result<Record> {
    let (group, before) = hold(tx, op, group, expected).await?;
    let after = value::read(&GROUPS, body)?;
    rename(tx, op, group, &before.attributes, &after).await?;
    if member(body, "members").is_some_and(|members| !members.is_null()) {
        change(tx, op, group, &Membership::Set(strangers_refused(after.get("members"))?)).await?;
    }
    find(tx, op.scope, group, true).await
}

/// Carries out a PATCH (RFC 7644 §3.5.2), all of it or nothing.
///
/// # Errors
/// As for [`replace_group`].
pub async fn patch_group(
    tx: &Tx,
    op: &Op,
    group: &str,
    expected: &Expected,
    operations: &[Operation],
    with_members: bool,
) -> Result<Record> {
    let (group, before) = hold(tx, op, group, expected).await?;
    let mut attributes = before.attributes.clone();
    for operation in operations {
        let (about_members, about_others) = parted(operation)?;
        for membership in about_members {
            let membership = membership.resolve(tx, op.scope, group).await?;
            change(tx, op, group, &membership).await?;
        }
        if let Some(operation) = about_others {
            attributes = patch::apply(&GROUPS, attributes, &[operation])?;
        }
    }
    rename(tx, op, group, &before.attributes, &attributes).await?;
    find(tx, op.scope, group, with_members).await
}

/// Removes a group (RFC 7644 §3.6).
///
/// # Errors
/// Not found; another version; a conflict when nobody would be owner any more; the database's.
pub async fn remove_group(tx: &Tx, op: &Op, group: &str, expected: &Expected) -> Result<()> {
    let (group, _) = hold(tx, op, group, expected).await?;
    let gives = !roles::list_given_group(tx, op.scope, group).await?.is_empty();
    let gone = groups::remove(tx, op, group).await?;
    if gives { roles::look_again(tx, op, &gone).await } else { Ok(()) }
}

async fn hold(tx: &Tx, op: &Op, group: &str, expected: &Expected) -> Result<(GroupId, Record)> {
    let group = id(group, "group")?;
    hold_company(tx, op).await?;
    let before = find(tx, op.scope, group, false).await?;
    expected.check(&before)?;
    Ok((group, before))
}

async fn rename(tx: &Tx, op: &Op, group: GroupId, before: &Attributes, after: &Attributes) -> Result<()> {
    let (was, is) = (named(before)?, named(after)?);
    if was == is { Ok(()) } else { groups::rename(tx, op, group, &is.0, is.1.as_deref()).await }
}

async fn change(tx: &Tx, op: &Op, group: GroupId, membership: &Membership) -> Result<()> {
    let changed = groups::change_members(tx, op, group, membership).await?;
    if changed.is_empty() || roles::list_given_group(tx, op.scope, group).await?.is_empty() {
        return Ok(());
    }
    roles::look_again(tx, op, &changed).await
}

/// A group's name, and the directory's id of it.
fn named(attributes: &Attributes) -> Result<(String, Option<String>)> {
    let text = |name: &str| attributes.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let Some(name) = text("displayName").filter(|name| name.chars().count() <= NAME) else {
        let sentence = format!("A group must have a displayName of at most {NAME} characters.");
        return Err(Error::invalid_as("invalid_value", sentence));
    };
    Ok((name.to_owned(), external_id(attributes)?))
}

/// What an operation does to who is in a group.
enum Wanted {
    Change(Membership),
    /// Those leave who are like this.
    RemoveLike(Filter),
}

impl Wanted {
    async fn resolve(self, tx: &Tx, scope: OrgScope, group: GroupId) -> Result<Membership> {
        let filter = match self {
            Self::Change(membership) => return Ok(membership),
            Self::RemoveLike(filter) => filter,
        };
        if let Some(values) = values(&filter) {
            return Ok(Membership::Remove(ids(values)));
        }
        let members = GROUPS.own("members").ok_or_else(|| Error::internal("groups have members"))?;
        let all = store::list_members(tx, scope, &[group.uuid()]).await?.pop().map(|(_, all)| all);
        let all = all.as_ref().and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut gone = Vec::new();
        // Asked of nobody, so that what cannot be asked is refused also where nobody is.
        matches(&filter, members, &Attributes::new())?;
        for one in all.iter().filter_map(Value::as_object) {
            if matches(&filter, members, one)? {
                gone.extend(one.get("value").and_then(Value::as_str));
            }
        }
        Ok(Membership::Remove(ids(gone)))
    }
}

/// The ids that a filter names one by one, when it does nothing else: `members[value eq "…"]`, as everybody sends it.
fn values(filter: &Filter) -> Option<Vec<&str>> {
    match filter {
        Filter::Compare(name, Comparison::Eq, Literal::Text(id)) if name.attribute.eq_ignore_ascii_case("value") => {
            Some(vec![id])
        }
        Filter::Or(any) => any.iter().map(values).collect::<Option<Vec<_>>>().map(|all| all.concat()),
        _ => None,
    }
}

/// What an operation says of members, and what it says of everything else.
fn parted(operation: &Operation) -> Result<(Vec<Wanted>, Option<Operation>)> {
    let Operation { verb, path, value } = operation;
    let Some(path) = path else {
        let Some(Value::Object(sent)) = value else { return Ok((vec![], Some(operation.clone()))) };
        let is_members = |name: &str| Path::parse(name).is_ok_and(|path| leads_to_members(&path));
        let (of_members, others): (Attributes, Attributes) =
            sent.clone().into_iter().partition(|(name, _)| is_members(name));
        let mut wanted = Vec::new();
        for (name, value) in of_members {
            wanted.push(about(*verb, &Path::parse(&name)?, Some(&value))?);
        }
        let others = Operation { verb: *verb, path: None, value: Some(Value::Object(others)) };
        return Ok((wanted, Some(others)));
    };
    match Path::parse(path) {
        Ok(path) if leads_to_members(&path) => Ok((vec![about(*verb, &path, value.as_ref())?], None)),
        _ => Ok((vec![], Some(operation.clone()))),
    }
}

fn leads_to_members(path: &Path) -> bool {
    GROUPS.find(&path.name).is_some_and(|found| found.attribute.name == "members")
}

fn about(verb: Verb, path: &Path, value: Option<&Value>) -> Result<Wanted> {
    let members = GROUPS.own("members").ok_or_else(|| Error::internal("groups have members"))?;
    let sent = || value.map(|value| value::value_of(members, value)).transpose().map(Option::flatten);
    match (verb, &path.filter) {
        _ if path.sub.is_some() || path.name.sub.is_some() => {
            Err(Error::invalid_as("invalid_path", "Who is in a group comes and goes as a whole."))
        }
        (Verb::Remove, Some(filter)) => Ok(Wanted::RemoveLike(filter.clone())),
        (_, Some(_)) => Err(Error::invalid_as("invalid_path", "Members are added and replaced without a filter.")),
        // Entra lists who is to go; RFC 7644 §3.5.2.2 knows no value here, and everybody would.
        (Verb::Remove, None) if value.is_some_and(|value| !value.is_null()) => {
            let sent = sent()?;
            let listed = sent.as_ref().and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            Ok(Wanted::Change(Membership::Remove(ids(listed.iter().filter_map(|one| one.get("value")?.as_str())))))
        }
        (Verb::Remove, None) => Ok(Wanted::Change(Membership::Set(Vec::new()))),
        (Verb::Add | Verb::Replace, None) => {
            let value = value.ok_or_else(|| {
                Error::invalid_as("invalid_value", "An operation that adds or replaces must have a value.")
            })?;
            let come = strangers_refused(value::value_of(members, value)?.as_ref())?;
            Ok(Wanted::Change(if verb == Verb::Add { Membership::Add(come) } else { Membership::Set(come) }))
        }
    }
}

/// Those who are to be in a group. Whether they are of the org is for the room of groups to say.
fn strangers_refused(members: Option<&Value>) -> Result<Vec<UserId>> {
    let all = members.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let read = |one: &Value| {
        let id = one.get("value").and_then(Value::as_str).and_then(uuid);
        id.map(UserId::from).ok_or_else(|| {
            Error::invalid_as("invalid_value", "Each of \"members\" must have the id of a person as its value.")
        })
    };
    all.iter().map(read).collect()
}

/// Those of these ids that can be anybody's.
fn ids<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<UserId> {
    texts.into_iter().filter_map(uuid).map(UserId::from).collect()
}
