//! Standings as rows and as JSON.

use ledger::act::Measure;
use ledger::standing::answer::key_fields;
use ledger::standing::effect::Detail;
use ledger::standing::timeline::Certainty;
use ledger::{Key, PartyId, Standing};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

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
    let contested = match standing.circumstances.contested_by.as_slice() {
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
        _ => text.to_string(),
    }));
    if let Some(collective) = &standing.circumstances.channel {
        parts.push(format!("through {collective}"));
    }
    if !standing.circumstances.licensed.is_empty() {
        parts.push(format!("licensed: {}", joined(&standing.circumstances.licensed)));
    }
    if !standing.circumstances.contested_by.is_empty() {
        parts.push(format!("contested by {}", joined(&standing.circumstances.contested_by)));
    }
    if !standing.circumstances.denied_by.is_empty() {
        parts.push(format!("an act is denied by {}", joined(&standing.circumstances.denied_by)));
    }
    parts.join(", ")
}

fn joined<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A standing as JSON.
pub(crate) struct Json<'a>(pub &'a Standing);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let standing = self.0;
        let mut map = serializer.serialize_map(None)?;
        serialize_key(&standing.key, &mut map)?;
        map.serialize_entry("value", standing.value.as_str())?;
        map.serialize_entry("certainty", standing.certainty.word())?;
        map.serialize_entry("since", &standing.since)?;
        map.serialize_entry("until", &standing.until)?;
        map.serialize_entry("contested_by", &standing.circumstances.contested_by)?;
        map.serialize_entry("denied_by", &standing.circumstances.denied_by)?;
        map.serialize_entry("licensed", &standing.circumstances.licensed)?;
        map.serialize_entry(
            "channel",
            standing.circumstances.channel.as_ref().map_or("own", PartyId::as_str),
        )?;
        map.serialize_entry("basis", &standing.basis)?;
        map.serialize_entry("detail", &Words(&standing.detail))?;
        map.end()
    }
}

/// Names and words as one object.
struct Words<'a>(&'a Detail);

impl Serialize for Words<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, text)| (name, text)))
    }
}

/// The register of a standing, its fields under their own names.
pub(crate) fn serialize_key<M: SerializeMap>(key: &Key, map: &mut M) -> Result<(), M::Error> {
    map.serialize_entry("register", key.register.word())?;
    map.serialize_entry("actor", &key.actor)?;
    map.serialize_entry("subject", &key.subject)?;
    key_fields(key).into_iter().try_for_each(|(name, text)| map.serialize_entry(name, &text))
}

/// The same as a value.
pub(crate) fn key_json(key: &Key) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("register".to_owned(), key.register.word().into());
    fields.insert("actor".to_owned(), key.actor.as_ref().map(ToString::to_string).into());
    fields.insert("subject".to_owned(), key.subject.as_ref().map(ToString::to_string).into());
    fields.extend(key_fields(key).into_iter().map(|(name, text)| (name.to_owned(), text.into())));
    fields
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
    fn parted<T: ToString>(items: &[T]) -> String {
        items.iter().map(ToString::to_string).collect::<Vec<_>>().join(";")
    }
    fn text<T: ToString>(item: Option<&T>) -> String {
        item.map(ToString::to_string).unwrap_or_default()
    }
    let Key { register, actor, subject, of, post, person, regime, measure, list, licence } = &*standing.key;
    let detail = standing.detail.iter().map(|(name, text)| format!("{name}={text}")).collect::<Vec<_>>();
    vec![
        register.word().to_owned(),
        text(actor.as_ref()),
        text(subject.as_ref()),
        text(of.as_ref()),
        text(post.as_ref()),
        text(person.as_ref()),
        text(regime.as_ref()),
        measure.map(Measure::word).unwrap_or_default().to_owned(),
        text(list.as_ref()),
        text(licence.as_ref()),
        standing.value.as_str().to_owned(),
        standing.certainty.word().to_owned(),
        text(standing.since.as_ref()),
        text(standing.until.as_ref()),
        parted(&standing.circumstances.contested_by),
        parted(&standing.circumstances.licensed),
        standing.circumstances.channel.as_ref().map_or("own", PartyId::as_str).to_owned(),
        parted(&standing.basis),
        detail.join(";"),
    ]
}
