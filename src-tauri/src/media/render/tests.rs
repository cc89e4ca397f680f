use image::{ImageFormat, imageops};

use super::*;
use crate::media::testing::{encoded, jpeg, scene, with_orientation, with_profile};

fn rendered(bytes: &[u8], view: View, exposure: Exposure) -> RgbImage {
    let jpeg = render(bytes, view, exposure).expect("rendered");
    image::load_from_memory_with_format(&jpeg, ImageFormat::Jpeg).expect("a JPEG").to_rgb8()
}

/// As a camera held in this orientation stores it.
fn stored(image: &RgbImage, orientation: u8) -> RgbImage {
    match orientation {
        2 => imageops::flip_horizontal(image),
        3 => imageops::rotate180(image),
        4 => imageops::flip_vertical(image),
        5 => imageops::flip_horizontal(&imageops::rotate90(image)),
        6 => imageops::rotate270(image),
        7 => imageops::flip_horizontal(&imageops::rotate270(image)),
        8 => imageops::rotate90(image),
        _ => image.clone(),
    }
}

fn mean_difference(left: &RgbImage, right: &RgbImage) -> f64 {
    assert_eq!(left.dimensions(), right.dimensions());
    let difference = |(left, right): (&u8, &u8)| f64::from(left.abs_diff(*right));
    left.iter().zip(right.iter()).map(difference).sum::<f64>() / f64::from(left.width() * left.height() * 3)
}

#[test]
fn all_eight_orientations_come_out_upright() {
    let upright = scene(640, 400);
    for orientation in 1..=8 {
        let bytes = with_orientation(&encoded(stored(&upright, orientation), ImageFormat::Jpeg), orientation);
        let thumbnail = rendered(&bytes, View::Whole { width: 320 }, Exposure::Clear);
        let expected = imageops::resize(&upright, 320, 200, imageops::FilterType::Lanczos3);
        assert!(mean_difference(&thumbnail, &expected) < 3.0, "orientation {orientation}");
    }
}

#[test]
fn crops_land_on_the_face_in_every_orientation() {
    // A white square in the scene is the face; its crop with the margin is white in the middle and nowhere at the rim.
    let mut upright = scene(640, 400);
    let size = Size { width: 640, height: 400 };
    imageops::replace(&mut upright, &RgbImage::from_pixel(80, 80, image::Rgb([255; 3])), 480, 60);
    let part = Part::around([480, 60, 80, 80], size).expect("inside");
    for orientation in 1..=8 {
        let bytes = with_orientation(&encoded(stored(&upright, orientation), ImageFormat::Jpeg), orientation);
        let crop = rendered(&bytes, View::Part { part, side: 256 }, Exposure::Clear);
        assert_eq!(crop.dimensions(), (256, 256));
        // 136 pixels across the crop: the face begins at 28 and ends at 108 of them, 53 to 203 of 256.
        let white = |x, y| crop[(x, y)].0.iter().all(|&channel| channel > 230);
        for at in [57, 128, 199] {
            assert!(white(at, 57) && white(57, at) && white(at, 199) && white(199, at), "{orientation}: {at}");
            assert!(!white(at, 49) && !white(49, at) && !white(at, 207) && !white(207, at), "{orientation}: {at}");
        }
    }
}

#[test]
fn small_pictures_stay_small_and_strips_stay_within_bounds() {
    let dimensions = |width, height, view| rendered(&jpeg(width, height), view, Exposure::Clear).dimensions();
    assert_eq!(dimensions(100, 80, View::Whole { width: 320 }), (100, 80));
    assert_eq!(dimensions(1, 1, View::Whole { width: 320 }), (1, 1));
    assert_eq!(dimensions(4000, 2, View::Whole { width: 320 }), (320, 1));
    assert_eq!(dimensions(2, 4000, View::Whole { width: 320 }), (1, 1280));
    assert_eq!(dimensions(400, 300, View::Middle { side: 256 }), (256, 256));
    assert_eq!(dimensions(100, 300, View::Middle { side: 256 }), (100, 100));
}

#[test]
fn a_guarded_picture_is_grey_and_has_no_detail() {
    // Stripes a few pixels wide stand for whatever could be recognised.
    let stripes = RgbImage::from_fn(1600, 1200, |x, y| {
        image::Rgb(if (x / 12 + y / 12) % 2 == 0 { [255, 40, 0] } else { [0, 60, 255] })
    });
    let bytes = encoded(stripes, ImageFormat::Jpeg);
    let part = Part { left: 0.4, top: 0.4, width: 0.15, height: 0.2 };
    for view in [View::Whole { width: 320 }, View::Whole { width: 1600 }, View::Part { part, side: 256 }] {
        let clear = rendered(&bytes, view, Exposure::Clear);
        let guarded = rendered(&bytes, view, Exposure::GUARDED);
        assert_eq!(clear.dimensions(), guarded.dimensions());
        assert!(guarded.pixels().all(|pixel| pixel.0 == [pixel.0[0]; 3]), "{view:?} is grey");
        assert!(detail(&guarded) < 2.0, "{view:?}: {}", detail(&guarded));
        assert!(detail(&clear) > 20.0, "{view:?}: {}", detail(&clear));
    }
}

/// How much neighbours a few pixels apart differ.
fn detail(image: &RgbImage) -> f64 {
    let smooth = imageops::fast_blur(image, 6.0);
    mean_difference(image, &smooth)
}

#[test]
fn a_guarded_picture_made_from_a_small_version_is_as_large_as_the_clear_one() {
    let small = rendered(&jpeg(320, 240), View::Whole { width: 1600 }, Exposure::GUARDED);
    assert_eq!(small.dimensions(), (1600, 1200));
}

#[test]
fn colours_are_shown_as_the_profile_means_them() {
    let red = encoded(RgbImage::from_pixel(64, 48, image::Rgb([200, 100, 100])), ImageFormat::Jpeg);
    let wide = moxcms::ColorProfile::new_display_p3().encode().expect("a profile");
    let middle = |bytes: &[u8]| rendered(bytes, View::Whole { width: 320 }, Exposure::Clear)[(32, 24)].0;
    let [plain, meant] = [middle(&red), middle(&with_profile(&red, &wide))];
    assert!(plain[0].abs_diff(200) <= 3, "{plain:?}");
    assert!(meant[0] > plain[0] + 8 && meant[1] < plain[1], "{meant:?} beside {plain:?}");
}

#[test]
fn what_the_window_gets_carries_nothing_of_the_file() {
    let profile = moxcms::ColorProfile::new_display_p3().encode().expect("a profile");
    let bytes = with_orientation(&with_profile(&jpeg(640, 480), &profile), 6);
    let shown = thumbnail(&bytes, Exposure::Clear).expect("rendered");
    for secret in [&b"Exif"[..], b"ICC_PROFILE"] {
        assert!(!shown.windows(secret.len()).any(|part| part == secret));
    }
}
