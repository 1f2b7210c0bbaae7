//! One segment of the index: a file that maps terms to places in the journal, in the order of the terms.
//!
//! ```text
//! "chancery index 4\n"
//! block*       run*, crc32 le
//! run          varint shared, varint rest, rest of the term, varint 4 × count + form, [place], varint length, postings
//! form         0 in the order of the journal, 1 first by days, 2 further by days
//! place        of a further run: signed varint its first day, signed varint the reach of those before it
//! posting      offset delta, varint length, what is beside it
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

mod fences;
mod writer;

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::date::Instant;
use crate::entry::Hash;

use super::term::Terms;
use super::version::Days;

use fences::{Fence, Fences};
pub(crate) use writer::{Writer, join};

const FIRST_LINE: &[u8] = b"chancery index 4\n";
const STRIDE: u64 = 64;
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
    milestones_at: u64,
}

/// How the postings of a run lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Form {
    /// In the order of the journal.
    #[default]
    Journal,
    /// By the days on which the acts take effect; there may be more of the term before them.
    Days(Option<Earlier>),
}

/// That a term has runs before one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Earlier {
    /// The first entry of the segment.
    pub segment: u64,
    /// The first day of the run: what is in those before it begins earlier.
    pub first: i32,
    /// The last day on which any of it may take effect.
    pub reach: i32,
}

