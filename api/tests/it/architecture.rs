//! The inner walls. They stand because this test reads the source, not because everybody remembers them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use syn::UseTree;
use syn::visit::Visit;

/// Who may see whom: a module may use those left of it.
const HOUSE: [&str; 8] = ["kernel", "config", "entity", "domain", "oidc", "state", "http", "app"];
const ROOMS: [&str; 12] = [
    "audit",
    "orgs",
    "users",
    "groups",
    "roles",
    "todos",
    "api_keys",
    "sessions",
    "revocation",
    "lifecycle",
    "sso",
    "scim",
];

#[derive(Clone)]
struct Source {
    /// Below the repository, with `/`.
    path: String,
    text: String,
}

fn sources(folder: &str, endings: &[&str]) -> Vec<Source> {
    fn walk(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            let name = entry.file_name().expect("a name").to_string_lossy().into_owned();
            if entry.is_dir() && !["target", "node_modules", "dist", "test-results"].contains(&name.as_str()) {
                walk(&entry, endings, found);
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(entry);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    let mut found = Vec::new();
    walk(&root.join(folder), endings, &mut found);
    assert!(!found.is_empty(), "nothing in {folder}");
    let relative = |file: &Path| file.strip_prefix(root).expect("below").to_string_lossy().replace('\\', "/");
    found
        .iter()
        .map(|file| Source { path: relative(file), text: std::fs::read_to_string(file).expect("text") })
        .collect()
}

fn api() -> Vec<Source> {
    sources("api/src", &[".rs"])
}

/// The first part of a path below `api/src`, and the second.
fn place(path: &str) -> (&str, &str) {
    let mut parts = path.trim_start_matches("api/src/").trim_end_matches(".rs").split('/');
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

/// Every path of the file that leads to a module of ours, from the crate's root: `domain::users::find`.
struct Paths<'a> {
    /// The modules that lead to this file.
    here: &'a [String],
    found: BTreeSet<Vec<String>>,
}

impl Paths<'_> {
    fn add(&mut self, path: &[String]) {
        let own = match path.first().map(String::as_str) {
            Some("crate") => path[1..].to_vec(),
            Some("super" | "self") => {
                let up = path.iter().take_while(|part| *part == "super").count();
                let rest = path.iter().skip_while(|part| ["super", "self"].contains(&part.as_str()));
                self.here[..self.here.len().saturating_sub(up)].iter().chain(rest).cloned().collect()
            }
            _ => return,
        };
        self.found.insert(own);
    }

    fn walk(&mut self, tree: &UseTree, before: &[String]) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.walk(&path.tree, &with(&path.ident)),
            UseTree::Group(group) => group.items.iter().for_each(|item| self.walk(item, before)),
            UseTree::Name(name) => self.add(&with(&name.ident)),
            UseTree::Rename(rename) => self.add(&with(&rename.ident)),
            UseTree::Glob(_) => self.add(before),
        }
    }
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.walk(&item.tree, &[]);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.add(&path.segments.iter().map(|segment| segment.ident.to_string()).collect::<Vec<_>>());
        syn::visit::visit_path(self, path);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        // A file's own tests sit one deeper and see what their file sees.
        if item.ident != "tests" {
            syn::visit::visit_item_mod(self, item);
        }
    }
}

fn paths(source: &Source) -> BTreeSet<Vec<String>> {
    let inner = source.path.trim_start_matches("api/src/").trim_end_matches(".rs");
    let here: Vec<_> =
        inner.split('/').filter(|part| !["mod", "lib", "main"].contains(part)).map(str::to_owned).collect();
    let mut paths = Paths { here: &here, found: BTreeSet::new() };
    paths.visit_file(&syn::parse_file(&source.text).expect("Rust"));
    paths.found
}

