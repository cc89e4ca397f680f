//! The walls of the house, held against the source: which room may use which, and what it never holds.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A feature folder or file of this crate.
struct Room {
    name: &'static str,
    /// The rooms that it may use, beside the ground.
    uses: &'static [&'static str],
    never: &'static [Banned],
}

/// What every room stands on.
const GROUND: &[&str] = &["config", "db", "error", "file"];

#[derive(Clone, Copy)]
enum Banned {
    Window,
    Elasticsearch,
    Network,
    Writes,
    Sql,
}
use Banned::{Elasticsearch, Network, Sql, Window, Writes};

impl Banned {
    /// As it would stand in a line of code.
    fn words(self) -> &'static [&'static str] {
        match self {
            Window => &["tauri::", "tauri_specta::"],
            Elasticsearch => &["elasticsearch::"],
            Network => &["reqwest::", "elasticsearch::"],
            Writes => &["insert into ", "delete from ", "\"update "],
            Sql => &["query!(", "query_as!(", "query_scalar!(", "sqlx::query"],
        }
    }
}

const ROOMS: &[Room] = &[
    Room { name: "access", uses: &[], never: &[Window, Network] },
    Room { name: "audit", uses: &["access"], never: &[Window, Network] },
    Room { name: "faces", uses: &["access", "audit", "media", "people"], never: &[Window, Network] },
    Room { name: "safety", uses: &["access", "audit", "media", "people"], never: &[Window, Network] },
    Room { name: "people", uses: &["access", "audit"], never: &[Window, Network] },
    Room { name: "media", uses: &[], never: &[Window, Elasticsearch, Writes] },
    Room { name: "read_models", uses: &[], never: &[Window, Network] },
    Room { name: "search", uses: &["access", "elastic", "faces", "read_models"], never: &[Window, Writes] },
    Room { name: "sync", uses: &["elastic", "faces", "read_models"], never: &[Window] },
    Room { name: "elastic", uses: &[], never: &[Window, Sql] },
    Room {
        name: "system",
        uses: &["access", "elastic", "faces", "safety", "search", "sync"],
        never: &[Window, Network],
    },
    Room { name: "app", uses: EVERYTHING, never: &[Sql] },
    Room { name: "cli", uses: EVERYTHING, never: &[Window, Sql] },
];

/// For the doors to the window: commands and the app.
const EVERYTHING: &[&str] = &[
    "access",
    "app",
    "audit",
    "cli",
    "elastic",
    "embedded",
    "faces",
    "media",
    "people",
    "read_models",
    "safety",
    "search",
    "sync",
    "system",
];

#[test]
fn every_room_keeps_to_its_walls() {
    let source = root().join("src-tauri/src");
    let mut breaches = Vec::new();
    for path in files(&source, "rs") {
        let inside = path.strip_prefix(&source).expect("it was found there");
        let name = inside.iter().next().and_then(|first| Path::new(first).file_stem()).unwrap_or_default();
        let Some(room) = ROOMS.iter().find(|room| room.name == name) else { continue };
        let door = inside.ends_with("commands.rs");
        let (uses, never) = if door { (EVERYTHING, &[Sql][..]) } else { (room.uses, room.never) };

        let code = code(&fs::read_to_string(&path).expect("a source file can be read"));
        for (line, used) in rooms_used(&code) {
            if used != room.name && !GROUND.contains(&used) && !uses.contains(&used) {
                breaches.push(format!("{}:{line}: {} may not use {used}", path.display(), room.name));
            }
        }
        for (index, text) in code.lines().enumerate() {
            if let Some(word) = never.iter().flat_map(|banned| banned.words()).find(|word| text.contains(*word)) {
                breaches.push(format!("{}:{}: {} may not hold {word}", path.display(), index + 1, room.name));
            }
        }
    }
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

#[test]
fn no_text_names_a_place_on_somebodys_machine() {
    let places = ["work", "root", "home", "Users"].map(|folder| format!("/{folder}/"));
    let mut found = Vec::new();
    for folder in ["src-tauri", "ui/src", "tests", "migrations", "scripts", "docs", "benches"] {
        for path in files(&root().join(folder), "") {
            let Ok(text) = fs::read_to_string(&path) else { continue };
            for (index, line) in text.lines().enumerate() {
                let is_a_place = |place: &String| {
                    line.match_indices(place)
                        .any(|(at, _)| line[..at].chars().next_back().is_none_or(|c| " \"'`(=:".contains(c)))
                };
                if places.iter().any(is_a_place) {
                    found.push(format!("{}:{}: {line}", path.display(), index + 1));
                }
            }
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn rooms_are_found_in_any_form_of_use() {
    let code = "use crate::db;\nuse crate::{\n    error::{Code, Error},\n    people::Person, access,\n};\nlet x = crate::sync::run();";
    assert_eq!(rooms_used(code), [(1, "db"), (2, "error"), (2, "people"), (2, "access"), (6, "sync")]);
}

/// The source without comments and without its tests, line for line.
fn code(source: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in source.lines() {
        if line == "#[cfg(test)]" {
            break;
        }
        lines.push(if line.trim_start().starts_with("//") { "" } else { line });
    }
    lines.join("\n")
}

/// Line number and first segment of each path that begins with `crate::`, groups taken apart.
fn rooms_used(code: &str) -> Vec<(usize, &str)> {
    let mut used = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => used.extend(first_segments(group).into_iter().map(|segment| (line, segment))),
            None => used.push((line, segment(rest))),
        }
    }
    used
}

/// Of `a, b::{c, d}, e::f}`: a, b, e.
fn first_segments(group: &str) -> Vec<&str> {
    let mut segments = Vec::new();
    let (mut depth, mut begins) = (0, true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => begins = true,
            c if begins && !c.is_whitespace() => {
                segments.push(segment(&group[at..]));
                begins = false;
            }
            _ => {}
        }
    }
    segments
}

fn segment(path: &str) -> &str {
    path.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

/// All files under a folder with this ending, but tests that stand beside the source.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.expect("a folder can be listed").path()) {
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if extension.is_empty()
            || path.extension().is_some_and(|is| is == extension)
                && !path.ends_with("tests.rs")
                && !path.ends_with("testing.rs")
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
