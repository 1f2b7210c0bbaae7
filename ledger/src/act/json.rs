//! Acts as JSON lines: the journal as people and programs exchange it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{Act, Draft, Flaw, Place, Problem, Submitted};
use crate::date::{Instant, RecordedAt};

/// An act as one JSON object; `serde_json::to_string(&Line(&act))` is one line of a journal.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a>(pub &'a Act);

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut written = Ok(());
        self.0.each_field(&mut |name, shown| {
            if written.is_ok() {
                written = map.serialize_entry(name, &shown);
            }
        });
        written?;
        map.end()
    }
}

/// Reads acts out of JSON lines, and every problem of the lines that are none; blank lines are passed over. Line
/// numbers count from 1.
#[must_use]
pub fn read(text: &[u8]) -> (Vec<Submitted>, Vec<Problem>) {
    read_part(text, 1, false)
}

/// Reads lines that also say when each act was recorded (`recorded_at`, and `asserted`), as an exact export does.
#[must_use]
pub fn read_exact(text: &[u8]) -> (Vec<Submitted>, Vec<Problem>) {
    read_part(text, 1, true)
}

/// Reads part of a file of lines, exact ones or not, of which the first has this number.
#[must_use]
pub fn read_part(text: &[u8], first: usize, exact: bool) -> (Vec<Submitted>, Vec<Problem>) {
    let mut acts = Vec::new();
    let mut problems = Vec::new();
    for (index, bytes) in text.split(|byte| *byte == b'\n').enumerate() {
        let line = first + index;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let read = if exact { read_exact_draft } else { read_draft };
        match draft(bytes, line).and_then(|draft| read(line, draft)) {
            Ok((act, recorded_at)) => acts.push(Submitted { line, act: Box::new(act), recorded_at }),
            Err(found) => problems.extend(found),
        }
    }
    (acts, problems)
}

type ReadAct = Result<(Act, Option<RecordedAt>), Vec<Problem>>;

fn read_draft(_line: usize, draft: Draft) -> ReadAct {
    Act::read(draft).map(|act| (act, None))
}

fn read_exact_draft(line: usize, mut draft: Draft) -> ReadAct {
    let instant = draft.remove("recorded_at");
    let asserted = draft.remove("asserted").and_then(|value| value.as_bool());
    let instant = instant.as_ref().and_then(Value::as_str).and_then(|text| text.parse::<Instant>().ok());
    let (Some(instant), Some(asserted)) = (instant, asserted) else {
        let text = "an exact line begins with `recorded_at`, an instant, and `asserted`, true or false";
        let place = Place { line, column: 0 };
        return Err(vec![Problem { place, field: None, flaw: Flaw::Unreadable(text.to_owned()) }]);
    };
    let recorded_at = if asserted { RecordedAt::Asserted(instant) } else { RecordedAt::Clock(instant) };
    Act::read(draft).map(|act| (act, Some(recorded_at)))
}

/// Reads one JSON object as a draft, with the column of each value.
///
/// # Errors
/// One problem, when the line is not a JSON object.
pub fn draft(line: &[u8], number: usize) -> Result<Draft, Vec<Problem>> {
    let at = |column| Place { line: number, column };
    let unreadable =
        |column, text: String| vec![Problem { place: at(column), field: None, flaw: Flaw::Unreadable(text) }];
    let text = std::str::from_utf8(line)
        .map_err(|e| unreadable(e.valid_up_to() + 1, "the bytes are not UTF-8 text".to_owned()))?;
    let Pairs(pairs) = serde_json::from_str(text).map_err(|e| unreadable(e.column(), json_fault(&e)))?;
    let mut draft = Draft::new(number);
    for (Name(name), raw) in pairs {
        let column = column_of(text, raw.get());
        match value(raw.get()) {
            Ok(value) => draft.push(&name, value, at(column)),
            Err(e) => {
                let place = at(column + e.column().saturating_sub(1));
                return Err(vec![Problem {
                    place,
                    field: Some(name.into_owned()),
                    flaw: Flaw::Unreadable(json_fault(&e)),
                }]);
            }
        }
    }
    Ok(draft)
}

fn json_fault(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let words = words.split(" at line ").next().unwrap_or(&words);
    if words.ends_with(TWICE) {
        words.to_owned()
    } else {
        format!("not one JSON object on one line: {words}")
    }
}

const TWICE: &str = "is given twice";

/// Reads a JSON value in which no name stands twice at one place: one of the two would be lost unseen.
///
/// # Errors
/// When the text is not one JSON value, or a name stands twice.
pub fn value(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text).map(|Strict(value)| value)
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }

            fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
                Ok(Value::from(truth))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
                Ok(Value::from(number))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
                Ok(Value::from(number))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
                Ok(Value::from(number))
            }

            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(Value::from(text))
            }

            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<Value, S::Error> {
                let mut list = Vec::new();
                while let Some(Strict(item)) = items.next_element()? {
                    list.push(item);
                }
                Ok(Value::Array(list))
            }

            fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<Value, M::Error> {
                let mut map = Map::new();
                while let Some(name) = members.next_key::<String>()? {
                    if map.contains_key(&name) {
                        return Err(M::Error::custom(format!("`{name}` {TWICE}")));
                    }
                    map.insert(name, members.next_value::<Strict>()?.0);
                }
                Ok(Value::Object(map))
            }
        }
        deserializer.deserialize_any(Any).map(Self)
    }
}

/// The column, in characters from 1, at which a part of a line begins.
fn column_of(line: &str, part: &str) -> usize {
    let bytes = (part.as_ptr() as usize).saturating_sub(line.as_ptr() as usize).min(line.len());
    line.get(..bytes).map_or(0, |before| before.chars().count() + 1)
}

/// The members of a JSON object in their order, each value unread, names that stand twice kept twice.
struct Pairs<'a>(Vec<(Name<'a>, &'a RawValue)>);

/// A name as it stands in the line, where nothing in it is escaped.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an act, such as {\"kind\":\"visit\",…}")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<Self::Value, M::Error> {
                let mut pairs = Vec::with_capacity(12);
                while let Some(pair) = members.next_entry::<Name<'de>, &'de RawValue>()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Members)
    }
}
