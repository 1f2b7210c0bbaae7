//! What of a register tells how it stands at the end of a day.
//!
//! The index gives the last run by that day of what acts do to the register, out of each segment, and what became known
//! later of any of its acts. From there this goes back, day by day, until nothing earlier tells anything
//! ([`is_ground`]); what a segment holds before its last run is read only then.

use std::borrow::Cow;
use std::ops::Range;

use smallvec::SmallVec;

use crate::date::Day;
use crate::date::short::{day_of, number_of};
use crate::index::Index;
use crate::index::segment::{Earlier, Form, IndexFault, Posting};
use crate::index::version::{Version, is_known, latest};
use crate::standing::{Move, is_ground};

use super::found::OfRegister;

/// What is asked of registers: how they stand at the end of a day, as known after an entry.
pub(super) struct Telling<'a> {
    index: &'a Index,
    pub(super) day: Day,
    /// The day by its number.
    until: i32,
    last: u64,
}

/// Of most registers there is no more in any segment.
const FEW: usize = 8;

/// What was read of one register.
struct Reading<'a> {
    telling: &'a Telling<'a>,
    /// What became known later of some acts: the last that is known of each.
    amended: Vec<Version<'a>>,
    /// What was read, run by run, those of each in the order of the days.
    read: SmallVec<[Read<'a>; FEW]>,
    /// Of each run, what was not told yet.
    untold: SmallVec<[Range<usize>; FEW]>,
    /// Runs before which there are more, each with its term.
    open: Vec<(&'a [u8], Earlier)>,
    /// What tells, from the last day back.
    told: Vec<Move>,
    /// What is denied: it does not count, and is told of.
    aside: Vec<Move>,
}

/// An act of a run.
struct Read<'a> {
    /// The first day on which it may take effect.
    first: i32,
    /// The last day on which it may, or one before it in the run.
    reach: i32,
    version: Cow<'a, [u8]>,
}

impl<'a> Telling<'a> {
    pub(super) fn new(index: &'a Index, day: Day, last: u64) -> Self {
        Self { index, day, until: number_of(day), last }
    }

    /// What tells how a register stands, in the order of the entries.
    pub(super) fn of(&self, register: OfRegister<'_>) -> Result<Vec<Move>, IndexFault> {
        let mut reading = Reading::of(register, self)?;
        let mut enough = 2;
        while reading.tell_last_day()? || reading.read_on()? {
            let are_enough = reading.told.len() >= enough;
            if (are_enough || reading.may_have_turned())
                && is_ground(&reading.told, reading.reach(), self.day)
            {
                break;
            }
            // To look at every day anew would take the square of the time.
            if are_enough {
                enough = 2 * reading.told.len();
            }
        }
        Ok(reading.in_order())
    }
}

impl<'a> Reading<'a> {
    fn of(register: OfRegister<'a>, telling: &'a Telling<'a>) -> Result<Self, IndexFault> {
        let mut reading = Self {
            telling,
            amended: latest(register.amendments()?),
            read: SmallVec::new(),
            untold: SmallVec::new(),
            open: register.with_earlier().collect(),
            told: Vec::with_capacity(2),
            aside: Vec::new(),
        };
        reading.take_amended()?;
        for run in register.by_days() {
            reading.take(run.postings(), run.is_known, Cow::Borrowed)?;
        }
        Ok(reading)
    }

    /// Of what became known later, takes what counts and puts aside what is denied.
    fn take_amended(&mut self) -> Result<(), IndexFault> {
        let mut counting = Vec::new();
        for version in &self.amended {
            match &version.step {
                Some(step) if step.days().0 > self.telling.until => {}
                Some(step) if step.counts() => counting.push((step.days(), version.bytes)),
                Some(step) if step.is_denied() => self.aside.push(step.clone().whole()?),
                Some(_) | None => {}
            }
        }
        counting.sort_by_key(|(days, _)| *days);
        let posting = |(days, beside)| Posting { days: Some(days), offset: 0, beside };
        self.take(counting.into_iter().map(posting), true, Cow::Borrowed)
    }

