//! What a file says of companies, and what is wrong with it by itself: before any database is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use api::kernel;

use super::company::One;
use super::fields::{Fields, Place, Places, Problem, Reader};
use super::shape::{self, Company, Thing};

/// A company as a file declares it.
#[derive(Debug)]
pub struct Declared {
    /// What is said of it.
    pub company: Company,
    /// Where.
    pub places: Places,
    /// The folder of the file, from which the paths in it are.
    pub folder: PathBuf,
}

impl Declared {
    /// Where a field is said; else where its thing is, or the company.
    pub fn place(&self, thing: &Thing, field: &'static str) -> Option<Place> {
        let whole = (Thing::Company, "");
        let asked = [(thing.clone(), field), (thing.clone(), ""), whole];
        asked.iter().find_map(|asked| self.places.get(asked)).cloned()
    }

    /// A problem there.
    pub fn problem(&self, thing: &Thing, field: &'static str, sentence: impl Into<String>) -> Problem {
        Problem { place: self.place(thing, field), sentence: sentence.into() }
    }
}

/// Reads files of which each says something of other companies.
pub fn read(files: &[(PathBuf, String)]) -> (Vec<Declared>, Vec<Problem>) {
    let (mut all, mut problems) = (Vec::new(), Vec::new());
    for (path, text) in files {
        let (declared, found) = read_one(path, text);
        all.extend(declared);
        problems.extend(found);
    }
    problems.extend(said_twice(&all));
    all.sort_by(|one, other| one.company.slug.cmp(&other.company.slug));
    problems.sort();
    (all, problems)
}

fn read_one(path: &Path, text: &str) -> (Vec<Declared>, Vec<Problem>) {
    let reader = Reader::new(&path.display().to_string(), text);
    let document = reader.document();
    let mut top = Fields::new(&reader, 0..0, document.get_ref());
    let tables = top.tables("org", "[[org]]");
    top.done();
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let mut declared = Vec::new();
    for table in tables {
        let mut one = One::new(&reader);
        declared.extend(one.company(table).map(|company| {
            let (places, folder) = (one.places, folder.clone());
            Declared { company, places, folder }
        }));
    }
    drop(document);
    (declared, reader.into_problems())
}

/// Companies, domains and files of keys are one company's each.
fn said_twice(all: &[Declared]) -> Vec<Problem> {
    let (mut problems, mut domains, mut files) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
    for declared in all {
        let Company { slug, domains: more, keys, .. } = &declared.company;
        let things = more.iter().map(|domain| (domain, Thing::Domain(domain.clone()), ""));
        for (domain, thing, field) in [(slug, Thing::Company, "slug")].into_iter().chain(things) {
            let place = declared.place(&thing, field);
            if let Some(before) = domains.insert(domain.clone(), place.clone()) {
                let before = before.map(|place| format!(", at {place}")).unwrap_or_default();
                problems.push(Problem { place, sentence: format!("The domain {domain} is declared already{before}.") });
            }
        }
        let numbers = shape::numbered(keys.iter().map(|key| key.name.as_str()));
        for (key, (name, n)) in keys.iter().zip(numbers) {
            let place = declared.place(&Thing::Key(name, n), "file");
            if !files.insert(declared.folder.join(&key.file)) {
                let sentence = format!("Another key is written to {} already: each has a file of its own.", key.file);
                problems.push(Problem { place, sentence });
            }
        }
    }
    problems
}

/// What a role can grant, by its name in a file.
pub const ROLES: [(&str, kernel::Role); 4] = [
    ("owner", kernel::Role::Owner),
    ("admin", kernel::Role::Admin),
    ("auditor", kernel::Role::Auditor),
    ("member", kernel::Role::Member),
];

/// The role that a file calls so.
pub fn role_named(text: &str) -> Option<kernel::Role> {
    ROLES.iter().find(|(name, _)| *name == text).map(|(_, role)| *role)
}

/// A role's name in a file.
pub fn role_text(role: kernel::Role) -> &'static str {
    ROLES.iter().find(|(_, other)| *other == role).map_or("member", |(name, _)| name)
}

/// The less, the more it grants.
pub fn role_rank(role: Option<kernel::Role>) -> usize {
    ROLES.iter().position(|(_, other)| Some(*other) == role).unwrap_or(ROLES.len())
}
