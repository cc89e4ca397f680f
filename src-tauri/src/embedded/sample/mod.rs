//! The sample platform: who is on it, what they post and who is on which photo. All of it follows from the seed, so
//! that the rows in the database and the pictures from the photo server agree without a file between them.

mod compose;
#[cfg(unix)]
pub(super) mod fill;
mod insights;
pub(crate) mod people;
#[cfg(test)]
mod tests;
pub(crate) mod themes;
mod vectors;

use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use sha2::{Digest, Sha256};

use self::{
    people::PROFILES,
    themes::{Theme, WORDS},
};
use super::drawing::{
    body::Clothes,
    head::Pose,
    look::{Build, Family, Look, pick},
};

/// Photos and stills of videos, all posts together.
const MEDIA: usize = 400;
/// People who are on photos and not on the platform.
const STRANGERS: usize = 30;
/// User ids that look like the user beside them: the first are not enrolled, the second are, so that the AI suggests
/// the second on photos of the first.
const LOOK_ALIKES: [(usize, usize); 3] = [(28, 22), (47, 19), (46, 36)];
/// Strangers who do so.
const STRANGE_LOOK_ALIKES: [(usize, usize); 3] = [(61, 8), (62, 12), (63, 29)];
const SIZES: [((u32, u32), u32); 6] = [
    ((1600, 1200), 30),
    ((1200, 1600), 20),
    ((1920, 1080), 20),
    ((1080, 1080), 14),
    ((4000, 3000), 10),
    ((3000, 4000), 6),
];

/// One seed's platform.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) seed: u64,
    /// Users first, in the order of their ids, then strangers.
    pub(crate) people: Vec<Person>,
    pub(crate) posts: Vec<Post>,
    /// In the order of their ids.
    pub(crate) media: Vec<Medium>,
}

#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) look: Look,
    /// Number of the person they could be taken for.
    pub(crate) resembles: Option<usize>,
    /// Has shown their face to the platform.
    pub(crate) enrolled: bool,
}

#[derive(Debug)]
pub(crate) struct Post {
    /// Number of the person.
    pub(crate) author: usize,
    pub(crate) theme: Theme,
}

#[derive(Debug)]
pub(crate) struct Medium {
    pub(crate) id: usize,
    /// Index in `posts`.
    pub(crate) post: usize,
    pub(crate) position: usize,
    pub(crate) theme: Theme,
    /// Upright, in pixels.
    pub(crate) size: (u32, u32),
    /// EXIF orientation of the stored original, 1 to 8.
    pub(crate) orientation: u8,
    pub(crate) unsafe_content: bool,
    /// A video, of which there is a still.
    pub(crate) seconds: Option<u32>,
    /// From the back to the front.
    pub(crate) figures: Vec<Figure>,
}

/// A person on a photo.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    /// Number of the person, from 1; above the number of users a stranger.
    pub(crate) person: usize,
    /// Middle of the head, and its height, in pixels of the upright picture.
    pub(crate) centre: (f32, f32),
    pub(crate) head: f32,
    pub(crate) pose: Pose,
    pub(crate) clothes: Clothes,
}

impl World {
    /// People with a number up to this are on the platform.
    pub(crate) const USERS: usize = PROFILES.len();

    pub(crate) fn new(seed: u64) -> Self {
        let people = people(seed);
        let (mut posts, mut media) = (Vec::new(), Vec::new());
        let mut rng = rng(seed, "posts");
        while media.len() < MEDIA {
            let theme = WORDS[rng.random_range(0..WORDS.len())].theme;
            let author = 1 + rng.random_range(0..PROFILES.len() * PROFILES.len()).isqrt();
            let pictures = *pick(&mut rng, &[&1, &1, &2, &2, &3, &3, &4, &5]);
            for position in 0..pictures.min(MEDIA - media.len()) {
                media.push(medium(seed, media.len() + 1, posts.len(), position, theme, author, &people));
            }
            posts.push(Post { author, theme });
        }
        Self { seed, people, posts, media }
    }

    pub(crate) fn person(&self, number: usize) -> Option<&Person> {
        self.people.get(number.checked_sub(1)?)
    }

    pub(crate) fn medium(&self, id: usize) -> Option<&Medium> {
        self.media.get(id.checked_sub(1)?)
    }
}

/// The same for the same seed and purpose, and independent of every other purpose.
pub(crate) fn rng(seed: u64, purpose: &str) -> StdRng {
    StdRng::from_seed(Sha256::digest(format!("{seed}:{purpose}")).into())
}

fn people(seed: u64) -> Vec<Person> {
    const FAMILIES: [Family; 7] = [
        Family::African,
        Family::SouthAsian,
        Family::EastAsian,
        Family::MiddleEastern,
        Family::Latin,
        Family::European,
        Family::Nordic,
    ];
    let mut turns = [0, 0];
    let mut people: Vec<Person> = (1..=PROFILES.len() + STRANGERS)
        .map(|number| {
            let mut rng = rng(seed, &format!("look {number}"));
            let (family, build) = match PROFILES.get(number - 1) {
                Some(profile) => (profile.family, profile.build),
                None => (pick(&mut rng, &FAMILIES), pick(&mut rng, &[Build::Feminine, Build::Masculine])),
            };
            let turn = &mut turns[usize::from(build == Build::Feminine)];
            *turn += 1;
            Person { look: Look::draw(&mut rng, family, build, *turn), resembles: None, enrolled: false }
        })
        .collect();
    for (number, other) in LOOK_ALIKES.into_iter().chain(STRANGE_LOOK_ALIKES) {
        let look = people[other - 1].look.resembling(&mut rng(seed, &format!("look-alike {number}")));
        people[number - 1].look = look;
        people[number - 1].resembles = Some(other);
    }
    enrol(seed, &mut people);
    people
}

/// Six of ten users; those who are resembled are, those who resemble are not.
fn enrol(seed: u64, people: &mut [Person]) {
    let resembled = |number: usize| LOOK_ALIKES.iter().chain(&STRANGE_LOOK_ALIKES).any(|(_, other)| *other == number);
    let mut others: Vec<usize> =
        (1..=PROFILES.len()).filter(|number| people[number - 1].resembles.is_none() && !resembled(*number)).collect();
    others.shuffle(&mut rng(seed, "enrolments"));
    let resembled: Vec<usize> = (1..=PROFILES.len()).filter(|number| resembled(*number)).collect();
    for number in resembled.into_iter().chain(others).take(PROFILES.len() * 6 / 10) {
        people[number - 1].enrolled = true;
    }
}

fn medium(
    seed: u64,
    id: usize,
    post: usize,
    position: usize,
    theme: Theme,
    author: usize,
    people: &[Person],
) -> Medium {
    let mut rng = rng(seed, &format!("medium {id}"));
    let unsafe_content = id % 25 == 13;
    let seconds = (id % 41 == 20).then(|| rng.random_range(4..90));
    let mut weight = rng.random_range(0..SIZES.iter().map(|(_, weight)| weight).sum::<u32>());
    let size = SIZES
        .iter()
        .find(|(_, own)| {
            let found = weight < *own;
            weight = weight.saturating_sub(*own);
            found
        })
        .map_or(SIZES[0].0, |(size, _)| *size);
    let orientation = if id % 11 == 4 && seconds.is_none() { 2 + u8::try_from(id / 11 % 7).unwrap_or(0) } else { 1 };
    let cast = if unsafe_content { Vec::new() } else { compose::cast(&mut rng, author, people) };
    let figures = compose::figures(&mut rng, theme, size, &cast, people);
    Medium { id, post, position, theme, size, orientation, unsafe_content, seconds, figures }
}
