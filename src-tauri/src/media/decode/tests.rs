use image::{ImageEncoder, ImageFormat};

use super::*;
use crate::media::testing::{encoded, jpeg, scene, with_orientation, with_profile};

const CMYK: &[u8] = include_bytes!("cmyk.jpg");
const PROGRESSIVE: &[u8] = include_bytes!("progressive.jpg");
const GREY: &[u8] = include_bytes!("grey.jpg");

fn whole(bytes: &[u8]) -> Result<RgbImage, Problem> {
    decode(bytes, |size, _| size).map(|stored| stored.pixels)
}

fn near(left: [u8; 3], right: [u8; 3]) -> bool {
    left.iter().zip(right).all(|(left, right)| left.abs_diff(right) <= 4)
}

#[test]
fn every_kind_of_jpeg_has_its_colours() {
    for (name, bytes, left, right) in [
        ("CMYK with black", CMYK, [184, 96, 24], [16, 24, 88]),
        ("progressive", PROGRESSIVE, [230, 121, 30], [19, 30, 110]),
        ("grey", GREY, [143; 3], [36; 3]),
    ] {
        let pixels = whole(bytes).expect(name);
        assert_eq!(pixels.dimensions(), (48, 32));
        assert!(near(pixels[(5, 16)].0, left) && near(pixels[(40, 16)].0, right), "{name}");
    }
}

#[test]
fn other_formats_are_decoded_too() {
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        assert_eq!(whole(&encoded(scene(64, 48), format)), Ok(scene(64, 48)), "{format:?}");
    }
    let gif = encoded(DynamicImage::from(scene(64, 48)).to_rgba8(), ImageFormat::Gif);
    assert_eq!(whole(&gif).expect("GIF").dimensions(), (64, 48));
}

#[test]
fn of_a_gif_that_moves_the_first_frame_is_shown() {
    let frame = |colour| image::Frame::new(image::RgbaImage::from_pixel(16, 12, image::Rgba(colour)));
    let mut gif = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut gif);
    encoder.encode_frames([frame([200, 0, 0, 255]), frame([0, 0, 200, 255])]).expect("encoded");
    drop(encoder);
    assert!(near(whole(&gif).expect("GIF")[(8, 6)].0, [200, 0, 0]));
}

#[test]
fn what_is_transparent_lies_on_white() {
    let glass = image::RgbaImage::from_pixel(4, 4, image::Rgba([200, 0, 0, 128]));
    assert!(near(whole(&encoded(glass, ImageFormat::Png)).expect("PNG")[(1, 1)].0, [227, 127, 127]));
    let nothing = image::RgbaImage::from_pixel(4, 4, image::Rgba([0, 0, 0, 0]));
    assert_eq!(whole(&encoded(nothing, ImageFormat::Png)).expect("PNG")[(1, 1)].0, [255; 3]);
}

#[test]
fn a_jpeg_is_only_unfolded_as_far_as_wanted() {
    let bytes = jpeg(800, 600);
    for (wanted, width, height) in [(100, 100, 75), (101, 200, 150), (400, 400, 300), (401, 800, 600), (9000, 800, 600)]
    {
        let stored = decode(&bytes, |_, _| Size { width: wanted, height: 1 }).expect("decoded");
        assert_eq!(stored.pixels.dimensions(), (width, height));
        assert_eq!(stored.size, Size { width: 800, height: 600 });
    }
    // A strip one pixel wide must not shrink along with what is enough for its width.
    let stored = decode(&jpeg(1, 800), |size, _| size).expect("decoded");
    assert_eq!(stored.pixels.dimensions(), (1, 800));
}

#[test]
fn a_cut_off_picture_is_broken_wherever_it_is_cut() {
    let gif = DynamicImage::from(scene(64, 48)).to_rgba8();
    for bytes in [
        jpeg(64, 48),
        PROGRESSIVE.to_vec(),
        CMYK.to_vec(),
        encoded(scene(64, 48), ImageFormat::Png),
        encoded(scene(64, 48), ImageFormat::WebP),
        encoded(gif, ImageFormat::Gif),
    ] {
        let format = sniff(&bytes);
        for tenth in 1..10 {
            let cut = &bytes[..(bytes.len() * tenth / 10).max(MAGIC)];
            assert_eq!(whole(cut), Err(Problem::Broken), "{format:?} {tenth}/10");
        }
    }
}

