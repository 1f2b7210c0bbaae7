//! What a person sees: the program, run as a person runs it. One binary, one file a matter.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

#[path = "program/bench.rs"]
mod bench;
#[path = "program/export.rs"]
mod export;
#[path = "program/finding.rs"]
mod finding;
#[path = "program/format.rs"]
mod format;
#[path = "program/golden.rs"]
mod golden;
#[path = "program/guide.rs"]
mod guide;
#[path = "program/import.rs"]
mod import;
#[path = "program/lists.rs"]
mod lists;
#[path = "program/questions.rs"]
mod questions;
#[path = "program/input.rs"]
mod input;
#[path = "program/proofs.rs"]
mod proofs;
#[path = "program/registrar.rs"]
mod registrar;
#[path = "program/tamper.rs"]
mod tamper;
#[path = "program/tidy.rs"]
mod tidy;
#[path = "program/tour.rs"]
mod tour;
