//! Publishing: the log as plain files that any web server can serve (c2sp.org/tlog-tiles), and a ledger from them.
//!
//! ```text
//! checkpoint                the signed checkpoint, written last
//! tile/<L>/<N>[.p/<W>]      256 hashes of 32 bytes: row 8·L of the tree from hash 256·N on; W of them where
//!                           there are fewer
//! tile/entries/<N>[.p/<W>]  256 entries, each a length (u16, big-endian) and its bytes
//! ```
//!
//! N is written in groups of three digits, all but the last with an `x`: 1234067 is `x001/x234/067`. Every file is
//! complete and on disk before it appears under its name, and the checkpoint comes after all that it speaks of, so
//! a reader never meets a checkpoint whose files are not there. Files of an earlier, narrower tree are left: a
//! reader may still hold the checkpoint that goes with them.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::chain::{Fault, Head, Sealed, follow};
use crate::checkpoint::{Contradiction, NotACheckpoint, Signed};
use crate::copies::sync_dir;
use crate::history::Log;
use crate::journal::Journal;
use crate::ledger::make;
use crate::merkle::Tree;
use crate::policy::{NotVouched, Policy, Vouched};

/// How many hashes or entries a file has when it is full.
const WIDTH: u64 = 256;
/// A tile spans this many levels of the tree.
const HEIGHT: u8 = 8;
const CHECKPOINT: &str = "checkpoint";

/// Why a log was not published. Files may have been written; the checkpoint was not.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// What was published before is not of this ledger, or the new checkpoint is not.
    #[error("the {which} checkpoint is not of this ledger: {contradiction}")]
    Contradiction {
        /// Which of the two: `published` or `new`.
        which: &'static str,
        /// How it contradicts the ledger.
        contradiction: Contradiction,
    },
    /// What was published before is of another log.
    #[error("the directory publishes the log `{published}`, and the new checkpoint is of `{new}`")]
    OtherLog {
        /// The origin of what is published.
        published: String,
        /// The origin of the new checkpoint.
        new: String,
    },
    /// What was published before reaches further.
    #[error("the directory publishes {published} entries already, and the new checkpoint speaks of {new}")]
    Older {
        /// The size of what is published.
        published: u64,
        /// The size of the new checkpoint.
        new: u64,
    },
    /// There is a checkpoint that cannot be read.
    #[error("{path}: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: NotACheckpoint,
    },
    /// Another process is publishing there.
    #[error("another process is publishing in {0}")]
    Taken(PathBuf),
    /// The disk would not.
    #[error("{path}: {error}")]
    Io {
        /// What was read or written.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
}

