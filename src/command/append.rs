//! `chancery append`: records acts, all of them or none.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use clap::Args;
use ledger::act::Submitted;
use ledger::note::Purpose;
use ledger::standing::{Recorded, check};
use ledger::{
    Act, Appended, Condition, Expected, Fate, Hash, History, Instant, Intake, Knowledge, Ledger, RecordedAt,
    Registers,
};
use serde_json::json;

use super::check::finding_line;
use super::{Format, Place, Status};
use crate::clock;
use crate::keys::KeyFile;
use crate::text::{self, Batch};
use crate::trouble::Trouble;
use crate::waiting::Waiting;

/// Record acts, all of them or none
///
/// One act by flags (`chancery append recognition.state --actor USA --subject XKX --effective 2008-02-18`), or a
/// file of acts: JSON lines, or TOML (`.toml`) or CSV (`.csv`) with the same names. An act with an `id` that the
/// ledger holds already, word for word, is passed over: sending a file twice does no harm. When the command
/// returns, the acts are on disk.
#[derive(Debug, Args)]
pub(crate) struct Append {
    /// The kind of the act, such as recognition.state
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    kind: Option<String>,

    #[command(flatten)]
    fields: Fields,

    /// A file of acts; `-` for standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = FIELD_IDS)]
    file: Option<PathBuf>,

    /// The file is an exact export: every line says when its act was recorded
    #[arg(long, requires = "file", conflicts_with = "recorded_at")]
    exact: bool,

    #[command(flatten)]
    recording: Recording,
}

/// How acts are recorded: what every command that appends takes.
#[derive(Debug, Args)]
pub(crate) struct Recording {
    /// The instant at which the acts are recorded, when that is not now: it is then marked as asserted
    #[arg(long, value_name = "T")]
    recorded_at: Option<String>,

    /// Refuse unless the ledger stands at this head, as `chancery head` prints it
    #[arg(long, value_name = "N:HASH")]
    expect_head: Option<String>,

    /// Check everything and record nothing
    #[arg(long)]
    dry_run: bool,

    /// Refuse what `chancery check` would report of these acts
    #[arg(long)]
    strict: bool,

    /// Sign with the key in this file, as a registrar to whom the ledger grants these kinds of acts
    #[arg(long, value_name = "FILE")]
    sign: Option<PathBuf>,
}

