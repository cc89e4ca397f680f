//! How the real window keeps up on a loaded database: `scripts/bench window` loads the data and runs it.
//!
//! `BENCH_DATABASE` names the loaded database on the server at `DATABASE_URL`; what searching for media reads is filled.

#![expect(dead_code, unreachable_pub, reason = "support is shared with test binaries that each use a part of it")]

#[path = "../tests/support/database.rs"]
mod database;
#[path = "../tests/support/deployment.rs"]
mod deployment;
mod figure;
#[path = "../tests/support/loaded.rs"]
mod loaded;
#[path = "../tests/support/photos.rs"]
mod photos;
#[path = "../tests/support/process.rs"]
mod process;
#[path = "../tests/support/window.rs"]
mod window;

use std::time::Duration;

use serde_json::{Value, json};

use self::{
    database::{Database, required},
    deployment::Deployment,
    figure::{Bar, figure, p95},
    photos::Photos,
    window::Window,
};

/// User 1 is an active admin in whatever the platform loads.
const ADMIN: i64 = 1;
/// Where the loaded photos' addresses lead
const PHOTOS: u16 = 8900;
/// Between two keys, as somebody types who is quick
const PAUSE: Duration = Duration::from_millis(120);
/// Pixels a frame: two rows of photos in a second
const STEP: u32 = 8;
/// The same, when somebody looks for a place
const FAST: u32 = 60;
/// Of one measurement of frames
const SECONDS: u32 = 10;
/// For which memory is watched
const MINUTES: u32 = 5;
/// Faces that are gone through, and how long each is looked at
const SKIPS: usize = 100;
const LOOK: Duration = Duration::from_millis(700);
/// Items that wait for a decision, when many do
const MANY: i64 = 100_000;

#[tokio::main]
async fn main() {
    // What was started ends before the process does.
    let short = measured().await;
    std::process::exit(i32::from(short));
}

/// Whether a figure misses its bar.
async fn measured() -> bool {
    let database = Database::existing(&required("BENCH_DATABASE"));
    let _photos = Photos::serve_aside(PHOTOS).await;
    let elasticsearch = format!("[elasticsearch]\nurl = '{}'\n", required("ELASTICSEARCH_URL"));
    let deployment = Deployment::prepare(&database, PHOTOS, &elasticsearch).await;
    deployment.add_operator(ADMIN, "admin").await;
    let media: i64 = sqlx::query_scalar("select count(*) from read_model_media_search")
        .fetch_one(&deployment.db)
        .await
        .expect("a number");
    println!("  {media} media");
    let only = std::env::var("BENCH_SECTION").ok();
    let wanted = |section| only.as_deref().is_none_or(|only| only.split(',').any(|one| one == section));
    let mut short = false;
    if wanted("pictures") {
        short |= thumbnails(&deployment).await;
    }
    let window = deployment.signed_in(ADMIN).await;
    if wanted("search") {
        let words = words(&deployment).await;
        window.click("link", "Search").await;
        process::until("photos", Duration::from_mins(1), async || window.has("[role=grid] .there").await).await;
        short |= completion(&window, &words).await;
        short |= frames(&window).await;
        short |= memory(&window).await;
    }
    if wanted("faces") {
        short |= stream(&window).await;
    }
    if wanted("safety") {
        short |= decisions(&window, &deployment).await;
    }
    short
}

