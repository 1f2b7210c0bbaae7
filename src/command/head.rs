//! `chancery head`: where the ledger stands.

use std::io::Write;

use clap::Args;
use serde_json::json;

use super::asking::open;
use super::{Format, Place, Status};
use crate::trouble::Trouble;

/// Say where the ledger stands: entries, head, time of the last entry
///
/// Keep the head somewhere else: an audit compared with it shows whether the history was cut or rewritten.
#[derive(Debug, Args)]
pub(crate) struct HeadCommand {}

impl HeadCommand {
    #[allow(clippy::unused_self, reason = "every command has arguments, even when it has none")]
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let head = open(place)?.head();
        let recorded_at = (head.number > 0).then(|| head.recorded_at.to_string());
        match place.format {
            Format::Json | Format::Jsonl => {
                let answer = json!({
                    "entries": head.number, "head": head.hash.to_string(), "recorded_at": recorded_at,
                });
                writeln!(out, "{answer}")?;
            }
            Format::Table | Format::Csv => {
                writeln!(out, "{head}")?;
                match recorded_at {
                    Some(instant) => {
                        writeln!(out, "{} entries, the last recorded at {instant}", head.number)?;
                    }
                    None => writeln!(out, "no entries yet")?,
                }
            }
        }
        Ok(Status::Done)
    }
}
