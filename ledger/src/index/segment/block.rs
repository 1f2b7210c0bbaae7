//! Blocks: runs one after another, as they are read.

use std::ops::Range;

use super::super::term::{Terms, beginning};
use super::fences::Fence;
use super::{Earlier, Form, IndexFault, Run, Segment, Until, common_bytes, take_varint, unzigzag};

/// A block that is being read, run by run.
#[derive(Default)]
pub(crate) struct Block {
    pub(super) bytes: Vec<u8>,
    /// The first entry of its segment, and where in the journal that starts.
    pub(super) segment: u64,
    pub(super) start: u64,
    /// Where the next run begins.
    next: usize,
    pub(super) term: Vec<u8>,
    beginning: u128,
    pub(super) form: Form,
    postings: Range<usize>,
    /// What a question says of the term, once it was asked.
    pub(super) last_only: Option<bool>,
}

/// What stands before the postings of a run.
struct Header<'a> {
    shared: usize,
    own: &'a [u8],
    form: Form,
    length: usize,
}

/// The runs of a segment under terms, one after another.
pub(crate) struct Runs<'s> {
    segment: &'s Segment,
    terms: Terms<'s>,
    until: Option<&'s Until<'s>>,
    pub(super) block: Block,
    /// The block that is being read; none before the first.
    place: Option<usize>,
    /// Whether there is a run that was gone on to.
    is_there: bool,
}

impl<'s> Runs<'s> {
    /// The blocks are read one after another in place of the one given.
    pub(crate) fn new(
        segment: &'s Segment,
        terms: Terms<'s>,
        until: Option<&'s Until<'s>>,
        mut block: Block,
    ) -> Self {
        block.bytes.clear();
        block.begin();
        Self { segment, terms, until, block, place: None, is_there: false }
    }

    /// Goes on to the next run; of those that lie by days, to one that is asked for.
    pub(crate) fn advance(&mut self) -> Result<(), IndexFault> {
        self.is_there = self.find_next()?;
        Ok(())
    }

    /// The run that was gone on to; none before the first and after the last.
    pub(crate) fn run(&self) -> Option<Run<'_>> {
        let is_known = self.until.is_some_and(|until| self.segment.span.last <= until.known);
        self.is_there.then(|| Run { is_known, ..self.block.run() })
    }

    /// The place of that run among those of others.
    pub(crate) fn place(&self) -> Option<(u128, &[u8])> {
        self.is_there.then_some((self.block.beginning, self.block.term.as_slice()))
    }

    fn find_next(&mut self) -> Result<bool, IndexFault> {
        loop {
            while self.block.advance()? {
                if !self.terms.reach(&self.block.term) {
                    return Ok(false);
                }
                let next = self.place.and_then(|place| self.segment.fences.get(place + 1));
                if self.until.is_none_or(|until| self.block.is_wanted(until, next)) {
                    return Ok(true);
                }
            }
            if !self.read_next()? {
                return Ok(false);
            }
        }
    }

    fn read_next(&mut self) -> Result<bool, IndexFault> {
        let fences = &self.segment.fences;
        let place = match self.place {
            Some(place) => self.after(place),
            // The term may begin in the block before the first fence that is not less.
            None => fences.first_from(self.terms.from).saturating_sub(1),
        };
        let goes_too_far = || self.place.is_some() && !self.terms.reach(fences.term(place));
        if place >= fences.len() || goes_too_far() {
            return Ok(false);
        }
        self.segment.read(place, &mut self.block)?;
        self.block.seek(self.terms.from)?;
        self.place = Some(place);
        Ok(true)
    }

    /// The block to be read after one: where all the next ones hold is the term with which this one ends, and only its
    /// last run by some day is asked for, the one that holds that.
    fn after(&self, place: usize) -> usize {
        match self.until.filter(|_| self.block.last_only == Some(true)) {
            Some(until) => {
                self.segment.fences.after_runs(place, &self.block.term, until.day).max(place + 2) - 1
            }
            None => place + 1,
        }
    }
}

impl Block {
    /// Begins before the first run.
    pub(super) fn begin(&mut self) {
        self.term.clear();
        (self.next, self.last_only) = (0, None);
    }

    /// Goes on to the next run; false at the end.
    pub(super) fn advance(&mut self) -> Result<bool, IndexFault> {
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
            self.term.truncate(header.shared);
            self.term.extend_from_slice(header.own);
            (self.beginning, self.last_only) = (beginning(&self.term), None);
        }
        self.form = header.form;
        self.postings = from..from + header.length;
        self.next = self.postings.end;
        Ok(true)
    }

    /// Goes on to before the first run whose term is not less, or to the end.
    fn seek(&mut self, wanted: &[u8]) -> Result<(), IndexFault> {
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
                    return Ok(());
                }
            }
            rest = rest.get(length..).ok_or(IndexFault::Damaged)?;
        }
        self.next = self.bytes.len();
        Ok(())
    }

    pub(super) fn run(&self) -> Run<'_> {
        let bytes = &self.bytes[self.postings.clone()];
        let Self { term, beginning, form, start, .. } = self;
        Run { term, beginning: *beginning, is_known: false, form: *form, bytes, start: *start }
    }

    /// Whether a question wants this run; after the last one of a block comes that of the next fence.
    pub(super) fn is_wanted(&mut self, until: &Until<'_>, next: Option<Fence<'_>>) -> bool {
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

impl<'a> Header<'a> {
    fn take(from: &mut &'a [u8], segment: u64) -> Option<Self> {
        let shared = usize::try_from(take_varint(from)?).ok()?;
        let length = usize::try_from(take_varint(from)?).ok()?;
        let (own, rest) = from.split_at_checked(length)?;
        *from = rest;
        let form = match take_varint(from)? {
            0 => Form::Journal,
            1 => Form::Days(None),
            2 => {
                let mut day = || i32::try_from(unzigzag(take_varint(from)?)).ok();
                Form::Days(Some(Earlier { segment, first: day()?, reach: day()? }))
            }
            _ => return None,
        };
        let length = usize::try_from(take_varint(from)?).ok()?;
        Some(Self { shared, own, form, length })
    }
}
