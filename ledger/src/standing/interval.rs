//! Registers through time: each value with the days between which it stood.

use crate::date::{Date, Day};
use crate::register::Key;

use super::answer::{Found, Question, timelines};
use super::knowledge::Knowledge;
use super::timeline::Outcome;
use super::value::Word;

/// One value of a register, on an unbroken run of days.
///
/// Where the dates of the acts are not exact, runs overlap: a value is then possible for longer than it is certain.
#[derive(Debug, Clone)]
pub struct Interval {
    /// The register.
    pub key: Key,
    /// The value, with what it rests on.
    pub outcome: Outcome,
    /// The first day on which it may have stood; none where that has no beginning.
    pub from: Option<Day>,
    /// The last day on which it may have stood; none where it still stands.
    pub to: Option<Day>,
    /// The first day on which it surely stood, if there is one.
    pub sure_from: Option<Day>,
    /// The last day on which it surely stood; none also where it still does.
    pub sure_to: Option<Day>,
}

/// The values of the registers that a question is about, up to its day and with the identities of that day.
#[must_use]
pub fn intervals(knowledge: &Knowledge<'_>, question: &Question) -> Vec<Interval> {
    timelines(knowledge, question).iter().flat_map(|found| follow(found, question.as_of)).collect()
}

/// A register from its first act to the end of a day.
fn follow(found: &Found<'_>, end: Day) -> Vec<Interval> {
    let mut done: Vec<Interval> = Vec::new();
    let mut open: Vec<Interval> = Vec::new();
    for day in days(found, end) {
        let eve = if day == Day::MIN { None } else { day.yesterday().ok() };
        let outcomes = found.timeline.at(day);
        let sure = outcomes.len() == 1;
        let (still, over): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|run| outcomes.iter().any(|outcome| outcome.is_same(&run.outcome)));
        done.extend(over.into_iter().map(|run| run.ended(eve)));
        open = still;
        for outcome in outcomes.into_iter().filter(|outcome| !outcome.value.is(Word::None)) {
            let from = if day == Day::MIN { None } else { Some(day) };
            match open.iter_mut().find(|run| run.outcome.is_same(&outcome)) {
                Some(run) => run.go_on(outcome, sure, day, eve),
                None => open.push(Interval {
                    key: found.key.clone(),
                    outcome,
                    from,
                    to: None,
                    sure_from: if sure { Some(day) } else { None },
                    sure_to: None,
                }),
            }
        }
    }
    done.extend(open);
    done.sort_by_key(|run| run.from);
    done
}

impl Interval {
    /// The same value on a further day, after another act.
    fn go_on(&mut self, outcome: Outcome, sure: bool, day: Day, eve: Option<Day>) {
        self.outcome = outcome;
        match (self.sure_from, sure) {
            (None, true) => self.sure_from = Some(day),
            (Some(_), false) if self.sure_to.is_none() => self.sure_to = eve,
            _ => {}
        }
    }

    fn ended(self, eve: Option<Day>) -> Self {
        let sure_to = if self.sure_from.is_some() { self.sure_to.or(eve) } else { None };
        Self { to: eve, sure_to, ..self }
    }
}

/// The days on which the register may begin to stand otherwise.
fn days(found: &Found<'_>, end: Day) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for step in found.timeline.moves() {
        let act = &step.known.act;
        match &act.effective {
            Some(date) => days.extend([date.earliest(), date.latest()]),
            None => days.push(Day::MIN),
        }
        if let Some(until) = &act.until {
            let after = Date::next_day(until);
            days.extend([after.earliest(), after.latest()]);
        }
    }
    days.retain(|day| *day <= end);
    days.sort_unstable();
    days.dedup();
    days
}
