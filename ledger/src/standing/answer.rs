//! Questions and answers: the standings of the registers that a question is about.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use crate::abreast::abreast;
use crate::act::{Label, Measure};
use crate::date::{Date, Day};
use crate::party::PartyId;
use crate::register::{Key, Register};

use super::channel::through;
use super::effect::{Detail, Effect};
use super::regime::{Ending, Licence, OfRegime, is_granted};
use super::registers::{Entries, Heirs, Move, Moved, Registers, carried_over};
use super::timeline::{Certainty, Outcome, Timeline};
use super::value::{Value, Word};

/// What is asked: which registers, at the end of which day.
///
/// What the register knew is the other time of every question: it is in the [`Registers`] that the question is put
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
    pub key: Arc<Key>,
    /// Its value.
    pub value: Value,
    /// Whether it is the only possible value.
    pub certainty: Certainty,
    /// Since when.
    pub since: Option<Date>,
    /// Until when, by the terms of the act.
    pub until: Option<Date>,
    /// Circumstances that few have.
    pub circumstances: Exceptional,
    /// What else the acts say.
    pub detail: Detail,
    /// The entries that this rests on.
    pub basis: Entries,
}

/// Circumstances that few standings have, apart where there are any: an answer may have a hundred thousand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exceptional(Option<Box<Circumstances>>);

/// What is to be said of a standing beside its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circumstances {
    /// Who disputes an act that the standing rests on.
    pub contested_by: Vec<PartyId>,
    /// Who denies an act of the register that therefore does not count.
    pub denied_by: Vec<PartyId>,
    /// The licences in force for this measure and target.
    pub licensed: Vec<Label>,
    /// The collective through which it reaches the actor; none where it is the actor's own.
    pub channel: Option<PartyId>,
}

impl Circumstances {
    pub(super) const NOTHING: Self =
        Self { contested_by: Vec::new(), denied_by: Vec::new(), licensed: Vec::new(), channel: None };
}

impl Deref for Exceptional {
    type Target = Circumstances;

    fn deref(&self) -> &Circumstances {
        static NOTHING: Circumstances = Circumstances::NOTHING;
        self.0.as_deref().unwrap_or(&NOTHING)
    }
}

impl From<Circumstances> for Exceptional {
    fn from(circumstances: Circumstances) -> Self {
        Self((circumstances != Circumstances::NOTHING).then(|| Box::new(circumstances)))
    }
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
pub fn answer(registers: &Registers, question: &Question) -> Answer {
    World::new(registers, question.as_of).answer(question)
}

/// The same, where it is known already who has gone on as whom by the day, and what some regimes mean, by their
/// imposers and names: their own registers and their general licences are not among the others.
pub(crate) fn answer_with(
    registers: &Registers,
    heirs: &Heirs,
    regimes: &BTreeMap<(PartyId, Label), Arc<OfRegime>>,
    question: &Question,
) -> Answer {
    let world = World::with(registers, Cow::Borrowed(heirs), question.as_of);
    World { regimes: Some(regimes), ..world }.answer(question)
}

/// Answers a question register by register, where none of those that it is about has anything to do with others.
pub(crate) struct Answering<'a> {
    world: World<'a>,
    question: &'a Question,
}

impl<'a> Answering<'a> {
    /// With no registers but with who goes on as whom.
    pub(crate) fn new(kin: &'a Registers, heirs: &'a Heirs, question: &'a Question) -> Self {
        Self { world: World::with(kin, Cow::Borrowed(heirs), question.as_of), question }
    }

    /// Tells how a register stands by what moves it, under the ids that its parties bear on the day.
    pub(crate) fn tell(&self, key: &Arc<Key>, moves: &[Move], standings: &mut Vec<Standing>) {
        let Self { world, question } = self;
        let heir = |party: &'a Option<PartyId>| party.as_ref().map(|party| world.heir(party));
        if question.is_about(key, heir(&question.actor), heir(&question.subject))
            && let Some(found) = Found::of(key, moves.iter(), world.day)
        {
            world.tell(&found, standings);
        }
    }

    /// The answer that these standings make, which are in the order of the registers.
    pub(crate) fn answer(&self, standings: Vec<Standing>) -> Answer {
        self.world.answer_of(self.question, standings)
    }
}

/// The registers that a question is about, each with all its acts up to the day: the whole story.
#[must_use]
pub fn story<'a>(registers: &'a Registers, question: &Question) -> Vec<Found<'a>> {
    World::new(registers, question.as_of).timelines(question)
}

/// An act that was due after the day asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    /// The register that it will move.
    pub key: Arc<Key>,
    /// What it will write.
    pub value: Value,
    /// When it is due.
    pub effective: Date,
    /// Its entry, and those that moved it.
    pub entries: Entries,
}

