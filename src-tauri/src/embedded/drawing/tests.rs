use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageReader, metadata::Orientation};

use super::*;

const SEED: u64 = 7;

fn decoded(jpeg: &[u8]) -> (DynamicImage, Orientation) {
    let mut decoder =
        ImageReader::new(Cursor::new(jpeg)).with_guessed_format().expect("bytes").into_decoder().expect("a JPEG");
    let orientation = decoder.orientation().expect("an orientation");
    (DynamicImage::from_decoder(decoder).expect("pixels"), orientation)
}

/// Mean difference of two pictures' bytes.
fn difference(one: &DynamicImage, other: &DynamicImage) -> f64 {
    let (one, other) = (one.to_rgb8(), other.to_rgb8());
    assert_eq!(one.dimensions(), other.dimensions());
    let sum: u64 = one.iter().zip(other.iter()).map(|(one, other)| u64::from(one.abs_diff(*other))).sum();
    #[expect(clippy::cast_precision_loss, reason = "sums of bytes")]
    let mean = sum as f64 / one.len() as f64;
    mean
}

#[test]
fn a_picture_is_the_same_each_time() {
    let (one, other) = (World::new(SEED), World::new(SEED));
    for id in [1, 9, 38, 100] {
        assert_eq!(photo(&one, id, Some(160)), photo(&other, id, Some(160)), "medium {id}");
    }
    assert_eq!(portrait(&one, 5, None), portrait(&other, 5, None));
    assert_ne!(portrait(&one, 5, None), portrait(&one, 6, None));
}

#[test]
fn what_is_not_there_is_not_drawn() {
    let world = World::new(SEED);
    assert_eq!(photo(&world, 0, None), None);
    assert_eq!(photo(&world, 401, Some(320)), None);
    assert_eq!(portrait(&world, 0, None), None);
    assert_eq!(portrait(&world, World::USERS + 1, None), None);
}

#[test]
fn originals_of_all_orientations_are_upright_for_who_reads_them() {
    let world = World::new(SEED);
    let mut seen = Vec::new();
    for medium in &world.media {
        // One of each, and no big ones: this is about geometry.
        if seen.contains(&medium.orientation) || medium.size.0 * medium.size.1 > 2_500_000 {
            continue;
        }
        seen.push(medium.orientation);
        let original = photo(&world, medium.id, None).expect("an original");
        let (mut picture, orientation) = decoded(&original);
        assert_eq!(Orientation::from_exif(medium.orientation), Some(orientation));
        picture.apply_orientation(orientation);
        assert_eq!((picture.width(), picture.height()), medium.size);

        let derivative = photo(&world, medium.id, Some(medium.size.0)).expect("a derivative");
        let (upright, orientation) = decoded(&derivative);
        assert_eq!(orientation, Orientation::NoTransforms);
        let difference = difference(&picture, &upright);
        assert!(difference < 2.0, "orientation {}: the pictures differ by {difference}", medium.orientation);
    }
    seen.sort_unstable();
    assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn derivatives_keep_the_aspect_and_never_grow() {
    assert_eq!(scaled((4000, 3000), Some(320)), (320, 240));
    assert_eq!(scaled((1080, 1080), Some(1600)), (1080, 1080));
    assert_eq!(scaled((1920, 1080), Some(320)), (320, 180));
    assert_eq!(scaled((1600, 1200), None), (1600, 1200));
}

#[test]
fn boxes_sit_on_heads_and_no_two_on_the_same_place() {
    let world = World::new(SEED);
    for medium in &world.media {
        let boxes: Vec<[i32; 4]> = medium
            .figures
            .iter()
            .map(|figure| face_box(&world.person(figure.person).expect("a person").look, figure))
            .collect();
        for (index, ([x, y, width, height], figure)) in boxes.iter().zip(&medium.figures).enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "pixels")]
            let middle = ((x + width / 2) as f32, (y + height / 2) as f32);
            let off = (middle.0 - figure.centre.0).hypot(middle.1 - figure.centre.1);
            assert!(off < figure.head * 0.06, "medium {}: a box beside its head", medium.id);
            for [other_x, other_y, other_width, other_height] in &boxes[..index] {
                let apart_x = x >= &(other_x + other_width * 9 / 10) || other_x >= &(x + width * 9 / 10);
                let apart_y = y >= &(other_y + other_height * 9 / 10) || other_y >= &(y + height * 9 / 10);
                assert!(apart_x || apart_y, "medium {}: two faces on one another", medium.id);
            }
        }
    }
}

#[test]
fn about_one_picture_in_25_is_unsafe() {
    let world = World::new(SEED);
    let unsafe_media = world.media.iter().filter(|medium| medium.unsafe_content).count();
    assert!((12..=20).contains(&unsafe_media), "{unsafe_media}");
}
