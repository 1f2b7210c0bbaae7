//! Work on several threads. Long lists are cut into as many shares as there are threads: each share is worked on by
//! itself, and what comes of them is joined in the order of the list, so that nobody can tell that there were several.

use std::fmt;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{JoinHandle, available_parallelism, scope, spawn};

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

/// Below this a thread costs more than it saves.
const WORTH_A_THREAD: usize = 512;

/// What comes of a list, share by share. Between two shares lies a place where `may_part` lets its neighbours part.
#[must_use]
pub fn abreast<T: Send, R: Send>(
    list: Vec<T>,
    may_part: impl Fn(&T, &T) -> bool,
    work: impl Fn(Vec<T>) -> Vec<R> + Sync,
) -> Vec<R> {
    one_after_another(side_by_side(shares(list, may_part), work))
}

/// What comes of each of several things that take long, in their order.
pub(crate) fn side_by_side<T: Send, R: Send>(things: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    if things.len() < 2 {
        return things.into_iter().map(work).collect();
    }
    let work = &work;
    things.into_par_iter().with_max_len(1).map(work).collect()
}

/// How many things are worth doing at once.
pub(crate) fn threads() -> usize {
    available_parallelism().map_or(1, NonZero::get)
}

/// Two things that take long, side by side.
pub fn both<A: Send, B>(one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        (one.join().unwrap_or_else(|panic| resume_unwind(panic)), other)
    })
}

/// A thread for one thing after another, while its owner does others. Dropped, it has ended.
pub(crate) struct Aside<J, R> {
    jobs: Option<Sender<J>>,
    done: Receiver<R>,
    thread: Option<JoinHandle<()>>,
    is_at_work: bool,
}

impl<J: Send + 'static, R: Send + 'static> Aside<J, R> {
    pub(crate) fn new(mut work: impl FnMut(J) -> R + Send + 'static) -> Self {
        let (jobs, given) = channel();
        let (give_back, done) = channel();
        let thread = spawn(move || {
            for job in given {
                if give_back.send(work(job)).is_err() {
                    break;
                }
            }
        });
        Self { jobs: Some(jobs), done, thread: Some(thread), is_at_work: false }
    }

    /// Begins something; what was begun before must have ended.
    pub(crate) fn begin(&mut self, job: J) {
        debug_assert!(!self.is_at_work, "one thing after another");
        self.is_at_work = self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
    }

    /// What came of that which was begun, if it has ended.
    pub(crate) fn ended(&mut self) -> Option<R> {
        let done = self.done.try_recv().ok();
        self.is_at_work &= done.is_none();
        done
    }

    /// What came of that which was begun, as soon as it has ended; none where nothing was.
    pub(crate) fn end(&mut self) -> Option<R> {
        let is_at_work = std::mem::take(&mut self.is_at_work);
        is_at_work.then(|| self.done.recv().unwrap_or_else(|_| self.panic()))
    }

    pub(crate) fn is_at_work(&self) -> bool {
        self.is_at_work
    }

    /// The thread ended while something was at work, and so can only have panicked.
    fn panic(&mut self) -> ! {
        let thread = self.thread.take().map(JoinHandle::join);
        resume_unwind(
            thread.and_then(Result::err).unwrap_or_else(|| Box::new("a thread ended without a word")),
        )
    }
}

impl<J, R> Drop for Aside<J, R> {
    fn drop(&mut self) {
        self.jobs.take();
        drop(self.thread.take().map(JoinHandle::join));
    }
}

impl<J, R> fmt::Debug for Aside<J, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aside").field("is_at_work", &self.is_at_work).finish_non_exhaustive()
    }
}

/// Lists as one, in their order: the first grows once, where it has no room for the others.
pub(crate) fn one_after_another<T>(parts: Vec<Vec<T>>) -> Vec<T> {
    let mut parts = parts.into_iter();
    let mut all = parts.next().unwrap_or_default();
    all.reserve(parts.as_slice().iter().map(Vec::len).sum());
    parts.for_each(|mut part| all.append(&mut part));
    all
}

fn shares<T>(list: Vec<T>, may_part: impl Fn(&T, &T) -> bool) -> Vec<Vec<T>> {
    if list.len() <= WORTH_A_THREAD {
        // To ask how many threads there are takes longer than most questions.
        return vec![list];
    }
    let length = list.len().div_ceil(threads()).max(WORTH_A_THREAD);
    let mut rest = list;
    let mut shares = Vec::new();
    while rest.len() > length {
        let parts = |place: &usize| may_part(&rest[place - 1], &rest[*place]);
        let Some(place) = (length..rest.len()).find(parts) else { break };
        let tail = rest.split_off(place);
        shares.push(std::mem::replace(&mut rest, tail));
    }
    shares.push(rest);
    shares
}

#[cfg(test)]
mod tests {
    use super::abreast;

    #[test]
    fn what_comes_of_shares_is_in_the_order_of_the_list() {
        for length in [0, 1, 511, 512, 513, 5000] {
            let list: Vec<usize> = (0..length).collect();
            let doubled = abreast(list.clone(), |_, _| true, |share| share.iter().map(|n| n * 2).collect());
            assert_eq!(doubled, list.iter().map(|n| n * 2).collect::<Vec<_>>());
            // Neighbours that may not part stay together.
            let runs = abreast(
                list,
                |a, b| a / 700 != b / 700,
                |share| share.chunk_by(|a, b| a / 700 == b / 700).map(<[_]>::len).collect(),
            );
            assert_eq!(runs.len(), length.div_ceil(700));
            assert_eq!(runs.iter().sum::<usize>(), length);
        }
    }
}
