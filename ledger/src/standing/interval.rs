//! The whole story of a register: its values, each with its first and last day.

use crate::date::Day;

use super::timeline::{Outcome, Timeline};

/// A run of days on which a register had the same possible values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    /// Its first day; none where it has no beginning.
    pub from: Option<Day>,
    /// Its last day; none where it has no end yet.
    pub to: Option<Day>,
    /// The possible values; one, where it is certain.
    pub outcomes: Vec<Outcome>,
}

/// The intervals of a register from its first act on, in order, with no day left out.
#[must_use]
pub fn intervals(timeline: &Timeline<'_>) -> Vec<Interval> {
    let days = turning_days(timeline);
    let mut intervals: Vec<Interval> = Vec::new();
    for day in days {
        let outcomes = timeline.at(day);
        match intervals.last_mut() {
            Some(last) if last.outcomes == outcomes => continue,
            Some(last) => last.to = day.yesterday().ok(),
            None => {}
        }
        intervals.push(Interval { from: (day != Day::MIN).then_some(day), to: None, outcomes });
    }
    intervals
}

/// The days on which the possible values may change: an act may count or surely counts, or its effect runs out.
fn turning_days(timeline: &Timeline<'_>) -> Vec<Day> {
    let mut days = Vec::new();
    for step in timeline.moves() {
        let (earliest, latest) = step.days();
        days.extend([earliest, latest]);
        for until in step.until.iter().flat_map(|until| [until.earliest(), until.latest()]) {
            days.extend(until.tomorrow());
        }
    }
    days.sort_unstable();
    days.dedup();
    // An end that no one will see: `2021-08-15/..` surely counts on the last day that can be written.
    days.retain(|day| *day != Day::MAX);
    days
}
