//! Questions and answers: the standings of the registers that a question is about.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use crate::abreast::abreast;
use crate::act::{Deed, Label, Measure};
use crate::date::{Date, Day};
use crate::party::PartyId;
use crate::register::{Key, Register};

use super::channel::through;
use super::effect::{Detail, Effect, may_move, moves};
use super::knowledge::{Knowledge, Known, Status};
use super::timeline::{Certainty, Move, Outcome, Timeline};
use super::value::{Value, Word};

/// What is asked: which registers, at the end of which day.
///
/// What the register knew is the other time of every question: it is the [`Knowledge`] that the question is put
/// to.
#[derive(Debug, Clone)]
pub struct Question {
    /// The day; the answer is for its end.
    pub as_of: Day,
    /// Only registers of this kind.
    pub register: Option<Register>,
    /// Only registers in which this party acts.
    pub actor: Option<PartyId>,
    /// Only registers toward this party.
    pub subject: Option<PartyId>,
    /// Also what reaches a party through the collectives that it belongs to, or is bound by, on that day.
    pub through: bool,
}

/// How one register stood: one of its possible values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The register.
    pub key: Key,
    /// Its value.
    pub value: Value,
    /// Whether it is the only possible value.
    pub certainty: Certainty,
    /// Since when.
    pub since: Option<Date>,
    /// Until when, by the terms of the act.
    pub until: Option<Date>,
    /// Who disputes an act that this rests on.
    pub contested_by: Vec<PartyId>,
    /// Who denies an act of this register that therefore does not count.
    pub denied_by: Vec<PartyId>,
    /// The licences in force for this measure and target.
    pub licensed: Vec<Label>,
    /// The collective through which it reaches the actor; none where it is the actor's own.
    pub channel: Option<PartyId>,
    /// What else the acts say.
    pub detail: Detail,
    /// The entries that this rests on.
    pub basis: Vec<u64>,
}

/// An answer: the standings, and the identities of parties that it had to apply.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The standings, by register.
    pub standings: Vec<Standing>,
    /// Parties that had gone on under another id by the day asked for: the old id, the new one, the entry.
    pub continued: Vec<(PartyId, PartyId, u64)>,
}

/// Answers a question from what the register knew.
#[must_use]
pub fn answer(knowledge: &Knowledge<'_>, question: &Question) -> Answer {
    World::new(knowledge, question.as_of).answer(question)
}

/// The registers that a question is about, each with all its acts up to the day: the whole story.
#[must_use]
pub fn story<'a>(knowledge: &'a Knowledge<'a>, question: &Question) -> Vec<Found<'a>> {
    World::new(knowledge, question.as_of).timelines(question)
}

/// An act that was due after the day asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    /// The register that it will move.
    pub key: Key,
    /// What it will write.
    pub value: Value,
    /// When it is due.
    pub effective: Date,
    /// Its entry, and those that moved it.
    pub entries: Vec<u64>,
}

/// The acts that were due after the day of a question, as the register knew then, in the order of their days.
#[must_use]
pub fn scheduled(knowledge: &Knowledge<'_>, question: &Question) -> Vec<Scheduled> {
    let everything = Question { as_of: Day::MAX, ..question.clone() };
    let mut due = Vec::new();
    for found in World::new(knowledge, question.as_of).timelines_until(&everything, Day::MAX) {
        for step in found.timeline.moves().filter(|step| step.effect != Effect::Ends) {
            let effective = step.known.act.effective.clone();
            if let Some(effective) = effective.filter(|date| date.earliest() > question.as_of) {
                let (key, value) = (found.key.clone(), step.effect.value());
                due.push(Scheduled { key, value, effective, entries: step.known.entries() });
            }
        }
    }
    due.sort_by(|a, b| (a.effective.earliest(), &a.key).cmp(&(b.effective.earliest(), &b.key)));
    due
}

/// One register with its acts.
#[derive(Debug)]
pub struct Found<'a> {
    /// The register.
    pub key: Key,
    /// Its acts that count.
    pub timeline: Timeline<'a>,
    /// Its acts that do not count.
    pub left_out: Vec<&'a Known<'a>>,
}

