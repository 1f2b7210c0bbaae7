//! The store: the second copy of the entries, in sled, and the only file that names sled.
//!
//! Entries lie in **frames**: the key is the number of the first entry (u64, big-endian), the value
//!
//! ```text
//! u8      version of the frame, 1
//! u64 be  length of the journal after the last entry of the frame, in bytes
//! 32      hash of the entry before the frame
//! 32      hash of its last entry
//! (u16 be length, entry)*
//! ```
//!
//! A frame holds at most 16 entries and 6 KiB, unless one entry alone is longer; it is written once. Frames hold
//! what the journal holds, later: the store may lag behind the journal, never lead it.

pub(crate) mod scan;

use std::collections::VecDeque;
use std::ops::{Bound, Range};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::chain::{Fault, Followed, Head, linked, read};
use crate::entry::{Entry, Hash};
use crate::journal::{self, FIRST_LINE};

const VERSION: u8 = 1;
/// Version, length of the journal and two hashes.
const HEADER: usize = 1 + 8 + 2 * 32;
const MOST_ENTRIES: usize = 16;
const MOST_BYTES: usize = 6 * 1024;
const FRAMES: &str = "frames";
/// How many bytes sled keeps in memory; of its own accord it keeps everything up to a gigabyte, and each frame is
/// written once and read in order.
const CACHE: u64 = 16 * 1024 * 1024;

/// Why the store could not be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it open.
    #[error("another process has the store open")]
    Taken,
    /// It is damaged, in the words of sled.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// The disk would not.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The sled store of a ledger.
