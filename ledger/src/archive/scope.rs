//! Which entries bear on a question.
//!
//! More may be read than an answer needs, never less: what an act moves as corrected, who goes on as whom, which
//! licences and ends of regimes reach a sanction, who is tied to which collective.

use std::collections::{BTreeMap, BTreeSet};

use crate::act::{Deed, Label};
use crate::index::term;
use crate::party::PartyId;
use crate::register::Register;
use crate::standing::effect::moves;
use crate::standing::{Knowledge, Question, Recorded};

use super::indexed::{Indexed, Unread};
use super::rolled::named_in;

/// What is going to be asked.
#[derive(Debug, Clone)]
pub enum Scope {
    /// Anything.
    Everything,
    /// Who parties are: their names and codes.
    Entities,
    /// These questions, of any day.
    Questions(Vec<Question>),
}

impl Scope {
    /// What must be read for one question.
    #[must_use]
    pub fn of(question: &Question) -> Self {
        Self::Questions(vec![question.clone()])
    }
}

/// Every way in which a standing of one register reaches a party through collectives.
const REACHING: [Register; 2] = [Register::Sanction, Register::Terror];

/// The entries that are being gathered.
struct Gathering<'a> {
    indexed: &'a Indexed,
    /// Where the last entry begins that was known; nothing after it is taken.
    until: u64,
    offsets: BTreeSet<u64>,
    /// What was read of them: a second look at the same entries reads none twice.
    read: BTreeMap<u64, Recorded>,
    /// Who goes on as whom.
    kin: &'a Kin,
}

/// Parties that go on as one another, whenever: whatever is said of the one may be about the other.
#[derive(Debug, Default)]
pub(super) struct Kin {
    /// The acts that say so, by where they begin.
    acts: BTreeMap<u64, Recorded>,
    same: BTreeMap<PartyId, BTreeSet<PartyId>>,
}

impl Indexed {
    /// Who goes on as whom; read once.
    fn kin(&self) -> Result<&Kin, Unread> {
        if let Some(kin) = self.kin.get() {
            return Ok(kin);
        }
        let kin = Kin::of(self)?;
        Ok(self.kin.get_or_init(|| kin))
    }

    /// The entries up to one of them that bear on what is asked; none where that is all of them.
    pub(super) fn entries(&self, scope: &Scope, last: u64) -> Result<Option<Vec<Recorded>>, Unread> {
        let kin = self.kin()?;
        let known = if last < self.head().number { self.offset_of(last)?.unwrap_or(0) } else { u64::MAX };
        let mut gathering = Gathering::new(self, known, kin);
        match scope {
            Scope::Everything => return Ok(None),
            Scope::Entities => gathering.take(term::ENTITIES, &|_| true)?,
            Scope::Questions(questions) => {
                if questions.iter().any(is_open) {
                    return Ok(None);
                }
                gathering.offsets.extend(kin.acts.keys().filter(|offset| **offset <= known));
                gathering.read.clone_from(&kin.acts);
                for question in questions {
                    gathering.ask(question)?;
                }
                let of_sanctions = |question: &&Question| {
                    question.register.is_none_or(|register| register == Register::Sanction)
                };
                let of_sanctions: Vec<&Question> = questions.iter().filter(of_sanctions).collect();
                if of_sanctions.iter().any(|question| question.actor.is_none() && question.subject.is_none())
                {
                    gathering.take_all_regimes()?;
                } else if !of_sanctions.is_empty() {
                    gathering.take_regimes()?;
                }
            }
        }
        gathering.read().map(Some)
    }
}

/// Whether a question is about every register.
fn is_open(question: &Question) -> bool {
    question.register.is_none() && question.actor.is_none() && question.subject.is_none()
}

impl Kin {
    /// Reads who goes on as whom, of all that is known, in every form that an act may have had: at any moment it
    /// was no more than that.
    fn of(indexed: &Indexed) -> Result<Self, Unread> {
        let mut kin = Self::default();
        for offset in indexed.under(term::CONTINUITY)? {
            let entry = indexed.entry_at(offset)?;
            let mut parties = parties_of(&entry.act.deed);
            if let Some(root) = indexed.root_of(&entry.act, offset)? {
                parties.extend(parties_of(&indexed.entry_at(root)?.act.deed));
            }
            kin.join(&parties);
            kin.acts.insert(offset, entry);
        }
        Ok(kin)
    }

    fn join(&mut self, parties: &BTreeSet<PartyId>) {
        let all: BTreeSet<PartyId> = parties.iter().flat_map(|party| self.of_party(party)).collect();
        for party in &all {
            self.same.insert(party.clone(), all.clone());
        }
    }

    fn of_party(&self, party: &PartyId) -> BTreeSet<PartyId> {
        self.same.get(party).cloned().unwrap_or_else(|| BTreeSet::from([party.clone()]))
    }
}

/// The parties that an act names, or that its correction may name.
fn parties_of(deed: &Deed) -> BTreeSet<PartyId> {
    let corrected = if let Deed::ActCorrected { set, .. } = deed { Some(named_in(set)) } else { None };
    let named = deed.parties().map(|(_, party)| party.clone());
    named.chain(corrected.into_iter().flatten()).collect()
}

impl<'a> Gathering<'a> {
    fn new(indexed: &'a Indexed, until: u64, kin: &'a Kin) -> Self {
        Self { indexed, until, offsets: BTreeSet::new(), read: BTreeMap::new(), kin }
    }

