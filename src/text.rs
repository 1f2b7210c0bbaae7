//! Acts as people write them, and as a journal holds them: JSON lines, TOML, CSV, flags.
//!
//! Every form becomes [`Draft`]s; one function of the library reads acts out of those, so the words and the errors
//! are the same in all.

mod csv;
mod toml;

use std::path::Path;

use ledger::Act;
use ledger::act::{Draft, Place, Problem, Submitted, json};
use serde_json::Value;

/// Reads acts in the form that the name of the file tells: `.toml`, `.csv`, else JSON lines.
pub(crate) fn read(name: &Path, text: &[u8]) -> (Vec<Submitted>, Vec<Problem>) {
    match name.extension().and_then(|extension| extension.to_str()) {
        Some("toml") => read_drafts(toml::drafts(text)),
        Some("csv") => read_drafts(csv::drafts(text)),
        _ => json::read(text),
    }
}

/// Reads an act out of words, such as flags: a name and a text each.
pub(crate) fn read_words(words: impl IntoIterator<Item = (String, String)>) -> Result<Act, Vec<Problem>> {
    let mut draft = Draft::new(0);
    for (name, word) in words {
        let value = value_of(&name, &word);
        draft.push(&name, value, Place::default());
    }
    Act::read(draft)
}

type Drafts = (Vec<(usize, Draft)>, Vec<Problem>);

fn read_drafts((drafts, mut problems): Drafts) -> (Vec<Submitted>, Vec<Problem>) {
    let mut acts = Vec::new();
    for (line, draft) in drafts {
        match Act::read(draft) {
            Ok(act) => acts.push(Submitted { line, ..act.into() }),
            Err(found) => problems.extend(found),
        }
    }
    (acts, problems)
}

/// The value that a cell or a flag means: lists are parted by `;`, tables are `key=value` parted by `;`, and what
/// begins as JSON is JSON.
pub(crate) fn value_of(name: &str, word: &str) -> Value {
    let text = || Value::from(word);
    let parts = || word.split(';').map(str::trim).filter(|part| !part.is_empty());
    match name {
        _ if word.starts_with(['[', '{']) => json::value(word).unwrap_or_else(|_| text()),
        "order" => word.parse::<i64>().map_or_else(|_| text(), Value::from),
        "measures" | "measure" => parts().collect(),
        "codes" | "set" => {
            let pairs: Option<serde_json::Map<String, Value>> = parts()
                .map(|pair| {
                    pair.split_once('=').map(|(key, code)| (key.trim().to_owned(), value_of(key, code)))
                })
                .collect();
            pairs.map_or_else(text, Value::Object)
        }
        "claims" => parts().map(|source| serde_json::json!({ "source": source })).collect(),
        _ => text(),
    }
}
