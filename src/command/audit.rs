//! `chancery audit`: verifies everything.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use ledger::Fault;
use ledger::audit::{Against, Audit as Found, Part, Terms, audit};
use ledger::copies::JOURNAL;
use ledger::remains::{Lost, NotWhole};
use serde_json::json;

use super::append::expected_head;
use super::{Format, Place, Status, proving};
use crate::trouble::{Trouble, way_to_vouch};
use crate::waiting::Waiting;

/// Verify everything: every byte of both copies, every link, and what the acts mean together
///
/// Nothing is changed. A history that was cut short, or written anew from the start, still verifies by itself:
/// give a head or a signed checkpoint that was kept elsewhere to compare with. Exit status 1 when something is wrong.
#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// A head that was kept elsewhere, as `chancery head` printed it, or the file of a signed checkpoint
    #[arg(long, value_name = "N:HASH|FILE")]
    against: Option<String>,

    /// The policy that knows the log of the checkpoint
    #[arg(long, value_name = "FILE", requires = "against")]
    policy: Option<PathBuf>,

    /// Make the index anew as well, and compare it with the one that is there: it takes as long as making it
    #[arg(long)]
    full: bool,
}

impl Audit {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let against = self.against.as_deref().map(|text| self.against(text)).transpose()?;
        let journal = fs::metadata(place.ledger.join(JOURNAL)).map_or(0, |journal| journal.len());
        let waiting = Waiting::for_bytes("auditing", if self.full { 2 * journal } else { journal });
        let found = audit(&place.ledger, &Terms { against, full: self.full, done: waiting.done() })?;
        drop(waiting);
        match place.format {
            Format::Json | Format::Jsonl => writeln!(out, "{}", as_json(&found))?,
            Format::Table | Format::Csv => show(&found, out)?,
        }
        Ok(if found.faults.is_empty() { Status::Done } else { Status::Finding })
    }
}

impl Audit {
    /// A head, or a checkpoint that the log of the policy has signed.
    fn against(&self, text: &str) -> Result<Against, Trouble> {
        let path = Path::new(text);
        if !path.is_file() {
            return expected_head(text).map(Against::Head);
        }
        let policy = self.policy.as_deref().ok_or_else(|| {
            Trouble::wrong("a checkpoint says nothing until its signature is verified")
                .hint("name the policy that knows its log with --policy FILE")
        })?;
        let signed = proving::checkpoint(path)?;
        proving::policy(policy)?
            .log_of(&signed)
            .map_err(|error| Trouble::unreadable(path, &error).hint(way_to_vouch(&error)))?;
        Ok(Against::Checkpoint(signed.checkpoint))
    }
}

fn show(found: &Found, out: &mut dyn Write) -> Result<(), Trouble> {
    writeln!(out, "entries  {}", found.head.number)?;
    writeln!(out, "head     {}", found.head)?;
    writeln!(out, "journal  {}", verdict(found, Part::Journal))?;
    writeln!(out, "store    {}", verdict(found, Part::Store))?;
    writeln!(out, "meaning  {}", verdict(found, Part::Projection))?;
    if found.index_read || !found.is_sound(Part::Index) {
        writeln!(out, "index    {}", verdict(found, Part::Index))?;
    }
    match &found.against {
        Some(against) if found.faults.is_empty() => writeln!(out, "against  {against}: agrees")?,
        Some(against) => writeln!(out, "against  {against}")?,
        None => {}
    }
    for located in &found.faults {
        writeln!(out, "fault    entry {} in the {}: {}", located.entry, located.part.word(), located.fault)?;
    }
    if let Some(words) = way_out(found) {
        writeln!(out, "{words}")?;
    }
    if !found.is_sound(Part::Index) {
        writeln!(
            out,
            "mend     delete `index`: it is made from the journal, and the next append makes it anew"
        )?;
    }
    for remark in &found.remarks {
        writeln!(out, "remark   {remark}")?;
    }
    for unchecked in &found.not_checked {
        writeln!(out, "not checked   {unchecked}")?;
    }
    Ok(())
}

fn lost(found: &Found) -> Option<&Lost> {
    match &found.together {
        Some(Err(NotWhole::Lost(lost))) => Some(lost),
        Some(Err(NotWhole::Differ { .. }) | Ok(())) | None => None,
    }
}

/// What can be done about damage, where that is sure.
fn way_out(found: &Found) -> Option<String> {
    let rewritten = found.faults.iter().any(|located| located.fault == Fault::Differs);
    match &found.together {
        Some(Ok(())) => {
            Some("whole    together the copies hold every entry; the next append makes both sound".to_owned())
        }
        Some(Err(NotWhole::Lost(lost))) => {
            Some(format!("lost     neither copy holds these entries any more: {lost}"))
        }
        Some(Err(NotWhole::Differ { .. })) => None,
        None if found.is_sound(Part::Store) || rewritten => None,
        None => Some(
            "whole    the journal holds every entry; move `store` away, and the next append makes another"
                .to_owned(),
        ),
    }
}

fn verdict(found: &Found, part: Part) -> &'static str {
    if part == Part::Store && !found.store_read && found.is_sound(part) {
        "not read"
    } else if found.is_sound(part) {
        "ok"
    } else {
        "damaged"
    }
}

fn as_json(found: &Found) -> serde_json::Value {
    let fault = |located: &ledger::audit::Located| json!({ "entry": located.entry, "where": located.part.word(), "fault": located.fault.to_string() });
    let mut told = json!({
        "entries": found.head.number,
        "head": found.head.hash.to_string(),
        "copies": { "journal": verdict(found, Part::Journal), "store": verdict(found, Part::Store) },
        "against": found.against.as_ref().map(ToString::to_string),
        "lost": lost(found).map(ToString::to_string),
        "faults": found.faults.iter().map(fault).collect::<Vec<_>>(),
        "remarks": found.remarks,
        "not_checked": found.not_checked,
    });
    if found.index_read || !found.is_sound(Part::Index) {
        told["index"] = verdict(found, Part::Index).into();
    }
    told
}
