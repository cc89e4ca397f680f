//! Bytes of pictures: fetch, guard, decode, orient, scale, blur, cache.
//!
//! A row's address passes [`guard`], is asked for a smaller version where its host makes them ([`derivative`]), comes
//! within bounds ([`fetch`]), and leaves as a JPEG made here ([`decode`], [`render`]). Unsafe pictures leave under a veil
//! ([`guarded`]) and never touch the disk ([`cache`]). The AI service tells what a face looks like ([`embedding`]);
//! whether two files are the same picture, [`fingerprint`] tells.

use std::fmt;

use image::metadata::Orientation;
use serde::Serialize;
use specta::Type;

use crate::db::{FaceId, MediaId, UserId};

mod cache;
mod colour;
#[cfg(feature = "desktop")]
pub mod commands;
mod crop;
mod decode;
mod derivative;
mod embedding;
mod fetch;
mod fingerprint;
mod guard;
mod guarded;
mod jpeg;
mod pictures;
mod problem;
mod queries;
mod render;
mod resolve;
pub mod scheme;
#[cfg(test)]
mod testing;
mod video;

pub use self::{
    crop::Region,
    decode::upright_size,
    embedding::{Embedder, Unembedded},
    fingerprint::Fingerprint,
    guard::{Guard, Refusal},
    guarded::Veil,
    pictures::Pictures,
    problem::Problem,
    render::thumbnail,
};

/// A picture as the window asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// At most 320 pixels wide.
    Thumbnail(MediaId),
    /// At most 1600 pixels wide.
    Photo(MediaId),
    /// The face with some margin, 256 pixels square.
    Crop(FaceId),
    /// What a person was enrolled with, at most 256 pixels square.
    Enrolled(UserId),
    /// A person's profile picture, at most 256 pixels square.
    Portrait(UserId),
}

/// What of an unsafe picture may be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exposure {
    /// Blurred, grey and faded, as somebody wants it, and never less than keeps a face from being known.
    Guarded(Veil),
    /// As it is, after a reveal that was audited.
    Clear,
}

/// Bytes for the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub content_type: &'static str,
    pub body: Vec<u8>,
    /// Of an unsafe medium, blurred or not: nobody on the way to the screen may keep it.
    pub fleeting: bool,
}

/// Some bytes of a video, as its host has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// By the first bytes; what has them not says nothing.
    pub content_type: &'static str,
    pub body: Vec<u8>,
    /// Where in the video they begin.
    pub from: u64,
    /// Bytes of the whole.
    pub total: u64,
}

/// Pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Type)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

impl Exposure {
    /// As every unsafe picture is before somebody chooses otherwise.
    pub const GUARDED: Self = Self::Guarded(Veil::USUAL);
}

impl Wanted {
    /// From `/thumbnail/12` and the like.
    pub fn parse(path: &str) -> Option<Self> {
        let (kind, id) = path.strip_prefix('/')?.split_once('/')?;
        if !id.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let id = id.parse().ok()?;
        Some(match kind {
            "thumbnail" => Self::Thumbnail(MediaId(id)),
            "photo" => Self::Photo(MediaId(id)),
            "crop" => Self::Crop(FaceId(id)),
            "enrolled" => Self::Enrolled(UserId(id)),
            "portrait" => Self::Portrait(UserId(id)),
            _ => return None,
        })
    }
}

/// What it is the picture of. Photo and thumbnail are of the same.
impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Thumbnail(id) | Self::Photo(id) => write!(f, "media/{}", id.0),
            Self::Crop(id) => write!(f, "crop/{}", id.0),
            Self::Enrolled(id) => write!(f, "enrolled/{}", id.0),
            Self::Portrait(id) => write!(f, "portrait/{}", id.0),
        }
    }
}

impl Size {
    pub(crate) fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// With width and height exchanged where the orientation does so.
    pub(crate) fn turned(self, by: Orientation) -> Self {
        if by.to_exif() >= 5 { Self { width: self.height, height: self.width } } else { self }
    }

    /// Scaled down to fit, in the same proportions, at least one pixel each way.
    #[must_use]
    pub fn within(self, width: u32, height: u32) -> Self {
        let scale = |length: u32, by: u32, of: u32| {
            let scaled = (u64::from(length) * u64::from(by) + u64::from(of) / 2) / u64::from(of.max(1));
            u32::try_from(scaled).unwrap_or(u32::MAX).max(1)
        };
        let mut size = self;
        if size.width > width {
            size = Self { width, height: scale(size.height, width, size.width) };
        }
        if size.height > height {
            size = Self { width: scale(size.width, height, size.height), height };
        }
        size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_pictures() {
        assert_eq!(Wanted::parse("/thumbnail/12"), Some(Wanted::Thumbnail(MediaId(12))));
        assert_eq!(Wanted::parse("/crop/9223372036854775807"), Some(Wanted::Crop(FaceId(i64::MAX))));
        for path in
            ["", "/", "/photo", "/photo/", "/photo/x", "/photo/-1", "/photo/+1", "/photo/1/2", "/x/1", "photo/1"]
        {
            assert_eq!(Wanted::parse(path), None, "{path}");
        }
        assert_eq!(Wanted::parse("/photo/9223372036854775808"), None);
    }

    #[test]
    fn sizes_shrink_in_proportion() {
        let size = |width, height| Size { width, height };
        assert_eq!(size(4000, 3000).within(320, 1280), size(320, 240));
        assert_eq!(size(100, 80).within(320, 1280), size(100, 80));
        assert_eq!(size(60000, 1).within(320, 1280), size(320, 1));
        assert_eq!(size(1000, 65535).within(320, 1280), size(20, 1280));
        assert_eq!(size(u32::MAX, u32::MAX).within(320, 1280), size(320, 320));
    }
}
