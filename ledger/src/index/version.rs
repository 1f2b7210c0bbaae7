//! What the index holds beside the place of an act, under the term of a register: what the act does to that register,
//! as the register knew it from some entry on.
//!
//! An act that others are about has several versions, each known from one of those on; the last one known counts. One
//! may say that the act does not move the register any more.
//!
//! A version begins with what tells whether more of it must be read: from which entry on it is known, and when the act
//! takes effect.

use serde::Deserialize;

use crate::act::Label;
use crate::date::{Date, Day};
use crate::standing::effect::{Effect, says_the_same};
use crate::standing::{Case, Move, Status};

use super::segment::{IndexFault, push_varint, take_varint};

/// What an act does to a register, as known from an entry on, read as far as its beginning.
#[derive(Debug, Clone)]
pub(crate) struct Version<'a> {
    /// The entry of the act.
    pub number: u64,
    /// The entry from which on it is known so.
    pub known_from: u64,
    /// What it does; none where it does not move the register any more.
    pub step: Option<Step<'a>>,
}

/// What an act does to a register, read as far as its beginning.
#[derive(Debug, Clone)]
pub(crate) struct Step<'a> {
    number: u64,
    beginning: Beginning,
    rest: &'a [u8],
}

/// The first fields of a [`Move`].
#[derive(Debug, Clone, Deserialize)]
struct Beginning {
    #[serde(with = "crate::date::short")]
    effective: Option<Date>,
    #[serde(with = "crate::date::short")]
    until: Option<Date>,
    case: Option<Box<Case>>,
}

/// The others.
#[derive(Deserialize)]
struct Rest {
    effect: Effect,
    order: Option<i64>,
    group: Option<Label>,
}

/// The bytes of a version.
pub(crate) fn to_bytes(number: u64, known_from: u64, step: Option<&Move>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(32);
    push_varint(&mut bytes, number);
    push_varint(&mut bytes, known_from - number);
    if let Some(step) = step {
        bincode::serde::encode_into_std_write(step, &mut bytes, bincode::config::standard())
            .expect("what an act does has a binary form");
    }
    bytes
}

impl<'a> Version<'a> {
    pub(crate) fn read(mut bytes: &'a [u8]) -> Result<Self, IndexFault> {
        let (number, known_from) = take_numbers(&mut bytes)?;
        let step = if bytes.is_empty() { None } else { Some(Step::read(number, bytes)?) };
        Ok(Self { number, known_from, step })
    }
}

impl<'a> Step<'a> {
    fn read(number: u64, bytes: &'a [u8]) -> Result<Self, IndexFault> {
        let read = bincode::serde::borrow_decode_from_slice(bytes, bincode::config::standard());
        let (beginning, length): (Beginning, usize) = read.map_err(|_| IndexFault::Damaged)?;
        Ok(Self { number, beginning, rest: &bytes[length..] })
    }

    pub(crate) fn effective(&self) -> Option<&Date> {
        self.beginning.effective.as_ref()
    }

    pub(crate) fn until(&self) -> Option<&Date> {
        self.beginning.until.as_ref()
    }

    /// The first and the last day on which it may take effect.
    pub(crate) fn days(&self) -> (Day, Day) {
        self.effective().map_or((Day::MIN, Day::MIN), |date| (date.earliest(), date.latest()))
    }

    /// Whether the act counts.
    pub(crate) fn counts(&self) -> bool {
        self.beginning.case.as_ref().is_none_or(|case| case.status == Status::Counts)
    }

    /// All of it.
    pub(crate) fn whole(self) -> Result<Move, IndexFault> {
        let read = bincode::serde::borrow_decode_from_slice(self.rest, bincode::config::standard());
        let (Rest { effect, order, group }, _) = read.map_err(|_| IndexFault::Damaged)?;
        let Beginning { effective, until, case } = self.beginning;
        Ok(Move { number: self.number, effective, until, case, effect, order, group })
    }
}

/// Whether these bytes are a version that is known after an entry; there may be nothing beside the place of an act.
pub(crate) fn is_known(mut bytes: &[u8], last: u64) -> Result<bool, IndexFault> {
    Ok(!bytes.is_empty() && take_numbers(&mut bytes)?.1 <= last)
}

fn take_numbers(bytes: &mut &[u8]) -> Result<(u64, u64), IndexFault> {
    let number = take_varint(bytes).ok_or(IndexFault::Damaged)?;
    let known_from = take_varint(bytes).and_then(|more| number.checked_add(more));
    Ok((number, known_from.ok_or(IndexFault::Damaged)?))
}