/// From the wish for a thumbnail to its `load` event in the window: from memory, and after a restart from disk.
async fn thumbnails(deployment: &Deployment) -> bool {
    // Who is no admin leaves pictures on the disk.
    let moderator: i64 = sqlx::query_scalar(
        "update users set role = 'MODERATOR'
          where user_id = (select min(user_id) from users where account_status = 'ACTIVE' and user_id <> $1)
         returning user_id",
    )
    .bind(ADMIN)
    .fetch_one(&deployment.db)
    .await
    .expect("somebody else");
    deployment.add_operator(moderator, "moderator").await;
    // Those whose pictures are served without a fault.
    let media: Vec<i64> = sqlx::query_scalar(
        "select media_id from media_ai_insights where status = 'COMPLETED' and media_id % 1000 between 100 and 400 order by 1 limit 200",
    )
    .fetch_all(&deployment.db)
    .await
    .expect("media");
    let load = async |window: &Window, round: &str| -> Vec<Duration> {
        window.click("link", "People").await;
        // What the screen before asked for is there by then.
        tokio::time::sleep(Duration::from_secs(5)).await;
        let times = window.outcome(LOAD, &[json!(media), json!(round)]).await;
        let times = durations(&times);
        assert_eq!(times.len(), media.len(), "each is shown");
        times
    };
    let window = deployment.signed_in(moderator).await;
    load(&window, "fetched").await;
    let mut from_memory = load(&window, "memory").await;
    drop(window);
    let window = deployment.signed_in(moderator).await;
    let mut from_disk = load(&window, "disk").await;
    let note = format!("{} thumbnails, one after the other, to the load event", media.len());
    figure("window_thumbnail_from_memory_p95", p95(&mut from_memory), "ms", Bar::AtMost(2.0), &note)
        | figure("window_thumbnail_from_disk_p95", p95(&mut from_disk), "ms", Bar::AtMost(8.0), &note)
}

/// From the press of a key that decides to the frame in which the next item is drawn: as many as wait, and with 100,000.
async fn decisions(window: &Window, deployment: &Deployment) -> bool {
    window.click("link", "Safety").await;
    let mut short = false;
    let mut medians = Vec::new();
    for (name, flagged) in [("safety_next_item_p95", 0), ("safety_next_item_among_many_p95", MANY)] {
        let waiting = wait_for_review(deployment, flagged).await;
        // Anew, and the first ten are fetched ahead while nobody presses anything.
        window.click("link", "Search").await;
        window.click("link", "Safety").await;
        let there = "aside[data-media]";
        process::until("an item", Duration::from_mins(1), async || window.has(there).await).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        window.script(WATCH_SAFETY, &[]).await;
        for _ in 0..SKIPS {
            window.press("s").await;
            tokio::time::sleep(LOOK).await;
        }
        let times = window.script("const times = window.itemTimes; window.itemTimes = []; return times", &[]).await;
        let mut times = durations(&times);
        assert!(times.len() * 10 >= SKIPS * 9, "{} of {SKIPS} items were seen", times.len());
        let note = format!("{} decisions, {} ms for each, {waiting} waiting", times.len(), LOOK.as_millis());
        short |= figure(name, p95(&mut times), "ms", Bar::AtMost(50.0), &note);
        medians.push(times[times.len() / 2].as_secs_f64());
    }
    let note = format!("the median with {MANY} items waiting beside the median before");
    short | figure("safety_next_item_by_many", medians[1] / medians[0], "ratio", Bar::AtMost(1.1), &note)
}

/// Flags so many media; how many wait then.
async fn wait_for_review(deployment: &Deployment, flagged: i64) -> i64 {
    let flag = "update media_ai_insights set status = 'UNSAFE', is_safe = false
                 where media_id in (select media_id from media_ai_insights where status = 'COMPLETED' limit $1)";
    sqlx::query(flag).bind(flagged).execute(&deployment.db).await.expect("flagged");
    sqlx::raw_sql("analyze media_ai_insights").execute(&deployment.db).await.expect("analysed");
    let waiting = "select count(*) from media_ai_insights where status = 'UNSAFE'";
    sqlx::query_scalar(waiting).fetch_one(&deployment.db).await.expect("a number")
}

/// From the press of a key to the frame in which the next photo and the box of its face are drawn.
async fn stream(window: &Window) -> bool {
    window.click("link", "Faces").await;
    process::until("a photo", Duration::from_mins(1), async || window.has("[data-picture][data-state=shown]").await)
        .await;
    // The first ten are fetched ahead while nobody presses anything.
    tokio::time::sleep(Duration::from_secs(5)).await;
    window.script(WATCH_STREAM, &[]).await;
    for _ in 0..SKIPS {
        window.press("x").await;
        tokio::time::sleep(LOOK).await;
    }
    let times = window.script("return window.faceTimes", &[]).await;
    let mut times = durations(&times);
    assert!(times.len() * 10 >= SKIPS * 9, "{} of {SKIPS} photos were seen", times.len());
    let note = format!("{} photos, {} ms for each", times.len(), LOOK.as_millis());
    figure("faces_next_photo_p95", p95(&mut times), "ms", Bar::AtMost(50.0), &note)
}