    /// Takes acts that are known and may have taken effect by the day. They come in the order of the days.
    fn take<'p>(
        &mut self,
        postings: impl Iterator<Item = Posting<'p>>,
        all_known: bool,
        keep: impl Fn(&'p [u8]) -> Cow<'a, [u8]>,
    ) -> Result<(), IndexFault> {
        let from = self.read.len();
        let mut reach = i32::MIN;
        for Posting { days, beside, .. } in postings {
            let (first, last) = days.ok_or(IndexFault::Damaged)?;
            if first > self.telling.until {
                break;
            }
            if all_known || is_known(beside, self.telling.last)? {
                reach = reach.max(last);
                self.read.push(Read { first, reach, version: keep(beside) });
            }
        }
        if from < self.read.len() {
            self.untold.push(from..self.read.len());
        }
        Ok(())
    }

    /// Reads one more run, of those before which there are more; false where there are none.
    fn read_on(&mut self) -> Result<bool, IndexFault> {
        let latest = (0..self.open.len()).max_by_key(|place| self.open[*place].1.first);
        let Some(latest) = latest else { return Ok(false) };
        let (term, run) = self.open.swap_remove(latest);
        self.telling.index.run_before(term, run, &mut |run| {
            if let Form::Days(Some(earlier)) = run.form {
                self.open.push((term, earlier));
            }
            self.take(run.postings(), false, |beside| Cow::Owned(beside.to_vec()))
        })?;
        Ok(true)
    }

    /// Tells what begins on the last day that was read and not told; false where there is none, or where something that
    /// was not read yet may begin later.
    fn tell_last_day(&mut self) -> Result<bool, IndexFault> {
        let unread = self.open.iter().map(|(_, run)| run.first).max();
        let last = self.untold.iter().map(|untold| self.read[untold.end - 1].first).max();
        let Some(day) = last.filter(|day| unread.is_none_or(|unread| *day >= unread)) else {
            return Ok(false);
        };
        let before = self.told.len();
        for untold in &mut self.untold {
            while untold.start < untold.end && self.read[untold.end - 1].first == day {
                untold.end -= 1;
                let version = Version::read(&self.read[untold.end].version)?;
                if is_overtaken(&version, &self.amended) {
                    continue;
                }
                let step = version.step.ok_or(IndexFault::Damaged)?;
                self.told.push(step.whole()?);
            }
        }
        self.untold.retain(|untold| untold.start < untold.end);
        // Some may be there twice, found under two terms of the register.
        if let [_, _, ..] = self.told[before..] {
            self.told[before..].sort_unstable_by_key(|step| step.number);
            self.told.dedup_by_key(|step| step.number);
        }
        Ok(true)
    }

    /// Whether the last act that was told does something else than the one after it, among the first few.
    fn may_have_turned(&self) -> bool {
        match self.told.as_slice() {
            told @ [.., later, earlier] => told.len() <= FEW && later.effect != earlier.effect,
            [_] | [] => false,
        }
    }

    /// How far the dates reach of what was not told.
    fn reach(&self) -> Option<Day> {
        let untold = self.untold.iter().map(|untold| self.read[untold.end - 1].reach);
        let unread = self.open.iter().map(|(_, run)| run.reach);
        untold.chain(unread).max().map(|reach| day_of(reach).unwrap_or(Day::MAX))
    }

    fn in_order(mut self) -> Vec<Move> {
        self.told.append(&mut self.aside);
        self.told.sort_unstable_by_key(|step| step.number);
        self.told
    }
}

/// Whether a version is of an act as it was first known, of which something else became known later.
fn is_overtaken(version: &Version<'_>, amended: &[Version<'_>]) -> bool {
    version.known_from == version.number
        && amended.binary_search_by_key(&version.number, |version| version.number).is_ok()
}
