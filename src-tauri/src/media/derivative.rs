//! Smaller versions of a picture, where its host makes them: `/<cloud>/image/upload/w_320,c_limit/v1/<id>.jpg`.

/// The path's part before which a host of Cloudinary's kind takes wishes about size.
const UPLOAD: &str = "/upload/";

/// The address of the same picture, upright and no wider than `width`; the picture's own where the host makes none.
pub(super) fn no_wider_than(width: u32, address: &str) -> String {
    match split(address) {
        Some((before, after)) => format!("{before}w_{width},c_limit/{after}"),
        None => address.to_owned(),
    }
}

/// The address of the picture in its full size, for one that only asks for a smaller version of it.
pub(super) fn full_size(address: &str) -> String {
    if let Some((before, after)) = split(address)
        && let Some((wish, rest)) = after.split_once('/')
        && only_about_size(wish)
    {
        return format!("{before}{rest}");
    }
    address.to_owned()
}

/// Splits behind `/image/upload/` or `/video/upload/`.
fn split(address: &str) -> Option<(&str, &str)> {
    let path_ends = address.find(['?', '#']).unwrap_or(address.len());
    let at = address[..path_ends].find(UPLOAD)?;
    let before = &address[..at];
    if !before.ends_with("/image") && !before.ends_with("/video") {
        return None;
    }
    Some(address.split_at(at + UPLOAD.len()))
}

/// Like `w_320,c_limit`: leaving it out changes nothing but the size.
fn only_about_size(wish: &str) -> bool {
    wish.split(',').all(|part| {
        part == "c_limit"
            || part.strip_prefix("w_").or_else(|| part.strip_prefix("h_")).is_some_and(|n| n.parse::<u32>().is_ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smaller_version_is_asked_for_where_the_host_makes_them() {
        assert_eq!(
            no_wider_than(320, "https://res.cloudinary.com/demo/image/upload/v1/12.jpg"),
            "https://res.cloudinary.com/demo/image/upload/w_320,c_limit/v1/12.jpg"
        );
        assert_eq!(
            no_wider_than(320, "http://127.0.0.1:8900/k/video/upload/v1/12.jpg?a=b"),
            "http://127.0.0.1:8900/k/video/upload/w_320,c_limit/v1/12.jpg?a=b"
        );
        for plain in ["https://photos.example/upload/1.jpg", "https://photos.example/1.jpg?x=/image/upload/1", ""] {
            assert_eq!(no_wider_than(320, plain), plain);
        }
    }

    #[test]
    fn only_the_size_is_taken_back() {
        assert_eq!(
            full_size("http://127.0.0.1:8900/k/video/upload/w_320,c_limit/v1/12.jpg"),
            "http://127.0.0.1:8900/k/video/upload/v1/12.jpg"
        );
        for kept in [
            "https://res.cloudinary.com/demo/image/upload/v1/12.jpg",
            "https://res.cloudinary.com/demo/image/upload/a_90,w_320/v1/12.jpg",
            "https://photos.example/w_320/1.jpg",
        ] {
            assert_eq!(full_size(kept), kept);
        }
    }
}
