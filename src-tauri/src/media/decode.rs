//! Bytes to pixels, within bounds on both. The bytes are anybody's; the decoders are told what is wanted, so that a
//! large JPEG is never unfolded in full only to be made small.

use std::{
    io::{self, Cursor, ErrorKind, Read},
    panic,
    time::{Duration, Instant},
};

use image::{
    DynamicImage, ImageDecoder, ImageError, ImageReader, RgbImage, error::LimitErrorKind, metadata::Orientation,
};
use jpeg_decoder::{CodingProcess, PixelFormat, UnsupportedFeature};

use super::{Size, problem::Problem};

/// Bytes that tell the format.
pub(super) const MAGIC: usize = 12;
const MAX_PIXELS: u64 = 100_000_000;
/// Bytes that decoding one picture may take.
const MAX_MEMORY: u64 = 256 << 20;
/// Some JPEGs are made of thousands of passes over the picture, each a few bytes long.
const MAX_TIME: Duration = Duration::from_secs(10);

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

/// The size of the upright picture, or `None` while the bytes so far do not tell.
pub(super) fn upright_size(start: &[u8]) -> Result<Option<Size>, Problem> {
    // The decoders have asserted on damaged files before; here such a panic would end a task that others wait for.
    panic::catch_unwind(|| read_upright_size(start)).unwrap_or(Err(Problem::Broken))
}

