//! The SQL of lists: a filter as a condition, whose values are all bound.

mod places;

use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::super::Record;
use super::super::filter::{Comparison, Filter, Literal, Name};
use super::super::matching::{literal_of, not_servable};
use super::super::schema::{Attribute, Found, ResourceType};
use super::super::store::{ENTITLEMENT, Entitlement, GROUP, Group, PERSON, Person};
use super::super::uuid;
use crate::domain::Tx;
use crate::domain::users::{Address, fold};
use crate::kernel::{Error, OrgScope, Result};
use places::{Column, Is, Place, json, place};

/// What is looked for among the resources of one type. Public for the test of its plan.
pub struct Wanted {
    kind: &'static ResourceType,
    filtered: bool,
    condition: String,
    values: Vec<Value>,
}

impl Wanted {
    /// The resources of an org that are like `filter`.
    ///
    /// # Errors
    /// Invalid, when the filter cannot be served.
    pub fn new(kind: &'static ResourceType, scope: OrgScope, filter: Option<&Filter>) -> Result<Self> {
        let own = match kind.name {
            "User" => "u.org_id = $1 and u.removed_at is null",
            "Group" => "g.org_id = $1",
            "Role" => "e.org_id = $1 and e.kind = 'role'",
            _ => "e.org_id = $1 and e.kind = 'entitlement'",
        };
        let mut wanted =
            Self { kind, filtered: filter.is_some(), condition: String::new(), values: vec![scope.org().into()] };
        let filter = match filter {
            Some(filter) => format!(" and ({})", wanted.of(filter)?),
            None => String::new(),
        };
        wanted.condition = format!("{own}{filter}");
        Ok(wanted)
    }

    /// How many there are in all; and those behind the first `skip`, at most `limit`.
    ///
    /// # Errors
    /// The database's.
    pub async fn part(self, tx: &Tx, skip: i64, limit: i64) -> Result<(i64, Vec<Record>)> {
        let records = match (limit, self.kind.name) {
            (0, _) => Vec::new(),
            (_, "User") => all::<Person>(tx, self.part_statement(skip, limit)).await?,
            (_, "Group") => all::<Group>(tx, self.part_statement(skip, limit)).await?,
            _ => all::<Entitlement>(tx, self.part_statement(skip, limit)).await?,
        };
        let given = i64::try_from(records.len()).unwrap_or(i64::MAX);
        // A part that is not full is the last one, and says how many there are.
        if given < limit && (given > 0 || skip == 0) {
            return Ok((skip + given, records));
        }
        let (table, _, row) = self.table();
        let sql = if self.kind.name == "User" && !self.filtered {
            "select people as total from orgs where id = $1".to_owned()
        } else {
            format!("select count(*) as total from {table} {row} where {}", self.condition)
        };
        let row = tx.query_one(Statement::from_sql_and_values(DbBackend::Postgres, sql, self.values)).await?;
        Ok((row.map(|row| row.try_get("", "total")).transpose()?.unwrap_or(0), records))
    }

    /// The part is found first, from the index alone, and then its resources, one by one: to the planner 200 of some
    /// thousands are enough to read them all.
    pub fn part_statement(&self, skip: i64, limit: i64) -> Statement {
        let (table, select, row) = self.table();
        // What an org can give is for reading; the others are for walking through, part by part.
        let order = if row == "e" { "e.name_folded, e.id".to_owned() } else { format!("{row}.created_at, {row}.id") };
        let (at, condition) = (self.values.len(), &self.condition);
        let sql = format!(
            "with part as (select {row}.id as found from {table} {row} where {condition} \
                 order by {order} offset ${} limit ${}) \
             {select} from part, lateral ( \
                 select * from {table} x where x.id = part.found and x.org_id = $1 offset 0) {row} \
             order by {order}",
            at + 1,
            at + 2
        );
        let values = self.values.iter().cloned().chain([skip.into(), limit.into()]);
        Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
    }

    fn table(&self) -> (&'static str, &'static str, &'static str) {
        match self.kind.name {
            "User" => ("users", PERSON, "u"),
            "Group" => ("groups", GROUP, "g"),
            _ => ("entitlements", ENTITLEMENT, "e"),
        }
    }

