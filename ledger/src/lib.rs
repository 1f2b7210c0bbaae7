//! A ledger of diplomatic acts: who did what toward whom, when it took effect, when we learned of it.
//!
//! ```text
//! text ──parse──▶ Act ──seal──▶ Entry ──append──▶ Journal, Store
//!                  │                                  │
//!                  └────────fold──▶ Standings ◀──entries
//! ```
//!
//! The modules stand in reading order; each uses those above it, never those below. Nothing here reads a clock or
//! the environment, or prints: now, and how much of the register to believe, are arguments.
//!
//! [`Ledger`] is a ledger open for appending; [`History`] is one read, by anyone, beside a writer if need be.

pub mod act;
pub mod audit;
pub mod chain;
pub mod checkpoint;
pub mod copies;
pub mod date;
pub mod entry;
pub mod history;
pub mod journal;
pub mod ledger;
pub mod merkle;
mod near;
pub mod note;
pub mod party;
pub mod policy;
pub mod proof;
pub mod publish;
pub mod register;
pub mod roll;
pub mod standing;
pub mod store;
pub mod world;

pub use act::{Act, Deed, Problem, Submitted};
pub use chain::{Fault, Head};
pub use copies::{Condition, OpenError};
pub use date::{Date, Day, Instant, RecordedAt};
pub use entry::Hash;
pub use history::{History, Log};
pub use ledger::{Appended, CreateError, Expected, Ledger, Refusal};
pub use party::PartyId;
pub use register::{Key, Register};
pub use roll::Fate;
pub use standing::{Answer, Knowledge, Question, Standing, answer};
