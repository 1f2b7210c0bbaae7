//! The store of a ledger that is open for appending: it follows the journal on a thread of its own.

use std::path::PathBuf;

use crate::abreast::Aside;
use crate::store::{Store, StoreError};

/// By how many bytes of the journal the store may lag before it follows: its frames are written whole then.
const LAG: u64 = 1 << 17;

/// A store on its way after a journal.
#[derive(Debug)]
pub(super) struct Following {
    work: Aside<Job, Result<(), StoreError>>,
    /// As far as it goes with what was begun.
    begun: u64,
}

/// How far to follow the journal.
enum Job {
    /// As far as whole frames go.
    ByFrames(u64),
    /// To the last entry, and to the disk.
    Wholly(u64),
}

impl Following {
    pub(super) fn new(mut store: Store, journal: PathBuf) -> Self {
        let begun = store.journal_bytes();
        let work = Aside::new(move |job| {
            let from = store.journal_bytes();
            match job {
                Job::ByFrames(to) => store.follow_by_frames(&journal, from..to),
                Job::Wholly(to) => store.follow(&journal, from..to).and_then(|()| store.sync()),
            }
        });
        Self { work, begun }
    }

    /// Lets the store go on to where the journal has held, where it lags by much. It is not waited for: why it could not
    /// follow is said the next time.
    pub(super) fn go_on(&mut self, to: u64) -> Result<(), StoreError> {
        let before = self.work.ended();
        if !self.work.is_at_work() && to - self.begun >= LAG {
            self.begun = to;
            self.work.begin(Job::ByFrames(to));
        }
        before.unwrap_or(Ok(()))
    }

    /// Lets the store follow to the end of the journal, while something else is done.
    pub(super) fn close_while<R>(
        mut self,
        to: u64,
        meanwhile: impl FnOnce() -> R,
    ) -> (Result<(), StoreError>, R) {
        // What went wrong before is tried again.
        drop(self.work.end());
        self.work.begin(Job::Wholly(to));
        let done = meanwhile();
        (self.work.end().unwrap_or(Ok(())), done)
    }
}
