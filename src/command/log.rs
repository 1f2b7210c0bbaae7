//! `chancery log`: the acts, in the order in which they were recorded.

use std::io::Write;

use clap::Args;
use ledger::standing::Recorded;
use ledger::{Day, Scope};

use super::asking::{find, gather, last, open};
use super::{Format, Place, Status};
use crate::render;
use crate::render::act;
use crate::trouble::Trouble;

/// List the acts, in the order of their entries
#[derive(Debug, Args)]
pub(crate) struct Log {
    /// Only acts of this kind, or of this family: `terror.delisted`, `terror`
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,

    /// Only acts that name this party, in any part
    #[arg(long, value_name = "PARTY")]
    party: Option<String>,

    /// Only acts of this party
    #[arg(long, value_name = "PARTY")]
    actor: Option<String>,

    /// Only acts toward this party
    #[arg(long, value_name = "PARTY")]
    subject: Option<String>,

    /// Only this many, the last ones
    #[arg(long, value_name = "N")]
    last: Option<usize>,

    /// In the order of their own days, those without a day first
    #[arg(long)]
    by_date: bool,

    /// Also the declarations of parties
    #[arg(long)]
    all: bool,
}

impl Log {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let archive = open(place)?;
        let find = |word: &Option<String>, flag| {
            word.as_deref().map(|word| find(archive, word, flag, Day::MAX)).transpose()
        };
        let party = find(&self.party, "--party")?;
        let actor = find(&self.actor, "--actor")?;
        let subject = find(&self.subject, "--subject")?;
        let wanted = |entry: &&Recorded| {
            let deed = &entry.act.deed;
            party.as_ref().is_none_or(|party| deed.parties().any(|(_, named)| named == party))
                && (actor.is_none() || deed.actor() == actor.as_ref())
                && (subject.is_none() || deed.subject() == subject.as_ref())
                && self.is_of_kind(deed.kind())
        };
        let entries = match self.last {
            Some(count) if !self.by_date => last(archive, count, wanted)?,
            _ => self.in_order(gather(archive, &Scope::Everything, &archive.now()?)?.iter().filter(wanted)),
        };
        show(place.format, &entries, archive.head().number, out)?;
        Ok(Status::Done)
    }

    /// These entries in the order that is asked for, all of them or the last ones.
    fn in_order<'e>(&self, entries: impl Iterator<Item = &'e Recorded>) -> Vec<&'e Recorded> {
        let mut entries: Vec<&Recorded> = entries.collect();
        if self.by_date {
            let days = |entry: &&Recorded| {
                let effective = entry.act.effective.as_ref();
                effective.map(|date| (date.earliest(), date.latest()))
            };
            entries.sort_by_key(days);
        }
        let from = self.last.map_or(0, |last| entries.len().saturating_sub(last));
        entries.split_off(from)
    }

    fn is_of_kind(&self, kind: &str) -> bool {
        let asked_for_parties = self.all || self.party.is_some() || self.subject.is_some();
        match &self.kind {
            Some(wanted) => {
                kind == wanted || kind.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.starts_with('.'))
            }
            None => asked_for_parties || !kind.starts_with("entity."),
        }
    }
}

fn show(format: Format, entries: &[&Recorded], all: u64, out: &mut dyn Write) -> Result<(), Trouble> {
    match format {
        Format::Table => {
            if entries.is_empty() {
                writeln!(out, "No such act among {all} entries.")?;
                return Ok(());
            }
            render::table(out, &act::HEADERS, &render::rows(entries, |entry| act::row(entry)))?;
            let asserted = entries.iter().any(|entry| entry.asserted);
            writeln!(out, "\n{} of {all} entries", entries.len())?;
            if asserted {
                writeln!(out, "* recorded at an instant that the registrar asserted")?;
            }
        }
        Format::Csv => {
            render::csv(out, &act::HEADERS, &render::rows(entries, |entry| act::row(entry)))?;
        }
        Format::Json => {
            render::json_list(out, entries, |entry| act::json(entry))?;
            writeln!(out)?;
        }
        Format::Jsonl => render::json_lines(out, entries, |entry| act::json(entry))?,
    }
    Ok(())
}