/// What the register knew, seen from one day.
pub(super) struct World<'a> {
    day: Day,
    knowledge: &'a Knowledge<'a>,
    /// Parties that have gone on under another id by that day: who, and through which entry.
    heirs: BTreeMap<PartyId, (PartyId, u64)>,
    /// The acts that somebody disputes or denies, by their entries.
    contested: BTreeMap<u64, &'a Known<'a>>,
    /// The licences that may be in force on the day, by the imposer and the regime; made out when first asked for.
    licences: OnceLock<OfRegimes<Key>>,
    /// Only these registers are looked at, where there are such.
    among: Option<BTreeSet<Key>>,
}

/// What belongs to sanctions regimes: by the imposer and the regime, in order.
type OfRegimes<T> = BTreeMap<(Option<PartyId>, Option<Label>), Vec<T>>;

/// A register that an act moves, and how.
struct Step<'a> {
    key: Key,
    moved: Move<'a>,
}

impl<'a> World<'a> {
    pub(super) fn new(knowledge: &'a Knowledge<'a>, day: Day) -> Self {
        let heirs = heirs(knowledge, day);
        let contested = knowledge.acts.iter().filter(|known| !known.contested_by.is_empty());
        let contested = contested.map(|known| (known.entry.number, known)).collect();
        Self { day, knowledge, heirs, contested, licences: OnceLock::new(), among: None }
    }

    /// The same, looking at some registers alone.
    pub(super) fn among(self, keys: Option<BTreeSet<Key>>) -> Self {
        // Licences are made out among all.
        self.licences();
        Self { among: keys, ..self }
    }

    pub(super) fn answer(&self, question: &Question) -> Answer {
        let continued = [&question.actor, &question.subject]
            .into_iter()
            .flatten()
            .filter_map(|party| {
                let (heir, entry) = self.heirs.get(party)?;
                Some((party.clone(), heir.clone(), *entry))
            })
            .collect();
        if question.register.is_none_or(|register| register == Register::Sanction) {
            // Before the threads need them, which would wait for one another.
            self.licences();
        }
        let mut standings = self.told(question, self.day, |found| self.standings(&found));
        if question.through {
            standings.extend(through(self, question));
        }
        self.add_silence(question, &mut standings);
        Answer { standings, continued }
    }

