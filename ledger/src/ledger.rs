//! A ledger open for appending.
//!
//! Compute, then write: an append counts when the last of its records is on disk ([`Intake`]); only then do the head
//! and the grants move on. Store and index follow.

mod following;
mod intake;

use std::fs::{self, File, Permissions};
use std::io;
use std::ops::RangeInclusive;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::act::{Flaw, Place, Problem, Submitted};
use crate::archive::Indexed;
use crate::chain::{Head, Sealed, seal};
use crate::copies::{Closed, Condition, JOURNAL, OpenError, lock, open_store, reconcile, sync_dir};
use crate::date::{Instant, RecordedAt};
use crate::entry::{Hash, LIMIT};
use crate::index::Index;
use crate::journal::Journal;
use crate::note::SigningKey;
use crate::registrar::{Breach, Registrars};
use crate::roll::{Fate, Roll};
use crate::store::StoreError;

use following::Following;
pub use intake::Intake;
use intake::Pending;

/// Why acts were not recorded. Nothing of them was.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The acts are wrong.
    #[error("the acts are wrong in {} places", .0.len())]
    Problems(Vec<Problem>),
    /// Someone else wrote first.
    #[error("the ledger stands at {actual}, not at {expected}")]
    NotExpected {
        /// The head that was expected.
        expected: Expected,
        /// The head that is.
        actual: Head,
    },
    /// The instant is before that of the last entry.
    #[error("the last entry was recorded at {last}, after {given}")]
    Backwards {
        /// The instant given.
        given: Instant,
        /// That of the last entry.
        last: Instant,
    },
    /// They are not signed as the ledger asks, each with the number that its entry would have.
    #[error("the acts are not signed as this ledger asks")]
    Breaches(Vec<(u64, Breach)>),
    /// The disk would not take them.
    #[error("the journal could not be written: {0}")]
    Io(#[from] io::Error),
}

/// Why a ledger was not made. Nothing is left at its path.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// Something is there already.
    #[error("the path is taken")]
    Exists,
    /// The acts with which it should open were refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The disk would not.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A head that a writer relies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// The number of the last entry.
    pub number: u64,
    /// Its hash.
    pub hash: Hash,
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.number, self.hash)
    }
}

/// What an append did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The numbers of the entries that the new acts became; none where nothing was new.
    pub new: RangeInclusive<u64>,
    /// The numbers of the entries that acts known already are.
    pub known: Vec<u64>,
    /// Where the ledger stands now.
    pub head: Head,
    /// Why the store could not follow, where it could not: the next opening brings it up.
    pub store_lags: Option<String>,
}

/// A ledger open for appending. It holds the lock until it is dropped.
#[derive(Debug)]
pub struct Ledger {
    dir: PathBuf,
    journal: Journal,
    store: Following,
    indexed: Indexed,
    /// Why the index could not follow: then nothing more is asked of it.
    index_lags: Option<String>,
    registrars: Registrars,
    signer: Option<SigningKey>,
    head: Head,
    _lock: File,
}

impl Ledger {
    /// Makes a ledger that opens with these acts. It is made under another name and renamed when it is whole.
    ///
    /// # Errors
    /// [`CreateError`].
    pub fn create(dir: &Path, acts: Vec<Submitted>, recorded_at: RecordedAt) -> Result<Head, CreateError> {
        if dir.exists() {
            return Err(CreateError::Exists);
        }
        Roll::default().check(&acts, &|_| None).map_err(Refusal::Problems)?;
        let sealed = seal_all(Head::EMPTY, acts, recorded_at)?;
        let head = sealed.last().map_or(Head::EMPTY, Sealed::head);
        make(dir, |journal| if sealed.is_empty() { Ok(()) } else { journal.append(&sealed) })?;
        Ok(head)
    }

