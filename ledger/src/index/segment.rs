//! One segment of the index: a file that maps terms to places in the journal, in the order of the terms.
//!
//! ```text
//! "chancery index 5\n"
//! block*       run*, crc32 le
//! run          varint shared, varint rest, rest of the term, varint form, [place], varint length, posting*
//! form         0 in the order of the journal, 1 first by days, 2 further by days
//! place        of a further run: signed varint its first day, signed varint the reach of those before it
//! posting      [days], offset delta, varint length, what is beside it
//! days         of a run by days: signed varint the first day's difference from the one before, varint last less first
//! fences       (varint length, first term of a block, its form and first day, varint its offset, varint its length)*
//! milestones   (i64 be microseconds of recording, u64 be offset) of every 64th entry of the segment
//! footer       the span, where fences and milestones begin, crc32 le of all from the fences on
//! ```
//!
//! `shared` is how many bytes a term has in common with the one before it in its block. Offsets are of records in
//! the journal; each is written as its difference from the one before, the first from where the segment starts
//! (zigzag, LEB128). A term with many postings has several runs. Under the terms of registers, there is beside an
//! offset what the act does to the register ([`super::version`]).
//!
//! What acts do to a register lies in the order of the days on which they take effect, in short runs, so that a question
//! of a day reads the last run by that day, and those before it only as far as they tell anything of it: each says how
//! far the dates before it reach. No run parts what begins on one day. What became known later of an act lies before
//! them, in the order of the journal, and is always read.

mod block;
mod fences;
mod run;
mod writer;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::OnceLock;

use crate::date::Instant;
use crate::entry::Hash;

use super::term::Terms;
use super::version::Days;

pub(crate) use block::{Block, Runs};
use fences::{Fence, Fences};
use run::Reading;
pub(crate) use run::{Earlier, Encoded, Form, Posting, Run};
pub(crate) use writer::{Writer, join};

const FIRST_LINE: &[u8] = b"chancery index 5\n";
const STRIDE: u64 = 64;
/// Of segments with so many entries at most, blocks are kept in memory once they were read: the last entries are in
/// several such, and nearly every question reads of each.
const KEPT: u64 = 16 * 1024;
const FOOTER: usize = 7 * 8 + 2 * 32 + 2 * 8 + 4;
const MILESTONE: usize = 16;

/// Why the index cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IndexFault {
    #[error("a segment of the index is damaged")]
    Damaged,
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The entries that a segment covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    /// The number of the first entry.
    pub first: u64,
    /// That of the last.
    pub last: u64,
    /// Where the first begins in the journal.
    pub start: u64,
    /// Where the last begins.
    pub last_at: u64,
    /// Where the last ends.
    pub end: u64,
    /// When the first was recorded.
    pub recorded_from: Instant,
    /// When the last was recorded.
    pub recorded_to: Instant,
    /// The hash of the entry before the first.
    pub previous: Hash,
    /// The hash of the last.
    pub hash: Hash,
}

impl Span {
    pub(crate) fn length(&self) -> u64 {
        self.last - self.first + 1
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(FOOTER);
        for number in [self.first, self.last, self.start, self.last_at, self.end] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        for instant in [self.recorded_from, self.recorded_to] {
            bytes.extend_from_slice(&instant.as_microsecond().to_be_bytes());
        }
        bytes.extend_from_slice(&self.previous.0);
        bytes.extend_from_slice(&self.hash.0);
        bytes
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some(Self {
            first: take_number(from)?,
            last: take_number(from)?,
            start: take_number(from)?,
            last_at: take_number(from)?,
            end: take_number(from)?,
            recorded_from: take_instant(from)?,
            recorded_to: take_instant(from)?,
            previous: Hash(*take(from)?),
            hash: Hash(*take(from)?),
        })
    }
}

/// A segment open for reading.
#[derive(Debug)]
pub(crate) struct Segment {
    file: File,
    pub(crate) span: Span,
    fences: Fences,
    /// The blocks that were read, of a short segment.
    kept: Vec<OnceLock<Box<[u8]>>>,
    milestones_at: u64,
}

