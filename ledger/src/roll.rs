//! The roll: which parties are declared and which ids are taken, so that new acts can be checked against it.
//!
//! Checking returns a list. An act that fits nothing already there is refused with the nearest thing that is; one
//! that is there already, word for word, is passed over, so that sending a file twice does no harm.

use std::collections::{BTreeMap, BTreeSet};

use crate::act::{Act, ActId, ActRef, Deed, Flaw, PartyKind, Place, Problem, Submitted};
use crate::date::Instant;
use crate::entry::Hash;
use crate::near::nearest;
use crate::party::PartyId;
use crate::standing::{Known, Recorded, settle};

/// What new acts are checked against.
#[derive(Debug, Clone, Default)]
pub struct Roll {
    count: u64,
    parties: BTreeMap<PartyId, (PartyKind, u64)>,
    ids: BTreeMap<ActId, u64>,
    /// For each entry, the entries about it, in order.
    about: BTreeMap<u64, Vec<u64>>,
}

/// What becomes of a submitted act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It becomes this entry.
    New(u64),
    /// It is there already, as this entry.
    Known(u64),
}

impl Roll {
    /// Enters the next act that the ledger holds.
    pub fn enter(&mut self, act: &Act) {
        self.enter_as(self.count + 1, act);
    }

    /// Enters the act of an entry, which comes after those entered before; others may be between.
    pub fn enter_as(&mut self, number: u64, act: &Act) {
        self.count = number - 1;
        let target = act.deed.target().and_then(|target| self.number_of(target));
        self.enter_about(act, target);
    }

    fn enter_about(&mut self, act: &Act, target: Option<u64>) {
        self.count += 1;
        let number = self.count;
        if let Deed::EntityCreated { subject, party, .. } = &act.deed {
            self.parties.entry(subject.clone()).or_insert((*party, number));
        }
        if let Some(target) = target {
            self.about.entry(target).or_default().push(number);
        }
        if let Some(id) = &act.id {
            self.ids.entry(id.clone()).or_insert(number);
        }
    }

    /// Enters a party that an entry of the ledger declares.
    pub fn declare(&mut self, party: PartyId, kind: PartyKind, number: u64) {
        self.parties.insert(party, (kind, number));
    }

    /// Says how many entries the ledger holds, where not every one was entered.
    pub fn set_count(&mut self, count: u64) {
        self.count = count;
    }

    /// How many entries the ledger holds.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The entry that a reference means.
    #[must_use]
    pub fn number_of(&self, reference: &ActRef) -> Option<u64> {
        match reference {
            ActRef::Number(number) => (*number <= self.count).then_some(*number),
            ActRef::Id(id) => self.ids.get(id).copied(),
        }
    }

    /// Checks acts that are to follow one another; `recorded` gives the act of an entry that the ledger holds.
    ///
    /// # Errors
    /// Every problem of every act.
    pub fn check(
        &self,
        submitted: &[Submitted],
        recorded: &dyn Fn(u64) -> Option<Act>,
    ) -> Result<Vec<Fate>, Vec<Problem>> {
        let (fates, problems, _) = self.examined(submitted, recorded);
        if problems.is_empty() { Ok(fates) } else { Err(problems) }
    }

    /// The same, and enters what is new. A wrong act is entered too, so that what refers to it is not called wrong
    /// as well.
    pub fn check_and_enter(
        &mut self,
        submitted: &[Submitted],
        recorded: &dyn Fn(u64) -> Option<Act>,
    ) -> (Vec<Fate>, Vec<Problem>) {
        let (fates, problems, entered) = self.examined(submitted, recorded);
        self.count = entered.count;
        self.parties.extend(entered.parties);
        self.ids.extend(entered.ids);
        for (target, later) in entered.about {
            self.about.entry(target).or_default().extend(later);
        }
        (fates, problems)
    }

    /// What becomes of the acts, what is wrong with them, and what they add.
    fn examined(
        &self,
        submitted: &[Submitted],
        recorded: &dyn Fn(u64) -> Option<Act>,
    ) -> (Vec<Fate>, Vec<Problem>, Self) {
        let mut desk = Desk {
            held: self,
            new: Self { count: self.count, ..Self::default() },
            acts: Vec::new(),
            recorded,
        };
        let mut fates = Vec::with_capacity(submitted.len());
        let mut problems = Vec::new();
        for Submitted { line, act, .. } in submitted {
            let (fate, flaws) = desk.receive(act);
            fates.push(fate);
            problems.extend(flaws.into_iter().map(|(field, flaw)| Problem {
                place: Place { line: *line, column: 0 },
                field: Some(field.to_owned()),
                flaw,
            }));
        }
        (fates, problems, desk.new)
    }
}

/// Where new acts are checked one after another, each against the roll and those before it.
struct Desk<'a> {
    held: &'a Roll,
    new: Roll,
    acts: Vec<&'a Act>,
    recorded: &'a dyn Fn(u64) -> Option<Act>,
}

