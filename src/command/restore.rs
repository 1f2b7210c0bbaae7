//! `chancery restore`: a ledger from a published log.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use ledger::publish::restore;

use super::init::report;
use super::proving::policy;
use super::{Place, Status};
use crate::trouble::Trouble;
use crate::waiting::Waiting;

/// Make a ledger from a published log: the same entries, the same head, the same root
///
/// The new ledger is made at --ledger DIR, which must not exist. Everything is verified before it appears there:
/// the checkpoint against the policy, every entry, every tile.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The directory in which the log is published
    dir: PathBuf,

    /// Whose word is taken: keys of logs and witnesses, and the quorum
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
}

impl Restore {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let policy = policy(&self.policy)?;
        let waiting = Waiting::for_what("restoring");
        let (head, _) = restore(&self.dir, &policy, &place.ledger)
            .map_err(|error| Trouble::not_restored(&place.ledger, &error))?;
        drop(waiting);
        let said = format!("restored {}: {} entries, all verified", place.ledger.display(), head.number);
        report(place, &head, &said, out)
    }
}
