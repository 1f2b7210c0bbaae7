//! What a damaged journal still holds: reading goes on after each fault.
//!
//! After a record that cannot be read, the next one is looked for where the length of the bad one says it should
//! be, else at the first place at which a whole record stands: a right checksum over an entry that decodes. What
//! is searched is bounded, so that no file takes longer than a few times its own length.
//!
//! Whether the end of the file is **torn** (an append that was never acknowledged) or **damaged** is judged by
//! what stands there. Torn is what breaks off, what was never written (zeros), and what was never a record.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::Path;

use super::{FIRST_LINE, GOES_ON, HEADER, NotAJournal, checksum};
use crate::chain::{Fault, Followed, Head, linked, read};
use crate::entry::{Entry, LIMIT, SHORTEST as SHORTEST_ENTRY, VERSION};

/// No record is shorter.
const SHORTEST: usize = HEADER + SHORTEST_ENTRY;

/// A file whose end is never-written space ends in so many zeros; no entry does.
const UNWRITTEN: usize = 64;

/// What a journal holds, in spite of its faults.
#[derive(Debug, Default)]
pub struct Salvage {
    /// The entries of whole appends, each with its checksum right, as they stand in the file.
    pub entries: Vec<Followed>,
    /// Entries whose record is damaged and which decode all the same: only the entry after one can vouch for it.
    pub unvouched: Vec<Followed>,
    /// Every fault, with the number of its entry.
    pub faults: Vec<(u64, Fault)>,
    /// The last entry in its place.
    pub last: Option<Head>,
    /// The first entry of which nothing is left at the end of the file, though it was there.
    pub lost_end: Option<u64>,
}

/// A stretch of the file.
#[derive(Debug)]
enum Piece {
    Record { followed: Box<Followed>, goes_on: bool },
    Damage { fault: Fault, bytes: Range<usize> },
}

/// Reads a journal past its faults.
///
/// # Errors
/// When the file cannot be read.
pub fn salvage(path: &Path) -> io::Result<Salvage> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        read => read?,
    };
    let mut salvage = Salvage::default();
    if !bytes.starts_with(FIRST_LINE) {
        let why = if path.exists() { NotAJournal::FirstLine } else { NotAJournal::Missing };
        salvage.faults.push((1, Fault::Copy(why.to_string())));
    }
    let mut pieces = pieces(&bytes);
    let ends = pieces.iter().rposition(|piece| matches!(piece, Piece::Record { goes_on: false, .. }));
    let end = pieces.split_off(ends.map_or(0, |place| place + 1));
    salvage.number(&bytes, pieces);
    salvage.judge_end(&bytes, end);
    Ok(salvage)
}

fn pieces(bytes: &[u8]) -> Vec<Piece> {
    let mut budget = 64 * bytes.len() + (1 << 20);
    let mut pieces = Vec::new();
    let mut at = FIRST_LINE.len();
    while at < bytes.len() {
        match record(bytes, at) {
            Ok((followed, goes_on)) => {
                at += HEADER + followed.0.bytes.len();
                pieces.push(Piece::Record { followed: Box::new(followed), goes_on });
            }
            Err(fault) => {
                let next = next_record(bytes, at, &mut budget);
                pieces.push(Piece::Damage { fault, bytes: at..next });
                at = next;
            }
        }
    }
    pieces
}

/// The record at a place: its entry, and whether its append goes on.
fn record(bytes: &[u8], at: usize) -> Result<(Followed, bool), Fault> {
    let (word, rest) = bytes[at..].split_first_chunk::<4>().ok_or(Fault::BreaksOff)?;
    let (crc, rest) = rest.split_first_chunk::<4>().ok_or(Fault::BreaksOff)?;
    let length = length_of(*word).ok_or(Fault::Checksum)?;
    let entry = rest.get(..length).ok_or(Fault::BreaksOff)?;
    if checksum(*word, entry) != u32::from_le_bytes(*crc) {
        return Err(Fault::Checksum);
    }
    Ok((read(entry.to_vec())?, u32::from_le_bytes(*word) & GOES_ON != 0))
}

fn length_of(word: [u8; 4]) -> Option<usize> {
    let length = (u32::from_le_bytes(word) & !GOES_ON) as usize;
    (length <= LIMIT).then_some(length)
}

/// Where reading goes on after a record that cannot be read; the end of the file where nothing follows.
fn next_record(bytes: &[u8], at: usize, budget: &mut usize) -> usize {
    let claimed = bytes[at..].first_chunk::<4>().and_then(|word| length_of(*word));
    if let Some(next) = claimed.map(|length| at + HEADER + length)
        && (next == bytes.len() || (next < bytes.len() && record(bytes, next).is_ok()))
    {
        return next;
    }
    for place in at + 1..bytes.len().saturating_sub(HEADER) {
        let Some(length) = bytes[place..].first_chunk::<4>().and_then(|word| length_of(*word)) else {
            continue;
        };
        if bytes[place + HEADER] != VERSION || place + HEADER + length > bytes.len() {
            continue;
        }
        let Some(left) = budget.checked_sub(length) else { return bytes.len() };
        *budget = left;
        if record(bytes, place).is_ok() {
            return place;
        }
    }
    bytes.len()
}

