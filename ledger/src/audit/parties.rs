//! Which parties are named and declared, and where first: told in one pass, whichever thread reads what.
//!
//! An act may name a party once it is declared. So it is enough to know, for each party, the first entry that names it
//! and the first that declares it.

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
struct Mention<'a> {
    number: u64,
    id: &'a PartyId,
    hash: u64,
    declared: Option<PartyKind>,
}

/// A hash to look up by; whatever has the same is looked at itself.
pub(super) fn hash_of(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(text.as_bytes());
    hasher.finish()
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
        if self.places.is_empty() {
            return None;
        }
        self.at(self.places[self.slot(hash_of(id.as_str()), Some(id))])?.declared
    }

    /// Enters what an entry says, soon; none where one declares a party to be what it is not.
    pub(super) fn enter(&mut self, number: u64, act: Box<Act>) -> Option<()> {
        self.waiting.push((number, act));
        if self.waiting.len() < TOGETHER { Some(()) } else { self.enter_waiting() }
    }

    fn enter_waiting(&mut self) -> Option<()> {
        let mut waiting = std::mem::take(&mut self.waiting);
        let mut mentions = Vec::with_capacity(3 * waiting.len());
        for (number, act) in &waiting {
            mention(*number, &act.deed, &mut mentions);
        }
        // First where they stand, then what stands there: none of these waits for another.
        let places: Vec<u32> = mentions.iter().map(|mention| self.place(mention.hash)).collect();
        let likely: Vec<Option<u32>> = places
            .iter()
            .zip(&mentions)
            .map(|(place, mention)| {
                self.at(*place).filter(|party| party.hash == mention.hash).map(|_| *place)
            })
            .collect();
        for (mention, likely) in mentions.into_iter().zip(likely) {
            self.enter_mention(&mention, likely)?;
        }
        waiting.clear();
        self.waiting = waiting;
        Some(())
    }

    fn enter_mention(&mut self, mention: &Mention<'_>, likely: Option<u32>) -> Option<()> {
        let number = mention.number;
        let party = self.party(mention.hash, mention.id, likely);
        let Some(kind) = mention.declared else {
            party.named.get_or_insert(number);
            return Some(());
        };
        let declared = party.declared.get_or_insert((kind, number));
        (declared.0 == kind).then_some(())
    }

    /// Enters what another thread has read of a party.
    fn join(&mut self, next: &Party) -> Option<()> {
        let known = self.party(next.hash, &next.id, None);
        known.named = known.named.into_iter().chain(next.named).min();
        let Some((kind, by)) = next.declared else { return Some(()) };
        let declared = known.declared.get_or_insert((kind, by));
        declared.1 = declared.1.min(by);
        (declared.0 == kind).then_some(())
    }

    /// The party of an id, where it likely stands or elsewhere; it is added where it is not there yet.
    fn party(&mut self, hash: u64, id: &PartyId, likely: Option<u32>) -> &mut Party {
        let place = match likely {
            Some(place) if self.at(place).is_some_and(|party| party.id == *id) => place,
            Some(_) | None => self.place_or_new(hash, id),
        };
        &mut self.all[place as usize - 1]
    }

    fn place_or_new(&mut self, hash: u64, id: &PartyId) -> u32 {
        if 2 * self.all.len() >= self.places.len() {
            self.grow();
        }
        let slot = self.slot(hash, Some(id));
        if self.places[slot] == 0 {
            self.all.push(Party { id: id.clone(), hash, named: None, declared: None });
            self.places[slot] = u32::try_from(self.all.len()).expect("fewer parties than fit into memory");
        }
        self.places[slot]
    }

    /// What stands first where a hash leads.
    fn place(&self, hash: u64) -> u32 {
        self.places.get(self.first_slot(hash)).copied().unwrap_or_default()
    }

    fn at(&self, place: u32) -> Option<&Party> {
        self.all.get((place as usize).checked_sub(1)?)
    }

    fn first_slot(&self, hash: u64) -> usize {
        usize::try_from(hash).unwrap_or(usize::MAX) & self.places.len().wrapping_sub(1)
    }

    /// The slot of a party, or the free one where it belongs; that of no party is always a free one.
    fn slot(&self, hash: u64, id: Option<&PartyId>) -> usize {
        let mut slot = self.first_slot(hash);
        while let Some(party) = self.at(self.places[slot]) {
            if party.hash == hash && Some(&party.id) == id {
                break;
            }
            slot = (slot + 1) & (self.places.len() - 1);
        }
        slot
    }

    fn grow(&mut self) {
        self.places = vec![0; (2 * self.places.len()).max(1024)];
        for (place, party) in (1..).zip(&self.all) {
            let slot = self.slot(party.hash, None);
            self.places[slot] = place;
        }
    }
}

/// Lists the parties that a deed names, or the one that it declares.
fn mention<'a>(number: u64, deed: &'a Deed, mentions: &mut Vec<Mention<'a>>) {
    let of = |id: &'a PartyId, declared| Mention { number, id, hash: hash_of(id.as_str()), declared };
    if let Deed::EntityCreated { subject, party, .. } = deed {
        mentions.push(of(subject, Some(*party)));
    } else {
        deed.each_party(|id| mentions.push(of(id, None)));
    }
}
