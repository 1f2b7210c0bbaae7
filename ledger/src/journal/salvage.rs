//! What a damaged journal still holds: reading goes on after each fault.
//!
//! After a record that cannot be read, the next one is looked for where the length of the bad one says it should
//! be, else at the first place at which a whole record stands: a right checksum over an entry that decodes. What
//! is searched is bounded, so that no file takes longer than a few times its own length.
//!
//! Whether the end of the file is **torn** (an append that was never acknowledged) or **damaged** is judged by
//! what stands there. Torn is what breaks off, what was never a record, and an append of which some sector of the disk
//! was never written (zeros): an append that was acknowledged was written whole.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::Path;

use super::{FIRST_LINE, GOES_ON, HEADER, NotAJournal, SECTOR, checksum};
use crate::chain::{Fault, Followed, Head, linked, read};
use crate::entry::{Entry, LIMIT, SHORTEST as SHORTEST_ENTRY, VERSION};

/// No record is shorter.
const SHORTEST: usize = HEADER + SHORTEST_ENTRY;

/// No entry ends in so many zeros.
const ZEROS: usize = 64;

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

/// What stands in the file.
struct Contents {
    bytes: Vec<u8>,
    /// Where that ends which was ever written: after it come zeros alone.
    written: usize,
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
    let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let contents = Contents { bytes, written };
    let mut pieces = contents.pieces();
    let end = pieces.split_off(contents.end_of_appends(&pieces));
    salvage.number(&contents, pieces);
    salvage.judge_end(&contents, end);
    Ok(salvage)
}

fn length_of(word: [u8; 4]) -> Option<usize> {
    let length = (u32::from_le_bytes(word) & !GOES_ON) as usize;
    (length <= LIMIT).then_some(length)
}

impl Contents {
    fn pieces(&self) -> Vec<Piece> {
        let mut budget = 64 * self.bytes.len() + (1 << 20);
        let mut pieces = Vec::new();
        let mut at = FIRST_LINE.len();
        while at < self.written {
            match self.record(at) {
                Ok((followed, goes_on)) => {
                    at += HEADER + followed.0.bytes.len();
                    pieces.push(Piece::Record { followed: Box::new(followed), goes_on });
                }
                Err(fault) => {
                    let next = self.next_record(at, &mut budget);
                    pieces.push(Piece::Damage { fault, bytes: at..next });
                    at = next;
                }
            }
        }
        pieces
    }

    /// How many of these pieces are of whole appends, or lie before one that is.
    fn end_of_appends(&self, pieces: &[Piece]) -> usize {
        let end = |pieces: &[Piece]| {
            let last = pieces.iter().rposition(|piece| matches!(piece, Piece::Record { goes_on: false, .. }));
            last.map_or(0, |place| place + 1)
        };
        let last = end(pieces);
        let before = end(&pieces[..last.saturating_sub(1)]);
        // The last record of an append may have come to the disk without one before it.
        let unwritten = pieces[before..last].iter().any(|piece| self.is_unwritten(piece));
        if unwritten { before } else { last }
    }

    /// The record at a place: its entry, and whether its append goes on.
    fn record(&self, at: usize) -> Result<(Followed, bool), Fault> {
        let (word, rest) = self.bytes[at..].split_first_chunk::<4>().ok_or(Fault::BreaksOff)?;
        let (crc, rest) = rest.split_first_chunk::<4>().ok_or(Fault::BreaksOff)?;
        let length = length_of(*word).ok_or(Fault::Checksum)?;
        let entry = rest.get(..length).ok_or(Fault::BreaksOff)?;
        if checksum(*word, entry) != u32::from_le_bytes(*crc) {
            return Err(Fault::Checksum);
        }
        Ok((read(entry.to_vec())?, u32::from_le_bytes(*word) & GOES_ON != 0))
    }

    /// Where a record ends by its own account.
    fn claimed(&self, at: usize) -> Option<usize> {
        let word = self.bytes[at..].first_chunk::<4>()?;
        length_of(*word).map(|length| at + HEADER + length)
    }

