//! `chancery fork-proof`: convicts a log that told two histories.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use ledger::Log;
use ledger::merkle::Tree;
use ledger::proof::Fork;

use super::proving::{checkpoint, policy};
use super::{Place, Status};
use crate::trouble::{Trouble, way_to_vouch};

/// Pack two signed checkpoints that contradict each other into one file that convicts their signer
///
/// Two checkpoints of one size say it by themselves. For two sizes the ledger (--ledger) must be the one that the
/// larger speaks of: it shows what the larger makes of the smaller size. `chancery verify` reads the file.
#[derive(Debug, Args)]
pub(crate) struct ForkProof {
    /// A signed checkpoint
    one: PathBuf,

    /// Another one of the same log
    other: PathBuf,

    /// The policy that knows the log
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
}

impl ForkProof {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let policy = policy(&self.policy)?;
        let (one, other) = (checkpoint(&self.one)?, checkpoint(&self.other)?);
        for (path, signed) in [(&self.one, &one), (&self.other, &other)] {
            policy
                .log_of(signed)
                .map_err(|error| Trouble::unreadable(path, &error).hint(way_to_vouch(&error)))?;
        }
        let tree = if one.checkpoint.size == other.checkpoint.size {
            Tree::default()
        } else {
            Log::read(&place.ledger)?.tree
        };
        let fork = Fork::make(&tree, &one, &other).map_err(|error| Trouble::not_provable(&error))?;
        write!(out, "{fork}")?;
        Ok(Status::Done)
    }
}
