//! A short way to read the bytes of an entry: in one pass, and only where they are surely in their one form.
//!
//! bincode takes several byte strings for one value, so whatever it has read must be encoded again and compared. All
//! the freedom that it leaves is in its numbers, which may take more bytes than they need. Here they may not: then
//! what is read in the order of its fields would be written as it lies, and nothing need be encoded. Only what makes
//! something else of its texts (the codes of a party, the changes of a correction) might put them in another order or
//! spelling; it asks for texts of its own, and shows itself by that.
//!
//! This reader has no words for what is wrong. Whatever it does not take, [`Entry::decode`](super::Entry::decode)
//! looks at as the law says; a property test holds both to the same answer.

use std::fmt;

use serde::de::value::U32Deserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};

use super::{Beginning, Hash, LIMIT, VERSION};
use crate::date::Instant;

/// What has not been read yet.
#[derive(Debug)]
pub(super) struct Strict<'a> {
    pub(super) rest: &'a [u8],
    /// What ends where the rest ends, as text; none where not all of it is.
    text: Option<&'a str>,
    /// Whether texts were read that may be written otherwise than they lie.
    pub(super) may_be_rearranged: bool,
}

/// The bytes are perhaps not in their one form.
#[derive(Debug)]
pub(super) struct Doubtful;

impl fmt::Display for Doubtful {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("perhaps not in canonical form")
    }
}

impl std::error::Error for Doubtful {}

impl Error for Doubtful {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

type Read<T> = Result<T, Doubtful>;

impl<'a> Strict<'a> {
    /// A reader of the bytes of an entry; none where they cannot be one of this version.
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        bytes.strip_prefix(&[VERSION]).filter(|_| bytes.len() <= LIMIT).map(Self::of)
    }

    /// A reader of what stands after the version, whatever that is.
    pub(super) fn of(body: &'a [u8]) -> Self {
        Self { rest: body, text: None, may_be_rearranged: false }
    }

    /// Where the hash of the entry before begins.
    pub(super) fn link(mut self) -> Option<usize> {
        let all = self.rest.len();
        self.before_link().ok()?;
        Some(all - self.rest.len())
    }

    /// The number, the instant and whether it was asserted.
    fn before_link(&mut self) -> Read<(u64, i64, bool)> {
        Ok((self.number()?, self.signed()?, self.flag()?))
    }

    /// Reads what stands before the act.
    ///
    /// The rest is looked at as one text. Between texts stand numbers, mostly below 128: then all of it is text, and to
    /// tell that once takes less than to tell it of each.
    pub(super) fn beginning(&mut self) -> Option<Beginning> {
        let (number, recorded_at, asserted) = self.before_link().ok()?;
        let recorded_at = Instant::from_microsecond(recorded_at).ok()?;
        let previous = Hash(self.array().ok()?);
        self.text = std::str::from_utf8(self.rest).ok();
        Some(Beginning { number, recorded_at, asserted, previous })
    }

    fn array<const COUNT: usize>(&mut self) -> Read<[u8; COUNT]> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(Doubtful)?;
        self.rest = rest;
        Ok(*array)
    }

    fn byte(&mut self) -> Read<u8> {
        let (byte, rest) = self.rest.split_first().ok_or(Doubtful)?;
        self.rest = rest;
        Ok(*byte)
    }

    /// A byte that is 0 or 1.
    fn flag(&mut self) -> Read<bool> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Doubtful),
        }
    }

    /// A number in as few bytes as it can take: one up to 250, else a mark and two, four or eight.
    fn number(&mut self) -> Read<u64> {
        let (number, least) = match self.byte()? {
            251 => (u16::from_le_bytes(self.array()?).into(), 251),
            252 => (u32::from_le_bytes(self.array()?).into(), 1 << 16),
            253 => (u64::from_le_bytes(self.array()?), 1 << 32),
            254.. => return Err(Doubtful),
            small => return Ok(small.into()),
        };
        if number >= least { Ok(number) } else { Err(Doubtful) }
    }

    /// A number that may be negative: the last bit tells.
    fn signed(&mut self) -> Read<i64> {
        let number = self.number()?;
        let half = (number >> 1).cast_signed();
        Ok(if number & 1 == 0 { half } else { !half })
    }

    fn count(&mut self) -> Read<usize> {
        usize::try_from(self.number()?).map_err(|_| Doubtful)
    }

    fn text(&mut self) -> Read<&'a str> {
        let length = self.count()?;
        let (text, rest) = self.rest.split_at_checked(length).ok_or(Doubtful)?;
        self.rest = rest;
        match self.text {
            Some(all) => {
                let end = all.len() - rest.len();
                all.get(end - length..end).ok_or(Doubtful)
            }
            None => std::str::from_utf8(text).map_err(|_| Doubtful),
        }
    }
}

