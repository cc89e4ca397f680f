//! Neck, clothes, arms and legs, in heads: the middle of the head is the origin, the feet are 4.75 heads below it.

use super::{
    canvas::{Canvas, Ink, Pen, ink},
    head::Light,
    look::Look,
};

/// From the middle of the head to the ground, in heads.
pub(crate) const FEET: f32 = 4.75;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Garment {
    Tee,
    Tank,
    Shirt,
    Blazer,
    Hoodie,
    Sweater,
    Dress,
    Coat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arms {
    Down,
    WavingLeft,
    WavingRight,
    OnHip,
    Cup,
    Raised,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Clothes {
    pub(crate) garment: Garment,
    pub(crate) arms: Arms,
    pub(crate) main: Ink,
    pub(crate) second: Ink,
    pub(crate) trousers: Ink,
}

pub(crate) fn draw(canvas: &mut Canvas, look: &Look, clothes: Clothes, light: Light) {
    let skin = light.on(look.skin);
    let main = light.on(clothes.main);
    legs(canvas, clothes, skin, light);
    arms(canvas, look, clothes, light, false);
    neck(canvas, skin);
    torso(canvas, look, clothes, main, light);
    arms(canvas, look, clothes, light, true);
}

fn neck(canvas: &mut Canvas, skin: Ink) {
    let column = Pen::at(-0.15, 0.25)
        .line(-0.155, 0.6)
        .quad((-0.17, 0.7), -0.32, 0.77)
        .quad((0.0, 1.12), 0.32, 0.77)
        .quad((0.17, 0.7), 0.155, 0.6)
        .line(0.15, 0.25);
    canvas.fill(column, skin.darker(0.07));
    // The chin's shadow.
    canvas.fill(
        Pen::at(-0.152, 0.36).line(-0.155, 0.5).quad((0.0, 0.69), 0.155, 0.5).line(0.152, 0.36),
        skin.darker(0.3).fade(0.75),
    );
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

/// A torso with its neckline cut out by drawing the skin that shows.
fn torso(canvas: &mut Canvas, look: &Look, clothes: Clothes, main: Ink, light: Light) {
    let s = look.shoulders;
    let waist = s * 0.72;
    let skin = light.on(look.skin);
    let second = light.on(clothes.second);
    let dark = main.darker(0.2);
    let neckline = |depth: f32, half: f32| {
        Pen::at(-half, 0.66).quad((-half * 0.9, depth), 0.0, depth).quad((half * 0.9, depth), half, 0.66)
    };
    match clothes.garment {
        Garment::Tank => {
            canvas.fill(torso_shape(s * 0.9, waist), skin.darker(0.03));
            let top = Pen::at(-0.3, 0.82)
                .curve((-0.24, 1.25), (0.24, 1.25), 0.3, 0.82)
                .line(0.42, 0.84)
                .curve((0.44, 1.2), (s * 0.7, 1.4), s * 0.8, 1.5)
                .line(waist * 1.05, 2.62)
                .line(-waist * 1.05, 2.62)
                .line(-s * 0.8, 1.5)
                .curve((-s * 0.7, 1.4), (-0.44, 1.2), -0.42, 0.84);
            canvas.fill(top, main);
        }
        Garment::Tee | Garment::Dress => {
            canvas.fill(torso_shape(s, waist), main);
            let deep = if clothes.garment == Garment::Dress { 1.02 } else { 0.86 };
            canvas.fill(neckline(deep, 0.25), skin.darker(0.05));
            canvas.stroke(
                Pen::at(-0.25, 0.7).quad((-0.22, deep), 0.0, deep).quad((0.22, deep), 0.25, 0.7),
                0.035,
                dark,
            );
            if clothes.garment == Garment::Tee {
                let heart = Pen::at(0.0, 1.62)
                    .curve((-0.34, 1.42), (-0.26, 1.2), -0.12, 1.23)
                    .curve((-0.05, 1.24), (0.0, 1.29), 0.0, 1.33)
                    .curve((0.0, 1.29), (0.05, 1.24), 0.12, 1.23)
                    .curve((0.26, 1.2), (0.34, 1.42), 0.0, 1.62);
                canvas.fill(heart, second.fade(0.9));
            } else {
                for (x, y) in [(-0.3, 1.3), (0.22, 1.2), (-0.08, 1.55), (0.36, 1.65), (-0.4, 1.85), (0.08, 2.0)] {
                    canvas.dot(x, y, 0.05, second.fade(0.8));
                }
            }
        }
        Garment::Sweater => {
            canvas.fill(torso_shape(s * 1.02, waist * 1.1), main);
            // No wider than the torso at each height.
            let half = |y: f32| s * (1.0 - 0.29 * (y - 1.22));
            for y in [1.28, 1.5, 1.72] {
                let (upper, lower) = (half(y), half(y + 0.1));
                let stripe = Pen::at(-upper, y).quad((0.0, y + 0.1), upper, y).line(lower, y + 0.1).quad(
                    (0.0, y + 0.2),
                    -lower,
                    y + 0.1,
                );
                canvas.fill(stripe, second.fade(0.9));
            }
            canvas.fill(neckline(0.8, 0.23), skin.darker(0.05));
            canvas.stroke(Pen::at(-0.22, 0.7).quad((0.0, 0.93), 0.22, 0.7), 0.085, dark);
        }
        Garment::Hoodie => {
            canvas.fill(
                Pen::at(-0.46, 0.86).curve((-0.5, 0.5), (-0.3, 0.46), -0.2, 0.5).line(0.2, 0.5).curve(
                    (0.3, 0.46),
                    (0.5, 0.5),
                    0.46,
                    0.86,
                ),
                dark,
            );
            neck(canvas, skin);
            canvas.fill(torso_shape(s * 1.03, waist * 1.12), main);
            canvas.fill(neckline(0.92, 0.26), skin.darker(0.12));
            canvas.stroke(Pen::at(-0.28, 0.68).quad((-0.22, 0.9), 0.0, 0.98).quad((0.22, 0.9), 0.28, 0.68), 0.1, dark);
            for x in [-0.12, 0.12] {
                canvas.stroke(Pen::at(x, 0.98).quad((x * 1.3, 1.2), x * 1.1, 1.38), 0.03, ink(0xf4_f0_ea));
            }
            canvas.stroke(Pen::at(-0.4, 2.3).line(-0.26, 1.85).line(0.26, 1.85).line(0.4, 2.3), 0.03, dark);
        }
        Garment::Shirt => {
            canvas.fill(torso_shape(s, waist), main);
            canvas.fill(neckline(0.95, 0.2), skin.darker(0.05));
            collar(canvas, main.lighter(0.25), dark);
            canvas.stroke(Pen::at(0.0, 0.98).line(0.0, 2.6), 0.02, dark.fade(0.7));
            for y in [1.15, 1.45, 1.75, 2.05] {
                canvas.dot(0.03, y, 0.026, main.lighter(0.6));
            }
            canvas.stroke(
                Pen::at(0.26, 1.32)
                    .line(0.52, 1.32)
                    .line(0.52, 1.58)
                    .line(0.39, 1.64)
                    .line(0.26, 1.58)
                    .line(0.26, 1.32),
                0.016,
                dark.fade(0.6),
            );
        }
        Garment::Blazer | Garment::Coat => {
            canvas.fill(torso_shape(s * 1.02, waist * 1.06), main);
            let under = second.lighter(0.45);
            canvas.fill(Pen::at(-0.22, 0.68).line(0.0, 1.75).line(0.22, 0.68), under);
            canvas.fill(neckline(0.92, 0.17), skin.darker(0.05));
            collar(canvas, under.lighter(0.3), under.darker(0.2));
            if clothes.garment == Garment::Blazer && look.beard.is_none() && !look.eyes.lashes {
                canvas.fill(
                    Pen::at(-0.05, 0.93).line(0.05, 0.93).line(0.075, 1.5).line(0.0, 1.66).line(-0.075, 1.5),
                    second.darker(0.25),
                );
            }
            for side in [-1.0, 1.0] {
                let x = |x: f32| side * x;
                canvas.fill(
                    Pen::at(x(0.2), 0.66).line(x(0.44), 0.9).line(x(0.36), 1.08).line(x(0.43), 1.14).line(x(0.0), 1.82),
                    main.darker(0.13),
                );
            }
            canvas.stroke(Pen::at(0.0, 1.82).line(0.0, 2.6), 0.018, main.darker(0.4).fade(0.7));
            canvas.dot(0.05, 1.95, 0.032, main.darker(0.45));
            if clothes.garment == Garment::Coat {
                // A scarf.
                canvas.fill(
                    Pen::at(-0.3, 0.6).quad((0.0, 0.86), 0.3, 0.6).line(0.34, 0.8).quad((0.0, 1.1), -0.34, 0.8),
                    second,
                );
                canvas.fill(Pen::at(0.08, 0.9).line(0.3, 0.84).line(0.34, 1.6).line(0.12, 1.62), second.darker(0.12));
            }
        }
    }
    // The side away from the light.
    let x = |x: f32| -light.side * x;
    canvas.fill(
        Pen::at(x(s * 0.76), 0.845)
            .curve((x(s * 0.94), 0.91), (x(s), 1.02), x(s), 1.22)
            .curve((x(s * 0.97), 1.55), (x(waist), 1.7), x(waist), 2.05)
            .line(x(waist * 1.02), 2.55)
            .line(x(waist * 0.74), 2.6)
            .curve((x(waist * 0.62), 1.9), (x(s * 0.82), 1.4), x(s * 0.76), 0.845),
        ink(0x1c_12_24).fade(0.15),
    );
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

fn legs(canvas: &mut Canvas, clothes: Clothes, skin: Ink, light: Light) {
    let trousers = light.on(clothes.trousers);
    let bare = matches!(clothes.garment, Garment::Dress | Garment::Tank);
    for side in [-1.0, 1.0] {
        let x = |x: f32| side * x;
        let lower = if bare { skin } else { trousers };
        canvas.stroke(Pen::at(x(0.25), 2.5).line(x(0.27), 4.5), if bare { 0.24 } else { 0.4 }, lower);
        canvas.oval(x(0.33), 4.66, 0.26, 0.12, if bare { skin.darker(0.15) } else { light.on(ink(0x2e_2a_30)) });
    }
    if clothes.garment == Garment::Dress {
        canvas.fill(
            Pen::at(-0.52, 2.0)
                .line(0.52, 2.0)
                .curve((0.6, 2.6), (0.82, 3.1), 0.9, 3.6)
                .quad((0.0, 3.78), -0.9, 3.6)
                .curve((-0.82, 3.1), (-0.6, 2.6), -0.52, 2.0),
            light.on(clothes.main).darker(0.06),
        );
    } else if bare {
        canvas.fill(
            Pen::at(-0.55, 2.4)
                .line(0.55, 2.4)
                .line(0.56, 3.25)
                .line(0.06, 3.25)
                .line(0.0, 2.8)
                .line(-0.06, 3.25)
                .line(-0.56, 3.25),
            trousers,
        );
    }
}

/// Elbow and hand of the arm on the picture's left (-1.0) or right (1.0), and whether it is before the torso.
fn arm(arms: Arms, side: f32, s: f32) -> ((f32, f32), (f32, f32), bool) {
    let down = ((s + 0.08, 1.75), (s - 0.02, 2.4), false);
    let right = match arms {
        Arms::Down => down,
        Arms::WavingLeft if side < 0.0 => ((s + 0.36, 1.3), (s + 0.42, 0.42), false),
        Arms::WavingRight if side > 0.0 => ((s + 0.36, 1.3), (s + 0.42, 0.42), false),
        Arms::OnHip if side < 0.0 => ((s + 0.42, 1.7), (s * 0.72, 2.2), false),
        Arms::Cup if side > 0.0 => ((s + 0.1, 1.78), (s * 0.5, 1.52), true),
        Arms::Raised => ((s + 0.38, 0.95), (s + 0.3, -0.05), false),
        Arms::WavingLeft | Arms::WavingRight | Arms::OnHip | Arms::Cup => down,
    };
    ((right.0.0 * side, right.0.1), (right.1.0 * side, right.1.1), right.2)
}

fn arms(canvas: &mut Canvas, look: &Look, clothes: Clothes, light: Light, before: bool) {
    let (skin, main) = (light.on(look.skin), light.on(clothes.main));
    let s = look.shoulders;
    let short = matches!(clothes.garment, Garment::Tee | Garment::Dress);
    let bare = clothes.garment == Garment::Tank;
    for side in [-1.0, 1.0] {
        let (elbow, hand, is_before) = arm(clothes.arms, side, s);
        if is_before != before {
            continue;
        }
        let shoulder = (side * (s - 0.16), 1.06);
        // The arm that is turned away from the light is darker, so that it stands out from the torso.
        let shade = if is_before || side * light.side < 0.0 { 0.17 } else { 0.07 };
        let sleeve = main.darker(shade);
        let skin = skin.darker(shade * 0.5);
        let limb = || {
            Pen::at(shoulder.0, shoulder.1)
                .quad((elbow.0 * 0.98, elbow.1 - 0.12), elbow.0, elbow.1)
                .line(hand.0, hand.1)
        };
        if short || bare {
            canvas.stroke(limb(), 0.19, skin);
            if short {
                let half = ((shoulder.0 + elbow.0) / 2.0, (shoulder.1 + elbow.1) / 2.0);
                canvas.stroke(Pen::at(shoulder.0, shoulder.1).line(half.0, half.1), 0.31, sleeve);
            }
        } else {
            canvas.stroke(limb(), 0.28, sleeve);
        }
        if clothes.arms == Arms::Cup && is_before {
            canvas.fill(
                Pen::at(hand.0 - 0.12, hand.1 - 0.34)
                    .line(hand.0 + 0.14, hand.1 - 0.34)
                    .line(hand.0 + 0.11, hand.1 + 0.08)
                    .line(hand.0 - 0.09, hand.1 + 0.08),
                ink(0xfb_f7_ef),
            );
            canvas.fill(
                Pen::at(hand.0 - 0.113, hand.1 - 0.24)
                    .line(hand.0 + 0.132, hand.1 - 0.24)
                    .line(hand.0 + 0.12, hand.1 - 0.08)
                    .line(hand.0 - 0.1, hand.1 - 0.08),
                clothes.second,
            );
        }
        self::hand(canvas, elbow, hand, skin);
    }
}

/// A palm at the end of the forearm; fingers where it is held up.
fn hand(canvas: &mut Canvas, elbow: (f32, f32), wrist: (f32, f32), skin: Ink) {
    let (dx, dy) = (wrist.0 - elbow.0, wrist.1 - elbow.1);
    let length = dx.hypot(dy).max(0.01);
    let (dx, dy) = (dx / length, dy / length);
    // `along` the forearm from the wrist, and `across` it.
    let point = |along: f32, across: f32| (wrist.0 + dx * along - dy * across, wrist.1 + dy * along + dx * across);
    let palm = point(0.12, 0.0);
    if dy > -0.5 {
        canvas.stroke(Pen::at(wrist.0, wrist.1).line(palm.0, palm.1), 0.19, skin);
        return;
    }
    canvas.stroke(Pen::at(wrist.0, wrist.1).line(palm.0, palm.1), 0.17, skin);
    canvas.dot(palm.0, palm.1, 0.125, skin);
    for (along, across) in [(0.33, -0.13), (0.385, -0.045), (0.38, 0.045), (0.32, 0.125)] {
        let (root, tip) = (point(0.14, across * 0.62), point(along, across));
        canvas.stroke(Pen::at(root.0, root.1).line(tip.0, tip.1), 0.068, skin);
    }
    let inward = -wrist.0.signum() * dy.signum();
    let (root, tip) = (point(0.08, 0.06 * inward), point(0.2, 0.2 * inward));
    canvas.stroke(Pen::at(root.0, root.1).line(tip.0, tip.1), 0.07, skin);
}
