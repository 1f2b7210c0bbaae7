//! `chancery import`: editions of lists in, as acts.
//!
//! An edition that cannot be trusted is not applied. It is recorded that the source failed, and nobody is delisted.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use ledger::act::{Act, Label, Submitted, Text};
use ledger::note::Purpose;
use ledger::standing::names::parties;
use ledger::{Date, Deed, Expected, History, Instant, Knowledge, Ledger, PartyId, RecordedAt};
use serde_json::json;

use super::append::{tell, when};
use super::asking::read;
use super::{Format, Place, Status};
use crate::clock;
use crate::import::compare::{Changes, Last, Seen, compare};
use crate::import::mapped::Mapping;
use crate::import::{Broken, Content, Ending, ListFormat, reading};
use crate::keys::KeyFile;
use crate::trouble::Trouble;
use crate::waiting::Waiting;

/// Record what an edition of a list changes
///
/// The edition is compared with what the ledger knows from the same source; what changed is recorded as acts: new
/// parties and listings, other names, moves, removals. Where the list gives no days, they lie between two
/// observations. An edition that is empty, cut, unreadable, older than the last one, or that would remove many
/// at once is not applied: it is recorded that the source failed, nobody is delisted, and the status is 1.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The format of the list
    #[arg(value_enum, value_name = "FORMAT")]
    list: ListFormat,

    /// Editions of the list, the oldest first; packed with gzip or zstd, or not
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// When the edition was observed, when that is not now; once for each file
    #[arg(long, value_name = "T")]
    observed_at: Vec<String>,

    /// The source to which the edition belongs, where it is not the usual one of the format
    #[arg(long, value_name = "NAME", required_if_eq("list", "ftm"))]
    source: Option<String>,

    /// The party that publishes the list, where the format does not say
    #[arg(long, value_name = "PARTY", required_if_eq("list", "ftm"))]
    publisher: Option<String>,

    /// What the columns of a CSV mean, as TOML: `[columns]`, `[constants]`, `[dates]`, `[words.FIELD]`
    #[arg(long, value_name = "FILE", required_if_eq("list", "csv"))]
    mapping: Option<PathBuf>,

    /// How much of a list one edition may remove
    #[arg(long, value_name = "N%", default_value = "5%")]
    allow_removals: String,

    /// Say what would be recorded, and record nothing
    #[arg(long)]
    dry_run: bool,

    /// Sign with the key in this file, as a registrar to whom the ledger grants these kinds of acts
    #[arg(long, value_name = "FILE")]
    sign: Option<PathBuf>,
}

/// What became of an edition.
struct Outcome {
    file: String,
    observed_at: Instant,
    entries: usize,
    verdict: Result<Changes, Broken>,
    acts: Vec<Submitted>,
}

