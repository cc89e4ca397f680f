//! Hair and what is worn on it, in heads: what hangs behind the body, and what lies on the head.

use super::{
    canvas::{Canvas, Ink, Pen},
    head::Light,
    look::{Hair, Headwear, Look},
};

/// Draw this before the body.
pub(crate) fn behind(canvas: &mut Canvas, look: &Look, light: Light) {
    let hair = light.on(look.hair);
    let back = hair.darker(0.22);
    let t = look.shape.temple;
    if let Some(Headwear::Headscarf(cloth)) = look.headwear {
        let cloth = light.on(cloth).darker(0.18);
        canvas.fill(
            Pen::at(-t - 0.1, 0.0).curve((-t - 0.14, 0.5), (-0.5, 0.75), -0.52, 0.95).line(0.52, 0.95).curve(
                (0.5, 0.75),
                (t + 0.14, 0.5),
                t + 0.1,
                0.0,
            ),
            cloth,
        );
        return;
    }
    match look.style {
        Hair::Bob => canvas.fill(
            Pen::at(-t - 0.06, -0.2)
                .curve((-t - 0.14, 0.1), (-t - 0.14, 0.3), -t - 0.08, 0.44)
                .quad((0.0, 0.5), t + 0.08, 0.44)
                .curve((t + 0.14, 0.3), (t + 0.14, 0.1), t + 0.06, -0.2)
                .quad((0.0, -0.5), -t - 0.06, -0.2),
            back,
        ),
        Hair::Long | Hair::Braids => canvas.fill(
            Pen::at(-t - 0.05, -0.2)
                .curve((-t - 0.12, 0.2), (-t - 0.16, 0.7), -t - 0.1, 1.12)
                .quad((0.0, 1.25), t + 0.1, 1.12)
                .curve((t + 0.16, 0.7), (t + 0.12, 0.2), t + 0.05, -0.2)
                .quad((0.0, -0.5), -t - 0.05, -0.2),
            back,
        ),
        Hair::Wavy => {
            let wave = [
                (-t - 0.04, -0.25),
                (-t - 0.13, -0.02),
                (-t - 0.09, 0.18),
                (-t - 0.19, 0.4),
                (-t - 0.12, 0.6),
                (-t - 0.2, 0.82),
                (-t - 0.05, 0.98),
                (0.0, 0.9),
                (t + 0.05, 0.98),
                (t + 0.2, 0.82),
                (t + 0.12, 0.6),
                (t + 0.19, 0.4),
                (t + 0.09, 0.18),
                (t + 0.13, -0.02),
                (t + 0.04, -0.25),
            ];
            canvas.fill(Pen::through(&wave), back);
        }
        Hair::ShoulderLength => canvas.fill(
            Pen::at(-t - 0.03, -0.2)
                .curve((-t - 0.1, 0.2), (-t - 0.12, 0.4), -t - 0.08, 0.62)
                .quad((0.0, 0.66), t + 0.08, 0.62)
                .curve((t + 0.12, 0.4), (t + 0.1, 0.2), t + 0.03, -0.2)
                .quad((0.0, -0.5), -t - 0.03, -0.2),
            back,
        ),
        Hair::Locs => {
            for step in -6_i8..=6 {
                let x = f32::from(step) / 6.0 * (t + 0.07);
                let end = 0.62 + 0.08 * f32::from(step.rem_euclid(3));
                canvas.stroke(
                    Pen::at(x * 0.8, -0.3).quad((x * 1.15, 0.2), x * 1.08, end),
                    0.085,
                    if step % 2 == 0 { back } else { hair },
                );
            }
        }
        Hair::Ponytail => {
            canvas.fill(
                Pen::at(t - 0.1, -0.36).curve((t + 0.28, -0.42), (t + 0.34, 0.15), t + 0.16, 0.62).curve(
                    (t + 0.12, 0.4),
                    (t + 0.14, 0.0),
                    t - 0.06,
                    -0.18,
                ),
                back,
            );
        }
        Hair::Afro => {
            canvas.dot(0.0, -0.18, t + 0.27, back);
            for step in 0_u8..16 {
                let (sin, cos) = (f32::from(step) / 16.0 * std::f32::consts::TAU).sin_cos();
                canvas.dot(cos * (t + 0.22), -0.18 + sin * (t + 0.22), 0.11, back);
            }
        }
        Hair::Bun => {
            canvas.dot(0.0, -0.6, 0.17, back);
            canvas.glow(-0.04, -0.65, 0.12, hair.lighter(0.3).fade(0.6));
        }
        Hair::Bald
        | Hair::Buzz
        | Hair::SidePart
        | Hair::Quiff
        | Hair::Curls
        | Hair::Receding
        | Hair::Spiky
        | Hair::Pixie => {}
    }
}

