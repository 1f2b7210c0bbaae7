//! The bench that the tests stand on: a ledger in a temporary directory, and what the program says about it.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use std::io::Write;

/// A directory that goes when the test ends; the ledger in it is `chancery.ledger`.
pub(crate) struct Bench {
    dir: tempfile::TempDir,
}

/// What a run of the program gave.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Bench {
    /// A bench with a ledger that knows the states of the world, made on 1 January 1900.
    pub(crate) fn new() -> Self {
        let bench = Self::bare();
        bench.ok("init --recorded-at 1900-01-01T00:00:00Z");
        bench
    }

    /// A bench without a ledger.
    pub(crate) fn bare() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Runs the program on words parted by blanks; `'…'` keeps blanks.
    pub(crate) fn run(&self, words: &str) -> Ran {
        self.run_with(words, "")
    }

    /// The same, with something on standard input.
    pub(crate) fn run_with(&self, words: &str, input: &str) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_chancery"))
            .args(split(words))
            .current_dir(self.dir.path())
            .env_remove("CHANCERY_LEDGER")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { status: status.code().unwrap(), out: text(stdout), err: text(stderr) }
    }

    /// What the program prints when all goes well.
    pub(crate) fn ok(&self, words: &str) -> String {
        let ran = self.run(words);
        assert_eq!(ran.status, 0, "{words}: {}{}", ran.out, ran.err);
        ran.out
    }
}

fn split(words: &str) -> Vec<String> {
    let mut split = Vec::new();
    for (index, part) in words.split('\'').enumerate() {
        if index % 2 == 1 {
            split.push(part.to_owned());
        } else {
            split.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    split
}
