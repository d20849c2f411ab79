//! A page of HTML into which no word gets as it is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest as _, Sha256};

use cosignet_host::store::Run;

use crate::cli::terminal::is_direction;

/// A page that is being written: markup is part of the program, and everything else is escaped.
pub struct Page(String);

impl Page {
    /// The beginning, up to the body. The page may load nothing and run nothing: its style, which is
    /// the program's, is allowed by its hash.
    pub fn new(title: &str, style: &'static str) -> Self {
        let mut page = Self(String::new());
        page.raw(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
             base-uri 'none'; form-action 'none'; style-src 'sha256-",
        );
        page.text(&BASE64.encode(Sha256::digest(style)));
        page.raw(
            "'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n<title>",
        );
        page.text(title);
        page.raw("</title>\n<style>")
            .raw(style)
            .raw("</style>\n</head>\n<body>\n");
        page
    }

    /// The end.
    pub fn finish(mut self) -> String {
        self.raw("</body>\n</html>\n");
        self.0
    }

    /// Markup.
    pub fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0 += markup;
        self
    }

    /// Words, in an element or in an attribute between quotes.
    pub fn text(&mut self, words: &str) -> &mut Self {
        for character in words.chars() {
            match character {
                '&' => self.0 += "&amp;",
                '<' => self.0 += "&lt;",
                '>' => self.0 += "&gt;",
                '"' => self.0 += "&quot;",
                '\'' => self.0 += "&#39;",
                '\n' => self.0.push('\n'),
                _ if character.is_control() || is_direction(character) => {
                    self.0.extend(character.escape_unicode());
                }
                _ => self.0.push(character),
            }
        }
        self
    }

    /// A link with these words, or the words alone where it does not lead to a page.
    pub fn link(&mut self, url: Option<&str>, words: &str) -> &mut Self {
        match url.and_then(|url| Run::link(url).ok()) {
            None => self.text(words),
            Some(url) => self
                .raw("<a rel=\"noreferrer noopener\" href=\"")
                .text(&url)
                .raw("\">")
                .text(words)
                .raw("</a>"),
        }
    }

    /// A time, for people and for programs.
    pub fn time(&mut self, datetime: Option<&str>, words: &str) -> &mut Self {
        match datetime {
            None => self.text(words),
            Some(datetime) => self
                .raw("<time datetime=\"")
                .text(datetime)
                .raw("\">")
                .text(words)
                .raw(" UTC</time>"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_never_markup() {
        let mut page = Page(String::new());
        page.text("<script>alert(\"1\" & '2')</script>\u{0}\u{202e}");
        assert_eq!(
            page.0,
            "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;\\u{0}\\u{202e}"
        );
    }

    #[test]
    fn links_lead_to_pages() {
        let link = |url| {
            let mut page = Page(String::new());
            page.link(Some(url), "x");
            page.0
        };
        assert_eq!(
            link("https://h.example/\"onclick=\"a"),
            "<a rel=\"noreferrer noopener\" href=\"https://h.example/%22onclick=%22a\">x</a>"
        );
        for bad in ["javascript:alert(1)", "data:text/html,x", "/x", " "] {
            assert_eq!(link(bad), "x");
        }
    }
}
