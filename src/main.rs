//! `chancery`: a register of diplomatic acts on the command line.
//!
//! This is the program: it knows people, terminals, clocks and files. What a register is and what follows from
//! it stands in the library, `ledger`.

mod clock;
mod command;
mod import;
mod keys;
mod render;
mod text;
mod trouble;
mod waiting;

use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;

/// Acts are many small pieces: the allocator of the system takes a good part of the time of every large task.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    quieten_sled();
    let status = match answer(command::Arguments::parse()) {
        Ok(status) => status,
        Err(trouble) if trouble.is_closed_pipe() => command::Status::Done,
        Err(trouble) => {
            // Nobody is left to tell when standard error is closed as well.
            drop(write!(anstream::stderr(), "{trouble}"));
            trouble.status()
        }
    };
    ExitCode::from(status as u8)
}

/// Writes the answer: to a person at a terminal line by line, to a file or a program in larger pieces.
fn answer(arguments: command::Arguments) -> Result<command::Status, trouble::Trouble> {
    const PIECE: usize = 1 << 16;
    if io::stdout().is_terminal() {
        return arguments.run(&mut anstream::stdout());
    }
    let mut out = BufWriter::with_capacity(PIECE, io::stdout());
    let done = arguments.run(&mut out);
    // What was said before the trouble stands before it.
    out.flush()?;
    done
}

/// sled panics on some kinds of damage; the library turns that into an answer, so its words are not printed.
fn quieten_sled() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let from_sled = panic.location().is_some_and(|location| location.file().contains("sled-"));
        if !from_sled {
            usual(panic);
        }
    }));
}
