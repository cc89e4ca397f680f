//! A head, in heads: as high as 1.0, its middle at the origin.

use super::{
    canvas::{Canvas, Ink, Pen, ink},
    hair,
    look::{Beard, Headwear, Look, NoseKind, Shape},
};

const EYE_LEVEL: f32 = 0.035;
const MOUTH_LEVEL: f32 = 0.285;
const EAR: (f32, f32, f32) = (0.055, 0.052, 0.088);
const LINE: Ink = ink(0x2a_1a_1c);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expression {
    Calm,
    Smile,
    Grin,
    Laugh,
}

/// How a head is held on one photo.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pose {
    /// Degrees, clockwise.
    pub(crate) tilt: f32,
    /// -1.0 looks to the left of the picture, 1.0 to the right.
    pub(crate) turn: f32,
    pub(crate) expression: Expression,
}

/// What the light of a scene does to colours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Light {
    pub(crate) tint: Ink,
    pub(crate) amount: f32,
    /// The side that the light comes from: -1.0 left, 1.0 right.
    pub(crate) side: f32,
}

impl Light {
    pub(crate) fn on(self, colour: Ink) -> Ink {
        colour.mix(self.tint, self.amount)
    }
}

/// The skull with its ears: what a face's box is drawn around.
pub(crate) fn outline(shape: &Shape) -> Pen {
    let ear = shape.temple - 0.008;
    face(shape).oval(-ear, EAR.0, EAR.1, EAR.2).oval(ear, EAR.0, EAR.1, EAR.2)
}

fn face(shape: &Shape) -> Pen {
    let Shape { temple, jaw, chin } = *shape;
    Pen::at(0.0, -0.5)
        .curve((temple * 0.66, -0.5), (temple, -0.32), temple, -0.04)
        .curve((temple, 0.12), (jaw + 0.055, 0.25), jaw, 0.335)
        .curve((jaw - 0.06, 0.43), (chin, 0.5), 0.0, 0.5)
        .curve((-chin, 0.5), (-jaw + 0.06, 0.43), -jaw, 0.335)
        .curve((-jaw - 0.055, 0.25), (-temple, 0.12), -temple, -0.04)
        .curve((-temple, -0.32), (-temple * 0.66, -0.5), 0.0, -0.5)
}

/// The half of the face that is turned away from the light.
fn shaded_half(shape: &Shape, side: f32) -> Pen {
    let Shape { temple, jaw, chin } = *shape;
    let x = |x: f32| -side * x;
    Pen::at(x(0.08), -0.49)
        .curve((x(temple * 0.7), -0.48), (x(temple), -0.3), x(temple), -0.04)
        .curve((x(temple), 0.12), (x(jaw + 0.055), 0.25), x(jaw), 0.335)
        .curve((x(jaw - 0.06), 0.43), (x(chin), 0.5), 0.0, 0.5)
        .curve((x(0.13), 0.45), (x(temple * 0.62), 0.3), x(temple * 0.7), 0.02)
        .curve((x(temple * 0.72), -0.2), (x(temple * 0.5), -0.42), x(0.08), -0.49)
}

/// Everything of the head that is before the body: draw it after the body, and `hair::behind` before.
pub(crate) fn draw(canvas: &mut Canvas, look: &Look, pose: Pose, light: Light) {
    let skin = light.on(look.skin);
    let shift = pose.turn * 0.05;
    ears(canvas, look, skin, light);
    canvas.fill(face(&look.shape), skin);
    canvas.fill(shaded_half(&look.shape, light.side), skin.darker(0.16).fade(0.55));
    canvas.glow(light.side * 0.12 + shift, -0.2, 0.26, skin.lighter(0.5).fade(0.28));
    cheeks(canvas, look, skin, shift, pose);
    if look.marks.lines {
        lines(canvas, skin, shift);
    }
    if let Some(beard) = look.beard {
        self::beard(canvas, look, beard, light.on(look.hair), shift);
    }
    eyes(canvas, look, pose, skin, shift);
    brows(canvas, look, light.on(look.hair), shift, pose);
    nose(canvas, look, skin, shift * 1.5, light.side);
    mouth(canvas, look, pose, light, shift);
    if look.beard == Some(Beard::Moustache) || look.beard == Some(Beard::Full) || look.beard == Some(Beard::Goatee) {
        moustache(canvas, light.on(look.hair), shift);
    }
    if let Some((x, y)) = look.marks.mole {
        canvas.dot(x + shift, y, 0.0125, skin.darker(0.62));
    }
    if let Some(glasses) = look.glasses {
        self::glasses(canvas, look, glasses.round, glasses.frame, shift);
    }
    hair::front(canvas, look, light);
}

