//! `chancery tour`: the worked example, recorded, corrected, asked and audited.
//!
//! Nothing is staged: every command that is shown is run, by the code that runs it when it is typed.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::{env, fs};

use clap::{Args, Parser};

use super::{Arguments, Place, Status};
use crate::trouble::Trouble;

/// Show what a ledger does, with the acts of one newspaper article
///
/// Records the acts in a ledger of its own, asks it what it knew before and after better sources came, and audits
/// it. Takes a second or two.
#[derive(Debug, Args)]
pub(crate) struct Tour {
    /// Work in this directory, which must be new or empty, and leave the ledger and its sources there
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

const FILES: [(&str, &str); 2] = [
    ("1-the-article.jsonl", include_str!("../../docs/example/1-the-article.jsonl")),
    ("2-better-sources.jsonl", include_str!("../../docs/example/2-better-sources.jsonl")),
];

const LEDGER: &str = "chancery.ledger";

/// What is said, and the commands that show it; `HEAD` stands for the head as it is then.
const STEPS: [(&str, &[&str]); 11] = [
    (
        "A new ledger opens with the states of the world, so that acts can name them.",
        &["init --recorded-at 2025-07-01T00:00:00Z"],
    ),
    (
        "4 July 2025. A registrar enters what the article says: all of the acts, or none. Where it says no\n\
         more than “2003”, the date is 2003.",
        &["append --file 1-the-article.jsonl --recorded-at 2025-07-04T12:00:00Z"],
    ),
    (
        "How did Russia stand toward the government in Kabul on the eve, and on the day?",
        &[
            "state --register recognition.government --actor RUS --as-of 2025-07-02",
            "state --register recognition.government --actor RUS --as-of 2025-07-03",
        ],
    ),
    (
        "On that day it also accepted an ambassador’s credentials. That recognises nobody: it is another act,\n\
         and moves another register.",
        &["state --register envoy --as-of 2025-07-03"],
    ),
    (
        "1 August 2025. Better sources give the exact days, and show that the credentials were copies.\n\
         Nothing is overwritten: a correction is an entry too.",
        &[
            "append --file 2-better-sources.jsonl --recorded-at 2025-08-01T12:00:00Z",
            "state --register envoy --as-of 2025-07-03",
        ],
    ),
    (
        "Was the Taliban on Russia’s list of terrorists in June 2003? As the register knew it in July, and as\n\
         it knows it now: every question has both times.",
        &[
            "state --register terror --as-of 2003-06-15 --known-at 2025-07-10",
            "state --register terror --as-of 2003-06-15",
        ],
    ),
    (
        "The listing was suspended in April 2025: a week before, and at the end of the day.",
        &["state --register terror --as-of 2025-04-10", "state --register terror --as-of 2025-04-17"],
    ),
    (
        "“The first to recognise”, says the article. A claim, and no act: three had done so in 1997.",
        &["state --register recognition.government --as-of 1998"],
    ),
    (
        "Why does the register say what it says? Every act, who says so, and how a garbled line was read.",
        &["why --register terror --as-of 2025-07-03"],
    ),
    ("Each entry seals all before it. Keep the head where nobody can change it.", &["head"]),
    (
        "Has anyone altered the register since? The audit reads every byte of both copies.",
        &["audit --against HEAD"],
    ),
];

impl Tour {
    pub(crate) fn run(&self, _place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let temporary = tempfile::tempdir().map_err(|error| Trouble::file(&env::temp_dir(), &error))?;
        let dir = self.keep.as_deref().unwrap_or(temporary.path());
        prepare(dir)?;
        writeln!(
            out,
            "The acts of one newspaper article, on Russia and the Taliban, in a ledger of their own."
        )?;
        // The commands are run where they could be typed, so that what they print is what a person would see.
        let home = env::current_dir().map_err(|error| Trouble::file(Path::new("."), &error))?;
        env::set_current_dir(dir).map_err(|error| Trouble::file(dir, &error))?;
        let walked = walk(out);
        env::set_current_dir(&home).map_err(|error| Trouble::file(&home, &error))?;
        let status = walked?;
        say(out, "That is all. From here:")?;
        match &self.keep {
            Some(dir) => {
                let go = format!("cd {}", dir.display());
                writeln!(out, "  {go:<26} to ask this ledger more, such as chancery log --by-date")?;
            }
            None => writeln!(
                out,
                "  chancery tour --keep DIR   the same, and the ledger stays, to be asked more"
            )?,
        }
        writeln!(out, "  chancery init              a ledger of your own")?;
        writeln!(out, "  chancery append --help     what an act can say")?;
        writeln!(out, "  docs/guide.md              the whole path, step by step")?;
        Ok(status)
    }
}

/// Lays the files of the example into a directory that has nothing in it.
fn prepare(dir: &Path) -> Result<(), Trouble> {
    let fault = |error| Trouble::file(dir, &error);
    fs::create_dir_all(dir).map_err(fault)?;
    if fs::read_dir(dir).map_err(fault)?.next().is_some() {
        return Err(Trouble::wrong(format!("--keep: {} is not empty", dir.display()))
            .hint("name a directory that is new or empty"));
    }
    FILES.iter().try_for_each(|(name, text)| fs::write(dir.join(name), text)).map_err(fault)
}

fn walk(out: &mut dyn Write) -> Result<Status, Trouble> {
    let (bold, plain) = if io::stdout().is_terminal() { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    let mut head = String::new();
    for (words, commands) in STEPS {
        say(out, words)?;
        for (number, command) in commands.iter().enumerate() {
            if number > 0 {
                writeln!(out)?;
            }
            let command = command.replace("HEAD", &head);
            writeln!(out, "{bold}$ chancery {command}{plain}")?;
            let mut answer = Vec::new();
            let status = run(&command, &mut answer)?;
            out.write_all(&answer)?;
            if status != Status::Done {
                return Ok(status);
            }
            if command == "head" {
                let answer = String::from_utf8_lossy(&answer);
                head = answer.lines().next().map(str::to_owned).unwrap_or_default();
            }
        }
    }
    Ok(Status::Done)
}

/// Runs a command as if it had been typed. The ledger is named, for the environment may name another.
fn run(command: &str, out: &mut dyn Write) -> Result<Status, Trouble> {
    let words = ["chancery", "--ledger", LEDGER].into_iter().chain(command.split_whitespace());
    let arguments = Arguments::try_parse_from(words).map_err(|error| Trouble::wrong(error.to_string()))?;
    arguments.run(out)
}

fn say(out: &mut dyn Write, words: &str) -> Result<(), Trouble> {
    Ok(writeln!(out, "\n{words}\n")?)
}
