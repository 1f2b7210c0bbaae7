//! A ledger as read: its acts in order, from the journal, beside a writer if need be.
//!
//! Reading needs no lock and changes nothing. An append that is not whole is not seen. Where the journal is
//! damaged, the store answers in its place if it can, and the history says so.

use std::fs::{self, File};
use std::path::Path;

use crate::chain::{Fault, Head, Sealed};
use crate::copies::{JOURNAL, OpenError, STORE, lock};
use crate::date::Instant;
use crate::journal::{NotAJournal, Reader};
use crate::merkle::Tree;
use crate::standing::Recorded;
use crate::store::Store;

/// The acts of a ledger, in order.
#[derive(Debug, Clone)]
pub struct History {
    /// The entries.
    pub entries: Vec<Recorded>,
    /// Where the ledger stands after the last of them.
    pub head: Head,
    /// Why these entries come from the store, where they do.
    pub instead: Option<(u64, Fault)>,
}

impl From<Sealed> for Recorded {
    fn from(sealed: Sealed) -> Self {
        let Sealed { entry, hash, .. } = sealed;
        Self {
            number: entry.number,
            recorded_at: entry.recorded_at,
            asserted: entry.asserted,
            hash,
            act: entry.act,
        }
    }
}

impl History {
    /// Reads the ledger in a directory.
    ///
    /// # Errors
    /// [`OpenError`] when there is no ledger, or neither copy of it can be read whole.
    pub fn read(dir: &Path) -> Result<Self, OpenError> {
        Self::read_each(dir, &mut |_| {})
    }

    /// Reads the ledger in a directory and shows every entry with its bytes, in order. Where the store had to
    /// answer, the entries begin again from the first; the last ones shown may belong to an append that is not
    /// whole, and only those up to [`History::head`] count.
    ///
    /// # Errors
    /// [`OpenError`] when there is no ledger, or neither copy of it can be read whole.
    pub fn read_each(dir: &Path, each: &mut dyn FnMut(&Sealed)) -> Result<Self, OpenError> {
        let path = dir.join(JOURNAL);
        let reader = match Reader::open(&path) {
            Err(NotAJournal::FirstLine) => {
                return Self::from_store(
                    dir,
                    (1, Fault::Copy("it does not begin as a journal does".to_owned())),
                    each,
                );
            }
            other => other.map_err(|e| OpenError::of_journal(dir, e))?,
        };
        let mut reader = reader;
        let mut entries: Vec<Recorded> =
            reader.by_ref().inspect(|sealed| each(sealed)).map(Recorded::from).collect();
        let end = reader.end();
        match end.fault {
            // What breaks off at the end is an append that is under way, or was when its writer died.
            None | Some((_, Fault::BreaksOff)) => {
                entries.truncate(usize::try_from(end.head.number).unwrap_or(usize::MAX));
                Ok(Self { entries, head: end.head, instead: None })
            }
            Some(fault) => Self::from_store(dir, fault, each),
        }
    }

    /// The same, with the tree over the entries that count.
    ///
    /// # Errors
    /// [`OpenError`] when there is no ledger, or neither copy of it can be read whole.
    pub fn read_with_tree(dir: &Path, each: &mut dyn FnMut(&Sealed)) -> Result<(Self, Tree), OpenError> {
        let mut tree = Tree::default();
        let history = Self::read_each(dir, &mut |sealed| {
            tree.truncate(sealed.entry.number - 1);
            tree.push(&sealed.bytes);
            each(sealed);
        })?;
        tree.truncate(history.head.number);
        Ok((history, tree))
    }

    /// The same of a ledger that stands still: no writer is at work, and all that is read is on disk. Nothing else
    /// may be signed: an append that is later taken back, or lost in a power cut, would make a liar of its signer.
    ///
    /// # Errors
    /// [`OpenError`] when there is no ledger, a writer is at work, or no copy can be read whole.
    pub fn read_settled(dir: &Path) -> Result<(Self, Tree), OpenError> {
        OpenError::unless_ledger(dir)?;
        let _lock = lock(dir)?;
        let path = dir.join(JOURNAL);
        File::open(&path)
            .and_then(|journal| journal.sync_data())
            .map_err(|error| OpenError::Io { path, error })?;
        Self::read_with_tree(dir, &mut |_| {})
    }

    /// The entries from the store, since the journal has a fault; all of them, or none.
    fn from_store(
        dir: &Path,
        (entry, fault): (u64, Fault),
        each: &mut dyn FnMut(&Sealed),
    ) -> Result<Self, OpenError> {
        let damaged = |also: String| OpenError::Damaged { entry, fault: fault.clone(), also };
        if !dir.join(STORE).is_dir() {
            return Err(damaged("there is no store beside it".to_owned()));
        }
        // Opening a damaged store alters it: a copy is opened.
        let copy = crate::audit::copy_of_store(dir).map_err(|e| damaged(e.to_string()))?;
        let store = Store::open(copy.path()).map_err(|e| damaged(e.to_string()))?;
        let sealed: Result<Vec<Sealed>, _> = store.entries().collect();
        let sealed = sealed.map_err(|(n, f)| damaged(format!("entry {n} of the store: {f}")))?;
        let head = sealed.last().map_or(Head::EMPTY, Sealed::head);
        if head.number < entry {
            return Err(damaged(format!("the store ends with entry {}", head.number)));
        }
        drop(store);
        sealed.iter().for_each(each);
        let entries = sealed.into_iter().map(Recorded::from).collect();
        Ok(Self { entries, head, instead: Some((entry, fault)) })
    }

    /// The entries that were recorded by an instant.
    #[must_use]
    pub fn known_at(&self, instant: Instant) -> &[Recorded] {
        &self.entries[..self.entries.partition_point(|entry| entry.recorded_at <= instant)]
    }

    /// The entries up to a number.
    #[must_use]
    pub fn up_to(&self, number: u64) -> &[Recorded] {
        &self.entries[..self.entries.partition_point(|entry| entry.number <= number)]
    }
}

/// Whether a directory looks like a ledger at all.
#[must_use]
pub fn is_ledger(dir: &Path) -> bool {
    fs::metadata(dir.join(JOURNAL)).is_ok()
}