fn ears(canvas: &mut Canvas, look: &Look, skin: Ink, light: Light) {
    if matches!(look.headwear, Some(Headwear::Headscarf(_))) {
        return;
    }
    for side in [-1.0, 1.0] {
        let x = side * (look.shape.temple - 0.008);
        canvas.oval(x, EAR.0, EAR.1, EAR.2, skin.darker(0.06));
        canvas.oval(x + side * 0.006, EAR.0, EAR.1 * 0.5, EAR.2 * 0.58, skin.mix(ink(0xa8_45_3c), 0.3).darker(0.12));
        if let Some(metal) = look.earrings {
            canvas.dot(x + side * 0.014, EAR.0 + 0.115, 0.03, light.on(metal));
            canvas.dot(x + side * 0.006, EAR.0 + 0.107, 0.01, metal.lighter(0.7));
        }
    }
}

fn cheeks(canvas: &mut Canvas, look: &Look, skin: Ink, shift: f32, pose: Pose) {
    let lift = if pose.expression == Expression::Laugh { -0.02 } else { 0.0 };
    for side in [-1.0, 1.0] {
        let x = side * look.shape.temple * 0.6 + shift;
        canvas.glow(x, 0.175 + lift, 0.115, skin.mix(ink(0xe0_3f_4a), 0.55).fade(0.42));
        if look.marks.freckles {
            for (dx, dy) in
                [(-0.05, -0.01), (-0.02, 0.022), (0.012, -0.012), (0.04, 0.016), (-0.03, -0.035), (0.025, -0.04)]
            {
                canvas.dot(x + dx, 0.14 + dy + lift, 0.0085, skin.mix(ink(0x9a_55_2c), 0.6));
            }
        }
    }
}

fn lines(canvas: &mut Canvas, skin: Ink, shift: f32) {
    let shade = skin.darker(0.3).fade(0.5);
    for (y, half) in [(-0.225, 0.13), (-0.18, 0.15)] {
        canvas.stroke(Pen::at(shift - half, y).quad((shift, y - 0.022), shift + half, y), 0.0085, shade);
    }
    for side in [-1.0, 1.0] {
        let x = |x: f32| shift + side * x;
        canvas.stroke(Pen::at(x(0.095), 0.17).quad((x(0.15), 0.22), x(0.165), 0.29), 0.011, shade);
        canvas.stroke(Pen::at(x(0.27), 0.01).line(x(0.31), -0.012), 0.008, shade);
        canvas.stroke(Pen::at(x(0.27), 0.035).line(x(0.312), 0.042), 0.008, shade);
    }
}

