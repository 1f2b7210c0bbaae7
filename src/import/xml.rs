//! XML as lists use it: a long row of small records, read one after another.
//!
//! A record is held as a tree while it is looked at; the document never is. There are no entities but the five of
//! XML and characters by number, and no document types: what declares its own is refused, not expanded.

use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::escape::{resolve_xml_entity, unescape};
use quick_xml::events::{BytesStart, Event};

use super::Broken;

/// How deep a record may nest.
const DEPTH: usize = 32;
/// How much text a record may hold, in bytes.
const TEXT: usize = 1024 * 1024;

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
    let mut reader = Reader::from_reader(bytes);
    let mut buffer = Vec::new();
    let mut walk = Walk { root, records, open: Vec::new(), depth: 0, text: 0, rooted: false };
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer);
        let place = format!("byte {}", reader.buffer_position());
        let at_place = |fact: String| Broken(format!("{place}: {fact}"));
        let event = event.map_err(|error| at_place(error.to_string()))?;
        if matches!(event, Event::Eof) {
            return if walk.is_done() { Ok(()) } else { Err(at_place("it breaks off".to_owned())) };
        }
        if let Some(record) = walk.step(&event).map_err(at_place)? {
            each(record, &place)?;
        }
    }
}

/// Where the reading of a document stands.
struct Walk<'a> {
    root: &'a str,
    records: &'a [&'a str],
    /// The elements of the record that are open, the innermost last.
    open: Vec<Element>,
    depth: usize,
    /// How much text the record holds so far.
    text: usize,
    rooted: bool,
}

impl Walk<'_> {
    fn is_done(&self) -> bool {
        self.rooted && self.depth == 0
    }

    /// Takes one step; gives the root when it opens, and a record when it closes.
    fn step(&mut self, event: &Event<'_>) -> Result<Option<Element>, String> {
        match event {
            Event::Start(tag) => return self.begin(element(tag)?),
            Event::Empty(tag) => {
                let element = element(tag)?;
                if let Some(parent) = self.open.last_mut() {
                    parent.children.push(element);
                }
            }
            Event::End(_) => return Ok(self.end()),
            Event::Text(text) => self.text(text)?,
            Event::CData(text) => self.text(text)?,
            Event::GeneralRef(entity) => {
                let numbered =
                    entity.resolve_char_ref().map_err(|error| error.to_string())?.map(String::from);
                let named = || resolve_xml_entity(entity).map(str::to_owned);
                let text = numbered.or_else(named);
                self.text(&text.ok_or_else(|| format!("`&{};` is no entity of XML", &**entity))?)?;
            }
            Event::DocType(_) => return Err("it declares a document type, as no list does".to_owned()),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Eof => {}
        }
        Ok(None)
    }

    fn begin(&mut self, element: Element) -> Result<Option<Element>, String> {
        self.depth += 1;
        if self.depth == 1 {
            if self.rooted || element.name != self.root {
                return Err(format!("<{}> stands where <{}> belongs", element.name, self.root));
            }
            self.rooted = true;
            return Ok(Some(element));
        }
        if self.open.is_empty() {
            self.text = 0;
        }
        if !self.open.is_empty() || self.records.contains(&element.name.as_str()) {
            self.open.push(element);
        }
        if self.open.len() > DEPTH { Err("a record nests without end".to_owned()) } else { Ok(None) }
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        let Some(element) = self.open.last_mut() else { return Ok(()) };
        self.text += text.len();
        if self.text > TEXT {
            return Err(format!("a record holds more than {TEXT} bytes of text"));
        }
        element.text.push_str(text);
        Ok(())
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
