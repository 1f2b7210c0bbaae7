//! Frames: entries as they lie together in the store, packed, each frame vouching for itself wherever it stands.
//!
//! The key of a frame is the number of its first entry (u64, big-endian). The value, integers big-endian:
//!
//! ```text
//! 8       mark: version of the frame, 2, and the letters `chframe`
//! u32     CRC-32 of all that follows
//! u32     how many bytes follow packed, at the end
//! u32     how many they are unpacked
//! u64     number of the first entry
//! u64     length of the journal after the last entry, in bytes
//! 32      hash of the entry before the frame
//! 32      hash of the last entry
//! packed (LZ4, a block): (u16 length, entry without the hash of the one before it)*
//! ```
//!
//! The hash that each entry holds of the one before it would be what is left of most entries once they are packed; it
//! is left out, for it can be computed, from the first entry to the last, and the hash of the last tells whether it
//! came out right.
//!
//! A frame holds at most 48 entries of one run of 336 and 32 KiB, 7,500 bytes packed, unless one entry alone is longer: a page of sled
//! holds seventeen frames at most, and one of more than 128 KiB goes to a file that sled never syncs. Version 1, which is
//! still read, has `01`, the length of the journal and both hashes, and then the entries as they are, each after its
//! length.

use std::borrow::Cow;
use std::ops::Range;

use crate::chain::{Fault, Head};
use crate::entry::{Entry, Hash, LIMIT, NotAnEntry};
use crate::journal::record_length;

const WHOLE: u8 = 1;
/// What a packed frame begins with.
const MARK: &[u8; 8] = b"\x02chframe";
/// Mark, checksum, two lengths, number, length of the journal, two hashes.
const HEADER: usize = 8 + 3 * 4 + 2 * 8 + 2 * 32;
/// What the checksum does not cover: the mark, and itself.
const UNCHECKED: usize = 8 + 4;
const MOST_ENTRIES: usize = 48;
/// A frame ends with an entry whose number is a multiple of this, if it is not full before.
pub(super) const RUN: u64 = 7 * MOST_ENTRIES as u64;
const MOST_BYTES: usize = 32 * 1024;
const MOST_PACKED: usize = 7_500 - HEADER;
/// So many bytes come out of no frame: one entry may be so long, and whatever claims more is none.
const MOST_UNPACKED: usize = 2 + LIMIT;

/// Entries as they lie together in the store.
pub(crate) struct Frame<'a> {
    /// The number of the first.
    pub(crate) first: u64,
    pub(super) journal_bytes: u64,
    /// The hash of the entry before the first.
    pub(crate) previous: Hash,
    /// The hash of the last.
    pub(crate) last_hash: Hash,
    form: Form,
    bytes: Cow<'a, [u8]>,
    /// Where each entry lies in the bytes.
    places: Vec<Range<usize>>,
}

/// How entries lie in a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Whole,
    /// Without the hash of the entry before.
    Bare,
}

impl<'a> Frame<'a> {
    /// Reads what stands in the store under a key.
    pub(super) fn read(key: &[u8], value: &'a [u8]) -> Result<Self, Fault> {
        let first = key.try_into().ok().map(u64::from_be_bytes);
        let whole = || {
            if let Some((&WHOLE, rest)) = value.split_first() {
                return Self::whole(first?, rest);
            }
            let (frame, length) = Self::packed(value).ok()?;
            (length == value.len() && Some(frame.first) == first).then_some(frame)
        };
        whole().ok_or_else(|| Fault::Copy("a frame of the store is malformed".to_owned()))
    }

    /// Reads the rest of a frame of version 1.
    fn whole(first: u64, rest: &'a [u8]) -> Option<Self> {
        let (journal_bytes, rest) = rest.split_first_chunk()?;
        let (previous, rest) = rest.split_first_chunk()?;
        let (last_hash, rest) = rest.split_first_chunk()?;
        Some(Self {
            first,
            journal_bytes: u64::from_be_bytes(*journal_bytes),
            previous: Hash(*previous),
            last_hash: Hash(*last_hash),
            form: Form::Whole,
            places: places_in(rest)?,
            bytes: Cow::Borrowed(rest),
        })
    }

    /// Reads the packed frame with which these bytes begin, and says how long it is. Where there is none, says how many
    /// bytes it took to see that.
    pub(super) fn packed(bytes: &[u8]) -> Result<(Frame<'static>, usize), usize> {
        let header = Header::read(bytes).ok_or(0_usize)?;
        let length = HEADER + header.packed;
        let frame = bytes.get(..length).ok_or(0_usize)?;
        if crc32fast::hash(&frame[UNCHECKED..]) != header.crc {
            return Err(length);
        }
        header.unpack(&frame[HEADER..]).map(|frame| (frame, length)).ok_or(length + header.unpacked)
    }

