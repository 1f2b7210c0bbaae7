//! Which entries bear on a question.
//!
//! More may be read than an answer needs, never less: what an act moves as corrected, who goes on as whom, which
//! licences and ends of regimes reach a sanction, who is tied to which collective.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use crate::act::Label;
use crate::date::Day;
use crate::date::short::number_of;
use crate::index::segment::{IndexFault, Run, Until};
use crate::index::term::{self, Terms};
use crate::party::PartyId;
use crate::register::{Key, Register};
use crate::standing::{
    Answer, Answering, Continuation, Heirs, Knowledge, Moved, OfRegime, Question, Recorded, Registers,
    Standing, answer_with,
};

use super::found::{Found, OfRegister, stands_alone};
use super::indexed::{Indexed, Unread};
use super::regimes::Named;
use super::telling::Telling;

/// What is going to be asked.
#[derive(Debug, Clone)]
pub enum Scope {
    /// Anything.
    Everything,
    /// Who parties are: their names and codes.
    Entities,
    /// These questions: of each register, what may tell how it stands on the day that is asked for.
    Questions(Vec<Question>),
    /// The registers that these questions are about, whole: also what was overtaken by their days, or was to come.
    Stories(Vec<Question>),
}

impl Scope {
    /// What must be read to answer one question.
    #[must_use]
    pub fn of(question: &Question) -> Self {
        Self::Questions(vec![question.clone()])
    }

    /// What must be read of the registers that a question is about, to tell all that befell them.
    #[must_use]
    pub fn story(question: &Question) -> Self {
        Self::Stories(vec![question.clone()])
    }
}

/// Every way in which a standing of one register reaches a party through collectives.
const REACHING: [Register; 2] = [Register::Sanction, Register::Terror];

/// The terms that bear on questions, gathered.
pub(super) struct Gathering<'a, T> {
    indexed: &'a Indexed,
    /// Who has gone on as whom.
    kin: &'a Registers,
    /// Who has by the day that is asked for, where that is made out already.
    heirs: Option<&'a (Day, Heirs)>,
    /// How far is read of what lies by days, where not all of it is.
    until: Option<Until<'a>>,
    /// What is done with each posting.
    take: T,
    /// The regimes of the sanctions gathered, and whether they are left to be made out elsewhere and not taken.
    regimes: BTreeSet<Named>,
    leaves_regimes: bool,
}

/// What is known of who goes on as whom.
#[derive(Debug, Default)]
pub(super) struct Kin {
    /// The acts that say so, with those about them, by where they begin.
    acts: BTreeMap<u64, Recorded>,
    /// What is known after so many of them; made out when it is asked for.
    known: Vec<OnceLock<Registers>>,
}

impl Indexed {
    /// Who goes on as whom; read once.
    pub(super) fn kin(&self) -> Result<&Kin, Unread> {
        if let Some(kin) = self.kin.get() {
            return Ok(kin);
        }
        let acts = self.under(term::CONTINUITY)?.into_iter();
        let acts: BTreeMap<u64, Recorded> =
            acts.map(|offset| Ok((offset, self.entry_at(offset)?))).collect::<Result<_, Unread>>()?;
        let known = (0..=acts.len()).map(|_| OnceLock::new()).collect();
        Ok(self.kin.get_or_init(|| Kin { acts, known }))
    }

