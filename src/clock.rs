//! The clock: the one place where the program reads what time it is.

use ledger::{Day, Instant};

/// Now, to the millisecond.
pub(crate) fn now() -> Instant {
    let now = jiff::Timestamp::now();
    Instant::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// Today, by UTC.
pub(crate) fn today() -> Day {
    jiff::tz::Offset::UTC.to_datetime(now()).date()
}
