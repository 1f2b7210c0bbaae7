//! Which ids and parties a ledger may hold, and which acts others may be about: so that, of the many that a file of acts
//! brings, only those are looked up that are likely there.
//!
//! A filter says "surely not" or "perhaps"; perhaps is then asked of the index.

use fastbloom::BloomFilter;

use crate::act::ActId;
use crate::index::term;
use crate::party::PartyId;

use super::indexed::{Indexed, Unread};

/// How many the first filter has room for; each further one has sixteen times as many: to ask each filter is to wait for
/// memory once.
const FIRST: usize = 1 << 16;
const MOST: usize = 1 << 24;
const FALSE_ALARMS: f64 = 0.001;

/// What a ledger may hold.
#[derive(Debug)]
pub(super) struct Present {
    filters: Vec<BloomFilter>,
    size: usize,
    /// For how many more the last filter has room.
    room: usize,
}

impl Present {
    /// What the index and what comes after it hold.
    pub(super) fn of(indexed: &Indexed) -> Result<Self, Unread> {
        let mut present = Self { filters: Vec::new(), size: FIRST, room: 0 };
        for prefix in [term::IDS, term::CASES] {
            indexed.scan(prefix, &mut |run| {
                present.insert(run.term);
                Ok(())
            })?;
        }
        indexed.scan(term::SUBJECTS, &mut |run| {
            // Of the terms of a party, those that only its own registers have; after them comes the register.
            if let Some((_, party)) = run.term.split_last().filter(|(_, party)| party.ends_with(b"\0\0")) {
                present.insert(party);
            }
            Ok(())
        })?;
        Ok(present)
    }

    /// Adds the id of an act that may be taken in, and says whether it may have been there before.
    pub(super) fn add_id(&mut self, id: &ActId) -> bool {
        self.insert(&term::of_id(term::hash_of_id(id)))
    }

    pub(super) fn add_party(&mut self, party: &PartyId) {
        self.insert(&term::of_party(party));
    }

    /// Adds that an act is about the one that begins at an offset.
    pub(super) fn add_about(&mut self, offset: u64) {
        self.insert(&term::about(offset));
    }

    pub(super) fn may_hold_id(&self, id: &ActId) -> bool {
        self.may_hold(&term::of_id(term::hash_of_id(id)))
    }

    pub(super) fn may_hold_party(&self, party: &PartyId) -> bool {
        self.may_hold(&term::of_party(party))
    }

    pub(super) fn may_hold_about(&self, offset: u64) -> bool {
        self.may_hold(&term::about(offset))
    }

    fn may_hold(&self, term: &[u8]) -> bool {
        self.filters.iter().any(|filter| filter.contains(term))
    }

    /// Adds a term, and says whether it may have been there before.
    fn insert(&mut self, term: &[u8]) -> bool {
        if self.room == 0 {
            self.filters.push(BloomFilter::with_false_pos(FALSE_ALARMS).seed(&0).expected_items(self.size));
            self.room = self.size;
            self.size = (16 * self.size).min(MOST);
        }
        let Some((last, full)) = self.filters.split_last_mut() else { return false };
        let was_there = full.iter().any(|filter| filter.contains(term)) || last.insert(term);
        self.room -= usize::from(!was_there);
        was_there
    }
}
