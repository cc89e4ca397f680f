//! Where the sample photos were taken.

mod indoors;
mod night;
mod outdoors;
mod party;
mod seaside;
mod winter;

use rand::{Rng, rngs::StdRng};

use super::{
    canvas::{Canvas, Fill, Ink, Pen, ink},
    head::Light,
};
use crate::embedded::sample::themes::Theme;

/// Draws the place, and tells what its light does to people.
pub(super) fn draw(canvas: &mut Canvas, theme: Theme, rng: &mut StdRng) -> Light {
    let side = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
    let light = |tint: u32, amount: f32| Light { tint: ink(tint), amount, side };
    match theme {
        Theme::Beach => {
            seaside::beach(canvas, rng, side);
            light(0xff_e9_c4, 0.05)
        }
        Theme::Mountains => {
            outdoors::mountains(canvas, rng, side);
            light(0xcf_e4_f5, 0.06)
        }
        Theme::Park => {
            outdoors::park(canvas, rng, side);
            light(0xf4_f7_c8, 0.05)
        }
        Theme::Sunset => {
            seaside::sunset(canvas, rng, side);
            light(0xd9_6b_45, 0.2)
        }
        Theme::Snow => {
            winter::snow(canvas, rng, side);
            light(0xd6_e6_fa, 0.08)
        }
        Theme::Office => {
            indoors::office(canvas, rng, side);
            light(0xf3_f3_f0, 0.04)
        }
        Theme::Cafe => {
            indoors::cafe(canvas, rng, side);
            light(0xf0_a8_58, 0.1)
        }
        Theme::Party => {
            party::party(canvas, rng, side);
            light(0xf2_9a_7a, 0.09)
        }
        Theme::CityNight => {
            night::city(canvas, rng, side);
            light(0x2b_2f_6b, 0.24)
        }
        Theme::Concert => {
            night::concert(canvas, rng, side);
            light(0x6a_2a_a0, 0.27)
        }
    }
}

/// What lies between the camera and the people: falling snow, confetti, the light of the hour.
pub(super) fn finish(canvas: &mut Canvas, theme: Theme, rng: &mut StdRng) {
    let (w, h) = (canvas.width, canvas.height);
    match theme {
        Theme::Snow => winter::falling(canvas, rng),
        Theme::Party => party::confetti(canvas, rng),
        Theme::Sunset => canvas.wash(Fill::down(0.0, h, ink(0xff_9a_3c).fade(0.1), ink(0x5a_1e_5e).fade(0.14))),
        _ => {}
    }
    let corner = w.hypot(h) * 0.5;
    let dark = ink(0x12_0c_20);
    canvas.wash(Fill::Around(
        (w / 2.0, h / 2.0),
        corner,
        vec![(0.0, dark.fade(0.0)), (0.68, dark.fade(0.0)), (1.0, dark.fade(0.26))],
    ));
}

/// A medium that nobody should see unasked: torn and splashed, without anything graphic.
pub(super) fn unsettle(canvas: &mut Canvas, rng: &mut StdRng) {
    let (w, h) = (canvas.width, canvas.height);
    canvas.wash(ink(0x18_06_0c).fade(0.66));
    for _ in 0..rng.random_range(5..8) {
        let (x, y) = (rng.random_range(0.1..0.9) * w, rng.random_range(0.1..0.9) * h);
        let r = rng.random_range(0.05..0.17) * w.min(h);
        let red = ink(0x8f_0d_17).mix(ink(0x3d_04_0c), rng.random_range(0.0..0.8));
        splash(canvas, rng, (x, y), r, red);
    }
    for _ in 0..6 {
        let x = rng.random_range(0.0..1.0) * w;
        let mut points = vec![(x, -10.0)];
        let mut at = (x, 0.0);
        while at.1 < h {
            at = (at.0 + rng.random_range(-0.06..0.06) * w, at.1 + rng.random_range(0.06..0.16) * h);
            points.push(at);
        }
        for (x, y) in points.clone().into_iter().rev() {
            points.push((x + rng.random_range(0.002..0.02) * w, y));
        }
        canvas.fill(Pen::corners(&points), ink(0x05_03_06).fade(0.9));
    }
}

fn splash(canvas: &mut Canvas, rng: &mut StdRng, (x, y): (f32, f32), r: f32, red: Ink) {
    let mut rim = Vec::new();
    let steps = 26_u8;
    for step in 0..=steps {
        let (sin, cos) = (f32::from(step % steps) / f32::from(steps) * std::f32::consts::TAU).sin_cos();
        let far = r * if step % 2 == 0 { rng.random_range(0.95..1.7) } else { rng.random_range(0.6..0.85) };
        rim.push((x + cos * far, y + sin * far));
    }
    canvas.fill(Pen::through(&rim), red);
    for _ in 0..16 {
        let (sin, cos) = rng.random_range(0.0..std::f32::consts::TAU).sin_cos();
        let far = r * rng.random_range(1.3..2.6_f32);
        canvas.dot(x + cos * far, y + sin * far, r * rng.random_range(0.03..0.14), red);
    }
    for _ in 0..3 {
        let at = x + r * rng.random_range(-0.7..0.7_f32);
        let end = y + r * rng.random_range(1.2..2.6_f32);
        canvas.stroke(Pen::at(at, y).line(at, end), r * 0.09, red);
        canvas.dot(at, end, r * 0.075, red);
    }
    canvas.glow(x - r * 0.3, y - r * 0.3, r * 0.4, ink(0xff_8a_8a).fade(0.35));
}
