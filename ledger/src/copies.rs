//! The two copies of every entry: where they lie, and how they are made to agree.
//!
//! The journal is what makes an append durable; the store may lag behind it and never leads it. So a store that
//! holds more than the journal means that the journal lost something, and a journal that holds more means that
//! the store was not brought up in time. Nothing is deleted: a copy that is damaged is set aside under a new
//! name, and what was done is said.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use crate::chain::{Fault, Followed, Head};
use crate::entry::Hash;
use crate::journal::salvage::salvage;
use crate::journal::{
    End, FIRST_LINE, Journal, NotAJournal, Reader, end_of_appends, has_whole_records, record_length,
};
use crate::remains::{Lost, NotWhole, Remains};
use crate::store::{Store, StoreError};

/// The file of the journal within the directory of a ledger.
pub const JOURNAL: &str = "journal";
/// The directory of the store.
pub const STORE: &str = "store";
/// The file that a writer locks.
pub const LOCK: &str = "lock";

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
    /// Both copies are damaged at the same entries.
    #[error("neither copy holds these entries any more: {0}")]
    Lost(Lost),
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
            Err(NotAJournal::FirstLine) if dir.join(STORE).is_dir() || holds_entries(dir) => Ok(()),
            Err(NotAJournal::Missing) if dir.join(STORE).is_dir() => Ok(()),
            opened => opened.map(drop).map_err(|error| Self::of_journal(dir, error)),
        }
    }

    pub(crate) fn of_remains(not_whole: NotWhole) -> Self {
        match not_whole {
            NotWhole::Lost(lost) => Self::Lost(lost),
            NotWhole::Differ { entry, journal, store } => Self::Disagree { entry, journal, store },
        }
    }

    pub(crate) fn of_journal(dir: &Path, error: NotAJournal) -> Self {
        match error {
            NotAJournal::Newer(version) => Self::Newer { path: dir.to_owned(), version },
            NotAJournal::Missing if !dir.exists() => Self::Missing(dir.to_owned()),
            NotAJournal::FirstLine | NotAJournal::Missing => Self::NotALedger(dir.to_owned()),
            NotAJournal::Io(error) => Self::Io { path: dir.join(JOURNAL), error },
        }
    }
}

/// Whether there are entries in a journal of which the first line cannot be read.
fn holds_entries(dir: &Path) -> bool {
    salvage(&dir.join(JOURNAL)).is_ok_and(|salvage| !salvage.entries.is_empty())
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
    /// The journal lacked entries or was damaged, and was restored from what both copies still held.
    JournalRestored {
        /// The first entry that the journal lacked.
        entry: u64,
        /// Where the damaged journal is kept, if there was one.
        kept: Option<PathBuf>,
    },
}

/// Locks a ledger for writing.
///
/// # Errors
/// [`OpenError::Taken`] when another process holds the lock.
pub(crate) fn lock(dir: &Path) -> Result<File, OpenError> {
    /// A process that another thread of ours is starting holds our locks until it has become another program: give
    /// it a moment.
    const TRIES: u32 = 5;
    let path = dir.join(LOCK);
    let at = |error| OpenError::Io { path: path.clone(), error };
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(at)?;
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => sleep(Duration::from_millis(10)),
            Err(TryLockError::Error(error)) => return Err(at(error)),
        }
    }
    Err(OpenError::Taken(dir.to_owned()))
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

/// Opens the store; one that is damaged is set aside and begun anew. A journal that is damaged as well is mended
/// first, from what both hold: to open a damaged store alters it.
///
/// # Errors
/// [`OpenError`] when it is taken, the disk would not, or the journal is damaged as well and entries are lost.
pub(crate) fn open_store(
    dir: &Path,
    is_vouched: bool,
    conditions: &mut Vec<Condition>,
) -> Result<Store, OpenError> {
    /// The store is ours while we hold the lock, but for someone who opened it without: give them a moment.
    const TRIES: u32 = 50;
    let path = dir.join(STORE);
    if path.is_dir() && !is_vouched && !has_whole_records(&dir.join(JOURNAL)).unwrap_or(false) {
        mend_journal(dir, &end_of(dir)?, conditions)?;
    }
    for _ in 0..TRIES {
        match Store::open(&path) {
            Ok(store) => return Ok(store),
            Err(StoreError::Taken) => sleep(Duration::from_millis(20)),
            Err(StoreError::Io(error)) => return Err(OpenError::Io { path, error }),
            Err(StoreError::Damaged(fault)) => {
                return new_store(dir, fault, conditions);
            }
        }
    }
    Err(OpenError::Taken(dir.to_owned()))
}

