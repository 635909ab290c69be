//! Files for their owner's eyes only.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};

/// Writes a file that nobody else can read, and makes its folder. Renamed into place, so that no half of it is ever read.
///
/// # Errors
/// When it cannot be written.
pub fn write(file: &Path, text: &str) -> Result<()> {
    let failed = || format!("Cannot write {}", file.display());
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(failed)?;
    }
    let mut name = file.file_name().with_context(failed)?.to_owned();
    name.push(".new");
    let new = file.with_file_name(name);
    // What was left of an earlier one might be open to others.
    let _absent = fs::remove_file(&new);
    let mut open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new).with_context(failed)?;
    open.write_all(text.as_bytes()).with_context(failed)?;
    fs::rename(&new, file).with_context(failed)
}
