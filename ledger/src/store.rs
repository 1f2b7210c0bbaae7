//! The store: the second copy of the entries, in sled, and the only file that names sled.
//!
//! Entries lie in **frames** (`store/frame.rs`), by the number of their first. A frame is written once it is full; one
//! that was written before, because the ledger was closed, is written again with what follows. Frames hold what the
//! journal holds, later: the store may lag behind the journal, never lead it.
//!
//! Between the runs of frames lie **spacers**, keys with nothing under them. sled splits a page when it has more than
//! sixteen keys, and writes both halves anew: of keys that rise, each value was written three times, and half of the file
//! was what no longer counted. Before the first frame of a run come nine spacers that are to stand after its last. They fill
//! the last page, so that it is split while there is no frame in it; the run goes into the half before, seven frames
//! beside nine spacers, and neither more keys nor more than nine additions make sled write that page again. What a run
//! has more, because its frames are short, is only written more often.

mod frame;
pub(crate) mod scan;

use std::collections::VecDeque;
use std::ops::{Bound, Range};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::chain::{Fault, Followed, Head, linked, read};
use crate::entry::Entry;
use crate::journal::{self, FIRST_LINE};

pub(crate) use frame::Frame;
use frame::{Making, RUN};

const FRAMES: &str = "frames";
/// The key of a spacer is the number of the last entry before it, like that of a frame, and one of these.
const SPACERS: Range<u8> = 0..9;
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
    /// The frame that the next entries go into; as far as the head it is written.
    making: Making,
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
            let (head, journal_bytes) = (Head::EMPTY, FIRST_LINE.len() as u64);
            let making = Making::after(&head, journal_bytes);
            let mut store = Self { db, frames, path: path.to_owned(), head, journal_bytes, making };
            let last = store.frames.iter().rev().find(is_frame).transpose().map_err(fault)?;
            if let Some((key, value)) = last {
                let damaged = |fault: Fault| StoreError::Damaged(fault.to_string());
                store.stand_at(&Frame::read(&key, &value).map_err(damaged)?).map_err(damaged)?;
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

    /// Takes up where the last frame ends.
    fn stand_at(&mut self, last: &Frame<'_>) -> Result<(), Fault> {
        self.head = last.last_head()?;
        self.journal_bytes = last.journal_bytes;
        let begun = Making::again(last);
        self.making = begun.unwrap_or_else(|| Making::after(&self.head, self.journal_bytes));
        Ok(())
    }

    /// Adds the entries that the journal holds in a range of its bytes: those that follow what the store holds, and
    /// of whole appends only.
    ///
    /// # Errors
    /// [`StoreError`]; the store then lags, and the next opening brings it up.
    pub(crate) fn follow(&mut self, journal: &Path, range: Range<u64>) -> Result<(), StoreError> {
        self.follow_by_frames(journal, range)?;
        guarded(|| self.write_frame())
    }

    /// Adds the entries that the journal holds in a range of its bytes, but the last of them only where they fill a
    /// frame: so none is written twice while there is more to come.
    ///
    /// # Errors
    /// [`StoreError`]; the store then lags, and the next opening brings it up.
    pub(crate) fn follow_by_frames(&mut self, journal: &Path, range: Range<u64>) -> Result<(), StoreError> {
        if range.start != self.journal_bytes {
            self.journal_bytes = range.start;
            self.making = Making::after(&self.head, range.start);
        }
        let mut walk = journal::Walk::within(journal, self.making.journal_bytes()..range.end)?;
        guarded(|| {
            while let Some((entry, _)) = walk.next().map_err(io::Error::other)? {
                if !self.making.has_room_for(entry) {
                    self.write_frame()?;
                    self.making = Making::after(&self.head, self.journal_bytes);
                }
                self.making.push(entry);
            }
            Ok(())
        })
    }

    /// Writes the frame that is being made, unless it has been written as it is; several, where it is too long for one.
    fn write_frame(&mut self) -> Result<(), StoreError> {
        if self.making.journal_bytes() == self.journal_bytes {
            return Ok(());
        }
        let mut from = 0;
        while let Some(packed) = self.making.pack(from).map_err(io::Error::other)? {
            if (packed.first - 1).is_multiple_of(RUN) {
                self.space_after(packed.first - 1 + RUN)?;
            }
            self.frames.insert(packed.first.to_be_bytes(), packed.value).map_err(fault)?;
            (self.head, self.journal_bytes) = (packed.head, packed.journal_bytes);
            from += packed.count;
        }
        Ok(())
    }

    /// Puts spacers after the frames of a run, before there are any.
    fn space_after(&self, number: u64) -> Result<(), StoreError> {
        for place in SPACERS {
            let key = [&number.to_be_bytes()[..], &[place]].concat();
            self.frames.insert(key, &[][..]).map_err(fault)?;
        }
        Ok(())
    }

    /// The entry of a number.
    ///
    /// # Errors
    /// [`Fault`] when the store cannot give it.
    pub fn entry(&self, number: u64) -> Result<Entry, Fault> {
        let copy = |e: StoreError| Fault::Copy(e.to_string());
        let found = guarded(|| {
            self.frames.range(..=number.to_be_bytes()).rev().find(is_frame).transpose().map_err(fault)
        });
        let (key, value) = found.map_err(copy)?.ok_or(Fault::Lacking)?;
        let frame = Frame::read(&key, &value)?;
        let place = usize::try_from(number - frame.first).unwrap_or(usize::MAX);
        let entry = Entry::decode(frame.entries()?.get(place).ok_or(Fault::Lacking)?)?;
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
        let first = guarded(|| self.frames.iter().find(is_frame).transpose().map_err(fault));
        let first = first.map_err(|e| Fault::Copy(e.to_string()))?;
        first.map(|(key, value)| Ok(Frame::read(&key, &value)?.first)).transpose()
    }

    /// The frames from the last one on that begins at or before an entry.
    pub(crate) fn stored_from(&self, number: u64) -> Result<Stored<'_>, Fault> {
        let key = number.to_be_bytes();
        let before = guarded(|| self.frames.range(..=key).rev().find(is_frame).transpose().map_err(fault));
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
        let next =
            guarded(|| self.frames.range::<sled::IVec, _>(range).find(is_frame).transpose().map_err(fault));
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
            match guarded(|| frames.find(is_frame).transpose().map_err(fault)) {
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
        let read = Frame::read(key, value).and_then(|frame| Ok((frame.entries()?, frame)));
        let (entries, frame) = match read {
            Ok(read) => read,
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
        self.pending = entries.into();
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

/// Whether what stands in the tree is a frame, or the failure to read one, and no spacer.
fn is_frame(found: &sled::Result<(sled::IVec, sled::IVec)>) -> bool {
    !found.as_ref().is_ok_and(|(key, value)| key.len() == 9 && value.is_empty())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::act::{Act, Draft, Place};
    use crate::chain::{Sealed, seal};
    use crate::date::{Instant, RecordedAt};
    use crate::entry::Hash;
    use crate::journal::Journal;
    use serde_json::Value;

    /// A journal of so many entries, each with a digest of its own, and where each begins; at the end its length.
    fn journal(path: &Path, count: u64) -> Vec<u64> {
        let mut head = Head::EMPTY;
        let sealed: Vec<Sealed> = (0..count)
            .map(|n| {
                let mut draft = Draft::new(0);
                let digest = Hash::of(&n.to_be_bytes()).to_string();
                for (name, word) in
                    [("kind", "visit"), ("actor", "AAA"), ("effective", "2001"), ("note", &digest)]
                {
                    draft.push(name, Value::from(word), Place::default());
                }
                let act = Box::new(Act::read(draft).unwrap());
                let sealed = seal(&head, act, RecordedAt::Clock(Instant::UNIX_EPOCH)).unwrap();
                head = sealed.head();
                sealed
            })
            .collect();
        let mut begins = vec![FIRST_LINE.len() as u64];
        for sealed in &sealed {
            begins.push(begins.last().unwrap() + journal::record_length(sealed.bytes.len()));
        }
        Journal::create(path).unwrap().append(&sealed).unwrap();
        begins
    }

    /// Opens a store that was let go of just now: sled may take its time to let go of its file.
    fn open_again(path: &Path) -> Store {
        for _ in 0..100 {
            match Store::open(path) {
                Err(StoreError::Taken) => std::thread::sleep(std::time::Duration::from_millis(20)),
                opened => return opened.unwrap(),
            }
        }
        panic!("sled does not let go of {}", path.display());
    }

    /// Every entry is found, whether the store followed at one go, frame by frame, or was closed in between.
    #[test]
    fn entries_are_found_however_the_store_came_by_them() {
        let dir = tempfile::tempdir().unwrap();
        let begins = journal(&dir.path().join("journal"), 1_000);
        for step in [1_000, 337, 48, 7] {
            let path = dir.path().join(format!("store-{step}"));
            let mut store = Store::open(&path).unwrap();
            for (turn, end) in begins.iter().skip(step).step_by(step).chain(begins.last()).enumerate() {
                let range = store.journal_bytes()..*end;
                if turn % 3 == 0 {
                    store.follow_by_frames(&dir.path().join("journal"), range).unwrap();
                } else {
                    store.follow(&dir.path().join("journal"), range).unwrap();
                }
                if turn % 4 == 1 {
                    drop(store);
                    store = open_again(&path);
                }
            }
            let rest = store.journal_bytes()..*begins.last().unwrap();
            store.follow(&dir.path().join("journal"), rest).unwrap();
            let numbers: Vec<u64> = store.entries().map(|found| found.unwrap().1.number).collect();
            assert!(numbers.into_iter().eq(1..=1_000), "by {step}");
            assert_eq!((store.begins(), store.head().number), (Ok(Some(1)), 1_000));
            for number in [1, 48, 49, 336, 337, 1_000] {
                assert_eq!(store.entry(number).unwrap().number, number);
            }
            assert_eq!(store.entry(1_001).unwrap_err(), Fault::Lacking);
            let mut frames = store.stored_from(336).unwrap();
            let mut firsts = Vec::new();
            while let Some(first) = frames.next(|frame| frame.first) {
                firsts.push(first.unwrap());
            }
            assert_eq!(firsts[..3], [289, 337, 385], "by {step}");
        }
    }

    /// Without spacers the file is twice as long as what it holds.
    #[test]
    fn the_file_is_little_longer_than_its_frames() {
        let dir = tempfile::tempdir().unwrap();
        let begins = journal(&dir.path().join("journal"), 20_000);
        let mut store = Store::open(&dir.path().join("store")).unwrap();
        store.follow(&dir.path().join("journal"), begins[0]..begins[20_000]).unwrap();
        let held: usize = store.frames.iter().map(|found| found.unwrap().1.len()).sum();
        store.sync().unwrap();
        drop(store);
        let length = fs::metadata(dir.path().join("store/db")).unwrap().len();
        assert!(length < held as u64 * 5 / 4 + (1 << 19), "{length} for {held}");
    }
}
