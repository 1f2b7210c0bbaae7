//! What was found under the terms of registers: in bytes, until all of it is there; then register by register.

use std::cmp::Ordering;

use crate::abreast::{abreast, one_after_another};
use crate::index::segment::{Earlier, Form, IndexFault, Posting, push_varint, take_varint};
use crate::index::term::{self, BEGINNING, Terms, beginning};
use crate::index::version::{Version, is_known};
use crate::register::Register;
use crate::standing::{Heirs, carried_over};

/// Versions of what acts do, by the registers that they move: those that are known after an entry.
pub(super) struct Found<'h> {
    last: u64,
    /// Who goes on as whom by the day asked for: what is under the name of the one is what is under that of the other.
    heirs: Option<&'h Heirs>,
    /// Of each run the term under which it was found, the own term of its register where that is another, and the
    /// versions, each after its length.
    bytes: Vec<u8>,
    runs: Vec<Run>,
}

/// Some versions under one term, one after another. The world has a hundred thousand of them.
struct Run {
    /// The first bytes of the own term: most comparisons need no more.
    beginning: u128,
    /// Where the own term of the register begins, and its length.
    term: (usize, u32),
    /// The same of the term under which it was found, and of the versions.
    found_under: (usize, u32),
    versions: (usize, u32),
    form: Form,
}

/// A run of a register whose parties bear other names on the day, under which it belongs among others.
pub(super) struct Stray {
    pub(super) term: Vec<u8>,
    found_under: Vec<u8>,
    versions: Vec<u8>,
    form: Form,
}

/// A register, and what was found of it.
#[derive(Clone, Copy)]
pub(super) struct OfRegister<'f> {
    found: &'f Found<'f>,
    runs: &'f [Run],
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

    /// The same, with room for what lies in so many bytes of the index.
    pub(super) fn with_room(last: u64, heirs: Option<&'h Heirs>, length: usize) -> Self {
        let (bytes, runs) = (Vec::with_capacity(length), Vec::with_capacity(length / 64));
        Self { bytes, runs, ..Self::new(last, heirs) }
    }

    /// Takes what is known; and where there is more before it, notes that.
    pub(super) fn push(&mut self, posting: Posting<'_>) -> Result<(), IndexFault> {
        let is_known = is_known(posting.beside, self.last)?;
        if !is_known && !matches!(posting.form, Form::Days(Some(_))) {
            return Ok(());
        }
        let last = self.runs.last();
        if last.is_none_or(|run| run.form != posting.form || self.at(run.found_under) != posting.term) {
            self.begin_run(posting)?;
        }
        if is_known && let Some(run) = self.runs.last_mut() {
            let before = self.bytes.len();
            push_varint(&mut self.bytes, posting.beside.len() as u64);
            self.bytes.extend_from_slice(posting.beside);
            run.versions.1 += length(self.bytes.len() - before)?;
        }
        Ok(())
    }

    fn begin_run(&mut self, posting: Posting<'_>) -> Result<(), IndexFault> {
        let found_under = self.add(posting.term)?;
        let term = if term::is_own(posting.term) {
            found_under
        } else {
            let from = self.bytes.len();
            term::push_own(posting.term, &mut self.bytes).ok_or(IndexFault::Damaged)?;
            (from, length(self.bytes.len() - from)?)
        };
        let (beginning, versions) = (beginning(self.at(term)), (self.bytes.len(), 0));
        self.runs.push(Run { beginning, term, found_under, versions, form: posting.form });
        Ok(())
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

    fn term(&self, run: &Run) -> &[u8] {
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

    /// Lets go of what does not belong under terms, once it is sorted.
    pub(super) fn strays(&mut self, terms: &Terms<'_>) -> Vec<Stray> {
        if self.heirs.is_none() {
            return Vec::new();
        }
        let mut others = std::mem::take(&mut self.runs);
        let before = others.partition_point(|run| self.term(run) < terms.from);
        let after = others.partition_point(|run| self.term(run) < terms.from || terms.reach(self.term(run)));
        if (before, after) == (0, others.len()) {
            self.runs = others;
            return Vec::new();
        }
        self.runs = others.drain(before..after).collect();
        let stray = |run: Run| Stray {
            term: self.term(&run).to_vec(),
            found_under: self.at(run.found_under).to_vec(),
            versions: self.at(run.versions).to_vec(),
            form: run.form,
        };
        others.into_iter().map(stray).collect()
    }

    /// Takes in what was found elsewhere; then all is sorted again.
    pub(super) fn take_in(&mut self, stray: &Stray) -> Result<(), IndexFault> {
        let (term, found_under) = (self.add(&stray.term)?, self.add(&stray.found_under)?);
        let (beginning, versions) = (beginning(&stray.term), self.add(&stray.versions)?);
        self.runs.push(Run { beginning, term, found_under, versions, form: stray.form });
        Ok(())
    }

    /// The terms of registers are in the order of the registers.
    pub(super) fn sort_runs(&mut self) {
        let mut runs = std::mem::take(&mut self.runs);
        // It comes from few segments, each in order.
        runs.sort_by(|one, other| self.order(one, other));
        self.runs = runs;
    }

    fn order(&self, one: &Run, other: &Run) -> Ordering {
        let is_all = one.term.1.max(other.term.1) <= BEGINNING;
        let rest = || {
            if is_all { one.term.1.cmp(&other.term.1) } else { self.term(one).cmp(self.term(other)) }
        };
        one.beginning.cmp(&other.beginning).then_with(rest)
    }

    fn is_same(&self, one: &Run, other: &Run) -> bool {
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

    /// At most as many registers as there are.
    pub(super) fn most(&self) -> usize {
        self.runs.len()
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

    /// All versions that were found.
    pub(super) fn versions(&self) -> Result<Vec<Version<'f>>, IndexFault> {
        self.bytes_of(|_| true).map(Version::read).collect()
    }

    /// The bytes of the versions that lie by days, or of the others.
    pub(super) fn bytes(&self, by_days: bool) -> impl Iterator<Item = &'f [u8]> {
        self.bytes_of(move |run| by_days != (run.form == Form::Journal))
    }

    fn bytes_of(&self, passes: impl Fn(&Run) -> bool) -> impl Iterator<Item = &'f [u8]> {
        let Self { found, runs } = *self;
        let runs = runs.iter().filter(move |run| passes(run));
        runs.flat_map(|run| {
            let mut rest = found.at(run.versions);
            std::iter::from_fn(move || {
                let length = usize::try_from(take_varint(&mut rest)?).ok()?;
                let (version, after) = rest.split_at_checked(length)?;
                rest = after;
                Some(version)
            })
        })
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
