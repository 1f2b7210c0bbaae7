//! What changed: between two days in the world, between two states of knowledge, or both.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::abreast::{abreast, both};
use crate::date::Date;
use crate::register::{Key, Register};

use super::answer::{Question, Standing, World};
use super::registers::{Move, Moved, Registers};

/// One side of a difference: what was known, and the question put to it.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// What the register knew.
    pub registers: &'a Registers,
    /// What is asked of it; the two sides differ in the day alone.
    pub question: &'a Question,
}

/// A register that stands otherwise than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The register.
    pub key: Arc<Key>,
    /// How it stood before; empty where no act had moved it.
    pub before: Vec<Standing>,
    /// How it stands after.
    pub after: Vec<Standing>,
    /// The entries that made the difference.
    pub entries: Vec<u64>,
}

/// Every register that stands otherwise, in order.
///
/// Only the registers are made out that something between the two sides touches: an act of their own, one of the
/// regime under which they are (its end, a licence), a party that goes on as another.
#[must_use]
pub fn difference(before: Side<'_>, after: Side<'_>) -> Vec<Change> {
    let (old, new) = (before.world(), after.world());
    // What a membership brings to bear may be anything.
    let keys = if after.question.through { None } else { touched(&before, &after, &old, &new) };
    let (old, new) = (old.among(keys.clone()), new.among(keys));
    let goes_on = !old.gone_on_otherwise(&new).is_empty();
    let stand = |world: &World<'_>, question: &Question| {
        let mut standings = world.answer(question).standings;
        // Under the ids of the later day, so that what merely goes on is no change.
        for standing in standings.iter_mut().filter(|_| goes_on) {
            standing.key = new.carried_over(&standing.key);
        }
        standings.sort_by(|one, other| one.key.cmp(&other.key));
        standings
    };
    let (earlier, later) = both(|| stand(&old, before.question), || stand(&new, after.question));
    let (mut earlier, mut later) = (earlier.into_iter().peekable(), later.into_iter().peekable());
    let mut changes = Vec::new();
    while let Some(key) = first_of(earlier.peek(), later.peek()) {
        let before: Vec<Standing> = std::iter::from_fn(|| earlier.next_if(|one| one.key == key)).collect();
        let after: Vec<Standing> = std::iter::from_fn(|| later.next_if(|one| one.key == key)).collect();
        if !say_the_same(&before, &after) {
            let entries = responsible(&before, &after);
            changes.push(Change { key, before, after, entries });
        }
    }
    changes
}

/// The register of whichever of two standings comes first.
fn first_of(one: Option<&Standing>, other: Option<&Standing>) -> Option<Arc<Key>> {
    match [one, other].map(|standing| standing.map(|standing| &standing.key)) {
        // Most are the same one on both sides.
        [Some(one), Some(other)] if Arc::ptr_eq(one, other) => Some(Arc::clone(one)),
        both => both.into_iter().flatten().min().cloned(),
    }
}

impl<'a> Side<'a> {
    fn world(&self) -> World<'a> {
        World::new(self.registers, self.question.as_of)
    }
}

