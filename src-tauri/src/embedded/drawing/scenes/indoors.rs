//! Office and café.

use rand::{Rng, rngs::StdRng};

use super::super::{
    canvas::{Canvas, Fill, Pen, ink},
    look::pick,
};

pub(super) fn office(canvas: &mut Canvas, rng: &mut StdRng, side: f32) {
    let (w, h, u) = (canvas.width, canvas.height, canvas.width.min(canvas.height));
    canvas.wash(Fill::down(0.0, h, ink(0xf1_ee_e8), ink(0xdd_d6_cc)));
    let (left, top, bottom) = (w * 0.5 - side * w * 0.22 - w * 0.27, h * 0.1, h * 0.5);
    let wide = w * 0.54;
    canvas.rect(left, top, wide, bottom - top, Fill::down(top, bottom, ink(0x9d_d0_ee), ink(0xea_f5_f7)));
    skyline(canvas, rng, left, wide, bottom, u * 0.26);
    for part in [0.0, 0.333, 0.666, 1.0] {
        canvas.rect(left + wide * part - u * 0.008, top, u * 0.016, bottom - top, ink(0xfb_fa_f7));
    }
    for y in [top, bottom] {
        canvas.rect(left - u * 0.02, y - u * 0.01, wide + u * 0.04, u * 0.022, ink(0xfb_fa_f7));
    }
    canvas.fill(
        Pen::corners(&[
            (left + wide * 0.1, top),
            (left + wide * 0.24, top),
            (left + wide * 0.08, bottom),
            (left, bottom),
            (left, top + (bottom - top) * 0.6),
        ]),
        ink(0xff_ff_ff).fade(0.25),
    );
    whiteboard(canvas, rng, w * (0.5 + side * 0.32), h * 0.28, u * 0.3);
    for place in [0.2, 0.5, 0.8] {
        let x = w * place;
        canvas.stroke(Pen::at(x, 0.0).line(x, h * 0.05), u * 0.004, ink(0x3d_3d_44));
        canvas.fill(
            Pen::at(x - u * 0.07, h * 0.05 + u * 0.04).quad((x - u * 0.06, h * 0.05), x, h * 0.05).quad(
                (x + u * 0.06, h * 0.05),
                x + u * 0.07,
                h * 0.05 + u * 0.04,
            ),
            ink(0xe8_a8_3c),
        );
        canvas.glow(x, h * 0.05 + u * 0.05, u * 0.12, ink(0xff_ee_c0).fade(0.6));
    }
    let floor = h * 0.74;
    canvas.rect(0.0, floor, w, h - floor + 2.0, Fill::down(floor, h, ink(0xbf_a5_86), ink(0x9a_7f_62)));
    canvas.rect(0.0, floor - u * 0.012, w, u * 0.014, ink(0xf8_f5_ef));
    for index in -1_i8..4 {
        let x = w * 0.3 * f32::from(index) + w * 0.08;
        desk(canvas, rng, x, h * 0.64, u * 0.3);
    }
    plant(canvas, rng, w * (0.5 - side * 0.45), h * 0.84, u * 0.36);
    plant(canvas, rng, w * (0.5 + side * 0.47), h * 0.78, u * 0.28);
}

fn skyline(canvas: &mut Canvas, rng: &mut StdRng, left: f32, wide: f32, bottom: f32, tall: f32) {
    for layer in 0_u8..2 {
        let colour = if layer == 0 { ink(0xa9_c4_d6) } else { ink(0x7f_a3_bd) };
        let mut x = left;
        while x < left + wide {
            let (across, up) = (
                (wide * rng.random_range(0.05..0.11)).min(left + wide - x),
                tall * rng.random_range(0.25..0.95) * (1.0 - 0.25 * f32::from(layer)),
            );
            canvas.rect(x, bottom - up, across, up, colour);
            for row in 0_u8..6 {
                let y = bottom - up + up * (0.1 + 0.15 * f32::from(row));
                canvas.rect(x + across * 0.2, y, across * 0.22, up * 0.06, colour.lighter(0.35));
                canvas.rect(x + across * 0.58, y, across * 0.22, up * 0.06, colour.lighter(0.35));
            }
            x += across;
        }
    }
}

