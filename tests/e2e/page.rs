//! Pages of the window, and photos to show in them.

use std::{collections::HashMap, sync::Arc};

use axum::{Router, extract::Path, http::header, routing::get};
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

/// A photo library of files by name, on loopback, for as long as the test's runtime lives.
pub async fn serve(files: HashMap<String, Vec<u8>>) -> u16 {
    let files = Arc::new(files);
    let answer = move |Path(name): Path<String>| {
        let file = files.get(&name).cloned();
        async move {
            file.map(|bytes| ([(header::CONTENT_TYPE, "image/jpeg")], bytes)).ok_or(axum::http::StatusCode::NOT_FOUND)
        }
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
    let port = listener.local_addr().expect("it has an address").port();
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/{name}", get(answer))).await });
    port
}

/// Where an element stands in the pixels of the page.
pub async fn place(window: &Window, css: &str) -> Rect {
    let script = "
        const { x, y, width, height } = document.querySelector(arguments[0]).getBoundingClientRect();
        const ratio = window.devicePixelRatio;
        return { x: x * ratio, y: y * ratio, width: width * ratio, height: height * ratio }";
    serde_json::from_value(window.script(script, &[json!(css)]).await).expect("four numbers")
}
