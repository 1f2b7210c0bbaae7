//! What changed: between two days in the world, between two states of knowledge, or both.

use std::collections::BTreeMap;

use crate::register::Key;

use super::answer::{Question, Standing, answer};
use super::knowledge::Knowledge;

/// One side of a difference: what was known, and the question put to it.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// What the register knew.
    pub knowledge: &'a Knowledge<'a>,
    /// What is asked of it; the two sides differ in the day alone.
    pub question: &'a Question,
}

/// A register that stands otherwise than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The register.
    pub key: Key,
    /// How it stood before; empty where no act had moved it.
    pub before: Vec<Standing>,
    /// How it stands after.
    pub after: Vec<Standing>,
    /// The entries that made the difference.
    pub entries: Vec<u64>,
}

/// Every register that stands otherwise, in order.
#[must_use]
pub fn difference(before: Side<'_>, after: Side<'_>) -> Vec<Change> {
    let mut changes: BTreeMap<Key, Change> = BTreeMap::new();
    let empty =
        |key: &Key| Change { key: key.clone(), before: Vec::new(), after: Vec::new(), entries: Vec::new() };
    for standing in answer(before.knowledge, before.question).standings {
        changes.entry(standing.key.clone()).or_insert_with(|| empty(&standing.key)).before.push(standing);
    }
    for standing in answer(after.knowledge, after.question).standings {
        changes.entry(standing.key.clone()).or_insert_with(|| empty(&standing.key)).after.push(standing);
    }
    let mut changes: Vec<Change> = changes.into_values().filter(|change| !change.is_none()).collect();
    for change in &mut changes {
        change.entries = responsible(change);
    }
    changes
}

impl Change {
    /// Whether the two sides say the same, whatever they rest on.
    fn is_none(&self) -> bool {
        let said = |standings: &[Standing]| -> Vec<Standing> {
            standings.iter().map(|standing| Standing { basis: Vec::new(), ..standing.clone() }).collect()
        };
        said(&self.before) == said(&self.after)
    }
}

/// What the new standing rests on and the old one did not; where that is nothing, what the old one rested on.
fn responsible(change: &Change) -> Vec<u64> {
    let rests_on = |standings: &[Standing]| -> Vec<u64> {
        let mut entries: Vec<u64> =
            standings.iter().flat_map(|standing| standing.basis.iter().copied()).collect();
        entries.sort_unstable();
        entries.dedup();
        entries
    };
    let (old, new) = (rests_on(&change.before), rests_on(&change.after));
    let only_new: Vec<u64> = new.iter().copied().filter(|entry| !old.contains(entry)).collect();
    if only_new.is_empty() { old } else { only_new }
}
