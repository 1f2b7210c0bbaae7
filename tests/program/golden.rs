//! Ledgers of earlier days: still read, still sound, still answered as they were.
//!
//! `tests/golden/v1/README.md` says what the files are. This test needs no updating, ever.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::bench::Bench;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1").join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(golden(name)).unwrap()
}

/// A bench whose ledger holds the golden journal and nothing else.
fn old_ledger() -> Bench {
    let bench = Bench::bare();
    std::fs::create_dir(bench.path("chancery.ledger")).unwrap();
    std::fs::copy(golden("journal"), bench.path("chancery.ledger/journal")).unwrap();
    bench
}

/// The questions with their answers.
fn answers() -> Vec<(String, Value)> {
    let parsed = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        (line["ask"].as_str().unwrap().to_owned(), line["answer"].clone())
    };
    text("answers.jsonl").lines().map(parsed).collect()
}

fn ask(bench: &Bench, question: &str) -> Value {
    serde_json::from_str(&bench.ok(&format!("--format json {question}"))).unwrap()
}

/// Where an answer lacks what it once said: fields may be added, none may change or go.
fn difference(at: &str, once: &Value, now: &Value) -> Option<String> {
    let differs = || Some(format!("{at}: {once} is now {now}"));
    match (once, now) {
        (Value::Object(once), Value::Object(now)) => once.iter().find_map(|(name, value)| {
            difference(&format!("{at}.{name}"), value, now.get(name).unwrap_or(&Value::Null))
        }),
        (Value::Array(once), Value::Array(now)) if once.len() == now.len() => {
            let pairs = once.iter().zip(now).enumerate();
            pairs
                .into_iter()
                .find_map(|(index, (once, now))| difference(&format!("{at}[{index}]"), once, now))
        }
        _ => {
            if once == now {
                None
            } else {
                differs()
            }
        }
    }
}

#[test]
fn a_ledger_of_format_1_is_sound_and_answers_as_it_did() {
    let bench = old_ledger();
    let head = text("head");
    assert_eq!(bench.ok("head").lines().next(), head.lines().next());
    // Reading comes first: it must work beside no store at all. The empty append then makes the store.
    for (question, once) in answers() {
        assert_eq!(difference("answer", &once, &ask(&bench, &question)), None, "{question}");
    }
    assert_eq!(bench.ok("export --exact"), text("exact.jsonl"));
    bench.write(
        "again.jsonl",
        r#"{"kind":"statement","id":"by-the-clock","actor":"AAA","effective":"2026-11-23"}"#,
    );
    assert!(bench.ok("append --file again.jsonl").starts_with("recorded nothing new"));
    let audit = ask(&bench, &format!("audit --against {head}"));
    assert_eq!(audit["faults"], Value::Array(Vec::new()));
    assert_eq!((&audit["copies"]["journal"], &audit["copies"]["store"]), (&"ok".into(), &"ok".into()));
    assert_eq!(
        std::fs::read(bench.path("chancery.ledger/journal")).unwrap(),
        std::fs::read(golden("journal")).unwrap()
    );
}

#[test]
fn an_exact_export_of_format_1_gives_the_same_head() {
    let bench = Bench::bare();
    bench.write("exact.jsonl", text("exact.jsonl"));
    bench.ok("init --bare --recorded-at 2019-01-01T00:00:00Z");
    bench.ok("append --exact --file exact.jsonl");
    assert_eq!(bench.ok("head").lines().next(), text("head").lines().next());
}

#[test]
fn a_plain_export_of_format_1_gives_the_same_answers() {
    let old = old_ledger();
    let bench = Bench::bare();
    bench.write("plain.jsonl", old.ok("export"));
    bench.ok("init --bare");
    bench.ok("append --file plain.jsonl");
    let by_instant =
        |question: &str| question.split("--known-at ").nth(1).is_some_and(|at| !at.starts_with('#'));
    let mut asked = 0;
    for (question, once) in answers() {
        // When the acts were recorded is new, and with it what was known at an instant.
        if question.starts_with("state") && !by_instant(&question) {
            let now = ask(&bench, &question);
            assert_eq!(difference("standings", &once["standings"], &now["standings"]), None, "{question}");
            asked += 1;
        }
    }
    assert!(asked > 12);
}
