//! Acts on their way into the ledger.
//!
//! They come in batches, so that no file is too long: each batch is checked, sealed, added to the journal and taken
//! into the index. None of it counts before [`Intake::commit`]: until then the journal holds an append without its
//! last record, and the index segments under names for which nobody looks. Dropped, an intake leaves nothing.

use std::io;
use std::sync::mpsc::channel;

use crate::abreast::both;
use crate::act::{Act, Problem, Submitted};
use crate::archive::Indexed;
use crate::chain::{Followed, Head, sealed};
use crate::copies::JOURNAL;
use crate::date::RecordedAt;
use crate::index::MOST_AT_ONCE;
use crate::journal::{FIRST_LINE, Journal, Reader, record_length};
use crate::registrar::{Breach, Registrars};
use crate::roll::{Fate, Roll};
use crate::standing::Recorded;

use super::{Appended, Ledger, Refusal, length_problem};

/// From so many acts on, a thread of its own takes their entries into the index while the next are sealed.
const WORTH_A_THREAD: usize = 512;

/// So many entries are handed to it at a time.
const RUN: usize = 128;

/// An append that is being written.
#[derive(Debug)]
pub struct Intake<'l> {
    ledger: &'l mut Ledger,
    sealing: Sealing,
    /// What the index does not hold yet.
    pending: Vec<Pending>,
    known: Vec<u64>,
    /// Once something is wrong, the whole roll: it also knows what is nearest to a wrong name.
    roll: Option<Roll>,
}

/// An entry that the index does not hold yet, and the length of its record.
pub(super) type Pending = (Recorded, u64);

/// Acts becoming entries, one after another.
#[derive(Debug)]
struct Sealing {
    recorded_at: RecordedAt,
    /// Where the ledger would stand with what was sealed.
    head: Head,
    registrars: Registrars,
    breaches: Vec<(u64, Breach)>,
    problems: Vec<Problem>,
    /// An entry that cannot be written ends the sealing: those after it are only checked.
    goes_on: bool,
}

impl<'l> Intake<'l> {
    pub(super) fn new(ledger: &'l mut Ledger, recorded_at: RecordedAt) -> Self {
        let (head, mut registrars) = (ledger.head, ledger.registrars.clone());
        registrars.begin_append();
        let (breaches, problems) = (Vec::new(), Vec::new());
        let sealing = Sealing { recorded_at, head, registrars, breaches, problems, goes_on: true };
        Self { ledger, sealing, pending: Vec::new(), known: Vec::new(), roll: None }
    }

    /// Takes in the next acts, and says what becomes of each. What is wrong with them is said at the end, with
    /// what is wrong with others.
    ///
    /// # Errors
    /// [`Refusal`] where nothing more can be taken in.
    pub fn take(&mut self, acts: Vec<Submitted>) -> Result<Vec<Fate>, Refusal> {
        if let Some(first) = acts.first() {
            self.sealing.not_backwards(first)?;
        }
        self.index()?;
        let fates = self.check(&acts)?;
        let mut new = Vec::with_capacity(acts.len());
        for (submitted, fate) in acts.into_iter().zip(&fates) {
            match fate {
                Fate::New(_) => new.push(submitted),
                Fate::Known(number) => self.known.push(*number),
            }
        }
        if new.len() >= WORTH_A_THREAD {
            self.seal_and_index(new)?;
            return Ok(fates);
        }
        for submitted in new {
            self.pending.extend(self.sealing.seal(submitted, &mut self.ledger.journal)?);
        }
        Ok(fates)
    }

    /// Notes what is wrong with lines that are no acts: nothing will be recorded.
    pub fn refuse(&mut self, problems: Vec<Problem>) {
        self.sealing.problems.extend(problems);
    }

