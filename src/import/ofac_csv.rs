//! The SDN list of the US Treasury as `sdn.csv`: no header, twelve columns, `-0-` for nothing, and byte 0x1A at
//! its end. It has no days of listing at all.
//!
//! Columns: number, name, type, programmes (`SDGT] [SYRIA`), title, call sign, vessel type, tonnage, gross
//! tonnage, flag, owner, remarks. Aliases and births stand in the remarks, parted by `;`.

use std::io::BufRead;

use ledger::act::{Label, Measure, PartyKind};
use ledger::{Key, PartyId};

use super::{Broken, Edition, Ending, Entry, Listing, codes, label, name, party, sanction, state, terror};

const COLUMNS: usize = 12;
/// The mark of CP/M with which the publisher still ends the file.
const END: u8 = 0x1a;

/// Reads an edition.
pub(crate) fn read(mut bytes: impl BufRead) -> Result<Edition, Broken> {
    let mut text = Vec::new();
    bytes.read_to_end(&mut text)?;
    let ending = match text.last() {
        Some(&END) => Ending::Closed,
        Some(b'\n') => Ending::Unmarked,
        _ => return Err(Broken("its last line is cut".to_owned())),
    };
    let text = text.strip_suffix(&[END]).unwrap_or(&text);
    let mut rows =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(text);
    let mut edition = Edition { ending, ..Edition::default() };
    let usa = state("USA");
    let mut row = csv::StringRecord::new();
    while rows.read_record(&mut row).map_err(|error| Broken(error.to_string()))? {
        let line = row.position().map_or(0, csv::Position::line);
        if row.len() != COLUMNS {
            return Err(Broken(format!("line {line} has {} cells of {COLUMNS}", row.len())));
        }
        edition.entries.push(entry(&row, line, &usa)?);
    }
    Ok(edition)
}

fn entry(row: &csv::StringRecord, line: u64, usa: &PartyId) -> Result<Entry, Broken> {
    let cell = |column: usize| row.get(column).filter(|cell| *cell != "-0-").unwrap_or_default();
    let number = cell(0);
    let place = format!("line {line}");
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Broken(format!("{place}: `{number}` is no number of an entry")));
    }
    let target = party("ofac", number, &place)?;
    let listings = programmes(cell(3), usa, &target, Measure::AssetFreeze);
    if listings.is_empty() {
        return Err(Broken(format!("{place}: it names no programme")));
    }
    let remarks = || cell(11).split(';').map(|part| part.trim().trim_end_matches('.'));
    Ok(Entry {
        kind: kind(cell(2), &place)?,
        name: name(cell(1), &place)?,
        aliases: remarks().filter_map(alias).collect(),
        codes: codes([("ofac", number)]),
        born: remarks().find_map(|part| part.strip_prefix("DOB ")).map(str::to_owned),
        listings,
        locator: format!("ent_num {number}"),
        party: target,
    })
}

/// What a party is, as far as the list says: an `Entity` may be a bank, a charity or an army.
pub(super) fn kind(word: &str, place: &str) -> Result<PartyKind, Broken> {
    match word.to_ascii_lowercase().as_str() {
        "individual" => Ok(PartyKind::Person),
        "vessel" => Ok(PartyKind::Vessel),
        "aircraft" => Ok(PartyKind::Aircraft),
        "" | "entity" => Ok(PartyKind::Other),
        _ => Err(Broken(format!("{place}: `{word}` is no type of entry"))),
    }
}

/// `a.k.a. 'BNC'`.
fn alias(part: &str) -> Option<Label> {
    let (how, quoted) = part.split_once(' ')?;
    let known = ["a.k.a.", "f.k.a.", "n.k.a."].contains(&how);
    label(quoted.strip_prefix('\'')?.strip_suffix('\'')?).filter(|_| known)
}

/// The registers of the programmes of an entry: FTO is the State Department's list of foreign terrorist
/// organisations (INA 219), every other programme is a regime of sanctions.
pub(super) fn programmes(tags: &str, usa: &PartyId, target: &PartyId, measure: Measure) -> Vec<Listing> {
    let tags = tags.split("] [").filter_map(|tag| label(tag.trim_matches(['[', ']'])));
    let mut keys: Vec<Key> = tags
        .map(|tag| match tag.as_str() {
            "FTO" => terror(usa, target, tag),
            _ => sanction(usa, target, tag, measure),
        })
        .collect();
    keys.sort();
    keys.dedup();
    keys.into_iter().map(|key| Listing { key, since: None }).collect()
}
