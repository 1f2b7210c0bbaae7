//! Durable appends, one at a time and in groups of a hundred.

use std::path::Path;
use std::time::Instant;

use ledger::act::Submitted;
use ledger::chain::seal;
use ledger::{Head, Ledger, RecordedAt};

use crate::median;
use crate::plain::Plain;
use crate::redb_peer::Redb;
use crate::sqlite::{Row, Sqlite};
use crate::worlds::{Shape, World};

const ROUNDS: usize = 9;

/// A round of each: acts in groups of so many.
struct Peers {
    ours: Ledger,
    plain: Plain,
    sqlite: Sqlite,
    redb: Redb,
    world: World,
    head: Head,
}

const NOW: RecordedAt = RecordedAt::Clock(ledger::Instant::UNIX_EPOCH);

pub(crate) fn measure(dir: &Path) {
    let dir = tempfile::tempdir_in(dir).unwrap();
    let path = dir.path().join("ledger");
    Ledger::create(&path, Vec::new(), NOW).unwrap();
    let mut peers = Peers {
        ours: Ledger::open(&path).unwrap().0,
        plain: Plain::create(&dir.path().join("plain")),
        sqlite: Sqlite::create(&dir.path().join("sqlite")),
        redb: Redb::create(&dir.path().join("redb")),
        world: World::new(Shape::real(20_000), 7),
        head: Head::EMPTY,
    };
    println!("\n# Durable appends, acts a second (median of {ROUNDS} rounds in turn)\n");
    println!("| acts an append | plain file | Chancery | | SQLite WAL FULL | | redb | |");
    println!("|---|---|---|---|---|---|---|---|");
    // The declarations come first, and are not counted.
    peers.round(2, 1100);
    for (group, appends) in [(1, 300), (100, 20)] {
        let rounds: Vec<[f64; 4]> = (0..ROUNDS).map(|_| peers.round(appends, group)).collect();
        let rate = |peer: usize| median(rounds.iter().map(|round| round[peer]).collect());
        let ratio = |peer: usize| median(rounds.iter().map(|round| round[peer] / round[0]).collect());
        println!(
            "| {group} | {:.0} | {:.0} | {:.2}× | {:.0} | {:.2}× | {:.0} | {:.2}× |",
            rate(0), rate(1), ratio(1), rate(2), ratio(2), rate(3), ratio(3)
        );
    }
    let entries = peers.ours.head().number;
    assert_eq!(peers.redb.count(), entries);
    peers.ours.close().unwrap();
}

impl Peers {
    /// The acts a second of plain file, ours, SQLite and redb, for the same acts.
    fn round(&mut self, appends: usize, group: usize) -> [f64; 4] {
        let acts: Vec<Vec<Submitted>> =
            (0..appends).map(|_| (0..group).map(|_| self.next_allowed()).collect()).collect();
        let rows: Vec<Vec<Row>> = acts
            .iter()
            .map(|acts| {
                let row = |act: &Submitted| {
                    let sealed = seal(&self.head, act.act.clone(), NOW).unwrap();
                    self.head = sealed.head();
                    Row::of(act, sealed.bytes)
                };
                acts.iter().map(row).collect()
            })
            .collect();
        let bytes: Vec<Vec<Vec<u8>>> =
            rows.iter().map(|rows| rows.iter().map(|row| row.bytes.clone()).collect()).collect();
        let count = (appends * group) as f64;
        let rate = |began: Instant| count / began.elapsed().as_secs_f64();
        let began = Instant::now();
        bytes.iter().for_each(|entries| self.plain.append(entries));
        let plain = rate(began);
        let began = Instant::now();
        for acts in acts {
            self.ours.append(acts, NOW, None).unwrap();
        }
        let ours = rate(began);
        let began = Instant::now();
        rows.iter().for_each(|rows| self.sqlite.append(rows));
        let sqlite = rate(began);
        let began = Instant::now();
        rows.iter().for_each(|rows| self.redb.append(rows));
        [plain, ours, sqlite, rate(began)]
    }

    /// Corrections of what would then be wrong are refused: they are not measured.
    fn next_allowed(&mut self) -> Submitted {
        loop {
            let act = self.world.next_submitted();
            if act.act.deed.target().is_none() {
                return act;
            }
        }
    }
}
