//! `/metrics` and `/healthz`, for this machine only.

use std::{net::SocketAddr, time::Duration};

use axum::{Router, extract::State, http::StatusCode, routing::get};
use tokio::{net::TcpListener, sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use super::metrics::Metrics;
use crate::error::{Error, Result};

/// Of the format that `prometheus-client` writes
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Where a worker can be asked how it is.
pub(super) struct Listener {
    listener: TcpListener,
    routes: Router,
}

#[derive(Clone)]
struct Shown {
    metrics: Metrics,
    beaten: watch::Receiver<Instant>,
    silence: Duration,
}

impl Listener {
    /// `beaten` is the time of the last sign of life; after `silence` the worker is ill.
    ///
    /// # Errors
    /// `Invalid` for an address that others can reach, or that is taken.
    pub(super) async fn bind(
        address: SocketAddr,
        metrics: Metrics,
        beaten: watch::Receiver<Instant>,
        silence: Duration,
    ) -> Result<Self> {
        if !address.ip().is_loopback() {
            return Err(Error::Invalid(format!(
                "worker.listen is {address}: only addresses of this machine itself, such as 127.0.0.1:9464, are allowed."
            )));
        }
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| Error::Invalid(format!("worker.listen: {address} can't be listened on: {error}.")))?;
        let routes = Router::new()
            .route("/metrics", get(metrics_text))
            .route("/healthz", get(health))
            .with_state(Shown { metrics, beaten, silence });
        Ok(Self { listener, routes })
    }

    pub(super) async fn serve(self, stop: CancellationToken) {
        let serving = axum::serve(self.listener, self.routes).into_future();
        tokio::select! {
            () = stop.cancelled() => {}
            ended = serving => if let Err(error) = ended {
                tracing::warn!(%error, "metrics are served no more");
            }
        }
    }
}

async fn metrics_text(State(shown): State<Shown>) -> ([(http::HeaderName, &'static str); 1], String) {
    ([(http::header::CONTENT_TYPE, OPEN_METRICS)], shown.metrics.text())
}

async fn health(State(shown): State<Shown>) -> (StatusCode, &'static str) {
    if shown.beaten.borrow().elapsed() < shown.silence {
        (StatusCode::OK, "ok\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "PostgreSQL does not answer\n")
    }
}
