//! The two copies of every entry: where they lie, and how they are made to agree.
//!
//! The journal is what makes an append durable; the store may lag behind it and never leads it. So a store that
//! holds more than the journal means that the journal lost something, and a journal that holds more means that
//! the store was not brought up in time. Nothing is deleted: a copy that is damaged is set aside under a new
//! name, and what was done is said.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use crate::chain::{Fault, Head, Sealed};
use crate::entry::Hash;
use crate::journal::{End, Journal, NotAJournal, Reader, Records};
use crate::store::{Store, StoreError};

/// The file of the journal within the directory of a ledger.
pub const JOURNAL: &str = "journal";
/// The directory of the store.
pub const STORE: &str = "store";
/// The file that a writer locks.
pub const LOCK: &str = "lock";

/// How many entries are carried from one copy to the other at a time.
const CHUNK: usize = 4096;

/// Why a ledger cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is nothing at the path.
    #[error("there is no ledger at {0}")]
    Missing(PathBuf),
    /// There is something, but no ledger.
    #[error("{0} is not a ledger: it holds no file `journal` that begins as one")]
    NotALedger(PathBuf),
    /// The ledger is of a later format.
    #[error("the ledger at {path} has format {version}; this program reads format 1")]
    Newer {
        /// Where it is.
        path: PathBuf,
        /// The version that it names.
        version: String,
    },
    /// Another process is writing.
    #[error("another process is writing to the ledger at {0}")]
    Taken(PathBuf),
    /// The journal is damaged, and the store cannot make it good.
    #[error("the journal is damaged at entry {entry} ({fault}), and the store cannot make it good: {also}")]
    Damaged {
        /// The first entry that cannot be read.
        entry: u64,
        /// What is wrong with it.
        fault: Fault,
        /// What is wrong with the store.
        also: String,
    },
    /// The two copies tell different histories.
    #[error("the two copies differ at entry {entry}: the journal has {journal}, the store has {store}")]
    Disagree {
        /// The entry.
        entry: u64,
        /// Its hash in the journal.
        journal: Hash,
        /// Its hash in the store.
        store: Hash,
    },
    /// The disk would not.
    #[error("{path}: {error}")]
    Io {
        /// What was read or written.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
}

impl OpenError {
    /// Says what is wrong with a path that is no ledger of this format; a damaged first line is none of these
    /// where there is a store to restore it from.
    pub(crate) fn unless_ledger(dir: &Path) -> Result<(), Self> {
        match Reader::open(&dir.join(JOURNAL)) {
            Err(NotAJournal::FirstLine) if dir.join(STORE).is_dir() => Ok(()),
            opened => opened.map(drop).map_err(|error| Self::of_journal(dir, error)),
        }
    }

    pub(crate) fn of_journal(dir: &Path, error: NotAJournal) -> Self {
        match error {
            NotAJournal::Newer(version) => Self::Newer { path: dir.to_owned(), version },
            NotAJournal::FirstLine => Self::NotALedger(dir.to_owned()),
            NotAJournal::Io(e) if is_missing(&e) && !dir.exists() => Self::Missing(dir.to_owned()),
            NotAJournal::Io(e) if is_missing(&e) => Self::NotALedger(dir.to_owned()),
            NotAJournal::Io(error) => Self::Io { path: dir.join(JOURNAL), error },
        }
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// What opening had to put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The journal ended in an append that was never acknowledged; it was cut off.
    Torn {
        /// The bytes that were cut off.
        bytes: u64,
        /// Where they are kept, where they were more than the beginning of a record.
        kept: Option<PathBuf>,
    },
    /// The store lagged behind the journal and was brought up.
    StoreLagged {
        /// The entries that it lacked.
        entries: u64,
    },
    /// The store was damaged and was rebuilt from the journal.
    StoreRebuilt {
        /// What sled said.
        fault: String,
        /// Where the damaged store is kept.
        kept: PathBuf,
    },
    /// The journal lacked entries or was damaged, and was restored from the store.
    JournalRestored {
        /// The first entry that the journal lacked.
        entry: u64,
        /// Where the damaged journal is kept.
        kept: PathBuf,
    },
}

/// Locks a ledger for writing.
///
/// # Errors
/// [`OpenError::Taken`] at once when another process holds the lock.
pub(crate) fn lock(dir: &Path) -> Result<File, OpenError> {
    let path = dir.join(LOCK);
    let at = |error| OpenError::Io { path: path.clone(), error };
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(at)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Taken(dir.to_owned())),
        Err(TryLockError::Error(error)) => Err(at(error)),
    }
}

