//! Scarves, turbans, caps.

use super::super::{
    canvas::{Canvas, Ink, Pen},
    look::Look,
};

pub(super) fn headscarf(canvas: &mut Canvas, look: &Look, cloth: Ink) {
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

pub(super) fn turban(canvas: &mut Canvas, look: &Look, cloth: Ink) {
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

pub(super) fn baseball(canvas: &mut Canvas, look: &Look, cloth: Ink) {
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

pub(super) fn beanie(canvas: &mut Canvas, look: &Look, cloth: Ink) {
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
