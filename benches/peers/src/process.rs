//! Whole processes: how long they take, and the most memory that they hold.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::program;

/// What a run of the program took.
pub(crate) struct Run {
    pub(crate) seconds: f64,
    pub(crate) megabytes: f64,
}

/// Runs the program on a ledger.
pub(crate) fn run(ledger: &Path, words: &[&str]) -> Run {
    run_on(None, ledger, words)
}

/// The same on one processor alone.
pub(crate) fn run_on(processor: Option<usize>, ledger: &Path, words: &[&str]) -> Run {
    let mut command = match processor {
        Some(number) => {
            let mut command = Command::new("taskset");
            command.arg("-c").arg(number.to_string()).arg(program());
            command
        }
        None => Command::new(program()),
    };
    let began = Instant::now();
    let mut child =
        command.arg("--ledger").arg(ledger).args(words).stdout(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0_f64;
    let ended = loop {
        let kilobytes = fs::read_to_string(&status).ok().and_then(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
            line.trim().trim_end_matches(" kB").parse::<f64>().ok()
        });
        peak = peak.max(kilobytes.unwrap_or_default());
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        // To look takes from the processors what they need: who runs long is looked at less often.
        let pause = began.elapsed() / 50;
        sleep(pause.clamp(Duration::from_micros(500), Duration::from_millis(20)));
    };
    let seconds = began.elapsed().as_secs_f64();
    assert!(ended.code().is_some_and(|code| code < 2), "{words:?}: {ended}");
    Run { seconds, megabytes: peak / 1024.0 }
}

/// The bytes of everything in a directory, or of a file with those beside it that bear its name.
pub(crate) fn size(path: &Path) -> u64 {
    let metadata = fs::metadata(path).unwrap();
    if metadata.is_file() {
        return metadata.len();
    }
    fs::read_dir(path).unwrap().map(|entry| size(&entry.unwrap().path())).sum()
}