    /// Opens a ledger for appending, and puts right what a crash, or damage to one copy, has left.
    ///
    /// # Errors
    /// [`OpenError`]; nothing is lost then, though a damaged copy may have been set aside.
    pub fn open(dir: &Path) -> Result<(Self, Vec<Condition>), OpenError> {
        OpenError::unless_ledger(dir)?;
        let lock = lock(dir)?;
        let mut conditions = Vec::new();
        let is_vouched = Closed::vouches_for(dir);
        let store = open_store(dir, is_vouched, &mut conditions)?;
        let (store, end) = reconcile(dir, is_vouched, store, &mut conditions)?;
        let at = |error| OpenError::Io { path: dir.join(JOURNAL), error };
        let journal = Journal::open(&dir.join(JOURNAL), end.bytes).map_err(at)?;
        let indexed = Indexed::open_to_write(dir).map_err(at)?;
        let mut registrars = Registrars::default();
        for grant in indexed.grants().map_err(io::Error::other).map_err(at)? {
            // What stands there already was checked when it was recorded; an audit checks it again.
            drop(registrars.enter(grant.number, Hash::NONE, &grant.act));
        }
        let store = Following::new(store, dir.join(JOURNAL));
        let (dir, head) = (dir.to_owned(), end.head);
        let (index_lags, signer) = (None, None);
        let ledger = Self { dir, journal, store, indexed, index_lags, registrars, signer, head, _lock: lock };
        Ok((ledger, conditions))
    }

    /// Signs with this key whatever is appended from here on.
    pub fn sign_with(&mut self, key: SigningKey) {
        self.signer = Some(key);
    }

    /// Where the ledger stands.
    #[must_use]
    pub fn head(&self) -> Head {
        self.head
    }

    /// Begins an append.
    ///
    /// # Errors
    /// [`Refusal::NotExpected`], or the disk's.
    pub fn begin(
        &mut self,
        recorded_at: RecordedAt,
        expected: Option<Expected>,
    ) -> Result<Intake<'_>, Refusal> {
        let stands = expected.is_none_or(|e| e.number == self.head.number && e.hash == self.head.hash);
        if let (false, Some(expected)) = (stands, expected) {
            return Err(Refusal::NotExpected { expected, actual: self.head });
        }
        if self.index_lags.take().is_some() {
            self.indexed.rest();
            self.indexed = Indexed::open_to_write(&self.dir)?;
        }
        Ok(Intake::new(self, recorded_at))
    }

    /// Checks acts as [`Ledger::append`] would, and records nothing: what would become of each.
    ///
    /// # Errors
    /// The [`Refusal`] that an append would meet, save for the disk's.
    pub fn check(
        &mut self,
        acts: Vec<Submitted>,
        recorded_at: RecordedAt,
        expected: Option<Expected>,
    ) -> Result<Vec<Fate>, Refusal> {
        let mut intake = self.begin(recorded_at, expected)?;
        let fates = intake.take(acts)?;
        intake.cancel().map(|_| fates)
    }

    /// Records acts as one append, all or none; those that are there already are passed over. When it returns,
    /// they are on disk.
    ///
    /// # Errors
    /// [`Refusal`]; then nothing was recorded.
    pub fn append(
        &mut self,
        acts: Vec<Submitted>,
        recorded_at: RecordedAt,
        expected: Option<Expected>,
    ) -> Result<Appended, Refusal> {
        /// So many are taken in at a time: what is worked out for them goes before the next come.
        const BATCH: usize = 4096;
        let mut intake = self.begin(recorded_at, expected)?;
        let mut acts = acts.into_iter().peekable();
        while acts.peek().is_some() {
            intake.take(acts.by_ref().take(BATCH).collect())?;
        }
        intake.commit()
    }

    /// Brings the append that is being written to the disk. Meanwhile the index takes in what of it is pending.
    fn commit(&mut self, pending: Vec<Pending>) -> io::Result<()> {
        /// To take in fewer entries takes less time than to hand on what is to be synced.
        const FEW: usize = 16;
        let Self { journal, indexed, index_lags, .. } = self;
        let is_little = pending.len() < FEW;
        let take_in = || {
            let mut pending = pending.into_iter();
            let taken = pending.try_for_each(|(entry, length)| indexed.push(entry, length));
            *index_lags = taken.err().map(|error| error.to_string());
        };
        if is_little {
            take_in();
            return journal.commit();
        }
        journal.commit_while(take_in).0
    }

    /// Lets the store follow as far as the journal has held.
    fn follow(&mut self) -> Result<(), StoreError> {
        self.store.go_on(self.journal.bytes())
    }

    /// Lets the index write what it holds in memory, where that is much: the journal holds it now.
    fn write_index(&mut self) {
        if self.index_lags.is_none() {
            self.index_lags = self.indexed.go_on().err().map(|error| error.to_string());
        }
    }

    /// Lets go of what was taken in and not committed.
    fn forget_intake(&mut self) {
        self.journal.cut();
        self.indexed.rest();
        match Indexed::open_to_write(&self.dir) {
            Ok(indexed) => self.indexed = indexed,
            // It is tried again before anything is asked of it.
            Err(error) => self.index_lags = Some(error.to_string()),
        }
    }

    /// Makes the index anew.
    fn renew_index(&mut self) -> io::Result<()> {
        self.indexed.rest();
        Index::remove(&self.dir)?;
        self.indexed = Indexed::open_to_write(&self.dir)?;
        Ok(())
    }

    /// Brings store and index to the disk, and lets the ledger go.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is lost, and the next opening brings the store up.
    pub fn close(self) -> Result<(), StoreError> {
        let Self { _lock, dir, mut journal, store, mut indexed, index_lags, .. } = self;
        // Whether the index could be written is its own matter: the next opening makes what it lacks.
        let write_index =
            || if index_lags.is_none() { indexed.flush().and_then(|()| indexed.confirm()) } else { Ok(()) };
        let (brought_up, _) = store.close_while(journal.bytes(), write_index);
        brought_up?;
        journal.give_up_room()?;
        Closed::note(&dir)?;
        Ok(())
    }
}

