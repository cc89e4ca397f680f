//! One picture, from the row to the bytes: what is kept where, and how much happens at a time.

use std::{
    fmt::{self, Debug, Formatter},
    hash::Hash,
    ops::ControlFlow,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use moka::{Expiry, future::Cache, policy::EvictionPolicy};
use sqlx::PgPool;
use tokio::{sync::Semaphore, task};

use super::{
    Exposure, Part, Picture, Region, Size, Wanted,
    cache::Disk,
    crop, decode, derivative,
    fetch::{Fetcher, Limits},
    fingerprint::Fingerprint,
    problem::Problem,
    queries::{self, Subject, Video},
    render::{self, THUMBNAIL, View},
};
use crate::{config, db::MediaId, error::Result};

const PHOTO: u32 = 1600;
const SQUARE: u32 = 256;
/// The longer side of what the AI service gets of a face.
const FACE: u32 = 512;
/// The widths that are asked of a host that makes smaller versions. Few, because each is kept there too.
const WIDTHS: [u32; 4] = [THUMBNAIL, 800, PHOTO, 3200];
/// A crop may be enlarged by the inverse of this before a larger version is fetched for it.
const SHARP_ENOUGH: f64 = 0.75;

/// Bytes of fetched pictures: enough that a photo, its size and its crops share one fetch.
const SOURCES: u64 = 32 << 20;
/// Bytes of pictures made.
const MADE: u64 = 32 << 20;
const SIZES: u64 = 10_000;
const FINGERPRINTS: u64 = 10_000;
const SOURCE_KEPT: Duration = Duration::from_mins(2);
const MADE_KEPT: Duration = Duration::from_hours(1);
/// Long enough that the window can ask for the reason after an image did not load, short enough to try again.
const PROBLEM_KEPT: Duration = Duration::from_secs(30);

/// The pictures of the platform. Cheap to clone.
#[derive(Clone)]
pub struct Pictures(Arc<Inner>);

struct Inner {
    fetcher: Fetcher,
    disk: Arc<Disk>,
    /// Decoding takes a core and much memory. One core is left to the window, which draws while pictures come.
    decoding: Arc<Semaphore>,
    sources: Cache<String, Outcome<Arc<Vec<u8>>>>,
    sizes: Cache<String, Outcome<Size>>,
    made: Cache<Key, Outcome<Arc<Vec<u8>>>>,
    fingerprints: Cache<String, Outcome<Fingerprint>>,
}

type Outcome<T> = Result<T, Problem>;

/// A picture made: the address of its original, what of it, and how much is to be seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    address: String,
    variant: Variant,
    exposure: Exposure,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Variant {
    Thumbnail,
    Photo,
    Crop([i32; 4]),
    Square,
}

impl Pictures {
    /// `cache_dir` is taken where the settings name none.
    ///
    /// # Errors
    /// `Internal` when this machine can't do TLS.
    pub fn new(config: &config::Media, cache_dir: &Path) -> Result<Self> {
        Self::with_limits(config, cache_dir, Limits::default())
    }

    pub(super) fn with_limits(config: &config::Media, cache_dir: &Path, limits: Limits) -> Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let folder = config.cache_dir.as_deref().unwrap_or(cache_dir);
        Ok(Self(Arc::new(Inner {
            fetcher: Fetcher::new(config, limits)?,
            disk: Arc::new(Disk::new(folder, config.cache_megabytes)),
            decoding: Arc::new(Semaphore::new(cores.saturating_sub(1).max(1))),
            sources: kept(SOURCES, SOURCE_KEPT, |bytes: &Arc<Vec<u8>>| bytes.len()),
            sizes: kept(SIZES, MADE_KEPT, |_| 1),
            made: kept(MADE, MADE_KEPT, |bytes: &Arc<Vec<u8>>| bytes.len()),
            fingerprints: kept(FINGERPRINTS, MADE_KEPT, |_| 1),
        })))
    }

    /// A part of a photo in clear, no wider than 1600 pixels, or all of it; for the time of a reveal.
    ///
    /// # Errors
    /// Why there is no such picture, or none for this operator.
    pub async fn revealed(&self, db: &PgPool, media: MediaId, region: Option<Region>) -> Outcome<Picture> {
        let Some(region) = region else { return self.picture(db, &Wanted::Photo(media), Exposure::Clear).await };
        let Subject { address, hidden, .. } = queries::medium(db, media).await?;
        let bytes = self.0.no_narrower_than(f64::from(PHOTO) / region.width, &address).await?;
        let view = View::Region { part: region.into(), width: PHOTO };
        let shown = self.0.render(bytes, view, Exposure::Clear).await?;
        Ok(Picture { content_type: "image/jpeg", body: shown.to_vec(), fleeting: hidden })
    }

    /// # Errors
    /// Why there is no such picture, or none for this operator.
    pub async fn picture(&self, db: &PgPool, wanted: &Wanted, exposure: Exposure) -> Outcome<Picture> {
        let subject = queries::subject(db, *wanted).await.inspect_err(|problem| {
            // It may have been for this operator until now, and its address is not told any more.
            if matches!(problem, Problem::NotFound | Problem::NoPortrait) {
                let (disk, subject) = (Arc::clone(&self.0.disk), wanted.to_string());
                task::spawn_blocking(move || disk.forget_subject(&subject));
            }
        })?;
        self.picture_of(subject, *wanted, exposure).await
    }

    /// By which a photo is told from others, without showing it.
    ///
    /// # Errors
    /// Why there is no such picture, or none for this operator.
    pub async fn fingerprint(&self, db: &PgPool, media: MediaId) -> Outcome<Fingerprint> {
        let Subject { address, .. } = queries::medium(db, media).await?;
        self.0.fingerprints.get_with_by_ref(&address, self.0.take_fingerprint(&address)).await
    }

    /// The size of the upright original.
    ///
    /// # Errors
    /// Why it can't be told, or there is no such picture for this operator.
    pub async fn size(&self, db: &PgPool, media: MediaId) -> Outcome<Size> {
        let Subject { address, hidden, .. } = queries::medium(db, media).await?;
        self.0.size(&address, hidden).await
    }

    /// The part of a video that begins at this byte, as its host has it. No more than a megabyte, and nothing is kept of it.
    ///
    /// # Errors
    /// Why there is no such video, or none for this operator, or it can't be played.
    pub async fn video(&self, db: &PgPool, media: MediaId, from: u64) -> Outcome<Part> {
        let Video { address, hidden } = queries::video(db, media).await?;
        if hidden {
            return Err(Problem::NoVideo(
                "This video is flagged as unsafe. It is played in Safety, while it is revealed.",
            ));
        }
        self.0.fetcher.part(&address, from).await
    }

    /// As [`Pictures::video`], for the time of a reveal, whether it is flagged or not. `revealed`: the medium, and the region of it if
    /// that is not all: a part of a video can't be cut out here.
    ///
    /// # Errors
    /// Why there is no such video, or none for this operator, or it can't be played.
    pub async fn revealed_video(&self, db: &PgPool, revealed: (MediaId, Option<Region>), from: u64) -> Outcome<Part> {
        let (media, region) = revealed;
        if region.is_some() {
            return Err(Problem::NoVideo("A spotlight reveals a part of the preview. A video is played as a whole."));
        }
        self.0.fetcher.part(&queries::video(db, media).await?.address, from).await
    }

    /// A face for the AI service: the box `[x, y, width, height]`, which lies within the upright picture, and nothing around it, as
    /// a JPEG. In the picture's own resolution, unless a side is longer than 512 pixels.
    ///
    /// # Errors
    /// Why there is no such picture, or none for this operator.
    pub async fn face(&self, db: &PgPool, media: MediaId, stored_box: [i32; 4]) -> Outcome<Vec<u8>> {
        let Subject { address, hidden, .. } = queries::medium(db, media).await?;
        let picture = self.0.size(&address, hidden).await?;
        let [_, _, width, height] = stored_box.map(i32::unsigned_abs);
        let size = Size { width, height }.within(FACE, FACE);
        let view = View::Cut { part: crop::Part::boxed(stored_box, picture), size };
        let enough = f64::from(picture.width) * f64::from(size.width) / f64::from(width);
        let bytes = self.0.no_narrower_than(enough, &address).await?;
        Ok(self.0.render(bytes, view, Exposure::Clear).await?.to_vec())
    }

    /// Forgets all pictures, in memory and on disk: for when somebody leaves who may see more than whoever comes next.
    pub async fn clear(&self) {
        let inner = &self.0;
        inner.sources.invalidate_all();
        inner.sizes.invalidate_all();
        inner.fingerprints.invalidate_all();
        inner.made.invalidate_all();
        // Or they would only be let go of when next something is asked for.
        inner.sources.run_pending_tasks().await;
        inner.made.run_pending_tasks().await;
        let disk = Arc::clone(&inner.disk);
        if let Err(error) = task::spawn_blocking(move || disk.clear()).await {
            tracing::warn!(%error, "the pictures on disk were not all removed");
        }
    }

    async fn picture_of(&self, subject: Subject, wanted: Wanted, exposure: Exposure) -> Outcome<Picture> {
        let Subject { address, media, hidden, face } = subject;
        let variant = match wanted {
            Wanted::Thumbnail(_) => Variant::Thumbnail,
            Wanted::Photo(_) => Variant::Photo,
            Wanted::Crop(_) => Variant::Crop(crop::four_numbers(face.as_deref())?),
            Wanted::Enrolled(_) | Wanted::Portrait(_) => Variant::Square,
        };
        let exposure = if hidden { exposure } else { Exposure::Clear };
        let key = Key { address, variant, exposure };
        let inner = &self.0;
        let bytes = match (hidden, exposure) {
            (false, _) => {
                let medium = media.map(|id| Wanted::Photo(id).to_string());
                let mut subjects = vec![wanted.to_string()];
                subjects.extend(medium.filter(|medium| *medium != subjects[0]));
                // On the heap, or whoever waits for a picture would be large.
                inner.made.get_with_by_ref(&key, Box::pin(inner.through_disk(&key, subjects))).await?
            }
            (true, Exposure::Guarded(_)) => inner.made.get_with_by_ref(&key, inner.without_trace(&key)).await?,
            (true, Exposure::Clear) => inner.make(&key, hidden).await?,
        };
        Ok(Picture { content_type: "image/jpeg", body: bytes.to_vec(), fleeting: hidden })
    }
}

