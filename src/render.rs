//! Answers on paper: tables for people, JSON for programs, CSV for spreadsheets.

pub(crate) mod act;
pub(crate) mod bars;
pub(crate) mod standing;

use std::io::{self, IsTerminal, Write};
use std::ops::Range;

use comfy_table::{ContentArrangement, Table, presets};
use ledger::Day;
use ledger::abreast::abreast;
use ledger::standing::Recorded;
use serde::Serialize;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

/// A day for which an answer is good, and the entry up to which the register was believed.
#[derive(Debug, Clone)]
pub(crate) struct Cited {
    pub as_of: Day,
    pub known: Option<Recorded>,
}

/// Rows of cells, as one text: whole registers have hundreds of thousands.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    text: String,
    /// Where each cell ends.
    ends: Vec<usize>,
    /// How many columns each cell takes on paper.
    widths: Vec<usize>,
    /// Whether some cell takes more than a line.
    is_tall: bool,
    /// How many cells there are up to the end of each row.
    cells: Vec<usize>,
}

impl Rows {
    fn push(&mut self, cells: Vec<String>) {
        for cell in cells {
            self.text.push_str(&cell);
            self.ends.push(self.text.len());
            self.widths.push(cell_width(&cell));
            self.is_tall |= !is_one_line(&cell);
        }
        self.cells.push(self.ends.len());
    }

    /// One list of several.
    pub(crate) fn joined(parts: Vec<Self>) -> Self {
        let mut parts = parts.into_iter();
        let mut all = parts.next().unwrap_or_default();
        for part in parts {
            let (text, ends) = (all.text.len(), all.ends.len());
            all.text.push_str(&part.text);
            all.ends.extend(part.ends.iter().map(|end| text + end));
            all.widths.extend(part.widths);
            all.is_tall |= part.is_tall;
            all.cells.extend(part.cells.iter().map(|end| ends + end));
        }
        all
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The cells of one of them.
    pub(crate) fn row(&self, place: usize) -> impl Iterator<Item = &str> {
        self.cells_of(place).map(|cell| {
            let start = cell.checked_sub(1).map_or(0, |before| self.ends[before]);
            &self.text[start..self.ends[cell]]
        })
    }

    fn widths_of(&self, place: usize) -> &[usize] {
        &self.widths[self.cells_of(place)]
    }

    fn cells_of(&self, place: usize) -> Range<usize> {
        place.checked_sub(1).map_or(0, |before| self.cells[before])..self.cells[place]
    }

    fn iter(&self) -> impl Iterator<Item = impl Iterator<Item = &str>> {
        (0..self.len()).map(|place| self.row(place))
    }
}

impl FromIterator<Vec<String>> for Rows {
    fn from_iter<I: IntoIterator<Item = Vec<String>>>(all: I) -> Self {
        let mut rows = Self::default();
        all.into_iter().for_each(|cells| rows.push(cells));
        rows
    }
}

/// Writes rows as a table for people; on a terminal it keeps to its width.
pub(crate) fn table(out: &mut dyn Write, headers: &[&str], rows: &Rows) -> io::Result<()> {
    if io::stdout().is_terminal() || rows.is_tall {
        return arranged(out, headers, rows);
    }
    let headers: Rows =
        std::iter::once(headers.iter().map(|header| header.to_uppercase()).collect::<Vec<_>>()).collect();
    let mut widths: Vec<usize> = headers.widths.iter().map(|width| *width.max(&1)).collect();
    for place in 0..rows.len() {
        widths.iter_mut().zip(rows.widths_of(place)).for_each(|(all, one)| *all = *one.max(all));
    }
    write_lines(out, &headers, &widths)?;
    write_lines(out, rows, &widths)
}

/// The same with a column left out that has nothing in it, where a terminal has no room for it; a file keeps them all,
/// for whoever cuts them out.
fn arranged(out: &mut dyn Write, headers: &[&str], rows: &Rows) -> io::Result<()> {
    let mut is_shown = vec![!io::stdout().is_terminal(); headers.len()];
    for cells in rows.iter() {
        is_shown.iter_mut().zip(cells).for_each(|(is_shown, cell)| *is_shown |= !cell.is_empty());
    }
    let shown = |cells: &mut dyn Iterator<Item = String>| -> Vec<String> {
        cells.zip(&is_shown).filter(|(_, is_shown)| **is_shown).map(|(cell, _)| cell).collect()
    };
    let titles = shown(&mut headers.iter().map(|header| header.to_uppercase()));
    lay_out(out, titles, rows.iter().map(|cells| shown(&mut cells.map(str::to_owned))).collect())
}

fn write_lines(out: &mut dyn Write, rows: &Rows, widths: &[usize]) -> io::Result<()> {
    let places: Vec<usize> = (0..rows.len()).collect();
    texts(out, &places, |place, text| {
        let start = text.len();
        let columns = rows.widths_of(*place).iter().zip(widths);
        for (cell, (own, width)) in rows.row(*place).zip(columns) {
            text.extend_from_slice(cell.as_bytes());
            text.extend(std::iter::repeat_n(b' ', width - own + PADDING));
        }
        let length = text[start..].trim_ascii_end().len();
        text.truncate(start + length);
        text.push(b'\n');
        Ok(())
    })
}

/// How many columns lie between two cells.
const PADDING: usize = 2;

/// Whether a cell takes one line of a table, however wide: nearly all do, and such tables need no arranging.
fn is_one_line(cell: &str) -> bool {
    /// What a column of a table can count.
    const WIDEST: usize = 1 << 15;
    cell.len() <= WIDEST && !cell.contains('\n')
}

fn cell_width(cell: &str) -> usize {
    let is_plain = cell.bytes().all(|byte| (b' '..0x7f).contains(&byte));
    if is_plain { cell.len() } else { cell.width() }
}

/// Items as rows, for long lists side by side.
pub(crate) fn rows<T: Sync>(items: &[T], row: impl Fn(&T) -> Vec<String> + Sync) -> Rows {
    let of_share = |share: Vec<&T>| vec![share.into_iter().map(&row).collect::<Rows>()];
    Rows::joined(abreast(items.iter().collect(), |_, _| true, of_share))
}

/// Writes items as one JSON value a line.
pub(crate) fn json_lines<'a, T: Sync, J: Serialize>(
    out: &mut dyn Write,
    items: &'a [T],
    form: impl Fn(&'a T) -> J + Sync,
) -> io::Result<()> {
    texts(out, items, |item, text| {
        serde_json::to_writer(&mut *text, &form(item))?;
        text.write_all(b"\n")
    })
}

/// Writes items as one list of JSON values.
pub(crate) fn json_list<'a, T: Sync, J: Serialize>(
    out: &mut dyn Write,
    items: &'a [T],
    form: impl Fn(&'a T) -> J + Sync,
) -> io::Result<()> {
    out.write_all(b"[")?;
    if let Some((first, others)) = items.split_first() {
        serde_json::to_writer(&mut *out, &form(first))?;
        texts(out, others, |item, text| {
            text.write_all(b",")?;
            Ok(serde_json::to_writer(text, &form(item))?)
        })?;
    }
    out.write_all(b"]")
}

/// Writes the texts of items one after another. They are made many at a time: a long list is never held whole.
pub(crate) fn texts<'a, T: Sync>(
    out: &mut dyn Write,
    items: &'a [T],
    write: impl Fn(&'a T, &mut Vec<u8>) -> io::Result<()> + Sync,
) -> io::Result<()> {
    const AT_ONCE: usize = 1 << 14;
    let of_share = |share: Vec<&'a T>| -> io::Result<Vec<u8>> {
        let mut text = Vec::with_capacity(256 * share.len());
        share.into_iter().try_for_each(|item| write(item, &mut text))?;
        Ok(text)
    };
    for items in items.chunks(AT_ONCE) {
        for text in abreast(items.iter().collect(), |_, _| true, |share| vec![of_share(share)]) {
            out.write_all(&text?)?;
        }
    }
    Ok(())
}

