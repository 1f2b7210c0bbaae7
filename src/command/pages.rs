//! `chancery completions` and `chancery man`: pages for the shell and the reader.

use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Arguments, Status};
use crate::trouble::Trouble;

/// Write completions for a shell
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<Status, Trouble> {
        let mut page = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "chancery", &mut page);
        out.write_all(&page)?;
        Ok(Status::Done)
    }
}

/// Write the manual page, of the program or of one command
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The command
    command: Option<String>,
}

impl Man {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<Status, Trouble> {
        let mut program = Arguments::command();
        program.build();
        let page = match &self.command {
            None => program,
            Some(name) => program.find_subcommand(name).cloned().ok_or_else(|| {
                Trouble::wrong(format!("there is no command `{name}`"))
                    .hint("`chancery help` lists the commands")
            })?,
        };
        clap_mangen::Man::new(page).render(out)?;
        Ok(Status::Done)
    }
}
