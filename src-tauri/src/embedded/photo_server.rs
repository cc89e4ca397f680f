//! Serves the sample pictures on this machine, with addresses like a photo CDN's.

use std::{sync::Arc, thread};

use axum::{
    Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use moka::future::Cache;
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;

use super::{
    drawing,
    sample::{Medium, World},
};
use crate::error::{Error, Result};

const CLOUD: &str = "sample";
const CACHE_BYTES: u64 = 48 * 1024 * 1024;
/// Nobody asks for more, and a picture that is drawn takes four bytes a pixel.
const WIDEST: u32 = 4096;

/// Where the sample pictures are, as the database holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Addresses {
    port: u16,
}

impl Addresses {
    pub(super) fn at(port: u16) -> Self {
        Self { port }
    }

    /// # Errors
    /// `Unavailable` when the listener does not know its own address.
    pub(super) fn of(listener: &TcpListener) -> Result<Self> {
        Ok(Self::at(listener.local_addr().map_err(refused)?.port()))
    }

    pub(super) fn port(self) -> u16 {
        self.port
    }

    /// What all addresses begin with.
    pub(super) fn base(self) -> String {
        format!("http://127.0.0.1:{}/{CLOUD}/", self.port)
    }

    pub(super) fn medium(self, medium: &Medium) -> String {
        let base = self.base();
        match medium.seconds {
            Some(_) => format!("{base}video/upload/v1/{}.mp4", medium.id),
            None => format!("{base}image/upload/v1/{}.jpg", medium.id),
        }
    }

    pub(super) fn thumbnail(self, medium: &Medium) -> String {
        let kind = if medium.seconds.is_some() { "video" } else { "image" };
        format!("{}{kind}/upload/w_320,c_limit/v1/{}.jpg", self.base(), medium.id)
    }

    pub(super) fn user(self, user: usize) -> String {
        format!("{}image/upload/v1/user-{user}.jpg", self.base())
    }
}

/// Listens where it did the last time, or, where that port is taken now, on another.
///
/// # Errors
/// `Unavailable` when no port of this machine can be had.
pub(super) async fn listen(last_port: Option<u16>) -> Result<TcpListener> {
    if let Some(port) = last_port
        && let Ok(listener) = TcpListener::bind(("127.0.0.1", port)).await
    {
        return Ok(listener);
    }
    TcpListener::bind("127.0.0.1:0").await.map_err(refused)
}

/// Serves the pictures of the world that a seed makes, until `stop`; those under way are not worth waiting for.
///
/// # Errors
/// `Unavailable` when the port is lost.
pub(super) async fn serve(listener: TcpListener, seed: u64, stop: CancellationToken) -> Result<()> {
    let app = routes(Arc::new(World::new(seed)));
    tokio::select! {
        served = axum::serve(listener, app).into_future() => served.map_err(refused),
        () = stop.cancelled() => Ok(()),
    }
}

fn refused(error: std::io::Error) -> Error {
    Error::unavailable(format!("The sample photos can't be served from this machine: {error}."), error)
}

#[derive(Clone)]
struct Gallery {
    world: Arc<World>,
    /// A drawing takes a core and tens of megabytes.
    drawing: Arc<Semaphore>,
    drawn: Cache<Picture, Arc<Vec<u8>>>,
}

/// What was asked for, and the key under which it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Picture {
    subject: Subject,
    at_most: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Subject {
    Medium(usize),
    User(usize),
}

fn routes(world: Arc<World>) -> Router {
    let drawn = Cache::builder()
        .weigher(|_, body: &Arc<Vec<u8>>| u32::try_from(body.len()).unwrap_or(u32::MAX))
        .max_capacity(CACHE_BYTES)
        .build();
    let drawing = Arc::new(Semaphore::new(thread::available_parallelism().map_or(1, usize::from)));
    Router::new().route("/{cloud}/{kind}/upload/{*rest}", get(picture)).with_state(Gallery { world, drawing, drawn })
}

async fn picture(State(gallery): State<Gallery>, Path((cloud, _, rest)): Path<(String, String, String)>) -> Response {
    let Some(wanted) = Picture::parse(&rest).filter(|_| cloud == CLOUD) else {
        return (StatusCode::NOT_FOUND, "There is no such sample picture. Of videos there are stills only.")
            .into_response();
    };
    match gallery.picture(wanted).await {
        Some(body) => ([(header::CONTENT_TYPE, "image/jpeg")], body.as_ref().clone()).into_response(),
        None => (StatusCode::NOT_FOUND, "There is no such sample picture.").into_response(),
    }
}

impl Gallery {
    async fn picture(&self, wanted: Picture) -> Option<Arc<Vec<u8>>> {
        let world = Arc::clone(&self.world);
        let turn = Arc::clone(&self.drawing).acquire_owned();
        let draw = async move {
            let turn = turn.await.ok()?;
            let drawing = tokio::task::spawn_blocking(move || {
                let _turn = turn;
                match wanted.subject {
                    Subject::Medium(id) => drawing::photo(&world, id, wanted.at_most),
                    Subject::User(id) => drawing::portrait(&world, id, wanted.at_most),
                }
            });
            drawing.await.ok().flatten().map(Arc::new)
        };
        self.drawn.optionally_get_with(wanted, draw).await
    }
}

impl Picture {
    /// `v1/12.jpg`, `w_320,c_limit/v1/user-3.jpg`
    fn parse(rest: &str) -> Option<Self> {
        let (file, before) = match rest.split('/').collect::<Vec<_>>().as_slice() {
            ["v1", file] => (*file, None),
            [transformation, "v1", file] => (*file, Some(*transformation)),
            _ => return None,
        };
        let at_most = match before {
            Some(transformation) => Some(width(transformation)?),
            None => None,
        };
        let name = file.strip_suffix(".jpg")?;
        let subject = match name.strip_prefix("user-") {
            Some(user) => Subject::User(user.parse().ok()?),
            None => Subject::Medium(name.parse().ok()?),
        };
        Some(Self { subject, at_most })
    }
}

/// Of `w_320,c_limit`, in any order and with other wishes, which are not granted.
fn width(transformation: &str) -> Option<u32> {
    transformation
        .split(',')
        .find_map(|wish| wish.strip_prefix("w_"))?
        .parse()
        .ok()
        .filter(|width| (1..=WIDEST).contains(width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_a_medium_or_a_user_and_a_width() {
        let medium = Subject::Medium(12);
        assert_eq!(Picture::parse("v1/12.jpg"), Some(Picture { subject: medium, at_most: None }));
        assert_eq!(Picture::parse("w_320,c_limit/v1/12.jpg"), Some(Picture { subject: medium, at_most: Some(320) }));
        assert_eq!(
            Picture::parse("c_limit,w_64/v1/user-3.jpg"),
            Some(Picture { subject: Subject::User(3), at_most: Some(64) })
        );
        for wrong in ["v1/12.mp4", "v1/x.jpg", "12.jpg", "w_0/v1/12.jpg", "w_99999/v1/12.jpg", "c_fill/v1/12.jpg", ""] {
            assert_eq!(Picture::parse(wrong), None, "{wrong}");
        }
    }
}
