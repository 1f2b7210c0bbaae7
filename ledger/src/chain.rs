//! The chain: every entry names the hash of the one before it.
//!
//! Arithmetic only. A chain that verifies says nothing about its own last entry or about a tail that was cut:
//! whoever relies on it compares the head with one that was kept elsewhere.

use std::fmt;

use crate::abreast::abreast;
use crate::act::Act;
use crate::checkpoint::Contradiction;
use crate::date::{Instant, RecordedAt};
use crate::entry::{Entry, Hash, LIMIT, NotAnEntry};

/// Where a ledger stands: how many entries it has, and the hash of the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The number of the last entry; 0 for an empty ledger.
    pub number: u64,
    /// The hash of the last entry.
    pub hash: Hash,
    /// When the last entry was recorded.
    pub recorded_at: Instant,
}

impl Head {
    /// The head of a ledger without entries.
    pub const EMPTY: Self = Self { number: 0, hash: Hash::NONE, recorded_at: Instant::MIN };
}

/// A head as people write it: `271:9c1f03e…`, 64 digits.
impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.number, self.hash)
    }
}

/// An entry as it is stored: its bytes, and what the chain says of them. The act is in the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The number of the entry.
    pub number: u64,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// The hash of the entry before it.
    pub previous: Hash,
    /// The hash of its bytes.
    pub hash: Hash,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Sealed {
    /// The head of a ledger that ends with this entry.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { number: self.number, hash: self.hash, recorded_at: self.recorded_at }
    }

    fn new(entry: &Entry, bytes: Vec<u8>) -> Self {
        let (number, recorded_at, previous) = (entry.number, entry.recorded_at, entry.previous);
        Self { number, recorded_at, previous, hash: Hash::of(&bytes), bytes }
    }
}

/// The entry that follows a head. Its instant is cut to the microsecond, which is what an entry holds.
///
/// # Errors
/// The number of bytes that the entry would have, when that is more than [`LIMIT`].
pub fn seal(head: &Head, act: impl Into<Box<Act>>, recorded_at: RecordedAt) -> Result<Sealed, usize> {
    sealed(head, act.into(), recorded_at).map(|(sealed, _)| sealed)
}

/// The same, with the entry that it is.
pub(crate) fn sealed(head: &Head, act: Box<Act>, recorded_at: RecordedAt) -> Result<Followed, usize> {
    let instant = recorded_at.instant();
    let entry = Entry {
        number: head.number + 1,
        recorded_at: Instant::from_microsecond(instant.as_microsecond()).unwrap_or(instant),
        asserted: matches!(recorded_at, RecordedAt::Asserted(_)),
        previous: head.hash,
        act,
    };
    let bytes = entry.encode();
    if bytes.len() > LIMIT {
        return Err(bytes.len());
    }
    debug_assert_eq!(Entry::decode(&bytes).as_ref(), Ok(&entry), "what is sealed must read back");
    Ok((Sealed::new(&entry, bytes), entry))
}

/// What is wrong with an entry, or with a copy of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The bytes are not an entry.
    #[error("the entry cannot be read: {0}")]
    Unreadable(#[from] NotAnEntry),
    /// The entry bears another number than its place.
    #[error("the entry bears number {0}")]
    Number(u64),
    /// The entry does not name the hash of the one before it.
    #[error("the entry names {named} as the hash before it, which is {actual}")]
    Link {
        /// The hash that it names.
        named: Hash,
        /// The hash of the entry before it.
        actual: Hash,
    },
    /// The entry was recorded before the one before it.
    #[error("the entry was recorded at {0}, before the one that it follows")]
    Time(Instant),
    /// The record of the entry does not agree with its checksum.
    #[error("the record does not agree with its checksum")]
    Checksum,
    /// The record breaks off.
    #[error("the record breaks off")]
    BreaksOff,
    /// The copy does not hold the entry.
    #[error("the copy lacks the entry")]
    Lacking,
    /// The copy does not hold the entry, nor those that follow it.
    #[error("the copy lacks the entries from here to {0}")]
    LackingTo(u64),
    /// A sound record stands where another should.
    #[error("a record of entry {0} stands out of its place")]
    OutOfPlace(u64),
    /// The two copies of the entry differ.
    #[error("the two copies differ")]
    Differs,
    /// The copy cannot be read at all.
    #[error("the copy cannot be read: {0}")]
    Copy(String),
    /// The entries up to this one are not those that a checkpoint speaks of.
    #[error("{0}")]
    Checkpoint(#[from] Contradiction),
    /// A segment of the index is not what the journal gives.
    #[error("the segment of the entries from here to {0} is not what the journal gives")]
    Segment(u64),
    /// The entry is sound, but means nothing in this ledger.
    #[error("{0}")]
    Meaning(String),
}

/// An entry that was read, in its bytes and as what they say.
pub type Followed = (Sealed, Entry);

/// Reads the entry that should follow a head.
///
/// # Errors
/// The first [`Fault`] of the bytes as the successor of that head.
pub fn follow(head: &Head, bytes: Vec<u8>) -> Result<Followed, Fault> {
    let followed = read(bytes)?;
    linked(head, &followed.1)?;
    Ok(followed)
}

/// Reads entries that should follow a head and one another, as many as are sound: those, and the fault of the
/// next one.
///
/// Decoding and hashing need nothing of the entry before, so runs of entries are read side by side and joined
/// at the seams.
#[must_use]
pub fn follow_all(head: &Head, entries: Vec<Vec<u8>>) -> (Vec<Followed>, Option<Fault>) {
    let mut head = *head;
    let mut sound = Vec::with_capacity(entries.len());
    for found in abreast(entries, |_, _| true, |share| share.into_iter().map(read).collect()) {
        match found.and_then(|followed| linked(&head, &followed.1).map(|()| followed)) {
            Ok(followed) => {
                head = followed.0.head();
                sound.push(followed);
            }
            Err(fault) => return (sound, Some(fault)),
        }
    }
    (sound, None)
}

/// Reads an entry, whatever it follows.
pub(crate) fn read(bytes: Vec<u8>) -> Result<Followed, Fault> {
    let entry = Entry::decode(&bytes)?;
    Ok((Sealed::new(&entry, bytes), entry))
}

/// Checks that an entry follows a head.
pub(crate) fn linked(head: &Head, entry: &Entry) -> Result<(), Fault> {
    linked_to(head, entry.number, entry.previous, entry.recorded_at)
}

/// Checks that an entry of which this is known follows a head.
pub(crate) fn linked_to(head: &Head, number: u64, previous: Hash, recorded_at: Instant) -> Result<(), Fault> {
    if number != head.number + 1 {
        return Err(Fault::Number(number));
    }
    if previous != head.hash {
        return Err(Fault::Link { named: previous, actual: head.hash });
    }
    if recorded_at < head.recorded_at {
        return Err(Fault::Time(recorded_at));
    }
    Ok(())
}
