//! The city at night, and a concert.

use rand::{Rng, rngs::StdRng};

use super::super::{
    canvas::{Canvas, Fill, Ink, Pen, ink},
    look::pick,
};

pub(super) fn city(canvas: &mut Canvas, rng: &mut StdRng, side: f32) {
    let (w, h, u) = (canvas.width, canvas.height, canvas.width.min(canvas.height));
    canvas.wash(Fill::Across(
        (0.0, 0.0),
        (0.0, h * 0.75),
        vec![(0.0, ink(0x0f_12_33)), (0.6, ink(0x3a_2f_6b)), (1.0, ink(0xa8_5a_7d))],
    ));
    for _ in 0..70 {
        let (x, y) = (rng.random_range(0.0..1.0) * w, rng.random_range(0.0..0.4) * h);
        canvas.dot(x, y, u * rng.random_range(0.001..0.0028), ink(0xff_ff_ff).fade(rng.random_range(0.4..1.0)));
    }
    let (mx, my) = (w * (0.5 + side * 0.33), h * 0.13);
    canvas.glow(mx, my, u * 0.26, ink(0xdf_e6_ff).fade(0.5));
    canvas.dot(mx, my, u * 0.05, ink(0xf4_f2_e2));
    for (dx, dy, r) in [(-0.018, -0.01, 0.011), (0.015, 0.014, 0.014), (0.012, -0.02, 0.007)] {
        canvas.dot(mx + dx * u, my + dy * u, r * u, ink(0xd8_d4_c4));
    }
    for (layer, colour) in [ink(0x4f_42_80), ink(0x33_2d_63), ink(0x1e_1d_45)].into_iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "three layers")]
        let near = layer as f32;
        towers(canvas, rng, h * (0.62 + 0.04 * near), u * (0.46 - 0.09 * near), u * (0.07 + 0.02 * near), colour);
    }
    let street = h * 0.7;
    canvas.rect(0.0, street, w, h - street + 2.0, Fill::down(street, h, ink(0x2a_28_4a), ink(0x12_12_26)));
    // Wet asphalt: the lights once more.
    for _ in 0..36 {
        let (x, y) = (rng.random_range(0.0..1.0) * w, rng.random_range(street + u * 0.01..h));
        let colour = pick(rng, &[ink(0xff_c8_6b), ink(0xff_6b_8f), ink(0x6b_d8_ff), ink(0xff_e8_b8)]);
        canvas.oval(x, y, u * rng.random_range(0.006..0.016), u * rng.random_range(0.02..0.07), colour.fade(0.16));
    }
    for place in [0.08, 0.36, 0.64, 0.92] {
        street_lamp(canvas, w * place, street + u * 0.03, u * 0.42);
    }
    shop(canvas, rng, w * (0.5 - side * 0.36), street, u * 0.3);
    bokeh(canvas, rng);
}

fn towers(canvas: &mut Canvas, rng: &mut StdRng, base: f32, tall: f32, wide: f32, colour: Ink) {
    let w = canvas.width;
    let mut x = -wide * 0.4;
    while x < w {
        let (across, up) = (wide * rng.random_range(0.8..1.5), tall * rng.random_range(0.35..1.0_f32));
        let top = base - up;
        canvas.rect(x, top, across, up + wide, colour);
        match rng.random_range(0..4) {
            0 => canvas.fill(
                Pen::at(x, top + 1.0).line(x + across * 0.5, top - across * 0.4).line(x + across, top + 1.0),
                colour,
            ),
            1 => canvas.stroke(
                Pen::at(x + across * 0.5, top).line(x + across * 0.5, top - across * 0.55),
                across * 0.05,
                colour,
            ),
            2 => canvas.rect(x + across * 0.2, top - across * 0.2, across * 0.6, across * 0.22, colour),
            _ => {}
        }
        let cell = wide * 0.2;
        let mut y = top + cell * 0.6;
        while y < base {
            let mut at = x + cell * 0.4;
            while at + cell * 0.5 < x + across {
                if rng.random_bool(0.42) {
                    let light = pick(rng, &[ink(0xff_d9_84), ink(0xff_c0_5a), ink(0xff_ee_c4), ink(0x9f_d8_ff)]);
                    canvas.rect(at, y, cell * 0.5, cell * 0.62, light.mix(colour, 0.15));
                }
                at += cell;
            }
            y += cell * 1.15;
        }
        x += across * 1.02;
    }
}

