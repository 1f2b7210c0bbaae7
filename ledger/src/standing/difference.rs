//! What changed: between two days in the world, between two states of knowledge, or both.

use std::collections::{BTreeMap, BTreeSet};

use crate::act::{Act, Deed};
use crate::date::Day;
use crate::register::{Key, Register};

use super::answer::{Question, Standing, World};
use super::effect::{may_move, moves};
use super::knowledge::{Knowledge, Known};

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
///
/// Only the registers are made out that some act between the two sides touches; where such an act bears on others
/// than its own (a licence, the end of a regime, a continuity, a membership), all are.
#[must_use]
pub fn difference(before: Side<'_>, after: Side<'_>) -> Vec<Change> {
    let (old, new) = (before.world(), after.world());
    let keys = if after.question.through { None } else { touched(&before, &after, &new) };
    let mut changes: BTreeMap<Key, Change> = BTreeMap::new();
    for standing in old.among(keys.clone()).answer(before.question).standings {
        // Under the ids of the later day, so that what merely goes on is no change.
        let key = new.carried_over(standing.key.clone());
        let standing = Standing { key: key.clone(), ..standing };
        changes.entry(key).or_insert_with_key(Change::of).before.push(standing);
    }
    for standing in new.among(keys).answer(after.question).standings {
        changes.entry(standing.key.clone()).or_insert_with_key(Change::of).after.push(standing);
    }
    let mut changes: Vec<Change> = changes.into_values().filter(|change| !change.is_none()).collect();
    for change in &mut changes {
        change.entries = responsible(change);
    }
    changes
}

impl<'a> Side<'a> {
    fn world(&self) -> World<'a> {
        World::new(self.knowledge, self.question.as_of)
    }
}

/// The registers that may stand otherwise; none where that may be any.
fn touched(before: &Side<'_>, after: &Side<'_>, world: &World<'_>) -> Option<BTreeSet<Key>> {
    let (day, other) = (before.question.as_of, after.question.as_of);
    let days = (day.min(other), day.max(other));
    let (fewer, more) = if before.knowledge.acts.len() <= after.knowledge.acts.len() {
        (before.knowledge, after.knowledge)
    } else {
        (after.knowledge, before.knowledge)
    };
    let last = fewer.acts.last().map_or(0, |known| known.entry.number);
    let mut keys = BTreeSet::new();
    for known in &more.acts {
        let number = known.entry.number;
        let earlier = fewer.act(number);
        let is_new = number > last || earlier.is_none_or(|earlier| !known.is_known_as(earlier));
        let turns = |known: &Known<'_>| turns_within(&known.act, days);
        if !is_new && !turns(known) {
            continue;
        }
        for act in [Some(&known.act), earlier.map(|earlier| &earlier.act)].into_iter().flatten() {
            if bears_on_others(&act.deed) {
                return None;
            }
            keys.extend(moves(act).into_iter().map(|(key, _)| key));
        }
    }
    // A register may be asked for under the ids of either day.
    let carried: Vec<Key> = keys.iter().map(|key| world.carried_over(key.clone())).collect();
    keys.extend(carried);
    Some(keys)
}

/// Whether an act begins to count, surely counts, or runs out after the first day and by the second.
fn turns_within(act: &Act, (first, second): (Day, Day)) -> bool {
    let begins = act.effective.iter().flat_map(|date| [date.earliest(), date.latest()]);
    let ends = act
        .until
        .iter()
        .flat_map(|until| [until.earliest(), until.latest()])
        .filter_map(|day| day.tomorrow().ok());
    begins.chain(ends).any(|day| first < day && day <= second)
}

/// Whether an act moves registers that it does not name.
fn bears_on_others(deed: &Deed) -> bool {
    [Register::Licence, Register::Regime].into_iter().any(|register| may_move(deed, register))
        || matches!(deed, Deed::EntityContinuedBy { .. })
}

impl Change {
    fn of(key: &Key) -> Self {
        Self { key: key.clone(), before: Vec::new(), after: Vec::new(), entries: Vec::new() }
    }

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
