//! Words of others on a terminal: none of them may steer it, and all of them are to fit.

use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal as _};

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Text with what a terminal would obey spelled out. Lines stay lines.
pub struct Harmless<'a>(pub &'a str);

impl fmt::Display for Harmless<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '\n' => formatter.write_char('\n')?,
                _ if character.is_control() || is_direction(character) => {
                    write!(formatter, "{}", character.escape_unicode())?;
                }
                _ => formatter.write_char(character)?,
            }
        }
        Ok(())
    }
}

/// What makes text look as if it were in another order (Unicode TR 36, 2.9).
pub fn is_direction(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// How wide standard output is; `None` where it is no terminal, and whatever reads it wants whole lines.
pub fn width() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let (width, _) = terminal_size::terminal_size()?;
    Some(usize::from(width.0).max(NARROWEST))
}

/// A text in lines of at most this width, broken at spaces where there are any.
pub fn wrap(text: &str, width: Option<usize>) -> Vec<String> {
    let text = Harmless(text).to_string();
    let Some(width) = width else {
        return text.lines().map(str::to_owned).collect();
    };
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut current = String::new();
        for word in line.split_inclusive(' ') {
            if !current.is_empty() && current.width() + word.trim_end().width() > width {
                lines.push(std::mem::take(&mut current));
            }
            for character in word.chars() {
                if current.width() + character.width().unwrap_or(0) > width {
                    lines.push(std::mem::take(&mut current));
                }
                current.push(character);
            }
        }
        lines.push(current);
    }
    let lines = lines.iter();
    lines.map(|line| line.trim_end().to_owned()).collect()
}

/// A text of one line, and spaces up to this width.
pub fn pad(text: &str, width: usize) -> String {
    let text = Harmless(text).to_string().replace('\n', " ");
    let missing = width.saturating_sub(text.width());
    text + &" ".repeat(missing)
}

const NARROWEST: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers() {
        let hostile = "a\u{1b}[2J\r\u{9b}\u{202e}é\nb";
        let shown = Harmless(hostile).to_string();
        assert_eq!(shown, "a\\u{1b}[2J\\u{d}\\u{9b}\\u{202e}é\nb");
    }

    #[test]
    fn lines_fit() {
        assert_eq!(wrap("one two three", Some(8)), ["one two", "three"]);
        assert_eq!(wrap("0123456789", Some(4)), ["0123", "4567", "89"]);
        assert_eq!(
            wrap("漢字漢字", Some(5)),
            ["漢字", "漢字"],
            "two columns each"
        );
        assert_eq!(wrap("one two three", None), ["one two three"]);
        assert_eq!(wrap("a\nb", Some(40)), ["a", "b"]);
        assert_eq!(pad("漢", 4), "漢  ");
    }
}
