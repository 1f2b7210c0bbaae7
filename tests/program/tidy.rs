//! The house rules that a program can check: how files open, who may use whom, what documents may not name.

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// No file is longer: what needs more lines is two matters.
const MOST_LINES: usize = 800;

/// The files under a directory whose names end so, by path; what a build or a checkout leaves is passed over.
fn files(dir: &str, ending: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut waiting = vec![Path::new(ROOT).join(dir)];
    while let Some(dir) = waiting.pop() {
        for entry in fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                waiting.push(path);
            } else if name.ends_with(ending) {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(ROOT).unwrap().to_owned(), text));
            }
        }
    }
    found.sort();
    found
}

/// The lines of a file that are code: no comments, and nothing after the unit tests begin.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let before_tests = (1..).zip(text.lines()).take_while(|(_, line)| line.trim() != "#[cfg(test)]");
    before_tests.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// The words that follow `crate::` in a line.
fn modules_used(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("crate::").map(|(place, found)| {
        let rest = &line[place + found.len()..];
        rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default()
    })
}

#[test]
fn every_file_says_first_what_it_is_for() {
    let silent: Vec<_> = files("", ".rs").into_iter().filter(|(_, text)| !text.starts_with("//! ")).collect();
    assert!(silent.is_empty(), "{:?}", silent.iter().map(|(path, _)| path).collect::<Vec<_>>());
}

#[test]
fn no_file_is_too_long() {
    for (path, text) in files("", ".rs").into_iter().chain(files("", ".md")) {
        let lines = text.lines().count();
        assert!(lines <= MOST_LINES, "{} has {lines} lines", path.display());
    }
}

/// `ledger/src/lib.rs` lists the modules in reading order: each uses those above it, never those below.
#[test]
fn the_library_can_be_read_from_the_top() {
    let lib = fs::read_to_string(Path::new(ROOT).join("ledger/src/lib.rs")).unwrap();
    let order: Vec<&str> = lib
        .lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'))
        .collect();
    let place = |module: &str| order.iter().position(|listed| *listed == module);
    assert!(order.len() > 10, "{order:?}");
    let mut wrong = Vec::new();
    for (path, text) in files("ledger/src", ".rs") {
        let inside = path.strip_prefix("ledger/src").unwrap().to_string_lossy().into_owned();
        let own = inside.split(['/', '.']).next().unwrap();
        if own == "lib" {
            continue;
        }
        let here = place(own).unwrap_or_else(|| panic!("{inside} belongs to no module of lib.rs"));
        for (number, line) in code(&text) {
            assert!(!line.contains("crate::{"), "{inside}:{number}: one `use crate::…` a module");
            let below = modules_used(line).filter(|used| place(used).is_none_or(|place| place > here));
            wrong.extend(below.map(|used| format!("{inside}:{number} uses `{used}`")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `main → command → {import, render, text} → ledger`; the three in the middle never use one another. That the
/// library never uses the program, the compiler holds.
#[test]
fn the_middle_of_the_program_looks_neither_up_nor_aside() {
    const MIDDLE: [&str; 3] = ["import", "render", "text"];
    for (path, text) in files("src", ".rs") {
        let inside = path.strip_prefix("src").unwrap().to_string_lossy().into_owned();
        let own = inside.split(['/', '.']).next().unwrap();
        for (number, line) in code(&text).filter(|_| MIDDLE.contains(&own)) {
            let wrong =
                modules_used(line).find(|used| *used != own && (MIDDLE.contains(used) || *used == "command"));
            assert_eq!(wrong, None, "src/{inside}:{number}");
        }
    }
}

#[test]
fn only_the_store_names_sled() {
    for (path, text) in files("ledger/src", ".rs") {
        let is_store = path.starts_with("ledger/src/store") || path.ends_with("store.rs");
        for (number, line) in code(&text) {
            assert!(is_store || !line.contains("sled::"), "{}:{number} names sled", path.display());
        }
    }
    assert!(files("src", ".rs").iter().all(|(_, text)| code(text).all(|(_, line)| !line.contains("sled::"))));
}

/// The documents stand alone: they name nothing that a reader of the project does not have.
#[test]
fn documents_name_nothing_from_outside() {
    for (path, text) in files("", ".md") {
        for (number, line) in (1..).zip(text.lines()) {
            for word in ["../shared", "/work", "session"] {
                assert!(!line.contains(word), "{}:{number} names `{word}`", path.display());
            }
        }
    }
}
