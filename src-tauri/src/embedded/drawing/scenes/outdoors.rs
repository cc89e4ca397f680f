//! Beach, mountains, park and lake.

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

fn clouds(canvas: &mut Canvas, rng: &mut StdRng, count: usize, from: f32, to: f32, colour: Ink) {
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

pub(super) fn beach(canvas: &mut Canvas, rng: &mut StdRng, side: f32) {
    let (w, h, u) = (canvas.width, canvas.height, canvas.width.min(canvas.height));
    let horizon = h * rng.random_range(0.4..0.46);
    canvas.rect(0.0, 0.0, w, horizon + 2.0, Fill::down(0.0, horizon, ink(0x4f_b4_e8), ink(0xd8_f1_f7)));
    let sun = w * (0.5 + side * 0.34);
    canvas.glow(sun, h * 0.12, u * 0.42, ink(0xff_f4_c9).fade(0.85));
    canvas.dot(sun, h * 0.12, u * 0.055, ink(0xff_f9_e0));
    clouds(canvas, rng, 4, 0.07, 0.3, ink(0xff_ff_ff));
    let shore = h * rng.random_range(0.6..0.66);
    canvas.rect(0.0, horizon, w, h - horizon, Fill::down(horizon, shore, ink(0x1f_7f_b5), ink(0x5f_d0_cf)));
    // An island, and glints on the water.
    let island = w * rng.random_range(0.15..0.85);
    canvas.fill(
        Pen::at(island - u * 0.2, horizon + 1.0)
            .quad((island - u * 0.06, horizon - u * 0.09), island + u * 0.03, horizon - u * 0.03)
            .quad((island + u * 0.1, horizon - u * 0.06), island + u * 0.2, horizon + 1.0),
        ink(0x5f_8f_8a),
    );
    for _ in 0..34 {
        let y = rng.random_range(horizon + u * 0.01..shore);
        let near = (y - horizon) / (shore - horizon);
        let (x, half) = (rng.random_range(0.0..1.0) * w, u * (0.012 + 0.045 * near));
        canvas.stroke(
            Pen::at(x - half, y).quad((x, y - half * 0.25), x + half, y),
            u * (0.0015 + 0.003 * near),
            ink(0xff_ff_ff).fade(0.5),
        );
    }
    sail(canvas, w * rng.random_range(0.2..0.8), horizon + u * 0.015, u * 0.05);
    // The water's edge.
    let edge = |offset: f32, rng: &mut StdRng| -> Vec<(f32, f32)> {
        (0_u8..=8)
            .map(|step| {
                (f32::from(step) / 8.0 * w * 1.04 - w * 0.02, shore + offset + u * rng.random_range(-0.012..0.012_f32))
            })
            .collect()
    };
    for (offset, colour) in
        [(-u * 0.025, ink(0xff_ff_ff).fade(0.75)), (0.0, ink(0xd8_b8_82)), (u * 0.03, ink(0xf3_db_a6))]
    {
        canvas.fill(Pen::through(&edge(offset, rng)).line(w * 1.05, h + 2.0).line(-w * 0.05, h + 2.0), colour);
    }
    canvas.rect(
        0.0,
        shore + u * 0.06,
        w,
        h - shore,
        Fill::down(shore + u * 0.05, h, ink(0xf3_db_a6).fade(0.0), ink(0xe3_bc_7c)),
    );
    for _ in 0..70 {
        let (x, y) = (rng.random_range(0.0..1.0) * w, rng.random_range(shore + u * 0.08..h));
        canvas.oval(x, y, u * 0.004, u * 0.002, ink(0xb8_8f_55).fade(0.5));
    }
    let parasol_at = w * (0.5 + side * rng.random_range(0.3..0.42));
    parasol(canvas, rng, parasol_at, shore + u * 0.24, u * 0.2);
    let palm_at = w * (0.5 - side * rng.random_range(0.4..0.47));
    palm(canvas, rng, palm_at, h * 0.86, u * 0.62, side);
    for _ in 0..3 {
        let (x, y, s) = (rng.random_range(0.1..0.9) * w, rng.random_range(0.08..0.3) * h, u * 0.018);
        canvas.stroke(
            Pen::at(x - s, y - s * 0.4).quad((x - s * 0.3, y - s * 0.7), x, y).quad(
                (x + s * 0.3, y - s * 0.7),
                x + s,
                y - s * 0.4,
            ),
            u * 0.0035,
            ink(0x4a_5a_6a),
        );
    }
}

fn sail(canvas: &mut Canvas, x: f32, y: f32, s: f32) {
    canvas.fill(
        Pen::at(x, y - s * 1.7).quad((x + s * 0.5, y - s * 0.9), x + s * 0.8, y - s * 0.25).line(x, y - s * 0.25),
        ink(0xff_ff_ff),
    );
    canvas.fill(
        Pen::at(x - s * 0.08, y - s * 1.4).line(x - s * 0.08, y - s * 0.25).line(x - s * 0.55, y - s * 0.25),
        ink(0xf7_d9_c4),
    );
    canvas.fill(
        Pen::at(x - s * 0.8, y - s * 0.15)
            .line(x + s, y - s * 0.15)
            .quad((x + s * 0.7, y + s * 0.2), x + s * 0.4, y + s * 0.2)
            .line(x - s * 0.5, y + s * 0.2),
        ink(0x9c_3d_34),
    );
}

fn parasol(canvas: &mut Canvas, rng: &mut StdRng, x: f32, y: f32, s: f32) {
    let stripe = pick(rng, &[ink(0xe5_4b_4b), ink(0x2a_9d_8f), ink(0xf4_a2_61), ink(0x3d_5a_a8)]);
    canvas.shadow(x + s * 0.4, y + s * 0.05, s * 1.3, s * 0.16, ink(0x6b_4a_22).fade(0.5));
    canvas.stroke(Pen::at(x, y).line(x, y - s * 1.7), s * 0.06, ink(0xf7_f2_e8));
    let dome = |from: f32, to: f32| {
        Pen::at(x + from * s * 1.1, y - s * 1.15 - (1.0 - from * from) * s * 0.02)
            .quad((x + from * s * 0.9, y - s * 1.85), x, y - s * 1.95)
            .quad((x + to * s * 0.9, y - s * 1.85), x + to * s * 1.1, y - s * 1.15)
            .quad((x + (from + to) * s * 0.55, y - s * 1.28), x + from * s * 1.1, y - s * 1.15)
    };
    for (index, (from, to)) in [(-1.0, -0.6), (-0.6, -0.2), (-0.2, 0.2), (0.2, 0.6), (0.6, 1.0)].into_iter().enumerate()
    {
        canvas.fill(dome(from, to), if index % 2 == 0 { stripe } else { ink(0xff_fa_f0) });
    }
    let towel = pick(rng, &[ink(0x5a_b1_bb), ink(0xf7_86_a0), ink(0xf7_d0_60)]);
    canvas.fill(
        Pen::at(x + s * 0.5, y - s * 0.06)
            .line(x + s * 1.5, y - s * 0.02)
            .line(x + s * 1.3, y + s * 0.2)
            .line(x + s * 0.2, y + s * 0.16),
        towel,
    );
}

fn palm(canvas: &mut Canvas, rng: &mut StdRng, x: f32, y: f32, s: f32, lean: f32) {
    let top = (x + lean * s * 0.22, y - s);
    let trunk = Pen::at(x - s * 0.045, y)
        .quad((x - s * 0.02, y - s * 0.5), top.0 - s * 0.02, top.1)
        .line(top.0 + s * 0.02, top.1)
        .quad((x + s * 0.05, y - s * 0.5), x + s * 0.045, y);
    canvas.fill(
        trunk,
        Fill::Across((x - s * 0.05, 0.0), (x + s * 0.2, 0.0), vec![(0.0, ink(0x7a_52_30)), (1.0, ink(0xb0_82_52))]),
    );
    for step in 1_u8..9 {
        let part = f32::from(step) / 9.0;
        let (cx, cy) = (x + (top.0 - x) * part * part, y - s * part);
        canvas.stroke(
            Pen::at(cx - s * 0.03, cy).quad((cx, cy + s * 0.015), cx + s * 0.035, cy),
            s * 0.008,
            ink(0x5a_3a_20).fade(0.6),
        );
    }
    for step in 0_u8..8 {
        let angle = -0.3 + f32::from(step) * 0.54 + rng.random_range(-0.1..0.1);
        let (sin, cos) = angle.sin_cos();
        let reach = s * rng.random_range(0.4..0.5);
        let tip = (top.0 + cos * reach, top.1 + sin * reach * 0.45 + s * 0.16);
        let mid = (top.0 + cos * reach * 0.5, top.1 + sin * reach * 0.4 - s * 0.12);
        let green = ink(0x2f_7d_4a).mix(ink(0x6f_b5_5a), rng.random_range(0.0..0.9));
        canvas.fill(Pen::at(top.0, top.1).quad(mid, tip.0, tip.1).quad((mid.0, mid.1 + s * 0.11), top.0, top.1), green);
    }
    for dx in [-0.025, 0.02] {
        canvas.dot(top.0 + dx * s, top.1 + s * 0.03, s * 0.028, ink(0x5b_3a_1e));
    }
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

fn bench(canvas: &mut Canvas, x: f32, y: f32, s: f32) {
    canvas.shadow(x, y, s * 0.7, s * 0.07, ink(0x1c_2e_12).fade(0.5));
    for dx in [-0.42, 0.42] {
        canvas.stroke(Pen::at(x + dx * s, y).line(x + dx * s, y - s * 0.52), s * 0.045, ink(0x3a_3d_42));
    }
    for (lift, thick) in [(0.22, 0.07), (0.36, 0.06), (0.48, 0.06)] {
        canvas.fill(Pen::round(x - s * 0.55, y - s * (lift + thick), s * 1.1, s * thick, s * 0.02), ink(0xa8_6b_3c));
    }
}

pub(super) fn sunset(canvas: &mut Canvas, rng: &mut StdRng, side: f32) {
    let (w, h, u) = (canvas.width, canvas.height, canvas.width.min(canvas.height));
    let horizon = h * 0.54;
    canvas.rect(
        0.0,
        0.0,
        w,
        horizon + 2.0,
        Fill::Across(
            (0.0, 0.0),
            (0.0, horizon),
            vec![(0.0, ink(0x3c_2f_6b)), (0.45, ink(0xb8_50_7d)), (0.78, ink(0xf5_93_5a)), (1.0, ink(0xfd_d9_8a))],
        ),
    );
    let sun = w * (0.5 + side * rng.random_range(0.12..0.3));
    canvas.glow(sun, horizon - u * 0.06, u * 0.55, ink(0xff_e0_8a).fade(0.8));
    canvas.dot(sun, horizon - u * 0.04, u * 0.085, ink(0xff_f2_c4));
    for _ in 0..8 {
        let (x, y) = (rng.random_range(0.0..1.0) * w, rng.random_range(0.08..0.42) * h);
        let half = u * rng.random_range(0.12..0.3);
        let colour = ink(0xff_b3_8a).mix(ink(0x8f_3f_7a), 1.0 - y / horizon).fade(0.55);
        canvas.fill(
            Pen::at(x - half, y).quad((x - half * 0.2, y - u * 0.025), x + half, y).quad(
                (x, y + u * 0.014),
                x - half,
                y,
            ),
            colour,
        );
    }
    ridge(canvas, rng, horizon + u * 0.005, u * 0.12, 9, ink(0x7a_3f_68));
    ridge(canvas, rng, horizon + u * 0.012, u * 0.05, 12, ink(0x53_2c_56));
    canvas.rect(
        0.0,
        horizon,
        w,
        h - horizon,
        Fill::Across(
            (0.0, horizon),
            (0.0, h),
            vec![(0.0, ink(0xf9_b8_6f)), (0.3, ink(0xc7_66_72)), (1.0, ink(0x3a_2a_5e))],
        ),
    );
    for step in 0_u8..16 {
        let part = f32::from(step) / 16.0;
        let (y, half) =
            (horizon + (h - horizon) * part * 0.75 + u * 0.01, u * (0.03 + 0.1 * part) * rng.random_range(0.6..1.2));
        canvas.stroke(
            Pen::at(sun - half, y).line(sun + half, y),
            u * (0.005 + 0.008 * part),
            ink(0xff_ee_b8).fade(0.75 - 0.55 * part),
        );
    }
    for _ in 0..34 {
        let y = rng.random_range(horizon + u * 0.02..h);
        let (x, half) = (rng.random_range(0.0..1.0) * w, u * rng.random_range(0.02..0.07));
        canvas.stroke(Pen::at(x - half, y).line(x + half, y), u * 0.003, ink(0xff_d0_9a).fade(0.3));
    }
    sail(canvas, w * (0.5 - side * rng.random_range(0.18..0.3)), horizon + u * 0.05, u * 0.075);
    // Reeds and a jetty in the foreground.
    canvas.fill(
        Pen::at(w * 0.2, h + 2.0).line(w * 0.44, h * 0.8).line(w * 0.56, h * 0.8).line(w * 0.8, h + 2.0),
        Fill::down(h * 0.8, h, ink(0x6b_45_4a), ink(0x3a_26_38)),
    );
    for step in 1_u8..6 {
        let y = h * (0.8 + 0.036 * f32::from(step) * (1.0 + 0.05 * f32::from(step)));
        let half = w * (0.06 + 0.24 * (y / h - 0.8) / 0.2);
        canvas.stroke(Pen::at(w * 0.5 - half, y).line(w * 0.5 + half, y), u * 0.004, ink(0x24_16_26).fade(0.7));
    }
    for _ in 0..26 {
        let edge = if rng.random_bool(0.5) { rng.random_range(0.0..0.16) } else { rng.random_range(0.84..1.0) };
        let (x, tall) = (edge * w, u * rng.random_range(0.14..0.32));
        let lean = u * rng.random_range(-0.04..0.04);
        canvas.stroke(Pen::at(x, h).quad((x, h - tall * 0.6), x + lean, h - tall), u * 0.006, ink(0x2a_1a_32));
        if rng.random_bool(0.4) {
            canvas.oval(x + lean, h - tall, u * 0.009, u * 0.03, ink(0x3d_22_2e));
        }
    }
}