impl Inner {
    async fn through_disk(&self, key: &Key, subjects: Vec<String>) -> Outcome<Arc<Vec<u8>>> {
        let variant = key.variant.to_string();
        let on_disk = {
            let (disk, address, variant) = (Arc::clone(&self.disk), key.address.clone(), variant.clone());
            let subjects = subjects.clone();
            task::spawn_blocking(move || disk.read(&address, &variant).inspect(|_| disk.note(&address, &subjects)))
                .await
        };
        if let Ok(Some(bytes)) = on_disk {
            return Ok(Arc::new(bytes));
        }
        let bytes = self.make(key, false).await?;
        let (disk, address, made) = (Arc::clone(&self.disk), key.address.clone(), Arc::clone(&bytes));
        // Nobody waits for it.
        task::spawn_blocking(move || disk.write(&address, &variant, &made, &subjects));
        Ok(bytes)
    }

    async fn without_trace(&self, key: &Key) -> Outcome<Arc<Vec<u8>>> {
        let (disk, address) = (Arc::clone(&self.disk), key.address.clone());
        // It may have been safe until now.
        task::spawn_blocking(move || disk.forget(&address));
        self.make(key, true).await
    }

    /// `hidden`: nothing of it is kept on disk.
    async fn make(&self, key: &Key, hidden: bool) -> Outcome<Arc<Vec<u8>>> {
        let (view, width) = match key.variant {
            Variant::Thumbnail => (View::Whole { width: THUMBNAIL }, THUMBNAIL.into()),
            Variant::Photo => (View::Whole { width: PHOTO }, PHOTO.into()),
            Variant::Square => (View::Middle { side: SQUARE }, THUMBNAIL.into()),
            Variant::Crop(face) => {
                let part = crop::Part::around(face, self.size(&key.address, hidden).await?)?;
                (View::Part { part, side: SQUARE }, f64::from(SQUARE) / part.width * SHARP_ENOUGH)
            }
        };
        // What will be blurred need not be sharp.
        let width = if matches!(key.exposure, Exposure::Guarded(_)) { THUMBNAIL.into() } else { width };
        let bytes = self.no_narrower_than(width, &key.address).await?;
        self.render(bytes, view, key.exposure).await
    }

