//! Segments being written: out of postings in memory, or of several segments that follow one another.

use std::cmp::Ordering;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::date::Instant;

use super::super::term::{Terms, order};
use super::super::version::Days;
use super::{
    Block, Encoded, Entered, FIRST_LINE, Fence, Fences, IndexFault, Posting, Reading, Run, Runs, STRIDE,
    Segment, Span, common_bytes, push_varint, zigzag,
};

const BLOCK: usize = 4096;
/// The most postings of a run in the order of the journal, and how many of one by days are enough: there, more are read
/// for a question than it needs.
const MOST_POSTINGS: u64 = 128;
const ENOUGH_BY_DAYS: u64 = 8;

/// Writes a segment, term by term in their order.
pub(crate) struct Writer {
    file: BufWriter<File>,
    path: PathBuf,
    span: Span,
    written: u64,
    block: Vec<u8>,
    /// The last term of the block.
    before: Vec<u8>,
    fences: Fences,
    run: Gathered,
}

fn too_long() -> io::Error {
    io::Error::other("a segment of the index is too long")
}

/// A run that is being gathered.
#[derive(Default)]
struct Gathered {
    term: Vec<u8>,
    postings: Encoded,
    count: u64,
    /// Where it lies by days: the first day, and the last one so far on which an act begins.
    begins: Option<Days>,
    /// How far the dates of the term reach before this run, and with it.
    reach_before: Option<i32>,
    reach: Option<i32>,
}

impl Gathered {
    /// Whether a posting still belongs to it.
    fn takes(&self, entered: &Entered<'_>) -> bool {
        self.term == entered.term
            && match (self.begins, entered.days) {
                (None, None) => self.count < MOST_POSTINGS,
                (Some((_, last)), Some((first, _))) => self.count < ENOUGH_BY_DAYS || first == last,
                (None, Some(_)) | (Some(_), None) => false,
            }
    }

    /// Begins the next one, once the last is written.
    fn begin(&mut self, entered: &Entered<'_>, start: u64) {
        if self.term != entered.term {
            self.reach = None;
            self.term.clear();
            self.term.extend_from_slice(entered.term);
        }
        self.reach_before = self.reach;
        self.begins = entered.days.map(|(first, _)| (first, first));
        self.count = 0;
        self.postings.begin(start);
    }

    fn push(&mut self, Entered { days, offset, beside, .. }: Entered<'_>) {
        self.postings.push(Posting { days, offset, beside });
        self.count += 1;
        if let (Some((_, begins)), Some((first, last))) = (&mut self.begins, days) {
            *begins = first;
            self.reach = self.reach.max(Some(last));
        }
    }

