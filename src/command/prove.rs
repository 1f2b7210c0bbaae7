//! `chancery prove`: proofs for people who have no ledger.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use ledger::History;
use ledger::act::ActRef;
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
        let signed = given_or_kept(place, self.checkpoint.as_deref())?;
        if let Some(from) = &self.from {
            let old = checkpoint(from)?;
            let (_, tree) = History::read_with_tree(&place.ledger, &mut |_| {})?;
            let proof = Consistency::make(&tree, &old, &signed);
            write!(out, "{}", proof.map_err(|error| Trouble::not_provable(&error))?)?;
            return Ok(Status::Done);
        }
        let word = self.act.as_deref().unwrap_or_default();
        let act = ActRef::parse(word).map_err(|unfit| Trouble::wrong(format!("act: {unfit}")))?;
        let mut found: Option<(u64, Vec<u8>)> = None;
        let (history, tree) = History::read_with_tree(&place.ledger, &mut |sealed| {
            let is_meant = match &act {
                ActRef::Number(number) => *number == sealed.entry.number,
                ActRef::Id(id) => sealed.entry.act.id.as_ref() == Some(id),
            };
            if is_meant && found.is_none() {
                found = Some((sealed.entry.number, sealed.bytes.clone()));
            }
        })?;
        let found = found.filter(|(number, _)| *number <= history.head.number);
        let (number, entry) = found.ok_or_else(|| {
            Trouble::wrong(format!("no act is `{word}`"))
                .hint("`chancery log` lists the acts with their ids and numbers")
        })?;
        let proof = Inclusion::make(&tree, number, entry, &signed);
        write!(out, "{}", proof.map_err(|error| Trouble::not_provable(&error))?)?;
        Ok(Status::Done)
    }
}
