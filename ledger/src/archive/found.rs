//! What was found under the terms of registers: in bytes, until all of it is there; then register by register.

use std::cmp::Ordering;

use crate::abreast::{abreast, one_after_another};
use crate::date::Day;
use crate::date::short::number_of;
use crate::index::segment::{Earlier, Form, IndexFault, Posting, Run};
use crate::index::term::{self, beginning};
use crate::index::version::{Step, Version, is_known, settled};
use crate::register::Register;
use crate::standing::{Heirs, Move, carried_over};

/// Runs of what acts do to registers, by the registers that they move.
pub(super) struct Found<'h> {
    /// The last entry that is known.
    last: u64,
    /// Who goes on as whom by the day asked for: what is under the name of the one is what is under that of the other.
    heirs: Option<&'h Heirs>,
    /// Of each run the term under which it was found, the own term of its register where that is another, and its
    /// acts.
    bytes: Vec<u8>,
    runs: Vec<Kept>,
}

/// A run, in bytes. The world has a hundred thousand of them.
struct Kept {
    /// The first bytes of the own term: most comparisons need no more.
    beginning: u128,
    /// Where the own term of the register begins, and its length.
    term: (usize, u32),
    /// The same of the term under which it was found, and of the acts.
    found_under: (usize, u32),
    acts: (usize, u32),
    form: Form,
    /// Whether all of it is known by the last entry that is.
    is_known: bool,
}

/// A register, and what was found of it.
#[derive(Clone, Copy)]
pub(super) struct OfRegister<'f> {
    found: &'f Found<'f>,
    runs: &'f [Kept],
}

/// Whether a register of a kind is moved by what is under its own term, and by nothing else: the sanctions of a regime
/// end with each of its ends.
pub(super) fn stands_alone(register: Register) -> bool {
    !matches!(register, Register::Sanction | Register::Regime)
}

impl<'h> Found<'h> {
    pub(super) fn new(last: u64, heirs: Option<&'h Heirs>) -> Self {
        let heirs = heirs.filter(|heirs| !heirs.is_empty());
        Self { last, heirs, bytes: Vec::new(), runs: Vec::new() }
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.runs.clear();
    }

    pub(super) fn push(&mut self, run: Run<'_>) -> Result<(), IndexFault> {
        let found_under = self.add(run.term)?;
        let (term, beginning) = if term::is_own(run.term) {
            (found_under, run.beginning)
        } else {
            let from = self.bytes.len();
            term::push_own(run.term, &mut self.bytes).ok_or(IndexFault::Damaged)?;
            ((from, length(self.bytes.len() - from)?), beginning(&self.bytes[from..]))
        };
        let (acts, Run { form, is_known, .. }) = (self.add(run.bytes)?, run);
        self.runs.push(Kept { beginning, term, found_under, acts, form, is_known });
        Ok(())
    }

    /// Takes in what was found elsewhere.
    pub(super) fn take_in(&mut self, other: &Found<'_>) -> Result<(), IndexFault> {
        other.runs.iter().try_for_each(|kept| self.push(other.run_of(kept)))
    }

