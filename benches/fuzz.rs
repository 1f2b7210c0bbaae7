//! A bounded fuzzer: whatever bytes come in, nothing panics, hangs, or takes more memory than they justify.
//!
//! `cargo bench --profile dev --bench fuzz [-- --seconds N] [--seed S]`, 60 seconds and seed 1 unless said. Inputs
//! are mutated from `tests/fuzz/corpus/<target>/`; those that are accepted join them while it runs. The time is shared
//! by the targets. What fails is printed in hexadecimal, with the seed. Memory is judged by the most that the process
//! ever had (Linux), since counting each allocation would need code that this project forbids.

#![allow(clippy::unwrap_used, reason = "a fuzzer that cannot go on has failed")]

use std::fmt::Write as _;
use std::fs;
use std::panic::catch_unwind;
use std::path::Path;
use std::time::{Duration, Instant};

use ledger::Date;
use ledger::act::json;
use ledger::checkpoint::Signed;
use ledger::entry::Entry;
use ledger::journal::Reader;
use ledger::journal::salvage::salvage;
use ledger::note::{Note, VerifierKey};
use ledger::policy::Policy;
use ledger::proof::Document;
use ledger::remains::Remains;

/// The longest input, in bytes: as long as an entry may be, and a little more.
const LONGEST: usize = 70_000;
/// No input may take longer, unoptimised and on a busy machine: thousands of wrong words, each compared with every
/// right one, take three seconds.
const PATIENCE: Duration = Duration::from_secs(15);
/// What all of it may take beyond what the process began with, in KiB.
const MEMORY: u64 = 200 * 1024;

/// Reads an input and says whether it was accepted; what is accepted must come out as it went in.
type Target = fn(&[u8]) -> bool;

const TARGETS: [(&str, Target); 7] = [
    ("entry", entry),
    ("journal", journal),
    ("store", store),
    ("note", note),
    ("proof", proof),
    ("date", date),
    ("acts", acts),
];

fn main() {
    let given = |flag: &str| {
        let mut words = std::env::args().skip_while(|word| word != flag).skip(1);
        words.next().map(|word| word.parse::<u64>().unwrap())
    };
    let seconds = given("--seconds").unwrap_or(60);
    let seed = given("--seed").unwrap_or(1);
    let before = most_memory();
    println!("{:<8} {:>9} {:>9} {:>12}", "target", "inputs", "accepted", "slowest");
    for (name, target) in TARGETS {
        let corpus = corpus_of(name);
        let share = Duration::from_secs(seconds) / u32::try_from(TARGETS.len()).unwrap();
        let (inputs, accepted, slowest) = fuzz(name, target, corpus, seed, share);
        println!("{name:<8} {inputs:>9} {accepted:>9} {slowest:>12.1?}");
    }
    let grown = most_memory().saturating_sub(before);
    println!("seed {seed}; memory grew by {} MiB at most", grown / 1024);
    assert!(grown < MEMORY, "more memory than the inputs justify: {grown} KiB");
}

fn corpus_of(name: &str) -> Vec<Vec<u8>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(name);
    let mut files: Vec<_> = fs::read_dir(dir).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 1, "{name} has a corpus");
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

fn fuzz(
    name: &str,
    target: Target,
    mut corpus: Vec<Vec<u8>>,
    seed: u64,
    share: Duration,
) -> (u64, u64, Duration) {
    const MOST_KEPT: usize = 2000;
    let mut chance = Chance(seed.max(1));
    let (mut inputs, mut accepted, mut slowest) = (0, 0, Duration::ZERO);
    for (place, input) in corpus.iter().enumerate() {
        assert!(target(input), "{name}: file {place} of the corpus is refused");
    }
    let start = Instant::now();
    while start.elapsed() < share {
        let mut input = corpus[chance.below(corpus.len())].clone();
        for _ in 0..=chance.below(4) {
            mutate(&mut input, &corpus, &mut chance);
        }
        input.truncate(LONGEST);
        let begun = Instant::now();
        let Ok(taken) = catch_unwind(|| target(&input)) else {
            panic!("{name} panics with seed {seed} on {}", hex(&input));
        };
        let took = begun.elapsed();
        assert!(took < PATIENCE, "{name} takes {took:?} with seed {seed} on {}", hex(&input));
        slowest = slowest.max(took);
        inputs += 1;
        if taken {
            accepted += 1;
            if corpus.len() < MOST_KEPT && !corpus.contains(&input) {
                corpus.push(input);
            }
        }
    }
    (inputs, accepted, slowest)
}

