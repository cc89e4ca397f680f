//! Neck, clothes, arms and legs, in heads: the middle of the head is the origin, the feet are 4.75 heads below it.

use super::{
    canvas::{Canvas, Ink, Pen, ink},
    garments,
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
    legs(canvas, clothes, skin, light);
    arms(canvas, look, clothes, light, false);
    neck(canvas, skin);
    garments::torso(canvas, look, clothes, light);
    arms(canvas, look, clothes, light, true);
}

pub(super) fn neck(canvas: &mut Canvas, skin: Ink) {
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
    let waving = ((s + 0.36, 1.3), (s + 0.42, 0.42), false);
    let right = match arms {
        Arms::WavingLeft | Arms::WavingRight if (arms == Arms::WavingRight) == (side > 0.0) => waving,
        Arms::OnHip if side < 0.0 => ((s + 0.42, 1.7), (s * 0.72, 2.2), false),
        Arms::Cup if side > 0.0 => ((s + 0.1, 1.78), (s * 0.5, 1.52), true),
        Arms::Raised => ((s + 0.38, 0.95), (s + 0.3, -0.05), false),
        Arms::Down | Arms::WavingLeft | Arms::WavingRight | Arms::OnHip | Arms::Cup => down,
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
                let half = (shoulder.0.midpoint(elbow.0), shoulder.1.midpoint(elbow.1));
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
