//! E-mail addresses and domains, and the one way they are compared.

use std::fmt;

use validator::ValidateEmail;

/// An e-mail address: as the person writes it, and folded for every comparison.
///
/// The receiver's own algorithm decides which spellings are the same address (RFC 9493 §3.2.2.1). Ours: white space
/// around it is ignored, the domain is folded as [`Domain`] says, and the local part is lower-cased, because no
/// provider that sends us people tells `Trinity@` from `trinity@`.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    as_written: String,
    folded: String,
    domain: Domain,
}

impl Email {
    /// Reads an address, or `None` when it is not an `addr-spec` (RFC 5322 §3.4.1) of at most 254 octets with an
    /// unquoted ASCII local part.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@')?;
        let domain = Domain::parse(domain)?;
        let folded = format!("{}@{domain}", local.to_ascii_lowercase());
        // RFC 5321 §4.5.3.1.3 bounds the path, of which the address is all but the brackets.
        (folded.len() <= 254 && folded.validate_email()).then(|| Self { as_written: text.to_owned(), folded, domain })
    }

    /// What the person wrote, for display.
    pub fn as_written(&self) -> &str {
        &self.as_written
    }

    /// What every comparison uses.
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// The part behind the `@`, folded.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }
}

/// Addresses are personal data and stay out of logs.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

/// A domain name in lower case, internationalised names as A-labels (RFC 5891).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Domain(String);

impl Domain {
    /// Reads a domain name of at least two labels, or `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let ascii = idna::domain_to_ascii_strict(text.trim()).ok()?;
        (ascii.contains('.') && ascii.len() <= 253 && !ascii.ends_with('.')).then_some(Self(ascii))
    }

    /// The folded name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_fold_together() {
        for text in ["Trinity@WhiteRabbit.fake", " trinity@whiterabbit.fake ", "TRINITY@whiterabbit.FAKE"] {
            assert_eq!(Email::parse(text).map(|e| e.folded).as_deref(), Some("trinity@whiterabbit.fake"), "{text}");
        }
        let unicode = Email::parse("neo@Bücher.example").expect("an internationalised domain");
        assert_eq!(unicode.domain().as_str(), "xn--bcher-kva.example");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(250));
        for text in [
            "",
            "@",
            "a@",
            "@b.example",
            "a b@c.example",
            "a@b",
            "a\0@b.example",
            "a@b\0.example",
            "a@b..example",
            "a@-b.example",
            "a@b_c.example",
            "\"q\"@b.example",
            "a@b.example.",
            long.as_str(),
        ] {
            assert!(Email::parse(text).is_none(), "{text:?}");
        }
    }
}
