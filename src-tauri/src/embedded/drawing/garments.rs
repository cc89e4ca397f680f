//! Clothes, in heads, as a body wears them.

use super::{
    body::{Clothes, Garment, neck},
    canvas::{Canvas, Ink, Pen, ink},
    head::Light,
    look::Look,
};

/// Measures and colours of a piece of clothing on somebody.
struct Cut {
    /// Half the width of the shoulders, and of the waist.
    s: f32,
    waist: f32,
    skin: Ink,
    main: Ink,
    second: Ink,
    /// Hems.
    dark: Ink,
}

/// A torso in its clothes; the skin that a neckline shows is drawn on top of them.
pub(super) fn torso(canvas: &mut Canvas, look: &Look, clothes: Clothes, light: Light) {
    let s = look.shoulders;
    let main = light.on(clothes.main);
    let cut = Cut {
        s,
        waist: s * 0.72,
        skin: light.on(look.skin),
        main,
        second: light.on(clothes.second),
        dark: main.darker(0.2),
    };
    match clothes.garment {
        Garment::Tank => tank(canvas, &cut),
        Garment::Tee | Garment::Dress => tee(canvas, &cut, clothes.garment),
        Garment::Sweater => sweater(canvas, &cut),
        Garment::Hoodie => hoodie(canvas, &cut),
        Garment::Shirt => shirt(canvas, &cut),
        Garment::Blazer | Garment::Coat => blazer(canvas, &cut, look, clothes.garment),
    }
    shade(canvas, &cut, light.side);
}

/// The side away from the light.
fn shade(canvas: &mut Canvas, cut: &Cut, light: f32) {
    let x = |x: f32| -light * x;
    canvas.fill(
        Pen::at(x(cut.s * 0.76), 0.845)
            .curve((x(cut.s * 0.94), 0.91), (x(cut.s), 1.02), x(cut.s), 1.22)
            .curve((x(cut.s * 0.97), 1.55), (x(cut.waist), 1.7), x(cut.waist), 2.05)
            .line(x(cut.waist * 1.02), 2.55)
            .line(x(cut.waist * 0.74), 2.6)
            .curve((x(cut.waist * 0.62), 1.9), (x(cut.s * 0.82), 1.4), x(cut.s * 0.76), 0.845),
        ink(0x1c_12_24).fade(0.15),
    );
}

fn neckline(depth: f32, half: f32) -> Pen {
    Pen::at(-half, 0.66).quad((-half * 0.9, depth), 0.0, depth).quad((half * 0.9, depth), half, 0.66)
}

fn torso_shape(s: f32, waist: f32) -> Pen {
    Pen::at(-0.19, 0.68)
        .curve((-0.24, 0.79), (-s * 0.6, 0.77), -s * 0.8, 0.86)
        .curve((-s * 0.94, 0.92), (-s, 1.02), -s, 1.22)
        .curve((-s * 0.97, 1.55), (-waist, 1.7), -waist, 2.05)
        .line(-waist * 1.02, 2.55)
        .quad((0.0, 2.72), waist * 1.02, 2.55)
        .line(waist, 2.05)
        .curve((waist, 1.7), (s * 0.97, 1.55), s, 1.22)
        .curve((s, 1.02), (s * 0.94, 0.92), s * 0.8, 0.86)
        .curve((s * 0.6, 0.77), (0.24, 0.79), 0.19, 0.68)
}

fn tank(canvas: &mut Canvas, cut: &Cut) {
    canvas.fill(torso_shape(cut.s * 0.9, cut.waist), cut.skin.darker(0.03));
    let top = Pen::at(-0.3, 0.82)
        .curve((-0.24, 1.25), (0.24, 1.25), 0.3, 0.82)
        .line(0.42, 0.84)
        .curve((0.44, 1.2), (cut.s * 0.7, 1.4), cut.s * 0.8, 1.5)
        .line(cut.waist * 1.05, 2.62)
        .line(-cut.waist * 1.05, 2.62)
        .line(-cut.s * 0.8, 1.5)
        .curve((-cut.s * 0.7, 1.4), (-0.44, 1.2), -0.42, 0.84);
    canvas.fill(top, cut.main);
}

fn tee(canvas: &mut Canvas, cut: &Cut, garment: Garment) {
    canvas.fill(torso_shape(cut.s, cut.waist), cut.main);
    let deep = if garment == Garment::Dress { 1.02 } else { 0.86 };
    canvas.fill(neckline(deep, 0.25), cut.skin.darker(0.05));
    canvas.stroke(Pen::at(-0.25, 0.7).quad((-0.22, deep), 0.0, deep).quad((0.22, deep), 0.25, 0.7), 0.035, cut.dark);
    if garment == Garment::Tee {
        let heart = Pen::at(0.0, 1.62)
            .curve((-0.34, 1.42), (-0.26, 1.2), -0.12, 1.23)
            .curve((-0.05, 1.24), (0.0, 1.29), 0.0, 1.33)
            .curve((0.0, 1.29), (0.05, 1.24), 0.12, 1.23)
            .curve((0.26, 1.2), (0.34, 1.42), 0.0, 1.62);
        canvas.fill(heart, cut.second.fade(0.9));
    } else {
        for (x, y) in [(-0.3, 1.3), (0.22, 1.2), (-0.08, 1.55), (0.36, 1.65), (-0.4, 1.85), (0.08, 2.0)] {
            canvas.dot(x, y, 0.05, cut.second.fade(0.8));
        }
    }
}