fn whiteboard(canvas: &mut Canvas, rng: &mut StdRng, x: f32, y: f32, s: f32) {
    canvas.fill(Pen::round(x - s * 0.52, y - s * 0.37, s * 1.04, s * 0.74, s * 0.03), ink(0xb9_bd_c4));
    canvas.fill(Pen::round(x - s * 0.5, y - s * 0.35, s, s * 0.7, s * 0.02), ink(0xfe_fe_fe));
    for row in 0_u8..4 {
        let at = y - s * 0.24 + s * 0.1 * f32::from(row);
        let length = s * rng.random_range(0.18..0.38);
        canvas.stroke(
            Pen::at(x - s * 0.42, at).quad((x - s * 0.3, at - s * 0.02), x - s * 0.42 + length, at),
            s * 0.012,
            pick(rng, &[ink(0x2b_5d_a8), ink(0x3a_3a_42), ink(0xc2_3b_3b)]),
        );
    }
    let bars = [0.14, 0.22, 0.18, 0.32];
    for (index, bar) in bars.into_iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "four bars")]
        let at = x + s * (0.06 + 0.1 * index as f32);
        canvas.rect(
            at,
            y + s * 0.24 - s * bar,
            s * 0.06,
            s * bar,
            [ink(0x4f_9d_a6), ink(0xf2_b1_34), ink(0xe0_6a_4e), ink(0x6a_4c_93)][index],
        );
    }
    for dx in [-0.36, -0.2, -0.04] {
        canvas.rect(
            x + dx * s,
            y + s * 0.13,
            s * 0.1,
            s * 0.1,
            pick(rng, &[ink(0xf9_e0_6b), ink(0xf7_a8_b8), ink(0xa8_e0_c0)]),
        );
    }
}

fn desk(canvas: &mut Canvas, rng: &mut StdRng, x: f32, y: f32, s: f32) {
    canvas.rect(x, y, s * 0.86, s * 0.04, ink(0xe9_d3_b0));
    canvas.rect(x, y + s * 0.04, s * 0.86, s * 0.02, ink(0xb8_97_6a));
    for dx in [0.05, 0.76] {
        canvas.rect(x + dx * s, y + s * 0.05, s * 0.04, s * 0.36, ink(0x6f_72_78));
    }
    canvas.fill(Pen::round(x + s * 0.16, y - s * 0.3, s * 0.38, s * 0.25, s * 0.015), ink(0x2b_2e_36));
    canvas.fill(
        Pen::round(x + s * 0.175, y - s * 0.285, s * 0.35, s * 0.2, s * 0.01),
        pick(rng, &[ink(0x5f_9f_d0), ink(0x7f_c4_a8), ink(0xd9_8f_6a)]),
    );
    canvas.rect(x + s * 0.33, y - s * 0.06, s * 0.04, s * 0.06, ink(0x3a_3d_45));
    canvas.fill(
        Pen::round(x + s * 0.64, y - s * 0.09, s * 0.07, s * 0.09, s * 0.01),
        pick(rng, &[ink(0xd9_5d_39), ink(0xf4_f0_e8), ink(0x2f_6f_8f)]),
    );
}

fn plant(canvas: &mut Canvas, rng: &mut StdRng, x: f32, y: f32, s: f32) {
    for step in 0_u8..11 {
        let angle = -2.75 + f32::from(step) * 0.24 + rng.random_range(-0.08..0.08);
        let (sin, cos) = angle.sin_cos();
        let reach = s * rng.random_range(0.62..0.92);
        let tip = (x + cos * reach * 0.72, y - s * 0.3 + sin * reach);
        let mid = (x.midpoint(tip.0), (y - s * 0.3).midpoint(tip.1));
        let across = (sin * s * 0.12, -cos * s * 0.12);
        let green = ink(0x2f_7a_4f).mix(ink(0x7f_bf_6a), rng.random_range(0.0..1.0));
        canvas.fill(
            Pen::at(x, y - s * 0.3).quad((mid.0 + across.0, mid.1 + across.1), tip.0, tip.1).quad(
                (mid.0 - across.0, mid.1 - across.1),
                x,
                y - s * 0.3,
            ),
            green,
        );
        canvas.stroke(Pen::at(x, y - s * 0.3).line(tip.0, tip.1), s * 0.008, green.darker(0.3).fade(0.6));
    }
    canvas.fill(
        Pen::at(x - s * 0.2, y - s * 0.34).line(x + s * 0.2, y - s * 0.34).line(x + s * 0.15, y).line(x - s * 0.15, y),
        Fill::Across((x - s * 0.2, 0.0), (x + s * 0.2, 0.0), vec![(0.0, ink(0xd9_83_5a)), (1.0, ink(0xa8_55_3a))]),
    );
    canvas.rect(x - s * 0.22, y - s * 0.38, s * 0.44, s * 0.08, ink(0xe3_95_6a));
}

