//! The tree: one SHA-256 root over all entries, and paths that tie an entry, or an older root, to it.
//!
//! The tree is that of RFC 6962, section 2.1, over the bytes of the entries as they are stored:
//!
//! ```text
//! leaf  SHA-256(0x00 ‖ entry)
//! node  SHA-256(0x01 ‖ left ‖ right)
//! ```
//!
//! The entries also name the BLAKE3 hash of the one before them, so chain and tree are bound leaf by leaf. Leaves
//! count from 0 and entries from 1: entry 271 is leaf 270. The arithmetic of RFC 6962 is that of `tlog_tiles`, a
//! port of Go's `sumdb/tlog`; the tree keeps every complete subtree by level, so that a path is read, not computed.
//!
//! Nothing of the tree is stored in a ledger: it follows from the entries, and is made anew from them when asked.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tlog_tiles::HashReader;

/// The most hashes that a path can have: one for each level of a tree of 2⁶³ leaves.
pub const LONGEST_PATH: usize = 63;

/// The hash of a leaf, of a node, or of the whole tree: its root.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TreeHash(pub [u8; 32]);

impl TreeHash {
    /// The hash of the leaf of an entry.
    #[must_use]
    pub fn of_entry(bytes: &[u8]) -> Self {
        Self(tlog_tiles::record_hash(bytes).0)
    }

    /// The hash of the node above two others.
    #[must_use]
    pub fn above(left: Self, right: Self) -> Self {
        Self(tlog_tiles::node_hash(left.theirs(), right.theirs()).0)
    }

    /// Reads base64 (RFC 4648, section 4) in its one canonical spelling.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hash = Self(STANDARD.decode(text).ok()?.try_into().ok()?);
        (hash.to_string() == text).then_some(hash)
    }

    fn theirs(self) -> tlog_tiles::Hash {
        tlog_tiles::Hash(self.0)
    }
}

impl fmt::Display for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The tree over the entries of a ledger.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// For each level the hashes of its complete subtrees, from the left; level 0 holds the leaves.
    levels: Vec<Vec<TreeHash>>,
}

impl Tree {
    /// Adds the next entry.
    pub fn push(&mut self, entry: &[u8]) {
        self.push_leaf(TreeHash::of_entry(entry));
    }

    /// Adds the next entry by the hash of its leaf.
    pub(crate) fn push_leaf(&mut self, leaf: TreeHash) {
        let mut hash = leaf;
        for level in 0.. {
            if level == self.levels.len() {
                self.levels.push(Vec::new());
            }
            let row = &mut self.levels[level];
            row.push(hash);
            // Every second hash of a level completes a subtree of the level above.
            let &[.., left, right] = row.as_slice() else { return };
            if row.len() % 2 == 1 {
                return;
            }
            hash = TreeHash::above(left, right);
        }
    }

    /// Forgets all but the first `size` entries.
    pub fn truncate(&mut self, size: u64) {
        let mut keep = usize::try_from(size).unwrap_or(usize::MAX);
        for row in &mut self.levels {
            row.truncate(keep);
            keep /= 2;
        }
    }

    /// How many entries it covers.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// The root over the first `size` entries; none when there are fewer.
    #[must_use]
    pub fn root(&self, size: u64) -> Option<TreeHash> {
        let covered = size <= self.size();
        covered.then(|| tlog_tiles::tree_hash(size, self).ok()).flatten().map(|root| TreeHash(root.0))
    }

    /// The path from a leaf to the root over the first `size` entries, the sibling of the leaf first; none when
    /// the leaf is not among them, or the tree has fewer.
    #[must_use]
    pub fn inclusion(&self, leaf: u64, size: u64) -> Option<Vec<TreeHash>> {
        let covered = leaf < size && size <= self.size();
        covered.then(|| tlog_tiles::prove_record(size, leaf, self).ok()).flatten().map(ours)
    }

