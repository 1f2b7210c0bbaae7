//! Acts on their way into the ledger.
//!
//! They come in batches, so that no file is too long: each batch is checked, sealed, added to the journal and taken
//! into the index. None of it counts before [`Intake::commit`]: until then the journal holds an append without its
//! last record, and the index segments under names for which nobody looks. Dropped, an intake leaves nothing.

use std::io;

use crate::act::{Act, Problem, Submitted};
use crate::archive::Indexed;
use crate::chain::{Followed, Head, sealed};
use crate::copies::JOURNAL;
use crate::date::{Instant, RecordedAt};
use crate::journal::{FIRST_LINE, Reader, record_length};
use crate::registrar::{Breach, Registrars};
use crate::roll::{Fate, Roll};
use crate::standing::Recorded;

use super::{Appended, Ledger, Refusal, length_problem};

/// An append that is being written.
#[derive(Debug)]
pub struct Intake<'l> {
    ledger: &'l mut Ledger,
    recorded_at: RecordedAt,
    /// Where the ledger would stand with what was taken in.
    head: Head,
    /// What the index does not hold yet: entries, each with the length of its record.
    pending: Vec<(Recorded, u64)>,
    known: Vec<u64>,
    registrars: Registrars,
    breaches: Vec<(u64, Breach)>,
    problems: Vec<Problem>,
    /// Once something is wrong, the whole roll: it also knows what is nearest to a wrong name.
    roll: Option<Roll>,
    /// An entry that cannot be written ends the sealing: those after it are only checked.
    sealing: bool,
}

impl<'l> Intake<'l> {
    pub(super) fn new(ledger: &'l mut Ledger, recorded_at: RecordedAt) -> Self {
        let (head, mut registrars) = (ledger.head, ledger.registrars.clone());
        registrars.begin_append();
        Self {
            ledger,
            recorded_at,
            head,
            pending: Vec::new(),
            known: Vec::new(),
            registrars,
            breaches: Vec::new(),
            problems: Vec::new(),
            roll: None,
            sealing: true,
        }
    }

    /// Takes in the next acts, and says what becomes of each. What is wrong with them is said at the end, with
    /// what is wrong with others.
    ///
    /// # Errors
    /// [`Refusal`] where nothing more can be taken in.
    pub fn take(&mut self, acts: Vec<Submitted>) -> Result<Vec<Fate>, Refusal> {
        if let Some(first) = acts.first() {
            self.not_backwards(first.recorded_at.unwrap_or(self.recorded_at).instant())?;
        }
        self.index()?;
        let fates = self.check(&acts)?;
        for (submitted, fate) in acts.into_iter().zip(&fates) {
            match fate {
                Fate::New(_) => self.seal(submitted)?,
                Fate::Known(number) => self.known.push(*number),
            }
        }
        Ok(fates)
    }

    /// Notes what is wrong with lines that are no acts: nothing will be recorded.
    pub fn refuse(&mut self, problems: Vec<Problem>) {
        self.problems.extend(problems);
    }

    /// Ends the append, all of it: when this returns, it is on disk.
    ///
    /// # Errors
    /// [`Refusal`]; then nothing was recorded.
    pub fn commit(mut self) -> Result<Appended, Refusal> {
        let before = self.ledger.head.number;
        let new = before + 1..=self.head.number;
        self.finish()?;
        let known = std::mem::take(&mut self.known);
        if self.head.number == before {
            return Ok(Appended { new, known, head: self.ledger.head, store_lags: None });
        }
        let (committed, followed) = self.ledger.commit(std::mem::take(&mut self.pending));
        committed?;
        // From here on the acts are recorded, whatever store and index do.
        self.ledger.head = self.head;
        self.ledger.registrars = std::mem::take(&mut self.registrars);
        self.ledger.write_index(false);
        let store_lags = followed.err().map(|error| error.to_string());
        Ok(Appended { new, known, head: self.ledger.head, store_lags })
    }

    /// Lets everything go that was taken in, and says what [`Intake::commit`] would have said.
    ///
    /// # Errors
    /// [`Refusal`], save for the disk's.
    pub fn cancel(mut self) -> Result<Appended, Refusal> {
        let new = self.ledger.head.number + 1..=self.head.number;
        self.finish()?;
        let known = std::mem::take(&mut self.known);
        Ok(Appended { new, known, head: self.ledger.head, store_lags: None })
    }

    /// Adds the signature, where one is due, and says what is wrong.
    fn finish(&mut self) -> Result<(), Refusal> {
        if !self.problems.is_empty() {
            let mut problems = std::mem::take(&mut self.problems);
            problems.sort_by_key(|problem| problem.place);
            return Err(Refusal::Problems(problems));
        }
        if self.head.number == self.ledger.head.number {
            return Ok(());
        }
        if let Some(key) = self.ledger.signer.as_ref() {
            let last = self.head.number;
            let signature = self.registrars.sign(key);
            let signature = signature.map_err(|breach| Refusal::Breaches(vec![(last, breach)]))?;
            if let Some(deed) = signature {
                self.seal_signature(Act::new(deed, None))?;
            }
        }
        self.breaches.extend(self.registrars.unsigned());
        let breaches = std::mem::take(&mut self.breaches);
        if breaches.is_empty() { Ok(()) } else { Err(Refusal::Breaches(breaches)) }
    }

