//! Kaleidoscope Console: moderation and search for a photo platform, as a window or headless.

pub mod access;
#[cfg(feature = "desktop")]
pub mod app;
pub mod audit;
pub mod cli;
pub mod config;
pub mod db;
pub mod elastic;
pub mod embedded;
pub mod error;
pub mod faces;
mod file;
#[cfg(test)]
mod house;
pub mod media;
pub mod people;
pub mod read_models;
pub mod safety;
pub mod search;
pub mod sync;
pub mod system;