/// Of the runs that lie by days, how far a question reads.
pub(crate) struct Until<'u> {
    /// What begins later is passed over.
    pub day: i32,
    /// So are segments after the last entry that is known.
    pub known: u64,
    /// Whether, of a term, only the last run by that day is read at first.
    pub last_only: &'u (dyn Fn(&[u8]) -> bool + Sync),
}

impl Segment {
    pub(crate) fn open(path: &Path) -> Result<Self, IndexFault> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let mut first_line = [0; FIRST_LINE.len()];
        file.read_exact_at(&mut first_line, 0)?;
        if first_line != FIRST_LINE {
            // Damaged, or of a version that says other things: one is as good as the other.
            return Err(IndexFault::Damaged);
        }
        let footer_at = length.checked_sub(FOOTER as u64).ok_or(IndexFault::Damaged)?;
        let mut footer = [0; FOOTER];
        file.read_exact_at(&mut footer, footer_at)?;
        let mut rest = &footer[..];
        let read = |rest: &mut &[u8]| Some((Span::take(rest)?, take_number(rest)?, take_number(rest)?));
        let (span, fences_at, milestones_at) = read(&mut rest).ok_or(IndexFault::Damaged)?;
        let tail = length.checked_sub(fences_at).and_then(|n| usize::try_from(n).ok());
        let mut bytes = vec![0; tail.ok_or(IndexFault::Damaged)?];
        file.read_exact_at(&mut bytes, fences_at)?;
        let (summed, crc) = bytes.split_last_chunk::<4>().ok_or(IndexFault::Damaged)?;
        if crc32fast::hash(summed) != u32::from_le_bytes(*crc) {
            return Err(IndexFault::Damaged);
        }
        let fences = milestones_at
            .checked_sub(fences_at)
            .and_then(|length| bytes.get(..usize::try_from(length).ok()?))
            .and_then(Fences::read)
            .ok_or(IndexFault::Damaged)?;
        Ok(Self { file, span, fences, kept: Vec::new(), milestones_at })
    }

    /// The same, keeping the blocks that are read, where they are few: for whoever asks again and again.
    pub(crate) fn keeping(mut self) -> Self {
        let few = if self.span.length() <= KEPT { self.fences.len() } else { 0 };
        self.kept.resize_with(few, OnceLock::new);
        self
    }

    /// Whether this segment goes on where another ends, or begins the index.
    pub(crate) fn follows(&self, before: Option<&Self>) -> bool {
        match before {
            None => self.span.first == 1,
            Some(before) => self.span.start == before.span.end && self.span.previous == before.span.hash,
        }
    }

    /// Hands on every run under terms, in their order; of what lies by days, as far as that is asked for. The blocks are
    /// read one after another in place of the one given.
    pub(crate) fn scan(
        &self,
        terms: &Terms<'_>,
        until: Option<&Until<'_>>,
        block: &mut Block,
        each: &mut dyn FnMut(Run<'_>) -> Result<(), IndexFault>,
    ) -> Result<(), IndexFault> {
        let mut runs = Runs::new(self, *terms, until, std::mem::take(block));
        runs.advance()?;
        while let Some(run) = runs.run() {
            each(run)?;
            runs.advance()?;
        }
        *block = runs.block;
        Ok(())
    }

    /// The terms with which blocks begin, of those that begin so, each once.
    pub(crate) fn fences(&self, prefix: &[u8]) -> Vec<&[u8]> {
        let under = self.fences.under(&Terms::under(prefix));
        let mut terms: Vec<&[u8]> = under.map(|place| self.fences.term(place)).collect();
        terms.dedup();
        terms
    }

    /// The last run of a term before one that lies by days.
    pub(crate) fn run_before(
        &self,
        term: &[u8],
        first: i32,
        each: &mut dyn FnMut(Run<'_>) -> Result<(), IndexFault>,
    ) -> Result<(), IndexFault> {
        let after = self.fences.first_from_run(term, first);
        let mut block = Block::default();
        self.read(after.checked_sub(1).ok_or(IndexFault::Damaged)?, &mut block)?;
        let last_only = Until { day: first - 1, known: u64::MAX, last_only: &|_| true };
        while block.advance()? {
            if block.term == term && block.is_wanted(&last_only, None) && block.form != Form::Journal {
                return each(block.run());
            }
        }
        Err(IndexFault::Damaged)
    }

    /// Reads a block in place of another.
    fn read(&self, place: usize, block: &mut Block) -> Result<(), IndexFault> {
        block.begin();
        (block.segment, block.start) = (self.span.first, self.span.start);
        let Some(kept) = self.kept.get(place) else { return self.read_bytes(place, &mut block.bytes) };
        if let Some(bytes) = kept.get() {
            block.bytes.clear();
            block.bytes.extend_from_slice(bytes);
            return Ok(());
        }
        self.read_bytes(place, &mut block.bytes)?;
        kept.get_or_init(|| block.bytes.as_slice().into());
        Ok(())
    }

    fn read_bytes(&self, place: usize, bytes: &mut Vec<u8>) -> Result<(), IndexFault> {
        let fence = self.fences.get(place).ok_or(IndexFault::Damaged)?;
        bytes.resize(fence.length as usize, 0);
        self.file.read_exact_at(bytes, fence.at)?;
        let (summed, crc) = bytes.split_last_chunk::<4>().ok_or(IndexFault::Damaged)?;
        if crc32fast::hash(summed) != u32::from_le_bytes(*crc) {
            return Err(IndexFault::Damaged);
        }
        bytes.truncate(bytes.len() - 4);
        Ok(())
    }

    /// The last milestone at or before an entry: its number and offset.
    pub(crate) fn milestone(&self, number: u64) -> Result<(u64, u64), IndexFault> {
        let place = (number.saturating_sub(self.span.first)) / STRIDE;
        Ok((self.span.first + place * STRIDE, self.milestone_at(place)?.1))
    }

    /// The last milestone recorded by an instant, by which the first entry was: its number and offset.
    pub(crate) fn milestone_by(&self, instant: Instant) -> Result<(u64, u64), IndexFault> {
        let (mut low, mut high) = (0, self.span.length().div_ceil(STRIDE));
        while high - low > 1 {
            let middle = u64::midpoint(low, high);
            if self.milestone_at(middle)?.0 <= instant {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok((self.span.first + low * STRIDE, self.milestone_at(low)?.1))
    }

    fn milestone_at(&self, place: u64) -> Result<(Instant, u64), IndexFault> {
        let mut bytes = [0; MILESTONE];
        self.file.read_exact_at(&mut bytes, self.milestones_at + place * MILESTONE as u64)?;
        let mut rest = &bytes[..];
        let read = |rest: &mut &[u8]| Some((take_instant(rest)?, take_number(rest)?));
        read(&mut rest).ok_or(IndexFault::Damaged)
    }
}

/// How many bytes two texts begin with in common.
fn common_bytes(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

/// An act under a term, on its way into a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entered<'a> {
    pub term: &'a [u8],
    /// The days on which it takes effect, where it is to lie by those.
    pub days: Option<Days>,
    pub offset: u64,
    pub beside: &'a [u8],
}

/// Which entries of a segment have a milestone: the first, and every 64th after it.
pub(crate) fn has_milestone(number: u64) -> bool {
    (number - 1).is_multiple_of(STRIDE)
}

fn take<'a, const N: usize>(from: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (taken, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(taken)
}

fn take_number(from: &mut &[u8]) -> Option<u64> {
    take(from).map(|bytes| u64::from_be_bytes(*bytes))
}

fn take_instant(from: &mut &[u8]) -> Option<Instant> {
    take(from).and_then(|bytes| Instant::from_microsecond(i64::from_be_bytes(*bytes)).ok())
}

pub(crate) fn push_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

#[inline]
pub(crate) fn take_varint(from: &mut &[u8]) -> Option<u64> {
    if let [byte @ ..0x80, rest @ ..] = *from {
        // Most are so short.
        *from = rest;
        return Some(u64::from(*byte));
    }
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}
