//! Intervals: one row for each value of each register, with its first and last day.
//!
//! `from` and `to` are the first and last day on which the value may have stood, `sure_from` and `sure_to` those on
//! which it surely did: they are the same where the dates are exact. An empty `from` has no beginning, an empty `to`
//! still stands.

use ledger::standing::answer::key_fields;
use ledger::standing::intervals;
use ledger::{Day, Knowledge, Question};

use super::Table;

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

pub(super) fn table(knowledge: &Knowledge<'_>, question: &Question) -> Table {
    let rows = intervals(knowledge, question).into_iter().map(|interval| {
        let mut cells = key_fields(&interval.key);
        let party = |id: &Option<ledger::PartyId>| id.as_ref().map(ToString::to_string).unwrap_or_default();
        let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
        let outcome = &interval.outcome;
        let detail: Vec<String> =
            outcome.detail.iter().map(|(name, text)| format!("{name}={text}")).collect();
        let basis: Vec<String> = outcome.basis.iter().map(ToString::to_string).collect();
        cells.extend([
            ("register", interval.key.register.word().to_owned()),
            ("actor", party(&interval.key.actor)),
            ("subject", party(&interval.key.subject)),
            ("value", outcome.value.as_str().to_owned()),
            ("detail", detail.join(";")),
            ("from", day(interval.from)),
            ("to", day(interval.to)),
            ("sure_from", day(interval.sure_from)),
            ("sure_to", day(interval.sure_to)),
            ("basis", basis.join(";")),
        ]);
        let cell = |name: &&str| cells.iter().find(|(other, _)| other == name).map(|(_, text)| text.clone());
        HEADERS.iter().map(|name| cell(name).unwrap_or_default()).collect()
    });
    Table { headers: &HEADERS, rows: rows.collect() }
}
