//! The journal: an append-only file, the copy that makes an append durable.
//!
//! ```text
//! "chancery journal 1\n"
//! record*      u32 le: length of the entry (bits 0–15), bit 31 set where its append goes on
//!              u32 le: CRC-32 (IEEE) of those four bytes and the entry
//!              the bytes of the entry
//! ```
//!
//! An append is one or more records, the last of them with bit 31 clear; it counts only when that last record is
//! whole. So a crash in the middle leaves a torn tail that was never acknowledged, and a reader beside a writer
//! never sees half an append.
//!
//! The file may end in zeros: room that a writer has made for records to come. To write over it and sync takes two
//! thirds of the time of making the file longer and syncing that. Whoever lets go of the journal cuts it off.

pub(crate) mod blocks;
pub mod salvage;

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::abreast::Aside;
use crate::chain::{Fault, Followed, Head, Sealed, follow_all};
use crate::entry::LIMIT;

/// The first line of a journal; the number is the version of its format.
pub const FIRST_LINE: &[u8] = b"chancery journal 1\n";

const GOES_ON: u32 = 1 << 31;
const HEADER: usize = 8;

/// How much is read or written at a time, in bytes.
const BUFFER: usize = 1 << 18;

/// How many bytes of an append are written before they are synced, while more are made: so its end waits for few.
const AHEAD: u64 = 1 << 25;

/// How much room is made at a time, in bytes, and how much there should be.
const ROOM: u64 = 1 << 20;
const ENOUGH: u64 = 1 << 19;

/// Of a disk, so many bytes are written whole or not at all.
const SECTOR: u64 = 512;

/// Why a file is not a journal that this program can read.
#[derive(Debug, thiserror::Error)]
pub enum NotAJournal {
    /// It is a journal of a later format.
    #[error("the journal has format {0}; this program reads format 1")]
    Newer(String),
    /// It does not begin as a journal does.
    #[error("the file does not begin with `chancery journal 1`")]
    FirstLine,
    /// There is no file.
    #[error("there is no file `journal`")]
    Missing,
    /// It could not be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What is done to the file on a thread of its own.
#[derive(Debug, Clone, Copy)]
enum Work {
    /// Bringing to the disk what was written.
    Sync,
    /// Making room after so many bytes, and bringing it to the disk.
    Room(u64),
}

/// A journal open for appending.
#[derive(Debug)]
pub struct Journal {
    file: File,
    /// The length of what has been acknowledged, in bytes.
    bytes: u64,
    /// The same with what was written since and is no append yet.
    written: u64,
    /// The length of the file, with the room after that; none where no append was written since it was opened: a
    /// single one needs no room.
    room: Option<u64>,
    /// Records to be written next.
    records: Vec<u8>,
    /// The last entry added: whether its append goes on is known when another comes, or none.
    held: Option<Vec<u8>>,
    /// The length of what was written when a sync last began.
    synced: u64,
    /// The thread on which the file is synced, or room is made, while more is done.
    aside: Option<Aside<Work, io::Result<Option<u64>>>>,
}

impl Journal {
    /// Makes a new journal that holds nothing but its first line.
    ///
    /// # Errors
    /// When the file exists or cannot be written.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        file.write_all(FIRST_LINE)?;
        file.sync_all()?;
        Ok(Self::at(file, FIRST_LINE.len() as u64))
    }