fn sweater(canvas: &mut Canvas, cut: &Cut) {
    canvas.fill(torso_shape(cut.s * 1.02, cut.waist * 1.1), cut.main);
    // No wider than the torso at each height.
    let half = |y: f32| cut.s * (1.0 - 0.29 * (y - 1.22));
    for y in [1.28, 1.5, 1.72] {
        let (upper, lower) = (half(y), half(y + 0.1));
        let stripe = Pen::at(-upper, y).quad((0.0, y + 0.1), upper, y).line(lower, y + 0.1).quad(
            (0.0, y + 0.2),
            -lower,
            y + 0.1,
        );
        canvas.fill(stripe, cut.second.fade(0.9));
    }
    canvas.fill(neckline(0.8, 0.23), cut.skin.darker(0.05));
    canvas.stroke(Pen::at(-0.22, 0.7).quad((0.0, 0.93), 0.22, 0.7), 0.085, cut.dark);
}

fn hoodie(canvas: &mut Canvas, cut: &Cut) {
    canvas.fill(
        Pen::at(-0.46, 0.86).curve((-0.5, 0.5), (-0.3, 0.46), -0.2, 0.5).line(0.2, 0.5).curve(
            (0.3, 0.46),
            (0.5, 0.5),
            0.46,
            0.86,
        ),
        cut.dark,
    );
    neck(canvas, cut.skin);
    canvas.fill(torso_shape(cut.s * 1.03, cut.waist * 1.12), cut.main);
    canvas.fill(neckline(0.92, 0.26), cut.skin.darker(0.12));
    canvas.stroke(Pen::at(-0.28, 0.68).quad((-0.22, 0.9), 0.0, 0.98).quad((0.22, 0.9), 0.28, 0.68), 0.1, cut.dark);
    for x in [-0.12, 0.12] {
        canvas.stroke(Pen::at(x, 0.98).quad((x * 1.3, 1.2), x * 1.1, 1.38), 0.03, ink(0xf4_f0_ea));
    }
    canvas.stroke(Pen::at(-0.4, 2.3).line(-0.26, 1.85).line(0.26, 1.85).line(0.4, 2.3), 0.03, cut.dark);
}

fn shirt(canvas: &mut Canvas, cut: &Cut) {
    canvas.fill(torso_shape(cut.s, cut.waist), cut.main);
    canvas.fill(neckline(0.95, 0.2), cut.skin.darker(0.05));
    collar(canvas, cut.main.lighter(0.25), cut.dark);
    canvas.stroke(Pen::at(0.0, 0.98).line(0.0, 2.6), 0.02, cut.dark.fade(0.7));
    for y in [1.15, 1.45, 1.75, 2.05] {
        canvas.dot(0.03, y, 0.026, cut.main.lighter(0.6));
    }
    canvas.stroke(
        Pen::at(0.26, 1.32).line(0.52, 1.32).line(0.52, 1.58).line(0.39, 1.64).line(0.26, 1.58).line(0.26, 1.32),
        0.016,
        cut.dark.fade(0.6),
    );
}

fn blazer(canvas: &mut Canvas, cut: &Cut, look: &Look, garment: Garment) {
    canvas.fill(torso_shape(cut.s * 1.02, cut.waist * 1.06), cut.main);
    let under = cut.second.lighter(0.45);
    canvas.fill(Pen::at(-0.22, 0.68).line(0.0, 1.75).line(0.22, 0.68), under);
    canvas.fill(neckline(0.92, 0.17), cut.skin.darker(0.05));
    collar(canvas, under.lighter(0.3), under.darker(0.2));
    if garment == Garment::Blazer && look.beard.is_none() && !look.eyes.lashes {
        canvas.fill(
            Pen::at(-0.05, 0.93).line(0.05, 0.93).line(0.075, 1.5).line(0.0, 1.66).line(-0.075, 1.5),
            cut.second.darker(0.25),
        );
    }
    for side in [-1.0, 1.0] {
        let x = |x: f32| side * x;
        canvas.fill(
            Pen::at(x(0.2), 0.66).line(x(0.44), 0.9).line(x(0.36), 1.08).line(x(0.43), 1.14).line(x(0.0), 1.82),
            cut.main.darker(0.13),
        );
    }
    canvas.stroke(Pen::at(0.0, 1.82).line(0.0, 2.6), 0.018, cut.main.darker(0.4).fade(0.7));
    canvas.dot(0.05, 1.95, 0.032, cut.main.darker(0.45));
    if garment == Garment::Coat {
        // A scarf.
        canvas.fill(
            Pen::at(-0.3, 0.6).quad((0.0, 0.86), 0.3, 0.6).line(0.34, 0.8).quad((0.0, 1.1), -0.34, 0.8),
            cut.second,
        );
        canvas.fill(Pen::at(0.08, 0.9).line(0.3, 0.84).line(0.34, 1.6).line(0.12, 1.62), cut.second.darker(0.12));
    }
}

fn collar(canvas: &mut Canvas, colour: Ink, edge: Ink) {
    for side in [-1.0, 1.0] {
        let x = |x: f32| side * x;
        let flap =
            Pen::at(x(0.17), 0.62).line(x(0.27), 0.76).line(x(0.15), 1.04).line(x(0.0), 0.93).line(x(0.17), 0.62);
        canvas.fill(flap.clone(), colour);
        canvas.stroke(flap, 0.012, edge.fade(0.6));
    }
}