/// The acts that were due after the day of a question, as the register knew then, in the order of their days.
#[must_use]
pub fn scheduled(registers: &Registers, question: &Question) -> Vec<Scheduled> {
    let everything = Question { as_of: Day::MAX, ..question.clone() };
    let mut due = Vec::new();
    for found in World::new(registers, question.as_of).timelines_until(&everything, Day::MAX) {
        for step in found.timeline.moves().filter(|step| step.effect != Effect::Ends) {
            let effective = step.effective.clone();
            if let Some(effective) = effective.filter(|date| date.earliest() > question.as_of) {
                let (key, value) = (found.key.clone(), step.effect.value());
                due.push(Scheduled { key, value, effective, entries: step.entries() });
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
    pub key: Arc<Key>,
    /// Its acts that count.
    pub timeline: Timeline<'a>,
    /// What does not count.
    pub left_out: Vec<&'a Move>,
}

/// What the register knew, seen from one day.
pub(super) struct World<'a> {
    day: Day,
    registers: &'a Registers,
    /// Parties that have gone on under another id by that day: who, and through which entry.
    heirs: Cow<'a, Heirs>,
    /// Regimes that are not among the registers.
    regimes: Option<&'a BTreeMap<(PartyId, Label), Arc<OfRegime>>>,
    /// The other licences that may be in force on the day, by the imposer and the regime; made out when first asked for.
    licences: OnceLock<OfRegimes<Licence>>,
    /// Only these registers are looked at, where there are such; in order.
    among: Option<Vec<Arc<Key>>>,
}

/// What belongs to sanctions regimes: by the imposer and the regime, in order.
type OfRegimes<T> = BTreeMap<(Option<PartyId>, Option<Label>), Vec<T>>;

/// A register, and under which other one its parties have gone on by the day, if they have.
struct Placed<'a> {
    moved: &'a Moved,
    carried: Option<Arc<Key>>,
}

impl<'a> World<'a> {
    pub(super) fn new(registers: &'a Registers, day: Day) -> Self {
        Self::with(registers, Cow::Owned(registers.heirs(day)), day)
    }

    fn with(registers: &'a Registers, heirs: Cow<'a, Heirs>, day: Day) -> Self {
        Self { day, registers, heirs, regimes: None, licences: OnceLock::new(), among: None }
    }

    /// The same, looking at some registers alone.
    pub(super) fn among(self, keys: Option<Vec<Arc<Key>>>) -> Self {
        // Licences are made out among all.
        self.licences();
        Self { among: keys, ..self }
    }

    pub(super) fn answer(&self, question: &Question) -> Answer {
        if question.register.is_none_or(|register| register == Register::Sanction) {
            // Before the threads need them, which would wait for one another.
            self.licences();
        }
        // What ends before anything begins ends nothing, and what ends after the day tells nothing of it.
        let bears = |(earliest, latest), begins| latest >= begins && earliest <= self.day;
        let mut standings = self.told(question, self.day, bears, |found, told| self.tell(&found, told));
        if question.through {
            standings.extend(through(self, question));
        }
        self.answer_of(question, standings)
    }

    /// The answer that these standings make.
    fn answer_of(&self, question: &Question, mut standings: Vec<Standing>) -> Answer {
        let continued = [&question.actor, &question.subject]
            .into_iter()
            .flatten()
            .filter_map(|party| {
                let (heir, entry) = self.heirs.get(party)?;
                Some((party.clone(), heir.clone(), *entry))
            })
            .collect();
        self.add_silence(question, &mut standings);
        Answer { standings, continued }
    }

    /// The registers that a question is about and that some act moves by its day, in order.
    pub(super) fn timelines(&self, question: &Question) -> Vec<Found<'a>> {
        self.timelines_until(question, self.day)
    }

    /// The same for the registers that some act moves by another day.
    fn timelines_until(&self, question: &Question, until: Day) -> Vec<Found<'a>> {
        self.told(question, until, |_, _| true, |found, told| told.push(found))
    }

    /// What is to be told of each of these registers, in order. Of the ends of a regime, those are looked at that, by
    /// their first and last days, bear on a sanction which begins on some day at the earliest.
    pub(super) fn told<T: Send>(
        &self,
        question: &Question,
        until: Day,
        bears: impl Fn((Day, Day), Day) -> bool + Sync,
        tell: impl Fn(Found<'a>, &mut Vec<T>) + Sync,
    ) -> Vec<T> {
        let endings = self.endings(question);
        abreast(
            self.placed(question),
            |one, other| !one.is_same(other),
            |share| {
                // Of most there is one thing to tell.
                let mut told = Vec::with_capacity(share.len());
                for parts in share.chunk_by(Placed::is_same) {
                    if let Some(found) = Self::found(parts, &endings, &bears, until) {
                        tell(found, &mut told);
                    }
                }
                told
            },
        )
    }

    /// The registers that a question is about, in order; several in a row may be one by that day.
    fn placed(&self, question: &Question) -> Vec<Placed<'a>> {
        let actor = question.actor.as_ref().map(|party| self.heir(party));
        let subject = question.subject.as_ref().map(|party| self.heir(party));
        let of_share = |share: Vec<&'a Moved>| {
            let mut among = self.among.as_deref().map(Among::new);
            let is_asked = |placed: &Placed<'_>| {
                let is_among = among.as_mut().is_none_or(|among| among.holds(placed));
                is_among && question.is_about(placed.key(), actor, subject)
            };
            share.into_iter().map(|moved| self.place(moved)).filter(is_asked).collect()
        };
        let of_kind =
            |moved: &&Moved| question.register.is_none_or(|register| register == moved.key.register);
        let moved = self.registers.all.iter().filter(of_kind).collect();
        let mut placed: Vec<Placed<'a>> = abreast(moved, |_, _| true, of_share);
        if placed.iter().any(|placed| placed.carried.is_some()) {
            placed.sort_by(|one, other| one.key().cmp(other.key()));
        }
        placed
    }

    fn place(&self, moved: &'a Moved) -> Placed<'a> {
        let carried = self.carried_over(&moved.key);
        let has_gone_on = !Arc::ptr_eq(&carried, &moved.key);
        Placed { moved, carried: has_gone_on.then_some(carried) }
    }

    /// A register by what its acts do; none where no act has moved it by the day.
    fn found(
        parts: &[Placed<'a>],
        endings: &OfRegimes<Ending<'a>>,
        bears: impl Fn((Day, Day), Day) -> bool,
        until: Day,
    ) -> Option<Found<'a>> {
        let key = parts.first()?.key();
        let moves = parts.iter().flat_map(|part| &part.moved.moves);
        if key.register != Register::Sanction {
            return Found::of(key, moves, until);
        }
        let of_regime = endings.get(&(key.actor.clone(), key.regime.clone())).map_or(&[][..], Vec::as_slice);
        let begins = moves.clone().map(|step| step.days().0).min().unwrap_or(Day::MAX);
        let bearing = of_regime.iter().filter(|ending| bears(ending.days, begins));
        Found::of(key, moves.chain(bearing.map(|ending| ending.step)), until)
    }

    /// The possible values of one register at the end of the day.
    pub(super) fn standings(&self, found: &Found<'_>) -> Vec<Standing> {
        let mut standings = Vec::new();
        self.tell(found, &mut standings);
        standings
    }

    /// Tells them.
    fn tell(&self, found: &Found<'_>, standings: &mut Vec<Standing>) {
        let outcomes = found.timeline.at(self.day);
        let certainty = if outcomes.len() == 1 { Certainty::Certain } else { Certainty::Possible };
        let denied_by: Vec<PartyId> = found.denials(self.day).cloned().collect();
        standings.extend(outcomes.into_iter().map(|outcome| {
            let circumstances = Circumstances {
                contested_by: found.contested(&outcome.basis),
                denied_by: denied_by.clone(),
                licensed: self.licensed(&found.key, &outcome),
                channel: None,
            };
            Standing {
                certainty,
                circumstances: circumstances.into(),
                ..Standing::of(found.key.clone(), outcome)
            }
        }));
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
            if asked && !standings.iter().any(|standing| *standing.key == key) {
                standings.push(Standing::of(Arc::new(key), Outcome::none()));
            }
        }
    }

    pub(super) fn heir<'p>(&'p self, party: &'p PartyId) -> &'p PartyId {
        self.heirs.get(party).map_or(party, |(heir, _)| heir)
    }

    /// The ends of sanctions regimes, where the question is about sanctions: only the same imposer's end a measure,
    /// and only under the same regime.
    fn endings(&self, question: &Question) -> OfRegimes<Ending<'a>> {
        let mut endings = OfRegimes::new();
        if question.register.is_some_and(|register| register != Register::Sanction) {
            return endings;
        }
        for (key, ending) in self.registers.endings.iter().filter(|(_, ending)| ending.counts()) {
            let key = self.carried_over(key);
            let ending = Ending { days: ending.days(), step: ending };
            endings.entry((key.actor.clone(), key.regime.clone())).or_default().push(ending);
        }
        for ((imposer, regime), known) in self.regimes.into_iter().flatten() {
            let of_regime = (Some(imposer.clone()), Some(regime.clone()));
            endings.entry(of_regime).or_default().extend(known.endings.iter());
        }
        endings
    }

    /// The parties that have gone on in one of two worlds otherwise than in the other, and those as which they have.
    pub(super) fn gone_on_otherwise<'w>(&'w self, other: &'w Self) -> BTreeSet<&'w PartyId> {
        let parties: BTreeSet<&PartyId> = self.heirs.keys().chain(other.heirs.keys()).collect();
        let heirs = parties.into_iter().map(|party| [party, self.heir(party), other.heir(party)]);
        heirs.filter(|[_, one, other]| one != other).flatten().collect()
    }

    /// The register under the ids that its parties bear on the day.
    pub(super) fn carried_over(&self, key: &Arc<Key>) -> Arc<Key> {
        carried_over(key, &self.heirs).map_or_else(|| Arc::clone(key), Arc::new)
    }

    /// The licences that may be in force for a measure that binds: they lift nothing, and are named beside it.
    fn licensed(&self, key: &Key, outcome: &Outcome) -> Vec<Label> {
        if key.register != Register::Sanction || !outcome.value.is(Word::InForce) {
            return Vec::new();
        }
        let of_regime = (key.actor.clone(), key.regime.clone());
        let others = self.licences().get(&of_regime).into_iter().flatten();
        // General ones come before those for a target.
        let general = self.regimes.zip(of_regime.0.zip(of_regime.1)).and_then(|(all, one)| all.get(&one));
        let general = general.into_iter().flat_map(|regime| regime.granted_on(self.day));
        let covering = general.chain(others).filter(|licence| licence.covers(key));
        let mut names: Vec<Label> = covering.map(|licence| licence.name.clone()).collect();
        names.dedup();
        names
    }

    fn licences(&self) -> &OfRegimes<Licence> {
        self.licences.get_or_init(|| {
            let mut licences = OfRegimes::new();
            for found in self.timelines(&Question::about(Register::Licence, self.day)) {
                if is_granted(&found.timeline.at(self.day)) {
                    let of_regime = (found.key.actor.clone(), found.key.regime.clone());
                    licences.entry(of_regime).or_default().extend(Licence::of(&found.key));
                }
            }
            licences
        })
    }
}

