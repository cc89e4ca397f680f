//! The window's side: `media://localhost/<path>` to a wish, and what came of it to a response.

use http::{Response, StatusCode, header};

use super::{Picture, Wanted, problem::Problem};

/// What a path asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    Picture(Wanted),
    /// The clear picture of a medium that was revealed, by the token of the reveal.
    Revealed(String),
}

/// # Errors
/// `BadRequest` for a path that names no picture.
pub fn parse(path: &str) -> Result<Asked, Problem> {
    if let Some(token) = path.strip_prefix("/revealed/") {
        let plain = !token.is_empty()
            && token.len() <= 100
            && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        return if plain { Ok(Asked::Revealed(token.to_owned())) } else { Err(Problem::BadRequest) };
    }
    Wanted::parse(path).map(Asked::Picture).ok_or(Problem::BadRequest)
}

/// The picture, or the problem as JSON `{code, message}`, which the window fetches once more to say why.
pub fn respond(outcome: Result<Picture, Problem>) -> Response<Vec<u8>> {
    let (status, content_type, keep, body) = match outcome {
        Ok(Picture { content_type, body, fleeting }) => {
            let keep = if fleeting { "no-store" } else { "private, max-age=3600" };
            (StatusCode::OK, content_type, keep, body)
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
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::MediaId;

    #[test]
    fn paths_are_wishes_or_refused() {
        assert_eq!(parse("/photo/7"), Ok(Asked::Picture(Wanted::Photo(MediaId(7)))));
        assert_eq!(parse("/revealed/3f-A9"), Ok(Asked::Revealed("3f-A9".into())));
        for path in ["", "/", "/revealed/", "/revealed/a/b", "/revealed/%2e", "/photo/seven", "/../photo/7"] {
            assert_eq!(parse(path), Err(Problem::BadRequest), "{path}");
        }
    }

    #[test]
    fn what_came_of_unsafe_media_is_kept_by_nobody() {
        let picture = |fleeting| Picture { content_type: "image/jpeg", body: vec![1], fleeting };
        let keep = |response: &Response<Vec<u8>>| response.headers()[header::CACHE_CONTROL].clone();
        assert_eq!(keep(&respond(Ok(picture(true)))), "no-store");
        assert_eq!(keep(&respond(Ok(picture(false)))), "private, max-age=3600");
        assert_eq!(keep(&respond(Err(Problem::TooSlow))), "no-store");
    }

    #[test]
    fn a_problem_is_a_code_and_a_sentence() {
        let response = respond(Err(Problem::Missing));
        assert_eq!(response.status(), 404);
        assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        let body: serde_json::Value = serde_json::from_slice(response.body()).expect("JSON");
        assert_eq!(body["code"], "missing");
        assert_eq!(body["message"], Problem::Missing.to_string());
    }
}
