//! `chancery init`: makes a ledger.

use std::io::Write;

use clap::Args;
use ledger::{Head, Ledger, world};
use serde_json::json;

use super::append::when;
use super::{Format, Place, Status};
use crate::trouble::Trouble;

/// Make a ledger
///
/// A new ledger opens with the states of the world and the UN as declarations of its own, so that acts can name
/// them. The names, codes and days of those declarations can be corrected like any other entry.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Leave the states of the world out
    #[arg(long)]
    bare: bool,

    /// The instant at which the entries are recorded, when that is not now: it is then marked as asserted
    #[arg(long, value_name = "T")]
    recorded_at: Option<String>,
}

impl Init {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let recorded_at = when("--recorded-at", self.recorded_at.as_deref())?;
        let acts = if self.bare { Vec::new() } else { world::states() };
        let head = Ledger::create(&place.ledger, acts, recorded_at)
            .map_err(|error| Trouble::not_made(&place.ledger, &error))?;
        let said = format!("made {}: {} entries", place.ledger.display(), head.number);
        report(place, &head, &said, out)
    }
}

/// Says that there is a new ledger, and where it stands.
pub(super) fn report(place: &Place, head: &Head, said: &str, out: &mut dyn Write) -> Result<Status, Trouble> {
    match place.format {
        Format::Json | Format::Jsonl => {
            let made =
                json!({ "ledger": place.ledger, "entries": head.number, "head": head.hash.to_string() });
            writeln!(out, "{made}")?;
        }
        Format::Table | Format::Csv => writeln!(out, "{said}\nhead {head}")?,
    }
    Ok(Status::Done)
}
