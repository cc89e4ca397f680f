//! From fetched bytes to the bytes the window gets: always a JPEG made here, never what somebody uploaded.

use fast_image_resize::{
    FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{Image, ImageRef},
};
use image::{DynamicImage, GrayImage, RgbImage};
use turbojpeg::{Compressor, PixelFormat, Subsamp};

use super::{
    Exposure, Size, colour,
    crop::Part,
    decode::{self, Stored},
    fingerprint::{self, Fingerprint},
    guarded::{self, Veiled},
    problem::Problem,
};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum View {
    /// All of it, no wider than this and never enlarged.
    Whole { width: u32 },
    /// The square in the middle.
    Middle { side: u32 },
    /// A square part of it.
    Part { part: Part, side: u32 },
    /// A part of it in this size.
    Cut { part: Part, size: Size },
    /// A part of it, no wider than this and never enlarged.
    Region { part: Part, width: u32 },
}

/// Pixels across at most.
pub(super) const THUMBNAIL: u32 = 320;
/// Of a picture's width: strips that are taller are made narrower instead.
const TALLEST: u32 = 4;
const QUALITY: i32 = 85;

/// What becomes of a fetched file as a thumbnail of an unsafe medium, or clear: a JPEG, upright, at most 320 pixels wide.
///
/// # Errors
/// Why the file can't be shown.
pub fn thumbnail(file: &[u8], exposure: Exposure) -> Result<Vec<u8>, Problem> {
    render(file, View::Whole { width: THUMBNAIL }, exposure)
}

/// Of a fetched file, upright and in clear.
///
/// # Errors
/// Why the file can't be read.
pub(super) fn fingerprint(bytes: &[u8]) -> Result<Fingerprint, Problem> {
    let size = Size { width: fingerprint::SIDE, height: fingerprint::SIDE };
    let stored = decode::decode(bytes, |_, orientation| size.turned(orientation))?;
    Ok(Fingerprint::of(&cut(&stored, Part::WHOLE, size)?))
}

pub(super) fn render(bytes: &[u8], view: View, exposure: Exposure) -> Result<Vec<u8>, Problem> {
    let stored = decode::decode(bytes, |stored, orientation| {
        let upright = stored.turned(orientation);
        let part = view.part(upright);
        let Size { width, height } = kept_size(view.shown_size(upright), exposure);
        let needed = Size { width: up(f64::from(width) / part.width), height: up(f64::from(height) / part.height) };
        needed.turned(orientation)
    })?;
    let upright = stored.size.turned(stored.orientation);
    let shown = view.shown_size(upright);
    let small = cut(&stored, view.part(upright), kept_size(shown, exposure))?;
    match exposure {
        Exposure::Clear => encode(small.as_bytes(), shown, PixelFormat::RGB),
        Exposure::Guarded(veil) => {
            let size = view.guarded_size(shown);
            match veil.over(&small, size)? {
                Veiled::Grey(veiled) => encode(&veiled, size, PixelFormat::GRAY),
                Veiled::Coloured(veiled) => encode(&veiled, size, PixelFormat::RGB),
            }
        }
    }
}

impl View {
    fn part(self, upright: Size) -> Part {
        match self {
            Self::Whole { .. } => Part::WHOLE,
            Self::Middle { .. } => Part::middle(upright),
            Self::Part { part, .. } | Self::Cut { part, .. } | Self::Region { part, .. } => part,
        }
    }

    fn shown_size(self, upright: Size) -> Size {
        match self {
            Self::Whole { width } => upright.within(width, width * TALLEST),
            Self::Middle { side } => Size { width: side, height: side }.within(upright.width.min(upright.height), side),
            Self::Part { side, .. } => Size { width: side, height: side },
            Self::Cut { size, .. } => size,
            Self::Region { part, width } => part.size(upright).within(width, width * TALLEST),
        }
    }