    /// The path that ties the root over the first `old` entries to that over the first `new`; none when the tree
    /// has fewer, or `old` is 0 or more than `new`.
    #[must_use]
    pub fn consistency(&self, old: u64, new: u64) -> Option<Vec<TreeHash>> {
        let covered = 0 < old && old <= new && new <= self.size();
        covered.then(|| tlog_tiles::prove_tree(new, old, self).ok()).flatten().map(ours)
    }

    /// Hashes of complete subtrees of 2^`level` leaves, from the `first` on; none when the tree has not so many.
    #[must_use]
    pub fn row(&self, level: u8, first: u64, count: u64) -> Option<&[TreeHash]> {
        let (first, count) = (usize::try_from(first).ok()?, usize::try_from(count).ok()?);
        self.levels.get(usize::from(level))?.get(first..first.checked_add(count)?)
    }
}

impl HashReader for Tree {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        let read = |index: &u64| {
            let (level, place) = tlog_tiles::split_stored_hash_index(*index);
            let hash = self.row(level, place, 1).and_then(<[TreeHash]>::first);
            hash.map(|hash| hash.theirs()).ok_or(tlog_tiles::Error::IndexesNotInTree)
        };
        indexes.iter().map(read).collect()
    }
}

/// How many hashes the path from a leaf to the root over `size` entries has (RFC 9162, section 2.1.3.2).
#[must_use]
pub fn inclusion_length(leaf: u64, size: u64) -> usize {
    let Some(last) = size.checked_sub(1) else { return 0 };
    // Below the level where the leaf and the last leaf meet, every level adds a hash; above it, only those
    // where the leaf lies to the right.
    let inner = u64::BITS - (leaf ^ last).leading_zeros();
    let border = leaf.checked_shr(inner).unwrap_or(0).count_ones();
    usize::try_from(inner + border).unwrap_or(LONGEST_PATH)
}

/// Whether a path ties a leaf to a root over `size` entries.
#[must_use]
pub fn is_included(path: &[TreeHash], leaf: u64, hash: TreeHash, size: u64, root: TreeHash) -> bool {
    path.len() <= LONGEST_PATH
        && tlog_tiles::check_record(&theirs(path), size, root.theirs(), leaf, hash.theirs()).is_ok()
}

/// Whether a path ties the root over the first `old` entries to that over `new`. Every tree continues an empty
/// one, and for that the path is empty.
#[must_use]
pub fn is_continued(
    path: &[TreeHash],
    (old, old_root): (u64, TreeHash),
    (new, new_root): (u64, TreeHash),
) -> bool {
    if old == 0 {
        return path.is_empty() && old_root == empty_root() && (new > 0 || new_root == old_root);
    }
    path.len() <= LONGEST_PATH
        && tlog_tiles::check_tree(&theirs(path), new, new_root.theirs(), old, old_root.theirs()).is_ok()
}

/// The root over no entries: the hash of nothing.
#[must_use]
pub fn empty_root() -> TreeHash {
    TreeHash(tlog_tiles::EMPTY_HASH.0)
}

fn ours(path: Vec<tlog_tiles::Hash>) -> Vec<TreeHash> {
    path.into_iter().map(|hash| TreeHash(hash.0)).collect()
}

