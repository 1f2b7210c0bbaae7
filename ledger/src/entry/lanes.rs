//! The hashes of many entries at once.
//!
//! BLAKE3 takes an entry block by block, 64 bytes each, and each block waits for the one before: a processor that could
//! hash sixteen inputs at once hashes one. So the entries of as many blocks are hashed together, up to their last
//! blocks, which are of any length and are taken one by one. The functions are those that the package itself is made
//! of; it keeps them for its own benches, so its version is pinned, and a test holds both ways to the same hashes.

use std::sync::LazyLock;

use blake3::IncrementCounter;
use blake3::platform::{Platform, le_bytes_from_words_32, words_from_le_bytes_32};

use super::{CONTEXT, Hash};

const BLOCK: usize = 64;
/// The most bytes that are hashed block by block; longer inputs are a tree.
const CHUNK: usize = 1024;

// What is said of a block beside its bytes: BLAKE3 specification, 2.2, table 3.
const CHUNK_START: u8 = 1;
const CHUNK_END: u8 = 1 << 1;
const ROOT: u8 = 1 << 3;
const DERIVE_KEY_MATERIAL: u8 = 1 << 6;

/// What stands between two blocks of an input.
type Chained = [u8; 32];

/// Hashes whole blocks, for entries with as many of them before their last.
type Start = fn(&Lanes, &[&[u8]], &mut [u8]);

const STARTS: [Start; CHUNK / BLOCK - 1] = [
    Lanes::start::<64>,
    Lanes::start::<128>,
    Lanes::start::<192>,
    Lanes::start::<256>,
    Lanes::start::<320>,
    Lanes::start::<384>,
    Lanes::start::<448>,
    Lanes::start::<512>,
    Lanes::start::<576>,
    Lanes::start::<640>,
    Lanes::start::<704>,
    Lanes::start::<768>,
    Lanes::start::<832>,
    Lanes::start::<896>,
    Lanes::start::<960>,
];

struct Lanes {
    platform: Platform,
    key: [u32; 8],
}

static LANES: LazyLock<Lanes> = LazyLock::new(|| Lanes {
    platform: Platform::detect(),
    key: words_from_le_bytes_32(&blake3::hazmat::hash_derive_key_context(CONTEXT)),
});

/// The hash of each entry.
pub(super) fn hashes(entries: &[&[u8]]) -> Vec<Hash> {
    let mut hashes = vec![Hash::NONE; entries.len()];
    let mut alike: [Vec<usize>; STARTS.len()] = Default::default();
    for (place, entry) in entries.iter().enumerate() {
        match blocks_before_last(entry) {
            Some(count) => alike[count - 1].push(place),
            None => hashes[place] = Hash::of(entry),
        }
    }
    for (places, start) in alike.iter().zip(STARTS) {
        LANES.hash(entries, places, start, &mut hashes);
    }
    hashes
}

/// How many whole blocks precede the last; none where there are none, or it is longer than a chunk.
fn blocks_before_last(entry: &[u8]) -> Option<usize> {
    let count = entry.len().checked_sub(1)? / BLOCK;
    (1..=STARTS.len()).contains(&count).then_some(count)
}

impl Lanes {
    /// Hashes the entries at some places, all with as many blocks before their last.
    fn hash(&self, entries: &[&[u8]], places: &[usize], start: Start, hashes: &mut [Hash]) {
        let alike: Vec<&[u8]> = places.iter().map(|place| entries[*place]).collect();
        let mut chained = vec![0; alike.len() * size_of::<Chained>()];
        start(self, &alike, &mut chained);
        for ((place, entry), chained) in places.iter().zip(alike).zip(chained.as_chunks().0) {
            hashes[*place] = self.end(chained, &entry[(entry.len() - 1) / BLOCK * BLOCK..]);
        }
    }

    fn start<const LENGTH: usize>(&self, entries: &[&[u8]], chained: &mut [u8]) {
        let starts: Vec<&[u8; LENGTH]> = entries.iter().filter_map(|entry| entry.first_chunk()).collect();
        self.platform.hash_many(
            &starts,
            &self.key,
            0,
            IncrementCounter::No,
            DERIVE_KEY_MATERIAL,
            CHUNK_START,
            0,
            chained,
        );
    }

    /// The hash of an entry of which the last block is left.
    fn end(&self, chained: &Chained, last: &[u8]) -> Hash {
        let mut block = [0; BLOCK];
        block[..last.len()].copy_from_slice(last);
        let mut words = words_from_le_bytes_32(chained);
        let length = u8::try_from(last.len()).unwrap_or(u8::MAX);
        let flags = DERIVE_KEY_MATERIAL | CHUNK_END | ROOT;
        self.platform.compress_in_place(&mut words, &block, length, 0, flags);
        Hash(le_bytes_from_words_32(&words))
    }
}

#[cfg(test)]
#[test]
fn many_hashes_are_those_of_each() {
    let bytes: Vec<u8> = (0..5000_u32).flat_map(u32::to_le_bytes).collect();
    let lengths = (0..1100).chain([2048, 2049, 20_000]);
    for copies in [1, 2, 19] {
        let entries: Vec<&[u8]> = lengths
            .clone()
            .flat_map(|length| (0..copies).map(move |from| (from, length)))
            .map(|(from, length)| &bytes[from.min(bytes.len() - length)..][..length])
            .collect();
        let each: Vec<Hash> = entries.iter().map(|entry| Hash::of(entry)).collect();
        assert_eq!(hashes(&entries), each);
    }
}
