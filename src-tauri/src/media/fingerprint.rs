//! Whether two files are the same picture: scaled, compressed again, made brighter. What a picture is *of* is for vectors to say.

use image::DynamicImage;
use image_hasher::{HashAlg, HasherConfig, ImageHash};

const BYTES: usize = 8;
/// Pixels along a side of what it is made from.
pub(super) const SIDE: u32 = 64;
/// Bits in which two fingerprints of one picture may differ.
const SAME: u32 = 10;

/// 64 bits of how light is spread over an upright picture (pHash).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(ImageHash<[u8; BYTES]>);

impl Fingerprint {
    pub(super) fn of(picture: &DynamicImage) -> Self {
        let hasher =
            HasherConfig::with_bytes_type().hash_alg(HashAlg::Median).hash_size(8, 8).preproc_dct().to_hasher();
        Self(hasher.hash_image(picture))
    }

    /// Bits that differ, 0 to 64.
    #[must_use]
    pub fn distance(&self, other: &Self) -> u32 {
        self.0.dist(&other.0)
    }

    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.distance(other) <= SAME
    }
}
