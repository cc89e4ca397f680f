//! By the water: a beach in the sun, a lake at sunset.

use rand::{Rng, rngs::StdRng};

use super::{
    super::{
        canvas::{Canvas, Fill, Pen, ink},
        look::pick,
    },
    outdoors::{clouds, ridge},
};

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
        canvas.stroke(Pen::at(x, h).quad((x, h - tall * 0.6), x + lean, h - tall), u * 0.006, ink(0x2a_1a_33));
        if rng.random_bool(0.4) {
            canvas.oval(x + lean, h - tall, u * 0.009, u * 0.03, ink(0x3d_22_2e));
        }
    }
}
