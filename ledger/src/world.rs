//! The states of the world, as the declarations with which a ledger opens.
//!
//! `ledger/data/states.jsonl` holds them as ordinary acts; `ledger/data/README.md` says where they come from.
//! Once a ledger has opened with them, nothing outside it is needed to read it.

use crate::act::{Submitted, json};

/// The declarations, as JSON lines.
pub const STATES: &str = include_str!("../data/states.jsonl");

/// The declarations, as acts.
#[must_use]
pub fn states() -> Vec<Submitted> {
    let (acts, problems) = json::read(STATES.as_bytes());
    debug_assert!(problems.is_empty(), "the table that the program ships: {problems:?}");
    acts
}