pub(super) fn cafe(canvas: &mut Canvas, rng: &mut StdRng, side: f32) {
    let (w, h, u) = (canvas.width, canvas.height, canvas.width.min(canvas.height));
    canvas.wash(Fill::down(0.0, h, ink(0x7d_4f_3a), ink(0x5a_36_2a)));
    bricks(canvas, u * 0.075);
    let window = w * (0.5 + side * 0.27);
    canvas.fill(Pen::round(window - u * 0.25, h * 0.1, u * 0.5, h * 0.42, u * 0.02), ink(0x3a_22_1a));
    canvas.rect(
        window - u * 0.23,
        h * 0.1 + u * 0.02,
        u * 0.46,
        h * 0.42 - u * 0.04,
        Fill::down(h * 0.1, h * 0.5, ink(0xa8_d4_e8), ink(0xf4_ea_d4)),
    );
    skyline(canvas, rng, window - u * 0.23, u * 0.46, h * 0.52 - u * 0.02, u * 0.22);
    canvas.rect(window - u * 0.008, h * 0.1, u * 0.016, h * 0.42, ink(0x3a_22_1a));
    canvas.rect(window - u * 0.25, h * 0.3, u * 0.5, u * 0.014, ink(0x3a_22_1a));
    let shelf = w * (0.5 - side * 0.27);
    for level in [0.2, 0.33, 0.46] {
        canvas.rect(shelf - w * 0.2, h * level, w * 0.4, u * 0.018, ink(0xc9_8f_5a));
        canvas.rect(shelf - w * 0.2, h * level + u * 0.018, w * 0.4, u * 0.012, ink(0x2a_16_10).fade(0.5));
        let mut x = shelf - w * 0.19;
        while x < shelf + w * 0.17 {
            x += jar(canvas, rng, x, h * level, u) + u * 0.008;
        }
    }
    for place in [0.14, 0.38, 0.62, 0.86] {
        lamp(canvas, w * place, h * rng.random_range(0.07..0.12), u * 0.06);
    }
    let counter = h * 0.62;
    canvas.rect(0.0, counter, w, u * 0.035, Fill::down(counter, counter + u * 0.035, ink(0xe8_c0_8a), ink(0xb8_83_4f)));
    canvas.rect(0.0, counter + u * 0.035, w, h, Fill::down(counter, h, ink(0x3d_5a_5a), ink(0x24_38_3a)));
    let mut x = -u * 0.02;
    while x < w {
        canvas.rect(x, counter + u * 0.06, u * 0.006, h, ink(0x1a_2a_2c).fade(0.6));
        x += u * 0.11;
    }
    machine(canvas, w * (0.5 - side * 0.36), counter, u * 0.24);
    for step in 0_u8..3 {
        cake(canvas, rng, w * (0.5 + side * (0.22 + 0.11 * f32::from(step))), counter, u * 0.08);
    }
}

fn bricks(canvas: &mut Canvas, s: f32) {
    let (w, h) = (canvas.width, canvas.height * 0.64);
    let mut y = 0.0;
    let mut odd = false;
    while y < h {
        canvas.stroke(Pen::at(0.0, y).line(w, y), s * 0.05, ink(0x3a_20_18).fade(0.4));
        let mut x = if odd { s } else { 0.0 };
        while x < w {
            canvas.stroke(Pen::at(x, y).line(x, y + s), s * 0.05, ink(0x3a_20_18).fade(0.4));
            x += s * 2.0;
        }
        y += s;
        odd = !odd;
    }
}

