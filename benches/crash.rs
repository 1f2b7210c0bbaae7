//! The crash score: the program killed at any moment, and every call of the operating system failed in turn; after
//! each, what was acknowledged must be there, whole, and every checkpoint must hold.
//!
//! `cargo bench --bench crash [-- KILLS]`, 500 unless said. Failed calls need `strace` and leave to trace, short writes
//! `prlimit`; without, they are passed over, and the table says so.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

#[path = "../tests/score/crash.rs"]
mod crash;

use std::time::Instant;

use crash::{Row, failed_calls, kills, short_writes};

fn main() {
    let given = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let rounds: u64 = given.unwrap_or(500);
    let start = Instant::now();
    println!(
        "lost: acknowledged and not there; half: some acts of an append and not all; false: a checkpoint that the"
    );
    println!(
        "ledger contradicts; unsound: an audit after the next opening has faults; stuck: the next append fails"
    );
    println!(
        "{:<34} {:>6} {:>6} {:>6} {:>6} {:>6} {:>7} {:>6}",
        "what was interrupted", "runs", "died", "lost", "half", "false", "unsound", "stuck"
    );
    let mut troubles = Vec::new();
    let mut show = |row: &Row| {
        println!(
            "{:<34} {:>6} {:>6} {:>6} {:>6} {:>6} {:>7} {:>6}",
            row.what, row.runs, row.died, row.lost, row.half, row.contradicted, row.unsound, row.stuck
        );
        troubles.extend(row.troubles.iter().map(|trouble| format!("{}: {trouble}", row.what)));
    };
    kills(rounds, &mut show);
    if let Err(why) = failed_calls(&mut show) {
        println!("SKIPPED: failed calls: {why}");
    }
    if let Err(why) = short_writes(&mut show) {
        println!("SKIPPED: short writes: {why}");
    }
    println!("in {:.0?}", start.elapsed());
    for trouble in troubles {
        println!("trouble: {trouble}");
    }
}
