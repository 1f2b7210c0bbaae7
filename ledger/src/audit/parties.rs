//! Which parties are named and declared, and where first, whichever thread reads what.
//!
//! An act may name a party once it is declared. So it is enough to know, for each party, the first entry that names it
//! and the first that declares it.

use std::hash::BuildHasher;
use std::sync::{LazyLock, Mutex};

use foldhash::quality::RandomState;
use hashbrown::HashTable;

use crate::act::{Deed, PartyKind};
use crate::party::PartyId;

/// In so many parts parties are kept, by their hashes: so threads seldom wait for one another.
const SHARES: usize = 16;

/// Every party that entries name or declare.
#[derive(Default)]
pub(super) struct Parties([Mutex<Share>; SHARES]);

/// What some entries say of parties, to be entered together: a ledger may know more parties than a processor can keep at
/// hand, and what it fetches for one mention need not wait for another.
#[derive(Default)]
pub(super) struct Mentions([Vec<Mention>; SHARES]);

/// A party where an entry names or declares it.
struct Mention {
    number: u64,
    id: PartyId,
    hash: u64,
    declared: Option<PartyKind>,
}

#[derive(Default)]
struct Share {
    slots: HashTable<Slot>,
    all: Vec<Party>,
}

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
    /// What it is declared to be, and by which entry first.
    declared: Option<(PartyKind, u64)>,
}

/// A hash to look up by, another in each process; whatever has the same is looked at itself.
pub(super) fn hash_of(text: &str) -> u64 {
    static KEYED: LazyLock<RandomState> = LazyLock::new(RandomState::default);
    KEYED.hash_one(text.as_bytes())
}

fn half(hash: u64) -> u32 {
    u32::try_from(hash & u64::from(u32::MAX)).unwrap_or_default()
}

/// The share of a hash, told by bits that nothing else is told by.
fn share(hash: u64) -> usize {
    usize::try_from(hash >> u32::BITS).unwrap_or_default() % SHARES
}

impl Mentions {
    /// Adds what an act says.
    pub(super) fn add(&mut self, number: u64, deed: &Deed) {
        let mut mention = |id: &PartyId, declared| {
            let hash = hash_of(id.as_str());
            self.0[share(hash)].push(Mention { number, id: id.clone(), hash, declared });
        };
        if let Deed::EntityCreated { subject, party, .. } = deed {
            mention(subject, Some(*party));
        } else {
            deed.each_party(|id| mention(id, None));
        }
    }
}

impl Parties {
    /// Enters what some entries say, all of it; none where one declares a party to be what it is not.
    pub(super) fn enter(&self, mentions: &mut Mentions) -> Option<()> {
        for (share, mentions) in self.0.iter().zip(&mut mentions.0) {
            share.lock().ok()?.enter(mentions)?;
            mentions.clear();
        }
        Some(())
    }

    /// Whether each party was declared before it was named; asked once every entry has been entered.
    pub(super) fn are_declared(&self) -> bool {
        self.0.iter().all(|share| share.lock().is_ok_and(|share| share.all.iter().all(Party::is_declared)))
    }

    /// What a party is declared to be, and by which entry.
    pub(super) fn declared(&self, id: &PartyId) -> Option<(PartyKind, u64)> {
        let hash = hash_of(id.as_str());
        let share = self.0[share(hash)].lock().ok()?;
        share.all[share.place(hash, id)?].declared
    }
}

impl Share {
    fn enter(&mut self, mentions: &[Mention]) -> Option<()> {
        // First where they likely stand, then what stands there: none of these waits for another.
        let places: Vec<Option<usize>> =
            mentions.iter().map(|mention| self.find(mention.hash, |_| true)).collect();
        let known = |(place, mention): (&Option<usize>, &Mention)| {
            place.filter(|place| self.all[*place].id == mention.id)
        };
        let known: Vec<Option<usize>> = places.iter().zip(mentions).map(known).collect();
        for (mention, place) in mentions.iter().zip(known) {
            let place = place.unwrap_or_else(|| self.place_or_new(mention.hash, &mention.id));
            self.all[place].enter(mention)?;
        }
        Some(())
    }

    /// Where the party of an id stands, if it is there.
    fn place(&self, hash: u64, id: &PartyId) -> Option<usize> {
        self.find(hash, |place| self.all[place].id == *id)
    }

    /// The first place of this hash, as far as its half tells, that is the one.
    fn find(&self, hash: u64, is_it: impl Fn(usize) -> bool) -> Option<usize> {
        let found = self.slots.find(hash, |slot| slot.half == half(hash) && is_it(slot.place as usize));
        found.map(|slot| slot.place as usize)
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
    /// Enters what an entry says; entries come in any order.
    fn enter(&mut self, mention: &Mention) -> Option<()> {
        let Some(kind) = mention.declared else {
            self.named = self.named.or(Some(mention.number)).min(Some(mention.number));
            return Some(());
        };
        let declared = self.declared.get_or_insert((kind, mention.number));
        declared.1 = declared.1.min(mention.number);
        (declared.0 == kind).then_some(())
    }

    fn is_declared(&self) -> bool {
        match (self.named, self.declared) {
            (Some(named), Some((_, by))) => by < named,
            (named, None) => named.is_none(),
            (None, Some(_)) => true,
        }
    }
}
