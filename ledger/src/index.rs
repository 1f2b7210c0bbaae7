//! The index: for each thing that a question may name, where in the journal the acts about it begin.
//!
//! The index is derived and disposable: it is made from the journal, says nothing of its own, and without it every
//! answer is the same and comes later. It lies in segments, files that are written once ([`segment`]), each over a
//! run of entries. A reader needs no lock: it takes the segments that are there, and reads the journal after them.
//!
//! How entries are cut into segments follows from their numbers alone, so that an index made anew has the same
//! bytes: a segment holds [`UNIT`] entries or four, sixteen … times as many, and begins where a multiple of its
//! length does.

pub(crate) mod postings;
pub(crate) mod segment;
pub(crate) mod term;
pub(crate) mod version;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{JoinHandle, spawn};

use crate::abreast::side_by_side;
use crate::date::Instant;
use crate::entry::Hash;

use postings::Postings;
use segment::{Block, Earlier, IndexFault, Run, Runs, Segment, Span, Until, Writer};
use term::Terms;

/// The directory of the index within that of a ledger.
pub(crate) const INDEX: &str = "index";

/// How many entries the smallest segment holds.
pub(crate) const UNIT: u64 = 1024;

/// How many segments of one length make one of the next.
const FAN: u64 = 4;

/// The longest segment that is made at once, out of memory; longer ones are joined from these.
pub(crate) const MOST_AT_ONCE: u64 = 4 * UNIT;

/// What the name of a segment ends with whose entries no append holds yet.
const PENDING: &str = "pending";

/// The segments of a ledger, in the order of their entries.
///
/// A writer adds segments while an append is being written, long before its end. Until [`Index::confirm`] they bear
/// names under which nobody looks for them.
#[derive(Debug, Default)]
pub(crate) struct Index {
    dir: PathBuf,
    segments: Vec<Segment>,
    /// The first and last entries of those that are pending, and of those that confirmed ones have been joined from.
    pending: BTreeSet<(u64, u64)>,
    joined: Vec<(u64, u64)>,
    /// The segment that is being written, and its last entry.
    writing: Option<(u64, Making)>,
    /// Segments that are being joined, while more are added, and the place of the first.
    joining: Option<(usize, Making)>,
}

/// A segment that is being made, on a thread of its own. Dropped, it has ended: nobody else may write its file
/// meanwhile.
#[derive(Debug)]
struct Making(Option<JoinHandle<Result<Segment, IndexFault>>>);

impl Making {
    fn begin(make: impl FnOnce() -> Result<Segment, IndexFault> + Send + 'static) -> Self {
        Self(Some(spawn(make)))
    }

    fn is_finished(&self) -> bool {
        self.0.as_ref().is_none_or(JoinHandle::is_finished)
    }

    fn end(mut self) -> Result<Segment, IndexFault> {
        self.0.take().map(JoinHandle::join).and_then(Result::ok).unwrap_or(Err(IndexFault::Damaged))
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        drop(self.0.take().map(JoinHandle::join));
    }
}

impl Index {
    /// Opens the index of a ledger, as far as it belongs to this journal: what does not is passed over.
    pub(crate) fn open(ledger: &Path, journal: &File) -> Self {
        let dir = ledger.join(INDEX);
        let mut index = Self { dir, ..Self::default() };
        let Ok(length) = journal.metadata().map(|meta| meta.len()) else { return index };
        // A writer may join segments while we look: then the names that we read are gone, and there are new ones.
        for _ in 0..3 {
            index.segments = index.chain_of_segments();
            if !index.segments.is_empty() || index.names().is_empty() {
                break;
            }
        }
        while let Some(last) = index.segments.last() {
            if last.span.end <= length && last.span.ends_in(journal) {
                break;
            }
            index.segments.pop();
        }
        index
    }

