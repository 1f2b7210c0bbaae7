//! Where the blocks of a segment lie, and with which run each begins.
//!
//! A long segment has a hundred thousand blocks. They are looked through by the first bytes of their terms, which lie
//! together: whoever compared the terms themselves would wait for memory at every step.

use std::ops::Range;

use super::super::term::{Terms, beginning};
use super::{push_varint, take_varint, unzigzag, zigzag};

/// The blocks of a segment, in order.
#[derive(Debug, Default)]
pub(super) struct Fences {
    beginnings: Vec<u128>,
    all: Vec<Lying>,
    /// The terms, one after another.
    terms: Vec<u8>,
}

#[derive(Debug)]
struct Lying {
    at: u64,
    length: u32,
    /// Where its term ends.
    term_ends: u32,
    first: Option<i32>,
}

/// Where a block lies, and with which run it begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fence<'f> {
    pub term: &'f [u8],
    /// The first day of the run, where it is a further one.
    pub first: Option<i32>,
    pub at: u64,
    pub length: u32,
}

impl Fences {
    pub(super) fn read(mut bytes: &[u8]) -> Option<Self> {
        /// Most take more bytes than this.
        const MOSTLY: usize = 20;
        let count = bytes.len() / MOSTLY;
        let mut fences = Self {
            beginnings: Vec::with_capacity(count),
            all: Vec::with_capacity(count),
            terms: Vec::with_capacity(bytes.len()),
        };
        while !bytes.is_empty() {
            let length = usize::try_from(take_varint(&mut bytes)?).ok()?;
            let (term, rest) = bytes.split_at_checked(length)?;
            bytes = rest;
            let first = match take_varint(&mut bytes)?.checked_sub(1) {
                Some(first) => Some(i32::try_from(unzigzag(first)).ok()?),
                None => None,
            };
            let at = take_varint(&mut bytes)?;
            let length = u32::try_from(take_varint(&mut bytes)?).ok()?;
            fences.push(Fence { term, first, at, length })?;
        }
        Some(fences)
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        for Fence { term, first, at, length } in (0..self.len()).filter_map(|place| self.get(place)) {
            push_varint(bytes, term.len() as u64);
            bytes.extend_from_slice(term);
            push_varint(bytes, first.map_or(0, |first| zigzag(first.into()) + 1));
            push_varint(bytes, at);
            push_varint(bytes, length.into());
        }
    }

    /// Adds a block; none where the terms have become longer than any segment's are.
    pub(super) fn push(&mut self, Fence { term, first, at, length }: Fence<'_>) -> Option<()> {
        let term_ends = u32::try_from(self.terms.len() + term.len()).ok()?;
        self.beginnings.push(beginning(term));
        self.terms.extend_from_slice(term);
        self.all.push(Lying { at, length, term_ends, first });
        Some(())
    }

    /// Says how long the last block is.
    pub(super) fn set_length(&mut self, length: u32) {
        if let Some(last) = self.all.last_mut() {
            last.length = length;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn get(&self, place: usize) -> Option<Fence<'_>> {
        let Lying { first, at, length, .. } = *self.all.get(place)?;
        Some(Fence { term: self.term(place), first, at, length })
    }

    pub(super) fn term(&self, place: usize) -> &[u8] {
        let begins = place.checked_sub(1).map_or(0, |before| self.all[before].term_ends);
        &self.terms[begins as usize..self.all[place].term_ends as usize]
    }

    /// The first block that begins with no earlier term.
    pub(super) fn first_from(&self, term: &[u8]) -> usize {
        first(self.alike(term), |place| self.term(place) >= term)
    }

    /// The first block that begins with no earlier run of a term.
    pub(super) fn first_from_run(&self, term: &[u8], day: i32) -> usize {
        let run = (term, Some(day));
        first(self.alike(term), |place| (self.term(place), self.all[place].first) >= run)
    }

    /// The blocks that begin with one of these terms.
    pub(super) fn under(&self, terms: &Terms<'_>) -> Range<usize> {
        let from = self.first_from(terms.from);
        from..first(from..self.len(), |place| !terms.reach(self.term(place)))
    }

    /// The first of the blocks after one that does not begin with a further run of a term by a day.
    pub(super) fn after_runs(&self, place: usize, term: &[u8], day: i32) -> usize {
        let is_passed = |place: usize| {
            self.term(place) == term && self.all[place].first.is_some_and(|first| first <= day)
        };
        first(place + 1..self.len(), |place| !is_passed(place))
    }

    /// The blocks of which the first bytes of the terms do not tell whether they come before this one.
    fn alike(&self, term: &[u8]) -> Range<usize> {
        let wanted = beginning(term);
        let from = self.beginnings.partition_point(|beginning| *beginning < wanted);
        let is_alike = |place: &usize| self.beginnings.get(*place) == Some(&wanted);
        // There are few, mostly none.
        let mut steps = std::iter::successors(Some(1), |step| Some(2 * step)).map(|step| from + step - 1);
        let beyond = steps.find(|place| !is_alike(place)).unwrap_or(self.len()).min(self.len());
        from..first(from..beyond, |place| !is_alike(&place))
    }
}

/// The first place of some that is one of those wanted, which come after all others; their end where none is.
fn first(mut places: Range<usize>, is_wanted: impl Fn(usize) -> bool) -> usize {
    while !places.is_empty() {
        let middle = usize::midpoint(places.start, places.end);
        if is_wanted(middle) {
            places.end = middle;
        } else {
            places.start = middle + 1;
        }
    }
    places.start
}