    /// The first day and how far the runs before it reach, where there are some by days.
    fn place(&self) -> Option<(i32, i32)> {
        Some((self.begins?.0, self.reach_before?))
    }
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
            fences: Fences::default(),
            run: Gathered::default(),
        })
    }

    /// Adds a posting. They come in the order of the terms; those of one term first in the order of the journal, then
    /// by days.
    pub(crate) fn add(&mut self, entered: Entered<'_>) -> io::Result<()> {
        if !self.run.takes(&entered) {
            self.close_run()?;
            self.run.begin(&entered, self.span.start);
        }
        self.run.push(entered);
        Ok(())
    }

    fn close_run(&mut self) -> io::Result<()> {
        let Self { run, block, .. } = self;
        if run.count == 0 {
            return Ok(());
        }
        let place = run.place();
        if block.is_empty() {
            let first = place.map(|(first, _)| first);
            let fence = Fence { term: &run.term, first, at: self.written, length: 0 };
            self.fences.push(fence).ok_or_else(too_long)?;
            self.before.clear();
        }
        let shared = common_bytes(&self.before, &run.term);
        push_varint(block, shared as u64);
        push_varint(block, (run.term.len() - shared) as u64);
        block.extend_from_slice(&run.term[shared..]);
        let form = if run.begins.is_none() { 0 } else { 1 + u64::from(place.is_some()) };
        push_varint(block, form);
        if let Some((first, reach)) = place {
            push_varint(block, zigzag(first.into()));
            push_varint(block, zigzag(reach.into()));
        }
        push_varint(block, run.postings.bytes.len() as u64);
        block.append(&mut run.postings.bytes);
        run.count = 0;
        self.before.clone_from(&run.term);
        if block.len() >= BLOCK { self.close_block() } else { Ok(()) }
    }

    fn close_block(&mut self) -> io::Result<()> {
        if self.block.is_empty() {
            return Ok(());
        }
        let crc = crc32fast::hash(&self.block);
        self.block.extend_from_slice(&crc.to_le_bytes());
        self.file.write_all(&self.block)?;
        self.fences.set_length(u32::try_from(self.block.len()).map_err(|_| too_long())?);
        self.written += self.block.len() as u64;
        self.block.clear();
        Ok(())
    }

    /// Ends the segment and gives it its name; `milestones` are when and where every 64th entry was recorded.
    pub(crate) fn finish(
        mut self,
        milestones: impl Iterator<Item = (Instant, u64)>,
    ) -> Result<Segment, IndexFault> {
        self.close_run()?;
        self.close_block()?;
        let fences_at = self.written;
        let mut tail = Vec::new();
        self.fences.write(&mut tail);
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
    let mut cursors: Vec<Cursor<'_>> = parts.iter().map(Cursor::new).collect::<Result<_, _>>()?;
    // They are few; of what is equal the earlier part comes first.
    while let Some(next) = next_of(&mut cursors) {
        if let Some(entered) = next.entered() {
            writer.add(entered)?;
        }
        next.advance()?;
    }
    let mut milestones = Vec::new();
    for part in parts {
        for place in 0..part.span.length().div_ceil(STRIDE) {
            milestones.push(part.milestone_at(place)?);
        }
    }
    writer.finish(milestones.into_iter())
}

/// The one whose posting comes first; none at the end of all.
fn next_of<'c, 'a>(cursors: &'c mut [Cursor<'a>]) -> Option<&'c mut Cursor<'a>> {
    let there = cursors.iter_mut().filter(|cursor| cursor.runs.run().is_some());
    there.min_by(|one, other| one.order(other))
}

/// A segment that is read from its first posting to its last.
struct Cursor<'a> {
    runs: Runs<'a>,
    reading: Reading,
    /// The posting that was gone on to, and where in its run that lies which is beside it.
    days: Option<Days>,
    offset: u64,
    beside: Range<usize>,
}

impl<'a> Cursor<'a> {
    /// At the first posting.
    fn new(segment: &'a Segment) -> Result<Self, IndexFault> {
        let runs = Runs::new(segment, Terms::under(b""), None, Block::default());
        let mut cursor = Self { runs, reading: Reading::default(), days: None, offset: 0, beside: 0..0 };
        cursor.advance()?;
        Ok(cursor)
    }

    fn entered(&self) -> Option<Entered<'_>> {
        let Run { term, bytes, .. } = self.runs.run()?;
        Some(Entered { term, days: self.days, offset: self.offset, beside: &bytes[self.beside.clone()] })
    }

    fn order(&self, other: &Self) -> Ordering {
        let terms =
            self.runs.run().zip(other.runs.run()).map(|(one, other)| order(one.place(), other.place()));
        terms.unwrap_or(Ordering::Equal).then_with(|| self.days.cmp(&other.days))
    }

    /// Goes on to the next posting.
    fn advance(&mut self) -> Result<(), IndexFault> {
        if self.runs.run().is_none_or(|run| self.reading.at == run.bytes.len()) {
            self.runs.advance()?;
            self.reading = self.runs.run().map(|run| run.reading()).unwrap_or_default();
        }
        let Some(run) = self.runs.run() else { return Ok(()) };
        let posting = self.reading.next(run.bytes).ok_or(IndexFault::Damaged)?;
        (self.days, self.offset) = (posting.days, posting.offset);
        self.beside = self.reading.at - posting.beside.len()..self.reading.at;
        Ok(())
    }
}
