//! An act in the ledger: numbered, dated, linked to the entry before it.
//!
//! The bytes of an entry are its only form: they are written once, hashed as they stand, and never encoded a
//! second time. `docs/format.md` describes them: one byte of format version, then number, instant, whether the
//! instant was asserted, hash of the entry before, act, in bincode 2 (`config::standard`).
//!
//! bincode reads several byte strings as one value and passes over trailing bytes, so decoding is strict: every
//! byte is consumed, and encoding the result again must give the same bytes. Where that is sure beforehand, a short
//! way (`strict.rs`) spares the encoding.

mod lanes;
mod strict;

use std::fmt;
use std::sync::LazyLock;

use bincode::enc::write::Writer;
use bincode::error::EncodeError;
use serde::{Deserialize, Serialize};

use crate::act::Act;
use crate::act::skimmed::Skimmed;
use crate::date::Instant;
use strict::Strict;

/// The version of the format of entries that this library writes.
pub const VERSION: u8 = 1;

/// The most bytes that an entry may have.
pub const LIMIT: usize = 65_535;

/// The fewest bytes that an entry can have: version, number, instant and a bool of one byte each, a hash, an act
/// of 14 fields.
pub(crate) const SHORTEST: usize = 4 + 32 + 14;

/// bincode counts a number as eight bytes however few it takes, so its own limit must be wider than [`LIMIT`]: an
/// entry of as many bytes as are allowed would be written and never read. It still bounds what is allocated.
const CLAIMS: usize = 8 * LIMIT;

/// Domain separation (BLAKE3 `derive_key`): a hash of an entry is a hash of nothing else.
const CONTEXT: &str = "chancery 2026-11-23 ledger entry v1";

/// The hash of an entry; 32 zero bytes before the first one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What stands before the first entry.
    pub const NONE: Self = Self([0; 32]);

    /// The hash of the bytes of an entry.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        static START: LazyLock<blake3::Hasher> = LazyLock::new(|| blake3::Hasher::new_derive_key(CONTEXT));
        Self(START.clone().update(bytes).finalize().into())
    }

    /// The hashes of the bytes of entries, each of its own; many at once take a third of the time.
    pub(crate) fn of_each(entries: &[&[u8]]) -> Vec<Self> {
        lanes::hashes(entries)
    }

    /// Reads 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hash = blake3::Hash::from_hex(text).ok()?;
        let hash = Self(hash.into());
        (hash.to_string() == text).then_some(hash)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(blake3::Hash::from_bytes(self.0).to_hex().as_str())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// An entry of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place, from 1, with no gaps.
    pub number: u64,
    /// When the register learned of the act.
    pub recorded_at: Instant,
    /// Whether that instant was given by the registrar, and not read off the clock.
    pub asserted: bool,
    /// The hash of the entry before it.
    pub previous: Hash,
    /// The act; apart, for it is long, and entries are handed on often.
    pub act: Box<Act>,
}

/// What an entry says before its act.
pub(crate) struct Beginning {
    pub(crate) number: u64,
    pub(crate) recorded_at: Instant,
    asserted: bool,
    pub(crate) previous: Hash,
}

/// Why bytes are not an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnEntry {
    /// There are no bytes at all.
    #[error("it is empty")]
    Empty,
    /// The format is one that this program does not know.
    #[error("its format is version {0}; this program reads version {VERSION}")]
    OtherVersion(u8),
    /// The bytes break off, or hold a value that no act can have.
    #[error("it does not decode: {0}")]
    Malformed(String),
    /// The bytes decode, but are not the one form of what they say.
    #[error("its bytes are not the canonical form of what they say")]
    NotCanonical,
}

#[derive(Serialize)]
struct Written<'a> {
    number: u64,
    recorded_at: i64,
    asserted: bool,
    previous: Hash,
    act: &'a Act,
}

/// Compares what is written with the bytes that are there, and keeps nothing.
struct Same<'a>(&'a [u8]);

impl Writer for Same<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.0 = self.0.strip_prefix(bytes).ok_or(EncodeError::UnexpectedEnd)?;
        Ok(())
    }
}

#[derive(Deserialize)]
struct Read {
    number: u64,
    recorded_at: i64,
    asserted: bool,
    previous: Hash,
    act: Box<Act>,
}

