//! The bench of the laws: a ledger written in a few lines, and questions to it answered in a few words.
//!
//! Each line is an act, `FIELD=VALUE` after its kind, as in `2003 terror.designated RUS taliban list=SC id=x`: the
//! date first (or `-` for none), then actor and subject (or `-`). `@ 2025-08-01` sets the day on which what
//! follows is recorded.

use std::fmt::Write;

use ledger::act::{Draft, Place};
use ledger::standing::Recorded;
use ledger::standing::answer::key_fields;
use ledger::{Act, Day, Hash, Instant, Knowledge, PartyId, Question, Register, Registers, Standing, answer};
use serde_json::Value;

/// Acts with the instants at which they were recorded.
pub(crate) struct World {
    pub(crate) entries: Vec<Recorded>,
}

/// Reads a little ledger.
pub(crate) fn world(text: &str) -> World {
    let mut entries = Vec::new();
    let mut recorded_at = instant("1900-01-01");
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(day) = line.strip_prefix("@ ") {
            recorded_at = instant(day);
            continue;
        }
        let number = entries.len() as u64 + 1;
        let act = act(line);
        entries.push(Recorded { number, recorded_at, asserted: true, hash: Hash::NONE, act: Box::new(act) });
    }
    World { entries }
}

pub(crate) fn instant(day: &str) -> Instant {
    format!("{day}T12:00:00Z").parse().unwrap()
}

pub(crate) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// One act in one line.
pub(crate) fn act(line: &str) -> Act {
    let mut words = line.split_whitespace();
    let mut draft = Draft::new(0);
    for name in ["effective", "kind", "actor", "subject"] {
        let word = words.next().unwrap_or_else(|| panic!("{line}: no {name}"));
        if word != "-" {
            draft.push(name, Value::from(word), Place::default());
        }
    }
    for word in words {
        let (name, value) = word.split_once('=').unwrap_or_else(|| panic!("{line}: {word}"));
        let value = match name {
            "order" => Value::from(value.parse::<i64>().unwrap()),
            "measures" => value.split(',').collect(),
            "set" => serde_json::from_str(value).unwrap(),
            _ => Value::from(value.replace('_', " ")),
        };
        let value = match (name, &value) {
            ("rank" | "mode" | "party" | "class", Value::String(text)) => Value::from(text.replace(' ', "_")),
            _ => value,
        };
        draft.push(name, value, Place::default());
    }
    Act::read(draft).unwrap_or_else(|problems| panic!("{line}: {problems:?}"))
}

impl World {
    /// What the register knew at the end of a day.
    pub(crate) fn known_on(&self, known: &str) -> Knowledge<'_> {
        let at = instant(known);
        Knowledge::of(&self.entries[..self.entries.partition_point(|entry| entry.recorded_at <= at)])
    }

    /// The standings that a question finds, one a line.
    pub(crate) fn ask(&self, words: &str, as_of: &str) -> String {
        tell(&Knowledge::of(&self.entries), words, as_of)
    }

    /// The same, as known on a day.
    pub(crate) fn ask_knowing(&self, words: &str, as_of: &str, known: &str) -> String {
        tell(&self.known_on(known), words, as_of)
    }
}

/// `terror RUS taliban`, `sanction - CUB`, `- GBR` …: register, actor, subject.
pub(crate) fn question(words: &str, as_of: &str) -> Question {
    let through = words.contains(" through");
    let mut words =
        words.split_whitespace().filter(|word| *word != "through").map(|word| (word != "-").then_some(word));
    let mut next = || words.next().flatten();
    let register = next().map(|word| Register::of_word(word).unwrap());
    let party = |word: Option<&str>| word.map(|word| PartyId::parse(word).unwrap());
    let (actor, subject) = (party(next()), party(next()));
    Question { as_of: day(as_of), register, actor, subject, through }
}

fn tell(knowledge: &Knowledge<'_>, words: &str, as_of: &str) -> String {
    let answer = answer(&Registers::of(knowledge), &question(words, as_of));
    let mut told = String::new();
    for standing in &answer.standings {
        writeln!(told, "{}", line(standing)).unwrap();
    }
    told
}

/// `terror RUS taliban (list SC): possibly designated since 2003 #1`.
pub(crate) fn line(standing: &Standing) -> String {
    let mut line = standing.key.register.word().to_owned();
    for party in [&standing.key.actor, &standing.key.subject].into_iter().flatten() {
        write!(line, " {party}").unwrap();
    }
    for (name, text) in key_fields(&standing.key) {
        write!(line, " {name}={text}").unwrap();
    }
    let possibly = if standing.certainty.word() == "possible" { "possibly " } else { "" };
    write!(line, ": {possibly}{}", standing.value.as_str()).unwrap();
    for (_, text) in standing.detail.iter().filter(|(_, text)| text != "de_jure" && text != "express") {
        write!(line, " {text}").unwrap();
    }
    for (name, date) in [("since", &standing.since), ("until", &standing.until)] {
        if let Some(date) = date {
            write!(line, " {name} {date}").unwrap();
        }
    }
    for (name, parties) in [
        ("contested by", &standing.circumstances.contested_by),
        ("denied by", &standing.circumstances.denied_by),
    ] {
        for party in parties {
            write!(line, ", {name} {party}").unwrap();
        }
    }
    for licence in &standing.circumstances.licensed {
        write!(line, ", licensed {licence}").unwrap();
    }
    if let Some(channel) = &standing.circumstances.channel {
        write!(line, ", through {channel}").unwrap();
    }
    for number in &standing.basis {
        write!(line, " #{number}").unwrap();
    }
    line
}
