//! The audit: every byte of both copies read, every link followed, the copies compared, the meaning checked.
//!
//! An audit returns a list of what it found and a list of what it did not check. A chain that verifies says
//! nothing about a tail that was cut off both copies: only a head kept elsewhere can show that.

mod derived;
mod meaning;
mod parties;
mod passing;
mod stretch;

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::act::Submitted;
use crate::chain::{Fault, Followed, Head};
use crate::checkpoint::Checkpoint;
use crate::copies::{JOURNAL, OpenError, STORE, StoreCopy, copy_of_store, is_being_written};
use crate::entry::Hash;
use crate::index::{INDEX, names_in};
use crate::journal::salvage::salvage;
use crate::journal::{NotAJournal, Reader};
use crate::ledger::Expected;
use crate::merkle::Tree;
use crate::registrar::Registrars;
use crate::remains::{NotWhole, Remains};
use crate::roll::Roll;
use crate::standing::Recorded;
use crate::store::{Store, StoreError};

use passing::Passed;

/// Which part of a ledger a fault is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The journal.
    Journal,
    /// The store.
    Store,
    /// What the entries mean together: references, declarations, corrections.
    Projection,
    /// The index, which is made from the journal.
    Index,
}

impl Part {
    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::Store => "store",
            Self::Projection => "projection",
            Self::Index => "index",
        }
    }
}

/// A fault, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The number of the entry.
    pub entry: u64,
    /// The part of the ledger.
    pub part: Part,
    /// What is wrong.
    pub fault: Fault,
}

/// What a history is compared with, kept where whoever writes the ledger could not reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Against {
    /// A head that someone wrote down.
    Head(Expected),
    /// A checkpoint that its log has signed; whoever asks has verified that.
    Checkpoint(Checkpoint),
}

impl fmt::Display for Against {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head(expected) => expected.fmt(f),
            Self::Checkpoint(Checkpoint { origin, size, root }) => {
                write!(f, "the checkpoint of `{origin}` over {size} entries, root {root}")
            }
        }
    }
}

/// What is asked of an audit.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// What the history is compared with.
    pub against: Option<Against>,
    /// Whether the index is made anew as well, and compared with the one that is there.
    pub full: bool,
    /// How many bytes of the journal have been read; those of a full audit twice.
    pub done: Arc<AtomicU64>,
}

impl Terms {
    /// An audit that compares with something kept elsewhere.
    #[must_use]
    pub fn against(against: Against) -> Self {
        Self { against: Some(against), ..Self::default() }
    }
}

/// One copy of the entries as far as it can be read without a fault, and the tree over them.
#[derive(Debug, Default)]
struct Copy {
    entries: Vec<Recorded>,
    tree: Tree,
    /// The hash of every entry that the copy holds, those after a fault too.
    found: BTreeMap<u64, Hash>,
}

impl Copy {
    fn push(&mut self, read: Followed) {
        self.found.insert(read.0.number, read.0.hash);
        self.tree.push(&read.0.bytes);
        self.entries.push(Recorded::from(read));
    }
}

/// A copy of the store, opened.
struct Opened {
    /// Its files go first: then nobody need bring to the disk what sled still has of them.
    _files: StoreCopy,
    store: Store,
}

impl Borrow<Store> for Opened {
    fn borrow(&self) -> &Store {
        &self.store
    }
}

impl Opened {
    fn copy_of(dir: &Path) -> Result<Self, Fault> {
        let broken = |e: &dyn std::fmt::Display| Fault::Copy(e.to_string());
        let files = copy_of_store(dir).map_err(|e| broken(&e))?;
        match Store::open(files.path()) {
            Ok(store) => Ok(Self { store, _files: files }),
            Err(StoreError::Taken) => Err(Fault::Copy("its copy could not be opened".to_owned())),
            Err(error) => Err(broken(&error)),
        }
    }
}

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Where the ledger stands, as far as its entries verify.
    pub head: Head,
    /// Every fault found.
    pub faults: Vec<Located>,
    /// What it was compared with.
    pub against: Option<Against>,
    /// What was not checked, and why.
    pub not_checked: Vec<String>,
    /// What is not wrong but worth saying, such as an append that was never acknowledged.
    pub remarks: Vec<String>,
    /// Whether the store could be compared at all.
    pub store_read: bool,
    /// Whether the index was compared.
    pub index_read: bool,
    /// Whether the copies together hold every entry; none where the journal alone does.
    pub together: Option<Result<(), NotWhole>>,
}

impl Audit {
    /// Whether a part is sound as far as it was checked.
    #[must_use]
    pub fn is_sound(&self, part: Part) -> bool {
        !self.faults.iter().any(|located| located.part == part)
    }
}

