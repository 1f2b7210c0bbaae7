//! A stretch of a ledger: what one thread makes of a block of the journal and of the same entries in the store, and
//! what must be joined at its ends.

use crate::act::skimmed::Skimmed;
use crate::act::{Act, ActRef, Deed};
use crate::chain::{Head, linked_to};
use crate::date::Instant;
use crate::entry::{Beginning, Entry, Hash};
use crate::journal::Records;
use crate::journal::blocks::{Block, Lying};
use crate::merkle::TreeHash;
use crate::registrar::concerns;
use crate::store::{Frame, Store};

use super::Against;
use super::parties::{Mentions, hash_of};

/// Of so many entries one is remembered by where it begins.
pub(super) const STRIDE: u64 = 16;

/// What is left of a stretch once its entries have been read.
pub(super) struct Stretch {
    /// Its place among the stretches.
    pub(super) place: u64,
    /// What its first entry says of the one before.
    pub(super) number: u64,
    pub(super) previous: Hash,
    pub(super) recorded_at: Instant,
    pub(super) last: Head,
    /// Whether its last append goes on in the next stretch.
    pub(super) goes_on: bool,
    /// Where every so many-th entry begins.
    pub(super) milestones: Vec<u64>,
    /// The hash of the id of each act, or [`NO_ID`].
    pub(super) ids: Vec<u64>,
    /// The entries about others, in order.
    pub(super) about: Vec<About>,
    /// The kind of each act.
    pub(super) kinds: Vec<&'static str>,
    /// The acts that concern registrars, each with the hash before it and the head after it.
    pub(super) registrars: Vec<(Hash, Head, Act)>,
    /// The leaves of the tree, where a checkpoint is to be compared.
    pub(super) leaves: Vec<TreeHash>,
    /// The hash of the entry whose head was given.
    pub(super) named: Option<Hash>,
    /// The frame of the store that crosses its beginning, and that which crosses its end, by their first entries.
    pub(super) crossed: (Option<u64>, Option<u64>),
}

/// What stands for the hash of an id where an act has none.
pub(super) const NO_ID: u64 = 0;

/// The hash of an id; never [`NO_ID`].
pub(super) fn id_hash(id: &str) -> u64 {
    hash_of(id).max(1)
}

/// An entry about another.
pub(super) struct About {
    pub(super) number: u64,
    pub(super) target: Target,
    /// Whether it corrects the other: then the act that results must be sound as well.
    pub(super) corrects: bool,
}

/// The entry that is meant.
pub(super) enum Target {
    Number(u64),
    /// The hash of the id of its act.
    Id(u64),
}

/// A block that has been read, and is not compared with the store yet.
pub(super) struct Uncompared {
    /// Its bytes may be let go; they are read again when they are compared. Whatever has changed by then is compared as it
    /// is then.
    pub(super) block: Block,
    hashes: Vec<Hash>,
    stretch: Stretch,
}

impl Uncompared {
    /// Reads a block; none where something in it is not as it should be. What it says of parties is added to the rest.
    pub(super) fn read(block: Block, against: Option<&Against>, mentions: &mut Mentions) -> Option<Self> {
        let records: Vec<Lying<'_>> = block.records().collect::<Option<_>>()?;
        let entries: Vec<&[u8]> = records.iter().map(|record| record.entry).collect();
        let hashes = Hash::of_each(&entries);
        let mut stretch: Option<Stretch> = None;
        for (record, hash) in records.iter().zip(&hashes) {
            let (beginning, act) = Entry::skim(record.entry)?;
            let stretch = stretch.get_or_insert_with(|| Stretch::before(block.place, &beginning));
            let Beginning { number, recorded_at, previous, .. } = beginning;
            linked_to(&stretch.last, number, previous, recorded_at).ok()?;
            let head = Head { number, hash: *hash, recorded_at };
            stretch.last = head;
            stretch.goes_on = record.goes_on;
            if (head.number - 1).is_multiple_of(STRIDE) {
                stretch.milestones.push(record.offset);
            }
            match against {
                Some(Against::Head(expected)) if expected.number == head.number => {
                    stretch.named = Some(head.hash);
                }
                Some(Against::Checkpoint(_)) => stretch.leaves.push(TreeHash::of_entry(record.entry)),
                Some(Against::Head(_)) | None => {}
            }
            stretch.enter(number, &act);
            if concerns(&act.deed) {
                stretch.registrars.push((previous, head, *Entry::decode(record.entry).ok()?.act));
            }
            mentions.add(number, &act.deed);
        }
        Some(Self { stretch: stretch?, hashes, block })
    }