fn read_upright_size(start: &[u8]) -> Result<Option<Size>, Problem> {
    let (width, height, orientation) = match sniff(start)? {
        Format::Jpeg => {
            let mut jpeg = jpeg_decoder::Decoder::new(start);
            match jpeg.read_info() {
                Err(jpeg_decoder::Error::Io(error)) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
                other => other.map_err(|error| jpeg_problem(&error))?,
            }
            let info = jpeg.info().ok_or(Problem::Broken)?;
            (info.width.into(), info.height.into(), exif_orientation(&jpeg))
        }
        Format::Gif => match start {
            &[_, _, _, _, _, _, w0, w1, h0, h1, ..] => {
                (u16::from_le_bytes([w0, w1]).into(), u16::from_le_bytes([h0, h1]).into(), Orientation::NoTransforms)
            }
            _ => return Ok(None),
        },
        // Its orientation may stand at the very end.
        Format::WebP if !riff_is_whole(start) => return Ok(None),
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
    let mut jpeg = jpeg_decoder::Decoder::new(Hurried::new(bytes));
    jpeg.read_info().map_err(|error| jpeg_problem(&error))?;
    let info = jpeg.info().ok_or(Problem::Broken)?;
    let size = Size { width: info.width.into(), height: info.height.into() };
    check_pixels(size)?;
    if info.coding_process == CodingProcess::Lossless {
        return Err(Problem::Unsupported("a lossless JPEG"));
    }
    let orientation = exif_orientation(&jpeg);

    let channels = info.pixel_format.pixel_bytes() as u64;
    // A progressive JPEG is kept as coefficients of two bytes until its last pass.
    let kept = if info.coding_process == CodingProcess::DctProgressive { size.pixels() * channels * 2 } else { 0 };
    let fits = |scale| {
        let unfolded = scaled(size, scale).pixels() * channels * 2;
        kept + unfolded <= MAX_MEMORY
    };
    let wanted = wanted(size, orientation);
    let enough = |scale| {
        let scaled = scaled(size, scale);
        scaled.width >= wanted.width && scaled.height >= wanted.height
    };
    let scale = [1, 2, 4, 8].into_iter().find(|&scale| enough(scale)).unwrap_or(8);
    let scale = [1, 2, 4, 8].into_iter().rev().find(|&s| s <= scale && fits(s)).ok_or(too_many(size))?;
    let (width, height) = scale_request(size, scale);
    jpeg.scale(width, height).map_err(|error| jpeg_problem(&error))?;

    let decoded = jpeg.decode().map_err(|error| jpeg_problem(&error))?;
    let info = jpeg.info().ok_or(Problem::Broken)?;
    let rgb = match info.pixel_format {
        PixelFormat::RGB24 => decoded,
        PixelFormat::L8 => decoded.iter().flat_map(|&grey| [grey; 3]).collect(),
        PixelFormat::CMYK32 => decoded.as_chunks::<4>().0.iter().flat_map(|&ink| cmyk_to_rgb(ink)).collect(),
        PixelFormat::L16 => return Err(Problem::Unsupported("a JPEG of more than 8 bits")),
    };
    let pixels = RgbImage::from_raw(info.width.into(), info.height.into(), rgb).ok_or(Problem::Broken)?;
    Ok(Stored { pixels, size, orientation })
}

fn decode_other(bytes: &[u8]) -> Result<Stored, Problem> {
    let mut decoder = reader(bytes)?.into_decoder().map_err(image_problem)?;
    let (width, height) = decoder.dimensions();
    let size = Size { width, height };
    check_pixels(size)?;
    // Beside the pixels as decoded, those that become of them have to fit.
    if decoder.total_bytes() + size.pixels() * 3 > MAX_MEMORY * 2 || decoder.total_bytes() > MAX_MEMORY {
        return Err(too_many(size));
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).map_err(image_problem)?;
    Ok(Stored { pixels: on_white(image), size, orientation })
}

fn reader(bytes: &[u8]) -> Result<ImageReader<Cursor<&[u8]>>, Problem> {
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

fn on_white(decoded: DynamicImage) -> RgbImage {
    if !decoded.color().has_alpha() {
        return decoded.into_rgb8();
    }
    let rgba = decoded.into_rgba8();
    let (width, height) = rgba.dimensions();
    let mut rgb = RgbImage::new(width, height);
    for (flat, &image::Rgba([red, green, blue, alpha])) in rgb.pixels_mut().zip(rgba.pixels()) {
        let over = |colour: u8| {
            let (colour, alpha) = (u16::from(colour), u16::from(alpha));
            u8::try_from((colour * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
        };
        flat.0 = [over(red), over(green), over(blue)];
    }
    rgb
}

/// 255 is full ink, as the decoder gives it.
fn cmyk_to_rgb([cyan, magenta, yellow, black]: [u8; 4]) -> [u8; 3] {
    [cyan, magenta, yellow].map(|ink| {
        let light = u16::from(255 - ink) * u16::from(255 - black);
        u8::try_from((light + 127) / 255).unwrap_or(u8::MAX)
    })
}

fn exif_orientation<R: Read>(jpeg: &jpeg_decoder::Decoder<R>) -> Orientation {
    jpeg.exif_data().and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)
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

/// `eighths` of the size, rounded up as the decoder does.
fn scaled(size: Size, eighths: u32) -> Size {
    Size { width: (size.width * eighths).div_ceil(8), height: (size.height * eighths).div_ceil(8) }
}

/// What to ask of the decoder to get this scale: it takes the smallest that reaches *either* side, so that only the
/// longer one is asked for.
fn scale_request(size: Size, eighths: u32) -> (u16, u16) {
    let Size { width, height } = scaled(size, eighths);
    let asked = |length: u32| u16::try_from(length).unwrap_or(u16::MAX);
    if size.width >= size.height { (asked(width), u16::MAX) } else { (u16::MAX, asked(height)) }
}

fn riff_is_whole(start: &[u8]) -> bool {
    let length = start.get(4..8).and_then(|length| length.try_into().ok()).map(u32::from_le_bytes);
    length.is_some_and(|length| start.len() as u64 >= u64::from(length) + 8)
}

fn jpeg_problem(error: &jpeg_decoder::Error) -> Problem {
    match error {
        jpeg_decoder::Error::Unsupported(UnsupportedFeature::SamplePrecision(_)) => {
            Problem::Unsupported("a JPEG of more than 8 bits")
        }
        jpeg_decoder::Error::Unsupported(_) => Problem::Unsupported("a JPEG of a rare kind"),
        _ => Problem::Broken,
    }
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

/// Reads until its time is up.
struct Hurried<'a> {
    bytes: &'a [u8],
    until: Instant,
    reads: u32,
}

impl<'a> Hurried<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, until: Instant::now() + MAX_TIME, reads: 0 }
    }
}

impl Read for Hurried<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // The decoder reads byte by byte: the clock is looked at now and then.
        self.reads = self.reads.wrapping_add(1);
        if self.reads.is_multiple_of(64) && Instant::now() > self.until {
            return Err(ErrorKind::TimedOut.into());
        }
        self.bytes.read(buffer)
    }
}

#[cfg(test)]
mod tests;
