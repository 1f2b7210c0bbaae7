//! What the program says when it cannot do what was asked: the fact, the place, the way out.
//!
//! The library's errors carry facts; the hints are written here.

use std::fmt;
use std::io;
use std::path::Path;

use ledger::act::{Flaw, Problem};
use ledger::checkpoint::{Contradiction, NotSigned};
use ledger::policy::NotVouched;
use ledger::proof::{NotProvable, NotProved};
use ledger::publish::{PublishError, RestoreError};
use ledger::registrar::Breach;
use ledger::{CreateError, OpenError, Refusal};

use crate::command::Status;

/// What went wrong, for a person to read.
#[derive(Debug)]
pub(crate) struct Trouble {
    facts: Vec<String>,
    hint: Option<String>,
    status: Status,
    closed_pipe: bool,
}

impl Trouble {
    /// The request or the input is wrong; nothing was recorded.
    pub(crate) fn wrong(fact: impl Into<String>) -> Self {
        Self { facts: vec![fact.into()], hint: None, status: Status::Wrong, closed_pipe: false }
    }

    /// The ledger cannot be opened or written.
    pub(crate) fn unusable(fact: impl Into<String>) -> Self {
        Self { status: Status::Unusable, ..Self::wrong(fact) }
    }

    /// Says what to do.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// A file of the user's could not be read or written.
    pub(crate) fn file(path: &Path, error: &io::Error) -> Self {
        /// What each kind of error asks of the user.
        const WAYS_OUT: [(io::ErrorKind, &str); 3] = [
            (io::ErrorKind::NotFound, "is the name right, as seen from the directory you are in?"),
            (io::ErrorKind::IsADirectory, "name a file in it"),
            (io::ErrorKind::PermissionDenied, "may you read it, or write there?"),
        ];
        let way_out = WAYS_OUT.iter().find(|(kind, _)| *kind == error.kind());
        let trouble = Self::wrong(format!("{}: {error}", path.display()));
        Self { hint: way_out.map(|(_, hint)| (*hint).to_owned()), ..trouble }
    }

    /// All problems of some acts, each with its place.
    pub(crate) fn problems(file: &str, problems: &[Problem]) -> Self {
        let facts = problems.iter().map(|problem| problem_line(file, problem)).collect();
        Self { facts, ..Self::wrong("") }.hint("nothing was recorded")
    }

    /// What a check would report, where that is to be refused.
    pub(crate) fn findings(facts: Vec<String>) -> Self {
        Self { facts, ..Self::wrong("") }
            .hint("nothing was recorded; without --strict it is recorded, and found by `chancery check`")
    }

    pub(crate) fn status(&self) -> Status {
        self.status
    }

    pub(crate) fn is_closed_pipe(&self) -> bool {
        self.closed_pipe
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fact in &self.facts {
            writeln!(f, "error: {fact}")?;
        }
        match &self.hint {
            Some(hint) => writeln!(f, "hint: {hint}"),
            None => Ok(()),
        }
    }
}

/// Writing the answer failed: a reader that has seen enough is no error.
impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        let closed_pipe = error.kind() == io::ErrorKind::BrokenPipe;
        Self { closed_pipe, ..Self::unusable(format!("the answer could not be written: {error}")) }
    }
}

impl From<serde_json::Error> for Trouble {
    fn from(error: serde_json::Error) -> Self {
        io::Error::from(error).into()
    }
}

