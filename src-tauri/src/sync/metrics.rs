//! What one worker counts, for Prometheus.

use std::sync::{Arc, atomic::AtomicU64};

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

/// Cheap to clone; all clones count together.
#[derive(Debug, Clone)]
pub(super) struct Metrics {
    registry: Arc<Registry>,
    pub documents: Family<Of, Counter>,
    pub conflicts: Family<Of, Counter>,
    pub rejected: Family<Of, Counter>,
    pub refusals: Family<Refusal, Counter>,
    pub bulk_seconds: Family<Of, Histogram, fn() -> Histogram>,
    pub backlog: Family<Queue, Gauge>,
    pub oldest: Family<Queue, Gauge<f64, AtomicU64>>,
    pub dead_letters: Family<Queue, Gauge>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Of {
    pub index: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Refusal {
    pub index: String,
    pub status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Queue {
    /// `read_model` or `index`
    pub kind: String,
    pub name: String,
}

impl Of {
    pub(super) fn index(name: &str) -> Self {
        Self { index: name.to_owned() }
    }
}

fn seconds() -> Histogram {
    // 5 ms to 41 s
    Histogram::new(exponential_buckets(0.005, 2.0, 14))
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("kaleidoscope");
        let bulk_seconds = Family::new_with_constructor(seconds as fn() -> Histogram);
        let (documents, conflicts, rejected) = (Family::default(), Family::default(), Family::default());
        let (refusals, backlog, oldest, dead_letters) =
            (Family::default(), Family::default(), Family::default(), Family::default());
        registry.register("documents", "Documents that were sent or deleted", documents.clone());
        registry.register("conflicts", "Documents of which the index had a newer version", conflicts.clone());
        registry.register("rejected", "Documents that became dead letters", rejected.clone());
        registry.register("refusals", "Documents to be tried again, by status", Family::clone(&refusals));
        registry.register_with_unit("bulk", "Time of a bulk request", Unit::Seconds, Family::clone(&bulk_seconds));
        registry.register("backlog", "Keys and documents that wait", Family::clone(&backlog));
        registry.register_with_unit("oldest", "Age of the oldest that waits", Unit::Seconds, Family::clone(&oldest));
        registry.register("dead_letters", "What could not be done", Family::clone(&dead_letters));
        Self {
            registry: Arc::new(registry),
            documents,
            conflicts,
            rejected,
            refusals,
            bulk_seconds,
            backlog,
            oldest,
            dead_letters,
        }
    }
}

impl Metrics {
    /// In Prometheus' text format.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a string does not fail.
        let _ = text::encode(&mut out, &self.registry);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::{Metrics, Of};

    #[test]
    fn they_are_in_the_format_of_prometheus() {
        let metrics = Metrics::default();
        metrics.documents.get_or_create(&Of::index("media_search")).inc_by(3);
        metrics.bulk_seconds.get_or_create(&Of::index("media_search")).observe(0.02);
        let text = metrics.text();
        assert!(text.contains("kaleidoscope_documents_total{index=\"media_search\"} 3"), "{text}");
        assert!(text.contains("kaleidoscope_bulk_seconds_bucket{le=\"0.02\",index=\"media_search\"} 1"), "{text}");
    }
}