/// The registers that may stand otherwise, under the ids of both days, in order; none where most are touched, and to
/// look at all of them is less.
fn touched(before: &Side<'_>, after: &Side<'_>, old: &World<'_>, new: &World<'_>) -> Option<Vec<Arc<Key>>> {
    /// One of so many registers is looked at first.
    const SOME: usize = 31;
    let (day, other) = (before.question.as_of, after.question.as_of);
    let days = (day.min(other), day.max(other));
    let bounds = |date: &Date| (date.earliest(), date.latest());
    let turns = |step: &Move| {
        turns_within(step.effective.as_ref().map(bounds), step.until.as_ref().map(bounds), days)
    };
    let every_id = |key: &Arc<Key>| [Arc::clone(key), old.carried_over(key), new.carried_over(key)];
    let is_touched = |(one, other): (Option<&Moved>, Option<&Moved>)| {
        let is_known_otherwise = one.map(|moved| &moved.moves) != other.map(|moved| &moved.moves);
        is_known_otherwise || other.iter().flat_map(|moved| &moved.moves).any(turns)
    };
    let sides = side_by_side(before.registers, after.registers);
    // Some tell for all: whatever they say, no answer depends on it.
    let some: Vec<bool> = sides.iter().step_by(SOME).map(|sides| is_touched(*sides)).collect();
    if some.iter().filter(|is_touched| **is_touched).count() > some.len() / 2 {
        return None;
    }
    let told = abreast(
        sides,
        |_, _| true,
        |share| share.into_iter().map(|sides| (sides.0.or(sides.1), is_touched(sides))).collect(),
    );
    let (mut keys, mut others) = (Vec::new(), Vec::new());
    for (moved, is_touched) in told {
        let list = if is_touched { &mut keys } else { &mut others };
        list.extend(moved.map(|moved| &moved.key));
    }
    let of_regime = |key: &&&Arc<Key>| matches!(key.register, Register::Licence | Register::Regime);
    let regimes = keys.iter().filter(of_regime).flat_map(|key| every_id(key));
    let regimes: BTreeSet<_> = regimes.map(|key| (key.actor.clone(), key.regime.clone())).collect();
    let parties = old.gone_on_otherwise(new);
    if !regimes.is_empty() || !parties.is_empty() {
        let is_under = |key: &Key| {
            key.register == Register::Sanction && regimes.contains(&(key.actor.clone(), key.regime.clone()))
        };
        let names = |key: &Key| {
            let Key { actor, subject, of, person, .. } = key;
            [actor, subject, of, person].into_iter().flatten().any(|party| parties.contains(party))
        };
        keys.extend(
            others.into_iter().filter(|key| every_id(key).iter().any(|key| is_under(key) || names(key))),
        );
    }
    let mut all = Vec::with_capacity(keys.len());
    for key in keys {
        all.extend(every_id(key).into_iter().filter(|id| !Arc::ptr_eq(id, key)));
        all.push(Arc::clone(key));
    }
    all.sort();
    all.dedup();
    Some(all)
}

/// Each register that either side has, from both; they are the same ones where nothing but the day differs.
fn side_by_side<'a>(old: &'a Registers, new: &'a Registers) -> Vec<(Option<&'a Moved>, Option<&'a Moved>)> {
    let (mut old, mut new) = (old.all.iter().peekable(), new.all.iter().peekable());
    let mut pairs = Vec::new();
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return pairs,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(other)) if Arc::ptr_eq(&one.key, &other.key) => Ordering::Equal,
            (Some(one), Some(other)) => one.key.cmp(&other.key),
        };
        pairs.push((old.next_if(|_| order.is_le()), new.next_if(|_| order.is_ge())));
    }
}

/// Whether what has these first and last days begins to count, surely counts, or runs out after one day and by another.
pub(crate) fn turns_within<D: Ord>(
    effective: Option<(D, D)>,
    until: Option<(D, D)>,
    (from, to): (D, D),
) -> bool {
    let begins =
        effective.is_some_and(|(first, last)| [first, last].iter().any(|day| from < *day && *day <= to));
    // What lasts until a day has run out on the next.
    begins || until.is_some_and(|(first, last)| [first, last].iter().any(|day| from <= *day && *day < to))
}

/// Whether two sides say the same, whatever they rest on.
fn say_the_same(before: &[Standing], after: &[Standing]) -> bool {
    before.len() == after.len() && before.iter().zip(after).all(|(one, other)| says(one) == says(other))
}

/// All that a standing says, but for what it rests on.
fn says(standing: &Standing) -> impl PartialEq + '_ {
    let Standing { key, value, certainty, since, until, circumstances, detail, basis: _ } = standing;
    (key, value, certainty, since, until, circumstances, detail)
}

/// What the new standing rests on and the old one did not; where that is nothing, what the old one rested on.
fn responsible(before: &[Standing], after: &[Standing]) -> Vec<u64> {
    let rests_on = |standings: &[Standing]| -> Vec<u64> {
        let mut entries: Vec<u64> =
            standings.iter().flat_map(|standing| standing.basis.iter().copied()).collect();
        entries.sort_unstable();
        entries.dedup();
        entries
    };
    let (old, new) = (rests_on(before), rests_on(after));
    let only_new: Vec<u64> = new.iter().copied().filter(|entry| !old.contains(entry)).collect();
    if only_new.is_empty() { old } else { only_new }
}
