//! `chancery state`: how things stood.

use std::io::Write;

use clap::Args;
use ledger::standing::Recorded;
use ledger::{Answer, Knowledge, Question, Register, answer};
use serde_json::json;

use super::asking::{Asking, read};
use super::{Format, Place, Status};
use crate::render::standing;
use crate::render::{self, Cited};
use crate::trouble::Trouble;

/// Say how things stood at the end of a day, as the register knew it at a time
///
/// Shows the registers that some act has moved by then. Between two named parties it also says so when there is no
/// recognition and no relations. Where dates are not known closely enough, every possible value is shown.
#[derive(Debug, Args)]
pub(crate) struct State {
    #[command(flatten)]
    asking: Asking,
}

impl State {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let history = read(place)?;
        let entries = self.asking.entries(&history)?;
        let question = self.asking.question(&history)?;
        let knowledge = Knowledge::of(entries);
        let mut answer = answer(&knowledge, &question);
        for (old, new, entry) in &answer.continued {
            anstream::eprintln!("note: {old} goes on as {new} (entry {entry}); the answer is under {new}");
        }
        let hidden = hide_declarations(&question, &mut answer);
        let cited = Cited { as_of: question.as_of, known: entries.last().cloned() };
        match place.format {
            Format::Table => show(&answer, hidden, &question, &cited, out)?,
            Format::Csv => {
                let rows = answer.standings.iter().map(standing::csv_row).collect();
                render::csv(out, &standing::CSV_HEADERS, rows)?;
            }
            Format::Json => {
                let standings: Vec<_> = answer.standings.iter().map(standing::json).collect();
                let whole = json!({
                    "as_of": question.as_of.to_string(),
                    "known_at": render::known_at(&cited),
                    "standings": standings,
                });
                writeln!(out, "{whole}")?;
            }
            Format::Jsonl => {
                for found in &answer.standings {
                    writeln!(out, "{}", standing::json(found))?;
                }
            }
        }
        Ok(Status::Done)
    }
}

/// Every ledger knows two hundred states and their names: they are shown where they are asked for.
fn hide_declarations(question: &Question, answer: &mut Answer) -> usize {
    let asked = question.register.is_some() || question.actor.is_some() || question.subject.is_some();
    if asked {
        return 0;
    }
    let all = answer.standings.len();
    answer
        .standings
        .retain(|standing| !matches!(standing.key.register, Register::Existence | Register::Name));
    all - answer.standings.len()
}

fn show(
    answer: &Answer,
    hidden: usize,
    question: &Question,
    cited: &Cited,
    out: &mut dyn Write,
) -> Result<(), Trouble> {
    if answer.standings.is_empty() {
        writeln!(out, "{}", silence(question, cited.known.as_ref()))?;
    } else {
        let rows = answer.standings.iter().map(standing::row).collect();
        render::table(out, &standing::HEADERS, rows)?;
    }
    writeln!(out)?;
    if hidden > 0 {
        writeln!(out, "existence and names of parties are not shown: ask with --register or for a party")?;
    }
    writeln!(out, "{}", render::citation(cited))?;
    Ok(())
}

/// An empty answer is a sentence.
pub(crate) fn silence(question: &Question, known: Option<&Recorded>) -> String {
    let registers =
        question.register.map_or("any register".to_owned(), |register| format!("`{}`", register.word()));
    let parties = match (&question.actor, &question.subject) {
        (Some(actor), Some(subject)) => format!(" of {actor} toward {subject}"),
        (Some(actor), None) => format!(" in which {actor} acts"),
        (None, Some(subject)) => format!(" toward {subject}"),
        (None, None) => String::new(),
    };
    let knew = if known.is_some() { "" } else { ", for the register knew nothing yet" };
    format!("No act has moved {registers}{parties} by the end of {}{knew}.", question.as_of)
}
