//! `chancery verify`: checks a proof with nothing but a policy.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use ledger::Instant;
use ledger::act::json::Line;
use ledger::checkpoint::Checkpoint;
use ledger::entry::Entry;
use ledger::policy::{Policy, Vouched};
use ledger::proof::{Document, NotProved};
use serde_json::{Map, Value, json};

use super::proving::policy;
use super::{Format, Place, Status};
use crate::trouble::{Trouble, way_to_prove};

/// Check a proof or a checkpoint, offline, with nothing but a policy
///
/// The policy is yours: the keys of the logs whose word you take, the witnesses, and how many of them must have
/// cosigned (c2sp.org/tlog-policy). Exit status 0 when everything holds, 1 when something does not, 2 when the
/// file cannot be read at all.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// A proof, a proof of consistency or of a fork, or a signed checkpoint
    file: PathBuf,

    /// Whose word is taken: keys of logs and witnesses, and the quorum
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
}

/// What a file was found to prove: names and values, in the order in which they are told.
type Told = Map<String, Value>;

impl Verify {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let policy = policy(&self.policy)?;
        let bytes = fs::read(&self.file).map_err(|error| Trouble::file(&self.file, &error))?;
        let document = Document::parse(&bytes).map_err(|error| {
            Trouble::unreadable(&self.file, &error)
                .hint("nothing that is spelled otherwise than it must be is read")
        })?;
        let (told, status) = match examine(&document, &policy) {
            Ok(told) => (told, Status::Done),
            Err(error) => (refused(&error), Status::Finding),
        };
        match place.format {
            Format::Json | Format::Jsonl => writeln!(out, "{}", Value::Object(told))?,
            Format::Table | Format::Csv => {
                for (name, value) in &told {
                    let words = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    writeln!(out, "{name:<11} {words}")?;
                }
            }
        }
        Ok(status)
    }
}

fn examine(document: &Document, policy: &Policy) -> Result<Told, NotProved> {
    let mut told = Told::new();
    told.insert("holds".to_owned(), true.into());
    match document {
        Document::Inclusion(proof) => {
            let (entry, vouched) = proof.verify(policy)?;
            tell_entry(&mut told, &entry);
            tell_vouched(&mut told, &proof.signed.checkpoint, &vouched);
        }
        Document::Consistency(proof) => {
            let vouched = proof.verify(policy)?;
            let (old, new) = (proof.old.checkpoint.size, proof.new.checkpoint.size);
            tell(
                &mut told,
                "proves",
                format!("the {new} entries begin with the {old} of the older checkpoint"),
            );
            tell_vouched(&mut told, &proof.new.checkpoint, &vouched);
        }
        Document::Fork(proof) => {
            let key = proof.verify(policy)?;
            let (one, other) = (&proof.smaller.checkpoint, &proof.larger.checkpoint);
            tell(
                &mut told,
                "proves",
                format!("the log `{}` told two histories, and signed both", one.origin),
            );
            tell(&mut told, "log", key.to_string());
            tell(&mut told, "one", format!("{} entries, root {}", one.size, one.root));
            tell(&mut told, "other", format!("{} entries, root {}", other.size, other.root));
        }
        Document::Checkpoint(signed) => {
            let vouched = policy.accept(signed)?;
            let Checkpoint { origin, size, .. } = &signed.checkpoint;
            tell(&mut told, "proves", format!("the log `{origin}` says that it holds {size} entries"));
            tell_vouched(&mut told, &signed.checkpoint, &vouched);
        }
    }
    Ok(told)
}

fn refused(error: &NotProved) -> Told {
    let mut told = Told::new();
    told.insert("holds".to_owned(), false.into());
    tell(&mut told, "because", error.to_string());
    tell(&mut told, "hint", way_to_prove(error).to_owned());
    told
}

fn tell(told: &mut Told, name: &str, text: String) {
    told.insert(name.to_owned(), Value::String(text));
}

fn tell_entry(told: &mut Told, entry: &Entry) {
    tell(told, "proves", format!("entry {} was recorded", entry.number));
    told.insert("entry".to_owned(), entry.number.into());
    tell(told, "recorded_at", entry.recorded_at.to_string());
    told.insert("act".to_owned(), json!(Line(&entry.act)));
}

fn tell_vouched(told: &mut Told, checkpoint: &Checkpoint, vouched: &Vouched) {
    let Checkpoint { origin, size, root } = checkpoint;
    tell(told, "checkpoint", format!("`{origin}`, {size} entries, root {root}"));
    tell(told, "log", vouched.log.to_string());
    let witnesses = vouched.witnesses.iter().map(|(name, seconds)| {
        let at = i64::try_from(*seconds).ok().and_then(|seconds| Instant::from_second(seconds).ok());
        at.map_or_else(|| name.clone(), |at| format!("{name} at {at}"))
    });
    told.insert("witnesses".to_owned(), witnesses.collect());
}
