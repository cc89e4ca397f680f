//! How little of unsafe media is in the window: its pixels on the screen, what it fetched, what it keeps in memory and on disk.

#![expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a screen has few pixels")]

use std::{collections::HashMap, fs, io::Cursor, path::Path, time::Duration};

use image::{ImageFormat, Rgb, RgbImage};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    database::Database,
    deployment::Deployment,
    page::{Rect, place, serve},
    process::{Running, until},
    window::Window,
};

const ADMIN: i64 = 1;
const PHOTO: i64 = 1;
const PATIENCE: Duration = Duration::from_secs(20);
/// As `WebDriver` names the key
const ESCAPE: &str = "\u{e00c}";
const ENTER: &str = "\u{e007}";
/// Of the squares of the photo, in its pixels: finer than what a veil lets through.
const SQUARE: u32 = 20;
/// Of 255: between pixels beside each other, where nothing but brightness over large parts is left.
const SMOOTH: u8 = 12;
/// Of 255: what compressing leaves of colour in grey.
const GREY: u8 = 2;
/// Of 255: what the ground below a faded picture lends it of its colour.
const TINT: u8 = 10;

/// Red and green squares, as on a chessboard.
fn chessboard() -> Vec<u8> {
    let photo = RgbImage::from_fn(1200, 900, |x, y| {
        if (x / SQUARE + y / SQUARE).is_multiple_of(2) { Rgb([230, 20, 20]) } else { Rgb([20, 200, 60]) }
    });
    let mut jpeg = Cursor::new(Vec::new());
    photo.write_to(&mut jpeg, ImageFormat::Jpeg).expect("a JPEG");
    jpeg.into_inner()
}

/// Two unsafe photos of one post, each with a face; the person on them enrolled with the first.
const UNSAFE: &str = "
    insert into users (username, email, password, role, account_status)
    values ('e2e_exposure', 'ada@example.org', '', 'ADMIN', 'ACTIVE'), ('amara', 'amara@example.org', '', 'USER', 'ACTIVE');
    insert into posts (user_id, title, status) values (2, 'Squares', 'PUBLISHED');
    insert into post_media (post_id, media_type, media_url, width, height)
    select 1, 'IMAGE', 'http://127.0.0.1:PORT/' || name || '.jpg', 1200, 900 from unnest(array['one', 'two']) as name;
    insert into media_ai_insights (media_id, post_id, status, is_safe, image_embedding)
    select media_id, 1, 'UNSAFE', false, array_fill(0.04, array[512])::vector from post_media;
    insert into media_detected_faces (media_id, bbox, embedding, suggested_user_id, confidence_score, status)
    select media_id, '{400, 300, 200, 240}', array_fill(0.03, array[1024])::vector, 2, 0.84, 'SUGGESTED'
      from post_media;
    insert into user_face_embeddings (user_id, embedding, source_image_url)
    values (2, array_fill(0.03, array[1024])::vector, 'http://127.0.0.1:PORT/one.jpg');";

/// How coarse and how colourful pixels are.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
struct Detail {
    /// Of 255: the largest difference of brightness between two beside each other.
    step: u8,
    /// Of 255: the largest difference between two channels of one.
    colour: u8,
}

impl Detail {
    fn is_veiled(self) -> bool {
        self.step <= SMOOTH && self.colour <= GREY
    }

    fn is_clear(self) -> bool {
        self.step > 60 && self.colour > 100
    }
}

fn detail(pixels: &RgbImage) -> Detail {
    let light = |x, y| u32::from(pixels.get_pixel(x, y).0[1]);
    let places = || (0..pixels.height()).flat_map(|y| (1..pixels.width()).map(move |x| (x, y)));
    let steps = places().map(|(x, y)| light(x, y).abs_diff(light(x - 1, y)) as u8);
    let colours = places().map(|(x, y)| {
        let channels = pixels.get_pixel(x, y).0;
        channels.iter().max().expect("three") - channels.iter().min().expect("three")
    });
    Detail { step: steps.max().unwrap_or(0), colour: colours.max().unwrap_or(0) }
}

