//! Pictures on disk, for the next start. One file each, named by hashes, so that several consoles share a folder without
//! talking: a file appears whole or not at all, and whoever finds too many removes the oldest.
//!
//! Beside the pictures are the sizes of their originals. Every call blocks; none fails: without a working disk there is just nothing kept.

use std::{
    collections::HashSet,
    ffi::OsStr,
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};

use super::Size;

/// Part of every name: raised when pictures come to be made differently.
const FORMAT: u32 = 1;
/// Of leftovers; nobody writes a file for longer.
const STALE: Duration = Duration::from_hours(1);
/// A file read more often than this is as young as can be.
const TOUCH: Duration = Duration::from_mins(10);
const TEMPORARY: &str = ".new-";
/// In the place of a variant's name.
const SIZE: &str = "size";
/// Between the hash of what was asked for and that of the address where its picture is.
const SHOWS: &str = "-shows-";

#[derive(Debug)]
pub(super) struct Disk {
    folder: PathBuf,
    /// Bytes.
    limit: u64,
    /// Bytes written since it was last seen to that the limit holds.
    unchecked: AtomicU64,
}

impl Disk {
    pub(super) fn new(folder: &Path, megabytes: u64) -> Self {
        let limit = megabytes.saturating_mul(1 << 20);
        // As if much had been written: what earlier runs left is looked at with the first picture.
        Self { folder: folder.join("pictures"), limit, unchecked: AtomicU64::new(limit) }
    }

