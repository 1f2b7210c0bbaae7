//! The rule of certainty: from the acts of one register to its possible values at the end of a day.
//!
//! An act *may count* on day D if its earliest day is not after D; it *surely counts* if its latest day is not
//! after D. An act may be the last one if it may count and no act that surely counts comes surely after it. The
//! value before all acts is possible if no act surely counts. One possible value is certain; of several, each is
//! possible.
//!
//! Acts are taken in clusters: within one, the order of days is open; between two, it is sure. All clusters but
//! the last one count whole, so that each becomes the ground on which the next one stands. Acts of one exact day
//! have an order of their own (`order`, then the group with ends before begins, then the number of the entry)
//! and so never share a cluster.

use smallvec::SmallVec;

use crate::date::{Date, Day};

use super::effect::{Detail, Effect, says_the_same};
use super::registers::{Entries, Move};
use super::value::{Phase, Value, Word};

/// One value that a register may have, and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The value.
    pub value: Value,
    /// What else the acts say of it.
    pub detail: Detail,
    /// Since when, where an act wrote it: the first act of an unbroken run of the same value.
    pub since: Option<Date>,
    /// The last day of it, by the terms of the act that wrote it last.
    pub until: Option<Date>,
    /// The entries that it rests on, in their order.
    pub basis: Entries,
}

/// Whether a standing is the only possible one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// No other value is possible.
    Certain,
    /// One of several possible values.
    Possible,
}

impl Certainty {
    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Possible => "possible",
        }
    }
}

/// The acts of one register, in the order in which they took effect as far as that is known.
#[derive(Debug, Clone)]
pub struct Timeline<'a> {
    moves: Acts<'a>,
}

/// Most registers are moved by few acts, and are made out by the thousand: they lie in place.
type Acts<'a> = SmallVec<[Placed<'a>; 2]>;

/// Acts, cluster by cluster.
type Clusters<'m, 'a> = SmallVec<[&'m [Placed<'a>]; 4]>;

#[derive(Debug, Clone, Copy)]
struct Placed<'a> {
    step: &'a Move,
    earliest: Day,
    latest: Day,
    /// The place within an exact day.
    place: Place,
}

/// `order` first, then the group (where its first entry stands) with ends before begins, then the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    unordered: bool,
    order: i64,
    group: u64,
    phase: Phase,
    number: u64,
}

impl Outcome {
    /// What a register is before all acts.
    #[must_use]
    pub fn none() -> Self {
        Self {
            value: Value::Word(Word::None),
            detail: Detail::default(),
            since: None,
            until: None,
            basis: Entries::new(),
        }
    }

    /// What tells one outcome from another: the value, with the mode of a recognition and the rank of a mission.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        says_the_same((&self.value, &self.detail), (&other.value, &other.detail))
    }

    /// Whether it will also run out at the same time: while acts are still to come, that tells two apart.
    fn is_same_until(&self, other: &Self) -> bool {
        self.is_same(other) && self.until == other.until
    }

    /// Whether it had run out before a day began, by its own terms.
    fn lapsed_before(&self, day: Day) -> bool {
        self.until.as_ref().is_some_and(|until| until.latest() < day)
    }

    /// This outcome as one that follows an old one: of the same value with no gap between, it goes on.
    fn after(self, old: &Self, from: Day) -> Self {
        let eve = if from == Day::MIN { from } else { from.yesterday().unwrap_or(Day::MIN) };
        if !old.is_same(&self) || old.basis.is_empty() || old.lapsed_before(eve) {
            return self;
        }
        let basis = joined(&old.basis[..1], &self.basis);
        Self { since: old.since.clone(), basis, ..self }
    }
}

impl<'a> Timeline<'a> {
    /// Orders the acts of a register.
    pub fn new(moves: impl IntoIterator<Item = &'a Move>) -> Self {
        let mut placed: Acts<'a> = moves.into_iter().map(Placed::new).collect();
        gather_groups(&mut placed);
        placed.sort_by_key(|p| (p.earliest, p.latest, p.place));
        Self { moves: placed }
    }

