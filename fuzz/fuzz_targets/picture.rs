//! Every file is a picture or a sentence; what is shown is a JPEG in the shape of the upright picture, clear or guarded.

#![no_main]

use std::sync::Once;

use kaleidoscope_console::media::{Exposure, Size, thumbnail, upright_size};
use libfuzzer_sys::fuzz_target;

/// A decoder's panic ends as a damaged picture in the console: it is said, and no finding.
static SAID: Once = Once::new();

fuzz_target!(|file: &[u8]| {
    SAID.call_once(|| std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))));
    let size = upright_size(file);
    let Ok(clear) = std::panic::catch_unwind(|| thumbnail(file, Exposure::Clear)) else { return };
    let Ok(clear) = clear else { return };
    // A file that says it is longer than it is may be shown, and yet waits for its end to tell a size.
    let Some(Size { width, height }) = size.expect("what is shown is no problem") else { return };
    let expected = Size { width, height }.within(320, 1280);
    assert_eq!(upright_size(&clear), Ok(Some(expected)));

    let guarded = thumbnail(file, Exposure::GUARDED).expect("what is shown clear can be guarded");
    let guarded = upright_size(&guarded).expect("a JPEG").expect("a size");
    assert_eq!(guarded.width, 320);
});