fn theirs(path: &[TreeHash]) -> Vec<tlog_tiles::Hash> {
    path.iter().map(|hash| hash.theirs()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The leaves of the test vectors that the Certificate Transparency projects share.
    const LEAVES: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];

    /// Their roots over the first 1 to 8 leaves.
    const ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    fn hex(hash: TreeHash) -> String {
        blake3::Hash::from_bytes(hash.0).to_hex().to_string()
    }

    fn tree_of(count: u64) -> Tree {
        let mut tree = Tree::default();
        for place in 0..count {
            tree.push(format!("leaf {place}").as_bytes());
        }
        tree
    }

    #[test]
    fn roots_are_those_of_rfc_6962() {
        let mut tree = Tree::default();
        assert_eq!(tree.root(0), Some(empty_root()));
        for (size, (leaf, root)) in (1..).zip(LEAVES.into_iter().zip(ROOTS)) {
            tree.push(leaf);
            assert_eq!(tree.root(size).map(hex).as_deref(), Some(root), "{size} leaves");
        }
        assert_eq!(tree.root(9), None);
        tree.truncate(5);
        assert_eq!(tree.root(5).map(hex).as_deref(), Some(ROOTS[4]));
        assert_eq!(tree.root(6), None);
        tree.push(LEAVES[5]);
        assert_eq!(tree.root(6).map(hex).as_deref(), Some(ROOTS[5]));
    }

    #[test]
    fn paths_are_those_of_rfc_6962() {
        let mut tree = Tree::default();
        for leaf in LEAVES {
            tree.push(leaf);
        }
        let path = |path: Option<Vec<TreeHash>>| path.unwrap().into_iter().map(hex).collect::<Vec<_>>();
        assert_eq!(
            path(tree.inclusion(5, 8)),
            [
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]
        );
        assert_eq!(
            path(tree.consistency(6, 8)),
            [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]
        );
    }

    #[test]
    fn every_leaf_is_proved_and_no_path_serves_another_purpose() {
        let tree = tree_of(40);
        for size in 1..=40 {
            let root = tree.root(size).unwrap();
            for leaf in 0..size {
                let path = tree.inclusion(leaf, size).unwrap();
                let hash = TreeHash::of_entry(format!("leaf {leaf}").as_bytes());
                assert_eq!(path.len(), inclusion_length(leaf, size));
                assert!(is_included(&path, leaf, hash, size, root));
                assert!(!is_included(&path, leaf, root, size, root) || size == 1);
                assert!(!is_included(&path, leaf + 1, hash, size, root), "leaf {leaf} of {size}");
                if let Some((_, shorter)) = path.split_last() {
                    assert!(!is_included(shorter, leaf, hash, size, root));
                }
                assert!(!is_included(&[path, vec![hash]].concat(), leaf, hash, size, root));
            }
            for old in 1..=size {
                let path = tree.consistency(old, size).unwrap();
                let old_root = tree.root(old).unwrap();
                assert!(is_continued(&path, (old, old_root), (size, root)));
                assert!(old == size || !is_continued(&path, (old, root), (size, root)));
                assert!(!is_continued(&[path, vec![root]].concat(), (old, old_root), (size, root)));
            }
        }
        assert!(tree.inclusion(40, 40).is_none() && tree.consistency(0, 40).is_none());
        assert!(is_continued(&[], (0, empty_root()), (40, tree.root(40).unwrap())));
    }

    #[test]
    fn hostile_numbers_are_refused_without_a_panic() {
        let hash = TreeHash([3; 32]);
        for size in [0, 1, 2, u64::MAX - 1, u64::MAX] {
            for leaf in [0, 1, size.wrapping_sub(1), size, u64::MAX] {
                for length in [0, 1, 62, 63, 64, 65] {
                    let path = vec![hash; length];
                    let root = TreeHash([7; 32]);
                    assert!(!is_included(&path, leaf, hash, size, root));
                    assert!(!is_continued(&path, (leaf, hash), (size, root)));
                }
            }
        }
    }

    #[test]
    fn a_hash_has_one_spelling() {
        let text = TreeHash::of_entry(b"").to_string();
        assert_eq!(TreeHash::parse(&text).map(|hash| hash.to_string()), Some(text.clone()));
        for other in [&text[..43], &format!("{text}="), &text.replace('=', ""), &format!("{text}\n"), ""] {
            assert_eq!(TreeHash::parse(other), None, "{other}");
        }
        // The last digit of a 32-byte hash has two bits that say nothing; they must be zero.
        assert_eq!(text, "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=");
        assert_eq!(TreeHash::parse("bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB1="), None);
    }
}
