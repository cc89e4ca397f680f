//! A file that is there whole or not at all.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::error::{Error, Result};

/// A file under another name in the same folder, removed when it is dropped before it is finished.
#[derive(Debug)]
pub(crate) struct Partial(Option<NamedTempFile>);

impl Partial {
    /// # Errors
    /// `Invalid` where no such file can be.
    pub(crate) async fn beside(path: &Path) -> Result<Self> {
        let folder = folder_of(path)?.to_owned();
        let is_folder = path.is_dir();
        if is_folder {
            return Err(Error::Invalid(format!("{} is a folder. Name a file in it.", path.display())));
        }
        let made = blocking(move || {
            // Nobody else on this machine need read who is on which photo.
            tempfile::Builder::new().prefix(".kaleidoscope-").suffix(".part").tempfile_in(&folder)
        });
        match made.await {
            Ok(file) => Ok(Self(Some(file))),
            Err(error) => Err(Error::Invalid(format!(
                "No file can be written at {}: {error}. Choose another place.",
                path.display()
            ))),
        }
    }

    pub(crate) async fn append(&mut self, bytes: Vec<u8>) -> Result<()> {
        let mut file = self.0.take().ok_or_else(broken)?;
        let file = blocking(move || {
            file.write_all(&bytes)?;
            Ok(file)
        });
        self.0 = Some(file.await.map_err(|error| unwritable(&error))?);
        Ok(())
    }

    /// Gives it its name, in place of what may be there.
    pub(crate) async fn finish(mut self, path: &Path) -> Result<()> {
        let (file, path): (_, PathBuf) = (self.0.take().ok_or_else(broken)?, path.to_owned());
        blocking(move || {
            file.as_file().sync_all()?;
            file.persist(path).map_err(|refused| refused.error)?;
            Ok(())
        })
        .await
        .map_err(|error| unwritable(&error))
    }
}

fn folder_of(path: &Path) -> Result<&Path> {
    if !path.is_absolute() {
        return Err(Error::Invalid(format!(
            "{} says no folder. Write the whole path, from the root on.",
            path.display()
        )));
    }
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(_)) => Ok(folder),
        _ => Err(Error::Invalid(format!("{} is no name of a file.", path.display()))),
    }
}

/// Disks may be slow, and far away.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|stopped| Err(io::Error::other(stopped)))
}

fn unwritable(error: &io::Error) -> Error {
    Error::Invalid(format!("The file can't be written: {error}. There is none now; choose another place."))
}

/// After an error there is nothing to go on with.
fn broken() -> Error {
    Error::Invalid("The file could not be written. Start the export again.".into())
}