fn street_lamp(canvas: &mut Canvas, x: f32, y: f32, s: f32) {
    canvas.stroke(Pen::at(x, y).line(x, y - s * 0.92).quad((x, y - s), x + s * 0.1, y - s), s * 0.02, ink(0x0c_0c_1c));
    canvas.glow(x + s * 0.12, y - s * 0.97, s * 0.34, ink(0xff_d9_80).fade(0.75));
    canvas.oval(x + s * 0.12, y - s * 0.98, s * 0.05, s * 0.022, ink(0xff_f4_d0));
    canvas.shadow(x + s * 0.1, y + s * 0.03, s * 0.3, s * 0.05, ink(0xff_d0_70).fade(0.35));
}

fn shop(canvas: &mut Canvas, rng: &mut StdRng, x: f32, y: f32, s: f32) {
    let neon = pick(rng, &[ink(0xff_4f_9a), ink(0x4f_e0_d8), ink(0xff_b0_3c)]);
    canvas.rect(x - s * 0.6, y - s * 0.85, s * 1.2, s * 0.85, ink(0x2a_1f_3f));
    canvas.rect(
        x - s * 0.52,
        y - s * 0.5,
        s * 0.66,
        s * 0.42,
        Fill::down(y - s * 0.5, y, ink(0xff_e0_a0), ink(0xf0_a8_5a)),
    );
    canvas.rect(
        x + s * 0.24,
        y - s * 0.52,
        s * 0.26,
        s * 0.52,
        Fill::down(y - s * 0.5, y, ink(0xff_d4_8a), ink(0xb8_6a_3a)),
    );
    for step in 0_u8..6 {
        let at = x - s * 0.6 + s * 0.2 * f32::from(step);
        canvas.fill(
            Pen::at(at, y - s * 0.62).line(at + s * 0.2, y - s * 0.62).line(at + s * 0.2, y - s * 0.5).quad(
                (at + s * 0.1, y - s * 0.42),
                at,
                y - s * 0.5,
            ),
            if step % 2 == 0 { neon } else { ink(0xff_f6_ea) },
        );
    }
    canvas.glow(x, y - s * 0.74, s * 0.5, neon.fade(0.45));
    canvas.stroke(
        Pen::at(x - s * 0.35, y - s * 0.72)
            .curve((x - s * 0.2, y - s * 0.86), (x - s * 0.1, y - s * 0.6), x, y - s * 0.74)
            .curve((x + s * 0.1, y - s * 0.86), (x + s * 0.2, y - s * 0.62), x + s * 0.34, y - s * 0.76),
        s * 0.03,
        neon.lighter(0.4),
    );
}

/// Lights out of focus.
fn bokeh(canvas: &mut Canvas, rng: &mut StdRng) {
    let (w, h, u) = (canvas.width, canvas.height, canvas.width.min(canvas.height));
    for _ in 0..22 {
        let colour = pick(rng, &[ink(0xff_c8_6b), ink(0xff_7f_9a), ink(0x7f_d8_ff), ink(0xff_f0_c8)]);
        let (x, y, r) =
            (rng.random_range(0.0..1.0) * w, rng.random_range(0.45..0.8) * h, u * rng.random_range(0.012..0.04));
        canvas.dot(x, y, r, colour.fade(rng.random_range(0.1..0.28)));
    }
}

