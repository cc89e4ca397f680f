//! What may be seen of an unsafe picture before it is revealed: that it is there, and roughly how bright it is where.

use fast_image_resize::FilterType;
use image::{DynamicImage, GrayImage, RgbImage, imageops};

use super::{Size, problem::Problem, render};

/// Pixels along the longer side that are kept; of a face this leaves nothing that tells whose it is.
pub(super) const KEPT: u32 = 32;
/// Of those pixels, around each, where the blur is 0. A blur that is 50 more is twice as wide.
const LEAST_BLUR: f32 = 1.5;
/// What a picture fades into
const MIDDLE_GREY: f32 = 128.0;
const FULL: u8 = 100;

/// How a picture is veiled, each 0 to 100 and independent of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Veil {
    /// 0: the least that keeps a face from being known; 100: hardly more than one tone.
    blur: u8,
    /// 0: in colour; 100: without.
    grey: u8,
    /// 0: nothing of it; 100: in full contrast.
    opacity: u8,
}

/// A veiled picture.
pub(super) enum Veiled {
    Grey(GrayImage),
    Coloured(RgbImage),
}

impl Veil {
    /// For who chose nothing else.
    pub const USUAL: Self = Self { blur: 20, grey: FULL, opacity: FULL };

    /// From `20-100-100`: blur, grey, opacity.
    pub fn parse(text: &str) -> Option<Self> {
        let part = |part: &str| {
            let plain = part.len() <= 3 && part.bytes().all(|digit| digit.is_ascii_digit());
            part.parse().ok().filter(|&value: &u8| plain && value <= FULL)
        };
        let (blur, rest) = text.split_once('-')?;
        let (grey, opacity) = rest.split_once('-')?;
        Some(Self { blur: part(blur)?, grey: part(grey)?, opacity: part(opacity)? })
    }

    /// The picture under this veil, in the size in which the clear one would be shown. `small` is no larger than [`KEPT`].
    pub(super) fn over(self, small: &DynamicImage, size: Size) -> Result<Veiled, Problem> {
        let sigma = LEAST_BLUR * (f32::from(self.blur) / 50.0).exp2();
        if self.grey == FULL {
            let mut small = small.to_luma8();
            self.fade(&mut small);
            let blurred = imageops::fast_blur(&small, sigma);
            return render::resize_grey(&blurred, size, FilterType::Bilinear).map(Veiled::Grey);
        }
        let mut small = small.to_rgb8();
        self.desaturate(&mut small);
        self.fade(&mut small);
        let blurred = imageops::fast_blur(&small, sigma);
        render::resize_colour(&blurred, size, FilterType::Bilinear).map(Veiled::Coloured)
    }

    fn desaturate(self, image: &mut RgbImage) {
        let grey = share(self.grey);
        for pixel in image.pixels_mut() {
            let [light] = image::Pixel::to_luma(pixel).0;
            for channel in &mut pixel.0 {
                *channel = between(f32::from(*channel), f32::from(light), grey);
            }
        }
    }

    fn fade(self, channels: &mut [u8]) {
        if self.opacity == FULL {
            return;
        }
        let opacity = share(self.opacity);
        for channel in channels {
            *channel = between(MIDDLE_GREY, f32::from(*channel), opacity);
        }
    }
}

fn share(of_hundred: u8) -> f32 {
    f32::from(of_hundred) / f32::from(FULL)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two that are bytes, saturating")]
fn between(from: f32, to: f32, share: f32) -> u8 {
    ((to - from).mul_add(share, from)).round() as u8
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    const SIZE: Size = Size { width: 96, height: 96 };

    /// Red on the left, blue on the right.
    fn halves() -> DynamicImage {
        RgbImage::from_fn(32, 32, |x, _| if x < 16 { Rgb([220, 30, 30]) } else { Rgb([30, 30, 220]) }).into()
    }

    fn under(blur: u8, grey: u8, opacity: u8) -> RgbImage {
        match (Veil { blur, grey, opacity }).over(&halves(), SIZE).expect("veiled") {
            Veiled::Grey(image) => DynamicImage::from(image).to_rgb8(),
            Veiled::Coloured(image) => image,
        }
    }

    /// The steepest step between two pixels beside each other.
    fn sharpness(image: &RgbImage) -> u8 {
        let steps = (1..SIZE.width).map(|x| image[(x, 48)].0[0].abs_diff(image[(x - 1, 48)].0[0]));
        steps.max().expect("some")
    }

    #[test]
    fn a_veil_is_three_numbers_up_to_a_hundred() {
        assert_eq!(Veil::parse("20-100-100"), Some(Veil::USUAL));
        assert_eq!(Veil::parse("0-0-0"), Some(Veil { blur: 0, grey: 0, opacity: 0 }));
        for text in ["", "20", "20-100", "101-0-0", "0-0-256", "-1-0-0", "+1-0-0", "1-2-3-4", "a-b-c", "0001-0-0", "--"]
        {
            assert_eq!(Veil::parse(text), None, "{text}");
        }
    }

    #[test]
    fn blur_grey_and_opacity_are_independent() {
        let is_grey = |image: &RgbImage| image.pixels().all(|pixel| pixel.0 == [pixel.0[0]; 3]);
        let colourful = |image: &RgbImage| image[(8, 48)].0[0].abs_diff(image[(8, 48)].0[2]);

        assert!(is_grey(&under(20, 100, 100)) && is_grey(&under(20, 100, 50)));
        assert!(colourful(&under(20, 0, 100)) > 150, "colours stay where grey is 0");
        assert!(colourful(&under(20, 50, 100)).abs_diff(colourful(&under(20, 0, 100)) / 2) < 5);
        assert!(colourful(&under(20, 0, 50)).abs_diff(colourful(&under(20, 0, 100)) / 2) < 5);
        assert!(under(20, 0, 0).pixels().all(|pixel| pixel.0 == [128; 3]), "at opacity 0 there is nothing to see");

        let [least, usual, most] = [0, 20, 100].map(|blur| sharpness(&under(blur, 0, 100)));
        assert!(least > usual && usual > most, "{least} > {usual} > {most}");
        assert!(most <= 5, "{most}: blurred to hardly more than one tone");
    }
}
