//! The audit: every byte of both copies read, every link followed, the copies compared, the meaning checked.
//!
//! An audit returns a list of what it found and a list of what it did not check. A chain that verifies says
//! nothing about a tail that was cut off both copies: only a head kept elsewhere can show that.

use std::path::Path;
use std::{fmt, fs, io};

use crate::act::Submitted;
use crate::chain::{Fault, Head, Sealed};
use crate::checkpoint::Checkpoint;
use crate::copies::{JOURNAL, OpenError, STORE};
use crate::entry::Hash;
use crate::journal::{NotAJournal, Reader};
use crate::ledger::Expected;
use crate::merkle::Tree;
use crate::roll::Roll;
use crate::store::{Store, StoreError};

/// Which part of a ledger a fault is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The journal.
    Journal,
    /// The store.
    Store,
    /// What the entries mean together: references, declarations, corrections.
    Projection,
}

impl Part {
    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::Store => "store",
            Self::Projection => "projection",
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
}

impl Audit {
    /// Whether a part is sound as far as it was checked.
    #[must_use]
    pub fn is_sound(&self, part: Part) -> bool {
        !self.faults.iter().any(|located| located.part == part)
    }
}

/// A copy of the store in a temporary directory, which goes when this is dropped.
#[derive(Debug)]
pub(crate) struct StoreCopy(tempfile::TempDir);

impl StoreCopy {
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Copies the store of a ledger: to open a damaged store alters it.
pub(crate) fn copy_of_store(dir: &Path) -> io::Result<StoreCopy> {
    let copy = tempfile::tempdir()?;
    copy_files(&dir.join(STORE), copy.path())?;
    Ok(StoreCopy(copy))
}

fn copy_files(from: &Path, to: &Path) -> io::Result<()> {
    for file in fs::read_dir(from)? {
        let file = file?;
        let target = to.join(file.file_name());
        if file.file_type()?.is_dir() {
            fs::create_dir(&target)?;
            copy_files(&file.path(), &target)?;
        } else {
            fs::copy(file.path(), target)?;
        }
    }
    Ok(())
}

/// Audits the ledger in a directory; nothing in it is changed.
///
/// # Errors
/// [`OpenError`] when there is no ledger to audit. Damage is no error but a finding.
pub fn audit(dir: &Path, against: Option<Against>) -> Result<Audit, OpenError> {
    OpenError::unless_ledger(dir)?;
    let mut audit = Audit {
        head: Head::EMPTY,
        faults: Vec::new(),
        against,
        not_checked: Vec::new(),
        remarks: Vec::new(),
        store_read: false,
    };
    let journal = audit.read_journal(dir)?;
    let store = audit.read_store(dir);
    audit.compare(&journal, store.as_deref());
    let best = match store {
        Some(store) if store.len() > journal.len() => store,
        _ => journal,
    };
    audit.head = best.last().map_or(Head::EMPTY, Sealed::head);
    audit.check_meaning(&best);
    audit.check_against(&best);
    audit.faults.sort_by_key(|located| (located.entry, located.part));
    Ok(audit)
}

impl Audit {
    fn fault(&mut self, entry: u64, part: Part, fault: Fault) {
        self.faults.push(Located { entry, part, fault });
    }

    fn read_journal(&mut self, dir: &Path) -> Result<Vec<Sealed>, OpenError> {
        let mut reader = match Reader::open(&dir.join(JOURNAL)) {
            Ok(reader) => reader,
            Err(NotAJournal::FirstLine) => {
                self.fault(1, Part::Journal, Fault::Copy("its first line is damaged".to_owned()));
                return Ok(Vec::new());
            }
            Err(error) => return Err(OpenError::of_journal(dir, error)),
        };
        let mut entries: Vec<Sealed> = reader.by_ref().collect();
        let end = reader.end();
        entries.truncate(usize::try_from(end.head.number).unwrap_or(usize::MAX));
        match end.fault {
            Some((entry, fault)) if fault != Fault::BreaksOff => self.fault(entry, Part::Journal, fault),
            _ if end.torn > 0 => self.remarks.push(format!(
                "the journal ends in {} bytes of an append that is not whole and does not count",
                end.torn
            )),
            _ => {}
        }
        Ok(entries)
    }