    /// Opens a journal to append after its first `bytes` bytes; what follows them is cut.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn open(path: &Path, bytes: u64) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).open(path)?;
        if file.metadata()?.len() > bytes {
            file.set_len(bytes)?;
            file.sync_all()?;
        }
        Ok(Self::at(file, bytes))
    }

    fn at(file: File, bytes: u64) -> Self {
        let (records, held, aside) = (Vec::new(), None, None);
        Self { file, bytes, written: bytes, room: None, records, held, synced: bytes, aside }
    }

    /// The length of what has been acknowledged, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Adds an entry to the append that is being written. It counts once [`Journal::commit`] has returned.
    ///
    /// # Errors
    /// When the disk would not take it.
    pub fn add(&mut self, entry: &[u8]) -> io::Result<()> {
        if let Some(before) = self.held.replace(entry.to_vec()) {
            push_record(&mut self.records, &before, true);
        }
        if self.records.len() >= BUFFER { self.spill() } else { Ok(()) }
    }

    /// Writes what was added, save for the last entry.
    pub(crate) fn spill(&mut self) -> io::Result<()> {
        let end = self.written + self.records.len() as u64;
        if self.room.is_some_and(|room| end + SECTOR > room) {
            // Where room is being made, nothing may be written meanwhile.
            self.end_aside()?;
        }
        self.file.write_all_at(&self.records, self.written)?;
        self.written = end;
        self.room = self.room.map(|room| room.max(end));
        self.records.clear();
        if self.written - self.synced >= AHEAD { self.begin_sync() } else { Ok(()) }
    }

    /// Begins to sync what was written, once the sync before has ended.
    fn begin_sync(&mut self) -> io::Result<()> {
        self.begin_aside(Work::Sync)?;
        self.synced = self.written;
        Ok(())
    }

    /// Begins something on the thread for it, once what it did before has ended.
    fn begin_aside(&mut self, work: Work) -> io::Result<()> {
        self.end_aside()?;
        if self.aside.is_none() {
            let file = self.file.try_clone()?;
            self.aside = Some(Aside::new(move |work| work_aside(&file, work)));
        }
        self.aside.as_mut().into_iter().for_each(|aside| aside.begin(work));
        Ok(())
    }

    /// Waits for what goes on aside. The system tells of a failed sync once: so it must be heard here.
    fn end_aside(&mut self) -> io::Result<()> {
        if let Some(room) = self.aside.as_mut().and_then(Aside::end).transpose()?.flatten() {
            self.room = self.room.max(Some(room));
        }
        Ok(())
    }

    /// Ends the append that is being written: when this returns it is on disk, all of it.
    ///
    /// # Errors
    /// When the disk would not take it; then the file is cut back to what it held before.
    pub fn commit(&mut self) -> io::Result<()> {
        let committed = self.write_last().and_then(|()| self.sync());
        self.settle(committed)
    }

    /// The same, while something else is done.
    pub(crate) fn commit_while<R>(&mut self, meanwhile: impl FnOnce() -> R) -> (io::Result<()>, R) {
        let begun = self.write_last().and_then(|()| self.begin_sync());
        let done = meanwhile();
        let committed = begun.and_then(|()| self.end_aside());
        (self.settle(committed), done)
    }

    /// Writes the end of the append.
    fn write_last(&mut self) -> io::Result<()> {
        let Some(last) = self.held.take() else { return Ok(()) };
        if self.written > self.bytes {
            // The last record makes the others count: they must not reach the disk after it.
            self.spill()?;
            self.sync()?;
        }
        push_record(&mut self.records, &last, false);
        self.spill()
    }

    /// Counts what was written, or cuts it.
    fn settle(&mut self, committed: io::Result<()>) -> io::Result<()> {
        if committed.is_err() {
            self.cut();
            return committed;
        }
        self.bytes = self.written;
        match self.room {
            // What becomes of it, the next append hears.
            Some(room) if room - self.bytes < ENOUGH => drop(self.begin_aside(Work::Room(room))),
            Some(_) => {}
            None => self.room = Some(self.bytes),
        }
        Ok(())
    }

    /// Cuts off the room that is left: the file ends where its last append does.
    ///
    /// # Errors
    /// When the disk would not; then whoever opens the journal next cuts it.
    pub(crate) fn give_up_room(&mut self) -> io::Result<()> {
        let ended = self.end_aside();
        if self.room.take().is_some() {
            self.file.set_len(self.bytes)?;
        }
        ended
    }

    /// Brings what was written to the disk.
    fn sync(&mut self) -> io::Result<()> {
        self.end_aside()?;
        self.file.sync_data()?;
        self.synced = self.written;
        Ok(())
    }

    /// Drops what was added since the last append.
    ///
    /// If the file cannot be cut now, the next opening cuts it: an append without its last record never counted.
    /// A whole append whose sync failed would count, so it is tried here, and its own failure changes nothing.
    pub(crate) fn cut(&mut self) {
        // What became of it no longer matters.
        drop(self.end_aside());
        self.records.clear();
        self.held = None;
        drop(self.file.set_len(self.bytes));
        self.room = self.room.and(Some(self.bytes));
        (self.written, self.synced) = (self.bytes, self.bytes);
    }

    /// Appends entries as one append: when this returns they are on disk, all of them.
    ///
    /// # Errors
    /// When the disk would not take them; then the file is cut back to what it held before.
    pub fn append<'e>(&mut self, entries: impl IntoIterator<Item = &'e Sealed>) -> io::Result<()> {
        let added = entries.into_iter().try_for_each(|entry| self.add(&entry.bytes));
        if added.is_err() {
            self.cut();
        }
        added.and_then(|()| self.commit())
    }
}

