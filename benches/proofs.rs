//! Proofs at a million entries: how long they take to make and to check, and how large they are.
//!
//! `cargo bench --bench proofs [-- ENTRIES]`. Each figure stands beside what it must reach.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use ledger::act::{Act, Submitted};
use ledger::checkpoint::{Checkpoint, Signed};
use ledger::merkle::{Tree, TreeHash};
use ledger::note::{Purpose, SigningKey};
use ledger::policy::Policy;
use ledger::proof::{Document, Inclusion};
use ledger::publish::Publication;
use ledger::{History, Ledger, Log, RecordedAt};

/// How many proofs are made and checked.
const PROOFS: u64 = 2_000;

fn main() {
    let given = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let count: u64 = given.unwrap_or(1_000_000);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger");
    let now = ledger::Instant::UNIX_EPOCH;
    let acts = (0..count).map(act).collect();
    let (_, took) = timed(|| Ledger::create(&path, acts, RecordedAt::Clock(now)).unwrap());
    println!("{count} entries, made in {took:.1?}");

    let (history, took) = timed(|| History::read(&path).unwrap());
    println!("read as acts                 {took:>10.1?}  (what every command pays)");
    drop(history);
    let (log, took) = timed(|| Log::read(&path).unwrap());
    println!("read as log, with the tree   {took:>10.1?}");
    let (tree, took) = timed(|| {
        let mut tree = Tree::default();
        for (sealed, _) in &log.entries {
            tree.push(&sealed.bytes);
        }
        tree
    });
    let bytes: usize = log.entries.iter().map(|(sealed, _)| sealed.bytes.len()).sum();
    let each = took / u32::try_from(count).unwrap();
    println!(
        "the tree alone               {took:>10.1?}  ({each:?} an entry of {} bytes)",
        bytes as u64 / count
    );
    drop(tree);
    prove(&log, count);

    let key = key();
    let signed = Signed::sign(Checkpoint::of("log.example/acts", &log.tree), &key).unwrap();
    let out = dir.path().join("out");
    let publish = || Publication::open(&out).unwrap().write(&log, &signed).unwrap();
    let (files, took) = timed(publish);
    println!("publish                      {took:>10.1?}  ({files} files, each synced)");
    let (head, took) =
        timed(|| ledger::publish::restore(&out, &policy(&key), &dir.path().join("new")).unwrap().0);
    println!("restore, everything verified {took:>10.1?}  (head {:.16}…)", head.hash.to_string());
}

fn prove(log: &Log, count: u64) {
    let key = key();
    let policy = policy(&key);
    let signed = Signed::sign(Checkpoint::of("log.example/acts", &log.tree), &key).unwrap();
    let (mut path, mut made, mut checked, mut sizes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for turn in 0..PROOFS {
        let number = turn.wrapping_mul(0x9e37_79b9_7f4a_7c15) % count + 1;
        let entry = &log.entries[usize::try_from(number - 1).unwrap()].0.bytes;
        path.push(timed(|| black_box(log.tree.inclusion(number - 1, count))).1);
        let (text, took) = timed(|| {
            Inclusion::make(&log.tree, number, entry.clone(), &signed).unwrap().to_string().into_bytes()
        });
        made.push(took);
        let (entry, took) = timed(|| match Document::parse(&text).unwrap() {
            Document::Inclusion(proof) => proof.verify(&policy).unwrap().0,
            Document::Consistency(_) | Document::Fork(_) | Document::Checkpoint(_) => unreachable!(),
        });
        assert_eq!(entry.number, number);
        checked.push(took);
        sizes.push(text.len());
    }
    let hash = TreeHash::of_entry(b"");
    let verify = || black_box(signed.verify_log(key.verifier())).unwrap();
    let ((), signature) = timed(|| (0..1000).for_each(|_| verify()));
    println!("path made                    {}", figures(&mut path));
    println!("proof made, as a file        {}  must be within 50 µs", figures(&mut made));
    println!("file read and checked        {}  must be within 100 µs", figures(&mut checked));
    println!("  of it the signature        {:>10.1?}", signature / 1000);
    sizes.sort_unstable();
    println!(
        "size of the file             p50 {} bytes, largest {}, of it the entry {}; must be under 1536 (a hash is {})",
        sizes[sizes.len() / 2],
        sizes[sizes.len() - 1],
        log.entries[log.entries.len() / 2].0.bytes.len().div_ceil(3) * 4 + 7,
        hash.to_string().len() + 1,
    );
}

fn key() -> SigningKey {
    SigningKey::from_seed("log.example/acts", Purpose::Log, &[1; 32]).unwrap()
}

fn policy(key: &SigningKey) -> Policy {
    Policy::parse(&format!("log {}\nquorum none\n", key.verifier())).unwrap()
}

/// A recognition with two sources; the first act declares the parties.
fn act(number: u64) -> Submitted {
    let line = match number {
        0 => r#"{"kind":"entity.created","subject":"RUS","party":"state","name":"Russia"}"#.to_owned(),
        1 => r#"{"kind":"entity.created","subject":"IEA","party":"government","name":"Islamic Emirate"}"#
            .to_owned(),
        2 => r#"{"kind":"entity.created","subject":"AFG","party":"state","name":"Afghanistan"}"#.to_owned(),
        _ => format!(
            r#"{{"kind":"recognition.government","id":"ru-iea-{number}","actor":"RUS","subject":"IEA","of":"AFG","effective":"2025-07-03","mode":"de_jure","claims":[{{"source":"Russian MFA statement, as reported","published":"2025-07-03"}}]}}"#
        ),
    };
    let (acts, problems) = ledger::act::json::read(line.as_bytes());
    assert!(problems.is_empty(), "{problems:?}");
    let act: Act = *acts.into_iter().next().unwrap().act;
    act.into()
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed())
}

fn figures(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    format!("p50 {:>8.1?}, p99 {:>8.1?}", at(50), at(99))
}
