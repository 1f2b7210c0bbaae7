//! Entries in the files of a store, found by their bytes: for when sled cannot open them, or opens half of them.
//!
//! sled keeps a frame in one piece within its files. A packed one is told by its mark and its checksum, and gives all of
//! its entries or none. In one of version 1 entries lie with a length before each, and each that is undamaged is found.
//! An entry is believed only where a hash vouches for it: that of its frame, or that which the entry after it names.

use std::fs;
use std::io;
use std::path::Path;

use crate::chain::{Fault, Followed, linked, read};
use crate::entry::{SHORTEST, VERSION};

use super::frame::Frame;

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

/// Packed frames, and runs of entries with a length (u16, big-endian) before each; the hash that stands before a run
/// vouches for its last entry, and so for all of it. How much is tried in vain is bounded, so that no file takes longer
/// than a few times its own length.
fn entries_within(bytes: &[u8]) -> (Vec<Followed>, Vec<Followed>) {
    let (mut vouched, mut unvouched) = (Vec::new(), Vec::new());
    let mut budget = 64 * bytes.len() + (1 << 20);
    let mut at = 0;
    while at + 2 < bytes.len() {
        if let Some((entries, length)) = packed(&bytes[at..], &mut budget) {
            vouched.extend(entries);
            at += length;
            continue;
        }
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

/// The entries of the packed frame with which bytes begin, and its length. Only what is no frame counts against the
/// budget: a frame is read once, however much comes out of it.
fn packed(bytes: &[u8], budget: &mut usize) -> Option<(Vec<Followed>, usize)> {
    if *budget == 0 {
        return None;
    }
    let tried = match Frame::packed(bytes) {
        Ok((frame, length)) => match entries_in(&frame) {
            Ok(entries) => return Some((entries, length)),
            Err(_) => length + frame.unpacked(),
        },
        Err(tried) => tried,
    };
    *budget = budget.saturating_sub(tried);
    None
}

fn entries_in(frame: &Frame<'_>) -> Result<Vec<Followed>, Fault> {
    frame.entries()?.into_iter().map(read).collect()
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