    /// Ends the append, all of it: when this returns, it is on disk.
    ///
    /// # Errors
    /// [`Refusal`]; then nothing was recorded.
    pub fn commit(mut self) -> Result<Appended, Refusal> {
        let before = self.ledger.head.number;
        let new = before + 1..=self.sealing.head.number;
        self.finish()?;
        let known = std::mem::take(&mut self.known);
        if self.sealing.head.number == before {
            return Ok(Appended { new, known, head: self.ledger.head, store_lags: None });
        }
        self.ledger.commit(std::mem::take(&mut self.pending))?;
        // From here on the acts are recorded, whatever store and index do.
        self.ledger.head = self.sealing.head;
        self.ledger.registrars = std::mem::take(&mut self.sealing.registrars);
        let followed = self.ledger.follow();
        self.ledger.write_index();
        let store_lags = followed.err().map(|error| error.to_string());
        Ok(Appended { new, known, head: self.ledger.head, store_lags })
    }

    /// Lets everything go that was taken in, and says what [`Intake::commit`] would have said.
    ///
    /// # Errors
    /// [`Refusal`], save for the disk's.
    pub fn cancel(mut self) -> Result<Appended, Refusal> {
        let new = self.ledger.head.number + 1..=self.sealing.head.number;
        self.finish()?;
        let known = std::mem::take(&mut self.known);
        Ok(Appended { new, known, head: self.ledger.head, store_lags: None })
    }

    /// Adds the signature, where one is due, and says what is wrong.
    fn finish(&mut self) -> Result<(), Refusal> {
        if !self.sealing.problems.is_empty() {
            let mut problems = std::mem::take(&mut self.sealing.problems);
            problems.sort_by_key(|problem| problem.place);
            return Err(Refusal::Problems(problems));
        }
        if self.sealing.head.number == self.ledger.head.number {
            return Ok(());
        }
        if let Some(key) = self.ledger.signer.as_ref() {
            let last = self.sealing.head.number;
            let signature = self.sealing.registrars.sign(key);
            let signature = signature.map_err(|breach| Refusal::Breaches(vec![(last, breach)]))?;
            if let Some(deed) = signature {
                let act = Act::new(deed, None);
                self.pending.push(self.sealing.seal_signature(act, &mut self.ledger.journal)?);
            }
        }
        let unsigned = self.sealing.registrars.unsigned();
        let mut breaches = std::mem::take(&mut self.sealing.breaches);
        breaches.extend(unsigned);
        if breaches.is_empty() { Ok(()) } else { Err(Refusal::Breaches(breaches)) }
    }

