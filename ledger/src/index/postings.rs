//! Postings in memory: terms with the offsets found under them, sorted when they are asked for.
//!
//! They come by the hundred thousand while a file of acts is taken in, and are sorted once, when they are written.

use std::cmp::Ordering;
use std::sync::OnceLock;

use super::segment::{Encoded, Entered, Form, IndexFault, Posting, Run};
use super::term::{self, Terms, beginning};
use super::version::Days;

/// Terms, each with an offset, what is beside it, and the number of the entry through which it came to be there; these
/// rise.
#[derive(Debug, Default)]
pub(crate) struct Postings {
    /// The terms, one after another, each with what is beside its offset.
    bytes: Vec<u8>,
    all: Vec<Posted>,
    /// Places in `all`, in the order of the terms; those of one term by days, where they have them, and as they came.
    order: OnceLock<Vec<usize>>,
}

#[derive(Debug, Clone, Copy)]
struct Posted {
    /// The first bytes of the term: most comparisons need no more.
    beginning: u128,
    at: usize,
    length: u32,
    beside: u32,
    days: Option<Days>,
    by: u64,
    offset: u64,
}

impl Postings {
    pub(crate) fn push(&mut self, entered: Entered<'_>, by: u64) {
        let Entered { term, days, offset, beside } = entered;
        self.order.take();
        let at = self.bytes.len();
        self.bytes.extend_from_slice(term);
        self.bytes.extend_from_slice(beside);
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).expect("an entry is shorter than that");
        let (length, beside) = (length(term), length(beside));
        self.all.push(Posted { beginning: beginning(term), at, length, beside, days, by, offset });
    }

    /// Hands on what is under terms, as runs.
    pub(crate) fn scan(
        &self,
        terms: &Terms<'_>,
        each: &mut dyn FnMut(Run<'_>) -> Result<(), IndexFault>,
    ) -> Result<(), IndexFault> {
        let order = self.order();
        let from = order.partition_point(|place| self.term(&self.all[*place]) < terms.from);
        let under = order[from..].iter().map(|place| self.entered(&self.all[*place]));
        let mut under = under.take_while(|entered| terms.reach(entered.term)).peekable();
        let mut encoded = Encoded::default();
        while let Some(Entered { term, days, offset, beside }) = under.next() {
            let beginning = beginning(term);
            let form = if days.is_some() { Form::Days(None) } else { Form::Journal };
            let is_of_run = |next: &Entered<'_>| next.term == term && next.days.is_some() == days.is_some();
            encoded.begin(0);
            encoded.push(Posting { days, offset, beside });
            while let Some(Entered { days, offset, beside, .. }) = under.next_if(is_of_run) {
                encoded.push(Posting { days, offset, beside });
            }
            each(Run { term, beginning, is_known: false, form, bytes: &encoded.bytes, start: 0 })?;
        }
        Ok(())
    }

    /// All of it, in the order of the terms.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = Entered<'_>> {
        let mut before = None;
        self.order().iter().filter_map(move |place| {
            // An act of several measures comes under the same term by each.
            let entered = self.entered(&self.all[*place]);
            (before.replace(entered) != Some(entered)).then_some(entered)
        })
    }

    /// Lets go of what entries up to one of them have added, and gives that. There is room for as much again: to grow by
    /// and by means to be copied again and again.
    pub(crate) fn take_up_to(&mut self, last: u64) -> Self {
        let room = Self {
            bytes: Vec::with_capacity(self.bytes.len()),
            all: Vec::with_capacity(self.all.len()),
            order: OnceLock::new(),
        };
        let mut taken = std::mem::replace(self, room);
        let count = taken.all.partition_point(|posting| posting.by <= last);
        for posting in &taken.all[count..] {
            self.push(taken.entered(posting), posting.by);
        }
        taken.all.truncate(count);
        taken.order.take();
        taken
    }

    fn order(&self) -> &[usize] {
        self.order.get_or_init(|| {
            let mut order: Vec<usize> = (0..self.all.len()).collect();
            order.sort_unstable_by(|one, other| self.compare(*one, *other));
            order
        })
    }

    fn compare(&self, one: usize, other: usize) -> Ordering {
        let (a, b) = (&self.all[one], &self.all[other]);
        let terms = term::order((a.beginning, self.term(a)), (b.beginning, self.term(b)));
        terms.then(a.days.cmp(&b.days)).then(one.cmp(&other))
    }

    fn term(&self, posted: &Posted) -> &[u8] {
        &self.bytes[posted.at..posted.at + posted.length as usize]
    }

    fn entered(&self, posted: &Posted) -> Entered<'_> {
        let term = self.term(posted);
        let from = posted.at + term.len();
        let beside = &self.bytes[from..from + posted.beside as usize];
        Entered { term, days: posted.days, offset: posted.offset, beside }
    }
}
