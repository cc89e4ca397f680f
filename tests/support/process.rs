//! Programs that a test starts, and that end with it.

use std::{
    io::{BufRead, BufReader},
    net::{Ipv4Addr, TcpListener},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// Asked to end when dropped, and made to after ten seconds.
#[derive(Debug)]
pub struct Running(Child);

impl Running {
    pub fn start(command: &mut Command) -> Self {
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?} can't be started: {error}")))
    }

    /// Waits for the first line that the program says, too.
    pub fn start_and_read(command: &mut Command) -> (Self, String) {
        let mut running = Self::start(command.stdout(Stdio::piped()));
        let mut line = String::new();
        let output = running.0.stdout.take().expect("it was asked for");
        BufReader::new(output).read_line(&mut line).expect("the program says something");
        (running, line)
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    pub fn has_ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.has_ended() {
            return;
        }
        if let Ok(id) = i32::try_from(self.0.id()) {
            kill(Pid::from_raw(id), Signal::SIGTERM).ok();
        }
        let asked = Instant::now();
        while !self.has_ended() {
            if asked.elapsed() > Duration::from_secs(10) {
                self.0.kill().ok();
                self.0.wait().ok();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    listener.local_addr().expect("it has an address").port()
}

/// Waits until `ready`, which must come true within `limit`.
pub async fn until(what: &str, limit: Duration, mut ready: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !ready().await {
        assert!(begun.elapsed() < limit, "{what}: not within {limit:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