    /// What is neither true nor false is not so, and its opposite is.
    fn of(&mut self, filter: &Filter) -> Result<String> {
        match filter {
            Filter::Or(any) => self.joined(any, " or "),
            Filter::And(all) => self.joined(all, " and "),
            Filter::Not(filter) => Ok(format!("({}) is not true", self.of(filter)?)),
            Filter::Present(name) => {
                let found = self.found(name)?;
                match self.place(name, found)? {
                    Place::One(column) => Ok(present(&column)),
                    Place::Whole(sql) => Ok(format!("({sql}) is not null")),
                    Place::Many { rows, own: Some(own), .. } if found.sub.is_some() => {
                        Ok(format!("exists (select 1 from {rows} and {})", present(&own)))
                    }
                    Place::Many { rows, .. } => Ok(format!("exists (select 1 from {rows})")),
                }
            }
            Filter::Compare(name, comparison, literal) => self.compare(name, *comparison, literal),
            Filter::Values(name, inner) => {
                let found = self.found(name)?;
                match self.place(name, found)? {
                    Place::Many { rows, parts, .. } if found.sub.is_none() && !parts.is_empty() => {
                        let inner = self.inner(found.attribute, &parts, inner)?;
                        Ok(format!("exists (select 1 from {rows} and ({inner}))"))
                    }
                    _ => Err(not_servable(name)),
                }
            }
        }
    }

    fn joined(&mut self, filters: &[Filter], word: &str) -> Result<String> {
        let each = filters.iter().map(|filter| self.of(filter)).collect::<Result<Vec<_>>>()?;
        Ok(format!("({})", each.join(word)))
    }

    fn found(&self, name: &Name) -> Result<Found> {
        self.kind.find(name).ok_or_else(|| not_servable(name))
    }

    fn place(&self, name: &Name, found: Found) -> Result<Place> {
        place(self.kind, found).ok_or_else(|| not_servable(name))
    }

    fn compare(&mut self, name: &Name, comparison: Comparison, literal: &Literal) -> Result<String> {
        let found = self.found(name)?;
        // A complex attribute is compared by its value (RFC 7643 §2.4).
        let own = || found.attribute.part("value").filter(|_| found.sub.is_none());
        let compared = own().unwrap_or(found.last());
        match self.place(name, found)? {
            Place::One(column) => self.leaf(compared, &column, comparison, literal),
            Place::Many { rows, own: Some(column), .. } => {
                if literal_of(compared, comparison, literal)? == Literal::Null {
                    let none = if comparison == Comparison::Eq { "not " } else { "" };
                    return Ok(format!("{none}exists (select 1 from {rows} and {})", present(&column)));
                }
                // What is not so has no value that is.
                let (none, comparison) = match comparison {
                    Comparison::Ne => ("not ", Comparison::Eq),
                    comparison => ("", comparison),
                };
                let leaf = self.leaf(compared, &column, comparison, literal)?;
                Ok(format!("{none}exists (select 1 from {rows} and {leaf})"))
            }
            Place::Whole(sql) if own().is_some() => self.leaf(compared, &json(&sql, compared), comparison, literal),
            Place::Whole(_) | Place::Many { .. } => Err(not_servable(name)),
        }
    }

