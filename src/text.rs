//! Acts as people write them, and as a journal holds them: JSON lines, TOML, CSV, flags.
//!
//! Every form becomes [`Draft`]s; one function of the library reads acts out of those, so the words and the errors
//! are the same in all.

mod csv;
mod toml;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use ledger::Act;
use ledger::act::{Draft, Place, Problem, Submitted, json};
use serde_json::Value;

/// Acts that were read together, and what is wrong with the lines among them that are none.
pub(crate) type Batch = (Vec<Submitted>, Vec<Problem>);

/// Reads a file of acts, or standard input where its name is `-`, and hands them on as they come. The name tells the
/// form: `.toml`, `.csv`, else JSON lines, which may be those of an exact export.
///
/// It ends early where nobody takes them any more.
pub(crate) fn read(name: &Path, exact: bool, hand_on: &mut dyn FnMut(Batch) -> bool) -> io::Result<()> {
    let mut file: Box<dyn Read> =
        if name == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(name)?) };
    let mut whole = |drafts: fn(&[u8]) -> Drafts| {
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        hand_on(read_drafts(drafts(&text)));
        Ok(())
    };
    match name.extension().and_then(|extension| extension.to_str()) {
        Some("toml") if !exact => whole(toml::drafts),
        Some("csv") if !exact => whole(csv::drafts),
        _ => read_lines(file, exact, hand_on),
    }
}

/// Reads so many bytes at a time, up to the end of a line.
fn read_lines(file: Box<dyn Read>, exact: bool, hand_on: &mut dyn FnMut(Batch) -> bool) -> io::Result<()> {
    const BATCH: usize = 1 << 20;
    let mut file = BufReader::with_capacity(BATCH, file);
    let mut first = 1;
    loop {
        let mut text = Vec::with_capacity(BATCH + (BATCH >> 3));
        file.by_ref().take(BATCH as u64).read_to_end(&mut text)?;
        file.read_until(b'\n', &mut text)?;
        if text.is_empty() || !hand_on(json::read_part(&text, first, exact)) {
            return Ok(());
        }
        first += text.iter().map(|byte| usize::from(*byte == b'\n')).sum::<usize>();
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

fn read_drafts((drafts, mut problems): Drafts) -> Batch {
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