    /// The run at a place, counted in their order.
    pub(super) fn run(&self, place: usize) -> Option<Run<'_>> {
        self.runs.get(place).map(|kept| self.run_of(kept))
    }

    fn run_of(&self, kept: &Kept) -> Run<'_> {
        let Kept { beginning, form, is_known, .. } = *kept;
        // Where the acts begin is not asked for here.
        Run {
            term: self.at(kept.found_under),
            beginning,
            is_known,
            form,
            bytes: self.at(kept.acts),
            start: 0,
        }
    }

    /// Adds bytes, and says where they are.
    fn add(&mut self, bytes: &[u8]) -> Result<(usize, u32), IndexFault> {
        let from = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        Ok((from, length(bytes.len())?))
    }

    fn at(&self, (from, length): (usize, u32)) -> &[u8] {
        &self.bytes[from..from + length as usize]
    }

    fn term(&self, run: &Kept) -> &[u8] {
        self.at(run.term)
    }

    /// Puts the registers in order, under the names that their parties bear on the day.
    pub(super) fn sort(&mut self) -> Result<(), IndexFault> {
        self.sort_runs();
        let Some(heirs) = self.heirs else { return Ok(()) };
        let mut carried = Vec::new();
        let mut place = 0;
        for runs in self.runs.chunk_by(|one, other| self.is_same(one, other)) {
            let places = place..place + runs.len();
            place = places.end;
            let own = self.term(&runs[0]);
            if term::parties_of(own).any(|party| heirs.contains_key(party)) {
                carried.extend(carried_term(own, heirs)?.map(|term| (places, term)));
            }
        }
        for (places, term) in &carried {
            let place = self.add(term)?;
            for run in &mut self.runs[places.clone()] {
                (run.beginning, run.term) = (beginning(term), place);
            }
        }
        if !carried.is_empty() {
            self.sort_runs();
        }
        Ok(())
    }

    /// The terms of registers are in the order of the registers.
    fn sort_runs(&mut self) {
        let mut runs = std::mem::take(&mut self.runs);
        // It comes from few segments, each in order.
        runs.sort_by(|one, other| self.order(one, other));
        self.runs = runs;
    }

    fn order(&self, one: &Kept, other: &Kept) -> Ordering {
        term::order((one.beginning, self.term(one)), (other.beginning, self.term(other)))
    }

    fn is_same(&self, one: &Kept, other: &Kept) -> bool {
        self.order(one, other) == Ordering::Equal
    }

    /// What is to be told of each register whose term passes, in order: as much of each as it adds.
    pub(super) fn told<T: Send>(
        &self,
        passes: impl Fn(&[u8]) -> bool,
        tell: impl Fn(OfRegister<'_>, &mut Vec<T>) -> Result<(), IndexFault> + Sync,
    ) -> Result<Vec<T>, IndexFault> {
        let registers = self.registers().filter(|register| passes(register.term())).collect();
        let of_share = |share: Vec<OfRegister<'_>>| {
            let mut told = Vec::with_capacity(share.len());
            share.into_iter().try_for_each(|register| tell(register, &mut told))?;
            Ok(told)
        };
        let parts = abreast(registers, |_, _| true, |share| vec![of_share(share)]);
        Ok(one_after_another(parts.into_iter().collect::<Result<_, IndexFault>>()?))
    }

    /// The registers, in order.
    pub(super) fn registers(&self) -> impl Iterator<Item = OfRegister<'_>> {
        let runs = self.runs.chunk_by(|one, other| self.is_same(one, other));
        runs.map(|runs| OfRegister { found: self, runs })
    }

    /// The register of which all is that was found; none where nothing was.
    pub(super) fn only(&self) -> Option<OfRegister<'_>> {
        self.registers().next()
    }
}

/// The term of a register under the names that its parties bear on the day, where those are others.
fn carried_term(own: &[u8], heirs: &Heirs) -> Result<Option<Vec<u8>>, IndexFault> {
    if !term::register_of(own).is_some_and(stands_alone) {
        return Ok(None);
    }
    let key = term::key_of(own).ok_or(IndexFault::Damaged)?;
    Ok(carried_over(&key, heirs).map(|key| term::of_key(&key)))
}

impl<'f> OfRegister<'f> {
    /// The own term of the register.
    pub(super) fn term(&self) -> &'f [u8] {
        self.found.term(&self.runs[0])
    }

    /// All versions that were found and are known.
    pub(super) fn versions(&self) -> Result<Vec<Version<'f>>, IndexFault> {
        self.read(|_| true)
    }

    /// All that moves the register and may count by a day.
    pub(super) fn moves_until(&self, day: Day) -> Result<Vec<Move>, IndexFault> {
        let day = number_of(day);
        let steps = settled(self.versions()?).into_iter();
        steps.filter(|step| step.days().0 <= day).map(Step::whole).collect()
    }

    /// What became known later of some acts: what does not lie by days.
    pub(super) fn amendments(&self) -> Result<Vec<Version<'f>>, IndexFault> {
        self.read(|form| form == Form::Journal)
    }

    fn read(&self, passes: impl Fn(Form) -> bool) -> Result<Vec<Version<'f>>, IndexFault> {
        let mut versions = Vec::new();
        for kept in self.runs.iter().filter(|kept| passes(kept.form)) {
            for Posting { beside, .. } in self.found.run_of(kept).postings() {
                // There may be nothing beside the place of an act.
                if !beside.is_empty() && (kept.is_known || is_known(beside, self.found.last)?) {
                    versions.push(Version::read(beside)?);
                }
            }
        }
        Ok(versions)
    }

    /// The runs that lie by days.
    pub(super) fn by_days(&self) -> impl Iterator<Item = Run<'f>> {
        let Self { found, runs } = *self;
        runs.iter().filter(|kept| kept.form != Form::Journal).map(|kept| found.run_of(kept))
    }

    /// The runs before which there are more, each with the term under which it was found.
    pub(super) fn with_earlier(&self) -> impl Iterator<Item = (&'f [u8], Earlier)> {
        self.runs.iter().filter_map(|run| match run.form {
            Form::Days(Some(earlier)) => Some((self.found.at(run.found_under), earlier)),
            Form::Days(None) | Form::Journal => None,
        })
    }
}

/// The length of something that comes out of one record or one block.
fn length(length: usize) -> Result<u32, IndexFault> {
    u32::try_from(length).map_err(|_| IndexFault::Damaged)
}
