//! `chancery screen`: who of a list of names stood on which list.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use ledger::standing::likely::{Directory, How, Likely};
use ledger::standing::names::parties;
use ledger::standing::value::Word;
use ledger::{Day, Key, Knowledge, PartyId, Question, Register, Registers, Scope, Standing, answer};
use serde_json::{Map, Value, json};

use super::asking::{Cited, as_of, believed, gather, open, registers};
use super::{Format, Place, Status};
use crate::render;
use crate::trouble::Trouble;

/// Say who of a list of names stood under sanctions or on a list of terrorists
///
/// The list is a CSV whose first row names its columns: `name`, `id`, or both. Every row is answered, with the
/// parties that it may mean, the reason for each, and the entries that the answer rests on. With --as-of and
/// --known-at the same list gives the same bytes, years later. It lists, and never decides who is meant.
#[derive(Debug, Args)]
pub(crate) struct Screen {
    /// The names and ids to screen
    #[arg(value_name = "LIST")]
    list: PathBuf,

    /// The day; the answer is for its end [default: today, by UTC]
    #[arg(long, value_name = "DAY")]
    as_of: Option<String>,

    /// What the register knew then: an instant, a day (its end, by UTC) or #ENTRY [default: everything]
    #[arg(long, value_name = "T|#N")]
    known_at: Option<String>,
}

/// The registers by which a party is listed.
const LISTING: [Register; 2] = [Register::Sanction, Register::Terror];

const HEADERS: [&str; 17] = [
    "line",
    "sought",
    "party",
    "name",
    "why",
    "likeness",
    "register",
    "by",
    "under",
    "value",
    "certainty",
    "since",
    "until",
    "entries",
    "as_of",
    "known_at",
    "head",
];

/// What a person reads of them; the rest is the same in every row, and stands below.
const SHOWN: [usize; 11] = [0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 13];

impl Screen {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let bytes = fs::read(&self.list).map_err(|error| Trouble::file(&self.list, &error))?;
        let sought =
            sought(&bytes).map_err(|fact| Trouble::wrong(format!("{}: {fact}", self.list.display())))?;
        let archive = open(place)?;
        let moment = believed(archive, self.known_at.as_deref(), "--known-at")?;
        let day = as_of(self.as_of.as_deref(), "--as-of")?;
        let who = Knowledge::of(gather(archive, &Scope::Entities, &moment)?);
        let parties = parties(&who);
        let directory = Directory::new(&parties, day);
        let meant: Vec<Vec<Likely<'_>>> = sought.iter().map(|(_, word)| directory.likely(word)).collect();
        let scope = scope(meant.iter().flatten().map(|likely| &likely.party.id), day);
        let listed = listed(registers(archive, &scope, &moment)?, day);
        let cited = Cited { as_of: day, known: moment.last };
        let answer_of = |((line, word), likely): (&(u64, String), &Vec<Likely<'_>>)| {
            rows(*line, word, likely, &listed, &cited)
        };
        let rows: Vec<[String; 17]> = sought.iter().zip(&meant).flat_map(answer_of).collect();
        match place.format {
            Format::Table => {
                let headers = SHOWN.map(|column| HEADERS[column]);
                let shown = rows.iter().map(|row| SHOWN.map(|column| row[column].clone()).to_vec()).collect();
                render::table(out, &headers, &shown)?;
                let digest = blake3::hash(&bytes).to_hex();
                writeln!(out, "\n{} · list blake3:{}…", render::citation(&cited), &digest[..16])?;
            }
            Format::Csv => render::csv(out, &HEADERS, &rows.into_iter().map(Vec::from).collect())?,
            Format::Json => {
                let known_at = render::known_at(&cited);
                let rows: Vec<Value> = rows.iter().map(object).collect();
                let digest = format!("blake3:{}", blake3::hash(&bytes).to_hex());
                let whole =
                    json!({ "as_of": day.to_string(), "known_at": known_at, "list": digest, "rows": rows });
                writeln!(out, "{whole}")?;
            }
            Format::Jsonl => {
                for row in &rows {
                    writeln!(out, "{}", object(row))?;
                }
            }
        }
        Ok(Status::Done)
    }
}

/// The names and ids of a list, each with its line; an id goes before a name.
fn sought(bytes: &[u8]) -> Result<Vec<(u64, String)>, String> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let headers = reader.headers().map_err(|error| error.to_string())?.clone();
    let column = |name: &str| headers.iter().position(|header| header.eq_ignore_ascii_case(name));
    let columns: Vec<usize> = ["id", "name"].into_iter().filter_map(column).collect();
    if columns.is_empty() {
        return Err("its first row names neither a column `name` nor a column `id`".to_owned());
    }
    let mut sought = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        let words = columns.iter().filter_map(|column| record.get(*column)).filter(|word| !word.is_empty());
        sought.extend(words.map(|word| (line, word.to_owned())));
    }
    Ok(sought)
}

