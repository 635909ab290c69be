//! The command line `seed` on a database of the test's own.

#[path = "../../../api/tests/it/support/database.rs"]
mod database;

use std::process::{Command, Output};

use database::TestDatabase;
use secrecy::ExposeSecret;

/// What the database's secrets are encrypted with.
pub const KEY: (&str, &str) = ("CURFEW_SECRETS_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");

/// A database, and the program on it.
pub struct Seed(pub TestDatabase);

impl Seed {
    pub async fn new() -> Self {
        Self(TestDatabase::new().await)
    }

    pub fn output(&self, line: &[&str]) -> Output {
        self.output_with(line, &[])
    }

    /// The same with more in the environment.
    pub fn output_with(&self, line: &[&str], more: &[(&str, &str)]) -> Output {
        let url = self.0.url("curfew_owner");
        let mut command = Command::new(env!("CARGO_BIN_EXE_seed"));
        command
            .args(line)
            .env_clear()
            .env("DATABASE_OWNER_URL", url.expose_secret())
            .envs([KEY])
            .envs(more.iter().copied());
        command.output().expect("it ran")
    }

    pub fn run(&self, line: &[&str]) -> String {
        let output = self.output(line);
        assert!(output.status.success(), "{line:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// One sentence, and a non-zero exit.
    pub fn refused(&self, line: &[&str]) -> String {
        let output = self.output(line);
        assert_eq!(output.status.code(), Some(1), "{line:?}: {output:?}");
        String::from_utf8(output.stderr).expect("text").trim_end().to_owned()
    }

    pub async fn count(&self, sql: &str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.0.superuser).await.expect(sql)
    }
}
