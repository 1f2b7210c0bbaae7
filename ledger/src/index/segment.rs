//! One segment of the index: a file that maps terms to places in the journal, in the order of the terms.
//!
//! ```text
//! "chancery index 3\n"
//! block*       (varint shared, varint rest, rest of the term, varint count, varint length, postings)*, crc32 le
//! posting      offset delta, varint length, what is beside it
//! fences       (varint length, first term of a block, varint its offset, varint its length)*
//! milestones   (i64 be microseconds of recording, u64 be offset) of every 64th entry of the segment
//! footer       the span, where fences and milestones begin, crc32 le of all from the fences on
//! ```
//!
//! `shared` is how many bytes a term has in common with the one before it in its block. Offsets are of records in
//! the journal; each is written as its difference from the one before, the first from where the segment starts
//! (zigzag, LEB128). A term with many postings comes several times. Under the terms of registers, there is beside an
//! offset what the act does to the register ([`super::version`]).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::date::Instant;
use crate::entry::Hash;

const FIRST_LINE: &[u8] = b"chancery index 3\n";
const BLOCK: usize = 4096;
const MOST_POSTINGS: u64 = 128;
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
    fences: Vec<Fence>,
    milestones_at: u64,
}

/// Where a block lies, and the first term in it.
#[derive(Debug)]
struct Fence {
    term: Vec<u8>,
    at: u64,
    length: usize,
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
            .and_then(fences_of)
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

