//! A register from a file, everything included, and its audit.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Instant;

use ledger::act::{Draft, Place, Submitted};
use ledger::chain::seal;
use ledger::{Act, Head, RecordedAt};
use serde_json::{Map, Value};

use crate::median;
use crate::process::{run, run_on, size};
use crate::sqlite::{Row, Sqlite};

pub(crate) fn measure(file: &Path, ledger: &Path, sqlite: Option<&Path>, acts: u64) {
    let rate = |seconds: f64| format!("{:.0} k/s", acts as f64 / seconds / 1000.0);
    if !ledger.exists() {
        run(ledger, &["init", "--bare"]);
        let took = run(ledger, &["append", "--file", &file.to_string_lossy()]);
        println!("bulk append of JSONL: Chancery {} ({:.1} s, {:.0} MB)", rate(took.seconds), took.seconds, took.megabytes);
    }
    if let Some(sqlite) = sqlite.filter(|sqlite| !sqlite.exists()) {
        let began = Instant::now();
        load_sqlite(file, sqlite);
        let seconds = began.elapsed().as_secs_f64();
        println!("                      SQLite   {} ({seconds:.1} s)", rate(seconds));
    }
    let encoded: u64 = fs::metadata(ledger.join("journal")).unwrap().len() - 8 * acts - 19;
    let all = size(ledger);
    println!(
        "disk: {:.2}× the encoded bytes (journal {:.2}, store {:.2}, index {:.2}; {} bytes an act)",
        all as f64 / encoded as f64,
        size(&ledger.join("journal")) as f64 / encoded as f64,
        size(&ledger.join("store")) as f64 / encoded as f64,
        size(&ledger.join("index")) as f64 / encoded as f64,
        encoded / acts
    );
    audit(ledger, sqlite, acts);
}

/// Audits in turn; of a long register, once.
fn audit(ledger: &Path, sqlite: Option<&Path>, acts: u64) {
    let rounds = if acts > 1_000_000 { 1 } else { 5 };
    let (mut two, mut one, mut peer, mut megabytes) = (Vec::new(), Vec::new(), Vec::new(), 0.0_f64);
    for _ in 0..rounds {
        let took = run(ledger, &["audit"]);
        megabytes = megabytes.max(took.megabytes);
        two.push(took.seconds);
        one.push(run_on(Some(0), ledger, &["audit"]).seconds);
        if let Some(sqlite) = sqlite {
            let began = Instant::now();
            assert_eq!(Sqlite::audit(sqlite), acts);
            peer.push(began.elapsed().as_secs_f64());
        }
    }
    let (two, one) = (median(two), median(one));
    let rate = |seconds: f64| format!("{:.0} k/s", acts as f64 / seconds / 1000.0);
    println!(
        "audit: Chancery {} ({megabytes:.0} MB), on one processor {} ({:.2}×)",
        rate(two), rate(one), one / two
    );
    if !peer.is_empty() {
        println!("       SQLite   {} (its one copy)", rate(median(peer)));
    }
}

/// The same acts into the same indexes, parsed and checked for their form as ours are.
fn load_sqlite(file: &Path, sqlite: &Path) {
    let now = RecordedAt::Clock(ledger::Instant::UNIX_EPOCH);
    let mut db = Sqlite::create(sqlite);
    let mut head = Head::EMPTY;
    let mut rows = Vec::new();
    for line in BufReader::new(fs::File::open(file).unwrap()).lines() {
        let act = read(&line.unwrap());
        let sealed = seal(&head, act.act.clone(), now).unwrap();
        head = sealed.head();
        rows.push(Row::of(&act, sealed.bytes));
        if rows.len() == 10_000 {
            db.append(&rows);
            rows.clear();
        }
    }
    db.append(&rows);
}

fn read(line: &str) -> Submitted {
    let fields: Map<String, Value> = serde_json::from_str(line).unwrap();
    let mut draft = Draft::new(0);
    for (name, value) in fields {
        draft.push(&name, value, Place::default());
    }
    Act::read(draft).unwrap().into()
}