    fn seal_signature(&mut self, act: Act) -> Result<(), Refusal> {
        let instant = RecordedAt::Clock(self.head.recorded_at.max(self.recorded_at.instant()));
        let at = if matches!(self.recorded_at, RecordedAt::Asserted(_)) { self.recorded_at } else { instant };
        let followed = sealed(&self.head, Box::new(act), at)
            .map_err(|bytes| Refusal::Problems(vec![length_problem(0, bytes)]))?;
        self.add(followed)
    }

    fn not_backwards(&self, given: Instant) -> Result<(), Refusal> {
        let last = self.head.recorded_at;
        if given < last { Err(Refusal::Backwards { given, last }) } else { Ok(()) }
    }

    /// Checks acts against what the ledger holds and what was taken in before.
    fn check(&mut self, acts: &[Submitted]) -> Result<Vec<Fate>, Refusal> {
        let fault = |error| Refusal::Io(io::Error::other(error));
        if self.roll.is_none() {
            let mut roll = self.ledger.indexed.roll_for(acts);
            if roll.is_err() && self.head == self.ledger.head {
                self.ledger.renew_index()?;
                roll = self.ledger.indexed.roll_for(acts);
            }
            let roll = roll.map_err(fault)?;
            let indexed = &self.ledger.indexed;
            if let Ok(fates) = roll.check(acts, &|number| act_of(indexed, number)) {
                return Ok(fates);
            }
            self.roll = Some(self.whole_roll()?);
        }
        let indexed = &self.ledger.indexed;
        let Some(roll) = &mut self.roll else { return Ok(Vec::new()) };
        let (fates, problems) = roll.check_and_enter(acts, &|number| act_of(indexed, number));
        self.problems.extend(problems);
        Ok(fates)
    }

    /// The roll of all that the journal holds, what was taken in among it.
    fn whole_roll(&mut self) -> Result<Roll, Refusal> {
        let ledger = &mut *self.ledger;
        ledger.journal.spill()?;
        let path = ledger.dir.join(JOURNAL);
        let reader =
            Reader::open_at(&path, Head::EMPTY, FIRST_LINE.len() as u64).map_err(io::Error::other)?;
        let mut roll = Roll::default();
        for (_, entry) in reader {
            roll.enter(&entry.act);
        }
        // The last entry taken in waits for the next.
        if let Some(last) =
            act_of(&ledger.indexed, self.head.number).filter(|_| roll.count() < self.head.number)
        {
            roll.enter(&last);
        }
        Ok(roll)
    }

    fn seal(&mut self, submitted: Submitted) -> Result<(), Refusal> {
        let Submitted { line, act, recorded_at } = submitted;
        let recorded_at = recorded_at.unwrap_or(self.recorded_at);
        self.not_backwards(recorded_at.instant())?;
        match sealed(&self.head, act, recorded_at) {
            Ok(followed) if self.sealing => self.add(followed),
            Ok(_) => Ok(()),
            Err(bytes) => {
                self.problems.push(length_problem(line, bytes));
                self.sealing = false;
                Ok(())
            }
        }
    }

    /// Adds an entry to the journal; the index takes it in later.
    fn add(&mut self, (sealed, entry): Followed) -> Result<(), Refusal> {
        self.breaches.extend(self.registrars.enter(entry.number, sealed.hash, &entry.act));
        // Whatever of it is taken in before something fails, is let go with the rest.
        self.head = sealed.head();
        self.ledger.journal.add(&sealed.bytes)?;
        self.pending.push((Recorded::of(sealed.hash, entry), record_length(sealed.bytes.len())));
        Ok(())
    }

    /// Takes what was added into the index: what comes next is checked against it.
    fn index(&mut self) -> Result<(), Refusal> {
        let Ledger { journal, indexed, .. } = &mut *self.ledger;
        for (entry, length) in self.pending.drain(..) {
            if indexed.is_full() {
                journal.spill()?;
                indexed.flush().map_err(io::Error::other)?;
            }
            indexed.push(entry, length).map_err(io::Error::other)?;
        }
        Ok(())
    }
}

impl Drop for Intake<'_> {
    /// What was taken in and not committed is let go.
    fn drop(&mut self) {
        if self.head != self.ledger.head {
            self.ledger.forget_intake();
        }
    }
}

/// The act of an entry that the ledger holds, or that was taken in.
fn act_of(indexed: &Indexed, number: u64) -> Option<Act> {
    Some(*indexed.entry(number).ok()??.act)
}