    pub(super) fn read(&self, address: &str, variant: &str) -> Option<Vec<u8>> {
        let path = self.path(address, variant);
        let mut file = File::open(&path).ok()?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).ok()?;
        if !is_whole(&bytes) {
            // After a power cut a renamed file may lack its end.
            discard(&path);
            return None;
        }
        let now = SystemTime::now();
        let modified = file.metadata().and_then(|metadata| metadata.modified()).ok()?;
        if now.duration_since(modified).is_ok_and(|age| age > TOUCH) {
            // On failure it is only removed sooner.
            let _ = file.set_modified(now);
        }
        Some(bytes)
    }

    /// `subjects`: what it is the picture of, by whose names it is found when it must be forgotten and its address is not known.
    pub(super) fn write(&self, address: &str, variant: &str, bytes: &[u8], subjects: &[String]) {
        if self.limit == 0 || !is_whole(bytes) {
            return;
        }
        // First, so that no picture is ever without.
        self.note(address, subjects);
        self.keep(&self.path(address, variant), bytes);
    }

    /// An empty file says of each subject where its picture is.
    pub(super) fn note(&self, address: &str, subjects: &[String]) {
        let picture = hash(address);
        for subject in subjects {
            let name = hash(subject);
            let path = self.shelf(&name).join(format!("{name}{SHOWS}{picture}"));
            if !path.exists()
                && let Err(error) = write_whole(&path, b"")
            {
                tracing::debug!(%error, "where a picture is was not noted");
            }
        }
    }

    fn keep(&self, path: &Path, bytes: &[u8]) {
        if let Err(error) = write_whole(path, bytes) {
            tracing::debug!(%error, "a picture was not kept on disk");
            return;
        }
        let unchecked = self.unchecked.fetch_add(bytes.len() as u64, Ordering::Relaxed) + bytes.len() as u64;
        if unchecked > self.limit / 16 {
            self.unchecked.store(0, Ordering::Relaxed);
            self.prune(SystemTime::now());
        }
    }

    /// The size of the upright original, without which none of its boxes can be placed.
    pub(super) fn read_size(&self, address: &str) -> Option<Size> {
        let text = fs::read_to_string(self.path(address, SIZE)).ok()?;
        // The end of the line says that it is whole.
        let (width, height) = text.strip_suffix('\n')?.split_once(' ')?;
        Some(Size { width: width.parse().ok()?, height: height.parse().ok()? })
    }

    pub(super) fn write_size(&self, address: &str, size: Size) {
        if self.limit > 0 {
            self.keep(&self.path(address, SIZE), format!("{} {}\n", size.width, size.height).as_bytes());
        }
    }

    /// Removes every variant of this picture: it was safe once and is no more.
    pub(super) fn forget(&self, address: &str) {
        self.forget_named(&hash(address));
    }

    /// As [`Self::forget`], of whatever is shown of a subject.
    pub(super) fn forget_subject(&self, subject: &str) {
        let name = hash(subject);
        for entry in entries(&self.shelf(&name)) {
            let file = entry.file_name();
            let Some((of, picture)) = file.to_str().and_then(|file| file.split_once(SHOWS)) else { continue };
            if of == name {
                self.forget_named(picture);
                discard(&entry.path());
            }
        }
    }

    fn forget_named(&self, name: &str) {
        if name.len() < 2 || !name.is_char_boundary(2) {
            return;
        }
        for entry in entries(&self.shelf(name)) {
            if entry.file_name().as_encoded_bytes().starts_with(name.as_bytes()) {
                discard(&entry.path());
            }
        }
    }

    /// Removes everything, also what other consoles of this user kept.
    pub(super) fn clear(&self) {
        for entry in entries(&self.folder).flat_map(|shelf| entries(&shelf.path())) {
            discard(&entry.path());
        }
    }

    /// Removes leftovers, and the pictures that were not looked at for longest until a tenth of the limit is free.
    fn prune(&self, now: SystemTime) {
        let age = |modified: SystemTime| now.duration_since(modified).unwrap_or_default();
        let (mut kept, mut notes) = (Vec::new(), Vec::new());
        let mut total = 0;
        for entry in entries(&self.folder).flat_map(|shelf| entries(&shelf.path())) {
            let Ok(metadata) = entry.metadata() else { continue };
            let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            if is_temporary(&entry.file_name()) {
                if age(modified) > STALE {
                    discard(&entry.path());
                }
            } else if let Some((_, picture)) = entry.file_name().to_str().and_then(|name| name.split_once(SHOWS)) {
                notes.push((picture.to_owned(), entry.path()));
            } else {
                total += metadata.len();
                kept.push((modified, metadata.len(), entry.path()));
            }
        }
        if total <= self.limit {
            return;
        }
        kept.sort_unstable();
        let mut left = kept.iter();
        for (_, length, path) in left.by_ref() {
            discard(path);
            total -= length;
            if total <= self.limit / 10 * 9 {
                break;
            }
        }
        let left: HashSet<&str> = left.filter_map(|(.., path)| path.file_name()?.to_str()?.split('-').next()).collect();
        for (_, path) in notes.iter().filter(|(picture, _)| !left.contains(picture.as_str())) {
            discard(path);
        }
    }

    fn path(&self, address: &str, variant: &str) -> PathBuf {
        let name = hash(address);
        self.shelf(&name).join(format!("{name}-{variant}"))
    }

    /// One of 256 folders.
    fn shelf(&self, name: &str) -> PathBuf {
        self.folder.join(&name[..2])
    }
}

fn hash(address: &str) -> String {
    let digest = Sha256::new().chain_update(FORMAT.to_be_bytes()).chain_update(address).finalize();
    format!("{digest:x}")
}

