//! `<+NAME>` and `<+secrets.getValue("NAME")>` in text.

use super::fault::Problem;

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    Text(&'a str),
    Variable(&'a str),
    Secret(&'a str),
}

/// The pieces, in order; none of an empty text.
pub fn pieces(text: &str) -> Result<Vec<Piece<'_>>, Problem> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<+") {
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        let end = end_of(after).ok_or(Problem::Expression)?;
        let (inside, after) = after.split_at_checked(end).ok_or(Problem::Expression)?;
        pieces.push(piece(inside.trim())?);
        rest = after.strip_prefix('>').ok_or(Problem::Expression)?;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    Ok(pieces)
}

/// Where the expression ends: at the first `>` that stands in no quotes.
fn end_of(text: &str) -> Option<usize> {
    let mut quote = None;
    for (place, character) in text.char_indices() {
        match (character, quote) {
            ('>', None) => return Some(place),
            ('<', None) => return None,
            ('"' | '\'', None) => quote = Some(character),
            (_, Some(open)) if character == open => quote = None,
            _ => {}
        }
    }
    None
}

fn piece(inside: &str) -> Result<Piece<'_>, Problem> {
    if inside == "input" || inside.starts_with("input.") {
        return Err(Problem::RuntimeInput);
    }
    let called = inside
        .strip_prefix("secrets.getValue(")
        .and_then(|rest| rest.strip_suffix(')'));
    if let Some(argument) = called {
        let argument = argument.trim();
        let name = ['"', '\'']
            .iter()
            .find_map(|quote| argument.strip_prefix(*quote)?.strip_suffix(*quote));
        let name = name.filter(|name| !name.is_empty());
        return name.map(Piece::Secret).ok_or(Problem::Expression);
    }
    match inside {
        "" => Err(Problem::Expression),
        name => Ok(Piece::Variable(name)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_split() {
        for (text, expected) in [
            ("", vec![]),
            ("a/b:1", vec![Piece::Text("a/b:1")]),
            ("<+artifact.image>", vec![Piece::Variable("artifact.image")]),
            (
                "a:<+ x >-<+y>",
                vec![
                    Piece::Text("a:"),
                    Piece::Variable("x"),
                    Piece::Text("-"),
                    Piece::Variable("y"),
                ],
            ),
            (
                "<+secrets.getValue(\"org.a>b\")>",
                vec![Piece::Secret("org.a>b")],
            ),
            ("<+secrets.getValue( 'k' )>", vec![Piece::Secret("k")]),
            ("a > b < c", vec![Piece::Text("a > b < c")]),
        ] {
            assert_eq!(pieces(text), Ok(expected), "{text}");
        }
        for text in [
            "<+",
            "<+>",
            "<+a",
            "<+a<+b>>",
            "<+secrets.getValue(k)>",
            "<+a\">",
            "<+'a>'",
        ] {
            assert_eq!(pieces(text), Err(Problem::Expression), "{text}");
        }
        for text in ["<+input>", "a<+ input >", "<+input.allowedValues(1)>"] {
            assert_eq!(pieces(text), Err(Problem::RuntimeInput), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "([<+>\"'é.]|secrets.getValue|\\(|\\)|a){0,20}") {
            let _ = pieces(&text);
        }
    }
}
