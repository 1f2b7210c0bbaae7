//! A journal read in blocks of whole records, which several threads can work on side by side; nothing is allocated
//! for an entry.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::{FIRST_LINE, GOES_ON, HEADER, NotAJournal, checksum, end_of_written, length_in, open_file};
use crate::entry::LIMIT;

/// How long a block is, in bytes: longer than any record, and short enough to stay in the cache of a processor.
const BLOCK: usize = 1 << 19;

/// The blocks of a journal, one after another.
#[derive(Debug)]
pub(crate) struct Blocks {
    file: File,
    /// Where that ends which was ever written.
    written: u64,
    count: u64,
    /// Where the next block begins in the file, and what has been read of it.
    offset: u64,
    begun: Vec<u8>,
}

/// Some records that follow one another.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// Its place among the blocks, from 0.
    pub(crate) place: u64,
    offset: u64,
    length: usize,
    /// None where they were let go.
    bytes: Vec<u8>,
}

/// A record that agrees with its checksum.
pub(crate) struct Lying<'a> {
    /// Where it begins in the journal.
    pub(crate) offset: u64,
    pub(crate) entry: &'a [u8],
    /// Whether its append goes on after it.
    pub(crate) goes_on: bool,
}

impl Blocks {
    pub(crate) fn open(path: &Path) -> Result<Self, NotAJournal> {
        let file = open_file(path)?;
        let written = end_of_written(&file)?;
        Ok(Self { file, written, count: 0, offset: FIRST_LINE.len() as u64, begun: Vec::new() })
    }

    /// Reads the next block; false at the end of the journal.
    pub(crate) fn read(&mut self, block: &mut Block) -> io::Result<bool> {
        block.place = self.count;
        block.offset = self.offset;
        block.bytes.clear();
        if self.offset >= self.written {
            return Ok(false);
        }
        block.bytes.append(&mut self.begun);
        let lacking = BLOCK.saturating_sub(block.bytes.len());
        block.bytes.reserve_exact(lacking);
        (&mut self.file).take(lacking as u64).read_to_end(&mut block.bytes)?;
        let whole = block.length_of_whole(self.written);
        if self.offset + whole as u64 >= self.written {
            // Nothing but room follows.
            block.bytes.truncate(whole);
        }
        // At the end of the file, and where the length of a record can not be right, all of it is handed on: whoever
        // looks at the records finds that.
        if block.bytes.len() == BLOCK && whole > 0 {
            self.begun.extend_from_slice(&block.bytes[whole..]);
            block.bytes.truncate(whole);
        }
        block.length = block.bytes.len();
        self.count += 1;
        self.offset += block.length();
        Ok(!block.bytes.is_empty())
    }
}

impl Block {
    /// The length of the records that lie in it wholly and begin before an offset.
    fn length_of_whole(&self, until: u64) -> usize {
        let mut whole = 0;
        while self.offset + (whole as u64) < until {
            let Some((header, rest)) = self.bytes[whole..].split_first_chunk::<4>() else { break };
            let length = length_in(*header);
            if rest.len() + 4 < HEADER + length {
                break;
            }
            whole += HEADER + length;
        }
        whole
    }

    pub(crate) fn length(&self) -> u64 {
        self.length as u64
    }

    /// Lets its bytes go, for another block to use their memory.
    pub(crate) fn let_go(&mut self) -> Self {
        Self { bytes: std::mem::take(&mut self.bytes), ..Self::default() }
    }

    /// Reads its bytes again from the journal, if they were let go.
    pub(crate) fn read_again(&mut self, journal: &File) -> io::Result<()> {
        if self.bytes.is_empty() {
            self.bytes.resize(self.length, 0);
            journal.read_exact_at(&mut self.bytes, self.offset)?;
        }
        Ok(())
    }

    /// Its records; none in the place of one that is not sound, and nothing after it.
    pub(crate) fn records(&self) -> impl Iterator<Item = Option<Lying<'_>>> {
        let mut at = Some(0);
        std::iter::from_fn(move || {
            let begins = at.filter(|begins| *begins < self.bytes.len())?;
            let record = self.record(begins);
            at = record.as_ref().map(|record| begins + HEADER + record.entry.len());
            Some(record)
        })
    }

    /// The entries of its records, as long as they are whole; whoever asks has found them sound.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.bytes.as_slice();
        std::iter::from_fn(move || {
            let ([a, b, c, d, ..], after) = rest.split_first_chunk::<HEADER>()?;
            let (entry, after) = after.split_at_checked(length_in([*a, *b, *c, *d]))?;
            rest = after;
            Some(entry)
        })
    }

    fn record(&self, begins: usize) -> Option<Lying<'_>> {
        let (header, rest) = self.bytes[begins..].split_first_chunk::<HEADER>()?;
        let [a, b, c, d, crc @ ..] = *header;
        let word = u32::from_le_bytes([a, b, c, d]);
        let entry = rest.get(..length_in([a, b, c, d]))?;
        let sound = entry.len() <= LIMIT && checksum([a, b, c, d], entry) == u32::from_le_bytes(crc);
        sound.then(|| Lying { offset: self.offset + begins as u64, entry, goes_on: word & GOES_ON != 0 })
    }
}
