//! Acts as CSV: one row an act, the first row names the columns by the fields; an empty cell is a field left out.

use ledger::act::{Draft, Flaw, Place, Problem};

use super::{Drafts, value_of};

/// Reads the rows as drafts.
pub(crate) fn drafts(text: &[u8]) -> Drafts {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(text);
    let headers = match reader.headers() {
        Ok(headers) => headers.clone(),
        Err(error) => return (Vec::new(), vec![unreadable(&error)]),
    };
    let mut drafts = Vec::new();
    let mut problems = Vec::new();
    for row in reader.records() {
        match row {
            Ok(row) => {
                let line = row.position().map_or(0, |at| usize::try_from(at.line()).unwrap_or(0));
                let mut draft = Draft::new(line);
                for (index, (name, cell)) in headers.iter().zip(&row).enumerate() {
                    if !cell.is_empty() {
                        // The column of a cell is its place in the row: what a spreadsheet shows.
                        draft.push(name, value_of(name, cell), Place { line, column: index + 1 });
                    }
                }
                drafts.push((line, draft));
            }
            Err(error) => problems.push(unreadable(&error)),
        }
    }
    (drafts, problems)
}

fn unreadable(error: &csv::Error) -> Problem {
    let line = error.position().map_or(0, |at| usize::try_from(at.line()).unwrap_or(0));
    let words = if let csv::ErrorKind::Utf8 { err, .. } = error.kind() {
        format!("cell {} is not UTF-8 text", err.field() + 1)
    } else if let csv::ErrorKind::UnequalLengths { expected_len, len, .. } = error.kind() {
        format!("the row has {len} cells, the first row has {expected_len}")
    } else {
        error.to_string()
    };
    Problem { place: Place { line, column: 0 }, field: None, flaw: Flaw::Unreadable(words) }
}
