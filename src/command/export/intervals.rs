//! Intervals: one row for each value of each register, with its first and last day.
//!
//! `from` and `to` are the first and last day on which the value may have stood, `sure_from` and `sure_to` those on
//! which it surely did: they are the same where the dates are exact. An empty `from` has no beginning, an empty `to`
//! still stands.

use ledger::standing::answer::key_fields;
use ledger::{Day, PartyId, Question, Registers};

use super::Table;
use super::runs::{Run, runs};
use crate::render;

const HEADERS: [&str; 17] = [
    "register",
    "actor",
    "subject",
    "of",
    "post",
    "person",
    "regime",
    "measure",
    "list",
    "licence",
    "value",
    "detail",
    "from",
    "to",
    "sure_from",
    "sure_to",
    "basis",
];

pub(super) fn table(registers: &Registers, question: &Question) -> Table {
    Table { headers: &HEADERS, numbers: &[], rows: render::rows(&runs(registers, question), row) }
}

fn row(run: &Run) -> Vec<String> {
    let mut cells = key_fields(&run.key);
    let party = |id: &Option<PartyId>| id.as_ref().map(ToString::to_string).unwrap_or_default();
    let day = |day: Option<Day>| match day.filter(|day| *day != Day::MIN) {
        Some(day) => day.to_string(),
        None => String::new(),
    };
    let outcome = &run.outcome;
    let detail: Vec<String> = outcome.detail.iter().map(|(name, text)| format!("{name}={text}")).collect();
    let basis: Vec<String> = outcome.basis.iter().map(ToString::to_string).collect();
    cells.extend([
        ("register", run.key.register.word().to_owned()),
        ("actor", party(&run.key.actor)),
        ("subject", party(&run.key.subject)),
        ("value", outcome.value.as_str().to_owned()),
        ("detail", detail.join(";")),
        ("from", day(run.from)),
        ("to", day(run.to)),
        ("sure_from", day(run.sure_from)),
        ("sure_to", day(run.sure_to)),
        ("basis", basis.join(";")),
    ]);
    let mut cell = |name: &&str| {
        let found = cells.iter_mut().find(|(other, _)| other == name);
        found.map(|(_, text)| std::mem::take(text)).unwrap_or_default()
    };
    HEADERS.iter().map(&mut cell).collect()
}