/// The part of the screen that lies within, without a rim of some pixels.
fn within(screen: &RgbImage, Rect { x, y, width, height }: Rect) -> RgbImage {
    const RIM: f64 = 6.0;
    let [x, y, width, height] =
        [x + RIM, y + RIM, width - 2.0 * RIM, height - 2.0 * RIM].map(|side| side.max(0.0).round() as u32);
    image::imageops::crop_imm(screen, x, y, width, height).to_image()
}

/// What of the photo is on the screen in this state of it, without what lies over it.
async fn on_screen(window: &Window, state: &str) -> RgbImage {
    let there = "
        const picture = document.querySelector(`[data-picture][data-state=${arguments[0]}]`);
        if (!picture) return false;
        document.querySelectorAll('.hold, .tools, .handle').forEach((cover) => (cover.style.opacity = '0'));
        return [...picture.querySelectorAll('img')].every((image) => getComputedStyle(image).opacity === '1')";
    until(&format!("a photo that is {state}"), PATIENCE, async || {
        window.script(there, &[json!(state)]).await == json!(true)
    })
    .await;
    window.pixels().await
}

/// What the window gets at an address: the status, and the detail of the picture where there is one.
async fn fetched(window: &Window, url: &str) -> (u16, Option<Detail>) {
    let answer = window.outcome(FETCH, &[json!(url)]).await;
    serde_json::from_value(answer).unwrap_or_else(|error| panic!("{url}: {error}"))
}

const FETCH: &str = "
    const [url, done] = arguments;
    (async () => {
        const answer = await fetch(url);
        if (!answer.ok) return [answer.status, null];
        const bitmap = await createImageBitmap(await answer.blob());
        const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
        const context = canvas.getContext('2d');
        context.drawImage(bitmap, 0, 0);
        const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
        let [step, colour] = [0, 0];
        for (let at = 0; at < data.length; at += 4) {
            const channels = [data[at], data[at + 1], data[at + 2]];
            colour = Math.max(colour, Math.max(...channels) - Math.min(...channels));
            if ((at / 4) % bitmap.width > 0) step = Math.max(step, Math.abs(data[at + 1] - data[at - 3]));
        }
        return [answer.status, { step, colour }];
    })().then(done, (error) => done(String(error)));";

/// Files below a folder in which a JPEG is, or begins.
fn jpegs(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let holds = |path: &Path| {
        let bytes = fs::read(path).unwrap_or_default();
        bytes.windows(3).any(|start| start == b"\xff\xd8\xff")
    };
    let own = files.into_iter().filter(|path| holds(path)).map(|path| path.display().to_string());
    own.chain(folders.iter().flat_map(|folder| jpegs(folder))).collect()
}

#[tokio::test]
async fn unsafe_media_are_in_the_window_only_veiled_until_they_are_revealed_and_then_gone_again() {
    let files = ["one.jpg", "two.jpg"].map(|name| (name.to_owned(), chessboard()));
    let (database, port) = (Database::create("e2e_exposure").await, serve(HashMap::from(files)).await);
    let deployment = Deployment::prepare(&database, port, "").await;
    let rows = UNSAFE.replace("PORT", &port.to_string());
    sqlx::raw_sql(sqlx::AssertSqlSafe(rows)).execute(&deployment.db).await.expect("two unsafe photos");
    deployment.add_operator(ADMIN, "admin").await;
    deployment.run(&["rebuild"]);
    // Words are looked up in what it folds.
    let _worker = Running::start(deployment.console().arg("worker"));
    let window = deployment.signed_in(ADMIN).await;
    window.script("window.blobs = 0; URL.createObjectURL = () => { window.blobs += 1; return ''; }", &[]).await;
    window.click("link", "Safety").await;

    let screen = on_screen(&window, "shown").await;
    let photo = place(&window, "[data-picture]").await;
    let veiled = detail(&within(&screen, photo));
    assert!(veiled.is_veiled(), "{veiled:?}");
    // Hovering shows nothing.
    window.hover((photo.x + photo.width / 2.0, photo.y + photo.height / 2.0)).await;
    assert_eq!(on_screen(&window, "shown").await, screen);

    let shown = on_demand(&window).await;
    eprintln!("veiled {veiled:?}, revealed {shown:?}");
    in_the_spotlight(&window).await;
    together_with_others(&window).await;
    every_way_in(&window).await;
    of_a_person(&window).await;
    found(&window).await;
    copied(&window).await;
    exported(&window, deployment.home()).await;

    let kept = window.outcome(KEPT, &[]).await;
    assert_eq!(kept, json!({ "blobs": 0, "caches": 0, "databases": 0 }));
    assert_eq!(jpegs(deployment.home()), Vec::<String>::new(), "nothing of it is on the disk");
}