/// Does something to the file; where it has made room, gives where that ends.
fn work_aside(file: &File, work: Work) -> io::Result<Option<u64>> {
    let room = match work {
        Work::Sync => None,
        Work::Room(from) => {
            let end = from + ROOM;
            let zeros = vec![0; usize::try_from(ROOM).unwrap_or_default()];
            if file.write_all_at(&zeros, from).is_err() {
                // Without room, records are written all the same, and it takes longer; what is left of a full disk is
                // for them.
                file.set_len(from)?;
                return Ok(None);
            }
            Some(end)
        }
    };
    file.sync_data().map(|()| room)
}

fn push_record(records: &mut Vec<u8>, entry: &[u8], goes_on: bool) {
    let length = u32::try_from(entry.len()).unwrap_or(u32::MAX);
    debug_assert!(entry.len() <= LIMIT, "an entry is checked against the limit when it is sealed");
    let header = (if goes_on { length | GOES_ON } else { length }).to_le_bytes();
    records.extend_from_slice(&header);
    records.extend_from_slice(&checksum(header, entry).to_le_bytes());
    records.extend_from_slice(entry);
}

fn checksum(header: [u8; 4], entry: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&header);
    crc.update(entry);
    crc.finalize()
}

/// Opens a file that begins as a journal does.
fn open_file(path: &Path) -> Result<File, NotAJournal> {
    let missing =
        |error: &io::Error| [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory].contains(&error.kind());
    let mut file = File::open(path)
        .map_err(|error| if missing(&error) { NotAJournal::Missing } else { error.into() })?;
    let mut first = [0; FIRST_LINE.len()];
    let read = read_up_to(&mut file, &mut first)?;
    if first[..read] == *FIRST_LINE { Ok(file) } else { Err(first_line_fault(&first[..read])) }
}

/// What reading a journal to its end found beside its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The head after the last whole append.
    pub head: Head,
    /// The length of everything up to there, in bytes.
    pub bytes: u64,
    /// How many bytes follow that are no whole append.
    pub torn: u64,
    /// The fault that ended the reading, and the number of its entry, where it was not the end of the file.
    pub fault: Option<(u64, Fault)>,
}

impl End {
    /// Whether the journal ends with a whole append and nothing after it.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.torn == 0 && self.fault.is_none()
    }

    /// What reading a file gives that is not there, or does not begin as a journal.
    pub(crate) fn of_nothing(why: &NotAJournal) -> Self {
        Self { fault: Some((1, Fault::Copy(why.to_string()))), ..Self::before(1) }
    }

    /// What is sure of a journal that another copy contradicts at an entry.
    pub(crate) fn before(entry: u64) -> Self {
        let head = Head { number: entry.saturating_sub(1), ..Head::EMPTY };
        Self { head, bytes: 0, torn: 0, fault: Some((entry, Fault::Differs)) }
    }
}

/// Whether every record of a journal agrees with its checksum, and the last record is whole. Nothing is decoded: it
/// takes a tenth of the time of reading.
pub(crate) fn has_whole_records(path: &Path) -> io::Result<bool> {
    let file = match open_file(path) {
        Ok(file) => file,
        Err(NotAJournal::Io(error)) => return Err(error),
        Err(_) => return Ok(false),
    };
    let mut walk = Walk::of(file, FIRST_LINE.len() as u64)?;
    loop {
        match walk.next() {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(true),
            Err(_) => return Ok(false),
        }
    }
}

/// Where in a journal that ends which was ever written: after it come zeros alone. The last record may end in zeros, so
/// that it ends later.
pub(crate) fn end_of_written(file: &File) -> io::Result<u64> {
    let mut chunk = [0; 4096];
    let mut end = file.metadata()?.len();
    while end > 0 {
        let length = end.min(chunk.len() as u64);
        let begins = end - length;
        let chunk = &mut chunk[..usize::try_from(length).unwrap_or_default()];
        file.read_exact_at(chunk, begins)?;
        if let Some(last) = chunk.iter().rposition(|byte| *byte != 0) {
            return Ok(begins + last as u64 + 1);
        }
        end = begins;
    }
    Ok(0)
}

/// A walk over the records of a journal: each agrees with its checksum, and nothing is decoded or linked.
#[derive(Debug)]
pub(crate) struct Walk {
    file: BufReader<File>,
    at: u64,
    /// Where that ends which was ever written.
    written: u64,
    entry: Vec<u8>,
}