    /// How many entries it holds.
    pub(crate) fn count(&self) -> usize {
        self.places.len()
    }

    /// How many bytes its entries take in it.
    pub(super) fn unpacked(&self) -> usize {
        self.bytes.len()
    }

    /// Whether this entry lies at a place of the frame. What the entry says of the one before it is not compared where
    /// the frame has left that out: whoever asks has verified the link, and compares the frame from its beginning.
    pub(crate) fn holds(&self, place: usize, entry: &[u8]) -> bool {
        let Some(theirs) = self.places.get(place).map(|place| &self.bytes[place.clone()]) else {
            return false;
        };
        match self.form {
            Form::Whole => theirs == entry,
            Form::Bare => bare(entry).is_some_and(|(before, after)| {
                theirs.strip_prefix(before).is_some_and(|theirs| theirs == after)
            }),
        }
    }

    /// The entries in their bytes.
    pub(super) fn entries(&self) -> Result<Vec<Vec<u8>>, Fault> {
        let theirs = self.places.iter().map(|place| &self.bytes[place.clone()]);
        if self.form == Form::Whole {
            return Ok(theirs.map(<[u8]>::to_vec).collect());
        }
        let mut hash = self.previous;
        let mut entries = Vec::with_capacity(self.count());
        for bare in theirs {
            let entry = linked_again(bare, hash)?;
            hash = Hash::of(&entry);
            entries.push(entry);
        }
        if hash == self.last_hash {
            Ok(entries)
        } else {
            Err(Fault::Link { named: self.last_hash, actual: hash })
        }
    }

    /// The head of a ledger that ends with this frame.
    pub(super) fn last_head(&self) -> Result<Head, Fault> {
        let entries = self.entries()?;
        let bytes = entries.last().map(Vec::as_slice).unwrap_or_default();
        let entry = Entry::decode(bytes)?;
        let hash = Hash::of(bytes);
        if hash != self.last_hash {
            return Err(Fault::Link { named: self.last_hash, actual: hash });
        }
        Ok(Head { number: entry.number, hash, recorded_at: entry.recorded_at })
    }
}

/// What stands before that which is packed.
struct Header {
    crc: u32,
    packed: usize,
    unpacked: usize,
    first: u64,
    journal_bytes: u64,
    previous: Hash,
    last_hash: Hash,
}

impl Header {
    /// None where there is no mark, or where a length is none that a frame can have.
    fn read(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(MARK)?;
        let (crc, rest) = rest.split_first_chunk()?;
        let (packed, rest) = rest.split_first_chunk()?;
        let (unpacked, rest) = rest.split_first_chunk()?;
        let (first, rest) = rest.split_first_chunk()?;
        let (journal_bytes, rest) = rest.split_first_chunk()?;
        let (previous, rest) = rest.split_first_chunk()?;
        let (last_hash, _) = rest.split_first_chunk()?;
        let header = Self {
            crc: u32::from_be_bytes(*crc),
            packed: usize::try_from(u32::from_be_bytes(*packed)).ok()?,
            unpacked: usize::try_from(u32::from_be_bytes(*unpacked)).ok()?,
            first: u64::from_be_bytes(*first),
            journal_bytes: u64::from_be_bytes(*journal_bytes),
            previous: Hash(*previous),
            last_hash: Hash(*last_hash),
        };
        let is_bounded = header.unpacked <= MOST_UNPACKED
            && header.packed <= lz4_flex::block::get_maximum_output_size(header.unpacked);
        is_bounded.then_some(header)
    }

    fn unpack(&self, packed: &[u8]) -> Option<Frame<'static>> {
        let mut bytes = vec![0; self.unpacked];
        let length = lz4_flex::block::decompress_into(packed, &mut bytes).ok()?;
        let places = (length == self.unpacked).then(|| places_in(&bytes))??;
        Some(Frame {
            first: self.first,
            journal_bytes: self.journal_bytes,
            previous: self.previous,
            last_hash: self.last_hash,
            form: Form::Bare,
            bytes: Cow::Owned(bytes),
            places,
        })
    }
}

