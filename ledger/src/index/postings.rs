//! Postings in memory: terms with the offsets found under them, sorted when they are asked for.
//!
//! They come by the hundred thousand while a file of acts is taken in, and are sorted once, when they are written.

use std::cmp::Ordering;
use std::sync::OnceLock;

/// Terms, each with an offset and the number of the entry through which it came to be under the term.
#[derive(Debug, Default)]
pub(crate) struct Postings {
    /// The terms, one after another.
    bytes: Vec<u8>,
    all: Vec<Posting>,
    /// Places in `all`, in the order of the terms; those of one term as they came.
    order: OnceLock<Vec<usize>>,
}

#[derive(Debug, Clone, Copy)]
struct Posting {
    /// The first bytes of the term: most comparisons need no more.
    beginning: u128,
    at: usize,
    length: usize,
    by: u64,
    offset: u64,
}

impl Postings {
    pub(crate) fn push(&mut self, term: &[u8], by: u64, offset: u64) {
        self.order.take();
        let at = self.bytes.len();
        self.bytes.extend_from_slice(term);
        self.all.push(Posting { beginning: beginning(term), at, length: term.len(), by, offset });
    }

    /// Hands on every term that begins so with each of its offsets.
    pub(crate) fn scan(&self, prefix: &[u8], each: &mut dyn FnMut(&[u8], u64)) {
        let order = self.order();
        let from = order.partition_point(|place| self.term(&self.all[*place]) < prefix);
        for place in &order[from..] {
            let posting = &self.all[*place];
            let term = self.term(posting);
            if !term.starts_with(prefix) {
                return;
            }
            each(term, posting.offset);
        }
    }

    /// What entries up to one of them have added, in the order of the terms.
    pub(crate) fn up_to(&self, last: u64) -> impl Iterator<Item = (&[u8], u64)> {
        let mut before = None;
        let postings = self.order().iter().map(|place| &self.all[*place]);
        postings.filter(move |posting| posting.by <= last).filter_map(move |posting| {
            // An act of several measures comes under the same term by each.
            let this = (self.term(posting), posting.offset);
            (before.replace(this) != Some(this)).then_some(this)
        })
    }

    /// Lets go of what entries up to one of them have added.
    pub(crate) fn forget(&mut self, last: u64) {
        let old = std::mem::take(self);
        for posting in old.all.iter().filter(|posting| posting.by > last) {
            self.push(old.term(posting), posting.by, posting.offset);
        }
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
        let terms = || self.term(a).cmp(self.term(b));
        a.beginning.cmp(&b.beginning).then_with(terms).then(one.cmp(&other))
    }

    fn term(&self, posting: &Posting) -> &[u8] {
        &self.bytes[posting.at..posting.at + posting.length]
    }
}

/// The first sixteen bytes, those that are missing as zeros: it orders as the terms do, where it differs.
fn beginning(term: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    let length = term.len().min(bytes.len());
    bytes[..length].copy_from_slice(&term[..length]);
    u128::from_be_bytes(bytes)
}