pub struct Store {
    db: sled::Db,
    frames: sled::Tree,
    path: PathBuf,
    head: Head,
    journal_bytes: u64,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.path).field("head", &self.head).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store of a directory, or makes it.
    ///
    /// # Errors
    /// [`StoreError`]; a store that sled would panic on is [`StoreError::Damaged`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        remove_half_snapshots(path)?;
        guarded(|| {
            let config = sled::Config::new().path(path).flush_every_ms(None).cache_capacity(CACHE);
            let db = config.open().map_err(fault)?;
            let frames = db.open_tree(FRAMES).map_err(fault)?;
            let mut store = Self {
                db,
                frames,
                path: path.to_owned(),
                head: Head::EMPTY,
                journal_bytes: FIRST_LINE.len() as u64,
            };
            if let Some((key, value)) = store.frames.last().map_err(fault)? {
                let frame = Frame::read(&key, &value).map_err(|f| StoreError::Damaged(f.to_string()))?;
                store.head = frame.last_head().map_err(|f| StoreError::Damaged(f.to_string()))?;
                store.journal_bytes = frame.journal_bytes;
            }
            Ok(store)
        })
    }

    /// The head of what the store holds.
    #[must_use]
    pub fn head(&self) -> Head {
        self.head
    }

    /// How far into the journal the store reaches, in bytes.
    #[must_use]
    pub fn journal_bytes(&self) -> u64 {
        self.journal_bytes
    }

    /// Adds the entries that the journal holds in a range of its bytes: those that follow what the store holds, and
    /// of whole appends only.
    ///
    /// # Errors
    /// [`StoreError`]; the store then lags, and the next opening brings it up.
    pub(crate) fn follow(&mut self, journal: &Path, range: Range<u64>) -> Result<(), StoreError> {
        let mut walk = journal::Walk::open(journal, range.start)?;
        let mut frame = Making::after(self.head.hash);
        self.journal_bytes = range.start;
        guarded(|| {
            while walk.at() < range.end {
                let begin = walk.at();
                let next = walk.next().map_err(io::Error::other)?;
                let (entry, _) = next.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
                if !frame.has_room_for(entry) {
                    frame = self.close_frame(frame, begin)?;
                }
                frame.push(entry);
            }
            self.close_frame(frame, range.end).map(drop)
        })
    }

    /// Writes a frame that ends where the journal is so long, and begins the next.
    fn close_frame(&mut self, frame: Making, journal_bytes: u64) -> Result<Making, StoreError> {
        if frame.count == 0 {
            return Ok(frame);
        }
        let last = &frame.bytes[frame.last..];
        let hash = Hash::of(last);
        let recorded_at = Entry::recorded_at_in(last).map_err(io::Error::other)?;
        let number = self.head.number + frame.count as u64;
        let key = (self.head.number + 1).to_be_bytes();
        self.frames.insert(key, frame.value(hash, journal_bytes)).map_err(fault)?;
        self.head = Head { number, hash, recorded_at };
        self.journal_bytes = journal_bytes;
        Ok(Making::after(hash))
    }

    /// The entry of a number.
    ///
    /// # Errors
    /// [`Fault`] when the store cannot give it.
    pub fn entry(&self, number: u64) -> Result<Entry, Fault> {
        let copy = |e: StoreError| Fault::Copy(e.to_string());
        let found =
            guarded(|| self.frames.range(..=number.to_be_bytes()).next_back().transpose().map_err(fault));
        let (key, value) = found.map_err(copy)?.ok_or(Fault::Lacking)?;
        let frame = Frame::read(&key, &value)?;
        let place = usize::try_from(number - frame.first).unwrap_or(usize::MAX);
        let entry = Entry::decode(frame.entries.get(place).copied().ok_or(Fault::Lacking)?)?;
        if entry.number == number { Ok(entry) } else { Err(Fault::Number(entry.number)) }
    }

    /// Brings what was added to the disk.
    ///
    /// sled's own flush leaves the file in the cache of the operating system (`sync_file_range`), so the file is
    /// synced here.
    ///
    /// # Errors
    /// [`StoreError`] when the disk would not.
    pub fn sync(&self) -> Result<(), StoreError> {
        guarded(|| {
            self.db.flush().map_err(fault)?;
            fs::File::open(self.path.join("db"))?.sync_data()?;
            Ok(())
        })
    }

    /// The number of the entry with which the first frame begins; none where there is no frame.
    pub(crate) fn begins(&self) -> Result<Option<u64>, Fault> {
        let first = guarded(|| self.frames.first().map_err(fault));
        let first = first.map_err(|e| Fault::Copy(e.to_string()))?;
        first.map(|(key, value)| Ok(Frame::read(&key, &value)?.first)).transpose()
    }

    /// The frames from the last one on that begins at or before an entry.
    pub(crate) fn stored_from(&self, number: u64) -> Result<Stored<'_>, Fault> {
        let key = number.to_be_bytes();
        let before = guarded(|| self.frames.range(..=key).next_back().transpose().map_err(fault));
        let before = before.map_err(|e| Fault::Copy(e.to_string()))?;
        let from = before.map_or_else(|| sled::IVec::from(&key), |(first, _)| first);
        Ok(Stored { frames: &self.frames, from: Bound::Included(from) })
    }

    /// The entries of the store in their order, verified link by link; each fault with its number. Reading goes on
    /// after a fault, unless it is sled that cannot.
    pub fn entries(&self) -> impl Iterator<Item = Result<Followed, (u64, Fault)>> + '_ {
        let mut walk = Walk {
            frames: Some(self.frames.iter()),
            head: Head::EMPTY,
            pending: VecDeque::new(),
            known: true,
        };
        std::iter::from_fn(move || walk.next())
    }
}

/// The frames of a store, one after another, read and not verified.
///
/// Each is looked up by itself. To go through them in one walk would be a little faster, but sled lets go of nothing that
/// it has read until each of its 256 queues holds 64 accesses, and a walk counts a page once: a quarter of a gigabyte.
pub(crate) struct Stored<'a> {
    frames: &'a sled::Tree,
    from: Bound<sled::IVec>,
}