    /// The smallest version that is offered in this width or more.
    async fn no_narrower_than(&self, width: f64, address: &str) -> Outcome<Arc<Vec<u8>>> {
        let smallest = WIDTHS.into_iter().find(|&offered| f64::from(offered) >= width);
        match smallest {
            Some(width) => self.source(&derivative::no_wider_than(width, address)).await,
            None => self.source(address).await,
        }
    }

    async fn source(&self, address: &str) -> Outcome<Arc<Vec<u8>>> {
        self.sources.get_with_by_ref(address, self.fetcher.whole(address)).await
    }

    async fn render(&self, bytes: Arc<Vec<u8>>, view: View, exposure: Exposure) -> Outcome<Arc<Vec<u8>>> {
        self.decode(move || render::render(&bytes, view, exposure)).await.map(Arc::new)
    }

    async fn take_fingerprint(&self, address: &str) -> Outcome<Fingerprint> {
        let bytes = self.no_narrower_than(THUMBNAIL.into(), address).await?;
        self.decode(move || render::fingerprint(&bytes)).await
    }

    async fn decode<T: Send + 'static>(&self, work: impl FnOnce() -> Outcome<T> + Send + 'static) -> Outcome<T> {
        let Ok(turn) = Arc::clone(&self.decoding).acquire_owned().await else { return Err(Problem::Broken) };
        let decoded = task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        // The decoders have asserted on damaged files before; such a panic ends here, as a damaged picture.
        decoded.await.unwrap_or(Err(Problem::Broken))
    }

    async fn size(&self, address: &str, hidden: bool) -> Outcome<Size> {
        if hidden {
            return self.sizes.get_with_by_ref(address, self.read_size(address)).await;
        }
        self.sizes.get_with_by_ref(address, self.size_through_disk(address)).await
    }

    async fn size_through_disk(&self, address: &str) -> Outcome<Size> {
        let (disk, of) = (Arc::clone(&self.disk), address.to_owned());
        if let Ok(Some(size)) = task::spawn_blocking(move || disk.read_size(&of)).await {
            return Ok(size);
        }
        let size = self.read_size(address).await?;
        let (disk, of) = (Arc::clone(&self.disk), address.to_owned());
        // Nobody waits for it.
        task::spawn_blocking(move || disk.write_size(&of, size));
        Ok(size)
    }

    async fn read_size(&self, address: &str) -> Outcome<Size> {
        if let Some(fetched) = self.sources.get(address).await {
            return decode::whole_size(&fetched?);
        }
        let mut found = Ok(None);
        let body = self
            .fetcher
            .read(address, |start| {
                found = decode::upright_size(start);
                if matches!(found, Ok(None)) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })
            .await?;
        if body.whole {
            found = decode::whole_size(&body.bytes).map(Some);
            self.sources.insert(address.to_owned(), Ok(body.bytes)).await;
        }
        found?.ok_or(Problem::Broken)
    }
}

