//! What RFC 7643 says of each resource's attributes, as data: `/Schemas` shows it, and PATCH, filters and projections
//! look names up in it. No name is compared with regard to case (RFC 7643 §2.1).

mod tables;

use super::filter::Name;

pub use tables::{ENTITLEMENT, ENTITLEMENTS, GROUP, GROUPS, ROLE, ROLES, USER, USERS};

/// A resource type (RFC 7643 §6).
#[derive(Debug)]
pub struct ResourceType {
    /// Its name, and id.
    pub name: &'static str,
    /// Where it is, below the base address.
    pub endpoint: &'static str,
    /// For reading.
    pub description: &'static str,
    /// Its own schema.
    pub schema: &'static Schema,
    /// Schemas whose attributes it may have beside.
    pub extensions: &'static [&'static Schema],
}

/// A schema (RFC 7643 §7).
#[derive(Debug)]
pub struct Schema {
    /// Its URN.
    pub id: &'static str,
    /// What else it is called: a template of `OneLogin`'s has its name of SCIM 1.1.
    pub aliases: &'static [&'static str],
    /// Its name.
    pub name: &'static str,
    /// For reading.
    pub description: &'static str,
    /// What it has.
    pub attributes: &'static [Attribute],
}

/// An attribute (RFC 7643 §7).
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "the RFC's own characteristics")]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// Whether it can have several.
    pub multi_valued: bool,
    /// Its parts, where it is complex.
    pub sub: &'static [Attribute],
    /// Whether it cannot be without a value.
    pub required: bool,
    /// Whether its texts are compared letter by letter.
    pub case_exact: bool,
    /// Who may write it.
    pub mutability: Mutability,
    /// Whether it names one resource of the org.
    pub unique: bool,
    /// What it refers to.
    pub refers_to: &'static [&'static str],
    /// For reading.
    pub description: &'static str,
}

/// What a value is (RFC 7643 §2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the RFC has the names")]
pub enum Kind {
    Text,
    Boolean,
    DateTime,
    Reference,
    Binary,
    Complex,
}

/// Who may write an attribute (RFC 7643 §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the RFC has the names")]
pub enum Mutability {
    ReadWrite,
    ReadOnly,
    /// Written by a client and never given back, nor kept here.
    WriteOnly,
}

impl Attribute {
    const fn new(name: &'static str, kind: Kind, description: &'static str) -> Self {
        Self {
            name,
            kind,
            multi_valued: false,
            sub: &[],
            required: false,
            case_exact: false,
            mutability: Mutability::ReadWrite,
            unique: false,
            refers_to: &[],
            description,
        }
    }

    const fn text(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::Text, description)
    }

    const fn complex(name: &'static str, sub: &'static [Self], description: &'static str) -> Self {
        Self { sub, ..Self::new(name, Kind::Complex, description) }
    }

    const fn list(name: &'static str, sub: &'static [Self], description: &'static str) -> Self {
        Self { multi_valued: true, ..Self::complex(name, sub, description) }
    }

    const fn reference(name: &'static str, refers_to: &'static [&'static str], description: &'static str) -> Self {
        Self { refers_to, case_exact: true, ..Self::new(name, Kind::Reference, description) }
    }

    const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    const fn exact(self) -> Self {
        Self { case_exact: true, ..self }
    }

    const fn unique(self) -> Self {
        Self { unique: true, ..self }
    }

    const fn read_only(self) -> Self {
        Self { mutability: Mutability::ReadOnly, ..self }
    }

    /// A part of a complex attribute.
    pub fn part(&self, name: &str) -> Option<&'static Attribute> {
        find(self.sub, name)
    }
}

/// An attribute that a name leads to.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// The extension that it belongs to.
    pub extension: Option<&'static Schema>,
    /// The attribute.
    pub attribute: &'static Attribute,
    /// A part of it.
    pub sub: Option<&'static Attribute>,
}

impl Found {
    /// The attribute, or the part of it that is meant.
    pub fn last(&self) -> &'static Attribute {
        self.sub.unwrap_or(self.attribute)
    }
}

impl ResourceType {
    /// All there are.
    pub const ALL: [&'static Self; 4] = [&USERS, &GROUPS, &ROLES, &ENTITLEMENTS];

    /// What a name means here.
    pub fn find(&self, name: &Name) -> Option<Found> {
        let (extension, attribute) = match &name.schema {
            None => self.plain(&name.attribute)?,
            Some(urn) if urn.eq_ignore_ascii_case(self.schema.id) => (None, self.own(&name.attribute)?),
            Some(urn) => {
                let extension = self.extension(urn)?;
                (Some(extension), find(extension.attributes, &name.attribute)?)
            }
        };
        let sub = match &name.sub {
            Some(sub) => Some(attribute.part(sub)?),
            None => None,
        };
        Some(Found { extension, attribute, sub })
    }

    /// Without a schema it is one of its own, else an extension's: in Entra's own example a manager has none.
    fn plain(&self, name: &str) -> Option<(Option<&'static Schema>, &'static Attribute)> {
        let own = self.own(name).map(|attribute| (None, attribute));
        let of = |known: &'static Schema| Some((Some(known), find(known.attributes, name)?));
        own.or_else(|| self.extensions.iter().copied().find_map(of))
    }

    /// An extension of it.
    pub fn extension(&self, urn: &str) -> Option<&'static Schema> {
        let is_it = |schema: &&&Schema| {
            std::iter::once(&schema.id).chain(schema.aliases).any(|known| known.eq_ignore_ascii_case(urn))
        };
        self.extensions.iter().find(is_it).copied()
    }

    /// An attribute of its own, or one that every resource has.
    pub fn own(&self, name: &str) -> Option<&'static Attribute> {
        find(self.schema.attributes, name).or_else(|| find(tables::COMMON, name))
    }
}

/// An attribute of a list, by name.
pub fn find(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}
