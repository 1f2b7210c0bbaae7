//! Dyad-years: one row for each ordered pair of states and year in which some register between them stood, as it
//! stood at the end of the year (or of the day asked for, in its year). What research merges on: Correlates of War
//! codes, and those of Gleditsch and Ward beside them.
//!
//! Only states with a Correlates of War code are there. A pair that is not there never acted. Where a value is only
//! possible on the day, it has a `?`.

use std::collections::BTreeMap;

use ledger::abreast::abreast;
use ledger::standing::names::Named;
use ledger::standing::value::Word;
use ledger::{Day, Key, PartyId, Question, Register, Registers};

use super::Table;
use super::runs::{Run, runs};
use crate::render::Rows;

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
struct Row<'a> {
    recognition: &'a str,
    relations: &'a str,
    consular: &'a str,
    mission: &'a str,
    sanctions: u32,
}

/// The word for a run: where it surely stood, and where it may have.
struct Words {
    sure: String,
    unsure: String,
}

/// The years of each ordered pair.
type Dyads<'a> = BTreeMap<(&'a PartyId, &'a PartyId), BTreeMap<i16, Row<'a>>>;

pub(super) fn table(registers: &Registers, parties: &BTreeMap<PartyId, Named>, question: &Question) -> Table {
    let runs = runs(registers, question);
    let words: Vec<Words> = runs.iter().map(Words::of).collect();
    let mut dyads = Dyads::new();
    for (run, words) in runs.iter().zip(&words) {
        let (Some(one), Some(other)) = pair(&run.key) else { continue };
        if code(parties, one, "cow").is_empty() || code(parties, other, "cow").is_empty() {
            continue;
        }
        let ways = [(one, other), (other, one)];
        for dyad in ways.into_iter().take(if run.key.is_mutual() { 2 } else { 1 }) {
            let of_dyad = dyads.entry(dyad).or_default();
            for year in years(run, question.as_of) {
                of_dyad.entry(year).or_default().enter(run, words, year, question.as_of);
            }
        }
    }
    let dyads: Vec<_> = dyads.into_iter().collect();
    let rows = abreast(
        dyads,
        |_, _| true,
        |share| {
            let rows = |((one, other), years)| rows(parties, one, other, years);
            vec![share.into_iter().flat_map(rows).collect::<Rows>()]
        },
    );
    Table { headers: &HEADERS, numbers: &NUMBERS, rows: Rows::joined(rows) }
}

fn rows(
    parties: &BTreeMap<PartyId, Named>,
    one: &PartyId,
    other: &PartyId,
    years: BTreeMap<i16, Row<'_>>,
) -> Vec<Vec<String>> {
    let [cow, other_cow] = [one, other].map(|party| code(parties, party, "cow"));
    let [gw, other_gw] = [one, other].map(|party| code(parties, party, "gw"));
    let cells = |(year, row): (i16, Row<'_>)| {
        vec![
            cow.clone(),
            other_cow.clone(),
            year.to_string(),
            gw.clone(),
            other_gw.clone(),
            one.to_string(),
            other.to_string(),
            row.recognition.to_owned(),
            row.relations.to_owned(),
            row.consular.to_owned(),
            row.mission.to_owned(),
            row.sanctions.to_string(),
        ]
    };
    years.into_iter().map(cells).collect()
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

impl Words {
    fn of(run: &Run) -> Self {
        let outcome = &run.outcome;
        let rank = outcome.detail.iter().find(|(name, _)| *name == "rank").map(|(_, rank)| rank.as_ref());
        let standing = if outcome.value.is(Word::Open) { rank } else { None };
        let sure = standing.unwrap_or(outcome.value.as_str()).to_owned();
        Self { unsure: format!("{sure}?"), sure }
    }
}

impl<'a> Row<'a> {
    fn enter(&mut self, run: &Run, words: &'a Words, year: i16, end: Day) {
        let day = close(year, end);
        let sure = run.sure_from.is_some_and(|from| from <= day) && run.sure_to.is_none_or(|to| to >= day);
        let word = if sure { &words.sure } else { &words.unsure };
        // Intervals come in the order of their first days: where several are possible, the last word is the latest.
        if run.key.register == Register::Relations {
            self.relations = word;
        } else if run.key.register == Register::Consular {
            self.consular = word;
        } else if run.key.register == Register::Mission {
            self.mission = word;
        } else if run.key.register == Register::RecognitionState {
            self.recognition = word;
        } else if run.outcome.value.is(Word::InForce) {
            self.sanctions += 1;
        }
    }
}
