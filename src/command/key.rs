//! `chancery key`: makes keys, and says what their public halves are.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use ledger::note::{Purpose, VerifierKey};
use serde_json::json;

use super::{Format, Place, Status};
use crate::keys::KeyFile;
use crate::trouble::Trouble;

/// Make a key that signs checkpoints or acts, or cosigns the checkpoints of others
#[derive(Debug, Args)]
pub(crate) struct Key {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    New(New),
}

/// Make a new key and print its public half, the verifier key
///
/// The secret half goes to a file that only you can read, and is never printed. The verifier key is what others
/// put into their policies: `log KEY`, or `witness NAME KEY`.
#[derive(Debug, Args)]
struct New {
    /// The name of the key; for a log it is the log's origin, such as log.example/acts
    name: String,

    /// The file of the secret half
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// It is the key of a witness, who cosigns checkpoints of logs that others keep
    #[arg(long)]
    witness: bool,
}

impl Key {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        match &self.what {
            What::New(new) => new.run(place, out),
        }
    }
}

impl New {
    fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let purpose = if self.witness { Purpose::Witness } else { Purpose::Log };
        let made = KeyFile::create(&self.out, &self.name, purpose)?;
        let verifier: &VerifierKey = made.key.verifier();
        match place.format {
            Format::Json | Format::Jsonl => {
                let answer =
                    json!({ "name": self.name, "for": purpose.word(), "verifier": verifier.to_string() });
                writeln!(out, "{answer}")?;
            }
            Format::Table | Format::Csv => writeln!(out, "{verifier}")?,
        }
        Ok(Status::Done)
    }
}