impl Walk {
    /// Begins where a record does.
    pub(crate) fn open(path: &Path, from: u64) -> io::Result<Self> {
        Self::of(File::open(path)?, from)
    }

    /// The same, to go as far as where some record ends, which is sure to be written.
    pub(crate) fn within(path: &Path, range: Range<u64>) -> io::Result<Self> {
        Self::between(File::open(path)?, range)
    }

    fn of(file: File, from: u64) -> io::Result<Self> {
        let written = end_of_written(&file)?;
        Self::between(file, from..written)
    }

    fn between(file: File, Range { start: from, end: written }: Range<u64>) -> io::Result<Self> {
        let mut file = BufReader::with_capacity(BUFFER, file);
        file.seek(SeekFrom::Start(from))?;
        Ok(Self { file, at: from, written, entry: Vec::new() })
    }

    /// Where the next record begins.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    /// The next entry in its bytes, and whether its append goes on after it; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<(&[u8], bool)>, Fault> {
        let io = |e: io::Error| Fault::Copy(e.to_string());
        if self.at >= self.written {
            return Ok(None);
        }
        let mut header = [0; HEADER];
        if read_up_to(&mut self.file, &mut header).map_err(io)? < HEADER {
            return Err(Fault::BreaksOff);
        }
        let [a, b, c, d, crc @ ..] = header;
        let length = length_in([a, b, c, d]);
        if length > LIMIT {
            return Err(Fault::Checksum);
        }
        self.entry.resize(length, 0);
        if read_up_to(&mut self.file, &mut self.entry).map_err(io)? < length {
            return Err(Fault::BreaksOff);
        }
        let end = self.at + record_length(length);
        if checksum([a, b, c, d], &self.entry) != u32::from_le_bytes(crc) {
            // What ends in a sector of which nothing was written is not there yet, or never will be.
            let breaks_off = end > self.written.next_multiple_of(SECTOR);
            return Err(if breaks_off { Fault::BreaksOff } else { Fault::Checksum });
        }
        self.at = end;
        Ok(Some((&self.entry, u32::from_le_bytes([a, b, c, d]) & GOES_ON != 0)))
    }
}

/// Where the last whole append ends that follows an offset.
///
/// # Errors
/// The [`Fault`] of the first record that is damaged.
pub(crate) fn end_of_appends(path: &Path, from: u64) -> Result<u64, Fault> {
    let mut walk = Walk::open(path, from).map_err(|e| Fault::Copy(e.to_string()))?;
    let mut end = from;
    loop {
        match walk.next() {
            Ok(Some((_, true))) => {}
            Ok(Some((_, false))) => end = walk.at(),
            Ok(None) | Err(Fault::BreaksOff) => return Ok(end),
            Err(fault) => return Err(fault),
        }
    }
}

/// Reads the entries of a journal in their order, verifying each record and each link.
///
/// The last entries may belong to an append that is not whole: when reading has ended, [`Reader::end`] says how
/// many count.
#[derive(Debug)]
pub struct Reader {
    walk: Walk,
    /// How far records have been read from the file, and the head of their last entry.
    read: u64,
    read_head: Head,
    /// Entries read and verified, not yet handed out; with each, where its append ends if it ends there.
    ready: VecDeque<(Followed, Option<u64>)>,
    /// The fault that ends the reading, once what is ready has been handed out.
    fault: Option<(u64, Fault)>,
    head: Head,
    end: End,
}

impl Reader {
    /// Opens a journal for reading from its beginning.
    ///
    /// # Errors
    /// [`NotAJournal`] when the file cannot be read or is none.
    pub fn open(path: &Path) -> Result<Self, NotAJournal> {
        Self::open_at(path, Head::EMPTY, FIRST_LINE.len() as u64)
    }

    /// The same, from the end of an append on: its head, and its length with all before it.
    ///
    /// # Errors
    /// [`NotAJournal`] when the file cannot be read or is none.
    pub fn open_at(path: &Path, head: Head, bytes: u64) -> Result<Self, NotAJournal> {
        let walk = Walk::of(open_file(path)?, bytes)?;
        let end = End { head, bytes, torn: 0, fault: None };
        Ok(Self { walk, read: bytes, read_head: head, ready: VecDeque::new(), fault: None, head, end })
    }

    /// Where the entries end that were read so far: before the first, where reading begins.
    #[must_use]
    pub(crate) fn end_of_read(&self) -> u64 {
        self.read
    }

