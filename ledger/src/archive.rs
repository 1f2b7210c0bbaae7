//! A ledger opened for asking: of its entries, only those are read that bear on a question, or none.
//!
//! ```text
//! question ──terms──▶ index ──versions──▶ Registers
//!                       └────offsets──▶ journal ──entries──▶ Knowledge
//! ```
//!
//! The index says what acts do to registers, which is all that an answer needs, and where they lie, for whoever shows
//! them. What the index does not cover yet is read from the journal and held in the same form. Where there is no
//! index, or anything is damaged, the whole history is read as [`History`] reads it: slower, never wrong.

mod found;
mod indexed;
mod of_kind;
mod present;
mod recent;
mod regimes;
mod rolled;
mod scope;
mod sides;
mod telling;

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use crate::chain::{Fault, Head};
use crate::copies::OpenError;
use crate::date::Instant;
use crate::history::History;
use crate::party::PartyId;
use crate::standing::{Answer, Knowledge, Question, Recorded, Registers, answer};

pub(crate) use indexed::{Indexed, Unread};
pub(crate) use rolled::named_in;
pub use scope::Scope;

/// A ledger opened for asking.
#[derive(Debug)]
pub struct Archive {
    dir: PathBuf,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Indexed(Box<Indexed>),
    Whole(History),
}

/// A state of knowledge: what the register knew after some entry.
#[derive(Debug, Clone)]
pub struct Moment {
    /// The last entry known; none before the first.
    pub last: Option<Recorded>,
}

impl Moment {
    /// The number of the last entry known; 0 before the first.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.last.as_ref().map_or(0, |last| last.number)
    }
}

/// Entries that were read: all that bear on a question, in their order.
#[derive(Debug)]
pub struct Entries<'a> {
    /// The entries.
    pub list: Cow<'a, [Recorded]>,
    /// Why they come from the store, where they do.
    pub instead: Instead,
}

/// Why an answer is from the store, where it is: the entry at which the journal is damaged, and how.
pub type Instead = Option<(u64, Fault)>;

/// The registers as known first; and as known later, where that is not the same.
pub type Sides = (Registers, Option<Registers>);

