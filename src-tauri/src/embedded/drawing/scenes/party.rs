//! A party.

use rand::{Rng, rngs::StdRng};

use super::super::{
    canvas::{Canvas, Fill, Ink, Pen, ink},
    look::pick,
};

const BRIGHT: [Ink; 6] =
    [ink(0xf2_5c_54), ink(0xf7_b8_01), ink(0x3a_b7_95), ink(0x5b_8d_ef), ink(0xe8_6f_b0), ink(0x9b_6b_df)];

pub(super) fn party(canvas: &mut Canvas, rng: &mut StdRng, side: f32) {
    let (w, h, u) = (canvas.width, canvas.height, canvas.width.min(canvas.height));
    let wall = pick(rng, &[ink(0x8f_3f_6b), ink(0x2f_5a_7f), ink(0x5b_3f_8a), ink(0x2f_6f_66)]);
    canvas.wash(Fill::Around(
        (w * 0.5, h * 0.34),
        w.max(h) * 0.75,
        vec![(0.0, wall.lighter(0.42)), (1.0, wall.darker(0.32))],
    ));
    for _ in 0..40 {
        let (x, y, r) =
            (rng.random_range(0.0..1.0) * w, rng.random_range(0.0..0.75) * h, u * rng.random_range(0.012..0.05));
        canvas.dot(x, y, r, ink(0xff_e6_b0).fade(rng.random_range(0.05..0.2)));
    }
    for (level, sag) in [(0.02, 0.16), (0.07, 0.12)] {
        bunting(canvas, rng, h * level, h * sag, u * 0.045);
    }
    let floor = h * 0.72;
    canvas.rect(0.0, floor, w, h - floor + 2.0, Fill::down(floor, h, wall.darker(0.3), wall.darker(0.55)));
    let cake_at = w * (0.5 + side * 0.33);
    canvas.rect(cake_at - u * 0.26, h * 0.66, u * 0.52, u * 0.03, ink(0xff_fa_f2));
    canvas.fill(
        Pen::at(cake_at - u * 0.26, h * 0.66 + u * 0.02)
            .line(cake_at + u * 0.26, h * 0.66 + u * 0.02)
            .line(cake_at + u * 0.25, h * 0.66 + u * 0.26)
            .quad((cake_at, h * 0.66 + u * 0.22), cake_at - u * 0.25, h * 0.66 + u * 0.26),
        ink(0xf1_e6_da),
    );
    birthday_cake(canvas, cake_at, h * 0.66, u * 0.13);
    for (place, lift) in
        [(0.05, 0.34), (0.12, 0.46), (0.02, 0.52), (0.93, 0.36), (0.985, 0.5), (0.87, 0.47), (0.19, 0.3), (0.8, 0.29)]
    {
        let shift = rng.random_range(-0.03..0.03);
        let radius = u * rng.random_range(0.065..0.085);
        balloon(canvas, rng, w * (place + shift), h * lift, radius);
    }
    gift(canvas, rng, w * (0.5 - side * 0.4), h * 0.8, u * 0.14);
    gift(canvas, rng, w * (0.5 - side * 0.46), h * 0.84, u * 0.11);
}

fn bunting(canvas: &mut Canvas, rng: &mut StdRng, y: f32, sag: f32, s: f32) {
    let w = canvas.width;
    canvas.stroke(Pen::at(0.0, y).quad((w * 0.5, y + sag * 2.0), w, y), s * 0.07, ink(0xff_f4_e0));
    let count = 15_u8;
    for step in 0..count {
        let t = (f32::from(step) + 0.5) / f32::from(count);
        let (x, at) = (w * t, y + 4.0 * sag * t * (1.0 - t));
        canvas.fill(Pen::at(x - s * 0.55, at).line(x + s * 0.55, at).line(x, at + s * 1.3), pick(rng, &BRIGHT));
    }
}

