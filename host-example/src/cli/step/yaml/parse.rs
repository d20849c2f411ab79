use std::collections::BTreeSet;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span};

use super::{Content, Entry, Node, Place};

/// Why a file is no document of ours.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum YamlError {
    #[error("no YAML: {0}")]
    Syntax(String),
    #[error("nothing stands in the file")]
    Empty,
    #[error("a second document: expected one")]
    SecondDocument,
    #[error("an alias (*name): aliases are not followed; write out what it stands for")]
    Alias,
    #[error("a tag (!name): tags are not read; leave it out")]
    Tag,
    #[error("a list or a map as a key: expected text")]
    Key,
    #[error("the key {0:?} stands here a second time")]
    SecondKey(String),
    #[error("nested more than {MOST_DEEP} deep")]
    Deep,
    #[error("more than {MOST_NODES} keys and values")]
    Large,
}

/// Reads the one document of a file.
pub fn parse(text: &str) -> Result<Node, (Place, YamlError)> {
    let mut parser = Parser::new_from_str(text);
    let mut builder = Builder::default();
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| syntax(&error))?;
        builder.take(event, span)?;
    }
    builder.root.ok_or((START, YamlError::Empty))
}

fn syntax(error: &ScanError) -> (Place, YamlError) {
    let place = place(error.marker());
    (place, YamlError::Syntax(error.info().to_owned()))
}

fn place(marker: &Marker) -> Place {
    Place {
        line: marker.line(),
        column: marker.col() + 1,
    }
}

/// The tree, as far as it has come. It grows without recursion.
#[derive(Default)]
struct Builder {
    root: Option<Node>,
    open: Vec<Open>,
    nodes: usize,
}

/// A list or a map that has not ended.
struct Open {
    place: Place,
    inside: Inside,
}

enum Inside {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        keys: BTreeSet<String>,
        /// The key that waits for its value.
        key: Option<(String, Place)>,
    },
}

impl Inside {
    fn map() -> Self {
        Self::Map {
            entries: Vec::new(),
            keys: BTreeSet::new(),
            key: None,
        }
    }
}

type Step = Result<(), (Place, YamlError)>;

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Step {
        let place = place(&span.start);
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => match self.root {
                None => Ok(()),
                Some(_) => Err((place, YamlError::SecondDocument)),
            },
            Event::Alias(_) => Err((place, YamlError::Alias)),
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => Err((place, YamlError::Tag)),
            Event::Scalar(text, style, _, None) => {
                let is_plain = style == ScalarStyle::Plain;
                let text = text.into_owned();
                self.close(place, Content::Scalar { text, is_plain })
            }
            Event::SequenceStart(_, None) => self.open(place, Inside::List(Vec::new())),
            Event::MappingStart(_, None) => self.open(place, Inside::map()),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open { place, inside }) => {
                    let content = match inside {
                        Inside::List(items) => Content::List(items),
                        Inside::Map { entries, .. } => Content::Map(entries),
                    };
                    self.close(place, content)
                }
                None => Err((place, YamlError::Syntax("an end without a start".into()))),
            },
        }
    }

    fn open(&mut self, place: Place, inside: Inside) -> Step {
        match self.open.last() {
            Some(Open {
                inside: Inside::Map { key: None, .. },
                ..
            }) => return Err((place, YamlError::Key)),
            _ if self.open.len() >= MOST_DEEP => return Err((place, YamlError::Deep)),
            _ => {}
        }
        self.open.push(Open { place, inside });
        Ok(())
    }

    /// Puts a node where it belongs.
    fn close(&mut self, place: Place, content: Content) -> Step {
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            return Err((place, YamlError::Large));
        }
        let node = Node { place, content };
        match self.open.last_mut().map(|open| &mut open.inside) {
            None => self.root = Some(node),
            Some(Inside::List(items)) => items.push(node),
            Some(Inside::Map { entries, keys, key }) => match (key.take(), node.content) {
                (Some((key, at)), content) => entries.push(Entry {
                    key,
                    place: at,
                    value: Node { place, content },
                }),
                (None, Content::Scalar { text, .. }) => {
                    if !keys.insert(text.clone()) {
                        return Err((place, YamlError::SecondKey(text)));
                    }
                    *key = Some((text, place));
                }
                (None, Content::List(_) | Content::Map(_)) => return Err((place, YamlError::Key)),
            },
        }
        Ok(())
    }
}

const START: Place = Place { line: 1, column: 1 };
/// A pipeline with groups in groups comes to 30.
const MOST_DEEP: usize = 64;
const MOST_NODES: usize = 100_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fails(text: &str) -> (String, YamlError) {
        let (place, error) = parse(text).unwrap_err();
        (place.to_string(), error)
    }

    #[test]
    fn nodes_know_where_they_are() {
        let root = parse("a:\n  - b: 012\n    \"c\": 'd'\n").unwrap();
        let item = match &root.get("a").unwrap().content {
            Content::List(items) => &items[0],
            other => panic!("{other:?}"),
        };
        let b = item.get("b").unwrap();
        assert_eq!(
            (b.text(), b.place.to_string().as_str()),
            (Some("012"), "2:8")
        );
        let c = item.get("c").unwrap();
        assert_eq!(
            (c.text(), c.place.to_string().as_str()),
            (Some("d"), "3:10")
        );
        let Content::Map(entries) = &item.content else {
            panic!("{item:?}");
        };
        assert_eq!(entries[1].place.to_string(), "3:5");
    }

    #[test]
    fn nothing_is_told_from_text() {
        let root = parse("a:\nb: ~\nc: null\nd: ''\ne: \"null\"\n").unwrap();
        for (key, is_null) in [
            ("a", true),
            ("b", true),
            ("c", true),
            ("d", false),
            ("e", false),
        ] {
            assert_eq!(root.get(key).unwrap().is_null(), is_null, "{key}");
        }
    }

    #[test]
    fn what_is_not_what_it_looks_like_is_refused() {
        for (text, place, error) in [
            ("", "1:1", YamlError::Empty),
            ("# no\n", "1:1", YamlError::Empty),
            ("a: 1\n---\nb: 2\n", "2:1", YamlError::SecondDocument),
            ("a: &x 1\nb: *x\n", "2:4", YamlError::Alias),
            ("a: 1\na: 2\n", "2:1", YamlError::SecondKey("a".into())),
            ("[a]: 1\n", "1:1", YamlError::Key),
            ("? {a: b}\n: 1\n", "1:3", YamlError::Key),
        ] {
            assert_eq!(fails(text), (place.to_owned(), error), "{text}");
        }
        assert_eq!(fails("a: !b 1\n").1, YamlError::Tag);
        assert!(matches!(fails("a: [1\n").1, YamlError::Syntax(_)));
        assert!(matches!(fails("a: b: c\n").1, YamlError::Syntax(_)));
    }

    #[test]
    fn what_is_read_is_bounded() {
        let deep = "[".repeat(100) + &"]".repeat(100);
        assert_eq!(fails(&deep).1, YamlError::Deep);
        let large = "- a\n".repeat(MOST_NODES);
        assert_eq!(fails(&large).1, YamlError::Large);
        let bomb = "a: &a [1,1,1]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]\n";
        assert_eq!(fails(bomb).1, YamlError::Alias);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[-a-c:\\[\\]{},\"'#&*!|>%@`? \n\t0~<+]{0,60}") {
            let _ = parse(&text);
        }

        #[test]
        fn no_unicode_makes_it_panic(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }
    }
}