/// A cap of hair: `puff` stands off the skull, down to `side`, its edge over the forehead at `line`.
fn cap(t: f32, puff: f32, side: f32, line: f32) -> Pen {
    let (out, inside) = (t + puff, t - 0.03);
    let top = -0.5 - puff;
    Pen::at(-out, side)
        .curve((-out, -0.34), (-out * 0.68, top), 0.0, top)
        .curve((out * 0.68, top), (out, -0.34), out, side)
        .line(inside, side)
        .curve((inside, -0.16), (0.22, line), 0.0, line)
        .curve((-0.22, line), (-inside, -0.16), -inside, side)
}

/// Draw this after the face.
pub(crate) fn front(canvas: &mut Canvas, look: &Look, light: Light) {
    let hair = light.on(look.hair);
    match look.headwear {
        Some(Headwear::Headscarf(cloth)) => return headscarf(canvas, look, light.on(cloth)),
        Some(Headwear::Turban(cloth)) => return turban(canvas, look, light.on(cloth)),
        _ => style(canvas, look, hair, light.side),
    }
    match look.headwear {
        Some(Headwear::Cap(cloth)) => baseball(canvas, look, light.on(cloth)),
        Some(Headwear::Beanie(cloth)) => beanie(canvas, look, light.on(cloth)),
        Some(Headwear::Band(cloth)) => {
            let t = look.shape.temple;
            canvas.stroke(
                Pen::at(-t - 0.025, -0.12).curve((-t * 0.8, -0.42), (t * 0.8, -0.42), t + 0.025, -0.12),
                0.07,
                light.on(cloth),
            );
            canvas.stroke(
                Pen::at(-t * 0.7, -0.315).quad((0.0, -0.42), t * 0.3, -0.35),
                0.016,
                cloth.lighter(0.5).fade(0.7),
            );
        }
        _ => {}
    }
}

fn sheen(canvas: &mut Canvas, t: f32, hair: Ink, side: f32) {
    canvas.stroke(
        Pen::at(side * t * 0.25, -0.455).quad((side * t * 0.75, -0.42), side * t * 0.92, -0.24),
        0.034,
        hair.lighter(0.3).fade(0.45),
    );
}

