//! `chancery cosign`: a witness says that a log only grew.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use ledger::checkpoint::Signed;
use ledger::note::Purpose;
use ledger::proof::{Consistency, Document};

use super::proving::policy;
use super::{Place, Status};
use crate::clock;
use crate::keys::{KeyFile, Memory};
use crate::trouble::{Trouble, way_to_prove, way_to_vouch};

/// Add a witness's cosignature to a checkpoint
///
/// The witness takes the word of the log for the first checkpoint that it sees. From then on it wants a proof that
/// the log only grew since the last one that it cosigned, which is kept beside its key: the file that `chancery
/// prove --from CHECKPOINT` writes. The cosigned checkpoint is printed. No ledger is needed.
#[derive(Debug, Args)]
pub(crate) struct Cosign {
    /// A signed checkpoint, or a proof of consistency that ends in one
    file: PathBuf,

    /// The file of the witness's key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,

    /// The policy that knows the log; witnesses in it are not asked
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
}

impl Cosign {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let file = KeyFile::read(&self.key, Purpose::Witness)?;
        let policy = policy(&self.policy)?;
        let bytes = fs::read(&self.file).map_err(|error| Trouble::file(&self.file, &error))?;
        let document = Document::parse(&bytes).map_err(|error| Trouble::unreadable(&self.file, &error))?;
        let (signed, proof) = match document {
            Document::Checkpoint(signed) => (signed, None),
            Document::Consistency(proof) => (proof.new.clone(), Some(proof)),
            Document::Inclusion(_) | Document::Fork(_) => {
                return Err(Trouble::wrong(format!("{}: it is another kind of proof", self.file.display()))
                    .hint("give a checkpoint, or what `chancery prove --from CHECKPOINT` writes"));
            }
        };
        policy
            .log_of(&signed)
            .map_err(|error| Trouble::wrong(error.to_string()).hint(way_to_vouch(&error)))?;
        if let Some(proof) = &proof {
            proof
                .check(&policy)
                .map_err(|error| Trouble::wrong(error.to_string()).hint(way_to_prove(&error)))?;
        }
        let memory = file.memory()?;
        check_growth(&memory, &signed, proof.as_ref())?;
        let seconds = u64::try_from(clock::now().as_second()).unwrap_or(0);
        let cosigned =
            signed.cosign(&file.key, seconds).map_err(|error| Trouble::wrong(error.to_string()))?;
        memory.keep(&cosigned)?;
        super::checkpoint::show(&cosigned, place.format, out)?;
        Ok(Status::Done)
    }
}

/// Checks that a checkpoint continues the last one of its log that the witness cosigned.
fn check_growth(memory: &Memory, signed: &Signed, proof: Option<&Consistency>) -> Result<(), Trouble> {
    let new = &signed.checkpoint;
    let Some(seen) = memory.last(&new.origin)? else {
        anstream::eprintln!("note: this is the first checkpoint of `{}` that this witness sees", new.origin);
        return Ok(());
    };
    let path = memory.path(&new.origin);
    let seen = &seen.checkpoint;
    if new.size < seen.size {
        let words = format!("it speaks of {} entries, and this witness has seen {}", new.size, seen.size);
        return Err(Trouble::wrong(words).hint("nothing was cosigned; ask the log for its newest checkpoint"));
    }
    if new.size == seen.size && new.root != seen.root {
        let words = format!("of {} entries this witness has cosigned another root, {}", seen.size, seen.root);
        return Err(Trouble::wrong(words).hint(format!(
            "the log has told two histories; `chancery fork-proof` with {} convicts it",
            path.display()
        )));
    }
    let starts = proof.is_some_and(|Consistency { old, .. }| {
        old.checkpoint.size == seen.size && old.checkpoint.root == seen.root
    });
    if starts || new.size == seen.size || seen.size == 0 {
        return Ok(());
    }
    let words =
        format!("nothing shows that it continues the {} entries that this witness has seen", seen.size);
    Err(Trouble::wrong(words)
        .hint(format!("ask the log for `chancery prove --from` {} and give that file", path.display())))
}
