//! What a JPEG says of itself before its first pixel: size, orientation, colours, and what its decoding takes.

use image::metadata::Orientation;

use super::{Size, problem::Problem};

/// All that stands before the first scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    /// As it is stored.
    pub(super) size: Size,
    pub(super) orientation: Orientation,
    /// Numbers that a decoder keeps until the last scan; nought where one scan holds all.
    pub(super) kept: u64,
    /// An ICC profile.
    pub(super) profile: Option<Vec<u8>>,
    /// Inks are stored as what they leave of the light, which is Adobe's way.
    pub(super) inverted: bool,
}

/// A marker and what follows it.
type Segment<'a> = (u8, &'a [u8]);

/// Bytes of a profile: those of printing presses have about two million.
const LARGEST_PROFILE: usize = 4 << 20;

/// `None` while the bytes so far do not reach to the first scan.
pub(super) fn read(bytes: &[u8]) -> Result<Option<Head>, Problem> {
    let mut rest = bytes;
    let mut frame = None;
    let (mut orientation, mut inverted, mut profile) = (Orientation::NoTransforms, false, Profile::default());
    loop {
        let Some((marker, content)) = next(&mut rest)? else { return Ok(None) };
        match (marker, content) {
            (0xc0..=0xcf, _) if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => frame = Some(Frame::read(marker, content)?),
            (0xe1, [b'E', b'x', b'i', b'f', 0, 0, exif @ ..]) => {
                orientation = Orientation::from_exif_chunk(exif).unwrap_or(orientation);
            }
            (0xe2, _) => profile.add(content),
            (0xee, _) => inverted |= content.starts_with(b"Adobe"),
            (0xda, _) => {
                let frame = frame.ok_or(Problem::Broken)?;
                let kept = if frame.is_whole_in(content) { 0 } else { frame.coefficients() };
                return Ok(Some(Head { size: frame.size, orientation, kept, profile: profile.whole(), inverted }));
            }
            _ => {}
        }
    }
}

/// The next segment with a content, or `None` where it is not there whole.
fn next<'a>(rest: &mut &'a [u8]) -> Result<Option<Segment<'a>>, Problem> {
    loop {
        let Some(at) = rest.iter().position(|&byte| byte == 0xff) else { return Ok(None) };
        let &[marker, ref after @ ..] = &rest[at + 1..] else { return Ok(None) };
        match marker {
            // A marker may be preceded by any number of these.
            0xff => *rest = &rest[at + 1..],
            0xd9 => return Err(Problem::Broken),
            0x00 | 0x01 | 0xd0..=0xd8 => *rest = after,
            _ => {
                let &[high, low, ..] = after else { return Ok(None) };
                let length = usize::from(u16::from_be_bytes([high, low]));
                if length < 2 {
                    return Err(Problem::Broken);
                }
                let Some((segment, later)) = after.split_at_checked(length) else { return Ok(None) };
                *rest = later;
                return Ok(Some((marker, &segment[2..])));
            }
        }
    }
}

struct Frame<'a> {
    size: Size,
    progressive: bool,
    /// Three bytes each; the second says how many samples there are across and down.
    components: &'a [[u8; 3]],
}

impl<'a> Frame<'a> {
    fn read(marker: u8, content: &'a [u8]) -> Result<Self, Problem> {
        let &[precision, h0, h1, w0, w1, _, ref components @ ..] = content else { return Err(Problem::Broken) };
        match marker {
            0xc3 | 0xcb => return Err(Problem::Unsupported("a lossless JPEG")),
            0xc5..=0xc7 | 0xcd..=0xcf => return Err(Problem::Unsupported("a JPEG of a rare kind")),
            _ if precision > 8 => return Err(Problem::Unsupported("a JPEG of more than 8 bits")),
            _ => {}
        }
        let size = Size { width: u16::from_be_bytes([w0, w1]).into(), height: u16::from_be_bytes([h0, h1]).into() };
        if size.pixels() == 0 {
            return Err(Problem::Broken);
        }
        Ok(Self { size, progressive: matches!(marker, 0xc2 | 0xca), components: components.as_chunks().0 })
    }

