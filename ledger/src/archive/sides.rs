//! Both sides of a difference, from one look at the index: only the registers that something between the two touches.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::act::Label;
use crate::date::Day;
use crate::date::short::number_of;
use crate::index::segment::{IndexFault, Run};
use crate::index::term;
use crate::index::version::{Step, Version, settled};
use crate::party::PartyId;
use crate::register::{Key, Register};
use crate::standing::difference::turns_within;
use crate::standing::{Move, Moved, Question, Registers};

use super::found::{Found, OfRegister};
use super::indexed::{Indexed, Unread};
use super::scope::Gathering;

/// What lies between the two sides of a difference.
struct Between<'a> {
    /// The days, the earlier one first.
    days: (Day, Day),
    /// After which entries is known what is compared, the earlier one first.
    known: (u64, u64),
    /// Whether any register may stand otherwise, whatever touches it.
    anything: bool,
    /// Registers may be joined that name one of them.
    kin: BTreeSet<&'a PartyId>,
}

impl Indexed {
    /// The registers that may stand otherwise on one side than on the other, as known on each; only the later ones
    /// where both sides know the same.
    pub(super) fn sides(
        &self,
        [(before, one), (after, other)]: [(&Question, u64); 2],
    ) -> Result<(Registers, Option<Registers>), Unread> {
        let known = (one.min(other), one.max(other));
        let (earlier_kin, kin) = (self.kin()?.after(known.0), self.kin()?.after(known.1));
        let goes_on_otherwise = earlier_kin.continued != kin.continued;
        // Who is asked for is asked for by every name that either side has for it.
        let questions = if before.as_of == after.as_of {
            vec![after.clone()]
        } else {
            vec![before.clone(), after.clone()]
        };
        let mut found = Found::new(known.1, None);
        for kin in [Some(kin), goes_on_otherwise.then_some(earlier_kin)].into_iter().flatten() {
            Gathering::new(self, kin, None, None, |run: Run<'_>| found.push(run)).ask(&questions)?;
        }
        found.sort()?;
        let between = Between {
            days: (before.as_of.min(after.as_of), before.as_of.max(after.as_of)),
            known,
            // Then nearly anything may have changed its name.
            anything: after.through || goes_on_otherwise,
            kin: kin.kin(),
        };
        let [older, newer] = between.sides(&found)?;
        let newer = Registers::from_parts(newer, kin.continued.clone());
        if known.0 == known.1 {
            return Ok((newer, None));
        }
        let older = Registers::from_parts(older, earlier_kin.continued.clone());
        let (old, new) = if one <= other { (older, newer) } else { (newer, older) };
        Ok((old, Some(new)))
    }
}

impl Between<'_> {
    /// The registers as known first and last.
    fn sides(&self, found: &Found<'_>) -> Result<[Vec<Moved>; 2], IndexFault> {
        let regimes = self.regimes(found)?;
        let told = found.told(
            |_| true,
            |register, told| {
                let versions = register.versions()?;
                let key = || term::key_of(register.term()).ok_or(IndexFault::Damaged);
                let is_touched = self.anything || self.touches(&versions);
                if !is_touched && !self.reaches(register.term(), &regimes, key)? {
                    return Ok(());
                }
                let first =
                    if self.known.0 < self.known.1 { self.as_known_first(&versions)? } else { Vec::new() };
                let last = whole(settled(versions))?;
                let key = Arc::new(key()?);
                let side =
                    |moves: Vec<Move>| (!moves.is_empty()).then(|| Moved { key: Arc::clone(&key), moves });
                told.push((side(first), side(last)));
                Ok(())
            },
        )?;
        let (first, last): (Vec<_>, Vec<_>) = told.into_iter().unzip();
        Ok([first, last].map(|side| side.into_iter().flatten().collect()))
    }

    /// What a register was known to be first.
    fn as_known_first(&self, versions: &[Version<'_>]) -> Result<Vec<Move>, IndexFault> {
        let known = versions.iter().filter(|version| version.known_from <= self.known.0);
        whole(settled(known.cloned().collect()))
    }

    /// Whether anything of a register became known between the sides, or turns between the days.
    fn touches(&self, versions: &[Version<'_>]) -> bool {
        let days = (number_of(self.days.0), number_of(self.days.1));
        let is_new = |version: &Version<'_>| version.known_from > self.known.0;
        let turns = |step: &Step<'_>| turns_within(Some(step.days()), step.until(), days);
        versions.iter().any(|version| is_new(version) || version.step.as_ref().is_some_and(turns))
    }

    /// The names of the regimes that are touched, or of which a licence is: then every sanction under them may be.
    fn regimes(&self, found: &Found<'_>) -> Result<BTreeSet<Label>, IndexFault> {
        let is_of_regime =
            |term: &[u8]| matches!(term::register_of(term), Some(Register::Regime | Register::Licence));
        let touched = found.told(is_of_regime, |register: OfRegister<'_>, touched| {
            if self.touches(&register.versions()?) {
                touched.extend(term::key_of(register.term()).ok_or(IndexFault::Damaged)?.regime);
            }
            Ok(())
        })?;
        Ok(touched.into_iter().collect())
    }

    /// Whether a register may be touched by something that is not its own, or is needed to tell how others stand.
    fn reaches(
        &self,
        term: &[u8],
        regimes: &BTreeSet<Label>,
        key: impl Fn() -> Result<Key, IndexFault>,
    ) -> Result<bool, IndexFault> {
        let register = term::register_of(term).ok_or(IndexFault::Damaged)?;
        let is_sanction = register == Register::Sanction;
        if matches!(register, Register::Regime | Register::Licence) {
            return Ok(true);
        }
        if self.kin.is_empty() && (regimes.is_empty() || !is_sanction) {
            return Ok(false);
        }
        let Key { actor, subject, of, person, regime, .. } = key()?;
        let parties = [actor, subject, of, person];
        let is_under = is_sanction && regime.is_some_and(|regime| regimes.contains(&regime));
        Ok(is_under || parties.iter().flatten().any(|party| self.kin.contains(party)))
    }
}

fn whole(steps: Vec<Step<'_>>) -> Result<Vec<Move>, IndexFault> {
    steps.into_iter().map(Step::whole).collect()
}
