//! Servers that the demo starts: under which user they run, how they end, and what they last said.

use std::{
    ffi::OsStr,
    fs,
    io::{Read, Seek, SeekFrom},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Gid, Pid, Uid, User, chown, geteuid},
};
use tokio::process::{Child, Command};

use crate::error::{Error, Result};

/// The user that servers run as. PostgreSQL and Elasticsearch refuse to run as root, so a root console lends them
/// one without rights.
#[derive(Debug, Clone, Copy)]
pub(super) struct RunAs {
    other: Option<(Uid, Gid)>,
}

impl RunAs {
    /// # Errors
    /// `Unavailable` where the console runs as root and the system has neither a user `postgres` nor `nobody`.
    pub(super) fn choose() -> Result<Self> {
        if !geteuid().is_root() {
            return Ok(Self { other: None });
        }
        let found = ["postgres", "nobody"].iter().find_map(|name| User::from_name(name).ok().flatten());
        match found {
            Some(user) => Ok(Self { other: Some((user.uid, user.gid)) }),
            None => Err(sentence(
                "The demo's servers can't run as root, and there is no user postgres or nobody to run them as. \
                 Start the demo as an ordinary user.",
            )),
        }
    }

    /// Whether the servers run as somebody else than the console.
    pub(super) fn is_other(self) -> bool {
        self.other.is_some()
    }

    /// A command that runs as this user, and outside the terminal's process group: Ctrl-C is for the console,
    /// which then ends its servers in order.
    pub(super) fn command(self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.process_group(0).stdin(std::process::Stdio::null());
        if let Some((uid, gid)) = self.other {
            command.uid(uid.as_raw()).gid(gid.as_raw()).current_dir("/").env("HOME", "/tmp");
        }
        command
    }

    /// Gives a file or folder, with all that is in it, to this user.
    pub(super) fn give(self, path: &Path) -> Result<()> {
        let Some((uid, gid)) = self.other else { return Ok(()) };
        chown(path, Some(uid), Some(gid)).map_err(|errno| unwritable(path, errno.into()))?;
        if path.is_dir() {
            for entry in fs::read_dir(path).map_err(|error| unwritable(path, error))? {
                self.give(&entry.map_err(|error| unwritable(path, error))?.path())?;
            }
        }
        Ok(())
    }

    /// Whether this user may enter every folder on the way to `path`, and read it.
    pub(super) fn reaches(self, path: &Path) -> bool {
        let Some((uid, gid)) = self.other else { return true };
        path.ancestors().filter(|part| !part.as_os_str().is_empty()).all(|part| {
            // To pass through a folder takes less than to look into it.
            let needed = if part == path { 0o5 } else { 0o1 };
            fs::metadata(part).is_ok_and(|meta| {
                let shift = match () {
                    () if meta.uid() == uid.as_raw() => 6,
                    () if meta.gid() == gid.as_raw() => 3,
                    () => 0,
                };
                (meta.mode() >> shift) & needed == needed
            })
        })
    }

    /// `installed` itself, or where this user can't reach it (it lies in root's home) a copy in `beside`.
    pub(super) fn reachable(self, installed: &Path, beside: &Path) -> Result<PathBuf> {
        let installed = installed.canonicalize().map_err(|error| unreadable(installed, error))?;
        if self.reaches(&installed) {
            return Ok(installed);
        }
        let name = installed.file_name().unwrap_or(OsStr::new("server"));
        let copy = match bundled_libraries(&installed) {
            Some((package, libraries)) => {
                copy_once(&libraries, &beside.join(package).with_extension("libs"))?;
                let package = beside.join(package);
                make_folder(&package)?;
                package.join(name)
            }
            None => beside.join(name),
        };
        copy_once(&installed, &copy)?;
        Ok(copy)
    }
}

/// A Python wheel keeps libraries in a folder beside its package, and its programs look for them there, seen from their own
/// place: the package's name, and that folder.
fn bundled_libraries(installed: &Path) -> Option<(&OsStr, PathBuf)> {
    let package = installed.parent()?;
    let libraries = package.with_extension("libs");
    Some((package.file_name()?, libraries)).filter(|(_, libraries)| libraries.is_dir())
}

fn copy_once(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        return Ok(());
    }
    let unfinished = to.with_extension("part");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(|error| unwritable(&unfinished, error))?;
    }
    copy_folder(from, &unfinished)?;
    fs::rename(&unfinished, to).map_err(|error| unwritable(to, error))
}

fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| unwritable(path, error))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).map_err(|error| unwritable(path, error))
}

