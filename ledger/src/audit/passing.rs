//! A sound ledger is audited in passing: both copies side by side, entry by entry, with no more in memory than the
//! roll. At the first thing that is not as it should be this gives up, and the ledger is looked at more closely.
//!
//! One thread reads the journal, decodes and hashes; the other compares the store and checks what the entries mean.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};

use crate::act::{Act, Submitted};
use crate::chain::{Followed, Head};
use crate::checkpoint::Contradiction;
use crate::copies::JOURNAL;
use crate::date::RecordedAt;
use crate::entry::{Entry, Hash};
use crate::journal::{FIRST_LINE, Reader, Records, record_length};
use crate::merkle::Tree;
use crate::registrar::Registrars;
use crate::roll::Roll;
use crate::store::{Store, Stored};

use super::Against;

/// What was found of a ledger that is sound.
pub(super) struct Passed {
    pub(super) head: Head,
    /// How many entries the store lacks.
    pub(super) lag: u64,
    /// The hash of the entry whose head was given, if there is such an entry.
    pub(super) named: Option<Hash>,
    /// What the checkpoint that was given says against the tree.
    pub(super) contradiction: Option<Contradiction>,
}

/// How many entries go from one thread to the other at a time.
const BATCH: usize = 4096;

/// Audits a ledger that may be sound; none where it is not.
pub(super) fn pass(ledger: &Path, store: Option<&Store>, against: Option<&Against>) -> Option<Passed> {
    let path = ledger.join(JOURNAL);
    let mut reader = Reader::open(&path).ok()?;
    let records = Records::open(&path).ok()?;
    let stored = store.map(Store::stored);
    std::thread::scope(|scope| {
        let (send, batches) = sync_channel(4);
        let checking = scope.spawn(move || Checking::new(records, stored, against).run(&batches));
        loop {
            let batch: Vec<Followed> = reader.by_ref().take(BATCH).collect();
            // The other side hangs up when it has found something.
            if batch.is_empty() || send.send(batch).is_err() {
                break;
            }
        }
        drop(send);
        let passed = checking.join().ok()??;
        reader.end().is_sound().then_some(passed)
    })
}

/// What is made of the entries, in their order.
struct Checking<'a> {
    records: Records,
    /// Where every so many-th entry begins in the journal.
    milestones: Vec<u64>,
    end: u64,
    stored: Option<Stored<'a>>,
    pending: VecDeque<Vec<u8>>,
    roll: Roll,
    registrars: Registrars,
    against: Option<&'a Against>,
    tree: Tree,
    passed: Passed,
}

/// Between two entries of which it is known where they begin.
const STRIDE: u64 = 64;

impl<'a> Checking<'a> {
    fn new(records: Records, stored: Option<Stored<'a>>, against: Option<&'a Against>) -> Self {
        Self {
            records,
            milestones: Vec::new(),
            end: FIRST_LINE.len() as u64,
            stored,
            pending: VecDeque::new(),
            roll: Roll::default(),
            registrars: Registrars::default(),
            against,
            tree: Tree::default(),
            passed: Passed { head: Head::EMPTY, lag: 0, named: None, contradiction: None },
        }
    }

    fn run(mut self, batches: &Receiver<Vec<Followed>>) -> Option<Passed> {
        for batch in batches {
            self.check(batch)?;
        }
        let more_stored = self.stored.as_mut().is_some_and(|stored| stored.next().is_some());
        if more_stored || !self.pending.is_empty() || !self.registrars.unsigned().is_empty() {
            return None;
        }
        if let Some(Against::Checkpoint(checkpoint)) = self.against {
            self.passed.contradiction = checkpoint.check_against(&self.tree).err();
        }
        Some(self.passed)
    }

    fn check(&mut self, batch: Vec<Followed>) -> Option<()> {
        let mut acts = Vec::with_capacity(batch.len());
        for (sealed, entry) in batch {
            let head = sealed.head();
            self.compare(&sealed.bytes, head)?;
            match self.against {
                Some(Against::Head(expected)) if expected.number == head.number => {
                    self.passed.named = Some(head.hash);
                }
                Some(Against::Checkpoint(_)) => self.tree.push(&sealed.bytes),
                Some(Against::Head(_)) | None => {}
            }
            if (head.number - 1).is_multiple_of(STRIDE) {
                self.milestones.push(self.end);
            }
            self.end += record_length(sealed.bytes.len());
            self.passed.head = head;
            if !self.registrars.enter(head.number, head.hash, &entry.act).is_empty() {
                return None;
            }
            let recorded_at = Some(RecordedAt::Asserted(entry.recorded_at));
            acts.push(Submitted { line: 0, act: entry.act, recorded_at });
        }
        let recorded = |number| act_of(&self.records, &self.milestones, number);
        self.roll.check_and_enter(&acts, &recorded).1.is_empty().then_some(())
    }

    /// The store must hold the same bytes, as far as it reaches.
    fn compare(&mut self, bytes: &[u8], head: Head) -> Option<()> {
        let Some(stored) = &mut self.stored else { return Some(()) };
        if self.pending.is_empty() {
            match stored.next() {
                None => {
                    self.passed.lag += 1;
                    return Some(());
                }
                Some(Ok(frame)) if frame.follows(&self.passed.head) && self.passed.lag == 0 => {
                    self.pending = frame.into_entries();
                }
                Some(_) => return None,
            }
        }
        let same = self.pending.pop_front()? == bytes;
        let ends_well = !self.pending.is_empty() || stored.last_hash() == head.hash;
        (same && ends_well).then_some(())
    }
}

fn act_of(records: &Records, milestones: &[u64], number: u64) -> Option<Act> {
    let before = number.checked_sub(1)?;
    let mut offset = *milestones.get(usize::try_from(before / STRIDE).ok()?)?;
    for _ in 0..before % STRIDE {
        offset = records.after(offset).ok()?;
    }
    Some(*Entry::decode(&records.at(offset).ok()?).ok()?.act)
}
