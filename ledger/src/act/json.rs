//! Acts as JSON lines: the journal as people and programs exchange it.

use std::borrow::Cow;
use std::fmt;
use std::io::BufRead;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::draft::Fields;
use super::word::Field;
use super::{Act, Draft, Flaw, KINDS, Place, Problem, Submitted};
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
    for (line, bytes) in (first..).zip(lines_of(text)) {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match read_line(bytes, line, exact) {
            Ok((act, recorded_at)) => acts.push(Submitted { line, act: Box::new(act), recorded_at }),
            Err(found) => problems.extend(found),
        }
    }
    (acts, problems)
}

/// The lines of a text, without the bytes that end them.
fn lines_of(mut text: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let all = text;
        // It looks at many bytes at once.
        let length = text.skip_until(b'\n').ok().filter(|length| *length > 0)?;
        let line = &all[..length];
        Some(line.strip_suffix(b"\n").unwrap_or(line))
    })
}

/// Reads a line in one go where all of it fits, as it mostly does; what is wrong with another, the draft says.
fn read_line(line: &[u8], number: usize, exact: bool) -> ReadAct {
    if let Some(read) = Members::of_line(line).and_then(|members| members.read(exact)) {
        return Ok(read);
    }
    let read = if exact { read_exact_draft } else { read_draft };
    draft(line, number).and_then(|draft| read(number, draft))
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

/// The members of a JSON object out of which an act, or a claim, is read without a draft. One thing that does not fit
/// spoils it.
pub(super) struct Members<'a> {
    unread: Vec<(Name<'a>, &'a RawValue)>,
    is_spoilt: bool,
}

impl<'a> Members<'a> {
    fn of_line(line: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(line).ok().map(Self::of)
    }

    /// Those of each object in a list.
    pub(super) fn of_each(json: &'a str) -> Option<Vec<Self>> {
        let list: Vec<Pairs<'a>> = serde_json::from_str(json).ok()?;
        Some(list.into_iter().map(Self::of).collect())
    }

    fn of(Pairs(unread): Pairs<'a>) -> Self {
        Self { unread, is_spoilt: false }
    }

    fn read(mut self, exact: bool) -> Option<(Act, Option<RecordedAt>)> {
        let recorded_at = if exact { Some(self.recorded_at()?) } else { None };
        let act = Act::take(&mut self)?;
        self.are_read().then_some((act, recorded_at))
    }

    /// Whether every member was read, and fitted.
    pub(super) fn are_read(&self) -> bool {
        self.unread.is_empty() && !self.is_spoilt
    }

    fn recorded_at(&mut self) -> Option<RecordedAt> {
        let instant: Instant = plain_text(self.pull("recorded_at")?)?.parse().ok()?;
        match self.pull("asserted")? {
            "true" => Some(RecordedAt::Asserted(instant)),
            "false" => Some(RecordedAt::Clock(instant)),
            _ => None,
        }
    }

    fn pull(&mut self, name: &str) -> Option<&'a str> {
        let at = self.unread.iter().position(|(Name(known), _)| known == name)?;
        Some(self.unread.swap_remove(at).1.get())
    }
}

impl Fields for Members<'_> {
    fn kind(&mut self) -> Option<&'static str> {
        let word = plain_text(self.pull("kind")?)?;
        KINDS.iter().copied().find(|kind| *kind == word)
    }

    fn take<T: Field>(&mut self, name: &'static str) -> Option<T> {
        self.pull(name).map_or_else(T::absent, T::from_json)
    }

    fn missing(&mut self, _name: &str) {
        self.is_spoilt = true;
    }

    fn flaw(&mut self, _field: &str, _flaw: Flaw) {
        self.is_spoilt = true;
    }
}

/// A JSON text in which nothing is escaped, as it stands.
pub(super) fn plain_text(json: &str) -> Option<&str> {
    let text = json.strip_prefix('"')?.strip_suffix('"')?;
    (!text.as_bytes().contains(&b'\\')).then_some(text)
}

/// A name as it stands in the line, where nothing in it is escaped.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
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
        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::{draft, read_draft, read_exact_draft, read_line};

    #[test]
    fn a_line_read_in_one_go_is_what_its_draft_is() {
        let visit = r#""kind":"visit","actor":"USA","subject":"FRA","effective":"2025-04""#;
        let lines = [
            format!("{{{visit}}}"),
            format!(" {{ {visit} , \"order\" : 3 }} "),
            format!(r#"{{{visit},"note":"a \"quoted\" w\u00f6rd","group":"Ł"}}"#),
            format!(r#"{{{visit},"note":null}}"#),
            format!(r#"{{{visit},"note":""}}"#),
            format!(r#"{{{visit},"note":7}}"#),
            format!(r#"{{{visit},"actor":"FRA"}}"#),
            format!(r#"{{{visit},"colour":"red"}}"#),
            format!(r#"{{{visit},"measure":"other"}}"#),
            format!(r#"{{{visit},"until":"2025-03-01"}}"#),
            format!(r#"{{{visit},"claims":[{{"source":"A","url":"u","stance":"denies"}},{{"source":"B"}}]}}"#),
            format!(r#"{{{visit},"claims":[{{"source":"A","source":"B"}}]}}"#),
            format!(r#"{{{visit},"claims":[{{"url":"u"}}]}}"#),
            format!(r#"{{{visit},"claims":[{{"source":"A","page":"1"}}]}}"#),
            format!(r#"{{{visit},"claims":[{{"source":"A","url":null}}]}}"#),
            format!(r#"{{{visit},"claims":"A"}}"#),
            format!(r#"{{{visit},"recorded_at":"2025-07-04T09:00:00Z","asserted":true}}"#),
            format!(r#"{{{visit},"recorded_at":"2025-07-04T09:00:00Z","asserted":"no"}}"#),
            format!("{{{visit}}} x"),
            r#"{"kind":"visit","actor":"USA"}"#.to_owned(),
            r#"{"kind":"visits","actor":"USA"}"#.to_owned(),
            r#"{"kind":"sanction.imposed","actor":"USA","subject":"FRA","effective":"2025","regime":"R","measure":"other"}"#.to_owned(),
            r#"{"kind":"sanction.imposed","actor":"USA","subject":"FRA","effective":"2025","regime":"R","measures":["other","other"]}"#.to_owned(),
            r#"{"kind":"entity.created","subject":"A","party":"state","name":"A","codes":{"cow":"2"}}"#.to_owned(),
            r#"{"kind":"act.corrected","act":"a","set":{"effective":"2003","rank":null}}"#.to_owned(),
            r#"{"kind":"act.corrected","act":"\#3","set":{}}"#.to_owned(),
            "[]".to_owned(),
        ];
        for line in lines {
            let by_draft = draft(line.as_bytes(), 1).and_then(|draft| read_draft(1, draft));
            assert_eq!(read_line(line.as_bytes(), 1, false), by_draft, "{line}");
            let by_draft = draft(line.as_bytes(), 1).and_then(|draft| read_exact_draft(1, draft));
            assert_eq!(read_line(line.as_bytes(), 1, true), by_draft, "{line}");
        }
    }
}