impl<'a> Found<'a> {
    /// A register by what moves it; none where no act has by a day.
    fn of(key: &Arc<Key>, moves: impl Iterator<Item = &'a Move> + Clone, until: Day) -> Option<Self> {
        let counted = moves.clone().filter(|step| step.counts());
        let mut left_out: Vec<&Move> = moves.filter(|step| !step.counts()).collect();
        left_out.sort_by_key(|step| step.number);
        let found = Self { key: Arc::clone(key), timeline: Timeline::new(counted), left_out };
        let is_there = found.timeline.has_begun(until) || found.denials(until).next().is_some();
        is_there.then_some(found)
    }

    /// Who denies having done an act that is said to be theirs and to have taken effect by a day.
    fn denials(&self, day: Day) -> impl Iterator<Item = &'a PartyId> {
        let by_the_day = self.left_out.iter().copied().filter(move |step| step.days().0 <= day);
        by_the_day.filter_map(Move::denied_by)
    }

    /// Who disputes or denies any of these entries.
    fn contested(&self, basis: &[u64]) -> Vec<PartyId> {
        let contested = self.timeline.moves().flat_map(Move::contested);
        let of_basis = contested.filter(|(number, _)| basis.contains(number));
        let mut parties: Vec<PartyId> = of_basis.map(|(_, party)| party.clone()).collect();
        parties.sort();
        parties.dedup();
        parties
    }
}

