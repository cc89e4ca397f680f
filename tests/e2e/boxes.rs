//! Boxes on photos, read from the pixels of the real window.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a screen has few pixels"
)]

use std::{collections::HashMap, time::Duration};

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, metadata::Orientation};
use serde_json::json;
use sqlx::PgPool;

use crate::{
    database::Database,
    deployment::Deployment,
    page::{Rect, place, serve},
    process::until,
    window::Window,
};

/// Pixels between a box and what it is around.
const TOLERANCE: f64 = 1.0;

/// Upright; no turn of it brings the red rectangle where it is.
const PICTURE: (u32, u32) = (1200, 900);
const RED: [i32; 4] = [470, 310, 183, 251];
/// The same of a size that the smallest window holds at 800 %.
const SMALL: [i32; 4] = [541, 387, 61, 47];

fn upright(red: [i32; 4]) -> RgbImage {
    let [x, y, width, height] = red.map(i32::cast_unsigned);
    RgbImage::from_fn(PICTURE.0, PICTURE.1, |at_x, at_y| {
        let inside = (x..x + width).contains(&at_x) && (y..y + height).contains(&at_y);
        // Of no channel as much or as little as there is: edges of brightness come whole through a JPEG.
        if inside { Rgb([200, 40, 40]) } else { Rgb([200, 200, 200]) }
    })
}

/// The picture as a camera held like this stores it.
fn stored(red: [i32; 4], orientation: u8) -> Vec<u8> {
    // What is stored turned by a quarter is turned back by three.
    let turned = match orientation {
        6 => 8,
        8 => 6,
        same => same,
    };
    let mut picture = DynamicImage::ImageRgb8(upright(red));
    picture.apply_orientation(Orientation::from_exif(turned).expect("one of the eight"));
    let mut jpeg = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut jpeg, ImageFormat::Jpeg).expect("a JPEG");
    with_exif(&jpeg.into_inner(), orientation)
}

/// The smallest EXIF there is: one entry, the orientation, right behind the start of the image.
fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut tiff = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    tiff.extend([orientation, 0, 0, 0, 0, 0, 0]);
    let length = u16::try_from(tiff.len() + 2).expect("it is short").to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &tiff, &jpeg[2..]].concat()
}

const MODERATOR: i64 = 1;

/// A moderator of this name, and a suggested face on each of the files, in their order; the ids of the media.
async fn suggested_faces(db: &PgPool, moderator: &str, port: u16, photos: &[Photo]) -> Vec<i64> {
    sqlx::query(
        "insert into users (username, email, password, role, account_status)
         values ($1, 'mo@example.org', '', 'MODERATOR', 'ACTIVE'), ('amara', 'amara@example.org', '', 'USER', 'ACTIVE')",
    )
    .bind(moderator)
    .execute(db)
    .await
    .expect("two people");
    sqlx::raw_sql("insert into posts (user_id, title, status) values (2, 'Boxes', 'PUBLISHED')")
        .execute(db)
        .await
        .expect("a post");
    let mut media = Vec::new();
    for (rank, (name, (width, height), bbox)) in (0..).zip(photos) {
        media.push(
            sqlx::query_scalar(
                "with medium as (
                     insert into post_media (post_id, media_type, media_url, width, height)
                     values (1, 'IMAGE', $1, $2, $3) returning media_id
                 ),
                 insight as (
                     insert into media_ai_insights (media_id, post_id, status, is_safe)
                     select media_id, 1, 'COMPLETED', true from medium returning media_id
                 )
                 insert into media_detected_faces (media_id, bbox, embedding, suggested_user_id, confidence_score, status)
                 select media_id, $4, array_fill(0.03, array[1024])::vector, 2, 0.84 - 0.001 * $5, 'SUGGESTED' from insight
                 returning media_id",
            )
            .bind(format!("http://127.0.0.1:{port}/{name}"))
            .bind(width.cast_signed())
            .bind(height.cast_signed())
            .bind(bbox.as_slice())
            .bind(rank)
            .fetch_one(db)
            .await
            .expect("a suggested face"),
        );
    }
    media
}

/// A file by its name, with how large the picture is as it is stored, and the box of a face.
type Photo = (String, (u32, u32), [i32; 4]);

/// The picture with `red` on it, in all orientations, and for each a face with this box.
fn orientations(red: [i32; 4], bbox: [i32; 4]) -> (HashMap<String, Vec<u8>>, Vec<Photo>) {
    let name = |orientation| format!("{orientation}.jpg");
    let files = (1..=8).map(|orientation| (name(orientation), stored(red, orientation))).collect();
    (files, (1..=8).map(|orientation| (name(orientation), PICTURE, bbox)).collect())
}

