//! Standings as rows and as JSON.

use ledger::standing::answer::key_fields;
use ledger::standing::timeline::Certainty;
use ledger::{Key, Standing};
use serde_json::{Map, Value, json};

/// The columns of a table of standings.
pub(crate) const HEADERS: [&str; 7] =
    ["register", "between", "standing", "since", "until", "more", "entries"];

/// A standing as a row for people.
pub(crate) fn row(standing: &Standing) -> Vec<String> {
    vec![
        standing.key.register.word().to_owned(),
        between(&standing.key),
        value(standing),
        standing.since.as_ref().map(ToString::to_string).unwrap_or_default(),
        standing.until.as_ref().map(ToString::to_string).unwrap_or_default(),
        more(standing),
        entries(&standing.basis),
    ]
}

/// `RUS → IEA`, `CUB – USA`, `taliban`.
pub(crate) fn between(key: &Key) -> String {
    let arrow = if key.is_mutual() { "–" } else { "→" };
    match (&key.actor, &key.subject) {
        (Some(actor), Some(subject)) => format!("{actor} {arrow} {subject}"),
        (Some(party), None) | (None, Some(party)) => party.to_string(),
        (None, None) => String::new(),
    }
}

/// `designated`, or `possibly designated`.
pub(crate) fn value(standing: &Standing) -> String {
    match standing.certainty {
        Certainty::Certain => standing.value.as_str().to_owned(),
        Certainty::Possible => format!("possibly {}", standing.value.as_str()),
    }
}

/// `designated since 2003`, `open (embassy) since 1954-09-25`.
pub(crate) fn value_since(standing: &Standing) -> String {
    let rank = standing.detail.iter().find(|(name, _)| *name == "rank");
    let rank = rank.map(|(_, rank)| format!(" ({rank})")).unwrap_or_default();
    let since = standing.since.as_ref().map(|since| format!(" since {since}")).unwrap_or_default();
    let contested = match standing.contested_by.as_slice() {
        [] => String::new(),
        parties => format!(", contested by {}", joined(parties)),
    };
    format!("{}{rank}{since}{contested}", value(standing))
}

/// What tells a register from its neighbours: `regime EO 14024, measure asset_freeze`.
pub(crate) fn key_words(key: &Key) -> String {
    key_fields(key).into_iter().map(|(name, text)| format!("{name} {text}")).collect::<Vec<_>>().join(", ")
}

/// `#12 #271`.
pub(crate) fn entries(numbers: &[u64]) -> String {
    numbers.iter().map(|number| format!("#{number}")).collect::<Vec<_>>().join(" ")
}

/// What tells the register from its neighbours, what else the acts say, and who says otherwise.
fn more(standing: &Standing) -> String {
    let mut parts: Vec<String> =
        key_fields(&standing.key).into_iter().map(|(name, text)| format!("{name} {text}")).collect();
    parts.extend(standing.detail.iter().map(|(name, text)| match *name {
        "protecting" | "by" | "reason" | "class" => format!("{name} {text}"),
        _ => text.clone(),
    }));
    if let Some(collective) = &standing.channel {
        parts.push(format!("through {collective}"));
    }
    if !standing.licensed.is_empty() {
        parts.push(format!("licensed: {}", joined(&standing.licensed)));
    }
    if !standing.contested_by.is_empty() {
        parts.push(format!("contested by {}", joined(&standing.contested_by)));
    }
    if !standing.denied_by.is_empty() {
        parts.push(format!("an act is denied by {}", joined(&standing.denied_by)));
    }
    parts.join(", ")
}

fn joined<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A standing as JSON.
pub(crate) fn json(standing: &Standing) -> Value {
    let mut fields = key_json(&standing.key);
    let rest = json!({
        "value": standing.value.as_str(),
        "certainty": standing.certainty.word(),
        "since": standing.since.as_ref().map(ToString::to_string),
        "until": standing.until.as_ref().map(ToString::to_string),
        "contested_by": strings(&standing.contested_by),
        "denied_by": strings(&standing.denied_by),
        "licensed": strings(&standing.licensed),
        "channel": standing.channel.as_ref().map_or_else(|| "own".to_owned(), ToString::to_string),
        "basis": standing.basis,
        "detail": standing.detail.iter().map(|(name, text)| ((*name).to_owned(), Value::from(text.as_str()))).collect::<Map<_, _>>(),
    });
    if let Value::Object(rest) = rest {
        fields.extend(rest);
    }
    Value::Object(fields)
}

/// The register of a standing, its fields under their own names.
pub(crate) fn key_json(key: &Key) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("register".to_owned(), key.register.word().into());
    fields.insert("actor".to_owned(), key.actor.as_ref().map(ToString::to_string).into());
    fields.insert("subject".to_owned(), key.subject.as_ref().map(ToString::to_string).into());
    fields.extend(key_fields(key).into_iter().map(|(name, text)| (name.to_owned(), text.into())));
    fields
}

fn strings<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

/// The columns of CSV.
pub(crate) const CSV_HEADERS: [&str; 19] = [
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
    "certainty",
    "since",
    "until",
    "contested_by",
    "licensed",
    "channel",
    "basis",
    "detail",
];

/// A standing as a row of CSV; several values in a cell are parted by `;`.
pub(crate) fn csv_row(standing: &Standing) -> Vec<String> {
    let fields = json(standing);
    let cell = |name: &&str| match fields.get(*name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
            .collect::<Vec<_>>()
            .join(";"),
        Some(Value::Object(map)) => map
            .iter()
            .map(|(name, text)| format!("{name}={}", text.as_str().unwrap_or_default()))
            .collect::<Vec<_>>()
            .join(";"),
        Some(other) => other.to_string(),
    };
    CSV_HEADERS.iter().map(cell).collect()
}