/// What stands toward these parties.
fn scope<'p>(parties: impl Iterator<Item = &'p PartyId>, day: Day) -> Scope {
    let parties: BTreeSet<&PartyId> = parties.collect();
    let of_party = |party: &PartyId| {
        let subject = Some(party.clone());
        LISTING.map(|register| Question { subject: subject.clone(), ..Question::about(register, day) })
    };
    Scope::Questions(parties.into_iter().flat_map(of_party).collect())
}

/// Who stands, or may stand, under a sanction or on a list of terrorists at the end of a day.
fn listed(registers: &Registers, day: Day) -> BTreeMap<PartyId, Vec<Standing>> {
    let mut listed: BTreeMap<PartyId, Vec<Standing>> = BTreeMap::new();
    for register in LISTING {
        for standing in answer(registers, &Question::about(register, day)).standings {
            let stands = standing.value.is_alive() || standing.value.is(Word::Designated);
            if let (true, Some(subject)) = (stands, &standing.key.subject) {
                listed.entry(subject.clone()).or_default().push(standing);
            }
        }
    }
    listed
}

/// The rows of one name: a party that is surely called so is there whether listed or not, one that is only like it
/// where it is listed.
fn rows(
    line: u64,
    word: &str,
    likely: &[Likely<'_>],
    listed: &BTreeMap<PartyId, Vec<Standing>>,
    cited: &Cited,
) -> Vec<[String; 17]> {
    let mut rows = Vec::new();
    for likely in likely {
        let standings = listed.get(&likely.party.id).map_or(&[][..], Vec::as_slice);
        rows.extend(standings.iter().map(|standing| row(line, word, Some(likely), Some(standing), cited)));
        if standings.is_empty() && likely.how <= How::SameWords {
            rows.push(row(line, word, Some(likely), None, cited));
        }
    }
    if rows.is_empty() {
        rows.push(row(line, word, None, None, cited));
    }
    rows
}

fn row(
    line: u64,
    word: &str,
    likely: Option<&Likely<'_>>,
    standing: Option<&Standing>,
    cited: &Cited,
) -> [String; 17] {
    let of_party = |cell: &dyn Fn(&Likely<'_>) -> String| likely.map(cell).unwrap_or_default();
    let of_standing = |cell: &dyn Fn(&Standing) -> String| standing.map(cell).unwrap_or_default();
    let nobody = if likely.is_some() { "not listed" } else { "no such party" };
    let value = standing.map_or(nobody, |standing| standing.value.as_str());
    let known = cited.known.as_ref();
    [
        line.to_string(),
        word.to_owned(),
        of_party(&|likely| likely.party.id.to_string()),
        of_party(&|likely| likely.party.name_on(cited.as_of).to_owned()),
        of_party(&|likely| likely.how.words().to_owned()),
        of_party(&|likely| format!("{:.2}", likely.likeness)),
        of_standing(&|standing| standing.key.register.word().to_owned()),
        of_standing(&|standing| standing.key.actor.as_ref().map(ToString::to_string).unwrap_or_default()),
        of_standing(&|standing| under(&standing.key)),
        value.to_owned(),
        of_standing(&|standing| standing.certainty.word().to_owned()),
        of_standing(&|standing| standing.since.as_ref().map(ToString::to_string).unwrap_or_default()),
        of_standing(&|standing| standing.until.as_ref().map(ToString::to_string).unwrap_or_default()),
        of_standing(&|standing| render::standing::entries(&standing.basis)),
        cited.as_of.to_string(),
        known.map(|entry| format!("#{}", entry.number)).unwrap_or_default(),
        known.map(|entry| entry.hash.to_string()).unwrap_or_default(),
    ]
}

/// `ZIMBABWE asset_freeze`, or the list.
fn under(key: &Key) -> String {
    let regime = crate::import::compare::under(key);
    key.measure.map_or_else(|| regime.to_owned(), |measure| format!("{regime} {}", measure.word()))
}

fn object(row: &[String; 17]) -> Value {
    let cells = HEADERS.iter().zip(row).map(|(name, cell)| ((*name).to_owned(), Value::from(cell.as_str())));
    Value::Object(cells.collect::<Map<_, _>>())
}