/// Tags, people and texts to type
async fn words(deployment: &Deployment) -> Vec<String> {
    let values: Vec<String> = sqlx::query_scalar(
        "select value from console.search_term where value ~ '^[a-z_]{4,}$' order by hashtextextended(value, 1) limit 8",
    )
    .fetch_all(&deployment.db)
    .await
    .expect("values");
    assert!(!values.is_empty(), "no values are counted: let a worker follow first");
    values.iter().flat_map(|value| [value.clone(), format!("tag:{value}"), format!("person:{value}")]).collect()
}

/// From the press of a key to the frame in which what it may mean is drawn.
async fn completion(window: &Window, words: &[String]) -> bool {
    window.script(WATCH_KEYS, &[]).await;
    for word in words {
        // Letters typed elsewhere would be actions.
        window.click("textbox", "Search all media").await;
        for letter in word.chars() {
            window.press(&letter.to_string()).await;
            tokio::time::sleep(PAUSE).await;
        }
        window.click("button", "Clear").await;
    }
    let times = window.script("return window.keyTimes", &[]).await;
    let mut times = durations(&times);
    assert!(times.len() > words.len(), "keys were pressed: {times:?}");
    // Nothing that was offered lies over the grid any more.
    window.click("link", "People").await;
    window.click("link", "Search").await;
    process::until("all photos", Duration::from_mins(1), async || window.has("[role=grid] .there").await).await;
    let note = format!("{} key presses, {} ms apart", times.len(), PAUSE.as_millis());
    figure("window_completion_p95", p95(&mut times), "ms", Bar::AtMost(100.0), &note)
}

/// Frames of the grid beside those of an empty page that is scrolled in the same window, in turns.
async fn frames(window: &Window) -> bool {
    let (mut grid, mut empty, mut nodes) = (Vec::new(), Vec::new(), 0.0_f64);
    for step in [STEP, FAST, STEP, FAST] {
        empty.extend(scroll(window, "", step, None).await.0);
        let (frames, most) = scroll(window, "[role=grid]", step, None).await;
        grid.extend(frames);
        nodes = nodes.max(most);
    }
    let note = format!("{} and {} frames at {STEP} and {FAST} pixels a frame", grid.len(), empty.len());
    let (grid, empty) = (p95(&mut grid), p95(&mut empty));
    let told = format!("{grid:.1} ms beside {empty:.1} ms of an empty page; {note}");
    let ratio = figure("window_frames_p95", grid / empty, "ratio", Bar::AtMost(1.2), &told);
    ratio | figure("window_grid_nodes", nodes, "nodes", Bar::AtMost(600.0), "at most, while it was scrolled")
}

/// Scrolled for minutes, from one place to another.
async fn memory(window: &Window) -> bool {
    let mut after_each = Vec::new();
    let slices = MINUTES * 60 / SECONDS;
    for slice in 0..slices {
        // Steps of the golden ratio come near to every place.
        let place = (f64::from(slice) * 0.618_034).fract();
        scroll(window, "[role=grid]", FAST, Some(place)).await;
        after_each.push(window.memory());
    }
    let megabytes: Vec<u64> = after_each.iter().map(|bytes| bytes / 1_000_000).collect();
    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    let mean = |part: &[u64]| part.iter().sum::<u64>() as f64 / part.len() as f64;
    let minute = (60 / SECONDS) as usize;
    let growth = mean(&after_each[after_each.len() - minute..]) / mean(&after_each[minute..2 * minute]);
    let note =
        format!("the fifth minute beside the second; {} to {} MB", megabytes[0], megabytes.iter().max().unwrap_or(&0));
    figure("window_memory_growth", growth, "ratio", Bar::AtMost(1.1), &note)
}

/// The times between frames, and the most nodes below what is scrolled. An empty `css`: an empty page.
async fn scroll(window: &Window, css: &str, step: u32, place: Option<f64>) -> (Vec<Duration>, f64) {
    let told = window.outcome(SCROLL, &[json!(css), json!(step), json!(SECONDS), json!(place)]).await;
    (durations(&told["frames"]), told["nodes"].as_f64().expect("a number"))
}

