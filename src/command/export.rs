//! `chancery export`: the journal as JSON lines.

use std::io::{BufWriter, Write};

use clap::Args;
use ledger::act::json::Line;
use serde_json::{Value, json};

use super::asking::read;
use super::{Place, Status};
use crate::trouble::Trouble;

/// Write every act as a line of JSON
///
/// Appended to an empty ledger (`chancery init --bare`) the lines give the same acts and the same answers. With
/// --exact they also say when each act was recorded: `chancery append --exact --file` then gives the same head.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Also write when each act was recorded
    #[arg(long)]
    exact: bool,
}

impl Export {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let history = read(place)?;
        let mut out = BufWriter::new(out);
        for entry in &history.entries {
            if !self.exact {
                serde_json::to_writer(&mut out, &Line(&entry.act))?;
            } else if let Value::Object(act) = serde_json::to_value(Line(&entry.act))? {
                let when =
                    json!({ "recorded_at": entry.recorded_at.to_string(), "asserted": entry.asserted });
                let Value::Object(mut line) = when else { continue };
                line.extend(act);
                serde_json::to_writer(&mut out, &line)?;
            }
            writeln!(out)?;
        }
        out.flush()?;
        Ok(Status::Done)
    }
}