    /// Removes the index of a ledger.
    pub(crate) fn remove(ledger: &Path) -> io::Result<()> {
        match fs::remove_dir_all(ledger.join(INDEX)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// The longest segments that follow one another from the first entry.
    fn chain_of_segments(&self) -> Vec<Segment> {
        let names = self.names();
        // A file may bear any name; none that ends before it begins goes on.
        let longest_from = |next: u64| {
            let from_there = names.iter().filter(|(first, last)| *first == next && last >= first);
            from_there.max_by_key(|(_, last)| *last)
        };
        let following = |(_, last): &&(u64, u64)| last.checked_add(1).and_then(longest_from);
        let following = std::iter::successors(longest_from(1), following);
        let opened = side_by_side(following.collect(), |name| Segment::open(&self.path_of(*name)));
        let mut chain: Vec<Segment> = Vec::new();
        for segment in opened.into_iter().map_while(Result::ok) {
            if !segment.follows(chain.last()) {
                break;
            }
            chain.push(segment.keeping());
        }
        chain
    }

    /// The first and last entries of the segments that are there.
    fn names(&self) -> Vec<(u64, u64)> {
        names_in(&self.dir)
    }

    fn path_of(&self, (first, last): (u64, u64)) -> PathBuf {
        self.dir.join(name_of(first, last))
    }

    fn pending_path_of(&self, name: (u64, u64)) -> PathBuf {
        pending_in(&self.dir, name)
    }

    /// Where the file of a segment lies, pending or not.
    fn file_of(&self, segment: &Segment) -> PathBuf {
        let name = (segment.span.first, segment.span.last);
        if self.pending.contains(&name) { self.pending_path_of(name) } else { self.path_of(name) }
    }

    /// What the segments cover; none where there are no segments.
    pub(crate) fn covers(&self) -> Option<&Span> {
        self.segments.last().map(|segment| &segment.span)
    }

    /// The number of the last entry that the segments cover.
    pub(crate) fn last(&self) -> u64 {
        self.covers().map_or(0, |span| span.last)
    }

    /// Hands on every run under terms, in the order of the segments; of what lies by days, as far as that is asked for.
    pub(crate) fn scan(
        &self,
        terms: &Terms<'_>,
        until: Option<&Until<'_>>,
        each: &mut dyn FnMut(Run<'_>) -> Result<(), IndexFault>,
    ) -> Result<(), IndexFault> {
        let mut block = Block::default();
        self.known(until).try_for_each(|segment| segment.scan(terms, until, &mut block, each))
    }

    /// The runs of each segment under terms, likewise.
    pub(crate) fn runs<'s>(&'s self, terms: Terms<'s>, until: &'s Until<'s>) -> Vec<Runs<'s>> {
        let segments = self.known(Some(until));
        segments.map(|segment| Runs::new(segment, terms, Some(until), Block::default())).collect()
    }

    /// The segments of which something is known.
    fn known(&self, until: Option<&Until<'_>>) -> impl Iterator<Item = &Segment> {
        let known = until.map_or(u64::MAX, |until| until.known);
        self.segments.iter().take_while(move |segment| segment.span.first <= known)
    }

    /// Terms that cut those which begin so into about as many parts, of about as many terms; into fewer where there are
    /// few.
    pub(crate) fn cuts(&self, prefix: &[u8], parts: usize) -> Vec<Vec<u8>> {
        /// So many blocks are worth a part.
        const MANY: usize = 16;
        let fences = self.segments.iter().map(|segment| segment.fences(prefix)).max_by_key(Vec::len);
        let fences = fences.unwrap_or_default();
        let parts = parts.min(fences.len() / MANY);
        let cuts = (1..parts).filter_map(|part| fences.get(part * fences.len() / parts));
        cuts.map(|term| term.to_vec()).collect()
    }

    /// Hands on the last run of a term before one that lies by days.
    pub(crate) fn run_before(
        &self,
        term: &[u8],
        run: Earlier,
        each: &mut dyn FnMut(Run<'_>) -> Result<(), IndexFault>,
    ) -> Result<(), IndexFault> {
        let place = self.segments.binary_search_by_key(&run.segment, |segment| segment.span.first);
        let segment = place.ok().and_then(|place| self.segments.get(place)).ok_or(IndexFault::Damaged)?;
        segment.run_before(term, run.first, each)
    }

    /// The nearest entry at or before a number of which the index knows where it begins: its number and offset.
    pub(crate) fn milestone(&self, number: u64) -> Result<Option<(u64, u64)>, IndexFault> {
        let place = self.segments.partition_point(|segment| segment.span.last < number);
        self.segments.get(place).map(|segment| segment.milestone(number)).transpose()
    }

    /// The last entry of which the index knows that it was recorded by an instant: its number and offset.
    pub(crate) fn milestone_by(&self, instant: Instant) -> Result<Option<(u64, u64)>, IndexFault> {
        let place = self.segments.partition_point(|segment| segment.span.recorded_from <= instant);
        match place.checked_sub(1).and_then(|place| self.segments.get(place)) {
            Some(segment) => segment.milestone_by(instant).map(Some),
            None => Ok(None),
        }
    }

    /// The number of the last entry that the segments will cover, once that is whole which is being written.
    pub(crate) fn last_begun(&self) -> u64 {
        self.writing.as_ref().map_or_else(|| self.last(), |(last, _)| *last)
    }

    pub(crate) fn is_writing(&self) -> bool {
        self.writing.is_some()
    }

    /// Whether something was being written that is whole now.
    pub(crate) fn has_written(&self) -> bool {
        self.writing.as_ref().is_some_and(|(_, making)| making.is_finished())
    }

    /// Begins to write a segment that follows the last one, out of what its entries have added.
    pub(crate) fn begin_writing(
        &mut self,
        span: Span,
        milestones: Vec<(Instant, u64)>,
        postings: Arc<Postings>,
    ) -> Result<(), IndexFault> {
        fs::create_dir_all(&self.dir)?;
        let (last, path) = (span.last, self.pending_path_of((span.first, span.last)));
        let making = Making::begin(move || {
            let mut writer = Writer::create(&path, span)?;
            for posting in postings.in_order() {
                writer.add(posting)?;
            }
            writer.finish(milestones.into_iter())
        });
        self.writing = Some((last, making));
        Ok(())
    }

    /// Waits for the segment that is being written, adds it, and begins to join what can be joined. Gives the last entry
    /// that is covered now, where that is another.
    pub(crate) fn end_writing(&mut self) -> Result<Option<u64>, IndexFault> {
        let Some((last, making)) = self.writing.take() else { return Ok(None) };
        let segment = making.end()?;
        self.pending.insert((segment.span.first, segment.span.last));
        self.segments.push(segment);
        self.join_on()?;
        Ok(Some(last))
    }

    /// Goes on to join what can be joined, unless something is being joined; says whether there is nothing to wait for.
    fn join_on(&mut self) -> Result<bool, IndexFault> {
        if self.joining.as_ref().is_some_and(|(_, making)| !making.is_finished()) {
            return Ok(false);
        }
        self.end_joining()?;
        Ok(!self.begin_joining())
    }

    /// Goes on with what is being written and joined, and waits for neither; where it has ended, gives the segments
    /// their names: the journal holds their entries now.
    pub(crate) fn go_on(&mut self) -> Result<(), IndexFault> {
        if self.join_on()? { self.name() } else { Ok(()) }
    }

    /// Joins all that can be joined, and gives the segments that were added their names: the journal holds their
    /// entries now.
    pub(crate) fn confirm(&mut self) -> Result<(), IndexFault> {
        self.end_joining()?;
        while self.begin_joining() {
            self.end_joining()?;
        }
        self.name()
    }

    /// Gives the segments that were added their names, and removes those which they were joined from.
    fn name(&mut self) -> Result<(), IndexFault> {
        while let Some(name) = self.pending.first().copied() {
            fs::rename(self.pending_path_of(name), self.path_of(name))?;
            self.pending.remove(&name);
        }
        // A reader that has them open keeps them; one that comes now finds the joined one.
        while let Some(name) = self.joined.pop() {
            fs::remove_file(self.path_of(name))?;
        }
        Ok(())
    }

    /// Begins to join the first segments that are as many of one length as make one of the next; says whether there
    /// are such.
    fn begin_joining(&mut self) -> bool {
        let fan = usize::try_from(FAN).unwrap_or(usize::MAX);
        let Some(from) = self.segments.windows(fan).position(make_one) else { return false };
        let parts = &self.segments[from..from + fan];
        let path = self.pending_path_of((parts[0].span.first, parts[fan - 1].span.last));
        let parts: Vec<PathBuf> = parts.iter().map(|part| self.file_of(part)).collect();
        let making = Making::begin(move || {
            let parts: Vec<Segment> =
                parts.iter().map(|part| Segment::open(part)).collect::<Result<_, _>>()?;
            segment::join(&parts, &path)
        });
        self.joining = Some((from, making));
        true
    }

    /// Puts what was joined into the place of its parts, once it is whole.
    fn end_joining(&mut self) -> Result<(), IndexFault> {
        let Some((from, making)) = self.joining.take() else { return Ok(()) };
        let joined = making.end()?;
        let name = (joined.span.first, joined.span.last);
        let count = self.segments[from..].partition_point(|part| part.span.last <= name.1);
        for part in self.segments.splice(from..from + count, [joined]) {
            let name = (part.span.first, part.span.last);
            if self.pending.remove(&name) {
                fs::remove_file(pending_in(&self.dir, name))?;
            } else {
                self.joined.push(name);
            }
        }
        self.pending.insert(name);
        Ok(())
    }

    /// Waits for what is being written or joined, and lets it go.
    pub(crate) fn rest(&mut self) {
        drop((self.writing.take(), self.joining.take()));
    }

    /// Removes files that are no part of the index any more: of another history, or left by a crash.
    pub(crate) fn tidy(&self) -> io::Result<()> {
        let Ok(files) = fs::read_dir(&self.dir) else { return Ok(()) };
        let kept: Vec<PathBuf> = self
            .segments
            .iter()
            .map(|segment| self.path_of((segment.span.first, segment.span.last)))
            .collect();
        for file in files {
            let path = file?.path();
            if !kept.contains(&path) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

/// Whether segments that follow one another are of one length, and begin where a longer one does.
fn make_one(parts: &[Segment]) -> bool {
    let Some(first) = parts.first() else { return false };
    let length = first.span.length();
    (first.span.first - 1).is_multiple_of(length * FAN)
        && parts.iter().all(|part| part.span.length() == length)
}

fn pending_in(dir: &Path, (first, last): (u64, u64)) -> PathBuf {
    dir.join(name_of(first, last)).with_extension(PENDING)
}

/// The first and last entries of the segments in a directory, in no order.
pub(crate) fn names_in(dir: &Path) -> Vec<(u64, u64)> {
    let Ok(files) = fs::read_dir(dir) else { return Vec::new() };
    let of_name = |file: fs::DirEntry| {
        let name = file.file_name().into_string().ok()?;
        let (first, last) = name.split_once('-')?;
        Some((first.parse().ok()?, last.parse().ok()?))
    };
    files.filter_map(|file| of_name(file.ok()?)).collect()
}

/// The name of the file of a segment.
pub(crate) fn name_of(first: u64, last: u64) -> String {
    format!("{first}-{last}")
}

impl Span {
    /// Whether the journal holds the last entry of the span where the span says.
    fn ends_in(&self, journal: &File) -> bool {
        let Some(length) = self.end.checked_sub(self.last_at).and_then(|n| usize::try_from(n).ok()) else {
            return false;
        };
        let mut record = vec![0; length];
        journal.read_exact_at(&mut record, self.last_at).is_ok()
            && record.get(8..).is_some_and(|entry| Hash::of(entry) == self.hash)
    }
}
