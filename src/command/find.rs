//! `chancery find`: who may be meant by a name.

use std::io::Write;

use clap::Args;
use ledger::standing::likely::{Directory, Likely};
use ledger::standing::names::parties;
use ledger::{Knowledge, Scope};
use serde_json::{Value, json};

use super::asking::{Cited, as_of, believed, gather, open};
use super::{Format, Place, Status};
use crate::render;
use crate::trouble::Trouble;

/// List the parties that a name may mean, with the reason for each
///
/// By id, code, name, alias; in another order, another script, another spelling. It lists, and never decides.
#[derive(Debug, Args)]
pub(crate) struct Find {
    /// The name that is sought
    name: String,

    /// How many to list
    #[arg(long, value_name = "N", default_value_t = 20)]
    most: usize,

    /// The day whose names count as names; those of other days are told apart [default: today, by UTC]
    #[arg(long, value_name = "DAY")]
    as_of: Option<String>,

    /// What the register knew then: an instant, a day (its end, by UTC) or #ENTRY [default: everything]
    #[arg(long, value_name = "T|#N")]
    known_at: Option<String>,
}

const HEADERS: [&str; 6] = ["party", "name", "kind", "why", "called", "likeness"];

impl Find {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let archive = open(place)?;
        let moment = believed(archive, self.known_at.as_deref(), "--known-at")?;
        let day = as_of(self.as_of.as_deref(), "--as-of")?;
        let entries = gather(archive, &Scope::Entities, &moment)?;
        let knowledge = std::mem::ManuallyDrop::new(Knowledge::of(entries));
        let parties = std::mem::ManuallyDrop::new(parties(&knowledge));
        // The process ends with the answer: to free every name of every party takes longer than finding one.
        let directory = std::mem::ManuallyDrop::new(Directory::new(&parties, day));
        let found = directory.likely(&self.name);
        let shown = &found[..found.len().min(self.most)];
        let cited = Cited { as_of: day, known: moment.last };
        let row = |likely: &Likely<'_>| cells(likely, &cited).map(|(_, cell)| cell).to_vec();
        match place.format {
            Format::Table if found.is_empty() => {
                writeln!(
                    out,
                    "No party is called {} or nearly so.\n\n{}",
                    self.name,
                    render::citation(&cited)
                )?;
            }
            Format::Table => {
                render::table(out, &HEADERS, &shown.iter().map(row).collect())?;
                if shown.len() < found.len() {
                    writeln!(out, "\n{} more: ask for them with --most", found.len() - shown.len())?;
                }
                writeln!(out, "\n{}", render::citation(&cited))?;
            }
            Format::Csv => render::csv(out, &HEADERS, &shown.iter().map(row).collect())?,
            Format::Json => {
                let list: Vec<Value> = shown.iter().map(|likely| object(likely, &cited)).collect();
                let known_at = render::known_at(&cited);
                writeln!(
                    out,
                    "{}",
                    json!({ "as_of": day.to_string(), "known_at": known_at, "parties": list })
                )?;
            }
            Format::Jsonl => {
                for likely in shown {
                    writeln!(out, "{}", object(likely, &cited))?;
                }
            }
        }
        Ok(Status::Done)
    }
}

fn cells(likely: &Likely<'_>, cited: &Cited) -> [(&'static str, String); 6] {
    let party = likely.party;
    [
        (HEADERS[0], party.id.to_string()),
        (HEADERS[1], party.name_on(cited.as_of).to_owned()),
        (HEADERS[2], party.kind.word().to_owned()),
        (HEADERS[3], likely.how.words().to_owned()),
        (HEADERS[4], likely.called.clone()),
        (HEADERS[5], format!("{:.2}", likely.likeness)),
    ]
}

fn object(likely: &Likely<'_>, cited: &Cited) -> Value {
    let text = cells(likely, cited).into_iter().map(|(name, cell)| (name.to_owned(), Value::from(cell)));
    Value::Object(text.collect())
}