/// Makes a ledger under another name, lets its journal be written, and renames it when it is whole.
pub(crate) fn make<E: From<io::Error>>(
    dir: &Path,
    write: impl FnOnce(&mut Journal) -> Result<(), E>,
) -> Result<(), E> {
    // Under a name of its own, so that what a crash left of an earlier try stands in nobody's way.
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::metadata(parent)?;
    let making =
        tempfile::Builder::new().prefix(".chancery-making-").permissions(open_to_all()).tempdir_in(parent)?;
    write(&mut Journal::create(&making.path().join(JOURNAL))?)?;
    fs::rename(making.path(), dir)?;
    // It is the ledger now, and no longer temporary.
    drop(making.keep());
    Ok(sync_dir(parent)?)
}

fn length_problem(line: usize, bytes: usize) -> Problem {
    let (place, flaw) = (Place { line, column: 0 }, Flaw::TooLong { bytes, limit: LIMIT });
    Problem { place, field: None, flaw }
}

/// What a directory is made with: the process's own mask takes away what it should.
fn open_to_all() -> Permissions {
    Permissions::from_mode(0o777)
}

/// Seals acts one after another; every one that is too long is a problem.
fn seal_all(
    mut head: Head,
    acts: impl IntoIterator<Item = Submitted>,
    recorded_at: RecordedAt,
) -> Result<Vec<Sealed>, Refusal> {
    let mut sealed = Vec::new();
    let mut problems = Vec::new();
    for Submitted { line, act, recorded_at: own } in acts {
        let recorded_at = own.unwrap_or(recorded_at);
        if recorded_at.instant() < head.recorded_at {
            return Err(Refusal::Backwards { given: recorded_at.instant(), last: head.recorded_at });
        }
        match seal(&head, act, recorded_at) {
            Ok(entry) => {
                head = entry.head();
                sealed.push(entry);
            }
            Err(bytes) => problems.push(length_problem(line, bytes)),
        }
    }
    if problems.is_empty() { Ok(sealed) } else { Err(Refusal::Problems(problems)) }
}
