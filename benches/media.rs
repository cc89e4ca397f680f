//! How quick pictures are, and what they take: `scripts/bench media` runs it.
//!
//! `DATABASE_URL` names an empty database, as its superuser; `PHOTOS` a folder of photographs, which are scaled to the sizes that
//! cameras make; `SCRATCH` where these are written. `vipsthumbnail` is measured beside.

mod figure;
mod operator;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use axum::{Router, extract::State, routing::get};
use image::{DynamicImage, ImageFormat, RgbImage, imageops::FilterType};
use kaleidoscope_console::{
    config,
    db::{MIGRATOR, MediaId},
    media::{Exposure, Pictures, Size, Wanted, scheme, thumbnail},
};
use sqlx::PgPool;
use turbojpeg::{Compressor, Decompressor, PixelFormat, ScalingFactor, Subsamp};

use self::{
    figure::{Bar, figure, median, p95},
    operator::admin,
};

const ROUNDS: usize = 7;
/// Files in a round, and that a process of the peer gets
const FILES: u8 = 10;
/// How often a round goes through them: what takes a tenth of a second is measured along with whatever else the machine does.
const TURNS: u8 = 6;
/// Of what cameras write
const QUALITY: i32 = 90;
const THUMBNAIL: u32 = 320;
const MEDIA: u16 = 300;
/// Names a file to a process of this program that shows it once and says what that took.
const SHOWS: &str = "KALEIDOSCOPE_BENCH_SHOWS";

struct Photo {
    path: PathBuf,
    bytes: Vec<u8>,
}

#[tokio::main]
async fn main() {
    if let Some(file) = std::env::var_os(SHOWS) {
        return say_peak(Path::new(&file));
    }
    let scratch = PathBuf::from(std::env::var_os("SCRATCH").expect("SCRATCH is not set: run scripts/bench media"));
    let photographs = photographs();
    let mut short = false;
    for (name, size) in [("12mp", Size { width: 4000, height: 3000 }), ("3mp", Size { width: 2048, height: 1536 })] {
        let photos = scaled(&photographs, size, &scratch.join(name));
        short |= rates(name, size, &photos, &scratch);
        if name == "3mp" {
            short |= answers(&photos[0].bytes).await;
        }
    }
    short |= memory(&photographs[0], &scratch);
    std::process::exit(i32::from(short));
}

fn photographs() -> Vec<RgbImage> {
    let folder = std::env::var_os("PHOTOS").expect("PHOTOS is not set: run scripts/bench media");
    let mut paths: Vec<_> = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    // The same scene in eight orientations is one photograph.
    let is_other = |path: &PathBuf| !path.to_string_lossy().contains("exif_") || path.to_string_lossy().contains("_1.");
    let decoded = paths.iter().filter(|path| is_other(path)).filter_map(|path| image::open(path).ok());
    decoded.map(DynamicImage::into_rgb8).collect()
}

/// As many photos of this size as a round takes, on disk and in memory.
fn scaled(photographs: &[RgbImage], size: Size, folder: &Path) -> Vec<Photo> {
    fs::create_dir_all(folder).expect("a folder");
    let all = photographs.iter().cycle().take(usize::from(FILES)).enumerate();
    all.map(|(number, photograph)| {
        let image = image::imageops::resize(photograph, size.width, size.height, FilterType::CatmullRom);
        let bytes = jpeg(&image, false);
        let path = folder.join(format!("{number}.jpg"));
        fs::write(&path, &bytes).expect("written");
        Photo { path, bytes }
    })
    .collect()
}

fn jpeg(image: &RgbImage, progressive: bool) -> Vec<u8> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let format = PixelFormat::RGB;
    let mut compressor = Compressor::new().expect("a compressor");
    compressor.set_quality(QUALITY).expect("a quality");
    compressor.set_subsamp(Subsamp::Sub2x2).expect("subsampled as by cameras");
    compressor.set_progressive(progressive).expect("either");
    let image = turbojpeg::Image { pixels: &image.as_raw()[..], width, pitch: width * 3, height, format };
    compressor.compress_to_vec(image).expect("a JPEG")
}