/// The window at the first of these faces, on a screen with so many pixels for each of the page.
async fn looking_at(
    name: &str,
    files: HashMap<String, Vec<u8>>,
    photos: &[Photo],
    scale: u32,
) -> (Deployment, Window, Vec<i64>) {
    let (database, port) = (Database::create(name).await, serve(files).await);
    let deployment = Deployment::prepare(&database, port, "").await;
    // Logins are the server's, which tests share.
    let media = suggested_faces(&deployment.db, name, port, photos).await;
    deployment.add_operator(MODERATOR, "moderator").await;
    let window = deployment.signed_in_at(MODERATOR, scale).await;
    window.click("link", "Faces").await;
    (deployment, window, media)
}

/// Waits until the photo is there in full, and takes what would cover its pixels away.
async fn shown(window: &Window, media: i64) {
    let there = "
        const picture = document.querySelector(`[data-picture][data-media-id='${arguments[0]}'][data-state=shown]`);
        const box = document.querySelector('[data-face-id]');
        if (!picture || !box) return false;
        document.querySelectorAll('.boxes, .tools').forEach((cover) => (cover.style.visibility = 'hidden'));
        return getComputedStyle(picture.querySelector('img')).opacity === '1'";
    until("the whole photo", Duration::from_secs(20), async || {
        window.script(there, &[json!(media)]).await == json!(true)
    })
    .await;
}

/// Where the red is on the photo's stage, in pixels of the screen, to a fraction of one.
async fn red(window: &Window) -> Rect {
    let stage = place(window, ".stage").await;
    // By its hue it is found, by its brightness measured.
    let redness = |Rgb([red, green, _]): &Rgb<u8>| f64::from(*red) - f64::from(*green);
    let darkness = |Rgb(pixel): &Rgb<u8>| {
        let [red, green, blue] = pixel.map(f64::from);
        200.0 - 0.299 * red - 0.587 * green - 0.114 * blue
    };
    outline(&window.pixels().await, stage, |pixel| redness(pixel) > 100.0, darkness)
}

/// Where the outer edges of the face's box are drawn, in pixels of the screen, to a fraction of one.
async fn drawn(window: &Window) -> Rect {
    let stage = place(window, ".stage").await;
    window.script("document.body.classList.add('only-boxes')", &[]).await;
    let pixels = window.pixels().await;
    window.script("document.body.classList.remove('only-boxes')", &[]).await;
    let blueness = |Rgb([red, _, blue]): &Rgb<u8>| f64::from(*blue) - f64::from(*red);
    outline(&pixels, stage, |pixel| blueness(pixel) > 100.0, blueness)
}

/// The lines of the box and what is between them, without all that lies over and under it, in a blue that nothing else has.
const ONLY_BOXES: &str = "
    const style = document.createElement('style');
    style.textContent = `
        .only-boxes .stage { background: #000 !important }
        .only-boxes .picture, .only-boxes .label, .only-boxes .halo { visibility: hidden !important }
        .only-boxes .lines { visibility: visible }
        .only-boxes .line { fill: #00f; stroke: #00f !important; stroke-dasharray: none !important }`;
    document.head.append(style);";

/// The edges of what is found on the stage, by the lines through its middle: corners may be round.
fn outline(
    screen: &RgbImage,
    stage: Rect,
    found: impl Fn(&Rgb<u8>) -> bool,
    strength: impl Fn(&Rgb<u8>) -> f64,
) -> Rect {
    let (left, top) = (stage.x.ceil() as u32, stage.y.ceil() as u32);
    let (right, bottom) = (stage.right().floor() as u32, stage.bottom().floor() as u32);
    let places = (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y)));
    let inside: Vec<(u32, u32)> = places.filter(|(x, y)| found(screen.get_pixel(*x, *y))).collect();
    assert!(!inside.is_empty(), "it is not on the screen");
    let middle = |sides: &mut dyn Iterator<Item = u32>| sides.sum::<u32>() / inside.len() as u32;
    let column = middle(&mut inside.iter().map(|(x, _)| *x));
    let row = middle(&mut inside.iter().map(|(_, y)| *y));
    let along_row: Vec<f64> = (left..right).map(|x| strength(screen.get_pixel(x, row))).collect();
    let along_column: Vec<f64> = (top..bottom).map(|y| strength(screen.get_pixel(column, y))).collect();
    let across = edges(&along_row, (column - left) as usize);
    let down = edges(&along_column, (row - top) as usize);
    let (x, y) = (f64::from(left) + across.0, f64::from(top) + down.0);
    Rect { x, y, width: across.1 - across.0, height: down.1 - down.0 }
}

