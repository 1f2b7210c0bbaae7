//! An argument as Markdown: what stands, and the acts that say so, numbered, each with its sources.

use std::io::Write;

use ledger::standing::{Argument, Recorded, Step};

use super::{Role, entry_of, remarks, role, source};
use crate::render::{act, standing};
use crate::trouble::Trouble;

/// Writes the argument for one register.
pub(super) fn write(
    argument: &Argument<'_>,
    entries: &[Recorded],
    out: &mut dyn Write,
) -> Result<(), Trouble> {
    let more = standing::key_words(&argument.key);
    let more = if more.is_empty() { more } else { format!(" ({more})") };
    let register = argument.key.register.word();
    writeln!(out, "### `{register}` {}{more}\n", standing::between(&argument.key))?;
    for found in &argument.standings {
        let through = found
            .circumstances
            .channel
            .as_ref()
            .map(|channel| format!(", through {channel}"))
            .unwrap_or_default();
        writeln!(
            out,
            "**{}**{through}, by entries {}.\n",
            standing::value_since(found),
            standing::entries(&found.basis)
        )?;
    }
    for (number, step) in argument.steps.iter().enumerate() {
        write_step(number + 1, step, entries, out)?;
    }
    writeln!(out)?;
    Ok(())
}

fn write_step(
    number: usize,
    step: &Step<'_>,
    entries: &[Recorded],
    out: &mut dyn Write,
) -> Result<(), Trouble> {
    let known = step.known;
    let date = known.act.effective.as_ref().map_or("always", |date| date.as_str());
    let does = match (&step.effect, &step.role) {
        (Some(effect), Role::Holds | Role::MayHold | Role::Overtaken { .. } | Role::Later) => {
            format!("writes *{}*; {}", effect.value().as_str(), role(&step.role))
        }
        _ => role(&step.role),
    };
    let kind = known.act.deed.kind();
    writeln!(
        out,
        "{number}. {date}: `{kind}` {}, entry #{}: {does}.",
        act::who(&known.act),
        known.entry.number
    )?;
    for claim in &known.act.claims {
        writeln!(out, "   - {}", source(claim))?;
    }
    if let Some(note) = &known.act.note {
        writeln!(out, "   - note: {}", note.as_str().replace('\n', " "))?;
    }
    for (about, words) in remarks(known) {
        writeln!(out, "   - {words} by entry #{about}")?;
        for claim in entry_of(entries, about).iter().flat_map(|entry| &entry.act.claims) {
            writeln!(out, "     - {}", source(claim))?;
        }
    }
    writeln!(out, "   - recorded {}, entry hash `{}`", known.entry.recorded_at, known.entry.hash)?;
    Ok(())
}
