//! The real window, driven through tauri-driver and `WebKitWebDriver`.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction},
    elements::Element,
};
use hyper_util::client::legacy::connect::HttpConnector;
use image::RgbImage;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Map, Value, json};
use tokio::net::TcpStream;

use crate::{
    database::required,
    process::{Running, free_port, until},
};

/// How long the window may take for anything that a test waits for.
const PATIENCE: Duration = Duration::from_secs(30);
/// Looks in a row that find what the one before found.
const STILL: usize = 2;

/// Closed as by its button when dropped.
#[derive(Debug)]
pub struct Window {
    client: Client,
    driver: Running,
    display: Display,
}

impl Window {
    /// Opens the console with these arguments; `home` takes its settings and caches.
    pub async fn open(home: &Path, arguments: &[&str]) -> Self {
        Self::open_scaled(home, arguments, 1).await
    }

    /// The same on a screen on which each pixel of the page is as many wide and high as `scale` says.
    pub async fn open_scaled(home: &Path, arguments: &[&str], scale: u32) -> Self {
        let (port, native) = (free_port(), free_port());
        let mut command = Command::new(required("KALEIDOSCOPE_TAURI_DRIVER"));
        command.args(["--port", &port.to_string(), "--native-port", &native.to_string()]);
        for (variable, folder) in
            [("HOME", ""), ("XDG_CONFIG_HOME", "config"), ("XDG_CACHE_HOME", "cache"), ("XDG_DATA_HOME", "data")]
        {
            command.env(variable, home.join(folder));
        }
        let display = Display::start(scale);
        command.env("DISPLAY", &display.name).env("GDK_SCALE", scale.to_string());
        let driver = Running::start(&mut command);
        // tauri-driver listens before the driver that it passes everything on to.
        for port in [native, port] {
            until("the drivers", PATIENCE, async || TcpStream::connect(("127.0.0.1", port)).await.is_ok()).await;
        }

        let options = json!({ "application": env!("CARGO_BIN_EXE_kaleidoscope-console"), "args": arguments });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(Map::from_iter([("tauri:options".to_owned(), options)]))
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("the window opens");
        Self { client, driver, display }
    }

    /// The element with this role and accessible name, once it is there and can be seen.
    pub async fn find(&self, role: &str, name: &str) -> Element {
        let mut found = None;
        until(&format!("{role} “{name}”"), PATIENCE, async || {
            found = self.look(role, name).await;
            found.is_some()
        })
        .await;
        found.expect("it was waited for")
    }

    pub async fn click(&self, role: &str, name: &str) {
        self.find(role, name).await.click().await.unwrap_or_else(|error| panic!("{role} “{name}”: {error}"));
    }

    /// Replaces what a field holds.
    pub async fn fill(&self, name: &str, text: &str) {
        let field = self.find("textbox", name).await;
        field.clear().await.expect("a field can be emptied");
        // WebDriver refuses to type nothing.
        if !text.is_empty() {
            field.send_keys(text).await.expect("a field takes keys");
        }
    }

    /// A key, typed wherever the focus is.
    pub async fn press(&self, key: &str) {
        let focused = self.client.active_element().await.expect("something has the focus");
        focused.send_keys(key).await.unwrap_or_else(|error| panic!("{key}: {error}"));
    }

    /// Presses a key and does not let go of it.
    pub async fn hold(&self, key: char) {
        self.keyboard(KeyAction::Down { value: key }).await;
    }

    pub async fn release(&self, key: char) {
        self.keyboard(KeyAction::Up { value: key }).await;
    }

    async fn keyboard(&self, action: KeyAction) {
        let keyboard = KeyActions::new("keyboard".to_owned()).then(action);
        self.client.perform_actions(keyboard).await.expect("the keyboard works");
    }

    /// Whether an element that matches can be seen.
    pub async fn has(&self, css: &str) -> bool {
        match self.client.find(Locator::Css(css)).await {
            Ok(element) => element.is_displayed().await.unwrap_or(false),
            Err(_) => false,
        }
    }