    /// The registers that a question is about and that some act moves by its day, in order.
    pub(super) fn timelines(&self, question: &Question) -> Vec<Found<'a>> {
        self.timelines_until(question, self.day)
    }

    /// The same for the registers that some act moves by another day.
    fn timelines_until(&self, question: &Question, until: Day) -> Vec<Found<'a>> {
        self.told(question, until, |found| vec![found])
    }

    /// What is to be told of each of these registers, in order.
    pub(super) fn told<T: Send>(
        &self,
        question: &Question,
        until: Day,
        tell: impl Fn(Found<'a>) -> Vec<T> + Sync,
    ) -> Vec<T> {
        let steps = self.steps(question);
        let endings = self.endings(question);
        abreast(
            in_order(&steps),
            |one, other| !is_same(one, other),
            |share| {
                let registers = share.chunk_by(is_same);
                registers.filter_map(|steps| self.found(steps, &endings, until)).flat_map(&tell).collect()
            },
        )
    }

    /// What the acts move of what a question is about, in the order of the acts.
    fn steps(&self, question: &Question) -> Vec<Step<'a>> {
        let actor = question.actor.as_ref().map(|party| self.heir(party));
        let subject = question.subject.as_ref().map(|party| self.heir(party));
        let (actors, subjects) = (self.ids_of(actor), self.ids_of(subject));
        let among = self.parties_among();
        let sieve = |known: &&'a Known<'a>| {
            let deed = &known.act.deed;
            question.register.is_none_or(|register| may_move(deed, register))
                && (actor.is_none() || deed.names_one_of(&actors))
                && (subject.is_none() || deed.names_one_of(&subjects))
                && (self.among.is_none() || deed.names_one_of(&among))
        };
        let looked_at = |key: &Key| self.among.as_ref().is_none_or(|keys| keys.contains(key));
        abreast(
            self.knowledge.acts.iter().collect(),
            |_, _| true,
            |acts: Vec<&'a Known<'a>>| {
                let mut steps = Vec::new();
                for known in acts.into_iter().filter(sieve) {
                    for (key, effect) in moves(&known.act) {
                        let key = self.carried_over(key);
                        if looked_at(&key) && question.is_about(&key, actor, subject) {
                            steps.push(Step { key, moved: Move { known, effect } });
                        }
                    }
                }
                steps
            },
        )
    }

    /// A register by what its acts do; none where no act has moved it by the day.
    fn found(
        &self,
        steps: &[(Beginning, &Step<'a>)],
        endings: &OfRegimes<&'a Known<'a>>,
        until: Day,
    ) -> Option<Found<'a>> {
        let key = &steps.first()?.1.key;
        let (mut counted, mut left_out) = (Vec::with_capacity(steps.len()), Vec::new());
        for (_, Step { moved, .. }) in steps {
            if moved.known.counts() {
                counted.push(moved.clone());
            } else {
                left_out.push(moved.known);
            }
        }
        if key.register == Register::Sanction {
            let of_regime = endings.get(&(key.actor.clone(), key.regime.clone()));
            let ends = of_regime.into_iter().flatten().map(|known| Move { known, effect: Effect::Ends });
            counted.extend(ends);
        }
        let timeline = Timeline::new(counted);
        left_out.sort_by_key(|known| known.entry.number);
        let is_there = timeline.has_begun(until) || self.denials(&left_out).next().is_some();
        is_there.then(|| Found { key: key.clone(), timeline, left_out })
    }

    /// The possible values of one register at the end of the day.
    pub(super) fn standings(&self, found: &Found<'a>) -> Vec<Standing> {
        let outcomes = found.timeline.at(self.day);
        let certainty = if outcomes.len() == 1 { Certainty::Certain } else { Certainty::Possible };
        let denied_by: Vec<PartyId> = self.denials(&found.left_out).cloned().collect();
        outcomes
            .into_iter()
            .map(|outcome| Standing {
                certainty,
                denied_by: denied_by.clone(),
                contested_by: self.contested(&outcome.basis),
                licensed: self.licensed(&found.key, &outcome),
                ..Standing::of(found.key.clone(), outcome)
            })
            .collect()
    }

    /// Between two named parties, silence on recognition and relations is an answer too.
    fn add_silence(&self, question: &Question, standings: &mut Vec<Standing>) {
        let (Some(actor), Some(subject)) = (&question.actor, &question.subject) else { return };
        let (actor, subject) = (self.heir(actor), self.heir(subject));
        for key in [
            Key::toward(Register::RecognitionState, actor, subject),
            Key::between(Register::Relations, actor, subject),
        ] {
            let asked = question.register.is_none_or(|register| register == key.register);
            if asked && !standings.iter().any(|standing| standing.key == key) {
                standings.push(Standing::of(key, Outcome::none()));
            }
        }
    }

    pub(super) fn heir<'p>(&'p self, party: &'p PartyId) -> &'p PartyId {
        self.heirs.get(party).map_or(party, |(heir, _)| heir)
    }

    /// Every id under which acts of a party may stand: its own, and those that it has gone on from.
    fn ids_of<'p>(&'p self, party: Option<&'p PartyId>) -> Vec<&'p PartyId> {
        let Some(party) = party else { return Vec::new() };
        let earlier = self.heirs.iter().filter(|(_, (heir, _))| heir == party).map(|(old, _)| old);
        std::iter::once(party).chain(earlier).collect()
    }

    /// Every id that an act of the registers looked at must name.
    fn parties_among(&self) -> Vec<&PartyId> {
        let keys = self.among.iter().flatten();
        let parties: BTreeSet<&PartyId> = keys.flat_map(|key| [&key.actor, &key.subject]).flatten().collect();
        parties.into_iter().flat_map(|party| self.ids_of(Some(party))).collect()
    }

    /// The ends of sanctions regimes, where the question is about sanctions: only the same imposer's end a measure,
    /// and only under the same regime.
    fn endings(&self, question: &Question) -> OfRegimes<&'a Known<'a>> {
        let mut endings = OfRegimes::new();
        if question.register.is_some_and(|register| register != Register::Sanction) {
            return endings;
        }
        let is_ending =
            |known: &&Known<'_>| matches!(known.act.deed, Deed::RegimeTerminated { .. }) && known.counts();
        for known in self.knowledge.acts.iter().filter(is_ending) {
            for (key, _) in moves(&known.act) {
                let key = self.carried_over(key);
                endings.entry((key.actor, key.regime)).or_default().push(known);
            }
        }
        endings
    }

    /// The register under the ids that its parties bear on the day. A party's own existence and name stay its own.
    pub(super) fn carried_over(&self, mut key: Key) -> Key {
        if self.heirs.is_empty() || matches!(key.register, Register::Existence | Register::Name) {
            return key;
        }
        for party in [&mut key.actor, &mut key.subject, &mut key.of, &mut key.person].into_iter().flatten() {
            if let Some((heir, _)) = self.heirs.get(party) {
                *party = heir.clone();
            }
        }
        if key.is_mutual() && key.actor > key.subject {
            std::mem::swap(&mut key.actor, &mut key.subject);
        }
        key
    }

    /// Who denies having done an act that is said to be theirs and to have taken effect by the day.
    fn denials<'b>(&'b self, left_out: &'b [&'a Known<'a>]) -> impl Iterator<Item = &'b PartyId> {
        left_out
            .iter()
            .filter(|known| matches!(known.status, Status::Denied { .. }))
            .filter(|known| known.act.effective.as_ref().is_none_or(|date| date.earliest() <= self.day))
            .filter_map(|known| known.act.deed.actor())
    }

    fn contested(&self, basis: &[u64]) -> Vec<PartyId> {
        let acts = basis.iter().filter_map(|number| self.contested.get(number));
        let mut parties: Vec<PartyId> =
            acts.flat_map(|known| known.contested_by.iter().map(|(party, _)| party.clone())).collect();
        parties.sort();
        parties.dedup();
        parties
    }

    /// The licences that may be in force for a measure that binds: they lift nothing, and are named beside it.
    fn licensed(&self, key: &Key, outcome: &Outcome) -> Vec<Label> {
        if key.register != Register::Sanction || !outcome.value.is(Word::InForce) {
            return Vec::new();
        }
        let covers = |licence: &&Key| {
            (licence.measure.is_none() || licence.measure == key.measure)
                && (licence.subject.is_none() || licence.subject == key.subject)
        };
        let of_regime = self.licences().get(&(key.actor.clone(), key.regime.clone()));
        let covering = of_regime.into_iter().flatten().filter(covers);
        let mut names: Vec<Label> = covering.filter_map(|licence| licence.licence.clone()).collect();
        names.dedup();
        names
    }

    fn licences(&self) -> &OfRegimes<Key> {
        self.licences.get_or_init(|| {
            let granted = |timeline: &Timeline<'_>| {
                timeline.at(self.day).iter().any(|outcome| outcome.value.is(Word::Granted))
            };
            let mut licences = OfRegimes::new();
            for found in self.timelines(&Question::about(Register::Licence, self.day)) {
                if granted(&found.timeline) {
                    let of_regime = (found.key.actor.clone(), found.key.regime.clone());
                    licences.entry(of_regime).or_default().push(found.key);
                }
            }
            licences
        })
    }
}

