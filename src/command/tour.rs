//! `chancery tour`: placeholder while the example is written.
use super::{Place, Status};
use crate::trouble::Trouble;
use clap::Args;
use std::io::Write;
/// x
#[derive(Debug, Args)]
pub(crate) struct Tour {}
impl Tour {
    pub(crate) fn run(&self, _place: &Place, _out: &mut dyn Write) -> Result<Status, Trouble> {
        Ok(Status::Done)
    }
}
