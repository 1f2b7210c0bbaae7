//! The crash score: the program as a person runs it, killed at any moment or with a call of the operating system
//! failed, and the ledger that it leaves.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ledger::audit::{Against, Terms, audit};
use ledger::checkpoint::Signed;
use ledger::{History, Log};

/// The figures of one kind of interruption.
#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) runs: u64,
    /// Runs that ended before they had answered.
    pub(crate) died: u64,
    pub(crate) lost: u64,
    pub(crate) half: u64,
    pub(crate) contradicted: u64,
    pub(crate) unsound: u64,
    pub(crate) stuck: u64,
    pub(crate) troubles: Vec<String>,
}

/// A ledger that is worked on, with its key and where it is published.
struct Work {
    dir: tempfile::TempDir,
    /// How many acts were acknowledged.
    acknowledged: u64,
    /// Appends so far, for ids; every act of append `n` belongs to group `n`.
    turn: u64,
    /// A number that is different each time.
    chance: u64,
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_chancery");

impl Work {
    fn new() -> Self {
        let mut work = Self { dir: tempfile::tempdir().unwrap(), acknowledged: 0, turn: 0, chance: 1 };
        work.must("init --bare --recorded-at 2000-01-01T00:00:00Z");
        work.must("append entity.created --subject AAA --party state");
        work.must("key new log.example/acts --out key");
        work.must("checkpoint --key key");
        work.acknowledged = 1;
        work
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn ledger(&self) -> PathBuf {
        self.path("chancery.ledger")
    }

    fn command(&self, words: &str) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(words.split_whitespace());
        self.place(&mut command);
        command
    }

    fn place(&self, command: &mut Command) {
        command.current_dir(self.dir.path()).env_remove("CHANCERY_LEDGER");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    }

    fn must(&self, words: &str) -> Output {
        let output = self.command(words).output().unwrap();
        assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    fn random(&mut self, below: u64) -> u64 {
        self.chance =
            self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.chance >> 33) % below.max(1)
    }

    /// Writes a file of so many acts, and gives the words that append it.
    fn file_of(&mut self, count: u64) -> String {
        self.turn += 1;
        let mut lines = String::new();
        for number in 1..=count {
            let turn = self.turn;
            writeln!(
                lines,
                r#"{{"kind":"visit","id":"{turn}-{number}","actor":"AAA","effective":"2001","group":"{turn} of {count}"}}"#
            )
            .unwrap();
        }
        fs::write(self.path("acts.jsonl"), lines).unwrap();
        "append --file acts.jsonl".to_owned()
    }

    /// Looks at what an interruption has left, then lets a writer open the ledger, and looks again.
    fn look(&mut self, row: &mut Row, answered: bool, acts: u64) {
        row.runs += 1;
        row.died += u64::from(!answered);
        let least = self.acknowledged + if answered { acts } else { 0 };
        let mut trouble = |count: &mut u64, words: String| {
            *count += 1;
            row.troubles.push(words);
        };
        match History::read(&self.ledger()) {
            Ok(history) if history.head.number < least => {
                trouble(&mut row.lost, format!("{} of {least} entries", history.head.number));
            }
            Ok(history) => {
                let mut groups = history.entries.iter().filter_map(|entry| entry.act.group.as_ref());
                let latest = groups.next_back().map(ToString::to_string).unwrap_or_default();
                let held = history
                    .entries
                    .iter()
                    .filter(|entry| entry.act.group.as_ref().is_some_and(|group| group.as_str() == latest));
                let held = held.count() as u64;
                if !latest.is_empty() && !latest.ends_with(&format!(" of {held}")) {
                    trouble(&mut row.half, format!("{held} acts of append {latest}"));
                }
            }
            Err(error) => trouble(&mut row.lost, error.to_string()),
        }
        for checkpoint in self.checkpoints() {
            let holds = Log::read(&self.ledger())
                .is_ok_and(|log| checkpoint.checkpoint.check_against(&log.tree).is_ok());
            if !holds {
                trouble(&mut row.contradicted, format!("a checkpoint over {}", checkpoint.checkpoint.size));
            }
        }
        let mended = self.command("append visit --actor AAA --effective 2002").output().unwrap();
        if !mended.status.success() {
            trouble(&mut row.stuck, String::from_utf8_lossy(&mended.stderr).into_owned());
        }
        let against = self.checkpoints().pop().map(|signed| Against::Checkpoint(signed.checkpoint));
        match audit(&self.ledger(), &Terms { against, ..Terms::default() }) {
            Ok(found) if found.faults.is_empty() => self.acknowledged = found.head.number,
            Ok(found) => trouble(&mut row.unsound, format!("{:?}", found.faults)),
            Err(error) => trouble(&mut row.unsound, error.to_string()),
        }
    }