    pub async fn click_on(&self, css: &str) {
        let element = self.client.find(Locator::Css(css)).await.unwrap_or_else(|error| panic!("{css}: {error}"));
        element.click().await.unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    /// The pointer comes to a point of the page.
    pub async fn hover(&self, (x, y): (f64, f64)) {
        let there = PointerAction::MoveTo { duration: None, x: x.round(), y: y.round() };
        let mouse = MouseActions::new("mouse".to_owned()).then(there);
        self.client.perform_actions(mouse).await.expect("the pointer moves");
    }

    /// With the left button held, from one point of the page to another.
    pub async fn drag(&self, from: (f64, f64), to: (f64, f64)) {
        let at = |(x, y): (f64, f64)| PointerAction::MoveTo { duration: None, x: x.round(), y: y.round() };
        let mouse = MouseActions::new("mouse".to_owned())
            .then(at(from))
            .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
            .then(at(to))
            .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        self.client.perform_actions(mouse).await.expect("the pointer drags");
    }

    pub async fn script(&self, script: &str, arguments: &[Value]) -> Value {
        self.client.execute(script, arguments.to_vec()).await.expect("the script runs")
    }

    /// What a script says at last that calls its last argument with it.
    pub async fn outcome(&self, script: &str, arguments: &[Value]) -> Value {
        self.client.execute_async(script, arguments.to_vec()).await.expect("the script comes to its end")
    }

    /// Resident memory of the console and of the processes that draw for it, in bytes.
    pub fn memory(&self) -> u64 {
        let family = processes();
        let mut own = vec![self.driver.id()];
        while let Some(born) = family.iter().find(|one| own.contains(&one.parent) && !own.contains(&one.id)) {
            own.push(born.id);
        }
        own[1..].iter().map(|id| resident(*id)).sum()
    }

    /// The pixels of the page as they are on the screen, once what the page knows of is drawn and they are still.
    pub async fn pixels(&self) -> RgbImage {
        self.outcome("requestAnimationFrame(() => requestAnimationFrame(() => arguments[0](null)))", &[]).await;
        let (mut last, mut same) = (self.display.frame(), 0);
        until("a still window", PATIENCE, async || {
            let now = self.display.frame();
            same = if now == last { same + 1 } else { 0 };
            last = now;
            same == STILL
        })
        .await;
        pixels(&last)
    }

    /// The size of the window's page, in pixels of the page.
    pub async fn resize(&self, width: u32, height: u32) {
        self.client.set_window_size(width, height).await.expect("the window can be resized");
    }

    async fn look(&self, role: &str, name: &str) -> Option<Element> {
        let css = match role {
            "button" => "button, [role=button]",
            "textbox" => "input:not([type=checkbox]), textarea, [role=textbox], [role=searchbox], [role=combobox]",
            "link" => "a, [role=link]",
            role => &format!("[role={role}]"),
        };
        for element in self.client.find_all(Locator::Css(css)).await.ok()? {
            let label = self.client.execute(ACCESSIBLE_NAME, vec![serde_json::to_value(&element).ok()?]).await.ok()?;
            if label.as_str() == Some(name) && element.is_displayed().await.unwrap_or(false) {
                return Some(element);
            }
        }
        None
    }
}

impl Drop for Window {
    /// The drivers would kill it, and then what it started would stay behind.
    fn drop(&mut self) {
        let Some(console) = descendant(self.driver.id(), env!("CARGO_BIN_EXE_kaleidoscope-console")) else { return };
        kill(console, Signal::SIGTERM).ok();
        let asked = Instant::now();
        while kill(console, None).is_ok() && asked.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A screen for one window, which no other covers; the window stands in its upper left corner.
#[derive(Debug)]
struct Display {
    name: String,
    _server: Running,
    /// Holds its pixels.
    folder: tempfile::TempDir,
}

impl Display {
    fn start(scale: u32) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let mut command = Command::new("Xvfb");
        let screen = format!("{}x{}x24", 1440 * scale, 900 * scale);
        command.args(["-displayfd", "1", "-screen", "0", &screen, "-nolisten", "tcp", "-noreset", "-nocursor"]);
        let (server, line) = Running::start_and_read(command.arg("-fbdir").arg(folder.path()));
        Self { name: format!(":{}", line.trim()), _server: server, folder }
    }

    /// As Xvfb keeps it.
    fn frame(&self) -> Vec<u8> {
        fs::read(self.folder.path().join("Xvfb_screen0")).expect("the screen's pixels")
    }
}

/// A frame is a header of numbers, colours that nothing uses, and rows of blue, green, red and nothing.
fn pixels(frame: &[u8]) -> RgbImage {
    let number = |index: usize| {
        let bytes = frame[index * 4..][..4].try_into().expect("four bytes");
        u32::from_be_bytes(bytes) as usize
    };
    let (header, width, height, row, colours) = (number(0), number(4), number(5), number(12), number(19));
    assert_eq!((number(7), number(11)), (0, 32), "the least byte comes first, four make a pixel");
    let mut colour = vec![0; width * height * 3];
    let rows = frame[header + colours * 12..].chunks_exact(row);
    for (to, from) in colour.chunks_exact_mut(width * 3).zip(rows) {
        for (to, from) in to.chunks_exact_mut(3).zip(from.chunks_exact(4)) {
            to.copy_from_slice(&[from[2], from[1], from[0]]);
        }
    }
    let [width, height] = [width, height].map(|side| u32::try_from(side).expect("a screen's side"));
    RgbImage::from_raw(width, height, colour).expect("as many pixels as it says")
}

#[derive(Debug)]
struct Process {
    id: u32,
    parent: u32,
    command: Vec<u8>,
}

fn processes() -> Vec<Process> {
    let entries = fs::read_dir("/proc").expect("processes are listed");
    entries
        .filter_map(|entry| {
            let folder = entry.ok()?.path();
            let id = folder.file_name()?.to_str()?.parse().ok()?;
            // `4711 (name) S 4242 ...`, and the name may hold anything.
            let stat = fs::read_to_string(folder.join("stat")).ok()?;
            let parent = stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()?;
            Some(Process { id, parent, command: fs::read(folder.join("cmdline")).ok()? })
        })
        .collect()
}

/// In bytes; of a process that has ended, none.
fn resident(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// The process of this program that `ancestor` started, or one that it started.
fn descendant(ancestor: u32, program: &str) -> Option<Pid> {
    let processes = processes();
    let is_wanted = |one: &&Process| one.command.starts_with(program.as_bytes());
    let mut family = vec![ancestor];
    loop {
        let born = processes.iter().filter(|one| family.contains(&one.parent) && !family.contains(&one.id));
        let next = born.clone().find(is_wanted).or_else(|| born.clone().next())?;
        if is_wanted(&next) {
            return Some(Pid::from_raw(next.id.cast_signed()));
        }
        family.push(next.id);
    }
}

/// Enough of the accessible name's definition for the console's own elements.
const ACCESSIBLE_NAME: &str = "
    const [element] = arguments;
    const said = (node) => {
        const copy = node.cloneNode(true);
        copy.querySelectorAll('[aria-hidden=true], kbd').forEach((hidden) => hidden.remove());
        return copy.textContent.trim();
    };
    const labels = [...(element.labels ?? [])].map(said).join(' ');
    return element.getAttribute('aria-label') || labels || said(element);
";
