//! Runs: acts under one term that lie together, as bytes.

use super::super::version::Days;
use super::{push_varint, take_varint, unzigzag, zigzag};

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

/// Acts under one term that lie together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run<'a> {
    pub term: &'a [u8],
    /// The first bytes of the term.
    pub beginning: u128,
    /// Whether all of it is known by the time that is asked for; otherwise each act says from when on it is.
    pub is_known: bool,
    /// How it lies among the others of the term.
    pub form: Form,
    /// The acts, as [`Encoded`] has them.
    pub bytes: &'a [u8],
    /// From which offset on they are counted.
    pub start: u64,
}

/// An act under a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Posting<'a> {
    /// The days on which it takes effect, where it lies by those.
    pub days: Option<Days>,
    /// Where its record begins.
    pub offset: u64,
    /// What is beside that.
    pub beside: &'a [u8],
}

impl<'a> Run<'a> {
    /// The term with its beginning, as they are put in order.
    pub(crate) fn place(&self) -> (u128, &'a [u8]) {
        (self.beginning, self.term)
    }

    /// The acts, one after another.
    pub(crate) fn postings(&self) -> impl Iterator<Item = Posting<'a>> + use<'a> {
        let (bytes, mut reading) = (self.bytes, self.reading());
        std::iter::from_fn(move || reading.next(bytes))
    }

    /// Where to begin to read.
    pub(super) fn reading(&self) -> Reading {
        Reading { at: 0, by_days: self.form != Form::Journal, day: 0, offset: self.start }
    }
}

/// How far a run was read.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    /// Where the next act begins.
    pub(super) at: usize,
    by_days: bool,
    /// The day and the offset of the last one.
    day: i32,
    offset: u64,
}

impl Reading {
    /// The next act in the bytes of the run. What cannot be read ends it; but the blocks in which runs lie are summed.
    #[inline]
    pub(super) fn next<'a>(&mut self, bytes: &'a [u8]) -> Option<Posting<'a>> {
        let mut rest = bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        let days = if self.by_days { Some(self.take_days(&mut rest)?) } else { None };
        self.offset = self.offset.wrapping_add_signed(unzigzag(take_varint(&mut rest)?));
        let length = usize::try_from(take_varint(&mut rest)?).ok()?;
        let beside = rest.get(..length)?;
        self.at = bytes.len() - rest.len() + length;
        Some(Posting { days, offset: self.offset, beside })
    }

    fn take_days(&mut self, rest: &mut &[u8]) -> Option<Days> {
        let first = i64::from(self.day) + unzigzag(take_varint(rest)?);
        self.day = i32::try_from(first).ok()?;
        let last = first + i64::try_from(take_varint(rest)?).ok()?;
        Some((self.day, i32::try_from(last).ok()?))
    }
}

/// The acts of a run as bytes, while they are added.
#[derive(Debug, Default)]
pub(crate) struct Encoded {
    pub(crate) bytes: Vec<u8>,
    day: i32,
    offset: u64,
}

impl Encoded {
    /// Begins another run, of which the offsets are counted from one.
    pub(crate) fn begin(&mut self, start: u64) {
        self.bytes.clear();
        (self.day, self.offset) = (0, start);
    }

    pub(crate) fn push(&mut self, Posting { days, offset, beside }: Posting<'_>) {
        if let Some((first, last)) = days {
            push_varint(&mut self.bytes, zigzag(i64::from(first) - i64::from(self.day)));
            push_varint(&mut self.bytes, u64::from(first.abs_diff(last)));
            self.day = first;
        }
        push_varint(&mut self.bytes, zigzag(offset.wrapping_sub(self.offset).cast_signed()));
        push_varint(&mut self.bytes, beside.len() as u64);
        self.bytes.extend_from_slice(beside);
        self.offset = offset;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Encoded, Form, Posting, Run};

    proptest! {
        #[test]
        fn postings_are_read_back(
            start: u64,
            all in proptest::collection::vec((any::<i32>(), any::<i32>(), any::<u64>(), any::<Vec<u8>>()), 0..9),
            by_days: bool,
        ) {
            let posting = |(one, other, offset, beside): &(i32, i32, u64, Vec<u8>)| {
                let days = by_days.then(|| (*one.min(other), *one.max(other)));
                (days, *offset, beside.clone())
            };
            let all: Vec<_> = all.iter().map(posting).collect();
            let postings = all.iter().map(|(days, offset, beside)| Posting { days: *days, offset: *offset, beside });
            let mut encoded = Encoded::default();
            encoded.begin(start);
            postings.clone().for_each(|posting| encoded.push(posting));
            let form = if by_days { Form::Days(None) } else { Form::Journal };
            let run = Run { term: b"r", beginning: 0, is_known: true, form, bytes: &encoded.bytes, start };
            prop_assert!(run.postings().eq(postings));
        }
    }
}