    fn read_store(&mut self, dir: &Path) -> Option<Vec<Sealed>> {
        if !dir.join(STORE).is_dir() {
            self.not_checked.push("store: there is none yet; the next append makes it".to_owned());
            return None;
        }
        let opened = match self.open_copy(dir) {
            Ok(opened) => opened,
            Err(fault) => {
                self.fault(1, Part::Store, fault);
                return None;
            }
        };
        let (_copy, store) = opened?;
        let mut entries = Vec::new();
        for found in store.entries() {
            match found {
                Ok(sealed) => entries.push(sealed),
                Err((entry, fault)) => self.fault(entry, Part::Store, fault),
            }
        }
        self.store_read = true;
        Some(entries)
    }

    /// Opens a copy of the store; none when a writer is at work on it.
    fn open_copy(&mut self, dir: &Path) -> Result<Option<(StoreCopy, Store)>, Fault> {
        let broken = |e: &dyn std::fmt::Display| Fault::Copy(e.to_string());
        if is_being_written(dir) {
            self.not_checked.push("store: another process is writing to the ledger".to_owned());
            return Ok(None);
        }
        let copy = copy_of_store(dir).map_err(|e| broken(&e))?;
        match Store::open(copy.path()) {
            Ok(store) => Ok(Some((copy, store))),
            Err(StoreError::Taken) => Err(Fault::Copy("its copy could not be opened".to_owned())),
            Err(error) => Err(broken(&error)),
        }
    }

    fn compare(&mut self, journal: &[Sealed], store: Option<&[Sealed]>) {
        let Some(store) = store else { return };
        for (ours, theirs) in journal.iter().zip(store) {
            if ours.bytes != theirs.bytes {
                self.fault(ours.entry.number, Part::Store, Fault::Differs);
            }
        }
        let (in_journal, in_store) = (journal.len(), store.len());
        if in_store > in_journal && self.is_sound(Part::Journal) {
            self.fault(in_journal as u64 + 1, Part::Journal, Fault::Lacking);
        }
        if in_journal > in_store && self.is_sound(Part::Store) {
            self.remarks.push(format!(
                "the store lags behind the journal by {} entries; the next append brings it up",
                in_journal - in_store
            ));
        }
    }

    /// Every act must be one that could have been appended where it stands.
    fn check_meaning(&mut self, entries: &[Sealed]) {
        let mut roll = Roll::default();
        for sealed in entries {
            let submitted = [Submitted::from(sealed.entry.act.clone())];
            let recorded = |number: u64| {
                let place = usize::try_from(number.checked_sub(1)?).ok()?;
                entries.get(place).map(|sealed| sealed.entry.act.clone())
            };
            if let Err(problems) = roll.check(&submitted, &recorded) {
                for problem in problems {
                    let field = problem.field.map(|field| format!("{field}: ")).unwrap_or_default();
                    let meaning = Fault::Meaning(format!("{field}{}", problem.flaw));
                    self.fault(sealed.entry.number, Part::Projection, meaning);
                }
            }
            roll.enter(&sealed.entry.act);
        }
    }

    fn check_against(&mut self, entries: &[Sealed]) {
        let Some(against) = self.against.clone() else {
            self.not_checked.push(
                "truncation: no head or checkpoint was given to compare with; a history cut short, or written anew from the \
                 start, still verifies"
                    .to_owned(),
            );
            return;
        };
        match against {
            Against::Head(expected) => self.check_head(entries, expected),
            Against::Checkpoint(checkpoint) => self.check_checkpoint(entries, &checkpoint),
        }
    }

    fn check_checkpoint(&mut self, entries: &[Sealed], checkpoint: &Checkpoint) {
        let mut tree = Tree::default();
        for sealed in entries {
            tree.push(&sealed.bytes);
        }
        if let Err(contradiction) = checkpoint.check_against(&tree) {
            let entry = checkpoint.size.min(tree.size() + 1);
            self.fault(entry, Part::Journal, contradiction.into());
        }
    }

    fn check_head(&mut self, entries: &[Sealed], expected: Expected) {
        let actual = match expected.number.checked_sub(1).and_then(|place| usize::try_from(place).ok()) {
            None => Some(Hash::NONE),
            Some(place) => entries.get(place).map(|sealed| sealed.hash),
        };
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

/// Whether some process holds the lock of the ledger.
fn is_being_written(dir: &Path) -> bool {
    let Ok(file) = fs::File::open(dir.join(crate::copies::LOCK)) else { return false };
    matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock))
}
