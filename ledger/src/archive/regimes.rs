//! Regimes that were looked up: what is imposed upon thousands is imposed under few of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::act::Label;
use crate::index::segment::{Form, IndexFault, Run};
use crate::index::term::{self, beginning};
use crate::party::PartyId;
use crate::register::Register;

use super::indexed::{Indexed, Unread};

/// What was found of regimes, by the imposer and the name.
#[derive(Debug, Default)]
pub(super) struct Regimes(Mutex<BTreeMap<(PartyId, Label), Arc<Regime>>>);

/// What was found of one regime, run by run: its term, how it lies, its acts, and from which offset on they are counted.
#[derive(Debug, Default)]
pub(super) struct Regime(Vec<(Vec<u8>, Form, Vec<u8>, u64)>);

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
        let mut found = Self::default();
        for register in [Register::Regime, Register::Licence] {
            let term = term::of_regime(register, imposer, regime);
            indexed.scan(&term, &mut |run| {
                // The name of another regime may begin with that of this one.
                if run.term.get(term.len()).is_none_or(|next| *next == 0) {
                    // All of its runs are here.
                    let form = if run.form == Form::Journal { Form::Journal } else { Form::Days(None) };
                    found.0.push((run.term.to_vec(), form, run.bytes.to_vec(), run.start));
                }
                Ok(())
            })?;
        }
        Ok(found)
    }

    /// Hands on what was found.
    pub(super) fn each(
        &self,
        take: &mut dyn FnMut(Run<'_>) -> Result<(), IndexFault>,
    ) -> Result<(), IndexFault> {
        let run = |(term, form, bytes, start): &'_ (Vec<u8>, Form, Vec<u8>, u64)| {
            let (beginning, is_known) = (beginning(term), false);
            take(Run { term, beginning, is_known, form: *form, bytes, start: *start })
        };
        self.0.iter().try_for_each(run)
    }
}
