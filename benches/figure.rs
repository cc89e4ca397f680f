//! Figures beside their bars.

use std::time::Duration;

/// What a figure may be at worst.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bar {
    AtMost(f64),
    AtLeast(f64),
}

/// Prints a figure; whether it falls short of its bar.
pub(crate) fn figure(name: &str, value: f64, unit: &str, bar: Bar, note: &str) -> bool {
    let (holds, bar) = match bar {
        Bar::AtMost(bar) => (value <= bar, format!("<= {bar}")),
        Bar::AtLeast(bar) => (value >= bar, format!(">= {bar}")),
    };
    println!("figure {name} {value:.4} {unit} bar {bar} {} # {note}", if holds { "ok" } else { "short" });
    !holds
}

pub(crate) fn median(values: &mut [Duration]) -> Duration {
    values.sort_unstable();
    values[values.len() / 2]
}

/// In milliseconds
pub(crate) fn p95(values: &mut [Duration]) -> f64 {
    values.sort_unstable();
    values[(values.len() * 95 / 100).min(values.len() - 1)].as_secs_f64() * 1000.0
}
