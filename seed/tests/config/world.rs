//! A database, files, and what the program says of them.

use std::path::{Path, PathBuf};

use crate::common::Seed;

/// A database, and a folder for files.
pub struct World {
    /// The database, and the program.
    pub seed: Seed,
    /// The files.
    pub folder: PathBuf,
}

/// Everything that a file can say.
pub const GARDEN: &str = r#"
[[org]]
slug = "garden.example"
name = "The Garden"
domains = ["flowers.example", "birds.example"]

[org.policy]
idle_timeout = "15m"
absolute_lifetime = "8h"
ends_provider_session = true

[[org.sso]]
issuer = "https://idp.example/garden"
client_id = "curfew"
client_secret_env = "GARDEN_SECRET"

[[org.sso]]
domain = "birds.example"
issuer = "https://birds.example"
client_id = "nest"
client_auth = "private_key_jwt"
provisions = false
prompt_only = true
requires_logout_typ = true

[[org.role]]
name = "Owner"
grants = "owner"

[[org.role]]
name = "Gardener"
grants = "member"
description = "Waters \"everything\"."

[[org.role]]
kind = "entitlement"
name = "has_key"

[[org.key]]
name = "Friday's report"
scopes = ["users:read", "todos:read"]
lifetime = "90d"
file = "report.key"

[[org.key]]
name = "Sign-out"
scopes = ["revoke"]
file = "keys/sign-out.key"
"#;

pub const SECRET: (&str, &str) = ("GARDEN_SECRET", "hush-hush");

impl World {
    pub async fn new() -> Self {
        let seed = Seed::new().await;
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&seed.0.name);
        std::fs::create_dir_all(&folder).expect("a folder");
        Self { seed, folder }
    }

    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        std::fs::write(&path, text).expect("written");
        path.to_str().expect("text").to_owned()
    }

    /// What it says, with the file's path shortened, and its exit code.
    pub fn says(&self, line: &[&str], variables: &[(&str, &str)]) -> (String, i32) {
        let output = self.seed.output_with(line, variables);
        let text = [output.stdout, output.stderr].map(|text| String::from_utf8(text).expect("text")).concat();
        let folder = format!("{}/", self.folder.display());
        (text.replace(&folder, ""), output.status.code().expect("an exit code"))
    }

    /// What a plan of this file says, and its exit code.
    pub fn plan(&self, text: &str) -> (String, i32) {
        let file = self.file("garden.toml", text);
        self.says(&["plan", &file, "--no-check"], &[SECRET])
    }

    /// Applies this file.
    pub fn apply(&self, text: &str) -> String {
        let file = self.file("garden.toml", text);
        let (told, code) = self.says(&["apply", &file, "--no-check", "--yes"], &[SECRET]);
        assert_eq!(code, 0, "{told}");
        told
    }

    /// There is nothing to do.
    #[track_caller]
    pub fn is_so(&self, text: &str) {
        let (told, code) = self.plan(text);
        assert_eq!((told.lines().next(), code), (Some("No changes: the database is as the file says."), 0), "{told}");
    }

    /// What would be done by this file; there must be something.
    #[track_caller]
    pub fn planned(&self, text: &str) -> String {
        let (told, code) = self.plan(text);
        assert_eq!(code, 2, "{told}");
        told
    }

    pub fn export(&self) -> String {
        self.seed.run(&["export"])
    }

    pub async fn sql(&self, sql: &str) {
        sqlx::query(sql).execute(&self.seed.0.superuser).await.expect(sql);
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            std::fs::remove_dir_all(&self.folder).expect("removed");
        }
    }
}