#[test]
fn damage_is_a_problem_and_never_a_panic() {
    let pictures = [with_orientation(&jpeg(24, 16), 6), PROGRESSIVE.to_vec(), CMYK.to_vec()];
    let others = [ImageFormat::Png, ImageFormat::WebP].map(|format| encoded(scene(16, 12), format));
    // Every byte in turn, so that headers, tables and pixels all get their share.
    for bytes in pictures.into_iter().chain(others) {
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0xff;
            let _ = upright_size(&damaged);
            let _ = std::panic::catch_unwind(|| decode(&damaged, |_, _| Size { width: 1, height: 1 }).is_ok());
        }
    }
}

#[test]
fn bombs_are_refused_by_their_header() {
    let png = [
        b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x75\x30\0\0\x75\x30\x01\x03\0\0\0".as_slice(),
        &0x5ce9_6af9_u32.to_be_bytes(),
        b"\0\0\0\0IDAT\x35\xaf\x06\x1e",
    ]
    .concat();
    let mut jpeg = jpeg(64, 48);
    let frame = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).expect("a frame");
    jpeg[frame + 5..frame + 9].fill(0xfe);
    let gif = [b"GIF89a\xff\xff\xff\xff\0\0\0".as_slice(), b",\0\0\0\0\xff\xff\xff\xff\0\x08\x02\0\0\0;"].concat();
    let webp = b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\xfe\xbf\xff\x0f\0\0\0\0\0\0\0\0\0";
    for (name, bytes, side) in
        [("PNG", &png[..], 30000), ("JPEG", &jpeg, 0xfefe), ("GIF", &gif, 65535), ("WebP", webp, 16383)]
    {
        assert_eq!(whole(bytes), Err(Problem::TooManyPixels { width: side, height: side }), "{name}");
    }
}

#[test]
fn formats_that_can_not_be_shown_are_named() {
    for (start, format) in [
        (b"\0\0\0\x20ftypavif\0\0\0\0", "AVIF"),
        (b"\0\0\0\x20ftypheic\0\0\0\0", "HEIC"),
        (b"\0\0\0\x20ftypisom\0\0\0\0", "video"),
        (b"II*\0\x08\0\0\0\0\0\0\0\0\0\0\0", "TIFF"),
        (b"BM\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "BMP"),
    ] {
        let problem = sniff(start).expect_err(format);
        assert!(problem.to_string().contains(format), "{problem}");
    }
    assert_eq!(sniff(b"<svg xmlns='http://"), Err(Problem::NotAPicture));

    let mut twelve_bits = jpeg(64, 48);
    let frame = twelve_bits.windows(2).position(|marker| marker == [0xff, 0xc0]).expect("a frame");
    twelve_bits[frame + 1] = 0xc1;
    twelve_bits[frame + 4] = 12;
    assert_eq!(whole(&twelve_bits), Err(Problem::Unsupported("a JPEG of more than 8 bits")));
    for (marker, kind) in [(0xc3, "a lossless JPEG"), (0xc7, "a JPEG of a rare kind")] {
        let mut other = jpeg(64, 48);
        other[frame + 1] = marker;
        assert_eq!(whole(&other), Err(Problem::Unsupported(kind)));
    }
}

#[test]
fn the_size_is_told_by_the_first_bytes() {
    for (orientation, width, height) in [(1, 640, 480), (4, 640, 480), (5, 480, 640), (6, 480, 640), (8, 480, 640)] {
        let bytes = with_orientation(&jpeg(640, 480), orientation);
        assert_eq!(upright_size(&bytes[..60]), Ok(None));
        assert_eq!(upright_size(&bytes[..1000]), Ok(Some(Size { width, height })), "orientation {orientation}");
    }
    for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
        let bytes = encoded(DynamicImage::from(scene(64, 48)).to_rgba8(), format);
        assert_eq!(
            upright_size(&bytes[..20]),
            Ok((format == ImageFormat::Gif).then_some(Size { width: 64, height: 48 })),
            "{format:?}"
        );
        assert_eq!(upright_size(&bytes), Ok(Some(Size { width: 64, height: 48 })), "{format:?}");
    }
}