/// Writes a grid: its headers are names, not words.
pub(crate) fn grid(out: &mut dyn Write, headers: &[&str], rows: Vec<Vec<String>>) -> io::Result<()> {
    lay_out(out, headers.iter().map(ToString::to_string).collect(), rows)
}

fn lay_out(out: &mut dyn Write, headers: Vec<String>, rows: Vec<Vec<String>>) -> io::Result<()> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(headers).add_rows(rows);
    if io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// Whether the terminal takes UTF-8, by the locale that it names (POSIX: the first of these that is set).
pub(crate) fn is_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    locale.is_none_or(|locale| locale.to_lowercase().replace('-', "").contains("utf8"))
}

/// Words in lines of at most 100 columns, indented; the second line and those after it by two more.
pub(crate) fn wrapped(words: &str, indent: usize) -> String {
    let mut text = " ".repeat(indent);
    let mut column = indent;
    for (index, word) in words.split_whitespace().enumerate() {
        let width = word.chars().count();
        if index > 0 && column + 1 + width > 100 {
            text.push('\n');
            text.push_str(&" ".repeat(indent + 2));
            column = indent + 2;
        } else if index > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += width;
    }
    text
}

/// Writes rows as CSV, with a header even when there are none.
pub(crate) fn csv(out: &mut dyn Write, headers: &[&str], rows: &Rows) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(headers)?;
    for cells in rows.iter() {
        writer.write_record(cells)?;
    }
    writer.flush()
}

/// The line that people cite: both times, and the head at which the answer was read.
pub(crate) fn citation(cited: &Cited) -> String {
    match &cited.known {
        None => format!("as of {} (inclusive) · known before the first entry", cited.as_of),
        Some(entry) => {
            let hash = entry.hash.to_string();
            format!("as of {} (inclusive) · known at #{} {}…", cited.as_of, entry.number, &hash[..16])
        }
    }
}

/// The same for programs.
pub(crate) fn known_at(cited: &Cited) -> Value {
    match &cited.known {
        None => json!({ "entry": 0, "recorded_at": null, "head": null }),
        Some(entry) => json!({
            "entry": entry.number,
            "recorded_at": entry.recorded_at.to_string(),
            "head": entry.hash.to_string(),
        }),
    }
}
