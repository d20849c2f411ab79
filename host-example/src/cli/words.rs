//! A command line in one word: what `exec:` names.

/// Splits it at blanks. Quotes, `'…'` or `"…"`, keep blanks together; a backslash, but in `'…'`, takes
/// what follows as it is. Nothing else is special: no shell reads it. `None` where a quote or a
/// backslash is left open.
pub fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match (character, quote) {
            ('\\', None | Some('"')) => word.get_or_insert_default().push(characters.next()?),
            (_, Some(open)) if character == open => quote = None,
            ('\'' | '"', None) => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (_, None) if character.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for (line, expected) in [
            ("", &[][..]),
            ("  pass  show\tcosign ", &["pass", "show", "cosign"]),
            (
                "op read 'op://vault/my key/file'",
                &["op", "read", "op://vault/my key/file"],
            ),
            (r#"a "b c"d '' "" \ e"#, &["a", "b cd", "", "", " e"]),
            (r#"'a\b' "c\"d" e\'f"#, &[r"a\b", "c\"d", "e'f"]),
            (
                "a $(b) `c` ;d | e > f",
                &["a", "$(b)", "`c`", ";d", "|", "e", ">", "f"],
            ),
        ] {
            assert_eq!(split(line).unwrap(), expected, "{line}");
        }
        for open in ["'", "a \"b", r"a \", r#""\"#] {
            assert_eq!(split(open), None, "{open}");
        }
    }
}
