//! The embeddings that an AI would have computed, and how it would have matched them.

use rand::{Rng, rngs::StdRng};

use super::{Medium, World, rng};

const FACE_DIMENSIONS: usize = 1024;
const IMAGE_DIMENSIONS: usize = 512;
/// Cosine of the identities of two people who look alike.
const ALIKE: f32 = 0.80;
/// An enrolled picture is taken in good light.
const ENROLLED_QUALITY: f32 = 0.985;
const CONFIRMED: f32 = 0.85;
const SUGGESTED: f32 = 0.70;

/// What the AI says of a face.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Match {
    pub(super) identified: Option<usize>,
    pub(super) suggested: Option<usize>,
    pub(super) similarity: f32,
    pub(super) status: &'static str,
}

/// The hidden identity of everybody, and the enrolments to match against.
#[derive(Debug)]
pub(super) struct Faces<'a> {
    world: &'a World,
    identities: Vec<Vec<f32>>,
    /// Number of the user, embedding.
    pub(super) enrolments: Vec<(usize, Vec<f32>)>,
}

impl<'a> Faces<'a> {
    pub(super) fn new(world: &'a World) -> Self {
        let mut identities: Vec<Vec<f32>> = (1..=world.people.len())
            .map(|number| direction(&mut rng(world.seed, &format!("identity {number}")), FACE_DIMENSIONS))
            .collect();
        for (index, person) in world.people.iter().enumerate() {
            if let Some(other) = person.resembles {
                identities[index] = toward(&identities[other - 1], &identities[index], ALIKE);
            }
        }
        let enrolments = (1..=World::USERS)
            .filter(|number| world.people[number - 1].enrolled)
            .map(|number| {
                let mut rng = rng(world.seed, &format!("enrolment {number}"));
                (number, seen(&mut rng, &identities[number - 1], ENROLLED_QUALITY))
            })
            .collect();
        Self { world, identities, enrolments }
    }

    /// One embedding for each face of a photo, in the order of its figures.
    pub(super) fn on(&self, medium: &Medium) -> Vec<Vec<f32>> {
        let mut rng = rng(self.world.seed, &format!("faces {}", medium.id));
        medium
            .figures
            .iter()
            .map(|figure| {
                let person = &self.world.people[figure.person - 1];
                let quality = match rng.random_range(0..100) {
                    _ if person.resembles.is_some() => rng.random_range(0.93..0.985),
                    0..36 => rng.random_range(0.735..0.845),
                    36..88 => rng.random_range(0.885..0.97),
                    _ => rng.random_range(0.5..0.66),
                };
                seen(&mut rng, &self.identities[figure.person - 1], quality)
            })
            .collect()
    }

    /// The nearest active enrolment and what follows from how near it is.
    pub(super) fn matched(&self, face: &[f32]) -> Match {
        let nearest = self
            .enrolments
            .iter()
            .map(|(user, enrolment)| (*user, dot(face, enrolment)))
            .max_by(|one, other| one.1.total_cmp(&other.1));
        match nearest {
            Some((user, similarity)) if similarity > CONFIRMED => {
                Match { identified: Some(user), suggested: None, similarity, status: "CONFIRMED" }
            }
            Some((user, similarity)) if similarity >= SUGGESTED => {
                Match { identified: None, suggested: Some(user), similarity, status: "SUGGESTED" }
            }
            nearest => Match {
                identified: None,
                suggested: None,
                similarity: nearest.map_or(0.0, |(_, similarity)| similarity),
                status: "UNIDENTIFIED",
            },
        }
    }
}

/// One CLIP-like embedding for each medium: pictures of a theme are near each other, those of a post nearer still.
pub(super) fn of_images(world: &World) -> Vec<Vec<f32>> {
    world
        .media
        .iter()
        .map(|medium| {
            let theme = direction(&mut rng(world.seed, &format!("theme {:?}", medium.theme)), IMAGE_DIMENSIONS);
            let post = direction(&mut rng(world.seed, &format!("post {}", medium.post)), IMAGE_DIMENSIONS);
            let own = direction(&mut rng(world.seed, &format!("image {}", medium.id)), IMAGE_DIMENSIONS);
            let sum = theme.iter().zip(&post).zip(&own).map(|((theme, post), own)| theme + 0.5 * post + 0.45 * own);
            unit(sum.collect())
        })
        .collect()
}

/// `identity` seen with a quality: the cosine between the two.
fn seen(rng: &mut StdRng, identity: &[f32], quality: f32) -> Vec<f32> {
    let noise = direction(rng, identity.len());
    toward(identity, &noise, quality)
}

/// The direction between two that has the given cosine with the first.
fn toward(first: &[f32], second: &[f32], cosine: f32) -> Vec<f32> {
    let along = dot(first, second);
    let across = unit(second.iter().zip(first).map(|(second, first)| second - along * first).collect());
    let sine = (1.0 - cosine * cosine).sqrt();
    unit(first.iter().zip(&across).map(|(first, across)| cosine * first + sine * across).collect())
}

fn direction(rng: &mut StdRng, dimensions: usize) -> Vec<f32> {
    unit((0..dimensions).map(|_| rng.random_range(-1.0..1.0)).collect())
}

fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = dot(&vector, &vector).sqrt();
    for value in &mut vector {
        *value /= length;
    }
    vector
}

fn dot(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}
