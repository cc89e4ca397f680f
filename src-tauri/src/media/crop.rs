//! Which part of a picture is shown.

use image::metadata::Orientation;
use serde::{Deserialize, Serialize};
use specta::Type;

use super::{Size, problem::Problem};

/// A part in fractions of the upright picture, for the window to name.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Type)]
pub struct Region {
    #[specta(type = i32)]
    pub left: f64,
    #[specta(type = i32)]
    pub top: f64,
    #[specta(type = i32)]
    pub width: f64,
    #[specta(type = i32)]
    pub height: f64,
}

/// A part in fractions of the picture, which so holds for it in any size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Part {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Of a picture's side: a smaller region is a slip of the hand.
const LEAST: f64 = 0.005;
/// Of the face's longer side, added on each of the four.
const MARGIN: f64 = 0.35;

impl Region {
    /// Of it, the part that lies within the picture; `None` where there is none, or none to speak of.
    #[must_use]
    pub fn within_the_picture(self) -> Option<Self> {
        if ![self.left, self.top, self.width, self.height].into_iter().all(f64::is_finite) {
            return None;
        }
        let left = self.left.clamp(0.0, 1.0);
        let top = self.top.clamp(0.0, 1.0);
        let width = (self.left + self.width).min(1.0) - left;
        let height = (self.top + self.height).min(1.0) - top;
        (width >= LEAST && height >= LEAST).then_some(Self { left, top, width, height })
    }
}

impl From<Region> for Part {
    fn from(Region { left, top, width, height }: Region) -> Self {
        Self { left, top, width, height }
    }
}

impl Part {
    pub(super) const WHOLE: Self = Self { left: 0.0, top: 0.0, width: 1.0, height: 1.0 };

    /// The largest square in the middle.
    pub(super) fn middle(of: Size) -> Self {
        let (width, height) = (f64::from(of.width), f64::from(of.height));
        let side = width.min(height);
        Self::of_pixels((width - side) / 2.0, (height - side) / 2.0, side, of)
    }

    /// The square around a face's box `[x, y, width, height]` in pixels of the upright picture, with some of what is
    /// around it; moved inwards at the picture's edges.
    pub(super) fn around([x, y, width, height]: [i32; 4], of: Size) -> Result<Self, Problem> {
        if width <= 0 || height <= 0 {
            return Err(Problem::NoCrop("The box of this face has no area."));
        }
        let (across, down) = (f64::from(of.width), f64::from(of.height));
        let left = f64::from(x).max(0.0);
        let top = f64::from(y).max(0.0);
        let right = (f64::from(x) + f64::from(width)).min(across);
        let bottom = (f64::from(y) + f64::from(height)).min(down);
        if left >= right || top >= bottom {
            return Err(Problem::NoCrop("The box of this face lies outside the picture."));
        }
        let side = (right - left).max(bottom - top) * (1.0 + 2.0 * MARGIN);
        let side = side.min(across).min(down);
        let left = f64::midpoint(left, right) - side / 2.0;
        let top = f64::midpoint(top, bottom) - side / 2.0;
        Ok(Self::of_pixels(left.clamp(0.0, across - side), top.clamp(0.0, down - side), side, of))
    }

    /// A face's box `[x, y, width, height]` and nothing around it; the box lies within the picture.
    pub(super) fn boxed([x, y, width, height]: [i32; 4], of: Size) -> Self {
        let (across, down) = (f64::from(of.width), f64::from(of.height));
        let [x, y, width, height] = [x, y, width, height].map(f64::from);
        Self { left: x / across, top: y / down, width: width / across, height: height / down }
    }

    /// In pixels of a picture of this size.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes of pictures, saturating")]
    pub(super) fn size(self, of: Size) -> Size {
        let scaled = |share: f64, length: u32| ((share * f64::from(length)).round() as u32).max(1);
        Size { width: scaled(self.width, of.width), height: scaled(self.height, of.height) }
    }

    fn of_pixels(left: f64, top: f64, side: f64, of: Size) -> Self {
        let (width, height) = (f64::from(of.width), f64::from(of.height));
        Self { left: left / width, top: top / height, width: side / width, height: side / height }
    }

    /// The same part of the picture as it is stored, before `orientation` turns it upright.
    pub(super) fn as_stored(self, orientation: Orientation) -> Self {
        let Self { left, top, width, height } = self;
        let right = 1.0 - left - width;
        let bottom = 1.0 - top - height;
        let (left, top, width, height) = match orientation {
            Orientation::NoTransforms => (left, top, width, height),
            Orientation::FlipHorizontal => (right, top, width, height),
            Orientation::Rotate180 => (right, bottom, width, height),
            Orientation::FlipVertical => (left, bottom, width, height),
            Orientation::Rotate90FlipH => (top, left, height, width),
            Orientation::Rotate90 => (top, right, height, width),
            Orientation::Rotate270FlipH => (bottom, right, height, width),
            Orientation::Rotate270 => (bottom, left, height, width),
        };
        Self { left: left.max(0.0), top: top.max(0.0), width, height }
    }
}

/// A face's box as it is stored, where anything may stand.
pub(super) fn four_numbers(stored: Option<&[Option<i32>]>) -> Result<[i32; 4], Problem> {
    match stored {
        Some(&[Some(x), Some(y), Some(width), Some(height)]) => Ok([x, y, width, height]),
        _ => Err(Problem::NoCrop("The box of this face is not four numbers.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: Size = Size { width: 4000, height: 3000 };

    fn around(stored_box: [i32; 4]) -> Result<[f64; 4], Problem> {
        let Part { left, top, width, height } = Part::around(stored_box, PICTURE)?;
        Ok([left * 4000.0, top * 3000.0, width * 4000.0, height * 3000.0].map(f64::round))
    }

    #[test]
    fn a_face_lies_in_the_middle_of_its_square() {
        assert_eq!(around([1000, 1000, 200, 260]), Ok([879.0, 909.0, 442.0, 442.0]));
    }

    #[test]
    fn squares_stay_inside_the_picture() {
        assert_eq!(around([-50, -40, 200, 260]), Ok([0.0, 0.0, 374.0, 374.0]));
        assert_eq!(around([3940, 2920, 200, 260]), Ok([3864.0, 2864.0, 136.0, 136.0]));
        assert_eq!(around([-10, -10, 4020, 3020]), Ok([500.0, 0.0, 3000.0, 3000.0]));
        assert_eq!(around([0, 0, i32::MAX, i32::MAX]), Ok([500.0, 0.0, 3000.0, 3000.0]));
    }

    #[test]
    fn boxes_that_are_none_are_told_apart() {
        let problem = |stored_box| around(stored_box).expect_err("no crop").to_string();
        for outside in [[4100, 3100, 200, 260], [i32::MAX - 7; 4], [i32::MIN, 0, 10, 10]] {
            assert!(problem(outside).contains("outside"), "{outside:?}");
        }
        for flat in [[300, 100, -200, 260], [100, 100, 0, 260]] {
            assert!(problem(flat).contains("no area"), "{flat:?}");
        }
    }

    #[test]
    fn a_box_is_four_numbers() {
        assert_eq!(four_numbers(Some(&[1, 2, 3, 4].map(Some))), Ok([1, 2, 3, 4]));
        for stored in [&[1, 2, 3].map(Some)[..], &[1, 2, 3, 4, 5].map(Some), &[], &[Some(1), None, Some(3), Some(4)]] {
            assert!(four_numbers(Some(stored)).is_err(), "{stored:?}");
        }
        assert!(four_numbers(None).is_err());
    }
}
