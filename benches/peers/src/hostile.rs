//! Registers that nobody would keep, made to be slow: beside the usual one of as many acts.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};

use crate::process::run;

/// A register: its name, a line of it, and a share of the acts where they are long.
type Kind = (&'static str, fn(u64) -> Value, u64);

const KINDS: [Kind; 6] = [
    ("usual: a pair a line", usual, 1),
    ("one pair in every act", one_pair, 1),
    ("one party in every act", one_party, 1),
    ("all acts on one day", one_day, 1),
    ("dates over twenty millennia", wide, 1),
    ("entries of 65,000 bytes", long, 100),
];

fn act(actor: u64, subject: u64, date: &str) -> Value {
    let kind = ["relations.established", "relations.severed", "relations.restored"][(subject % 3) as usize];
    json!({ "kind": kind, "actor": party(actor), "subject": party(subject), "effective": date })
}

fn party(number: u64) -> String {
    format!("P{}", number % PARTIES)
}

const PARTIES: u64 = 500;

fn day(number: u64) -> String {
    format!("{:04}-{:02}-{:02}", 1900 + number % 120, 1 + number % 12, 1 + number % 28)
}

fn usual(number: u64) -> Value {
    act(number, number / PARTIES + 1, &day(number))
}

fn one_pair(number: u64) -> Value {
    let kind = ["relations.severed", "relations.restored"][(number % 2) as usize];
    json!({ "kind": kind, "actor": "P1", "subject": "P2", "effective": day(number) })
}

fn one_party(number: u64) -> Value {
    act(1, 2 + number % (PARTIES - 2), &day(number))
}

fn one_day(number: u64) -> Value {
    act(number, number / PARTIES + 1, "2001-01-01")
}

fn wide(number: u64) -> Value {
    let year = i64::try_from(number % 19_998).unwrap() - 9_999;
    act(number, number / PARTIES + 1, &if year < 0 { format!("-{:04}", -year) } else { format!("{year:04}") })
}

fn long(number: u64) -> Value {
    let Value::Object(mut fields) = usual(number) else { unreachable!("it is an object") };
    fields.insert("note".to_owned(), "x".repeat(65_000).into());
    fields.into()
}

pub(crate) fn measure(dir: &Path, acts: u64) {
    println!("\n# Hostile registers of {acts} acts (of 65,000 bytes: a hundredth as many)\n");
    println!("| | append, acts/s | MB | audit, acts/s | MB | a pair, ms | MB |");
    println!("|---|---|---|---|---|---|---|");
    let dir = tempfile::tempdir_in(dir).unwrap();
    for (name, line, share) in KINDS {
        let acts = acts / share;
        let (file, ledger) = (dir.path().join("acts.jsonl"), dir.path().join("ledger"));
        let mut out = BufWriter::new(fs::File::create(&file).unwrap());
        for number in 0..PARTIES {
            let created = json!({ "kind": "entity.created", "subject": party(number), "party": "state" });
            writeln!(out, "{created}").unwrap();
        }
        for number in 0..acts {
            writeln!(out, "{}", line(number)).unwrap();
        }
        out.flush().unwrap();
        run(&ledger, &["init", "--bare"]);
        let append = run(&ledger, &["append", "--file", &file.to_string_lossy()]);
        let audit = run(&ledger, &["audit"]);
        let pair = run(&ledger, &["state", "--actor", "P1", "--subject", "P2", "--as-of", "2010-01-01"]);
        println!(
            "| {name} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} |",
            acts as f64 / append.seconds,
            append.megabytes,
            acts as f64 / audit.seconds,
            audit.megabytes,
            pair.seconds * 1000.0,
            pair.megabytes
        );
        fs::remove_dir_all(&ledger).unwrap();
    }
}
