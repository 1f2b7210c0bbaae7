//! Regimes that were looked up: what is imposed upon thousands is imposed under few of them.
//!
//! A regime may have hundreds of general licences, of which a sanction under it names those that are in force. When each
//! is in force is made out once, and then looked up by the day.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::act::Label;
use crate::date::Day;
use crate::index::segment::{Form, IndexFault, Run};
use crate::index::term::{self, beginning};
use crate::index::version::{self, Step};
use crate::party::PartyId;
use crate::register::{Key, Register};
use crate::standing::{Move, days_granted};

use super::found::Found;
use super::indexed::{Indexed, Unread};

/// What was found of regimes, by the imposer and the name.
#[derive(Debug, Default)]
pub(super) struct Regimes(Mutex<BTreeMap<(PartyId, Label), Arc<Regime>>>);

/// What was found of one regime.
#[derive(Debug, Default)]
pub(super) struct Regime {
    own: Vec<Kept>,
    licences: Vec<Kept>,
    /// From which entries on something is known of the licences, in order.
    known_from: Vec<u64>,
    /// When they are in force as known after so many of those; made out when it is asked for.
    granted: Mutex<Option<(usize, Arc<Granted>)>>,
}

/// General licences, each with the days, from one to another, on which it may be in force.
type Granted = Vec<(Arc<Key>, Vec<(Day, Day)>)>;

/// A run: its term, how it lies, its acts, and from which offset on they are counted.
#[derive(Debug)]
struct Kept {
    term: Vec<u8>,
    form: Form,
    bytes: Vec<u8>,
    start: u64,
}

impl Kept {
    fn run(&self) -> Run<'_> {
        let Self { term, form, bytes, start } = self;
        Run { term, beginning: beginning(term), is_known: false, form: *form, bytes, start: *start }
    }
}

impl Regimes {
    /// A regime and its general licences, looked up once.
    pub(super) fn of(
        &self,
        indexed: &Indexed,
        imposer: PartyId,
        regime: Label,
    ) -> Result<Arc<Regime>, Unread> {
        let name = (imposer, regime);
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known().get(&name) {
            return Ok(Arc::clone(found));
        }
        let found = Arc::new(Regime::look_up(indexed, &name.0, &name.1)?);
        known().insert(name, Arc::clone(&found));
        Ok(found)
    }

    /// Forgets what was found: an act may have changed it.
    pub(super) fn forget(&mut self) {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Regime {
    fn look_up(indexed: &Indexed, imposer: &PartyId, regime: &Label) -> Result<Self, Unread> {
        let of = |register| {
            let term = term::of_regime(register, imposer, regime);
            let mut found = Vec::new();
            indexed.scan(&term, &mut |run| {
                // The name of another regime may begin with that of this one.
                if run.term.get(term.len()).is_none_or(|next| *next == 0) {
                    // All of its runs are here.
                    let form = if run.form == Form::Journal { Form::Journal } else { Form::Days(None) };
                    let (term, bytes) = (run.term.to_vec(), run.bytes.to_vec());
                    found.push(Kept { term, form, bytes, start: run.start });
                }
                Ok(())
            })?;
            Ok::<_, Unread>(found)
        };
        let (own, licences) = (of(Register::Regime)?, of(Register::Licence)?);
        let postings = licences.iter().flat_map(|kept: &Kept| kept.run().postings());
        let versions = postings.filter(|posting| !posting.beside.is_empty());
        let mut known_from: Vec<u64> =
            versions.map(|posting| version::known_from(posting.beside)).collect::<Result<_, _>>()?;
        known_from.sort_unstable();
        Ok(Self { own, licences, known_from, granted: Mutex::default() })
    }

    /// Hands on what was found of the regime itself.
    pub(super) fn each_of_its_own(
        &self,
        take: &mut dyn FnMut(Run<'_>) -> Result<(), IndexFault>,
    ) -> Result<(), IndexFault> {
        self.own.iter().try_for_each(|kept| take(kept.run()))
    }

    /// Hands on what was found of the regime and of its licences.
    pub(super) fn each(
        &self,
        take: &mut dyn FnMut(Run<'_>) -> Result<(), IndexFault>,
    ) -> Result<(), IndexFault> {
        self.own.iter().chain(&self.licences).try_for_each(|kept| take(kept.run()))
    }

    /// The licences that may be in force on a day, as known after an entry, where their imposer bears no other id then;
    /// in order.
    pub(super) fn granted(&self, day: Day, last: u64) -> Result<Vec<Arc<Key>>, IndexFault> {
        let known = self.known_from.partition_point(|number| *number <= last);
        let made_out = || self.granted.lock().unwrap_or_else(PoisonError::into_inner);
        let before = made_out().clone().filter(|(count, _)| *count == known);
        let granted = if let Some((_, granted)) = before {
            granted
        } else {
            let granted = Arc::new(self.make_out(last)?);
            *made_out() = Some((known, Arc::clone(&granted)));
            granted
        };
        let is_granted = |days: &[(Day, Day)]| {
            let begun = days.partition_point(|(from, _)| *from <= day);
            days[..begun].last().is_some_and(|(_, to)| day <= *to)
        };
        let granted = granted.iter().filter(|(_, days)| is_granted(days));
        Ok(granted.map(|(key, _)| Arc::clone(key)).collect())
    }

    /// When the licences are in force, as known after an entry.
    fn make_out(&self, last: u64) -> Result<Granted, IndexFault> {
        let mut found = Found::new(last, None);
        self.licences.iter().try_for_each(|kept| found.push(kept.run()))?;
        found.sort()?;
        found.told(
            |_| true,
            |register, granted| {
                let steps = version::settled(register.versions()?).into_iter();
                let moves: Vec<Move> = steps.map(Step::whole).collect::<Result<_, _>>()?;
                let key = Arc::new(term::key_of(register.term()).ok_or(IndexFault::Damaged)?);
                granted.push((key, days_granted(&moves)));
                Ok(())
            },
        )
    }
}