impl Standing {
    pub(super) fn of(key: Key, outcome: Outcome) -> Self {
        Self {
            key,
            value: outcome.value,
            certainty: Certainty::Certain,
            since: outcome.since,
            until: outcome.until,
            contested_by: Vec::new(),
            denied_by: Vec::new(),
            licensed: Vec::new(),
            channel: None,
            detail: outcome.detail,
            basis: outcome.basis,
        }
    }
}

impl Question {
    /// Every register of a kind.
    #[must_use]
    pub fn about(register: Register, as_of: Day) -> Self {
        Self { as_of, register: Some(register), actor: None, subject: None, through: false }
    }

    fn is_about(&self, key: &Key, actor: Option<&PartyId>, subject: Option<&PartyId>) -> bool {
        if self.register.is_some_and(|register| register != key.register) {
            return false;
        }
        let (one, other) = (key.actor.as_ref(), key.subject.as_ref());
        let fits = |wanted: Option<&PartyId>, found| wanted.is_none() || wanted == found;
        let straight = fits(actor, one) && fits(subject, other);
        straight || (key.is_mutual() && fits(actor, other) && fits(subject, one))
    }
}

/// The beginning of a register as numbers, in the order of registers; and whether that is all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Beginning {
    actor: u64,
    subject: u128,
    is_all: bool,
}

