//! The demo as somebody opens it who has nothing but this repository.

use std::{path::Path, time::Duration};

use crate::{database::required, process::until, window::Window};

#[tokio::test]
async fn the_demo_opens_on_a_face_and_changes_hands_with_one_click() {
    let home = tempfile::tempdir().expect("a folder can be made");
    let data = home.path().join("demo").display().to_string();
    let postgres = required("KALEIDOSCOPE_POSTGRES");
    let window =
        Window::open(home.path(), &["demo", "--data", &data, "--postgres", &postgres, "--screen", "faces"]).await;

    until("a photo with boxes", Duration::from_mins(1), async || {
        window.has("[data-face-id][data-kind=suggested]").await
    })
    .await;
    assert!(!window.has("a[aria-label=Safety]").await, "a moderator has no door to Safety");

    window.click_on("footer button[aria-label^=Operator]").await;
    window.click("menuitem", "Continue as sample admin").await;
    window.click("link", "Safety").await;
    until("an item, blurred", Duration::from_secs(30), async || window.has("[aria-label=Decision]").await).await;

    // Closing the window ends what the demo started.
    drop(window);
    assert!(!Path::new(&data).join("postgres/postmaster.pid").exists(), "the demo's PostgreSQL is stopped");
}
