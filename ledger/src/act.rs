//! What: diplomatic acts, and the words in which they are written.
//!
//! An [`Act`] is what every act has (dates, instrument, claims) around a [`Deed`], which is what this kind of
//! act has and no other. The kinds and their fields stand in one table, [`vocabulary`]; reading, writing and
//! the binary form all follow from it. The order of the kinds and of their fields is a format: new ones are
//! appended.

pub mod draft;
pub mod json;
pub(crate) mod skimmed;
pub mod vocabulary;
pub(crate) mod word;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use draft::{Draft, Flaw, Place, Problem};
pub use vocabulary::{Deed, KINDS, Timing};
pub use word::{
    ActId, ActRef, Changes, Class, Codes, Label, Manner, Measure, Measures, Mode, PartyKind, Rank, Stance,
    Text, Unfit,
};

use crate::date::{Date, RecordedAt};
use draft::Fields;
use word::Shown;

/// One act: who did what toward whom, when it took effect, and on whose word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// The submitter's own id of the act, unique in the ledger.
    pub id: Option<ActId>,
    /// What was done.
    pub deed: Deed,
    /// When it took effect in the world.
    pub effective: Option<Date>,
    /// The last day on which its effect lasts, by its own terms.
    pub until: Option<Date>,
    /// When it was decided.
    pub decided: Option<Date>,
    /// When it was announced.
    pub announced: Option<Date>,
    /// When the other side was notified.
    pub notified: Option<Date>,
    /// When it was published.
    pub published: Option<Date>,
    /// The document, such as `EO 14024`.
    pub instrument: Option<Text>,
    /// The law it rests on.
    pub basis: Option<Text>,
    /// Who says so.
    pub claims: Vec<Claim>,
    /// The place of the act within its day.
    pub order: Option<i64>,
    /// Acts of one transaction share a group and take effect together.
    pub group: Option<Label>,
    /// Free text.
    pub note: Option<Text>,
}

/// An act to be recorded, and the line that it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// The line of the text, from 1; 0 where there is none.
    pub line: usize,
    /// The act; apart, for hundreds of thousands may wait together, and each goes when it is sealed.
    pub act: Box<Act>,
    /// When it is to be recorded, where that is not the instant of the append.
    pub recorded_at: Option<RecordedAt>,
}

impl From<Act> for Submitted {
    fn from(act: Act) -> Self {
        Self { line: 0, act: Box::new(act), recorded_at: None }
    }
}

/// Who says so: one source of an act, and whether it asserts or denies it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The source, as a reader would look for it.
    pub source: Text,
    /// Where it can be read.
    pub url: Option<Text>,
    /// When the source was published.
    pub published: Option<Date>,
    /// When the source was read.
    pub retrieved: Option<Date>,
    /// The place within the source: a page, a paragraph, a record.
    pub locator: Option<Text>,
    /// The hash of the source as it was read, with its algorithm: `blake3:…`.
    pub digest: Option<Text>,
    /// Whether the source asserts the act or denies it.
    pub stance: Stance,
}

/// The fields that every act may have, in the order in which they are written, around those of its kind.
pub const COMMON_FIELDS: [&str; 14] = [
    "kind",
    "id",
    "effective",
    "until",
    "decided",
    "announced",
    "notified",
    "published",
    "instrument",
    "basis",
    "claims",
    "order",
    "group",
    "note",
];

impl Act {
    /// An act with nothing but its deed and the day it took effect.
    #[must_use]
    pub fn new(deed: Deed, effective: Option<Date>) -> Self {
        Self {
            id: None,
            deed,
            effective,
            until: None,
            decided: None,
            announced: None,
            notified: None,
            published: None,
            instrument: None,
            basis: None,
            claims: Vec::new(),
            order: None,
            group: None,
            note: None,
        }
    }

    /// Reads an act out of a draft: every field is used or is a problem.
    ///
    /// # Errors
    /// All problems of the draft, in the order of its columns.
    pub fn read(mut draft: Draft) -> Result<Self, Vec<Problem>> {
        let act = Self::take(&mut draft);
        let problems = draft.finish();
        match act {
            Some(act) if problems.is_empty() => Ok(act),
            _ => Err(problems),
        }
    }

    fn take(from: &mut impl Fields) -> Option<Self> {
        let id = from.take("id");
        let kind = from.kind().unwrap_or_default();
        let deed = Deed::take(kind, from);
        let timing = Timing::of(kind);
        let effective: Option<Option<Date>> = from.take("effective");
        if timing.needs_effective() && effective == Some(None) {
            from.missing("effective");
        }
        let may_end = timing.may_end() || kind.is_empty();
        let until: Option<Option<Date>> = if may_end { from.take("until") } else { Some(None) };
        if let (Some(Some(begin)), Some(Some(end))) = (&effective, &until)
            && end.latest() < begin.earliest()
        {
            from.flaw("until", Flaw::UntilBeforeEffective { effective: begin.clone(), until: end.clone() });
        }
        let decided = from.take("decided");
        let announced = from.take("announced");
        let notified = from.take("notified");
        let published = from.take("published");
        let instrument = from.take("instrument");
        let basis = from.take("basis");
        let claims = from.take("claims");
        let order = from.take("order");
        let group = from.take("group");
        let note = from.take("note");
        Some(Self {
            id: id?,
            deed: deed?,
            effective: effective?,
            until: until?,
            decided: decided?,
            announced: announced?,
            notified: notified?,
            published: published?,
            instrument: instrument?,
            basis: basis?,
            claims: claims?,
            order: order?,
            group: group?,
            note: note?,
        })
    }

    /// The act as named values, in the order in which they are written; absent ones are left out.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, Value)> {
        self.fields_but(&[])
    }

    /// The same without some of them.
    #[must_use]
    pub fn fields_but(&self, left_out: &[&str]) -> Vec<(&'static str, Value)> {
        let mut fields = Vec::with_capacity(COMMON_FIELDS.len());
        self.each_field(&mut |name, shown| {
            if !left_out.contains(&name) {
                fields.push((name, shown.to_value()));
            }
        });
        fields
    }

    /// Hands on each field that is there, in the order in which they are written.
    pub(crate) fn each_field(&self, each: &mut dyn FnMut(&'static str, Shown<'_>)) {
        use word::Field;
        let mut each = |name, shown: Shown<'_>| {
            if shown.is_there() {
                each(name, shown);
            }
        };
        each("kind", Shown::Text(self.deed.kind()));
        each("id", self.id.shown());
        self.deed.each_field(&mut each);
        each("effective", self.effective.shown());
        each("until", self.until.shown());
        each("decided", self.decided.shown());
        each("announced", self.announced.shown());
        each("notified", self.notified.shown());
        each("published", self.published.shown());
        each("instrument", self.instrument.shown());
        each("basis", self.basis.shown());
        each("claims", self.claims.shown());
        each("order", self.order.shown());
        each("group", self.group.shown());
        each("note", self.note.shown());
    }

    /// The act with some fields set to other values, or removed where the new value is null.
    ///
    /// # Errors
    /// All problems of the act that would result.
    pub fn amended(&self, changes: &Changes) -> Result<Self, Vec<Problem>> {
        let mut draft = Draft::new(0);
        for (name, value) in self.fields() {
            if !changes.names().any(|changed| changed == name) {
                draft.push(name, value, Place::default());
            }
        }
        for (name, value) in changes.values() {
            if !value.is_null() {
                draft.push(&name, value, Place::default());
            }
        }
        Self::read(draft)
    }
}
