//! Bytes to pixels, within bounds on both. The bytes are anybody's; the decoders are told what is wanted, so that a
//! large JPEG is never unfolded in full only to be made small.

use std::{
    io::{Cursor, ErrorKind},
    panic,
};

use image::{
    ColorType, DynamicImage, ImageDecoder, ImageError, ImageReader, RgbImage, RgbaImage, error::LimitErrorKind,
    metadata::Orientation,
};
use turbojpeg::{Colorspace, Decompressor, PixelFormat, ScalingFactor};

use super::{Size, colour, jpeg, problem::Problem};

/// Bytes that tell the format.
pub(super) const MAGIC: usize = 12;
const MAX_PIXELS: u64 = 100_000_000;
/// Bytes that decoding one picture may take; what is made of it comes on top.
const MAX_MEMORY: u64 = 160 << 20;
/// Cameras make about ten. Some JPEGs are made of thousands of passes over the picture, each a few bytes long.
const MAX_SCANS: u32 = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Jpeg,
    Png,
    WebP,
    Gif,
}

/// Pixels as they are stored: the orientation is still to be applied.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) pixels: RgbImage,
    /// Of the file; the pixels may be fewer.
    pub(super) size: Size,
    pub(super) orientation: Orientation,
    /// An ICC profile: what the pixels mean by their numbers.
    pub(super) profile: Option<Vec<u8>>,
}

