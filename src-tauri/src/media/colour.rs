//! Colours to those of every screen, sRGB: what the window gets says nothing of others.

use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

/// Red, green and blue as the ICC profile means them, to sRGB in their place. A profile that can't be read, or is for
/// something else, changes nothing: the pixels are then taken for sRGB, as they would be without one.
pub(super) fn to_srgb(pixels: &mut Vec<u8>, profile: &[u8]) {
    let Ok(profile) = ColorProfile::new_from_slice(profile) else { return };
    let converted = match profile.color_space {
        DataColorSpace::Rgb => converted(&profile, pixels, Layout::Rgb),
        // Greys were made three equal channels.
        DataColorSpace::Gray => {
            let grey: Vec<u8> = pixels.as_chunks::<3>().0.iter().map(|&[grey, ..]| grey).collect();
            converted(&profile, &grey, Layout::Gray)
        }
        _ => None,
    };
    if let Some(converted) = converted {
        *pixels = converted;
    }
}

/// Cyan, magenta, yellow and black (255 is full ink) as red, green and blue: as the profile means them, or as if inks
/// were ideal.
pub(super) fn inks_to_srgb(inks: &[u8], profile: Option<&[u8]>) -> Vec<u8> {
    profile
        .and_then(|profile| ColorProfile::new_from_slice(profile).ok())
        .filter(|profile| profile.color_space == DataColorSpace::Cmyk)
        // Four inks have the layout of four channels.
        .and_then(|profile| converted(&profile, inks, Layout::Rgba))
        .unwrap_or_else(|| inks.as_chunks::<4>().0.iter().flat_map(|&ink| ideal(ink)).collect())
}

fn converted(from: &ColorProfile, pixels: &[u8], layout: Layout) -> Option<Vec<u8>> {
    let srgb = ColorProfile::new_srgb();
    let transform = from.create_transform_8bit(layout, &srgb, Layout::Rgb, TransformOptions::default()).ok()?;
    let channels = match layout {
        Layout::Gray => 1,
        Layout::Rgba => 4,
        _ => 3,
    };
    let mut rgb = vec![0; pixels.len() / channels * 3];
    transform.transform(pixels, &mut rgb).ok()?;
    Some(rgb)
}

fn ideal([cyan, magenta, yellow, black]: [u8; 4]) -> [u8; 3] {
    [cyan, magenta, yellow].map(|ink| {
        let light = u16::from(255 - ink) * u16::from(255 - black);
        u8::try_from((light + 127) / 255).unwrap_or(u8::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(profile: &ColorProfile) -> Vec<u8> {
        profile.encode().expect("a profile")
    }

    #[test]
    fn wide_colours_become_stronger_numbers_of_srgb() {
        let mut pixels = vec![200, 100, 100, 128, 128, 128];
        to_srgb(&mut pixels, &encoded(&ColorProfile::new_display_p3()));
        assert!(pixels[0] > 207 && pixels[1] < 98 && pixels[2] < 100, "{pixels:?}");
        assert!(pixels[3..].iter().all(|part| part.abs_diff(128) <= 1), "{pixels:?}");

        let mut adobe = vec![100, 200, 100];
        to_srgb(&mut adobe, &encoded(&ColorProfile::new_adobe_rgb()));
        assert!(adobe[0] < 60 && adobe[1] >= 199, "{adobe:?}");
    }

    #[test]
    fn greys_are_turned_by_a_profile_of_greys() {
        let mut pixels = vec![128, 128, 128];
        to_srgb(&mut pixels, &encoded(&ColorProfile::new_gray_with_gamma(1.0)));
        assert!(pixels.iter().all(|part| part.abs_diff(188) <= 2), "{pixels:?}");
    }

    #[test]
    fn a_profile_that_is_none_or_for_something_else_changes_nothing() {
        let srgb = encoded(&ColorProfile::new_srgb());
        for profile in [&b""[..], b"not a profile", &srgb[..srgb.len() / 2], &srgb] {
            let mut pixels = vec![10, 120, 250];
            to_srgb(&mut pixels, profile);
            assert!(pixels.iter().zip([10, 120, 250]).all(|(is, was)| is.abs_diff(was) <= 1), "{pixels:?}");
        }
        assert_eq!(inks_to_srgb(&[0, 0, 0, 255, 0, 255, 255, 0], Some(&srgb)), [0, 0, 0, 255, 0, 0]);
    }

    #[test]
    fn no_damage_to_a_profile_is_a_panic() {
        let whole = encoded(&ColorProfile::new_display_p3());
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0xff;
            to_srgb(&mut vec![10, 120, 250], &damaged);
        }
    }
}