/// The kinds of values of which acts consist; whatever else a type may ask for is left to the long way.
impl<'de> Deserializer<'de> for &mut Strict<'de> {
    type Error = Doubtful;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Read<V::Value> {
        Err(Doubtful)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_u64(self.number()?)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_i64(self.signed()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_borrowed_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.may_be_rearranged = true;
        visitor.visit_borrowed_str(self.text()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        if self.flag()? { visitor.visit_some(self) } else { visitor.visit_none() }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Read<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let count = self.count()?;
        self.deserialize_tuple(count, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, count: usize, visitor: V) -> Read<V::Value> {
        visitor.visit_seq(Several { reader: self, count })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let count = self.count()?;
        visitor.visit_map(Several { reader: self, count })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        self.deserialize_tuple(fields.len(), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        visitor.visit_enum(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i128 u8 u16 u32 u128 f32 f64 char bytes byte_buf unit unit_struct tuple_struct identifier
        ignored_any
    }
}

/// So many values, or pairs of them, that follow one another.
struct Several<'r, 'a> {
    reader: &'r mut Strict<'a>,
    count: usize,
}

impl<'a> SeqAccess<'a> for Several<'_, 'a> {
    type Error = Doubtful;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Read<Option<T::Value>> {
        let Some(left) = self.count.checked_sub(1) else { return Ok(None) };
        self.count = left;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.count)
    }
}

impl<'a> MapAccess<'a> for Several<'_, 'a> {
    type Error = Doubtful;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Read<Option<K::Value>> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Read<V::Value> {
        seed.deserialize(&mut *self.reader)
    }
}

impl<'a> EnumAccess<'a> for &mut Strict<'a> {
    type Error = Doubtful;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'a>>(self, seed: V) -> Read<(V::Value, Self)> {
        let variant = u32::try_from(self.number()?).map_err(|_| Doubtful)?;
        let variant: U32Deserializer<Doubtful> = variant.into_deserializer();
        Ok((seed.deserialize(variant)?, self))
    }
}

impl<'a> VariantAccess<'a> for &mut Strict<'a> {
    type Error = Doubtful;

    fn unit_variant(self) -> Read<()> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, seed: T) -> Read<T::Value> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'a>>(self, count: usize, visitor: V) -> Read<V::Value> {
        self.deserialize_tuple(count, visitor)
    }

    fn struct_variant<V: Visitor<'a>>(self, fields: &'static [&'static str], visitor: V) -> Read<V::Value> {
        self.deserialize_tuple(fields.len(), visitor)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;
    use proptest::sample::Index;

    use crate::act::{Submitted, json};
    use crate::chain::{Head, seal};
    use crate::date::{Instant, RecordedAt};
    use crate::entry::{Beginning, Entry};

    /// Acts in which every type of field occurs, with none of its values and with several.
    const ACTS: &str = concat!(
        r#"{"kind":"credentials.accepted","id":"c","actor":"CHN","subject":"IEA","person":"karimi","class":"ambassador","effective":"2024-01-30","until":"2025-XX","decided":"2023-12","announced":"2024-01-30","notified":"2024-01-29?","published":"2024-01-31~","instrument":"note verbale","basis":"VCDR 13","claims":[{"source":"MFA","url":"https://example.org/1","published":"2024-01-30","retrieved":"2024-02-01","locator":"line 4","digest":"blake3:00","stance":"denies"},{"source":"Ministère"}],"order":-3,"group":"g","note":"one\ntwo"}"#,
        "\n",
        r#"{"kind":"entity.created","subject":"ofac:35096","party":"company","name":"Tornado Cash","codes":{"cow":"700","gw":"701","ofac":"35096"}}"#,
        "\n",
        r#"{"kind":"entity.created","subject":"A","party":"state"}"#,
        "\n",
        r##"{"kind":"act.corrected","act":"#12","set":{"effective":"2003-02-14","note":null,"measures":["other"],"order":70000}}"##,
        "\n",
        r#"{"kind":"act.retracted","actor":"A","act":"x"}"#,
        "\n",
        r#"{"kind":"sanction.imposed","actor":"USA","subject":"SDN","regime":"EO 13067","measures":["comprehensive","arms_embargo"],"effective":"1997-11-04","order":9007199254740993}"#,
        "\n",
        r##"{"kind":"act.signed","act":"#300","count":251,"key":"k","signature":"s"}"##,
        "\n",
        r#"{"kind":"recognition.state","actor":"USA","subject":"XKX","mode":"de_facto","effective":"../2008-02-18","note":"Ω, and a text of more than two hundred and fifty characters: .........................................................................................................................................................................................................."}"#,
    );

    static SEALED: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
        let (acts, problems) = json::read(ACTS.as_bytes());
        assert_eq!(problems, []);
        let at = RecordedAt::Asserted(Instant::UNIX_EPOCH);
        let heads = [0, 249, 250, 65_534, 65_535, u64::from(u32::MAX), u64::MAX - 1];
        let heads = heads.map(|number| Head { number, ..Head::EMPTY });
        let entry = |head: &Head, submitted: Submitted| seal(head, submitted.act, at).unwrap().bytes;
        acts.into_iter().flat_map(|act| heads.map(|head| entry(&head, act.clone()))).collect()
    });

    /// An entry read both ways, once it is seen that to skim it tells the same.
    fn both_ways(bytes: &[u8]) -> (Option<Entry>, Option<Entry>) {
        let entry = Entry::decode_and_compare(bytes).ok();
        let skimmed = Entry::skim(bytes).map(|(beginning, act)| {
            let Beginning { number, recorded_at, asserted, previous } = beginning;
            (number, recorded_at, asserted, previous, act.id.map(str::to_owned), act.deed)
        });
        let read = entry.clone().map(|Entry { number, recorded_at, asserted, previous, act }| {
            (number, recorded_at, asserted, previous, act.id.map(|id| id.to_string()), act.deed)
        });
        assert_eq!(skimmed, read);
        (Entry::decode_shortly(bytes), entry)
    }

    #[test]
    fn what_is_written_is_read_the_short_way() {
        for bytes in SEALED.iter() {
            let (short, long) = both_ways(bytes);
            assert!(short.is_some() && short == long, "{long:?}");
        }
    }

    /// Every number that an entry may begin with, in more bytes than it needs: where one stands is not known.
    #[test]
    fn a_number_in_more_bytes_than_it_needs_is_refused_both_ways() {
        for bytes in SEALED.iter() {
            for place in 1..bytes.len() {
                for longer in longer(&bytes[place..]) {
                    let mut other = bytes.clone();
                    other.splice(place..=place, longer);
                    let (short, long) = both_ways(&other);
                    assert_eq!(short, long, "{place}");
                }
            }
        }
    }

    /// What bincode would read as the same number, where a number of one byte, or one of two after its mark, stands.
    fn longer(bytes: &[u8]) -> Vec<Vec<u8>> {
        let first = bytes[0];
        if first == 251 {
            vec![vec![252], vec![253]]
        } else {
            vec![vec![251, first, 0], vec![252, first, 0, 0, 0]]
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 4096, ..ProptestConfig::default() })]

        /// However the bytes of an entry are altered: what the one way takes, the other takes as the same.
        #[test]
        fn what_is_altered_has_one_verdict(
            which in any::<Index>(),
            changes in proptest::collection::vec((any::<Index>(), 0..6_u8, any::<u8>()), 1..4),
        ) {
            let mut bytes = which.get(&SEALED).clone();
            for (place, how, byte) in changes {
                let place = place.index(bytes.len().max(1));
                match how {
                    _ if bytes.is_empty() => bytes.push(byte),
                    0 => bytes[place] ^= byte,
                    1 => bytes[place] = byte % 4,
                    2 => bytes.insert(place, byte),
                    3 => drop(bytes.remove(place)),
                    4 => bytes.truncate(place + 1),
                    _ => drop(bytes.splice(place..=place, longer(&bytes.clone()[place..]).swap_remove(0))),
                }
            }
            let (short, long) = both_ways(&bytes);
            prop_assert_eq!(short, long);
        }

        #[test]
        fn any_bytes_have_one_verdict(mut bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Some(first) = bytes.first_mut() {
                *first = 1;
            }
            let (short, long) = both_ways(&bytes);
            prop_assert_eq!(short, long);
        }
    }
}