    /// The entries up to one of them that bear on what is asked; none where that is all of them.
    pub(super) fn entries(&self, scope: &Scope, last: u64) -> Result<Option<Vec<Recorded>>, Unread> {
        let kin = self.kin()?;
        let until = if last < self.head().number { self.offset_of(last)?.unwrap_or(0) } else { u64::MAX };
        let mut offsets = match scope {
            Scope::Everything => return Ok(None),
            Scope::Entities => self.under(term::ENTITIES)?,
            Scope::Questions(questions) | Scope::Stories(questions) if questions.iter().any(is_open) => {
                return Ok(None);
            }
            Scope::Questions(questions) | Scope::Stories(questions) => {
                let mut offsets: BTreeSet<u64> = kin.acts.keys().copied().collect();
                let take = |run: Run<'_>| {
                    offsets.extend(run.postings().map(|posting| posting.offset));
                    Ok(())
                };
                Gathering::new(self, kin.after(last), None, None, take).ask(questions)?;
                offsets
            }
        };
        offsets.retain(|offset| *offset <= until);
        self.entries_at(&offsets.into_iter().collect::<Vec<_>>()).map(Some)
    }

    /// The registers that bear on what is asked, as known after an entry.
    pub(super) fn registers(&self, scope: &Scope, last: u64) -> Result<Registers, Unread> {
        let kin = self.kin()?.after(last);
        let open = [Question { as_of: Day::MAX, register: None, actor: None, subject: None, through: false }];
        let entities =
            [Register::Existence, Register::Name].map(|register| Question::about(register, Day::MAX));
        let questions: &[Question] = match scope {
            Scope::Everything => &open,
            Scope::Entities => &entities,
            Scope::Questions(questions) | Scope::Stories(questions) => questions,
        };
        let day = match scope {
            Scope::Questions(questions) => the_same(questions.iter().map(|question| question.as_of)),
            Scope::Everything | Scope::Entities | Scope::Stories(_) => None,
        };
        let heirs = day.map(|day| (day, kin.heirs(day)));
        let (found, _) = self.find(questions, kin, heirs.as_ref(), last, false)?;
        Ok(self.registers_of(&found, kin, heirs.as_ref(), last)?)
    }

    /// The registers that were found, with who goes on as whom by the day that is asked for, where it is one.
    fn registers_of(
        &self,
        found: &Found<'_>,
        kin: &Registers,
        heirs: Option<&(Day, Heirs)>,
        last: u64,
    ) -> Result<Registers, IndexFault> {
        let telling = heirs.map(|(day, _)| Telling::new(&self.index, *day, last));
        let all = found.told(
            |_| true,
            |register, all| {
                let key = term::key_of(register.term()).ok_or(IndexFault::Damaged)?;
                let moves = match &telling {
                    Some(telling) if stands_alone(key.register) => telling.of(register)?,
                    Some(telling) => register.moves_until(telling.day)?,
                    None => register.moves_until(Day::MAX)?,
                };
                // It may have been moved by an act that was corrected since, or not have been moved yet.
                if !moves.is_empty() {
                    all.push(Moved { key: Arc::new(key), moves });
                }
                Ok(())
            },
        )?;
        Ok(Registers::from_parts(all, kin.continued.clone()))
    }

    /// What the index holds of the registers that questions are about; of those that stand alone, where all questions
    /// are of one day, only what is needed to tell how they stand then. With it come the regimes that were left to be made
    /// out elsewhere, where they were to be.
    fn find<'h>(
        &self,
        questions: &[Question],
        kin: &Registers,
        heirs: Option<&'h (Day, Heirs)>,
        last: u64,
        leaves_regimes: bool,
    ) -> Result<(Found<'h>, BTreeSet<Named>), Unread> {
        let last_only = |term: &[u8]| term::register_of(term).is_some_and(stands_alone);
        let until = heirs.map(|(day, _)| Until { day: number_of(*day), known: last, last_only: &last_only });
        let mut found = Found::new(last, heirs.map(|(_, heirs)| heirs));
        let take = |run: Run<'_>| found.push(run);
        let mut gathering = Gathering { leaves_regimes, ..Gathering::new(self, kin, heirs, until, take) };
        gathering.ask(questions)?;
        let left = gathering.regimes;
        found.sort()?;
        Ok((found, left))
    }

    /// The answer to a question that sanctions may bear on.
    fn answer_of_many(
        &self,
        question: &Question,
        kin: &Registers,
        heirs: &(Day, Heirs),
        last: u64,
    ) -> Result<Answer, Unread> {
        // Whoever asks about a target is not told of regimes and general licences, but of what they mean for that.
        let leaves_regimes = question.subject.is_some() && !question.through && question.as_of < Day::MAX;
        let questions = std::slice::from_ref(question);
        let (found, left) = self.find(questions, kin, Some(heirs), last, leaves_regimes)?;
        let regimes = left.into_iter().map(|named| {
            let regime = self.regimes.of(self, &named)?.known_after(last, &heirs.1)?;
            Ok(((named.imposer, named.name), regime))
        });
        let regimes: BTreeMap<_, Arc<OfRegime>> = regimes.collect::<Result<_, Unread>>()?;
        let registers = self.registers_of(&found, kin, Some(heirs), last)?;
        Ok(answer_with(&registers, &heirs.1, &regimes, question))
    }

    /// The answer to a question, as known after an entry.
    pub(super) fn answer(&self, question: &Question, last: u64) -> Result<Answer, Unread> {
        let kin = self.kin()?.after(last);
        let heirs = (question.as_of, kin.heirs(question.as_of));
        let Some(register) =
            question.register.filter(|register| stands_alone(*register) && !question.through)
        else {
            return self.answer_of_many(question, kin, &heirs, last);
        };
        let is_of_all = question.actor.is_none() && question.subject.is_none();
        // What moves a register need not outlive the telling of it.
        let telling = Telling::new(&self.index, question.as_of, last);
        let answering = Answering::new(kin, &heirs.1, question);
        let tell = |register: OfRegister<'_>, standings: &mut Vec<Standing>| {
            let moves = telling.of(register)?;
            if !moves.is_empty() {
                let key = Arc::new(term::key_of(register.term()).ok_or(IndexFault::Damaged)?);
                answering.tell(&key, &moves, standings);
            }
            Ok(())
        };
        let standings = if is_of_all {
            self.tell_all(register, &heirs, last, tell)?
        } else {
            let (found, _) = self.find(std::slice::from_ref(question), kin, Some(&heirs), last, false)?;
            found.told(|_| true, tell)?
        };
        Ok(answering.answer(standings))
    }
}