    /// What the reading found, when it has come to its end.
    #[must_use]
    pub fn end(mut self) -> End {
        self.by_ref().for_each(drop);
        let torn = self.walk.written.saturating_sub(self.end.bytes);
        End { torn, fault: self.fault, ..self.end }
    }

    /// Reads and verifies the next records, so many that two threads are worth their while.
    fn refill(&mut self) {
        const MOST: usize = 8192;
        let (mut entries, mut goes_on) = (Vec::new(), Vec::new());
        let mut fault = None;
        while entries.len() < MOST && fault.is_none() {
            match self.walk.next() {
                Ok(Some((entry, its_append_goes_on))) => {
                    entries.push(entry.to_vec());
                    goes_on.push(its_append_goes_on);
                }
                Ok(None) => break,
                Err(found) => fault = Some(found),
            }
        }
        let (followed, broken) = follow_all(&self.read_head, entries);
        for (entry, goes_on) in followed.into_iter().zip(goes_on) {
            self.read += (HEADER + entry.0.bytes.len()) as u64;
            self.read_head = entry.0.head();
            self.ready.push_back((entry, (!goes_on).then_some(self.read)));
        }
        // A broken link comes before whatever was wrong with a record after it.
        self.fault = broken.or(fault).map(|fault| (self.read_head.number + 1, fault));
    }
}

impl Iterator for Reader {
    type Item = Followed;

    fn next(&mut self) -> Option<Followed> {
        if self.ready.is_empty() && self.fault.is_none() {
            self.refill();
        }
        let (followed, append_ends) = self.ready.pop_front()?;
        self.head = followed.0.head();
        if let Some(bytes) = append_ends {
            self.end.head = self.head;
            self.end.bytes = bytes;
        }
        Some(followed)
    }
}

/// How many bytes are read to look for a record behind another: some dozens of them.
const SOME: usize = 8192;

/// Reads single records of a journal, wherever they begin.
#[derive(Debug)]
pub struct Records {
    file: File,
}

