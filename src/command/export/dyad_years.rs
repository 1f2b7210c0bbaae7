//! Dyad-years: one row for each ordered pair of states and year in which some register between them stood, as it
//! stood at the end of the year (or of the day asked for, in its year). What research merges on: Correlates of War
//! codes, and those of Gleditsch and Ward beside them.
//!
//! Only states with a Correlates of War code are there. A pair that is not there never acted. Where a value is only
//! possible on the day, it has a `?`.

use std::collections::BTreeMap;

use ledger::standing::names::{Named, parties};
use ledger::standing::value::Word;
use ledger::{Day, Key, Knowledge, PartyId, Question, Register};

use super::Table;
use super::runs::{Run, runs};

const HEADERS: [&str; 12] = [
    "ccode1",
    "ccode2",
    "year",
    "gwno1",
    "gwno2",
    "party1",
    "party2",
    "recognition",
    "relations",
    "consular",
    "mission",
    "sanctions",
];

/// The columns that hold whole numbers.
const NUMBERS: [&str; 6] = ["ccode1", "ccode2", "year", "gwno1", "gwno2", "sanctions"];

/// The first year of the Correlates of War: what always stood stands from then on.
const FIRST_YEAR: i16 = 1816;

/// What stood between an ordered pair at the end of a year.
#[derive(Debug, Default)]
struct Row {
    recognition: String,
    relations: String,
    consular: String,
    mission: String,
    sanctions: u32,
}

pub(super) fn table(knowledge: &Knowledge<'_>, question: &Question) -> Table {
    let parties = parties(knowledge);
    let mut rows: BTreeMap<(PartyId, PartyId, i16), Row> = BTreeMap::new();
    for run in runs(knowledge, question) {
        let (Some(one), Some(other)) = pair(&run.key) else { continue };
        if code(&parties, one, "cow").is_empty() || code(&parties, other, "cow").is_empty() {
            continue;
        }
        for year in years(&run, question.as_of) {
            rows.entry((one.clone(), other.clone(), year)).or_default().enter(&run, year, question.as_of);
            if run.key.is_mutual() {
                rows.entry((other.clone(), one.clone(), year)).or_default().enter(&run, year, question.as_of);
            }
        }
    }
    let cells = |((one, other, year), row): ((PartyId, PartyId, i16), Row)| {
        vec![
            code(&parties, &one, "cow"),
            code(&parties, &other, "cow"),
            year.to_string(),
            code(&parties, &one, "gw"),
            code(&parties, &other, "gw"),
            one.to_string(),
            other.to_string(),
            row.recognition,
            row.relations,
            row.consular,
            row.mission,
            row.sanctions.to_string(),
        ]
    };
    Table { headers: &HEADERS, numbers: &NUMBERS, rows: rows.into_iter().map(cells).collect() }
}

/// The states of a register that a dyad has a column for.
fn pair(key: &Key) -> (Option<&PartyId>, Option<&PartyId>) {
    match key.register {
        Register::RecognitionState | Register::Relations | Register::Consular | Register::Sanction => {
            (key.actor.as_ref(), key.subject.as_ref())
        }
        Register::Mission if key.post.is_none() => (key.actor.as_ref(), key.subject.as_ref()),
        Register::Mission
        | Register::RecognitionGovernment
        | Register::Envoy
        | Register::Regime
        | Register::Licence
        | Register::Terror
        | Register::Membership
        | Register::Binding
        | Register::Existence
        | Register::Name => (None, None),
    }
}

fn code(parties: &BTreeMap<PartyId, Named>, party: &PartyId, scheme: &str) -> String {
    let codes = parties.get(party).map_or(&[][..], |named| &named.codes);
    codes.iter().find(|(other, _)| other == scheme).map_or_else(String::new, |(_, code)| code.clone())
}

/// The years at whose end a run stood or may have stood.
fn years(run: &Run, end: Day) -> std::ops::RangeInclusive<i16> {
    let first = run.from.map_or(FIRST_YEAR, |day| day.year().max(FIRST_YEAR));
    let last = match run.to {
        None => end.year(),
        Some(to) if to == close(to.year(), end) => to.year(),
        Some(to) => to.year() - 1,
    };
    first..=last
}

/// The day of a year for which its row speaks.
fn close(year: i16, end: Day) -> Day {
    if year == end.year() { end } else { Day::new(year, 12, 31).unwrap_or(end) }
}

impl Row {
    fn enter(&mut self, run: &Run, year: i16, end: Day) {
        let day = close(year, end);
        let sure = run.sure_from.is_some_and(|from| from <= day) && run.sure_to.is_none_or(|to| to >= day);
        let mark = if sure { "" } else { "?" };
        let outcome = &run.outcome;
        let rank = outcome.detail.iter().find(|(name, _)| *name == "rank").map(|(_, rank)| rank.as_ref());
        let standing = if outcome.value.is(Word::Open) { rank } else { None };
        let word = format!("{}{mark}", standing.unwrap_or(outcome.value.as_str()));
        // Intervals come in the order of their first days: where several are possible, the last word is the latest.
        if run.key.register == Register::Relations {
            self.relations = word;
        } else if run.key.register == Register::Consular {
            self.consular = word;
        } else if run.key.register == Register::Mission {
            self.mission = word;
        } else if run.key.register == Register::RecognitionState {
            self.recognition = word;
        } else if outcome.value.is(Word::InForce) {
            self.sanctions += 1;
        }
    }
}
