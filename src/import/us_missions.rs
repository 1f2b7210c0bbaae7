//! Changes in the status of US missions abroad (Kenkel, *US Diplomatic Mission Status Data*): CSV, one row a change.
//!
//! Columns: `state_dept_name,status_change,year,month,day,last_verified,notes`. A row without a day or a month is
//! truly imprecise, and stays so: `1815-07`, `1830`.
//!
//! A status is one word for two things. A mission in the capital has the rank that the word says; an ambassador or
//! envoy who resides elsewhere is accredited (VCDR 5) but no mission is there: that is kept under the post
//! `non-resident`, at the rank of the mission that he would lead. To pass from the one to the other closes the one
//! and opens the other, in one group.

use std::collections::BTreeMap;
use std::io::BufRead;

use ledger::act::{Act, ActId, Label, PartyKind, Rank, Text};
use ledger::standing::Match;
use ledger::standing::names::{Named, find_party};
use ledger::{Date, Day, Deed, PartyId};
use serde::Deserialize;

use super::{Broken, Chronicle, Told, codes, label, party, state};

/// The post under which those are kept who reside elsewhere.
const ELSEWHERE: &str = "non-resident";

#[derive(Deserialize)]
struct Row {
    state_dept_name: String,
    status_change: String,
    year: i16,
    month: Option<i8>,
    day: Option<i8>,
    notes: String,
}

/// Names that the Department uses for a state of another name here.
const MEANT: [(&str, &str); 2] = [("Hesse", "cow:275"), ("Korea", "cow:730")];

/// What a status says: the rank of the mission that is there, and of the one that is led from elsewhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Status {
    there: Option<Rank>,
    elsewhere: Option<Rank>,
}

