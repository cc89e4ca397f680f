//! Mountains and a park, and what is seen in them.

use rand::{Rng, rngs::StdRng};

use super::super::{
    canvas::{Canvas, Fill, Ink, Pen, ink},
    look::pick,
};

/// Puffs on a flat base.
pub(super) fn cloud(canvas: &mut Canvas, x: f32, y: f32, size: f32, colour: Ink) {
    for (dx, dy, r) in [(-0.75, 0.02, 0.34), (-0.3, -0.22, 0.46), (0.25, -0.12, 0.4), (0.72, 0.04, 0.3)] {
        canvas.dot(x + dx * size, y + dy * size, r * size, colour);
    }
    canvas.fill(Pen::round(x - size * 1.05, y - size * 0.02, size * 2.05, size * 0.38, size * 0.18), colour);
}

pub(super) fn clouds(canvas: &mut Canvas, rng: &mut StdRng, count: usize, from: f32, to: f32, colour: Ink) {
    let (w, h) = (canvas.width, canvas.height);
    for _ in 0..count {
        let size = rng.random_range(0.035..0.075) * w.min(h);
        let (x, y) = (rng.random_range(0.0..1.0) * w, rng.random_range(from..to) * h);
        cloud(canvas, x, y, size, colour.fade(0.9));
    }
}

/// A line of hills or peaks across the picture, filled down to the bottom.
pub(super) fn ridge(canvas: &mut Canvas, rng: &mut StdRng, base: f32, rise: f32, steps: u8, fill: impl Into<Fill>) {
    let (w, h) = (canvas.width, canvas.height);
    let mut line = Vec::new();
    for step in 0..=steps {
        let x = (f32::from(step) / f32::from(steps) * 1.1 - 0.05) * w;
        line.push((x, base - rise * rng.random_range(0.0..1.0_f32)));
    }
    canvas.fill(Pen::through(&line).line(w * 1.1, h + 2.0).line(-w * 0.1, h + 2.0), fill);
}

pub(super) fn fir(canvas: &mut Canvas, x: f32, y: f32, s: f32, colour: Ink) {
    canvas.rect(x - s * 0.035, y - s * 0.1, s * 0.07, s * 0.12, ink(0x4a_32_22));
    for (lift, half) in [(0.05, 0.3), (0.32, 0.24), (0.58, 0.17)] {
        let base = y - s * lift;
        canvas.fill(
            Pen::at(x - s * half, base).quad((x, base - s * 0.08), x + s * half, base).line(x, base - s * 0.44),
            colour,
        );
        canvas.fill(
            Pen::at(x, base - s * 0.44).line(x + s * half, base).quad(
                (x + s * half * 0.5, base - s * 0.05),
                x + s * 0.02,
                base - s * 0.04,
            ),
            colour.darker(0.25).fade(0.6),
        );
    }
}

pub(super) fn mountains(canvas: &mut Canvas, rng: &mut StdRng, side: f32) {
    let (w, h, u) = (canvas.width, canvas.height, canvas.width.min(canvas.height));
    canvas.wash(Fill::down(0.0, h * 0.6, ink(0x6f_ae_dd), ink(0xf4_ec_de)));
    canvas.glow(w * (0.5 + side * 0.3), h * 0.14, u * 0.4, ink(0xff_f6_d8).fade(0.8));
    clouds(canvas, rng, 3, 0.06, 0.24, ink(0xff_ff_ff));
    ridge(canvas, rng, h * 0.47, h * 0.14, 7, ink(0xb3_c4_d8));
    for _ in 0..4 {
        peak(canvas, rng, side);
    }
    ridge(canvas, rng, h * 0.56, h * 0.06, 9, Fill::down(h * 0.48, h * 0.66, ink(0x6f_93_8f), ink(0x4f_7a_72)));
    let lake = h * 0.585;
    canvas.rect(0.0, lake, w, h - lake, Fill::down(lake, h * 0.76, ink(0x8f_c5_d8), ink(0x3f_86_a5)));
    for _ in 0..26 {
        let y = rng.random_range(lake + u * 0.01..h * 0.76);
        let (x, half) = (rng.random_range(0.0..1.0) * w, u * rng.random_range(0.02..0.07));
        canvas.stroke(Pen::at(x - half, y).line(x + half, y), u * 0.003, ink(0xf2_fb_ff).fade(0.4));
    }
    for _ in 0..16 {
        let (x, s) = (rng.random_range(0.0..1.0) * w, u * rng.random_range(0.07..0.12));
        fir(canvas, x, lake + u * 0.012, s, ink(0x3b_67_5c));
    }
    meadow(canvas, rng, h * 0.74, ink(0x7f_ab_58), ink(0x4a_7a_3c));
    for place in [0.03, 0.13, 0.9, 0.985] {
        fir(
            canvas,
            w * (place + rng.random_range(-0.02..0.02)),
            h * rng.random_range(0.84..0.93),
            u * rng.random_range(0.3..0.46),
            ink(0x2c_56_47),
        );
    }
}