/// Numbers that look like chance and are the same for one seed (xorshift).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % (most.max(1) as u64)).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[3]
    }
}

fn mutate(input: &mut Vec<u8>, corpus: &[Vec<u8>], chance: &mut Chance) {
    const TELLING: [u8; 14] = [0, 1, 0x7f, 0x80, 0xfa, 0xfb, 0xfc, 0xfd, 0xff, b'\n', b'"', b'-', b'/', b'9'];
    let at = chance.below(input.len() + 1);
    let to = (at + chance.below(24)).min(input.len());
    match chance.below(9) {
        0 if at < input.len() => input[at] ^= 1 << chance.below(8),
        1 if at < input.len() => input[at] = TELLING[chance.below(TELLING.len())],
        2 if at < input.len() => input[at] = chance.byte(),
        3 => input.insert(at, TELLING[chance.below(TELLING.len())]),
        4 => drop(input.drain(at..to)),
        5 => {
            let run: Vec<u8> = input[at..to].to_vec();
            let times = if chance.below(50) == 0 { 3000 } else { chance.below(6) };
            input.splice(at..at, run.repeat(times));
        }
        6 => {
            let other = &corpus[chance.below(corpus.len())];
            let from = chance.below(other.len() + 1);
            let until = (from + chance.below(200)).min(other.len());
            input.splice(at..to, other[from..until].iter().copied());
        }
        7 => input.truncate(at),
        _ => {
            let swapped: Vec<u8> = input[at..to].iter().rev().copied().collect();
            input.splice(at..to, swapped);
        }
    }
}

fn entry(input: &[u8]) -> bool {
    Entry::decode(input).is_ok_and(|entry| {
        assert_eq!(entry.encode(), input, "what decodes encodes to the same bytes");
        true
    })
}

fn journal(input: &[u8]) -> bool {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), input).unwrap();
    let held = salvage(file.path()).unwrap();
    let Ok(mut reader) = Reader::open(file.path()) else { return false };
    let read = reader.by_ref().count();
    let end = reader.end();
    // What follows the last byte that is not zero is room.
    let written = input.iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1);
    assert!(end.head.number <= read as u64 && end.bytes + end.torn >= written);
    assert!(held.entries.len() as u64 >= end.head.number, "going on finds no less");
    end.head.number > 0
}

/// A file of a store, as it is searched for frames; and the frame with which it begins with its checksum made right, so
/// that what is altered gets as far as being unpacked.
fn store(input: &[u8]) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let (journal, file) = (dir.path().join("journal"), dir.path().join("store/db"));
    fs::create_dir(dir.path().join("store")).unwrap();
    fs::write(&journal, "chancery journal 1\n").unwrap();
    let mut forged = input.to_vec();
    if let Some([_, _, _, _, packed @ ..]) = input.get(8..16) {
        let length = packed.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        if let Some(checked) = input.get(12..).and_then(|rest| rest.get(..length.saturating_add(88))) {
            forged[8..12].copy_from_slice(&crc32fast::hash(checked).to_be_bytes());
        }
    }
    let found = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        let whole = Remains::gather(&journal, file.parent().unwrap()).unwrap().whole();
        whole.is_ok_and(|entries| !entries.is_empty())
    };
    found(input) | found(&forged)
}

fn note(input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    for line in text.lines() {
        drop(VerifierKey::parse(line));
    }
    drop(Policy::parse(&text));
    if let Ok(signed) = Signed::parse(input) {
        assert_eq!(signed.to_string().as_bytes(), input, "what is read prints as it was");
    }
    Note::parse(input).is_ok_and(|note| {
        assert_eq!(note.to_string().as_bytes(), input, "what is read prints as it was");
        true
    })
}

fn proof(input: &[u8]) -> bool {
    Document::parse(input).is_ok()
}

fn date(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    Date::parse(text).is_ok_and(|date| {
        assert_eq!(date.as_str(), text, "one date, one spelling");
        assert!(date.earliest() <= date.latest());
        true
    })
}

fn acts(input: &[u8]) -> bool {
    let (exact, _) = json::read_exact(input);
    let (acts, problems) = json::read(input);
    let most = input.split(|byte| *byte == b'\n').count();
    assert!(acts.len() <= most && exact.len() <= most);
    problems.is_empty() && !acts.is_empty()
}

fn hex(input: &[u8]) -> String {
    input.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// The most memory that the process ever had, in KiB; 0 where the system does not say.
fn most_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