    /// Checks acts against what the ledger holds and what was taken in before.
    fn check(&mut self, acts: &[Submitted]) -> Result<Vec<Fate>, Refusal> {
        let fault = |error| Refusal::Io(io::Error::other(error));
        if self.roll.is_none() {
            let mut roll = self.ledger.indexed.roll_for(acts);
            if roll.is_err() && self.sealing.head == self.ledger.head {
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
        self.sealing.problems.extend(problems);
        Ok(fates)
    }

    /// The roll of all that the journal holds, what was taken in among it.
    fn whole_roll(&mut self) -> Result<Roll, Refusal> {
        let Self { ledger, sealing: Sealing { head, .. }, .. } = self;
        ledger.journal.spill()?;
        let path = ledger.dir.join(JOURNAL);
        let reader =
            Reader::open_at(&path, Head::EMPTY, FIRST_LINE.len() as u64).map_err(io::Error::other)?;
        let mut roll = Roll::default();
        for (_, entry) in reader {
            roll.enter(&entry.act);
        }
        // The last entry taken in waits for the next.
        if let Some(last) = act_of(&ledger.indexed, head.number).filter(|_| roll.count() < head.number) {
            roll.enter(&last);
        }
        Ok(roll)
    }

    /// Seals acts and adds them to the journal, while another thread takes their entries into the index.
    fn seal_and_index(&mut self, acts: Vec<Submitted>) -> Result<(), Refusal> {
        let Ledger { journal, indexed, .. } = &mut *self.ledger;
        let sealing = &mut self.sealing;
        let (send, runs) = channel::<Vec<Pending>>();
        let index = move || runs.into_iter().flatten().try_for_each(|entry| take_in(indexed, entry));
        let seal = move || {
            let mut acts = acts.into_iter();
            while acts.len() > 0 {
                let run = acts.by_ref().take(RUN).filter_map(|act| sealing.seal(act, journal).transpose());
                let run = run.collect::<Result<_, _>>()?;
                if send.send(run).is_err() {
                    // It has failed, and says why.
                    break;
                }
            }
            Ok::<_, Refusal>(())
        };
        let (indexed, sealed) = both(index, seal);
        sealed?;
        indexed
    }

    /// Takes what is pending into the index: what comes next is checked against it.
    fn index(&mut self) -> Result<(), Refusal> {
        self.pending.drain(..).try_for_each(|entry| take_in(&mut self.ledger.indexed, entry))
    }
}

/// Takes an entry into the index.
fn take_in(indexed: &mut Indexed, (entry, length): Pending) -> Result<(), Refusal> {
    indexed.take_in(entry, length).map_err(|error| Refusal::Io(io::Error::other(error)))
}

impl Sealing {
    /// Makes an entry of an act and adds it to the journal; none where it cannot be written, or one before it could
    /// not.
    fn seal(&mut self, submitted: Submitted, journal: &mut Journal) -> Result<Option<Pending>, Refusal> {
        self.not_backwards(&submitted)?;
        let Submitted { line, act, recorded_at } = submitted;
        match sealed(&self.head, act, recorded_at.unwrap_or(self.recorded_at)) {
            Ok(followed) if self.goes_on => self.add(followed, journal).map(Some),
            Ok(_) => Ok(None),
            Err(bytes) => {
                self.problems.push(length_problem(line, bytes));
                self.goes_on = false;
                Ok(None)
            }
        }
    }

    fn seal_signature(&mut self, act: Act, journal: &mut Journal) -> Result<Pending, Refusal> {
        let instant = RecordedAt::Clock(self.head.recorded_at.max(self.recorded_at.instant()));
        let at = if matches!(self.recorded_at, RecordedAt::Asserted(_)) { self.recorded_at } else { instant };
        let followed = sealed(&self.head, Box::new(act), at)
            .map_err(|bytes| Refusal::Problems(vec![length_problem(0, bytes)]))?;
        self.add(followed, journal)
    }

    fn not_backwards(&self, submitted: &Submitted) -> Result<(), Refusal> {
        let given = submitted.recorded_at.unwrap_or(self.recorded_at).instant();
        let last = self.head.recorded_at;
        if given < last { Err(Refusal::Backwards { given, last }) } else { Ok(()) }
    }

    /// Adds an entry to the journal.
    fn add(&mut self, (sealed, entry): Followed, journal: &mut Journal) -> Result<Pending, Refusal> {
        self.breaches.extend(self.registrars.enter(entry.number, sealed.hash, &entry.act));
        // Whatever of it is taken in before something fails, is let go with the rest.
        self.head = sealed.head();
        journal.add(&sealed.bytes)?;
        if self.head.number % MOST_AT_ONCE == 1 {
            // The index is full before this entry is taken in: what it writes then must be in the journal.
            journal.spill()?;
        }
        Ok((Recorded::of(sealed.hash, entry), record_length(sealed.bytes.len())))
    }
}

impl Drop for Intake<'_> {
    /// What was taken in and not committed is let go.
    fn drop(&mut self) {
        if self.sealing.head != self.ledger.head {
            self.ledger.forget_intake();
        }
    }
}

/// The act of an entry that the ledger holds, or that was taken in.
fn act_of(indexed: &Indexed, number: u64) -> Option<Act> {
    Some(*indexed.entry(number).ok()??.act)
}
