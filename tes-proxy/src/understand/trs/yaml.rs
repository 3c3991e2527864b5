//! A document of YAML or JSON as texts, lists and maps, and nothing that two readers could read differently: one
//! document, no alias, no tag, no key twice.

use saphyr_parser::{Event, Parser};

/// Depth of a descriptor.
const DEPTH: usize = 32;
/// Nodes of one.
const NODES: usize = 10_000;

/// A node.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Node {
    /// A scalar, as it is written.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in its order.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The member of that name.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(members) => members.iter().find(|(key, _)| key == name).map(|(_, node)| node),
            Self::Text(_) | Self::List(_) => None,
        }
    }

    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::List(_) | Self::Map(_) => None,
        }
    }
}

/// A list or map that is not at its end.
enum Open {
    List(Vec<Node>),
    Map(Vec<(String, Node)>, Option<String>),
}

/// Reads a document.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(text: &str) -> Result<Node, &'static str> {
    let (mut open, mut root, mut nodes) = (Vec::new(), None, 0_usize);
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|_| "it is no YAML")?;
        nodes = nodes.saturating_add(1);
        if nodes > NODES {
            return Err("it has too many nodes");
        }
        let node = match event {
            Event::Alias(_) => return Err("it has an alias"),
            Event::SequenceStart(_, Some(_)) | Event::MappingStart(_, Some(_)) | Event::Scalar(_, _, _, Some(_)) => {
                return Err("it has a tag");
            }
            Event::SequenceStart(_, None) => {
                open.push(Open::List(Vec::new()));
                None
            }
            Event::MappingStart(_, None) => {
                open.push(Open::Map(Vec::new(), None));
                None
            }
            Event::Scalar(text, _, _, None) => Some(Node::Text(text.into_owned())),
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List(list)) => Some(Node::List(list)),
                Some(Open::Map(map, None)) => Some(Node::Map(map)),
                Some(Open::Map(_, Some(_))) | None => return Err("it is not balanced"),
            },
            Event::DocumentStart(_) if root.is_some() => return Err("it has more than one document"),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                None
            }
        };
        if open.len() > DEPTH {
            return Err("it is too deep");
        }
        let Some(node) = node else { continue };
        match (open.last_mut(), node) {
            (None, node) => root = Some(node),
            (Some(Open::List(list)), node) => list.push(node),
            (Some(Open::Map(members, key @ None)), Node::Text(text)) => {
                if members.iter().any(|(known, _)| *known == text) {
                    return Err("it has a key twice");
                }
                *key = Some(text);
            }
            (Some(Open::Map(_, None)), Node::List(_) | Node::Map(_)) => return Err("it has a key that is no text"),
            (Some(Open::Map(members, key)), node) => {
                if let Some(key) = key.take() {
                    members.push((key, node));
                }
            }
        }
    }
    root.ok_or("it is empty")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_one_way_or_not_at_all() {
        let node = read("a: [x, 1]\nb: {c: 'd'}\n").unwrap();
        assert_eq!(node.get("b").and_then(|b| b.get("c")).and_then(Node::text), Some("d"));
        assert_eq!(
            node.get("a"),
            Some(&Node::List(vec![Node::Text("x".into()), Node::Text("1".into())]))
        );
        assert_eq!(
            read("{\"a\": [\"x\", 1], \"b\": {\"c\": \"d\"}}").unwrap(),
            node,
            "JSON is YAML"
        );
        for (name, text) in [
            ("an alias", "a: &x b\nc: *x\n"),
            ("a tag", "a: !!python/name:os.system x\n"),
            ("a key twice", "a: 1\na: 2\n"),
            ("two documents", "a: 1\n---\nb: 2\n"),
            ("nothing", ""),
            ("a list as key", "? [a]\n: b\n"),
            ("deep", &"[".repeat(100)),
        ] {
            assert!(read(text).is_err(), "{name}");
        }
    }
}
