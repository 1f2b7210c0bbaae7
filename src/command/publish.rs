//! `chancery publish`: the log as files that any web server can serve.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use ledger::Log;
use ledger::publish::Publication;
use serde_json::json;

use super::proving::given_or_kept;
use super::{Format, Place, Status};
use crate::trouble::Trouble;
use crate::waiting::Waiting;

/// Publish the log as plain files: tiles, entries and checkpoint (c2sp.org/tlog-tiles)
///
/// Only what is new is written, every file complete before it appears under its name, the checkpoint last. Whoever
/// has the files can verify everything and, with `chancery restore`, make the ledger anew.
#[derive(Debug, Args)]
pub(crate) struct Publish {
    /// The directory, which a web server may serve
    dir: PathBuf,

    /// The signed checkpoint up to which the log is published [default: the last one of the ledger]
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
}

impl Publish {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let waiting = Waiting::for_what("publishing");
        let log = Log::read(&place.ledger)?;
        let signed = given_or_kept(place, self.checkpoint.as_deref())?;
        let publication = Publication::open(&self.dir).map_err(|error| Trouble::not_published(&error))?;
        let written = publication.write(&log, &signed);
        let files = written.map_err(|error| Trouble::not_published(&error))?;
        drop(waiting);
        let size = signed.checkpoint.size;
        match place.format {
            Format::Json | Format::Jsonl => {
                writeln!(
                    out,
                    "{}",
                    json!({ "directory": self.dir, "entries": size, "files_written": files })
                )?;
            }
            Format::Table | Format::Csv => {
                writeln!(out, "published {size} entries in {}: {files} files written", self.dir.display())?;
            }
        }
        Ok(Status::Done)
    }
}
