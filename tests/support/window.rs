//! The real window, driven through tauri-driver and WebKitWebDriver.

use std::{path::Path, process::Command, time::Duration};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use tokio::net::TcpStream;

use crate::{
    database::required,
    process::{Running, free_port, until},
};

/// How long the window may take for anything that a test waits for.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct Window {
    client: Client,
    _driver: Running,
}

impl Window {
    /// Opens the console with these arguments; `home` takes its settings and caches.
    pub async fn open(home: &Path, arguments: &[&str]) -> Self {
        let (port, native) = (free_port(), free_port());
        let mut command = Command::new(required("KALEIDOSCOPE_TAURI_DRIVER"));
        command.args(["--port", &port.to_string(), "--native-port", &native.to_string()]);
        for (variable, folder) in
            [("HOME", ""), ("XDG_CONFIG_HOME", "config"), ("XDG_CACHE_HOME", "cache"), ("XDG_DATA_HOME", "data")]
        {
            command.env(variable, home.join(folder));
        }
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
        Self { client, _driver: driver }
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
        field.send_keys(text).await.expect("a field takes keys");
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

    pub async fn script(&self, script: &str, arguments: &[Value]) -> Value {
        self.client.execute(script, arguments.to_vec()).await.expect("the script runs")
    }

    pub async fn close(self) {
        self.client.close().await.expect("the window closes");
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