impl Salvage {
    /// Gives every piece the number of its entry, and says what does not stand where it should.
    fn number(&mut self, bytes: &[u8], pieces: Vec<Piece>) {
        let most = (bytes.len() / SHORTEST) as u64;
        let mut head = self.last.unwrap_or(Head::EMPTY);
        let mut waiting: Vec<(u64, Fault)> = Vec::new();
        let mut pieces = pieces.into_iter().peekable();
        while let Some(piece) = pieces.next() {
            let expected = head.number + 1;
            let (followed, _) = match piece {
                Piece::Damage { fault, bytes: range } => {
                    self.unvouched.extend(in_damage(bytes, &range));
                    waiting.push((expected, fault));
                    continue;
                }
                Piece::Record { followed, goes_on } => (*followed, goes_on),
            };
            let number = followed.0.number;
            let next = pieces.peek().and_then(Piece::number);
            let strays = number > most || next == Some(expected + 1);
            if number != expected && waiting.is_empty() && strays {
                // The next record stands right, so it is this one that bears a wrong number.
                self.faults.push((expected, Fault::Number(number)));
                head = Head { number: expected, hash: followed.0.hash, ..head };
            } else if number < expected || number > most {
                self.faults.push((number.min(expected), Fault::OutOfPlace(number)));
            } else {
                let link = linked(&head, &followed.1);
                if number > expected || !waiting.is_empty() {
                    self.lacks(expected, number, std::mem::take(&mut waiting));
                } else if let Err(fault) = link {
                    self.faults.push((number, fault));
                }
                head = followed.0.head();
            }
            self.entries.push(followed);
        }
        self.faults.extend(waiting);
        self.last = (head.number > 0).then_some(head);
    }

    /// Names what is missing before a record: what is known of the first, and that the others are not there.
    fn lacks(&mut self, from: u64, to: u64, waiting: Vec<(u64, Fault)>) {
        let (damaged, many) = (waiting.len() as u64, to - from);
        let damage = waiting.into_iter().map(|(_, fault)| fault);
        self.faults.extend((from..).zip(damage));
        let first = from + damaged;
        match many.saturating_sub(damaged) {
            0 => {}
            1 => self.faults.push((first, Fault::Lacking)),
            _ => self.faults.push((first, Fault::LackingTo(to - 1))),
        }
    }

    /// What follows the last whole append: nothing, a torn append, or one that is damaged.
    fn judge_end(&mut self, bytes: &[u8], mut end: Vec<Piece>) {
        // Records after the last damage are of an append that is not whole, wherever it began.
        end.truncate(end.iter().rposition(Piece::is_damage).map_or(0, |place| place + 1));
        let before = end.iter().take_while(|piece| !piece.is_damage()).count();
        let number = self.last.map_or(0, |head| head.number) + before as u64 + 1;
        if let Some(Piece::Damage { fault, bytes: range }) = end.get(before)
            && was_a_record(bytes, range, number, fault)
        {
            self.number(bytes, end);
            self.lost_end = Some(self.last.map_or(1, |head| head.number + 1));
        }
    }
}

impl Piece {
    fn is_damage(&self) -> bool {
        matches!(self, Self::Damage { .. })
    }

    fn number(&self) -> Option<u64> {
        match self {
            Self::Record { followed, .. } => Some(followed.0.number),
            Self::Damage { .. } => None,
        }
    }
}

/// The entry in a damaged record, if it is still one.
fn in_damage(bytes: &[u8], range: &Range<usize>) -> Option<Followed> {
    let entry = bytes.get(range.start + HEADER..range.end)?;
    read(entry.to_vec()).ok()
}

/// Whether the bytes after the last whole append were the record of an entry once.
fn was_a_record(bytes: &[u8], range: &Range<usize>, number: u64, fault: &Fault) -> bool {
    if in_damage(bytes, range).is_some_and(|(sealed, _)| sealed.number == number) {
        return true;
    }
    let unwritten = bytes.len() > UNWRITTEN && bytes[bytes.len() - UNWRITTEN..].iter().all(|byte| *byte == 0);
    if unwritten || *fault == Fault::BreaksOff {
        return false;
    }
    let entry = bytes.get(range.start + HEADER..range.end).unwrap_or_default();
    let claimed = bytes[range.start..].first_chunk::<4>().and_then(|word| length_of(*word));
    entry.starts_with(&Entry::beginning(number))
        || claimed.is_some_and(|length| length > 0 && length == entry.len())
}