    /// A blurred picture may be made from a smaller version than the clear one, and is as large all the same.
    fn guarded_size(self, shown: Size) -> Size {
        match self {
            Self::Whole { width } | Self::Region { width, .. } => {
                let height = u64::from(shown.height) * u64::from(width) / u64::from(shown.width);
                let height = u32::try_from(height).unwrap_or(u32::MAX).clamp(1, width * TALLEST);
                Size { width, height }
            }
            Self::Middle { side } | Self::Part { side, .. } => Size { width: side, height: side },
            Self::Cut { size, .. } => size,
        }
    }
}

fn kept_size(shown: Size, exposure: Exposure) -> Size {
    match exposure {
        Exposure::Clear => shown,
        Exposure::Guarded(_) => shown.within(guarded::KEPT, guarded::KEPT),
    }
}

/// The part, upright and in this size.
fn cut(stored: &Stored, part: Part, size: Size) -> Result<DynamicImage, Problem> {
    let Stored { pixels, orientation, profile, .. } = stored;
    let part = part.as_stored(*orientation);
    let (width, height) = (f64::from(pixels.width()), f64::from(pixels.height()));
    let (part_width, part_height) = ((part.width * width).min(width), (part.height * height).min(height));
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3)).crop(
        (part.left * width).min(width - part_width),
        (part.top * height).min(height - part_height),
        part_width,
        part_height,
    );
    let Size { width, height } = size.turned(*orientation);
    let mut buffer = resize(pixels, pixels.dimensions(), PixelType::U8x3, (width, height), &options)?;
    // After scaling there are fewer pixels.
    if let Some(profile) = profile {
        colour::to_srgb(&mut buffer, profile);
    }
    let mut image = DynamicImage::from(RgbImage::from_raw(width, height, buffer).ok_or(Problem::Broken)?);
    image.apply_orientation(*orientation);
    Ok(image)
}

pub(super) fn resize_grey(image: &GrayImage, size: Size, filter: FilterType) -> Result<GrayImage, Problem> {
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
    let buffer = resize(image, image.dimensions(), PixelType::U8, (size.width, size.height), &options)?;
    GrayImage::from_raw(size.width, size.height, buffer).ok_or(Problem::Broken)
}

pub(super) fn resize_colour(image: &RgbImage, size: Size, filter: FilterType) -> Result<RgbImage, Problem> {
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
    let buffer = resize(image, image.dimensions(), PixelType::U8x3, (size.width, size.height), &options)?;
    RgbImage::from_raw(size.width, size.height, buffer).ok_or(Problem::Broken)
}

fn resize(
    pixels: &[u8],
    from: (u32, u32),
    kind: PixelType,
    to: (u32, u32),
    options: &ResizeOptions,
) -> Result<Vec<u8>, Problem> {
    let source = ImageRef::new(from.0, from.1, pixels, kind).map_err(|_| Problem::Broken)?;
    let mut target = Image::new(to.0, to.1, kind);
    Resizer::new().resize(&source, &mut target, options).map_err(|_| Problem::Broken)?;
    Ok(target.into_vec())
}

fn encode(pixels: &[u8], size: Size, format: PixelFormat) -> Result<Vec<u8>, Problem> {
    let (width, height) = (size.width as usize, size.height as usize);
    let image = turbojpeg::Image { pixels, width, pitch: width * format.size(), height, format };
    let compressed = || {
        let mut compressor = Compressor::new()?;
        compressor.set_quality(QUALITY)?;
        // Colours in full: of small pictures, fewer show.
        compressor.set_subsamp(if format == PixelFormat::GRAY { Subsamp::Gray } else { Subsamp::None })?;
        compressor.compress_to_vec(image)
    };
    compressed().map_err(|_: turbojpeg::Error| Problem::Broken)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes of pictures, saturating")]
fn up(length: f64) -> u32 {
    length.ceil() as u32
}

#[cfg(test)]
mod tests;
