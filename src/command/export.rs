//! `chancery export`: what the register holds, for other programs.

mod dyad_years;
mod ftm;
mod intervals;
#[cfg(feature = "parquet")]
mod parquet;
mod runs;

use std::io::{self, BufWriter, IsTerminal, Write};

use clap::{Args, ValueEnum};
use ledger::act::json::Line;
use ledger::standing::Recorded;
use ledger::standing::names::parties;
use ledger::{Knowledge, Question, Registers, Scope, answer};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::asking::{Asking, gather, open, registers};
use super::{Form, Format, Place, Status};
use crate::render::standing;
use crate::render::{self, Rows};
use crate::trouble::Trouble;
use crate::waiting::Waiting;

/// Write what the register holds, for other programs
///
/// `acts` are the acts as they were recorded: appended to an empty ledger (`chancery init --bare`) they give the
/// same acts and the same answers, and with --exact the same head. `standings` are the answer for a day;
/// `intervals` each value of each register with its first and last day; `dyad-years` one row for each pair of
/// states and year, with Correlates of War and Gleditsch-Ward codes. Dates are ISO, and a table without rows is
/// its header. `--format parquet` writes any table, `--format ftm` who stands under sanctions (`standings`) or ever
/// did (`acts`) as Follow the Money entities.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// What to write
    #[arg(value_enum, default_value_t = What::Acts)]
    what: What,

    /// Also write when each act was recorded
    #[arg(long)]
    exact: bool,

    #[command(flatten)]
    asking: Asking,
}

/// What can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// The acts, in the order of the entries
    Acts,
    /// How every register stood on a day
    Standings,
    /// Each value of each register, from its first day to its last
    Intervals,
    /// One row for each pair of states and year
    DyadYears,
}

/// An act as a line of its own.
#[derive(Serialize)]
struct Exported<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asserted: Option<bool>,
    #[serde(flatten)]
    act: Line<'a>,
}

/// A table for other programs: the names of its columns, and rows of text; an empty cell is nothing.
struct Table {
    headers: &'static [&'static str],
    /// The columns that hold whole numbers.
    numbers: &'static [&'static str],
    rows: Rows,
}

impl Export {
    pub(crate) fn run(&self, place: &Place, form: Form, out: &mut dyn Write) -> Result<Status, Trouble> {
        self.is_possible(form)?;
        let archive = open(place)?;
        // Until the last row is written: dropped on the way out.
        let _waiting = Waiting::for_output("exporting");
        let mut out = BufWriter::new(out);
        let moment = self.asking.moment(archive)?;
        let question = match (self.what, form) {
            (What::Acts, Form::Answer(_)) => None,
            (What::Acts | What::Standings | What::Intervals | What::DyadYears, _) => {
                Some(self.asking.question(archive)?)
            }
        };
        let Some(question) = question else {
            self.acts(gather(archive, &Scope::Everything, &moment)?, &mut out)?;
            return Ok(out.flush().map(|()| Status::Done)?);
        };
        let scope = match self.what {
            What::Standings => Scope::of(&question),
            What::Acts | What::Intervals | What::DyadYears => Scope::story(&question),
        };
        let registers = registers(archive, &scope, &moment)?;
        // The names and codes of parties are in acts that no register may hold.
        let entities = || gather(archive, &Scope::Entities, &moment);
        let parties = || -> Result<_, Trouble> { Ok(parties(&Knowledge::of(entities()?))) };
        let table = || -> Result<Table, Trouble> {
            Ok(match self.what {
                What::Intervals => intervals::table(registers, &question),
                What::DyadYears => dyad_years::table(registers, &parties()?, &question),
                What::Standings | What::Acts => standings(registers, &question),
            })
        };
        match form {
            Form::Answer(format) => table()?.write(format, &mut out)?,
            Form::Parquet => as_parquet(&table()?)?,
            Form::Ftm => {
                let entities = if self.what == What::Standings { ftm::standing } else { ftm::ever };
                for entity in entities(registers, &parties()?, &question) {
                    writeln!(out, "{entity}")?;
                }
            }
        }
        out.flush()?;
        Ok(Status::Done)
    }

    /// Not everything has every form.
    fn is_possible(&self, form: Form) -> Result<(), Trouble> {
        match (self.what, form) {
            (What::Acts, Form::Parquet | Form::Answer(Format::Csv)) => Err(Trouble::wrong(
                "acts differ in their fields: they are written as JSON lines",
            )
            .hint("`chancery export intervals --format csv` (or parquet) is a table of what they moved")),
            (What::Intervals | What::DyadYears, Form::Ftm) => Err(Trouble::wrong(
                "Follow the Money tells of parties under sanctions, not of this",
            )
            .hint(
                "`chancery export acts --format ftm` tells who ever stood under sanctions, from when to when",
            )),
            (_, Form::Parquet) if !cfg!(feature = "parquet") => Err(without_parquet()),
            (_, Form::Parquet) if io::stdout().is_terminal() => {
                Err(Trouble::wrong("Parquet is not for a terminal")
                    .hint("send it to a file: > table.parquet"))
            }
            (What::Acts | What::Standings | What::Intervals | What::DyadYears, _) => Ok(()),
        }
    }

    fn acts(&self, entries: &[Recorded], out: &mut dyn Write) -> Result<(), Trouble> {
        Ok(render::json_lines(out, entries, |entry| Exported {
            recorded_at: self.exact.then(|| entry.recorded_at.to_string()),
            asserted: self.exact.then_some(entry.asserted),
            act: Line(&entry.act),
        })?)
    }
}

fn standings(registers: &Registers, question: &Question) -> Table {
    let rows = render::rows(&answer(registers, question).standings, standing::csv_row);
    Table { headers: &standing::CSV_HEADERS, numbers: &[], rows }
}

/// Writes a table as Parquet, past whatever else would alter the bytes on their way out.
#[cfg(feature = "parquet")]
fn as_parquet(table: &Table) -> Result<(), Trouble> {
    let bytes = parquet::bytes(table)
        .map_err(|error| Trouble::unusable(format!("the table could not be written: {error}")))?;
    Ok(io::stdout().lock().write_all(&bytes)?)
}

#[cfg(not(feature = "parquet"))]
fn as_parquet(_: &Table) -> Result<(), Trouble> {
    Err(without_parquet())
}

/// What a program says that was built without Parquet.
fn without_parquet() -> Trouble {
    Trouble::wrong("this program was built without Parquet")
        .hint("build it with `cargo install --path . --features parquet`, or take --format csv")
}

impl Table {
    /// A cell as JSON.
    fn value(&self, column: &str, cell: &str) -> Value {
        let number = || cell.parse::<i64>().ok().filter(|_| self.numbers.contains(&column));
        number().map_or_else(|| json!(cell), |number| json!(number))
    }

    fn write(self, format: Format, out: &mut dyn Write) -> Result<(), Trouble> {
        match format {
            Format::Table | Format::Csv => render::csv(out, self.headers, &self.rows)?,
            Format::Json | Format::Jsonl => {
                let places: Vec<usize> = (0..self.rows.len()).collect();
                render::json_lines(out, &places, |place| {
                    let cells =
                        self.headers.iter().zip(self.rows.row(*place)).filter(|(_, cell)| !cell.is_empty());
                    cells
                        .map(|(name, cell)| ((*name).to_owned(), self.value(name, cell)))
                        .collect::<Map<_, _>>()
                })?;
            }
        }
        Ok(())
    }
}
