//! Which parties are named and declared, and where first: told in one pass, whichever thread reads what.
//!
//! An act may name a party once it is declared. So it is enough to know, for each party, the first entry that names it
//! and the first that declares it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};

use crate::act::{Act, Deed, PartyKind};
use crate::party::PartyId;

/// What some entries say of parties; they come in their order.
#[derive(Default)]
pub(super) struct Parties {
    /// Where in `all` a party stands, plus one, by its hash; 0 where none does. At most half are taken.
    places: Vec<u32>,
    all: Vec<Party>,
    /// Entries that wait to be entered. A ledger may know more parties than a processor can keep at hand: those of
    /// several entries are waited for together.
    waiting: Vec<(u64, Box<Act>)>,
}

/// How many entries are entered together.
const TOGETHER: usize = 32;

struct Party {
    hash: u64,
    id: PartyId,
    /// The first entry that names it.
    named: Option<u64>,
    /// What it is declared to be, and by which entry.
    declared: Option<(PartyKind, u64)>,
}

/// Every party that is declared: as what, and by which entry.
pub(super) type Declared = BTreeMap<PartyId, (PartyKind, u64)>;

/// A hash to look up by; whatever has the same is looked at itself.
pub(super) fn hash_of(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(text.as_bytes());
    hasher.finish()
}

impl Parties {
    /// Enters what an entry says, soon; none where one declares a party to be what it is not.
    pub(super) fn enter(&mut self, number: u64, act: Box<Act>) -> Option<()> {
        self.waiting.push((number, act));
        if self.waiting.len() < TOGETHER { Some(()) } else { self.enter_waiting() }
    }

    fn enter_waiting(&mut self) -> Option<()> {
        let mut waiting = std::mem::take(&mut self.waiting);
        for (number, act) in &waiting {
            self.enter_deed(*number, &act.deed)?;
        }
        waiting.clear();
        self.waiting = waiting;
        Some(())
    }

    fn enter_deed(&mut self, number: u64, deed: &Deed) -> Option<()> {
        if let Deed::EntityCreated { subject, party, .. } = deed {
            let declared = self.party(subject).declared.get_or_insert((*party, number));
            return (declared.0 == *party).then_some(());
        }
        deed.each_party(|id| {
            self.party(id).named.get_or_insert(number);
        });
        Some(())
    }

    fn party(&mut self, id: &PartyId) -> &mut Party {
        if 2 * self.all.len() >= self.places.len() {
            self.grow();
        }
        let hash = hash_of(id.as_str());
        let slot = self.slot(hash, Some(id));
        if self.places[slot] == 0 {
            self.all.push(Party { id: id.clone(), hash, named: None, declared: None });
            self.places[slot] = u32::try_from(self.all.len()).expect("fewer parties than fit into memory");
        }
        &mut self.all[self.places[slot] as usize - 1]
    }

    /// The slot of a party, or the free one where it belongs; that of no party is always a free one.
    fn slot(&self, hash: u64, id: Option<&PartyId>) -> usize {
        let mask = self.places.len() - 1;
        let mut slot = usize::try_from(hash).unwrap_or(usize::MAX) & mask;
        loop {
            let Some(place) = self.places[slot].checked_sub(1) else { return slot };
            let party = &self.all[place as usize];
            if party.hash == hash && Some(&party.id) == id {
                return slot;
            }
            slot = (slot + 1) & mask;
        }
    }

    fn grow(&mut self) {
        self.places = vec![0; (2 * self.places.len()).max(1024)];
        for (place, party) in (1..).zip(&self.all) {
            let slot = self.slot(party.hash, None);
            self.places[slot] = place;
        }
    }
}

/// Every party declared by what several threads have read; none where one is declared to be two things, or named
/// before it is declared.
pub(super) fn declared(mut read: Vec<Parties>) -> Option<Declared> {
    for parties in &mut read {
        parties.enter_waiting()?;
    }
    let mut declared = Declared::new();
    let mut named = Vec::new();
    for party in read.into_iter().flat_map(|parties| parties.all) {
        if let Some((kind, number)) = party.declared {
            let known = declared.entry(party.id.clone()).or_insert((kind, number));
            if known.0 != kind {
                return None;
            }
            known.1 = known.1.min(number);
        }
        named.extend(party.named.map(|number| (party.id, number)));
    }
    let is_declared = |(id, number): &(PartyId, u64)| declared.get(id).is_some_and(|(_, by)| by < number);
    named.iter().all(is_declared).then_some(declared)
}
