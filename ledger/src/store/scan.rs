//! Entries in the files of a store, found by their bytes: for when sled cannot open them, or opens half of them.
//!
//! sled keeps a frame in one piece within its files, and with it a length before each entry. An entry that is
//! found so is believed only where a hash vouches for it: that of its frame, or that which the entry after it
//! names.

use std::fs;
use std::io;
use std::path::Path;

use crate::chain::{Followed, linked, read};
use crate::entry::{SHORTEST, VERSION};

/// The entries that stand anywhere in the files of a directory: those for which their frame vouches, and others.
///
/// # Errors
/// When a file cannot be read.
pub(crate) fn entries_of(dir: &Path) -> io::Result<(Vec<Followed>, Vec<Followed>)> {
    let (mut vouched, mut unvouched) = (Vec::new(), Vec::new());
    if !dir.is_dir() {
        return Ok((vouched, unvouched));
    }
    for file in fs::read_dir(dir)? {
        let file = file?;
        let (sure, unsure) = if file.file_type()?.is_dir() {
            entries_of(&file.path())?
        } else {
            entries_within(&fs::read(file.path())?)
        };
        vouched.extend(sure);
        unvouched.extend(unsure);
    }
    Ok((vouched, unvouched))
}

/// Runs of entries with a length (u16, big-endian) before each; the hash that stands before a run vouches for its
/// last entry, and so for all of it. How much is tried is bounded, so that no file takes longer than a few times
/// its own length.
fn entries_within(bytes: &[u8]) -> (Vec<Followed>, Vec<Followed>) {
    let (mut vouched, mut unvouched) = (Vec::new(), Vec::new());
    let mut budget = 64 * bytes.len() + (1 << 20);
    let mut at = 0;
    while at + 2 < bytes.len() {
        let mut run: Vec<Followed> = Vec::new();
        let mut next = at;
        while let Some(followed) = framed(bytes, next, &mut budget) {
            if run.last().is_some_and(|(before, _)| linked(&before.head(), &followed.1).is_err()) {
                break;
            }
            next += 2 + followed.0.bytes.len();
            run.push(followed);
        }
        let named = at.checked_sub(32).and_then(|start| bytes.get(start..at));
        let holds = run.last().is_some_and(|(last, _)| named == Some(&last.hash.0[..]));
        let into = if holds { &mut vouched } else { &mut unvouched };
        into.extend(run);
        at = next.max(at + 1);
    }
    (vouched, unvouched)
}

fn framed(bytes: &[u8], at: usize, budget: &mut usize) -> Option<Followed> {
    let (length, rest) = bytes.get(at..)?.split_first_chunk::<2>()?;
    let entry = rest.get(..u16::from_be_bytes(*length).into())?;
    if entry.first() != Some(&VERSION) || entry.len() < SHORTEST {
        return None;
    }
    *budget = budget.checked_sub(entry.len())?;
    read(entry.to_vec()).ok()
}
