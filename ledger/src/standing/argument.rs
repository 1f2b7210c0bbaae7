//! Why an answer is so: the acts of a register in order, what each did, and which did not count and why.

use std::sync::Arc;

use crate::register::{Key, Register};

use super::answer::{Found, Question, Standing, World};
use super::channel::through;
use super::effect::Effect;
use super::knowledge::{Knowledge, Known, Status};
use super::registers::{Move, Registers};
use super::timeline::Timeline;

/// The argument for the standings of one register.
#[derive(Debug)]
pub struct Argument<'a> {
    /// The register.
    pub key: Arc<Key>,
    /// How it stood.
    pub standings: Vec<Standing>,
    /// Its acts, in the order in which they took effect; then those that do not count.
    pub steps: Vec<Step<'a>>,
}

/// One act in an argument.
#[derive(Debug)]
pub struct Step<'a> {
    /// The act, as the register knew it.
    pub known: &'a Known<'a>,
    /// What it does to the register; none where it does not count.
    pub effect: Option<Effect>,
    /// What part it plays.
    pub role: Role,
}

/// What part an act plays in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// The answer rests on it.
    Holds,
    /// The answer may rest on it: the day it took effect is not known closely enough.
    MayHold,
    /// It counted until another act came.
    Overtaken {
        /// The entry of that act.
        by: u64,
    },
    /// It takes effect after the day asked for.
    Later,
    /// It does not count.
    LeftOut(Status),
}

/// The arguments for the answer to a question, register by register.
#[must_use]
pub fn explain<'a>(knowledge: &'a Knowledge<'a>, question: &Question) -> Vec<Argument<'a>> {
    let registers = Registers::of(knowledge);
    let world = World::new(&registers, question.as_of);
    let mut arguments: Vec<Argument<'a>> = world
        .timelines(question)
        .into_iter()
        .map(|found| {
            let standings = world.standings(&found);
            let steps = steps(knowledge, &found, &standings, question);
            Argument { key: found.key, standings, steps }
        })
        .collect();
    if question.through {
        arguments.extend(through_collectives(knowledge, &world, question));
    }
    arguments
}

/// What reaches a party through a collective rests on two things: what the collective did, and the tie.
fn through_collectives<'a>(
    knowledge: &'a Knowledge<'a>,
    world: &World<'_>,
    question: &Question,
) -> Vec<Argument<'a>> {
    let mut arguments: Vec<Argument<'a>> = Vec::new();
    for standing in through(world, question) {
        let same = |argument: &&mut Argument<'a>| {
            let channel = argument.standings.first().and_then(|first| first.circumstances.channel.as_ref());
            argument.key == standing.key && channel == standing.circumstances.channel.as_ref()
        };
        match arguments.iter_mut().find(same) {
            Some(argument) => argument.standings.push(standing),
            None => arguments.push(Argument {
                key: standing.key.clone(),
                standings: vec![standing],
                steps: Vec::new(),
            }),
        }
    }
    for argument in &mut arguments {
        let channel = argument.standings.first().and_then(|first| first.circumstances.channel.clone());
        let own = Key { actor: channel, ..Key::clone(&argument.key) };
        let own_question = Question {
            register: Some(own.register),
            actor: own.actor.clone(),
            subject: own.subject.clone(),
            through: false,
            ..question.clone()
        };
        let acts = world.timelines(&own_question).into_iter().filter(|found| *found.key == own);
        let ties = [Register::Membership, Register::Binding]
            .into_iter()
            .flat_map(|register| world.timelines(&Question::about(register, question.as_of)));
        let standings = &argument.standings;
        let is_used = |found: &Found<'_>| found.timeline.moves().any(|step| rests_on(standings, step.number));
        for found in acts.chain(ties.filter(is_used)) {
            argument.steps.extend(steps(knowledge, &found, standings, question));
        }
    }
    arguments
}

fn rests_on(standings: &[Standing], number: u64) -> bool {
    standings.iter().any(|standing| standing.basis.contains(&number))
}

fn steps<'a>(
    knowledge: &'a Knowledge<'a>,
    found: &Found<'_>,
    standings: &[Standing],
    question: &Question,
) -> Vec<Step<'a>> {
    let counted = counted(&found.timeline, standings, question).into_iter();
    let left_out = found.left_out.iter().filter_map(|step| {
        let case = step.case.as_ref()?;
        Some((step.number, None, Role::LeftOut(case.status.clone())))
    });
    let told = counted.map(|(step, role)| (step.number, Some(step.effect.clone()), role)).chain(left_out);
    told.filter_map(|(number, effect, role)| Some(Step { known: knowledge.act(number)?, effect, role }))
        .collect()
}

fn counted<'a>(
    timeline: &Timeline<'a>,
    standings: &[Standing],
    question: &Question,
) -> Vec<(&'a Move, Role)> {
    let mut steps = Vec::new();
    for (place, step) in timeline.moves().enumerate() {
        let rests = rests_on(standings, step.number);
        let (earliest, latest) = step.days();
        let role = if earliest > question.as_of {
            Role::Later
        } else if rests && latest > question.as_of {
            Role::MayHold
        } else if rests {
            Role::Holds
        } else {
            match timeline.overtaken_by(place) {
                Some(by) => Role::Overtaken { by },
                // The end of a regime that found nothing alive to end.
                None => continue,
            }
        };
        steps.push((step, role));
    }
    steps
}