fn balloon(canvas: &mut Canvas, rng: &mut StdRng, x: f32, y: f32, s: f32) {
    let colour = pick(rng, &BRIGHT);
    canvas.stroke(
        Pen::at(x, y + s * 1.2).curve((x + s * 0.4, y + s * 2.0), (x - s * 0.4, y + s * 3.0), x + s * 0.1, y + s * 4.0),
        s * 0.035,
        ink(0xff_ff_ff).fade(0.6),
    );
    canvas.fill(
        Pen::at(x, y + s * 1.12).line(x - s * 0.14, y + s * 1.3).line(x + s * 0.14, y + s * 1.3),
        colour.darker(0.2),
    );
    canvas.fill(
        Pen::at(x, y + s * 1.18)
            .curve((x - s * 0.7, y + s * 0.8), (x - s * 1.05, y + s * 0.3), x - s * 0.98, y - s * 0.2)
            .curve((x - s * 0.85, y - s * 1.25), (x + s * 0.85, y - s * 1.25), x + s * 0.98, y - s * 0.2)
            .curve((x + s * 1.05, y + s * 0.3), (x + s * 0.7, y + s * 0.8), x, y + s * 1.18),
        Fill::Around(
            (x - s * 0.3, y - s * 0.4),
            s * 1.7,
            vec![(0.0, colour.lighter(0.3)), (0.5, colour), (1.0, colour.darker(0.3))],
        ),
    );
    canvas.placed((x - s * 0.42, y - s * 0.45), -30.0, s, |canvas| {
        canvas.oval(0.0, 0.0, 0.13, 0.24, ink(0xff_ff_ff).fade(0.6));
    });
}

fn birthday_cake(canvas: &mut Canvas, x: f32, y: f32, s: f32) {
    for (lift, half, colour) in [(0.0, 0.85, ink(0xf7_c6_d0)), (0.55, 0.6, ink(0xfd_f0_e2))] {
        canvas.fill(Pen::round(x - s * half, y - s * (lift + 0.6), s * half * 2.0, s * 0.6, s * 0.08), colour);
        for step in -3_i8..=3 {
            canvas.dot(x + f32::from(step) / 3.4 * s * half, y - s * (lift + 0.56), s * 0.11, ink(0xff_ff_ff));
        }
    }
    for step in -2_i8..=2 {
        let at = x + f32::from(step) * s * 0.22;
        canvas.rect(at - s * 0.025, y - s * 1.5, s * 0.05, s * 0.36, BRIGHT[usize::from(step.unsigned_abs()) + 1]);
        canvas.glow(at, y - s * 1.58, s * 0.2, ink(0xff_dd_80).fade(0.8));
        canvas.oval(at, y - s * 1.58, s * 0.035, s * 0.075, ink(0xff_f1_b0));
    }
}

fn gift(canvas: &mut Canvas, rng: &mut StdRng, x: f32, y: f32, s: f32) {
    let (paper, ribbon) = (pick(rng, &BRIGHT), ink(0xff_f4_d8));
    canvas.shadow(x, y, s * 0.8, s * 0.1, ink(0x0c_06_14).fade(0.6));
    canvas.rect(x - s * 0.5, y - s * 0.72, s, s * 0.72, paper);
    canvas.rect(x - s * 0.55, y - s * 0.86, s * 1.1, s * 0.2, paper.lighter(0.18));
    canvas.rect(x - s * 0.08, y - s * 0.86, s * 0.16, s * 0.86, ribbon);
    for side in [-1.0, 1.0] {
        canvas.fill(
            Pen::at(x, y - s * 0.86)
                .curve(
                    (x + side * s * 0.1, y - s * 1.2),
                    (x + side * s * 0.5, y - s * 1.15),
                    x + side * s * 0.36,
                    y - s * 0.94,
                )
                .quad((x + side * s * 0.2, y - s * 0.86), x, y - s * 0.86),
            ribbon,
        );
    }
}

/// Before the people.
pub(super) fn confetti(canvas: &mut Canvas, rng: &mut StdRng) {
    let (w, h, u) = (canvas.width, canvas.height, canvas.width.min(canvas.height));
    for _ in 0..80 {
        let at = (rng.random_range(0.0..1.0) * w, rng.random_range(0.0..1.0) * h);
        let colour = pick(rng, &BRIGHT);
        canvas.placed(at, rng.random_range(0.0..180.0), u * rng.random_range(0.004..0.009), |canvas| {
            canvas.rect(-0.5, -0.28, 1.0, 0.56, colour);
        });
    }
}
