//! `chancery state`: how things stood.

use std::collections::BTreeMap;
use std::io::Write;
use std::mem::ManuallyDrop;

use clap::Args;
use ledger::standing::{Certainty, Recorded, Scheduled, scheduled};
use ledger::{Answer, Day, Question, Register, Scope, answer};
use serde_json::{Value, json};

use super::asking::{Asking, answered, open, registers};
use super::{Format, Place, Status};
use crate::render::standing;
use crate::render::{self, Cited};
use crate::trouble::Trouble;

/// Say how things stood at the end of a day, as the register knew it at a time
///
/// Shows the registers that some act has moved by then. Between two named parties it also says so when there is no
/// recognition and no relations. Where dates are not known closely enough, every possible value is shown.
#[derive(Debug, Args)]
pub(crate) struct State {
    #[command(flatten)]
    asking: Asking,

    /// Also what was due after that day, as the register knew then
    #[arg(long)]
    scheduled: bool,

    /// Only how many registers stand at each value
    #[arg(long, conflicts_with = "scheduled")]
    count: bool,
}

impl State {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let archive = open(place)?;
        let moment = self.asking.moment(archive)?;
        let question = self.asking.question(archive)?;
        let (answer, due) = if self.scheduled || is_open(&question) {
            let registers = registers(archive, &self.scope(&question), &moment)?;
            (answer(registers, &question), self.scheduled.then(|| scheduled(registers, &question)))
        } else {
            (answered(archive, &question, &moment)?, None)
        };
        // It is not freed, as little as the registers are: the process ends with the answer.
        let mut answer = ManuallyDrop::new(answer);
        for (old, new, entry) in &answer.continued {
            anstream::eprintln!("note: {old} goes on as {new} (entry {entry}); the answer is under {new}");
        }
        if is_open(&question) {
            // Where the whole history was read, they are there all the same.
            answer.standings.retain(|standing| !is_declared(standing.key.register));
        }
        let cited = Cited { as_of: question.as_of, known: moment.last };
        if self.count {
            return count(place.format, &answer, &cited, out);
        }
        match place.format {
            Format::Table => {
                show(&answer, &question, cited.known.as_ref(), out)?;
                if let Some(due) = &due {
                    show_due(due, question.as_of, out)?;
                }
                writeln!(out, "{}", render::citation(&cited))?;
            }
            Format::Csv => {
                let rows = render::rows(&answer.standings, standing::csv_row);
                render::csv(out, &standing::CSV_HEADERS, &rows)?;
            }
            Format::Json => write_json(&answer, due.as_deref(), &cited, out)?,
            Format::Jsonl => render::json_lines(out, &answer.standings, standing::Json)?,
        }
        Ok(Status::Done)
    }

    /// What must be read: of a question about everything, all but what is not shown.
    fn scope(&self, question: &Question) -> Scope {
        let questions = if is_open(question) {
            let shown = Register::ALL.iter().filter(|register| !is_declared(**register));
            shown.map(|register| Question::about(*register, question.as_of)).collect()
        } else {
            vec![question.clone()]
        };
        if self.scheduled { Scope::Stories(questions) } else { Scope::Questions(questions) }
    }
}

