//! Videos in the real window: played where the web view has a decoder, a clear word where it has none.

use std::{collections::HashMap, time::Duration};

use image::Rgb;
use serde_json::{Value, json};

use crate::{
    database::Database,
    deployment::Deployment,
    page::{place, serve},
    process::until,
    window::Window,
};

const MODERATOR: i64 = 1;
/// The first video on a cold machine waits for the list of its decoders.
const PATIENCE: Duration = Duration::from_secs(90);
const PLAY: &str = "Play the video, and back";

/// VP8, 64 by 48 pixels of one colour each.
const RED: &str = "b003009d012a400030003eb55aa84fa72523a222a800e016896700d0828000151fbd0a3339b000feeb36ffcd9ee3b46fffccd1fa4df4\
                   9bbaade16489d2c7ac1291400000";
const GREEN: &str = "b003009d012a400030003eb55aa84fa725242222a800e016896700d0fa800019efb31318e13000f18ff15bea064e7fff168782be4a6e\
                     2f77413cdb2e9e6d3c003be00000";

fn bytes(hex: &str) -> Vec<u8> {
    let pair = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("two digits");
    (0..hex.len()).step_by(2).map(pair).collect()
}

/// Two seconds of `WebM`: red, then green.
fn webm() -> Vec<u8> {
    let element = |id: &[u8], body: &[u8]| {
        let length = (body.len() as u64 | 1 << 56).to_be_bytes();
        [id, &length, body].concat()
    };
    let head = [
        element(b"\x42\x86", &[1]),
        element(b"\x42\xf7", &[1]),
        element(b"\x42\xf2", &[4]),
        element(b"\x42\xf3", &[8]),
        element(b"\x42\x82", b"webm"),
        element(b"\x42\x87", &[2]),
        element(b"\x42\x85", &[2]),
    ];
    let info = [
        // A million nanoseconds: times are in milliseconds.
        element(b"\x2a\xd7\xb1", &[0x0f, 0x42, 0x40]),
        element(b"\x44\x89", &2000_f64.to_be_bytes()),
        element(b"\x4d\x80", b"test"),
        element(b"\x57\x41", b"test"),
    ];
    let size = [element(b"\xb0", &[64]), element(b"\xba", &[48])].concat();
    let track = [
        element(b"\xd7", &[1]),
        element(b"\x73\xc5", &[1]),
        element(b"\x83", &[1]),
        element(b"\x86", b"V_VP8"),
        element(b"\xe0", &size),
    ];
    let mut cluster = element(b"\xe7", &[0]);
    for time in (0..2000_u16).step_by(100) {
        let [high, low] = time.to_be_bytes();
        let frame = bytes(if time < 1000 { RED } else { GREEN });
        cluster.extend(element(b"\xa3", &[&[0x81, high, low, 0x80][..], &frame].concat()));
    }
    let segment = [
        element(b"\x15\x49\xa9\x66", &info.concat()),
        element(b"\x16\x54\xae\x6b", &element(b"\xae", &track.concat())),
        element(b"\x1f\x43\xb6\x75", &cluster),
    ];
    [element(b"\x1a\x45\xdf\xa3", &head.concat()), element(b"\x18\x53\x80\x67", &segment.concat())].concat()
}

/// A post with a video for each of the files, and a moderator.
const VIDEOS: &str = "
    insert into users (username, email, password, role, account_status)
    values ('e2e_video', 'mo@example.org', '', 'MODERATOR', 'ACTIVE');
    insert into posts (user_id, title, status) values (1, 'Moving', 'PUBLISHED');
    insert into post_media (post_id, media_type, media_url, width, height)
    select 1, 'VIDEO', 'http://127.0.0.1:PORT/' || name, 64, 48
      from unnest(array['colours.webm', 'broken.webm']) with ordinality as file (name, number)
     order by number;
    insert into media_ai_insights (media_id, post_id, status, is_safe)
    select media_id, 1, 'COMPLETED', true from post_media;";

async fn play(window: &Window, media: i64) {
    window.script("location.hash = `#/search/${arguments[0]}`", &[json!(media)]).await;
    let about = "return document.querySelector('aside[aria-label=Photo]')?.textContent.includes(arguments[0]) ?? false";
    let this = format!("Medium {media}");
    until("the video's page", PATIENCE, async || {
        window.script("return location.hash", &[]).await == json!(format!("#/search/{media}"))
            && (window.script(about, &[json!(this)]).await == json!(true)
                || window.has("aside[aria-label=Photo] dl").await)
    })
    .await;
    window.find("button", PLAY).await;
    window.press("b").await;
}

/// What stands in the video's place: how far it is, or the word for why it isn't.
async fn stand(window: &Window) -> Value {
    let script = "
        const place = document.querySelector('.video');
        const video = place?.querySelector('video');
        const { currentTime: at, ended, readyState } = video ?? {};
        const word = place?.querySelector('[role=alert]')?.textContent.trim();
        return { at: at ?? 0, ended: ended ?? false, readyState: readyState ?? 0, word: word ?? '' }";
    window.script(script, &[]).await
}

#[tokio::test]
async fn a_video_is_played_or_a_word_says_why_it_cannot_be() {
    let mut broken = webm();
    broken.truncate(60);
    broken.extend([0x5a; 4000]);
    let files = HashMap::from([("colours.webm".to_owned(), webm()), ("broken.webm".to_owned(), broken)]);
    let (database, port) = (Database::create("e2e_video").await, serve(files).await);
    let deployment = Deployment::prepare(&database, port, "").await;
    let rows = VIDEOS.replace("PORT", &port.to_string());
    sqlx::raw_sql(sqlx::AssertSqlSafe(rows)).execute(&deployment.db).await.expect("two videos");
    deployment.add_operator(MODERATOR, "moderator").await;
    let window = deployment.signed_in(MODERATOR).await;
    window.find("link", "Search").await;
    let count = "
        window.made = window.revoked = 0;
        const { createObjectURL, revokeObjectURL } = URL;
        URL.createObjectURL = (blob) => (window.made++, createObjectURL.call(URL, blob));
        URL.revokeObjectURL = (url) => (window.revoked++, revokeObjectURL.call(URL, url));";
    window.script(count, &[]).await;

    play(&window, 1).await;
    until("the end of the video", PATIENCE, async || stand(&window).await["ended"] == json!(true)).await;
    let now = stand(&window).await;
    assert_eq!(now["word"], "", "VP8 is what each web view has");
    assert!(now["at"].as_f64().is_some_and(|at| at > 1.5), "{now}");
    let frame = place(&window, ".video video").await;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a screen has few pixels")]
    let (x, y) = ((frame.x + frame.width * 0.5) as u32, (frame.y + frame.height * 0.36) as u32);
    let &Rgb([red, green, _]) = window.pixels().await.get_pixel(x, y);
    assert!(green > 120 && red < 90, "the last frame is green, not {red}, {green}");
    window.press("b").await;
    until("the preview", PATIENCE, async || !window.has(".video").await).await;

    play(&window, 2).await;
    until("a word", PATIENCE, async || stand(&window).await["word"] != "").await;
    assert_eq!(stand(&window).await["word"], "This computer has no decoder for this kind of video.");
    window.press("b").await;
    until("the preview", PATIENCE, async || !window.has(".video").await).await;
    let kept = window.script("return [window.made, window.revoked]", &[]).await;
    assert_eq!(kept, json!([2, 2]), "no video stays in the window's memory");
}
