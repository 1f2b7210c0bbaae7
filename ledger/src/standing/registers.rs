//! Every register that acts move, each with what moves it: all that an answer needs, and nothing of where it is from.
//!
//! It is made out of what the register knew ([`Registers::of`]), or read from where it was made out before (the
//! index).

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::abreast::abreast;
use crate::act::{Act, Deed, Label};
use crate::date::{Date, Day};
use crate::party::PartyId;
use crate::register::{Key, Register};

use super::effect::{Effect, moves};
use super::knowledge::{Knowledge, Known, Status};
use super::value::Word;

/// Entries, by their numbers. Nearly everything rests on one or two, which lie in place.
pub type Entries = SmallVec<[u64; 2]>;

/// What one act does to one register, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Move {
    /// The entry of the act. It is written beside the rest.
    #[serde(skip)]
    pub number: u64,
    /// When it takes effect. The dates and what others make of the act are read without the rest where that will do.
    #[serde(serialize_with = "crate::date::short::serialize")]
    pub effective: Option<Date>,
    /// The last day on which its effect lasts, by its own terms.
    #[serde(serialize_with = "crate::date::short::serialize")]
    pub until: Option<Date>,
    /// What other acts make of it; apart, for few acts have others about them.
    pub case: Option<Box<Case>>,
    /// What the act does.
    pub effect: Effect,
    /// The place of the act within its day.
    pub order: Option<i64>,
    /// The acts together with which it takes effect.
    pub group: Option<Label>,
}

/// What other acts make of an act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Whether the act counts.
    pub status: Status,
    /// Who denies it, where it does not count for that.
    pub denied_by: Option<PartyId>,
    /// The entries that corrected or moved it, in order.
    pub amended_by: Vec<u64>,
    /// Who disputes or denies it, or what amended it: the entry that is contested, and by whom.
    pub contested: Vec<(u64, PartyId)>,
}

/// One register, with what moves it in the order of the entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The register.
    pub key: Arc<Key>,
    /// What moves it, and acts that would and do not count.
    pub moves: Vec<Move>,
}

/// A party that goes on as another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Continuation {
    /// The party.
    pub party: PartyId,
    /// The one as which it goes on.
    pub heir: PartyId,
    /// When.
    pub effective: Date,
    /// The entry that says so.
    pub number: u64,
}

/// Who has gone on as whom by some day: for each party the last of its heirs, and the entry that says who the first is.
pub type Heirs = BTreeMap<PartyId, (PartyId, u64)>;

/// What the register knew after some entry, register by register: all of it, or all that questions are about.
#[derive(Debug, Clone, Default)]
pub struct Registers {
    /// The registers, in order.
    pub all: Vec<Moved>,
    /// Who goes on as whom, in the order of the entries.
    pub continued: Vec<Continuation>,
    /// What the end of a regime does to its sanctions, under the register of the regime.
    pub endings: Vec<(Arc<Key>, Move)>,
}

impl Move {
    /// What an act does to one register, as the register knew the act.
    #[must_use]
    pub fn of(known: &Known<'_>, effect: Effect, knowledge: &Knowledge<'_>) -> Self {
        let case = Case::of(known, &knowledge.contested_amendments(known)).map(Box::new);
        Self { case, ..Self::of_act(known.entry.number, &known.act, effect) }
    }

    /// What an act does to one register, about which there is no other act.
    pub(crate) fn of_act(number: u64, act: &Act, effect: Effect) -> Self {
        Self {
            number,
            effect,
            effective: act.effective.clone(),
            until: act.until.clone(),
            order: act.order,
            group: act.group.clone(),
            case: None,
        }
    }

    /// Whether it counts.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.case.as_ref().is_none_or(|case| case.status == Status::Counts)
    }

    /// The first and the last day on which it may take effect; an act that has no date, before all others.
    #[must_use]
    pub fn days(&self) -> (Day, Day) {
        self.effective.as_ref().map_or((Day::MIN, Day::MIN), |date| (date.earliest(), date.latest()))
    }

    /// The entries that make the act what it is: its own and those that amended it.
    #[must_use]
    pub fn entries(&self) -> Entries {
        let amended_by = self.case.iter().flat_map(|case| &case.amended_by);
        std::iter::once(self.number).chain(amended_by.copied()).collect()
    }

    /// Who denies it, where it does not count for that.
    #[must_use]
    pub fn denied_by(&self) -> Option<&PartyId> {
        self.case.as_ref()?.denied_by.as_ref()
    }

    /// The entries that somebody disputes or denies, each with who does.
    pub fn contested(&self) -> impl Iterator<Item = &(u64, PartyId)> {
        self.case.iter().flat_map(|case| &case.contested)
    }

    /// Where it ends a regime: what it does to the sanctions of that.
    #[must_use]
    pub fn ending(&self, key: &Key) -> Option<Self> {
        let ends = key.register == Register::Regime && self.effect.value().is(Word::Terminated);
        ends.then(|| Self { effect: Effect::Ends, ..self.clone() })
    }
}

