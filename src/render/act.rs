//! Acts and entries as rows and as JSON.

use ledger::Act;
use ledger::act::json::Line;
use ledger::standing::Recorded;
use serde::Serialize;
use serde_json::Value;

/// The columns of a table of entries.
pub(crate) const HEADERS: [&str; 6] = ["entry", "recorded", "effective", "kind", "who", "what else"];

/// An entry as a row for people.
pub(crate) fn row(entry: &Recorded) -> Vec<String> {
    let act = &entry.act;
    vec![
        format!("#{}", entry.number),
        recorded(entry),
        act.effective.as_ref().map(ToString::to_string).unwrap_or_default(),
        act.deed.kind().to_owned(),
        who(act),
        what_else(act),
    ]
}

/// The day of recording, with a mark where the instant was asserted.
pub(crate) fn recorded(entry: &Recorded) -> String {
    let day = entry.recorded_at.to_string().split('T').next().unwrap_or_default().to_owned();
    if entry.asserted { format!("{day}*") } else { day }
}

/// `RUS → IEA`.
pub(crate) fn who(act: &Act) -> String {
    match (act.deed.actor(), act.deed.subject()) {
        (Some(actor), Some(subject)) => format!("{actor} → {subject}"),
        (Some(party), None) | (None, Some(party)) => party.to_string(),
        (None, None) => String::new(),
    }
}

/// The fields that have no column of their own.
pub(crate) fn what_else(act: &Act) -> String {
    const SHOWN: [&str; 6] = ["kind", "actor", "subject", "effective", "claims", "note"];
    let others = act.fields_but(&SHOWN);
    others.iter().map(|(name, value)| format!("{name} {}", words(value))).collect::<Vec<_>>().join(", ")
}

fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join(" "),
        Value::Object(map) => {
            map.iter().map(|(name, value)| format!("{name}={}", words(value))).collect::<Vec<_>>().join(" ")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// An entry as JSON.
#[derive(Serialize)]
pub(crate) struct Json<'a> {
    entry: u64,
    recorded_at: String,
    asserted: bool,
    hash: String,
    act: Line<'a>,
}

/// An entry as JSON.
pub(crate) fn json(entry: &Recorded) -> Json<'_> {
    Json {
        entry: entry.number,
        recorded_at: entry.recorded_at.to_string(),
        asserted: entry.asserted,
        hash: entry.hash.to_string(),
        act: Line(&entry.act),
    }
}
