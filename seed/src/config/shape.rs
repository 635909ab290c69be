//! What is said of a company, by a file or by the database: one shape for both, so that they can be compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use api::domain::api_keys::Scope;
use api::domain::orgs::Policy;
use api::domain::{roles, users};
use api::entity::entitlement::EntitlementKind;
use api::kernel;

/// A company. What is not said is as every company begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Company {
    /// Its first domain, by which it is the same company.
    pub slug: String,
    /// What people call it; the slug unless said.
    pub name: String,
    /// Its other domains.
    pub domains: BTreeSet<String>,
    /// How long its sign-ins last.
    pub policy: Policy,
    /// Its providers, by the one domain whose people they sign in; `None` is for all others.
    pub providers: BTreeMap<Option<String>, Provider>,
    /// What it can give its people. A company that says nothing of roles can give the usual ones.
    pub roles: BTreeMap<RoleName, Role>,
    /// Its keys that count, sorted. Several may have one name.
    pub keys: Vec<Key>,
}

/// An OpenID provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// As it spells itself.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// How we prove it.
    pub proof: Proof,
    /// Whether people are made on their first sign-in.
    pub provisions: bool,
    /// Whether our having asked it to prompt must do for proof.
    pub prompt_only: bool,
    /// Whether logout tokens must say by their typ that they are some.
    pub requires_logout_typ: bool,
}

/// How we prove to a provider that we are the client it knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// By a secret, which stands in this variable of the environment.
    Secret {
        /// The variable's name.
        variable: String,
    },
    /// By a key of our own, which is made here and never leaves.
    PrivateKey,
}

impl Proof {
    /// Its name in a file.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Secret { .. } => "client_secret",
            Self::PrivateKey => "private_key_jwt",
        }
    }
}

/// What a directory calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A role, which always grants one of ours.
    Role,
    /// An entitlement, which may.
    Entitlement,
}

impl Kind {
    /// Its name in a file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Entitlement => "entitlement",
        }
    }
}

impl From<EntitlementKind> for Kind {
    fn from(kind: EntitlementKind) -> Self {
        match kind {
            EntitlementKind::Role => Self::Role,
            EntitlementKind::Entitlement => Self::Entitlement,
        }
    }
}

impl From<Kind> for EntitlementKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Role => Self::Role,
            Kind::Entitlement => Self::Entitlement,
        }
    }
}

/// By what a role is the same role: its kind, and its name whatever the case.
pub type RoleName = (Kind, String);

/// Something that a company can give its people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// What the company calls it.
    pub name: String,
    /// For whoever gives it.
    pub description: String,
    /// What it lets people do.
    pub grants: Option<kernel::Role>,
}

/// An API key. None of these ever changes: a key that shall be otherwise is another key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// What people call it.
    pub name: String,
    /// What it may be used for, in the order of [`Scope::ALL`].
    pub scopes: Scopes,
    /// How long it lasts, in seconds; for good unless said.
    pub lifetime: Option<i64>,
    /// The file that it is written to when it is made.
    pub file: String,
}

/// Scopes in the order of [`Scope::ALL`], by their places in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scopes(BTreeSet<usize>);

impl Scopes {
    /// These.
    pub fn of(scopes: &[Scope]) -> Self {
        Self(scopes.iter().filter_map(|scope| Scope::ALL.iter().position(|other| other == scope)).collect())
    }

    /// As a list.
    pub fn list(&self) -> Vec<Scope> {
        self.0.iter().map(|at| Scope::ALL[*at]).collect()
    }
}

impl Key {
    /// Whether a key that is there is the one that is wanted. Where it was written to is not known of it.
    pub fn is(&self, other: &Self) -> bool {
        (&self.name, &self.scopes, self.lifetime) == (&other.name, &other.scopes, other.lifetime)
    }
}

impl Company {
    /// A company that has only just been made, and nothing that it can give.
    pub fn bare(slug: &str, name: &str) -> Self {
        Self {
            slug: slug.to_owned(),
            name: name.to_owned(),
            domains: BTreeSet::new(),
            policy: Policy::DEFAULT,
            providers: BTreeMap::new(),
            roles: BTreeMap::new(),
            keys: Vec::new(),
        }
    }
}

/// What every company begins with.
pub fn usual_roles() -> BTreeMap<RoleName, Role> {
    let role = |(name, description, grants): (&str, &str, kernel::Role)| {
        let role = Role { name: name.to_owned(), description: description.to_owned(), grants: Some(grants) };
        ((Kind::Role, users::fold(name)), role)
    };
    roles::USUAL.into_iter().map(role).collect()
}

/// What of a company something is said about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// The company itself.
    Company,
    /// One of its other domains.
    Domain(String),
    /// Its policy.
    Policy,
    /// A provider, by its domain.
    Provider(Option<String>),
    /// A role, by its folded name.
    Role(Kind, String),
    /// A key, by its name; the n-th of that name.
    Key(String, usize),
}

impl Thing {
    /// What it is, in one word of the file's.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Company => "org",
            Self::Domain(_) => "domain",
            Self::Policy => "policy",
            Self::Provider(_) => "sso",
            Self::Role(kind, _) => kind.as_str(),
            Self::Key(..) => "key",
        }
    }

    /// Which, where there are several.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Company | Self::Policy => None,
            Self::Provider(domain) => domain.as_deref(),
            Self::Domain(name) | Self::Role(_, name) | Self::Key(name, _) => Some(name),
        }
    }
}

/// Numbers things of one name, in their order.
pub fn numbered<'a>(names: impl Iterator<Item = &'a str>) -> Vec<(String, usize)> {
    let mut seen = BTreeMap::new();
    let number = |name: &'a str| {
        let count = seen.entry(name).or_insert(0);
        *count += 1;
        (name.to_owned(), *count)
    };
    names.map(number).collect()
}

/// The variable in which an exported company's client secret is looked for. Domains differ in it where they differ: a dot
/// is one underline, a hyphen two.
pub fn variable(slug: &str, domain: Option<&str>) -> String {
    let word = |domain: &str| domain.to_ascii_uppercase().replace('-', "__").replace('.', "_");
    let more = domain.map(|domain| format!("___{}", word(domain))).unwrap_or_default();
    format!("OIDC_CLIENT_SECRET_{}{more}", word(slug))
}

/// The file for an exported company's `n`-th key of this name.
pub fn key_file(slug: &str, name: &str, n: usize) -> String {
    let lower = name.to_lowercase().replace(['\'', '’'], "");
    let words: Vec<_> = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let word = if words.is_empty() { "key".to_owned() } else { words.join("-") };
    let number = if n > 1 { format!("-{n}") } else { String::new() };
    format!("keys/{slug}/{word}{number}.key")
}

/// Seconds in the largest unit that has them whole.
pub struct Length(pub i64);

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(86_400, "d"), (3600, "h"), (60, "m")];
        let (seconds, unit) = units.into_iter().find(|(seconds, _)| self.0 % seconds == 0).unwrap_or((1, "s"));
        write!(f, "{}{unit}", self.0 / seconds)
    }
}
