//! The platform's photo server, with its faults.

use std::time::Duration;

use crate::{
    loaded::program,
    process::{Running, free_port, until},
};

/// Photos served with faults, at a port of their own.
#[derive(Debug)]
pub struct Photos {
    pub port: u16,
    _server: Running,
}

impl Photos {
    pub async fn serve() -> Self {
        Self::serve_at(free_port()).await
    }

    /// At the port that the photos' addresses name.
    pub async fn serve_at(port: u16) -> Self {
        let server = Running::start(program().args(["serve", "--faults", "--port", &port.to_string()]));
        until("the platform's photos", Duration::from_mins(1), async || {
            tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()
        })
        .await;
        Self { port, _server: server }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}
