//! `chancery correct`, `retract`, `dispute`, `deny`: short forms of the acts about the register itself.

use std::io::Write;

use clap::Args;

use super::append::Recording;
use super::{Place, Status};
use crate::text;
use crate::trouble::Trouble;

/// Correct an act that was written wrongly
///
/// The new content counts from now on; what the register said before can still be asked with --known-at.
#[derive(Debug, Args)]
pub(crate) struct Correct {
    /// The act: its id, or #ENTRY
    act: String,

    /// The fields to set, such as effective=2003-02-14; an empty value removes a field
    #[arg(required = true, value_name = "FIELD=VALUE")]
    set: Vec<String>,

    #[command(flatten)]
    about: About,
}

/// Retract an act that should not have been written
#[derive(Debug, Args)]
pub(crate) struct Retract {
    /// The act: its id, or #ENTRY
    act: String,

    #[command(flatten)]
    about: About,
}

/// Record that a party disputes an act; it still counts, and answers that rest on it say who contests it
#[derive(Debug, Args)]
pub(crate) struct Dispute {
    /// The act: its id, or #ENTRY
    act: String,

    /// The party that disputes it
    #[arg(long, value_name = "PARTY")]
    by: String,

    #[command(flatten)]
    about: About,
}

/// Record that a party denies an act; when it is the party said to have done it, the act counts no longer
#[derive(Debug, Args)]
pub(crate) struct Deny {
    /// The act: its id, or #ENTRY
    act: String,

    /// The party that denies it
    #[arg(long, value_name = "PARTY")]
    by: String,

    #[command(flatten)]
    about: About,
}

/// What the four have in common.
#[derive(Debug, Args)]
struct About {
    /// When it was done
    #[arg(long, value_name = "DATE")]
    effective: Option<String>,

    /// Your own id of this act
    #[arg(long, value_name = "ID")]
    id: Option<String>,

    /// Who says so: sources parted by `;`, or JSON
    #[arg(long, value_name = "SOURCES")]
    claims: Option<String>,

    /// Why
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,

    #[command(flatten)]
    recording: Recording,
}

impl Correct {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let mut set = serde_json::Map::new();
        for pair in &self.set {
            let (field, word) = pair.split_once('=').ok_or_else(|| {
                Trouble::wrong(format!("`{pair}` is not FIELD=VALUE")).hint("such as effective=2003-02-14")
            })?;
            let value = if word.is_empty() { serde_json::Value::Null } else { text::value_of(field, word) };
            set.insert(field.to_owned(), value);
        }
        let set = serde_json::Value::Object(set).to_string();
        self.about.record("act.corrected", &self.act, [("set", set.as_str())], place, out)
    }
}

impl Retract {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        self.about.record("act.retracted", &self.act, [], place, out)
    }
}

impl Dispute {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        self.about.record("act.disputed", &self.act, [("actor", self.by.as_str())], place, out)
    }
}

impl Deny {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        self.about.record("act.denied", &self.act, [("actor", self.by.as_str())], place, out)
    }
}

impl About {
    fn record<const N: usize>(
        &self,
        kind: &str,
        act: &str,
        own: [(&str, &str); N],
        place: &Place,
        out: &mut dyn Write,
    ) -> Result<Status, Trouble> {
        let common = [
            ("effective", &self.effective),
            ("id", &self.id),
            ("claims", &self.claims),
            ("note", &self.note),
        ];
        let words = [("kind", kind), ("act", act)].into_iter().chain(own);
        let given = common.iter().filter_map(|(name, word)| Some((*name, word.as_deref()?)));
        let words = words.chain(given).map(|(name, word)| (name.to_owned(), word.to_owned()));
        let act = text::read_words(words).map_err(|problems| Trouble::problems("", &problems))?;
        self.recording.record_one(place, act, out)
    }
}
