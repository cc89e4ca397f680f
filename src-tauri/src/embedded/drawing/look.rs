//! How a person looks: drawn from the person's number once, the same on every photo.

use rand::{Rng, rngs::StdRng, seq::IndexedRandom};

use super::canvas::{Ink, ink};

/// What the drawing of a person needs to know about them.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    pub(crate) skin: Ink,
    pub(crate) hair: Ink,
    pub(crate) style: Hair,
    pub(crate) shape: Shape,
    pub(crate) eyes: Eyes,
    pub(crate) brows: Brows,
    pub(crate) nose: Nose,
    pub(crate) mouth: Mouth,
    pub(crate) beard: Option<Beard>,
    pub(crate) glasses: Option<Glasses>,
    pub(crate) earrings: Option<Ink>,
    pub(crate) headwear: Option<Headwear>,
    pub(crate) marks: Marks,
    /// Favourite colours of clothes.
    pub(crate) cloth: [Ink; 3],
    /// Half the width of the shoulders, in heads.
    pub(crate) shoulders: f32,
}

/// Half widths of the head, in heads (a head is as high as 1.0).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) temple: f32,
    pub(crate) jaw: f32,
    pub(crate) chin: f32,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Eyes {
    pub(crate) apart: f32,
    pub(crate) size: f32,
    pub(crate) slant: f32,
    pub(crate) iris: Ink,
    pub(crate) lashes: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Brows {
    pub(crate) thick: f32,
    pub(crate) arch: f32,
    pub(crate) slant: f32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoseKind {
    Button,
    Straight,
    Broad,
    Aquiline,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Nose {
    pub(crate) kind: NoseKind,
    pub(crate) length: f32,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Mouth {
    pub(crate) width: f32,
    pub(crate) full: f32,
    pub(crate) lips: Ink,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hair {
    Bald,
    Buzz,
    SidePart,
    Quiff,
    Curls,
    Afro,
    Receding,
    Spiky,
    ShoulderLength,
    Locs,
    Bob,
    Long,
    Wavy,
    Bun,
    Ponytail,
    Pixie,
    Braids,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beard {
    Stubble,
    Moustache,
    Goatee,
    Full,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Glasses {
    pub(crate) round: bool,
    pub(crate) frame: Ink,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Headwear {
    Headscarf(Ink),
    Turban(Ink),
    Cap(Ink),
    Beanie(Ink),
    Band(Ink),
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Marks {
    pub(crate) freckles: bool,
    /// Place of a mole on the face.
    pub(crate) mole: Option<(f32, f32)>,
    pub(crate) lines: bool,
}

/// Skin and hair that go together where somebody's family comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    African,
    SouthAsian,
    EastAsian,
    MiddleEastern,
    Latin,
    European,
    Nordic,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    Feminine,
    Masculine,
}

const MASCULINE: [Hair; 10] = [
    Hair::SidePart,
    Hair::Quiff,
    Hair::Buzz,
    Hair::Curls,
    Hair::Receding,
    Hair::Spiky,
    Hair::Bald,
    Hair::ShoulderLength,
    Hair::Afro,
    Hair::Locs,
];
const FEMININE: [Hair; 10] = [
    Hair::Bob,
    Hair::Long,
    Hair::Wavy,
    Hair::Bun,
    Hair::Ponytail,
    Hair::Pixie,
    Hair::Braids,
    Hair::Curls,
    Hair::Afro,
    Hair::Wavy,
];
const FRAMES: [Ink; 5] = [ink(0x23_25_2b), ink(0x5b_34_20), ink(0xa1_2f_3a), ink(0x2f_4f_6f), ink(0x8b_7a_3c)];
const CLOTH: [Ink; 16] = [
    ink(0x2f_6f_8f),
    ink(0xd9_5d_39),
    ink(0xf2_b1_34),
    ink(0x3d_7a_57),
    ink(0x6a_4c_93),
    ink(0xe8_6a_92),
    ink(0x27_3c_5c),
    ink(0x8f_2d_3c),
    ink(0xf4_ed_e1),
    ink(0x7f_b0_69),
    ink(0x4b_4f_58),
    ink(0x1f_99_8f),
    ink(0xc9_8b_5a),
    ink(0x9f_c5_e8),
    ink(0xb8_3b_5e),
    ink(0x52_6b_d6),
];

impl Look {
    /// `turn` goes round the hair styles, so that a crowd has all of them.
    pub(crate) fn draw(rng: &mut StdRng, family: Family, build: Build, turn: usize) -> Self {
        let feminine = build == Build::Feminine;
        let styles = if feminine { FEMININE } else { MASCULINE };
        let style = suited(styles[turn % styles.len()], family);
        let old = matches!(style, Hair::Receding) || rng.random_bool(0.12);
        let hair = if old && rng.random_bool(0.75) { pick(rng, &GREY) } else { pick(rng, hairs(family)) };
        let skin = pick(rng, skins(family));
        let skin = skin.lighter(rng.random_range(0.0..0.07));
        Self {
            skin,
            hair,
            style,
            shape: shape(rng, feminine),
            eyes: Eyes {
                apart: rng.random_range(0.142..0.178),
                size: rng.random_range(0.86..1.14) * if feminine { 1.08 } else { 0.98 },
                slant: rng.random_range(-0.012..0.012) - if family == Family::EastAsian { 0.014 } else { 0.0 },
                iris: pick(rng, irises(family)),
                lashes: feminine,
            },
            brows: Brows {
                thick: if feminine { rng.random_range(0.018..0.030) } else { rng.random_range(0.028..0.046) },
                arch: rng.random_range(0.006..0.036),
                slant: rng.random_range(-0.022..0.005),
            },
            nose: Nose { kind: nose(rng, family), length: rng.random_range(0.88..1.18) },
            mouth: Mouth {
                width: rng.random_range(0.105..0.150),
                full: rng.random_range(0.8..1.3) * if feminine { 1.15 } else { 0.85 },
                lips: lips(rng, skin, feminine),
            },
            beard: (!feminine && rng.random_bool(0.5))
                .then(|| pick(rng, &[Beard::Stubble, Beard::Moustache, Beard::Goatee, Beard::Full, Beard::Full])),
            glasses: rng.random_bool(0.27).then(|| Glasses { round: rng.random_bool(0.5), frame: pick(rng, &FRAMES) }),
            earrings: (feminine && rng.random_bool(0.55))
                .then(|| pick(rng, &[ink(0xf0_c9_4a), ink(0xe4_e9_f0), ink(0x2e_b0_9f), ink(0xd9_43_4e)])),
            headwear: headwear(rng, family, feminine),
            marks: Marks {
                freckles: matches!(family, Family::Nordic | Family::European) && rng.random_bool(0.3),
                mole: rng.random_bool(0.22).then(|| {
                    let side = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
                    (side * rng.random_range(0.11..0.2), rng.random_range(0.16..0.3))
                }),
                lines: old,
            },
            cloth: std::array::from_fn(|_| pick(rng, &CLOTH)),
            shoulders: if feminine { rng.random_range(0.68..0.77) } else { rng.random_range(0.82..0.95) },
        }
    }

    /// Somebody who could be taken for this person at a glance, but not at a second one.
    pub(crate) fn resembling(&self, rng: &mut StdRng) -> Self {
        let mut other = self.clone();
        other.skin = self.skin.lighter(rng.random_range(0.02..0.06));
        other.hair = self.hair.lighter(rng.random_range(0.06..0.14));
        other.nose.kind = match self.nose.kind {
            NoseKind::Button => NoseKind::Straight,
            NoseKind::Straight => NoseKind::Aquiline,
            NoseKind::Broad | NoseKind::Aquiline => NoseKind::Button,
        };
        other.brows.slant = -0.018 - self.brows.slant;
        other.shape.jaw = (self.shape.jaw + if self.shape.jaw > 0.25 { -0.035 } else { 0.035 }).clamp(0.2, 0.31);
        other.glasses = match self.glasses {
            Some(glasses) => rng.random_bool(0.5).then_some(Glasses { round: !glasses.round, ..glasses }),
            None => rng.random_bool(0.35).then(|| Glasses { round: true, frame: pick(rng, &FRAMES) }),
        };
        other.beard = match self.beard {
            Some(Beard::Full) => Some(Beard::Goatee),
            Some(Beard::Goatee | Beard::Moustache) => Some(Beard::Stubble),
            Some(Beard::Stubble) => Some(Beard::Moustache),
            None => None,
        };
        other.marks.mole = match self.marks.mole {
            Some(_) => None,
            None => Some((0.16, 0.22)),
        };
        other.cloth = std::array::from_fn(|_| pick(rng, &CLOTH));
        other
    }
}

pub(crate) fn pick<T: Copy>(rng: &mut StdRng, of: &[T]) -> T {
    // Never empty: all callers pass a list of their own.
    of.choose(rng).copied().unwrap_or(of[0])
}

fn shape(rng: &mut StdRng, feminine: bool) -> Shape {
    let (jaw, chin) = if feminine { (0.215..0.268, 0.06..0.13) } else { (0.245..0.305, 0.10..0.19) };
    Shape { temple: rng.random_range(0.335..0.388), jaw: rng.random_range(jaw), chin: rng.random_range(chin) }
}

/// Some styles need curly hair.
fn suited(style: Hair, family: Family) -> Hair {
    match (style, family) {
        (Hair::Afro | Hair::Locs, Family::African | Family::Latin) => style,
        (Hair::Afro, _) => Hair::Curls,
        (Hair::Locs, _) => Hair::SidePart,
        (Hair::Spiky, Family::African) => Hair::Buzz,
        (Hair::Quiff | Hair::Long, Family::African) => Hair::Locs,
        _ => style,
    }
}

fn headwear(rng: &mut StdRng, family: Family, feminine: bool) -> Option<Headwear> {
    let cloth = pick(rng, &CLOTH);
    match family {
        Family::MiddleEastern if feminine && rng.random_bool(0.55) => Some(Headwear::Headscarf(cloth)),
        Family::SouthAsian if !feminine && rng.random_bool(0.3) => Some(Headwear::Turban(cloth)),
        _ if rng.random_bool(0.045) => Some(Headwear::Beanie(cloth)),
        _ if !feminine && rng.random_bool(0.1) => Some(Headwear::Cap(cloth)),
        _ if feminine && rng.random_bool(0.14) => Some(Headwear::Band(cloth)),
        _ => None,
    }
}

fn nose(rng: &mut StdRng, family: Family) -> NoseKind {
    let usual = match family {
        Family::African => NoseKind::Broad,
        Family::EastAsian => NoseKind::Button,
        Family::MiddleEastern | Family::SouthAsian => NoseKind::Aquiline,
        Family::Latin | Family::European | Family::Nordic => NoseKind::Straight,
    };
    if rng.random_bool(0.55) {
        usual
    } else {
        pick(rng, &[NoseKind::Button, NoseKind::Straight, NoseKind::Broad, NoseKind::Aquiline])
    }
}

fn lips(rng: &mut StdRng, skin: Ink, feminine: bool) -> Ink {
    let natural = skin.mix(ink(0xb2_3a_48), 0.42).darker(0.05);
    if feminine {
        pick(rng, &[natural, natural.mix(ink(0xc2_18_4b), 0.5), natural.mix(ink(0xd8_43_57), 0.6)])
    } else {
        skin.mix(ink(0x9c_3b_3b), 0.34)
    }
}

const GREY: [Ink; 3] = [ink(0xc9_c7_c3), ink(0x9a_98_96), ink(0xe6_e3_dc)];

fn hairs(family: Family) -> &'static [Ink] {
    match family {
        Family::African => const { &[ink(0x1c_15_14), ink(0x2a_1c_17), ink(0x3b_25_1b)] },
        Family::SouthAsian | Family::MiddleEastern => const { &[ink(0x20_17_17), ink(0x33_21_1a), ink(0x17_14_18)] },
        Family::EastAsian => const { &[ink(0x17_17_1c), ink(0x2b_1e_1a), ink(0x3c_2a_22)] },
        Family::Latin => const { &[ink(0x2b_1a_14), ink(0x4a_2c_1c), ink(0x6b_42_26)] },
        Family::European => {
            const { &[ink(0x5a_36_1f), ink(0x86_55_2d), ink(0xa8_3f_1f), ink(0x3a_25_1a), ink(0xc4_8f_4e)] }
        }
        Family::Nordic => const { &[ink(0xe3_bd_6f), ink(0xd0_a0_55), ink(0xc9_5a_28), ink(0xf0_d8_9c)] },
    }
}

fn skins(family: Family) -> &'static [Ink] {
    match family {
        Family::African => const { &[ink(0x6b_42_2e), ink(0x7d_4f_36), ink(0x55_34_26), ink(0x93_62_42)] },
        Family::SouthAsian => const { &[ink(0xb5_7d_52), ink(0x9c_68_43), ink(0xc6_8f_62)] },
        Family::EastAsian => const { &[ink(0xf1_cd_a6), ink(0xe8_bd_92), ink(0xf5_d8_b8)] },
        Family::MiddleEastern => const { &[ink(0xd3_a0_74), ink(0xc0_8a_5e), ink(0xe0_b4_8c)] },
        Family::Latin => const { &[ink(0xcf_96_6a), ink(0xb9_80_55), ink(0xe2_b3_8a)] },
        Family::European => const { &[ink(0xf2_c9_a9), ink(0xea_b8_95), ink(0xf6_d5_bb)] },
        Family::Nordic => const { &[ink(0xfa_dc_c8), ink(0xf6_d0_b8), ink(0xfc_e3_d2)] },
    }
}

fn irises(family: Family) -> &'static [Ink] {
    match family {
        Family::African | Family::SouthAsian | Family::EastAsian => const { &[ink(0x3a_22_17), ink(0x4d_2e_1c)] },
        Family::MiddleEastern | Family::Latin => const { &[ink(0x4d_2e_1c), ink(0x6b_47_24), ink(0x5d_6b_2f)] },
        Family::European => const { &[ink(0x5b_3a_1e), ink(0x4f_7a_4a), ink(0x4a_7f_b0)] },
        Family::Nordic => const { &[ink(0x4a_8f_c7), ink(0x5f_9e_a0), ink(0x6b_8f_5a)] },
    }
}