/// The format by the first bytes: what the server says it is counts for nothing.
pub(super) fn sniff(start: &[u8]) -> Result<Format, Problem> {
    match start {
        [0xff, 0xd8, 0xff, ..] => Ok(Format::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Ok(Format::Png),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Ok(Format::Gif),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(Format::WebP),
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => Err(Problem::Unsupported(match brand {
            [b'a', b'v', b'i', b'f' | b's', ..] => "in AVIF format",
            [b'h', b'e', b'i' | b'v', _, ..] | [b'm', b'i', b'f' | b's', b'1', ..] => "in HEIC format",
            _ => "a video",
        })),
        [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => Err(Problem::Unsupported("in TIFF format")),
        [b'B', b'M', ..] => Err(Problem::Unsupported("in BMP format")),
        _ => Err(Problem::NotAPicture),
    }
}

/// The size of the upright picture in a file, or `None` while the bytes so far do not tell.
///
/// # Errors
/// Why it can't be told.
pub fn upright_size(start: &[u8]) -> Result<Option<Size>, Problem> {
    // The decoders have asserted on damaged files before; here such a panic would end a task that others wait for.
    panic::catch_unwind(|| read_upright_size(start, false)).unwrap_or(Err(Problem::Broken))
}

/// As [`upright_size`], of a file of which no more will come: what can be decoded has a size.
pub(super) fn whole_size(file: &[u8]) -> Result<Size, Problem> {
    panic::catch_unwind(|| read_upright_size(file, true)).unwrap_or(Err(Problem::Broken))?.ok_or(Problem::Broken)
}

fn read_upright_size(start: &[u8], is_all: bool) -> Result<Option<Size>, Problem> {
    let (width, height, orientation) = match sniff(start)? {
        Format::Jpeg => match jpeg::read(start)? {
            Some(head) => (head.size.width, head.size.height, head.orientation),
            None => return Ok(None),
        },
        Format::Gif => match start {
            &[_, _, _, _, _, _, w0, w1, h0, h1, ..] => {
                (u16::from_le_bytes([w0, w1]).into(), u16::from_le_bytes([h0, h1]).into(), Orientation::NoTransforms)
            }
            _ => return Ok(None),
        },
        // Its orientation may stand at the very end.
        Format::WebP if !is_all && !riff_is_whole(start) => return Ok(None),
        _ => {
            let decoder = reader(start)?.into_decoder();
            let mut decoder = match decoder {
                Err(ImageError::IoError(error)) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
                other => other.map_err(image_problem)?,
            };
            let (width, height) = decoder.dimensions();
            (width, height, decoder.orientation().unwrap_or(Orientation::NoTransforms))
        }
    };
    if width == 0 || height == 0 {
        return Err(Problem::Broken);
    }
    Ok(Some(Size { width, height }.turned(orientation)))
}

/// Decodes to at least the stored size `wanted` says, given the picture's own; a JPEG to the nearest eighth, quarter or
/// half above it. Transparent pictures lie on white.
pub(super) fn decode(bytes: &[u8], wanted: impl FnOnce(Size, Orientation) -> Size) -> Result<Stored, Problem> {
    match sniff(bytes)? {
        Format::Jpeg => decode_jpeg(bytes, wanted),
        _ => decode_other(bytes),
    }
}

fn decode_jpeg(bytes: &[u8], wanted: impl FnOnce(Size, Orientation) -> Size) -> Result<Stored, Problem> {
    let head = jpeg::read(bytes)?.ok_or(Problem::Broken)?;
    let jpeg::Head { size, orientation, profile, .. } = head;
    check_pixels(size)?;
    let mut decoder = Decompressor::new().map_err(|error| jpeg_problem(&error))?;
    let header = decoder.read_header(bytes).map_err(|error| jpeg_problem(&error))?;
    // Its memory is reckoned by our reading of the head.
    if (header.width, header.height) != (size.width as usize, size.height as usize) {
        return Err(Problem::Broken);
    }
    let (format, bytes_each) = match header.colorspace {
        // Beside what is decoded, the three channels that become of it.
        Colorspace::Gray => (PixelFormat::GRAY, 4),
        Colorspace::CMYK | Colorspace::YCCK => (PixelFormat::CMYK, 7),
        _ => (PixelFormat::RGB, 3),
    };
    let wanted = wanted(size, orientation);
    let eighths = eighths(size, wanted, |unfolded| head.kept * 2 + unfolded * bytes_each <= MAX_MEMORY)?;
    let scale = ScalingFactor::new(eighths, 8);

    let (width, height) = (scale.scale(size.width as usize), scale.scale(size.height as usize));
    let mut samples = vec![0; width * height * format.size()];
    decoder.set_scaling_factor(scale).map_err(|error| jpeg_problem(&error))?;
    decoder.set_scan_limit(MAX_SCANS).map_err(|error| jpeg_problem(&error))?;
    let pixels = turbojpeg::Image { pixels: &mut samples[..], width, pitch: width * format.size(), height, format };
    if let Err(error) = decoder.decompress(bytes, pixels)
        && !is_harmless(&error)
    {
        return Err(jpeg_problem(&error));
    }
    let (rgb, profile) = match format {
        PixelFormat::GRAY => (samples.iter().flat_map(|&grey| [grey; 3]).collect(), profile),
        PixelFormat::CMYK => {
            if head.inverted {
                for ink in &mut samples {
                    *ink = 255 - *ink;
                }
            }
            (colour::inks_to_srgb(&samples, profile.as_deref()), None)
        }
        _ => (samples, profile),
    };
    let scaled = Size { width: to_u32(width)?, height: to_u32(height)? };
    let pixels = RgbImage::from_raw(scaled.width, scaled.height, rgb).ok_or(Problem::Broken)?;
    Ok(Stored { pixels, size, orientation, profile })
}

/// The eighths of its size to which a JPEG is unfolded: the fewest that are enough, or as many as `fit`.
fn eighths(size: Size, wanted: Size, fit: impl Fn(u64) -> bool) -> Result<usize, Problem> {
    let scaled =
        |eighths: u32| Size { width: (size.width * eighths).div_ceil(8), height: (size.height * eighths).div_ceil(8) };
    let enough = |&eighths: &u32| scaled(eighths).width >= wanted.width && scaled(eighths).height >= wanted.height;
    // Others have no fast way.
    let enough = [1, 2, 4, 8].into_iter().find(enough).unwrap_or(8);
    let fits = |&eighths: &u32| eighths <= enough && fit(scaled(eighths).pixels());
    let eighths = [8, 4, 2, 1].into_iter().find(fits).ok_or(too_many(size))?;
    Ok(eighths as usize)
}

fn decode_other(bytes: &[u8]) -> Result<Stored, Problem> {
    let format = sniff(bytes)?;
    let mut decoder = reader(bytes)?.into_decoder().map_err(image_problem)?;
    let (width, height) = decoder.dimensions();
    let size = Size { width, height };
    check_pixels(size)?;
    // PNG is decoded line by line, the others have a picture of their own beside ours.
    let within = if format == Format::Png { 0 } else { size.pixels() * 4 };
    // Where neither the pixels are taken as they are, nor flattened in their place.
    let after = if matches!(decoder.color_type(), ColorType::Rgb8 | ColorType::Rgba8) { 0 } else { size.pixels() * 4 };
    if decoder.total_bytes() + within + after > MAX_MEMORY {
        return Err(too_many(size));
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().ok().flatten();
    let image = DynamicImage::from_decoder(decoder).map_err(image_problem)?;
    Ok(Stored { pixels: on_white(image)?, size, orientation, profile })
}

fn reader(bytes: &[u8]) -> Result<ImageReader<Cursor<&[u8]>>, Problem> {
    if sniff(bytes)? == Format::WebP && !notes_are_there(bytes) {
        return Err(Problem::Broken);
    }
    let mut reader = ImageReader::with_format(
        Cursor::new(bytes),
        match sniff(bytes)? {
            Format::Jpeg => image::ImageFormat::Jpeg,
            Format::Png => image::ImageFormat::Png,
            Format::WebP => image::ImageFormat::WebP,
            Format::Gif => image::ImageFormat::Gif,
        },
    );
    let mut limits = image::Limits::no_limits();
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    Ok(reader)
}

fn on_white(decoded: DynamicImage) -> Result<RgbImage, Problem> {
    if decoded.color().has_alpha() { flattened(decoded.into_rgba8()) } else { Ok(decoded.into_rgb8()) }
}

/// In its place, because a second picture might not fit beside it.
fn flattened(rgba: RgbaImage) -> Result<RgbImage, Problem> {
    let (width, height) = rgba.dimensions();
    let mut bytes = rgba.into_raw();
    let pixels = bytes.len() / 4;
    for at in 0..pixels {
        let [colours @ .., alpha] = [0, 1, 2, 3].map(|channel| u16::from(bytes[at * 4 + channel]));
        for (channel, colour) in colours.into_iter().enumerate() {
            let over = (colour * alpha + 255 * (255 - alpha) + 127) / 255;
            bytes[at * 3 + channel] = u8::try_from(over).unwrap_or(u8::MAX);
        }
    }
    bytes.truncate(pixels * 3);
    RgbImage::from_raw(width, height, bytes).ok_or(Problem::Broken)
}

fn check_pixels(size: Size) -> Result<(), Problem> {
    if size.width == 0 || size.height == 0 {
        return Err(Problem::Broken);
    }
    if size.pixels() > MAX_PIXELS { Err(too_many(size)) } else { Ok(()) }
}

fn too_many(Size { width, height }: Size) -> Problem {
    Problem::TooManyPixels { width, height }
}

fn to_u32(length: usize) -> Result<u32, Problem> {
    u32::try_from(length).map_err(|_| Problem::Broken)
}

fn riff_is_whole(start: &[u8]) -> bool {
    let length = start.get(4..8).and_then(|length| length.try_into().ok()).map(u32::from_le_bytes);
    length.is_some_and(|length| start.len() as u64 >= u64::from(length) + 8)
}

/// The decoder of WebP makes room for what a file says that its profile and EXIF take, before it looks whether they are there.
fn notes_are_there(webp: &[u8]) -> bool {
    let mut chunks = webp.get(MAGIC..).unwrap_or_default();
    while let [name @ .., l0, l1, l2, l3] = chunks.get(..8).unwrap_or_default() {
        let length = u32::from_le_bytes([*l0, *l1, *l2, *l3]) as usize;
        let is_there = chunks.len() - 8 >= length;
        if !is_there {
            return !matches!(name, b"ICCP" | b"EXIF" | b"XMP ");
        }
        chunks = chunks.get(8 + length.next_multiple_of(2)..).unwrap_or_default();
    }
    true
}

fn jpeg_problem(error: &turbojpeg::Error) -> Problem {
    // The library has no numbers for what it found, only sentences.
    match error {
        turbojpeg::Error::TurboJpegError(why) if why.contains("scans") => {
            Problem::Unsupported("a JPEG of too many passes")
        }
        turbojpeg::Error::TurboJpegError(why) if why.contains("Unsupported") => {
            Problem::Unsupported("a JPEG of a rare kind")
        }
        _ => Problem::Broken,
    }
}

/// Complaints about files that cameras and programs do write, and all of whose pixels are there.
fn is_harmless(error: &turbojpeg::Error) -> bool {
    let turbojpeg::Error::TurboJpegError(why) = error else { return false };
    ["extraneous bytes before marker", "Invalid SOS parameters", "unknown JFIF revision", "Unknown Adobe color"]
        .iter()
        .any(|harmless| why.contains(harmless))
}

fn image_problem(error: ImageError) -> Problem {
    match error {
        ImageError::Limits(error) if matches!(error.kind(), LimitErrorKind::InsufficientMemory) => {
            Problem::Unsupported("larger than can be decoded safely")
        }
        ImageError::Unsupported(_) => Problem::Unsupported("of a rare kind"),
        _ => Problem::Broken,
    }
}

#[cfg(test)]
mod tests;
