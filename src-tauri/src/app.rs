//! The window: the only file that builds the Tauri app.