/// Steps in the order of their registers, and of the acts.
///
/// Registers are long, and most differ in their kind and in the first letters of their parties: those are compared
/// first, as numbers.
fn in_order<'s, 'a>(steps: &'s [Step<'a>]) -> Vec<(Beginning, &'s Step<'a>)> {
    let mut steps: Vec<_> = steps.iter().map(|step| (Beginning::of(&step.key), step)).collect();
    steps.sort_by(|(one, step), (other, second)| {
        let numbers = (one.actor, one.subject).cmp(&(other.actor, other.subject));
        let all = one.is_all && other.is_all;
        numbers.then_with(|| if all { Ordering::Equal } else { step.key.cmp(&second.key) })
    });
    steps
}

/// Whether two steps are of one register.
fn is_same((one, step): &(Beginning, &Step<'_>), (other, second): &(Beginning, &Step<'_>)) -> bool {
    one == other && (one.is_all || step.key == second.key)
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

/// Parties that surely go on under another id by a day, each with the last of its heirs.
///
/// Who goes on in a circle goes nowhere: of acts that contradict each other so, the first recorded stand.
fn heirs(knowledge: &Knowledge<'_>, day: Day) -> BTreeMap<PartyId, (PartyId, u64)> {
    let mut next: BTreeMap<&PartyId, (&PartyId, u64)> = BTreeMap::new();
    for known in knowledge.acts.iter().filter(|known| known.counts()) {
        if let Deed::EntityContinuedBy { actor, subject } = &known.act.deed
            && known.act.effective.as_ref().is_some_and(|date| date.latest() <= day)
            && !line_of_heirs(&next, subject).any(|heir| heir == actor)
        {
            next.insert(actor, (subject, known.entry.number));
        }
    }
    let last = |(heir, entry): &(&PartyId, u64)| {
        let last = line_of_heirs(&next, heir).last().unwrap_or(heir);
        (last.clone(), *entry)
    };
    next.iter().map(|(party, first)| ((*party).clone(), last(first))).collect()
}

/// A party, who it goes on as, who that one goes on as, and so on.
fn line_of_heirs<'a>(
    next: &BTreeMap<&'a PartyId, (&'a PartyId, u64)>,
    party: &'a PartyId,
) -> impl Iterator<Item = &'a PartyId> {
    std::iter::successors(Some(party), |heir| next.get(heir).map(|(further, _)| *further))
}

/// The fields of a register beside its parties, as names and words.
#[must_use]
pub fn key_fields(key: &Key) -> Vec<(&'static str, String)> {
    let text = |label: &Option<Label>| label.as_ref().map(ToString::to_string);
    [
        ("of", key.of.as_ref().map(ToString::to_string)),
        ("post", text(&key.post)),
        ("person", key.person.as_ref().map(ToString::to_string)),
        ("regime", text(&key.regime)),
        ("measure", key.measure.map(Measure::word).map(str::to_owned)),
        ("list", text(&key.list)),
        ("licence", text(&key.licence)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}