/// Whether some process holds the lock of the ledger.
pub(crate) fn is_being_written(dir: &Path) -> bool {
    let Ok(file) = File::open(dir.join(LOCK)) else { return false };
    matches!(file.try_lock(), Err(TryLockError::WouldBlock))
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

/// Opens the store; one that is damaged is set aside and begun anew.
///
/// # Errors
/// [`OpenError`] when it is taken, or the disk would not.
pub(crate) fn open_store(dir: &Path, conditions: &mut Vec<Condition>) -> Result<Store, OpenError> {
    /// The store is ours while we hold the lock, but for someone who opened it without: give them a moment.
    const TRIES: u32 = 50;
    let path = dir.join(STORE);
    for _ in 0..TRIES {
        match Store::open(&path) {
            Ok(store) => return Ok(store),
            Err(StoreError::Taken) => sleep(Duration::from_millis(20)),
            Err(StoreError::Io(error)) => return Err(OpenError::Io { path, error }),
            Err(StoreError::Damaged(fault)) => {
                let kept = set_aside(&path)?;
                conditions.push(Condition::StoreRebuilt { fault, kept });
                return Store::open(&path).map_err(|e| OpenError::Io { path, error: io::Error::other(e) });
            }
        }
    }
    Err(OpenError::Taken(dir.to_owned()))
}

/// Brings whichever copy lacks entries up to the other, and says where the journal ends.
///
/// A ledger that was closed, and not touched since, is compared at its heads alone, and so is one that has grown
/// since, once every record has been found to agree with its checksum: what the two copies held when it was closed
/// they hold still. Anything else is read through, link by link.
///
/// # Errors
/// [`OpenError`] when the copies contradict each other or both are damaged.
pub(crate) fn reconcile(
    dir: &Path,
    store: &mut Store,
    conditions: &mut Vec<Condition>,
) -> Result<End, OpenError> {
    if let Some(end) = bring_up_from_heads(dir, store, conditions) {
        return torn_kept(dir, end, conditions);
    }
    let path = dir.join(JOURNAL);
    let mut end = match Reader::open(&path) {
        Ok(reader) => bring_up(dir, reader, store, conditions)?,
        Err(NotAJournal::FirstLine) if store.head().number > 0 => {
            let fault = Fault::Copy("its first line is damaged".to_owned());
            End { head: Head::EMPTY, bytes: 0, torn: 0, fault: Some((1, fault)) }
        }
        Err(error) => return Err(OpenError::of_journal(dir, error)),
    };
    if store.head().number > end.head.number {
        let kept = restore_journal(dir, store, &end)?;
        conditions.push(Condition::JournalRestored { entry: end.head.number + 1, kept });
        let reader = Reader::open(&path).map_err(|e| OpenError::of_journal(dir, e))?;
        end = bring_up(dir, reader, store, conditions)?;
    }
    torn_kept(dir, end, conditions)
}

/// Reads the journal on from where the store ends; none where it must be read through.
fn bring_up_from_heads(dir: &Path, store: &mut Store, conditions: &mut Vec<Condition>) -> Option<End> {
    let path = dir.join(JOURNAL);
    let reaches = fs::metadata(&path).is_ok_and(|journal| journal.len() >= store.journal_bytes());
    if !reaches || !Closed::vouches_for(dir) {
        return None;
    }
    let mut found = Vec::new();
    let reader = Reader::open_at(&path, store.head(), store.journal_bytes()).ok()?;
    let end = bring_up(dir, reader, store, &mut found).ok()?;
    if !matches!(end.fault, None | Some((_, Fault::BreaksOff))) {
        return None;
    }
    conditions.append(&mut found);
    Some(end)
}

/// Says what is about to be cut off the end of the journal.
fn torn_kept(dir: &Path, end: End, conditions: &mut Vec<Condition>) -> Result<End, OpenError> {
    if end.torn > 0 {
        let kept = keep_tail(dir, &end)?;
        conditions.push(Condition::Torn { bytes: end.torn, kept });
    }
    Ok(end)
}

/// What a ledger looked like when it was last closed, in the file `closed`.
///
/// It is a hint and no proof: it tells an opening that nobody has touched the journal since, so that it need not
/// be read through. An audit never asks it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    bytes: u64,
    modified: SystemTime,
}

impl Closed {
    const FILE: &str = "closed";
    /// A journal up to this length is read through whatever the file says: it takes no time.
    const SHORT: u64 = 1 << 20;
    /// File systems tell times apart by some milliseconds: who touches the journal after that leaves another time.
    const TICK: Duration = Duration::from_millis(20);

    fn of(dir: &Path) -> io::Result<Self> {
        let journal = fs::metadata(dir.join(JOURNAL))?;
        Ok(Self { bytes: journal.len(), modified: journal.modified()? })
    }

    fn to_line(&self) -> Option<String> {
        let since = self.modified.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        Some(format!("{} {}\n", self.bytes, since.as_nanos()))
    }

    /// Notes that the ledger is closed.
    pub(crate) fn note(dir: &Path) -> io::Result<()> {
        let closed = Self::of(dir)?;
        if closed.bytes <= Self::SHORT {
            return Ok(());
        }
        sleep(Self::TICK);
        let making = dir.join("closed.making");
        fs::write(&making, closed.to_line().unwrap_or_default())?;
        fs::rename(making, dir.join(Self::FILE))
    }

