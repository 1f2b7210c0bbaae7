//! `chancery prove`: proofs for people who have no ledger.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use ledger::Log;
use ledger::act::ActRef;
use ledger::entry::Entry;
use ledger::proof::{Consistency, Inclusion};

use super::proving::{checkpoint, given_or_kept};
use super::{Place, Status};
use crate::trouble::Trouble;

/// Prove that an act was recorded, or that the ledger only grew
///
/// The proof is printed; `chancery verify` checks it with nothing but a policy, and so can any reader of
/// c2sp.org/tlog-proof. It rests on the last checkpoint of the ledger, or on one that is given, such as one with
/// the cosignatures of witnesses.
#[derive(Debug, Args)]
pub(crate) struct Prove {
    /// The act, by its id or as #NUMBER
    #[arg(required_unless_present = "from", conflicts_with = "from")]
    act: Option<String>,

    /// Prove instead that the ledger only grew since this checkpoint
    #[arg(long, value_name = "CHECKPOINT")]
    from: Option<PathBuf>,

    /// The signed checkpoint on which the proof rests [default: the last one of the ledger]
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
}

impl Prove {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let log = Log::read(&place.ledger)?;
        let signed = given_or_kept(place, self.checkpoint.as_deref())?;
        if let Some(from) = &self.from {
            let proof = Consistency::make(&log.tree, &checkpoint(from)?, &signed);
            write!(out, "{}", proof.map_err(|error| Trouble::not_provable(&error))?)?;
            return Ok(Status::Done);
        }
        let word = self.act.as_deref().unwrap_or_default();
        let act = ActRef::parse(word).map_err(|unfit| Trouble::wrong(format!("act: {unfit}")))?;
        let is_meant = |entry: &Entry| match &act {
            ActRef::Number(number) => *number == entry.number,
            ActRef::Id(id) => entry.act.id.as_ref() == Some(id),
        };
        let found = log.entries.iter().find(|(_, entry)| is_meant(entry));
        let (sealed, _) = found.ok_or_else(|| {
            Trouble::wrong(format!("no act is `{word}`"))
                .hint("`chancery log` lists the acts with their ids and numbers")
        })?;
        let proof = Inclusion::make(&log.tree, sealed.number, sealed.bytes.clone(), &signed);
        write!(out, "{}", proof.map_err(|error| Trouble::not_provable(&error))?)?;
        Ok(Status::Done)
    }
}