/// Clear while the key is held, gone when it is let go.
async fn on_demand(window: &Window) -> Detail {
    window.hold(' ').await;
    let screen = on_screen(window, "revealed").await;
    let clear = detail(&within(&screen, place(window, "[data-picture]").await));
    assert!(clear.is_clear(), "{clear:?}");
    let url = address_of(window, "[data-picture] .clear").await;
    assert_eq!(fetched(window, &url).await.0, 200);
    // Neither the web view's menu nor a drag takes it along.
    let taken = "
        const clear = document.querySelector('[data-picture] .clear');
        const { x, y, width, height } = clear.getBoundingClientRect();
        const hit = document.elementFromPoint(x + width / 2, y + height / 2);
        const asked = new MouseEvent('contextmenu', { bubbles: true, cancelable: true });
        return { menu: hit.dispatchEvent(asked), dragged: clear.draggable, hit: hit === clear }";
    assert_eq!(window.script(taken, &[]).await, json!({ "menu": false, "dragged": false, "hit": false }));
    window.release(' ').await;

    let screen = on_screen(window, "shown").await;
    let veiled = detail(&within(&screen, place(window, "[data-picture]").await));
    assert!(veiled.is_veiled(), "{veiled:?}");
    until("an end of the reveal", PATIENCE, async || fetched(window, &url).await == (404, None)).await;
    let left = "
        const all = [...document.querySelectorAll('img, source, image, video, canvas')];
        const addresses = all.map((one) => one.currentSrc ?? one.src ?? one.href?.baseVal ?? one.tagName);
        return [...addresses.filter((address) => !/^(data|media):|\\/(photo|thumbnail|crop|enrolled)\\//.test(address)),
                ...addresses.filter((address) => address.includes('/revealed/'))]";
    assert_eq!(window.script(left, &[]).await, json!([]), "what was clear is not in the page any more");
    clear
}

/// Clear where the spotlight is, and only there.
async fn in_the_spotlight(window: &Window) {
    window.press("z").await;
    window.hold(' ').await;
    let screen = on_screen(window, "revealed").await;
    let (photo, spot) = (place(window, "[data-picture]").await, place(window, "[data-spotlight]").await);
    let clear = detail(&within(&screen, spot));
    assert!(clear.is_clear(), "{clear:?}");
    let beside = Rect { width: spot.x - photo.x, ..photo };
    let below = Rect { y: spot.bottom(), height: photo.bottom() - spot.bottom(), ..photo };
    for part in [beside, below] {
        let veiled = detail(&within(&screen, part));
        assert!(part.width > 100.0 && part.height > 100.0 && veiled.is_veiled(), "{part:?}: {veiled:?}");
    }
    let size = "
        const { naturalWidth, naturalHeight } = document.querySelector('[data-picture] .clear');
        return naturalWidth / naturalHeight";
    let ratio = window.script(size, &[]).await.as_f64().expect("a number");
    assert!((ratio - spot.width / spot.height).abs() < 0.05, "only the region was fetched: {ratio}, {spot:?}");
    window.release(' ').await;
    window.press("\u{e00c}").await;
    on_screen(window, "shown").await;
}

/// Each kind of picture, under the usual veil and under the thinnest that can be asked for.
async fn every_way_in(window: &Window) {
    let photo = address_of(window, "[data-picture] img").await;
    let root = photo.split("photo/").next().expect("before it");
    for path in [format!("photo/{PHOTO}"), format!("thumbnail/{PHOTO}"), "crop/1".into(), "thumbnail/2".into()] {
        let (status, usual) = fetched(window, &format!("{root}{path}")).await;
        assert!(status == 200 && usual.is_some_and(Detail::is_veiled), "{path}: {status}, {usual:?}");
        let (status, thinnest) = fetched(window, &format!("{root}{path}?veil=0-0-100")).await;
        assert!(status == 200 && thinnest.is_some_and(|it| it.step <= SMOOTH), "{path}: {status}, {thinnest:?}");
        assert_eq!(fetched(window, &format!("{root}{path}?veil=none")).await.0, 400);
    }
    assert_eq!(fetched(window, &format!("{root}revealed/guessed")).await.0, 404);
    let mut pictures = Vec::new();
    for link in ["Safety", "Faces", "People", "Safety"] {
        window.click("link", link).await;
        let shown = "return [...document.images].map(({ src }) => src)";
        let settled = "return document.querySelector('main')?.querySelector('[aria-busy=true]') === null";
        until(link, PATIENCE, async || window.script(settled, &[]).await == json!(true)).await;
        let on_this: Vec<String> = serde_json::from_value(window.script(shown, &[]).await).expect("addresses");
        pictures.extend(on_this.into_iter().filter(|url| url.starts_with(root)));
    }
    assert!(pictures.len() >= 4, "{pictures:?}");
    for url in pictures {
        let (status, seen) = fetched(window, &url).await;
        assert!(status != 200 || seen.is_some_and(Detail::is_veiled), "{url}: {status}, {seen:?}");
    }
}

/// Near-duplicates and the whole post, in small and before they are decided.
async fn together_with_others(window: &Window) {
    veiled_in(window, "[aria-label=Near-duplicates]", 1).await;
    for key in ["l", "k"] {
        window.press(key).await;
        veiled_in(window, "[aria-label=Members]", 2).await;
        window.press(ESCAPE).await;
        until("the item alone", PATIENCE, async || !window.has("[aria-label=Members]").await).await;
    }
}

/// Who was enrolled with one of them.
async fn of_a_person(window: &Window) {
    go(window, "#/people/2").await;
    until("the enrolled picture", PATIENCE, async || window.has("main img[src*='/enrolled/']").await).await;
    veiled_in(window, "main", 1).await;
}

/// In small among the hits, and large beside them.
async fn found(window: &Window) {
    window.click("link", "Search").await;
    window.fill("Search all media", "is:unsafe").await;
    window.press(ENTER).await;
    let hits = "[aria-label=Results] [data-media]";
    until("the hits", PATIENCE, async || window.has(hits).await).await;
    veiled_in(window, "[aria-label=Results]", 2).await;
    window.click_on(hits).await;
    veiled_in(window, "aside[aria-label=Photo]", 1).await;
}

/// To other programs goes where it is, never the picture.
async fn copied(window: &Window) {
    let watch = "
        window.copied = [];
        for (const way of ['write', 'writeText']) {
            const copy = navigator.clipboard[way].bind(navigator.clipboard);
            navigator.clipboard[way] = (what) => (window.copied.push([way, String(what)]), copy(what));
        }
        document.addEventListener('copy', ({ clipboardData }) => window.copied.push(['copy', [...clipboardData.types].join()]))";
    window.script(watch, &[]).await;
    let ids = window.script("return location.hash.split('/').at(-1)", &[]).await;
    for (key, copied) in [("i", json!(["writeText", ids])), ("y", Value::Null)] {
        window.press(key).await;
        until("what was copied", PATIENCE, async || {
            window.script("return window.copied.length > 0", &[]).await == true
        })
        .await;
        let all: Vec<[String; 2]> = serde_json::from_value(window.script("return window.copied.splice(0)", &[]).await)
            .expect("what was copied");
        let [(way, text)] = all.iter().map(|[way, text]| (way, text)).collect::<Vec<_>>()[..] else {
            panic!("once: {all:?}")
        };
        assert_eq!(way, "writeText");
        assert!(copied.is_null() || copied[1] == json!(text), "{copied}: {text}");
        assert!(text.len() < 200 && !text.contains("data:") && !text.contains("/photo/"), "{text}");
    }
}

/// To files go words and numbers, with neither the picture nor a way to it.
async fn exported(window: &Window, home: &Path) {
    window.press("\u{e009}e\u{e000}").await;
    let file = home.join("hits.csv");
    window.fill("File, with its folder", &file.display().to_string()).await;
    window.click("button", "Export").await;
    let done = "
        const words = [...document.querySelectorAll('[role=status]')].map((word) => word.textContent.trim());
        return words.some((word) => word.startsWith('Done'))";
    until("the whole file", PATIENCE, async || window.script(done, &[]).await == json!(true)).await;
    let written = fs::read_to_string(&file).expect("text");
    assert_eq!(written.lines().count(), 3, "two hits below their names: {written}");
    assert!(!written.contains("data:") && !written.contains("base64"), "{written}");
}

async fn go(window: &Window, hash: &str) {
    window.script("location.hash = arguments[0]", &[json!(hash)]).await;
}

/// At least so many pictures in this part of the page, each veiled as it is on the screen and as it comes.
async fn veiled_in(window: &Window, css: &str, least: usize) {
    let there = "
        const images = [...(document.querySelector(arguments[0])?.querySelectorAll('img') ?? [])];
        document.querySelectorAll('.boxes, .hold, .tools').forEach((cover) => (cover.style.opacity = '0'));
        const whole = (image) => image.complete && image.naturalWidth > 0 && getComputedStyle(image).opacity === '1';
        return images.length >= arguments[1] && images.every(whole)";
    until(&format!("pictures in {css}"), PATIENCE, async || {
        window.script(there, &[json!(css), json!(least)]).await == json!(true)
    })
    .await;
    let screen = window.pixels().await;
    let places = "
        return [...document.querySelector(arguments[0]).querySelectorAll('img')].map((image) => {
            const { x, y, width, height } = image.getBoundingClientRect();
            return [image.src, { x, y, width, height }];
        })";
    let pictures: Vec<(String, Rect)> =
        serde_json::from_value(window.script(places, &[json!(css)]).await).expect("addresses and places");
    for (url, Rect { x, y, width, height }) in pictures {
        // Rims and rounded corners are none of the picture.
        let [x, y] = [x + width / 5.0, y + height / 5.0].map(|side| side.max(0.0).round() as u32);
        let [width, height] = [width, height].map(|side| (side * 0.6).round() as u32);
        let seen = detail(&image::imageops::crop_imm(&screen, x, y, width, height).to_image());
        assert!(seen.step <= SMOOTH && seen.colour <= TINT, "{css}: {url}: {seen:?}");
        let (status, came) = fetched(window, &url).await;
        assert!(status == 200 && came.is_some_and(Detail::is_veiled), "{css}: {url}: {status}, {came:?}");
    }
}

async fn address_of(window: &Window, css: &str) -> String {
    let url = window.script("return document.querySelector(arguments[0]).src", &[json!(css)]).await;
    url.as_str().expect("an address").to_owned()
}

const KEPT: &str = "
    const [done] = arguments;
    (async () => ({
        blobs: window.blobs,
        caches: 'caches' in window ? (await caches.keys()).length : 0,
        databases: 'indexedDB' in window ? (await indexedDB.databases()).length : 0,
    }))().then(done, (error) => done(String(error)));";
