//! XML as lists use it: a long row of small records, read one after another.
//!
//! A record is held as a tree while it is looked at; the document never is, and a record without end is refused. There
//! are no entities but the five of XML and characters by number, and no document types: what declares its own is
//! refused, not expanded.

use std::io::{self, BufRead, Read};

use quick_xml::Reader;
use quick_xml::escape::{resolve_xml_entity, unescape};
use quick_xml::events::{BytesStart, Event};

use super::{Broken, within_reason};

/// How deep a document may nest.
const DEPTH: usize = 40;
/// How long a record may be, in bytes with its tags; and any one tag or text.
const LONGEST: u64 = 1024 * 1024;

/// An element of a record.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    /// The first child of a name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.all(name).next()
    }

    /// The children of a name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first child of a name, without the blanks around it; empty where there is none.
    pub(super) fn word(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.trim())
    }

    /// An attribute; empty where there is none.
    pub(super) fn attribute(&self, name: &str) -> &str {
        self.attributes.iter().find(|(given, _)| given == name).map_or("", |(_, value)| value)
    }
}

/// Reads a document through: every element of one of the names goes to `each`, with its place; the root goes
/// there first, without its children.
pub(super) fn read(
    bytes: impl BufRead,
    root: &str,
    records: &[&str],
    each: &mut dyn FnMut(Element, &str) -> Result<(), Broken>,
) -> Result<(), Broken> {
    let mut reader = Reader::from_reader(Metered { inner: bytes, left: LONGEST });
    let mut buffer = Vec::new();
    let mut count = 0;
    let mut walk = Walk { root, records, open: Vec::new(), depth: 0, began: 0, rooted: false };
    loop {
        buffer.clear();
        reader.get_mut().left = LONGEST;
        let event = reader.read_event_into(&mut buffer);
        let position = reader.buffer_position();
        let at_place = |fact: String| Broken(format!("byte {position}: {fact}"));
        let event = event.map_err(|error| at_place(error.to_string()))?;
        if matches!(event, Event::Eof) {
            return if walk.is_done() { Ok(()) } else { Err(at_place("it breaks off".to_owned())) };
        }
        if let Some(record) = walk.step(&event, position).map_err(at_place)? {
            count += 1;
            within_reason(count)?;
            each(record, &format!("byte {position}"))?;
        }
    }
}

/// A reader that gives out only so many bytes before it is asked whether there may be more: what has no end is
/// never held.
struct Metered<R> {
    inner: R,
    left: u64,
}

impl<R: BufRead> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Metered<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(io::Error::other(format!("a tag or a text is longer than {LONGEST} bytes")));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.left = self.left.saturating_sub(count as u64);
        self.inner.consume(count);
    }
}

/// Where the reading of a document stands.
struct Walk<'a> {
    root: &'a str,
    records: &'a [&'a str],
    /// The elements of the record that are open, the innermost last.
    open: Vec<Element>,
    depth: usize,
    /// At which byte the record began.
    began: u64,
    rooted: bool,
}

impl Walk<'_> {
    fn is_done(&self) -> bool {
        self.rooted && self.depth == 0
    }

    /// Takes one step; gives the root when it opens, and a record when it closes.
    fn step(&mut self, event: &Event<'_>, position: u64) -> Result<Option<Element>, String> {
        if !self.open.is_empty() && position - self.began > LONGEST {
            return Err(format!("a record is longer than {LONGEST} bytes"));
        }
        match event {
            Event::Start(tag) => return self.begin(tag, position),
            Event::Empty(tag) => {
                if let Some(parent) = self.open.last_mut() {
                    parent.children.push(element(tag)?);
                } else if self.depth > 0 && self.is_record(tag) {
                    return element(tag).map(Some);
                }
            }
            Event::End(_) => return Ok(self.end()),
            Event::Text(text) => self.text(text),
            Event::CData(text) => self.text(text),
            Event::GeneralRef(entity) => {
                let numbered =
                    entity.resolve_char_ref().map_err(|error| error.to_string())?.map(String::from);
                let named = || resolve_xml_entity(entity).map(str::to_owned);
                let text = numbered.or_else(named);
                self.text(&text.ok_or_else(|| format!("`&{};` is no entity of XML", &**entity))?);
            }
            Event::DocType(_) => return Err("it declares a document type, as no list does".to_owned()),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Eof => {}
        }
        Ok(None)
    }

    fn is_record(&self, tag: &BytesStart<'_>) -> bool {
        self.records.contains(&tag.local_name().as_ref())
    }

    fn begin(&mut self, tag: &BytesStart<'_>, position: u64) -> Result<Option<Element>, String> {
        self.depth += 1;
        if self.depth == 1 {
            let element = element(tag)?;
            if self.rooted || element.name != self.root {
                return Err(format!("<{}> stands where <{}> belongs", element.name, self.root));
            }
            self.rooted = true;
            return Ok(Some(element));
        }
        if self.depth > DEPTH {
            return Err("it nests without end".to_owned());
        }
        if self.open.is_empty() {
            self.began = position;
        }
        if !self.open.is_empty() || self.is_record(tag) {
            self.open.push(element(tag)?);
        }
        Ok(None)
    }

    fn text(&mut self, text: &str) {
        if let Some(element) = self.open.last_mut() {
            element.text.push_str(text);
        }
    }

    /// Closes an element; gives the record, where that was its own.
    fn end(&mut self) -> Option<Element> {
        self.depth = self.depth.saturating_sub(1);
        let element = self.open.pop()?;
        match self.open.last_mut() {
            None => Some(element),
            Some(parent) => {
                parent.children.push(element);
                None
            }
        }
    }
}

fn element(tag: &BytesStart<'_>) -> Result<Element, String> {
    let mut attributes = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = unescape(&attribute.value).map_err(|error| error.to_string())?.into_owned();
        attributes.push((attribute.key.local_name().as_ref().to_owned(), value));
    }
    let name = tag.local_name().as_ref().to_owned();
    Ok(Element { name, attributes, ..Element::default() })
}