/// Why a ledger was not restored. Nothing is left at its path.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Something is there already.
    #[error("the path is taken")]
    Exists,
    /// The checkpoint cannot be read.
    #[error("{path}: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: NotACheckpoint,
    },
    /// The policy does not accept the checkpoint.
    #[error(transparent)]
    NotVouched(#[from] NotVouched),
    /// A file of entries is not made as one.
    #[error("{path} does not hold exactly {entries} entries")]
    Bundle {
        /// The file.
        path: PathBuf,
        /// How many entries it should hold.
        entries: u64,
    },
    /// An entry does not follow the one before it.
    #[error("entry {entry}: {fault}")]
    Entry {
        /// Its number.
        entry: u64,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The entries are not those that the checkpoint speaks of.
    #[error(transparent)]
    Contradiction(#[from] Contradiction),
    /// A tile does not hold the hashes that follow from the entries.
    #[error("{0} does not hold the hashes that follow from the entries")]
    Tile(PathBuf),
    /// A file cannot be read.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
    /// The ledger could not be written.
    #[error("the ledger could not be written: {0}")]
    Io(#[from] io::Error),
}

/// A file of the published log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tile {
    /// The level of a tile of hashes; none for a file of entries.
    level: Option<u8>,
    number: u64,
    width: u64,
}

impl Tile {
    /// Where it lies within the directory.
    fn path(self) -> String {
        let mut digits = format!("{:03}", self.number % 1000);
        let mut rest = self.number / 1000;
        while rest > 0 {
            digits = format!("x{:03}/{digits}", rest % 1000);
            rest /= 1000;
        }
        let level = self.level.map_or_else(|| "entries".to_owned(), |level| level.to_string());
        let part = if self.width < WIDTH { format!(".p/{}", self.width) } else { String::new() };
        format!("tile/{level}/{digits}{part}")
    }

    /// The bytes of a tile of hashes.
    fn hashes(self, level: u8, tree: &Tree) -> Vec<u8> {
        let row = tree.row(HEIGHT * level, self.number * WIDTH, self.width).unwrap_or_default();
        row.iter().flat_map(|hash| hash.0).collect()
    }
}

/// The files that a log of `new` entries has and one of `old` entries has not; of entries where `level` is none.
fn tiles_of(level: Option<u8>, old: u64, new: u64) -> impl Iterator<Item = Tile> {
    let shift = u32::from(HEIGHT * level.unwrap_or(0));
    let (had, has) = (old >> shift, new >> shift);
    let numbers = if had == has { 0..0 } else { had / WIDTH..has.div_ceil(WIDTH) };
    numbers.map(move |number| Tile { level, number, width: WIDTH.min(has - number * WIDTH) })
}

fn levels_of(size: u64) -> impl Iterator<Item = u8> {
    (0..u8::try_from(u64::BITS).unwrap_or(u8::MAX) / HEIGHT)
        .take_while(move |level| size >> (HEIGHT * level) > 0)
}

/// The length and the bytes of each entry.
fn bundle_of<'a>(entries: impl Iterator<Item = &'a Vec<u8>>) -> Vec<u8> {
    let mut bundle = Vec::new();
    for entry in entries {
        let length = u16::try_from(entry.len()).unwrap_or(u16::MAX);
        bundle.extend_from_slice(&length.to_be_bytes());
        bundle.extend_from_slice(entry);
    }
    bundle
}

/// The entries of a bundle; none when the bytes do not come out even.
fn entries_of(mut bundle: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bundle.split_first_chunk() {
        let (entry, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        entries.push(entry.to_vec());
        bundle = rest;
    }
    bundle.is_empty().then_some(entries)
}

/// A directory in which a log is published, and how far.
#[derive(Debug)]
pub struct Publication {
    dir: PathBuf,
    published: Option<Signed>,
    _lock: File,
}

impl Publication {
    /// Looks at how far a log is published in a directory, which is made if it is not there, and keeps other
    /// publishers out of it.
    ///
    /// # Errors
    /// [`PublishError`] when someone else is publishing, or there is a checkpoint that cannot be read.
    pub fn open(dir: &Path) -> Result<Self, PublishError> {
        let at = |error| PublishError::Io { path: dir.to_owned(), error };
        // The directory itself is locked: a file for that would be published as well.
        let lock = fs::create_dir_all(dir).and_then(|()| File::open(dir)).map_err(at)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => PublishError::Taken(dir.to_owned()),
            TryLockError::Error(error) => at(error),
        })?;
        let path = dir.join(CHECKPOINT);
        let published = match fs::read(&path) {
            Ok(bytes) => {
                let signed = Signed::parse(&bytes);
                Some(signed.map_err(|error| PublishError::Unreadable { path, error })?)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(PublishError::Io { path, error }),
        };
        Ok(Self { dir: dir.to_owned(), published, _lock: lock })
    }

    fn size(&self) -> u64 {
        self.published.as_ref().map_or(0, |signed| signed.checkpoint.size)
    }

    /// Publishes what the ledger has beyond what is published, up to a checkpoint. Gives the number of files
    /// written.
    ///
    /// # Errors
    /// [`PublishError`]; readers then see what was published before.
    pub fn write(&self, log: &Log, signed: &Signed) -> Result<u64, PublishError> {
        self.check(&log.tree, signed)?;
        let (old, new) = (self.size(), signed.checkpoint.size);
        let mut files = Shelf { dir: &self.dir, count: 0, dirs: BTreeSet::new() };
        for tile in tiles_of(None, old, new) {
            let from = usize::try_from(tile.number * WIDTH).unwrap_or(usize::MAX);
            let width = usize::try_from(tile.width).unwrap_or(usize::MAX);
            let entries = log.entries.iter().skip(from).take(width).map(|(sealed, _)| &sealed.bytes);
            files.put(&tile.path(), &bundle_of(entries))?;
        }
        for level in levels_of(new) {
            for tile in tiles_of(Some(level), old, new) {
                files.put(&tile.path(), &tile.hashes(level, &log.tree))?;
            }
        }
        files.sync()?;
        files.put(CHECKPOINT, signed.to_string().as_bytes())?;
        files.sync()?;
        Ok(files.count)
    }

    fn check(&self, tree: &Tree, signed: &Signed) -> Result<(), PublishError> {
        let new = &signed.checkpoint;
        let against = |signed: &Signed, which| {
            let checked = signed.checkpoint.check_against(tree);
            checked.map_err(|contradiction| PublishError::Contradiction { which, contradiction })
        };
        against(signed, "new")?;
        let Some(published) = &self.published else { return Ok(()) };
        let old = &published.checkpoint;
        if old.origin != new.origin {
            return Err(PublishError::OtherLog { published: old.origin.clone(), new: new.origin.clone() });
        }
        against(published, "published")?;
        if old.size > new.size {
            return Err(PublishError::Older { published: old.size, new: new.size });
        }
        Ok(())
    }
}

/// Files that are put into a directory, and the directories whose names are not on disk yet.
struct Shelf<'a> {
    dir: &'a Path,
    count: u64,
    dirs: BTreeSet<PathBuf>,
}

impl Shelf<'_> {
    /// Puts a file in its place, complete.
    fn put(&mut self, name: &str, bytes: &[u8]) -> Result<(), PublishError> {
        let path = self.dir.join(name);
        let dir = path.parent().unwrap_or(self.dir);
        write_whole(&path, bytes).map_err(|error| PublishError::Io { path: path.clone(), error })?;
        self.count += 1;
        let above = dir.ancestors().take_while(|above| above.starts_with(self.dir));
        self.dirs.extend(above.map(Path::to_owned));
        Ok(())
    }

    fn sync(&mut self) -> Result<(), PublishError> {
        for path in std::mem::take(&mut self.dirs) {
            sync_dir(&path).map_err(|error| PublishError::Io { path, error })?;
        }
        Ok(())
    }
}

