//! What of a register tells how it stands at the end of a day.
//!
//! The index gives the last run by that day of what acts do to the register, out of each segment, and what became known
//! later of any of its acts. From there this goes back, day by day, until nothing earlier tells anything
//! ([`is_ground`]); what a segment holds before its last run is read only then.

use std::borrow::Cow;

use crate::date::Day;
use crate::date::short::{day_of, number_of};
use crate::index::Index;
use crate::index::segment::{Earlier, Form, IndexFault};
use crate::index::version::{Days, Version, days_in, is_known, latest, number_in};
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

/// What was read of one register.
struct Reading<'a> {
    telling: &'a Telling<'a>,
    /// What became known later of some acts: the last that is known of each.
    amended: Vec<Version<'a>>,
    /// What was read and not told yet, in the order of the days.
    waiting: Vec<Waiting<'a>>,
    /// Runs before which there are more, each with its term.
    open: Vec<(&'a [u8], Earlier)>,
    /// What tells, from the last day back.
    told: Vec<Move>,
    /// What is denied: it does not count, and is told of.
    aside: Vec<Move>,
}

/// An act that waits to be told: of its version, no more was read than this.
struct Waiting<'a> {
    days: Days,
    number: u64,
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
            if reading.told.len() < enough {
                continue;
            }
            if is_ground(&reading.told, reading.reach(), self.day) {
                break;
            }
            // To look at every day anew would take the square of the time.
            enough = 2 * reading.told.len();
        }
        Ok(reading.in_order())
    }
}

impl<'a> Reading<'a> {
    fn of(register: OfRegister<'a>, telling: &'a Telling<'a>) -> Result<Self, IndexFault> {
        let amended = latest(register.bytes(false).map(Version::read).collect::<Result<_, _>>()?);
        let open = register.with_earlier().collect();
        let (waiting, told, aside) = (Vec::new(), Vec::new(), Vec::new());
        let mut reading = Self { telling, amended, waiting, open, told, aside };
        reading.set_aside()?;
        for version in register.bytes(true) {
            reading.wait_with(Cow::Borrowed(version))?;
        }
        reading.put_in_order();
        Ok(reading)
    }

    /// Of what became known later, lets what counts wait and puts aside what is denied.
    fn set_aside(&mut self) -> Result<(), IndexFault> {
        for version in &self.amended {
            let Some(step) = version.step.clone().filter(|step| step.days().0 <= self.telling.until) else {
                continue;
            };
            if step.counts() {
                let (number, version) = (version.number, Cow::Borrowed(version.bytes));
                self.waiting.push(Waiting { days: step.days(), number, version });
            } else if step.is_denied() {
                self.aside.push(step.whole()?);
            }
        }
        Ok(())
    }

    /// Lets an act wait until it is its turn, as it was first known, unless something else became known of it.
    fn wait_with(&mut self, version: Cow<'a, [u8]>) -> Result<(), IndexFault> {
        let (number, days) = (number_in(&version)?, days_in(&version)?);
        let is_amended = || self.amended.binary_search_by_key(&number, |version| version.number).is_ok();
        if days.0 <= self.telling.until && (self.amended.is_empty() || !is_amended()) {
            self.waiting.push(Waiting { days, number, version });
        }
        Ok(())
    }

    /// Puts what waits in the order of the days. Some may be there twice, found under two terms of the register.
    fn put_in_order(&mut self) {
        let order = |waiting: &Waiting<'_>| (waiting.days, waiting.number);
        if !self.waiting.is_sorted_by(|one, other| order(one) < order(other)) {
            self.waiting.sort_by_key(order);
            self.waiting.dedup_by_key(|waiting| waiting.number);
        }
    }

    /// Reads one more run, of those before which there are more; false where there are none.
    fn read_on(&mut self) -> Result<bool, IndexFault> {
        let latest = (0..self.open.len()).max_by_key(|place| self.open[*place].1.first);
        let Some(latest) = latest else { return Ok(false) };
        let (term, run) = self.open.swap_remove(latest);
        let mut earlier = None;
        self.telling.index.run_before(term, run, &mut |posting| {
            if let Form::Days(before) = posting.form {
                earlier = before;
            }
            let is_known = is_known(posting.beside, self.telling.last)?;
            if is_known { self.wait_with(Cow::Owned(posting.beside.to_vec())) } else { Ok(()) }
        })?;
        self.open.extend(earlier.map(|earlier| (term, earlier)));
        self.put_in_order();
        Ok(true)
    }

    /// Tells what begins on the last day of what waits; false where nothing does, or where something that was not read
    /// yet may begin later.
    fn tell_last_day(&mut self) -> Result<bool, IndexFault> {
        let unread = self.open.iter().map(|(_, run)| run.first).max();
        let last = self.waiting.last().map(|waiting| waiting.days.0);
        let Some(day) = last.filter(|day| unread.is_none_or(|unread| *day >= unread)) else {
            return Ok(false);
        };
        while let Some(next) = self.waiting.pop_if(|waiting| waiting.days.0 == day) {
            let step = Version::read(&next.version)?.step.ok_or(IndexFault::Damaged)?;
            self.told.push(step.whole()?);
        }
        Ok(true)
    }

    /// How far the dates reach of what was not told.
    fn reach(&self) -> Option<Day> {
        let waiting = self.waiting.iter().map(|waiting| waiting.days.1);
        let unread = self.open.iter().map(|(_, run)| run.reach);
        waiting.chain(unread).max().map(|reach| day_of(reach).unwrap_or(Day::MAX))
    }

    fn in_order(mut self) -> Vec<Move> {
        self.told.append(&mut self.aside);
        self.told.sort_unstable_by_key(|step| step.number);
        self.told
    }
}