impl Archive {
    /// Opens a ledger for asking, beside a writer if need be.
    ///
    /// # Errors
    /// [`OpenError`] when there is no ledger, or neither copy of it can be read whole.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let source = match Indexed::open(dir) {
            Some(indexed) => Source::Indexed(Box::new(indexed)),
            None => Source::Whole(History::read(dir)?),
        };
        Ok(Self { dir: dir.to_owned(), source })
    }

    /// Where the ledger stands.
    #[must_use]
    pub fn head(&self) -> Head {
        match &self.source {
            Source::Indexed(indexed) => indexed.head(),
            Source::Whole(history) => history.head,
        }
    }

    /// What the register knows now.
    ///
    /// # Errors
    /// [`OpenError`] when neither copy of the ledger can be read.
    pub fn now(&self) -> Result<Moment, OpenError> {
        self.after(self.head().number)
    }

    /// What the register knew after an entry.
    ///
    /// # Errors
    /// As of [`Archive::now`].
    pub fn after(&self, number: u64) -> Result<Moment, OpenError> {
        self.ask(|indexed| indexed.moment_after(number), |history| Moment::of(history.up_to(number)))
    }

    /// What the register knew at an instant.
    ///
    /// # Errors
    /// As of [`Archive::now`].
    pub fn at(&self, instant: Instant) -> Result<Moment, OpenError> {
        self.ask(|indexed| indexed.moment_at(instant), |history| Moment::of(history.known_at(instant)))
    }

    /// Whether a party of this id is declared.
    ///
    /// # Errors
    /// As of [`Archive::now`].
    pub fn is_declared(&self, party: &PartyId) -> Result<bool, OpenError> {
        let declares = |entry: &Recorded| entry.act.deed.declares() == Some(party);
        self.ask(
            |indexed| Ok(indexed.declaration(party)?.is_some()),
            |history| history.entries.iter().any(declares),
        )
    }

    /// The entries that bear on a question, of those known at a moment; in their order. There may be others among
    /// them, and no answer depends on those.
    ///
    /// # Errors
    /// As of [`Archive::now`].
    pub fn entries(&self, scope: &Scope, moment: &Moment) -> Result<Entries<'_>, OpenError> {
        let number = moment.number();
        let found = match &self.source {
            Source::Whole(history) => {
                let list = Cow::Borrowed(history.up_to(number));
                return Ok(Entries { list, instead: history.instead.clone() });
            }
            Source::Indexed(indexed) => indexed.entries(scope, number),
        };
        if let Ok(Some(entries)) = found {
            return Ok(Entries { list: Cow::Owned(entries), instead: None });
        }
        // Everything is asked for, or something could not be read.
        let mut history = History::read(&self.dir)?;
        history.entries.truncate(history.up_to(number).len());
        Ok(Entries { list: Cow::Owned(history.entries), instead: history.instead })
    }

    /// The entries of these numbers, in their order; those that there are.
    ///
    /// # Errors
    /// As of [`Archive::now`].
    pub fn numbered(&self, numbers: RangeInclusive<u64>) -> Result<Entries<'_>, OpenError> {
        let (from, to) = (*numbers.start(), *numbers.end());
        if let Source::Indexed(indexed) = &self.source
            && let Ok(entries) = indexed.numbered(numbers)
        {
            return Ok(Entries { list: Cow::Owned(entries), instead: None });
        }
        let Entries { list, instead } = self.entries(&Scope::Everything, &self.after(to)?)?;
        let before = list.partition_point(|entry| entry.number < from);
        let list = match list {
            Cow::Borrowed(list) => Cow::Borrowed(&list[before..]),
            Cow::Owned(mut list) => Cow::Owned(list.split_off(before)),
        };
        Ok(Entries { list, instead })
    }

    /// The registers that bear on a question, as known at a moment; and why they are from the store, where they are.
    /// There may be others among them, and no answer depends on those.
    ///
    /// # Errors
    /// As of [`Archive::now`].
    pub fn registers(&self, scope: &Scope, moment: &Moment) -> Result<(Registers, Instead), OpenError> {
        if let Source::Indexed(indexed) = &self.source
            && let Ok(registers) = indexed.registers(scope, moment.number())
        {
            return Ok((registers, None));
        }
        let Entries { list, instead } = self.entries(&Scope::Everything, moment)?;
        Ok((Registers::of(&Knowledge::of(&list)), instead))
    }

    /// The answer to a question, as known at a moment; and why it is from the store, where it is.
    ///
    /// # Errors
    /// As of [`Archive::now`].
    pub fn answer(&self, question: &Question, moment: &Moment) -> Result<(Answer, Instead), OpenError> {
        if let Source::Indexed(indexed) = &self.source
            && let Ok(answer) = indexed.answer(question, moment.number())
        {
            return Ok((answer, None));
        }
        let (registers, instead) = self.registers(&Scope::Everything, moment)?;
        Ok((answer(&registers, question), instead))
    }

    /// Both sides of a difference: the registers that questions are about, of each question as known after a moment; and
    /// why they are from the store, where they are. Of the same moment there is one side alone. Of registers that
    /// nothing between the sides touches, some or all are left out.
    ///
    /// # Errors
    /// As of [`Archive::now`].
    pub fn sides(&self, sides: [(&Question, &Moment); 2]) -> Result<(Sides, Instead), OpenError> {
        let [(before, known_from), (after, known_to)] = sides;
        let numbers = [(before, known_from.number()), (after, known_to.number())];
        if let Source::Indexed(indexed) = &self.source
            && let Ok(sides) = indexed.sides(numbers)
        {
            return Ok((sides, None));
        }
        let (first, instead) = self.registers(&Scope::Everything, known_from)?;
        if known_from.number() == known_to.number() {
            return Ok(((first, None), instead));
        }
        let (second, _) = self.registers(&Scope::Everything, known_to)?;
        Ok(((first, Some(second)), instead))
    }

    /// Asks the index; where it or the journal cannot answer, the whole history.
    fn ask<T>(
        &self,
        indexed: impl FnOnce(&Indexed) -> Result<T, Unread>,
        whole: impl FnOnce(&History) -> T,
    ) -> Result<T, OpenError> {
        match &self.source {
            Source::Whole(history) => Ok(whole(history)),
            Source::Indexed(source) => match indexed(source) {
                Ok(found) => Ok(found),
                Err(_) => Ok(whole(&History::read(&self.dir)?)),
            },
        }
    }
}

impl Moment {
    fn of(known: &[Recorded]) -> Self {
        Self { last: known.last().cloned() }
    }
}