/// Where entries lie of which each stands after its length; none where something is left over, or where there are none.
fn places_in(bytes: &[u8]) -> Option<Vec<Range<usize>>> {
    let mut places = Vec::with_capacity(MOST_ENTRIES);
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes.get(at..at + 2)?.try_into().ok().map(u16::from_be_bytes)?;
        let place = at + 2..at + 2 + usize::from(length);
        at = place.end;
        places.push(place);
    }
    (at == bytes.len() && !places.is_empty()).then_some(places)
}

/// What stands in an entry before the hash of the one before it, and what stands after.
fn bare(entry: &[u8]) -> Option<(&[u8], &[u8])> {
    let (before, rest) = entry.split_at_checked(Entry::link_in(entry).ok()?)?;
    Some((before, rest.split_first_chunk::<32>()?.1))
}

/// The entry of which this was left, given the hash of the one before it.
fn linked_again(bare: &[u8], previous: Hash) -> Result<Vec<u8>, Fault> {
    let at = Entry::link_in(bare)?;
    let mut entry = Vec::with_capacity(bare.len() + previous.0.len());
    entry.extend_from_slice(&bare[..at]);
    entry.extend_from_slice(&previous.0);
    entry.extend_from_slice(&bare[at..]);
    Ok(entry)
}

/// A frame that is being made: entries that follow one another, as they are.
pub(super) struct Making {
    first: u64,
    previous: Hash,
    bytes: Vec<u8>,
    /// Where each ends, in the bytes and in the journal.
    ends: Vec<(usize, u64)>,
    /// Where the first begins in the journal.
    begins: u64,
}

/// Entries of a frame in the making, packed.
pub(super) struct Packed {
    /// How many.
    pub(super) count: usize,
    /// The number of the first.
    pub(super) first: u64,
    pub(super) value: Vec<u8>,
    /// The head of a ledger that ends with the last.
    pub(super) head: Head,
    pub(super) journal_bytes: u64,
}

impl Making {
    /// A frame for what follows a head, where the journal is so long.
    pub(super) fn after(head: &Head, journal_bytes: u64) -> Self {
        Self {
            first: head.number + 1,
            previous: head.hash,
            bytes: Vec::with_capacity(MOST_BYTES),
            ends: Vec::with_capacity(MOST_ENTRIES),
            begins: journal_bytes,
        }
    }

    /// A frame that was written before it was full, to go on with; none where its entries cannot be had.
    pub(super) fn again(frame: &Frame<'_>) -> Option<Self> {
        let entries = frame.entries().ok()?;
        let length: u64 = entries.iter().map(|entry| record_length(entry.len())).sum();
        let before = Head { number: frame.first.checked_sub(1)?, hash: frame.previous, ..Head::EMPTY };
        let mut making = Self::after(&before, frame.journal_bytes.checked_sub(length)?);
        for entry in &entries {
            making.push(entry);
        }
        Some(making)
    }

    /// How long the journal is after its last entry.
    pub(super) fn journal_bytes(&self) -> u64 {
        self.ends.last().map_or(self.begins, |(_, journal_bytes)| *journal_bytes)
    }

    pub(super) fn has_room_for(&self, entry: &[u8]) -> bool {
        let count = self.ends.len();
        let begins_a_run = (self.first - 1 + count as u64).is_multiple_of(RUN);
        let fits = count < MOST_ENTRIES && self.bytes.len() + entry.len() <= MOST_BYTES && !begins_a_run;
        count == 0 || fits
    }

    pub(super) fn push(&mut self, entry: &[u8]) {
        let journal_bytes = self.journal_bytes() + record_length(entry.len());
        self.bytes.extend_from_slice(entry);
        self.ends.push((self.bytes.len(), journal_bytes));
    }

    fn entry(&self, place: usize) -> &[u8] {
        let begin = place.checked_sub(1).map_or(0, |before| self.ends[before].0);
        &self.bytes[begin..self.ends[place].0]
    }

    /// Packs the entries from a place on, as many as are not too long then; none where no entry stands there.
    pub(super) fn pack(&self, from: usize) -> Result<Option<Packed>, NotAnEntry> {
        let mut count = self.ends.len() - from;
        while count > 0 {
            let bare = self.bare(from..from + count)?;
            let packed = lz4_flex::block::compress(&bare);
            if count == 1 || packed.len() <= MOST_PACKED {
                return self.sealed(from..from + count, bare.len(), &packed).map(Some);
            }
            count = count.div_ceil(2);
        }
        Ok(None)
    }