/// `acts.jsonl:3:25: actor: `US` is not a declared party; nearest: USA`
fn problem_line(file: &str, problem: &Problem) -> String {
    let numbers = [problem.place.line, problem.place.column].into_iter().filter(|number| *number > 0);
    let place: Vec<String> = std::iter::once(file.to_owned())
        .filter(|file| !file.is_empty())
        .chain(numbers.map(|number| number.to_string()))
        .collect();
    let where_and_what: Vec<String> = [place.join(":"), problem.field.clone().unwrap_or_default()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .chain([problem.flaw.to_string()])
        .collect();
    let nearest = match problem.flaw.nearest() {
        [] => String::new(),
        nearest => format!("; nearest: {}", nearest.join(", ")),
    };
    let way_out = way_out(&problem.flaw).map(|way_out| format!(" ({way_out})")).unwrap_or_default();
    format!("{}{nearest}{way_out}", where_and_what.join(": "))
}

fn way_out(flaw: &Flaw) -> Option<String> {
    match flaw {
        Flaw::UndeclaredParty { .. } => Some("declare it first with `entity.created`".to_owned()),
        Flaw::IdTaken { entry, .. } => {
            Some(format!("to change what entry {entry} says use `chancery correct`, else take another id"))
        }
        Flaw::UnknownAct { .. } => {
            Some("`chancery log` lists the acts with their ids and numbers".to_owned())
        }
        Flaw::UselessField { takes, .. } => {
            Some(format!("it takes {}, and the common fields", takes.join(", ")))
        }
        Flaw::TooLong { .. } => Some("shorten `note` or `claims`, or split the act".to_owned()),
        Flaw::DeclaredOtherwise { .. } => {
            Some("one party is of one kind: take another id, or correct that entry".to_owned())
        }
        Flaw::Missing { .. }
        | Flaw::NoKind
        | Flaw::UnknownKind { .. }
        | Flaw::UnknownField { .. }
        | Flaw::Unreadable(_)
        | Flaw::Repeated
        | Flaw::Unfit(_)
        | Flaw::UntilBeforeEffective { .. }
        | Flaw::BadCorrection { .. } => None,
    }
}

impl From<OpenError> for Trouble {
    fn from(error: OpenError) -> Self {
        let hint = match &error {
            OpenError::Missing(_) => "make one with `chancery init`, or name one with --ledger DIR",
            OpenError::NotALedger(_) => {
                "name a ledger with --ledger DIR, or make one elsewhere with `chancery init`"
            }
            OpenError::Newer { .. } => "use the version of chancery that wrote it, or a later one",
            OpenError::Taken(_) => "wait until it is done, then try again; reading goes on meanwhile",
            OpenError::Lost(_) => {
                "nothing was changed; `chancery audit` names every fault; bring back either copy from a backup, or the ledger from where it is published with `chancery restore`"
            }
            OpenError::Disagree { .. } => {
                "nothing was changed; `chancery audit --against` with a head or checkpoint kept elsewhere tells which is right; set the other copy aside"
            }
            OpenError::Io { .. } => {
                "check that the directory is yours to read and write, and that the disk is not full"
            }
        };
        Self::unusable(error.to_string()).hint(hint)
    }
}

impl Trouble {
    /// Why acts from a file, or from flags where the name is empty, were not recorded.
    pub(crate) fn refused(file: &str, refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Problems(problems) => Self::problems(file, problems),
            Refusal::NotExpected { .. } => Self::wrong(refusal.to_string())
                .hint("someone else wrote first: look at `chancery log`, then give the new head"),
            Refusal::Backwards { .. } => Self::wrong(refusal.to_string()).hint(
                "the register's own time never goes back: give a later --recorded-at, or set the clock",
            ),
            Refusal::Breaches(breaches) => Self::breaches(breaches),
            Refusal::Io(_) => Self::unusable(refusal.to_string())
                .hint("nothing was recorded; is the disk full, or the directory not yours to write?"),
        }
    }

    /// How acts, as the entries that they would be, break the rule of signatures.
    fn breaches(breaches: &[(u64, Breach)]) -> Self {
        let facts = breaches.iter().map(|(number, breach)| format!("entry {number}: {breach}")).collect();
        let way_out = breaches.first().map_or("", |(_, breach)| match breach {
            Breach::Unsigned { .. } => "sign it with --sign FILE, the file of a key that has a grant",
            Breach::NoGrant { .. } => {
                "`chancery log` shows the grants (registrar.granted); whoever may enter `registrar` can record another"
            }
            Breach::NothingGranted => {
                "leave --sign out, or first record `registrar.granted` with --key KEY --may '*'"
            }
            Breach::NotAKey { .. } => "a key is what `chancery key new` prints: name+id+base64",
            Breach::NotAFamily(_) => {
                "a family is what stands before the dot of a kind, such as `sanction`; part several by `;`"
            }
            Breach::Founding => "grant `*`, or `registrar` and others, to the first key",
            Breach::Misplaced | Breach::False(_) => "signatures are made by --sign, and kept by an exact export",
        });
        Self { facts, ..Self::wrong("") }.hint(format!("nothing was recorded; {way_out}"))
    }

    /// Why a ledger was not made at a path.
    pub(crate) fn not_made(path: &Path, error: &CreateError) -> Self {
        match error {
            CreateError::Exists => Self::wrong(format!("{} exists already", path.display()))
                .hint("append to it, or name another place with --ledger DIR"),
            CreateError::Refused(refusal) => Self::refused("states.jsonl", refusal),
            CreateError::Io(error) => Self::unusable(format!("{}: {error}", path.display()))
                .hint("nothing was made; is the directory above it there, and yours to write?"),
        }
    }
}