impl Import {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let mapping = self.mapping.as_deref().map(mapping).transpose()?;
        let most = percentage(&self.allow_removals)?;
        if !self.observed_at.is_empty() && self.observed_at.len() != self.files.len() {
            return Err(Trouble::wrong("--observed-at is given once for each file")
                .hint("give the files and their instants in the same order, or one file at a time"));
        }
        let mut status = Status::Done;
        for (index, file) in self.files.iter().enumerate() {
            let observed = when("--observed-at", self.observed_at.get(index).map(String::as_str))?;
            let history = read(place)?;
            let outcome = self.look(history, mapping.as_ref(), most, file, observed.instant())?;
            if outcome.verdict.is_err() {
                status = Status::Finding;
            }
            self.record(place, history, observed, outcome, out)?;
        }
        Ok(status)
    }

    /// To which source the edition belongs, and who publishes it.
    fn source(
        &self,
        mapping: Option<&Mapping>,
        told: Option<&'static str>,
    ) -> Result<(Label, PartyId), Trouble> {
        let mapped = mapping.map(|mapping| (mapping.source.as_str(), mapping.publisher.as_str()));
        let (usual, publisher) = mapped.or(self.list.source()).unwrap_or_default();
        let usual = told.unwrap_or(usual);
        let source = Label::parse(self.source.as_deref().unwrap_or(usual));
        let source = source.map_err(|error| Trouble::wrong(format!("--source: {error}")))?;
        let publisher = self.publisher.as_deref().unwrap_or(publisher);
        Ok((source, PartyId::parse(publisher).map_err(|error| Trouble::wrong(error.to_string()))?))
    }

    /// What an edition comes to, given what the ledger knows.
    fn look(
        &self,
        history: &History,
        mapping: Option<&Mapping>,
        most: f64,
        file: &Path,
        observed_at: Instant,
    ) -> Result<Outcome, Trouble> {
        let digest = reading::digest(file).map_err(|error| Trouble::file(file, &error))?;
        let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let knowledge = Knowledge::of(&history.entries);
        let parties = parties(&knowledge);
        let waiting =
            Waiting::for_bytes(&format!("reading {name}"), fs::metadata(file).map_or(0, |m| m.len()));
        let edition = reading::open(file, |packed| waiting.reader(packed))
            .map_err(Broken::from)
            .and_then(|mut bytes| self.list.read(&mut bytes, &parties, mapping));
        drop(waiting);
        let told = edition.as_ref().ok().and_then(Content::source);
        let (source, publisher) = self.source(mapping, told)?;
        let text = |words: &str| Text::parse(words).map_err(|error| Trouble::wrong(error.to_string()));
        let seen = Seen {
            source: &text(source.as_str())?,
            publisher: &publisher,
            digest: &text(&digest)?,
            file: &name,
            on: jiff::tz::Offset::UTC.to_datetime(observed_at).date(),
        };
        let editions: Vec<Last> = Last::all(&knowledge, seen.source).collect();
        let entries = edition.as_ref().map_or(0, Content::count);
        let judged = edition.and_then(|edition| {
            not_older(&editions, &edition, &seen)?;
            let (ending, day) = (edition.ending(), edition.published().cloned());
            let changes = compare(&knowledge, &parties, edition, &seen);
            trusted(&changes, ending, most)?;
            Ok((day, changes))
        });
        let seen_already =
            editions.first().is_some_and(|last| last.on == seen.on && last.digest == *seen.digest);
        let (verdict, acts) = match judged {
            Err(broken) => {
                let act = failed(&seen, &source, &broken);
                (Err(broken), vec![act.into()])
            }
            Ok((day, mut changes)) => {
                let mut acts = std::mem::take(&mut changes.acts);
                if !acts.is_empty() || !seen_already {
                    acts.insert(0, noticed(&seen, day, entries, &changes).into());
                }
                (Ok(changes), acts)
            }
        };
        Ok(Outcome { file: name, observed_at, entries, verdict, acts })
    }

    fn record(
        &self,
        place: &Place,
        history: &History,
        observed: RecordedAt,
        outcome: Outcome,
        out: &mut dyn Write,
    ) -> Result<(), Trouble> {
        let Outcome { file, observed_at, entries, verdict, acts } = outcome;
        let first = history.head.number + 1;
        let count = acts.len();
        let mut head = history.head;
        if count > 0 && !self.dry_run {
            let expected = Expected { number: head.number, hash: head.hash };
            let at = recorded_at(observed, head.recorded_at);
            head = append(place, acts, at, expected, self.sign.as_deref())?;
        } else {
            // The process ends with the answer: to free them one by one takes longer than finding them.
            std::mem::forget(acts);
        }
        let words = match &verdict {
            Ok(_) if count == 0 => "observed already; nothing was recorded".to_owned(),
            _ if self.dry_run => format!("dry run: {count} acts would be recorded"),
            _ if count == 1 => format!("recorded entry {first}"),
            _ => format!("recorded entries {first} to {}", head.number),
        };
        let findings = verdict.as_ref().map_or(&[][..], |changes| &changes.findings);
        match place.format {
            Format::Table | Format::Csv => {
                match &verdict {
                    Ok(changes) => {
                        writeln!(
                            out,
                            "{file}: {entries} entries, observed at {observed_at}: {}",
                            told(changes)
                        )?;
                    }
                    Err(broken) => writeln!(out, "{file}: not applied: {broken}; nobody was delisted")?,
                }
                for finding in findings {
                    writeln!(out, "finding: {finding}")?;
                }
                writeln!(out, "{words}\nhead {head}")?;
            }
            Format::Json | Format::Jsonl => {
                let changes = verdict.as_ref().ok();
                let answer = json!({
                    "file": file, "observed_at": observed_at.to_string(), "entries": entries,
                    "applied": changes.is_some(), "reason": verdict.as_ref().err().map(ToString::to_string),
                    "changes": changes.map(|changes| counts(changes).into_iter().collect::<BTreeMap<_, _>>()),
                    "acts": count, "findings": findings,
                    "ledger": { "entries": head.number, "head": head.hash.to_string() },
                });
                writeln!(out, "{answer}")?;
            }
        }
        Ok(())
    }
}

fn append(
    place: &Place,
    acts: Vec<Submitted>,
    at: RecordedAt,
    expected: Expected,
    sign: Option<&Path>,
) -> Result<ledger::Head, Trouble> {
    let key = sign.map(|path| KeyFile::read(path, Purpose::Log)).transpose()?;
    let (mut ledger, conditions) = Ledger::open(&place.ledger)?;
    tell(&conditions);
    if let Some(file) = key {
        ledger.sign_with(file.key);
    }
    let waiting = Waiting::for_what("recording");
    let appended =
        ledger.append(acts, at, Some(expected)).map_err(|refusal| Trouble::refused("", &refusal))?;
    let closed = ledger.close().err().map(|error| error.to_string());
    drop(waiting);
    if let Some(fault) = appended.store_lags.or(closed) {
        anstream::eprintln!(
            "note: the acts are recorded; the store lags and is brought up next time ({fault})"
        );
    }
    Ok(appended.head)
}