fn style(canvas: &mut Canvas, look: &Look, hair: Ink, side: f32) {
    let t = look.shape.temple;
    match look.style {
        Hair::Bald => canvas.glow(side * 0.1, -0.38, 0.13, hair.lighter(1.0).fade(0.45)),
        Hair::Buzz => {
            canvas.fill(cap(t, 0.012, -0.03, -0.275), hair.fade(0.86));
        }
        Hair::Receding => {
            for side in [-1.0, 1.0] {
                let x = |x: f32| side * x;
                canvas.fill(
                    Pen::at(x(t + 0.03), 0.02)
                        .curve((x(t + 0.07), -0.25), (x(t * 0.9), -0.42), x(t * 0.55), -0.46)
                        .curve((x(t * 0.72), -0.3), (x(t * 0.84), -0.2), x(t - 0.03), 0.0),
                    hair,
                );
            }
            canvas.glow(side * 0.08, -0.4, 0.12, hair.lighter(1.0).fade(0.3));
        }
        Hair::SidePart => {
            canvas.fill(cap(t, 0.035, -0.02, -0.3), hair);
            canvas.fill(
                Pen::at(-t * 0.55, -0.5).curve((-0.02, -0.62), (t + 0.02, -0.56), t + 0.04, -0.16).curve(
                    (t - 0.06, -0.24),
                    (0.1, -0.21),
                    -t * 0.55,
                    -0.5,
                ),
                hair,
            );
            canvas.stroke(
                Pen::at(-t * 0.5, -0.49).curve((0.0, -0.33), (t * 0.5, -0.3), t * 0.86, -0.22),
                0.016,
                hair.darker(0.25).fade(0.7),
            );
            sheen(canvas, t, hair, side);
        }
        Hair::Quiff => {
            canvas.fill(cap(t, 0.02, -0.04, -0.29), hair.darker(0.12));
            canvas.fill(
                Pen::at(-t * 0.82, -0.27)
                    .curve((-t * 1.05, -0.66), (-0.05, -0.76), t * 0.55, -0.66)
                    .curve((t * 1.0, -0.6), (t * 1.0, -0.4), t * 0.84, -0.27)
                    .curve((t * 0.4, -0.37), (-t * 0.3, -0.36), -t * 0.82, -0.27),
                hair,
            );
            for (x, y) in [(-0.17, -0.42), (-0.02, -0.45), (0.13, -0.43)] {
                canvas.stroke(
                    Pen::at(x, y + 0.07).quad((x + 0.02, y - 0.09), x + 0.11, y - 0.15),
                    0.018,
                    hair.lighter(0.2).fade(0.55),
                );
            }
        }
        Hair::Spiky => {
            canvas.fill(cap(t, 0.02, -0.04, -0.29), hair);
            let mut crown = vec![(-t - 0.02, -0.18)];
            for step in 0_u8..7 {
                let part = f32::from(step) / 6.0;
                let x = -t + 2.0 * t * part;
                let height = -0.44 - 0.2 * (part * std::f32::consts::PI).sin();
                crown.push((x * 1.04 + 0.03, height));
                crown.push((x * 0.9 + 0.07, height + 0.11));
            }
            crown.push((t + 0.02, -0.18));
            crown.push((0.0, -0.33));
            canvas.fill(Pen::corners(&crown), hair);
        }
        Hair::Curls => {
            let steps = 11_u8;
            for step in 0..=steps {
                let angle = std::f32::consts::PI * (1.0 + f32::from(step) / f32::from(steps));
                let (sin, cos) = angle.sin_cos();
                canvas.dot(
                    cos * (t + 0.015),
                    -0.13 + sin * 0.39,
                    0.1,
                    if step % 2 == 0 { hair } else { hair.darker(0.08) },
                );
            }
            canvas.fill(cap(t, 0.02, -0.1, -0.3), hair);
            for (index, x) in [-0.24, -0.13, -0.02, 0.09, 0.2].into_iter().enumerate() {
                let drop = if index % 2 == 0 { 0.0 } else { 0.025 };
                canvas.dot(x, -0.315 + drop, 0.078, if index % 2 == 0 { hair } else { hair.lighter(0.06) });
            }
            for (x, y) in [(-0.2, -0.42), (-0.03, -0.47), (0.15, -0.43)] {
                canvas.stroke(
                    Pen::at(x - 0.03, y + 0.02).quad((x, y - 0.05), x + 0.045, y + 0.01),
                    0.016,
                    hair.lighter(0.3).fade(0.6),
                );
            }
        }
        Hair::Afro => {
            canvas.fill(cap(t, 0.1, -0.04, -0.29), hair);
            for step in 0_u8..8 {
                let angle = std::f32::consts::PI * (1.08 + 0.84 * f32::from(step) / 7.0);
                let (sin, cos) = angle.sin_cos();
                canvas.dot(cos * (t - 0.05), -0.06 + sin * 0.27, 0.06, hair);
            }
            canvas.glow(side * 0.14, -0.52, 0.2, hair.lighter(0.35).fade(0.5));
        }
        Hair::Locs => {
            canvas.fill(cap(t, 0.05, 0.0, -0.3), hair);
            for step in -4_i8..=4 {
                let x = f32::from(step) / 4.0 * t;
                canvas.stroke(
                    Pen::at(x * 0.2, -0.53).quad((x * 0.9, -0.5), x, -0.28),
                    0.02,
                    hair.lighter(0.22).fade(0.5),
                );
            }
            for side in [-1.0, 1.0] {
                canvas.stroke(
                    Pen::at(side * t * 0.9, -0.25).quad((side * (t + 0.06), 0.1), side * (t + 0.02), 0.42),
                    0.085,
                    hair,
                );
                canvas.stroke(
                    Pen::at(side * t, -0.2).quad((side * (t + 0.12), 0.1), side * (t + 0.09), 0.34),
                    0.075,
                    hair.lighter(0.08),
                );
            }
        }
        Hair::ShoulderLength => {
            canvas.fill(cap(t, 0.045, 0.12, -0.31), hair);
            for side in [-1.0, 1.0] {
                let x = |x: f32| side * x;
                canvas.fill(
                    Pen::at(x(0.02), -0.51)
                        .curve((x(t * 0.5), -0.36), (x(t - 0.07), -0.2), x(t - 0.035), 0.2)
                        .curve((x(t - 0.05), 0.4), (x(t), 0.55), x(t + 0.09), 0.6)
                        .curve((x(t + 0.14), 0.3), (x(t + 0.12), -0.3), x(0.02), -0.51),
                    hair,
                );
            }
            sheen(canvas, t, hair, side);
        }
        Hair::Bob => {
            for side in [-1.0, 1.0] {
                let x = |x: f32| side * x;
                canvas.fill(
                    Pen::at(x(t - 0.06), -0.22)
                        .curve((x(t - 0.02), 0.05), (x(t - 0.03), 0.28), x(t - 0.07), 0.43)
                        .quad((x(t + 0.06), 0.5), x(t + 0.11), 0.4)
                        .curve((x(t + 0.13), 0.1), (x(t + 0.12), -0.2), x(t), -0.34),
                    hair,
                );
            }
            canvas.fill(cap(t, 0.065, -0.05, -0.2), hair);
            canvas.fill(
                Pen::at(-t + 0.01, -0.15)
                    .quad((-t * 0.2, -0.12), t * 0.94, -0.17)
                    .line(t * 0.9, -0.4)
                    .line(-t * 0.9, -0.4),
                hair,
            );
            for x in [-0.18, -0.06, 0.06, 0.18] {
                canvas.stroke(Pen::at(x * 0.8, -0.36).line(x, -0.165), 0.012, hair.darker(0.25).fade(0.6));
            }
            sheen(canvas, t, hair, side);
        }
        Hair::Long => {
            canvas.fill(cap(t, 0.04, -0.02, -0.33), hair);
            for side in [-1.0, 1.0] {
                let x = |x: f32| side * x;
                canvas.fill(
                    Pen::at(x(-0.02), -0.52)
                        .curve((x(t * 0.45), -0.4), (x(t - 0.08), -0.25), x(t - 0.02), 0.12)
                        .curve((x(t - 0.02), 0.5), (x(t - 0.06), 0.8), x(t - 0.02), 1.08)
                        .quad((x(t + 0.1), 1.16), x(t + 0.12), 0.98)
                        .curve((x(t + 0.16), 0.4), (x(t + 0.16), -0.5), x(-0.02), -0.56),
                    hair,
                );
                canvas.stroke(
                    Pen::at(x(t + 0.05), -0.05).curve((x(t + 0.07), 0.3), (x(t + 0.02), 0.6), x(t + 0.05), 0.95),
                    0.014,
                    hair.darker(0.25).fade(0.7),
                );
            }
            sheen(canvas, t, hair, side);
        }
        Hair::Wavy => {
            canvas.fill(cap(t, 0.04, -0.02, -0.32), hair);
            for side in [-1.0, 1.0] {
                let x = |x: f32| side * x;
                // Parted on one side.
                let part = -0.1;
                let lock = [
                    (part, -0.53),
                    (x(t * 0.55), -0.36),
                    (x(t - 0.05), -0.16),
                    (x(t - 0.01), 0.08),
                    (x(t - 0.03), 0.3),
                    (x(t + 0.03), 0.5),
                    (x(t - 0.03), 0.72),
                    (x(t + 0.1), 0.86),
                    (x(t + 0.17), 0.66),
                    (x(t + 0.1), 0.46),
                    (x(t + 0.16), 0.24),
                    (x(t + 0.08), 0.02),
                    (x(t + 0.1), -0.2),
                    (x(t * 0.7), -0.51),
                    (part, -0.57),
                ];
                canvas.fill(Pen::through(&lock), hair);
                let strand = [(x(t + 0.02), -0.1), (x(t + 0.05), 0.2), (x(t + 0.02), 0.4), (x(t + 0.07), 0.62)];
                canvas.stroke(Pen::through(&strand), 0.016, hair.lighter(0.25).fade(0.5));
            }
            sheen(canvas, t, hair, side);
        }
        Hair::Bun => {
            canvas.fill(cap(t, 0.035, -0.03, -0.31), hair);
            for x in [-0.2, -0.07, 0.07, 0.2] {
                canvas.stroke(
                    Pen::at(x, -0.33).quad((x * 0.7, -0.46), x * 0.25, -0.53),
                    0.012,
                    hair.darker(0.28).fade(0.6),
                );
            }
            canvas.stroke(Pen::at(-0.09, -0.52).quad((0.0, -0.49), 0.09, -0.52), 0.035, hair.darker(0.4));
        }
        Hair::Ponytail => {
            canvas.fill(cap(t, 0.04, -0.02, -0.31), hair);
            canvas.fill(
                Pen::at(-t * 0.75, -0.4).curve((-0.05, -0.24), (t * 0.4, -0.24), t - 0.02, -0.12).line(t, -0.4),
                hair,
            );
            canvas.stroke(Pen::at(t - 0.02, -0.38).line(t + 0.05, -0.29), 0.055, hair.darker(0.45));
            sheen(canvas, t, hair, -1.0);
        }
        Hair::Pixie => {
            canvas.fill(cap(t, 0.05, 0.04, -0.27), hair);
            canvas.fill(
                Pen::at(t * 0.55, -0.52).curve((-0.05, -0.58), (-t - 0.03, -0.5), -t - 0.02, -0.06).curve(
                    (-t * 0.7, -0.2),
                    (-0.02, -0.12),
                    t * 0.55,
                    -0.52,
                ),
                hair,
            );
            for x in [0.0, 0.1] {
                canvas.stroke(
                    Pen::at(0.12 - x, -0.46).quad((-0.05 - x, -0.26), -0.22 - x * 0.7, -0.19),
                    0.014,
                    hair.darker(0.25).fade(0.6),
                );
            }
            sheen(canvas, t, hair, 1.0);
        }
        Hair::Braids => {
            canvas.fill(cap(t, 0.035, 0.0, -0.31), hair);
            canvas.stroke(Pen::at(0.0, -0.53).line(0.0, -0.32), 0.012, hair.darker(0.4));
            for side in [-1.0, 1.0] {
                for step in 0_u8..8 {
                    let y = 0.16 + f32::from(step) * 0.105;
                    let x = side * (t + 0.02 + 0.012 * f32::from(step % 2));
                    canvas.oval(x, y, 0.068, 0.072, if step % 2 == 0 { hair } else { hair.darker(0.14) });
                }
                canvas.oval(side * (t + 0.02), 1.0, 0.05, 0.035, Ink::darker(hair, 0.5));
            }
            sheen(canvas, t, hair, side);
        }
    }
}