/// Symbolic links are kept (libraries have versions by link); modes come with the files.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    make_folder(to)?;
    for entry in fs::read_dir(from).map_err(|error| unreadable(from, error))? {
        let entry = entry.map_err(|error| unreadable(from, error))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(|error| unreadable(&source, error))?;
        if kind.is_dir() {
            copy_folder(&source, &target)?;
        } else if kind.is_symlink() {
            let link = fs::read_link(&source).map_err(|error| unreadable(&source, error))?;
            std::os::unix::fs::symlink(link, &target).map_err(|error| unwritable(&target, error))?;
        } else {
            fs::copy(&source, &target).map_err(|error| unwritable(&target, error))?;
        }
    }
    Ok(())
}

/// Asks a server to end, waits, and asks more firmly each time it does not.
///
/// # Errors
/// `Unavailable` when it is still there after the last signal.
pub(super) async fn end(child: &mut Child, name: &str, signals: &[(Signal, Duration)]) -> Result<()> {
    for (signal, patience) in signals {
        let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()) else { return Ok(()) };
        // It may have ended by itself meanwhile; then waiting for it returns at once.
        let _ = kill(Pid::from_raw(pid), *signal);
        if tokio::time::timeout(*patience, child.wait()).await.is_ok() {
            return Ok(());
        }
        tracing::warn!(name, %signal, "server did not end in time");
    }
    Err(sentence(format!("{name} does not end. End it by hand.")))
}

/// Ends a server that outlived a console that was killed: the caller holds the lock of the folder that it works in.
///
/// # Errors
/// `Unavailable` when it is still there after the last signal.
pub(super) async fn end_orphan(
    name: &str,
    pid_file: &Path,
    works_in: &Path,
    signals: &[(Signal, Duration)],
) -> Result<()> {
    let Some(pid) = running(pid_file, works_in) else { return Ok(()) };
    tracing::info!(name, %pid, "ending the server of a demo that was killed");
    for (signal, patience) in signals {
        let _ = kill(pid, *signal);
        let mut left = *patience;
        while is_alive(pid) && !left.is_zero() {
            let moment = Duration::from_millis(50);
            tokio::time::sleep(moment).await;
            left = left.saturating_sub(moment);
        }
        if !is_alive(pid) {
            return Ok(());
        }
    }
    Err(sentence(format!("{name} (process {pid}) still uses {}. End it by hand.", works_in.display())))
}

/// The process that a file names, while it is there and works in a folder. Its id may have passed to another process
/// since, so its command line is looked at where the system shows it.
fn running(pid_file: &Path, works_in: &Path) -> Option<Pid> {
    let pid: i32 = fs::read_to_string(pid_file).ok()?.lines().next()?.trim().parse().ok()?;
    let pid = Pid::from_raw(pid);
    // 0 and below would stand for groups of processes.
    if pid.as_raw() <= 1 || !is_alive(pid) {
        return None;
    }
    match fs::read(format!("/proc/{pid}/cmdline")) {
        Ok(line) => String::from_utf8_lossy(&line).contains(&*works_in.to_string_lossy()).then_some(pid),
        Err(_) if Path::new("/proc/self").exists() => None,
        Err(_) => Some(pid),
    }
}

/// A process that has ended and that nobody has waited for yet is not alive.
fn is_alive(pid: Pid) -> bool {
    if kill(pid, None) == Err(nix::errno::Errno::ESRCH) {
        return false;
    }
    fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |stat| !stat.contains(") Z "))
}

/// The last lines of a log, on one line, to be read in an error's sentence.
pub(super) fn last_lines(log: &Path, lines: usize) -> String {
    const ENOUGH: u64 = 4096;
    let read = || -> std::io::Result<String> {
        let mut file = fs::File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(ENOUGH)))?;
        let mut tail = Vec::new();
        file.read_to_end(&mut tail)?;
        Ok(String::from_utf8_lossy(&tail).into_owned())
    };
    let Ok(tail) = read() else { return format!("{} tells nothing", log.display()) };
    let said: Vec<&str> = tail.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    said[said.len().saturating_sub(lines)..].join(" | ")
}

pub(super) fn sentence(message: impl Into<String>) -> Error {
    Error::Unavailable { message: message.into(), source: None }
}

pub(super) fn unwritable(path: &Path, error: std::io::Error) -> Error {
    Error::unavailable(
        format!("{} can't be written: {error}. Choose another folder for the demo with --data.", path.display()),
        error,
    )
}

pub(super) fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::unavailable(format!("{} can't be read: {error}.", path.display()), error)
}