impl Standing {
    pub(super) fn of(key: Arc<Key>, outcome: Outcome) -> Self {
        Self {
            key,
            value: outcome.value,
            certainty: Certainty::Certain,
            since: outcome.since,
            until: outcome.until,
            circumstances: Exceptional::default(),
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

/// Registers in order, gone through beside those of a ledger.
struct Among<'k> {
    keys: &'k [Arc<Key>],
    rest: &'k [Arc<Key>],
}

impl<'k> Among<'k> {
    fn new(keys: &'k [Arc<Key>]) -> Self {
        Self { keys, rest: keys }
    }

    /// Whether a register is one of them; the next one that is asked for stands after it in the ledger.
    fn holds(&mut self, placed: &Placed<'_>) -> bool {
        if placed.carried.is_some() {
            return self.keys.binary_search(placed.key()).is_ok();
        }
        while let Some((first, rest)) = self.rest.split_first() {
            if Arc::ptr_eq(first, placed.key()) {
                return true;
            }
            match first.cmp(placed.key()) {
                Ordering::Less => self.rest = rest,
                Ordering::Equal => return true,
                Ordering::Greater => return false,
            }
        }
        false
    }
}

impl Placed<'_> {
    fn key(&self) -> &Arc<Key> {
        self.carried.as_ref().unwrap_or(&self.moved.key)
    }

    /// Whether two are one register; those under whose own ids nobody has gone on are all different.
    fn is_same(&self, other: &Self) -> bool {
        (self.carried.is_some() || other.carried.is_some()) && self.key() == other.key()
    }
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
