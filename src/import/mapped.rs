//! Any CSV, by a mapping: which column is which field of an act, what is constant, how dates are written.
//!
//! ```toml
//! source = "Office of the Historian, recognition"
//! publisher = "USA"
//!
//! [columns]                  # column = field of an act, or `id`
//! country = "subject"
//! since = "effective"
//!
//! [constants]
//! kind = "recognition.state"
//! actor = "USA"
//!
//! [dates]
//! format = "%d/%m/%Y"        # as strftime writes them; without it, EDTF
//!
//! [words.kind]               # what a word of the file means
//! Yes = "recognition.state"
//! ```
//!
//! Parties may stand there by name. An act needs an id to be known again in the next edition: where no column gives
//! one, it is made of what the row says, so that a row that changes is a new act.

use std::collections::BTreeMap;
use std::io::BufRead;

use ledger::act::{Draft, Place, Problem};
use ledger::standing::Match;
use ledger::standing::names::{Named, find_party};
use ledger::{Act, Date, Day, PartyId};
use serde::Deserialize;
use serde_json::Value;

use super::{Broken, Chronicle, Told};

/// What the columns of a file mean.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mapping {
    pub source: String,
    pub publisher: PartyId,
    columns: BTreeMap<String, String>,
    #[serde(default)]
    constants: BTreeMap<String, String>,
    #[serde(default)]
    dates: Dates,
    #[serde(default)]
    words: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dates {
    format: Option<String>,
}

const DATES: [&str; 6] = ["effective", "until", "decided", "announced", "notified", "published"];
const PARTIES: [&str; 5] = ["actor", "subject", "of", "person", "protecting"];
/// How many problems are told before the rest is only counted.
const MOST: usize = 20;

/// Reads the rows as acts.
pub(crate) fn read(
    bytes: impl BufRead,
    mapping: &Mapping,
    parties: &BTreeMap<PartyId, Named>,
) -> Result<Chronicle, Broken> {
    let mut reader = csv::Reader::from_reader(bytes);
    let headers = reader.headers().map_err(|error| Broken(error.to_string()))?.clone();
    if let Some(missing) =
        mapping.columns.keys().find(|column| !headers.iter().any(|header| header == *column))
    {
        return Err(Broken(format!(
            "there is no column `{missing}`; there are {}",
            Vec::from_iter(&headers).join(", ")
        )));
    }
    let mut chronicle = Chronicle::default();
    let mut problems = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| Broken(error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        match mapping.act(&headers, &record, line, parties) {
            Ok(act) => chronicle.acts.push(Told { act, locator: format!("line {line}") }),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() {
        return Ok(chronicle);
    }
    let more = problems.len().saturating_sub(MOST);
    problems.truncate(MOST);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    Err(Broken(problems.join("; ") + &more))
}

impl Mapping {
    /// Reads a mapping.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    fn act(
        &self,
        headers: &csv::StringRecord,
        record: &csv::StringRecord,
        line: u64,
        parties: &BTreeMap<PartyId, Named>,
    ) -> Result<Act, Vec<String>> {
        let mut fields: BTreeMap<&str, String> =
            self.constants.iter().map(|(field, word)| (field.as_str(), word.clone())).collect();
        for (header, cell) in headers.iter().zip(record) {
            let Some(field) = self.columns.get(header) else { continue };
            let cell = cell.trim();
            let meant = self.words.get(field).and_then(|words| words.get(cell)).map_or(cell, String::as_str);
            if !meant.is_empty() {
                fields.insert(field, meant.to_owned());
            }
        }
        for (field, word) in &mut fields {
            if DATES.contains(field) {
                *word = self.date(word).map_err(|reason| vec![format!("line {line}: {field}: {reason}")])?;
            } else if PARTIES.contains(field) {
                *word =
                    party(word, parties).map_err(|reason| vec![format!("line {line}: {field}: {reason}")])?;
            }
        }
        if !fields.contains_key("id") {
            let told =
                fields.iter().map(|(field, word)| format!("{field}={word}\n")).collect::<Vec<_>>().concat();
            let digest = blake3::hash(told.as_bytes()).to_hex();
            fields.insert("id", format!("row {}", &digest[..24]));
        }
        let mut draft = Draft::new(usize::try_from(line).unwrap_or(0));
        for (field, word) in fields {
            draft.push(field, value(field, &word), Place::default());
        }
        let told = |problem: Problem| {
            let field = problem.field.map(|field| format!("{field}: ")).unwrap_or_default();
            format!("line {line}: {field}{}", problem.flaw)
        };
        Act::read(draft).map_err(|problems| problems.into_iter().map(told).collect())
    }

    fn date(&self, word: &str) -> Result<String, String> {
        let Some(format) = &self.dates.format else { return Ok(word.to_owned()) };
        match Day::strptime(format, word) {
            Ok(day) => Ok(day.to_string()),
            // A date that is EDTF already is one that the format cannot write: a year, an interval.
            Err(_) if Date::parse(word).is_ok() => Ok(word.to_owned()),
            Err(_) => Err(format!("`{word}` is not written as {format}")),
        }
    }
}

/// The value that a cell means: measures are parted by `;`, the order is a number, all else is text.
fn value(field: &str, word: &str) -> Value {
    match field {
        "measures" | "measure" => word.split(';').map(str::trim).filter(|part| !part.is_empty()).collect(),
        "order" => word.parse::<i64>().map_or_else(|_| Value::from(word), Value::from),
        _ => Value::from(word),
    }
}

/// A party by its id, name or code.
fn party(word: &str, parties: &BTreeMap<PartyId, Named>) -> Result<String, String> {
    match find_party(parties, word, Day::MAX) {
        Match::One(id) => Ok(id.to_string()),
        Match::Several(ids) => {
            let ids: Vec<&str> = ids.iter().map(PartyId::as_str).collect();
            Err(format!("`{word}` may be any of {}", ids.join(", ")))
        }
        // An id that an earlier row declares.
        Match::None(_) if PartyId::parse(word).is_ok() => Ok(word.to_owned()),
        Match::None(near) if near.is_empty() => Err(format!("no party is called `{word}`")),
        Match::None(near) => Err(format!("no party is called `{word}`; nearest: {}", near.join(", "))),
    }
}
