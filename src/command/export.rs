//! `chancery export`: what the register holds, for other programs.

mod dyad_years;
mod intervals;
mod runs;

use std::io::{BufWriter, Write};

use clap::{Args, ValueEnum};
use ledger::act::json::Line;
use ledger::{Knowledge, Question, Scope, answer};
use serde_json::{Map, Value, json};

use super::asking::{Asking, gather, open};
use super::{Format, Place, Status};
use crate::render;
use crate::render::standing;
use crate::trouble::Trouble;

/// Write what the register holds, for other programs
///
/// `acts` are the acts as they were recorded: appended to an empty ledger (`chancery init --bare`) they give the
/// same acts and the same answers, and with --exact the same head. `standings` are the answer for a day;
/// `intervals` each value of each register with its first and last day; `dyad-years` one row for each pair of
/// states and year, with Correlates of War and Gleditsch-Ward codes. Dates are ISO, and a table without rows is
/// its header.
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

/// A table for other programs: the names of its columns, and rows of text; an empty cell is nothing.
struct Table {
    headers: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

impl Export {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let archive = open(place)?;
        let mut out = BufWriter::new(out);
        let moment = self.asking.moment(archive)?;
        if self.what == What::Acts {
            if place.format == Format::Csv {
                return Err(Trouble::wrong("acts differ in their fields: they are written as JSON lines")
                    .hint("`chancery export intervals --format csv` is a table of what they moved"));
            }
            for entry in gather(archive, &Scope::Everything, &moment)? {
                let mut line = Map::new();
                if self.exact {
                    line.insert("recorded_at".to_owned(), entry.recorded_at.to_string().into());
                    line.insert("asserted".to_owned(), entry.asserted.into());
                }
                if let Value::Object(act) = serde_json::to_value(Line(&entry.act))? {
                    line.extend(act);
                }
                serde_json::to_writer(&mut out, &line)?;
                writeln!(out)?;
            }
            out.flush()?;
            return Ok(Status::Done);
        }
        let question = self.asking.question(archive)?;
        let scope = if self.what == What::DyadYears { Scope::Everything } else { Scope::of(&question) };
        let knowledge = Knowledge::of(gather(archive, &scope, &moment)?);
        self.table(&knowledge, &question).write(place.format, &mut out)?;
        out.flush()?;
        Ok(Status::Done)
    }

    fn table(&self, knowledge: &Knowledge<'_>, question: &Question) -> Table {
        match self.what {
            What::Intervals => intervals::table(knowledge, question),
            What::DyadYears => dyad_years::table(knowledge, question),
            What::Standings | What::Acts => Table {
                headers: &standing::CSV_HEADERS,
                rows: answer(knowledge, question).standings.iter().map(standing::csv_row).collect(),
            },
        }
    }
}

impl Table {
    fn write(self, format: Format, out: &mut dyn Write) -> Result<(), Trouble> {
        match format {
            Format::Table | Format::Csv => render::csv(out, self.headers, self.rows)?,
            Format::Json | Format::Jsonl => {
                for row in self.rows {
                    let cells = self.headers.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
                    let line: Map<String, Value> =
                        cells.map(|(name, cell)| ((*name).to_owned(), json!(cell))).collect();
                    serde_json::to_writer(&mut *out, &line)?;
                    writeln!(out)?;
                }
            }
        }
        Ok(())
    }
}
