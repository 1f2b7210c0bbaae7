//! The register beside the limit of the disk (a plain file) and beside SQLite and redb, in the same run.
//!
//! `cargo run --release --manifest-path benches/peers/Cargo.toml -- [ACTS]… [--alone] [--hostile] [--keep DIR]`. Every
//! table names what it counts; rates are medians of rounds in which the peers take turns, so that a disk that slows down
//! slows all. `--alone` leaves SQLite out of what is measured per size: to load ten million acts it takes an hour.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

mod asking;
mod bulk;
mod hostile;
mod plain;
mod process;
mod redb_peer;
mod sqlite;
#[path = "../../../ledger/tests/worlds/mod.rs"]
mod worlds;
mod writing;

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use worlds::{Shape, World};

/// The allocator of the program, for what is asked in this process.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Where the program is that is measured as a whole process.
pub(crate) fn program() -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/release/chancery");
    std::env::var_os("CHANCERY").map_or(built, PathBuf::from)
}

fn main() {
    let mut sizes = Vec::new();
    let mut keep = None;
    let (mut alone, mut hostile) = (false, false);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--alone" => alone = true,
            "--hostile" => hostile = true,
            "--keep" => keep = words.next().map(PathBuf::from),
            size => sizes.push(size.replace('_', "").parse::<u64>().unwrap()),
        }
    }
    if sizes.is_empty() {
        sizes.push(100_000);
    }
    assert!(program().is_file(), "build it first: cargo build --release");
    let temporary = tempfile::tempdir_in(".").unwrap();
    let dir = keep.unwrap_or_else(|| temporary.path().to_owned());
    fs::create_dir_all(&dir).unwrap();
    machine();
    if std::env::var_os("SKIP_WRITING").is_none() {
        writing::measure(&dir);
    }
    for size in sizes {
        println!("\n# {size} acts");
        let file = dir.join(format!("{size}.jsonl"));
        if !file.exists() {
            write_world(&file, size);
        }
        let ledger = dir.join(format!("{size}.ledger"));
        let sqlite = (!alone).then(|| dir.join(format!("{size}.sqlite")));
        bulk::measure(&file, &ledger, sqlite.as_deref(), size);
        asking::measure(&ledger, sqlite.as_deref(), size);
        if hostile {
            hostile::measure(&dir, size);
        }
    }
}

fn machine() {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    println!("machine: {}, {threads} threads", model.trim_start_matches(['\t', ' ', ':']));
}

fn write_world(file: &Path, size: u64) {
    let mut world = World::new(Shape::real(size), 1);
    let mut out = BufWriter::new(fs::File::create(file).unwrap());
    for _ in 0..size {
        serde_json::to_writer(&mut out, &world.next_act()).unwrap();
        out.write_all(b"\n").unwrap();
    }
    out.flush().unwrap();
}

/// The median of some figures.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// A figure below which so many of a hundred lie.
pub(crate) fn percentile(figures: &mut [f64], percent: usize) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[(figures.len() * percent / 100).min(figures.len() - 1)]
}
