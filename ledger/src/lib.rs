//! A ledger of diplomatic acts: who did what toward whom, when it took effect, when we learned of it.
//!
//! ```text
//! text ──parse──▶ Act ──seal──▶ Entry ──append──▶ Journal, Store, Index
//!                                                    │             │
//!                                  entries ──Knowledge──▶ Registers ──Timeline──▶ Standings
//! ```
//!
//! The modules stand in reading order; each uses those above it, never those below. Nothing here reads a clock or
//! the environment, or prints: now, and how much of the register to believe, are arguments.
//!
//! [`Ledger`] is a ledger open for appending; [`History`] is one read, by anyone, beside a writer if need be.

mod spelling;
pub mod date;
pub mod party;
mod near;
pub mod abreast;
pub mod act;
pub mod entry;
pub mod merkle;
pub mod note;
pub mod checkpoint;
pub mod policy;
pub mod proof;
pub mod chain;
pub mod register;
pub mod standing;
pub mod roll;
pub mod registrar;
pub mod journal;
pub mod store;
pub mod remains;
pub mod copies;
pub mod history;
mod index;
pub mod archive;
pub mod ledger;
pub mod publish;
pub mod audit;
pub mod world;

pub use act::{Act, Deed, Problem, Submitted};
pub use archive::{Archive, Moment, Scope};
pub use chain::{Fault, Head};
pub use copies::{Condition, OpenError};
pub use date::{Date, Day, Instant, RecordedAt};
pub use entry::Hash;
pub use history::{History, Log};
pub use ledger::{Appended, CreateError, Expected, Intake, Ledger, Refusal};
pub use party::PartyId;
pub use register::{Key, Register};
pub use roll::Fate;
pub use standing::{Answer, Knowledge, Question, Registers, Standing, answer};
