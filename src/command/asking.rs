//! What `state` and `why` ask: which registers, on which day, as known when.

use clap::Args;
use clap::builder::PossibleValuesParser;
use ledger::archive::Entries;
use ledger::standing::names::{Named, find_party, parties};
use ledger::standing::{Match, Recorded};
use ledger::{
    Answer, Archive, Date, Day, Fault, History, Instant, Knowledge, Moment, PartyId, Question, Register,
    Registers, Scope,
};

use super::Place;
use crate::clock;
pub(crate) use crate::render::Cited;
use crate::trouble::Trouble;

/// The question, as flags.
#[derive(Debug, Args)]
pub(crate) struct Asking {
    /// The day; the answer is for its end. A month or year means its last day [default: today, by UTC]
    #[arg(long, value_name = "DAY", allow_hyphen_values = true)]
    pub(crate) as_of: Option<String>,

    /// What the register knew then: an instant, a day (its end, by UTC) or #ENTRY [default: everything]
    #[arg(long, value_name = "T|#N")]
    pub(crate) known_at: Option<String>,

    #[command(flatten)]
    pub(crate) parties: Parties,
}

/// Which registers are asked about.
#[derive(Debug, Args)]
pub(crate) struct Parties {
    /// Registers in which this party acts: an id, a name of any day, or a code such as cow:700
    #[arg(long, value_name = "PARTY")]
    actor: Option<String>,

    /// Registers toward this party
    #[arg(long, value_name = "PARTY")]
    subject: Option<String>,

    /// Registers of this kind
    #[arg(long, value_name = "REGISTER", value_parser = PossibleValuesParser::new(Register::WORDS))]
    register: Option<String>,

    /// Also what reaches a party through the collectives that it belongs to, or is bound by, that day
    #[arg(long)]
    through: bool,
}

/// Reads the whole history of a ledger, and says so if it had to come from the store.
///
/// It is never freed: the process ends with the answer, and freeing a hundred thousand acts one by one takes longer
/// than finding it.
pub(crate) fn read(place: &Place) -> Result<&'static History, Trouble> {
    let history: &History = Box::leak(Box::new(History::read(&place.ledger)?));
    say_instead(history.instead.as_ref());
    Ok(history)
}

/// Opens a ledger for asking. It is never freed either.
pub(crate) fn open(place: &Place) -> Result<&'static Archive, Trouble> {
    Ok(Box::leak(Box::new(Archive::open(&place.ledger)?)))
}

/// The entries that bear on what is asked, of those known at a moment; it says so if they had to come from the
/// store.
pub(crate) fn gather(
    archive: &'static Archive,
    scope: &Scope,
    moment: &Moment,
) -> Result<&'static [Recorded], Trouble> {
    let entries: &Entries<'static> = Box::leak(Box::new(archive.entries(scope, moment)?));
    say_instead(entries.instead.as_ref());
    Ok(&entries.list)
}

/// The last entries that are wanted, so many of them; it says so if they had to come from the store.
pub(crate) fn last(
    archive: &'static Archive,
    count: usize,
    wanted: impl Fn(&&Recorded) -> bool,
) -> Result<Vec<&'static Recorded>, Trouble> {
    let (mut found, mut before, mut length) = (Vec::new(), archive.head().number + 1, 64);
    let mut instead = None;
    // From the end on, in longer and longer stretches.
    while found.len() < count && before > 1 {
        let from = before.saturating_sub(length).max(1);
        let entries: &Entries<'static> = Box::leak(Box::new(archive.numbered(from..=before - 1)?));
        found.extend(entries.list.iter().rev().filter(&wanted).take(count - found.len()));
        instead = entries.instead.as_ref().or(instead);
        (before, length) = (from, length * 4);
    }
    say_instead(instead);
    found.reverse();
    Ok(found)
}

/// The registers that bear on what is asked, as known at a moment; it says so if they had to come from the store.
pub(crate) fn registers(
    archive: &Archive,
    scope: &Scope,
    moment: &Moment,
) -> Result<&'static Registers, Trouble> {
    let (registers, instead) = archive.registers(scope, moment)?;
    say_instead(instead.as_ref());
    Ok(Box::leak(Box::new(registers)))
}

/// The answer to a question, as known at a moment; it says so if it had to come from the store.
pub(crate) fn answered(archive: &Archive, question: &Question, moment: &Moment) -> Result<Answer, Trouble> {
    let (answer, instead) = archive.answer(question, moment)?;
    say_instead(instead.as_ref());
    Ok(answer)
}

/// Both sides of a difference, each a question and what was known; it says so if they had to come from the store.
pub(crate) fn sides(
    archive: &Archive,
    sides: [(&Question, &Moment); 2],
) -> Result<(&'static Registers, &'static Registers), Trouble> {
    let ((old, new), instead) = archive.sides(sides)?;
    say_instead(instead.as_ref());
    let old: &'static Registers = Box::leak(Box::new(old));
    Ok((old, new.map_or(old, |new| Box::leak(Box::new(new)))))
}

