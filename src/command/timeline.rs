//! `chancery timeline`: the whole story between two parties, in intervals and as bars over the years.

use std::io::Write;

use clap::Args;
use ledger::standing::{Found, Interval, intervals, story};
use ledger::{Day, PartyId, Question, Register, Scope};
use serde_json::{Value, json};

use super::asking::{Cited, as_of, believed, find, open, registers};
use super::{Format, Place, Status};
use crate::render;
use crate::render::{bars, standing};
use crate::trouble::Trouble;

/// Tell the whole story between two parties: every register, with its values from day to day
#[derive(Debug, Args)]
pub(crate) struct Timeline {
    /// One party
    one: String,

    /// The other
    other: String,

    /// Up to this day [default: today, by UTC]
    #[arg(long, value_name = "DAY", allow_hyphen_values = true)]
    as_of: Option<String>,

    /// What the register knew then: an instant, a day or #ENTRY [default: everything]
    #[arg(long, value_name = "T|#N")]
    known_at: Option<String>,

    /// Draw with plain ASCII
    #[arg(long)]
    ascii: bool,
}

impl Timeline {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let archive = open(place)?;
        let moment = believed(archive, self.known_at.as_deref(), "--known-at")?;
        let day = as_of(self.as_of.as_deref(), "--as-of")?;
        let one = find(archive, &self.one, "the first party", day)?;
        let other = find(archive, &self.other, "the second party", day)?;
        let toward = |actor: &PartyId, subject: &PartyId| {
            let (actor, subject) = (Some(actor.clone()), Some(subject.clone()));
            Question { as_of: day, register: None, actor, subject, through: false }
        };
        let (there, back) = (toward(&one, &other), toward(&other, &one));
        let scope = Scope::Stories(vec![there.clone(), back.clone()]);
        let registers = registers(archive, &scope, &moment)?;
        let mut found = story(registers, &there);
        // A register of the pair is found from either side.
        found.extend(story(registers, &back).into_iter().filter(|found| !found.key.is_mutual()));
        let told: Vec<(Found<'_>, Vec<Interval>)> = found
            .into_iter()
            .map(|found| {
                let intervals =
                    intervals(&found.timeline).into_iter().filter(|i| i.from.is_none_or(|from| from <= day));
                let intervals = intervals.collect();
                (found, intervals)
            })
            .collect();
        let cited = Cited { as_of: day, known: moment.last };
        self.show(place.format, &told, &cited, out)?;
        Ok(Status::Done)
    }

    fn show(
        &self,
        format: Format,
        told: &[(Found<'_>, Vec<Interval>)],
        cited: &Cited,
        out: &mut dyn Write,
    ) -> Result<(), Trouble> {
        let headers = ["register", "between", "more", "from", "to", "standing", "entries"];
        let rows = || {
            told.iter()
                .flat_map(|(found, intervals)| intervals.iter().map(|i| row(found, i, cited.as_of)))
                .collect()
        };
        match format {
            Format::Table => {
                if told.is_empty() {
                    writeln!(
                        out,
                        "No act has moved any register between the two by the end of {}.\n",
                        cited.as_of
                    )?;
                } else {
                    let ascii = self.ascii || !render::is_utf8();
                    for line in bars::draw(told, cited.as_of, ascii) {
                        writeln!(out, "{line}")?;
                    }
                    writeln!(out)?;
                    render::table(out, &headers, &rows())?;
                    writeln!(out)?;
                }
                writeln!(out, "{}", render::citation(cited))?;
            }
            Format::Csv => render::csv(out, &headers, &rows())?,
            Format::Json => {
                let list: Vec<Value> = told.iter().map(register_json).collect();
                let whole = json!({ "as_of": cited.as_of.to_string(), "known_at": render::known_at(cited), "registers": list });
                writeln!(out, "{whole}")?;
            }
            Format::Jsonl => {
                for register in told {
                    writeln!(out, "{}", register_json(register))?;
                }
            }
        }
        Ok(())
    }
}

fn row(found: &Found<'_>, interval: &Interval, as_of: Day) -> Vec<String> {
    let values: Vec<String> =
        interval.outcomes.iter().map(|outcome| outcome.value.as_str().to_owned()).collect();
    let values = if values.len() > 1 { format!("possibly {}", values.join(" or ")) } else { values.concat() };
    let details: Vec<&str> = match interval.outcomes.as_slice() {
        [one] if found.key.register == Register::Mission => {
            one.detail.iter().map(|(_, text)| text.as_ref()).collect()
        }
        _ => Vec::new(),
    };
    let mut entries: Vec<u64> =
        interval.outcomes.iter().flat_map(|outcome| outcome.basis.iter().copied()).collect();
    entries.sort_unstable();
    entries.dedup();
    vec![
        found.key.register.word().to_owned(),
        standing::between(&found.key),
        standing::key_words(&found.key),
        interval.from.map(|day| day.to_string()).unwrap_or_default(),
        interval.to.filter(|to| *to < as_of).map(|day| day.to_string()).unwrap_or_default(),
        std::iter::once(values.as_str()).chain(details).collect::<Vec<_>>().join(", "),
        standing::entries(&entries),
    ]
}

fn register_json((found, intervals): &(Found<'_>, Vec<Interval>)) -> Value {
    let one = |interval: &Interval| {
        let values: Vec<Value> = interval
            .outcomes
            .iter()
            .map(|outcome| json!({ "value": outcome.value.as_str(), "basis": outcome.basis }))
            .collect();
        let certainty = if values.len() == 1 { "certain" } else { "possible" };
        json!({
            "from": interval.from.map(|day| day.to_string()), "to": interval.to.map(|day| day.to_string()),
            "certainty": certainty, "values": values,
        })
    };
    let mut fields = standing::key_json(&found.key);
    fields.insert("intervals".to_owned(), intervals.iter().map(one).collect());
    Value::Object(fields)
}
