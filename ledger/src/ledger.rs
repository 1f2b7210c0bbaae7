//! A ledger open for appending.
//!
//! Compute, then write: the acts are checked and sealed, the journal makes them durable, and only then do the
//! head and the roll move on. The store follows.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::act::{Act, Flaw, Place, Problem, Submitted};
use crate::archive::Indexed;
use crate::chain::{Fault, Head, Sealed, seal};
use crate::copies::{Closed, Condition, JOURNAL, OpenError, lock, open_store, reconcile, sync_dir};
use crate::date::{Instant, RecordedAt};
use crate::entry::{Entry, Hash, LIMIT};
use crate::history::History;
use crate::journal::{Journal, record_length};
use crate::note::SigningKey;
use crate::registrar::{Breach, Registrars, concerns};
use crate::roll::{Fate, Roll};
use crate::standing::Recorded;
use crate::store::{Store, StoreError};

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
    /// What became of each act.
    pub fates: Vec<Fate>,
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
    store: Store,
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
        let store = open_store(dir, &mut conditions)?;
        let (store, end) = reconcile(dir, store, &mut conditions)?;
        let at = |error| OpenError::Io { path: dir.join(JOURNAL), error };
        let journal = Journal::open(&dir.join(JOURNAL), end.bytes).map_err(at)?;
        let indexed = Indexed::open_to_write(dir).map_err(at)?;
        let mut registrars = Registrars::default();
        for grant in indexed.grants().map_err(io::Error::other).map_err(at)? {
            // What stands there already was checked when it was recorded; an audit checks it again.
            drop(registrars.enter(grant.number, Hash::NONE, &grant.act));
        }
        let (dir, head) = (dir.to_owned(), end.head);
        let (index_lags, signer) = (None, None);
        let ledger = Self { dir, journal, store, indexed, index_lags, registrars, signer, head, _lock: lock };
        Ok((ledger, conditions))
    }

    /// Signs with this key whatever is appended from here on.
    pub fn sign_with(&mut self, key: SigningKey) {
        self.signer = Some(key);
    }

    /// Checks what was sealed against the grants, and adds the signature where there is a key to sign with.
    fn signed(
        &self,
        mut sealed: Vec<Sealed>,
        recorded_at: RecordedAt,
    ) -> Result<(Vec<Sealed>, Registrars), Refusal> {
        let mut registrars = self.registrars.clone();
        registrars.begin_append();
        let mut breaches = Vec::new();
        for entry in &sealed {
            let act = Entry::decode(&entry.bytes).map_err(io::Error::other)?.act;
            breaches.extend(registrars.enter(entry.number, entry.hash, &act));
        }
        let last = sealed.last().map_or(self.head, Sealed::head);
        let signature = self.signer.as_ref().map(|key| registrars.sign(key)).transpose();
        let signature = signature.map_err(|breach| Refusal::Breaches(vec![(last.number, breach)]))?;
        if let Some(deed) = signature.flatten() {
            let act = Act::new(deed, None);
            let instant = RecordedAt::Clock(last.recorded_at.max(recorded_at.instant()));
            let at = if matches!(recorded_at, RecordedAt::Asserted(_)) { recorded_at } else { instant };
            let entry = seal(&last, act.clone(), at)
                .map_err(|bytes| Refusal::Problems(vec![length_problem(0, bytes)]))?;
            breaches.extend(registrars.enter(entry.number, entry.hash, &act));
            sealed.push(entry);
        }
        breaches.extend(registrars.unsigned());
        if breaches.is_empty() { Ok((sealed, registrars)) } else { Err(Refusal::Breaches(breaches)) }
    }

    /// Whether signatures matter to an append.
    fn asks_signatures(&self, acts: &[Submitted]) -> bool {
        self.signer.is_some()
            || self.registrars.is_founded()
            || acts.iter().any(|act| concerns(&act.act.deed))
    }

    /// Where the ledger stands.
    #[must_use]
    pub fn head(&self) -> Head {
        self.head
    }

    /// Checks acts as [`Ledger::append`] would, and records nothing.
    ///
    /// # Errors
    /// The [`Refusal`] that an append would meet, save for the disk's.
    pub fn check(
        &mut self,
        acts: &[Submitted],
        recorded_at: RecordedAt,
        expected: Option<Expected>,
    ) -> Result<Vec<Fate>, Refusal> {
        let fates = self.checked(acts, recorded_at, expected)?;
        let sealed = seal_all(self.head, new(acts.to_vec(), &fates), recorded_at)?;
        if self.asks_signatures(acts) && !sealed.is_empty() {
            self.signed(sealed, recorded_at)?;
        }
        Ok(fates)
    }

    fn checked(
        &mut self,
        acts: &[Submitted],
        recorded_at: RecordedAt,
        expected: Option<Expected>,
    ) -> Result<Vec<Fate>, Refusal> {
        let stands = expected.is_none_or(|e| e.number == self.head.number && e.hash == self.head.hash);
        if let (false, Some(expected)) = (stands, expected) {
            return Err(Refusal::NotExpected { expected, actual: self.head });
        }
        let given = acts.first().and_then(|first| first.recorded_at).unwrap_or(recorded_at).instant();
        if given < self.head.recorded_at {
            return Err(Refusal::Backwards { given, last: self.head.recorded_at });
        }
        let recorded = |number| self.store.entry(number).ok().map(|entry| *entry.act);
        let of_index = if self.index_lags.is_none() { self.indexed.roll_for(acts).ok() } else { None };
        if let Some(Ok(fates)) = of_index.map(|roll| roll.check(acts, &recorded)) {
            return Ok(fates);
        }
        // The whole roll also knows what is nearest to a wrong name.
        self.whole_roll()?.check(acts, &recorded).map_err(|mut problems| {
            problems.extend(acts.iter().filter_map(|act| self.too_long(act, recorded_at)));
            problems.sort_by_key(|problem| problem.place);
            Refusal::Problems(problems)
        })
    }

    fn whole_roll(&self) -> io::Result<Roll> {
        let mut roll = Roll::default();
        for entry in &History::read(&self.dir).map_err(io::Error::other)?.entries {
            roll.enter(&entry.act);
        }
        Ok(roll)
    }

    /// Whether an act would be too long even as the next entry: said together with what else is wrong.
    fn too_long(&self, submitted: &Submitted, recorded_at: RecordedAt) -> Option<Problem> {
        let bytes = seal(&self.head, submitted.act.clone(), recorded_at).err()?;
        Some(length_problem(submitted.line, bytes))
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
        let fates = self.checked(&acts, recorded_at, expected)?;
        let asks_signatures = self.asks_signatures(&acts);
        let mut sealed = seal_all(self.head, new(acts, &fates), recorded_at)?;
        let mut registrars = None;
        if asks_signatures && !sealed.is_empty() {
            let (with_signature, after) = self.signed(sealed, recorded_at)?;
            (sealed, registrars) = (with_signature, Some(after));
        }
        let Some(last) = sealed.last() else {
            return Ok(Appended { fates, head: self.head, store_lags: None });
        };
        let head = last.head();
        self.journal.append(&sealed)?;
        self.head = head;
        self.registrars = registrars.unwrap_or_else(|| std::mem::take(&mut self.registrars));
        // From here on the acts are recorded, whatever store and index do.
        let store_lags = self.follow(&sealed).err().map(|error| error.to_string());
        Ok(Appended { fates, head, store_lags })
    }

    /// Lets store and index follow, side by side where that is worth a thread.
    fn follow(&mut self, sealed: &[Sealed]) -> Result<(), StoreError> {
        const WORTH_A_THREAD: usize = 512;
        let Self { store, indexed, index_lags, .. } = self;
        if sealed.len() < WORTH_A_THREAD {
            index(indexed, index_lags, sealed);
            return store.append(sealed);
        }
        std::thread::scope(|scope| {
            scope.spawn(|| index(indexed, index_lags, sealed));
            store.append(sealed)
        })
    }

    /// Brings store and index to the disk, and lets the ledger go.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is lost, and the next opening brings the store up.
    pub fn close(mut self) -> Result<(), StoreError> {
        if self.index_lags.is_none() {
            self.index_lags = self.indexed.flush().err().map(|error| error.to_string());
        }
        self.store.sync()?;
        Closed::note(&self.dir)?;
        Ok(())
    }
}

/// Lets the index follow. It is derived: where it cannot, the next opening brings it up.
fn index(indexed: &mut Indexed, lags: &mut Option<String>, sealed: &[Sealed]) {
    for sealed in sealed {
        if lags.is_some() {
            return;
        }
        let length = record_length(sealed.bytes.len());
        let pushed = match Entry::decode(&sealed.bytes) {
            Ok(entry) => indexed.push(Recorded::of(sealed.hash, entry), length),
            Err(error) => Err(Fault::from(error).into()),
        };
        *lags = pushed.err().map(|error| error.to_string());
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

/// The acts that are not in the ledger yet.
fn new(acts: Vec<Submitted>, fates: &[Fate]) -> impl Iterator<Item = Submitted> {
    let known = fates.iter().map(|fate| matches!(fate, Fate::Known(_)));
    acts.into_iter().zip(known).filter_map(|(act, known)| (!known).then_some(act))
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