/// Thumbnails on one core beside the peer and beside the decoding alone, on all cores, and blurred.
fn rates(name: &str, size: Size, photos: &[Photo], scratch: &Path) -> bool {
    let out = scratch.join("peer");
    fs::create_dir_all(&out).expect("a folder");
    let mut times: [Vec<Duration>; 6] = Default::default();
    for round in 0..=ROUNDS {
        let all = [
            timed(|| show(photos, Exposure::Clear)),
            on_two_cores(|| show(photos, Exposure::Clear)),
            timed(|| show(photos, Exposure::GUARDED)),
            timed(|| decode(photos, size)),
            on_two_cores(|| decode(photos, size)),
            timed(|| peer_shows(photos, &out)),
        ];
        // The first finds nothing warm.
        if round > 0 {
            times.iter_mut().zip(all).for_each(|(times, time)| times.push(time));
        }
    }
    let rate = |time: Duration| f64::from(FILES) / time.as_secs_f64();
    let [clear, pair, guarded, limit, limit_pair, peer] = times.map(|mut times| rate(median(&mut times)));
    let mut short = false;
    let mut say = |what: &str, value: f64, bar: Bar, note: &str| {
        let note = format!("{note}; medians of {ROUNDS} rounds of {FILES} files, {TURNS} times");
        short |= figure(&format!("media_{name}_{what}"), value, "times", bar, &note);
    };
    let own = format!("{clear:.1}/s");
    say("beside_vipsthumbnail", clear / peer, Bar::AtLeast(1.4), &format!("{own}, vipsthumbnail {peer:.1}/s"));
    say("beside_decoding", clear / limit, Bar::AtLeast(0.8), &format!("{own}, decoding alone {limit:.1}/s"));
    let decoding = limit_pair * 2.0 / limit;
    say(
        "on_two_cores",
        pair * 2.0 / clear,
        Bar::AtLeast(1.9),
        &format!("{own} on one, decoding alone {decoding:.2} times"),
    );
    say("blurred", clear / guarded, Bar::AtMost(1.1), &format!("{own} clear, {guarded:.1}/s blurred"));
    short
}

/// Of one turn
fn timed(work: impl Fn()) -> Duration {
    let begun = Instant::now();
    (0..TURNS).for_each(|_| work());
    begun.elapsed() / u32::from(TURNS)
}

/// Of one turn on each, both at a time
fn on_two_cores(work: impl Fn() + Sync) -> Duration {
    let begun = Instant::now();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..TURNS).for_each(|_| work()));
        }
    });
    begun.elapsed() / u32::from(TURNS)
}

fn show(photos: &[Photo], exposure: Exposure) {
    for photo in photos {
        std::hint::black_box(thumbnail(&photo.bytes, exposure).expect("shown"));
    }
}

/// What no thumbnail can do without: the smallest scale that is large enough.
fn decode(photos: &[Photo], size: Size) {
    let eighths = [1, 2, 4, 8].into_iter().find(|eighths| (size.width * eighths).div_ceil(8) >= THUMBNAIL);
    let scale = ScalingFactor::new(eighths.expect("a larger photo") as usize, 8);
    let (width, height) = (scale.scale(size.width as usize), scale.scale(size.height as usize));
    for photo in photos {
        let mut pixels = vec![0; width * height * 3];
        let mut decoder = Decompressor::new().expect("a decoder");
        decoder.set_scaling_factor(scale).expect("one that there is");
        let format = PixelFormat::RGB;
        let image = turbojpeg::Image { pixels: &mut pixels[..], width, pitch: width * 3, height, format };
        decoder.decompress(&photo.bytes, image).expect("decoded");
        std::hint::black_box(pixels);
    }
}

fn peer_shows(photos: &[Photo], out: &Path) {
    let status = Command::new("taskset")
        .args(["-c", "0", "vipsthumbnail", "--size", "320x", "--output"])
        .arg(out.join("%s.jpg[Q=85]"))
        .args(photos.iter().map(|photo| &photo.path))
        .env("VIPS_CONCURRENCY", "1")
        .status()
        .expect("vipsthumbnail");
    assert!(status.success());
}

/// Thumbnails as the window gets them, from memory and, by a console that starts anew, from disk.
async fn answers(photo: &[u8]) -> bool {
    let address = std::env::var("DATABASE_URL").expect("DATABASE_URL is not set: run scripts/bench media");
    let owner = PgPool::connect_with(address.parse().expect("an address")).await.expect("PostgreSQL");
    MIGRATOR.run(&owner).await.expect("migrated");
    let (_, db) = admin(&owner).await;
    let port = serve(photo.to_vec()).await;
    publish(&owner, port).await;

    let folder = tempfile::tempdir().expect("a folder");
    let config = config::Media { loopback_ports: vec![port], ..config::Media::default() };
    let pictures = || Pictures::new(&config, folder.path()).expect("set up");
    let first = pictures();
    ask_all(&first, &db).await;
    // What is kept on disk is written after the answer.
    while files(folder.path()) < usize::from(MEDIA) {
        tokio::task::yield_now().await;
    }
    let (mut memory, mut disk) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        memory.extend(ask_all(&first, &db).await);
        disk.extend(ask_all(&pictures(), &db).await);
    }
    let note = |times: &[Duration]| format!("p95 of {} answers of media://, one after the other", times.len());
    let (of_memory, of_disk) = (note(&memory), note(&disk));
    figure("media_from_memory", p95(&mut memory), "ms", Bar::AtMost(2.0), &of_memory)
        | figure("media_from_disk", p95(&mut disk), "ms", Bar::AtMost(8.0), &of_disk)
}

