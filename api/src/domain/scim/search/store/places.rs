//! Where each attribute is kept, as SQL. Every text here is ours: what a client sends is bound, never written.

use crate::domain::scim::schema::{Attribute, Found, Kind, ResourceType};

/// A value in a row, and how it is compared.
#[derive(Clone)]
pub struct Column {
    /// The expression.
    pub sql: String,
    /// What it is.
    pub is: Is,
}

/// What a value is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Is {
    /// Folded already.
    Folded,
    /// Folded already, as an e-mail address is.
    Address,
    /// To be compared letter by letter.
    Exact,
    /// To be folded first.
    Loose,
    /// One of our ids.
    Id,
    /// True or false.
    Boolean,
    /// A moment.
    Time,
}

/// Where an attribute is kept.
pub enum Place {
    /// In one value.
    One(Column),
    /// In several parts of one value, which can be present as a whole.
    Whole(String),
    /// In rows of their own, to be put behind `from`.
    Many { rows: String, own: Option<Column>, parts: Vec<(&'static str, Column)> },
}

fn column(sql: impl Into<String>, is: Is) -> Column {
    Column { sql: sql.into(), is }
}

fn one(sql: &str, is: Is) -> Place {
    Place::One(column(sql, is))
}

/// Where what a name leads to is kept.
pub fn place(kind: &ResourceType, found: Found) -> Option<Place> {
    let whole = match kind.name {
        "User" => person(found),
        "Group" => group(found.attribute),
        _ => entitlement(found.attribute),
    };
    match (found.attribute.name, found.sub) {
        ("meta", Some(sub)) => meta(kind, sub),
        (_, None) => whole,
        (_, Some(sub)) => match whole? {
            Place::Many { rows, parts, .. } => {
                let own = parts.into_iter().find(|(name, _)| *name == sub.name).map(|(_, column)| column)?;
                Some(Place::Many { rows, own: Some(own), parts: Vec::new() })
            }
            Place::Whole(sql) => Some(Place::One(json(&sql, sub))),
            Place::One(_) => None,
        },
    }
}

fn meta(kind: &ResourceType, part: &Attribute) -> Option<Place> {
    let row = match kind.name {
        "User" => "u",
        "Group" => "g",
        _ => "e",
    };
    Some(match part.name {
        "resourceType" => one(&format!("'{}'", kind.name), Is::Exact),
        "created" => one(&format!("{row}.created_at"), Is::Time),
        "lastModified" if row == "e" => one("e.created_at", Is::Time),
        "lastModified" => one(&format!("{row}.updated_at"), Is::Time),
        _ => return None,
    })
}

fn person(found: Found) -> Option<Place> {
    let attribute = found.attribute;
    if let Some(extension) = found.extension {
        let own = format!("u.profile -> '{}'", extension.id);
        return Some(inside(&own, attribute));
    }
    Some(match attribute.name {
        "id" => one("u.id", Is::Id),
        "externalId" => one("u.external_id", Is::Exact),
        "userName" => one("u.user_name_folded", Is::Folded),
        "active" => one("u.active", Is::Boolean),
        "schemas" => {
            let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
            let core = "urn:ietf:params:scim:schemas:core:2.0:User";
            many(&format!(
                "unnest(case when u.profile -> '{enterprise}' is null then array['{core}'] \
                 else array['{core}', '{enterprise}'] end) as x (v) where true"
            ))
        }
        "emails" => Place::Many {
            rows: "user_emails x where x.org_id = u.org_id and x.user_id = u.id".to_owned(),
            own: Some(column("x.value_folded", Is::Address)),
            parts: vec![
                ("value", column("x.value_folded", Is::Address)),
                ("type", column("x.type", Is::Loose)),
                ("display", column("x.display", Is::Loose)),
                ("primary", column("x.is_primary", Is::Boolean)),
            ],
        },
        "groups" => Place::Many {
            rows: "group_members x join groups y on y.org_id = x.org_id and y.id = x.group_id \
                   where x.org_id = u.org_id and x.user_id = u.id"
                .to_owned(),
            own: Some(column("x.group_id", Is::Id)),
            parts: vec![
                ("value", column("x.group_id", Is::Id)),
                ("display", column("y.display_name_folded", Is::Folded)),
                ("type", column("'direct'", Is::Loose)),
            ],
        },
        "roles" => given("role"),
        "entitlements" => given("entitlement"),
        "password" | "meta" => return None,
        _ => inside("u.profile", attribute),
    })
}

fn given(kind: &'static str) -> Place {
    Place::Many {
        rows: format!(
            "user_entitlements x join entitlements y on y.org_id = x.org_id and y.id = x.entitlement_id \
             where x.org_id = u.org_id and x.user_id = u.id and y.kind = '{kind}'"
        ),
        own: Some(column("y.id", Is::Id)),
        parts: vec![
            ("value", column("y.id", Is::Id)),
            ("display", column("y.name_folded", Is::Folded)),
            ("primary", column("x.is_primary", Is::Boolean)),
            ("type", column("y.kind", Is::Loose)),
        ],
    }
}

fn many(rows: &str) -> Place {
    Place::Many { rows: rows.to_owned(), own: Some(column("x.v", Is::Exact)), parts: Vec::new() }
}

/// In a JSON object.
fn inside(object: &str, attribute: &'static Attribute) -> Place {
    let sql = format!("{object} -> '{}'", attribute.name);
    if attribute.multi_valued {
        let parts: Vec<_> = attribute.sub.iter().map(|part| (part.name, json("x.v", part))).collect();
        let own = parts.iter().find(|(name, _)| *name == "value").map(|(_, column)| column.clone());
        return Place::Many { rows: format!("jsonb_array_elements({sql}) as x (v) where true"), own, parts };
    }
    match attribute.kind {
        Kind::Complex => Place::Whole(sql),
        _ => Place::One(json(object, attribute)),
    }
}

/// A value in a JSON object, by its attribute.
pub fn json(object: &str, attribute: &Attribute) -> Column {
    let sql = format!("({object} ->> '{}')", attribute.name);
    match attribute.kind {
        Kind::Boolean => column(format!("{sql}::boolean"), Is::Boolean),
        _ if attribute.case_exact => column(sql, Is::Exact),
        _ => column(sql, Is::Loose),
    }
}

fn group(attribute: &Attribute) -> Option<Place> {
    Some(match attribute.name {
        "id" => one("g.id", Is::Id),
        "externalId" => one("g.external_id", Is::Exact),
        "displayName" => one("g.display_name_folded", Is::Folded),
        "schemas" => many("unnest(array['urn:ietf:params:scim:schemas:core:2.0:Group']) as x (v) where true"),
        "members" => Place::Many {
            rows: "group_members x join users y on y.org_id = x.org_id and y.id = x.user_id \
                   where x.org_id = g.org_id and x.group_id = g.id"
                .to_owned(),
            own: Some(column("x.user_id", Is::Id)),
            parts: vec![
                ("value", column("x.user_id", Is::Id)),
                ("display", column("y.name", Is::Loose)),
                ("type", column("'User'", Is::Loose)),
            ],
        },
        _ => return None,
    })
}

fn entitlement(attribute: &Attribute) -> Option<Place> {
    Some(match attribute.name {
        "id" => one("e.id", Is::Id),
        "displayName" => one("e.name_folded", Is::Folded),
        "description" => one("e.description", Is::Loose),
        "type" => one("e.kind", Is::Loose),
        _ => return None,
    })
}
