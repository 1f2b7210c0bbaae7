//! What is left of a ledger when a copy is damaged: every entry that either copy still holds.
//!
//! An entry names the hash of the one before it, so the last entry of all determines every other: whatever has the
//! hash that its successor names *is* that entry, wherever it was found. So the entries are gathered from both
//! copies and chosen from the last to the first. Only the last has no successor; a checksum of the journal or a
//! frame of the store must vouch for it, and the copies must not name two.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;

use crate::chain::{Followed, Head, Sealed};
use crate::entry::Hash;
use crate::journal::salvage::{Salvage, salvage};
use crate::store::scan::entries_of;

/// Numbers of entries that are lost, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lost {
    /// Runs of entries, each from its first to its last.
    pub runs: Vec<(u64, u64)>,
    /// The first of those at the end that are lost; nobody knows how many followed it.
    pub from: Option<u64>,
}

/// `4, 7 to 9, and all from 12 on`
impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs = self.runs.iter().map(|(first, last)| match last - first {
            0 => first.to_string(),
            _ => format!("{first} to {last}"),
        });
        let all = runs.chain(self.from.map(|from| format!("{from} and whatever followed it")));
        f.write_str(&all.collect::<Vec<_>>().join(", "))
    }
}

impl Lost {
    fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.from.is_none()
    }

    fn add(&mut self, first: u64, last: u64) {
        if first <= last {
            self.runs.push((first, last));
        }
    }
}

/// Why the entries of a ledger cannot all be had from what is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotWhole {
    /// Neither copy holds these.
    Lost(Lost),
    /// Each copy holds a history of its own.
    Differ {
        /// The first entry in which they differ.
        entry: u64,
        /// Its hash in the journal.
        journal: Hash,
        /// Its hash in the store.
        store: Hash,
    },
}

/// The entries that either copy still holds.
#[derive(Debug, Default)]
pub struct Remains {
    /// By number; of one number there may be several.
    found: BTreeMap<u64, Vec<Followed>>,
    journal: Option<Head>,
    store: Option<Head>,
    lost_end: Option<u64>,
}

impl Remains {
    /// Gathers what a journal and the files of a store hold.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn gather(journal: &Path, store: &Path) -> io::Result<Self> {
        let Salvage { entries, unvouched, last, lost_end, .. } = salvage(journal)?;
        let (framed, loose) = entries_of(store)?;
        let last_framed = framed.iter().max_by_key(|(sealed, _)| sealed.number);
        let mut remains = Self {
            store: last_framed.map(|(sealed, _)| sealed.head()),
            journal: last,
            lost_end,
            found: BTreeMap::new(),
        };
        for followed in entries.into_iter().chain(framed).chain(unvouched).chain(loose) {
            let same = remains.found.entry(followed.0.number).or_default();
            if same.iter().all(|(known, _)| known.hash != followed.0.hash) {
                same.push(followed);
            }
        }
        Ok(remains)
    }

    /// All entries of the ledger, in order.
    ///
    /// # Errors
    /// [`NotWhole`].
    pub fn whole(&self) -> Result<Vec<Followed>, NotWhole> {
        let (journal, store) = (self.journal.unwrap_or(Head::EMPTY), self.store.unwrap_or(Head::EMPTY));
        let top = if store.number > journal.number { store } else { journal };
        let (chain, mut lost) = self.chain_to(&top);
        self.check_agree(&chain, &journal, &store)?;
        lost.from = self.lost_end.filter(|from| *from > top.number);
        if lost.is_empty() { Ok(chain.into_values().cloned().collect()) } else { Err(NotWhole::Lost(lost)) }
    }

    /// The entries that lead to a head, by number, chosen from the last to the first; and those that are lost.
    fn chain_to(&self, top: &Head) -> (BTreeMap<u64, &Followed>, Lost) {
        let mut chain = BTreeMap::new();
        let mut lost = Lost::default();
        let (mut next, mut named) = (top.number, Some(top.hash));
        for (&number, same) in self.found.range(..=top.number).rev().filter(|(number, _)| **number > 0) {
            if number < next {
                lost.add(number + 1, next);
                named = None;
            }
            let begins = |sealed: &Sealed| number > 1 || sealed.previous == Hash::NONE;
            let fits = |sealed: &Sealed| named.is_none_or(|hash| sealed.hash == hash) && begins(sealed);
            let chosen = same.iter().find(|(sealed, _)| fits(sealed));
            named = chosen.map(|(sealed, _)| sealed.previous);
            if let Some(followed) = chosen {
                chain.insert(number, followed);
            } else {
                lost.add(number, number);
            }
            next = number - 1;
        }
        lost.add(1, next);
        lost.runs.reverse();
        (chain, joined(lost))
    }

    /// The last entry of each copy must lie on the chain.
    fn check_agree(
        &self,
        chain: &BTreeMap<u64, &Followed>,
        journal: &Head,
        store: &Head,
    ) -> Result<(), NotWhole> {
        let strays =
            |head: &Head| chain.get(&head.number).is_some_and(|(sealed, _)| sealed.hash != head.hash);
        let other = if strays(journal) {
            journal
        } else if strays(store) {
            store
        } else {
            return Ok(());
        };
        let (theirs, _) = self.chain_to(other);
        let hash = |of: &BTreeMap<u64, &Followed>, number| of.get(&number).map(|(sealed, _)| sealed.hash);
        let first = theirs.keys().find(|number| hash(&theirs, **number) != hash(chain, **number));
        let entry = first.copied().unwrap_or(other.number);
        let of_chain = hash(chain, entry).unwrap_or(Hash::NONE);
        let of_other = hash(&theirs, entry).unwrap_or(Hash::NONE);
        let (journal, store) = if other == journal { (of_other, of_chain) } else { (of_chain, of_other) };
        Err(NotWhole::Differ { entry, journal, store })
    }
}

/// Joins runs that touch.
fn joined(lost: Lost) -> Lost {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for (first, last) in lost.runs {
        match runs.last_mut() {
            Some((_, end)) if *end + 1 == first => *end = last,
            _ => runs.push((first, last)),
        }
    }
    Lost { runs, ..lost }
}
