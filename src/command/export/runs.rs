//! Each value of each register with the days between which it stood.
//!
//! Where the dates of the acts are not exact, runs overlap: a value is then possible for longer than it is certain.

use std::sync::Arc;

use ledger::abreast::abreast;
use ledger::standing::timeline::Outcome;
use ledger::standing::value::Word;
use ledger::standing::{Found, Interval, intervals, story};
use ledger::{Day, Key, Question, Registers};

/// One value of a register, on an unbroken run of days.
pub(super) struct Run {
    pub key: Arc<Key>,
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
pub(super) fn runs(registers: &Registers, question: &Question) -> Vec<Run> {
    let began = |interval: &Interval| interval.from.is_none_or(|from| from <= question.as_of);
    let of_register = |found: Found<'_>| {
        let intervals: Vec<Interval> = intervals(&found.timeline).into_iter().filter(began).collect();
        follow(&found.key, intervals)
    };
    let found = story(registers, question);
    abreast(found, |_, _| true, |share| share.into_iter().flat_map(of_register).collect())
}

/// A register, interval by interval: its values begin, go on and end.
fn follow(key: &Arc<Key>, intervals: Vec<Interval>) -> Vec<Run> {
    let mut done: Vec<Run> = Vec::new();
    let mut open: Vec<Run> = Vec::new();
    let mut eve = None;
    for Interval { from, to, outcomes } in intervals {
        let sure = outcomes.len() == 1;
        let goes_on = |run: &Run| outcomes.iter().any(|outcome| outcome.is_same(&run.outcome));
        let (still, over): (Vec<_>, Vec<_>) = open.into_iter().partition(goes_on);
        done.extend(over.into_iter().map(|run| run.ended(eve)));
        open = still;
        for outcome in outcomes.into_iter().filter(|outcome| !outcome.value.is(Word::None)) {
            match open.iter_mut().find(|run| run.outcome.is_same(&outcome)) {
                Some(run) => run.go_on(outcome, sure, from, eve),
                None => open.push(Run::begun(Arc::clone(key), outcome, sure, from)),
            }
        }
        eve = to;
    }
    done.extend(open);
    done.sort_by_key(|run| run.from);
    done
}

impl Run {
    fn begun(key: Arc<Key>, outcome: Outcome, sure: bool, from: Option<Day>) -> Self {
        let sure_from = if sure { from.or(Some(Day::MIN)) } else { None };
        Self { key, outcome, from, to: None, sure_from, sure_to: None }
    }

    /// The same value on further days, after another act.
    fn go_on(&mut self, outcome: Outcome, sure: bool, from: Option<Day>, eve: Option<Day>) {
        self.outcome = outcome;
        match (self.sure_from, sure) {
            (None, true) => self.sure_from = from,
            (Some(_), false) if self.sure_to.is_none() => self.sure_to = eve,
            _ => {}
        }
    }

    fn ended(self, eve: Option<Day>) -> Self {
        let sure_to = if self.sure_from.is_some() { self.sure_to.or(eve) } else { None };
        Self { to: eve, sure_to, ..self }
    }
}
