//! JPEG files as a camera writes them: the pixels as the sensor saw them, and an EXIF note which way is up.

use image::{DynamicImage, RgbImage, codecs::jpeg::JpegEncoder};

/// `rgb` is the upright picture. `None` when it does not have the given size.
pub(super) fn encode(rgb: &[u8], size: (u32, u32), orientation: u8, quality: u8) -> Option<Vec<u8>> {
    let mut file = Vec::new();
    if orientation <= 1 {
        let mut encoder = JpegEncoder::new_with_quality(&mut file, quality);
        encoder.encode(rgb, size.0, size.1, image::ExtendedColorType::Rgb8).ok()?;
        return Some(file);
    }
    let stored = stored(DynamicImage::from(RgbImage::from_raw(size.0, size.1, rgb.to_vec())?), orientation);
    JpegEncoder::new_with_quality(&mut file, quality).encode_image(&stored).ok()?;
    // After the two bytes that begin a JPEG.
    file.splice(2..2, exif(orientation));
    Some(file)
}

/// The upright picture as it lies in a file with this orientation; the inverse of what a viewer does.
fn stored(upright: DynamicImage, orientation: u8) -> DynamicImage {
    match orientation {
        2 => upright.fliph(),
        3 => upright.rotate180(),
        4 => upright.flipv(),
        5 => upright.rotate90().fliph(),
        6 => upright.rotate270(),
        7 => upright.rotate270().fliph(),
        8 => upright.rotate90(),
        _ => upright,
    }
}

/// An APP1 segment whose only entry is the orientation (tag 0x0112, one unsigned short).
fn exif(orientation: u8) -> Vec<u8> {
    let mut body = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    body.extend([orientation, 0, 0]);
    body.extend([0; 4]);
    let length = u16::try_from(body.len() + 2).unwrap_or(u16::MAX);
    let mut segment = vec![0xff, 0xe1];
    segment.extend(length.to_be_bytes());
    segment.extend(body);
    segment
}
