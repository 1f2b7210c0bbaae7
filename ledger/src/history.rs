//! A ledger as read: its acts in order, from the journal, beside a writer if need be.
//!
//! Reading needs no lock and changes nothing. An append that is not whole is not seen. Where the journal is
//! damaged, the store answers in its place if it can, and the history says so.

use std::fs::File;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Mutex;
use std::thread::scope;

use crate::abreast::threads;
use crate::chain::{Fault, Followed, Head, linked, linked_to};
use crate::copies::{JOURNAL, OpenError, STORE, is_being_written, lock};
use crate::date::Instant;
use crate::entry::{Entry, Hash};
use crate::journal::blocks::{Block, Blocks};
use crate::journal::{NotAJournal, Reader};
use crate::merkle::Tree;
use crate::remains::Remains;
use crate::standing::Recorded;

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

impl From<Followed> for Recorded {
    fn from((sealed, entry): Followed) -> Self {
        Self::of(sealed.hash, entry)
    }
}

impl Recorded {
    /// An entry as it was recorded, with the hash of its bytes.
    #[must_use]
    pub fn of(hash: Hash, entry: Entry) -> Self {
        let Entry { number, recorded_at, asserted, act, .. } = entry;
        Self { number, recorded_at, asserted, hash, act }
    }

    /// The head of a ledger that ends with this entry.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { number: self.number, hash: self.hash, recorded_at: self.recorded_at }
    }
}

/// A ledger as a log: its entries in their bytes, in order, and the tree over them.
#[derive(Debug, Clone)]
pub struct Log {
    /// The entries.
    pub entries: Vec<Followed>,
    /// The tree over their bytes.
    pub tree: Tree,
    /// Why these entries come from the store, where they do.
    pub instead: Option<(u64, Fault)>,
}

impl Log {
    /// Reads the ledger in a directory.
    ///
    /// # Errors
    /// [`OpenError`] when there is no ledger, or neither copy of it can be read whole.
    pub fn read(dir: &Path) -> Result<Self, OpenError> {
        let Read { entries, instead, .. } = Read::of(dir, |read| read)?;
        let mut tree = Tree::default();
        for (sealed, _) in &entries {
            tree.push(&sealed.bytes);
        }
        Ok(Self { entries, tree, instead })
    }

    /// Reads a ledger that stands still: no writer is at work, and all that is read is on disk. Nothing else may
    /// be signed: an append that is later taken back, or lost in a power cut, would make a liar of its signer.
    ///
    /// # Errors
    /// [`OpenError`] when there is no ledger, a writer is at work, or neither copy can be read whole.
    pub fn read_settled(dir: &Path) -> Result<Self, OpenError> {
        OpenError::unless_ledger(dir)?;
        let _lock = lock(dir)?;
        let path = dir.join(JOURNAL);
        File::open(&path)
            .and_then(|journal| journal.sync_data())
            .map_err(|error| OpenError::Io { path, error })?;
        Self::read(dir)
    }
}

/// The entries that count, each in the form in which it is wanted.
struct Read<T> {
    entries: Vec<T>,
    head: Head,
    instead: Option<(u64, Fault)>,
}

impl<T> Read<T> {
    fn of(dir: &Path, keep: fn(Followed) -> T) -> Result<Self, OpenError> {
        let mut reader = match Reader::open(&dir.join(JOURNAL)) {
            Err(why @ (NotAJournal::FirstLine | NotAJournal::Missing)) if dir.join(STORE).is_dir() => {
                return Self::from_remains(dir, (1, Fault::Copy(why.to_string())), keep);
            }
            other => other.map_err(|e| OpenError::of_journal(dir, e))?,
        };
        let mut entries: Vec<T> = reader.by_ref().map(keep).collect();
        let end = reader.end();
        entries.truncate(usize::try_from(end.head.number).unwrap_or(usize::MAX));
        let journal = Self { entries, head: end.head, instead: None };
        match end.fault {
            None if end.torn == 0 => Ok(journal),
            // A writer is at work, and in the middle of an append.
            Some((_, Fault::BreaksOff)) | None if is_being_written(dir) => Ok(journal),
            fault => {
                // An append whose writer died, or one that was acknowledged and then damaged: the store knows.
                let fault = fault.unwrap_or((end.head.number + 1, Fault::BreaksOff));
                let left = Self::from_remains(dir, fault, keep)?;
                Ok(if left.head == journal.head { journal } else { left })
            }
        }
    }

