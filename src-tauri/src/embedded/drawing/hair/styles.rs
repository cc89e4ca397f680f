//! The hair styles, each as it lies on a head whose temples are `t` from the middle.

use super::super::{
    canvas::{Canvas, Ink, Pen},
    look::{Hair, Look},
};

/// What lies on the head. `side` is where the light comes from.
pub(super) fn style(canvas: &mut Canvas, look: &Look, hair: Ink, side: f32) {
    let t = look.shape.temple;
    match look.style {
        Hair::Bald => bald(canvas, hair, side),
        Hair::Buzz => buzz(canvas, t, hair),
        Hair::Receding => receding(canvas, t, hair, side),
        Hair::SidePart => side_part(canvas, t, hair, side),
        Hair::Quiff => quiff(canvas, t, hair),
        Hair::Spiky => spiky(canvas, t, hair),
        Hair::Curls => curls(canvas, t, hair),
        Hair::Afro => afro(canvas, t, hair, side),
        Hair::Locs => locs(canvas, t, hair),
        Hair::ShoulderLength => shoulder_length(canvas, t, hair, side),
        Hair::Bob => bob(canvas, t, hair, side),
        Hair::Long => long(canvas, t, hair, side),
        Hair::Wavy => wavy(canvas, t, hair, side),
        Hair::Bun => bun(canvas, t, hair),
        Hair::Ponytail => ponytail(canvas, t, hair),
        Hair::Pixie => pixie(canvas, t, hair),
        Hair::Braids => braids(canvas, t, hair, side),
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

fn sheen(canvas: &mut Canvas, t: f32, hair: Ink, side: f32) {
    canvas.stroke(
        Pen::at(side * t * 0.25, -0.455).quad((side * t * 0.75, -0.42), side * t * 0.92, -0.24),
        0.034,
        hair.lighter(0.3).fade(0.45),
    );
}

fn bald(canvas: &mut Canvas, hair: Ink, side: f32) {
    canvas.glow(side * 0.1, -0.38, 0.13, hair.lighter(1.0).fade(0.45));
}

fn buzz(canvas: &mut Canvas, t: f32, hair: Ink) {
    canvas.fill(cap(t, 0.012, -0.03, -0.275), hair.fade(0.86));
}

fn receding(canvas: &mut Canvas, t: f32, hair: Ink, side: f32) {
    for side in [-1.0, 1.0] {
        let x = |x: f32| side * x;
        canvas.fill(
            Pen::at(x(t + 0.03), 0.02).curve((x(t + 0.07), -0.25), (x(t * 0.9), -0.42), x(t * 0.55), -0.46).curve(
                (x(t * 0.72), -0.3),
                (x(t * 0.84), -0.2),
                x(t - 0.03),
                0.0,
            ),
            hair,
        );
    }
    canvas.glow(side * 0.08, -0.4, 0.12, hair.lighter(1.0).fade(0.3));
}

fn side_part(canvas: &mut Canvas, t: f32, hair: Ink, side: f32) {
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

fn quiff(canvas: &mut Canvas, t: f32, hair: Ink) {
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

fn spiky(canvas: &mut Canvas, t: f32, hair: Ink) {
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

fn curls(canvas: &mut Canvas, t: f32, hair: Ink) {
    let steps = 11_u8;
    for step in 0..=steps {
        let angle = std::f32::consts::PI * (1.0 + f32::from(step) / f32::from(steps));
        let (sin, cos) = angle.sin_cos();
        canvas.dot(cos * (t + 0.015), -0.13 + sin * 0.39, 0.1, if step % 2 == 0 { hair } else { hair.darker(0.08) });
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

fn afro(canvas: &mut Canvas, t: f32, hair: Ink, side: f32) {
    canvas.fill(cap(t, 0.1, -0.04, -0.29), hair);
    for step in 0_u8..8 {
        let angle = std::f32::consts::PI * (1.08 + 0.84 * f32::from(step) / 7.0);
        let (sin, cos) = angle.sin_cos();
        canvas.dot(cos * (t - 0.05), -0.06 + sin * 0.27, 0.06, hair);
    }
    canvas.glow(side * 0.14, -0.52, 0.2, hair.lighter(0.35).fade(0.5));
}

fn locs(canvas: &mut Canvas, t: f32, hair: Ink) {
    canvas.fill(cap(t, 0.05, 0.0, -0.3), hair);
    for step in -4_i8..=4 {
        let x = f32::from(step) / 4.0 * t;
        canvas.stroke(Pen::at(x * 0.2, -0.53).quad((x * 0.9, -0.5), x, -0.28), 0.02, hair.lighter(0.22).fade(0.5));
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

fn shoulder_length(canvas: &mut Canvas, t: f32, hair: Ink, side: f32) {
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

fn bob(canvas: &mut Canvas, t: f32, hair: Ink, side: f32) {
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
        Pen::at(-t + 0.01, -0.15).quad((-t * 0.2, -0.12), t * 0.94, -0.17).line(t * 0.9, -0.4).line(-t * 0.9, -0.4),
        hair,
    );
    for x in [-0.18, -0.06, 0.06, 0.18] {
        canvas.stroke(Pen::at(x * 0.8, -0.36).line(x, -0.165), 0.012, hair.darker(0.25).fade(0.6));
    }
    sheen(canvas, t, hair, side);
}

fn long(canvas: &mut Canvas, t: f32, hair: Ink, side: f32) {
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

fn wavy(canvas: &mut Canvas, t: f32, hair: Ink, side: f32) {
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

fn bun(canvas: &mut Canvas, t: f32, hair: Ink) {
    canvas.fill(cap(t, 0.035, -0.03, -0.31), hair);
    for x in [-0.2, -0.07, 0.07, 0.2] {
        canvas.stroke(Pen::at(x, -0.33).quad((x * 0.7, -0.46), x * 0.25, -0.53), 0.012, hair.darker(0.28).fade(0.6));
    }
    canvas.stroke(Pen::at(-0.09, -0.52).quad((0.0, -0.49), 0.09, -0.52), 0.035, hair.darker(0.4));
}

fn ponytail(canvas: &mut Canvas, t: f32, hair: Ink) {
    canvas.fill(cap(t, 0.04, -0.02, -0.31), hair);
    canvas.fill(Pen::at(-t * 0.75, -0.4).curve((-0.05, -0.24), (t * 0.4, -0.24), t - 0.02, -0.12).line(t, -0.4), hair);
    canvas.stroke(Pen::at(t - 0.02, -0.38).line(t + 0.05, -0.29), 0.055, hair.darker(0.45));
    sheen(canvas, t, hair, -1.0);
}

fn pixie(canvas: &mut Canvas, t: f32, hair: Ink) {
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

fn braids(canvas: &mut Canvas, t: f32, hair: Ink, side: f32) {
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