fn eyes(canvas: &mut Canvas, look: &Look, pose: Pose, skin: Ink, shift: f32) {
    for side in [-1.0_f32, 1.0] {
        // The eye on the far side of a turned head is narrower.
        let near = 1.0 - 0.16 * (pose.turn * side).max(0.0);
        let (rx, scale) = (0.079 * look.eyes.size * near, look.eyes.size);
        let x = shift + side * look.eyes.apart;
        let y = EYE_LEVEL;
        let outer = look.eyes.slant;
        let (left, right) = if side < 0.0 { (y + outer, y) } else { (y, y + outer) };
        if pose.expression == Expression::Laugh {
            let lid = Pen::at(x - rx, left + 0.012).quad((x, y - 0.075 * scale), x + rx, right + 0.012);
            canvas.stroke(lid, 0.022, LINE);
            continue;
        }
        let (top, bottom) = (0.088 * scale, 0.072 * scale);
        let white = Pen::at(x - rx, left).quad((x, y - top), x + rx, right).quad((x, y + bottom), x - rx, left);
        canvas.oval(x, y - 0.012, rx * 1.22, 0.075 * scale, skin.darker(0.2).fade(0.2));
        canvas.fill(white, ink(0xfd_fb_f8));
        let gaze = x + pose.turn * 0.016;
        canvas.dot(gaze, y - 0.002, 0.0425 * scale, look.eyes.iris.darker(0.25));
        canvas.dot(gaze, y - 0.001, 0.036 * scale, look.eyes.iris);
        canvas.dot(gaze, y - 0.002, 0.02 * scale, ink(0x10_0c_10));
        canvas.dot(gaze - 0.013, y - 0.018, 0.0115 * scale, ink(0xff_ff_ff));
        let lid = Pen::at(x - rx, left).quad((x, y - top), x + rx, right);
        canvas.stroke(lid, if look.eyes.lashes { 0.021 } else { 0.015 }, LINE);
        if look.eyes.lashes {
            let corner = x + side * rx;
            let level = y + outer;
            canvas.stroke(
                Pen::at(corner, level).quad((corner + side * 0.02, level - 0.01), corner + side * 0.028, level - 0.03),
                0.014,
                LINE,
            );
        }
        let crease = Pen::at(x - rx * 0.85, left - 0.042).quad((x, y - top - 0.022), x + rx * 0.85, right - 0.042);
        canvas.stroke(crease, 0.009, skin.darker(0.35).fade(0.6));
        canvas.stroke(
            Pen::at(x - rx * 0.6, y + 0.05).quad((x, y + 0.068), x + rx * 0.6, y + 0.05),
            0.008,
            skin.darker(0.25).fade(0.4),
        );
    }
}

fn brows(canvas: &mut Canvas, look: &Look, hair: Ink, shift: f32, pose: Pose) {
    let lift = match pose.expression {
        Expression::Laugh => 0.02,
        Expression::Grin => 0.012,
        Expression::Calm | Expression::Smile => 0.0,
    };
    let colour = hair.darker(0.35);
    for side in [-1.0, 1.0] {
        let x = |x: f32| shift + side * (look.eyes.apart + x);
        let y = EYE_LEVEL - 0.115 - lift;
        let (thick, arch, slant) = (look.brows.thick, look.brows.arch, look.brows.slant);
        let brow = Pen::at(x(-0.085), y + slant + thick * 0.5)
            .quad((x(0.005), y - arch - thick * 0.9), x(0.102), y + 0.018 - slant)
            .quad((x(0.01), y - arch + thick * 0.75), x(-0.08), y + slant + thick * 1.35);
        canvas.fill(brow, colour);
    }
}

