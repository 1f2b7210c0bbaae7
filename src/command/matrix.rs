//! `chancery matrix`: who stands how toward whom.

use std::collections::BTreeMap;
use std::io::Write;

use clap::Args;
use clap::builder::PossibleValuesParser;
use ledger::{PartyId, Question, Register, Scope, Standing, answer};
use serde_json::{Value, json};

use super::asking::{Cited, as_of, believed, find, open, registers};
use super::{Format, Place, Status};
use crate::render;
use crate::render::standing::value;
use crate::trouble::Trouble;

/// Show who stands how toward whom, in one register
///
/// The parties that act down the side, those acted upon across. `-` where no act has moved the register.
#[derive(Debug, Args)]
pub(crate) struct Matrix {
    /// The register
    #[arg(long, value_name = "REGISTER", value_parser = PossibleValuesParser::new(Register::WORDS))]
    register: String,

    /// The day [default: today, by UTC]
    #[arg(long, value_name = "DAY", allow_hyphen_values = true)]
    as_of: Option<String>,

    /// What the register knew then: an instant, a day or #ENTRY [default: everything]
    #[arg(long, value_name = "T|#N")]
    known_at: Option<String>,

    /// The parties that act
    #[arg(required = true, value_name = "A")]
    actors: Vec<String>,

    /// The parties acted upon, after `--toward` [default: the same]
    #[arg(long, num_args = 1.., value_name = "B")]
    toward: Vec<String>,
}

type Cells<'a> = BTreeMap<(&'a PartyId, &'a PartyId), Vec<&'a Standing>>;

impl Matrix {
    pub(crate) fn run(&self, place: &Place, out: &mut dyn Write) -> Result<Status, Trouble> {
        let archive = open(place)?;
        let moment = believed(archive, self.known_at.as_deref(), "--known-at")?;
        let day = as_of(self.as_of.as_deref(), "--as-of")?;
        let parties = |words: &[String]| -> Result<Vec<PartyId>, Trouble> {
            words.iter().map(|word| find(archive, word, "matrix", day)).collect()
        };
        let actors = parties(&self.actors)?;
        let toward = if self.toward.is_empty() { actors.clone() } else { parties(&self.toward)? };
        let register = Register::of_word(&self.register);
        let question = Question { as_of: day, register, actor: None, subject: None, through: false };
        let toward_one = |actor: &PartyId, subject: &PartyId| {
            let (actor, subject) = (Some(actor.clone()), Some(subject.clone()));
            Question { actor, subject, ..question.clone() }
        };
        let cells = actors.iter().flat_map(|a| toward.iter().map(|b| toward_one(a, b)));
        let scope = Scope::Questions(cells.collect());
        let answer = answer(registers(archive, &scope, &moment)?, &question);
        let mut cells: Cells<'_> = BTreeMap::new();
        for standing in &answer.standings {
            let (Some(one), Some(other)) = (&standing.key.actor, &standing.key.subject) else { continue };
            cells.entry((one, other)).or_default().push(standing);
            if standing.key.is_mutual() {
                cells.entry((other, one)).or_default().push(standing);
            }
        }
        let cited = Cited { as_of: day, known: moment.last };
        self.show(place.format, &actors, &toward, &cells, &cited, out)?;
        Ok(Status::Done)
    }

    fn show(
        &self,
        format: Format,
        actors: &[PartyId],
        toward: &[PartyId],
        cells: &Cells<'_>,
        cited: &Cited,
        out: &mut dyn Write,
    ) -> Result<(), Trouble> {
        let row = |actor: &PartyId| -> Vec<String> {
            std::iter::once(actor.to_string())
                .chain(toward.iter().map(|subject| cell(cells, actor, subject)))
                .collect()
        };
        let headers: Vec<String> =
            std::iter::once(self.register.clone()).chain(toward.iter().map(ToString::to_string)).collect();
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        match format {
            Format::Table => {
                render::grid(out, &headers, actors.iter().map(row).collect())?;
                writeln!(out, "\n{}", render::citation(cited))?;
            }
            Format::Csv => render::csv(out, &headers, &actors.iter().map(row).collect())?,
            Format::Json | Format::Jsonl => {
                let pairs =
                    actors.iter().flat_map(|actor| toward.iter().map(move |subject| (actor, subject)));
                let list: Vec<Value> = pairs
                    .map(|(actor, subject)| json!({ "actor": actor.to_string(), "subject": subject.to_string(), "value": cell(cells, actor, subject) }))
                    .collect();
                let whole = json!({
                    "register": self.register, "as_of": cited.as_of.to_string(),
                    "known_at": render::known_at(cited), "cells": list,
                });
                writeln!(out, "{whole}")?;
            }
        }
        Ok(())
    }
}

/// Every value that stands, or may stand, between two parties: there may be several measures, posts or lists.
fn cell(cells: &Cells<'_>, actor: &PartyId, subject: &PartyId) -> String {
    let Some(standings) = cells.get(&(actor, subject)) else {
        return if actor == subject { String::new() } else { "-".to_owned() };
    };
    let mut values: Vec<String> = standings.iter().map(|standing| value(standing)).collect();
    values.dedup();
    values.join(" / ")
}