/// Audits the ledger in a directory; nothing in it is changed.
///
/// # Errors
/// [`OpenError`] when there is no ledger to audit. Damage is no error but a finding.
pub fn audit(dir: &Path, terms: &Terms) -> Result<Audit, OpenError> {
    OpenError::unless_ledger(dir)?;
    let mut audit = Audit {
        head: Head::EMPTY,
        faults: Vec::new(),
        against: terms.against.clone(),
        not_checked: Vec::new(),
        remarks: Vec::new(),
        store_read: false,
        index_read: false,
        together: None,
    };
    let reads_store = audit.may_read_store(dir);
    let opened = || reads_store.then(|| Opened::copy_of(dir)).transpose();
    if let Some(found) = passing::pass(dir, opened, audit.against.as_ref(), &terms.done) {
        audit.store_read = reads_store;
        audit.pass(&found);
        audit.check_index(dir, terms);
        return Ok(audit);
    }
    let journal = audit.read_journal(dir)?;
    let store = audit.read_store(opened());
    audit.compare(&journal.found, store.as_ref().map(|store| &store.found));
    let best = audit.best(dir, journal, store)?;
    audit.head = best.entries.last().map_or(Head::EMPTY, Recorded::head);
    audit.check_meaning(&best.entries);
    audit.check_against(&best);
    audit.check_index(dir, terms);
    audit.faults.sort_by_key(|located| (located.entry, located.part));
    Ok(audit)
}

impl Audit {
    fn fault(&mut self, entry: u64, part: Part, fault: Fault) {
        self.faults.push(Located { entry, part, fault });
    }

    /// Compares the index with one made anew, where that is asked; there is nothing to compare where there is none.
    fn check_index(&mut self, dir: &Path, terms: &Terms) {
        if names_in(&dir.join(INDEX)).is_empty() {
            return;
        }
        let why_not = if !terms.full {
            "it was not compared with the journal, which it is made from"
        } else if !self.is_sound(Part::Journal) {
            "the journal, which it is made from, is damaged"
        } else if is_being_written(dir) {
            "another process is writing to the ledger"
        } else {
            match derived::differing(dir, &terms.done) {
                Ok(differing) => {
                    self.index_read = true;
                    for (first, last) in differing {
                        self.fault(first, Part::Index, Fault::Segment(last));
                    }
                }
                Err(fault) => self.fault(1, Part::Index, fault),
            }
            return;
        };
        self.not_checked.push(format!("index: {why_not}"));
    }

    fn read_journal(&mut self, dir: &Path) -> Result<Copy, OpenError> {
        let mut reader = match Reader::open(&dir.join(JOURNAL)) {
            Ok(reader) => reader,
            Err(NotAJournal::FirstLine | NotAJournal::Missing) => {
                let mut copy = Copy::default();
                self.read_on(dir, &mut copy, 0)?;
                return Ok(copy);
            }
            Err(error) => return Err(OpenError::of_journal(dir, error)),
        };
        let mut copy = Copy::default();
        reader.by_ref().for_each(|read| copy.push(read));
        let end = reader.end();
        copy.entries.truncate(usize::try_from(end.head.number).unwrap_or(usize::MAX));
        copy.tree.truncate(end.head.number);
        if !end.is_sound() {
            self.read_on(dir, &mut copy, end.torn)?;
        }
        Ok(copy)
    }

    /// Reads a journal past its first fault.
    fn read_on(&mut self, dir: &Path, copy: &mut Copy, torn: u64) -> Result<(), OpenError> {
        let path = dir.join(JOURNAL);
        let salvage = salvage(&path).map_err(|error| OpenError::Io { path, error })?;
        copy.found = salvage.entries.iter().map(|(sealed, _)| (sealed.number, sealed.hash)).collect();
        if salvage.faults.is_empty() {
            self.remarks.push(format!(
                "the journal ends in {torn} bytes of an append that is not whole and does not count"
            ));
        }
        for (entry, fault) in salvage.faults {
            self.fault(entry, Part::Journal, fault);
        }
        Ok(())
    }

    /// Takes over what was found in passing.
    fn pass(&mut self, found: &Passed) {
        self.head = found.head;
        if found.lag > 0 {
            self.say_lag(found.lag);
        }
        match &self.against {
            None => self.say_truncation(),
            Some(Against::Head(expected)) => {
                let expected = *expected;
                let actual = if expected.number == 0 { Some(Hash::NONE) } else { found.named };
                self.compare_head(expected, actual);
            }
            Some(Against::Checkpoint(checkpoint)) => {
                let entry = checkpoint.size.min(found.head.number + 1);
                if let Some(contradiction) = &found.contradiction {
                    self.fault(entry, Part::Journal, contradiction.clone().into());
                }
            }
        }
    }

    fn say_lag(&mut self, lag: u64) {
        self.remarks.push(format!(
            "the store lags behind the journal by {lag} entries; the next append brings it up"
        ));
    }

    fn say_truncation(&mut self) {
        self.not_checked.push(
            "truncation: no head was given to compare with; a history cut short, or written anew from the \
             start, still verifies"
                .to_owned(),
        );
    }

    /// Whether there is a store that can be read: none where nothing was appended yet, or a writer is at work.
    fn may_read_store(&mut self, dir: &Path) -> bool {
        let why_not = if !dir.join(STORE).is_dir() {
            "there is none yet; the next append makes it"
        } else if is_being_written(dir) {
            "another process is writing to the ledger"
        } else {
            return true;
        };
        self.not_checked.push(format!("store: {why_not}"));
        false
    }

