//! Bytes from a photo server that may be slow, broken or malicious: every wait and every size has a bound.

use std::{error::Error as StdError, ops::ControlFlow, pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use reqwest::{Client, Response, StatusCode, header, redirect};
use tokio::{
    sync::{AcquireError, Semaphore, SemaphorePermit},
    time::{Instant, sleep, timeout, timeout_at},
};
use url::Url;

use super::{
    Part, decode,
    guard::{Guard, Refusal},
    problem::Problem,
    resolve::{Inward, Machine, PublicOnly},
    video,
};
use crate::{config, error::Error};

#[derive(Debug, Clone)]
pub(super) struct Limits {
    pub(super) connect: Duration,
    /// From the first request to the last byte, over all redirects.
    pub(super) total: Duration,
    /// A body that brings less than `least` bytes in `window` is given up.
    pub(super) window: Duration,
    pub(super) least: usize,
    /// Bytes of a body.
    pub(super) body: usize,
    pub(super) redirects: usize,
    /// Fetches at a time.
    pub(super) at_once: usize,
    /// A fetch that takes longer goes on beside those.
    pub(super) brisk: Duration,
    /// How many go on beside them.
    pub(super) beside: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            total: Duration::from_secs(15),
            window: Duration::from_secs(2),
            least: 4 << 10,
            body: 32 << 20,
            redirects: 5,
            at_once: 8,
            brisk: Duration::from_millis(500),
            beside: 32,
        }
    }
}

#[derive(Debug)]
pub(super) struct Fetcher {
    client: Client,
    guard: Guard,
    limits: Limits,
    turns: Semaphore,
    /// Places for those that take long: they wait for each other, and nobody else for them.
    beside: Semaphore,
}

/// What came of a body.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) bytes: Arc<Vec<u8>>,
    /// False when the reader had seen enough before the end.
    pub(super) whole: bool,
}