fn nose(canvas: &mut Canvas, look: &Look, skin: Ink, shift: f32, light: f32) {
    let shade = skin.mix(ink(0x7a_26_22), 0.26).darker(0.3);
    let tip = 0.165 * look.nose.length;
    let away = -light;
    let x = |x: f32| shift + away * x;
    let soft = shade.fade(0.3);
    match look.nose.kind {
        NoseKind::Button => {
            canvas.fill(
                Pen::at(x(0.008), 0.06).quad((x(0.06), tip), x(0.0), tip + 0.02).quad((x(0.02), 0.12), x(0.008), 0.06),
                soft,
            );
            canvas.stroke(
                Pen::at(shift - 0.04, tip - 0.005).quad((shift, tip + 0.035), shift + 0.04, tip - 0.005),
                0.0135,
                shade,
            );
        }
        NoseKind::Straight => {
            canvas.fill(
                Pen::at(x(0.012), -0.02)
                    .line(x(0.05), tip - 0.02)
                    .quad((x(0.05), tip + 0.01), x(0.0), tip + 0.012)
                    .line(x(0.012), -0.02),
                soft,
            );
            canvas.stroke(
                Pen::at(x(0.018), 0.01).line(x(0.045), tip - 0.025).quad((x(0.056), tip + 0.012), x(0.0), tip + 0.014),
                0.0135,
                shade,
            );
        }
        NoseKind::Broad => {
            canvas.oval(shift, tip - 0.015, 0.062, 0.04, soft);
            canvas.stroke(
                Pen::at(shift - 0.068, tip - 0.022)
                    .quad((shift - 0.078, tip + 0.016), shift - 0.034, tip + 0.01)
                    .quad((shift, tip + 0.034), shift + 0.034, tip + 0.01)
                    .quad((shift + 0.078, tip + 0.016), shift + 0.068, tip - 0.022),
                0.0135,
                shade,
            );
        }
        NoseKind::Aquiline => {
            let bridge = Pen::at(x(0.0), -0.045).quad((x(0.052), 0.0), x(0.05), 0.07).quad(
                (x(0.062), tip),
                x(0.034),
                tip + 0.026,
            );
            canvas.fill(bridge.clone().line(x(-0.012), tip + 0.014).line(x(0.0), -0.045), soft);
            canvas.stroke(bridge.quad((x(0.005), tip + 0.03), x(-0.024), tip + 0.008), 0.0135, shade);
        }
    }
    canvas.glow(x(-0.012), tip - 0.03, 0.035, skin.lighter(0.6).fade(0.4));
}

fn mouth(canvas: &mut Canvas, look: &Look, pose: Pose, light: Light, shift: f32) {
    let lips = light.on(look.mouth.lips);
    let (w, full, y) = (look.mouth.width, look.mouth.full, MOUTH_LEVEL);
    let (l, r) = (shift - w, shift + w);
    match pose.expression {
        Expression::Calm | Expression::Smile => {
            let up = if pose.expression == Expression::Smile { 0.032 } else { 0.006 };
            let upper = Pen::at(l, y - up)
                .quad((shift - w * 0.4, y - 0.022 * full), shift, y - 0.008)
                .quad((shift + w * 0.4, y - 0.022 * full), r, y - up)
                .quad((shift, y + up * 1.1 + 0.012), l, y - up);
            let lower = Pen::at(l + 0.02, y - up * 0.6)
                .quad((shift, y + up * 1.1 + 0.012), r - 0.02, y - up * 0.6)
                .quad((shift, y + up + 0.07 * full), l + 0.02, y - up * 0.6);
            canvas.fill(lower, lips.lighter(0.08));
            canvas.fill(upper, lips.darker(0.08));
            canvas.stroke(Pen::at(l, y - up).quad((shift, y + up * 1.1 + 0.014), r, y - up), 0.011, lips.darker(0.55));
        }
        Expression::Grin | Expression::Laugh => {
            let laugh = pose.expression == Expression::Laugh;
            let (l, r) = (l - 0.012, r + 0.012);
            let deep = if laugh { 0.19 } else { 0.125 };
            let corner = y - 0.036;
            let open = Pen::at(l, corner)
                .quad((shift, corner + 0.036), r, corner)
                .quad((shift + w * 0.5, corner + deep), shift, corner + deep * 0.72)
                .quad((shift - w * 0.5, corner + deep), l, corner);
            canvas.fill(open.clone(), ink(0x5e_16_22));
            if laugh {
                canvas.oval(shift, corner + deep * 0.62, w * 0.48, 0.028, ink(0xd6_5a_63));
            }
            let teeth = Pen::at(l + 0.012, corner + 0.004)
                .quad((shift, corner + 0.04), r - 0.012, corner + 0.004)
                .quad((shift, corner + if laugh { 0.1 } else { 0.105 }), l + 0.012, corner + 0.004);
            canvas.fill(teeth, ink(0xff_fd_f8));
            canvas.stroke(open, 0.0145 * full, lips);
        }
    }
}