    /// Every checkpoint that anybody may have: in the ledger, beside the key, and published.
    fn checkpoints(&self) -> Vec<Signed> {
        let beside =
            fs::read_dir(self.path("key.signed")).into_iter().flatten().map(|file| file.unwrap().path());
        let files = [self.ledger().join("checkpoint"), self.path("out/checkpoint")].into_iter().chain(beside);
        // What ends in `.new` was never under its name.
        let named =
            files.filter(|path| !path.ends_with("lock") && path.extension().is_none_or(|end| end != "new"));
        named.filter_map(|path| fs::read(path).ok()).map(|bytes| Signed::parse(&bytes).unwrap()).collect()
    }
}

/// Waits so long, then kills; whether the program had answered and ended well by then.
fn killed_after(mut child: Child, after: Duration) -> bool {
    let start = Instant::now();
    while start.elapsed() < after {
        if child.try_wait().unwrap().is_some() {
            break;
        }
        sleep(Duration::from_micros(50));
    }
    child.kill().unwrap();
    child.wait_with_output().unwrap().status.success()
}

/// Kills the program at random moments: `rounds` in all, over every kind of work.
pub(crate) fn kills(rounds: u64, show: &mut dyn FnMut(&Row)) {
    /// The last is more than is ever held in memory: it is killed while much of it is written already.
    const KINDS: [(&str, u64); 9] = [
        ("append of 1 act", 1),
        ("append of 10 acts", 10),
        ("append of 100 acts", 100),
        ("append of 1,000 acts", 1000),
        ("opening for a dry run", 0),
        ("checkpoint", 0),
        ("publish", 0),
        ("recovery of a damaged copy", 1),
        ("append of 20,000 acts", 20_000),
    ];
    const LONG: u64 = 10_000;
    for (what, acts) in KINDS {
        let share = rounds.div_ceil(KINDS.len() as u64);
        let each = if acts > LONG { share.div_ceil(2) } else { share };
        let mut row = Row { what: format!("kill -9: {what}"), ..Row::default() };
        let mut work = Work::new();
        work.chance = acts + each + what.len() as u64;
        let mut usual = Duration::from_millis(if acts > LONG { 600 } else { 60 });
        for round in 0..each {
            if round % 25 == 24 {
                // A ledger that only grows would make each round slower than the last.
                let chance = work.chance;
                work = Work { chance, ..Work::new() };
            }
            let words = prepare(&mut work, what, acts);
            let after = usual * u32::try_from(work.random(1200)).unwrap() / 1000;
            let start = Instant::now();
            let answered = killed_after(work.command(&words).spawn().unwrap(), after);
            if answered {
                usual = (usual + start.elapsed()) / 2;
            } else {
                usual += usual / 50;
            }
            work.look(&mut row, answered, if words.contains("dry-run") { 0 } else { acts });
        }
        show(&row);
    }
}

/// The words of one round.
fn prepare(work: &mut Work, what: &str, acts: u64) -> String {
    match what {
        "checkpoint" => "checkpoint --key key".to_owned(),
        "publish" => {
            work.must("checkpoint --key key");
            "publish out".to_owned()
        }
        "opening for a dry run" => format!("{} --dry-run", work.file_of(1)),
        "recovery of a damaged copy" => {
            let file = work.ledger().join(if work.random(2) == 0 { "journal" } else { "store/db" });
            let mut bytes = fs::read(&file).unwrap();
            let most = bytes.len().min(6000) as u64;
            let place = usize::try_from(work.random(most - 30)).unwrap() + 25;
            bytes[place] ^= 0x20;
            fs::write(file, bytes).unwrap();
            work.file_of(acts)
        }
        _ => work.file_of(acts),
    }
}

/// Fails every call of the operating system on files in turn, over an append, a checkpoint and a publication.
///
/// # Errors
/// Why that cannot be done here.
pub(crate) fn failed_calls(show: &mut dyn FnMut(&Row)) -> Result<(), String> {
    const CALLS: [&str; 10] = [
        "openat",
        "read",
        "write",
        "pwrite64",
        "fdatasync",
        "fsync",
        "ftruncate",
        "rename",
        "unlink",
        "mkdir",
    ];
    let probe = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).output();
    match probe {
        Err(error) => return Err(format!("strace cannot be run ({error})")),
        Ok(output) if !output.status.success() => {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        Ok(_) => {}
    }
    for (what, acts) in [("append", 3), ("checkpoint", 0), ("publish", 0)] {
        for error in ["EIO", "ENOSPC"] {
            let mut row = Row { what: format!("{error}: each call of {what}"), ..Row::default() };
            for call in CALLS {
                fail_each(&mut row, what, acts, call, error);
            }
            show(&row);
        }
    }
    Ok(())
}

/// Lets no file grow beyond a limit, so that the write that would is cut short there and the next one fails; one
/// limit after another, over an append, a checkpoint and a publication.
///
/// # Errors
/// Why that cannot be done here.
pub(crate) fn short_writes(show: &mut dyn FnMut(&Row)) -> Result<(), String> {
    if let Err(error) = Command::new("prlimit").arg("--version").output() {
        return Err(format!("prlimit cannot be run ({error})"));
    }
    for (what, acts, most) in [("append", 3, 600), ("checkpoint", 0, 300), ("publish", 0, 600)] {
        let mut row = Row { what: format!("cut short: writes of {what}"), ..Row::default() };
        let mut work = Work::new();
        for step in (0..most).step_by(5) {
            let words = prepare(&mut work, what, acts);
            let begins =
                if what == "append" { fs::metadata(work.ledger().join("journal")).unwrap().len() } else { 0 };
            let mut command = Command::new("sh");
            // Ignored, the signal leaves the error to the program.
            let script = format!("trap '' XFSZ; exec prlimit --fsize={} {PROGRAM} {words}", begins + step);
            command.args(["-c", &script]);
            work.place(&mut command);
            let output = command.output().unwrap();
            work.look(&mut row, output.status.success(), acts);
        }
        show(&row);
    }
    Ok(())
}

fn fail_each(row: &mut Row, what: &str, acts: u64, call: &str, error: &str) {
    let mut work = Work::new();
    for when in 1..400 {
        let words = prepare(&mut work, what, acts);
        let mut command = Command::new("strace");
        let trace = work.path("trace");
        command.args(["-f", "-qq", "-o"]).arg(&trace);
        command.arg("-e").arg(format!("trace={call}"));
        command.arg("-e").arg(format!("inject={call}:error={error}:when={when}"));
        command.arg(PROGRAM).args(words.split_whitespace());
        work.place(&mut command);
        let output = command.output().unwrap();
        let reached = fs::read_to_string(&trace).is_ok_and(|trace| trace.contains("INJECTED"));
        work.look(row, output.status.success(), acts);
        if !reached {
            break;
        }
    }
}