    /// Takes the acts under every term that begins so and passes.
    fn take(&mut self, prefix: &[u8], passes: &dyn Fn(&[u8]) -> bool) -> Result<(), Unread> {
        let (offsets, until) = (&mut self.offsets, self.until);
        self.indexed.scan(prefix, &mut |term, offset| {
            if offset <= until && passes(term) {
                offsets.insert(offset);
            }
        })
    }

    /// The entries gathered so far, in order.
    fn read(&mut self) -> Result<Vec<Recorded>, Unread> {
        if self.read.is_empty() {
            let offsets: Vec<u64> = self.offsets.iter().copied().collect();
            return self.indexed.entries_at(&offsets);
        }
        self.read_on()?;
        Ok(self.offsets.iter().filter_map(|offset| self.read.remove(offset)).collect())
    }

    /// The same, where they are going to be read again.
    fn read_ahead(&mut self) -> Result<Vec<Recorded>, Unread> {
        self.read_on()?;
        Ok(self.offsets.iter().filter_map(|offset| self.read.get(offset)).cloned().collect())
    }

    /// Reads what is not read yet.
    fn read_on(&mut self) -> Result<(), Unread> {
        let unread: Vec<u64> =
            self.offsets.iter().copied().filter(|offset| !self.read.contains_key(offset)).collect();
        let entries = self.indexed.entries_at(&unread)?;
        self.read.extend(unread.into_iter().zip(entries));
        Ok(())
    }

    fn ids_of(&self, party: &PartyId) -> BTreeSet<PartyId> {
        self.kin.of_party(party)
    }

    fn ids(&self, party: Option<&PartyId>) -> BTreeSet<PartyId> {
        party.map(|party| self.ids_of(party)).unwrap_or_default()
    }

    fn ask(&mut self, question: &Question) -> Result<(), Unread> {
        /// Whoever has gone on as that many is asked for with everyone: looking each pair up would be more.
        const MANY: usize = 16;
        let (actors, subjects) = (self.ids(question.actor.as_ref()), self.ids(question.subject.as_ref()));
        let asked = |term: &[u8]| question.register.is_none_or(|register| is_asked(term, register));
        if let (None, None, Some(register)) = (&question.actor, &question.subject, question.register) {
            self.take(&term::of_register(register), &|_| true)?;
        }
        for actor in &actors {
            if subjects.is_empty() || subjects.len() > MANY {
                self.take(&term::by(actor), &asked)?;
            } else {
                for subject in &subjects {
                    self.take(&term::toward(actor, Some(subject)), &asked)?;
                }
            }
        }
        if actors.is_empty() {
            for subject in &subjects {
                self.take(&term::at(subject), &asked)?;
            }
        }
        if question.through {
            self.take_collectives(question, &subjects)?;
        }
        Ok(())
    }

    /// Takes all regimes and licences, where reading them is less than asking for each.
    fn take_all_regimes(&mut self) -> Result<(), Unread> {
        self.take(&term::of_register(Register::Regime), &|_| true)?;
        self.take(&term::of_register(Register::Licence), &|_| true)
    }

    /// Takes who is tied to which collective, and what collectives do that reaches those tied to them.
    fn take_collectives(&mut self, question: &Question, subjects: &BTreeSet<PartyId>) -> Result<(), Unread> {
        let mut ties = Gathering::new(self.indexed, self.until, self.kin);
        ties.take(&term::of_register(Register::Membership), &|_| true)?;
        ties.take(&term::of_register(Register::Binding), &|_| true)?;
        let entries = ties.read()?;
        self.offsets.extend(ties.offsets);
        let reaching = |term: &[u8]| {
            REACHING.into_iter().any(|register| {
                is_asked(term, register) && question.register.is_none_or(|asked| asked == register)
            })
        };
        for subject in subjects {
            self.take(&term::at(subject), &reaching)?;
        }
        if subjects.is_empty() {
            let knowledge = Knowledge::of(&entries);
            let keys = knowledge.acts.iter().flat_map(|known| moves(&known.act)).map(|(key, _)| key);
            let named: BTreeSet<PartyId> = keys.filter_map(|key| key.subject).collect();
            let collectives: BTreeSet<PartyId> = named.iter().flat_map(|named| self.ids_of(named)).collect();
            for collective in collectives {
                self.take(&term::by(&collective), &reaching)?;
            }
        }
        Ok(())
    }

    /// Takes the regimes of the sanctions gathered, and the licences that may cover those.
    fn take_regimes(&mut self) -> Result<(), Unread> {
        /// More regimes than this are not looked up one by one.
        const MANY: usize = 256;
        if self.offsets.len() > 16 * MANY {
            return self.take_all_regimes();
        }
        let entries = self.read_ahead()?;
        let mut regimes: BTreeSet<(PartyId, Label)> = BTreeSet::new();
        for known in &Knowledge::of(&entries).acts {
            for (key, _) in moves(&known.act) {
                if let (Register::Sanction, Some(imposer), Some(regime)) =
                    (key.register, key.actor, key.regime)
                {
                    regimes.insert((imposer, regime));
                }
            }
        }
        if regimes.len() > MANY {
            return self.take_all_regimes();
        }
        for (imposer, regime) in &regimes {
            for imposer in self.ids_of(imposer) {
                self.take(&term::of_regime(&imposer, regime), &|_| true)?;
            }
        }
        Ok(())
    }
}

/// Whether a term ends with the register that is asked for. Sanctions come with the licences for their targets.
fn is_asked(term: &[u8], register: Register) -> bool {
    term::is_of(term, register) || (register == Register::Sanction && term::is_of(term, Register::Licence))
}