pub(super) fn concert(canvas: &mut Canvas, rng: &mut StdRng, side: f32) {
    let (w, h, u) = (canvas.width, canvas.height, canvas.width.min(canvas.height));
    canvas.wash(Fill::down(0.0, h, ink(0x1b_0f_3a), ink(0x4a_17_5c)));
    let stage = h * 0.52;
    canvas.glow(w * 0.5, stage - u * 0.12, u * 0.75, ink(0xe0_4f_c0).fade(0.55));
    let screen = (w * 0.5 - u * 0.34, h * 0.14);
    canvas.fill(
        Pen::round(screen.0, screen.1, u * 0.68, u * 0.26, u * 0.012),
        Fill::Across(
            (screen.0, 0.0),
            (screen.0 + u * 0.68, 0.0),
            vec![(0.0, ink(0x2f_d8_e0)), (0.5, ink(0x7a_5c_ff)), (1.0, ink(0xff_5c_a8))],
        ),
    );
    for step in 0_u8..22 {
        let tall = u * rng.random_range(0.02..0.2);
        canvas.rect(
            screen.0 + u * (0.03 + 0.0285 * f32::from(step)),
            screen.1 + u * 0.24 - tall,
            u * 0.018,
            tall,
            ink(0xff_ff_ff).fade(0.5),
        );
    }
    for step in 0_u8..7 {
        let x = w * (0.06 + 0.147 * f32::from(step));
        let colour = pick(rng, &[ink(0x5c_e0_ff), ink(0xff_5c_a8), ink(0xb0_7a_ff), ink(0xff_d0_5c), ink(0x6b_ff_b8)]);
        let aim = x + w * rng.random_range(-0.24..0.24);
        let reach = h * rng.random_range(0.6..0.85);
        canvas.fill(
            Pen::corners(&[
                (x - u * 0.012, h * 0.05),
                (x + u * 0.012, h * 0.05),
                (aim + u * 0.13, reach),
                (aim - u * 0.13, reach),
            ]),
            Fill::down(h * 0.05, reach, colour.fade(0.55), colour.fade(0.0)),
        );
        canvas.glow(x, h * 0.055, u * 0.07, colour.lighter(0.5));
        canvas.fill(Pen::round(x - u * 0.02, h * 0.02, u * 0.04, u * 0.035, u * 0.008), ink(0x0c_08_18));
    }
    canvas.rect(0.0, h * 0.02, w, u * 0.014, ink(0x0c_08_18));
    canvas.rect(0.0, stage, w, u * 0.05, Fill::down(stage, stage + u * 0.05, ink(0x8a_3f_a8), ink(0x2a_10_40)));
    band(canvas, w * 0.5, stage, u * 0.17);
    for at in [-0.42, 0.42] {
        let x = w * 0.5 + at * u * 1.1;
        canvas.rect(x - u * 0.06, stage - u * 0.24, u * 0.12, u * 0.24, ink(0x0f_0a_1e));
        for lift in [0.18, 0.075] {
            canvas.dot(x, stage - u * lift, u * 0.042, ink(0x2b_21_44));
            canvas.dot(x, stage - u * lift, u * 0.018, ink(0x4a_3a_6b));
        }
    }
    crowd(canvas, rng, side);
}

fn band(canvas: &mut Canvas, x: f32, y: f32, s: f32) {
    let dark = ink(0x14_0a_26);
    for (dx, scale) in [(-0.9, 0.92), (0.0, 1.0), (0.95, 0.9)] {
        let (cx, k) = (x + dx * s, s * scale);
        canvas.dot(cx, y - k * 0.95, k * 0.12, dark);
        canvas.fill(Pen::round(cx - k * 0.16, y - k * 0.82, k * 0.32, k * 0.46, k * 0.1), dark);
        for side in [-1.0, 1.0] {
            canvas.stroke(Pen::at(cx + side * k * 0.08, y - k * 0.4).line(cx + side * k * 0.14, y), k * 0.1, dark);
        }
        canvas.stroke(Pen::at(cx - k * 0.3, y - k * 0.4).line(cx + k * 0.34, y - k * 0.66), k * 0.045, ink(0xd8_7a_3c));
        canvas.oval(cx - k * 0.22, y - k * 0.44, k * 0.14, k * 0.11, ink(0xd8_7a_3c));
    }
    canvas.stroke(Pen::at(x + s * 0.14, y).line(x + s * 0.14, y - s * 0.88), s * 0.025, ink(0xc8_c0_d8));
}

/// Backs of heads and raised arms before the stage.
fn crowd(canvas: &mut Canvas, rng: &mut StdRng, side: f32) {
    let (w, h, u) = (canvas.width, canvas.height, canvas.width.min(canvas.height));
    for (row, colour) in [ink(0x3a_18_5c), ink(0x2a_12_48), ink(0x1a_0b_30)].into_iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "three rows")]
        let near = row as f32;
        let (base, s) = (h * (0.6 + 0.05 * near), u * (0.028 + 0.008 * near));
        let mut x = -s;
        while x < w + s {
            let y = base + s * rng.random_range(-0.6..0.6);
            canvas.dot(x, y, s, colour);
            canvas.fill(Pen::round(x - s * 1.5, y + s * 0.8, s * 3.0, h, s), colour);
            if rng.random_bool(0.22) {
                canvas.stroke(
                    Pen::at(x + side * s, y + s * 1.4)
                        .line(x + side * s * rng.random_range(1.2..2.2), y - s * rng.random_range(1.6..2.8)),
                    s * 0.55,
                    colour,
                );
            }
            x += s * rng.random_range(2.0..2.9);
        }
    }
    canvas.rect(0.0, h * 0.76, w, h * 0.24 + 2.0, Fill::down(h * 0.72, h, ink(0x1a_0b_30), ink(0x0c_05_18)));
}
