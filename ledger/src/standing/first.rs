//! Who was first: the parties that brought a register to a value, in the order in which they did.
//!
//! "The first to recognise" is never an act: it is true of some days and some states of knowledge, and is asked.

use std::sync::Arc;

use crate::date::{Date, Day};
use crate::register::Key;

use super::answer::{Question, World};
use super::interval::{Interval, intervals};
use super::registers::{Entries, Registers};
use super::value::Phase;

/// A register that was brought to a value, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Began {
    /// The register.
    pub key: Arc<Key>,
    /// The value.
    pub value: String,
    /// When it took it; an interval where the day is not known.
    pub since: Date,
    /// The last day on which it had that value, as far as is sure; none while it lasts.
    pub to: Option<Day>,
    /// The entries that this rests on.
    pub basis: Entries,
    /// Its place, from 1; parties of which nobody knows who came first share one.
    pub place: usize,
}

/// Who brought the registers of a question to a value that begins something, from a day on, the first one first.
#[must_use]
pub fn first(registers: &Registers, question: &Question, from: Option<Day>) -> Vec<Began> {
    let world = World::new(registers, question.as_of);
    let mut began: Vec<Began> = Vec::new();
    for found in world.timelines(question) {
        for interval in intervals(&found.timeline) {
            began.extend(beginnings(&found.key, &interval));
        }
    }
    began.retain(|one| {
        one.since.earliest() <= question.as_of && from.is_none_or(|from| one.since.earliest() >= from)
    });
    began.sort_by(|a, b| {
        (a.since.earliest(), a.since.latest(), &a.key).cmp(&(b.since.earliest(), b.since.latest(), &b.key))
    });
    began.dedup_by(|later, earlier| {
        later.key == earlier.key && later.since == earlier.since && later.value == earlier.value
    });
    for index in 0..began.len() {
        let day = &began[index].since;
        // How many surely came before: the rest of those listed above may have come on the same day or later.
        began[index].place =
            1 + began[..index].iter().filter(|other| other.since.latest() < day.earliest()).count();
    }
    began
}

fn beginnings<'a>(key: &'a Arc<Key>, interval: &'a Interval) -> impl Iterator<Item = Began> + 'a {
    let begins = interval.outcomes.iter().filter(|outcome| outcome.value.phase() == Phase::Begin);
    begins.filter_map(move |outcome| {
        Some(Began {
            key: Arc::clone(key),
            value: outcome.value.as_str().to_owned(),
            since: outcome.since.clone()?,
            to: interval.to,
            basis: outcome.basis.clone(),
            place: 0,
        })
    })
}