fn is_whole(jpeg: &[u8]) -> bool {
    jpeg.starts_with(&[0xff, 0xd8]) && jpeg.ends_with(&[0xff, 0xd9])
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let shelf = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    create_private(shelf)?;
    let mut file = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(shelf)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

/// Photos of colleagues are not for other users of this machine.
fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn is_temporary(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(TEMPORARY.as_bytes())
}

fn entries(folder: &Path) -> impl Iterator<Item = fs::DirEntry> + use<> {
    fs::read_dir(folder).into_iter().flatten().flatten()
}

/// Another process may have been faster.
fn discard(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "a picture on disk could not be removed");
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader},
        process::{Command, Stdio},
    };

    use super::*;

    fn jpeg(length: usize) -> Vec<u8> {
        let mut bytes = vec![0xff, 0xd8];
        bytes.resize(length - 2, 7);
        bytes.extend([0xff, 0xd9]);
        bytes
    }

    fn disk(folder: &Path, limit: u64) -> Disk {
        Disk { limit, ..Disk::new(folder, 1) }
    }

    fn files(disk: &Disk) -> Vec<PathBuf> {
        entries(&disk.folder).flat_map(|shelf| entries(&shelf.path())).map(|entry| entry.path()).collect()
    }

    fn age(disk: &Disk, address: &str, seconds: u64) {
        let file = File::options().write(true).open(disk.path(address, "thumbnail")).expect("kept");
        file.set_modified(SystemTime::now() - Duration::from_secs(seconds)).expect("aged");
    }

    #[test]
    fn what_was_kept_is_found_again_by_another_console() {
        let folder = tempfile::tempdir().expect("a folder");
        disk(folder.path(), 1 << 20).write("a", "thumbnail", &jpeg(100), &[]);

        let another = disk(folder.path(), 1 << 20);
        assert_eq!(another.read("a", "thumbnail"), Some(jpeg(100)));
        assert_eq!(another.read_size("a"), None);
        another.write_size("a", Size { width: 4000, height: 3000 });
        assert_eq!(disk(folder.path(), 1 << 20).read_size("a"), Some(Size { width: 4000, height: 3000 }));
        another.forget("a");
        assert_eq!(another.read_size("a"), None);
        assert_eq!(another.read("a", "photo"), None);
        assert_eq!(another.read("b", "thumbnail"), None);
    }

    #[test]
    fn the_pictures_not_looked_at_for_longest_make_room() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = disk(folder.path(), 10_000);
        for (seconds, address) in [(9000, "old"), (7000, "older but seen"), (5000, "new")] {
            disk.write(address, "thumbnail", &jpeg(3000), &[]);
            age(&disk, address, seconds);
        }
        age(&disk, "older but seen", 90_000);
        assert!(disk.read("older but seen", "thumbnail").is_some());

        disk.write("newest", "thumbnail", &jpeg(3000), &[]);

        assert!(disk.read("old", "thumbnail").is_none());
        for address in ["older but seen", "new", "newest"] {
            assert!(disk.read(address, "thumbnail").is_some(), "{address}");
        }
    }

    #[test]
    fn leftovers_of_a_crash_are_removed_and_torn_files_are_not_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = disk(folder.path(), 1 << 20);
        disk.write("a", "thumbnail", &jpeg(100), &[]);
        let path = disk.path("a", "thumbnail");
        let shelf = path.parent().expect("a shelf");
        let (stale, fresh) = (shelf.join(".new-stale"), shelf.join(".new-fresh"));
        fs::write(&stale, b"half").expect("written");
        fs::write(&fresh, b"half").expect("written");
        let file = File::options().write(true).open(&stale).expect("there");
        file.set_modified(SystemTime::now() - STALE * 2).expect("aged");

        disk.prune(SystemTime::now());
        assert!(!stale.exists() && fresh.exists());

        fs::write(&path, &jpeg(100)[..50]).expect("torn");
        assert_eq!(disk.read("a", "thumbnail"), None);
        assert!(!path.exists());
    }

    #[test]
    fn a_forgotten_picture_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = disk(folder.path(), 1 << 20);
        for variant in ["thumbnail", "photo", "crop-1-2-3-4"] {
            disk.write("a", variant, &jpeg(100), &[]);
        }
        disk.write("b", "photo", &jpeg(100), &[]);
        disk.forget("a");
        assert_eq!(files(&disk), [disk.path("b", "photo")]);
    }

    #[test]
    fn what_is_shown_of_a_subject_is_forgotten_by_its_name_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let subjects = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let first = disk(folder.path(), 1 << 20);
        first.write("a", "photo", &jpeg(100), &subjects(&["media/1"]));
        first.write("a", "crop-1-2-3-4", &jpeg(100), &subjects(&["media/1", "crop/7"]));
        first.write("b", "photo", &jpeg(100), &subjects(&["media/11"]));

        let next = disk(folder.path(), 1 << 20);
        next.forget_subject("media/2");
        assert!(next.read("a", "photo").is_some());
        next.forget_subject("media/1");
        assert_eq!((next.read("a", "photo"), next.read("a", "crop-1-2-3-4")), (None, None));
        assert!(next.read("b", "photo").is_some());
    }

    #[test]
    fn notes_of_pictures_that_made_room_go_with_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = disk(folder.path(), 10_000);
        for (seconds, address) in [(9000, "a"), (7000, "b"), (5000, "c"), (10, "d")] {
            disk.write(address, "thumbnail", &jpeg(3000), &[format!("media/{address}")]);
            age(&disk, address, seconds);
        }
        let notes = files(&disk).into_iter().filter(|path| path.to_string_lossy().contains(SHOWS)).count();
        assert_eq!(notes, files(&disk).len() - notes, "one for each picture that is left");
        disk.forget_subject("media/d");
        assert_eq!(disk.read("d", "thumbnail"), None);
    }

    #[test]
    fn nothing_is_left_of_what_is_cleared() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = disk(folder.path(), 1 << 20);
        for address in ["a", "b", "c"] {
            disk.write(address, "photo", &jpeg(100), &[]);
            disk.write_size(address, Size { width: 4, height: 3 });
        }
        disk.clear();
        assert_eq!(files(&disk), Vec::<PathBuf>::new());
        disk.write("a", "photo", &jpeg(100), &[]);
        assert!(disk.read("a", "photo").is_some());
    }

    /// What each address is the picture of in the test below.
    fn numbered(number: usize) -> (String, Vec<u8>) {
        (format!("picture {number}"), jpeg(2000 + number * 500))
    }

    const NUMBERS: usize = 40;
    const SHARED: u64 = 300_000;
    const WRITES_TO: &str = "KALEIDOSCOPE_TEST_WRITES_TO";

    /// Begun anew as a process of its own, this test writes until it is killed.
    #[test]
    fn consoles_that_share_a_folder_and_are_killed_leave_only_whole_pictures() {
        const NAME: &str = "media::cache::tests::consoles_that_share_a_folder_and_are_killed_leave_only_whole_pictures";
        if let Some(folder) = std::env::var_os(WRITES_TO) {
            let disk = disk(Path::new(&folder), SHARED);
            for number in (0..NUMBERS).cycle() {
                let (address, picture) = numbered(number);
                disk.write(&address, "photo", &picture, &[]);
                println!("written");
            }
        }
        let folder = tempfile::tempdir().expect("a folder");
        for round in 1..=12 {
            let mut consoles = [(); 2].map(|()| {
                Command::new(std::env::current_exe().expect("this program"))
                    .args(["--exact", NAME, "--nocapture"])
                    .env(WRITES_TO, folder.path())
                    .stdout(Stdio::piped())
                    .spawn()
                    .expect("another process")
            });
            for console in &mut consoles {
                let said = BufReader::new(console.stdout.take().expect("piped"));
                let written = said.lines().map_while(Result::ok).filter(|line| line.ends_with("written"));
                assert_eq!(written.take(round * 7).count(), round * 7);
                console.kill().expect("killed");
            }
            for console in &mut consoles {
                console.wait().expect("ended");
            }
            let next = disk(folder.path(), SHARED);
            let mut found = 0;
            for (address, picture) in (0..NUMBERS).map(numbered) {
                if let Some(read) = next.read(&address, "photo") {
                    assert!(read == picture, "{address} is not whole after round {round}");
                    found += 1;
                }
            }
            assert!(found > 0, "round {round}");
        }
        let next = disk(folder.path(), SHARED);
        next.prune(SystemTime::now() + STALE * 2);
        let left = files(&next);
        assert!(left.iter().all(|path| path.file_name().is_some_and(|name| !is_temporary(name))), "{left:?}");
        let total: u64 = left.iter().map(|path| fs::metadata(path).expect("there").len()).sum();
        assert!(total <= SHARED, "{total}");
    }

    #[cfg(unix)]
    #[test]
    fn other_users_can_not_look() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let disk = disk(folder.path(), 1 << 20);
        disk.write("a", "photo", &jpeg(100), &[]);
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o077;
        assert_eq!(mode(&disk.folder), 0);
        assert_eq!(mode(&disk.path("a", "photo")), 0);
    }

    #[test]
    fn a_disk_that_can_not_be_written_keeps_nothing_and_breaks_nothing() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let disk = disk(file.path(), 1 << 20);
        disk.write("a", "photo", &jpeg(100), &[]);
        disk.forget("a");
        assert_eq!(disk.read("a", "photo"), None);
    }
}
