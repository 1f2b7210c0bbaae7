//! The states of the world, as the declarations with which a ledger opens.
//!
//! `ledger/data/states.jsonl` holds them as ordinary acts; `ledger/data/README.md` says where they come from.
//! Once a ledger has opened with them, nothing outside it is needed to read it.

use crate::act::{Problem, Submitted, json};

/// The declarations, as JSON lines.
pub const STATES: &str = include_str!("../data/states.jsonl");

/// The declarations, as acts.
///
/// # Errors
/// The problems of the table, if it has any; a test holds that it has none.
pub fn states() -> Result<Vec<Submitted>, Vec<Problem>> {
    json::read(STATES.as_bytes())
}
