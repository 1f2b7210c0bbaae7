//! Acts as TOML: one `[[act]]` table an act, for people who write by hand.

use ledger::act::{Draft, Flaw, Place, Problem};
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Drafts;

/// Reads the tables as drafts.
pub(crate) fn drafts(text: &[u8]) -> Drafts {
    match document(text) {
        Ok((text, document)) => tables(text, document),
        Err(problem) => (Vec::new(), vec![problem]),
    }
}

fn document(text: &[u8]) -> Result<(&str, DeTable<'_>), Problem> {
    let text = std::str::from_utf8(text).map_err(|e| {
        let before = String::from_utf8_lossy(text.get(..e.valid_up_to()).unwrap_or_default());
        unreadable(place_of(&before, before.len()), "the bytes are not UTF-8 text".to_owned())
    })?;
    let document = DeTable::parse(text).map_err(|e| {
        let place = place_of(text, e.span().map_or(0, |span| span.start));
        unreadable(place, format!("not TOML: {}", e.message()))
    })?;
    Ok((text, document.into_inner()))
}

fn tables(text: &str, document: DeTable<'_>) -> Drafts {
    let mut drafts = Vec::new();
    let mut problems = Vec::new();
    for (name, value) in document {
        let place = place_of(text, name.span().start);
        let DeValue::Array(tables) = value.into_inner() else {
            problems.push(not_an_act(place, name.get_ref()));
            continue;
        };
        if name.get_ref() != "act" {
            problems.push(not_an_act(place, name.get_ref()));
            continue;
        }
        for table in tables {
            match draft(text, table) {
                Ok(draft) => drafts.push(draft),
                Err(problem) => problems.push(problem),
            }
        }
    }
    (drafts, problems)
}

fn not_an_act(place: Place, name: &str) -> Problem {
    unreadable(place, format!("`{name}`: acts are tables headed `[[act]]`"))
}

fn draft(text: &str, table: Spanned<DeValue<'_>>) -> Result<(usize, Draft), Problem> {
    let place = place_of(text, table.span().start);
    let DeValue::Table(fields) = table.into_inner() else {
        return Err(unreadable(place, "an act is a table headed `[[act]]`".to_owned()));
    };
    let mut draft = Draft::new(place.line);
    for (name, value) in fields {
        let place = place_of(text, value.span().start);
        draft.push(name.get_ref(), json(value.into_inner()), place);
    }
    Ok((place.line, draft))
}

/// TOML has dates of its own; a date of the register is their text.
fn json(value: DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Integer(number) => {
            number.as_str().parse::<i64>().map_or_else(|_| Value::from(number.as_str()), Value::from)
        }
        DeValue::Float(number) => Value::from(number.as_str()),
        DeValue::Boolean(truth) => Value::from(truth),
        DeValue::Datetime(date) => Value::from(date.to_string()),
        DeValue::Array(items) => items.into_iter().map(|item| json(item.into_inner())).collect(),
        DeValue::Table(fields) => {
            let pairs = fields
                .into_iter()
                .map(|(name, value)| (name.get_ref().to_string(), json(value.into_inner())));
            Value::Object(pairs.collect())
        }
    }
}

fn place_of(text: &str, byte: usize) -> Place {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
    Place { line, column }
}

fn unreadable(place: Place, words: String) -> Problem {
    Problem { place, field: None, flaw: Flaw::Unreadable(words) }
}
