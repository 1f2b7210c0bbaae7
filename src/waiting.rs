//! What a person at a terminal sees while something takes long: a line on standard error, from the second second on,
//! that is gone when it is done. Programs and logs see nothing.

use std::io::{self, IsTerminal, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// What is done before this needs no line.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the line is drawn.
const TICK: Duration = Duration::from_millis(100);

/// Something that may take long; it is over when this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// How much is done, where that can be said.
    done: Arc<AtomicU64>,
    line: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Waiting {
    /// Something of which nobody knows how long it takes.
    pub(crate) fn for_what(words: &str) -> Self {
        Self::shown(words, None)
    }

    /// Something that takes as long as so many bytes.
    pub(crate) fn for_bytes(words: &str, bytes: u64) -> Self {
        Self::shown(words, Some(bytes))
    }

    /// Something whose answer goes to standard output: where that is the terminal too, the answer is enough.
    pub(crate) fn for_output(words: &str) -> Self {
        if io::stdout().is_terminal() { Self::default() } else { Self::for_what(words) }
    }

    fn shown(words: &str, bytes: Option<u64>) -> Self {
        let done = Arc::new(AtomicU64::new(0));
        if !is_watched(io::stderr().is_terminal(), std::env::var("CI").ok().as_deref()) {
            return Self { done, line: None };
        }
        let (over, until) = channel();
        let (words, count) = (words.to_owned(), Arc::clone(&done));
        let line = thread::spawn(move || {
            let is_over = |wait| until.recv_timeout(wait) != Err(RecvTimeoutError::Timeout);
            if is_over(PATIENCE) {
                return;
            }
            let bar = bar(&words, bytes);
            while !is_over(TICK) {
                match bytes {
                    Some(_) => bar.set_position(count.load(Ordering::Relaxed)),
                    None => bar.tick(),
                }
            }
            bar.finish_and_clear();
        });
        Self { done, line: Some((over, line)) }
    }

    /// The count of what is done, for whoever does it.
    pub(crate) fn done(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.done)
    }

    /// A reader of which every byte counts.
    pub(crate) fn reader<R: Read>(&self, inner: R) -> Counted<R> {
        Counted { inner, done: self.done() }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some((over, line)) = self.line.take() {
            drop(over);
            // A line that could not be drawn is no reason to fail.
            drop(line.join());
        }
    }
}

/// A reader that counts what it reads.
pub(crate) struct Counted<R> {
    inner: R,
    done: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.done.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Whether somebody looks on: at a terminal, and not at what a build server shows as one.
fn is_watched(is_terminal: bool, ci: Option<&str>) -> bool {
    is_terminal && ci.is_none_or(|ci| ci.is_empty() || ci == "false")
}

fn bar(words: &str, bytes: Option<u64>) -> ProgressBar {
    let (bar, looks) = match bytes {
        Some(bytes) => (ProgressBar::new(bytes), "{msg} {bar:30} {bytes} of {total_bytes} {elapsed}"),
        None => (ProgressBar::new_spinner(), "{msg} {spinner} {elapsed}"),
    };
    let style = ProgressStyle::with_template(looks).expect("the template is one");
    bar.with_style(style).with_message(words.to_owned()).with_elapsed(PATIENCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_person_at_a_terminal_looks_on() {
        assert!(is_watched(true, None));
        assert!(is_watched(true, Some("false")));
        assert!(!is_watched(true, Some("true")));
        assert!(!is_watched(true, Some("1")));
        assert!(!is_watched(false, None));
    }

    #[test]
    fn a_reader_counts_what_it_reads() {
        let waiting = Waiting::for_bytes("reading", 10);
        let mut text = String::new();
        waiting.reader(&b"0123456789"[..]).read_to_string(&mut text).unwrap();
        assert_eq!(waiting.done.load(Ordering::Relaxed), 10);
    }

    #[test]
    fn both_lines_can_be_drawn() {
        for bytes in [None, Some(10)] {
            let bar = bar("reading", bytes);
            assert_eq!((bar.message().as_str(), bar.length()), ("reading", bytes));
        }
    }
}