/// Of the runs that lie by days, how far a question reads.
pub(crate) struct Until<'u> {
    /// What begins later is passed over.
    pub day: i32,
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
        Ok(Self { file, span, fences, milestones_at })
    }

    /// Whether this segment goes on where another ends, or begins the index.
    pub(crate) fn follows(&self, before: Option<&Self>) -> bool {
        match before {
            None => self.span.first == 1,
            Some(before) => self.span.start == before.span.end && self.span.previous == before.span.hash,
        }
    }

    /// Hands on every posting under terms, in their order; of what lies by days, as far as that is asked for. The blocks
    /// are read one after another in place of the one given.
    pub(crate) fn scan(
        &self,
        terms: &Terms<'_>,
        until: Option<&Until<'_>>,
        block: &mut Block,
        each: &mut dyn FnMut(Posting<'_>) -> Result<(), IndexFault>,
    ) -> Result<(), IndexFault> {
        // The term may begin in the block before the first fence that is not less.
        let from = self.fences.first_from(terms.from).saturating_sub(1);
        let mut place = from;
        while place < self.fences.len() {
            if place > from && !terms.reach(self.fences.term(place)) {
                return Ok(());
            }
            self.read(place, block)?;
            let mut is_there = block.seek(terms.from)?;
            while is_there {
                if !terms.reach(&block.term) {
                    return Ok(());
                }
                if until.is_none_or(|until| block.is_wanted(until, self.fences.get(place + 1))) {
                    block.postings().try_for_each(&mut *each)?;
                }
                is_there = block.advance()?;
            }
            place = self.block_after(place, block, until);
        }
        Ok(())
    }

    /// How many bytes lie under terms, to a block.
    pub(crate) fn length(&self, terms: &Terms<'_>) -> usize {
        let under = self.fences.under(terms);
        let at = |place: usize| self.fences.get(place).map_or(0, |fence| fence.at);
        let (from, last) = (at(under.start), at(under.end.saturating_sub(1)));
        usize::try_from(last.saturating_sub(from)).unwrap_or_default()
    }

    /// The terms with which blocks begin, of those that begin so, each once.
    pub(crate) fn fences(&self, prefix: &[u8]) -> Vec<&[u8]> {
        let under = self.fences.under(&Terms::under(prefix));
        let mut terms: Vec<&[u8]> = under.map(|place| self.fences.term(place)).collect();
        terms.dedup();
        terms
    }

    /// The block to be read after one: where all the next ones hold is the term with which this one ends, and only its
    /// last run by some day is asked for, the one that holds that.
    fn block_after(&self, place: usize, block: &Block, until: Option<&Until<'_>>) -> usize {
        match until.filter(|_| block.last_only == Some(true)) {
            Some(until) => self.fences.after_runs(place, &block.term, until.day).max(place + 2) - 1,
            None => place + 1,
        }
    }

    /// The last run of a term before one that lies by days.
    pub(crate) fn run_before(
        &self,
        term: &[u8],
        first: i32,
        each: &mut dyn FnMut(Posting<'_>) -> Result<(), IndexFault>,
    ) -> Result<(), IndexFault> {
        let after = self.fences.first_from_run(term, first);
        let mut block = Block::default();
        self.read(after.checked_sub(1).ok_or(IndexFault::Damaged)?, &mut block)?;
        let last_only = Until { day: first - 1, last_only: &|_| true };
        while block.advance()? {
            if block.term == term && block.is_wanted(&last_only, None) && block.form != Form::Journal {
                return block.postings().try_for_each(each);
            }
        }
        Err(IndexFault::Damaged)
    }

    /// Reads a block in place of another.
    fn read(&self, place: usize, block: &mut Block) -> Result<(), IndexFault> {
        let fence = self.fences.get(place).ok_or(IndexFault::Damaged)?;
        block.bytes.resize(fence.length as usize, 0);
        self.file.read_exact_at(&mut block.bytes, fence.at)?;
        let (summed, crc) = block.bytes.split_last_chunk::<4>().ok_or(IndexFault::Damaged)?;
        if crc32fast::hash(summed) != u32::from_le_bytes(*crc) {
            return Err(IndexFault::Damaged);
        }
        block.bytes.truncate(block.bytes.len() - 4);
        (block.segment, block.start) = (self.span.first, self.span.start);
        block.next = 0;
        block.term.clear();
        block.last_only = None;
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

/// A block that is being read, run by run.
#[derive(Default)]
pub(crate) struct Block {
    bytes: Vec<u8>,
    segment: u64,
    /// Where in the journal the segment starts.
    start: u64,
    /// Where the next run begins.
    next: usize,
    term: Vec<u8>,
    form: Form,
    count: u64,
    postings: Range<usize>,
    /// What a question says of the term, once it was asked.
    last_only: Option<bool>,
}

/// What stands before the postings of a run.
struct Header<'a> {
    shared: usize,
    own: &'a [u8],
    count: u64,
    form: Form,
    length: usize,
}

impl Block {
    /// Goes on to the next run; false at the end.
    fn advance(&mut self) -> Result<bool, IndexFault> {
        let mut rest = &self.bytes[self.next..];
        if rest.is_empty() {
            return Ok(false);
        }
        let header = Header::take(&mut rest, self.segment).ok_or(IndexFault::Damaged)?;
        let from = self.bytes.len() - rest.len();
        if header.shared > self.term.len() || rest.len() < header.length {
            return Err(IndexFault::Damaged);
        }
        if header.shared < self.term.len() || !header.own.is_empty() {
            self.last_only = None;
        }
        self.term.truncate(header.shared);
        self.term.extend_from_slice(header.own);
        (self.form, self.count) = (header.form, header.count);
        self.postings = from..from + header.length;
        self.next = self.postings.end;
        Ok(true)
    }

    /// Goes on to the first run whose term is not less; false where there is none.
    fn seek(&mut self, wanted: &[u8]) -> Result<bool, IndexFault> {
        // How many bytes the last term, which was less, has in common with that.
        let mut common = 0;
        let mut rest = &self.bytes[self.next..];
        while !rest.is_empty() {
            let at = self.bytes.len() - rest.len();
            let Header { shared, own, length, .. } =
                Header::take(&mut rest, self.segment).ok_or(IndexFault::Damaged)?;
            // What shares more than that with the last term is less as well.
            if shared <= common {
                let same = common_bytes(own, &wanted[shared..]);
                common = shared + same;
                if own.get(same) >= wanted.get(common) {
                    wanted[..shared].clone_into(&mut self.term);
                    self.next = at;
                    return self.advance();
                }
            }
            rest = rest.get(length..).ok_or(IndexFault::Damaged)?;
        }
        self.next = self.bytes.len();
        Ok(false)
    }

    fn postings(&self) -> impl Iterator<Item = Posting<'_>> {
        let postings =
            Postings { bytes: &self.bytes[self.postings.clone()], count: self.count, last: self.start };
        postings.map(|(offset, beside)| Posting { term: &self.term, offset, beside, form: self.form })
    }

    /// Whether a question wants this run; after the last one of a block comes that of the next fence.
    fn is_wanted(&mut self, until: &Until<'_>, next: Option<Fence<'_>>) -> bool {
        let Form::Days(earlier) = self.form else { return true };
        if earlier.is_some_and(|earlier| earlier.first > until.day) {
            return false;
        }
        let next = match &self.bytes[self.next..] {
            [] => next.filter(|fence| fence.term == self.term).and_then(|fence| fence.first),
            rest => self.first_of_further(rest),
        };
        let is_overtaken = next.is_some_and(|first| first <= until.day);
        !is_overtaken || !*self.last_only.get_or_insert_with(|| (until.last_only)(&self.term))
    }

    /// The first day of the next run, where that is a further one of this term.
    fn first_of_further(&self, mut rest: &[u8]) -> Option<i32> {
        let header = Header::take(&mut rest, self.segment)?;
        let is_same = header.shared == self.term.len() && header.own.is_empty();
        match header.form {
            Form::Days(Some(earlier)) if is_same => Some(earlier.first),
            Form::Days(_) | Form::Journal => None,
        }
    }
}

/// How many bytes two texts begin with in common.
fn common_bytes(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

impl<'a> Header<'a> {
    fn take(from: &mut &'a [u8], segment: u64) -> Option<Self> {
        let shared = usize::try_from(take_varint(from)?).ok()?;
        let length = usize::try_from(take_varint(from)?).ok()?;
        let (own, rest) = from.split_at_checked(length)?;
        *from = rest;
        let number = take_varint(from)?;
        let form = match number % 4 {
            0 => Form::Journal,
            1 => Form::Days(None),
            2 => {
                let mut day = || i32::try_from(unzigzag(take_varint(from)?)).ok();
                Form::Days(Some(Earlier { segment, first: day()?, reach: day()? }))
            }
            _ => return None,
        };
        let length = usize::try_from(take_varint(from)?).ok()?;
        Some(Self { shared, own, count: number / 4, form, length })
    }
}

/// An act under a term.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Posting<'a> {
    pub term: &'a [u8],
    /// Where its record begins.
    pub offset: u64,
    /// What is beside that.
    pub beside: &'a [u8],
    /// How it lies among the others of the term.
    pub form: Form,
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

/// The postings of one run: offsets, each with what is beside it.
struct Postings<'a> {
    bytes: &'a [u8],
    count: u64,
    last: u64,
}

impl<'a> Iterator for Postings<'a> {
    type Item = (u64, &'a [u8]);

    fn next(&mut self) -> Option<(u64, &'a [u8])> {
        self.count = self.count.checked_sub(1)?;
        let (offset, length) = take_posting(&mut self.bytes, self.last)?;
        self.last = offset;
        let (beside, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        Some((offset, beside))
    }
}

/// The offset of the next posting, and how many of the bytes after it are beside it.
fn take_posting(from: &mut &[u8], last: u64) -> Option<(u64, usize)> {
    let offset = last.wrapping_add_signed(unzigzag(take_varint(from)?));
    let length = usize::try_from(take_varint(from)?).ok().filter(|length| *length <= from.len())?;
    Some((offset, length))
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