impl Entry {
    /// The bytes of the entry. They may be longer than [`LIMIT`]; who seals an entry checks.
    ///
    /// # Panics
    /// Never: writing to memory does not fail, and every value of an act has a binary form.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(512);
        bytes.push(VERSION);
        bincode::serde::encode_into_std_write(self.written(), &mut bytes, bincode::config::standard())
            .expect("an act has a binary form");
        bytes
    }

    fn written(&self) -> Written<'_> {
        Written {
            number: self.number,
            recorded_at: self.recorded_at.as_microsecond(),
            asserted: self.asserted,
            previous: self.previous,
            act: &self.act,
        }
    }

    /// Whether these bytes, after the version, are those of the entry.
    fn is_written(&self, body: &[u8]) -> bool {
        let mut rest = Same(body);
        let same = bincode::serde::encode_into_writer(self.written(), &mut rest, bincode::config::standard());
        same.is_ok() && rest.0.is_empty()
    }

    /// When the entry of these bytes was recorded, told without reading the rest.
    ///
    /// # Errors
    /// [`NotAnEntry`] when not even that can be read.
    pub fn recorded_at_in(bytes: &[u8]) -> Result<Instant, NotAnEntry> {
        let malformed = |words: String| NotAnEntry::Malformed(words);
        let (_, body) = bytes.split_first().ok_or(NotAnEntry::Empty)?;
        let ((_, recorded_at), _): ((u64, i64), usize) =
            bincode::serde::decode_from_slice(body, bincode::config::standard())
                .map_err(|e| malformed(e.to_string()))?;
        Instant::from_microsecond(recorded_at).map_err(|e| malformed(e.to_string()))
    }

    /// Where the hash of the entry before stands in the bytes of an entry, told without reading the rest.
    pub(crate) fn link_in(bytes: &[u8]) -> Result<usize, NotAnEntry> {
        let (_, body) = bytes.split_first().ok_or(NotAnEntry::Empty)?;
        Strict::of(body).link().ok_or(NotAnEntry::NotCanonical).map(|length| 1 + length)
    }

    /// The bytes with which the entry of a number begins.
    pub(crate) fn beginning(number: u64) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bincode::serde::encode_into_std_write(number, &mut bytes, bincode::config::standard())
            .expect("a number has a binary form");
        bytes
    }

    /// Reads the bytes of an entry, strictly.
    ///
    /// # Errors
    /// [`NotAnEntry`] when the bytes are not exactly what [`Entry::encode`] gives for some entry.
    pub fn decode(bytes: &[u8]) -> Result<Self, NotAnEntry> {
        Self::decode_shortly(bytes).map_or_else(|| Self::decode_and_compare(bytes), Ok)
    }

    /// The entry, where its bytes surely have their one form.
    fn decode_shortly(bytes: &[u8]) -> Option<Self> {
        let mut reader = Strict::new(bytes)?;
        let (beginning, act) = (reader.beginning()?, Box::deserialize(&mut reader).ok()?);
        let Beginning { number, recorded_at, asserted, previous } = beginning;
        let entry = Self { number, recorded_at, asserted, previous, act };
        let is_canonical =
            reader.rest.is_empty() && (!reader.may_be_rearranged || entry.is_written(&bytes[1..]));
        is_canonical.then_some(entry)
    }

    /// Looks at the bytes of an entry where they lie, as strictly as [`Entry::decode`]; none where they are none.
    pub(crate) fn skim(bytes: &[u8]) -> Option<(Beginning, Skimmed<'_>)> {
        let mut reader = Strict::new(bytes)?;
        let (beginning, act) = (reader.beginning()?, Skimmed::read(&mut reader)?);
        let is_canonical =
            reader.rest.is_empty() && (!reader.may_be_rearranged || Self::decode(bytes).is_ok());
        is_canonical.then_some((beginning, act))
    }

    /// What the bytes say, whatever it is, if that is written as they are; this is the law.
    fn decode_and_compare(bytes: &[u8]) -> Result<Self, NotAnEntry> {
        let (version, body) = bytes.split_first().ok_or(NotAnEntry::Empty)?;
        if *version != VERSION {
            return Err(NotAnEntry::OtherVersion(*version));
        }
        if bytes.len() > LIMIT {
            return Err(NotAnEntry::Malformed(format!(
                "it is {} bytes long; the limit is {LIMIT}",
                bytes.len()
            )));
        }
        let limited = bincode::config::standard().with_limit::<CLAIMS>();
        let (read, consumed): (Read, usize) = bincode::serde::borrow_decode_from_slice(body, limited)
            .map_err(|e| NotAnEntry::Malformed(e.to_string()))?;
        let recorded_at =
            Instant::from_microsecond(read.recorded_at).map_err(|e| NotAnEntry::Malformed(e.to_string()))?;
        let entry = Self {
            number: read.number,
            recorded_at,
            asserted: read.asserted,
            previous: read.previous,
            act: read.act,
        };
        if consumed == body.len() && entry.is_written(body) {
            Ok(entry)
        } else {
            Err(NotAnEntry::NotCanonical)
        }
    }
}