impl Case {
    /// What others make of an act; none where nothing comes of it. With it come the amendments of it that are
    /// contested, and who contests them.
    pub(crate) fn of(known: &Known<'_>, amendments: &[(u64, PartyId)]) -> Option<Self> {
        let own = known.contested_by.iter().map(|(party, _)| (known.entry.number, party.clone()));
        let contested: Vec<(u64, PartyId)> = own.chain(amendments.iter().cloned()).collect();
        if known.counts() && known.amended_by.is_empty() && contested.is_empty() {
            return None;
        }
        let denied = matches!(known.status, Status::Denied { .. });
        Some(Self {
            status: known.status.clone(),
            denied_by: known.act.deed.actor().filter(|_| denied).cloned(),
            amended_by: known.amended_by.clone(),
            contested,
        })
    }
}

impl Continuation {
    /// What an act says of who goes on as whom, where it counts and says so.
    #[must_use]
    pub fn of(known: &Known<'_>) -> Option<Self> {
        let Deed::EntityContinuedBy { actor, subject } = &known.act.deed else { return None };
        let effective = known.act.effective.clone().filter(|_| known.counts())?;
        Some(Self { party: actor.clone(), heir: subject.clone(), effective, number: known.entry.number })
    }
}

impl Registers {
    /// What the register knew, register by register.
    #[must_use]
    pub fn of(knowledge: &Knowledge<'_>) -> Self {
        let of_acts = |acts: Vec<&Known<'_>>| -> Vec<Step> {
            let mut steps = Vec::with_capacity(acts.len());
            for known in acts {
                let moved = moves(&known.act).into_iter();
                steps.extend(moved.map(|(key, effect)| Step::new(key, Move::of(known, effect, knowledge))));
            }
            steps
        };
        let steps = abreast(knowledge.acts.iter().collect(), |_, _| true, of_acts);
        let continued = knowledge.acts.iter().filter_map(Continuation::of).collect();
        Self::from_parts(gathered(steps), continued)
    }

    /// Whoever goes on as another on some day, and those as which they do: registers may be joined that name them.
    pub(crate) fn kin(&self) -> BTreeSet<&PartyId> {
        self.continued.iter().flat_map(|line| [&line.party, &line.heir]).collect()
    }

    /// Registers in order, and who goes on as whom.
    pub(crate) fn from_parts(all: Vec<Moved>, continued: Vec<Continuation>) -> Self {
        let regimes = all.iter().filter(|moved| moved.key.register == Register::Regime);
        let endings = regimes.flat_map(|moved| {
            let endings = moved.moves.iter().filter_map(|step| step.ending(&moved.key));
            endings.map(|ending| (moved.key.clone(), ending))
        });
        let endings = endings.collect();
        Self { all, continued, endings }
    }

    /// Who had surely gone on as whom by a day.
    ///
    /// Who goes on in a circle goes nowhere: of acts that contradict each other so, the first recorded stand.
    #[must_use]
    pub fn heirs(&self, day: Day) -> Heirs {
        let mut next: BTreeMap<&PartyId, (&PartyId, u64)> = BTreeMap::new();
        for Continuation { party, heir, effective, number } in &self.continued {
            let goes_on = effective.latest() <= day && !line_of_heirs(&next, heir).any(|heir| heir == party);
            if goes_on {
                next.insert(party, (heir, *number));
            }
        }
        let last = |(heir, number): &(&PartyId, u64)| {
            let last = line_of_heirs(&next, heir).last().unwrap_or(heir);
            (last.clone(), *number)
        };
        next.iter().map(|(party, first)| ((*party).clone(), last(first))).collect()
    }
}