fn headscarf(canvas: &mut Canvas, look: &Look, cloth: Ink) {
    let t = look.shape.temple;
    let opening = |pen: Pen| {
        pen.line(t - 0.075, 0.06)
            .curve((t - 0.075, -0.3), (0.16, -0.355), 0.0, -0.355)
            .curve((-0.16, -0.355), (-t + 0.075, -0.3), -t + 0.075, 0.06)
            .curve((-t + 0.09, 0.3), (-0.17, 0.47), 0.0, 0.49)
            .curve((0.17, 0.47), (t - 0.09, 0.3), t - 0.075, 0.06)
    };
    let outer = Pen::at(t + 0.085, 0.06)
        .curve((t + 0.1, 0.4), (0.42, 0.66), 0.5, 0.86)
        .quad((0.0, 1.02), -0.5, 0.86)
        .curve((-0.42, 0.66), (-t - 0.1, 0.4), -t - 0.085, 0.06)
        .curve((-t - 0.09, -0.4), (-0.24, -0.6), 0.0, -0.6)
        .curve((0.24, -0.6), (t + 0.09, -0.4), t + 0.085, 0.06);
    canvas.fill(opening(outer), cloth);
    for (from, to) in [((-t - 0.02, 0.2), (0.12, 0.62)), ((-t, 0.34), (0.2, 0.76)), ((t + 0.02, 0.3), (0.05, 0.58))] {
        canvas.stroke(
            Pen::at(from.0, from.1).quad(((from.0 + to.0) * 0.5 - 0.05, to.1 - 0.05), to.0, to.1),
            0.016,
            cloth.darker(0.28).fade(0.7),
        );
    }
    canvas.stroke(Pen::at(-t + 0.02, -0.2).quad((-0.12, -0.5), 0.14, -0.5), 0.02, cloth.lighter(0.3).fade(0.5));
}

