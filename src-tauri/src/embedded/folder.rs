//! The demo's folder: one console at a time uses it, and it keeps what the next start needs.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use rand::{Rng, distr::Alphanumeric};
use serde::{Deserialize, Serialize};

use super::process::{RunAs, sentence, unreadable, unwritable};
use crate::error::{Error, Result};

/// How many demos of one user find a folder by themselves.
const AT_ONCE: usize = 20;

/// A folder that only this console uses, as long as the value lives.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// The lock ends with the process, however that ends.
    _lock: File,
}

/// What the folder remembers from one start to the next; nobody else may read it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Memory {
    /// Of PostgreSQL's superuser.
    pub(super) superuser: String,
    pub(super) worker: String,
    /// Passwords of the sample operators, by username.
    pub(super) operators: std::collections::BTreeMap<String, String>,
    /// Where the photo server listened, so that the addresses in the database stay true.
    pub(super) photo_port: Option<u16>,
}

impl Folder {
    /// The folder that was named, or the first free one of the usual place.
    ///
    /// # Errors
    /// `Unavailable` when another console uses the named folder, or when it can't be written.
    pub(super) fn take(named: Option<&Path>, servers: RunAs) -> Result<Self> {
        if let Some(path) = named {
            return Self::lock(path, servers)?.ok_or_else(|| {
                sentence(format!(
                    "Another demo is using {}. Close it, or name another folder with --data.",
                    path.display()
                ))
            });
        }
        let usual = usual_place(servers)?;
        for number in 1..=AT_ONCE {
            let name = if number == 1 { "demo".into() } else { format!("demo-{number}") };
            if let Some(folder) = Self::lock(&usual.join(name), servers)? {
                return Ok(folder);
            }
        }
        Err(sentence(format!("{AT_ONCE} demos are open already. Close one, or name a folder with --data.")))
    }

    /// `None` when another console holds it.
    fn lock(path: &Path, servers: RunAs) -> Result<Option<Self>> {
        fs::create_dir_all(path).map_err(|error| unwritable(path, error))?;
        let path = path.canonicalize().map_err(|error| unreadable(path, error))?;
        if servers.is_other() {
            // The servers' own folders inside are closed to others; this one only lets them pass.
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).map_err(|error| unwritable(&path, error))?;
            if !servers.reaches(&path) {
                return Err(sentence(format!(
                    "The demo's servers don't run as root and can't reach {}. Name a folder outside of root's home \
                     with --data, or start the demo as an ordinary user.",
                    path.display()
                )));
            }
        }
        let lock_path = path.join("lock");
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock_path)
            .map_err(|error| unwritable(&lock_path, error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self { path, _lock: lock })),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(unwritable(&lock_path, error)),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// What was remembered, with passwords for whoever has none yet.
    pub(super) fn memory(&self, operators: &[&str]) -> Result<Memory> {
        let path = self.memory_path();
        let mut memory: Memory = match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| {
                Error::internal(
                    format!("{} is damaged. Delete {} to begin anew.", path.display(), self.path.display()),
                    error,
                )
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Memory::default(),
            Err(error) => return Err(unreadable(&path, error)),
        };
        for password in [&mut memory.superuser, &mut memory.worker] {
            if password.is_empty() {
                *password = new_password();
            }
        }
        for operator in operators {
            memory.operators.entry((*operator).to_owned()).or_insert_with(new_password);
        }
        self.remember(&memory)?;
        Ok(memory)
    }

    pub(super) fn remember(&self, memory: &Memory) -> Result<()> {
        let path = self.memory_path();
        let text = serde_json::to_vec_pretty(memory)
            .map_err(|error| Error::internal("The demo's passwords can't be written down.", error))?;
        write_secret(&path.with_extension("part"), &text)?;
        fs::rename(path.with_extension("part"), &path).map_err(|error| unwritable(&path, error))
    }

    fn memory_path(&self) -> PathBuf {
        self.path.join("passwords.json")
    }
}

/// Writes a file that only its owner may read.
pub(super) fn write_secret(path: &Path, content: &[u8]) -> Result<()> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(content))
        .map_err(|error| unwritable(path, error))
}

/// The user's data folder; for root one that its servers, which don't run as root, can reach.
fn usual_place(servers: RunAs) -> Result<PathBuf> {
    if servers.is_other() {
        return Ok(PathBuf::from("/var/lib/kaleidoscope-console"));
    }
    directories::ProjectDirs::from("org", "Kaleidoscope", "kaleidoscope-console")
        .map(|places| places.data_dir().to_path_buf())
        .ok_or_else(|| sentence("You have no home folder. Name a folder for the demo with --data."))
}

fn new_password() -> String {
    rand::rng().sample_iter(Alphanumeric).take(32).map(char::from).collect()
}
