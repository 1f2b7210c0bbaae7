//! Keys in files, and what each has signed.
//!
//! A secret key lies alone in a file that only its owner may read; it is never printed. Beside it, in
//! `FILE.signed/`, lies the last checkpoint that it signed of each log. That is what it must not contradict: it
//! is kept with the key and not only with the ledger, because a ledger that is rolled back takes its own memory
//! along.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use ledger::checkpoint::Signed;
use ledger::note::{Purpose, SigningKey};
use ledger::publish::write_whole;

use crate::trouble::Trouble;

/// A secret key and its file.
#[derive(Debug)]
pub(crate) struct KeyFile {
    path: PathBuf,
    /// The key.
    pub key: SigningKey,
}

/// What a key has signed; while this is held, no other process signs with it.
#[derive(Debug)]
pub(crate) struct Memory {
    dir: PathBuf,
    _lock: File,
}

impl KeyFile {
    /// Makes a new key in a new file.
    pub(crate) fn create(path: &Path, name: &str, purpose: Purpose) -> Result<Self, Trouble> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)
            .map_err(|error| Trouble::unusable(format!("no randomness for a key: {error}")))?;
        let key = SigningKey::from_seed(name, purpose, &seed).map_err(|error| {
            Trouble::wrong(error.to_string())
                .hint("name it like a URL without `https://`, such as log.example/acts")
        })?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(|error| {
            let trouble = Trouble::file(path, &error);
            if error.kind() == io::ErrorKind::AlreadyExists {
                trouble.hint("a key is never written over; name another file with --out")
            } else {
                trouble
            }
        })?;
        let written = writeln!(file, "{}", key.secret_text()).and_then(|()| file.sync_all());
        written.map_err(|error| Trouble::file(path, &error))?;
        Ok(Self { path: path.to_owned(), key })
    }

    /// Reads a key, if nobody but its owner can.
    pub(crate) fn read(path: &Path, purpose: Purpose) -> Result<Self, Trouble> {
        let mut file = File::open(path).map_err(|error| {
            let trouble = Trouble::file(path, &error);
            let is_missing = error.kind() == io::ErrorKind::NotFound;
            if is_missing { trouble.hint("`chancery key new` makes one") } else { trouble }
        })?;
        check_private(path, &file)?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(|error| Trouble::file(path, &error))?;
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let key = SigningKey::parse(line).map_err(|error| {
            Trouble::unreadable(path, &format!("not a secret key: {error}"))
                .hint("`chancery key new` makes one")
        })?;
        let actual = key.verifier().purpose();
        if actual != purpose {
            let words = format!("{}: it is the key of a {}", path.display(), actual.word());
            return Err(Trouble::wrong(words).hint(match purpose {
                Purpose::Log => {
                    "a checkpoint is signed with the key of a log; a witness uses `chancery cosign`"
                }
                Purpose::Witness => "`chancery key new --witness` makes the key of a witness",
            }));
        }
        Ok(Self { path: path.to_owned(), key })
    }

    /// What the key has signed.
    pub(crate) fn memory(&self) -> Result<Memory, Trouble> {
        let mut dir = self.path.as_os_str().to_owned();
        dir.push(".signed");
        let dir = PathBuf::from(dir);
        let at = |error: io::Error| {
            Trouble::unusable(format!("{}: {error}", dir.display()))
                .hint("nothing was signed: a key must remember what it signs")
        };
        let lock = fs::create_dir_all(&dir).and_then(|()| File::create(dir.join("lock"))).map_err(at)?;
        lock.lock().map_err(at)?;
        Ok(Memory { dir, _lock: lock })
    }
}

/// Whoever reads a key can sign with it.
fn check_private(path: &Path, file: &File) -> Result<(), Trouble> {
    let about = file.metadata().map_err(|error| Trouble::file(path, &error))?;
    if !about.is_file() {
        // To change who may read a directory would be bad advice.
        return Err(Trouble::wrong(format!("{}: it is not a file", path.display()))
            .hint("name the file of a key; `chancery key new` makes one"));
    }
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            return Err(Trouble::wrong(format!(
                "{}: others may read this key (mode {mode:03o})",
                path.display()
            ))
            .hint(format!("`chmod 600 {}`; if others may have read it, make a new key", path.display())));
        }
    }
    Ok(())
}

impl Memory {
    /// Where the last checkpoint of a log is kept.
    pub(crate) fn path(&self, origin: &str) -> PathBuf {
        self.dir.join(&blake3::hash(origin.as_bytes()).to_hex()[..16])
    }

    /// The last checkpoint of a log that the key signed.
    pub(crate) fn last(&self, origin: &str) -> Result<Option<Signed>, Trouble> {
        let path = self.path(origin);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Trouble::file(&path, &error)),
        };
        let signed = Signed::parse(&bytes).map_err(|error| {
            Trouble::unreadable(&path, &error)
                .hint("nothing was signed: restore this file, or use a new key, for this one has forgotten")
        })?;
        Ok(Some(signed))
    }

    /// Remembers a checkpoint, before anybody sees it.
    pub(crate) fn keep(&self, signed: &Signed) -> Result<(), Trouble> {
        let path = self.path(&signed.checkpoint.origin);
        let kept = write_whole(&path, signed.to_string().as_bytes())
            .and_then(|()| File::open(&self.dir)?.sync_all());
        kept.map_err(|error| {
            Trouble::unusable(format!("{}: {error}", path.display()))
                .hint("nothing was signed: a key must remember what it signs")
        })
    }
}
