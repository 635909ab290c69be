//! The filters of RFC 7644 §3.4.2.2 and the paths of §3.5.2, as text and as trees. What the names in them mean is
//! `schema`'s to say.
//!
//! Beyond the grammar three spellings are read that providers send: `emails[type eq "work"].value eq "x"` (Entra), `True`
//! for `true`, and `$ref`.

use std::fmt;

use serde_json::{Number, Value};

use crate::kernel::{Error, Result};

/// The longest text that is read, in bytes.
const LONGEST: usize = 8 * 1024;
/// How deep parentheses may stand in each other.
const DEEPEST: usize = 32;
/// How many comparisons there may be.
const MOST: usize = 200;

/// What a resource must be like.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// Like one of these at least.
    Or(Vec<Filter>),
    /// Like all of these.
    And(Vec<Filter>),
    /// Not like this.
    Not(Box<Filter>),
    /// With an attribute that compares so.
    Compare(Name, Comparison, Literal),
    /// With an attribute that has a value.
    Present(Name),
    /// With one value of an attribute that is like this in itself.
    Values(Name, Box<Filter>),
}

/// The name of an attribute, as somebody wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The URN of its schema.
    pub schema: Option<String>,
    /// The attribute.
    pub attribute: String,
    /// A part of it.
    pub sub: Option<String>,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Eq,
    Ne,
    Co,
    Sw,
    Ew,
    Gt,
    Ge,
    Lt,
    Le,
}

impl Comparison {
    /// All there are.
    pub const ALL: [(&str, Self); 9] = [
        ("eq", Self::Eq),
        ("ne", Self::Ne),
        ("co", Self::Co),
        ("sw", Self::Sw),
        ("ew", Self::Ew),
        ("gt", Self::Gt),
        ("ge", Self::Ge),
        ("lt", Self::Lt),
        ("le", Self::Le),
    ];
}

/// What an attribute is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    Text(String),
    Number(Number),
    Bool(bool),
    Null,
}

/// What an operation of a PATCH is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// The attribute.
    pub name: Name,
    /// Which of its values.
    pub filter: Option<Filter>,
    /// A part of each of those.
    pub sub: Option<String>,
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// Invalid, saying where it is not one.
    pub fn parse(text: &str) -> Result<Self> {
        let mut reader = Reader::new(text, "invalid_filter")?;
        let filter = reader.filter()?;
        reader.end()?;
        Ok(filter)
    }
}

