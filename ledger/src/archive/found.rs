//! What was found under the terms of registers: in bytes, until all of it is there; then register by register.

use std::ops::Range;

use crate::abreast::{abreast, one_after_another};
use crate::index::segment::{IndexFault, Posting};
use crate::index::term;
use crate::index::version::Version;

/// Versions of what acts do, by the registers that they move.
#[derive(Default)]
pub(super) struct Found {
    bytes: Vec<u8>,
    /// Where the versions lie, run by run.
    versions: Vec<Range<usize>>,
    runs: Vec<Run>,
    /// The term of the last run, as it was found.
    term: Vec<u8>,
}

/// Some versions under one term, one after another.
struct Run {
    /// The own term of the register.
    term: Range<usize>,
    versions: Range<usize>,
}

impl Found {
    pub(super) fn push(&mut self, posting: Posting<'_>) -> Result<(), IndexFault> {
        let place = self.versions.len();
        if self.runs.is_empty() || self.term != posting.term {
            posting.term.clone_into(&mut self.term);
            let from = self.bytes.len();
            term::push_own(posting.term, &mut self.bytes).ok_or(IndexFault::Damaged)?;
            self.runs.push(Run { term: from..self.bytes.len(), versions: place..place });
        }
        let from = self.bytes.len();
        self.bytes.extend_from_slice(posting.beside);
        self.versions.push(from..self.bytes.len());
        if let Some(run) = self.runs.last_mut() {
            run.versions.end = place + 1;
        }
        Ok(())
    }

    fn term(&self, run: &Run) -> &[u8] {
        &self.bytes[run.term.clone()]
    }

    /// Puts the registers in order: their terms are in that order.
    pub(super) fn sort(&mut self) {
        let mut runs = std::mem::take(&mut self.runs);
        // It comes from few segments, each in order.
        runs.sort_by(|one, other| self.term(one).cmp(self.term(other)));
        self.runs = runs;
    }

    /// What is to be told of each register whose term passes, in order: of that term, and of what is known of it.
    pub(super) fn told<T: Send>(
        &self,
        passes: impl Fn(&[u8]) -> bool,
        tell: impl Fn(&[u8], Vec<Version<'_>>) -> Result<Option<T>, IndexFault> + Sync,
    ) -> Result<Vec<T>, IndexFault> {
        let registers = self.runs.chunk_by(|one, other| self.term(one) == self.term(other));
        let registers = registers.filter(|runs| passes(self.term(&runs[0]))).collect();
        let of_register = |runs: &&[Run]| {
            let places = runs.iter().flat_map(|run| &self.versions[run.versions.clone()]);
            let versions = places.map(|place| Version::read(&self.bytes[place.clone()]));
            tell(self.term(&runs[0]), versions.collect::<Result<_, _>>()?)
        };
        let of_share = |share: Vec<&[Run]>| {
            let mut told = Vec::with_capacity(share.len());
            for register in &share {
                told.extend(of_register(register)?);
            }
            Ok(told)
        };
        let parts = abreast(registers, |_, _| true, |share| vec![of_share(share)]);
        Ok(one_after_another(parts.into_iter().collect::<Result<_, IndexFault>>()?))
    }
}