    /// How many entries it has.
    pub(super) fn count(&self) -> usize {
        self.hashes.len()
    }

    /// Compares it with the store, if there is one; none where anything differs. Gives the block back, whose memory can be
    /// used again.
    pub(super) fn compare(self, store: Option<&Store>, journal: &Records) -> Option<(Stretch, Block)> {
        let Self { mut block, hashes, mut stretch } = self;
        if let Some(store) = store {
            block.read_again(journal.file()).ok()?;
            let (first, previous) = (stretch.number, stretch.previous);
            let entries = block.entries().collect();
            stretch.crossed = Beside { first, previous, entries, hashes }.compare(store)?;
        }
        Some((stretch, block))
    }
}

impl Stretch {
    fn before(place: u64, first: &Beginning) -> Self {
        let Beginning { number, recorded_at, previous, .. } = *first;
        Self {
            place,
            number,
            previous,
            recorded_at,
            last: Head { number: number.saturating_sub(1), hash: previous, recorded_at },
            goes_on: false,
            milestones: Vec::new(),
            ids: Vec::new(),
            about: Vec::new(),
            kinds: Vec::new(),
            registrars: Vec::new(),
            leaves: Vec::new(),
            named: None,
            crossed: (None, None),
        }
    }

    fn enter(&mut self, number: u64, act: &Skimmed<'_>) {
        self.ids.push(act.id.map_or(NO_ID, id_hash));
        self.kinds.push(act.deed.kind());
        if let Some(reference) = act.deed.target() {
            let target = match reference {
                ActRef::Number(number) => Target::Number(*number),
                ActRef::Id(id) => Target::Id(id_hash(id.as_str())),
            };
            let corrects = matches!(act.deed, Deed::ActCorrected { .. });
            self.about.push(About { number, target, corrects });
        }
    }
}

/// Some entries of the journal, to be compared with the store.
struct Beside<'a> {
    first: u64,
    previous: Hash,
    entries: Vec<&'a [u8]>,
    hashes: Vec<Hash>,
}

impl Beside<'_> {
    /// Compares them with the frames that hold them, as far as the store reaches: which frame crosses their beginning,
    /// and which their end. None where anything differs.
    fn compare(&self, store: &Store) -> Option<(Option<u64>, Option<u64>)> {
        let last = self.first + self.entries.len() as u64 - 1;
        let reaches = store.head().number;
        let mut crossed = (None, None);
        if reaches < self.first {
            return Some(crossed);
        }
        let mut frames = store.stored_from(self.first).ok()?;
        let mut next = self.first;
        while next <= last.min(reaches) {
            let (begins, ends) = frames.next(|frame| self.is_same(frame).then(|| frame.bounds()))?.ok()??;
            if begins < next && next == self.first {
                crossed.0 = Some(begins);
            } else if begins != next {
                return None;
            }
            if ends > last {
                crossed.1 = Some(begins);
            }
            next = ends.saturating_add(1);
        }
        if crossed.1.is_none() {
            // Nothing may stand between this frame and the next.
            match frames.next(|frame| frame.first) {
                None if next > reaches => {}
                Some(Ok(first)) if first == next => {}
                None | Some(_) => return None,
            }
        }
        Some(crossed)
    }

    /// Whether a frame holds these entries, as far as it holds any of them.
    fn is_same(&self, frame: &Frame<'_>) -> bool {
        let (begins, ends) = frame.bounds();
        let place = |number: u64| usize::try_from(number - self.first).unwrap_or(usize::MAX);
        let skipped = usize::try_from(self.first.saturating_sub(begins)).unwrap_or(usize::MAX);
        let from = place(begins.max(self.first));
        let ours = self.entries.get(from..).unwrap_or_default();
        let links = match from.checked_sub(1) {
            _ if begins < self.first => true,
            None => frame.previous == self.previous,
            Some(before) => self.hashes.get(before) == Some(&frame.previous),
        };
        let closes = self.hashes.get(place(ends)).is_none_or(|hash| *hash == frame.last_hash);
        let theirs = skipped..frame.count();
        let is_same = || ours.iter().zip(theirs.clone()).all(|(ours, place)| frame.holds(place, ours));
        links && closes && !ours.is_empty() && !theirs.is_empty() && is_same()
    }
}

impl Frame<'_> {
    /// The numbers of its first and last entries.
    fn bounds(&self) -> (u64, u64) {
        (self.first, self.first.saturating_add(self.count() as u64).saturating_sub(1))
    }
}
