//! `chancery diff`: what changed, in the world or in what the register knew.

use std::io::Write;
use std::mem::ManuallyDrop;

use clap::Args;
use ledger::Question;
use ledger::standing::{Change, Side, difference};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::json;

use super::asking::{Cited, Parties, as_of, believed, open, sides};
use super::{Format, Place, Status};
use crate::render;
use crate::render::standing;
use crate::trouble::Trouble;

/// Say what changed between two days, between two states of knowledge, or both
///
/// Each register that stands otherwise, with how it stood, how it stands, and the entries that made the difference.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The first day [default: the same as --to]
    #[arg(long, value_name = "DAY", allow_hyphen_values = true)]
    from: Option<String>,

    /// The second day [default: today, by UTC]
    #[arg(long, value_name = "DAY", allow_hyphen_values = true)]
    to: Option<String>,

    /// What the register knew first: an instant, a day or #ENTRY [default: the same as --known-to]
    #[arg(long, value_name = "T|#N")]
    known_from: Option<String>,

    /// What it knew then [default: everything]
    #[arg(long, value_name = "T|#N")]
    known_to: Option<String>,

    #[command(flatten)]
    parties: Parties,
}

impl Diff {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        if self.from.is_none() && self.known_from.is_none() {
            return Err(Trouble::wrong("a difference needs two sides").hint(
                "two days with --from and --to, or two states of knowledge with --known-from and --known-to",
            ));
        }
        let archive = open(place)?;
        let to = as_of(self.to.as_deref(), "--to")?;
        let from = self.from.as_deref().map_or(Ok(to), |text| as_of(Some(text), "--from"))?;
        let known_to = believed(archive, self.known_to.as_deref(), "--known-to")?;
        let known_from = match &self.known_from {
            Some(text) => believed(archive, Some(text), "--known-from")?,
            None => known_to.clone(),
        };
        let after = self.parties.question(archive, to)?;
        let before = Question { as_of: from, ..after.clone() };
        let (old, new) = sides(archive, [(&before, &known_from), (&after, &known_to)])?;
        let (before, after) =
            (Side { registers: old, question: &before }, Side { registers: new, question: &after });
        // Not freed, as little as the registers are: the process ends with the answer.
        let changes = ManuallyDrop::new(difference(before, after));
        let cited =
            [Cited { as_of: from, known: known_from.last }, Cited { as_of: to, known: known_to.last }];
        show(place.format, &changes, &cited, out)?;
        Ok(Status::Done)
    }
}

fn show(format: Format, changes: &[Change], cited: &[Cited; 2], out: &mut dyn Write) -> Result<(), Trouble> {
    let headers = ["register", "between", "more", "before", "after", "entries"];
    match format {
        Format::Table => {
            if changes.is_empty() {
                writeln!(out, "Nothing stands otherwise.")?;
            } else {
                render::table(out, &headers, &render::rows(changes, row))?;
            }
            writeln!(out, "\nfrom {}\nto   {}", render::citation(&cited[0]), render::citation(&cited[1]))?;
        }
        Format::Csv => render::csv(out, &headers, &render::rows(changes, row))?,
        Format::Json => {
            let side = |cited: &Cited| json!({ "as_of": cited.as_of.to_string(), "known_at": render::known_at(cited) });
            write!(out, r#"{{"from":{},"to":{},"changes":"#, side(&cited[0]), side(&cited[1]))?;
            render::json_list(out, changes, Json)?;
            writeln!(out, "}}")?;
        }
        Format::Jsonl => render::json_lines(out, changes, Json)?,
    }
    Ok(())
}

fn row(change: &Change) -> Vec<String> {
    let values = |standings: &[ledger::Standing]| -> String {
        let none = standings.is_empty().then(|| "–".to_owned());
        none.into_iter().chain(standings.iter().map(standing::value_since)).collect::<Vec<_>>().join(" / ")
    };
    vec![
        change.key.register.word().to_owned(),
        standing::between(&change.key),
        standing::key_words(&change.key),
        values(&change.before),
        values(&change.after),
        standing::entries(&change.entries),
    ]
}

/// A change as JSON.
struct Json<'a>(&'a Change);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Change { key, before, after, entries } = self.0;
        let mut map = serializer.serialize_map(None)?;
        standing::serialize_key(key, &mut map)?;
        map.serialize_entry("before", &before.iter().map(standing::Json).collect::<Vec<_>>())?;
        map.serialize_entry("after", &after.iter().map(standing::Json).collect::<Vec<_>>())?;
        map.serialize_entry("entries", entries)?;
        map.end()
    }
}
