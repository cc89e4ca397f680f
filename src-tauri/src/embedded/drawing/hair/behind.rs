//! Hair that hangs behind the shoulders.

use super::super::{
    canvas::{Canvas, Ink, Pen},
    head::Light,
    look::{Hair, Headwear, Look},
};

/// Draw this before the body.
pub(in super::super) fn behind(canvas: &mut Canvas, look: &Look, light: Light) {
    let hair = light.on(look.hair);
    let back = hair.darker(0.22);
    let t = look.shape.temple;
    if let Some(Headwear::Headscarf(cloth)) = look.headwear {
        headscarf(canvas, t, light.on(cloth).darker(0.18));
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

fn headscarf(canvas: &mut Canvas, t: f32, cloth: Ink) {
    canvas.fill(
        Pen::at(-t - 0.1, 0.0).curve((-t - 0.14, 0.5), (-0.5, 0.75), -0.52, 0.95).line(0.52, 0.95).curve(
            (0.5, 0.75),
            (t + 0.14, 0.5),
            t + 0.1,
            0.0,
        ),
        cloth,
    );
}