    /// Entries as they are packed, each after its length and without the hash of the one before.
    fn bare(&self, places: Range<usize>) -> Result<Vec<u8>, NotAnEntry> {
        let mut bytes = Vec::with_capacity(self.bytes.len());
        for place in places {
            let none = || NotAnEntry::Malformed("it breaks off before its act".to_owned());
            let (before, after) = bare(self.entry(place)).ok_or_else(none)?;
            let length = u16::try_from(before.len() + after.len()).unwrap_or(u16::MAX);
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(before);
            bytes.extend_from_slice(after);
        }
        Ok(bytes)
    }

    fn sealed(&self, places: Range<usize>, unpacked: usize, packed: &[u8]) -> Result<Packed, NotAnEntry> {
        let (count, last) = (places.len(), places.end - 1);
        let first = self.first + places.start as u64;
        let before = places.start.checked_sub(1).map(|before| Hash::of(self.entry(before)));
        let hash = Hash::of(self.entry(last));
        let recorded_at = Entry::recorded_at_in(self.entry(last))?;
        let head = Head { number: first + count as u64 - 1, hash, recorded_at };
        let journal_bytes = self.ends[last].1;
        let checked = [
            &as_u32(packed.len()).to_be_bytes()[..],
            &as_u32(unpacked).to_be_bytes(),
            &first.to_be_bytes(),
            &journal_bytes.to_be_bytes(),
            &before.unwrap_or(self.previous).0,
            &hash.0,
            packed,
        ]
        .concat();
        let value = [&MARK[..], &crc32fast::hash(&checked).to_be_bytes(), &checked].concat();
        Ok(Packed { count, first, value, head, journal_bytes })
    }
}

