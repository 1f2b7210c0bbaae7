//! What the index does not cover yet, in memory: the last entries, and the terms under which they are found.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread::spawn;

use crate::act::{Act, ActRef};
use crate::date::Instant;
use crate::entry::Hash;
use crate::index::postings::Postings;
use crate::index::segment::{Entered, IndexFault, Run, Span, has_milestone};
use crate::index::term::{self, Terms, terms_of};
use crate::index::version;
use crate::party::PartyId;
use crate::standing::effect::moves;
use crate::standing::{self, Knowledge, Known, Move, Recorded, Status};

use super::indexed::{Indexed, Unread};

/// The entries after the index.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// Each with where it begins; in order, with no gaps.
    entries: Vec<(u64, Recorded)>,
    postings: Postings,
    /// Those that came before, as long as they are being written.
    frozen: Option<Arc<Postings>>,
    /// The hashes of ids, each with where its act begins.
    ids: BTreeSet<(u64, u64)>,
    /// Acts that others are about, by where they begin: all of those of which one is among the entries, and more.
    cases: BTreeMap<u64, Case>,
}

/// An act that other acts are about.
#[derive(Debug)]
struct Case {
    original: Recorded,
    /// Where those begin, in order.
    about: Vec<u64>,
    /// The act as known after the last of them.
    form: Form,
    /// The terms of every form that it has had.
    terms: BTreeSet<Vec<u8>>,
}

/// An act as known after some entry, and what it moves so.
#[derive(Debug)]
struct Form {
    act: Box<Act>,
    case: Option<Box<standing::Case>>,
    /// Who contests the act, and who what amended it.
    contested_by: Vec<(PartyId, u64)>,
    contested_amendments: Vec<(u64, PartyId)>,
    /// What it does under the terms of registers.
    steps: BTreeMap<Vec<u8>, Move>,
}

impl Indexed {
    /// Adds the terms of the next entry, which begins at an offset.
    ///
    /// An act about another is found wherever that one is, with what that one moves from then on; and where it changes
    /// what the other moves, the other is found, with all that is about it, under the terms of its new form as well.
    pub(super) fn add_terms(&mut self, entry: &Recorded, offset: u64) -> Result<(), Unread> {
        let number = entry.number;
        if let Some(id) = &entry.act.id {
            let hash = term::hash_of_id(id);
            self.recent.ids.insert((hash, offset));
            self.recent.push_bare(&term::of_id(hash), number, offset);
        }
        let Some(root) = self.root_of(&entry.act, offset)? else {
            self.recent.add_act(entry, offset);
            return Ok(());
        };
        let mut case = match self.recent.cases.remove(&root) {
            Some(case) => case,
            None => self.case(root)?,
        };
        case.form = self.form_after(&case, entry)?;
        self.recent.push_bare(&term::about(root), number, offset);
        let before: Vec<u64> = std::iter::once(root).chain(case.about.iter().copied()).collect();
        for term in case.form.terms() {
            if case.terms.insert(term.clone()) {
                for offset in &before {
                    self.recent.push_bare(&term, number, *offset);
                }
            }
        }
        for term in &case.terms {
            let beside = match case.form.steps.get(term) {
                _ if !term::is_of_register(term) => Vec::new(),
                step => version::to_bytes(case.original.number, number, step),
            };
            self.recent.postings.push(Entered { term, days: None, offset, beside: &beside }, number);
        }
        case.about.push(offset);
        self.recent.cases.insert(root, case);
        Ok(())
    }

    /// The case of an act of which all that is about it is in the index.
    fn case(&self, root: u64) -> Result<Case, Unread> {
        let original = self.entry_at(root)?;
        let about = self.about(root)?;
        let mut entries = vec![original.clone()];
        let mut form = Form::of(&entries);
        let mut terms = form.terms();
        for offset in &about {
            entries.push(self.entry_at(*offset)?);
            form = Form::of(&entries);
            terms.extend(form.terms());
        }
        Ok(Case { original, about, form, terms })
    }

    /// The act of a case after one more entry about it.
    fn form_after(&self, case: &Case, entry: &Recorded) -> Result<Form, Unread> {
        if is_about(entry, &case.original) {
            // What is about the act itself is heard last: nothing before it need be settled again.
            let mut known = case.form.known(&case.original);
            known.hear(entry.number, &entry.act);
            return Ok(Form::of_known(known, case.form.contested_amendments.clone()));
        }
        let about = case.about.iter().map(|offset| self.entry_at(*offset));
        let about: Vec<Recorded> = about.collect::<Result<_, _>>()?;
        let entries = [std::slice::from_ref(&case.original), &about, std::slice::from_ref(entry)].concat();
        Ok(Form::of(&entries))
    }
}

fn is_about(entry: &Recorded, original: &Recorded) -> bool {
    match entry.act.deed.target() {
        Some(ActRef::Number(number)) => *number == original.number,
        Some(ActRef::Id(id)) => original.act.id.as_ref() == Some(id),
        None => false,
    }
}

impl Form {
    /// An act as those that follow it have it.
    fn of(entries: &[Recorded]) -> Self {
        let mut knowledge = Knowledge::of(entries);
        let contested_amendments = match knowledge.acts.first() {
            Some(known) => knowledge.contested_amendments(known),
            None => unreachable!("an act is among those about it"),
        };
        Self::of_known(knowledge.acts.swap_remove(0), contested_amendments)
    }

    fn of_known(known: Known<'_>, contested_amendments: Vec<(u64, PartyId)>) -> Self {
        let case = standing::Case::of(&known, &contested_amendments).map(Box::new);
        let mut steps = BTreeMap::new();
        for (key, effect) in moves(&known.act) {
            let step = Move { case: case.clone(), ..Move::of_act(known.entry.number, &known.act, effect) };
            term::each_term_of_key(&key, &mut |term| {
                steps.insert(term.to_vec(), step.clone());
            });
        }
        let (act, contested_by) = (known.act.into_owned(), known.contested_by);
        Self { act, case, contested_by, contested_amendments, steps }
    }