/// A jar, a stack of cups or a small plant on a shelf; gives how wide it is.
fn jar(canvas: &mut Canvas, rng: &mut StdRng, x: f32, y: f32, u: f32) -> f32 {
    let (wide, tall) = (u * rng.random_range(0.03..0.055), u * rng.random_range(0.045..0.085));
    let colour = pick(
        rng,
        &[ink(0xe8_dc_c4), ink(0x9a_5a_3a), ink(0x5a_8f_7a), ink(0xd9_a0_4a), ink(0xb8_c8_d0), ink(0xa8_3c_3c)],
    );
    canvas.fill(Pen::round(x, y - tall, wide, tall, wide * 0.18), colour);
    canvas.rect(x + wide * 0.15, y - tall * 0.8, wide * 0.16, tall * 0.6, ink(0xff_ff_ff).fade(0.3));
    if rng.random_bool(0.3) {
        for dx in [-0.3, 0.0, 0.3] {
            canvas.oval(x + wide * (0.5 + dx), y - tall * 1.2, wide * 0.24, tall * 0.4, ink(0x4f_9a_5a));
        }
    } else {
        canvas.rect(x - wide * 0.05, y - tall * 1.08, wide * 1.1, tall * 0.14, colour.darker(0.35));
    }
    wide
}

fn lamp(canvas: &mut Canvas, x: f32, y: f32, s: f32) {
    canvas.glow(x, y + s * 0.8, s * 4.2, ink(0xff_c8_6b).fade(0.5));
    canvas.stroke(Pen::at(x, 0.0).line(x, y), s * 0.07, ink(0x1c_14_12));
    canvas.fill(
        Pen::at(x - s, y + s * 0.85).quad((x - s * 0.8, y), x, y).quad((x + s * 0.8, y), x + s, y + s * 0.85),
        ink(0x24_30_33),
    );
    canvas.oval(x, y + s * 0.87, s * 0.55, s * 0.22, ink(0xff_ee_b8));
}

fn machine(canvas: &mut Canvas, x: f32, y: f32, s: f32) {
    canvas.fill(
        Pen::round(x - s * 0.5, y - s * 0.72, s, s * 0.72, s * 0.06),
        Fill::Across(
            (x - s * 0.5, 0.0),
            (x + s * 0.5, 0.0),
            vec![(0.0, ink(0xc2_c8_cc)), (0.5, ink(0xf1_f4_f5)), (1.0, ink(0x9a_a2_a8))],
        ),
    );
    canvas.fill(Pen::round(x - s * 0.4, y - s * 0.46, s * 0.8, s * 0.36, s * 0.04), ink(0x2a_2c_30));
    for dx in [-0.18, 0.18] {
        canvas.rect(x + dx * s - s * 0.06, y - s * 0.46, s * 0.12, s * 0.1, ink(0x8a_90_94));
        canvas.fill(Pen::round(x + dx * s - s * 0.07, y - s * 0.22, s * 0.14, s * 0.12, s * 0.02), ink(0xfa_f6_ee));
    }
    for (dx, colour) in [(-0.3, ink(0xe0_4f_3c)), (-0.2, ink(0x5a_c0_6a))] {
        canvas.dot(x + dx * s, y - s * 0.6, s * 0.03, colour);
    }
}

fn cake(canvas: &mut Canvas, rng: &mut StdRng, x: f32, y: f32, s: f32) {
    canvas.rect(x - s * 0.08, y - s * 0.3, s * 0.16, s * 0.3, ink(0xe8_ec_ee));
    canvas.oval(x, y - s * 0.32, s * 0.65, s * 0.1, ink(0xf6_f8_f9));
    let icing = pick(rng, &[ink(0xf4_a8_b8), ink(0x6b_3f_2a), ink(0xf7_e2_a8), ink(0xa8_d8_c0)]);
    canvas.fill(Pen::round(x - s * 0.48, y - s * 0.85, s * 0.96, s * 0.52, s * 0.08), ink(0xd9_a0_65));
    canvas.fill(
        Pen::at(x - s * 0.5, y - s * 0.62)
            .line(x - s * 0.5, y - s * 0.86)
            .quad((x, y - s * 0.98), x + s * 0.5, y - s * 0.86)
            .line(x + s * 0.5, y - s * 0.6)
            .quad((x + s * 0.36, y - s * 0.5), x + s * 0.24, y - s * 0.64)
            .quad((x + s * 0.1, y - s * 0.5), x - s * 0.04, y - s * 0.64)
            .quad((x - s * 0.24, y - s * 0.46), x - s * 0.5, y - s * 0.62),
        icing,
    );
    canvas.dot(x, y - s * 0.98, s * 0.1, ink(0xd8_2f_3f));
}