/// Of versions, the last one of each act that moves the register, in the order of the acts.
pub(crate) fn settled(mut versions: Vec<Version<'_>>) -> Vec<Step<'_>> {
    // Most come in their order, and once.
    if !versions.is_sorted_by(|one, other| one.number < other.number) {
        versions.sort_by_key(|version| (version.number, version.known_from));
        versions.dedup_by(|next, version| {
            let is_newer = next.number == version.number;
            if is_newer {
                std::mem::swap(next, version);
            }
            is_newer
        });
    }
    versions.into_iter().filter_map(|version| version.step).collect()
}

/// Of what acts do to a register, what may tell how it stands at the end of a day: the rest had not begun, or was
/// surely overtaken by then. In the order of the acts.
///
/// Where two acts are surely in effect, each surely after all before it, and write different values, the first of them
/// and what came before tell nothing any more: not even since when. So the second is where the register begins.
pub(crate) fn telling(mut steps: Vec<Step<'_>>, day: Day) -> Result<Vec<Move>, IndexFault> {
    steps.retain(|step| step.days().0 <= day);
    let mut moves = Vec::with_capacity(steps.len().min(4));
    // What does not count may still be told of.
    for step in steps.extract_if(.., |step| !step.counts()) {
        moves.push(step.whole()?);
    }
    steps.sort_by_key(Step::days);
    let reach: Vec<Day> = steps
        .iter()
        .scan(Day::MIN, |reach, step| {
            *reach = step.days().1.max(*reach);
            Some(*reach)
        })
        .collect();
    // From the last one back, until nothing earlier tells anything.
    let mut later = None;
    while let Some(step) = steps.pop() {
        let (first, last) = step.days();
        let is_after_all = steps.len().checked_sub(1).is_none_or(|before| reach[before] < first);
        let stands_alone = is_after_all && last <= day;
        let step = step.whole()?;
        let written = step.effect.written().filter(|_| stands_alone);
        let written_later = later.and_then(|later: usize| moves.get(later)?.effect.written());
        if let (Some(this), Some(later)) = (written, written_later)
            && !says_the_same(this, later)
        {
            break;
        }
        later = written.map(|_| moves.len());
        moves.push(step);
    }
    moves.sort_unstable_by_key(|step| step.number);
    Ok(moves)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Version, settled, telling, to_bytes};
    use crate::date::{Date, Day};
    use crate::standing::effect::Effect;
    use crate::standing::value::Word;
    use crate::standing::{Case, Move, Status, Timeline, Value};

    /// What an act does, with its day among few: many fall together or overlap.
    fn step() -> impl Strategy<Value = Move> {
        let day = prop_oneof![
            4 => (1..6_u8).prop_map(|day| Some(format!("2001-01-{day:02}"))),
            1 => Just(Some("2001-01".to_owned())),
            1 => Just(Some("2001-01-02/2001-01-03".to_owned())),
            1 => Just(None),
        ];
        let word = prop_oneof![Just(Word::InForce), Just(Word::Suspended), Just(Word::Severed)];
        let until = proptest::option::weighted(0.1, Just("2001-01-04"));
        (day, word, any::<bool>(), until, prop::bool::weighted(0.1)).prop_map(
            |(day, word, keeps, until, is_retracted)| {
                let value = Value::Word(word);
                let case = Case {
                    status: Status::Retracted { by: 99 },
                    denied_by: None,
                    amended_by: Vec::new(),
                    contested: Vec::new(),
                };
                Move {
                    number: 0,
                    effective: day.map(|text| Date::parse(&text).unwrap()),
                    until: until.map(|text| Date::parse(text).unwrap()),
                    case: is_retracted.then(|| Box::new(case)),
                    effect: if keeps { Effect::Keeps(value) } else { Effect::Writes(value, Vec::new()) },
                    order: None,
                    group: None,
                }
            },
        )
    }

    proptest! {
        /// What is left out of a register tells nothing of the day: neither how it stands nor since when.
        #[test]
        fn what_is_left_out_tells_nothing(mut steps in proptest::collection::vec(step(), 0..7)) {
            for (number, step) in (1..).zip(&mut steps) {
                step.number = number;
            }
            let bytes: Vec<Vec<u8>> =
                steps.iter().map(|step| to_bytes(step.number, step.number, Some(step))).collect();
            for day in 0..8 {
                let day = if day == 0 { Day::constant(2000, 12, 31) } else { Day::constant(2001, 1, day) };
                let versions = bytes.iter().map(|bytes| Version::read(bytes).unwrap()).collect();
                let told = telling(settled(versions), day).unwrap();
                let outcomes = [&steps, &told].map(|steps| {
                    Timeline::new(steps.iter().filter(|step| step.counts())).at(day)
                });
                prop_assert_eq!(&outcomes[0], &outcomes[1], "{}: {:?}", day, told);
            }
        }
    }
}