impl<'a> Desk<'a> {
    /// Takes an act in, and says what is wrong with it.
    fn receive(&mut self, act: &'a Act) -> (Fate, Vec<(&'static str, Flaw)>) {
        let mut flaws = Vec::new();
        if let Some((id, number)) = act.id.as_ref().and_then(|id| Some((id, self.id(id)?))) {
            if self.act(number).as_ref() == Some(act) {
                return (Fate::Known(number), flaws);
            }
            flaws.push(("id", Flaw::IdTaken { id: id.to_string(), entry: number }));
        }
        flaws.extend(self.party_flaws(act));
        flaws.extend(self.reference_flaw(act));
        let target = act.deed.target().and_then(|target| self.number_of(target));
        self.new.enter_about(act, target);
        self.acts.push(act);
        (Fate::New(self.new.count), flaws)
    }

    fn id(&self, id: &ActId) -> Option<u64> {
        self.new.ids.get(id).or_else(|| self.held.ids.get(id)).copied()
    }

    fn party(&self, id: &PartyId) -> Option<(PartyKind, u64)> {
        self.held.parties.get(id).or_else(|| self.new.parties.get(id)).copied()
    }

    fn number_of(&self, reference: &ActRef) -> Option<u64> {
        self.new.number_of(reference).or_else(|| self.held.number_of(reference))
    }

    fn act(&self, number: u64) -> Option<Act> {
        match number.checked_sub(self.held.count + 1) {
            Some(place) => self.acts.get(usize::try_from(place).ok()?).map(|act| (*act).clone()),
            None => (self.recorded)(number),
        }
    }

    fn party_flaws(&self, act: &Act) -> Vec<(&'static str, Flaw)> {
        if let Deed::EntityCreated { subject, party, .. } = &act.deed {
            return match self.party(subject) {
                Some((kind, entry)) if kind != *party => {
                    let flaw = Flaw::DeclaredOtherwise { id: subject.to_string(), kind: kind.word(), entry };
                    vec![("subject", flaw)]
                }
                _ => Vec::new(),
            };
        }
        let undeclared = act.deed.parties().filter(|(_, party)| self.party(party).is_none());
        undeclared.map(|(field, party)| (field, self.undeclared(party))).collect()
    }

    fn undeclared(&self, party: &PartyId) -> Flaw {
        let declared = self.held.parties.keys().chain(self.new.parties.keys()).map(PartyId::as_str);
        Flaw::UndeclaredParty { id: party.to_string(), nearest: nearest(party.as_str(), declared) }
    }

    fn reference_flaw(&self, act: &Act) -> Option<(&'static str, Flaw)> {
        let reference = act.deed.target()?;
        match self.number_of(reference) {
            None => {
                let ids = self.held.ids.keys().chain(self.new.ids.keys()).map(ActId::as_str);
                let nearest = nearest(&reference.to_string(), ids);
                Some(("act", Flaw::UnknownAct { reference: reference.clone(), nearest }))
            }
            Some(number) => self.correction_flaw(act, number).map(|flaw| ("set", flaw)),
        }
    }

    /// The corrected act must be one that could have been entered.
    fn correction_flaw(&self, act: &Act, number: u64) -> Option<Flaw> {
        let Deed::ActCorrected { set, .. } = &act.deed else { return None };
        let flaws: Vec<(String, Flaw)> = match self.as_known(number)?.amended(set) {
            Ok(amended) => {
                self.party_flaws(&amended).into_iter().map(|(field, flaw)| (field.to_owned(), flaw)).collect()
            }
            Err(problems) => {
                problems.into_iter().map(|p| (p.field.unwrap_or_else(|| "act".to_owned()), p.flaw)).collect()
            }
        };
        let nearest = flaws.iter().flat_map(|(_, flaw)| flaw.nearest().to_vec()).collect();
        let words: Vec<String> = flaws.iter().map(|(field, flaw)| format!("{field}: {flaw}")).collect();
        (!words.is_empty()).then(|| Flaw::BadCorrection { words: words.join("; "), nearest })
    }

    fn about(&self, number: u64) -> impl Iterator<Item = u64> {
        let of = |roll: &'a Roll| roll.about.get(&number);
        let new = self.new.about.get(&number);
        of(self.held).into_iter().chain(new).flatten().copied().collect::<Vec<_>>().into_iter()
    }

    /// An act as corrected so far.
    fn as_known(&self, number: u64) -> Option<Act> {
        let mut reached = BTreeSet::from([number]);
        let mut waiting = vec![number];
        while let Some(next) = waiting.pop() {
            waiting.extend(self.about(next).filter(|later| reached.insert(*later)));
        }
        let entries: Vec<Recorded> = reached
            .into_iter()
            .map(|number| Some(Recorded::bare(number, self.act(number)?)))
            .collect::<Option<_>>()?;
        let mut settled: BTreeMap<u64, Known<'_>> = BTreeMap::new();
        for entry in entries.iter().rev() {
            let about: Vec<u64> = self.about(entry.number).collect();
            settled.insert(entry.number, settle(entry, Some(&about), &settled));
        }
        settled.remove(&number).map(|known| *known.act.into_owned())
    }
}

impl Recorded {
    /// An act whose entry matters only by its number.
    fn bare(number: u64, act: Act) -> Self {
        let act = Box::new(act);
        Self { number, recorded_at: Instant::UNIX_EPOCH, asserted: false, hash: Hash::NONE, act }
    }
}
