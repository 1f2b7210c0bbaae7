//! `chancery why`: the same answer as `state`, with the acts that led to it.

mod memo;

use std::io::Write;

use clap::Args;
use ledger::act::Claim;
use ledger::standing::value::Word;
use ledger::standing::{Argument, Known, Recorded, Role, Status as Counted, Step, explain};
use ledger::{Act, Knowledge, Scope};
use serde_json::{Value, json};

use super::asking::{Asking, gather, open};
use super::state::silence;
use super::{Format, Place, Status};
use crate::render::{self, Cited};
use crate::render::{act, standing};
use crate::trouble::Trouble;

/// Say why things stood so: every act, what it did, its sources, and why the others did not count
#[derive(Debug, Args)]
pub(crate) struct Why {
    #[command(flatten)]
    asking: Asking,

    /// As Markdown, to paste into a memorandum
    #[arg(long)]
    markdown: bool,
}

impl Why {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let archive = open(place)?;
        let moment = self.asking.moment(archive)?;
        let question = self.asking.question(archive)?;
        let entries = gather(archive, &Scope::of(&question), &moment)?;
        let knowledge = Knowledge::of(entries);
        let arguments = explain(&knowledge, &question);
        let cited = Cited { as_of: question.as_of, known: moment.last };
        match place.format {
            Format::Table if self.markdown => {
                for argument in &arguments {
                    memo::write(argument, entries, out)?;
                }
                if arguments.is_empty() {
                    writeln!(out, "{}\n", silence(&question, cited.known.as_ref()))?;
                }
                writeln!(out, "*{}*", render::citation(&cited))?;
            }
            Format::Table => {
                for argument in &arguments {
                    show(argument, entries, out)?;
                    writeln!(out)?;
                }
                if arguments.is_empty() {
                    writeln!(out, "{}\n", silence(&question, cited.known.as_ref()))?;
                }
                writeln!(out, "{}", render::citation(&cited))?;
            }
            Format::Json => {
                let whole = json!({
                    "as_of": question.as_of.to_string(),
                    "known_at": render::known_at(&cited),
                    "arguments": arguments.iter().map(argument_json).collect::<Vec<_>>(),
                });
                writeln!(out, "{whole}")?;
            }
            Format::Jsonl => {
                for argument in &arguments {
                    writeln!(out, "{}", argument_json(argument))?;
                }
            }
            Format::Csv => {
                return Err(Trouble::wrong("an argument is no table: there is no CSV of `why`")
                    .hint("use --format json, or `chancery state --format csv` for the standings"));
            }
        }
        Ok(Status::Done)
    }
}

fn show(argument: &Argument<'_>, entries: &[Recorded], out: &mut dyn Write) -> Result<(), Trouble> {
    let rows = argument.standings.iter().map(standing::row).collect();
    render::table(out, &standing::HEADERS, &rows)?;
    for found in argument.standings.iter().filter(|found| found.value == Word::Expired.into()) {
        let writer = found.basis.last().copied().unwrap_or_default();
        let until = found.until.as_ref().map(ToString::to_string).unwrap_or_default();
        writeln!(out, "  expired by the terms of entry #{writer}, whose effect lasted until {until}")?;
    }
    for step in &argument.steps {
        show_step(step, entries, out)?;
    }
    Ok(())
}

fn show_step(step: &Step<'_>, entries: &[Recorded], out: &mut dyn Write) -> Result<(), Trouble> {
    let known = step.known;
    let date = known.act.effective.as_ref().map_or("always", |date| date.as_str());
    let wrote = match &step.effect {
        Some(effect) => format!("writes {}", effect.value().as_str()),
        None => "moves nothing".to_owned(),
    };
    let id = known.act.id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    let kind = known.act.deed.kind();
    writeln!(out, "  #{}{id}  {date}  {kind}  {}", known.entry.number, act::who(&known.act))?;
    writeln!(out, "      {wrote}: {}", role(&step.role))?;
    if let Role::LeftOut(Counted::Retracted { by } | Counted::Cancelled { by } | Counted::Denied { by }) =
        step.role
    {
        reasons(by, entries, 8, out)?;
    }
    give(&known.act, 6, out)?;
    writeln!(out, "      recorded {}, hash {}", act::recorded(known.entry), known.entry.hash)?;
    for (number, words) in remarks(known) {
        writeln!(out, "      {words} by entry #{number}")?;
        reasons(number, entries, 8, out)?;
    }
    Ok(())
}

