//! Which parties are named and declared, and where first: told in one pass, whichever thread reads what.
//!
//! An act may name a party once it is declared. So it is enough to know, for each party, the first entry that names it
//! and the first that declares it.

use std::hash::{DefaultHasher, Hasher};

use hashbrown::HashTable;

use crate::act::{Deed, PartyKind};
use crate::party::PartyId;

/// What some entries say of parties; they come in their order.
#[derive(Default)]
pub(super) struct Parties {
    slots: HashTable<Slot>,
    all: Vec<Party>,
    /// Mentions that wait to be entered. A ledger may know more parties than a processor can keep at hand: those of
    /// several entries are waited for together.
    waiting: Vec<Mention>,
}

/// How many mentions are entered together, or a few more.
const TOGETHER: usize = 64;

/// Where a party stands, and half of its hash, so that others are passed over unseen.
struct Slot {
    half: u32,
    place: u32,
}

/// A party; it takes one line of a processor's cache.
#[repr(align(64))]
struct Party {
    hash: u64,
    id: PartyId,
    /// The first entry that names it.
    named: Option<u64>,
    /// What it is declared to be, and by which entry.
    declared: Option<(PartyKind, u64)>,
}

/// A party where an entry names or declares it.
struct Mention {
    number: u64,
    id: PartyId,
    hash: u64,
    declared: Option<PartyKind>,
}

/// A hash to look up by; whatever has the same is looked at itself.
pub(super) fn hash_of(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(text.as_bytes());
    hasher.finish()
}

fn half(hash: u64) -> u32 {
    u32::try_from(hash & u64::from(u32::MAX)).unwrap_or_default()
}

impl Parties {
    /// What several threads have read, as one; none where a party is declared to be two things, or named before it is
    /// declared.
    pub(super) fn together(read: Vec<Self>) -> Option<Self> {
        let mut read = read.into_iter();
        let mut all = read.next()?;
        all.enter_waiting()?;
        for mut next in read {
            next.enter_waiting()?;
            for party in &next.all {
                all.join(party)?;
            }
        }
        let is_declared = |party: &Party| match (party.named, party.declared) {
            (Some(named), Some((_, by))) => by < named,
            (named, None) => named.is_none(),
            (None, Some(_)) => true,
        };
        all.all.iter().all(is_declared).then_some(all)
    }

    /// What a party is declared to be, and by which entry.
    pub(super) fn declared(&self, id: &PartyId) -> Option<(PartyKind, u64)> {
        self.all[self.place(hash_of(id.as_str()), id)?].declared
    }

    /// Enters what an act says, soon; none where one declares a party to be what it is not.
    pub(super) fn enter(&mut self, number: u64, deed: &Deed) -> Option<()> {
        let mut mention = |id: &PartyId, declared| {
            self.waiting.push(Mention { number, id: id.clone(), hash: hash_of(id.as_str()), declared });
        };
        if let Deed::EntityCreated { subject, party, .. } = deed {
            mention(subject, Some(*party));
        } else {
            deed.each_party(|id| mention(id, None));
        }
        if self.waiting.len() < TOGETHER { Some(()) } else { self.enter_waiting() }
    }

    fn enter_waiting(&mut self) -> Option<()> {
        let mut waiting = std::mem::take(&mut self.waiting);
        // First where they likely stand, then what stands there: none of these waits for another.
        let places: Vec<Option<usize>> =
            waiting.iter().map(|mention| self.likely_place(mention.hash)).collect();
        let known = |(place, mention): (&Option<usize>, &Mention)| {
            place.filter(|place| self.all[*place].id == mention.id)
        };
        let known: Vec<Option<usize>> = places.iter().zip(&waiting).map(known).collect();
        for (mention, place) in waiting.drain(..).zip(known) {
            let place = place.unwrap_or_else(|| self.place_or_new(mention.hash, &mention.id));
            self.all[place].enter(mention.number, mention.declared)?;
        }
        self.waiting = waiting;
        Some(())
    }

    /// Enters what another thread has read of a party.
    fn join(&mut self, next: &Party) -> Option<()> {
        let place = self.place_or_new(next.hash, &next.id);
        let known = &mut self.all[place];
        known.named = known.named.into_iter().chain(next.named).min();
        let Some((kind, by)) = next.declared else { return Some(()) };
        let declared = known.declared.get_or_insert((kind, by));
        declared.1 = declared.1.min(by);
        (declared.0 == kind).then_some(())
    }

    fn likely_place(&self, hash: u64) -> Option<usize> {
        self.slots.find(hash, |slot| slot.half == half(hash)).map(|slot| slot.place as usize)
    }

    fn place(&self, hash: u64, id: &PartyId) -> Option<usize> {
        let is_it = |slot: &Slot| slot.half == half(hash) && self.all[slot.place as usize].id == *id;
        self.slots.find(hash, is_it).map(|slot| slot.place as usize)
    }

    fn place_or_new(&mut self, hash: u64, id: &PartyId) -> usize {
        if let Some(place) = self.place(hash, id) {
            return place;
        }
        let place = u32::try_from(self.all.len()).expect("fewer parties than fit into memory");
        self.all.push(Party { id: id.clone(), hash, named: None, declared: None });
        let all = &self.all;
        self.slots
            .insert_unique(hash, Slot { half: half(hash), place }, |slot| all[slot.place as usize].hash);
        place as usize
    }
}

impl Party {
    fn enter(&mut self, number: u64, declared: Option<PartyKind>) -> Option<()> {
        let Some(kind) = declared else {
            self.named.get_or_insert(number);
            return Some(());
        };
        let declared = self.declared.get_or_insert((kind, number));
        (declared.0 == kind).then_some(())
    }
}
