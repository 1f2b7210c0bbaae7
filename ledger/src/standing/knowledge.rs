//! What the register knew: its acts as corrected, moved, retracted, denied and disputed up to an entry.
//!
//! Nothing is ever changed. An act about the register (`act.corrected` and its like) is itself an entry, and so
//! can be corrected or retracted. Every such act comes after the one that it is about; settling them from the
//! last to the first therefore needs no second look.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::abreast::abreast;
use crate::act::{Act, ActId, ActRef, Deed};
use crate::date::Instant;
use crate::entry::Hash;
use crate::party::PartyId;

/// An act as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The number of its entry.
    pub number: u64,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// Whether that instant was asserted.
    pub asserted: bool,
    /// The hash of its entry.
    pub hash: Hash,
    /// The act.
    pub act: Box<Act>,
}

/// Whether an act counts, and if not, through which entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// It counts.
    Counts,
    /// The register should not have held it.
    Retracted {
        /// The entry that retracted it.
        by: u64,
    },
    /// The world called it off before it took effect.
    Cancelled {
        /// The entry that says so.
        by: u64,
    },
    /// The party that is said to have done it denies it.
    Denied {
        /// The entry that says so.
        by: u64,
    },
}

/// An act as the register knew it.
#[derive(Debug, Clone)]
pub struct Known<'a> {
    /// The act as it was first recorded.
    pub entry: &'a Recorded,
    /// The act as corrected and moved since.
    pub act: Cow<'a, Box<Act>>,
    /// Whether it counts.
    pub status: Status,
    /// The entries that corrected or moved it, in order.
    pub amended_by: Vec<u64>,
    /// Who disputes or denies it, and in which entry.
    pub contested_by: Vec<(PartyId, u64)>,
    /// The entries that confirm it.
    pub confirmed_by: Vec<u64>,
}

impl Known<'_> {
    /// The entries that make the act what it is: its own and those that amended it.
    #[must_use]
    pub fn entries(&self) -> Vec<u64> {
        std::iter::once(self.entry.number).chain(self.amended_by.iter().copied()).collect()
    }

    /// Whether it counts.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.status == Status::Counts
    }
}

/// What the register knew after some entry: of all its acts, or of those that a question is about with every act
/// about them.
#[derive(Debug)]
pub struct Knowledge<'a> {
    /// Every act, in the order of the entries.
    pub acts: Vec<Known<'a>>,
}

impl<'a> Knowledge<'a> {
    /// What the register knew after the last of these entries.
    #[must_use]
    pub fn of(entries: &'a [Recorded]) -> Self {
        let later: Vec<&Recorded> =
            entries.iter().filter(|entry| entry.act.deed.target().is_some()).collect();
        let about = acts_about(entries, &later);
        let mut settled: BTreeMap<u64, Known<'a>> = BTreeMap::new();
        for entry in later.into_iter().rev() {
            let known = settle(entry, about.get(&entry.number), &settled);
            settled.insert(entry.number, known);
        }
        let (about, settled) = (&about, &settled);
        let acts = abreast(
            entries.iter().collect(),
            |_, _| true,
            |share| {
                let settle = |entry: &'a Recorded| match settled.get(&entry.number) {
                    Some(known) => known.clone(),
                    None => settle(entry, about.get(&entry.number), settled),
                };
                share.into_iter().map(settle).collect()
            },
        );
        Self { acts }
    }

    /// The entries that amended an act and are contested, each with who contests it.
    pub(crate) fn contested_amendments(&self, known: &Known<'_>) -> Vec<(u64, PartyId)> {
        let amendments = known.amended_by.iter().filter_map(|number| self.act(*number));
        let contested = amendments.flat_map(|known| known.contested_by.iter().map(move |by| (known, by)));
        contested.map(|(known, (party, _))| (known.entry.number, party.clone())).collect()
    }

    /// The act of an entry.
    #[must_use]
    pub fn act(&self, number: u64) -> Option<&Known<'a>> {
        // Where nothing is left out, it is where its number says.
        let place = self.acts.first().and_then(|first| number.checked_sub(first.entry.number));
        let there = place.and_then(|place| self.acts.get(usize::try_from(place).ok()?));
        there.filter(|known| known.entry.number == number).or_else(|| {
            let place = self.acts.binary_search_by_key(&number, |known| known.entry.number).ok()?;
            self.acts.get(place)
        })
    }
}

