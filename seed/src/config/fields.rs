//! Reading TOML so that all that is wrong is said at once, each with its place. (serde would stop at the first.)

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::shape::Thing;

/// A line and a column of a file, as an editor counts them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    file: Rc<str>,
    line: usize,
    column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Where a field of a thing is said; the thing as a whole has the empty name.
pub type Places = BTreeMap<(Thing, &'static str), Place>;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where, if it is said anywhere.
    pub place: Option<Place>,
    /// What, and how to mend it.
    pub sentence: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.sentence),
            None => f.write_str(&self.sentence),
        }
    }
}

/// A file that is being read, and what was found wrong with it.
pub struct Reader<'a> {
    file: Rc<str>,
    text: &'a str,
    /// Where each line begins.
    lines: Vec<usize>,
    problems: RefCell<Vec<Problem>>,
}

impl<'a> Reader<'a> {
    /// Of this file, under the name that it is spoken of by.
    pub fn new(file: &str, text: &'a str) -> Self {
        let lines = [0].into_iter().chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { file: file.into(), text, lines, problems: RefCell::default() }
    }

    /// The file's outermost table. What is no TOML is left out, and said.
    pub fn document(&self) -> Spanned<DeTable<'a>> {
        let (document, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            // The parser's message may have several lines.
            let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
            self.wrong(&error.span().unwrap_or_default(), format!("This is no TOML: {message}."));
        }
        document
    }

    /// Where something is.
    pub fn place(&self, at: &Range<usize>) -> Place {
        let line = self.lines.partition_point(|begins| *begins <= at.start);
        let begins = self.lines.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let column = self.text.get(begins..at.start).unwrap_or_default().chars().count() + 1;
        Place { file: self.file.clone(), line, column }
    }

    /// Something is wrong there.
    pub fn wrong(&self, at: &Range<usize>, sentence: impl Into<String>) {
        self.problems.borrow_mut().push(Problem { place: Some(self.place(at)), sentence: sentence.into() });
    }

    /// What was found.
    pub fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }
}

/// A value, and where it stands.
#[derive(Clone, Debug)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where.
    pub at: Range<usize>,
}

/// A table that is being read: what was not asked for in the end should not be there.
pub struct Fields<'r, 'a> {
    reader: &'r Reader<'a>,
    /// Where the table begins.
    pub at: Range<usize>,
    table: &'r DeTable<'a>,
    asked: Vec<&'static str>,
}

impl<'r, 'a> Fields<'r, 'a> {
    /// Of this table.
    pub fn new(reader: &'r Reader<'a>, at: Range<usize>, table: &'r DeTable<'a>) -> Self {
        Self { reader, at, table, asked: Vec::new() }
    }

    fn take(&mut self, name: &'static str) -> Option<&'r Spanned<DeValue<'a>>> {
        self.asked.push(name);
        self.table.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value)
    }

    /// A field that `read` understands; otherwise it must be `what`.
    fn take_as<T>(
        &mut self,
        name: &'static str,
        what: &str,
        read: impl FnOnce(&'r DeValue<'a>) -> Option<T>,
    ) -> Option<At<T>> {
        let found = self.take(name)?;
        let read = read(found.get_ref());
        if read.is_none() {
            self.reader.wrong(&found.span(), format!("`{name}` must be {what}."));
        }
        read.map(|value| At { value, at: found.span() })
    }

    /// A text.
    pub fn text(&mut self, name: &'static str) -> Option<At<&'r str>> {
        self.take_as(name, "a text in quotes", DeValue::as_str)
    }

    /// A text that must be there.
    pub fn needed(&mut self, name: &'static str) -> Option<At<&'r str>> {
        if !self.table.iter().any(|(key, _)| key.get_ref() == name) {
            self.reader.wrong(&self.at, format!("`{name}` is missing here."));
        }
        self.text(name)
    }

    /// Yes or no.
    pub fn flag(&mut self, name: &'static str) -> Option<At<bool>> {
        self.take_as(name, "true or false", DeValue::as_bool)
    }

    /// Texts.
    pub fn texts(&mut self, name: &'static str) -> Option<At<Vec<At<&'r str>>>> {
        self.take_as(name, "a list of texts in quotes, as [\"one\", \"another\"]", |value| {
            let text = |value: &'r Spanned<DeValue<'a>>| {
                value.get_ref().as_str().map(|text| At { value: text, at: value.span() })
            };
            value.as_array()?.iter().map(text).collect()
        })
    }

    /// A table of its own, as `[org.name]`.
    pub fn table(&mut self, name: &'static str) -> Option<Fields<'r, 'a>> {
        let found = self.take_as(name, &format!("a table: begin it with [org.{name}]"), DeValue::as_table)?;
        Some(Fields::new(self.reader, found.at, found.value))
    }

    /// Tables, as `[[org.name]]`.
    pub fn tables(&mut self, name: &'static str, written: &str) -> Vec<Fields<'r, 'a>> {
        let reader = self.reader;
        let found = self.take_as(name, &format!("tables: begin each with {written}"), |value| {
            let table = |value: &'r Spanned<DeValue<'a>>| {
                value.get_ref().as_table().map(|table| Fields::new(reader, value.span(), table))
            };
            value.as_array()?.iter().map(table).collect::<Option<Vec<_>>>()
        });
        found.map(|found| found.value).unwrap_or_default()
    }

    /// Says what is there and was not asked for.
    pub fn done(self) {
        for (key, _) in self.table {
            if !self.asked.iter().any(|name| key.get_ref() == name) {
                let sentence = format!("There is no `{}` here; there are {}.", key.get_ref(), self.asked.join(", "));
                self.reader.wrong(&key.span(), sentence);
            }
        }
    }
}