    /// Within brackets names are parts of the attribute.
    fn inner(
        &mut self,
        attribute: &'static Attribute,
        parts: &[(&'static str, Column)],
        filter: &Filter,
    ) -> Result<String> {
        let known = |name: &Name| {
            let bare = name.schema.is_none() && name.sub.is_none();
            let part = attribute.part(&name.attribute).filter(|_| bare).ok_or_else(|| not_servable(name))?;
            let column = parts.iter().find(|(known, _)| *known == part.name).map(|(_, column)| column);
            Ok::<_, Error>((part, column.ok_or_else(|| not_servable(name))?))
        };
        match filter {
            Filter::Or(each) | Filter::And(each) => {
                let word = if matches!(filter, Filter::Or(_)) { " or " } else { " and " };
                let each = each.iter().map(|one| self.inner(attribute, parts, one)).collect::<Result<Vec<_>>>()?;
                Ok(format!("({})", each.join(word)))
            }
            Filter::Not(inner) => Ok(format!("({}) is not true", self.inner(attribute, parts, inner)?)),
            Filter::Present(name) => Ok(present(known(name)?.1)),
            Filter::Compare(name, comparison, literal) => {
                let (part, column) = known(name)?;
                self.leaf(part, column, *comparison, literal)
            }
            Filter::Values(name, _) => Err(not_servable(name)),
        }
    }

    fn leaf(
        &mut self,
        attribute: &Attribute,
        Column { sql, is }: &Column,
        comparison: Comparison,
        literal: &Literal,
    ) -> Result<String> {
        let literal = literal_of(attribute, comparison, literal)?;
        let (sql, value) = match (is, literal) {
            (_, Literal::Null) => {
                let not = if comparison == Comparison::Eq { "" } else { "not " };
                return Ok(format!("{sql} is {not}null"));
            }
            (Is::Boolean, Literal::Bool(yes)) => (sql.clone(), yes.into()),
            (Is::Time, Literal::Text(text)) => {
                let moment = OffsetDateTime::parse(&text, &Rfc3339).ok();
                let text = [Comparison::Co, Comparison::Sw, Comparison::Ew].contains(&comparison);
                let moment = moment.filter(|_| !text).ok_or_else(|| {
                    Error::invalid_as("invalid_filter", "A moment is compared as a whole, and written as in RFC 3339.")
                })?;
                (sql.clone(), moment.into())
            }
            (Is::Id, Literal::Text(text)) => match (comparison, uuid(&text)) {
                (Comparison::Eq | Comparison::Ne, Some(id)) => (sql.clone(), id.into()),
                (Comparison::Eq, None) => return Ok("false".to_owned()),
                (Comparison::Ne, None) => return Ok("true".to_owned()),
                _ => (format!("{sql}::text"), text.into()),
            },
            (Is::Exact, Literal::Text(text)) => (sql.clone(), text.into()),
            (Is::Folded, Literal::Text(text)) => (sql.clone(), fold(&text).into()),
            // A whole address is folded as addresses are, a part of one as it can be.
            (Is::Address, Literal::Text(text)) => (sql.clone(), Address::fold(&text).into()),
            (Is::Loose, Literal::Text(text)) => {
                let bound = format!("lower({})", self.bind(text.into()));
                return Ok(compared(&format!("lower({sql})"), comparison, &bound, true));
            }
            _ => return Err(Error::internal("a column that is not what its attribute is")),
        };
        let ordered_as_text = matches!(is, Is::Exact | Is::Folded | Is::Address | Is::Id);
        let bound = self.bind(value);
        Ok(compared(&sql, comparison, &bound, ordered_as_text))
    }

    fn bind(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }
}

fn present(Column { sql, is }: &Column) -> String {
    match is {
        Is::Folded | Is::Address | Is::Exact | Is::Loose => format!("({sql} is not null and {sql} <> '')"),
        Is::Id | Is::Boolean | Is::Time => format!("{sql} is not null"),
    }
}

fn compared(sql: &str, comparison: Comparison, bound: &str, text: bool) -> String {
    let order = |sign: &str| {
        let collation = if text { " collate \"C\"" } else { "" };
        format!("{sql}{collation} {sign} {bound}")
    };
    match comparison {
        Comparison::Eq => format!("{sql} = {bound}"),
        Comparison::Ne => format!("{sql} is distinct from {bound}"),
        Comparison::Co => format!("position({bound} in {sql}) > 0"),
        Comparison::Sw => format!("starts_with({sql}, {bound})"),
        Comparison::Ew => format!("right({sql}, char_length({bound})) = {bound}"),
        Comparison::Gt => order(">"),
        Comparison::Ge => order(">="),
        Comparison::Lt => order("<"),
        Comparison::Le => order("<="),
    }
}

async fn all<R: FromQueryResult + Into<Record>>(tx: &Tx, statement: Statement) -> Result<Vec<Record>> {
    Ok(R::find_by_statement(statement).all(tx).await?.into_iter().map(Into::into).collect())
}