/// What an entry about an act rests on: the answer rests on it too.
fn reasons(number: u64, entries: &[Recorded], indent: usize, out: &mut dyn Write) -> Result<(), Trouble> {
    entry_of(entries, number).map_or(Ok(()), |entry| give(&entry.act, indent, out))
}

/// Who says so, and what the registrar noted.
/// The entry of a number, where it is among these.
fn entry_of(entries: &[Recorded], number: u64) -> Option<&Recorded> {
    let place = entries.binary_search_by_key(&number, |entry| entry.number).ok()?;
    entries.get(place)
}

fn give(act: &Act, indent: usize, out: &mut dyn Write) -> Result<(), Trouble> {
    for claim in &act.claims {
        writeln!(out, "{}", render::wrapped(&source(claim), indent))?;
    }
    if let Some(note) = &act.note {
        writeln!(out, "{}", render::wrapped(&format!("note: {note}"), indent))?;
    }
    Ok(())
}

fn role(role: &Role) -> String {
    match role {
        Role::Holds => "the answer rests on it".to_owned(),
        Role::MayHold => "the answer may rest on it; its day is not known closely enough".to_owned(),
        Role::Overtaken { by } => format!("overtaken by entry #{by}"),
        Role::Later => "takes effect only after the day asked for".to_owned(),
        Role::LeftOut(Counted::Counts) => "counts elsewhere".to_owned(),
        Role::LeftOut(Counted::Retracted { by }) => format!("retracted by entry #{by}"),
        Role::LeftOut(Counted::Cancelled { by }) => {
            format!("called off before it took effect, by entry #{by}")
        }
        Role::LeftOut(Counted::Denied { by }) => {
            format!("denied by the party said to have done it, in entry #{by}")
        }
    }
}

/// What later entries say of an act, each with its number.
fn remarks(known: &Known<'_>) -> Vec<(u64, String)> {
    let amended = known.amended_by.iter().map(|number| (*number, "as corrected or moved".to_owned()));
    let contested =
        known.contested_by.iter().map(|(party, number)| (*number, format!("contested by {party},")));
    let confirmed = known.confirmed_by.iter().map(|number| (*number, "confirmed".to_owned()));
    amended.chain(contested).chain(confirmed).collect()
}

fn source(claim: &Claim) -> String {
    let text = |text: &Option<ledger::act::Text>| text.as_ref().map(ToString::to_string);
    let published = claim.published.as_ref().map(|date| format!("published {date}"));
    let parts = [text(&claim.locator), published, text(&claim.url), text(&claim.digest)];
    let source = format!("{}: {}", claim.stance.word(), claim.source);
    std::iter::once(source).chain(parts.into_iter().flatten()).collect::<Vec<_>>().join(", ")
}

fn argument_json(argument: &Argument<'_>) -> Value {
    let mut fields = standing::key_json(&argument.key);
    fields.insert(
        "standings".to_owned(),
        serde_json::to_value(argument.standings.iter().map(standing::Json).collect::<Vec<_>>())
            .unwrap_or_default(),
    );
    fields.insert("acts".to_owned(), argument.steps.iter().map(step_json).collect());
    Value::Object(fields)
}

fn step_json(step: &Step<'_>) -> Value {
    let (word, by) = match &step.role {
        Role::Holds => ("holds", None),
        Role::MayHold => ("may_hold", None),
        Role::Overtaken { by } => ("overtaken", Some(*by)),
        Role::Later => ("later", None),
        Role::LeftOut(Counted::Counts) => ("elsewhere", None),
        Role::LeftOut(Counted::Retracted { by }) => ("retracted", Some(*by)),
        Role::LeftOut(Counted::Cancelled { by }) => ("cancelled", Some(*by)),
        Role::LeftOut(Counted::Denied { by }) => ("denied", Some(*by)),
    };
    let contested: Vec<String> = step.known.contested_by.iter().map(|(party, _)| party.to_string()).collect();
    json!({
        "role": word,
        "by": by,
        "writes": step.effect.as_ref().map(|effect| effect.value().as_str().to_owned()),
        "entry": act::json(step.known.entry),
        "act_as_known": serde_json::to_value(ledger::act::json::Line(&step.known.act)).unwrap_or_default(),
        "amended_by": step.known.amended_by,
        "contested_by": contested,
        "confirmed_by": step.known.confirmed_by,
    })
}
