//! The tamper score: a small ledger altered in every way, and how much of that is found, located and repaired.
//!
//! `cargo bench --bench tamper [-- MOST]`: at most so many mutants of a class, 2,500 unless said; the table says
//! where that is not all of them.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

#[path = "../tests/score/tamper.rs"]
mod tamper;

use std::time::Instant;

use tamper::{Original, Row, files_of, is_repairable};

fn main() {
    let given = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let most: usize = given.unwrap_or(2_500);
    // sled panics on damage, and the library answers that; the words would only fill the screen.
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !panic.location().is_some_and(|at| at.file().contains("sled-")) {
            usual(panic);
        }
    }));
    let start = Instant::now();
    let original = Original::new();
    println!("files of the store: {:?}; at most {most} mutants of a class", files_of(&original));
    println!(
        "harmless: both copies still say what they said, such as a byte in space that the store no longer uses"
    );
    println!("-: nothing that the directory still holds could tell, so that only a backup helps");
    println!(
        "{:<26} {:>7} {:>8} {:>8} {:>12} {:>8} {:>8} {:>11}",
        "class", "made", "harmless", "found", "+checkpoint", "located", "repaired", "sound after"
    );
    let mut misses = Vec::new();
    original.score(most, |row| {
        println!("{}", line(row));
        misses.extend(row.misses.iter().map(|miss| format!("{}: {miss}", row.class)));
    });
    println!("in {:.0?}", start.elapsed());
    for miss in misses {
        println!("short of it: {miss}");
    }
}

fn line(row: &Row) -> String {
    let real = row.made - row.harmless;
    let share = |count: usize| {
        // Rounded down: only what is whole is 100.
        let tenths = (1000 * count).checked_div(real);
        tenths.map_or_else(|| "-".to_owned(), |tenths| format!("{}.{} %", tenths / 10, tenths % 10))
    };
    let mended = |count: usize| if is_repairable(row.class) { share(count) } else { "-".to_owned() };
    let sampled =
        if row.possible > row.made { format!("  (sampled of {})", row.possible) } else { String::new() };
    format!(
        "{:<26} {:>7} {:>8} {:>8} {:>12} {:>8} {:>8} {:>11}{sampled}",
        row.class,
        row.made,
        row.harmless,
        share(row.found),
        share(row.found_with_checkpoint),
        if row.class.starts_with("chained anew") { "-".to_owned() } else { share(row.located) },
        mended(row.repaired),
        mended(row.sound_after),
    )
}