/// Sets a store aside and begins another.
fn new_store(dir: &Path, fault: String, conditions: &mut Vec<Condition>) -> Result<Store, OpenError> {
    let path = dir.join(STORE);
    let kept = set_aside(&path)?;
    conditions.push(Condition::StoreRebuilt { fault, kept });
    Store::open(&path).map_err(|e| OpenError::Io { path, error: io::Error::other(e) })
}

/// Where the journal ends.
fn end_of(dir: &Path) -> Result<End, OpenError> {
    match Reader::open(&dir.join(JOURNAL)) {
        Ok(reader) => Ok(reader.end()),
        Err(why @ (NotAJournal::FirstLine | NotAJournal::Missing)) => Ok(End::of_nothing(&why)),
        Err(error) => Err(OpenError::of_journal(dir, error)),
    }
}

/// Brings whichever copy lacks entries up to the other, and says where the journal ends.
///
/// A ledger that was closed, and not touched since, is compared at its heads alone, and so is one that has grown
/// since, once every record has been found to agree with its checksum: what the two copies held when it was closed
/// they hold still ([`Closed::vouches_for`]). Anything else is read through, link by link.
///
/// # Errors
/// [`OpenError`] when the copies contradict each other, or both are damaged and entries are lost.
pub(crate) fn reconcile(
    dir: &Path,
    is_vouched: bool,
    mut store: Store,
    conditions: &mut Vec<Condition>,
) -> Result<(Store, End), OpenError> {
    if is_vouched && let Some(end) = bring_up_from_heads(dir, &mut store, conditions)? {
        return Ok((store, end));
    }
    let path = dir.join(JOURNAL);
    let read = match Reader::open(&path) {
        Ok(reader) => bring_up(dir, reader, &mut store, conditions),
        Err(why @ (NotAJournal::FirstLine | NotAJournal::Missing)) => Ok(End::of_nothing(&why)),
        Err(error) => return Err(OpenError::of_journal(dir, error)),
    };
    let end = match read {
        Ok(end) if end.is_sound() && store.head().number <= end.head.number => return Ok((store, end)),
        Ok(end) => end,
        Err(OpenError::Disagree { entry, .. }) => End::before(entry),
        Err(error) => return Err(error),
    };
    mend_journal(dir, &end, conditions)?;
    if let Some(fault) = store_fault(dir, &store)? {
        drop(store);
        store = new_store(dir, fault, conditions)?;
    }
    let reader = Reader::open(&path).map_err(|e| OpenError::of_journal(dir, e))?;
    let end = bring_up(dir, reader, &mut store, conditions)?;
    Ok((store, end))
}

/// Reads the journal on from where the store ends; none where it must be read through.
fn bring_up_from_heads(
    dir: &Path,
    store: &mut Store,
    conditions: &mut Vec<Condition>,
) -> Result<Option<End>, OpenError> {
    let path = dir.join(JOURNAL);
    let reaches = fs::metadata(&path).is_ok_and(|journal| journal.len() >= store.journal_bytes());
    if !reaches {
        return Ok(None);
    }
    let mut found = Vec::new();
    let Ok(reader) = Reader::open_at(&path, store.head(), store.journal_bytes()) else { return Ok(None) };
    let Ok(end) = bring_up(dir, reader, store, &mut found) else { return Ok(None) };
    if !matches!(end.fault, None | Some((_, Fault::BreaksOff))) {
        return Ok(None);
    }
    conditions.append(&mut found);
    if end.torn > 0 {
        cut_tail(dir, &end, conditions)?;
    }
    Ok(Some(end))
}

/// Cuts what is no whole append off the end of the journal, and says so.
fn cut_tail(dir: &Path, end: &End, conditions: &mut Vec<Condition>) -> Result<(), OpenError> {
    let path = dir.join(JOURNAL);
    let kept = keep_tail(dir, end)?;
    conditions.push(Condition::Torn { bytes: end.torn, kept });
    Journal::open(&path, end.bytes).map(drop).map_err(|error| OpenError::Io { path, error })
}

/// Makes the journal whole: writes it anew from what both copies still hold, or, where it holds all there is,
/// leaves the torn end for the next append to cut.
fn mend_journal(dir: &Path, end: &End, conditions: &mut Vec<Condition>) -> Result<(), OpenError> {
    let path = dir.join(JOURNAL);
    let gathered = Remains::gather(&path, &dir.join(STORE));
    let remains = gathered.map_err(|error| OpenError::Io { path: dir.to_owned(), error })?;
    let whole = remains.whole().map_err(OpenError::of_remains)?;
    let head = whole.last().map_or(Head::EMPTY, |(sealed, _)| sealed.head());
    if head == end.head {
        cut_tail(dir, end, conditions)
    } else {
        let kept = restore_journal(dir, &whole)?;
        conditions.push(Condition::JournalRestored { entry: end.head.number + 1, kept });
        Ok(())
    }
}