/// For each entry, the numbers of the entries about it, in order; these are all that are about another.
fn acts_about(entries: &[Recorded], later: &[&Recorded]) -> BTreeMap<u64, Vec<u64>> {
    // Of all ids only those matter that something refers to.
    let referred: BTreeSet<&ActId> = later
        .iter()
        .filter_map(|entry| match entry.act.deed.target() {
            Some(ActRef::Id(id)) => Some(id),
            Some(ActRef::Number(_)) | None => None,
        })
        .collect();
    // The first act that has an id.
    let of_id = abreast(
        entries.iter().collect(),
        |_, _| true,
        |share: Vec<&Recorded>| {
            let referred_to = |entry: &Recorded| Some((*referred.get(entry.act.id.as_ref()?)?, entry.number));
            share.into_iter().filter_map(referred_to).collect()
        },
    );
    let mut ids: BTreeMap<&ActId, u64> = BTreeMap::new();
    for (id, number) in of_id {
        ids.entry(id).or_insert(number);
    }
    let mut about: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for entry in later {
        let target = match entry.act.deed.target() {
            Some(ActRef::Number(number)) => Some(*number),
            Some(ActRef::Id(id)) => ids.get(id).copied(),
            None => None,
        };
        // A forged ledger may refer forward; a reference is to an earlier act or to nothing.
        if let Some(target) = target.filter(|target| *target < entry.number) {
            about.entry(target).or_default().push(entry.number);
        }
    }
    about
}

/// One act, with everything about it that counts.
pub(crate) fn settle<'a>(
    entry: &'a Recorded,
    about: Option<&Vec<u64>>,
    settled: &BTreeMap<u64, Known<'a>>,
) -> Known<'a> {
    let mut known = Known {
        entry,
        act: Cow::Borrowed(&entry.act),
        status: Status::Counts,
        amended_by: Vec::new(),
        contested_by: Vec::new(),
        confirmed_by: Vec::new(),
    };
    let later = about.into_iter().flatten().filter_map(|number| settled.get(number));
    for later in later.filter(|later| later.counts()) {
        known.hear(later.entry.number, &later.act);
    }
    known
}

impl Known<'_> {
    /// Applies one later act about this one.
    #[allow(clippy::wildcard_enum_match_arm, reason = "only acts that refer to another are heard")]
    pub(crate) fn hear(&mut self, number: u64, later: &Act) {
        match &later.deed {
            Deed::ActCorrected { set, .. } => {
                // What does not fit was refused when it came in; in a forged ledger it changes nothing.
                if let Ok(act) = self.act.amended(set) {
                    self.act = Cow::Owned(Box::new(act));
                    self.amended_by.push(number);
                }
            }
            Deed::ActRescheduled { .. } => {
                self.act.to_mut().effective.clone_from(&later.effective);
                self.amended_by.push(number);
            }
            Deed::ActRetracted { .. } => self.status = Status::Retracted { by: number },
            Deed::ActCancelled { .. } => self.status = Status::Cancelled { by: number },
            Deed::ActDenied { actor, .. } if self.act.deed.actor() == Some(actor) => {
                self.status = Status::Denied { by: number };
            }
            Deed::ActDenied { actor, .. } | Deed::ActDisputed { actor, .. } => {
                self.contested_by.push((actor.clone(), number));
            }
            Deed::ActConfirmed { .. } => self.confirmed_by.push(number),
            _ => {}
        }
    }
}