fn write_json(
    answer: &Answer,
    due: Option<&[Scheduled]>,
    cited: &Cited,
    out: &mut dyn Write,
) -> Result<(), Trouble> {
    let (as_of, known_at) = (json!(cited.as_of.to_string()), render::known_at(cited));
    write!(out, r#"{{"as_of":{as_of},"known_at":{known_at},"standings":"#)?;
    render::json_list(out, &answer.standings, standing::Json)?;
    if let Some(due) = due {
        write!(out, r#","scheduled":"#)?;
        render::json_list(out, due, due_json)?;
    }
    Ok(writeln!(out, "}}")?)
}

fn due_json(due: &Scheduled) -> Value {
    let mut fields = standing::key_json(&due.key);
    fields.insert("value".to_owned(), due.value.as_str().into());
    fields.insert("effective".to_owned(), due.effective.to_string().into());
    fields.insert("basis".to_owned(), due.entries.as_slice().into());
    Value::Object(fields)
}

/// How many registers stand at each value: certain ones and possible ones apart.
fn count(format: Format, answer: &Answer, cited: &Cited, out: &mut dyn Write) -> Result<Status, Trouble> {
    let mut counts: BTreeMap<(&str, &str), [usize; 2]> = BTreeMap::new();
    for found in &answer.standings {
        let of_value = counts.entry((found.key.register.word(), found.value.as_str())).or_default();
        of_value[usize::from(found.certainty == Certainty::Possible)] += 1;
    }
    let headers = ["register", "value", "certain", "possible"];
    let row = |((register, value), [certain, possible]): (&(&str, &str), &[usize; 2])| {
        vec![(*register).to_owned(), (*value).to_owned(), certain.to_string(), possible.to_string()]
    };
    match format {
        Format::Table => {
            render::table(out, &headers, &counts.iter().map(row).collect())?;
            writeln!(out, "\n{}", render::citation(cited))?;
        }
        Format::Csv => render::csv(out, &headers, &counts.iter().map(row).collect())?,
        Format::Json | Format::Jsonl => {
            let list: Vec<Value> = counts
                .iter()
                .map(|((register, value), [certain, possible])| {
                    json!({ "register": register, "value": value, "certain": certain, "possible": possible })
                })
                .collect();
            let whole = json!({ "as_of": cited.as_of.to_string(), "known_at": render::known_at(cited), "counts": list });
            writeln!(out, "{whole}")?;
        }
    }
    Ok(Status::Done)
}

fn is_open(question: &Question) -> bool {
    question.register.is_none() && question.actor.is_none() && question.subject.is_none()
}

/// Every ledger knows two hundred states and their names: they are shown where they are asked for.
fn is_declared(register: Register) -> bool {
    matches!(register, Register::Existence | Register::Name)
}

fn show(
    answer: &Answer,
    question: &Question,
    known: Option<&Recorded>,
    out: &mut dyn Write,
) -> Result<(), Trouble> {
    if answer.standings.is_empty() {
        writeln!(out, "{}", silence(question, known))?;
    } else {
        let rows = render::rows(&answer.standings, standing::row);
        render::table(out, &standing::HEADERS, &rows)?;
    }
    writeln!(out)?;
    if is_open(question) {
        writeln!(out, "existence and names of parties are not shown: ask with --register or for a party")?;
    }
    Ok(())
}

fn show_due(due: &[Scheduled], as_of: Day, out: &mut dyn Write) -> Result<(), Trouble> {
    if due.is_empty() {
        writeln!(out, "Nothing was due after {as_of}.\n")?;
        return Ok(());
    }
    let row = |due: &Scheduled| {
        vec![
            due.effective.to_string(),
            due.key.register.word().to_owned(),
            standing::between(&due.key),
            due.value.as_str().to_owned(),
            standing::key_words(&due.key),
            standing::entries(&due.entries),
        ]
    };
    let headers = ["due", "register", "between", "will be", "more", "entries"];
    render::table(out, &headers, &due.iter().map(row).collect())?;
    writeln!(out)?;
    Ok(())
}

/// An empty answer is a sentence.
pub(crate) fn silence(question: &Question, known: Option<&Recorded>) -> String {
    let registers =
        question.register.map_or("any register".to_owned(), |register| format!("`{}`", register.word()));
    let parties = match (&question.actor, &question.subject) {
        (Some(actor), Some(subject)) => format!(" of {actor} toward {subject}"),
        (Some(actor), None) => format!(" in which {actor} acts"),
        (None, Some(subject)) => format!(" toward {subject}"),
        (None, None) => String::new(),
    };
    let knew = if known.is_some() { "" } else { ", for the register knew nothing yet" };
    format!("No act has moved {registers}{parties} by the end of {}{knew}.", question.as_of)
}
