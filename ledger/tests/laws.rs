//! The laws of the register: little ledgers in, words out, and properties against brute force.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "laws/bench.rs"]
mod bench;
#[path = "laws/certainty.rs"]
mod certainty;
#[path = "laws/chain.rs"]
mod chain;
#[path = "laws/collectives.rs"]
mod collectives;
#[path = "laws/findings.rs"]
mod findings;
#[path = "laws/hard_cases.rs"]
mod hard_cases;
#[path = "laws/knowledge.rs"]
mod knowledge;
#[path = "laws/sanctions.rs"]
mod sanctions;
#[path = "laws/table.rs"]
mod table;
