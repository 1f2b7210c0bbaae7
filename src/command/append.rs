//! `chancery append`: records acts, all of them or none.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::Args;
use ledger::act::{Problem, Submitted, json};
use ledger::note::Purpose;
use ledger::standing::{Recorded, check};
use ledger::{
    Appended, Condition, Expected, Fate, Hash, History, Instant, Knowledge, Ledger, RecordedAt, Refusal,
};
use serde_json::json;

use super::check::finding_line;
use super::{Format, Place, Status};
use crate::clock;
use crate::keys::KeyFile;
use crate::text;
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
            let (acts, problems) = self.read(file)?;
            self.recording.record(place, &file.display().to_string(), acts, problems, out)
        } else {
            let kind = self.kind.iter().map(|kind| ("kind".to_owned(), kind.clone()));
            let act = text::read_words(kind.chain(self.fields.words()))
                .map_err(|problems| Trouble::problems("", &problems))?;
            self.recording.record(place, "", vec![act.into()], Vec::new(), out)
        }
    }

    fn read(&self, file: &Path) -> Result<(Vec<Submitted>, Vec<Problem>), Trouble> {
        let bytes = if file == Path::new("-") {
            let mut bytes = Vec::new();
            io::stdin().read_to_end(&mut bytes).map(|_| bytes)
        } else {
            fs::read(file)
        };
        let bytes = bytes.map_err(|error| Trouble::file(file, &error))?;
        let (acts, problems) = if self.exact { json::read_exact(&bytes) } else { text::read(file, &bytes) };
        if acts.is_empty() && problems.is_empty() {
            return Err(Trouble::wrong(format!("{}: there is no act in it", file.display()))
                .hint("nothing was recorded; a source that came back empty is recorded as `source.failed`"));
        }
        let future = acts
            .iter()
            .filter_map(|act| act.recorded_at)
            .map(RecordedAt::instant)
            .find(|at| *at > clock::now());
        future.map_or(Ok((acts, problems)), |at| Err(in_the_future("recorded_at", at)))
    }
}

impl Recording {
    /// Records acts that came from a file, or from flags where its name is empty.
    pub(crate) fn record(
        &self,
        place: &Place,
        name: &str,
        acts: Vec<Submitted>,
        mut problems: Vec<Problem>,
        out: &mut dyn Write,
    ) -> Result<Status, Trouble> {
        let recorded_at = when("--recorded-at", self.recorded_at.as_deref())?;
        let expected = self.expect_head.as_deref().map(expected_head).transpose()?;
        let key = self.sign.as_deref().map(|path| KeyFile::read(path, Purpose::Log)).transpose()?;
        let (mut ledger, conditions) = Ledger::open(&place.ledger)?;
        tell(&conditions);
        if let Some(file) = key {
            ledger.sign_with(file.key);
        }
        if !problems.is_empty() {
            // The other acts are checked too, so that one pass finds everything.
            if let Err(Refusal::Problems(more)) = ledger.check(&acts, recorded_at, expected) {
                problems.extend(more);
            }
            problems.sort_by_key(|problem| problem.place);
            return Err(Trouble::problems(name, &problems));
        }
        if self.strict {
            refuse_findings(&mut ledger, place, &acts, recorded_at)?;
        }
        if self.dry_run {
            let fates = ledger
                .check(&acts, recorded_at, expected)
                .map_err(|refusal| Trouble::refused(name, &refusal))?;
            let new = fates.iter().filter(|fate| matches!(fate, Fate::New(_))).count();
            writeln!(out, "dry run: {new} new, {} known already; nothing was recorded", fates.len() - new)?;
            return Ok(Status::Done);
        }
        let waiting = Waiting::for_what("recording");
        let appended =
            ledger.append(acts, recorded_at, expected).map_err(|refusal| Trouble::refused(name, &refusal))?;
        let closed = ledger.close().err().map(|error| error.to_string());
        drop(waiting);
        if let Some(fault) = appended.store_lags.clone().or(closed) {
            anstream::eprintln!(
                "note: the acts are recorded; the store lags and is brought up next time ({fault})"
            );
        }
        report(place.format, &appended, out)?;
        Ok(Status::Done)
    }
}

/// Refuses acts that would bring findings which the register does not have yet.
fn refuse_findings(
    ledger: &mut Ledger,
    place: &Place,
    acts: &[Submitted],
    recorded_at: RecordedAt,
) -> Result<(), Trouble> {
    let Ok(fates) = ledger.check(acts, recorded_at, None) else { return Ok(()) };
    let mut entries = History::read(&place.ledger)?.entries;
    let today = clock::today();
    let before = check(&Knowledge::of(&entries), today);
    for (Submitted { act, .. }, fate) in acts.iter().zip(fates) {
        if let Fate::New(number) = fate {
            let recorded_at = recorded_at.instant();
            entries.push(Recorded {
                number,
                recorded_at,
                asserted: false,
                hash: Hash::NONE,
                act: act.clone(),
            });
        }
    }
    let brought =
        check(&Knowledge::of(&entries), today).into_iter().filter(|finding| !before.contains(finding));
    let facts: Vec<String> =
        brought.map(|finding| format!("{} ({})", finding_line(&finding), finding.kind.hint())).collect();
    if facts.is_empty() { Ok(()) } else { Err(Trouble::findings(facts)) }
}

fn report(format: Format, appended: &Appended, out: &mut dyn Write) -> Result<(), Trouble> {
    let new: Vec<u64> = appended.fates.iter().filter_map(|fate| numbered(*fate, true)).collect();
    let known: Vec<u64> = appended.fates.iter().filter_map(|fate| numbered(*fate, false)).collect();
    let head = appended.head;
    match format {
        Format::Json | Format::Jsonl => {
            let answer = json!({
                "recorded": new, "known_already": known,
                "entries": head.number, "head": head.hash.to_string(),
            });
            writeln!(out, "{answer}")?;
        }
        Format::Table | Format::Csv => {
            match (new.first(), new.last()) {
                (Some(first), Some(last)) if first == last => writeln!(out, "recorded entry {first}")?,
                (Some(first), Some(last)) => writeln!(out, "recorded entries {first} to {last}")?,
                _ => writeln!(out, "recorded nothing new")?,
            }
            if !known.is_empty() {
                writeln!(out, "{} known already (entry {}…)", known.len(), known[0])?;
            }
            writeln!(out, "head {head}")?;
        }
    }
    Ok(())
}

fn numbered(fate: Fate, new: bool) -> Option<u64> {
    match fate {
        Fate::New(number) => new.then_some(number),
        Fate::Known(number) => (!new).then_some(number),
    }
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
