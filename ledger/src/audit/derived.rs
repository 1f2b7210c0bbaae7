//! The index beside the journal that it is made from: made anew in a temporary directory, and compared byte by byte.
//!
//! No answer depends on the index, but a wrong one that agrees with its own checksums could hide an act.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::archive::Indexed;
use crate::chain::Fault;
use crate::index::{INDEX, name_of, names_in};

/// The segments of the index that are not what the journal gives, each by its first and last entries; those that lack
/// as well. How many bytes of the journal are done is counted.
///
/// # Errors
/// [`Fault`] when it could not be made anew.
pub(super) fn differing(ledger: &Path, done: &AtomicU64) -> Result<BTreeSet<(u64, u64)>, Fault> {
    let copy = |error: &dyn std::fmt::Display| Fault::Copy(error.to_string());
    let there: BTreeSet<(u64, u64)> = names_in(&ledger.join(INDEX)).into_iter().collect();
    let last = there.iter().map(|(_, last)| *last).max().unwrap_or_default();
    let elsewhere = tempfile::tempdir().map_err(|error| copy(&error))?;
    let mut each = |length| {
        done.fetch_add(length, Ordering::Relaxed);
    };
    Indexed::make_anew(ledger, elsewhere.path(), last, &mut each).map_err(|error| copy(&error))?;
    let anew: BTreeSet<(u64, u64)> = names_in(&elsewhere.path().join(INDEX)).into_iter().collect();
    let mut differing = BTreeSet::new();
    for (first, last) in there.union(&anew) {
        // Four segments that were joined may be left by a crash: everybody passes over them, for the longer one.
        let is_within = anew.iter().any(|(from, to)| from <= first && last <= to);
        let is_left_over = is_within && !anew.contains(&(*first, *last));
        if is_left_over && there.iter().any(|(from, to)| from <= first && last < to) {
            continue;
        }
        if !is_same(ledger, elsewhere.path(), &name_of(*first, *last)).map_err(|error| copy(&error))? {
            differing.insert((*first, *last));
        }
    }
    Ok(differing)
}

/// Whether a segment is in both, with the same bytes.
fn is_same(ledger: &Path, elsewhere: &Path, name: &str) -> io::Result<bool> {
    let read = |dir: &Path| match fs::read(dir.join(INDEX).join(name)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    let ours = read(ledger)?;
    Ok(ours.is_some() && ours == read(elsewhere)?)
}
