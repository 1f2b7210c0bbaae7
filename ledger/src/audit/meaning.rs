//! What the entries of a sound ledger mean together, settled once all have been read: no id twice, no reference that
//! leads nowhere, no correction after which an act would be none.
//!
//! Of each id its hash is kept, eight bytes. Where two are the same, the ids themselves are looked at: so no id stands
//! twice unseen, and no two ids are taken for one.

use std::collections::BTreeSet;

use crate::abreast::{side_by_side, threads};
use crate::act::{Act, Deed, Submitted};
use crate::archive::named_in;
use crate::entry::Entry;
use crate::journal::Records;
use crate::party::PartyId;
use crate::roll::Roll;

use super::parties::Parties;
use super::stretch::{About, NO_ID, STRIDE, Stretch, Target, id_hash};

/// What is kept of every entry until all have been read.
#[derive(Default)]
pub(super) struct Gathered {
    /// The hash of the id of each act, stretch by stretch: one long list would be copied whenever it has to grow.
    ids: Vec<Box<[u64]>>,
    /// Where every so many-th entry begins.
    milestones: Vec<u64>,
    about: Vec<About>,
}

/// The ids are sorted in as many parts, a few at a time: so little more memory is needed than they take.
const PARTS: u32 = 16;

/// An id that some reference may mean: its hash, and the entries whose acts may have it.
type Holder = (u64, u64);

impl Gathered {
    pub(super) fn add(&mut self, next: Stretch) {
        self.ids.push(next.ids.into_boxed_slice());
        self.milestones.extend(next.milestones);
        self.about.extend(next.about);
    }

    /// Whether all of it holds together; none where it does not, or cannot be told.
    pub(super) fn settle(self, parties: &Parties, records: &Records) -> Option<()> {
        let journal = Journal { records, milestones: &self.milestones };
        let mut wanted: Vec<u64> = self.about.iter().filter_map(About::id).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let holders = side_by_side((0..PARTS.into()).collect(), |part| self.hold(part, &wanted, &journal));
        let holders: Vec<Holder> = holders.into_iter().collect::<Option<Vec<_>>>()?.concat();
        let mut about = Vec::with_capacity(self.about.len());
        for later in &self.about {
            about.push((journal.target(later, &holders)?, later.number));
        }
        let corrects = self.about.iter().map(|later| later.corrects);
        let corrections = about.iter().zip(corrects).filter(|(_, corrects)| *corrects);
        let corrections: Vec<(u64, u64)> = corrections.map(|(case, _)| *case).collect();
        about.sort_unstable();
        let cases = Cases { journal, about, parties };
        cases.are_sound(&corrections)
    }

    /// Looks at the ids of a part: gives the holders of those that are wanted; none where an id stands twice.
    fn hold(&self, part: u64, wanted: &[u64], journal: &Journal<'_>) -> Option<Vec<Holder>> {
        let mut holders = Vec::new();
        let part_of = |hash: u64| hash >> (u64::BITS - PARTS.ilog2());
        let ids = (1..)
            .zip(self.ids.iter().flatten())
            .filter(|(_, hash)| part_of(**hash) == part && **hash != NO_ID);
        // Hashes are spread evenly: with a little room to spare, the list need not grow, which takes it twice.
        let all: usize = self.ids.iter().map(|ids| ids.len()).sum();
        let mut sorted: Vec<Holder> = Vec::with_capacity(all / PARTS as usize * 17 / 16 + 64);
        sorted.extend(ids.map(|(number, hash)| (*hash, number)));
        sorted.sort_unstable_by_key(|holder| holder.0);
        for same in sorted.chunk_by(|one, other| one.0 == other.0).filter(|same| same.len() > 1) {
            journal.are_different(same)?;
        }
        for hash in wanted.iter().filter(|hash| part_of(**hash) == part) {
            let from = sorted.partition_point(|holder| holder.0 < *hash);
            holders.extend(sorted[from..].iter().take_while(|holder| holder.0 == *hash));
        }
        Some(holders)
    }
}

impl About {
    fn id(&self) -> Option<u64> {
        match self.target {
            Target::Id(hash) => Some(hash),
            Target::Number(_) => None,
        }
    }
}

/// The journal, to look at single entries again.
#[derive(Clone, Copy)]
struct Journal<'a> {
    records: &'a Records,
    milestones: &'a [u64],
}

