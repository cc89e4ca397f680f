//! Pages of the window, and photos to show in them.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use serde::Deserialize;
use serde_json::json;

use crate::window::Window;

/// A rectangle in pixels: of the upright picture, or of the page.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Rect {
    pub fn right(self) -> f64 {
        self.x + self.width
    }

    pub fn bottom(self) -> f64 {
        self.y + self.height
    }

    /// How far the edge that is farthest off is off.
    pub fn off_by(self, other: Self) -> f64 {
        [self.x - other.x, self.y - other.y, self.right() - other.right(), self.bottom() - other.bottom()]
            .into_iter()
            .map(f64::abs)
            .fold(0.0, f64::max)
    }
}

/// A photo library of files by name, on loopback, for as long as the test's runtime lives. Of a file from which on a part
/// is asked for it gives all the rest.
pub async fn serve(files: HashMap<String, Vec<u8>>) -> u16 {
    let files = Arc::new(files);
    let answer = move |Path(name): Path<String>, headers: HeaderMap| {
        let file = files.get(&name).cloned();
        async move {
            let bytes = file.ok_or(StatusCode::NOT_FOUND)?;
            let Some(from) = first_wanted(&headers) else {
                return Ok(([(header::CONTENT_TYPE, "image/jpeg")], bytes).into_response());
            };
            let total = bytes.len();
            let rest = bytes.get(from..).ok_or(StatusCode::RANGE_NOT_SATISFIABLE)?.to_vec();
            let range = format!("bytes {from}-{}/{total}", total - 1);
            Ok::<_, StatusCode>((StatusCode::PARTIAL_CONTENT, [(header::CONTENT_RANGE, range)], rest).into_response())
        }
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
    let port = listener.local_addr().expect("it has an address").port();
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/{name}", get(answer))).await });
    port
}

/// Of `Range: bytes=FIRST-LAST`.
fn first_wanted(headers: &HeaderMap) -> Option<usize> {
    let range = headers.get(header::RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes=")?.split_once('-')?.0.parse().ok()
}

/// Where an element stands in the pixels of the page.
pub async fn place(window: &Window, css: &str) -> Rect {
    let script = "
        const { x, y, width, height } = document.querySelector(arguments[0]).getBoundingClientRect();
        const ratio = window.devicePixelRatio;
        return { x: x * ratio, y: y * ratio, width: width * ratio, height: height * ratio }";
    serde_json::from_value(window.script(script, &[json!(css)]).await).expect("four numbers")
}