impl Name {
    /// Reads a name, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        Path::parse(text).ok().filter(|path| path.filter.is_none()).map(|path| path.name)
    }
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// Invalid, saying where it is not one.
    pub fn parse(text: &str) -> Result<Self> {
        let mut reader = Reader::new(text, "invalid_path")?;
        let name = reader.name()?;
        let (mut filter, mut sub) = (None, None);
        if reader.takes("[") {
            filter = Some(reader.inner(true)?);
            reader.expects("]")?;
            if reader.takes(".") {
                sub = Some(reader.word()?);
            }
        }
        reader.end()?;
        Ok(Self { name, filter, sub })
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    comparisons: usize,
    /// What a failure is called.
    code: &'static str,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, code: &'static str) -> Result<Self> {
        let reader = Self { text, at: 0, depth: 0, comparisons: 0, code };
        if text.len() > LONGEST {
            return Err(Error::invalid_as(code, format!("A filter or path has at most {LONGEST} bytes.")));
        }
        Ok(reader)
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn fail<T>(&self, wanted: &str) -> Result<T> {
        let at = self.text[..self.at].chars().count() + 1;
        Err(Error::invalid_as(self.code, format!("At character {at} of the filter or path {wanted}.")))
    }

    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t']).len();
    }

    fn takes(&mut self, mark: &str) -> bool {
        self.space();
        let is_next = self.rest().starts_with(mark);
        self.at += if is_next { mark.len() } else { 0 };
        is_next
    }

    fn expects(&mut self, mark: &str) -> Result<()> {
        if self.takes(mark) { Ok(()) } else { self.fail(&format!("a \"{mark}\" is missing")) }
    }

    /// A word of the grammar's own, in any case, that is not the beginning of a longer one.
    fn takes_word(&mut self, word: &str) -> bool {
        self.space();
        let rest = self.rest();
        let is_next = rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
            && !rest[word.len()..].starts_with(is_of_name);
        self.at += if is_next { word.len() } else { 0 };
        is_next
    }

    fn end(&mut self) -> Result<()> {
        self.space();
        if self.rest().is_empty() { Ok(()) } else { self.fail("there is more than one can be read") }
    }

    fn filter(&mut self) -> Result<Filter> {
        self.inner(false)
    }

    /// Within brackets there are no brackets again.
    fn inner(&mut self, in_values: bool) -> Result<Filter> {
        if self.depth == DEEPEST {
            return self.fail("it is nested too deeply");
        }
        self.depth += 1;
        let filter = self.any(in_values);
        self.depth -= 1;
        filter
    }

    fn any(&mut self, in_values: bool) -> Result<Filter> {
        let mut any = vec![self.all(in_values)?];
        while self.takes_word("or") {
            any.push(self.all(in_values)?);
        }
        Ok(if any.len() == 1 { any.swap_remove(0) } else { Filter::Or(any) })
    }

    fn all(&mut self, in_values: bool) -> Result<Filter> {
        let mut all = vec![self.one(in_values)?];
        while self.takes_word("and") {
            all.push(self.one(in_values)?);
        }
        Ok(if all.len() == 1 { all.swap_remove(0) } else { Filter::And(all) })
    }

    fn one(&mut self, in_values: bool) -> Result<Filter> {
        let here = self.at;
        let negated = self.takes_word("not") && self.takes("(");
        if negated || self.takes("(") {
            let filter = self.inner(in_values)?;
            self.expects(")")?;
            return Ok(if negated { Filter::Not(Box::new(filter)) } else { filter });
        }
        // An attribute may be called "not".
        self.at = here;
        let name = self.name()?;
        if in_values || !self.takes("[") {
            return self.comparison(name);
        }
        let inner = self.inner(true)?;
        self.expects("]")?;
        if !self.rest().starts_with('.') {
            return Ok(Filter::Values(name, Box::new(inner)));
        }
        self.at += 1;
        let part = Name { schema: None, attribute: self.word()?, sub: None };
        let comparison = self.comparison(part)?;
        Ok(Filter::Values(name, Box::new(Filter::And(vec![inner, comparison]))))
    }

    fn comparison(&mut self, name: Name) -> Result<Filter> {
        self.comparisons += 1;
        if self.comparisons > MOST {
            return self.fail("there are too many comparisons");
        }
        if self.takes_word("pr") {
            return Ok(Filter::Present(name));
        }
        match Comparison::ALL.into_iter().find(|(word, _)| self.takes_word(word)) {
            Some((_, comparison)) => Ok(Filter::Compare(name, comparison, self.literal()?)),
            None => self.fail("a comparison such as eq is missing"),
        }
    }

    fn literal(&mut self) -> Result<Literal> {
        for (word, literal) in [("true", Literal::Bool(true)), ("false", Literal::Bool(false)), ("null", Literal::Null)]
        {
            if self.takes_word(word) {
                return Ok(literal);
            }
        }
        let rest = self.rest();
        if rest.starts_with('"') {
            let mut texts = serde_json::Deserializer::from_str(rest).into_iter::<String>();
            // PostgreSQL stores no NUL, so nothing is like that.
            let Some(Ok(text)) = texts.next().filter(|text| !text.as_ref().is_ok_and(|text| text.contains('\0')))
            else {
                return self.fail("the text has no end, or is no JSON string that could be kept");
            };
            self.at += texts.byte_offset();
            return Ok(Literal::Text(text));
        }
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c)).unwrap_or(rest.len());
        let Ok(number) = serde_json::from_str(&rest[..end]) else {
            return self.fail("a value is missing: text in double quotes, a number, true, false or null");
        };
        self.at += end;
        Ok(Literal::Number(number))
    }

    fn name(&mut self) -> Result<Name> {
        self.space();
        let rest = self.rest();
        let end = rest.find(|c| !is_of_name(c) && c != '.' && c != ':').unwrap_or(rest.len());
        let (schema, own) = match rest[..end].rsplit_once(':') {
            Some((schema, own)) => (Some(schema.to_owned()), own),
            None => (None, &rest[..end]),
        };
        let mut parts = own.split('.').map(str::to_owned);
        let (attribute, sub) = (parts.next().unwrap_or_default(), parts.next());
        let is_good = |word: &str| word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '$');
        if parts.next().is_some() || !is_good(&attribute) || sub.as_deref().is_some_and(|sub| !is_good(sub)) {
            return self.fail("the name of an attribute is missing");
        }
        self.at += end;
        Ok(Name { schema, attribute, sub })
    }

    fn word(&mut self) -> Result<String> {
        let rest = self.rest();
        let end = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
        if end == 0 {
            return self.fail("the name of an attribute is missing");
        }
        self.at += end;
        Ok(rest[..end].to_owned())
    }
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || ['-', '_', '$'].contains(&c)
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, all: &[Self], word: &str, apart: fn(&Self) -> bool| {
            for (at, each) in all.iter().enumerate() {
                let before = if at == 0 { String::new() } else { format!(" {word} ") };
                if apart(each) { write!(f, "{before}({each})")? } else { write!(f, "{before}{each}")? }
            }
            Ok(())
        };
        match self {
            Self::Or(all) => joined(f, all, "or", |each| matches!(each, Self::Or(_))),
            Self::And(all) => joined(f, all, "and", |each| matches!(each, Self::Or(_) | Self::And(_))),
            Self::Not(filter) => write!(f, "not ({filter})"),
            Self::Compare(name, comparison, literal) => {
                let word = Comparison::ALL.iter().find(|(_, known)| known == comparison).map_or("", |(word, _)| word);
                write!(f, "{name} {word} {literal}")
            }
            Self::Present(name) => write!(f, "{name} pr"),
            Self::Values(name, filter) => write!(f, "{name}[{filter}]"),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { schema, attribute, sub } = self;
        if let Some(schema) = schema {
            write!(f, "{schema}:")?;
        }
        f.write_str(attribute)?;
        sub.as_ref().map_or(Ok(()), |sub| write!(f, ".{sub}"))
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{}", Value::from(text.as_str())),
            Self::Number(number) => number.fmt(f),
            Self::Bool(yes) => yes.fmt(f),
            Self::Null => f.write_str("null"),
        }
    }
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