impl Records {
    /// Opens a journal to read single records of it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::open(path)? })
    }

    /// The file that is read.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The entry, in its bytes, whose record begins at an offset.
    ///
    /// # Errors
    /// [`Fault`] when no sound record begins there.
    pub fn at(&self, offset: u64) -> Result<Vec<u8>, Fault> {
        /// Most records are shorter: one read then does for header and entry.
        const MOSTLY: usize = 768;
        let io = |e: io::Error| Fault::Copy(e.to_string());
        let mut record = vec![0; MOSTLY];
        let read = self.fill(&mut record, offset).map_err(io)?;
        let (header, _) = record[..read].split_first_chunk::<HEADER>().ok_or(Fault::BreaksOff)?;
        let [a, b, c, d, crc @ ..] = *header;
        let length = length_in([a, b, c, d]);
        if length > LIMIT {
            return Err(Fault::Checksum);
        }
        let whole = HEADER + length;
        record.resize(whole, 0);
        if read < whole {
            let more = self.fill(&mut record[read..], offset + read as u64).map_err(io)?;
            if read + more < whole {
                return Err(Fault::BreaksOff);
            }
        }
        record.drain(..HEADER);
        if checksum([a, b, c, d], &record) == u32::from_le_bytes(crc) {
            Ok(record)
        } else {
            Err(Fault::Checksum)
        }
    }

    /// The entry, in its bytes, whose record comes so many after the one at an offset; mostly they are read together.
    ///
    /// # Errors
    /// As of [`Records::at`].
    pub fn nth(&self, offset: u64, count: u64) -> Result<Vec<u8>, Fault> {
        /// Most records are shorter.
        const MOSTLY: u64 = 512;
        let length = usize::try_from((count + 1) * MOSTLY).unwrap_or(SOME).min(SOME);
        let mut bytes = vec![0; length];
        let read = self.fill(&mut bytes, offset).map_err(|e| Fault::Copy(e.to_string()))?;
        let after = |rest: &'_ [u8]| rest.first_chunk().map(|header| HEADER + length_in(*header));
        let at = (0..count).try_fold(0, |at, _| Some(at + after(bytes[..read].get(at..)?)?));
        match at.and_then(|at| sound_record(bytes[..read].get(at..)?)) {
            Some(entry) => Ok(entry.to_vec()),
            None => self.at(self.skip(offset, count)?),
        }
    }

    /// Where the record begins that comes so many after the one at an offset.
    ///
    /// # Errors
    /// [`Fault`] when the file ends before it.
    pub fn skip(&self, mut offset: u64, count: u64) -> Result<u64, Fault> {
        let mut bytes = Vec::new();
        let mut at = 0;
        for _ in 0..count {
            if bytes.len() < at + HEADER {
                bytes.resize(SOME, 0);
                let read = self.fill(&mut bytes, offset).map_err(|e| Fault::Copy(e.to_string()))?;
                bytes.truncate(read);
                at = 0;
            }
            let header = bytes[at..].first_chunk().ok_or(Fault::BreaksOff)?;
            let length = HEADER + length_in(*header);
            offset += length as u64;
            at += length;
            if at > bytes.len() {
                bytes.clear();
            }
        }
        Ok(offset)
    }

    /// Reads the records that begin at these offsets, which rise; what lies close together is read at once.
    ///
    /// # Errors
    /// As of [`Records::at`].
    pub fn at_each<T, E: From<Fault>>(
        &self,
        offsets: &[u64],
        mut take: impl FnMut(&[u8]) -> Result<T, E>,
    ) -> Result<Vec<T>, E> {
        let mut taken = Vec::with_capacity(offsets.len());
        let (mut run, mut from) = (Vec::new(), 0);
        for (place, offset) in offsets.iter().enumerate() {
            let at = usize::try_from(offset.wrapping_sub(from)).ok();
            if let Some(entry) = at.and_then(|at| sound_record(run.get(at..)?)) {
                taken.push(take(entry)?);
                continue;
            }
            let length = length_of_run(&offsets[place..]);
            if length > 0 {
                run.resize(length, 0);
                from = *offset;
                let read = self.fill(&mut run, from).map_err(|e| Fault::Copy(e.to_string()))?;
                run.truncate(read);
            } else {
                run.clear();
            }
            match sound_record(&run) {
                Some(entry) => taken.push(take(entry)?),
                // Alone, it says what is wrong with it.
                None => taken.push(take(&self.at(*offset)?)?),
            }
        }
        Ok(taken)
    }

    /// Where the record after the one at an offset begins.
    ///
    /// # Errors
    /// [`Fault`] when the file ends before it.
    pub fn after(&self, offset: u64) -> Result<u64, Fault> {
        let mut header = [0; 4];
        self.file.read_exact_at(&mut header, offset).map_err(|e| Fault::Copy(e.to_string()))?;
        Ok(offset + (HEADER + length_in(header)) as u64)
    }

    fn fill(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.file.read_at(&mut buffer[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(filled)
    }
}

/// The entry of the record with which these bytes begin, where all of it is there and agrees with its checksum.
fn sound_record(bytes: &[u8]) -> Option<&[u8]> {
    let (header, rest) = bytes.split_first_chunk::<HEADER>()?;
    let [a, b, c, d, crc @ ..] = *header;
    let length = length_in([a, b, c, d]);
    let entry = rest.get(..length).filter(|_| length <= LIMIT)?;
    (checksum([a, b, c, d], entry) == u32::from_le_bytes(crc)).then_some(entry)
}

/// How many bytes are read at once for the first of some offsets, which rise, and those that lie close behind it; none
/// where it is read alone.
fn length_of_run(offsets: &[u64]) -> usize {
    /// Farther than this from the record before, a record is read alone.
    const CLOSE: u64 = 4096;
    /// Most records are shorter; whatever is longer is read alone.
    const MOSTLY: u64 = 768;
    let first = offsets.first().copied().unwrap_or_default();
    let behind =
        offsets.windows(2).take_while(|two| two[1] - two[0] <= CLOSE && two[1] - first < BUFFER as u64);
    let last = behind.last().map(|two| two[1]);
    last.map_or(0, |last| usize::try_from(last - first + MOSTLY).unwrap_or(BUFFER))
}

/// The length of an entry by the first four bytes of its record.
fn length_in(header: [u8; 4]) -> usize {
    (u32::from_le_bytes(header) & !GOES_ON) as usize
}

/// The length of the record of an entry of so many bytes.
#[must_use]
pub fn record_length(entry: usize) -> u64 {
    (HEADER + entry) as u64
}

/// Fills the buffer as far as the file goes.
fn read_up_to(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

fn first_line_fault(found: &[u8]) -> NotAJournal {
    let version = found.strip_prefix(b"chancery journal ").and_then(|rest| rest.strip_suffix(b"\n"));
    match version.and_then(|digits| std::str::from_utf8(digits).ok()) {
        Some(version) if version.bytes().all(|b| b.is_ascii_digit()) => {
            NotAJournal::Newer(version.to_owned())
        }
        _ => NotAJournal::FirstLine,
    }
}