/// From milliseconds.
fn durations(told: &Value) -> Vec<Duration> {
    let seconds = |ms: &Value| ms.as_f64().expect("a number") / 1000.0;
    told.as_array().expect("a list").iter().map(|ms| Duration::from_secs_f64(seconds(ms))).collect()
}

/// The frame after the one in which the list is up to date again has it on the screen.
const WATCH_KEYS: &str = "
    window.keyTimes = [];
    document.addEventListener('keydown', ({ key, timeStamp }) => {
        if (key.length !== 1) return;
        const look = () => requestAnimationFrame(() => {
            const list = document.querySelector('[role=listbox]');
            if (list?.ariaBusy !== 'false') look();
            else requestAnimationFrame(() => window.keyTimes.push(performance.now() - timeStamp));
        });
        look();
    }, true);
";

/// The frame after the one in which the photo is shown with the box of another face has both on the screen.
const WATCH_STREAM: &str = "
    window.faceTimes = [];
    document.addEventListener('keydown', ({ key, timeStamp }) => {
        if (key !== 'x') return;
        const before = document.querySelector('aside[data-face]')?.dataset.face;
        const look = () => requestAnimationFrame(() => {
            const face = document.querySelector('aside[data-face]')?.dataset.face;
            const isShown = document.querySelector('[data-picture][data-state=shown]') !== null
                && document.querySelector(`[data-face-id='${face}']`) !== null;
            if (face === before || !isShown) look();
            else requestAnimationFrame(() => window.faceTimes.push(performance.now() - timeStamp));
        });
        look();
    }, true);
";

/// The frame after the one in which another item is shown has it on the screen; where its photo can't be shown, the reason.
const WATCH_SAFETY: &str = "
    const isFirst = window.itemTimes === undefined;
    window.itemTimes = [];
    if (isFirst) document.addEventListener('keydown', ({ key, timeStamp }) => {
        if (key !== 's') return;
        const before = document.querySelector('aside[data-media]')?.dataset.media;
        const look = () => requestAnimationFrame(() => {
            const media = document.querySelector('aside[data-media]')?.dataset.media;
            const picture = document.querySelector(`[data-picture][data-media-id='${media}']`);
            if (media === before || picture === null || picture.dataset.state === 'loading') look();
            else requestAnimationFrame(() => window.itemTimes.push(performance.now() - timeStamp));
        });
        look();
    }, true);
";

/// `round` makes the addresses other ones for the web view, which keeps pictures, too.
const LOAD: &str = "
    const [media, round, done] = arguments;
    const root = window.__TAURI_INTERNALS__.convertFileSrc('', 'media');
    const load = (id) => new Promise((resolve) => {
        const image = new Image();
        const began = performance.now();
        image.onload = () => resolve(performance.now() - began);
        image.onerror = () => resolve(NaN);
        image.src = `${root}thumbnail/${id}?${round}`;
    });
    (async () => {
        const times = [];
        for (const id of media) times.push(await load(id));
        done(times.filter((time) => !Number.isNaN(time)));
    })();
";

const SCROLL: &str = "
    const [css, step, seconds, place, done] = arguments;
    const empty = document.createElement('div');
    if (css === '') {
        empty.style.cssText = 'position: fixed; inset: 0; z-index: 1000; overflow: auto; background: canvas';
        empty.innerHTML = '<div style=\"height: 10000000px\"></div>';
        document.body.append(empty);
    }
    const page = css === '' ? empty : document.querySelector(css);
    if (place !== null) page.scrollTop = place * page.scrollHeight;
    const below = page.getElementsByTagName('*');
    const frames = [];
    let [began, before, nodes] = [undefined, undefined, 0];
    const frame = (now) => {
        began ??= now;
        if (before !== undefined) frames.push(now - before);
        before = now;
        nodes = Math.max(nodes, below.length);
        page.scrollTop += step;
        if (now - began < seconds * 1000) requestAnimationFrame(frame);
        else {
            empty.remove();
            done({ frames, nodes });
        }
    };
    requestAnimationFrame(frame);
";