fn turban(canvas: &mut Canvas, look: &Look, cloth: Ink) {
    let t = look.shape.temple;
    canvas.fill(
        Pen::at(-t - 0.03, -0.06)
            .curve((-t - 0.16, -0.45), (-0.26, -0.78), 0.0, -0.78)
            .curve((0.26, -0.78), (t + 0.16, -0.45), t + 0.03, -0.06)
            .curve((t * 0.6, -0.2), (0.1, -0.26), 0.0, -0.36)
            .curve((-0.1, -0.26), (-t * 0.6, -0.2), -t - 0.03, -0.06),
        cloth,
    );
    for (index, lift) in [0.0, 0.1, 0.2, 0.3].into_iter().enumerate() {
        let side = if index % 2 == 0 { 1.0 } else { -1.0 };
        canvas.stroke(
            Pen::at(-side * 0.02, -0.36 - lift * 0.8).quad(
                (side * t * 0.7, -0.34 - lift),
                side * (t + 0.06 - lift * 0.1),
                -0.17 - lift * 0.9,
            ),
            0.016,
            cloth.darker(0.3).fade(0.7),
        );
    }
    canvas.glow(-0.12, -0.6, 0.16, cloth.lighter(0.5).fade(0.35));
}

fn baseball(canvas: &mut Canvas, look: &Look, cloth: Ink) {
    let t = look.shape.temple;
    canvas.fill(
        Pen::at(-t - 0.035, -0.2).curve((-t - 0.04, -0.5), (-0.2, -0.63), 0.0, -0.63).curve(
            (0.2, -0.63),
            (t + 0.04, -0.5),
            t + 0.035,
            -0.2,
        ),
        cloth,
    );
    canvas.fill(
        Pen::at(-t - 0.03, -0.2)
            .curve((-0.2, -0.33), (0.2, -0.33), t + 0.03, -0.2)
            .curve((t + 0.1, -0.13), (0.2, -0.15), 0.0, -0.16)
            .curve((-0.2, -0.15), (-t - 0.1, -0.13), -t - 0.03, -0.2),
        cloth.darker(0.3),
    );
    canvas.dot(0.0, -0.63, 0.022, cloth.darker(0.3));
    canvas.stroke(Pen::at(0.0, -0.61).line(0.0, -0.31), 0.01, cloth.darker(0.25).fade(0.7));
    canvas.dot(0.0, -0.42, 0.055, cloth.lighter(0.75));
}

fn beanie(canvas: &mut Canvas, look: &Look, cloth: Ink) {
    let t = look.shape.temple;
    canvas.dot(0.0, -0.72, 0.095, cloth.lighter(0.35));
    canvas.fill(
        Pen::at(-t - 0.04, -0.2).curve((-t - 0.05, -0.52), (-0.2, -0.68), 0.0, -0.68).curve(
            (0.2, -0.68),
            (t + 0.05, -0.52),
            t + 0.04,
            -0.2,
        ),
        cloth,
    );
    canvas.fill(
        Pen::at(-t - 0.055, -0.17).quad((0.0, -0.24), t + 0.055, -0.17).line(t + 0.05, -0.31).quad(
            (0.0, -0.4),
            -t - 0.05,
            -0.31,
        ),
        cloth.lighter(0.2),
    );
    for step in -4_i8..=4 {
        let x = f32::from(step) / 4.2 * t;
        canvas.stroke(Pen::at(x, -0.34).line(x * 1.03, -0.225), 0.012, cloth.darker(0.2).fade(0.7));
    }
}