    fn is_whole_in(&self, scan: &[u8]) -> bool {
        !self.progressive && scan.first().is_some_and(|&count| usize::from(count) == self.components.len())
    }

    fn coefficients(&self) -> u64 {
        let samples = |&[_, sampling, _]: &[u8; 3]| u64::from(sampling >> 4) * u64::from(sampling & 15);
        let most = self.components.iter().map(samples).max().unwrap_or(1).max(1);
        self.components.iter().map(samples).sum::<u64>() * self.size.pixels() / most
    }
}

/// It comes in numbered parts, because a segment is short.
#[derive(Default)]
struct Profile<'a> {
    parts: Vec<(u8, &'a [u8])>,
    count: u8,
}

impl<'a> Profile<'a> {
    fn add(&mut self, content: &'a [u8]) {
        if let Some(&[number, count, ref part @ ..]) = content.strip_prefix(b"ICC_PROFILE\0") {
            self.parts.push((number, part));
            self.count = count;
        }
    }

    fn whole(mut self) -> Option<Vec<u8>> {
        self.parts.sort_unstable_by_key(|&(number, _)| number);
        let complete = self.count > 0 && self.parts.iter().map(|&(number, _)| number).eq(1..=self.count);
        let length: usize = self.parts.iter().map(|(_, part)| part.len()).sum();
        (complete && length <= LARGEST_PROFILE)
            .then(|| self.parts.iter().flat_map(|(_, part)| part.iter().copied()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::testing::{jpeg, with_orientation, with_profile};

    #[test]
    fn a_head_is_told_by_the_bytes_before_the_first_scan_and_not_by_fewer() {
        let bytes = with_orientation(&with_profile(&jpeg(640, 480), &vec![7; 100_000]), 6);
        let head = read(&bytes).expect("a JPEG").expect("whole");
        assert_eq!((head.size, head.orientation), (Size { width: 640, height: 480 }, Orientation::Rotate90));
        assert_eq!(head.profile, Some(vec![7; 100_000]));
        assert_eq!((head.kept, head.inverted), (0, false));

        let scan = bytes.windows(2).rposition(|marker| marker == [0xff, 0xda]).expect("a scan");
        assert_eq!(read(&bytes[..scan]), Ok(None));
        assert_eq!(read(&bytes[..scan + 14]), Ok(Some(head)));
    }

    #[test]
    fn a_profile_that_lacks_a_part_is_none() {
        let mut bytes = with_profile(&jpeg(64, 48), &vec![7; 100_000]);
        let second = bytes.windows(14).position(|part| part == b"ICC_PROFILE\0\x02\x02").expect("a second part");
        bytes[second + 12] = 3;
        assert_eq!(read(&bytes).expect("a JPEG").expect("whole").profile, None);
    }

    #[test]
    fn what_several_scans_keep_is_counted_by_what_each_component_holds() {
        let progressive = read(include_bytes!("decode/progressive.jpg")).expect("a JPEG").expect("whole");
        let pixels = progressive.size.pixels();
        assert!((pixels..=pixels * 3).contains(&progressive.kept), "{progressive:?}");
        assert_eq!(read(include_bytes!("decode/cmyk.jpg")).expect("a JPEG").expect("whole").kept, 0);
    }

    #[test]
    fn a_file_without_a_frame_or_with_an_empty_one_is_broken() {
        let whole = jpeg(64, 48);
        let frame = whole.windows(2).position(|marker| marker == [0xff, 0xc0]).expect("a frame");
        let mut empty = whole.clone();
        empty[frame + 5..frame + 9].fill(0);
        assert_eq!(read(&empty), Err(Problem::Broken));
        let mut without = whole;
        without[frame + 1] = 0xe5;
        assert_eq!(read(&without), Err(Problem::Broken));
        assert_eq!(read(b"\xff\xd8\xff\xd9"), Err(Problem::Broken));
        assert_eq!(read(b"\xff\xd8\xff\xe0\0\x01"), Err(Problem::Broken));
    }
}