    fn read_store(&mut self, opened: Result<Option<Opened>, Fault>) -> Option<Copy> {
        let opened = match opened {
            Ok(opened) => opened,
            Err(fault) => {
                self.fault(1, Part::Store, fault);
                return None;
            }
        };
        let Opened { store, .. } = &opened?;
        let mut copy = Copy::default();
        let mut sound = true;
        for found in store.entries() {
            match found {
                Ok(read) if sound => copy.push(read),
                Ok((sealed, _)) => drop(copy.found.insert(sealed.number, sealed.hash)),
                Err((entry, fault)) => {
                    sound = false;
                    self.fault(entry, Part::Store, fault);
                }
            }
        }
        self.store_read = true;
        Some(copy)
    }

    fn compare(&mut self, journal: &BTreeMap<u64, Hash>, store: Option<&BTreeMap<u64, Hash>>) {
        let Some(store) = store else { return };
        for (number, ours) in journal {
            if store.get(number).is_some_and(|theirs| theirs != ours) {
                self.fault(*number, Part::Store, Fault::Differs);
            }
        }
        let last = |copy: &BTreeMap<u64, Hash>| copy.last_key_value().map_or(0, |(number, _)| *number);
        let (in_journal, in_store) = (last(journal), last(store));
        if in_store > in_journal && self.is_sound(Part::Journal) {
            self.fault(in_journal + 1, Part::Journal, Fault::Lacking);
        }
        if in_journal > in_store && self.is_sound(Part::Store) {
            self.say_lag(in_journal - in_store);
        }
    }

    /// The entries that are looked at further: those of a sound copy, else what both together still hold.
    fn best(&mut self, dir: &Path, journal: Copy, store: Option<Copy>) -> Result<Copy, OpenError> {
        if self.is_sound(Part::Journal) {
            return Ok(journal);
        }
        let gathered = Remains::gather(&dir.join(JOURNAL), &dir.join(STORE));
        let remains = gathered.map_err(|error| OpenError::Io { path: dir.to_owned(), error })?;
        match remains.whole() {
            Ok(entries) => {
                self.together = Some(Ok(()));
                let mut copy = Copy::default();
                for read in entries {
                    copy.push(read);
                }
                return Ok(copy);
            }
            Err(not_whole) => {
                if let NotWhole::Differ { entry, .. } = not_whole
                    && !self.faults.iter().any(|located| located.entry == entry)
                {
                    self.fault(entry, Part::Store, Fault::Differs);
                }
                self.together = Some(Err(not_whole));
            }
        }
        Ok(match store {
            Some(store) if store.entries.len() > journal.entries.len() => store,
            _ => journal,
        })
    }

    /// Every act must be one that could have been appended where it stands.
    fn check_meaning(&mut self, entries: &[Recorded]) {
        let mut roll = Roll::default();
        let mut registrars = Registrars::default();
        let mut breaches = Vec::new();
        for entry in entries {
            breaches.extend(registrars.enter(entry.number, entry.hash, &entry.act));
            let submitted = [Submitted::from((*entry.act).clone())];
            let recorded = |number: u64| {
                let place = usize::try_from(number.checked_sub(1)?).ok()?;
                entries.get(place).map(|entry| (*entry.act).clone())
            };
            if let Err(problems) = roll.check(&submitted, &recorded) {
                for problem in problems {
                    let field = problem.field.map(|field| format!("{field}: ")).unwrap_or_default();
                    let meaning = Fault::Meaning(format!("{field}{}", problem.flaw));
                    self.fault(entry.number, Part::Projection, meaning);
                }
            }
            roll.enter(&entry.act);
        }
        breaches.extend(registrars.unsigned());
        for (entry, breach) in breaches {
            self.fault(entry, Part::Projection, Fault::Meaning(breach.to_string()));
        }
    }

    fn check_against(&mut self, copy: &Copy) {
        let Some(against) = self.against.clone() else {
            return self.say_truncation();
        };
        match against {
            Against::Head(expected) => self.check_head(&copy.entries, expected),
            Against::Checkpoint(checkpoint) => {
                if let Err(contradiction) = checkpoint.check_against(&copy.tree) {
                    let entry = checkpoint.size.min(copy.tree.size() + 1);
                    self.fault(entry, Part::Journal, contradiction.into());
                }
            }
        }
    }

    fn check_head(&mut self, entries: &[Recorded], expected: Expected) {
        let actual = match expected.number.checked_sub(1).and_then(|place| usize::try_from(place).ok()) {
            None => Some(Hash::NONE),
            Some(place) => entries.get(place).map(|entry| entry.hash),
        };
        self.compare_head(expected, actual);
    }

    fn compare_head(&mut self, expected: Expected, actual: Option<Hash>) {
        match actual {
            Some(hash) if hash == expected.hash => {}
            Some(actual) => {
                let link = Fault::Link { named: expected.hash, actual };
                self.fault(expected.number, Part::Journal, link);
            }
            None => self.fault(expected.number, Part::Journal, Fault::Lacking),
        }
    }
}