/// What all of them are, where they are all the same.
fn the_same(mut days: impl Iterator<Item = Day>) -> Option<Day> {
    let first = days.next()?;
    days.all(|day| day == first).then_some(first)
}

/// Whether a question is about every register.
fn is_open(question: &Question) -> bool {
    question.register.is_none() && question.actor.is_none() && question.subject.is_none()
}

impl Kin {
    /// What is known after an entry: who goes on as whom, and nothing else.
    pub(super) fn after(&self, last: u64) -> &Registers {
        let known: Vec<&Recorded> = self.acts.values().take_while(|entry| entry.number <= last).collect();
        self.known[known.len()].get_or_init(|| {
            let known: Vec<Recorded> = known.into_iter().cloned().collect();
            let continued = Knowledge::of(&known).acts.iter().filter_map(Continuation::of).collect();
            Registers::from_parts(Vec::new(), continued)
        })
    }
}

impl<'a, T: FnMut(Run<'_>) -> Result<(), IndexFault>> Gathering<'a, T> {
    pub(super) fn new(
        indexed: &'a Indexed,
        kin: &'a Registers,
        heirs: Option<&'a (Day, Heirs)>,
        until: Option<Until<'a>>,
        take: T,
    ) -> Self {
        Self { indexed, kin, heirs, until, take, regimes: BTreeSet::new(), leaves_regimes: false }
    }

    /// Takes what bears on questions.
    pub(super) fn ask(&mut self, questions: &[Question]) -> Result<(), Unread> {
        /// More regimes than this are not looked up one by one.
        const MANY: usize = 256;
        for question in questions {
            self.ask_one(question)?;
        }
        let of_sanctions = |question: &&Question| asks_for(question, Register::Sanction);
        let mut of_sanctions = questions.iter().filter(of_sanctions).peekable();
        if of_sanctions.peek().is_none() || questions.iter().any(is_open) {
            return Ok(());
        }
        let of_anyone = |question: &Question| question.actor.is_none() && question.subject.is_none();
        if self.regimes.len() > MANY || of_sanctions.any(of_anyone) {
            self.regimes.clear();
            self.take_register(Register::Regime)?;
            return self.take_register(Register::Licence);
        }
        if !self.leaves_regimes {
            for named in std::mem::take(&mut self.regimes) {
                self.indexed.regimes.of(self.indexed, &named)?.each(&mut self.take)?;
            }
        }
        Ok(())
    }

    fn take_register(&mut self, register: Register) -> Result<(), Unread> {
        self.take(&term::of_register(register))
    }

    /// Takes what is under every term that begins so.
    fn take(&mut self, prefix: &[u8]) -> Result<(), Unread> {
        self.indexed.scan_until(&Terms::under(prefix), self.until.as_ref(), &mut self.take)
    }

    /// The same, and notes the regimes of the sanctions among them, under every id that their imposers have had.
    fn take_asked(&mut self, prefix: &[u8], question: &Question, day: &Ids<'_>) -> Result<(), Unread> {
        let mut imposed: BTreeSet<(PartyId, Label)> = BTreeSet::new();
        let mut before = Vec::new();
        self.indexed.scan_until(&Terms::under(prefix), self.until.as_ref(), &mut |run| {
            let register = term::register_of(run.term).ok_or(IndexFault::Damaged)?;
            if !is_asked(question, register) {
                return Ok(());
            }
            if register == Register::Sanction && before != run.term {
                let Key { actor, regime, .. } = term::key_of(run.term).ok_or(IndexFault::Damaged)?;
                imposed.extend(actor.zip(regime));
                run.term.clone_into(&mut before);
            }
            (self.take)(run)
        })?;
        self.regimes.extend(imposed.into_iter().map(|(imposer, name)| {
            let (ids, heir) = (day.of(&imposer), day.heir(&imposer).clone());
            Named { name, imposer: heir, ids }
        }));
        Ok(())
    }

    fn ask_one(&mut self, question: &Question) -> Result<(), Unread> {
        /// Whoever has had that many ids is asked for with everyone: looking each pair up would be more.
        const MANY: usize = 16;
        if is_open(question) {
            return self.take(term::REGISTERS);
        }
        let ids = match self.heirs {
            Some((day, heirs)) if *day == question.as_of => Ids(Cow::Borrowed(heirs)),
            Some(_) | None => Ids(Cow::Owned(self.kin.heirs(question.as_of))),
        };
        let of = |party: &Option<PartyId>| party.as_ref().map(|party| ids.of(party)).unwrap_or_default();
        let (actors, subjects) = (of(&question.actor), of(&question.subject));
        if let (true, true, Some(register)) = (actors.is_empty(), subjects.is_empty(), question.register) {
            self.take_register(register)?;
        }
        for actor in &actors {
            if subjects.is_empty() || subjects.len() > MANY {
                self.take_by(actor, question, &ids)?;
            } else {
                for subject in &subjects {
                    self.take_asked(&term::toward(actor, subject), question, &ids)?;
                }
            }
        }
        if actors.is_empty() {
            for subject in &subjects {
                self.take_asked(&term::at(subject), question, &ids)?;
            }
        }
        if question.through { self.take_collectives(question, &subjects, &ids) } else { Ok(()) }
    }

    /// Takes the registers in which a party acts.
    fn take_by(&mut self, actor: &PartyId, question: &Question, ids: &Ids<'_>) -> Result<(), Unread> {
        for register in Register::ALL.iter().filter(|register| is_asked(question, **register)) {
            if Key::bare(*register).is_mutual() {
                let only = Question { register: Some(*register), ..question.clone() };
                self.take_asked(&term::at(actor), &only, ids)?;
            } else {
                self.take_asked(&term::by(*register, actor), question, ids)?;
            }
        }
        Ok(())
    }

    /// Takes who is tied to which collective, and what collectives do that reaches those tied to them.
    fn take_collectives(
        &mut self,
        question: &Question,
        subjects: &BTreeSet<PartyId>,
        ids: &Ids<'_>,
    ) -> Result<(), Unread> {
        let mut collectives: BTreeSet<PartyId> = BTreeSet::new();
        for register in [Register::Membership, Register::Binding] {
            self.take_register(register)?;
            self.indexed.scan(&term::of_register(register), &mut |run| {
                collectives.extend(term::key_of(run.term).and_then(|key| key.subject));
                Ok(())
            })?;
        }
        for register in REACHING.into_iter().filter(|register| asks_for(question, *register)) {
            let only = Question { register: Some(register), ..question.clone() };
            for subject in subjects {
                self.take_asked(&term::at(subject), &only, ids)?;
            }
            let of_collectives = collectives.iter().filter(|_| subjects.is_empty());
            for collective in of_collectives.flat_map(|collective| ids.of(collective)) {
                self.take_by(&collective, &only, ids)?;
            }
        }
        Ok(())
    }
}

/// Who has gone on as whom by the day of a question.
struct Ids<'h>(Cow<'h, Heirs>);

impl Ids<'_> {
    fn heir<'p>(&'p self, party: &'p PartyId) -> &'p PartyId {
        self.0.get(party).map_or(party, |(heir, _)| heir)
    }

    /// Every id under which acts of a party may stand: that of its heir, and those which that one has gone on from.
    fn of(&self, party: &PartyId) -> BTreeSet<PartyId> {
        let heir = self.heir(party);
        let earlier = self.0.iter().filter(|(_, (other, _))| other == heir).map(|(id, _)| id);
        earlier.chain([heir, party]).cloned().collect()
    }
}

fn asks_for(question: &Question, register: Register) -> bool {
    question.register.is_none_or(|asked| asked == register)
}

/// Whether registers of a kind bear on a question. Sanctions come with the licences for their targets.
fn is_asked(question: &Question, register: Register) -> bool {
    asks_for(question, register) || (register == Register::Licence && asks_for(question, Register::Sanction))
}