#[test]
fn imports_point_down() {
    let rank = |list: &[&str], path: &[String], at: usize| {
        path.get(at).and_then(|name| list.iter().position(|known| known == name))
    };
    let mut wrong = Vec::new();
    let mut seen = 0;
    for source in api().iter().filter(|source| source.path.trim_start_matches("api/src/").contains('/')) {
        let (module, room) = place(&source.path);
        let own = [module.to_owned(), room.to_owned()];
        for path in paths(source) {
            seen += 1;
            match (rank(&HOUSE, &own, 0), rank(&HOUSE, &path, 0)) {
                (Some(mine), Some(theirs)) if theirs <= mine => {}
                _ => wrong.push(format!("{} sees {}", source.path, path.join("::"))),
            }
            if path.first().is_some_and(|first| first == "domain" && module == "domain")
                && let (Some(mine), Some(theirs)) = (rank(&ROOMS, &own, 1), rank(&ROOMS, &path, 1))
                && theirs > mine
            {
                wrong.push(format!("{} sees {}", source.path, path.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 100, "only {seen} paths were seen, so this test sees nothing");
}

#[test]
fn every_room_has_its_place() {
    let rooms: BTreeSet<_> = api()
        .iter()
        .map(|s| place(&s.path))
        .filter(|(module, room)| *module == "domain" && *room != "mod")
        .map(|(_, room)| room.to_owned())
        .collect();
    assert_eq!(rooms, ROOMS.iter().map(|room| (*room).to_owned()).collect());
}

#[test]
fn only_stores_speak_sql() {
    // Before anybody is served, what the database is gets checked: no tenant's row is read there.
    let elsewhere = ["api/src/app/start.rs"];
    let marks = ["sqlx::query", "Statement::", "execute_unprepared", "QueryFilter", "EntityTrait", "QuerySelect"];
    for source in api() {
        if source.path.ends_with("/store.rs") || elsewhere.contains(&source.path.as_str()) {
            continue;
        }
        for mark in marks {
            assert!(!source.text.contains(mark), "{} has {mark}", source.path);
        }
    }
}

#[test]
fn one_room_ends_sign_ins() {
    for source in api() {
        if source.path == "api/src/domain/revocation/store.rs" {
            continue;
        }
        let text = source.text.replace(char::is_whitespace, "");
        for mark in [
            "ended_at=$",
            "ended_at:Set(",
            "generation:Set(",
            "setended_at",
            "generation=generation",
            "setgeneration",
            "Column::EndedAt,",
            "Column::Generation,",
            "reauth_since=$",
            "revoked_seq=next",
        ] {
            assert!(!text.contains(mark), "{} has {mark}", source.path);
        }
    }
}

/// Every other door that deactivated somebody would forget to sign them out; and every other one that made somebody an
/// owner, to look who is.
#[test]
fn one_room_says_who_may_come_in_and_one_what_they_may_do() {
    for (room, marks) in [
        ("api/src/domain/lifecycle/store.rs", ["setactive=", "removed_at=$", "Column::RemovedAt,"]),
        ("api/src/domain/roles/store.rs", ["setrole=", "insertintouser_entitlements", "Column::Role,"]),
    ] {
        assert!(api().iter().any(|source| source.path == room), "{room}");
        for source in api().into_iter().filter(|source| source.path != room) {
            let text = source.text.replace(char::is_whitespace, "");
            for mark in marks {
                assert!(!text.contains(mark), "{} has {mark}", source.path);
            }
        }
    }
}

#[test]
fn few_may_say_that_somebody_belongs_to_an_org() {
    let proven: BTreeSet<_> =
        api().into_iter().filter(|s| s.text.contains("OrgScope::proven(")).map(|s| s.path).collect();
    let expected = [
        // The look-ups by cookie and by key, the password that has just been checked, and a company that a URL names,
        // about which nobody has proven anything yet.
        "api/src/domain/api_keys/mod.rs",
        "api/src/domain/sessions/store.rs",
        "api/src/http/access.rs",
        "api/src/http/demand.rs",
        "api/src/http/login.rs",
    ];
    assert_eq!(proven, expected.map(str::to_owned).into());
}

#[test]
fn one_file_knows_statuses_and_problems() {
    // The third speaks HTTP as a client, in its crate's types.
    let rooms = ["api/src/http/", "api/src/app/", "api/src/oidc/"];
    for source in api().into_iter().filter(|s| !rooms.iter().any(|room| s.path.starts_with(room))) {
        for mark in ["StatusCode", "axum::", "http::"] {
            let seen =
                source.text.lines().filter(|line| !line.trim_start().starts_with("//")).any(|line| line.contains(mark));
            assert!(!seen, "{} knows HTTP: {mark}", source.path);
        }
    }
}

#[test]
fn files_stay_under_400_lines() {
    let folders = [
        ("api", &[".rs"][..]),
        ("migration", &[".rs", ".sql"]),
        ("seed", &[".rs"]),
        ("web", &[".ts", ".tsx", ".css"]),
        ("idp", &[".js", ".css"]),
        ("dev", &[""]),
    ];
    for (folder, endings) in folders {
        for source in sources(folder, endings).into_iter().filter(|s| !s.path.ends_with(".d.ts")) {
            let lines = source.text.lines().count();
            assert!(lines <= 400, "{} has {lines} lines", source.path);
        }
    }
}

#[test]
fn handlers_stay_under_25_lines() {
    for source in api().into_iter().filter(|s| s.path.starts_with("api/src/http/")) {
        for handler in source.text.split("#[utoipa::path").skip(1) {
            let from = handler.find("async fn").expect("a function");
            let body = handler[from..].split_once("{\n").expect("a body").1;
            let lines = body.lines().take_while(|line| *line != "}").count();
            let name = handler[from + 9..].split('(').next().expect("a name");
            assert!(lines <= 25, "{name} in {} has {lines} lines", source.path);
        }
    }
}

/// `docs/SECURITY.md` names tests. A name that no longer stands for one would be a claim without proof.
#[test]
fn every_test_that_the_documents_name_exists() {
    let tests = [sources("api", &[".rs"]), sources("seed", &[".rs"])].concat();
    for document in sources("docs", &[".md"]) {
        for name in document.text.split('`').skip(1).step_by(2).filter_map(|code| code.strip_prefix("it::")) {
            let name = name.rsplit("::").next().unwrap_or_default();
            let exists = tests.iter().any(|test| test.text.contains(&format!("fn {name}()")));
            assert!(exists, "{} names {name}, which is no test", document.path);
        }
    }
}

#[test]
fn every_variable_is_documented() {
    let document = sources("docs", &["CONFIGURATION.md"]).remove(0).text;
    for source in api() {
        for word in source.text.split(|c: char| !(c.is_ascii_uppercase() || c == '_')) {
            let variable = word.starts_with("CURFEW_") || word.starts_with("DATABASE_");
            assert!(!variable || document.contains(&format!("`{word}`")), "{word} is not in docs/CONFIGURATION.md");
        }
    }
}

#[test]
fn no_lint_is_silenced_without_a_reason() {
    for folder in ["api", "migration", "seed"] {
        for source in sources(folder, &[".rs"]).into_iter().filter(|s| !s.path.ends_with("architecture.rs")) {
            assert!(!source.text.contains("[allow("), "{} silences a lint with allow", source.path);
            for expectation in source.text.split("[expect(").skip(1) {
                let reason = expectation.split(")]").next().unwrap_or_default();
                assert!(reason.contains("reason ="), "{} expects a lint without a reason", source.path);
            }
        }
    }
}