fn say_instead(instead: Option<&(u64, Fault)>) {
    if let Some((entry, fault)) = instead {
        anstream::eprintln!(
            "note: the journal is damaged at entry {entry} ({fault}): this answer is from the store; \
             `chancery audit` says more, and the next append restores the journal"
        );
    }
}

impl Asking {
    /// The state of knowledge that is asked for.
    pub(crate) fn moment(&self, archive: &Archive) -> Result<Moment, Trouble> {
        believed(archive, self.known_at.as_deref(), "--known-at")
    }

    /// The question, with its parties found among all that the register has ever known.
    pub(crate) fn question(&self, archive: &'static Archive) -> Result<Question, Trouble> {
        self.parties.question(archive, as_of(self.as_of.as_deref(), "--as-of")?)
    }
}

impl Parties {
    /// The question about these registers for a day.
    pub(crate) fn question(&self, archive: &'static Archive, as_of: Day) -> Result<Question, Trouble> {
        if self.through && self.actor.is_none() && self.subject.is_none() {
            return Err(Trouble::wrong("--through asks what reaches a party: of whom?")
                .hint("name it with --actor, or the target with --subject"));
        }
        let party = |word: &Option<String>, flag| {
            word.as_deref().map(|word| find(archive, word, flag, as_of)).transpose()
        };
        Ok(Question {
            as_of,
            register: self.register.as_deref().and_then(Register::of_word),
            actor: party(&self.actor, "--actor")?,
            subject: party(&self.subject, "--subject")?,
            through: self.through,
        })
    }
}

/// The state of knowledge that the register is believed in: all that it knows, or what it knew at a moment.
pub(crate) fn believed(archive: &Archive, text: Option<&str>, flag: &str) -> Result<Moment, Trouble> {
    let Some(text) = text else { return Ok(archive.now()?) };
    let moment = if let Some(digits) = text.strip_prefix('#') {
        let number: u64 = digits.parse().map_err(|_| not_a_moment(text, flag))?;
        let last = archive.head().number;
        if number > last {
            return Err(Trouble::wrong(format!("{flag}: the ledger has no entry {number} yet"))
                .hint(format!("its last entry is #{last}")));
        }
        archive.after(number)?
    } else {
        archive.at(moment(text, flag)?)?
    };
    if moment.last.is_none() {
        anstream::eprintln!("note: {text} is before the first entry: the register knew nothing then");
    }
    Ok(moment)
}

/// The last day of a day, month or year; `today` is a day.
pub(crate) fn as_of(text: Option<&str>, flag: &str) -> Result<Day, Trouble> {
    match text {
        None | Some("today") => Ok(clock::today()),
        Some(text) => Date::parse(text).map(|date| date.latest()).map_err(|error| {
            Trouble::wrong(format!("{flag}: {error}")).hint("write a day, a month, a year, or `today`")
        }),
    }
}

/// An instant, or the end of a day by UTC.
fn moment(text: &str, flag: &str) -> Result<Instant, Trouble> {
    if let Ok(instant) = text.parse() {
        return Ok(instant);
    }
    let day = Date::parse(text).map_err(|_| not_a_moment(text, flag))?.latest();
    let end = jiff::tz::Offset::UTC.to_timestamp(day.at(23, 59, 59, 999_999_999));
    end.map_err(|_| not_a_moment(text, flag))
}

fn not_a_moment(text: &str, flag: &str) -> Trouble {
    Trouble::wrong(format!("{flag}: `{text}` is neither an instant nor an entry"))
        .hint("write 2025-07-04T09:00:00Z, 2025-07-04 (the end of that day, by UTC), or #271")
}

/// The party that a word means; most words are ids, which need no search.
pub(crate) fn find(archive: &'static Archive, word: &str, flag: &str, day: Day) -> Result<PartyId, Trouble> {
    if let Ok(id) = PartyId::parse(word)
        && archive.is_declared(&id)?
    {
        return Ok(id);
    }
    let knowledge = Knowledge::of(gather(archive, &Scope::Entities, &archive.now()?)?);
    let parties = parties(&knowledge);
    let called = |id: &PartyId| parties.get(id).map_or("", |named: &Named| named.name_on(day)).to_owned();
    match find_party(&parties, word, day) {
        Match::One(id) => {
            anstream::eprintln!("note: {word} is {id}, on {day} named {}", called(&id));
            Ok(id)
        }
        Match::Several(ids) => {
            let list: Vec<String> = ids.iter().map(|id| format!("{id} ({})", called(id))).collect();
            Err(Trouble::wrong(format!("{flag}: {word} may be any of {}", list.join(", ")))
                .hint("say which, by its id"))
        }
        Match::None(near) => {
            let trouble = Trouble::wrong(format!("{flag}: no party is called {word}"));
            Err(if near.is_empty() {
                trouble.hint("`chancery log --kind entity.created` lists the parties")
            } else {
                trouble.hint(format!("nearest: {}", near.join(", ")))
            })
        }
    }
}