    /// The entries from what both copies still hold, since the journal has a fault; all of them, or none.
    fn from_remains(dir: &Path, fault: (u64, Fault), keep: fn(Followed) -> T) -> Result<Self, OpenError> {
        let gathered = Remains::gather(&dir.join(JOURNAL), &dir.join(STORE));
        let remains = gathered.map_err(|error| OpenError::Io { path: dir.to_owned(), error })?;
        let whole = remains.whole().map_err(OpenError::of_remains)?;
        let head = whole.last().map_or(Head::EMPTY, |(sealed, _)| sealed.head());
        Ok(Self { entries: whole.into_iter().map(keep).collect(), head, instead: Some(fault) })
    }
}

/// Some entries that follow one another.
struct Stretch {
    /// Its place among the stretches.
    place: u64,
    /// What its first entry says of the one before.
    previous: Hash,
    entries: Vec<Recorded>,
    /// Whether its last append goes on in the next one.
    goes_on: bool,
}

impl Stretch {
    fn of(block: &Block) -> Option<Self> {
        let mut stretch =
            Self { place: block.place, previous: Hash::NONE, entries: Vec::new(), goes_on: false };
        for record in block.records() {
            let record = record?;
            let entry = Entry::decode(record.entry).ok()?;
            match stretch.entries.last() {
                Some(last) => linked(&last.head(), &entry).ok()?,
                None => stretch.previous = entry.previous,
            }
            stretch.entries.push(Recorded::of(Hash::of(record.entry), entry));
            stretch.goes_on = record.goes_on;
        }
        Some(stretch)
    }
}

impl History {
    /// Reads the ledger in a directory.
    ///
    /// # Errors
    /// [`OpenError`] when there is no ledger, or neither copy of it can be read whole.
    pub fn read(dir: &Path) -> Result<Self, OpenError> {
        if let Some(history) = Self::in_stretches(dir) {
            return Ok(history);
        }
        // Something is not as it should be, or a writer is at work: one entry after another tells what.
        let Read { entries, head, instead } = Read::of(dir, Recorded::from)?;
        Ok(Self { entries, head, instead })
    }

    /// Reads and verifies a journal by stretches, side by side, and joins them at their ends; none where anything is
    /// not as it should be.
    fn in_stretches(dir: &Path) -> Option<Self> {
        let blocks = Mutex::new(Blocks::open(&dir.join(JOURNAL)).ok()?);
        let read = || -> Option<Vec<Stretch>> {
            let mut block = Block::default();
            let mut stretches = Vec::new();
            while blocks.lock().ok()?.read(&mut block).ok()? {
                stretches.push(Stretch::of(&block)?);
            }
            Some(stretches)
        };
        let read: Option<Vec<Vec<Stretch>>> = scope(|scope| {
            let others: Vec<_> = (1..threads()).map(|_| scope.spawn(read)).collect();
            let ours = read();
            let others =
                others.into_iter().map(|other| other.join().unwrap_or_else(|panic| resume_unwind(panic)));
            others.chain([ours]).collect()
        });
        let mut stretches: Vec<Stretch> = read?.into_iter().flatten().collect();
        stretches.sort_unstable_by_key(|stretch| stretch.place);
        let mut history = Self { entries: Vec::new(), head: Head::EMPTY, instead: None };
        history.entries.reserve(stretches.iter().map(|stretch| stretch.entries.len()).sum());
        let mut goes_on = false;
        for stretch in stretches {
            let first = stretch.entries.first()?;
            linked_to(&history.head, first.number, stretch.previous, first.recorded_at).ok()?;
            history.head = stretch.entries.last()?.head();
            history.entries.extend(stretch.entries);
            goes_on = stretch.goes_on;
        }
        (!goes_on).then_some(history)
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