    /// Where reading goes on after a record that cannot be read; the end of the file where nothing follows.
    fn next_record(&self, at: usize, budget: &mut usize) -> usize {
        let end = self.bytes.len();
        let follows = |next: usize| next >= self.written || self.record(next).is_ok();
        if let Some(next) = self.claimed(at).filter(|next| *next <= end && follows(*next)) {
            return next;
        }
        for place in at + 1..self.written.saturating_sub(HEADER) {
            let Some(next) = self.claimed(place) else { continue };
            if self.bytes[place + HEADER] != VERSION || next > end {
                continue;
            }
            let Some(left) = budget.checked_sub(next - place - HEADER) else { return end };
            *budget = left;
            if self.record(place).is_ok() {
                return place;
            }
        }
        end
    }

    /// The entry in a damaged record, if it is still one; where the last one ends, only its own bytes say.
    fn in_damage(&self, range: &Range<usize>) -> Option<Followed> {
        let last = self.written..(self.written + ZEROS).min(range.end);
        let ends = last.filter(|_| range.end > self.written).chain([range.end]);
        let mut entries = ends.filter_map(|end| self.bytes.get(range.start + HEADER..end));
        entries.find_map(|entry| read(entry.to_vec()).ok())
    }

    /// Whether some sector of a stretch of damage was never written, or the part of one with which it begins.
    fn is_unwritten(&self, piece: &Piece) -> bool {
        let Piece::Damage { bytes: range, .. } = piece else { return false };
        let sector = usize::try_from(SECTOR).unwrap_or(usize::MAX);
        let written = self.written.next_multiple_of(sector).min(range.end);
        let mut at = range.start;
        while at < written {
            let next = (at + 1).next_multiple_of(sector).min(written);
            if self.bytes[at..next].iter().all(|byte| *byte == 0) {
                return true;
            }
            at = next;
        }
        let claimed = self.claimed(range.start).filter(|claimed| *claimed == range.end);
        claimed.is_some_and(|claimed| claimed > written || claimed >= self.written + ZEROS)
    }

    /// Whether the bytes after the last whole append were the record of an entry once.
    fn was_a_record(&self, piece: &Piece, number: u64) -> bool {
        let Piece::Damage { fault, bytes: range } = piece else { return false };
        if self.in_damage(range).is_some_and(|(sealed, _)| sealed.number == number) {
            return true;
        }
        if self.is_unwritten(piece) || *fault == Fault::BreaksOff {
            return false;
        }
        let entry = self.bytes.get(range.start + HEADER..range.end).unwrap_or_default();
        let claims_it = self.claimed(range.start) == Some(range.end) && !entry.is_empty();
        entry.starts_with(&Entry::beginning(number)) || claims_it
    }
}

impl Salvage {
    /// Gives every piece the number of its entry, and says what does not stand where it should.
    fn number(&mut self, contents: &Contents, pieces: Vec<Piece>) {
        let most = (contents.written / SHORTEST) as u64;
        let mut head = self.last.unwrap_or(Head::EMPTY);
        let mut waiting: Vec<(u64, Fault)> = Vec::new();
        let mut pieces = pieces.into_iter().peekable();
        while let Some(piece) = pieces.next() {
            let expected = head.number + 1;
            let (followed, _) = match piece {
                Piece::Damage { fault, bytes: range } => {
                    self.unvouched.extend(contents.in_damage(&range));
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
    fn judge_end(&mut self, contents: &Contents, mut end: Vec<Piece>) {
        // Records after the last damage are of an append that is not whole, wherever it began.
        end.truncate(end.iter().rposition(Piece::is_damage).map_or(0, |place| place + 1));
        let before = end.iter().take_while(|piece| !piece.is_damage()).count();
        let number = self.last.map_or(0, |head| head.number) + before as u64 + 1;
        if end.get(before).is_some_and(|damage| contents.was_a_record(damage, number)) {
            self.number(contents, end);
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
