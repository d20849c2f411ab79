//! YAML with places: one document, read into nodes that each know their line and column.
//!
//! What is read is bounded, and is what it looks like: no alias is followed, so a small file stays small;
//! no tag changes a type; no key stands twice; numbers keep their digits, as account numbers begin with 0.

mod node;
mod parse;
mod place;

pub use node::{Content, Entry, Node};
pub use parse::{YamlError, parse};
pub use place::Place;