/// Where a line crosses half of its value at `inside`, on both sides of it. The middle of a pixel is half a pixel in.
fn edges(line: &[f64], inside: usize) -> (f64, f64) {
    let half = line[inside] / 2.0;
    let crossing = |near: usize, far: usize| (line[near] - half) / (line[near] - line[far]);
    let first = (1..=inside).rev().find(|&at| line[at - 1] < half).expect("the left edge is on the screen");
    let last = (inside..line.len() - 1).find(|&at| line[at + 1] < half).expect("the right edge is on the screen");
    (first as f64 + 0.5 - crossing(first, first - 1), last as f64 + 0.5 + crossing(last, last + 1))
}

/// Pixels of the screen for each of the picture, by the wheel over the face.
async fn zoom_to(window: &Window, zoom: f64) {
    let turn = "
        const [zoom] = arguments;
        const now = Number(document.querySelector('[data-picture]').dataset.zoom);
        const { x, y, width, height } = document.querySelector('[data-face-id]').getBoundingClientRect();
        const at = { clientX: x + width / 2, clientY: y + height / 2, bubbles: true, cancelable: true };
        const wheel = new WheelEvent('wheel', { ...at, deltaY: -Math.log(zoom / now) / 0.0016 });
        document.querySelector('.stage').dispatchEvent(wheel);
        return new Promise((done) => requestAnimationFrame(done))
            .then(() => Number(document.querySelector('[data-picture]').dataset.zoom))";
    let zoomed = window.script(turn, &[json!(zoom)]).await.as_f64().expect("a number");
    assert!((zoomed / zoom - 1.0).abs() < 0.001, "zoomed to {zoomed} instead of {zoom}");
}

/// What was measured where: how far off the box's element and its lines are, in pixels of the screen.
#[derive(Debug)]
#[expect(dead_code, reason = "it is printed")]
struct Measured {
    orientation: usize,
    window: (u32, u32),
    zoom: f64,
    element: f64,
    lines: f64,
}

/// The whole photo, and from 20 % to 800 %, at each size of the window, in all orientations: with each of these one in
/// so many of the places, with the next one the others.
async fn measure(window: &Window, media: &[i64], one_in: usize) -> Vec<Measured> {
    const SIZES: [(u32, u32); 3] = [(1440, 900), (1000, 700), (1237, 811)];
    const WHOLE: f64 = 0.0;
    const ZOOMS: [f64; 5] = [WHOLE, 0.2, 1.0, 4.0, 8.0];
    window.script(ONLY_BOXES, &[]).await;
    let mut measured = Vec::new();
    for (turn, &medium) in media.iter().enumerate() {
        let mut place_of_all = turn;
        for size in SIZES {
            window.resize(size.0, size.1).await;
            window.press("w").await;
            shown(window, medium).await;
            for zoom in ZOOMS {
                place_of_all += 1;
                if !place_of_all.is_multiple_of(one_in) {
                    continue;
                }
                if zoom > WHOLE {
                    zoom_to(window, zoom).await;
                }
                let (found, element) = (red(window).await, place(window, "[data-face-id]").await);
                let [element, lines] = [element, drawn(window).await].map(|edges| edges.off_by(found));
                measured.push(Measured { orientation: turn + 1, window: size, zoom, element, lines });
            }
        }
        window.press("w").await;
        if turn + 1 < media.len() {
            window.press("x").await;
        }
    }
    measured
}

/// A box and its lines within a pixel of the screen.
fn assert_close(measured: &[Measured], count: usize) {
    assert_eq!(measured.len(), count);
    let worst = measured.iter().map(|one| one.element.max(one.lines)).fold(0.0, f64::max);
    eprintln!("at most {worst} pixels off, of {count} places");
    assert!(worst <= TOLERANCE, "{worst} pixels off: {measured:#?}");
}

#[tokio::test]
async fn a_box_is_within_a_pixel_of_the_face_at_any_size_zoom_and_orientation() {
    let (files, photos) = orientations(SMALL, SMALL);
    let (_deployment, window, media) = looking_at("e2e_boxes", files, &photos, 1).await;
    let measured = measure(&window, &media, 2).await;
    assert_close(&measured, 8 * 3 * 5 / 2);
}

#[tokio::test]
async fn a_box_is_within_a_pixel_of_the_face_on_a_screen_of_twice_as_many() {
    let (files, photos) = orientations(SMALL, SMALL);
    let (_deployment, window, media) = looking_at("e2e_dense_boxes", files, &photos, 2).await;
    let ratio = window.script("return window.devicePixelRatio", &[]).await;
    assert_eq!(ratio.as_f64(), Some(2.0), "two pixels for each of the page");
    let measured = measure(&window, &media, 4).await;
    assert_close(&measured, 8 * 3 * 5 / 4);
}

/// Drags a handle of the edited box by as much as brings its corner to that point of the page.
async fn drag_corner(window: &Window, handle: &str, corner: (f64, f64), to: (f64, f64)) {
    let grip = place(window, &format!("[data-handle={handle}]")).await;
    let from = (grip.x + grip.width / 2.0, grip.y + grip.height / 2.0);
    window.drag(from, (from.0.round() + to.0 - corner.0, from.1.round() + to.1 - corner.1)).await;
}