/// A length of something that is shorter than a frame can be.
fn as_u32(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::act::{Act, Draft, Place};
    use crate::chain::{Sealed, seal};
    use crate::date::{Instant, RecordedAt};
    use proptest::prelude::*;
    use serde_json::Value;

    /// Entries of acts with these notes, from the first of a ledger on.
    fn entries(notes: &[String]) -> Vec<Sealed> {
        let mut head = Head::EMPTY;
        let seal = |note: &String| {
            let mut draft = Draft::new(0);
            for (name, word) in
                [("kind", "visit"), ("actor", "AAA"), ("effective", "2001"), ("note", note.as_str())]
            {
                draft.push(name, Value::from(word), Place::default());
            }
            let act: Act = Act::read(draft).unwrap();
            let sealed = seal(&head, Box::new(act), RecordedAt::Clock(Instant::UNIX_EPOCH)).unwrap();
            head = sealed.head();
            sealed
        };
        notes.iter().map(seal).collect()
    }

    fn making(entries: &[Sealed]) -> Making {
        let mut making = Making::after(&Head::EMPTY, 19);
        for sealed in entries {
            assert!(making.has_room_for(&sealed.bytes));
            making.push(&sealed.bytes);
        }
        making
    }

    fn visits(count: usize) -> Vec<Sealed> {
        entries(&(0..count).map(|n| format!("no {n}")).collect::<Vec<_>>())
    }

    /// Letters that do not pack.
    fn noise(length: usize, seed: u64) -> String {
        let mut state = seed + 1;
        let letter = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b' ' + 1 + u8::try_from((state >> 33) % 94).unwrap())
        };
        (0..length).map(letter).collect()
    }

    #[test]
    fn what_is_packed_comes_out_as_it_was_and_can_be_gone_on_with() {
        let sealed = visits(MOST_ENTRIES);
        let whole: u64 = sealed.iter().map(|sealed| record_length(sealed.bytes.len())).sum();
        for count in [1, 2, MOST_ENTRIES] {
            let packed = making(&sealed[..count]).pack(0).unwrap().unwrap();
            assert_eq!((packed.count, packed.head), (count, sealed[count - 1].head()));
            let frame = Frame::read(&1_u64.to_be_bytes(), &packed.value).unwrap();
            assert_eq!((frame.count(), frame.previous), (count, Hash::NONE));
            assert_eq!(frame.last_head().unwrap(), packed.head);
            let theirs = frame.entries().unwrap();
            assert!(sealed.iter().zip(&theirs).all(|(ours, theirs)| ours.bytes == *theirs));
            assert!((0..count).all(|place| frame.holds(place, &sealed[place].bytes)));
            assert!(!frame.holds(count, &sealed[0].bytes) && !frame.holds(0, &sealed[1].bytes));
            let mut again = Making::again(&frame).unwrap();
            for sealed in &sealed[count..] {
                again.push(&sealed.bytes);
            }
            assert_eq!(again.journal_bytes(), 19 + whole);
            let all = again.pack(0).unwrap().unwrap();
            assert_eq!(all.value, making(&sealed).pack(0).unwrap().unwrap().value);
        }
        assert!(Frame::read(&2_u64.to_be_bytes(), &making(&sealed).pack(0).unwrap().unwrap().value).is_err());
        assert!(making(&[]).pack(0).unwrap().is_none());
        assert!(!making(&sealed).has_room_for(&sealed[0].bytes));
    }

    #[test]
    fn a_frame_of_version_1_is_read() {
        let sealed = visits(3);
        let mut value = [&[WHOLE][..], &1_000_u64.to_be_bytes(), &[0; 32], &sealed[2].hash.0].concat();
        for sealed in &sealed {
            value.extend(u16::try_from(sealed.bytes.len()).unwrap().to_be_bytes());
            value.extend(&sealed.bytes);
        }
        let frame = Frame::read(&1_u64.to_be_bytes(), &value).unwrap();
        assert_eq!((frame.count(), frame.journal_bytes), (3, 1_000));
        assert_eq!(frame.last_head().unwrap(), sealed[2].head());
        assert!((0..3).all(|place| frame.holds(place, &sealed[place].bytes)));
        value.pop();
        assert!(Frame::read(&1_u64.to_be_bytes(), &value).is_err());
    }

    /// What does not pack goes into several frames, each short enough; an entry that is too long for one has its own.
    #[test]
    fn frames_stay_short() {
        let notes: Vec<String> = (0..30).map(|n| noise(900, n)).chain([noise(20_000, 99)]).collect();
        let sealed = entries(&notes);
        let mut making = Making::after(&Head::EMPTY, 19);
        let mut found = Vec::new();
        for sealed in &sealed {
            making.push(&sealed.bytes);
        }
        let mut from = 0;
        while let Some(packed) = making.pack(from).unwrap() {
            assert!(packed.value.len() <= 7_500 || packed.count == 1);
            let frame = Frame::read(&packed.first.to_be_bytes(), &packed.value).unwrap();
            found.extend(frame.entries().unwrap());
            from += packed.count;
        }
        assert!(sealed.iter().map(|sealed| &sealed.bytes).eq(&found));
    }

    /// The checksum made right, as it would be by someone who means it.
    fn with_checksum(mut value: Vec<u8>) -> Vec<u8> {
        if let Some((head, checked)) = value.split_at_mut_checked(UNCHECKED) {
            head[8..].copy_from_slice(&crc32fast::hash(checked).to_be_bytes());
        }
        value
    }

    #[test]
    fn lengths_that_no_frame_can_have_are_refused_before_anything_is_made() {
        let value = making(&visits(3)).pack(0).unwrap().unwrap().value;
        for (at, length) in [(12, u32::MAX), (12, 80_000), (16, u32::MAX), (16, 65_538), (16, 0), (12, 0)] {
            let mut forged = value.clone();
            forged[at..at + 4].copy_from_slice(&length.to_be_bytes());
            assert!(Frame::read(&1_u64.to_be_bytes(), &with_checksum(forged)).is_err());
        }
    }

    proptest! {
        /// However a frame is altered, and its checksum made right or not: nothing panics, and what gives its entries gives
        /// those that it had.
        #[test]
        fn no_altered_frame_gives_other_entries(
            count in 1_usize..20,
            flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
            cut in prop::option::of(any::<prop::sample::Index>()),
            forges in any::<bool>(),
        ) {
            let sealed = visits(count);
            let mut value = making(&sealed).pack(0).unwrap().unwrap().value;
            for (place, byte) in flips {
                let place = place.index(value.len());
                value[place] = byte;
            }
            if let Some(cut) = cut {
                value.truncate(cut.index(value.len()));
            }
            if forges {
                value = with_checksum(value);
            }
            if let Ok((frame, length)) = Frame::packed(&value) {
                prop_assert!(length <= value.len() && frame.unpacked() <= MOST_UNPACKED);
                if let Ok(theirs) = frame.entries() && frame.previous == Hash::NONE && frame.last_hash == sealed[count - 1].hash {
                    prop_assert!(sealed.iter().map(|sealed| &sealed.bytes).eq(&theirs));
                }
            }
        }

        #[test]
        fn any_bytes_after_a_mark_are_read_or_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..400),
            packed in 0_u32..400,
            unpacked in 0_u32..70_000,
        ) {
            let lengths = [packed.to_be_bytes(), unpacked.to_be_bytes()].concat();
            let value = [&MARK[..], &[0; 4], &lengths, &bytes].concat();
            if let Ok((frame, _)) = Frame::packed(&with_checksum(value)) {
                drop(frame.entries());
            }
        }
    }
}