/// The register learned of an edition when it was observed, unless it has learned of other things since.
fn recorded_at(observed: RecordedAt, last: Instant) -> RecordedAt {
    if observed.instant() >= last {
        return observed;
    }
    anstream::eprintln!(
        "note: the last entry was recorded at {last}, after the observation: the acts are recorded now, and say \
         when the list was observed"
    );
    RecordedAt::Clock(clock::now())
}

/// An older edition would undo what is known: one observed or published before the last, or one that the ledger
/// has seen already and another after it.
fn not_older(editions: &[Last], edition: &Content, seen: &Seen<'_>) -> Result<(), Broken> {
    let Some((last, before)) = editions.split_first() else { return Ok(()) };
    let (on, digest) = (seen.on, seen.digest);
    if on < last.on {
        let facts =
            format!("it was observed on {on}, before the edition of {} (entry {})", last.on, last.entry);
        return Err(Broken(facts));
    }
    if let (Some(this), Some(known)) = (edition.published(), &last.published)
        && this.latest() < known.earliest()
    {
        let facts =
            format!("it was published on {this}, before the last edition, of {known} (entry {})", last.entry);
        return Err(Broken(facts));
    }
    match before.iter().find(|old| old.digest == *digest) {
        Some(old) if last.digest != *digest => Err(Broken(format!(
            "it is, byte for byte, the edition observed on {} (entry {}), and a later one is known (entry {})",
            old.on, old.entry, last.entry
        ))),
        _ => Ok(()),
    }
}

/// Whether so many removals may be believed.
#[allow(clippy::cast_precision_loss, reason = "lists are shorter than 2^52")]
fn trusted(changes: &Changes, ending: Ending, most: f64) -> Result<(), Broken> {
    let share = 100.0 * changes.removed as f64 / changes.known.max(1) as f64;
    let (removed, known) = (changes.removed, changes.known);
    if share > most {
        return Err(Broken(format!(
            "it would remove {removed} of {known}, {share:.1} %, where {most} % are allowed (--allow-removals)"
        )));
    }
    if removed > 0 && ending == Ending::Unmarked && most <= DEFAULT {
        return Err(Broken(format!(
            "it would remove {removed} of {known}, and lacks the mark with which the publisher ends it: it may be \
             cut (--allow-removals of more than {DEFAULT} % takes it as it is)"
        )));
    }
    Ok(())
}

/// The share that one edition may remove unless the registrar says otherwise.
const DEFAULT: f64 = 5.0;

fn mapping(file: &Path) -> Result<Mapping, Trouble> {
    let text = fs::read_to_string(file).map_err(|error| Trouble::file(file, &error))?;
    Mapping::parse(&text).map_err(|error| Trouble::wrong(format!("{}: {error}", file.display())))
}

fn percentage(text: &str) -> Result<f64, Trouble> {
    let number: Option<f64> = text.trim_end_matches('%').trim().parse().ok();
    number.filter(|number| (0.0..=100.0).contains(number)).ok_or_else(|| {
        Trouble::wrong(format!("--allow-removals: `{text}` is no percentage")).hint("write it as 10%")
    })
}

/// That an edition was observed: the next one is dated from here.
fn noticed(seen: &Seen<'_>, published: Option<Date>, entries: usize, changes: &Changes) -> Act {
    let deed = Deed::Notice { actor: seen.publisher.clone(), subject: None };
    Act {
        published,
        claims: vec![seen.claim(seen.file)],
        note: Text::parse(&format!("edition of {entries} entries observed: {}", told(changes))).ok(),
        ..Act::new(deed, Some(Date::on(seen.on)))
    }
}

fn failed(seen: &Seen<'_>, source: &Label, broken: &Broken) -> Act {
    let reason = broken.0.replace(|c: char| c.is_control(), " ");
    let reason = Text::parse(&reason).or_else(|_| Text::parse("it cannot be read"));
    let reason = reason.expect("a plain sentence is a text");
    Act {
        claims: vec![seen.claim(seen.file)],
        ..Act::new(
            Deed::SourceFailed {
                actor: None,
                subject: None,
                list: None,
                source: Some(source.clone()),
                reason: Some(reason),
            },
            Some(Date::on(seen.on)),
        )
    }
}

fn told(changes: &Changes) -> String {
    let counts = counts(changes).into_iter().filter(|(_, count)| *count > 0);
    let words: Vec<String> = counts.map(|(what, count)| format!("{count} {what}")).collect();
    if words.is_empty() { "nothing changed".to_owned() } else { words.join(", ") }
}

fn counts(changes: &Changes) -> [(&'static str, usize); 6] {
    [
        ("newly listed", changes.listed),
        ("moved", changes.moved),
        ("with other names", changes.renamed),
        ("removed", changes.removed),
        ("new acts", changes.told),
        ("corrected", changes.corrected),
    ]
}