macro_rules! fields {
    ($($(#[doc = $doc:literal])* $name:ident $flag:literal $value:literal,)+) => {
        /// The fields of an act as flags.
        #[derive(Debug, Default, Args)]
        pub(crate) struct Fields {
            $($(#[doc = $doc])* #[arg(long = $flag, value_name = $value, allow_negative_numbers = true, help_heading = "Fields of the act")]
            pub(crate) $name: Option<String>,)+
        }

        const FIELD_IDS: &[&str] = &[$(stringify!($name),)+];

        impl Fields {
            fn words(&self) -> impl Iterator<Item = (String, String)> {
                [$((stringify!($name), &self.$name),)+]
                    .into_iter()
                    .filter_map(|(name, word)| Some((name.to_owned(), word.clone()?)))
            }
        }
    };
}

fields! {
    /// The party that acts
    actor "actor" "PARTY",
    /// The party acted upon
    subject "subject" "PARTY",
    /// When it took effect: an EDTF date, such as 2025-07-03, 2025-04 or 2003/2005
    effective "effective" "DATE",
    /// The last day of its effect, by its own terms
    until "until" "DATE",
    /// Your own id of the act
    id "id" "ID",
    /// The state of which the subject is the government
    of "of" "PARTY",
    /// `de_jure` or `de_facto`
    mode "mode" "WORD",
    /// express or implied
    manner "manner" "WORD",
    /// The post of a mission, where it is not the embassy
    post "post" "NAME",
    /// The rank of a mission, such as embassy
    rank "rank" "WORD",
    /// The state whose mission shelters an interests section
    protecting "protecting" "PARTY",
    /// The person sent
    person "person" "PARTY",
    /// The class of the person, such as ambassador
    class "class" "WORD",
    /// Why an envoy's term ended, or why a source failed
    reason "reason" "TEXT",
    /// The sanctions regime, such as "EO 14024"
    regime "regime" "NAME",
    /// The measures, parted by `;`
    measures "measures" "WORDS",
    /// The name of a licence
    licence "licence" "NAME",
    /// The list of a terrorist listing
    list "list" "NAME",
    /// What a new party is, such as person
    party "party" "WORD",
    /// The name of a party
    name "name" "NAME",
    /// Codes of a party: `cow=700;gw=700`
    codes "codes" "CODES",
    /// The earlier act, by its id or as #NUMBER
    act "act" "ACT",
    /// What a correction sets: `effective=2003-02-14;rank=embassy`, or JSON
    set "set" "FIELDS",
    /// The public key of a registrar, as `chancery key new` prints it
    key "key" "KEY",
    /// The families of kinds that it may enter, parted by `;`, such as `sanction;terror`; `*` for all
    may "may" "FAMILIES",
    /// How many entries a signature is about
    count "count" "N",
    /// A signature, in base64
    signature "signature" "BASE64",
    /// The source that failed
    source "source" "NAME",
    /// When it was decided
    decided "decided" "DATE",
    /// When it was announced
    announced "announced" "DATE",
    /// When the other side was notified
    notified "notified" "DATE",
    /// When it was published
    published "published" "DATE",
    /// The document, such as "Reg 269/2014"
    instrument "instrument" "TEXT",
    /// The law it rests on
    basis "basis" "TEXT",
    /// Who says so: sources parted by `;`, or JSON
    claims "claims" "SOURCES",
    /// The place of the act within its day
    order "order" "N",
    /// The transaction that the act is part of
    group "group" "NAME",
    /// Free text
    note "note" "TEXT",
}

impl Append {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        if let Some(file) = &self.file {
            return thread::scope(|scope| {
                let (send, batches) = sync_channel(BATCHES);
                scope.spawn(move || read(file, self.exact, &send));
                self.recording.record(place, &file.display().to_string(), batches.into_iter(), out)
            });
        }
        let kind = self.kind.iter().map(|kind| ("kind".to_owned(), kind.clone()));
        let act = text::read_words(kind.chain(self.fields.words()))
            .map_err(|problems| Trouble::problems("", &problems))?;
        self.recording.record_one(place, act, out)
    }
}

/// How many batches of acts may wait to be recorded while more are read.
const BATCHES: usize = 2;

/// Reads a file of acts on a thread of its own.
fn read(file: &Path, exact: bool, batches: &SyncSender<Result<Batch, Trouble>>) {
    let read = text::read(file, exact, &mut |batch| {
        let now = clock::now();
        let recorded = batch.0.iter().filter_map(|act| act.recorded_at).map(RecordedAt::instant);
        let future = recorded.into_iter().find(|at| *at > now);
        let batch = future.map_or(Ok(batch), |at| Err(in_the_future("recorded_at", at)));
        // Whoever takes them may have given up.
        batches.send(batch).is_ok()
    });
    if let Err(error) = read {
        drop(batches.send(Err(Trouble::file(file, &error))));
    }
}

impl Recording {
    /// Records an act that came from flags.
    pub(crate) fn record_one(&self, place: &Place, act: Act, out: &mut dyn Write) -> Result<Status, Trouble> {
        self.record(place, "", std::iter::once(Ok((vec![act.into()], Vec::new()))), out)
    }

    /// Records acts that come from a file, or from flags where its name is empty.
    fn record(
        &self,
        place: &Place,
        name: &str,
        batches: impl Iterator<Item = Result<Batch, Trouble>>,
        out: &mut dyn Write,
    ) -> Result<Status, Trouble> {
        let recorded_at = when("--recorded-at", self.recorded_at.as_deref())?;
        let expected = self.expect_head.as_deref().map(expected_head).transpose()?;
        let key = self.sign.as_deref().map(|path| KeyFile::read(path, Purpose::Log)).transpose()?;
        let mut batches = batches.peekable();
        if let Some(Err(_)) | None = batches.peek() {
            return Err(batches.next().and_then(Result::err).unwrap_or_else(|| no_act_in(name)));
        }
        let (mut ledger, conditions) = Ledger::open(&place.ledger)?;
        tell(&conditions);
        if let Some(file) = key {
            ledger.sign_with(file.key);
        }
        let refused = |refusal| Trouble::refused(name, &refusal);
        let waiting = Waiting::for_what("recording");
        let appended = if self.strict {
            let all = whole(batches)?;
            refuse_findings(&mut ledger, place, &all, recorded_at)?;
            let intake = ledger.begin(recorded_at, expected).map_err(refused)?;
            self.take_in(intake, std::iter::once(Ok(all)), name)?
        } else {
            let intake = ledger.begin(recorded_at, expected).map_err(refused)?;
            self.take_in(intake, batches, name)?
        };
        if self.dry_run {
            drop(waiting);
            let (new, known) = (appended.new.count(), appended.known.len());
            writeln!(out, "dry run: {new} new, {known} known already; nothing was recorded")?;
            return Ok(Status::Done);
        }
        let closed = ledger.close().err().map(|error| error.to_string());
        drop(waiting);
        if let Some(fault) = appended.store_lags.clone().or(closed) {
            anstream::eprintln!(
                "note: the acts are recorded; the store lags and is brought up next time ({fault})"
            );
        }
        report(place.format, appended, out)?;
        Ok(Status::Done)
    }

    /// Takes in all acts, and records them unless this is a dry run.
    fn take_in(
        &self,
        mut intake: Intake<'_>,
        batches: impl Iterator<Item = Result<Batch, Trouble>>,
        name: &str,
    ) -> Result<Appended, Trouble> {
        let refused = |refusal| Trouble::refused(name, &refusal);
        let mut is_empty = true;
        for batch in batches {
            let (acts, problems) = batch?;
            is_empty &= acts.is_empty() && problems.is_empty();
            intake.refuse(problems);
            intake.take(acts).map_err(refused)?;
        }
        if is_empty {
            return Err(no_act_in(name));
        }
        if self.dry_run { intake.cancel() } else { intake.commit() }.map_err(refused)
    }
}

fn no_act_in(file: &str) -> Trouble {
    Trouble::wrong(format!("{file}: there is no act in it"))
        .hint("nothing was recorded; a source that came back empty is recorded as `source.failed`")
}

/// All batches as one.
fn whole(batches: impl Iterator<Item = Result<Batch, Trouble>>) -> Result<Batch, Trouble> {
    let mut all = Batch::default();
    for batch in batches {
        let (acts, problems) = batch?;
        all.0.extend(acts);
        all.1.extend(problems);
    }
    Ok(all)
}

/// Refuses acts that would bring findings which the register does not have yet.
fn refuse_findings(
    ledger: &mut Ledger,
    place: &Place,
    (acts, problems): &Batch,
    recorded_at: RecordedAt,
) -> Result<(), Trouble> {
    // What is wrong with the acts themselves is said when they are taken in.
    if !problems.is_empty() {
        return Ok(());
    }
    let Ok(fates) = ledger.check(acts.clone(), recorded_at, None) else { return Ok(()) };
    let mut entries = History::read(&place.ledger)?.entries;
    let today = clock::today();
    let findings = |entries: &[Recorded]| {
        let knowledge = Knowledge::of(entries);
        check(&knowledge, &Registers::of(&knowledge), today)
    };
    let before = findings(&entries);
    for (Submitted { act, .. }, fate) in acts.iter().zip(fates) {
        if let Fate::New(number) = fate {
            let recorded_at = recorded_at.instant();
            let (asserted, hash, act) = (false, Hash::NONE, act.clone());
            entries.push(Recorded { number, recorded_at, asserted, hash, act });
        }
    }
    let brought = findings(&entries).into_iter().filter(|finding| !before.contains(finding));
    let facts: Vec<String> =
        brought.map(|finding| format!("{} ({})", finding_line(&finding), finding.kind.hint())).collect();
    if facts.is_empty() { Ok(()) } else { Err(Trouble::findings(facts)) }
}

fn report(format: Format, appended: Appended, out: &mut dyn Write) -> Result<(), Trouble> {
    let Appended { new, known, head, .. } = appended;
    match format {
        Format::Json | Format::Jsonl => {
            let answer = json!({
                "recorded": new.collect::<Vec<_>>(), "known_already": known,
                "entries": head.number, "head": head.hash.to_string(),
            });
            writeln!(out, "{answer}")?;
        }
        Format::Table | Format::Csv => {
            let (first, last) = (new.start(), new.end());
            match last.checked_sub(*first) {
                None => writeln!(out, "recorded nothing new")?,
                Some(0) => writeln!(out, "recorded entry {first}")?,
                Some(_) => writeln!(out, "recorded entries {first} to {last}")?,
            }
            if let Some(first) = known.first() {
                writeln!(out, "{} known already (entry {first}…)", known.len())?;
            }
            writeln!(out, "head {head}")?;
        }
    }
    Ok(())
}

/// Says what opening had to put right.
pub(crate) fn tell(conditions: &[Condition]) {
    for condition in conditions {
        let words = match condition {
            // The store of a new ledger, or one that was not brought up before its writer ended: nothing to say.
            Condition::StoreLagged { .. } => continue,
            Condition::Torn { bytes, kept: None } => {
                format!(
                    "the journal ended in {bytes} bytes of an append that was never acknowledged; they were cut off"
                )
            }
            Condition::Torn { bytes, kept: Some(kept) } => format!(
                "the journal ended in {bytes} bytes that are no whole append; they were cut off, and the journal as it was is kept in {}",
                kept.display()
            ),
            Condition::StoreRebuilt { fault, kept } => format!(
                "the store was damaged and was rebuilt from the journal; the damaged one is kept in {} ({fault})",
                kept.display()
            ),
            Condition::JournalRestored { kept: None, .. } => {
                "the journal was gone and was restored from the store".to_owned()
            }
            Condition::JournalRestored { entry, kept: Some(kept) } => format!(
                "the journal was damaged from entry {entry} on and was restored; the damaged one is kept in {}",
                kept.display()
            ),
        };
        anstream::eprintln!("note: {words}");
    }
}

/// When acts are recorded: now, or at an instant that the registrar asserts.
pub(crate) fn when(flag: &str, given: Option<&str>) -> Result<RecordedAt, Trouble> {
    let now = clock::now();
    let Some(text) = given else { return Ok(RecordedAt::Clock(now)) };
    let instant: Instant = text.parse().map_err(|_| {
        Trouble::wrong(format!("{flag}: `{text}` is not an instant")).hint("write it as 2025-07-04T09:00:00Z")
    })?;
    if instant > now {
        return Err(in_the_future(flag, instant));
    }
    Ok(RecordedAt::Asserted(instant))
}

fn in_the_future(what: &str, instant: Instant) -> Trouble {
    Trouble::wrong(format!("{what}: {instant} lies in the future"))
        .hint("the register's own time never goes back, so nothing could be recorded until then")
}

/// Reads a head as `chancery head` prints it.
pub(crate) fn expected_head(text: &str) -> Result<Expected, Trouble> {
    let parsed = text
        .split_once(':')
        .and_then(|(number, hash)| Some(Expected { number: number.parse().ok()?, hash: Hash::parse(hash)? }));
    parsed.ok_or_else(|| {
        Trouble::wrong(format!("`{text}` is not a head"))
            .hint("a head is N:HASH, the hash of 64 digits, as `chancery head` prints it")
    })
}
