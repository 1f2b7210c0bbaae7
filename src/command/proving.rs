//! What the commands about proofs share: policies and checkpoints from files, the checkpoint of a ledger.

use std::fs;
use std::path::{Path, PathBuf};

use ledger::checkpoint::Signed;
use ledger::policy::Policy;

use super::Place;
use crate::trouble::Trouble;

/// Reads a policy.
pub(crate) fn policy(path: &Path) -> Result<Policy, Trouble> {
    let text = fs::read_to_string(path).map_err(|error| Trouble::file(path, &error))?;
    Policy::parse(&text).map_err(|error| Trouble::unreadable(path, &error))
}

/// Reads a signed checkpoint.
pub(crate) fn checkpoint(path: &Path) -> Result<Signed, Trouble> {
    let bytes = fs::read(path).map_err(|error| Trouble::file(path, &error))?;
    Signed::parse(&bytes).map_err(|error| {
        Trouble::unreadable(path, &error).hint("give the file as `chancery checkpoint` or `cosign` wrote it")
    })
}

/// Where a ledger keeps the last checkpoint that was signed of it.
pub(crate) fn kept(place: &Place) -> PathBuf {
    place.ledger.join("checkpoint")
}

/// The checkpoint that was given, or else the last one of the ledger, which must be there.
pub(crate) fn given_or_kept(place: &Place, given: Option<&Path>) -> Result<Signed, Trouble> {
    let path = kept(place);
    match given {
        Some(path) => checkpoint(path),
        None if !path.exists() => Err(Trouble::wrong("no checkpoint of this ledger has been signed yet")
            .hint("sign one with `chancery checkpoint --key FILE`, or name one with --checkpoint FILE")),
        None => checkpoint(&path),
    }
}