/// What is wrong with the store beside a journal that was mended, if anything is.
fn store_fault(dir: &Path, store: &Store) -> Result<Option<String>, OpenError> {
    let reader = Reader::open(&dir.join(JOURNAL)).map_err(|e| OpenError::of_journal(dir, e))?;
    let mut stored = store.entries();
    for (sealed, _) in reader {
        match stored.next() {
            None => return Ok(None),
            Some(Ok((theirs, _))) if theirs.hash == sealed.hash => {}
            Some(Ok(_)) => return Ok(Some(format!("entry {}: {}", sealed.number, Fault::Differs))),
            Some(Err((number, fault))) => return Ok(Some(format!("entry {number}: {fault}"))),
        }
    }
    Ok(stored.next().map(|_| "it holds more than the journal".to_owned()))
}

/// What a ledger looked like when it was last closed, in the file `closed`.
///
/// It is a hint and no proof: it tells an opening that nobody has touched the journal since, so that it need not
/// be read through. An audit never asks it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    bytes: u64,
    /// When it was last written, in seconds and nanoseconds, as the file system says.
    modified: (i64, i64),
}

impl Closed {
    const FILE: &str = "closed";
    /// A journal up to this length is read through whatever the file says: it takes no time.
    const SHORT: u64 = 1 << 20;
    /// File systems tell times apart by some milliseconds: who touches the journal after that leaves another time.
    const TICK: Duration = Duration::from_millis(20);

    fn of(dir: &Path) -> io::Result<Self> {
        let journal = fs::metadata(dir.join(JOURNAL))?;
        Ok(Self { bytes: journal.len(), modified: (journal.mtime(), journal.mtime_nsec()) })
    }

    fn to_line(&self) -> String {
        let (seconds, nanoseconds) = self.modified;
        format!("{} {seconds}.{nanoseconds:09}\n", self.bytes)
    }

    /// Notes that the ledger is closed.
    pub(crate) fn note(dir: &Path) -> io::Result<()> {
        let closed = Self::of(dir)?;
        if closed.bytes <= Self::SHORT {
            return Ok(());
        }
        sleep(Self::TICK);
        let making = dir.join("closed.making");
        fs::write(&making, closed.to_line())?;
        fs::rename(making, dir.join(Self::FILE))
    }

    /// Whether what the journal held when the ledger was closed is surely there still.
    pub(crate) fn vouches_for(dir: &Path) -> bool {
        let Ok(now) = Self::of(dir) else { return false };
        let Ok(line) = fs::read_to_string(dir.join(Self::FILE)) else { return false };
        if now.bytes <= Self::SHORT {
            return false;
        }
        if line == now.to_line() {
            return true;
        }
        // It was written to since, and not closed: a crash, or someone else's hand.
        let bytes = line.split(' ').next().and_then(|word| word.parse::<u64>().ok());
        bytes.is_some_and(|bytes| bytes < now.bytes)
            && end_of_appends(&dir.join(JOURNAL), FIRST_LINE.len() as u64).is_ok()
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
    let mut begin = reader.end_of_read();
    for (sealed, _) in reader.by_ref() {
        if sealed.number == from.number && sealed.hash != from.hash {
            return Err(OpenError::Disagree { entry: from.number, journal: sealed.hash, store: from.hash });
        }
        if sealed.number <= from.number {
            begin += record_length(sealed.bytes.len());
        }
    }
    let end = reader.end();
    if end.head.number > from.number {
        let at = |error: StoreError| OpenError::Io { path: dir.join(STORE), error: io::Error::other(error) };
        store.follow(&dir.join(JOURNAL), begin..end.bytes).and_then(|()| store.sync()).map_err(at)?;
        conditions.push(Condition::StoreLagged { entries: end.head.number - from.number });
    }
    Ok(end)
}

/// Writes the journal anew, and sets the one that was aside.
fn restore_journal(dir: &Path, entries: &[Followed]) -> Result<Option<PathBuf>, OpenError> {
    let path = dir.join(JOURNAL);
    let at = |error| OpenError::Io { path: path.clone(), error };
    let restored = dir.join("journal.restored");
    drop(fs::remove_file(&restored));
    let mut journal = Journal::create(&restored).map_err(at)?;
    journal.append(entries.iter().map(|(sealed, _)| sealed)).map_err(at)?;
    let kept = if path.exists() { Some(set_aside(&path)?) } else { None };
    fs::rename(&restored, &path).and_then(|()| sync_dir(dir)).map_err(at)?;
    Ok(kept)
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
