//! The files that keys are written to when they are made, for their owner alone.
//!
//! A key can be read once, so it is written before the database commits it, under a name beside the file's; and takes the
//! file's name afterwards. Whatever ends us in between, the next time finds it there, and asks the database whether the
//! key counts.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use api::domain::Tx;
use api::domain::api_keys::{self, PlainKey};
use api::kernel::Op;
use secrecy::{ExposeSecret, SecretString};

/// How every key begins.
const KEY: &str = "cfw_";

/// Why no key can be written to `path`, if none can.
pub fn in_the_way(path: &Path) -> Option<String> {
    let shown = path.display();
    match fs::read_to_string(path) {
        Ok(text) if text.trim().is_empty() || is_key(&text) => None,
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Ok(_) => Some(format!("{shown} is there and holds no key: move it away, or name another file.")),
        Err(error) => Some(format!("{shown} is there and cannot be read ({error}): name another file.")),
    }
}

fn is_key(text: &str) -> bool {
    text.starts_with(KEY) && text.lines().count() == 1
}

/// A key that was written beside its file.
#[derive(Debug)]
pub struct Staged {
    path: PathBuf,
}

/// Writes a key beside its file, for its owner alone, and sees to it that it is on the disk.
pub fn stage(path: &Path, key: &SecretString) -> Result<Staged> {
    let write = || -> io::Result<()> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            make_folder(folder)?;
        }
        // Whatever is there is of somebody who did not come to an end, and counts for nothing.
        remove(&beside(path))?;
        let mut file = private(&beside(path))?;
        writeln!(file, "{}", key.expose_secret())?;
        file.sync_all()
    };
    write().with_context(|| format!("The key cannot be written to {}.", path.display()))?;
    Ok(Staged { path: path.to_owned() })
}

impl Staged {
    /// Gives it the file's name, once the key counts.
    pub fn settle(self) -> Result<()> {
        settle(&self.path)
    }

    /// Takes it away, when the key does not come to count.
    pub fn discard(self) {
        // The next time finds and removes it, if this cannot.
        let _ = remove(&beside(&self.path));
    }
}

/// Whether something was left beside `path`.
pub fn is_left(path: &Path) -> bool {
    beside(path).exists()
}

/// Ends what somebody left undone: a key that counts gets its file, another goes. To be called by whoever has the org
/// alone, so that nobody is in the middle of it.
pub async fn recover(tx: &Tx, op: &Op, path: &Path) -> Result<()> {
    let Ok(text) = fs::read_to_string(beside(path)) else { return Ok(()) };
    // Only a whole one: its checksum says so.
    let id = PlainKey::id_of(text.trim());
    let counts = api_keys::list(tx, op.scope).await?.iter().any(|key| Some(key.id) == id && !key.is_over(op.now));
    if counts {
        return settle(path);
    }
    remove(&beside(path)).with_context(|| format!("{} cannot be removed.", beside(path).display()))
}

fn settle(path: &Path) -> Result<()> {
    match fs::rename(beside(path), path) {
        // Somebody who came after us has done it.
        Err(error) if error.kind() == ErrorKind::NotFound && path.exists() => Ok(()),
        done => done.with_context(|| {
            format!("The key was made and stands in {}, but cannot be moved to its file.", beside(path).display())
        }),
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    path.with_file_name(name)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}