impl Journal<'_> {
    fn act(&self, number: u64) -> Option<Act> {
        let before = number.checked_sub(1)?;
        let offset = *self.milestones.get(usize::try_from(before / STRIDE).ok()?)?;
        let entry = self.records.nth(offset, before % STRIDE).ok()?;
        Some(*Entry::decode(&entry).ok()?.act)
    }

    /// Looks at acts whose ids have the same hash; none where two have the same id.
    fn are_different(&self, same: &[Holder]) -> Option<()> {
        let ids = same.iter().map(|(_, number)| self.act(*number)?.id).collect::<Option<BTreeSet<_>>>()?;
        (ids.len() == same.len()).then_some(())
    }

    /// The earlier entry that one is about; none where there is none.
    fn target(&self, later: &About, holders: &[Holder]) -> Option<u64> {
        match later.target {
            Target::Number(number) => (number < later.number).then_some(number),
            Target::Id(hash) => {
                let from = holders.partition_point(|holder| holder.0 < hash);
                let mut same = holders[from..].iter().take_while(|holder| holder.0 == hash);
                let (first, more) = (same.next()?.1, same.next());
                let found = match more {
                    None => first,
                    Some(_) => self.holder(later.number, &holders[from..])?,
                };
                (found < later.number).then_some(found)
            }
        }
    }

    /// The one of some entries whose act has the very id that another refers to.
    fn holder(&self, later: u64, holders: &[Holder]) -> Option<u64> {
        let act = self.act(later)?;
        let reference = act.deed.target()?.to_string();
        let hash = id_hash(&reference);
        let mut same = holders.iter().take_while(|holder| holder.0 == hash).map(|(_, number)| *number);
        same.find(|number| {
            self.act(*number).and_then(|act| act.id).is_some_and(|id| id.as_str() == reference)
        })
    }
}

/// The acts that others are about.
struct Cases<'a> {
    journal: Journal<'a>,
    /// Each act that another is about, and that other; in order.
    about: Vec<(u64, u64)>,
    parties: &'a Parties,
}

impl Cases<'_> {
    /// Whether after each correction there is a sound act.
    fn are_sound(&self, corrections: &[(u64, u64)]) -> Option<()> {
        let all = |share: &[(u64, u64)]| {
            share.iter().try_for_each(|(target, number)| self.is_sound(*target, *number))
        };
        // In more shares than there are threads, so that all of them end together.
        let share = corrections.len().div_ceil(16 * threads()).max(1);
        side_by_side(corrections.chunks(share).collect(), all).into_iter().collect()
    }

    /// Checks a correction as it would be checked if it were new: against the act that it corrects, with all that was
    /// said of that before.
    fn is_sound(&self, target: u64, number: u64) -> Option<()> {
        let correction = self.journal.act(number)?;
        let mut acts = Vec::new();
        for earlier in self.reached(target, number) {
            acts.push((earlier, self.journal.act(earlier)?));
        }
        let mut roll = Roll::default();
        let mut parties: BTreeSet<PartyId> = BTreeSet::new();
        for act in acts.iter().map(|(_, act)| act).chain([&correction]) {
            act.deed.each_party(|party| {
                parties.insert(party.clone());
            });
            if let Deed::ActCorrected { set, .. } = &act.deed {
                parties.extend(named_in(set));
            }
        }
        for (earlier, act) in &acts {
            roll.enter_as(*earlier, act);
        }
        for party in parties {
            if let Some((kind, by)) = self.parties.declared(&party).filter(|(_, by)| *by < number) {
                roll.declare(party, kind, by);
            }
        }
        roll.set_count(number - 1);
        let recorded = |wanted: u64| {
            let place = acts.binary_search_by_key(&wanted, |(earlier, _)| *earlier).ok()?;
            acts.get(place).map(|(_, act)| act.clone())
        };
        roll.check(&[Submitted::from(correction)], &recorded).ok().map(drop)
    }

    /// An entry, and every entry before a correction that is about it, or about one of those; in order.
    fn reached(&self, target: u64, correction: u64) -> BTreeSet<u64> {
        let mut reached = BTreeSet::from([target]);
        let mut waiting = vec![target];
        while let Some(next) = waiting.pop() {
            let from = self.about.partition_point(|(target, _)| *target < next);
            let about = self.about[from..].iter().take_while(|(target, _)| *target == next);
            for (_, later) in about.filter(|(_, later)| *later < correction) {
                if reached.insert(*later) {
                    waiting.push(*later);
                }
            }
        }
        reached
    }
}
