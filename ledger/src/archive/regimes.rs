//! Regimes that were looked up: what is imposed upon thousands is imposed under few of them.
//!
//! A regime may have hundreds of general licences, of which a sanction under it names those that are in force. When each
//! is in force, and what its ends do, is made out once, and then looked up by the day.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::act::Label;
use crate::date::Day;
use crate::index::segment::{Form, IndexFault, Run};
use crate::index::term::{self, beginning};
use crate::index::version;
use crate::party::PartyId;
use crate::register::Register;
use crate::standing::{Endings, Heirs, Licence, OfRegime, days_granted};

use super::found::{Found, OfRegister};
use super::indexed::{Indexed, Lookup, Unread};

/// What was found of regimes.
#[derive(Debug, Default)]
pub(super) struct Regimes(Mutex<Lookup<Named, Arc<Regime>>>);

/// A regime by its name, and by the ids under which its imposer has acted: that of the day and others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Named {
    pub(super) name: Label,
    pub(super) imposer: PartyId,
    pub(super) ids: BTreeSet<PartyId>,
}

/// What was found of one regime.
#[derive(Debug, Default)]
pub(super) struct Regime {
    own: Vec<Kept>,
    licences: Vec<Kept>,
    /// From which entries on something of that is known, in order.
    known_from: Vec<u64>,
    /// What is made of it as known after so many of those; made out when it is asked for.
    known: Mutex<Option<(usize, Arc<OfRegime>)>>,
}

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
    pub(super) fn of(&self, indexed: &Indexed, named: &Named) -> Result<Arc<Regime>, Unread> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known().get(named) {
            return Ok(Arc::clone(found));
        }
        let found = Arc::new(Regime::look_up(indexed, named)?);
        known().insert(named.clone(), Arc::clone(&found));
        Ok(found)
    }

    /// Forgets what was found: an act may have changed it.
    pub(super) fn forget(&mut self) {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Regime {
    fn look_up(indexed: &Indexed, named: &Named) -> Result<Self, Unread> {
        let of = |register| {
            let mut found = Vec::new();
            for term in named.ids.iter().map(|id| term::of_regime(register, id, &named.name)) {
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
            }
            Ok::<_, Unread>(found)
        };
        let (own, licences) = (of(Register::Regime)?, of(Register::Licence)?);
        let postings = own.iter().chain(&licences).flat_map(|kept: &Kept| kept.run().postings());
        let versions = postings.filter(|posting| !posting.beside.is_empty());
        let mut known_from: Vec<u64> =
            versions.map(|posting| version::known_from(posting.beside)).collect::<Result<_, _>>()?;
        known_from.sort_unstable();
        Ok(Self { own, licences, known_from, known: Mutex::default() })
    }

    /// Hands on what was found of the regime and of its licences.
    pub(super) fn each(
        &self,
        take: &mut dyn FnMut(Run<'_>) -> Result<(), IndexFault>,
    ) -> Result<(), IndexFault> {
        self.own.iter().chain(&self.licences).try_for_each(|kept| take(kept.run()))
    }

    /// What a regime means for the sanctions under it, as known after an entry; with who has gone on as whom by the day
    /// that is asked for.
    pub(super) fn known_after(&self, last: u64, heirs: &Heirs) -> Result<Arc<OfRegime>, IndexFault> {
        let count = self.known_from.partition_point(|number| *number <= last);
        let made_out = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let before = made_out().clone().filter(|(before, _)| *before == count);
        if let Some((_, known)) = before {
            return Ok(known);
        }
        let known = Arc::new(self.make_out(last, heirs)?);
        *made_out() = Some((count, Arc::clone(&known)));
        Ok(known)
    }

    fn make_out(&self, last: u64, heirs: &Heirs) -> Result<OfRegime, IndexFault> {
        let found = |runs: &[Kept]| {
            let mut found = Found::new(last, Some(heirs));
            runs.iter().try_for_each(|kept| found.push(kept.run()))?;
            found.sort()?;
            Ok::<_, IndexFault>(found)
        };
        let key = |register: OfRegister<'_>| term::key_of(register.term()).ok_or(IndexFault::Damaged);
        let endings = found(&self.own)?.told(
            |_| true,
            |register, endings| {
                let (key, moves) = (key(register)?, register.moves_until(Day::MAX)?);
                let counting = moves.iter().filter(|step| step.counts());
                endings.extend(counting.filter_map(|step| step.ending(&key)));
                Ok(())
            },
        )?;
        let granted = found(&self.licences)?.told(
            |_| true,
            |register, granted| {
                let moves = register.moves_until(Day::MAX)?;
                let licence = Licence::of(&key(register)?).ok_or(IndexFault::Damaged)?;
                granted.extend(days_granted(&moves).into_iter().map(|days| (days, licence.clone())));
                Ok(())
            },
        )?;
        Ok(OfRegime { endings: Endings::from(endings), granted })
    }
}
