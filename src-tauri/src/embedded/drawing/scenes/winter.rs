//! A forest in the snow.

use rand::{Rng, rngs::StdRng};

use super::{
    super::canvas::{Canvas, Fill, Pen, ink},
    outdoors::{fir, ridge},
};

pub(super) fn snow(canvas: &mut Canvas, rng: &mut StdRng, side: f32) {
    let (w, h, u) = (canvas.width, canvas.height, canvas.width.min(canvas.height));
    canvas.wash(Fill::down(0.0, h * 0.6, ink(0x8f_b5_d6), ink(0xf3_ee_f0)));
    canvas.glow(w * (0.5 + side * 0.33), h * 0.16, u * 0.4, ink(0xff_f3_dc).fade(0.9));
    ridge(canvas, rng, h * 0.46, h * 0.16, 6, ink(0xc3_d3_e6));
    ridge(canvas, rng, h * 0.52, h * 0.1, 8, ink(0xa9_bf_d8));
    for row in 0_u8..3 {
        let part = f32::from(row) / 2.0;
        let base = h * (0.54 + 0.06 * part);
        for _ in 0..(18 - 4 * row) {
            let s = u * (0.12 + 0.1 * part) * rng.random_range(0.8..1.2);
            snowy_fir(
                canvas,
                rng.random_range(-0.02..1.02) * w,
                base + u * rng.random_range(-0.01..0.02),
                s,
                0.5 - 0.3 * part,
            );
        }
        ridge(canvas, rng, base + u * 0.03, u * 0.03, 7, ink(0xe3_ec_f6).mix(ink(0xf6_f9_fd), part));
    }
    cabin(canvas, w * (0.5 - side * 0.27), h * 0.68, u * 0.22);
    canvas.rect(0.0, h * 0.66, w, h * 0.34 + 2.0, Fill::down(h * 0.66, h, ink(0xf6_f9_fd).fade(0.0), ink(0xc4_d6_ea)));
    for _ in 0..9 {
        let (x, y) = (rng.random_range(0.0..1.0) * w, rng.random_range(h * 0.72..h));
        canvas.stroke(
            Pen::at(x - u * 0.1, y).quad((x, y - u * 0.03), x + u * 0.12, y),
            u * 0.008,
            ink(0xae_c4_de).fade(0.45),
        );
    }
    for place in [0.02, 0.12, 0.92, 1.0] {
        snowy_fir(
            canvas,
            w * (place + rng.random_range(-0.02..0.02)),
            h * rng.random_range(0.86..0.96),
            u * rng.random_range(0.42..0.6),
            0.0,
        );
    }
}

fn snowy_fir(canvas: &mut Canvas, x: f32, y: f32, s: f32, haze: f32) {
    fir(canvas, x, y, s, ink(0x2f_5d_5b).mix(ink(0xb4_c8_de), haze));
    let white = ink(0xff_ff_ff).fade(0.92);
    for (lift, half) in [(0.05, 0.3), (0.32, 0.24), (0.58, 0.17)] {
        let base = y - s * lift;
        let (l, top) = (x - s * half * 0.86, base - s * 0.44);
        canvas.fill(
            Pen::at(x, top)
                .line(l, base - s * 0.035)
                .quad((x - s * half * 0.55, base - s * 0.1), x - s * half * 0.3, base - s * 0.13)
                .quad((x - s * half * 0.1, base - s * 0.1), x + s * half * 0.16, base - s * 0.2)
                .line(x, top),
            white,
        );
    }
}

fn cabin(canvas: &mut Canvas, x: f32, y: f32, s: f32) {
    canvas.shadow(x, y, s * 1.1, s * 0.12, ink(0x4a_6a_94).fade(0.5));
    canvas.rect(
        x - s * 0.7,
        y - s * 0.62,
        s * 1.4,
        s * 0.62,
        Fill::down(y - s * 0.62, y, ink(0x8a_55_34), ink(0x6a_3f_28)),
    );
    for step in 1_u8..5 {
        let at = y - s * 0.62 + s * 0.124 * f32::from(step);
        canvas.stroke(Pen::at(x - s * 0.7, at).line(x + s * 0.7, at), s * 0.012, ink(0x4a_2a_1c).fade(0.7));
    }
    canvas.rect(x + s * 0.32, y - s * 1.28, s * 0.17, s * 0.45, ink(0x7d_5a_50));
    for (dx, dy, r) in [(0.44, -1.42, 0.09), (0.54, -1.6, 0.13), (0.7, -1.82, 0.17)] {
        canvas.dot(x + dx * s, y + dy * s, r * s, ink(0xff_ff_ff).fade(0.5));
    }
    canvas.fill(
        Pen::at(x - s * 0.92, y - s * 0.55).line(x, y - s * 1.2).line(x + s * 0.92, y - s * 0.55),
        ink(0x5a_36_28),
    );
    canvas.fill(
        Pen::at(x - s * 0.98, y - s * 0.55)
            .quad((x - s * 0.96, y - s * 0.66), x, y - s * 1.3)
            .quad((x + s * 0.96, y - s * 0.66), x + s * 0.98, y - s * 0.55)
            .quad((x + s * 0.5, y - s * 0.74), x, y - s * 1.1)
            .quad((x - s * 0.5, y - s * 0.74), x - s * 0.98, y - s * 0.55),
        ink(0xff_ff_ff),
    );
    canvas.glow(x - s * 0.33, y - s * 0.33, s * 0.4, ink(0xff_d4_6b).fade(0.5));
    for dx in [-0.48, 0.18] {
        canvas.rect(x + dx * s, y - s * 0.46, s * 0.28, s * 0.26, ink(0xff_dc_84));
        canvas.stroke(
            Pen::at(x + (dx + 0.14) * s, y - s * 0.46).line(x + (dx + 0.14) * s, y - s * 0.2),
            s * 0.022,
            ink(0x4a_2a_1c),
        );
    }
    canvas.rect(x - s * 0.12, y - s * 0.42, s * 0.22, s * 0.42, ink(0x4a_2a_1c));
}

/// Flakes before the people.
pub(super) fn falling(canvas: &mut Canvas, rng: &mut StdRng) {
    let (w, h, u) = (canvas.width, canvas.height, canvas.width.min(canvas.height));
    for _ in 0..130 {
        let (x, y, r) =
            (rng.random_range(0.0..1.0) * w, rng.random_range(0.0..1.0) * h, u * rng.random_range(0.0015..0.0048));
        canvas.dot(x, y, r, ink(0xff_ff_ff).fade(0.85));
    }
}
