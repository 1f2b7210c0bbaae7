//! All registers of a kind: told as they are read, out of every segment of the index at once.
//!
//! Each segment has them in their order, so that what one register is moved by lies at the same place of all; nothing of
//! it need outlive the telling of it. Registers that name somebody who has gone on as another, or that other, come
//! together from several places, and are told in the end.

use std::collections::BTreeSet;

use crate::abreast::{one_after_another, side_by_side, threads};
use crate::date::Day;
use crate::date::short::number_of;
use crate::index::segment::{IndexFault, Runs, Until};
use crate::index::term::{self, Terms, order};
use crate::party::PartyId;
use crate::register::Register;
use crate::standing::{Heirs, Standing};

use super::found::{Found, OfRegister};
use super::indexed::{Indexed, Unread};

/// The registers under terms, one after another.
struct Merged<'a> {
    segments: Vec<Runs<'a>>,
    /// What is in memory, in order, and how much of it was gone through.
    recent: Found<'a>,
    place: usize,
    term: Vec<u8>,
}

impl Indexed {
    /// The standings of all registers of a kind that stand alone, in their order, told of what is known after an entry.
    pub(super) fn tell_all(
        &self,
        register: Register,
        (day, heirs): &(Day, Heirs),
        last: u64,
        tell: impl Fn(OfRegister<'_>, &mut Vec<Standing>) -> Result<(), IndexFault> + Sync,
    ) -> Result<Vec<Standing>, Unread> {
        /// Some parts take longer than others.
        const PARTS_A_THREAD: usize = 16;
        let prefix = term::of_register(register);
        let cuts = self.index.cuts(&prefix, PARTS_A_THREAD * threads());
        let until = Until { day: number_of(*day), known: last, last_only: &|_| true };
        let kin: BTreeSet<&str> =
            heirs.iter().flat_map(|(party, (heir, _))| [party, heir]).map(PartyId::as_str).collect();
        let tell_part = |terms: Terms<'_>| {
            let mut merged = Merged::of(self, terms, &until, last)?;
            let (mut told, mut apart) = (Vec::new(), Found::new(last, Some(heirs)));
            let mut one = Found::new(last, None);
            while merged.next(&mut one)? {
                let Some(register) = one.only() else { continue };
                if !kin.is_empty() && term::parties_of(register.term()).any(|party| kin.contains(party)) {
                    apart.take_in(&one)?;
                } else {
                    tell(register, &mut told)?;
                }
            }
            Ok((told, apart))
        };
        let parts = side_by_side(Terms::parted(&prefix, &cuts), tell_part);
        let parts: Vec<(Vec<Standing>, Found<'_>)> = parts.into_iter().collect::<Result<_, Unread>>()?;
        let (told, apart): (Vec<Vec<Standing>>, Vec<Found<'_>>) = parts.into_iter().unzip();
        let mut of_kin = Found::new(last, Some(heirs));
        apart.iter().try_for_each(|apart| of_kin.take_in(apart))?;
        of_kin.sort()?;
        Ok(with_those(told, of_kin.told(|_| true, tell)?))
    }
}

/// The standings of parts that follow one another, and those of other registers where they belong.
fn with_those(parts: Vec<Vec<Standing>>, mut others: Vec<Standing>) -> Vec<Standing> {
    // Those that lie between two parts go with the later one.
    let (mut with_others, mut later) = (Vec::with_capacity(parts.len() + 1), Vec::new());
    for part in parts.into_iter().rev() {
        if let Some(last) = part.last() {
            let after = others.split_off(others.partition_point(|other| other.key <= last.key));
            with_others.push((std::mem::replace(&mut later, part), after));
        }
    }
    with_others.push((later, others));
    with_others.reverse();
    one_after_another(side_by_side(with_others, |(part, others)| merged(part, others)))
}

/// Two lists of standings as one, in order.
fn merged(mut some: Vec<Standing>, others: Vec<Standing>) -> Vec<Standing> {
    if others.is_empty() {
        return some;
    }
    let mut all = Vec::with_capacity(some.len() + others.len());
    let mut some = some.drain(..);
    for other in others {
        let before = some.as_slice().partition_point(|standing| standing.key < other.key);
        all.extend(some.by_ref().take(before));
        all.push(other);
    }
    all.extend(some);
    all
}

impl<'a> Merged<'a> {
    fn of(
        indexed: &'a Indexed,
        terms: Terms<'a>,
        until: &'a Until<'a>,
        last: u64,
    ) -> Result<Self, IndexFault> {
        let mut segments = indexed.index.runs(terms, until);
        segments.iter_mut().try_for_each(Runs::advance)?;
        let mut recent = Found::new(last, None);
        indexed.recent.scan(&terms, &mut |run| recent.push(run))?;
        recent.sort()?;
        Ok(Self { segments, recent, place: 0, term: Vec::new() })
    }

    /// Puts the runs of the next register into the place of those of the last; false where there is none.
    fn next(&mut self, one: &mut Found<'_>) -> Result<bool, IndexFault> {
        one.clear();
        let of_segments = self.segments.iter().filter_map(Runs::place);
        let all = of_segments.chain(self.recent.run(self.place).map(|run| run.place()));
        let Some((beginning, term)) = all.min_by(|one, other| order(*one, *other)) else { return Ok(false) };
        term.clone_into(&mut self.term);
        let is_next = |place: (u128, &[u8])| order(place, (beginning, &self.term)).is_eq();
        for runs in &mut self.segments {
            while let Some(run) = runs.run().filter(|run| is_next(run.place())) {
                one.push(run)?;
                runs.advance()?;
            }
        }
        while let Some(run) = self.recent.run(self.place).filter(|run| is_next(run.place())) {
            one.push(run)?;
            self.place += 1;
        }
        Ok(true)
    }
}
