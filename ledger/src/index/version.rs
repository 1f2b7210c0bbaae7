//! What the index holds beside the place of an act, under the term of a register: what the act does to that register,
//! as the register knew it from some entry on.
//!
//! An act that others are about has several versions, each known from one of those on; the last one known counts. One
//! may say that the act does not move the register any more.
//!
//! A version begins with what tells whether more of it must be read: from which entry on it is known, and when the act
//! takes effect.

use serde::Deserialize;

use crate::act::Label;
use crate::date::short::{Short, number_of};
use crate::date::{Date, Day};
use crate::standing::effect::Effect;
use crate::standing::{Case, Move, Status};

use super::segment::{IndexFault, push_varint, take_varint};

/// The numbers of the first and the last day of something.
pub(crate) type Days = (i32, i32);

/// What an act does to a register, as known from an entry on, read as far as its beginning.
#[derive(Debug, Clone)]
pub(crate) struct Version<'a> {
    /// The entry of the act.
    pub number: u64,
    /// The entry from which on it is known so.
    pub known_from: u64,
    /// What it does; none where it does not move the register any more.
    pub step: Option<Step<'a>>,
    /// All of it.
    pub bytes: &'a [u8],
}

/// What an act does to a register, read as far as its beginning.
#[derive(Debug, Clone)]
pub(crate) struct Step<'a> {
    number: u64,
    days: Days,
    beginning: Beginning<'a>,
    rest: &'a [u8],
}

/// The first fields of a [`Move`].
#[derive(Debug, Clone, Deserialize)]
struct Beginning<'a> {
    #[serde(borrow)]
    effective: Short<'a>,
    until: Short<'a>,
    case: Option<Box<Case>>,
}

/// The others.
#[derive(Deserialize)]
struct Rest {
    effect: Effect,
    order: Option<i64>,
    group: Option<Label>,
}

/// The bytes of a version.
pub(crate) fn to_bytes(number: u64, known_from: u64, step: Option<&Move>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(32);
    push_varint(&mut bytes, number);
    push_varint(&mut bytes, known_from - number);
    if let Some(step) = step {
        bincode::serde::encode_into_std_write(step, &mut bytes, bincode::config::standard())
            .expect("what an act does has a binary form");
    }
    bytes
}

/// When an act takes effect; one that has no date, before all others.
pub(crate) fn days_of(effective: Option<&Date>) -> Days {
    effective.map_or_else(always, Date::numbers)
}

fn always() -> Days {
    let first = number_of(Day::MIN);
    (first, first)
}

impl<'a> Version<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, IndexFault> {
        let mut rest = bytes;
        let (number, known_from) = take_numbers(&mut rest)?;
        let step = if rest.is_empty() { None } else { Some(Step::read(number, rest)?) };
        Ok(Self { number, known_from, step, bytes })
    }
}

impl<'a> Step<'a> {
    fn read(number: u64, bytes: &'a [u8]) -> Result<Self, IndexFault> {
        let read = bincode::serde::borrow_decode_from_slice(bytes, bincode::config::standard());
        let (beginning, length): (Beginning<'_>, usize) = read.map_err(|_| IndexFault::Damaged)?;
        Ok(Self {
            number,
            days: beginning.effective.days().unwrap_or_else(always),
            beginning,
            rest: &bytes[length..],
        })
    }

    /// The first and the last day on which it may take effect.
    pub(crate) fn days(&self) -> Days {
        self.days
    }

    /// The first and the last day that may be the last one of its effect.
    pub(crate) fn until(&self) -> Option<Days> {
        self.beginning.until.days()
    }

    /// Whether the act counts.
    pub(crate) fn counts(&self) -> bool {
        self.beginning.case.as_ref().is_none_or(|case| case.status == Status::Counts)
    }

    /// Whether it does not count because somebody denies it.
    pub(crate) fn is_denied(&self) -> bool {
        self.beginning.case.as_ref().is_some_and(|case| case.denied_by.is_some())
    }

    /// All of it.
    pub(crate) fn whole(self) -> Result<Move, IndexFault> {
        let read = bincode::serde::borrow_decode_from_slice(self.rest, bincode::config::standard());
        let (Rest { effect, order, group }, _) = read.map_err(|_| IndexFault::Damaged)?;
        let Beginning { effective, until, case } = self.beginning;
        let (effective, until) = (effective.date(), until.date());
        Ok(Move { number: self.number, effective, until, case, effect, order, group })
    }
}

/// From which entry on the version of these bytes is known.
pub(crate) fn known_from(mut bytes: &[u8]) -> Result<u64, IndexFault> {
    Ok(take_numbers(&mut bytes)?.1)
}

/// Whether the version of these bytes is known after an entry.
pub(crate) fn is_known(bytes: &[u8], last: u64) -> Result<bool, IndexFault> {
    Ok(known_from(bytes)? <= last)
}

fn take_numbers(bytes: &mut &[u8]) -> Result<(u64, u64), IndexFault> {
    let number = take_varint(bytes).ok_or(IndexFault::Damaged)?;
    let known_from = take_varint(bytes).and_then(|more| number.checked_add(more));
    Ok((number, known_from.ok_or(IndexFault::Damaged)?))
}

/// Of versions, the last one of each act, in the order of the acts. What an act does to one of two registers that have
/// become one counts, and not that it does nothing to the other any more.
pub(crate) fn latest(mut versions: Vec<Version<'_>>) -> Vec<Version<'_>> {
    // Most come in their order, and once.
    if !versions.is_sorted_by(|one, other| one.number < other.number) {
        versions.sort_by_key(|version| (version.number, version.known_from, version.step.is_some()));
        versions.dedup_by(|next, version| {
            let is_newer = next.number == version.number;
            if is_newer {
                std::mem::swap(next, version);
            }
            is_newer
        });
    }
    versions
}

/// Of versions, the last one of each act that moves the register, in the order of the acts.
pub(crate) fn settled(versions: Vec<Version<'_>>) -> Vec<Step<'_>> {
    latest(versions).into_iter().filter_map(|version| version.step).collect()
}
