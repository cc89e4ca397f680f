//! What scenes and people are drawn with: colours, paths, and a surface that scales them to the size asked for.

use tiny_skia::{
    Color, FillRule, GradientStop, LineCap, LineJoin, LinearGradient, Paint, Path, PathBuilder, Pixmap, Point,
    RadialGradient, Rect, Shader, SpreadMode, Stroke, Transform,
};

/// A colour: red, green, blue and opacity, 0.0 to 1.0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ink {
    r: f32,
    g: f32,
    b: f32,
    a: f32,
}

/// An opaque colour from its usual six digits.
pub(crate) const fn ink(rgb: u32) -> Ink {
    let [_, r, g, b] = rgb.to_be_bytes();
    Ink { r: r as f32 / 255.0, g: g as f32 / 255.0, b: b as f32 / 255.0, a: 1.0 }
}

impl Ink {
    /// `part` of the way to `other`.
    pub(crate) fn mix(self, other: Self, part: f32) -> Self {
        let way = |from: f32, to: f32| from + (to - from) * part;
        Self { r: way(self.r, other.r), g: way(self.g, other.g), b: way(self.b, other.b), a: way(self.a, other.a) }
    }

    pub(crate) fn lighter(self, part: f32) -> Self {
        self.mix(Self { a: self.a, ..ink(0xff_ff_ff) }, part)
    }

    pub(crate) fn darker(self, part: f32) -> Self {
        self.mix(Self { a: self.a, ..ink(0x1a_0d_1c) }, part)
    }

    pub(crate) fn fade(self, opacity: f32) -> Self {
        Self { a: self.a * opacity, ..self }
    }

    fn color(self) -> Color {
        let unit = |value: f32| value.clamp(0.0, 1.0);
        Color::from_rgba(unit(self.r), unit(self.g), unit(self.b), unit(self.a)).unwrap_or(Color::TRANSPARENT)
    }
}

/// How an area is filled. Positions are in the same units as the path.
#[derive(Debug, Clone)]
pub(crate) enum Fill {
    Flat(Ink),
    /// From one point to another.
    Across((f32, f32), (f32, f32), Vec<(f32, Ink)>),
    /// From a centre outwards.
    Around((f32, f32), f32, Vec<(f32, Ink)>),
}

impl From<Ink> for Fill {
    fn from(ink: Ink) -> Self {
        Self::Flat(ink)
    }
}

impl Fill {
    /// From `top` at height `from` down to `bottom` at height `to`.
    pub(crate) fn down(from: f32, to: f32, top: Ink, bottom: Ink) -> Self {
        Self::Across((0.0, from), (0.0, to), vec![(0.0, top), (1.0, bottom)])
    }

    fn shader(&self) -> Option<Shader<'static>> {
        let stops = |stops: &[(f32, Ink)]| stops.iter().map(|(at, ink)| GradientStop::new(*at, ink.color())).collect();
        match self {
            Self::Flat(ink) => Some(Shader::SolidColor(ink.color())),
            Self::Across(from, to, inks) => LinearGradient::new(
                Point::from_xy(from.0, from.1),
                Point::from_xy(to.0, to.1),
                stops(inks),
                SpreadMode::Pad,
                Transform::identity(),
            ),
            Self::Around(centre, radius, inks) => {
                let centre = Point::from_xy(centre.0, centre.1);
                RadialGradient::new(centre, 0.0, centre, *radius, stops(inks), SpreadMode::Pad, Transform::identity())
            }
        }
    }
}

/// A path being drawn. Paths of nothing are simply not painted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pen(PathBuilder);

impl Pen {
    pub(crate) fn at(x: f32, y: f32) -> Self {
        let mut builder = PathBuilder::new();
        builder.move_to(x, y);
        Self(builder)
    }

    pub(crate) fn line(mut self, x: f32, y: f32) -> Self {
        self.0.line_to(x, y);
        self
    }

    pub(crate) fn quad(mut self, via: (f32, f32), x: f32, y: f32) -> Self {
        self.0.quad_to(via.0, via.1, x, y);
        self
    }

    pub(crate) fn curve(mut self, first: (f32, f32), second: (f32, f32), x: f32, y: f32) -> Self {
        self.0.cubic_to(first.0, first.1, second.0, second.1, x, y);
        self
    }

    pub(crate) fn oval(mut self, x: f32, y: f32, rx: f32, ry: f32) -> Self {
        if let Some(rect) = Rect::from_ltrb(x - rx, y - ry, x + rx, y + ry) {
            self.0.push_oval(rect);
        }
        self
    }

    /// A rectangle with corners of radius `r`.
    pub(crate) fn round(x: f32, y: f32, width: f32, height: f32, r: f32) -> Self {
        let (right, bottom) = (x + width, y + height);
        Self::at(x + r, y)
            .line(right - r, y)
            .quad((right, y), right, y + r)
            .line(right, bottom - r)
            .quad((right, bottom), right - r, bottom)
            .line(x + r, bottom)
            .quad((x, bottom), x, bottom - r)
            .line(x, y + r)
            .quad((x, y), x + r, y)
    }