#[test]
fn a_webp_that_says_it_is_longer_than_its_file_has_a_size_as_it_has_pixels() {
    let mut bytes = encoded(scene(64, 48), ImageFormat::WebP);
    let length = u32::try_from(bytes.len()).expect("small") + 100;
    bytes[4..8].copy_from_slice(&length.to_le_bytes());
    assert!(whole(&bytes).is_ok());
    assert_eq!(upright_size(&bytes), Ok(None), "more may come");
    assert_eq!(whole_size(&bytes), Ok(Size { width: 64, height: 48 }));
}

#[test]
fn a_webp_whose_notes_are_said_to_take_gigabytes_is_broken() {
    let profile = moxcms::ColorProfile::new_display_p3().encode().expect("a profile");
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::webp::WebPEncoder::new_lossless(&mut bytes);
    encoder.set_icc_profile(profile).expect("kept");
    scene(64, 48).write_with_encoder(encoder).expect("encoded");
    let place = bytes.windows(4).position(|name| name == b"ICCP").expect("a profile") + 4;
    bytes[place..place + 4].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
    assert_eq!(whole_size(&bytes), Err(Problem::Broken));
    assert_eq!(whole(&bytes).err(), Some(Problem::Broken));
    assert!(!notes_are_there(&bytes));
}

#[test]
fn a_jpeg_of_thousands_of_passes_is_refused() {
    let scans: Vec<_> = (0..PROGRESSIVE.len() - 1).filter(|&at| PROGRESSIVE[at..at + 2] == [0xff, 0xda]).collect();
    let [.., last] = scans[..] else { panic!("several scans") };
    let (before, end) = (&PROGRESSIVE[..last], PROGRESSIVE.len() - 2);
    let bytes = [before, &PROGRESSIVE[last..end].repeat(5000), &PROGRESSIVE[end..]].concat();
    assert_eq!(whole(&bytes), Err(Problem::Unsupported("a JPEG of too many passes")));
}

#[test]
fn bytes_between_segments_are_no_damage() {
    let bytes = jpeg(64, 48);
    let end = bytes.len() - 2;
    let padded = [&bytes[..end], &[0; 5], &bytes[end..]].concat();
    assert_eq!(whole(&padded), whole(&bytes));
}

#[test]
fn a_large_picture_that_keeps_all_its_passes_is_refused_by_its_head() {
    let mut bytes = PROGRESSIVE.to_vec();
    let frame = bytes.windows(2).position(|marker| marker == [0xff, 0xc2]).expect("a frame");
    bytes[frame + 5..frame + 9].copy_from_slice(&[0x26, 0x00, 0x26, 0x00]);
    assert_eq!(whole(&bytes), Err(Problem::TooManyPixels { width: 0x2600, height: 0x2600 }));
}

#[test]
fn profiles_are_found_in_every_format_that_has_them() {
    let profile = moxcms::ColorProfile::new_display_p3().encode().expect("a profile");
    let found = |bytes: &[u8]| decode(bytes, |size, _| size).expect("decoded").profile;
    assert_eq!(found(&with_profile(&jpeg(64, 48), &profile)).as_ref(), Some(&profile));
    assert_eq!(found(&jpeg(64, 48)), None);

    let mut png = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut png);
    encoder.set_icc_profile(profile.clone()).expect("kept");
    scene(64, 48).write_with_encoder(encoder).expect("encoded");
    assert_eq!(found(&png).as_ref(), Some(&profile));

    let mut webp = Vec::new();
    let mut encoder = image::codecs::webp::WebPEncoder::new_lossless(&mut webp);
    encoder.set_icc_profile(profile.clone()).expect("kept");
    scene(64, 48).write_with_encoder(encoder).expect("encoded");
    assert_eq!(found(&webp), Some(profile));
}

#[test]
fn a_profile_that_unfolds_without_end_is_not_taken() {
    let mut png = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut png);
    encoder.set_icc_profile(vec![0; 200 << 20]).expect("kept");
    scene(64, 48).write_with_encoder(encoder).expect("encoded");
    let decoded = decode(&png, |size, _| size);
    assert!(decoded.is_ok_and(|stored| stored.profile.is_none()));
}
