//! `chancery checkpoint`: signs what the ledger holds.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use ledger::Log;
use ledger::checkpoint::{Checkpoint as Said, Signed};
use ledger::merkle::Tree;
use ledger::note::Purpose;
use ledger::publish::write_whole;
use serde_json::json;

use super::proving::{checkpoint, kept};
use super::{Format, Place, Status};
use crate::keys::KeyFile;
use crate::trouble::{Trouble, way_out_of};

/// Sign a checkpoint: how many entries the ledger holds, and the root over them
///
/// A key never contradicts itself: the ledger must continue the last checkpoint that the key signed, which is
/// kept beside the key. The new one is printed, and kept in the ledger for `chancery prove` and `publish`. Send it
/// to others: whoever has it can tell whether the history was later cut or rewritten.
#[derive(Debug, Args)]
pub(crate) struct Checkpoint {
    /// The file of the log's key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

impl Checkpoint {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let file = KeyFile::read(&self.key, Purpose::Log)?;
        let origin = file.key.verifier().name();
        let memory = file.memory()?;
        let log = Log::read_settled(&place.ledger)?;
        if let Some((entry, fault)) = &log.instead {
            return Err(Trouble::unusable(format!("the journal is damaged at entry {entry} ({fault})"))
                .hint("nothing was signed: the next append restores the journal; then audit, then sign"));
        }
        if let Some(last) = memory.last(origin)? {
            refuse_contradiction(&last, &log.tree, "this key has signed")?;
        }
        // The ledger's own memory serves where the key was moved without its own.
        let path = kept(place);
        if path.exists() {
            let last = checkpoint(&path)?;
            if last.verify_log(file.key.verifier()).is_ok() {
                refuse_contradiction(&last, &log.tree, "the ledger keeps")?;
            }
        }
        let signed = Signed::sign(Said::of(origin, &log.tree), &file.key)
            .map_err(|error| Trouble::wrong(error.to_string()))?;
        memory.keep(&signed)?;
        write_whole(&path, signed.to_string().as_bytes()).map_err(|error| Trouble::file(&path, &error))?;
        show(&signed, place.format, out)?;
        Ok(Status::Done)
    }
}

fn refuse_contradiction(last: &Signed, tree: &Tree, whose: &str) -> Result<(), Trouble> {
    last.checkpoint.check_against(tree).map_err(|contradiction| {
        let words = format!("it would contradict the last checkpoint that {whose}: {contradiction}");
        Trouble::wrong(words).hint(format!("nothing was signed; {}", way_out_of(&contradiction)))
    })
}

/// Prints a signed checkpoint: the note itself, which is what others need.
pub(crate) fn show(signed: &Signed, format: Format, out: &mut dyn Write) -> Result<(), Trouble> {
    match format {
        Format::Json | Format::Jsonl => {
            let Said { origin, size, root } = &signed.checkpoint;
            let note = signed.to_string();
            let answer = json!({ "origin": origin, "size": size, "root": root.to_string(), "note": note });
            writeln!(out, "{answer}")?;
        }
        Format::Table | Format::Csv => write!(out, "{signed}")?,
    }
    Ok(())
}
