//! The commands: their arguments, and one match.

mod about;
mod append;
pub(crate) mod asking;
mod audit;
mod check;
mod checkpoint;
mod cosign;
mod diff;
mod export;
mod find;
mod first;
mod fork_proof;
mod head;
mod import;
mod init;
mod key;
mod log;
mod matrix;
mod pages;
mod prove;
pub(crate) mod proving;
mod publish;
mod restore;
mod screen;
mod state;
mod timeline;
mod tour;
mod verify;
mod why;

use std::io::Write;
use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Parser, Subcommand, ValueEnum};

use crate::trouble::Trouble;

/// How a command ended; the numbers are the exit status of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// Done, or yes.
    Done = 0,
    /// Done, and the answer is a finding.
    Finding = 1,
    /// The request or the input is wrong; nothing was recorded.
    Wrong = 2,
    /// The ledger cannot be opened or written.
    Unusable = 3,
}

/// A register of diplomatic acts: who recognises and who sanctions whom, as of any day, as known at any time.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub(crate) struct Arguments {
    /// The directory of the ledger.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "CHANCERY_LEDGER",
        default_value = "chancery.ledger"
    )]
    pub ledger: PathBuf,

    /// How the answer is written.
    #[arg(long, global = true, value_enum, default_value_t = Form::Answer(Format::Table))]
    pub format: Form,

    #[command(subcommand)]
    command: Command,
}

/// The forms of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// For programs: one JSON value.
    Json,
    /// For programs: one JSON value a line.
    Jsonl,
    /// For spreadsheets.
    Csv,
}

/// What may be asked for: a form of an answer, or one that only `export` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Any command writes it.
    Answer(Format),
    /// Columns, for programs that read many rows.
    Parquet,
    /// Follow the Money entities.
    Ftm,
}

impl ValueEnum for Form {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::Answer(Format::Table),
            Self::Answer(Format::Json),
            Self::Answer(Format::Jsonl),
            Self::Answer(Format::Csv),
            Self::Parquet,
            Self::Ftm,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Answer(format) => format.to_possible_value(),
            Self::Parquet => Some(PossibleValue::new("parquet").help("A table in columns (`export`)")),
            Self::Ftm => Some(PossibleValue::new("ftm").help("Follow the Money entities (`export`)")),
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Init),
    Append(Box<append::Append>),
    Import(import::Import),
    Find(find::Find),
    Screen(screen::Screen),
    State(state::State),
    Why(why::Why),
    Log(log::Log),
    Diff(diff::Diff),
    Timeline(timeline::Timeline),
    First(first::First),
    Matrix(matrix::Matrix),
    Check(check::Check),
    Correct(about::Correct),
    Retract(about::Retract),
    Dispute(about::Dispute),
    Deny(about::Deny),
    Audit(audit::Audit),
    Head(head::HeadCommand),
    Key(key::Key),
    Checkpoint(checkpoint::Checkpoint),
    Cosign(cosign::Cosign),
    Prove(prove::Prove),
    Verify(verify::Verify),
    ForkProof(fork_proof::ForkProof),
    Publish(publish::Publish),
    Restore(restore::Restore),
    Export(export::Export),
    Tour(tour::Tour),
    Completions(pages::Completions),
    Man(pages::Man),
}

impl Arguments {
    /// Does what was asked and writes the answer.
    pub(crate) fn run(self, out: &mut dyn Write) -> Result<Status, Trouble> {
        let format = match (self.format, &self.command) {
            (Form::Answer(format), _) => format,
            // What it writes then is not an answer.
            (Form::Parquet | Form::Ftm, Command::Export(_)) => Format::Jsonl,
            (Form::Parquet | Form::Ftm, _) => {
                return Err(Trouble::wrong("answers are not written as parquet or ftm").hint(
                    "`chancery export` writes tables and entities; --format csv or jsonl is for answers",
                ));
            }
        };
        let place = Place { ledger: self.ledger, format };
        match self.command {
            Command::Init(init) => init.run(&place, out),
            Command::Append(append) => append.run(&place, out),
            Command::Import(import) => import.run(&place, out),
            Command::Find(find) => find.run(&place, out),
            Command::Screen(screen) => screen.run(&place, out),
            Command::State(state) => state.run(&place, out),
            Command::Why(why) => why.run(&place, out),
            Command::Log(log) => log.run(&place, out),
            Command::Diff(diff) => diff.run(&place, out),
            Command::Timeline(timeline) => timeline.run(&place, out),
            Command::First(first) => first.run(&place, out),
            Command::Matrix(matrix) => matrix.run(&place, out),
            Command::Check(check) => check.run(&place, out),
            Command::Correct(correct) => correct.run(&place, out),
            Command::Retract(retract) => retract.run(&place, out),
            Command::Dispute(dispute) => dispute.run(&place, out),
            Command::Deny(deny) => deny.run(&place, out),
            Command::Audit(audit) => audit.run(&place, out),
            Command::Head(head) => head.run(&place, out),
            Command::Key(key) => key.run(&place, out),
            Command::Checkpoint(checkpoint) => checkpoint.run(&place, out),
            Command::Cosign(cosign) => cosign.run(&place, out),
            Command::Prove(prove) => prove.run(&place, out),
            Command::Verify(verify) => verify.run(&place, out),
            Command::ForkProof(fork_proof) => fork_proof.run(&place, out),
            Command::Publish(publish) => publish.run(&place, out),
            Command::Restore(restore) => restore.run(&place, out),
            Command::Export(export) => export.run(&place, self.format, out),
            Command::Tour(tour) => tour.run(&place, out),
            Command::Completions(completions) => completions.run(out),
            Command::Man(man) => man.run(out),
        }
    }
}

/// Which ledger, and how to write the answer: what every command needs.
#[derive(Debug)]
pub(crate) struct Place {
    pub ledger: PathBuf,
    pub format: Format,
}