fn peak(canvas: &mut Canvas, rng: &mut StdRng, side: f32) {
    let (w, h) = (canvas.width, canvas.height);
    let (x, top) = (rng.random_range(0.05..0.95) * w, h * rng.random_range(0.14..0.32));
    let (base, half) = (h * 0.585, w.max(h) * rng.random_range(0.2..0.3));
    let rock = ink(0x7d_8f_ab).mix(ink(0x5f_77_9a), rng.random_range(0.0..1.0));
    canvas.fill(
        Pen::corners(&[
            (x - half, base),
            (x - half * 0.45, top + (base - top) * 0.42),
            (x - half * 0.2, top + (base - top) * 0.24),
            (x, top),
            (x + half * 0.28, top + (base - top) * 0.3),
            (x + half * 0.5, top + (base - top) * 0.46),
            (x + half, base),
        ]),
        rock,
    );
    let away = -side;
    canvas.fill(
        Pen::corners(&[
            (x, top),
            (x + away * half * 0.28, top + (base - top) * 0.3),
            (x + away * half * 0.5, top + (base - top) * 0.46),
            (x + away * half, base),
            (x + away * half * 0.2, base),
            (x + away * half * 0.06, top + (base - top) * 0.5),
        ]),
        rock.darker(0.2),
    );
    let snow = (base - top) * 0.26;
    canvas.fill(
        Pen::corners(&[
            (x, top),
            (x + half * 0.25, top + snow),
            (x + half * 0.13, top + snow * 0.8),
            (x + half * 0.05, top + snow * 1.25),
            (x - half * 0.04, top + snow * 0.85),
            (x - half * 0.12, top + snow * 1.2),
            (x - half * 0.21, top + snow * 0.98),
        ]),
        ink(0xfb_fd_ff),
    );
    canvas.fill(
        Pen::corners(&[
            (x, top),
            (x + away * half * 0.25, top + snow),
            (x + away * half * 0.13, top + snow * 0.8),
            (x + away * half * 0.05, top + snow),
        ]),
        ink(0xc9_d8_ea),
    );
}

fn meadow(canvas: &mut Canvas, rng: &mut StdRng, from: f32, light: Ink, dark: Ink) {
    let (w, h, u) = (canvas.width, canvas.height, canvas.width.min(canvas.height));
    ridge(canvas, rng, from + u * 0.03, u * 0.03, 6, Fill::down(from, h, light, dark));
    for _ in 0..120 {
        let y = rng.random_range(from + u * 0.05..h + u * 0.02);
        let (x, s) = (rng.random_range(0.0..1.0) * w, u * (0.008 + 0.016 * (y - from) / (h - from)));
        canvas.stroke(
            Pen::at(x, y).quad((x, y - s), x + s * rng.random_range(-0.6..0.6_f32), y - s * 1.5),
            u * 0.0025,
            dark.mix(light, rng.random_range(0.0..1.3_f32)),
        );
    }
    for _ in 0..26 {
        let (x, y) = (rng.random_range(0.0..1.0) * w, rng.random_range(from + u * 0.06..h));
        let flower = pick(rng, &[ink(0xff_ff_ff), ink(0xf7_d0_4a), ink(0xf2_8a_b2), ink(0xb9_8f_e8)]);
        let r = u * 0.0055;
        for (dx, dy) in [(-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0)] {
            canvas.dot(x + dx * r, y + dy * r, r * 0.85, flower);
        }
        canvas.dot(x, y, r * 0.7, ink(0xe8_a8_2a));
    }
}

