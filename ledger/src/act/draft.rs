//! An act on its way in: named values with their places, not yet doubted.
//!
//! JSON lines, TOML tables, CSV rows and command-line flags all become a [`Draft`]; one function reads acts out
//! of drafts. What is wrong is collected as [`Problem`]s, so that one pass names everything.

use serde_json::Value;

use super::vocabulary::{KINDS, fields_of};
use super::word::{Field, Unfit};
use super::{ActRef, COMMON_FIELDS};
use crate::date::Date;
use crate::near::nearest;

/// Fields that may also be written under another name.
const SYNONYMS: [(&str, &str); 1] = [("measure", "measures")];

/// Where the fields of an act are taken from.
pub(super) trait Fields {
    /// Takes the kind, once.
    fn kind(&mut self) -> Option<&'static str>;

    /// Takes a field of a type; none where it is missing or unfit.
    fn take<T: Field>(&mut self, name: &'static str) -> Option<T>;

    /// Notes that a field is missing that may be left out elsewhere.
    fn missing(&mut self, name: &str);

    /// Notes something wrong with a field that is, or should be, there.
    fn flaw(&mut self, field: &str, flaw: Flaw);
}

/// Named values of one act with the places where they were read.
#[derive(Debug, Clone)]
pub struct Draft {
    place: Place,
    /// A handful: looked through, not looked up.
    fields: Vec<(String, Value, Place)>,
    kind: Option<&'static str>,
    problems: Vec<Problem>,
}

/// A place in a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, from 1; 0 where there is no text.
    pub line: usize,
    /// The column, in characters from 1; 0 for the whole line.
    pub column: usize,
}

/// Something wrong with an act, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it was read.
    pub place: Place,
    /// The field, where the problem is one field's.
    pub field: Option<String>,
    /// What is wrong.
    pub flaw: Flaw,
}

/// What can be wrong with an act.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The text cannot be read as fields at all.
    #[error("{0}")]
    Unreadable(String),
    /// No kind was given.
    #[error("an act needs a `kind`")]
    NoKind,
    /// The kind is no word of the vocabulary.
    #[error("unknown kind `{word}`")]
    UnknownKind {
        /// The word given.
        word: String,
        /// The nearest kinds.
        nearest: Vec<String>,
    },
    /// The field is no word of the vocabulary.
    #[error("unknown field")]
    UnknownField {
        /// The nearest fields that the kind can carry.
        nearest: Vec<String>,
    },
    /// The field exists, but this kind of act has no use for it.
    #[error("`{kind}` has no use for this field")]
    UselessField {
        /// The kind of the act.
        kind: &'static str,
        /// The fields that it can carry beside the common ones.
        takes: Vec<&'static str>,
    },
    /// The kind needs a field that was not given.
    #[error("missing: `{kind}` needs it")]
    Missing {
        /// The kind of the act.
        kind: &'static str,
    },
    /// The field was given twice.
    #[error("given twice")]
    Repeated,
    /// The value is not of the field's type.
    #[error("{0}")]
    Unfit(Unfit),
    /// The act would end before it begins.
    #[error("`{until}` is before `effective`, `{effective}`")]
    UntilBeforeEffective {
        /// When the act takes effect.
        effective: Date,
        /// The last day of its effect.
        until: Date,
    },
    /// The act names a party that no act has declared.
    #[error("`{id}` is not a declared party")]
    UndeclaredParty {
        /// The id given.
        id: String,
        /// The nearest ids that are declared.
        nearest: Vec<String>,
    },
    /// The party is declared already, as something else.
    #[error("`{id}` is declared already, as {kind}, by entry {entry}")]
    DeclaredOtherwise {
        /// The id given.
        id: String,
        /// What it is declared to be.
        kind: &'static str,
        /// The entry that declared it.
        entry: u64,
    },
    /// The id belongs to an earlier act with other content.
    #[error("entry {entry} already has id `{id}` with other content")]
    IdTaken {
        /// The id given.
        id: String,
        /// The entry that has it.
        entry: u64,
    },
    /// The act refers to an act that is not in the ledger.
    #[error("no earlier act is `{reference}`")]
    UnknownAct {
        /// The reference given.
        reference: ActRef,
        /// The nearest ids of acts.
        nearest: Vec<String>,
    },
    /// A correction would change what may not change, or leave no act at all.
    #[error("the corrected act would be wrong: {words}")]
    BadCorrection {
        /// What would be wrong with it.
        words: String,
        /// The nearest words that would be right.
        nearest: Vec<String>,
    },
    /// The entry would be longer than an entry may be.
    #[error("the entry would be {bytes} bytes long; the limit is {limit}")]
    TooLong {
        /// Its length in bytes.
        bytes: usize,
        /// The most it may be.
        limit: usize,
    },
}

