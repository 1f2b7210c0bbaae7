//! Regimes: what one means for the sanctions under it.
//!
//! The end of a regime ends every measure under it that is alive, and its general licences are named beside those that
//! bind; neither is said by the sanctions themselves.

use crate::act::{Label, Measure};
use crate::date::Day;
use crate::party::PartyId;
use crate::register::Key;

use super::interval::intervals;
use super::registers::Move;
use super::timeline::{Outcome, Timeline};
use super::value::Word;

/// What a regime means for the sanctions under it.
#[derive(Debug)]
pub(crate) struct OfRegime {
    /// The days on which a general licence may be in force, from one to another, with that licence; in the order of the
    /// licences.
    pub granted: Vec<((Day, Day), Licence)>,
    /// What its ends do to the sanctions.
    pub endings: Endings,
}

impl OfRegime {
    /// The general licences that may be in force on a day.
    pub(super) fn granted_on(&self, day: Day) -> impl Iterator<Item = &Licence> {
        let granted = self.granted.iter().filter(move |((from, to), _)| (*from..=*to).contains(&day));
        granted.map(|(_, licence)| licence)
    }
}

/// A licence: for whom and what, where it is not for all, and its name.
#[derive(Debug, Clone)]
pub(crate) struct Licence {
    subject: Option<PartyId>,
    measure: Option<Measure>,
    pub(super) name: Label,
}

impl Licence {
    /// That of a register.
    pub(crate) fn of(key: &Key) -> Option<Self> {
        Some(Self { subject: key.subject.clone(), measure: key.measure, name: key.licence.clone()? })
    }

    pub(super) fn covers(&self, key: &Key) -> bool {
        (self.measure.is_none() || self.measure == key.measure)
            && (self.subject.is_none() || self.subject == key.subject)
    }
}

/// What ends of regimes do to the sanctions under them. Their days lie together: of hundreds, few bear on a sanction.
#[derive(Debug)]
pub(crate) struct Endings {
    days: Vec<(Day, Day)>,
    moves: Vec<Move>,
}

/// One of them.
#[derive(Clone, Copy)]
pub(super) struct Ending<'a> {
    /// The first and the last day on which it may take effect.
    pub days: (Day, Day),
    pub step: &'a Move,
}

impl Endings {
    pub(super) fn iter(&self) -> impl Iterator<Item = Ending<'_>> {
        self.days.iter().zip(&self.moves).map(|(days, step)| Ending { days: *days, step })
    }
}

impl From<Vec<Move>> for Endings {
    fn from(moves: Vec<Move>) -> Self {
        Self { days: moves.iter().map(Move::days).collect(), moves }
    }
}

/// The days, from one to another, on which a licence may be in force by what moves it; in order.
pub(crate) fn days_granted(moves: &[Move]) -> Vec<(Day, Day)> {
    let timeline = Timeline::new(moves.iter().filter(|step| step.counts()));
    let granted = intervals(&timeline).into_iter().filter(|interval| is_granted(&interval.outcomes));
    granted.map(|days| (days.from.unwrap_or(Day::MIN), days.to.unwrap_or(Day::MAX))).collect()
}

/// Whether a licence may be in force.
pub(super) fn is_granted(outcomes: &[Outcome]) -> bool {
    outcomes.iter().any(|outcome| outcome.value.is(Word::Granted))
}
