//! The sample pictures, drawn when they are asked for: a scene, and the people who are there.

pub(crate) mod body;
pub(crate) mod canvas;
mod garments;
mod hair;
pub(crate) mod head;
mod jpeg;
pub(crate) mod look;
#[expect(clippy::many_single_char_names, reason = "w, h, u, x, y, s, r: pictures are geometry")]
mod scenes;
#[cfg(test)]
mod tests;

use rand::Rng;
use tiny_skia::Transform;

use self::{
    canvas::{Canvas, Fill, ink},
    head::{Expression, Light, Pose},
    look::{Look, pick},
};
use super::sample::{Figure, Medium, World, rng};

/// Side of a profile picture.
const PORTRAIT: u32 = 512;
const QUALITY: u8 = 88;

/// JPEG of a medium. Without a width the original as the camera stored it, with its EXIF orientation; with one upright
/// and no wider than that. `None` where there is no such medium.
pub(crate) fn photo(world: &World, id: usize, at_most: Option<u32>) -> Option<Vec<u8>> {
    let medium = world.medium(id)?;
    let canvas = paint(world, medium, scaled(medium.size, at_most))?;
    let orientation = if at_most.is_some() { 1 } else { medium.orientation };
    jpeg::encode(&canvas.rgb(), scaled(medium.size, at_most), orientation, QUALITY)
}

/// JPEG of a user's profile picture, which is also the one that they enrolled with.
pub(crate) fn portrait(world: &World, user: usize, at_most: Option<u32>) -> Option<Vec<u8>> {
    let person = world.person(user).filter(|_| user <= World::USERS)?;
    let size = (PORTRAIT, PORTRAIT);
    let pixels = scaled(size, at_most);
    let mut canvas = Canvas::new(size, pixels)?;
    let mut rng = rng(world.seed, &format!("portrait {user}"));
    let wall = pick(
        &mut rng,
        &[ink(0xcf_e3_ea), ink(0xf2_dd_c6), ink(0xd9_e6_cf), ink(0xe4_d8_ec), ink(0xf5_e6_a8), ink(0xc9_d6_e8)],
    );
    canvas.wash(Fill::Around((200.0, 170.0), 460.0, vec![(0.0, wall.lighter(0.45)), (1.0, wall.darker(0.12))]));
    let light = Light { tint: ink(0xff_f3_e0), amount: 0.02, side: -1.0 };
    let clothes = body::Clothes {
        garment: pick(&mut rng, &[body::Garment::Tee, body::Garment::Shirt, body::Garment::Sweater]),
        arms: body::Arms::Down,
        main: person.look.cloth[0],
        second: person.look.cloth[1].lighter(0.3),
        trousers: ink(0x2c_3e_5d),
    };
    let pose =
        Pose { tilt: rng.random_range(-2.5..2.5), turn: rng.random_range(-0.25..0.25), expression: Expression::Smile };
    figure(&mut canvas, &person.look, (256.0, 250.0), 265.0, pose, clothes, light);
    jpeg::encode(&canvas.rgb(), pixels, 1, QUALITY)
}

/// The face's box, in pixels of the upright picture: `[x, y, width, height]` around the drawn head and its ears.
#[expect(clippy::cast_possible_truncation, reason = "boxes are inside the picture")]
pub(crate) fn face_box(look: &Look, figure: &Figure) -> [i32; 4] {
    let placed = Transform::from_translate(figure.centre.0, figure.centre.1)
        .pre_concat(Transform::from_rotate(figure.pose.tilt))
        .pre_scale(figure.head, figure.head);
    let bounds = head::outline(&look.shape)
        .path()
        .and_then(|path| path.transform(placed))
        .and_then(|path| path.compute_tight_bounds());
    bounds.map_or([0; 4], |bounds| {
        let (left, top) = (bounds.left().floor(), bounds.top().floor());
        let (right, bottom) = (bounds.right().ceil(), bounds.bottom().ceil());
        [left as i32, top as i32, (right - left) as i32, (bottom - top) as i32]
    })
}

fn paint(world: &World, medium: &Medium, pixels: (u32, u32)) -> Option<Canvas> {
    let mut canvas = Canvas::new(medium.size, pixels)?;
    let mut rng = rng(world.seed, &format!("scene {}", medium.id));
    let light = scenes::draw(&mut canvas, medium.theme, &mut rng);
    for figure in &medium.figures {
        let look = &world.person(figure.person)?.look;
        self::figure(&mut canvas, look, figure.centre, figure.head, figure.pose, figure.clothes, light);
    }
    scenes::finish(&mut canvas, medium.theme, &mut rng);
    if medium.unsafe_content {
        scenes::unsettle(&mut canvas, &mut rng);
    }
    Some(canvas)
}

fn figure(
    canvas: &mut Canvas,
    look: &Look,
    centre: (f32, f32),
    head: f32,
    pose: Pose,
    clothes: body::Clothes,
    light: Light,
) {
    canvas.shadow(centre.0, centre.1 + head * (body::FEET - 0.02), head * 1.1, head * 0.16, ink(0x10_0c_1c).fade(0.45));
    canvas.placed(centre, pose.tilt, head, |canvas| hair::behind(canvas, look, light));
    // The body leans a little with the head, around the neck.
    canvas.placed(centre, pose.tilt * 0.15, head, |canvas| body::draw(canvas, look, clothes, light));
    canvas.placed(centre, pose.tilt, head, |canvas| head::draw(canvas, look, pose, light));
}

/// The size of a picture that is no wider than `at_most`.
fn scaled(size: (u32, u32), at_most: Option<u32>) -> (u32, u32) {
    match at_most {
        Some(width) if width < size.0 => {
            let width = width.max(1);
            let height = (u64::from(size.1) * u64::from(width) + u64::from(size.0) / 2) / u64::from(size.0);
            (width, u32::try_from(height).unwrap_or(size.1).max(1))
        }
        _ => size,
    }
}