#[tokio::test]
async fn a_box_that_is_dragged_to_a_face_is_saved_within_a_pixel_of_it() {
    // Too far to the left and above, and of another size.
    let [x, y, width, height] = RED;
    let beside = [x - 60, y - 40, width + 70, height - 50];
    let (files, photos) = orientations(RED, beside);
    let (deployment, window, media) = looking_at("e2e_dragged_boxes", files, &photos, 1).await;

    let views = [((1440, 900), ""), ((1000, 700), ""), ((1237, 811), "+"), ((1440, 900), "-")];
    let mut measured = Vec::new();
    for (orientation, (&medium, ((wide, high), zoom))) in (1..).zip(media.iter().zip(views.into_iter().cycle())) {
        window.resize(wide, high).await;
        shown(&window, medium).await;
        if !zoom.is_empty() {
            window.press(zoom).await;
        }
        shown(&window, medium).await;
        let found = red(&window).await;
        window.press("e").await;
        let before = place(&window, "[data-edited]").await;
        drag_corner(&window, "nw", (before.x, before.y), (found.x, found.y)).await;
        let between = place(&window, "[data-edited]").await;
        drag_corner(&window, "se", (between.right(), between.bottom()), (found.right(), found.bottom())).await;
        let edited = place(&window, "[data-edited]").await;
        window.press("\u{e007}").await;
        until("a saved box", Duration::from_secs(20), async || !window.has("[data-edited].changed").await).await;
        let saved: Vec<i32> = sqlx::query_scalar("select bbox from media_detected_faces where media_id = $1")
            .bind(medium)
            .fetch_one(&deployment.db)
            .await
            .expect("a box");
        window.press("e").await;
        shown(&window, medium).await;
        let drawn = place(&window, "[data-face-id]").await;
        measured.push((edited.off_by(found), drawn.off_by(found), orientation, saved));
        window.press("w").await;
        if orientation < 8 {
            window.press("x").await;
        }
    }
    eprintln!("pixels off while edited and when saved, orientation, saved box: {measured:?}");
    assert_eq!(measured.len(), 8);
    let worst = measured.iter().map(|(edited, drawn, ..)| edited.max(*drawn)).fold(0.0, f64::max);
    assert!(worst <= TOLERANCE, "{worst} pixels off: {measured:?}");
}

mod platform {
    use super::*;

    /// The mean difference of two pictures of one size, of 255.
    fn difference(one: &RgbImage, other: &RgbImage) -> f64 {
        let sum: u64 = one.as_raw().iter().zip(other.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        sum as f64 / one.as_raw().len() as f64
    }

    async fn photo_on_screen(window: &Window) -> RgbImage {
        let Rect { x, y, width, height } = place(window, "[data-picture]").await;
        let [x, y, width, height] = [x, y, width, height].map(|side| side.round() as u32);
        image::imageops::crop_imm(&window.pixels().await, x, y, width, height).to_image()
    }

    #[tokio::test]
    async fn real_photos_in_all_eight_orientations_are_upright_in_the_window() {
        let folder = std::path::PathBuf::from(crate::database::required("PHOTOS"));
        for (scene, size) in [("landscape", (1800, 1200)), ("portrait", (1200, 1800))] {
            let names: Vec<String> = (1..=8).map(|orientation| format!("exif_{scene}_{orientation}.jpg")).collect();
            let files: HashMap<_, _> = names
                .iter()
                .map(|name| (name.clone(), std::fs::read(folder.join(name)).expect("the photo is there")))
                .collect();
            let photos: Vec<_> = names.iter().map(|name| (name.clone(), size, [300, 200, 240, 320])).collect();
            let (_deployment, window, media) = looking_at(&format!("e2e_exif_{scene}"), files, &photos, 1).await;
            let mut first = None;
            for (orientation, &medium) in (1..).zip(&media) {
                shown(&window, medium).await;
                let (photo, boxed) = (photo_on_screen(&window).await, place(&window, "[data-face-id]").await);
                let (upright, place) = first.get_or_insert_with(|| (photo.clone(), boxed));
                assert_eq!(photo.dimensions(), upright.dimensions(), "{scene} {orientation}");
                let different = difference(&photo, upright);
                eprintln!("{scene} {orientation}: {different} different, box at {boxed:?}");
                assert!(different < 6.0, "{scene} {orientation} looks {different} different");
                assert!(boxed.off_by(*place) <= TOLERANCE, "{scene} {orientation}: {boxed:?} instead of {place:?}");
                if orientation < 8 {
                    window.press("x").await;
                }
            }
        }
    }
}