impl Trouble {
    /// A file that should have been something cannot be read as such.
    pub(crate) fn unreadable(path: &Path, error: &dyn fmt::Display) -> Self {
        Self::wrong(format!("{}: {error}", path.display()))
    }

    /// Why a proof was not made.
    pub(crate) fn not_provable(error: &NotProvable) -> Self {
        let trouble = Self::wrong(error.to_string());
        match error {
            NotProvable::Contradiction(contradiction) => trouble.hint(way_out_of(contradiction)),
            NotProvable::After { .. } => trouble.hint("sign a newer one with `chancery checkpoint`"),
            NotProvable::TwoLogs(..) => trouble.hint("a proof is about the checkpoints of one log"),
            NotProvable::Order { .. } => trouble.hint("give the older one with --from"),
            NotProvable::NoFork => trouble.hint("the log has done nothing wrong as far as these two show"),
        }
    }

    /// Why a log was not published.
    pub(crate) fn not_published(error: &PublishError) -> Self {
        let trouble = Self::wrong(error.to_string());
        match error {
            PublishError::Contradiction { contradiction, .. } => trouble.hint(way_out_of(contradiction)),
            PublishError::OtherLog { .. } => trouble.hint("publish each log in a directory of its own"),
            PublishError::Older { .. } => trouble.hint("sign a newer one with `chancery checkpoint`"),
            PublishError::Unreadable { .. } => {
                trouble.hint("nothing was written; publish in another directory, or restore that file")
            }
            PublishError::Taken(_) => trouble.hint("wait until it is done, then try again"),
            PublishError::Io { .. } => Self::unusable(error.to_string())
                .hint("the checkpoint that was published before still stands, with all its files"),
        }
    }

    /// Why a ledger was not restored at a path.
    pub(crate) fn not_restored(path: &Path, error: &RestoreError) -> Self {
        let trouble = Self::wrong(error.to_string());
        let nothing = "nothing was made; the published files are not what the log signed, or not all there";
        match error {
            RestoreError::Exists => Self::wrong(format!("{} exists already", path.display()))
                .hint("name the place of the new ledger with --ledger DIR"),
            RestoreError::NotVouched(error) => trouble.hint(way_to_vouch(error)),
            RestoreError::Unreadable { .. }
            | RestoreError::Bundle { .. }
            | RestoreError::Entry { .. }
            | RestoreError::Contradiction(_)
            | RestoreError::Tile(_)
            | RestoreError::File { .. } => trouble.hint(nothing),
            RestoreError::Io(_) => Self::unusable(error.to_string()).hint("nothing was made"),
        }
    }
}

/// What to do about a checkpoint that is not of the ledger.
pub(crate) fn way_out_of(contradiction: &Contradiction) -> &'static str {
    match contradiction {
        Contradiction::Larger { .. } => {
            "either the checkpoint is of another ledger, or this one was cut short: `chancery audit` says more"
        }
        Contradiction::OtherRoot { .. } => {
            "either the checkpoint is of another ledger, or this one was written anew: keep both as evidence"
        }
    }
}

/// What to do about a checkpoint that a policy does not accept.
pub(crate) fn way_to_vouch(error: &NotVouched) -> &'static str {
    match error {
        NotVouched::UnknownOrigin { .. } => {
            "if you trust that log, add its key to the policy: `log KEY`, from a source other than this file"
        }
        NotVouched::NotSigned(NotSigned::Missing { .. }) => {
            "someone else's key has signed it: ask the keeper of the log, and not whoever sent the file"
        }
        NotVouched::NotSigned(
            NotSigned::False { .. } | NotSigned::Purpose { .. } | NotSigned::OtherLog { .. },
        ) => "the file was altered after it was signed, or was never signed",
        NotVouched::Quorum { .. } => "ask more witnesses of the policy to `chancery cosign` it",
    }
}

/// What to do about a proof that does not hold.
pub(crate) fn way_to_prove(error: &NotProved) -> &'static str {
    match error {
        NotProved::NotVouched(error) => way_to_vouch(error),
        NotProved::NoEntry => "make the proof with `chancery prove`, which puts the entry in it",
        NotProved::NotAnEntry(_)
        | NotProved::Number { .. }
        | NotProved::Beyond { .. }
        | NotProved::Length { .. }
        | NotProved::Root
        | NotProved::TwoKeys
        | NotProved::Order { .. }
        | NotProved::NoFork => "it proves nothing: ask for a new one",
    }
}