impl Debug for Pictures {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pictures").field("fetcher", &self.0.fetcher).field("disk", &self.0.disk).finish_non_exhaustive()
    }
}

/// Part of a file's name.
impl fmt::Display for Variant {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Thumbnail => f.write_str("thumbnail"),
            Self::Photo => f.write_str("photo"),
            Self::Crop([x, y, width, height]) => write!(f, "crop_{x}_{y}_{width}_{height}"),
            Self::Square => f.write_str("square"),
        }
    }
}

/// A memory of outcomes in which problems weigh little and are forgotten soon.
fn kept<K, T>(capacity: u64, lifetime: Duration, weigh: fn(&T) -> usize) -> Cache<K, Outcome<T>>
where
    K: Hash + Eq + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    Cache::builder()
        .max_capacity(capacity)
        // Whoever pages on does not come back to what was looked at most.
        .eviction_policy(EvictionPolicy::lru())
        .weigher(move |_, outcome: &Outcome<T>| u32::try_from(outcome.as_ref().map_or(1, weigh)).unwrap_or(u32::MAX))
        .expire_after(Lifetime(lifetime))
        .build()
}

struct Lifetime(Duration);

impl<K, T> Expiry<K, Outcome<T>> for Lifetime {
    fn expire_after_create(&self, _: &K, outcome: &Outcome<T>, _: Instant) -> Option<Duration> {
        Some(if outcome.is_ok() { self.0 } else { PROBLEM_KEPT })
    }
}

#[cfg(test)]
mod tests;