    /// Hands on every posting whose term begins so, in the order of the terms.
    pub(crate) fn scan(
        &self,
        prefix: &[u8],
        each: &mut dyn FnMut(Posting<'_>) -> Result<(), IndexFault>,
    ) -> Result<(), IndexFault> {
        // The term may begin in the block before the first fence that is not less.
        let from = self.fences.partition_point(|fence| fence.term.as_slice() < prefix).saturating_sub(1);
        for place in from..self.fences.len() {
            if place > from && !self.fences[place].term.starts_with(prefix) {
                return Ok(());
            }
            let mut block = self.block(place)?;
            while let Some((term, postings)) = block.next_term()? {
                if term.starts_with(prefix) {
                    for (offset, beside) in postings {
                        each(Posting { term, offset, beside })?;
                    }
                } else if term > prefix {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn block(&self, place: usize) -> Result<Block, IndexFault> {
        let fence = &self.fences[place];
        let mut bytes = vec![0; fence.length];
        self.file.read_exact_at(&mut bytes, fence.at)?;
        let (summed, crc) = bytes.split_last_chunk::<4>().ok_or(IndexFault::Damaged)?;
        if crc32fast::hash(summed) != u32::from_le_bytes(*crc) {
            return Err(IndexFault::Damaged);
        }
        bytes.truncate(bytes.len() - 4);
        Ok(Block { bytes, read: 0, term: Vec::new(), start: self.span.start })
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

fn fences_of(mut bytes: &[u8]) -> Option<Vec<Fence>> {
    let mut fences = Vec::new();
    while !bytes.is_empty() {
        let length = usize::try_from(take_varint(&mut bytes)?).ok()?;
        let (term, rest) = bytes.split_at_checked(length)?;
        bytes = rest;
        let at = take_varint(&mut bytes)?;
        let length = usize::try_from(take_varint(&mut bytes)?).ok()?;
        fences.push(Fence { term: term.to_vec(), at, length });
    }
    Some(fences)
}

/// A block that is being read.
struct Block {
    bytes: Vec<u8>,
    read: usize,
    term: Vec<u8>,
    start: u64,
}

impl Block {
    fn next_term(&mut self) -> Result<Option<(&[u8], Postings<'_>)>, IndexFault> {
        let mut rest = &self.bytes[self.read..];
        if rest.is_empty() {
            return Ok(None);
        }
        let mut read = || {
            let shared = usize::try_from(take_varint(&mut rest)?).ok()?;
            let length = usize::try_from(take_varint(&mut rest)?).ok()?;
            let (own, after) = rest.split_at_checked(length)?;
            rest = after;
            let count = take_varint(&mut rest)?;
            let length = usize::try_from(take_varint(&mut rest)?).ok()?;
            let (postings, after) = rest.split_at_checked(length)?;
            if shared > self.term.len() {
                return None;
            }
            self.term.truncate(shared);
            self.term.extend_from_slice(own);
            Some((count, postings, after.len()))
        };
        let (count, postings, left) = read().ok_or(IndexFault::Damaged)?;
        self.read = self.bytes.len() - left;
        Ok(Some((&self.term, Postings { bytes: postings, count, last: self.start })))
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
}

/// The postings of one term: offsets, each with what is beside it.
struct Postings<'a> {
    bytes: &'a [u8],
    count: u64,
    last: u64,
}

impl<'a> Iterator for Postings<'a> {
    type Item = (u64, &'a [u8]);

    fn next(&mut self) -> Option<(u64, &'a [u8])> {
        self.count = self.count.checked_sub(1)?;
        self.last = self.last.wrapping_add_signed(unzigzag(take_varint(&mut self.bytes)?));
        let length = usize::try_from(take_varint(&mut self.bytes)?).ok()?;
        let (beside, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some((self.last, beside))
    }
}

/// Writes a segment, term by term in their order.
pub(crate) struct Writer {
    file: BufWriter<File>,
    path: PathBuf,
    span: Span,
    written: u64,
    block: Vec<u8>,
    /// The last term of the block, and that of which postings are being gathered.
    before: Vec<u8>,
    term: Vec<u8>,
    postings: Vec<u8>,
    count: u64,
    /// The last offset of these.
    last: u64,
    fences: Vec<Fence>,
}

impl Writer {
    pub(crate) fn create(path: &Path, span: Span) -> io::Result<Self> {
        let mut file = BufWriter::new(File::create(making(path))?);
        file.write_all(FIRST_LINE)?;
        Ok(Self {
            file,
            path: path.to_owned(),
            span,
            written: FIRST_LINE.len() as u64,
            block: Vec::with_capacity(2 * BLOCK),
            before: Vec::new(),
            term: Vec::new(),
            postings: Vec::new(),
            count: 0,
            last: 0,
            fences: Vec::new(),
        })
    }

    /// Adds a posting; terms come in their order.
    pub(crate) fn add(&mut self, posting: Posting<'_>) -> io::Result<()> {
        let Posting { term, offset, beside } = posting;
        if self.term != term || self.count >= MOST_POSTINGS {
            self.close_term()?;
            self.term.clear();
            self.term.extend_from_slice(term);
            self.last = self.span.start;
        }
        push_varint(&mut self.postings, zigzag(offset.wrapping_sub(self.last).cast_signed()));
        push_varint(&mut self.postings, beside.len() as u64);
        self.postings.extend_from_slice(beside);
        self.last = offset;
        self.count += 1;
        Ok(())
    }

    fn close_term(&mut self) -> io::Result<()> {
        if self.count == 0 {
            return Ok(());
        }
        if self.block.is_empty() {
            self.fences.push(Fence { term: self.term.clone(), at: self.written, length: 0 });
            self.before.clear();
        }
        let shared = self.before.iter().zip(&self.term).take_while(|(one, other)| one == other).count();
        push_varint(&mut self.block, shared as u64);
        push_varint(&mut self.block, (self.term.len() - shared) as u64);
        self.block.extend_from_slice(&self.term[shared..]);
        push_varint(&mut self.block, self.count);
        push_varint(&mut self.block, self.postings.len() as u64);
        self.block.append(&mut self.postings);
        self.count = 0;
        self.before.clone_from(&self.term);
        if self.block.len() >= BLOCK { self.close_block() } else { Ok(()) }
    }

    fn close_block(&mut self) -> io::Result<()> {
        if self.block.is_empty() {
            return Ok(());
        }
        let crc = crc32fast::hash(&self.block);
        self.block.extend_from_slice(&crc.to_le_bytes());
        self.file.write_all(&self.block)?;
        if let Some(fence) = self.fences.last_mut() {
            fence.length = self.block.len();
        }
        self.written += self.block.len() as u64;
        self.block.clear();
        Ok(())
    }

    /// Ends the segment and gives it its name; `milestones` are when and where every 64th entry was recorded.
    pub(crate) fn finish(
        mut self,
        milestones: impl Iterator<Item = (Instant, u64)>,
    ) -> Result<Segment, IndexFault> {
        self.close_term()?;
        self.close_block()?;
        let fences_at = self.written;
        let mut tail = Vec::new();
        for fence in &self.fences {
            push_varint(&mut tail, fence.term.len() as u64);
            tail.extend_from_slice(&fence.term);
            push_varint(&mut tail, fence.at);
            push_varint(&mut tail, fence.length as u64);
        }
        let milestones_at = fences_at + tail.len() as u64;
        for (instant, offset) in milestones {
            tail.extend_from_slice(&instant.as_microsecond().to_be_bytes());
            tail.extend_from_slice(&offset.to_be_bytes());
        }
        tail.extend_from_slice(&self.span.to_bytes());
        tail.extend_from_slice(&fences_at.to_be_bytes());
        tail.extend_from_slice(&milestones_at.to_be_bytes());
        let crc = crc32fast::hash(&tail);
        tail.extend_from_slice(&crc.to_le_bytes());
        self.file.write_all(&tail)?;
        self.file.flush()?;
        fs::rename(making(&self.path), &self.path)?;
        Segment::open(&self.path)
    }
}

/// The name that a segment bears until it is whole.
fn making(path: &Path) -> PathBuf {
    path.with_extension("making")
}

/// Makes one segment of several that follow one another.
pub(crate) fn join(parts: &[Segment], path: &Path) -> Result<Segment, IndexFault> {
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return Err(IndexFault::Damaged) };
    let span = Span {
        last: last.span.last,
        last_at: last.span.last_at,
        end: last.span.end,
        recorded_to: last.span.recorded_to,
        hash: last.span.hash,
        ..first.span.clone()
    };
    let mut writer = Writer::create(path, span)?;
    let mut cursors: Vec<Cursor<'_>> = parts.iter().map(Cursor::new).collect();
    let mut next: BinaryHeap<Reverse<(Vec<u8>, usize)>> = BinaryHeap::new();
    for (place, cursor) in cursors.iter_mut().enumerate() {
        next.extend(cursor.advance()?.map(|term| Reverse((term, place))));
    }
    while let Some(Reverse((term, place))) = next.pop() {
        let cursor = &mut cursors[place];
        cursor.hand_on(&mut |offset, beside| writer.add(Posting { term: &term, offset, beside }))?;
        next.extend(cursor.advance()?.map(|term| Reverse((term, place))));
    }
    let mut milestones = Vec::new();
    for part in parts {
        for place in 0..part.span.length().div_ceil(STRIDE) {
            milestones.push(part.milestone_at(place)?);
        }
    }
    writer.finish(milestones.into_iter())
}

/// A segment that is read from its first term to its last.
struct Cursor<'a> {
    segment: &'a Segment,
    place: usize,
    block: Option<Block>,
    /// The postings of the term: each offset, and how much of the bytes is beside it.
    postings: Vec<(u64, usize)>,
    bytes: Vec<u8>,
}

impl<'a> Cursor<'a> {
    fn new(segment: &'a Segment) -> Self {
        Self { segment, place: 0, block: None, postings: Vec::new(), bytes: Vec::new() }
    }

    /// Hands on the postings of the term, in order.
    fn hand_on(&self, each: &mut dyn FnMut(u64, &[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut rest = &self.bytes[..];
        for (offset, length) in &self.postings {
            let (beside, after) = rest.split_at(*length);
            rest = after;
            each(*offset, beside)?;
        }
        Ok(())
    }

    /// The next term; its postings are kept.
    fn advance(&mut self) -> Result<Option<Vec<u8>>, IndexFault> {
        loop {
            if let Some(block) = &mut self.block
                && let Some((term, postings)) = block.next_term()?
            {
                self.postings.clear();
                self.bytes.clear();
                for (offset, beside) in postings {
                    self.postings.push((offset, beside.len()));
                    self.bytes.extend_from_slice(beside);
                }
                return Ok(Some(term.to_vec()));
            }
            if self.place >= self.segment.fences.len() {
                return Ok(None);
            }
            self.block = Some(self.segment.block(self.place)?);
            self.place += 1;
        }
    }
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

pub(super) fn push_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

pub(super) fn take_varint(from: &mut &[u8]) -> Option<u64> {
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
