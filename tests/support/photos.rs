//! The platform's photo server, with its faults.

use std::{process::Command, time::Duration};

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
        Self::start(program(), port).await
    }

    /// The same, giving way to whatever is measured: the real ones are served by other machines.
    pub async fn serve_aside(port: u16) -> Self {
        let program = program();
        let mut aside = Command::new("nice");
        aside.args(["-n", "19"]).arg(program.get_program()).args(program.get_args());
        Self::start(aside, port).await
    }

    async fn start(mut command: Command, port: u16) -> Self {
        let server = Running::start(command.args(["serve", "--faults", "--port", &port.to_string()]));
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
