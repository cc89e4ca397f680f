//! What may be seen of an unsafe picture before it is revealed: that it is there, and roughly how bright it is where.

use fast_image_resize::FilterType;
use image::{DynamicImage, GrayImage, imageops};

use super::{Size, problem::Problem, render};

/// Pixels along the longer side that are kept; of a face this leaves nothing that tells whose it is.
pub(super) const KEPT: u32 = 32;
/// Of those pixels, around each.
const BLUR: f32 = 2.0;

/// Grey and blurred, in the size in which the clear picture would be shown. `small` is no larger than [`KEPT`].
pub(super) fn veil(small: &DynamicImage, size: Size) -> Result<GrayImage, Problem> {
    let blurred = imageops::fast_blur(&small.to_luma8(), BLUR);
    render::resize_grey(&blurred, size, FilterType::Bilinear)
}
