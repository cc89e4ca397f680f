//! Who stands where on a photo.

use rand::{Rng, rngs::StdRng};

use super::{Figure, Person, STRANGERS, people::PROFILES, themes::Theme};
use crate::embedded::drawing::{
    body::{Arms, Clothes, FEET, Garment},
    canvas::{Ink, ink},
    head::{Expression, Pose},
    look::pick,
};

/// Heads of neighbours are this far apart at least, in heads: their shoulders overlap, their faces don't.
const APART: f32 = 1.42;
const TROUSERS: [Ink; 6] =
    [ink(0x2c_3e_5d), ink(0x3a_3a_42), ink(0x6b_5b_4a), ink(0x4a_6a_8f), ink(0xb8_a2_82), ink(0x23_29_33)];

/// Numbers of the people on a photo: its author, people they know, strangers.
pub(super) fn cast(rng: &mut StdRng, author: usize, people: &[Person]) -> Vec<usize> {
    let count = pick(rng, &[0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6, 7]);
    let mut cast: Vec<usize> = Vec::new();
    let mut tries = 0;
    while cast.len() < count && tries < 50 {
        tries += 1;
        let person = match rng.random_range(0..100) {
            0..25 => author,
            // Friends: the same for an author on all their photos.
            25..60 => (author * 7 + rng.random_range(0..9) * 5) % PROFILES.len() + 1,
            60..86 => rng.random_range(1..=PROFILES.len()),
            _ => PROFILES.len() + rng.random_range(1..=STRANGERS),
        };
        // Nobody is on a photo together with the one that they could be taken for.
        let taken = |other: usize| {
            other == person
                || people[other - 1].resembles == Some(person)
                || people[person - 1].resembles == Some(other)
        };
        if !cast.iter().any(|other| taken(*other)) {
            cast.push(person);
        }
    }
    cast
}

/// Places the people: one close or far away, a few side by side, many in two rows.
pub(super) fn figures(
    rng: &mut StdRng,
    theme: Theme,
    size: (u32, u32),
    cast: &[usize],
    people: &[Person],
) -> Vec<Figure> {
    #[expect(clippy::cast_precision_loss, reason = "pictures have a few thousand pixels a side")]
    let (width, height) = (size.0 as f32, size.1 as f32);
    let few = cast.len() <= 3;
    let far = theme.is_wide() && few && rng.random_bool(0.3);
    let front = match cast.len() {
        0..=4 => cast.len(),
        count if width > height * 1.2 && count == 5 => count,
        count => count / 2,
    };
    let (back_row, front_row) = cast.split_at(cast.len() - front);
    #[expect(clippy::cast_precision_loss, reason = "a handful of people")]
    let widest = front.max(back_row.len()) as f32;
    let room = width * 0.94 / (widest * APART + 0.35);
    let wanted = match cast.len() {
        _ if far => height * rng.random_range(0.115..0.14),
        1 => width.min(height) * rng.random_range(0.29..0.4),
        2 => width.min(height) * rng.random_range(0.22..0.3),
        3 => width.min(height) * rng.random_range(0.19..0.25),
        _ => width.min(height) * rng.random_range(0.17..0.2),
    };
    let head = wanted.min(room);
    let level = if far {
        height * rng.random_range(0.9..0.95) - FEET * head
    } else if back_row.is_empty() {
        (height * rng.random_range(0.4..0.5)).max(head * 0.95)
    } else {
        height * rng.random_range(0.52..0.58)
    };
    let mut figures = Vec::new();
    row(rng, &mut figures, back_row, (width, level - head * 1.25, head * 0.9), theme, people);
    row(rng, &mut figures, front_row, (width, level, head), theme, people);
    // Only who stands at the edge of the last row waves, and outwards: no arm hides a face.
    let last = if back_row.is_empty() { figures.len() } else { back_row.len() };
    let often = if matches!(theme, Theme::Party | Theme::Concert) { 0.5 } else { 0.22 };
    if last > 0 && rng.random_bool(often) {
        figures[last - 1].clothes.arms = Arms::WavingRight;
    }
    if last > 0 && rng.random_bool(often / 2.0) {
        figures[0].clothes.arms = if last == 1 { Arms::Raised } else { Arms::WavingLeft };
    }
    figures
}

/// One row of people around the middle of the picture, and the height and size of its heads.
fn row(
    rng: &mut StdRng,
    figures: &mut Vec<Figure>,
    cast: &[usize],
    (width, level, head): (f32, f32, f32),
    theme: Theme,
    people: &[Person],
) {
    #[expect(clippy::cast_precision_loss, reason = "a handful of people")]
    let count = cast.len() as f32;
    let apart = head * APART * rng.random_range(1.0..1.12_f32).min((width * 0.94 / (count * APART * head)).max(1.0));
    // A single person stands a little to one side.
    let aside = if cast.len() == 1 { width * rng.random_range(-0.14..0.14) } else { 0.0 };
    let mut x = width / 2.0 + aside - apart * (count - 1.0) / 2.0;
    for person in cast {
        let scale = rng.random_range(0.93..1.05_f32);
        let margin = head * 0.62;
        let centre = (
            (x + head * rng.random_range(-0.05..0.05)).clamp(margin, width - margin),
            (level + head * rng.random_range(-0.1..0.1)).max(head * 0.72),
        );
        figures.push(figure(rng, *person, centre, head * scale, theme, people));
        x += apart;
    }
}

fn figure(rng: &mut StdRng, person: usize, centre: (f32, f32), head: f32, theme: Theme, people: &[Person]) -> Figure {
    let cloth = people[person - 1].look.cloth;
    let feminine = people[person - 1].look.eyes.lashes;
    let garments: &[Garment] = match theme {
        Theme::Beach => &[Garment::Tank, Garment::Tee, Garment::Tee, Garment::Shirt],
        Theme::Office => &[Garment::Blazer, Garment::Shirt, Garment::Shirt, Garment::Sweater],
        Theme::Snow => &[Garment::Coat, Garment::Coat, Garment::Hoodie, Garment::Sweater],
        Theme::Mountains => &[Garment::Hoodie, Garment::Coat, Garment::Tee, Garment::Sweater],
        Theme::Party | Theme::Concert => &[Garment::Shirt, Garment::Tee, Garment::Dress, Garment::Blazer],
        Theme::Park | Theme::Cafe | Theme::CityNight | Theme::Sunset => {
            &[Garment::Tee, Garment::Sweater, Garment::Hoodie, Garment::Shirt, Garment::Dress]
        }
    };
    let garment = match pick(rng, garments) {
        Garment::Dress if !feminine => Garment::Shirt,
        garment => garment,
    };
    let arms = match theme {
        Theme::Party | Theme::Cafe | Theme::Office | Theme::Concert => pick(rng, &[Arms::Cup, Arms::Down, Arms::Down]),
        _ => pick(rng, &[Arms::Down, Arms::Down, Arms::Down, Arms::OnHip]),
    };
    Figure {
        person,
        centre,
        head,
        pose: Pose {
            tilt: rng.random_range(-9.0..9.0),
            turn: rng.random_range(-0.8..0.8),
            expression: pick(
                rng,
                &[
                    Expression::Smile,
                    Expression::Smile,
                    Expression::Grin,
                    Expression::Grin,
                    Expression::Calm,
                    Expression::Laugh,
                ],
            ),
        },
        clothes: Clothes {
            garment,
            arms,
            main: pick(rng, &cloth),
            second: cloth[rng.random_range(0..cloth.len())].lighter(0.25),
            trousers: pick(rng, &TROUSERS),
        },
    }
}