pub(super) fn park(canvas: &mut Canvas, rng: &mut StdRng, side: f32) {
    let (w, h, u) = (canvas.width, canvas.height, canvas.width.min(canvas.height));
    canvas.wash(Fill::down(0.0, h * 0.55, ink(0x86_cd_ee), ink(0xee_f8_e6)));
    canvas.glow(w * (0.5 + side * 0.36), h * 0.1, u * 0.4, ink(0xff_f7_cf).fade(0.85));
    clouds(canvas, rng, 4, 0.05, 0.26, ink(0xff_ff_ff));
    // The town behind the trees.
    for _ in 0..9 {
        let (x, tall, wide) =
            (rng.random_range(0.0..1.0) * w, u * rng.random_range(0.06..0.2), u * rng.random_range(0.04..0.09));
        canvas.rect(x, h * 0.5 - tall, wide, tall, ink(0xbf_d3_de));
    }
    ridge(canvas, rng, h * 0.5, h * 0.06, 14, ink(0x86_b8_82));
    ridge(canvas, rng, h * 0.53, h * 0.04, 12, ink(0x6b_a5_66));
    meadow(canvas, rng, h * 0.52, ink(0xa4_cf_62), ink(0x5a_96_45));
    let end = w * (0.5 - side * 0.1);
    canvas.fill(
        Pen::at(end - u * 0.025, h * 0.535)
            .curve((end - u * 0.02, h * 0.65), (w * 0.3, h * 0.75), w * (0.5 - side * 0.3) - u * 0.26, h + 2.0)
            .line(w * (0.5 - side * 0.3) + u * 0.22, h + 2.0)
            .curve((w * 0.52, h * 0.78), (end + u * 0.05, h * 0.64), end + u * 0.02, h * 0.535),
        Fill::down(h * 0.53, h, ink(0xf0_e2_bd), ink(0xd9_bf_8c)),
    );
    for (place, far, size) in
        [(0.3, 0.6, 0.34), (0.72, 0.585, 0.3), (0.55, 0.565, 0.2), (0.05, 0.7, 0.6), (0.95, 0.72, 0.64)]
    {
        let green = ink(0x5f_a8_4f).mix(ink(0x3d_85_55), rng.random_range(0.0..1.0));
        let (x, s) = (w * (place + rng.random_range(-0.05..0.05)), u * size * rng.random_range(0.9..1.15));
        tree(canvas, rng, x, h * far, s, green);
    }
    bench(canvas, w * (0.5 + side * 0.27), h * 0.74, u * 0.2);
}

fn tree(canvas: &mut Canvas, rng: &mut StdRng, x: f32, y: f32, s: f32, green: Ink) {
    canvas.shadow(x, y, s * 0.5, s * 0.06, ink(0x1c_2e_12).fade(0.5));
    canvas.fill(
        Pen::at(x - s * 0.05, y)
            .quad((x - s * 0.03, y - s * 0.3), x - s * 0.09, y - s * 0.5)
            .line(x + s * 0.09, y - s * 0.5)
            .quad((x + s * 0.03, y - s * 0.3), x + s * 0.06, y),
        ink(0x6b_48_2e),
    );
    for (dx, dy, r, shade) in [
        (-0.24, -0.56, 0.21, 0.2),
        (0.25, -0.58, 0.21, 0.24),
        (0.0, -0.52, 0.24, 0.16),
        (-0.12, -0.78, 0.23, 0.06),
        (0.14, -0.8, 0.21, 0.1),
        (-0.04, -0.66, 0.2, 0.0),
    ] {
        canvas.dot(x + dx * s, y + dy * s, r * s, green.darker(shade));
    }
    for _ in 0..14 {
        let (dx, dy) = (rng.random_range(-0.32..0.28_f32), rng.random_range(-0.92..-0.5_f32));
        canvas.dot(x + dx * s, y + dy * s, s * rng.random_range(0.012..0.03), green.lighter(0.28).fade(0.55));
    }
}

fn bench(canvas: &mut Canvas, x: f32, y: f32, s: f32) {
    canvas.shadow(x, y, s * 0.7, s * 0.07, ink(0x1c_2e_12).fade(0.5));
    for dx in [-0.42, 0.42] {
        canvas.stroke(Pen::at(x + dx * s, y).line(x + dx * s, y - s * 0.52), s * 0.045, ink(0x3a_3d_42));
    }
    for (lift, thick) in [(0.22, 0.07), (0.36, 0.06), (0.48, 0.06)] {
        canvas.fill(Pen::round(x - s * 0.55, y - s * (lift + thick), s * 1.1, s * thick, s * 0.02), ink(0xa8_6b_3c));
    }
}
