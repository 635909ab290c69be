//! `seed plan`, `apply` and `export`, run as a person runs them.

mod common;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use common::Seed;

/// A database, and a folder for files.
struct World {
    seed: Seed,
    folder: PathBuf,
}

/// Everything that a file can say.
const GARDEN: &str = r#"
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

const SECRET: (&str, &str) = ("GARDEN_SECRET", "hush-hush");

impl World {
    async fn new() -> Self {
        let seed = Seed::new().await;
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&seed.0.name);
        std::fs::create_dir_all(&folder).expect("a folder");
        Self { seed, folder }
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        std::fs::write(&path, text).expect("written");
        path.to_str().expect("text").to_owned()
    }

    /// What it says, with the file's path shortened, and its exit code.
    fn says(&self, line: &[&str], variables: &[(&str, &str)]) -> (String, i32) {
        let output = self.seed.output_with(variables, line);
        let text = [output.stdout, output.stderr].map(|text| String::from_utf8(text).expect("text")).concat();
        let folder = format!("{}/", self.folder.display());
        (text.replace(&folder, ""), output.status.code().expect("an exit code"))
    }

    fn plan(&self, text: &str) -> (String, i32) {
        let file = self.file("garden.toml", text);
        self.says(&["plan", &file, "--no-check"], &[SECRET])
    }

    fn apply(&self, text: &str) -> String {
        let file = self.file("garden.toml", text);
        let (told, code) = self.says(&["apply", &file, "--no-check", "--yes"], &[SECRET]);
        assert_eq!(code, 0, "{told}");
        told
    }

    fn export(&self) -> String {
        self.seed.run(&["export"])
    }

    async fn sql(&self, sql: &str) {
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

#[tokio::test]
async fn a_plan_is_applied_and_then_there_is_nothing_to_do() {
    let world = World::new().await;
    let (told, code) = world.plan(GARDEN);
    println!("{told}");
    assert_eq!(code, 2, "{told}");
    let told = world.apply(GARDEN);
    println!("{told}");
    let (told, code) = world.plan(GARDEN);
    println!("{told}");
    assert_eq!(code, 0);
    println!("{}", world.export());
    for (name, mode) in [("report.key", 0o600), ("keys/sign-out.key", 0o600), ("keys", 0o700)] {
        let found = std::fs::metadata(world.folder.join(name)).expect(name).permissions().mode();
        assert_eq!(found & 0o777, mode, "{name}");
    }
}
