//! What a directory says of a person; and what is said of those who came another way, so that a directory finds them.

use serde_json::{Map, Value, json};

use crate::kernel::Email;

/// One of a person's e-mail addresses (RFC 7643 §4.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address, as it was written.
    pub value: String,
    /// Such as `work`.
    pub kind: Option<String>,
    /// For reading.
    pub display: Option<String>,
    /// Whether it is the one to use.
    pub primary: bool,
}

impl Address {
    /// As every comparison of addresses has it.
    pub fn folded(&self) -> String {
        Self::fold(&self.value)
    }

    /// The same of what may be one.
    pub fn fold(text: &str) -> String {
        Email::parse(text).map_or_else(|| fold(text), |email| email.folded().to_owned())
    }
}

/// What a directory says of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// What it signs them in as.
    pub user_name: String,
    /// Its own id for them.
    pub external_id: Option<String>,
    /// The address that we know them by, which is one of the next.
    pub email: Email,
    /// All of them, and never none.
    pub emails: Vec<Address>,
    /// What we call them.
    pub name: String,
    /// Everything else, under the names of RFC 7643 §4.1 and §4.3.
    pub profile: Map<String, Value>,
}

impl Description {
    /// What can be said of somebody of whom only an address and a name are known.
    pub fn of(email: Email, name: &str) -> Self {
        let (given, family) = name.trim().rsplit_once(char::is_whitespace).unzip();
        let mut parts = json!({ "formatted": name, "givenName": given.unwrap_or(name).trim() });
        if let Some(family) = family {
            parts["familyName"] = family.into();
        }
        let profile = Map::from_iter([("displayName".to_owned(), name.into()), ("name".to_owned(), parts)]);
        Self {
            user_name: email.as_written().to_owned(),
            external_id: None,
            emails: vec![Self::only(email.as_written().to_owned())],
            email,
            name: name.to_owned(),
            profile,
        }
    }

    /// The one address of somebody who has one.
    pub fn only(value: String) -> Address {
        Address { value, kind: Some("work".to_owned()), display: None, primary: true }
    }
}

/// What is not case-exact is compared so (RFC 7643 §2.2).
pub fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}
