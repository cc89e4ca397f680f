//! Videos, a part at a time. They go to the window as they are, because nothing here can make them anew; so only what begins
//! like one does, and what is flagged only while it is revealed.

use reqwest::header::HeaderValue;

use super::problem::Problem;

/// Bytes of a part: few enough that the window does not stand still while they are copied.
pub(super) const PART: usize = 1 << 20;
/// Bytes of a video that is played; the window holds all of it.
const LARGEST: u64 = 128 << 20;

/// By the first bytes.
pub(super) fn sniff(start: &[u8]) -> Result<&'static str, Problem> {
    match start {
        [_, _, _, _, b'f', b't', b'y', b'p', b'q', b't', ..] => Ok("video/quicktime"),
        [_, _, _, _, b'f', b't', b'y', b'p', b'a' | b'h' | b'm', b'v' | b'e' | b'i', b'i' | b'f' | b'v' | b'1', ..] => {
            Err(Problem::NoVideo("What the photo server sent is a picture, not a video."))
        }
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Ok("video/mp4"),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => Ok("video/webm"),
        _ => Err(Problem::NoVideo("What the photo server sent is not a video that can be played here.")),
    }
}

/// The range of the part that begins at `from`.
pub(super) fn range(from: u64) -> String {
    format!("bytes={from}-{}", from.saturating_add(PART as u64 - 1))
}

/// Bytes of the whole, by what the host says of the part that begins at `from`: `bytes 0-1048575/5242880`.
pub(super) fn total(content_range: Option<&HeaderValue>, from: u64) -> Result<u64, Problem> {
    let numbers = content_range
        .and_then(|range| range.to_str().ok()?.strip_prefix("bytes ")?.split_once('/'))
        .and_then(|(part, total)| Some((part.split_once('-')?.0.parse::<u64>().ok()?, total.parse::<u64>().ok()?)));
    match numbers {
        Some((first, total)) if first == from && total > from => {
            if total > LARGEST {
                return Err(Problem::NoVideo("The video is larger than 128 MB, too large to be played here."));
            }
            Ok(total)
        }
        _ => Err(Problem::NoVideo("The photo server does not say how long the video is, so it can't be played here.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_played_begins_like_a_video() {
        for (start, kind) in [
            (&b"\0\0\0\x20ftypisom\0\0"[..], "video/mp4"),
            (b"\0\0\0\x20ftypmp42\0\0", "video/mp4"),
            (b"\0\0\0\x20ftypM4V \0\0", "video/mp4"),
            (b"\0\0\0\x14ftypqt  \0\0", "video/quicktime"),
            (b"\x1a\x45\xdf\xa3\x01\0\0\0", "video/webm"),
        ] {
            assert_eq!(sniff(start), Ok(kind));
        }
        for start in [
            &b"\0\0\0\x20ftypavif\0\0"[..],
            b"\0\0\0\x20ftypheic",
            b"\0\0\0\x20ftypmif1",
            b"<html><video>",
            b"\xff\xd8",
            b"",
        ] {
            assert!(matches!(sniff(start), Err(Problem::NoVideo(_))), "{start:?}");
        }
    }

    #[test]
    fn a_range_is_answered_where_it_was_asked_for() {
        assert_eq!(range(PART as u64), "bytes=1048576-2097151");
        assert!(range(u64::MAX).ends_with(&u64::MAX.to_string()));
        let told = |range: &'static str, from| total(Some(&HeaderValue::from_static(range)), from);
        assert_eq!(told("bytes 0-99/100", 0), Ok(100));
        assert_eq!(told("bytes 1048576-2097151/5000000", PART as u64), Ok(5_000_000));
        for other in [
            "bytes 1-99/100",
            "bytes 0-99/*",
            "bytes */100",
            "bytes 0-99/0",
            "chars 0-99/100",
            "bytes 0-9/999999999999",
        ] {
            assert!(matches!(told(other, 0), Err(Problem::NoVideo(_))), "{other}");
        }
        assert!(total(None, 0).is_err());
    }
}
