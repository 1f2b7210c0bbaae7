//! `chancery check`: findings for the registrar.

use std::io::Write;
use std::mem::ManuallyDrop;

use clap::Args;
use ledger::standing::{Finding, check};
use ledger::{Knowledge, Scope};
use serde_json::{Value, json};

use super::asking::{Cited, as_of, believed, gather, open, registers};
use super::{Format, Place, Status};
use crate::render;
use crate::render::standing::entries;
use crate::trouble::Trouble;

/// List what in the register contradicts itself or leaves an answer open
///
/// Restored though never severed, lifted though never imposed, acts after a party's end, two dates from one source,
/// two governments of one state, and their like; each with its entries and a way out. Nothing of it is an error:
/// history reaches a register out of order. Exit status 1 when there is a finding.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The day for which answers should not be open [default: today, by UTC]
    #[arg(long, value_name = "DAY", allow_hyphen_values = true)]
    as_of: Option<String>,

    /// What the register knew then: an instant, a day or #ENTRY [default: everything]
    #[arg(long, value_name = "T|#N")]
    known_at: Option<String>,
}

impl Check {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let archive = open(place)?;
        let moment = believed(archive, self.known_at.as_deref(), "--known-at")?;
        let day = as_of(self.as_of.as_deref(), "--as-of")?;
        let entries = gather(archive, &Scope::Everything, &moment)?;
        // Not freed, as little as the entries are: the process ends with the answer.
        let registers = registers(archive, &Scope::Everything, &moment)?;
        let findings = check(&ManuallyDrop::new(Knowledge::of(entries)), registers, day);
        let cited = Cited { as_of: day, known: moment.last };
        show(place.format, &findings, &cited, out)?;
        Ok(if findings.is_empty() { Status::Done } else { Status::Finding })
    }
}

fn show(format: Format, findings: &[Finding], cited: &Cited, out: &mut dyn Write) -> Result<(), Trouble> {
    match format {
        Format::Table => {
            render::texts(out, findings, |finding, text| {
                writeln!(text, "{}\n    {}", finding_line(finding), finding.kind.hint())
            })?;
            let count = match findings.len() {
                0 => "No finding.".to_owned(),
                1 => "1 finding".to_owned(),
                many => format!("{many} findings"),
            };
            writeln!(out, "{count}\n\n{}", render::citation(cited))?;
        }
        Format::Csv => {
            let row = |finding: &Finding| {
                vec![finding.kind.word().to_owned(), entries(&finding.entries), finding.words.clone()]
            };
            render::csv(out, &["finding", "entries", "words"], &render::rows(findings, row))?;
        }
        Format::Json => {
            let (day, known_at) = (cited.as_of.to_string(), render::known_at(cited));
            write!(out, r#"{{"as_of":"{day}","known_at":{known_at},"findings":"#)?;
            render::json_list(out, findings, finding_json)?;
            writeln!(out, "}}")?;
        }
        Format::Jsonl => render::json_lines(out, findings, finding_json)?,
    }
    Ok(())
}

/// `#12 #40 ended_never_begun: sanction.lifted of …`.
pub(crate) fn finding_line(finding: &Finding) -> String {
    format!("{} {}: {}", entries(&finding.entries), finding.kind.word(), finding.words)
}

fn finding_json(finding: &Finding) -> Value {
    json!({
        "finding": finding.kind.word(), "entries": finding.entries, "words": finding.words, "hint": finding.kind.hint(),
    })
}