/// A register under the ids that its parties bear once they have gone on; none where that is as before. A party's own
/// existence and name stay its own.
pub(crate) fn carried_over(key: &Key, heirs: &Heirs) -> Option<Key> {
    let goes_on = |party: &Option<PartyId>| party.as_ref().is_some_and(|id| heirs.contains_key(id));
    let Key { register, actor, subject, of, person, .. } = key;
    let of_itself = matches!(register, Register::Existence | Register::Name);
    if heirs.is_empty() || of_itself || ![actor, subject, of, person].into_iter().any(goes_on) {
        return None;
    }
    let mut carried = key.clone();
    let Key { actor, subject, of, person, .. } = &mut carried;
    for party in [actor, subject, of, person].into_iter().flatten() {
        if let Some((heir, _)) = heirs.get(party) {
            *party = heir.clone();
        }
    }
    if carried.is_mutual() && carried.actor > carried.subject {
        std::mem::swap(&mut carried.actor, &mut carried.subject);
    }
    Some(carried)
}

/// A party, who it goes on as, who that one goes on as, and so on.
fn line_of_heirs<'a>(
    next: &BTreeMap<&'a PartyId, (&'a PartyId, u64)>,
    party: &'a PartyId,
) -> impl Iterator<Item = &'a PartyId> {
    std::iter::successors(Some(party), |heir| next.get(heir).map(|(further, _)| *further))
}

/// A register that an act moves, and how.
struct Step {
    beginning: Beginning,
    key: Key,
    moved: Move,
}

impl Step {
    fn new(key: Key, moved: Move) -> Self {
        Self { beginning: Beginning::of(&key), key, moved }
    }

    fn order(&self, other: &Self) -> Ordering {
        let (one, two) = (&self.beginning, &other.beginning);
        let numbers = (one.actor, one.subject).cmp(&(two.actor, two.subject));
        let all = one.is_all && two.is_all;
        numbers.then_with(|| if all { Ordering::Equal } else { self.key.cmp(&other.key) })
    }
}

/// Steps in the order of their registers, and of the acts; those of one register together.
fn gathered(steps: Vec<Step>) -> Vec<Moved> {
    // They are long: their places are put in order, and each of them is moved once.
    let mut places: Vec<usize> = (0..steps.len()).collect();
    places.sort_by(|one, other| steps[*one].order(&steps[*other]));
    let starts: Vec<bool> = std::iter::once(true)
        .chain(places.windows(2).map(|pair| steps[pair[0]].order(&steps[pair[1]]) != Ordering::Equal))
        .collect();
    let mut steps: Vec<Option<Step>> = steps.into_iter().map(Some).collect();
    let mut all: Vec<Moved> = Vec::new();
    for (place, starts) in places.into_iter().zip(starts) {
        let Some(Step { key, moved, .. }) = steps[place].take() else { continue };
        match all.last_mut() {
            Some(last) if !starts => last.moves.push(moved),
            _ => all.push(Moved { key: Arc::new(key), moves: vec![moved] }),
        }
    }
    all
}

/// The beginning of a register as numbers, in the order of registers; and whether that is all of it.
///
/// Registers are long, and most differ in their kind and in the first letters of their parties: those are compared
/// first.
#[derive(Debug, Clone, Copy)]
struct Beginning {
    actor: u64,
    subject: u128,
    is_all: bool,
}

impl Beginning {
    fn of(key: &Key) -> Self {
        /// The first letters, and whether there are more: then nothing that follows may decide.
        fn letters<const N: usize>(party: Option<&PartyId>) -> ([u8; N], bool) {
            let mut letters = [0; N];
            let Some(party) = party.map(|party| party.as_str().as_bytes()) else { return (letters, false) };
            let shown = party.len().min(N - 1);
            letters[..shown].copy_from_slice(&party[..shown]);
            letters[N - 1] = u8::from(party.len() > shown);
            (letters, party.len() > shown)
        }
        let Key { register, actor, subject, of, post, person, regime, measure, list, licence } = key;
        let (actor, is_longer) = letters::<7>(actor.as_ref());
        let mut first = [*register as u8; 8];
        first[1..].copy_from_slice(&actor);
        let (subject, goes_on) = letters::<16>(subject.as_ref());
        let is_more = of.is_some() || person.is_some() || measure.is_some();
        let is_named = [post, regime, list, licence].into_iter().any(Option::is_some);
        Self {
            actor: u64::from_be_bytes(first),
            subject: if is_longer { 0 } else { u128::from_be_bytes(subject) },
            is_all: !(is_longer || goes_on || is_more || is_named),
        }
    }
}
