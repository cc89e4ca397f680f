use std::collections::HashSet;

use super::{
    vectors::{Faces, of_images},
    *,
};

#[test]
fn equal_seeds_make_equal_worlds_and_others_make_others() {
    let (one, same, other) = (World::new(3), World::new(3), World::new(4));
    let places = |world: &World| -> Vec<(u32, u32)> {
        let figures = world.media.iter().flat_map(|medium| &medium.figures);
        figures.map(|figure| (figure.centre.0.to_bits(), figure.centre.1.to_bits())).collect()
    };
    assert_eq!(places(&one), places(&same));
    assert_ne!(places(&one), places(&other));
}

#[test]
fn nobody_is_on_a_photo_twice_or_beside_who_they_could_be_taken_for() {
    let world = World::new(7);
    for medium in &world.media {
        let cast: Vec<usize> = medium.figures.iter().map(|figure| figure.person).collect();
        let distinct: HashSet<usize> = cast.iter().copied().collect();
        assert_eq!(cast.len(), distinct.len(), "medium {}", medium.id);
        for person in &cast {
            let resembled = world.people[person - 1].resembles;
            assert!(resembled.is_none_or(|other| !distinct.contains(&other)), "medium {}", medium.id);
        }
    }
}

#[test]
fn usernames_are_distinct_and_fit_a_login() {
    let names: HashSet<&str> = PROFILES.iter().map(|profile| profile.username).collect();
    assert_eq!(names.len(), PROFILES.len());
    assert!(names.iter().all(|name| name.len() <= 50));
}

#[test]
fn some_suggestions_are_wrong_and_most_are_right() {
    let world = World::new(7);
    let faces = Faces::new(&world);
    let (mut right, mut wrong, mut confirmed_wrongly) = (0, 0, 0);
    for medium in &world.media {
        for (figure, embedding) in medium.figures.iter().zip(faces.on(medium)) {
            let found = faces.matched(&embedding);
            match found.suggested {
                Some(user) if user == figure.person => right += 1,
                Some(_) => wrong += 1,
                None => {}
            }
            confirmed_wrongly += usize::from(found.identified.is_some_and(|user| user != figure.person));
        }
    }
    assert!(right >= 120, "{right} right suggestions");
    assert!((8..=right / 3).contains(&wrong), "{wrong} wrong suggestions beside {right} right ones");
    assert_eq!(confirmed_wrongly, 0);
}

#[test]
fn pictures_of_a_theme_are_nearer_than_others() {
    let world = World::new(7);
    let vectors = of_images(&world);
    let dot = |one: &[f32], other: &[f32]| -> f32 { one.iter().zip(other).map(|(one, other)| one * other).sum() };
    for (index, medium) in world.media.iter().enumerate().skip(1).take(60) {
        let near = dot(&vectors[0], &vectors[index]);
        assert_eq!(near > 0.35, medium.theme == world.media[0].theme, "medium {}: {near}", medium.id);
    }
}