    /// Straight from point to point.
    pub(crate) fn corners(points: &[(f32, f32)]) -> Self {
        let mut builder = PathBuilder::new();
        for (index, (x, y)) in points.iter().enumerate() {
            if index == 0 {
                builder.move_to(*x, *y);
            } else {
                builder.line_to(*x, *y);
            }
        }
        Self(builder)
    }

    /// Smoothly through the points: ridges, waves, locks of hair.
    pub(crate) fn through(points: &[(f32, f32)]) -> Self {
        let mut pen = match points.first() {
            Some((x, y)) => Self::at(*x, *y),
            None => Self::default(),
        };
        for index in 1..points.len() {
            let before = points[index.saturating_sub(2)];
            let (from, to) = (points[index - 1], points[index]);
            let after = points[(index + 1).min(points.len() - 1)];
            let first = (from.0 + (to.0 - before.0) / 6.0, from.1 + (to.1 - before.1) / 6.0);
            let second = (to.0 - (after.0 - from.0) / 6.0, to.1 - (after.1 - from.1) / 6.0);
            pen = pen.curve(first, second, to.0, to.1);
        }
        pen
    }

    pub(crate) fn path(mut self) -> Option<Path> {
        self.0.close();
        self.0.finish()
    }

    fn open(self) -> Option<Path> {
        self.0.finish()
    }
}

/// A picture in the making. Drawn in pixels of the upright original, whatever size it is made in.
#[derive(Debug)]
pub(crate) struct Canvas {
    pixmap: Pixmap,
    transform: Transform,
    /// Upright size of the original.
    pub(crate) width: f32,
    pub(crate) height: f32,
}

impl Canvas {
    /// `None` for a size of nothing. `pixels` is the size that it is made in.
    #[expect(clippy::cast_precision_loss, reason = "pictures have a few thousand pixels a side")]
    pub(crate) fn new(size: (u32, u32), pixels: (u32, u32)) -> Option<Self> {
        let (width, height) = (size.0 as f32, size.1 as f32);
        let transform = Transform::from_scale(pixels.0 as f32 / width, pixels.1 as f32 / height);
        Some(Self { pixmap: Pixmap::new(pixels.0, pixels.1)?, transform, width, height })
    }

    /// Draws with the origin moved to `at`, turned by `degrees`, and `unit` pixels as the unit of length.
    pub(crate) fn placed(&mut self, at: (f32, f32), degrees: f32, unit: f32, draw: impl FnOnce(&mut Self)) {
        let outer = self.transform;
        self.transform =
            outer.pre_translate(at.0, at.1).pre_concat(Transform::from_rotate(degrees)).pre_scale(unit, unit);
        draw(self);
        self.transform = outer;
    }

    pub(crate) fn fill(&mut self, pen: Pen, fill: impl Into<Fill>) {
        let (Some(path), Some(shader)) = (pen.path(), fill.into().shader()) else { return };
        let paint = Paint { shader, anti_alias: true, ..Paint::default() };
        self.pixmap.fill_path(&path, &paint, FillRule::Winding, self.transform, None);
    }

    pub(crate) fn stroke(&mut self, pen: Pen, width: f32, ink: Ink) {
        let Some(path) = pen.open() else { return };
        let paint = Paint { shader: Shader::SolidColor(ink.color()), anti_alias: true, ..Paint::default() };
        let stroke = Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
        self.pixmap.stroke_path(&path, &paint, &stroke, self.transform, None);
    }

    /// The whole picture.
    pub(crate) fn wash(&mut self, fill: impl Into<Fill>) {
        let (width, height) = (self.width, self.height);
        self.rect(0.0, 0.0, width, height, fill);
    }

    pub(crate) fn rect(&mut self, x: f32, y: f32, width: f32, height: f32, fill: impl Into<Fill>) {
        self.fill(Pen::corners(&[(x, y), (x + width, y), (x + width, y + height), (x, y + height)]), fill);
    }

    pub(crate) fn oval(&mut self, x: f32, y: f32, rx: f32, ry: f32, fill: impl Into<Fill>) {
        self.fill(Pen::default().oval(x, y, rx, ry), fill);
    }

    pub(crate) fn dot(&mut self, x: f32, y: f32, r: f32, fill: impl Into<Fill>) {
        self.oval(x, y, r, r, fill);
    }

    /// Light or shade that fades out towards its rim.
    pub(crate) fn glow(&mut self, x: f32, y: f32, r: f32, ink: Ink) {
        self.dot(x, y, r, Fill::Around((x, y), r, vec![(0.0, ink), (0.5, ink.fade(0.35)), (1.0, ink.fade(0.0))]));
    }

    /// The same, flattened: shadows on the ground.
    pub(crate) fn shadow(&mut self, x: f32, y: f32, rx: f32, ry: f32, ink: Ink) {
        let outer = self.transform;
        self.transform = outer.pre_translate(x, y).pre_scale(1.0, ry / rx);
        self.glow(0.0, 0.0, rx, ink);
        self.transform = outer;
    }

    /// The pixels, three bytes each, row by row; the picture is opaque by then.
    pub(crate) fn rgb(&self) -> Vec<u8> {
        self.pixmap.data().chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect()
    }
}
