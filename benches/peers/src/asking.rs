//! Questions: of a pair, of a listed party, of the world; in process and as a whole process.

use std::path::Path;
use std::time::Instant;

use ledger::{Archive, Day, Ledger, PartyId, Question, RecordedAt, Register};
use rusqlite::params;

use crate::process::run;
use crate::sqlite::Sqlite;
use crate::worlds::state;
use crate::{median, percentile};

const QUESTIONS: usize = 4000;

struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn state(&mut self) -> PartyId {
        PartyId::parse(&state(self.below(200))).unwrap()
    }

    fn listed(&mut self, acts: u64) -> PartyId {
        PartyId::parse(&format!("list:{}", self.below((acts / 10).min(100_000)))).unwrap()
    }

    fn day(&mut self) -> Day {
        Day::constant(i16::try_from(1950 + self.below(75)).unwrap(), 6, 15)
    }
}

pub(crate) fn measure(ledger: &Path, sqlite: Option<&Path>, acts: u64) {
    let archive = Archive::open(ledger).unwrap();
    println!("\nin process, microseconds:            p50      p99");
    let ask = |question: &Question, number: u64| {
        let moment = archive.after(number).unwrap();
        archive.answer(question, &moment).unwrap().0.standings.len()
    };
    let between = |actor, subject, day| Question {
        as_of: day,
        register: None,
        actor: Some(actor),
        subject: Some(subject),
        through: false,
    };
    for (name, now) in [("a pair, as known now", true), ("a pair, as known at any time", false)] {
        let mut dice = Dice(1);
        report(name, QUESTIONS, || {
            let question = between(dice.state(), dice.state(), dice.day());
            let number = if now { acts } else { 1 + dice.below(acts) };
            ask(&question, number)
        });
    }
    let mut dice = Dice(2);
    report("sanctions against a listed party", QUESTIONS, || {
        let subject = Some(dice.listed(acts));
        ask(&Question { subject, ..Question::about(Register::Sanction, dice.day()) }, acts)
    });
    let mut dice = Dice(3);
    report("the world's recognitions, relations", 9, || {
        let day = dice.day();
        [Register::RecognitionState, Register::Relations]
            .map(|register| ask(&Question::about(register, day), acts))
            .iter()
            .sum()
    });
    if let Some(sqlite) = sqlite {
        ask_sqlite(sqlite, acts);
    }
    whole_processes(ledger);
    drop(archive);
    reopen(ledger);
}

fn report(name: &str, count: usize, mut ask: impl FnMut() -> usize) {
    let mut found = 0;
    let mut took: Vec<f64> = (0..count)
        .map(|_| {
            let began = Instant::now();
            found += ask();
            began.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    let (p50, p99) = (percentile(&mut took, 50), percentile(&mut took, 99));
    println!("{name:<36} {p50:>8.0} {p99:>8.0}   ({found} found)");
}

/// The rows of a pair up to a day, as known then: what SQLite must read before anything is made of them.
fn ask_sqlite(path: &Path, acts: u64) {
    let db = Sqlite::connect(path);
    let mut select = db
        .prepare(
            "SELECT number, kind, effective_from, effective_to, bytes FROM acts
             WHERE actor = ?1 AND subject = ?2 AND effective_from <= ?3 AND number <= ?4",
        )
        .unwrap();
    let mut dice = Dice(1);
    report("SQLite: the rows of a pair, one way", QUESTIONS, || {
        let (actor, subject, day) = (dice.state(), dice.state(), dice.day());
        let number = i64::try_from(1 + dice.below(acts)).unwrap();
        let day = i64::from(day.year()) * 10_000 + 615;
        let rows = select.query_map(params![actor.as_str(), subject.as_str(), day, number], |row| row.get::<_, Vec<u8>>(4));
        rows.unwrap().map(Result::unwrap).count()
    });
}

fn whole_processes(ledger: &Path) {
    let mut dice = Dice(5);
    let runs: Vec<_> = (0..15)
        .map(|_| {
            let (actor, subject, day) = (dice.state(), dice.state(), dice.day().to_string());
            run(ledger, &["state", "--actor", actor.as_str(), "--subject", subject.as_str(), "--as-of", &day])
        })
        .collect();
    let most = runs.iter().map(|run| run.megabytes).fold(0.0, f64::max);
    let seconds = median(runs.iter().map(|run| run.seconds * 1000.0).collect());
    println!("`chancery state` of a pair, whole process: {seconds:.1} ms, {most:.0} MB");
}

/// A writer that goes without closing leaves what a kill leaves: the next one opens after it.
fn reopen(path: &Path) {
    let now = RecordedAt::Clock(ledger::Instant::now());
    let began = Instant::now();
    let (mut ledger, _) = Ledger::open(path).unwrap();
    let clean = began.elapsed().as_secs_f64() * 1000.0;
    let act = crate::worlds::World::new(crate::worlds::Shape::real(1000), 99).next_submitted();
    let act = ledger::act::Submitted::from(ledger::Act { id: None, ..*act.act });
    ledger.append(vec![act], now, None).unwrap();
    drop(ledger);
    let began = Instant::now();
    let (ledger, _) = Ledger::open(path).unwrap();
    let killed = began.elapsed().as_secs_f64() * 1000.0;
    ledger.close().unwrap();
    println!("opening to write: after a clean close {clean:.0} ms, after a kill {killed:.0} ms");
}