impl Stored<'_> {
    /// Makes something of the next frame; none at the end.
    pub(crate) fn next<T>(&mut self, of: impl FnOnce(&Frame<'_>) -> T) -> Option<Result<T, Fault>> {
        let copy = |e: StoreError| Fault::Copy(e.to_string());
        let range = (self.from.clone(), Bound::Unbounded);
        let next = guarded(|| self.frames.range::<sled::IVec, _>(range).next().transpose().map_err(fault));
        let (key, value) = match next.map_err(copy).transpose()? {
            Ok(found) => found,
            Err(fault) => return Some(Err(fault)),
        };
        let made = Frame::read(&key, &value).map(|frame| of(&frame));
        self.from = Bound::Excluded(key);
        Some(made)
    }
}

/// A walk through the frames.
struct Walk {
    /// None once sled has failed: nothing that it gives after that could be relied upon.
    frames: Option<sled::Iter>,
    head: Head,
    pending: VecDeque<Vec<u8>>,
    /// Whether the head is that of the entry before; after one that cannot be read, the next is taken as it comes.
    known: bool,
}

impl Walk {
    fn next(&mut self) -> Option<Result<Followed, (u64, Fault)>> {
        loop {
            if let Some(bytes) = self.pending.pop_front() {
                return Some(self.follow(bytes));
            }
            let number = self.head.number + 1;
            let frames = self.frames.as_mut()?;
            match guarded(|| frames.next().transpose().map_err(fault)) {
                Ok(None) => return None,
                Ok(Some((key, value))) => {
                    if let Err(located) = self.begin(&key, &value) {
                        return Some(Err(located));
                    }
                }
                Err(error) => {
                    self.frames = None;
                    return Some(Err((number, Fault::Copy(error.to_string()))));
                }
            }
        }
    }

    /// Takes up a frame.
    fn begin(&mut self, key: &[u8], value: &[u8]) -> Result<(), (u64, Fault)> {
        let expected = self.head.number + 1;
        let frame = match Frame::read(key, value) {
            Ok(frame) => frame,
            Err(fault) => {
                let number = key.try_into().map_or(expected, u64::from_be_bytes);
                self.head.number = self.head.number.max(number);
                self.known = false;
                return Err((number, fault));
            }
        };
        if frame.first < expected && self.known {
            return Err((frame.first, Fault::OutOfPlace(frame.first)));
        }
        let (known, before) = (self.known, self.head);
        self.head = Head { number: frame.first.saturating_sub(1), hash: frame.previous, ..before };
        self.known = true;
        self.pending = frame.entries.into_iter().map(<[u8]>::to_vec).collect();
        match frame.first.saturating_sub(expected) {
            _ if !known => Ok(()),
            0 if frame.previous == before.hash => Ok(()),
            0 => Err((frame.first, Fault::Link { named: frame.previous, actual: before.hash })),
            1 => Err((expected, Fault::Lacking)),
            _ => Err((expected, Fault::LackingTo(frame.first - 1))),
        }
    }

    fn follow(&mut self, bytes: Vec<u8>) -> Result<Followed, (u64, Fault)> {
        let number = self.head.number + 1;
        let found = read(bytes);
        if let (false, Ok((sealed, _))) = (self.known, &found) {
            self.head.hash = sealed.previous;
        }
        let linked = found.as_ref().map_or(Ok(()), |(_, entry)| linked(&self.head, entry));
        self.known = found.is_ok();
        self.head = match &found {
            Ok((sealed, _)) => Head { number, ..sealed.head() },
            Err(_) => Head { number, ..self.head },
        };
        let followed = found.map_err(|fault| (number, fault))?;
        linked.map(|()| followed).map_err(|fault| (number, fault))
    }
}

/// Entries as they lie together in the store.
pub(crate) struct Frame<'a> {
    /// The number of the first.
    pub(crate) first: u64,
    journal_bytes: u64,
    /// The hash of the entry before the first.
    pub(crate) previous: Hash,
    /// The hash of the last.
    pub(crate) last_hash: Hash,
    pub(crate) entries: Vec<&'a [u8]>,
}