fn beard(canvas: &mut Canvas, look: &Look, beard: Beard, hair: Ink, shift: f32) {
    let Shape { temple, jaw, chin } = look.shape;
    let whole = Pen::at(-temple, 0.02)
        .curve((-temple, 0.14), (-jaw - 0.06, 0.27), -jaw - 0.004, 0.345)
        .curve((-jaw + 0.05, 0.46), (-chin, 0.535), 0.0, 0.535)
        .curve((chin, 0.535), (jaw - 0.05, 0.46), jaw + 0.004, 0.345)
        .curve((jaw + 0.06, 0.27), (temple, 0.14), temple, 0.02)
        .curve((temple - 0.03, 0.12), (temple - 0.07, 0.19), shift + 0.175, 0.225)
        .curve((shift + 0.11, 0.205), (shift + 0.06, 0.2), shift, 0.208)
        .curve((shift - 0.06, 0.2), (shift - 0.11, 0.205), shift - 0.175, 0.225)
        .curve((-temple + 0.07, 0.19), (-temple + 0.03, 0.12), -temple, 0.02);
    match beard {
        Beard::Full => canvas.fill(whole, hair.darker(0.06)),
        Beard::Stubble => canvas.fill(whole, hair.fade(0.26)),
        Beard::Goatee => canvas.fill(
            Pen::at(shift - 0.15, 0.28)
                .curve((shift - 0.155, 0.42), (-0.1, 0.53), 0.0, 0.535)
                .curve((0.1, 0.53), (shift + 0.155, 0.42), shift + 0.15, 0.28)
                .quad((shift, 0.42), shift - 0.15, 0.28),
            hair.darker(0.06),
        ),
        Beard::Moustache => {}
    }
}

fn moustache(canvas: &mut Canvas, hair: Ink, shift: f32) {
    for side in [-1.0, 1.0] {
        let x = |x: f32| shift + side * x;
        canvas.fill(
            Pen::at(x(-0.004), 0.208).curve((x(0.06), 0.195), (x(0.12), 0.215), x(0.168), 0.285).curve(
                (x(0.11), 0.262),
                (x(0.05), 0.262),
                x(-0.004),
                0.25,
            ),
            hair.darker(0.1),
        );
    }
}

fn glasses(canvas: &mut Canvas, look: &Look, round: bool, frame: Ink, shift: f32) {
    let y = EYE_LEVEL + 0.005;
    let apart = look.eyes.apart + 0.004;
    for side in [-1.0, 1.0] {
        let x = shift + side * apart;
        let lens = || {
            if round {
                Pen::default().oval(x, y, 0.112, 0.108)
            } else {
                Pen::round(x - 0.118, y - 0.08, 0.236, 0.165, 0.045)
            }
        };
        canvas.fill(lens(), ink(0xdf_f1_ff).fade(0.2));
        canvas.stroke(Pen::at(x - 0.05, y + 0.035).line(x + 0.015, y - 0.055), 0.014, ink(0xff_ff_ff).fade(0.45));
        canvas.stroke(
            lens().line(x + if round { 0.112 } else { -0.073 }, y - if round { 0.0 } else { 0.08 }),
            0.021,
            frame,
        );
        canvas.stroke(Pen::at(x + side * 0.115, y - 0.02).line(side * look.shape.temple, y - 0.03), 0.019, frame);
    }
    canvas.stroke(
        Pen::at(shift - apart + 0.112, y - 0.008).quad((shift, y - 0.045), shift + apart - 0.112, y - 0.008),
        0.02,
        frame,
    );
}
