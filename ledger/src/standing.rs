//! How things stood: from acts to standings, as of a day, as known at an entry.
//!
//! ```text
//! entries ──Knowledge──▶ acts as known ──effect──▶ Registers ──Timeline──▶ standings
//! ```
//!
//! [`Knowledge`] settles what the register knew: corrections, retractions, denials. [`effect`] says, in the one
//! exhaustive match over the vocabulary, which registers an act moves and how; [`Registers`] gathers that. [`timeline`] applies the rule of
//! certainty. Nothing here reads a clock: both times are arguments.

pub mod answer;
pub mod argument;
pub mod channel;
pub mod check;
pub mod difference;
pub mod effect;
pub mod first;
pub mod interval;
pub mod knowledge;
pub mod likely;
pub mod names;
mod regime;
pub mod registers;
pub mod timeline;
pub mod value;

pub use answer::{
    Answer, Circumstances, Exceptional, Found, Question, Scheduled, Standing, answer, scheduled, story,
};
pub(crate) use answer::{Answering, answer_with};
pub use argument::{Argument, Role, Step, explain};
pub use check::{Finding, FindingKind, check};
pub use difference::{Change, Side, difference};
pub use first::{Began, first};
pub use interval::{Interval, intervals};
pub(crate) use knowledge::settle;
pub use knowledge::{Knowledge, Known, Recorded, Status};
pub use names::{Match, Named, find_party};
pub(crate) use regime::{Endings, Licence, OfRegime, days_granted};
pub(crate) use registers::carried_over;
pub use registers::{Case, Continuation, Entries, Heirs, Move, Moved, Registers};
pub(crate) use timeline::is_ground;
pub use timeline::{Certainty, Outcome, Timeline};
pub use value::Value;