/// The same photo at every path.
async fn serve(photo: Vec<u8>) -> u16 {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let same = async |State(photo): State<Arc<Vec<u8>>>| photo.to_vec();
    let photos = Router::new().fallback(get(same)).with_state(Arc::new(photo));
    tokio::spawn(async move { axum::serve(listener, photos).await });
    port
}

async fn publish(owner: &PgPool, port: u16) {
    sqlx::query(
        "with author as (
             insert into users (username, email, password, full_name, role, account_status)
             values ('author', 'author@example.org', '', '', 'USER', 'ACTIVE')
             returning user_id
         ), post as (
             insert into posts (user_id, status) select user_id, 'PUBLISHED' from author
             returning post_id
         ), media as (
             insert into post_media (media_id, post_id, media_type, media_url)
             select n, post_id, 'IMAGE', $2 || n || '.jpg' from post cross join generate_series(1, $1) as n
             returning media_id, post_id
         )
         insert into media_ai_insights (media_id, post_id, status, is_safe)
         select media_id, post_id, 'COMPLETED', true from media",
    )
    .bind(i64::from(MEDIA))
    .bind(format!("http://127.0.0.1:{port}/"))
    .execute(owner)
    .await
    .expect("published");
}

async fn ask_all(pictures: &Pictures, db: &PgPool) -> Vec<Duration> {
    let mut times = Vec::new();
    for id in 1..=i64::from(MEDIA) {
        let begun = Instant::now();
        let picture = pictures.picture(db, &Wanted::Thumbnail(MediaId(id)), Exposure::GUARDED).await;
        let response = scheme::respond(picture);
        times.push(begun.elapsed());
        assert_eq!(response.status(), 200);
    }
    times
}

/// Regular files below a folder
fn files(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    entries.map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { 1 }).sum()
}

/// What showing one file takes at most, each in a process of its own. Measured from outside, because the decoder's own
/// memory passes no allocator of ours.
fn memory(photograph: &RgbImage, scratch: &Path) -> bool {
    let large = |width, height| image::imageops::resize(photograph, width, height, FilterType::Triangle);
    let photo = large(4000, 3000);
    let encoded = |image: DynamicImage, format| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).expect("encoded");
        bytes.into_inner()
    };
    let seven = large(7000, 5000);
    let mut short = false;
    for (name, bytes, megabytes) in [
        ("12mp_jpeg", jpeg(&photo, false), 64.0),
        ("12mp_progressive", jpeg(&photo, true), 64.0),
        ("12mp_png", encoded(photo.into(), ImageFormat::Png), 64.0),
        ("35mp_progressive", jpeg(&seven, true), 256.0),
        ("35mp_transparent_png", encoded(DynamicImage::from(seven).into_rgba8().into(), ImageFormat::Png), 256.0),
        ("16mp_webp", encoded(large(4600, 3480).into(), ImageFormat::WebP), 256.0),
    ] {
        let file = scratch.join(name);
        fs::write(&file, bytes).expect("written");
        let own = std::env::current_exe().expect("this program");
        let said = Command::new(own).env(SHOWS, &file).output().expect("another process").stdout;
        let kilobytes: f64 = String::from_utf8_lossy(&said).trim().parse().expect("a number");
        let note = "resident at most while it is shown, beyond what was before";
        short |= figure(&format!("media_memory_{name}"), kilobytes / 1024.0, "MB", Bar::AtMost(megabytes), note);
    }
    short
}

/// Prints the kilobytes that showing a file takes beyond what the process has with the file read.
fn say_peak(file: &Path) {
    let bytes = fs::read(file).expect("a file");
    let status = |field: &str| -> u64 {
        let all = fs::read_to_string("/proc/self/status").expect("Linux");
        let line = all.lines().find_map(|line| line.strip_prefix(field)).expect("a line");
        line.trim_matches(|letter: char| !letter.is_ascii_digit()).parse().expect("a number")
    };
    let before = status("VmRSS");
    std::hint::black_box(thumbnail(&bytes, Exposure::Clear).expect("shown"));
    println!("{}", status("VmHWM") - before);
}