    /// Whether what the journal held when the ledger was closed is surely there still.
    fn vouches_for(dir: &Path) -> bool {
        let Ok(now) = Self::of(dir) else { return false };
        let Ok(line) = fs::read_to_string(dir.join(Self::FILE)) else { return false };
        if now.bytes <= Self::SHORT {
            return false;
        }
        if Some(&line) == now.to_line().as_ref() {
            return true;
        }
        // It was written to since, and not closed: a crash, or someone else's hand.
        let bytes = line.split(' ').next().and_then(|word| word.parse::<u64>().ok());
        bytes.is_some_and(|bytes| bytes < now.bytes)
            && Records::open(&dir.join(JOURNAL)).and_then(|records| records.are_sound()).unwrap_or(false)
    }
}

/// Reads a journal to its end and gives the store what it lacks.
fn bring_up(
    dir: &Path,
    mut reader: Reader,
    store: &mut Store,
    conditions: &mut Vec<Condition>,
) -> Result<End, OpenError> {
    let from = store.head();
    let at_store =
        |error: StoreError| OpenError::Io { path: dir.join(STORE), error: io::Error::other(error) };
    let mut pending: Vec<Sealed> = Vec::new();
    while let Some((sealed, _)) = reader.next() {
        if sealed.number == from.number && sealed.hash != from.hash {
            return Err(OpenError::Disagree { entry: from.number, journal: sealed.hash, store: from.hash });
        }
        if sealed.number > from.number {
            pending.push(sealed);
        }
        // Only whole appends may reach the store.
        if pending.len() >= CHUNK && reader.is_whole() {
            store.append(&pending).map_err(at_store)?;
            pending.clear();
        }
    }
    let end = reader.end();
    pending.retain(|sealed| sealed.number <= end.head.number);
    store.append(&pending).map_err(at_store)?;
    let entries = store.head().number.saturating_sub(from.number);
    if entries > 0 && store.head().number <= end.head.number {
        store.sync().map_err(at_store)?;
        conditions.push(Condition::StoreLagged { entries });
    }
    Ok(end)
}

/// Writes the journal anew from the store, which must hold everything that could still be read of it.
fn restore_journal(dir: &Path, store: &Store, end: &End) -> Result<PathBuf, OpenError> {
    let path = dir.join(JOURNAL);
    let at = |error| OpenError::Io { path: path.clone(), error };
    let restored = dir.join("journal.restored");
    drop(fs::remove_file(&restored));
    let mut journal = Journal::create(&restored).map_err(at)?;
    let mut pending: Vec<Sealed> = Vec::new();
    for read in store.entries() {
        let (sealed, _) =
            read.map_err(|(number, fault)| damaged(end, &format!("its entry {number}: {fault}")))?;
        if sealed.number == end.head.number && sealed.hash != end.head.hash {
            return Err(OpenError::Disagree {
                entry: end.head.number,
                journal: end.head.hash,
                store: sealed.hash,
            });
        }
        pending.push(sealed);
        if pending.len() >= CHUNK {
            journal.append(&pending).map_err(at)?;
            pending.clear();
        }
    }
    if !pending.is_empty() {
        journal.append(&pending).map_err(at)?;
    }
    let kept = set_aside(&path)?;
    fs::rename(&restored, &path).and_then(|()| sync_dir(dir)).map_err(at)?;
    Ok(kept)
}

fn damaged(end: &End, also: &str) -> OpenError {
    let (entry, fault) = end.fault.clone().unwrap_or((end.head.number + 1, Fault::BreaksOff));
    OpenError::Damaged { entry, fault, also: also.to_owned() }
}

/// Keeps a copy of what is about to be cut off the end of a journal, unless it is only the beginning of a record.
fn keep_tail(dir: &Path, end: &End) -> Result<Option<PathBuf>, OpenError> {
    if matches!(end.fault, None | Some((_, Fault::BreaksOff))) {
        return Ok(None);
    }
    let path = dir.join(JOURNAL);
    let kept = free_name(&path, "torn");
    fs::copy(&path, &kept).map_err(|error| OpenError::Io { path, error })?;
    Ok(Some(kept))
}

/// Renames a file or directory, so that it is out of the way and still there.
fn set_aside(path: &Path) -> Result<PathBuf, OpenError> {
    let kept = free_name(path, "damaged");
    fs::rename(path, &kept).map_err(|error| OpenError::Io { path: path.to_owned(), error })?;
    Ok(kept)
}

/// The first of `NAME.WORD-1`, `NAME.WORD-2` … that is free.
fn free_name(path: &Path, word: &str) -> PathBuf {
    let name = |count: u64| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{word}-{count}"));
        PathBuf::from(name)
    };
    let mut count = 1;
    while name(count).exists() {
        count += 1;
    }
    name(count)
}

/// Brings the names in a directory to the disk.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    File::open(dir)?.sync_all()
}