    /// The acts, in their order.
    pub fn moves(&self) -> impl Iterator<Item = &'a Move> {
        self.moves.iter().map(|placed| placed.step)
    }

    /// What the register may be just before the act at a place takes effect.
    #[must_use]
    pub fn before(&self, place: usize) -> Vec<Outcome> {
        let Some(this) = self.moves.get(place) else { return Vec::new() };
        let by_then = self.moves.partition_point(|placed| placed.earliest <= this.latest);
        let others = self.moves[..by_then].iter().enumerate();
        let earlier: Acts<'a> = others
            .filter(|(other, placed)| *other != place && !placed.surely_after(this))
            .map(|(_, placed)| *placed)
            .collect();
        let mut outcomes = unfinished(&earlier, this.latest);
        for outcome in if this.is_exact() { Vec::new() } else { unfinished(&earlier, this.earliest) } {
            merge(&mut outcomes, outcome, Outcome::is_same_until);
        }
        outcomes
    }

    /// The entry of the first act that surely comes after the act at a place.
    #[must_use]
    pub fn overtaken_by(&self, place: usize) -> Option<u64> {
        let (earlier, later) = self.moves.split_at_checked(place + 1)?;
        let this = earlier.last()?;
        let next = later.iter().find(|other| other.surely_after(this))?;
        Some(next.step.number)
    }

    /// Whether some act of this register may count by the end of a day.
    #[must_use]
    pub fn has_begun(&self, day: Day) -> bool {
        self.moves.iter().any(|placed| placed.earliest <= day && placed.step.effect != Effect::Ends)
    }

    /// Whether the register may be several things on some day; where not, it surely is one on each.
    #[must_use]
    pub fn may_be_open(&self) -> bool {
        let is_vague = |placed: &Placed<'_>| {
            let until = placed.step.until.as_ref();
            !placed.is_exact() || until.is_some_and(|until| until.earliest() != until.latest())
        };
        self.moves.iter().any(is_vague) || self.moves.windows(2).any(|pair| !pair[1].surely_after(&pair[0]))
    }

    /// The possible values of the register at the end of a day, the first to have been possible first.
    #[must_use]
    pub fn at(&self, day: Day) -> Vec<Outcome> {
        let unfinished = unfinished(&self.moves, day);
        if unfinished.iter().all(|outcome| outcome.until.is_none()) {
            return unfinished;
        }
        let mut outcomes = Vec::new();
        for outcome in unfinished {
            for outcome in run_out(outcome, day) {
                merge(&mut outcomes, outcome, Outcome::is_same);
            }
        }
        outcomes
    }

    /// The outcomes after one cluster, given those before it.
    fn after(cluster: &[Placed<'a>], ground: &[Outcome], day: Day) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        if !cluster.iter().any(|placed| placed.latest <= day) {
            outcomes.extend_from_slice(ground);
        }
        for (index, last) in cluster.iter().enumerate() {
            let outdone = cluster.iter().any(|other| other.latest <= day && other.surely_after(last));
            if !outdone {
                for outcome in Self::when_last(cluster, index, ground, day) {
                    merge(&mut outcomes, outcome, Outcome::is_same_until);
                }
            }
        }
        outcomes
    }

    /// What the register may be when one act of a cluster came last.
    fn when_last(cluster: &[Placed<'a>], index: usize, ground: &[Outcome], day: Day) -> Vec<Outcome> {
        let last = &cluster[index];
        match &last.step.effect {
            Effect::Writes(value, detail) => {
                let new = last.written(value.clone(), detail.clone());
                vec![Self::continuing(cluster, ground, new)]
            }
            Effect::Keeps(value) => before(cluster, index, ground, day)
                .into_iter()
                .map(|old| {
                    let new = last.written(value.clone(), old.detail.clone());
                    new.after(&old, last.earliest)
                })
                .collect(),
            Effect::Ends => before(cluster, index, ground, day)
                .into_iter()
                .map(|old| {
                    if !old.value.is_alive() || old.lapsed_before(last.earliest) {
                        return old;
                    }
                    let mut new = last.written(Value::Word(Word::Terminated), Detail::default());
                    new.basis = joined(&old.basis, &new.basis);
                    new
                })
                .collect(),
        }
    }

    /// An outcome that an act of a cluster wrote, with `since` at the first of an unbroken run of the same value.
    ///
    /// Where the acts of a cluster differ in value, nobody knows which of them broke the run: then `since` is the
    /// act's own date.
    fn continuing(cluster: &[Placed<'a>], ground: &[Outcome], new: Outcome) -> Outcome {
        let new = if let [first, _, ..] = cluster {
            let mut run = cluster.iter().map(Placed::outcome);
            let uniform = run.all(|other| other.is_some_and(|other| other.is_same(&new)));
            let Some(first) = first.outcome().filter(|_| uniform) else { return new };
            Outcome { since: first.since, basis: joined(&first.basis, &new.basis), ..new }
        } else {
            new
        };
        match ground {
            [old, others @ ..] if others.iter().all(|other| other.is_same(old)) => {
                new.after(old, cluster[0].earliest)
            }
            _ => new,
        }
    }
}

impl<'a> Placed<'a> {
    fn new(step: &'a Move) -> Self {
        let place = Place {
            unordered: step.order.is_none(),
            order: step.order.unwrap_or(0),
            group: step.number,
            phase: step.effect.phase(),
            number: step.number,
        };
        let (earliest, latest) = step.days();
        Self { step, earliest, latest, place }
    }

    fn is_exact(&self) -> bool {
        self.earliest == self.latest
    }

    fn surely_after(&self, other: &Self) -> bool {
        if self.is_exact() && other.is_exact() && self.earliest == other.earliest {
            return self.place > other.place;
        }
        self.earliest > other.latest
    }

    /// What it writes, where that does not depend on what stood before.
    fn outcome(&self) -> Option<Outcome> {
        let (value, detail) = self.step.effect.written()?;
        Some(self.written(value.clone(), detail.clone()))
    }

    /// Whether it writes the same as another; none where what one of them writes depends on what stood before.
    fn writes_as(&self, other: &Self) -> Option<bool> {
        Some(says_the_same(self.step.effect.written()?, other.step.effect.written()?))
    }

    fn written(&self, value: Value, detail: Detail) -> Outcome {
        let Move { effective, until, .. } = self.step;
        Outcome { value, detail, since: effective.clone(), until: until.clone(), basis: self.step.entries() }
    }
}

/// Gives all acts of one group on one exact day the place of its first entry.
fn gather_groups(moves: &mut [Placed<'_>]) {
    if moves.iter().all(|placed| placed.step.group.is_none()) {
        return;
    }
    let mut firsts = std::collections::BTreeMap::new();
    for placed in &*moves {
        if let Some(group) = &placed.step.group {
            let first = firsts.entry((placed.earliest, group)).or_insert(placed.place.number);
            *first = (*first).min(placed.place.number);
        }
    }
    let firsts: Vec<Option<u64>> = moves
        .iter()
        .map(|placed| {
            let group = placed.step.group.as_ref()?;
            firsts.get(&(placed.earliest, group)).copied()
        })
        .collect();
    for (placed, first) in moves.iter_mut().zip(firsts) {
        placed.place.group = first.unwrap_or(placed.place.number);
    }
}

/// What a register may be at the end of a day by these acts, before the terms of the acts themselves are applied:
/// nothing has run out yet.
fn unfinished(moves: &[Placed<'_>], day: Day) -> Vec<Outcome> {
    let counted = moves.partition_point(|placed| placed.earliest <= day);
    let clusters = clusters_of(&moves[..counted]);
    let (from, mut ground) = last_turn(&clusters, day);
    for cluster in &clusters[from..] {
        ground = Timeline::after(cluster, &ground, day);
    }
    ground
}

/// Whether these acts alone tell how a register stands at the end of a day by which each of them may count, where every
/// earlier act takes effect by `reach` at the latest, and begins before the first of these does.
///
/// There are two such grounds. One act surely counts and writes another value than the one before it, which surely
/// counts as well: then what stood before tells not even since when. Or the acts of one cluster differ in value, and
/// one of them surely counts, and surely after all that is not here: then it alone can have come last among those, and
/// nobody knows since when ([`Timeline::continuing`]).
pub(crate) fn is_ground<'a>(moves: impl IntoIterator<Item = &'a Move>, reach: Option<Day>, day: Day) -> bool {
    let timeline = Timeline::new(moves);
    let clusters = clusters_of(&timeline.moves);
    let is_apart =
        |placed: &Placed<'_>| placed.latest <= day && reach.is_none_or(|reach| placed.earliest > reach);
    let is_turn = |pair: &[&[Placed<'_>]]| is_apart(&pair[0][0]) && turns(pair[0], pair[1], day);
    let is_mixed = |cluster: &&[Placed<'_>]| {
        cluster.iter().any(|placed| is_apart(placed) && placed.step.effect.written().is_some())
            && cluster.iter().any(|other| cluster[0].writes_as(other) != Some(true))
    };
    clusters.windows(2).any(is_turn) || clusters.iter().any(is_mixed)
}

/// Acts that may count, cluster by cluster.
fn clusters_of<'m, 'a>(mut moves: &'m [Placed<'a>]) -> Clusters<'m, 'a> {
    let mut clusters = Clusters::new();
    while !moves.is_empty() {
        let (cluster, after) = moves.split_at(cluster_length(moves));
        clusters.push(cluster);
        moves = after;
    }
    clusters
}

/// Whether a cluster is one act that surely counts, and writes another value than the one before it, which surely counts
/// as well.
fn turns(before: &[Placed<'_>], cluster: &[Placed<'_>], day: Day) -> bool {
    match (before, cluster) {
        ([one], [other]) => one.latest.max(other.latest) <= day && one.writes_as(other) == Some(false),
        _ => false,
    }
}

/// The last place before which nothing matters any more: where the value [`turns`]. What stands after it, and how many
/// clusters that takes.
fn last_turn(clusters: &[&[Placed<'_>]], day: Day) -> (usize, Vec<Outcome>) {
    let turn = (1..clusters.len()).rev().find(|place| turns(clusters[place - 1], clusters[*place], day));
    let after = turn.and_then(|place| Some((place + 1, vec![clusters[place][0].outcome()?])));
    after.unwrap_or_else(|| (0, vec![Outcome::none()]))
}

/// How many acts from the first on share a cluster: until one comes that is surely after all of them.
fn cluster_length(moves: &[Placed<'_>]) -> usize {
    let Some(first) = moves.first() else { return 0 };
    let mut latest = first.latest;
    for (count, placed) in moves.iter().enumerate().skip(1) {
        // In the order of the timeline an exact act can only follow, on the same day, another exact act.
        let next_of_the_day = count == 1 && placed.surely_after(first);
        if placed.earliest > latest || next_of_the_day {
            return count;
        }
        latest = latest.max(placed.latest);
    }
    moves.len()
}

/// What may have stood when one act of a cluster came, if it came last: the value of another that writes, or the
/// ground.
fn before(cluster: &[Placed<'_>], index: usize, ground: &[Outcome], day: Day) -> Vec<Outcome> {
    let last = &cluster[index];
    let writers = || {
        let others = cluster.iter().enumerate().filter(|(place, _)| *place != index);
        others.filter_map(|(_, placed)| {
            let (value, detail) = placed.step.effect.written()?;
            Some((placed, value, detail))
        })
    };
    let came_before = |other: &Placed<'_>| other.latest <= day || last.surely_after(other);
    let mut outcomes = Vec::new();
    if !writers().any(|(writer, ..)| came_before(writer)) {
        outcomes.extend_from_slice(ground);
    }
    for (writer, value, detail) in writers() {
        let outdone = writers().any(|(other, ..)| came_before(other) && other.surely_after(writer));
        if !outdone && !writer.surely_after(last) {
            merge(&mut outcomes, writer.written(value.clone(), detail.clone()), Outcome::is_same_until);
        }
    }
    outcomes
}

/// What an outcome is at the end of a day, now that its own terms are applied.
fn run_out(outcome: Outcome, day: Day) -> Vec<Outcome> {
    let Some(until) = outcome.until.clone() else { return vec![outcome] };
    let mut outcomes = Vec::new();
    if until.earliest() < day {
        outcomes.push(Outcome {
            value: Value::Word(Word::Expired),
            since: Some(until.next_day()),
            ..outcome.clone()
        });
    }
    if until.latest() >= day {
        outcomes.insert(0, outcome);
    }
    outcomes
}

/// Adds an outcome, unless the same one is there: then what each rests on is joined.
fn merge(outcomes: &mut Vec<Outcome>, new: Outcome, same: fn(&Outcome, &Outcome) -> bool) {
    match outcomes.iter_mut().find(|old| same(old, &new)) {
        Some(old) => old.basis = joined(&old.basis, &new.basis),
        None => outcomes.push(new),
    }
}

/// Two sets of entries as one, in order.
fn joined(some: &[u64], others: &[u64]) -> Entries {
    let mut entries: Entries = some.iter().chain(others).copied().collect();
    entries.sort_unstable();
    entries.dedup();
    entries
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Timeline, is_ground};
    use crate::date::{Date, Day};
    use crate::standing::Move;
    use crate::standing::effect::{Detail, Effect};
    use crate::standing::value::{Value, Word};

    /// What an act does, with its day among few: many fall together or overlap.
    fn step() -> impl Strategy<Value = Move> {
        let day = prop_oneof![
            8 => (1..9_u8).prop_map(|day| Some(format!("2001-01-{day:02}"))),
            1 => (1..6_u8).prop_map(|day| Some(format!("2001-01-{day:02}/2001-01-{:02}", day + 3))),
            1 => Just(Some("2001-01".to_owned())),
            1 => Just(Some("../2001-01-02".to_owned())),
            1 => Just(None),
        ];
        let word = prop_oneof![Just(Word::InForce), Just(Word::Suspended), Just(Word::Severed)];
        let until = proptest::option::weighted(0.1, Just("2001-01-04"));
        (day, word, prop::bool::weighted(0.2), until).prop_map(|(day, word, keeps, until)| {
            let value = Value::Word(word);
            Move {
                number: 0,
                effective: day.map(|text| Date::parse(&text).unwrap()),
                until: until.map(|text| Date::parse(text).unwrap()),
                case: None,
                effect: if keeps { Effect::Keeps(value) } else { Effect::Writes(value, Detail::default()) },
                order: None,
                group: None,
            }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// Where some acts are ground enough, those before them tell nothing: neither how the register stands nor since
        /// when.
        #[test]
        fn what_comes_before_a_ground_tells_nothing(mut steps in proptest::collection::vec(step(), 0..9)) {
            for (number, step) in (1..).zip(&mut steps) {
                step.number = number;
            }
            for day in (1..10).map(|day| Day::constant(2001, 1, day)) {
                let by_then: Vec<Move> = steps.iter().filter(|step| step.days().0 <= day).cloned().collect();
                let whole = Timeline::new(&steps).at(day);
                for from in by_then.iter().map(|step| step.days().0) {
                    let (told, before): (Vec<Move>, Vec<Move>) =
                        by_then.iter().cloned().partition(|step| step.days().0 >= from);
                    if is_ground(&told, before.iter().map(|step| step.days().1).max(), day) {
                        prop_assert_eq!(&Timeline::new(&told).at(day), &whole, "{}: {:?}", day, told);
                    }
                }
            }
        }
    }
}
