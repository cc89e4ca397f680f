//! A photo server that does what it is told, and pictures to serve.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::sleep,
};

use crate::config;

pub(super) enum Step {
    Send(Vec<u8>),
    /// A few bytes at a time.
    Drip(Vec<u8>, Duration),
    /// These bytes again and again.
    Forever(Vec<u8>),
    Wait(Duration),
    /// Ends the connection with a reset instead of an end.
    Reset,
}

/// Serves on loopback until dropped.
pub(super) struct PhotoServer {
    port: u16,
    asked: Arc<AtomicUsize>,
    at_once: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

impl PhotoServer {
    pub(super) async fn start(script: impl Fn(&str) -> Vec<Step> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let script = Arc::new(script);
        let (asked, at_once, now) = <(Arc<AtomicUsize>, Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
        let (asked_of, at_once_of) = (Arc::clone(&asked), Arc::clone(&at_once));
        let serving = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (script, asked, at_once, now) =
                    (Arc::clone(&script), Arc::clone(&asked), Arc::clone(&at_once), Arc::clone(&now));
                tokio::spawn(async move {
                    let path = read_path(&mut stream).await;
                    asked.fetch_add(1, Ordering::SeqCst);
                    at_once.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    perform(stream, script(&path)).await;
                    now.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { port, asked: asked_of, at_once: at_once_of, serving }
    }

    pub(super) fn address(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(super) fn config(&self) -> config::Media {
        config::Media { loopback_ports: vec![self.port], ..config::Media::default() }
    }

    /// Requests so far.
    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Most requests that were being answered at the same time.
    pub(super) fn most_at_once(&self) -> usize {
        self.at_once.load(Ordering::SeqCst)
    }
}

impl Drop for PhotoServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn read_path(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => request.push(byte),
            Err(_) => break,
        }
    }
    let request = String::from_utf8_lossy(&request);
    request.split(' ').nth(1).unwrap_or_default().to_owned()
}

async fn perform(mut stream: TcpStream, steps: Vec<Step>) {
    for step in steps {
        let done = match step {
            Step::Send(bytes) => stream.write_all(&bytes).await,
            Step::Drip(bytes, pause) => drip(&mut stream, &bytes, pause).await,
            Step::Forever(bytes) => loop {
                if let Err(error) = stream.write_all(&bytes).await {
                    break Err(error);
                }
            },
            Step::Wait(pause) => {
                sleep(pause).await;
                Ok(())
            }
            Step::Reset => {
                stream.set_zero_linger().expect("set");
                return;
            }
        };
        if done.is_err() {
            return;
        }
    }
}

async fn drip(stream: &mut TcpStream, bytes: &[u8], pause: Duration) -> std::io::Result<()> {
    for drop in bytes.chunks(64) {
        stream.write_all(drop).await?;
        sleep(pause).await;
    }
    Ok(())
}

/// A response's head; the connection ends with the response.
pub(super) fn head(status: &str, headers: &str) -> Step {
    Step::Send(format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n").into_bytes())
}

/// An ordinary answer.
pub(super) fn ok(body: &[u8]) -> Vec<Step> {
    vec![head("200 OK", &format!("Content-Length: {}\r\n", body.len())), Step::Send(body.to_vec())]
}

/// Something to see: red grows to the right, green downwards, a blue corner at the top left.
pub(super) fn scene(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let part = |at: u32, of: u32| u8::try_from(at * 255 / of).expect("below 256");
        let corner = x < width / 4 && y < height / 4;
        Rgb([part(x, width), part(y, height), if corner { 255 } else { 0 }])
    })
}

pub(super) fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).expect("encoded");
    bytes.into_inner()
}

pub(super) fn jpeg(width: u32, height: u32) -> Vec<u8> {
    encoded(scene(width, height), ImageFormat::Jpeg)
}

/// The JPEG with an EXIF segment that says how it is to be turned.
pub(super) fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    let length = u16::try_from(exif.len() + 2).expect("short").to_be_bytes();
    [&[0xff, 0xd8, 0xff, 0xe1], &length[..], &exif, &jpeg[2..]].concat()
}

/// The JPEG with an ICC profile, in as many segments as it takes.
pub(super) fn with_profile(jpeg: &[u8], profile: &[u8]) -> Vec<u8> {
    let mut bytes = jpeg[..2].to_vec();
    let parts: Vec<_> = profile.chunks(65_000).collect();
    for (number, part) in (1..).zip(&parts) {
        let length = u16::try_from(part.len() + 16).expect("short").to_be_bytes();
        let count = u8::try_from(parts.len()).expect("few");
        bytes.extend([&[0xff, 0xe2], &length[..], b"ICC_PROFILE\0", &[number, count], part].concat());
    }
    bytes.extend(&jpeg[2..]);
    bytes
}