impl<'a> Frame<'a> {
    fn read(key: &[u8], value: &'a [u8]) -> Result<Self, Fault> {
        let whole = || {
            let first = u64::from_be_bytes(key.try_into().ok()?);
            let (version, rest) = value.split_first()?;
            let (journal_bytes, rest) = rest.split_first_chunk()?;
            let (previous, rest) = rest.split_first_chunk()?;
            let (last_hash, mut rest) = rest.split_first_chunk()?;
            let mut entries = Vec::with_capacity(MOST_ENTRIES);
            while let Some((length, after)) = rest.split_first_chunk() {
                let (entry, after) = after.split_at_checked(u16::from_be_bytes(*length).into())?;
                entries.push(entry);
                rest = after;
            }
            let sound = *version == VERSION && rest.is_empty() && !entries.is_empty();
            sound.then(|| Self {
                first,
                journal_bytes: u64::from_be_bytes(*journal_bytes),
                previous: Hash(*previous),
                last_hash: Hash(*last_hash),
                entries,
            })
        };
        whole().ok_or_else(|| Fault::Copy("a frame of the store is malformed".to_owned()))
    }

    fn last_head(&self) -> Result<Head, Fault> {
        let bytes = self.entries.last().copied().unwrap_or_default();
        let entry = Entry::decode(bytes)?;
        let hash = Hash::of(bytes);
        if hash != self.last_hash {
            return Err(Fault::Link { named: self.last_hash, actual: hash });
        }
        Ok(Head { number: entry.number, hash, recorded_at: entry.recorded_at })
    }
}

/// A frame that is being made.
struct Making {
    previous: Hash,
    count: usize,
    /// The entries, each after its length.
    bytes: Vec<u8>,
    /// Where the last entry begins in them.
    last: usize,
}

impl Making {
    fn after(previous: Hash) -> Self {
        Self { previous, count: 0, bytes: Vec::with_capacity(MOST_BYTES), last: 0 }
    }

    fn has_room_for(&self, entry: &[u8]) -> bool {
        self.count == 0 || (self.count < MOST_ENTRIES && self.bytes.len() + 2 + entry.len() <= MOST_BYTES)
    }

    fn push(&mut self, entry: &[u8]) {
        let length = u16::try_from(entry.len()).unwrap_or(u16::MAX);
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.last = self.bytes.len();
        self.bytes.extend_from_slice(entry);
        self.count += 1;
    }

    /// The value of the frame, whose last entry has this hash and ends where the journal is so long.
    fn value(&self, hash: Hash, journal_bytes: u64) -> Vec<u8> {
        let mut value = Vec::with_capacity(HEADER + self.bytes.len());
        value.push(VERSION);
        value.extend_from_slice(&journal_bytes.to_be_bytes());
        value.extend_from_slice(&self.previous.0);
        value.extend_from_slice(&hash.0);
        value.extend_from_slice(&self.bytes);
        value
    }
}

/// A process killed while sled wrote a snapshot leaves a file on which sled will not open again.
fn remove_half_snapshots(path: &Path) -> io::Result<()> {
    let Ok(files) = fs::read_dir(path) else { return Ok(()) };
    for file in files {
        let file = file?.path();
        if file.extension().is_some_and(|extension| extension == "generating") {
            fs::remove_file(file)?;
        }
    }
    Ok(())
}

fn fault(error: sled::Error) -> StoreError {
    match error {
        sled::Error::Io(e) if e.to_string().contains("could not acquire lock") => StoreError::Taken,
        sled::Error::Io(e) => StoreError::Io(e),
        sled::Error::CollectionNotFound(_)
        | sled::Error::Unsupported(_)
        | sled::Error::ReportableBug(_)
        | sled::Error::Corruption { .. } => StoreError::Damaged(error.to_string()),
    }
}

/// sled panics on many kinds of damage; here that is an answer like any other.
fn guarded<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let words = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("sled stopped without a word");
        Err(StoreError::Damaged(words.to_owned()))
    })
}
