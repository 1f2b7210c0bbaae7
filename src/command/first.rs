//! `chancery first`: who was first.

use std::io::Write;

use clap::Args;
use ledger::Scope;
use ledger::standing::{Began, first};
use serde_json::{Value, json};

use super::asking::{Asking, Cited, as_of, open, registers};
use super::{Format, Place, Status};
use crate::render;
use crate::render::standing;
use crate::trouble::Trouble;

/// Say who was first: who brought a register to a value, in the order in which they did
///
/// `chancery first --register recognition.government --subject IEA` asks who first recognised it; `--since 2021-08-15`
/// asks the same of the days from then on. Those of whom nobody knows who came first share a place.
#[derive(Debug, Args)]
pub(crate) struct First {
    #[command(flatten)]
    asking: Asking,

    /// Only from this day on
    #[arg(long, value_name = "DAY", allow_hyphen_values = true)]
    since: Option<String>,
}

impl First {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let archive = open(place)?;
        let moment = self.asking.moment(archive)?;
        let question = self.asking.question(archive)?;
        let since = self.since.as_deref().map(|text| as_of(Some(text), "--since")).transpose()?;
        let registers = registers(archive, &Scope::story(&question), &moment)?;
        let began = first(registers, &question, since);
        let cited = Cited { as_of: question.as_of, known: moment.last };
        let headers = ["place", "register", "between", "more", "value", "since", "until", "entries"];
        match place.format {
            Format::Table => {
                if began.is_empty() {
                    writeln!(
                        out,
                        "Nobody did{}.",
                        since.map(|day| format!(" from {day} on")).unwrap_or_default()
                    )?;
                } else {
                    render::table(out, &headers, &began.iter().map(row).collect())?;
                }
                writeln!(out, "\n{}", render::citation(&cited))?;
            }
            Format::Csv => render::csv(out, &headers, &began.iter().map(row).collect())?,
            Format::Json => {
                let list: Vec<Value> = began.iter().map(as_json).collect();
                let since = since.map(|day| day.to_string());
                let whole = json!({
                    "as_of": cited.as_of.to_string(), "known_at": render::known_at(&cited), "since": since, "first": list,
                });
                writeln!(out, "{whole}")?;
            }
            Format::Jsonl => {
                for one in &began {
                    writeln!(out, "{}", as_json(one))?;
                }
            }
        }
        Ok(Status::Done)
    }
}

fn row(one: &Began) -> Vec<String> {
    vec![
        one.place.to_string(),
        one.key.register.word().to_owned(),
        standing::between(&one.key),
        standing::key_words(&one.key),
        one.value.clone(),
        one.since.to_string(),
        one.to.map(|day| day.to_string()).unwrap_or_default(),
        standing::entries(&one.basis),
    ]
}

fn as_json(one: &Began) -> Value {
    let mut fields = standing::key_json(&one.key);
    fields.insert("place".to_owned(), one.place.into());
    fields.insert("value".to_owned(), one.value.clone().into());
    fields.insert("since".to_owned(), one.since.to_string().into());
    fields.insert("until".to_owned(), one.to.map(|day| day.to_string()).into());
    fields.insert("basis".to_owned(), one.basis.as_slice().into());
    Value::Object(fields)
}