/// Reads the changes; hosts are found among the parties by the names that they ever bore.
pub(crate) fn read(bytes: impl BufRead, parties: &BTreeMap<PartyId, Named>) -> Result<Chronicle, Broken> {
    let mut rows: Vec<(u64, Row)> = Vec::new();
    let mut reader = csv::Reader::from_reader(bytes);
    let headers = reader.headers().map_err(|error| Broken(error.to_string()))?.clone();
    for record in reader.records() {
        let record = record.map_err(|error| Broken(error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let row =
            record.deserialize(Some(&headers)).map_err(|error| Broken(format!("line {line}: {error}")))?;
        rows.push((line, row));
    }
    let mut chronicle = Chronicle::default();
    let mut stands: BTreeMap<String, (PartyId, Status)> = BTreeMap::new();
    rows.sort_by_key(|(_, row)| (row.year, row.month, row.day));
    for (line, row) in rows {
        let (host, before) = match stands.get(&row.state_dept_name) {
            Some(known) => known.clone(),
            None => (host(&row.state_dept_name, line, parties, &mut chronicle)?, Status::default()),
        };
        let now = status(&row.status_change, line)?;
        chronicle.acts.extend(change(&row, line, &host, before, now)?);
        stands.insert(row.state_dept_name, (host, now));
    }
    Ok(chronicle)
}

fn status(word: &str, line: u64) -> Result<Status, Broken> {
    let there = |rank| Status { there: Some(rank), elsewhere: None };
    let elsewhere = |rank| Status { there: None, elsewhere: Some(rank) };
    Ok(match word {
        "Embassy" => there(Rank::Embassy),
        "Legation" => there(Rank::Legation),
        "Consulate" => there(Rank::Consulate),
        "Liaison" => there(Rank::LiaisonOffice),
        "Interests" => there(Rank::InterestsSection),
        "Ambassador Nonresident" => elsewhere(Rank::Embassy),
        "Envoy Nonresident" => elsewhere(Rank::Legation),
        "Consul Nonresident" => elsewhere(Rank::Consulate),
        "None" => Status::default(),
        _ => return Err(Broken(format!("line {line}: `{word}` is no status of a mission"))),
    })
}

/// The acts of one row: one, or two of one group.
fn change(row: &Row, line: u64, host: &PartyId, before: Status, now: Status) -> Result<Vec<Told>, Broken> {
    let date = date(row, line)?;
    let moved = |old: Option<Rank>, new: Option<Rank>| old != new;
    let mut deeds = Vec::new();
    // What ends stands before what begins.
    let (first, second) =
        ((None, before.there, now.there), (Label::parse(ELSEWHERE).ok(), before.elsewhere, now.elsewhere));
    let both = if now.there.is_none() { [first, second] } else { [second, first] };
    for (post, old, new) in both {
        if moved(old, new) {
            deeds.push(deed(host, post, old, new));
        }
    }
    if deeds.is_empty() {
        // A row that repeats the status, or begins with none, is evidence all the same.
        let post = if now.elsewhere.is_some() { Label::parse(ELSEWHERE).ok() } else { None };
        deeds.push(deed(host, post, now.there.or(now.elsewhere), now.there.or(now.elsewhere)));
    }
    let name = format!("us-missions {} {date}", row.state_dept_name);
    let group = if deeds.len() > 1 { Label::parse(&name).ok() } else { None };
    let told = |deed: Deed| Told {
        locator: format!("line {line}"),
        act: Act {
            id: ActId::parse(&format!("{name} {}", deed.kind())).ok(),
            group: group.clone(),
            note: Text::parse(&row.notes).ok(),
            ..Act::new(deed, Some(date.clone()))
        },
    };
    Ok(deeds.into_iter().map(told).collect())
}

fn deed(host: &PartyId, post: Option<Label>, old: Option<Rank>, new: Option<Rank>) -> Deed {
    let (actor, subject) = (state("USA"), host.clone());
    match (old, new) {
        (_, None) => Deed::MissionClosed { actor, subject, post },
        (None, Some(rank)) => {
            Deed::MissionOpened { actor, subject, post, rank: Some(rank), protecting: None }
        }
        (Some(_), Some(rank)) => Deed::MissionRankChanged { actor, subject, post, rank, protecting: None },
    }
}

fn date(row: &Row, line: u64) -> Result<Date, Broken> {
    let Row { year, month, day, .. } = row;
    let text = match (month, day) {
        (None, None) => format!("{year:04}"),
        (Some(month), None) => format!("{year:04}-{month:02}"),
        (Some(month), Some(day)) => format!("{year:04}-{month:02}-{day:02}"),
        (None, Some(_)) => return Err(Broken(format!("line {line}: a day without a month"))),
    };
    Date::parse(&text).map_err(|error| Broken(format!("line {line}: {error}")))
}

/// The party of a name such as `Bahamas, The`, `Benin (Dahomey)` or `Kingdom of Serbia/Yugoslavia`; one that is
/// not known is declared.
fn host(
    name: &str,
    line: u64,
    parties: &BTreeMap<PartyId, Named>,
    chronicle: &mut Chronicle,
) -> Result<PartyId, Broken> {
    let meant = MEANT.iter().find(|(word, _)| *word == name).map(|(_, id)| *id);
    let bare = meant.unwrap_or_else(|| name.strip_suffix(", The").unwrap_or(name));
    let parts = bare.split(['(', ')', '/']).map(str::trim).filter(|part| !part.is_empty());
    for word in [bare].into_iter().chain(parts) {
        if let Match::One(id) = find_party(parties, word, Day::constant(1950, 1, 1)) {
            return Ok(id);
        }
    }
    let letters: String = name.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let subject = party("us-missions", &letters, &format!("line {line}"))?;
    if !parties.contains_key(&subject) {
        let known = label(name);
        let deed = Deed::EntityCreated {
            subject: subject.clone(),
            party: PartyKind::State,
            name: known,
            codes: codes([]),
        };
        chronicle.findings.push(format!("no party is called {name}: it is declared as {subject}"));
        let id = ActId::parse(&format!("us-missions {name}")).ok();
        chronicle
            .acts
            .push(Told { locator: format!("line {line}"), act: Act { id, ..Act::new(deed, None) } });
    }
    Ok(subject)
}
