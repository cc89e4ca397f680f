//! Hair and what is worn on it, in heads: what hangs behind the body, and what lies on the head.

mod behind;
mod headwear;
mod styles;

pub(super) use self::behind::behind;
use super::{
    canvas::{Canvas, Pen},
    head::Light,
    look::{Headwear, Look},
};

/// Draw this after the face.
pub(super) fn front(canvas: &mut Canvas, look: &Look, light: Light) {
    let hair = light.on(look.hair);
    match look.headwear {
        Some(Headwear::Headscarf(cloth)) => return headwear::headscarf(canvas, look, light.on(cloth)),
        Some(Headwear::Turban(cloth)) => return headwear::turban(canvas, look, light.on(cloth)),
        _ => styles::style(canvas, look, hair, light.side),
    }
    match look.headwear {
        Some(Headwear::Cap(cloth)) => headwear::baseball(canvas, look, light.on(cloth)),
        Some(Headwear::Beanie(cloth)) => headwear::beanie(canvas, look, light.on(cloth)),
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