    fn known<'a>(&self, original: &'a Recorded) -> Known<'a> {
        let case = self.case.as_deref();
        Known {
            entry: original,
            act: Cow::Owned(self.act.clone()),
            status: case.map_or(Status::Counts, |case| case.status.clone()),
            amended_by: case.map_or_else(Vec::new, |case| case.amended_by.clone()),
            contested_by: self.contested_by.clone(),
            confirmed_by: Vec::new(),
        }
    }

    fn terms(&self) -> BTreeSet<Vec<u8>> {
        terms_of(&self.act)
    }
}

impl Recent {
    pub(super) fn push(&mut self, entry: Recorded, offset: u64) {
        self.entries.push((offset, entry));
    }

    /// Adds a term with nothing beside the offset.
    fn push_bare(&mut self, term: &[u8], number: u64, offset: u64) {
        self.postings.push(Entered { term, days: None, offset, beside: &[] }, number);
    }

    /// Adds the terms of an act that is about no other.
    fn add_act(&mut self, entry: &Recorded, offset: u64) {
        let number = entry.number;
        for (key, effect) in moves(&entry.act) {
            let step = Move::of_act(number, &entry.act, effect);
            let beside = version::to_bytes(number, number, Some(&step));
            let days = Some(version::days_of(step.effective.as_ref()));
            term::each_term_of_key(&key, &mut |term| {
                self.postings.push(Entered { term, days, offset, beside: &beside }, number);
            });
        }
        term::each_other_term_of(&entry.act, &mut |term| self.push_bare(term, number, offset));
    }

    /// Where the acts begin whose ids have this hash.
    pub(super) fn offsets_of_id(&self, hash: u64) -> impl Iterator<Item = u64> {
        self.ids.range((hash, 0)..=(hash, u64::MAX)).map(|(_, offset)| *offset)
    }

    /// Where the acts begin that are about an act, in order, where one of them is among the entries.
    pub(super) fn about(&self, root: u64) -> Option<&[u64]> {
        self.cases.get(&root).map(|case| case.about.as_slice())
    }

    /// The number of the last entry; 0 where there is none.
    pub(super) fn last(&self) -> u64 {
        self.entries.last().map_or(0, |(_, entry)| entry.number)
    }

    pub(super) fn at(&self, offset: u64) -> Option<&Recorded> {
        let place = self.entries.binary_search_by_key(&offset, |(offset, _)| *offset).ok()?;
        self.entries.get(place).map(|(_, entry)| entry)
    }

    pub(super) fn offset_of(&self, number: u64) -> Option<u64> {
        let first = self.entries.first()?.1.number;
        let place = usize::try_from(number.checked_sub(first)?).ok()?;
        self.entries.get(place).map(|(offset, _)| *offset)
    }

    /// The last entry recorded by an instant.
    pub(super) fn last_by(&self, instant: Instant) -> Option<&Recorded> {
        let known = self.entries.partition_point(|(_, entry)| entry.recorded_at <= instant);
        self.entries.get(known.checked_sub(1)?).map(|(_, entry)| entry)
    }

    pub(super) fn scan(
        &self,
        terms: &Terms<'_>,
        each: &mut dyn FnMut(Run<'_>) -> Result<(), IndexFault>,
    ) -> Result<(), IndexFault> {
        if let Some(frozen) = &self.frozen {
            frozen.scan(terms, each)?;
        }
        self.postings.scan(terms, each)
    }

    /// The span of the entries up to one of them, and when and where those with a milestone were recorded; it
    /// starts at `start`, after `previous`, and all that is in memory ends at `end`.
    pub(super) fn span(
        &self,
        last: u64,
        previous: Hash,
        start: u64,
        end: u64,
    ) -> Option<(Span, Vec<(Instant, u64)>)> {
        let (covered, after) = self.entries.split_at_checked(self.count_to(last))?;
        let (_, first) = covered.first()?;
        let (last_at, last) = covered.last()?;
        let span = Span {
            first: first.number,
            last: last.number,
            start,
            last_at: *last_at,
            end: after.first().map_or(end, |(offset, _)| *offset),
            recorded_from: first.recorded_at,
            recorded_to: last.recorded_at,
            previous,
            hash: last.hash,
        };
        let marked = covered.iter().filter(|(_, entry)| has_milestone(entry.number));
        Some((span, marked.map(|(offset, entry)| (entry.recorded_at, *offset)).collect()))
    }

    fn count_to(&self, last: u64) -> usize {
        self.entries.partition_point(|(_, entry)| entry.number <= last)
    }

    /// What entries up to one of them have added, term by term: it does not change until [`Recent::forget`].
    pub(super) fn freeze(&mut self, last: u64) -> Arc<Postings> {
        let frozen = Arc::new(self.postings.take_up_to(last));
        Arc::clone(self.frozen.insert(frozen))
    }

    /// Lets go of the entries up to one of them: the index covers them now.
    pub(super) fn forget(&mut self, last: u64) {
        let forgotten: Vec<_> = self.entries.drain(..self.count_to(last)).collect();
        // To let go of thousands takes milliseconds, and nobody need wait for that.
        spawn(move || drop(forgotten));
        self.frozen = None;
        let begin = self.entries.first().map_or(u64::MAX, |(begin, _)| *begin);
        self.ids.retain(|(_, offset)| *offset >= begin);
        self.cases.retain(|_, case| case.about.last().is_some_and(|offset| *offset >= begin));
    }
}