impl Fetcher {
    pub(super) fn new(config: &config::Media, limits: Limits) -> Result<Self, Error> {
        let client = Client::builder()
            .user_agent(concat!("kaleidoscope-console/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(limits.connect)
            .redirect(redirect::Policy::none())
            .dns_resolver(Arc::new(PublicOnly(Machine)))
            // A proxy would resolve names by itself, behind the back of the resolver that checks them.
            .no_proxy()
            .referer(false)
            .build()
            .map_err(|error| Error::internal("Fetching pictures could not be set up.", error))?;
        let turns = Semaphore::new(limits.at_once);
        let beside = Semaphore::new(limits.beside);
        Ok(Self { client, guard: Guard::new(config), limits, turns, beside })
    }

    /// The whole body, which begins like a picture.
    pub(super) async fn whole(&self, address: &str) -> Result<Arc<Vec<u8>>, Problem> {
        let body = self.read(address, |_| ControlFlow::Continue(())).await?;
        Ok(body.bytes)
    }

    /// The body until `seen` breaks off, which is shown all that has arrived whenever that has doubled.
    pub(super) async fn read(
        &self,
        address: &str,
        seen: impl FnMut(&[u8]) -> ControlFlow<()> + Send,
    ) -> Result<Body, Problem> {
        let url = self.guard.admit(address).map_err(Problem::Refused)?;
        self.in_turn(async {
            let response = self.open(url, None).await?;
            self.receive(response, seen).await
        })
        .await
    }

    /// The part of a video that begins at this byte.
    pub(super) async fn part(&self, address: &str, from: u64) -> Result<Part, Problem> {
        let url = self.guard.admit(address).map_err(Problem::Refused)?;
        self.in_turn(async {
            let response = self.open(url, Some(from)).await?;
            let total = video::total(response.headers().get(header::CONTENT_RANGE), from)?;
            let body = self.receive_part(response).await?;
            let content_type = if from == 0 { video::sniff(&body)? } else { "application/octet-stream" };
            Ok(Part { content_type, body, from, total })
        })
        .await
    }

    async fn in_turn<T>(&self, fetch: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
        let Ok(turn) = self.turns.acquire().await else { return Err(Problem::Unreachable) };
        let mut fetch = pin!(timeout(self.limits.total, fetch));
        let fetched = tokio::select! {
            biased;
            fetched = &mut fetch => fetched,
            _place = self.place_beside() => {
                drop(turn);
                fetch.await
            }
        };
        fetched.unwrap_or(Err(Problem::TooSlow))
    }

    /// For a fetch that has taken long already, once there is one.
    async fn place_beside(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        sleep(self.limits.brisk).await;
        self.beside.acquire().await
    }

    /// The response at the end of the redirects, of all of it or of a video's part that begins at this byte.
    async fn open(&self, mut url: Url, from: Option<u64>) -> Result<Response, Problem> {
        for hop in 0..=self.limits.redirects {
            let mut request = self.client.get(url.clone());
            if let Some(from) = from {
                request = request.header(header::RANGE, video::range(from));
            }
            let response = request.send().await.map_err(|error| unanswered(&error, hop > 0))?;
            match (response.status(), from) {
                (StatusCode::OK, None) | (StatusCode::PARTIAL_CONTENT, Some(_)) => return Ok(response),
                (StatusCode::OK, Some(_)) => {
                    return Err(Problem::NoVideo(
                        "The photo server sends this video only as a whole, so it can't be played here.",
                    ));
                }
                (status, _) if status.is_redirection() => url = self.next_hop(&url, &response)?,
                (StatusCode::NOT_FOUND | StatusCode::GONE, _) => return Err(Problem::Missing),
                (status, _) if status.is_client_error() => return Err(Problem::Denied(status.as_u16())),
                (status, _) => return Err(Problem::ServerError(status.as_u16())),
            }
        }
        Err(Problem::RedirectLoop)
    }

    fn next_hop(&self, from: &Url, response: &Response) -> Result<Url, Problem> {
        let location = response.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
        let Some(location) = location else { return Err(Problem::ServerError(response.status().as_u16())) };
        self.guard.admit_redirect(from, location).map_err(Problem::RedirectRefused)
    }

    async fn receive(
        &self,
        mut response: Response,
        mut seen: impl FnMut(&[u8]) -> ControlFlow<()> + Send,
    ) -> Result<Body, Problem> {
        let too_large = Problem::TooLarge { limit: self.limits.body };
        if response.content_length().is_some_and(|length| length > self.limits.body as u64) {
            return Err(too_large);
        }
        let mut bytes = Vec::new();
        let mut show_at = decode::MAGIC;
        let mut window = Window::new(&self.limits);
        while let Some(chunk) = window.next(&mut response).await? {
            if bytes.len() + chunk.len() > self.limits.body {
                return Err(too_large);
            }
            let first = bytes.len() < decode::MAGIC;
            bytes.extend_from_slice(&chunk);
            if first && bytes.len() >= decode::MAGIC {
                decode::sniff(&bytes)?;
            }
            if bytes.len() >= show_at {
                if seen(&bytes).is_break() {
                    return Ok(Body { bytes: Arc::new(bytes), whole: false });
                }
                show_at = bytes.len() * 2;
            }
        }
        if bytes.is_empty() {
            return Err(Problem::Empty);
        }
        decode::sniff(&bytes)?;
        bytes.shrink_to_fit();
        Ok(Body { bytes: Arc::new(bytes), whole: true })
    }

    async fn receive_part(&self, mut response: Response) -> Result<Vec<u8>, Problem> {
        let mut bytes = Vec::new();
        let mut window = Window::new(&self.limits);
        while let Some(chunk) = window.next(&mut response).await? {
            if bytes.len() + chunk.len() > video::PART {
                return Err(Problem::TooLarge { limit: video::PART });
            }
            bytes.extend_from_slice(&chunk);
        }
        if bytes.is_empty() { Err(Problem::Empty) } else { Ok(bytes) }
    }
}

/// Watches that a body keeps coming.
struct Window<'a> {
    limits: &'a Limits,
    ends: Instant,
    arrived: usize,
}

impl<'a> Window<'a> {
    fn new(limits: &'a Limits) -> Self {
        Self { limits, ends: Instant::now() + limits.window, arrived: 0 }
    }

    async fn next(&mut self, response: &mut Response) -> Result<Option<Bytes>, Problem> {
        loop {
            match timeout_at(self.ends, response.chunk()).await {
                Ok(Ok(Some(chunk))) => {
                    // A drip may have its next drop ready whenever we look, so that the timeout alone is not enough.
                    self.arrived += chunk.len();
                    self.turn_over()?;
                    return Ok(Some(chunk));
                }
                Ok(Ok(None)) => return Ok(None),
                Ok(Err(_)) => return Err(Problem::Interrupted),
                Err(_) => self.turn_over()?,
            }
        }
    }

    fn turn_over(&mut self) -> Result<(), Problem> {
        let now = Instant::now();
        if now < self.ends {
            return Ok(());
        }
        if self.arrived < self.limits.least {
            return Err(Problem::TooSlow);
        }
        self.ends = now + self.limits.window;
        self.arrived = 0;
        Ok(())
    }
}

/// No response: the name leads inward, or nothing answers.
fn unanswered(error: &reqwest::Error, redirected: bool) -> Problem {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(Inward(name)) = cause.downcast_ref() {
            let refusal = Refusal::Inward(name.clone());
            return if redirected { Problem::RedirectRefused(refusal) } else { Problem::Refused(refusal) };
        }
        source = cause.source();
    }
    Problem::Unreachable
}

#[cfg(test)]
mod tests;