impl Flaw {
    /// The words that may have been meant, the likeliest first.
    #[must_use]
    pub fn nearest(&self) -> &[String] {
        match self {
            Self::UnknownKind { nearest, .. }
            | Self::UnknownField { nearest }
            | Self::UndeclaredParty { nearest, .. }
            | Self::UnknownAct { nearest, .. }
            | Self::BadCorrection { nearest, .. }
            | Self::Unfit(Unfit { nearest, .. }) => nearest,
            Self::Unreadable(_)
            | Self::NoKind
            | Self::UselessField { .. }
            | Self::Missing { .. }
            | Self::Repeated
            | Self::UntilBeforeEffective { .. }
            | Self::DeclaredOtherwise { .. }
            | Self::IdTaken { .. }
            | Self::TooLong { .. } => &[],
        }
    }
}

impl Draft {
    /// An empty draft, read from a line (0 where there is none).
    #[must_use]
    pub fn new(line: usize) -> Self {
        Self { place: Place { line, column: 0 }, fields: Vec::new(), kind: None, problems: Vec::new() }
    }

    /// Takes a field out, unread, if it is there.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.pull(name).map(|(value, _)| value)
    }

    /// Adds a field; a second one of the same name is a problem.
    pub fn push(&mut self, name: &str, value: Value, place: Place) {
        let name = SYNONYMS.iter().find(|(from, _)| *from == name).map_or(name, |(_, to)| to);
        if self.fields.iter().any(|(known, ..)| known == name) {
            self.problem(Some(name), place, Flaw::Repeated);
        } else {
            self.fields.push((name.to_owned(), value, place));
        }
    }

    fn pull(&mut self, name: &str) -> Option<(Value, Place)> {
        let at = self.fields.iter().position(|(known, ..)| known == name)?;
        let (_, value, place) = self.fields.swap_remove(at);
        Some((value, place))
    }

    /// What is left over is of no use; all problems, in the order of their columns.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        if let Some(kind) = self.kind {
            let mut fields = std::mem::take(&mut self.fields);
            fields.sort_by(|(one, ..), (other, ..)| one.cmp(other));
            for (name, _, place) in fields {
                let flaw = if is_a_word(&name) {
                    Flaw::UselessField { kind, takes: fields_of(kind).to_vec() }
                } else {
                    let known = fields_of(kind).iter().chain(&COMMON_FIELDS).copied();
                    Flaw::UnknownField { nearest: nearest(&name, known) }
                };
                self.problem(Some(&name), place, flaw);
            }
        }
        self.problems.sort_by_key(|problem| problem.place);
        self.problems
    }

    fn problem(&mut self, field: Option<&str>, place: Place, flaw: Flaw) {
        self.problems.push(Problem { place, field: field.map(str::to_owned), flaw });
    }
}

/// What is missing or unfit is noted as a problem.
impl Fields for Draft {
    fn flaw(&mut self, field: &str, flaw: Flaw) {
        self.problem(Some(field), self.place, flaw);
    }

    fn kind(&mut self) -> Option<&'static str> {
        let Some((value, place)) = self.pull("kind") else {
            self.problem(None, self.place, Flaw::NoKind);
            return None;
        };
        let word = match value.as_str() {
            Some(word) => word.to_owned(),
            None => value.to_string(),
        };
        self.kind = KINDS.iter().copied().find(|kind| *kind == word);
        if self.kind.is_none() {
            let nearest = nearest(&word, KINDS.iter().copied());
            self.problem(Some("kind"), place, Flaw::UnknownKind { word, nearest });
        }
        self.kind
    }

    fn take<T: Field>(&mut self, name: &'static str) -> Option<T> {
        match self.pull(name) {
            None => {
                let absent = T::absent();
                if absent.is_none() {
                    self.missing(name);
                }
                absent
            }
            Some((value, place)) => match T::from_value(value) {
                Ok(fit) => Some(fit),
                Err(unfit) => {
                    self.problem(Some(name), place, Flaw::Unfit(unfit));
                    None
                }
            },
        }
    }

    fn missing(&mut self, name: &str) {
        if let Some(kind) = self.kind {
            self.problem(Some(name), self.place, Flaw::Missing { kind });
        }
    }
}

/// Whether any kind of act has a field of this name.
fn is_a_word(name: &str) -> bool {
    COMMON_FIELDS.contains(&name) || KINDS.iter().any(|kind| fields_of(kind).contains(&name))
}
