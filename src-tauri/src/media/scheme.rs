//! The window's side: `media://localhost/<path>` to a wish, and what came of it to a response.

use std::str::FromStr;

use http::{Response, StatusCode, header};

use super::{Part, Picture, Veil, Wanted, problem::Problem};
use crate::db::MediaId;

/// What a path asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Under this veil, if it is unsafe.
    Picture(Wanted, Veil),
    /// The clear picture of a medium that was revealed, by the token of the reveal.
    Revealed(String),
    /// The part of a revealed video that begins at this byte, by the token of the reveal.
    RevealedVideo(String, u64),
    /// The part of a video that begins at this byte.
    Video(MediaId, u64),
}

/// What the window gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Picture(Picture),
    Part(Part),
}

impl From<Picture> for Answer {
    fn from(picture: Picture) -> Self {
        Self::Picture(picture)
    }
}

impl From<Part> for Answer {
    fn from(part: Part) -> Self {
        Self::Part(part)
    }
}

/// `query`: `veil=20-100-100` where a picture is wanted under another veil than the usual; other parts of it are ignored.
///
/// # Errors
/// `BadRequest` for a path that names no picture, and for a veil that is none.
pub fn parse(path: &str, query: Option<&str>) -> Result<Asked, Problem> {
    if let Some(revealed) = path.strip_prefix("/revealed/") {
        return self::revealed(revealed).ok_or(Problem::BadRequest);
    }
    if let Some(part) = path.strip_prefix("/video/") {
        return video(part).ok_or(Problem::BadRequest);
    }
    let asked = Wanted::parse(path).zip(veil(query.unwrap_or_default()));
    asked.map(|(wanted, veil)| Asked::Picture(wanted, veil)).ok_or(Problem::BadRequest)
}

fn veil(query: &str) -> Option<Veil> {
    match query.split('&').find_map(|part| part.strip_prefix("veil=")) {
        Some(veil) => Veil::parse(veil),
        None => Some(Veil::USUAL),
    }
}

/// From a token, and where the video of it is wanted from a byte on: `3f-A9/1048576`.
fn revealed(part: &str) -> Option<Asked> {
    let (token, from) = part.split_once('/').map_or((part, None), |(token, from)| (token, Some(from)));
    let is_plain = !token.is_empty()
        && token.len() <= 100
        && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let token = is_plain.then(|| token.to_owned())?;
    match from {
        Some(from) => Some(Asked::RevealedVideo(token, number(from)?)),
        None => Some(Asked::Revealed(token)),
    }
}

/// From `12/1048576`.
fn video(part: &str) -> Option<Asked> {
    let (media, from) = part.split_once('/')?;
    Some(Asked::Video(MediaId(number(media)?), number(from)?))
}

/// Of digits only.
fn number<N: FromStr>(text: &str) -> Option<N> {
    text.bytes().all(|digit| digit.is_ascii_digit()).then(|| text.parse().ok())?
}

/// What was asked for, or the problem as JSON `{code, message}`, which the window fetches once more to say why.
pub fn respond<A: Into<Answer>>(outcome: Result<A, Problem>) -> Response<Vec<u8>> {
    let mut range = None;
    let (status, content_type, keep, body) = match outcome.map(Into::into) {
        Ok(Answer::Picture(Picture { content_type, body, fleeting })) => {
            // Not for long: what is safe now may be flagged soon.
            let keep = if fleeting { "no-store" } else { "private, max-age=300" };
            (StatusCode::OK, content_type, keep, body)
        }
        Ok(Answer::Part(Part { content_type, body, from, total })) => {
            range = Some(format!("bytes {from}-{}/{total}", from + (body.len() as u64).saturating_sub(1)));
            (StatusCode::PARTIAL_CONTENT, content_type, "no-store", body)
        }
        Err(problem) => {
            let status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let body = serde_json::to_vec(&problem).unwrap_or_default();
            (status, "application/json", "no-store", body)
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static(keep));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, header::HeaderValue::from_static("*"));
    if let Some(range) = range.and_then(|range| header::HeaderValue::try_from(range).ok()) {
        headers.insert(header::CONTENT_RANGE, range);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, header::HeaderValue::from_static("content-range"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_wishes_or_refused() {
        let parse = |path| parse(path, None);
        assert_eq!(parse("/photo/7"), Ok(Asked::Picture(Wanted::Photo(MediaId(7)), Veil::USUAL)));
        assert_eq!(parse("/revealed/3f-A9"), Ok(Asked::Revealed("3f-A9".into())));
        assert_eq!(parse("/revealed/3f-A9/1048576"), Ok(Asked::RevealedVideo("3f-A9".into(), 1 << 20)));
        assert_eq!(parse("/video/7/1048576"), Ok(Asked::Video(MediaId(7), 1 << 20)));
        for path in
            ["/video/7", "/video/7/", "/video//0", "/video/7/-1", "/video/7/0/0", "/video/7/99999999999999999999"]
        {
            assert_eq!(parse(path), Err(Problem::BadRequest), "{path}");
        }
        for path in [
            "",
            "/",
            "/revealed/",
            "/revealed/a/b",
            "/revealed/a/",
            "/revealed//0",
            "/revealed/a/0/0",
            "/revealed/%2e",
            "/photo/seven",
            "/../photo/7",
        ] {
            assert_eq!(parse(path), Err(Problem::BadRequest), "{path}");
        }
    }

    #[test]
    fn a_query_may_ask_for_another_veil() {
        let photo = |query| parse("/photo/7", Some(query));
        let under = |veil: &str| Ok(Asked::Picture(Wanted::Photo(MediaId(7)), Veil::parse(veil).expect("a veil")));
        assert_eq!(photo("veil=60-0-40"), under("60-0-40"));
        assert_eq!(photo("1,2,30,40&veil=60-0-40"), under("60-0-40"));
        assert_eq!(photo("1,2,30,40"), under("20-100-100"));
        assert_eq!(photo("veil=none"), Err(Problem::BadRequest));
    }

    #[test]
    fn what_came_of_unsafe_media_is_kept_by_nobody() {
        let picture = |fleeting| Picture { content_type: "image/jpeg", body: vec![1], fleeting };
        let keep = |response: &Response<Vec<u8>>| response.headers()[header::CACHE_CONTROL].clone();
        assert_eq!(keep(&respond(Ok(picture(true)))), "no-store");
        assert_eq!(keep(&respond(Ok(picture(false)))), "private, max-age=300");
        assert_eq!(keep(&respond::<Picture>(Err(Problem::TooSlow))), "no-store");
    }

    #[test]
    fn a_part_says_which_and_is_kept_by_nobody() {
        let part = Part { content_type: "video/mp4", body: vec![7; 100], from: 200, total: 1000 };
        let response = respond(Ok(part));
        assert_eq!(response.status(), 206);
        assert_eq!(response.headers()[header::CONTENT_RANGE], "bytes 200-299/1000");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    }

    #[test]
    fn a_problem_is_a_code_and_a_sentence() {
        let response = respond::<Picture>(Err(Problem::Missing));
        assert_eq!(response.status(), 404);
        assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        let body: serde_json::Value = serde_json::from_slice(response.body()).expect("JSON");
        assert_eq!(body["code"], "missing");
        assert_eq!(body["message"], Problem::Missing.to_string());
    }
}
