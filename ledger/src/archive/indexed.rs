//! Index and journal together: single entries and what is about them, without reading the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::OnceLock;

use crate::abreast::abreast;
use crate::act::{Act, ActId, ActRef, Deed, PartyKind};
use crate::chain::{Fault, Head};
use crate::copies::{JOURNAL, is_being_written};
use crate::date::Instant;
use crate::entry::{Entry, Hash};
use crate::index::segment::{IndexFault, Run, Span, Until};
use crate::index::term::Terms;
use crate::index::{Index, MOST_AT_ONCE, UNIT, term};
use crate::journal::{
    FIRST_LINE, NotAJournal, Reader, Records, end_of_appends, end_of_written, record_length,
};
use crate::party::PartyId;
use crate::registrar::family;
use crate::standing::Recorded;

use super::Moment;
use super::present::Present;
use super::recent::Recent;
use super::regimes::Regimes;
use super::scope::Kin;

/// Why something could not be read by the index; then the whole history is read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unread {
    #[error(transparent)]
    Index(#[from] IndexFault),
    #[error(transparent)]
    Journal(#[from] Fault),
}

/// Things that are only looked up, and never gone through.
#[allow(clippy::disallowed_types, reason = "their order differs from run to run, and nobody sees it")]
pub(super) type Lookup<K, V> = std::collections::HashMap<K, V>;

/// A journal and the index over it, with what comes after the index in memory.
#[derive(Debug)]
pub(crate) struct Indexed {
    records: Records,
    pub(super) index: Index,
    pub(super) recent: Recent,
    head: Head,
    /// Where the journal ends.
    end: u64,
    /// What was looked up before and does not change, or is looked up anew when it does.
    pub(super) kin: OnceLock<Kin>,
    pub(super) regimes: Regimes,
    last: OnceLock<Recorded>,
    pub(super) declared: Lookup<PartyId, (PartyKind, u64)>,
    /// What the ledger may hold, once many acts have been looked up.
    pub(super) present: Option<Present>,
    /// How many acts have been looked up.
    pub(super) looked_up: u64,
    /// Where acts begin to which new ones refer, as long as these are not in the index.
    pub(super) referred: BTreeMap<ActId, u64>,
}

impl Span {
    fn head(&self) -> Head {
        Head { number: self.last, hash: self.hash, recorded_at: self.recorded_to }
    }
}

impl Indexed {
    /// Opens index and journal for reading; none where there is no index, or the journal after it is not whole.
    pub(super) fn open(ledger: &Path) -> Option<Self> {
        let mut opened = Self::bare(ledger).ok()?;
        opened.index.covers()?;
        let whole = opened.read_on(ledger).ok()?;
        (whole || is_being_written(ledger)).then_some(opened)
    }

    /// Opens index and journal for whoever writes them, and removes what is no part of the index any more.
    pub(crate) fn open_to_write(ledger: &Path) -> io::Result<Self> {
        let mut opened = Self::bare(ledger)?;
        opened.index.tidy()?;
        opened.read_on(ledger).map_err(io::Error::other)?;
        opened.index.confirm().map_err(io::Error::other)?;
        Ok(opened)
    }

    /// Makes the index of a ledger anew in another directory, as far as to an entry; each record that is read is said.
    pub(crate) fn make_anew(
        ledger: &Path,
        elsewhere: &Path,
        last: u64,
        each: &mut dyn FnMut(u64),
    ) -> Result<(), Unread> {
        let at_journal = |error: io::Error| Fault::Copy(error.to_string());
        let mut made = Self::between(ledger, elsewhere).map_err(at_journal)?;
        let reader = Reader::open(&ledger.join(JOURNAL)).map_err(|error| Fault::Copy(error.to_string()))?;
        for (sealed, entry) in reader.take_while(|(sealed, _)| sealed.number <= last) {
            let length = record_length(sealed.bytes.len());
            made.take_in(Recorded::of(sealed.hash, entry), length)?;
            each(length);
        }
        made.flush()?;
        made.confirm()
    }

    /// Opens index and journal, as far as the index reaches.
    fn bare(ledger: &Path) -> io::Result<Self> {
        Self::between(ledger, ledger)
    }

    /// Opens the journal of one directory and the index of one.
    fn between(journal: &Path, index: &Path) -> io::Result<Self> {
        let records = Records::open(&journal.join(JOURNAL))?;
        let index = Index::open(index, records.file());
        let (head, end) = match index.covers() {
            Some(span) => (span.head(), span.end),
            None => (Head::EMPTY, FIRST_LINE.len() as u64),
        };
        let (recent, kin, declared) = (Recent::default(), OnceLock::new(), Lookup::new());
        Ok(Self {
            records,
            index,
            recent,
            head,
            end,
            kin,
            regimes: Regimes::default(),
            last: OnceLock::new(),
            declared,
            present: None,
            looked_up: 0,
            referred: BTreeMap::new(),
        })
    }

    /// Reads the journal from where the index ends, as far as its appends are whole; gives whether that is its end.
    fn read_on(&mut self, ledger: &Path) -> Result<bool, Unread> {
        let path = ledger.join(JOURNAL);
        let not_read = |error: NotAJournal| Fault::Copy(error.to_string());
        let whole = end_of_appends(&path, self.end)?;
        let mut reader = Reader::open_at(&path, self.head, self.end).map_err(not_read)?;
        while self.end < whole {
            let Some((sealed, entry)) = reader.next() else { return Err(Fault::BreaksOff.into()) };
            self.take_in(Recorded::of(sealed.hash, entry), record_length(sealed.bytes.len()))?;
        }
        let written = end_of_written(self.records.file()).map_err(IndexFault::from)?;
        Ok(written <= whole)
    }

    /// Where the journal stands, as far as it was read.
    pub(crate) fn head(&self) -> Head {
        self.head
    }

    /// Takes in the next entry of the journal, whose record is so many bytes long.
    pub(crate) fn push(&mut self, entry: Recorded, length: u64) -> Result<(), Unread> {
        let offset = self.end;
        let root = self.referred_by(&entry.act, offset)?;
        self.add_terms(&entry, offset)?;
        if let (Some(present), Some(root)) = (&mut self.present, root) {
            present.add_about(root);
        }
        if let Deed::EntityCreated { subject, party, .. } = &entry.act.deed {
            self.declared.entry(subject.clone()).or_insert((*party, entry.number));
            if let Some(present) = &mut self.present {
                present.add_party(subject);
            }
        }
        // What an act about another brings to bear may be that one's.
        let is_about_another = entry.act.deed.target().is_some();
        if is_about_another || matches!(entry.act.deed, Deed::EntityContinuedBy { .. }) {
            self.kin.take();
        }
        if is_about_another || ["regime", "licence"].contains(&family(entry.act.deed.kind())) {
            self.regimes.forget();
        }
        self.last.take();
        self.head = entry.head();
        self.end += length;
        self.recent.push(entry, offset);
        Ok(())
    }

    /// Where the act begins that the next one is about in the end. To which act it refers is noted: it is asked again.
    fn referred_by(&mut self, act: &Act, offset: u64) -> Result<Option<u64>, Unread> {
        if let Some(ActRef::Id(id)) = act.deed.target() {
            let found = self.offset_of_id(id)?;
            self.referred.extend(found.map(|offset| (id.clone(), offset)));
        }
        self.root_of(act, offset)
    }

    /// Waits for what the index still does on a thread of its own: then its files may be removed.
    pub(crate) fn rest(&mut self) {
        self.index.rest();
    }

    /// Takes in one of many entries, as [`Indexed::push`] does: once as much is in memory as should ever be, some of it is
    /// written while more is taken in, and what is being written still is waited for. The journal must hold it.
    pub(crate) fn take_in(&mut self, entry: Recorded, length: u64) -> Result<(), Unread> {
        if self.is_full() {
            self.end_writing()?;
            self.begin_writing()?;
        }
        self.push(entry, length)
    }

    /// Whether as much is in memory as should ever be.
    fn is_full(&self) -> bool {
        self.recent.last() / MOST_AT_ONCE > self.index.last_begun() / MOST_AT_ONCE
    }

    /// Gives what was written its names: the journal holds all of it now.
    pub(crate) fn confirm(&mut self) -> Result<(), Unread> {
        self.end_writing()?;
        Ok(self.index.confirm()?)
    }

    /// Goes on with what takes a while, and waits for none of it: where much is in memory, writes some of that; and
    /// gives what was written its names. The journal holds all of it now.
    pub(crate) fn go_on(&mut self) -> Result<(), Unread> {
        if self.index.has_written() {
            self.end_writing()?;
        }
        if self.is_full() && !self.index.is_writing() {
            self.begin_writing()?;
        }
        Ok(self.index.go_on()?)
    }

    /// Writes all that is in memory to the index, in the lengths that the numbers of the entries give. The journal must
    /// hold it; none of it counts before [`Indexed::confirm`].
    pub(crate) fn flush(&mut self) -> Result<(), Unread> {
        self.end_writing()?;
        while self.begin_writing()? {
            self.end_writing()?;
        }
        Ok(())
    }

    /// Begins to write as many of the first entries in memory as make a segment; says whether so many are there.
    fn begin_writing(&mut self) -> Result<bool, Unread> {
        let (from, last) = (self.index.last(), self.recent.last());
        let fits = |length: &u64| from.is_multiple_of(*length) && from + length <= last;
        let lengths = std::iter::successors(Some(MOST_AT_ONCE), |length| Some(length / 4));
        let Some(length) = lengths.take_while(|length| *length >= UNIT).find(fits) else { return Ok(false) };
        let previous = self.index.covers().map_or(Hash::NONE, |span| span.hash);
        let start = self.index.covers().map_or(FIRST_LINE.len() as u64, |span| span.end);
        let Some((span, milestones)) = self.recent.span(from + length, previous, start, self.end) else {
            return Ok(false);
        };
        self.index.begin_writing(span, milestones, self.recent.freeze(from + length))?;
        Ok(true)
    }

    /// Waits for what is being written, and lets go of it in memory.
    fn end_writing(&mut self) -> Result<(), Unread> {
        if let Some(last) = self.index.end_writing()? {
            self.recent.forget(last);
            self.referred.clear();
        }
        Ok(())
    }

    /// The entry whose record begins at an offset.
    pub(super) fn entry_at(&self, offset: u64) -> Result<Recorded, Unread> {
        if let Some(entry) = self.recent.at(offset) {
            return Ok(entry.clone());
        }
        let bytes = self.records.at(offset)?;
        let entry = Entry::decode(&bytes).map_err(Fault::from)?;
        Ok(Recorded::of(Hash::of(&bytes), entry))
    }

    /// The entries whose records begin at these offsets, which rise.
    pub(super) fn entries_at(&self, offsets: &[u64]) -> Result<Vec<Recorded>, Unread> {
        let covered = offsets.partition_point(|offset| self.recent.at(*offset).is_none());
        let (covered, recent) = offsets.split_at(covered);
        let read = |share: Vec<u64>| {
            let taken = self.records.at_each(&share, |bytes| {
                let entry = Entry::decode(bytes).map_err(Fault::from)?;
                Ok(Recorded::of(Hash::of(bytes), entry))
            });
            match taken {
                Ok(entries) => entries.into_iter().map(Ok).collect(),
                Err(unread) => vec![Err::<Recorded, Unread>(unread)],
            }
        };
        let covered = abreast(covered.to_vec(), |_, _| true, read);
        covered.into_iter().chain(recent.iter().map(|offset| self.entry_at(*offset))).collect()
    }

    /// Hands on every run whose term begins so, in no order.
    pub(super) fn scan(
        &self,
        prefix: &[u8],
        each: &mut dyn FnMut(Run<'_>) -> Result<(), IndexFault>,
    ) -> Result<(), Unread> {
        self.scan_until(&Terms::under(prefix), None, each)
    }

    /// Hands on every run under terms, in no order; of what lies by days, as far as that is asked for.
    pub(super) fn scan_until(
        &self,
        terms: &Terms<'_>,
        until: Option<&Until<'_>>,
        each: &mut dyn FnMut(Run<'_>) -> Result<(), IndexFault>,
    ) -> Result<(), Unread> {
        self.index.scan(terms, until, each)?;
        Ok(self.recent.scan(terms, each)?)
    }

    /// The offsets under every term that begins so.
    pub(super) fn under(&self, prefix: &[u8]) -> Result<BTreeSet<u64>, Unread> {
        let mut offsets = BTreeSet::new();
        self.scan(prefix, &mut |run| {
            offsets.extend(run.postings().map(|posting| posting.offset));
            Ok(())
        })?;
        Ok(offsets)
    }

    /// The offsets under every term that begins so, in the index alone.
    fn under_in_index(&self, prefix: &[u8]) -> Result<BTreeSet<u64>, Unread> {
        let mut offsets = BTreeSet::new();
        self.index.scan(&Terms::under(prefix), None, &mut |run| {
            offsets.extend(run.postings().map(|posting| posting.offset));
            Ok(())
        })?;
        Ok(offsets)
    }

    /// Where an entry begins; none where there is no such entry yet.
    pub(super) fn offset_of(&self, number: u64) -> Result<Option<u64>, Unread> {
        if number == 0 || number > self.head.number {
            return Ok(None);
        }
        if let Some(offset) = self.recent.offset_of(number) {
            return Ok(Some(offset));
        }
        let Some((at, offset)) = self.index.milestone(number)? else { return Ok(None) };
        Ok(Some(self.records.skip(offset, number - at)?))
    }

    /// The entry of a number.
    pub(crate) fn entry(&self, number: u64) -> Result<Option<Recorded>, Unread> {
        let entry = self.offset_of(number)?.map(|offset| self.entry_at(offset)).transpose()?;
        match entry {
            Some(entry) if entry.number != number => Err(Fault::Number(entry.number).into()),
            found => Ok(found),
        }
    }

    /// The entries of these numbers, in their order; there may be none of the last ones.
    pub(super) fn numbered(&self, numbers: RangeInclusive<u64>) -> Result<Vec<Recorded>, Unread> {
        let Some(mut offset) = self.offset_of(*numbers.start())? else { return Ok(Vec::new()) };
        let mut offsets = vec![offset];
        for _ in *numbers.start()..self.head.number.min(*numbers.end()) {
            offset = self.records.after(offset)?;
            offsets.push(offset);
        }
        let entries = self.entries_at(&offsets)?;
        match entries.iter().zip(numbers).find(|(entry, number)| entry.number != *number) {
            Some((entry, _)) => Err(Fault::Number(entry.number).into()),
            None => Ok(entries),
        }
    }

    pub(super) fn moment_after(&self, number: u64) -> Result<Moment, Unread> {
        if number < self.head.number {
            return Ok(Moment { last: self.entry(number)? });
        }
        if let Some(last) = self.last.get() {
            return Ok(Moment { last: Some(last.clone()) });
        }
        let last = self.entry(self.head.number)?;
        Ok(Moment { last: last.map(|last| self.last.get_or_init(|| last).clone()) })
    }

    /// What was known at an instant.
    pub(super) fn moment_at(&self, instant: Instant) -> Result<Moment, Unread> {
        if let Some(last) = self.recent.last_by(instant) {
            return Ok(Moment { last: Some(last.clone()) });
        }
        let Some((mut number, mut offset)) = self.index.milestone_by(instant)? else {
            return Ok(Moment { last: None });
        };
        while number < self.index.last() {
            let next = self.records.after(offset)?;
            let recorded_at = Entry::recorded_at_in(&self.records.at(next)?).map_err(Fault::from)?;
            if recorded_at > instant {
                break;
            }
            (number, offset) = (number + 1, next);
        }
        Ok(Moment { last: Some(self.entry_at(offset)?) })
    }

    /// Where the first act of an id begins.
    pub(crate) fn offset_of_id(&self, id: &ActId) -> Result<Option<u64>, Unread> {
        if let Some(offset) = self.referred.get(id) {
            return Ok(Some(*offset));
        }
        let hash = term::hash_of_id(id);
        let mut offsets = self.under_in_index(&term::of_id(hash))?;
        offsets.extend(self.recent.offsets_of_id(hash));
        // Two ids may share the beginning of a hash.
        for offset in offsets {
            if self.entry_at(offset)?.act.id.as_ref() == Some(id) {
                return Ok(Some(offset));
            }
        }
        Ok(None)
    }

    /// The entry that declared a party.
    pub(crate) fn declaration(&self, party: &PartyId) -> Result<Option<Recorded>, Unread> {
        if let Some((_, number)) = self.declared.get(party) {
            return self.entry(*number);
        }
        // Whom the last entries declare is known.
        for offset in self.under_in_index(&term::of_party(party))? {
            let entry = self.entry_at(offset)?;
            if entry.act.deed.declares() == Some(party) {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// The acts that say which registrar may enter what, in order.
    pub(crate) fn grants(&self) -> Result<Vec<Recorded>, Unread> {
        let entries = self.under(term::GRANTS)?.into_iter().map(|offset| self.entry_at(offset));
        // With them comes what is about them.
        let is_grant = |entry: &Recorded| family(entry.act.deed.kind()) == "registrar";
        entries.filter(|entry| entry.as_ref().map_or(true, is_grant)).collect()
    }

    /// Where the act begins that an act is about in the end: through every act about an act.
    pub(super) fn root_of(&self, act: &Act, offset: u64) -> Result<Option<u64>, Unread> {
        let mut before = offset;
        let mut reference = act.deed.target().cloned();
        let mut root = None;
        while let Some(target) = reference {
            let found = match &target {
                ActRef::Number(number) => self.offset_of(*number)?,
                ActRef::Id(id) => self.offset_of_id(id)?,
            };
            // A forged ledger may refer forward; a reference is to an earlier act or to nothing.
            let Some(found) = found.filter(|found| *found < before) else { break };
            before = found;
            root = Some(found);
            reference = self.entry_at(found)?.act.deed.target().cloned();
        }
        Ok(root)
    }

    /// An act with everything about it, in order.
    pub(crate) fn with_all_about(&self, root: u64) -> Result<Vec<Recorded>, Unread> {
        let about = self.about(root)?;
        std::iter::once(root).chain(about).map(|offset| self.entry_at(offset)).collect()
    }

    /// Where the acts begin that are about an act, in order.
    pub(super) fn about(&self, root: u64) -> Result<Vec<u64>, Unread> {
        if let Some(about) = self.recent.about(root) {
            return Ok(about.to_vec());
        }
        if self.present.as_ref().is_some_and(|present| !present.may_hold_about(root)) {
            return Ok(Vec::new());
        }
        Ok(self.under_in_index(&term::about(root))?.into_iter().collect())
    }
}
