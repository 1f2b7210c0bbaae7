//! Texts on their way in: looked at where they lie, and copied once, by whoever keeps them.

use std::fmt;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// Reads a text and makes something of it.
pub(crate) fn of_text<'de, D: Deserializer<'de>, T, E: fmt::Display>(
    deserializer: D,
    make: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, D::Error> {
    struct Reading<F>(F);

    impl<T, E: fmt::Display, F: FnOnce(&str) -> Result<T, E>> Visitor<'_> for Reading<F> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }

        fn visit_str<D: Error>(self, text: &str) -> Result<T, D> {
            (self.0)(text).map_err(D::custom)
        }
    }

    deserializer.deserialize_str(Reading(make))
}