/// Writes a file so that it is complete, and on disk, before it appears under its name. The name itself reaches
/// the disk when its directory is synced.
///
/// # Errors
/// When the disk would not; the file is then as it was.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)
}

/// Makes a ledger at `dir` from a log that was published in `from`: the same entries, the same head, the same
/// root. Every byte is verified: the checkpoint against the policy, each entry against the one before it, all of
/// them against the root, and each tile against the entries.
///
/// # Errors
/// [`RestoreError`]; nothing is left at `dir` then.
pub fn restore(from: &Path, policy: &Policy, dir: &Path) -> Result<(Head, Vouched), RestoreError> {
    if dir.exists() {
        return Err(RestoreError::Exists);
    }
    let path = from.join(CHECKPOINT);
    let signed = Signed::parse(&read(&path)?).map_err(|error| RestoreError::Unreadable { path, error })?;
    let vouched = policy.accept(&signed)?;
    let mut head = Head::EMPTY;
    make(dir, |journal| {
        let tree;
        (tree, head) = read_entries(from, signed.checkpoint.size, journal)?;
        signed.checkpoint.check_against(&tree)?;
        check_tiles(from, &tree)
    })?;
    Ok((head, vouched))
}

/// Reads the entries into a journal, each as the successor of the one before it.
fn read_entries(from: &Path, size: u64, journal: &mut Journal) -> Result<(Tree, Head), RestoreError> {
    /// How many entries are written to the journal at a time.
    const CHUNK: usize = 4096;
    let (mut tree, mut head) = (Tree::default(), Head::EMPTY);
    let mut pending: Vec<Sealed> = Vec::new();
    for tile in tiles_of(None, 0, size) {
        let path = from.join(tile.path());
        let entries = entries_of(&read(&path)?).filter(|entries| entries.len() as u64 == tile.width);
        let entries = entries.ok_or(RestoreError::Bundle { path, entries: tile.width })?;
        for bytes in entries {
            tree.push(&bytes);
            let entry = head.number + 1;
            let (sealed, _) = follow(&head, bytes).map_err(|fault| RestoreError::Entry { entry, fault })?;
            head = sealed.head();
            pending.push(sealed);
        }
        if pending.len() >= CHUNK || head.number == size {
            journal.append(&pending)?;
            pending.clear();
        }
    }
    Ok((tree, head))
}

fn check_tiles(from: &Path, tree: &Tree) -> Result<(), RestoreError> {
    for level in levels_of(tree.size()) {
        for tile in tiles_of(Some(level), 0, tree.size()) {
            let path = from.join(tile.path());
            if read(&path)? != tile.hashes(level, tree) {
                return Err(RestoreError::Tile(path));
            }
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, RestoreError> {
    fs::read(path).map_err(|error| RestoreError::File { path: path.to_owned(), error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        let path = |level, number, width| Tile { level, number, width }.path();
        assert_eq!(path(Some(0), 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(path(Some(1), 0, 3), "tile/1/000.p/3");
        assert_eq!(path(None, 1000, 1), "tile/entries/x001/000.p/1");
        assert_eq!(path(None, 999, 256), "tile/entries/999");
    }

    #[test]
    fn the_files_of_every_size_are_those_that_the_specification_asks_for() {
        let paths = |old, new| {
            let mut paths: Vec<String> = tiles_of(None, old, new).map(Tile::path).collect();
            for level in levels_of(new) {
                paths.extend(tiles_of(Some(level), old, new).map(Tile::path));
            }
            paths.join(" ")
        };
        assert_eq!(paths(0, 0), "");
        assert_eq!(paths(0, 1), "tile/entries/000.p/1 tile/0/000.p/1");
        assert_eq!(paths(0, 256), "tile/entries/000 tile/0/000 tile/1/000.p/1");
        assert_eq!(
            paths(255, 257),
            "tile/entries/000 tile/entries/001.p/1 tile/0/000 tile/0/001.p/1 tile/1/000.p/1"
        );
        assert_eq!(paths(257, 258), "tile/entries/001.p/2 tile/0/001.p/2");
        assert_eq!(paths(258, 258), "");
        assert_eq!(paths(65_535, 65_536), "tile/entries/255 tile/0/255 tile/1/000 tile/2/000.p/1");
    }

    #[test]
    fn a_bundle_comes_out_even() {
        let entries = [b"one".to_vec(), Vec::new(), b"three".to_vec()];
        let bundle = bundle_of(entries.iter());
        assert_eq!(entries_of(&bundle).as_deref(), Some(&entries[..]));
        assert!((1..bundle.len()).any(|length| entries_of(&bundle[..length]).is_none()));
        assert_eq!(entries_of(&[bundle, vec![0]].concat()), None);
    }
}
